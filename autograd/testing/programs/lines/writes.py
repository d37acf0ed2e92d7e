"""Lines that write into an array: items, whole arrays, `out=`, the scatters."""

from __future__ import annotations

import numpy as np

from autograd.testing.programs.build import Builder, Dropped, maker
from autograd.testing.programs.lines.manners import SMOOTH
from autograd.testing.programs.lines.operands import NUMBERS, at_least, broadcasts_to, real
from autograd.testing.programs.lines.templates import advanced_index, basic_index, mask_of
from autograd.testing.programs.memory import Value

SIGNS = {"+": "add", "-": "subtract", "*": "multiply"}


def _operand(b: Builder, target: Value, shape: tuple[int, ...]) -> str:
    """A value that fits into `shape` of the target, or a number."""
    if b.pick(4) == 3:
        return repr(b.choice(NUMBERS))
    fair = (broadcasts_to(shape), *(() if target.complex else (real,)))
    kind = b.pick(3)
    if kind == 0 or not shape:
        try:
            return str(b.value(*fair))
        except Dropped:
            pass
    if kind == 2 and len(shape) == target.ndim == 1:
        return f"np.sin({b.value(real, broadcasts_to(shape))})"
    return f"np.sum({b.value(real)})"


def _selection(b: Builder, target: Value) -> tuple[str, tuple[int, ...]]:
    index = advanced_index(b, target.shape) if b.pick(3) == 2 else basic_index(b, target.shape)
    try:
        at = eval(f"at[{index}]", {"np": np, "at": target.at})
    except IndexError as error:
        raise Dropped from error
    return index, np.shape(at)


@maker("assign")
def _assign(b: Builder, name: str) -> None:
    t = b.target()
    index, shape = _selection(b, t)
    other = _operand(b, t, shape)
    written = other
    if "bool" in index:  # NumPy 2.4 reads what it has already written where a mask and its value overlap
        other = f"np.copy({other})"
    b.write(f"{t}[{index}] = {other}", t, f"at[{index}]", written)


@maker("update")
def _update(b: Builder, name: str) -> None:
    """The items are read, computed with and assigned, so that an index named twice counts once."""
    t = b.target()
    index, shape = _selection(b, t)
    sign = b.choice([*SIGNS, "**"])
    other = "2" if sign == "**" else _operand(b, t, shape)
    b.write(f"{t}[{index}] {sign}= {other}", t, f"at[{index}]", f"{t}[{index}] {sign} {other}")


@maker("whole")
def _whole(b: Builder, name: str) -> None:
    t = b.target()
    sign = b.choice([*SIGNS, "**", "/"])
    if sign == "**":
        other = "2"
    elif sign == "/":
        other = repr(b.choice((2.0, -0.7)))
    else:
        other = _operand(b, t, t.shape)
    b.write(f"{t} {sign}= {other}", t, "at", f"{t} {sign} {other}")


@maker("out")
def _out(b: Builder, name: str) -> None:
    t = b.target(real)
    kind = b.pick(4)
    if kind == 0:
        text = f"{b.choice(SMOOTH[:5])}({b.value(real, broadcasts_to(t.shape))}"
    elif kind == 1:
        x, y = (b.value(real, broadcasts_to(t.shape)) for _ in range(2))
        text = f"{b.choice(list(SIGNS.values()))}({x}, {y}"
    elif kind == 2:
        x, mask = b.value(real, broadcasts_to(t.shape)), mask_of(b, t.shape)
        f = b.choice(SMOOTH[:5])
        b.write(f"np.{f}({x}, out={t}, where={mask})", t, "at", f"np.where({mask}, np.{f}({x}), {t})")
        return
    else:
        x = b.value(real, lambda v: v.ndim == t.ndim + 1 and np.shape(v.array.sum(0)) == t.shape)
        text = f"sum({x}, axis=0"
    b.write(f"np.{text}, out={t})", t, "at", f"np.{text})")


@maker("copyto")
def _copyto(b: Builder, name: str) -> None:
    t = b.target(real)
    x = b.value(real, broadcasts_to(t.shape))
    if b.pick(2):
        mask = mask_of(b, t.shape)
        b.write(f"np.copyto({t}, np.copy({x}), where={mask})", t, "at", f"np.where({mask}, {x}, {t})")
    else:
        b.write(f"np.copyto({t}, {x})", t, "at", str(x))


@maker("scatter")
def _scatter(b: Builder, name: str) -> None:
    """`np.add.at` and its kin: an index named twice counts twice."""
    t = b.target(real, at_least(1))
    n, k = t.shape[0], 1 + b.pick(3)
    places = [b.pick(2 * n) - n for _ in range(k)]
    rows = (k, *t.shape[1:])
    x = f"np.copy(np.broadcast_to({_operand(b, t, rows)}, {rows}))"
    kind = b.choice(("add", "subtract", "multiply"))
    if kind == "multiply":
        steps = " * ".join(
            f"np.where(np.arange({n}).reshape({(n, *(1,) * (t.ndim - 1))}) == {p % n}, {x}[{i}], 1.0)"
            for i, p in enumerate(places)
        )
        written = f"{t} * {steps}"
    else:
        hot = np.eye(n)[:, places].tolist()
        written = f"{t} {'+' if kind == 'add' else '-'} np.tensordot(np.array({hot}), {x}, 1)"
    b.write(f"numpy.{kind}.at({t}, {places}, {x})", t, "at", written)


@maker("fill_diagonal")
def _fill_diagonal(b: Builder, name: str) -> None:
    t = b.target(real, lambda v: v.ndim == 2 and 0 not in v.shape)
    k = min(t.shape)
    x = _operand(b, t, ())
    b.write(f"np.fill_diagonal({t}, {x})", t, f"at[np.arange({k}), np.arange({k})]", x)


@maker("put")
def _put(b: Builder, name: str) -> None:
    t = b.target(real, at_least(1))
    size = int(np.prod(t.shape))
    if b.pick(2):
        places = [b.pick(2 * size) - size for _ in range(1 + b.pick(3))]
        x = _operand(b, t, ())
        b.write(f"np.put({t}, {places}, {x})", t, f"np.ravel(at)[{places}]", x)
    else:
        mask = mask_of(b, t.shape)
        x = _operand(b, t, ())
        b.write(f"np.putmask({t}, {mask}, {x})", t, f"at[{mask}]", x)
