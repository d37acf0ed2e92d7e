"""Who calls whom in the package of ops: a mistake in a helper that only rules reach is a mistake of theirs."""

from __future__ import annotations

import contextlib
import dis
import functools
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGE = "autograd.ops"
Mark = tuple[str, str, tuple[Any, ...]]


def reach(function: types.FunctionType) -> set[types.FunctionType]:
    """What `function` calls by name in the engine, and what that calls; an op is called, and not looked into."""
    found: set[types.FunctionType] = set()
    todo = [function]
    while todo:
        for f in _calls(todo.pop()):
            if f not in found and not hasattr(f, "op"):
                found.add(f)
                todo.append(f)
    return found


def called_by_rules_alone(
    candidates: set[types.FunctionType], rules: list[types.FunctionType]
) -> set[types.FunctionType]:
    """Those of `candidates` that neither a forward function nor anything else but rules and such helpers calls."""
    public = {
        id(vars(m)[n]) for m in _modules(PACKAGE) for n in getattr(m, "__all__", ()) if n in vars(m)
    }  # what users call
    kept = {f for f in candidates if f.__module__.startswith(PACKAGE) and id(f) not in public}
    users = _users(tuple(m.__name__ for m in _modules("autograd")))
    marks = {mark(f.__code__) for f in rules}
    while True:
        allowed = marks | {mark(f.__code__) for f in kept}
        left = {f for f in kept if users.get(mark(f.__code__), set()) <= allowed}
        if left == kept:
            return kept
        kept = left


def mark(code: types.CodeType) -> Mark:
    """What tells the code of one function in the source from every other."""
    return code.co_filename, code.co_qualname, tuple(code.co_positions())


def _modules(package: str) -> list[types.ModuleType]:
    return [m for name, m in sys.modules.items() if m and (name == package or name.startswith(package + "."))]


@functools.cache
def _calls(function: types.FunctionType) -> tuple[types.FunctionType, ...]:
    """Functions of the engine that `function` names, and those that its closure holds."""
    held = []
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):  # a name that has no value yet
            held.append(cell.cell_contents)
    named = _named(_codes(function.__code__), function.__globals__)
    return tuple([f for f in held if isinstance(f, types.FunctionType)] + list(named))


def _named(codes: list[types.CodeType], scope: dict[str, Any]) -> Iterator[types.FunctionType]:
    """Functions of the engine that `codes` load from their globals, or from modules that are in them."""
    loaded, attributes = set(), set()
    for code in codes:
        for instruction in dis.get_instructions(code):
            if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                loaded.add(instruction.argval)
            elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD"):
                attributes.add(instruction.argval)
    found = [scope.get(name) for name in loaded]
    for module in [m for m in found if isinstance(m, types.ModuleType) and m.__name__.startswith("autograd")]:
        found += [vars(module).get(name) for name in attributes]
    for made in [c for c in found if isinstance(c, type) and c.__module__.startswith(PACKAGE)]:
        found += [getattr(f, "fget", f) for f in vars(made).values()]  # a class is reached with all its methods
    yield from (f for f in found if isinstance(f, types.FunctionType) and f.__module__.startswith("autograd"))


def _codes(code: types.CodeType) -> list[types.CodeType]:
    """A function's code and that of the functions inside it."""
    found = [code]
    for c in code.co_consts:
        if isinstance(c, types.CodeType):
            found += _codes(c)
    return found


@functools.cache
def _users(modules: tuple[str, ...]) -> dict[Mark, set[Mark]]:
    """For each function of the engine the functions that name it, whatever they are; importing a module calls none."""
    users: dict[Mark, set[Mark]] = {}
    for module in map(sys.modules.__getitem__, modules):
        if module.__name__.startswith("autograd.testing") or not getattr(module, "__file__", ""):
            continue
        file = str(module.__file__)  # not from its loader: pytest's own has no code to give
        whole = compile(Path(file).read_bytes(), file, "exec", dont_inherit=True)
        for code in _codes(whole)[1:]:
            for f in _named([code], vars(module)):
                users.setdefault(mark(f.__code__), set()).add(mark(code))
    return users
