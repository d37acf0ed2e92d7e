"""What strategies are made of: a call, arrays of many layouts, values that find faults."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd.primitive import REAL, Domain

Array = np.ndarray[Any, np.dtype[Any]]
Draw = Callable[[st.SearchStrategy[Any]], Any]

# Zeros, ones, halves, repeats, small and large, and numbers with nothing special about them. The tangent, that has no
# declared domain, is far from its poles at each.
POOL = (1.0, 0.0, -1.0, 2.0, 0.5, -0.5, -0.0, -2.0, 3.0, 0.37, -0.81, 1.23, -2.61, 5.3, 1e-3, 12.0, -12.0)
SMALL = tuple(v for v in POOL if abs(v) < 10)
GRID = tuple(k / 2 for k in range(-6, 7))
HUGE = (800.0, -800.0, 12.0, -12.0)  # where an exponential overflows or vanishes
TIES = (0.0, 1.0, 0.0, -0.0, -1.0, 1.0, 0.5)  # so few that an array of them has repeats; steps of 0.1 meet no other
STEP = 0.1


@dataclass(frozen=True)
class Call:
    """One call of an op.

    Attributes
    ----------
    name : str
    arrays : tuple of array
        The arguments to differentiate with respect to.
    apply : callable
        The op as a function of these alone, arrays or Tensors.
    expect : callable
        What the op stands for, in NumPy's own words, on bare arrays.
    reach : tuple of array
        How far each element may move without meeting a kink, a singularity or the end of the domain.
    note : str
        The other arguments.
    kink : str or None
        None where the op is smooth at this point (a removable singularity is: sinc at 0, a product with zeros); else
        what holds there: "elementwise", "convex", "concave", "selection" or "jump".
    analytic : bool
        The same formula holds for complex numbers nearby, so that a complex step gives the derivative.
    rows : bool or None
        Whether the gradient of each leaf is kept as the rows that were taken, of an op that can.
    convention : callable or None
        ``convention(g, *arrays)``: the gradients promised here for a cotangent `g`, where differences leave it open: at
        ties and kinks, and of infinite results and NaN. Where no element may move it alone is looked at.
    refused : tuple of str
        The modes that have no derivative here: "reverse" raises a GradError, "forward" gives NaN. Nothing else is said
        of such a call.
    """

    name: str
    arrays: tuple[Array, ...]
    apply: Callable[..., Any]
    expect: Callable[..., Any]
    reach: tuple[Array, ...]
    note: str = ""
    kink: str | None = None
    analytic: bool = False
    rows: bool | None = None
    convention: Callable[..., Sequence[Any]] | None = None
    refused: tuple[str, ...] = ()

    def __repr__(self) -> str:
        given = ", ".join(f"{a.tolist()!r} of shape {a.shape}, strides {a.strides}" for a in self.arrays)
        return f"{self.name}({given}; {self.note})"


registered: dict[str, st.SearchStrategy[Call]] = {}


def register(*names: str) -> Callable[[Callable[[Draw, str], Call]], Callable[[Draw, str], Call]]:
    """Let `make(draw, name)` be how calls of the ops `names` are drawn."""

    def keep(make: Callable[[Draw, str], Call]) -> Callable[[Draw, str], Call]:
        for name in names:
            registered[name] = st.composite(make)(name)
        return make

    return keep


kinked: dict[str, list[st.SearchStrategy[Call]]] = {}


def register_kinks(*names: str) -> Callable[[Callable[[Draw, str], Call]], Callable[[Draw, str], Call]]:
    """Let `make(draw, name)` draw calls of `names` at kinks, zeros, ties and bounds; several may, for one name."""

    def keep(make: Callable[[Draw, str], Call]) -> Callable[[Draw, str], Call]:
        for name in names:
            kinked.setdefault(name, []).append(st.composite(make)(name))
        return make

    return keep


refused: dict[str, list[st.SearchStrategy[Call]]] = {}


def register_refused(*names: str) -> Callable[[Callable[[Draw, str], Call]], Callable[[Draw, str], Call]]:
    """Let `make(draw, name)` draw calls of `names` whose gradient is refused; `op_calls` has none of these."""

    def keep(make: Callable[[Draw, str], Call]) -> Callable[[Draw, str], Call]:
        for name in names:
            refused.setdefault(name, []).append(st.composite(make)(name))
        return make

    return keep


def shapes(low: int = 0, high: int = 3, side: int = 0) -> st.SearchStrategy[tuple[int, ...]]:
    """Shapes of `low` to `high` axes, each of `side` to 3 elements."""
    return hnp.array_shapes(min_dims=low, max_dims=high, min_side=side, max_side=3)


def crowds() -> st.SearchStrategy[tuple[int, ...]]:
    """Shapes for ties: mostly of one or two axes of two or three elements, seldom of one element."""
    return st.one_of(hnp.array_shapes(min_dims=1, max_dims=2, min_side=2, max_side=3), shapes(side=1))


def laid_out(array: Array, layout: str) -> Array:
    """The same values in another order in memory."""
    if array.ndim == 0 or layout == "C":
        return array
    if layout == "F":
        return np.asfortranarray(array)
    if layout == "reversed":
        return np.flip(np.ascontiguousarray(np.flip(array)))
    wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


LAYOUTS = ("C", "F", "reversed", "strided")


def filled(draw: Draw, shape: tuple[int, ...], pool: Sequence[float] = SMALL) -> Array:
    """An array of values from `pool` in any memory layout."""
    n = math.prod(shape)
    values = draw(st.lists(st.sampled_from(pool), min_size=n, max_size=n))
    return laid_out(np.array(values, float).reshape(shape), draw(st.sampled_from(LAYOUTS)))


def distinct(draw: Draw, shape: tuple[int, ...]) -> Array:
    """An array without ties: its elements are at least 0.37 apart."""
    n = math.prod(shape)
    order = draw(st.permutations(range(n))) if n else []
    values = (np.array(order, float) - n // 2) * 0.37 + 0.1
    return laid_out(values.reshape(shape), draw(st.sampled_from(LAYOUTS)))


def inside(domain: Domain, pool: Sequence[float] = POOL) -> tuple[float, ...]:
    """The values of `pool` that lie in `domain`, some between its bounds added."""
    if math.isfinite(domain.low) and math.isfinite(domain.high):
        pool = tuple(domain.low + (domain.high - domain.low) * f for f in (0.5, 0.7, 0.01, 0.31, 0.93))
    elif math.isfinite(domain.low):
        pool = (*pool, domain.low + 0.01, domain.low + 0.3)
    return tuple(v for v in pool if domain.low < v < domain.high and v not in domain.avoid)


def reach_of(array: Array, domain: Domain = REAL, most: float = 0.1) -> Array:
    """How far each element may move: a third of its distance to whatever the domain excludes, at most `most`."""
    reach = np.full(array.shape, most)
    for edge in (domain.low, domain.high, *domain.avoid):
        if math.isfinite(edge):
            reach = np.minimum(reach, 0.3 * np.abs(array - edge))
    return reach


def plain_call(
    name: str,
    arrays: Sequence[Array],
    apply: Callable[..., Any],
    expect: Callable[..., Any],
    note: Any = "",
    most: float = 0.1,
) -> Call:
    """A call of an op that is defined everywhere."""
    return Call(name, tuple(arrays), apply, expect, tuple(reach_of(a, most=most) for a in arrays), str(note))


def kink_call(
    name: str,
    arrays: Sequence[Array],
    apply: Callable[..., Any],
    expect: Callable[..., Any],
    kink: str | None,
    note: Any = "",
    most: float = STEP,
    convention: Callable[..., Sequence[Any]] | None = None,
) -> Call:
    """A call at a point where only what `kink` says holds. Infinities and NaNs stay what they are: their slope is 0."""
    reach = tuple(np.full(a.shape, most) for a in arrays)
    return Call(name, tuple(arrays), apply, expect, reach, str(note), kink, convention=convention)


def refused_call(
    name: str, arrays: Sequence[Array], apply: Callable[..., Any], note: Any = "", forward: bool = True
) -> Call:
    """A call at a point where the gradient is refused, and the forward derivative is NaN unless `forward` is False."""
    reach = tuple(np.zeros(a.shape) for a in arrays)
    modes = ("reverse", "forward") if forward else ("reverse",)
    return Call(name, tuple(arrays), apply, apply, reach, str(note), refused=modes)


def axis_of(draw: Draw, ndim: int, tuples: bool = True, none: bool = True) -> Any:
    """An axis, negative ones too; None and tuples where an op takes them."""
    choices: list[st.SearchStrategy[Any]] = [st.none()] if none else []
    if ndim:
        choices.append(st.integers(-ndim, ndim - 1))
    if tuples:
        choices.append(hnp.valid_tuple_axes(ndim))
    return draw(st.one_of(choices))
