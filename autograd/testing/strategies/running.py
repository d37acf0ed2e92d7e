"""Calls of the ops in `autograd.ops.running`."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd import ops
from autograd.testing.strategies.base import (
    HUGE,
    TIES,
    Array,
    Call,
    Draw,
    axis_of,
    crowds,
    distinct,
    filled,
    kink_call,
    plain_call,
    register,
    register_kinks,
    shapes,
)
from autograd.testing.strategies.reduce import reduction, with_nan


@register("cumsum", "cumprod", "nancumsum", "nancumprod")
def _running(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes()))
    if name.startswith("nan"):
        x = with_nan(draw, x, None, 0)
    axis = axis_of(draw, x.ndim, tuples=False) if x.ndim else draw(st.sampled_from((None, 0, -1)))
    return reduction(name, [x], {"axis": axis})


@register("cumulative_sum", "cumulative_prod")
def _cumulative(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes()))
    axis = axis_of(draw, x.ndim, tuples=False, none=x.ndim < 2)
    return reduction(name, [x], {"axis": axis, "include_initial": draw(st.booleans())})


@register("cummax", "cummin", "logcumsumexp")
def _accumulate(draw: Draw, name: str) -> Call:
    x = distinct(draw, draw(shapes(1)))
    axis = draw(st.integers(-x.ndim, x.ndim - 1))
    f = getattr(ops, name)
    g: Any = {"cummax": np.maximum, "cummin": np.minimum, "logcumsumexp": np.logaddexp}[name]
    return plain_call(name, [x], lambda x: f(x, axis), lambda x: g.accumulate(x, axis), axis, most=0.05)


@register("diff")
def _diff(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(1)))
    n, axis = draw(st.integers(0, 4)), draw(st.integers(-x.ndim, x.ndim - 1))
    given = [x]
    sides = draw(st.sampled_from(((), ("prepend",), ("append",), ("prepend", "append"))))
    shape = tuple(draw(st.integers(0, 2)) if i == axis % x.ndim else m for i, m in enumerate(x.shape))
    numbers: dict[str, Any] = {}
    tracked = []
    for side in sides if n else ():  # NumPy gives the array as it is where n is 0
        if draw(st.booleans()):
            numbers[side] = 1.5
        else:
            tracked.append(side)
            given.append(filled(draw, draw(st.sampled_from((shape, ())))))

    def call(f: Any) -> Any:
        return lambda x, *ends: f(x, n, axis, **numbers, **dict(zip(tracked, ends, strict=True)))

    return plain_call(name, given, call(ops.diff), call(np.diff), (n, axis, numbers, tracked))


@register("ediff1d")
def _ediff1d(draw: Draw, name: str) -> Call:
    given = [filled(draw, draw(shapes())) for _ in range(draw(st.integers(1, 3)))]
    if len(given) == 2 and draw(st.booleans()):
        return plain_call(name, given, lambda x, b: ops.ediff1d(x, None, b), lambda x, b: np.ediff1d(x, None, b))
    return plain_call(name, given, ops.ediff1d, np.ediff1d)


@register("trapezoid")
def _trapezoid(draw: Draw, name: str) -> Call:
    y = filled(draw, draw(shapes(1)))
    axis = draw(st.integers(-y.ndim, y.ndim - 1))
    points = draw(st.sampled_from(("none", "step", "vector", "full")))
    f, g = ops.trapezoid, np.trapezoid
    if points == "none":
        return reduction(name, [y], {"dx": draw(st.sampled_from((1.0, 0.5))), "axis": axis})
    if points == "step":
        given = [y, filled(draw, ())]
        return plain_call(name, given, lambda y, h: f(y, dx=h, axis=axis), lambda y, h: g(y, dx=h, axis=axis), axis)
    x = filled(draw, (y.shape[axis],) if points == "vector" else y.shape)
    return plain_call(name, [y, x], lambda y, x: f(y, x, axis=axis), lambda y, x: g(y, x, axis=axis), axis)


def _total(found: Any) -> Any:
    """One array of the slopes along several axes."""
    return sum((i + 1) * part for i, part in enumerate(found)) if isinstance(found, (tuple, list)) else found


@register("gradient")
def _gradient(draw: Draw, name: str) -> Call:
    order = draw(st.sampled_from((1, 2)))
    f = filled(draw, draw(shapes(1, 2, order + 1)))
    axis: Any = draw(st.one_of(st.none(), st.integers(-f.ndim, f.ndim - 1), st.just(tuple(range(f.ndim))[::-1])))
    axes = tuple(range(f.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    kind = draw(st.sampled_from(("none", "number", "tracked", "points", "even")))
    given = [f]
    steps: tuple[Any, ...] = ()
    if kind == "number":
        steps = (draw(st.sampled_from((0.5, 2))),)
    elif kind == "tracked":
        given.append(filled(draw, (), (0.5, 1.0, 1.3)))
    elif kind == "points":
        given += [np.cumsum(filled(draw, (f.shape[a],), (0.5, 1.0, 1.3))) for a in axes]
    elif kind == "even":
        steps = tuple(2 * np.arange(f.shape[a]) for a in axes)
    keys: dict[str, Any] = {"axis": axis, "edge_order": order}
    return plain_call(
        name,
        given,
        lambda *a: _total(ops.gradient(*a, *steps, **keys)),
        lambda *a: _total(np.gradient(*a, *steps, **keys)),
        (kind, steps, keys),
    )


@register("unwrap")
def _unwrap(draw: Draw, name: str) -> Call:
    p = filled(draw, draw(shapes(1)), (0.0, 0.3, 1.7, 4.4, -4.9, 7.0))
    given: dict[str, Any] = {"axis": draw(st.integers(-p.ndim, p.ndim - 1))}
    given |= draw(st.sampled_from(({}, {"period": 2.05}, {"discont": 3.9})))
    return reduction(name, [p], given, most=0.01)


@register("interp")
def _interp(draw: Draw, name: str) -> Call:
    n = draw(st.integers(1, 4))
    xp = np.cumsum(filled(draw, (n,), (0.5, 1.0, 1.5)))
    fp = filled(draw, (n,))
    x = filled(draw, draw(shapes()), (-1.3, 0.2, 0.77, 1.22, 1.74, 2.27, 3.3, 9.0))
    note = "an array in double precision, as NumPy's"
    kind = draw(st.sampled_from(("plain", "ends", "tracked", "period")))
    if kind == "tracked":
        ends = [filled(draw, ()), filled(draw, ())]
        return plain_call(name, [x, xp, fp, *ends], ops.interp, np.interp, note, most=0.02)
    given: dict[str, Any] = {}
    if kind == "ends":
        given = draw(st.sampled_from(({"left": 2.0}, {"right": -1.0})))
    if kind == "period":
        given = {"period": draw(st.sampled_from((7.13, -7.13)))}
    return plain_call(
        name, [x, xp, fp], lambda *a: ops.interp(*a, **given), lambda *a: np.interp(*a, **given), (given, note), 0.01
    )


@register_kinks("cummax", "cummin", "logcumsumexp")
def _accumulated_ties(draw: Draw, name: str) -> Call:
    """Ties of the running extreme; of the running logarithm minus infinity too, and large numbers."""
    smooth = name == "logcumsumexp"
    pool: Any = draw(st.sampled_from(((-np.inf, 0.0, 1.0), (*HUGE, 1.0, 1.0)))) if smooth else (*TIES, 1.0)
    x = filled(draw, draw(crowds().filter(len)), pool)
    axis = draw(st.integers(-x.ndim, x.ndim - 1))
    f = getattr(ops, name)
    g: Any = {"cummax": np.maximum, "cummin": np.minimum, "logcumsumexp": np.logaddexp}[name]
    kink = None if smooth else {"cummax": "convex", "cummin": "concave"}[name]
    return kink_call(name, [x], lambda x: f(x, axis), lambda x: g.accumulate(x, axis), kink, axis)


@register_kinks("cummax", "cummin", "logcumsumexp")
def _held_by_the_first(draw: Draw, name: str) -> Call:
    """The first of equals holds the extreme, so does the first NaN; of logarithms the first infinite one."""
    smooth = name == "logcumsumexp"
    x = filled(draw, (draw(st.integers(1, 6)),), (np.inf, -np.inf, -np.inf, 0.0, 1.0) if smooth else (*TIES, np.nan))
    f = getattr(ops, name)
    g: Any = {"cummax": np.maximum, "cummin": np.minimum, "logcumsumexp": np.logaddexp}[name]

    def promised(w: Array, x: Array) -> list[Any]:
        found, out = np.zeros(x.shape), g.accumulate(x)
        for k, one in enumerate(w):
            if smooth and np.isfinite(out[k]):
                found[: k + 1] += one * np.exp(x[: k + 1] - out[k])
            elif not (smooth and out[k] < 0):
                found[np.flatnonzero((x == out[k]) | (np.isnan(x) & np.isnan(out[k])))[0]] += one
        return [found]

    kink = "jump" if smooth else {"cummax": "convex", "cummin": "concave"}[name]
    return kink_call(name, [x], lambda x: f(x), lambda x: g.accumulate(x), kink, convention=promised)


@register_kinks("cumprod")
def _last_product_overflows(draw: Draw, name: str) -> Call:
    x = filled(draw, (2,), (1e200, -2e180))
    return kink_call(
        name,
        [x],
        ops.cumprod,
        np.cumprod,
        "jump",
        convention=lambda w, x: [np.array([w[0] + w[1] * x[1], w[1] * x[0]])],
    )


@register_kinks("interp")
def _bent_at_the_points(draw: Draw, name: str) -> Call:
    """The slope at a point is that to its right, at the last one that to its left, and none if that comes twice."""
    n = draw(st.integers(1, 4))
    xp = np.cumsum(filled(draw, (n,), (0.5, 1.0, 1.5)))
    fp = distinct(draw, (n,))
    if draw(st.booleans()):
        xp, fp = np.append(xp, xp[-1]), np.append(fp, 7.0)
    x = np.array([*xp, xp[0] - 1, xp[-1] + 1])

    def promised(w: Array, x: Array, fp: Array) -> list[Any]:
        slopes, parts = np.zeros(x.shape), np.zeros((*x.shape, xp.size))
        for i, at in enumerate(x):
            low = max(min(int(np.searchsorted(xp, at, "right")) - 1, xp.size - 2), 0)
            high = min(low + 1, xp.size - 1)
            if xp[0] <= at <= xp[-1] and xp[low] < xp[high]:
                slopes[i] = (fp[high] - fp[low]) / (xp[high] - xp[low])
            parts[i, 0 if at < xp[0] else -1 if at >= xp[-1] else low] = 1
        return [w * slopes, w @ parts]

    return kink_call(
        name,
        [x, fp],
        lambda x, fp: ops.interp(x, xp, fp),
        lambda x, fp: np.interp(x, xp, fp),
        "jump",
        (xp, "an array in double precision, as NumPy's"),
        convention=promised,
    )


@register_kinks("interp")
def _on_the_points(draw: Draw, name: str) -> Call:
    """At the points between which the line bends, and beyond both ends."""
    n = draw(st.integers(1, 4))
    xp = np.cumsum(filled(draw, (n,), (0.5, 1.0, 1.5)))
    fp = filled(draw, (n,))
    x = filled(draw, draw(shapes()), (*xp.tolist(), xp[0] - 2.0, xp[-1] + 2.0))
    note = "an array in double precision, as NumPy's"
    if draw(st.booleans()):
        return kink_call(
            name, [x], lambda x: ops.interp(x, xp, fp), lambda x: np.interp(x, xp, fp), "elementwise", (xp, fp, note)
        )
    return kink_call(
        name, [fp], lambda fp: ops.interp(x, xp, fp), lambda fp: np.interp(x, xp, fp), None, (x.tolist(), xp, note)
    )


@register_kinks("diff")
def _no_difference(draw: Draw, name: str) -> Call:
    """n = 0 gives the array itself, which may then have no axes."""
    x = filled(draw, draw(shapes(0, 2)))
    return plain_call(name, [x], lambda x: ops.diff(x, 0), lambda x: np.diff(x, 0), "n = 0")


@register_kinks("interp")
def _values_beyond_the_ends(draw: Draw, name: str) -> Call:
    """What is given for beyond the ends does not count at the first and the last point."""
    n = draw(st.integers(1, 3))
    xp, fp = np.cumsum(filled(draw, (n,), (0.5, 1.0, 1.5))), filled(draw, (n,))
    x = filled(draw, draw(shapes(1, 2, 1)), (*xp.tolist(), xp[0] - 2.0, xp[-1] + 2.0))
    ends = [filled(draw, ()), filled(draw, ())]
    return plain_call(
        name,
        [fp, *ends],
        lambda fp, left, right: ops.interp(x, xp, fp, left, right),
        lambda fp, left, right: np.interp(x, xp, fp, left, right),
        (x.tolist(), xp, "an array in double precision, as NumPy's"),
    )
