"""The code of derivative rules: which functions they are made of, and where these branch."""

from __future__ import annotations

import dis
import functools
import inspect
import linecache
import types
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

from autograd.primitive import composites, table

__all__ = ["Edge", "described", "edges_of", "original", "refuses", "rule_codes"]


class Edge(NamedTuple):
    """From the instruction at one offset to that at another: one side of a condition."""

    at: int
    to: int


def original(name: str) -> Any:
    """The function that was declared as a composite, which its public face calls."""
    return inspect.getclosurevars(composites[name].function).nonlocals["ours"]


def _declared(compiled: Any) -> Any:
    """The rule that was declared, which what the engine calls holds in its closure; under a recording, too."""
    compiled = inspect.unwrap(compiled)
    return inspect.getclosurevars(compiled).nonlocals.get("rule", compiled)


@functools.cache
def rule_codes(name: str) -> tuple[CodeType, ...]:
    """The code of the rules of the op `name`, and of the functions in `autograd.ops` that only help them."""
    op = table.get(name)
    found: dict[CodeType, None] = {}
    for compiled in op.rules if op is not None else ():
        rule = _declared(compiled)
        if isinstance(rule, types.FunctionType) and not _refuses(rule.__code__):
            _collect(rule, found)
    return tuple(found)


@functools.cache
def refuses(name: str, place: int) -> bool:
    """Whether the rule at `place` only raises: the op has no derivative by that argument, and says so."""
    rule = _declared(table[name].rules[place])
    return isinstance(rule, types.FunctionType) and _refuses(rule.__code__)


def _refuses(code: CodeType) -> bool:
    return _only_raises(list(dis.get_instructions(code)), 0)


def _collect(function: types.FunctionType, found: dict[CodeType, None]) -> None:
    for code in _nested(function.__code__):
        if code in found:
            continue
        found[code] = None
        near = [function.__globals__.get(n) for n in code.co_names]
        near += [c.cell_contents for c in function.__closure__ or ()]
        for helper in near:
            if isinstance(helper, types.FunctionType) and _helps(helper):
                _collect(helper, found)


def _helps(function: types.FunctionType) -> bool:
    """Whether it is a plain function of an ops file: an op or a composite has its own coverage."""
    return function.__module__.startswith("autograd.ops.") and not hasattr(function, "op")


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested(constant)


# Sides of conditions that no derivative can take, and why: (function, where the side begins).
SINGULAR = "past it lies a matrix that has no derivative and is not asked for one; forward mode refuses the whole stack"
WITHOUT = {
    ("_independent", "defective & np.any(values(g) != 0, axis=(-2, -1))"): SINGULAR,
    ("_independent", "np.where(defective[..., None, None]"): SINGULAR,
    ("_regular", "singular & np.any(values(g) != 0, axis=-1)"): SINGULAR,
    ("_regular", "np.where(singular[..., None, None]"): SINGULAR,
    ("_slope_of_log", "values(singular) & (values(g) != 0)"): SINGULAR,
    ("_slope_of_log", "np.where(singular, np.eye(a.shape[-1]"): SINGULAR,
    ("_normal", "False"): "its callers have asked before",
    ("last", "x.reshape((-1,))"): "the running sums of a number have one axis",
    ("_per", "math.nan"): "the result is NaN for want of degrees of freedom",
    ("_power_exponent", "g * out * np.log("): "a negative number to a power that moves is no real number",
}


def _left_out(code: CodeType, to: dis.Instruction) -> bool:
    """Whether what begins at the instruction is listed above."""
    spot = to.positions
    if spot is None or spot.lineno is None:
        return False
    text = linecache.getline(code.co_filename, spot.lineno).encode()[spot.col_offset :].decode()
    return any(code.co_name == name and text.startswith(start) for name, start in WITHOUT)


@functools.cache
def prefixes_of(code: CodeType) -> dict[int, int]:
    """Where instructions with a long argument begin, and where they are: some Pythons trace the one, some the other."""
    found: dict[int, int] = {}
    waiting: list[int] = []
    for i in dis.get_instructions(code):
        if i.opname == "EXTENDED_ARG":
            waiting.append(i.offset)
        else:
            found.update(dict.fromkeys(waiting, i.offset))
            waiting = []
    return found


@functools.cache
def edges_of(code: CodeType) -> tuple[Edge, ...]:
    """Both sides of every condition in `code`; of a loop that it is entered. What can only raise is left out."""
    listed = [i for i in dis.get_instructions(code) if i.opname != "EXTENDED_ARG"]
    after = {a.offset: b.offset for a, b in zip(listed, listed[1:], strict=False)}
    by_offset = {i.offset: n for n, i in enumerate(listed)}
    starts = sorted(by_offset)
    edges = []
    for i in listed:
        if i.opname == "FOR_ITER":
            edges.append(Edge(i.offset, after[i.offset]))
        elif "JUMP" in i.opname and "IF" in i.opname:
            target = next(s for s in starts if s >= i.argval)  # past the prefix of a long argument
            for to in (after[i.offset], target):
                if not _only_raises(listed, by_offset[to]) and not _left_out(code, listed[by_offset[to]]):
                    edges.append(Edge(i.offset, to))
    return tuple(edges)


def _only_raises(listed: list[dis.Instruction], n: int) -> bool:
    for i in listed[n:]:
        if i.opname in ("RAISE_VARARGS", "RERAISE"):
            return True
        if "JUMP" in i.opname or i.opname.startswith(("RETURN", "FOR_ITER", "YIELD")):
            return False
    return False


def described(code: CodeType, edge: Edge | None = None) -> str:
    """Where `code` is; with an edge which condition never had which outcome."""
    where = f"{Path(code.co_filename).name}:{code.co_firstlineno}"
    if edge is None:
        return f"{where} {code.co_name}"
    instruction = next(i for i in dis.get_instructions(code) if i.offset == edge.at)
    jumped = next(i.argval for i in dis.get_instructions(code) if i.offset == edge.at) <= edge.to
    spot = instruction.positions
    line = spot.lineno if spot is not None and spot.lineno is not None else code.co_firstlineno
    text = linecache.getline(code.co_filename, line).rstrip()
    if spot is not None and spot.lineno == spot.end_lineno:
        text = text.encode()[spot.col_offset : spot.end_col_offset].decode()
    where = f"{Path(code.co_filename).name}:{line} {code.co_name}"
    there = next(i.positions for i in dis.get_instructions(code) if i.offset == edge.to)
    if there is not None and there.lineno is not None and there.lineno > line:
        return f"{where}: `{text.strip()}` never led to line {there.lineno}"
    if instruction.opname == "FOR_ITER":
        return f"{where}: the loop `{text.strip()}` never ran"
    negative = "IF_TRUE" not in instruction.opname  # also where something is compared with None
    return f"{where}: `{text.strip()}` was never {'false' if jumped == negative else 'true'}"
