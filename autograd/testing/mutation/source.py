"""From a function to its tree in the source, and from a changed tree to code that can stand in the function's place."""

from __future__ import annotations

import ast
import dis
import functools
import inspect
import linecache
import types
from collections.abc import Iterator
from typing import Any

Function = ast.Lambda | ast.FunctionDef
PLACELESS = {"RESUME", "COPY_FREE_VARS", "MAKE_CELL", "RETURN_GENERATOR", "PUSH_NULL", "CACHE"}


@functools.cache
def _functions(file: str) -> list[Function]:
    """Every function in a file, nested ones too."""
    text = "".join(linecache.getlines(file))
    return [n for n in ast.walk(ast.parse(text)) if isinstance(n, (ast.Lambda, ast.FunctionDef))] if text else []


def tree_of(function: types.FunctionType) -> Function | None:
    """The tree of the lambda or `def` that made `function`; None where there is no source.

    Several lambdas may stand in one line: the columns of the code's instructions say which of them it is.
    """
    code = function.__code__
    file = inspect.getsourcefile(function) or code.co_filename
    names = code.co_varnames[: code.co_argcount]
    kept = [n for n in _functions(file) if _line(n) == code.co_firstlineno and _parameters(n) == names]
    kept = [n for n in kept if _names(code_of(n, code.co_freevars)) == _names(code)]
    inside = [n for n in kept if all(_starts(n) <= at and until <= _ends(n) for at, until in _spans(code))]
    return min(inside, key=lambda n: (_ends(n)[0] - _starts(n)[0], _ends(n)[1] - _starts(n)[1]), default=None)


def code_of(node: Function, free: tuple[str, ...] = (), file: str = "<mutant>") -> types.CodeType:
    """Code of the function `node`, whose names in `free` are those of a function around it."""
    name = "<lambda>" if isinstance(node, ast.Lambda) else node.name
    bare = ast.arguments(
        posonlyargs=[ast.arg(a.arg) for a in node.args.posonlyargs],
        args=[ast.arg(a.arg) for a in node.args.args],
        vararg=node.args.vararg and ast.arg(node.args.vararg.arg),
        kwonlyargs=[ast.arg(a.arg) for a in node.args.kwonlyargs],
        kw_defaults=[None] * len(node.args.kwonlyargs),
        kwarg=node.args.kwarg and ast.arg(node.args.kwarg.arg),
        defaults=[],
    )
    inner: ast.stmt
    if isinstance(node, ast.Lambda):
        inner = ast.Return(ast.Lambda(bare, node.body))
    else:  # under another name, so that a function that calls itself finds the global one
        inner = ast.FunctionDef("_inner", bare, node.body, [])
    around = ast.arguments([], [ast.arg(n) for n in free], None, [], [], None, [])
    outer = ast.FunctionDef("_outer", around, [inner], [])
    made = compile(ast.fix_missing_locations(ast.Module([outer], [])), file, "exec")
    return _only(_only(made)).replace(co_name=name, co_qualname=name, co_firstlineno=getattr(node, "lineno", 1))


def _only(code: types.CodeType) -> types.CodeType:
    return next(c for c in code.co_consts if isinstance(c, types.CodeType))


def identity(code: types.CodeType) -> tuple[Any, ...]:
    """What code does, whatever its lines are: equal for two texts that compile to the same."""
    consts = tuple(
        identity(c) if isinstance(c, types.CodeType) else (type(c).__name__, repr(c)) for c in code.co_consts
    )
    arguments = (code.co_argcount, code.co_kwonlyargcount)
    return (code.co_code, consts, code.co_names, code.co_varnames, code.co_freevars, arguments)


def function_of(
    code: types.CodeType, like: types.FunctionType, injected: dict[str, Any] | None = None
) -> types.FunctionType:
    """A function of `code` with the globals, defaults and closure of `like`; `injected` are keyword-only defaults."""
    cells = dict(zip(like.__code__.co_freevars, like.__closure__ or (), strict=True))
    closure = tuple(cells[name] for name in code.co_freevars)
    made = types.FunctionType(code, like.__globals__, like.__name__, like.__defaults__, closure)
    made.__kwdefaults__ = {**(like.__kwdefaults__ or {}), **(injected or {})} or None
    made.__module__ = like.__module__
    return made


def replaced(node: Any, old: ast.AST, new: ast.AST) -> Any:
    """A copy of a tree with `new` in the place of `old`; what did not change is shared."""
    if node is old:
        return new
    if isinstance(node, list):
        made = [replaced(n, old, new) for n in node]
        return node if all(a is b for a, b in zip(made, node, strict=True)) else made
    if not isinstance(node, ast.AST):
        return node
    fields = {name: replaced(value, old, new) for name, value in ast.iter_fields(node)}
    if all(fields[name] is value for name, value in ast.iter_fields(node)):
        return node
    return ast.copy_location(type(node)(**fields), node)


def _names(code: types.CodeType) -> tuple[Any, ...]:
    """What two ways to compile the same text have in common."""
    inner = sum(isinstance(c, types.CodeType) for c in code.co_consts)
    return code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, inner


def _line(node: Function) -> int:
    decorators = getattr(node, "decorator_list", [])
    return decorators[0].lineno if decorators else node.lineno


def _parameters(node: Function) -> tuple[str, ...]:
    return tuple(a.arg for a in (*node.args.posonlyargs, *node.args.args))


def _starts(node: Any) -> tuple[int, int]:
    return (_line(node), 0) if isinstance(node, ast.FunctionDef) else (node.lineno, node.col_offset)


def _ends(node: Any) -> tuple[int, int]:
    return node.end_lineno, node.end_col_offset


def _spans(code: types.CodeType) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    for instruction in dis.get_instructions(code):
        at = instruction.positions
        if instruction.opname in PLACELESS or at is None or None in at:
            continue
        start, end = (at.lineno or 0, at.col_offset or 0), (at.end_lineno or 0, at.end_col_offset or 0)
        if start < end:  # a lambda's return stands nowhere
            yield start, end
