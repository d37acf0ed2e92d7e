"""Calls of the ops in `autograd.ops.statistics`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd import ops
from autograd.testing.strategies.base import (
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
    reach_of,
    register,
    register_kinks,
    shapes,
)
from autograd.testing.strategies.reduce import reduction, with_nan


@register("median", "nanmedian")
def _median(draw: Draw, name: str) -> Call:
    x = distinct(draw, draw(shapes(side=1)))
    axis = axis_of(draw, x.ndim)
    x = with_nan(draw, x, axis) if name == "nanmedian" else x
    return reduction(name, [x], {"axis": axis, "keepdims": draw(st.booleans())}, 0.05)


SMOOTH = {
    "linear": (1.0, 1.0),
    "interpolated_inverted_cdf": (0.0, 1.0),
    "hazen": (0.5, 0.5),
    "weibull": (0.0, 0.0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}
JUMPING = (
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "lower", "higher", "midpoint", "nearest",
)  # fmt: skip


def _room(q: Array, most: int, method: str) -> Array:
    """How far `q` may move before it meets an element, whatever the number of elements."""
    alpha, beta = SMOOTH[method]
    n = np.arange(1, most + 1).reshape((-1,) + (1,) * q.ndim)
    place = n * q + alpha + q * (1 - alpha - beta)
    return np.asarray(0.3 * np.min(np.abs(place - np.around(place)) / (n + 1), axis=0))


@register("quantile", "percentile", "nanquantile", "nanpercentile")
def _quantile(draw: Draw, name: str) -> Call:
    x = distinct(draw, draw(shapes(side=1)))
    given: dict[str, Any] = {"axis": axis_of(draw, x.ndim), "keepdims": draw(st.booleans())}
    given["method"] = draw(st.sampled_from((*SMOOTH, *JUMPING)))
    x = with_nan(draw, x, given["axis"]) if name.startswith("nan") else x
    whole = 100 if name.endswith("percentile") else 1
    deep = 1 if name.startswith("nan") else 2  # NumPy 2.4 mixes up the axes of nanquantile for a matrix q
    f, g = getattr(ops, name), getattr(np, name)
    if given["method"] in SMOOTH and draw(st.booleans()):
        q = filled(draw, draw(shapes(0, deep, 1)), (0.137, 0.313, 0.531, 0.877))
        room = _room(q, x.size, given["method"])
        return Call(
            name,
            (x, q * whole),
            lambda x, q: f(x, q, **given),
            lambda x, q: g(x, q, **given),
            (reach_of(x, most=0.05), room * whole),
            str(given),
        )
    q = draw(st.sampled_from((0.0, 0.25, 0.3, 0.5, 1.0, [0.25, 0.9], [[0.1], [0.75]])[: 5 + deep]))
    q = np.multiply(q, whole) if isinstance(q, list) else q * whole
    return plain_call(name, [x], lambda x: f(x, q, **given), lambda x: g(x, q, **given), (repr(q), given), 0.05)


@register("average")
def _average(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(1, 3, 1)))
    axis, keepdims = axis_of(draw, x.ndim), draw(st.booleans())
    given = [x]
    if draw(st.booleans()):
        axes = axis if isinstance(axis, tuple) else (axis,)
        short = axis is not None and draw(st.booleans())
        shape = tuple(x.shape[i] for i in axes) if short else x.shape
        given.append(filled(draw, shape, (0.5, 1.0, 2.0)))
    part = draw(st.sampled_from((None, 0, 1)))

    def call(f: Any, x: Any, w: Any = None) -> Any:
        found = f(x, axis=axis, weights=w, keepdims=keepdims, returned=part is not None)
        return found if part is None else found[0] * found[1]

    return plain_call(name, given, lambda *a: call(ops.average, *a), lambda *a: call(np.average, *a), (axis, keepdims))


@register("cov", "corrcoef")
def _cov(draw: Draw, name: str) -> Call:
    x = distinct(draw, draw(shapes(1, 2, 2)))
    note = "as an array of double precision"
    given = [x, distinct(draw, x.shape) ** 2] if draw(st.booleans()) else [x]
    keys: dict[str, Any] = draw(st.sampled_from(({}, {"rowvar": False}, {"dtype": np.float64})))
    f, g = getattr(ops, name), getattr(np, name)
    if name == "corrcoef":
        rows = x.shape[1] if x.ndim == 2 and keys.get("rowvar") is False else x.shape[-1]
        most = 0.02 if rows > 2 else 0.0  # two points are correlated in full: on the bound
        return plain_call(name, given, lambda *a: f(*a, **keys), lambda *a: g(*a, **keys), (keys, note), most)
    keys |= draw(st.sampled_from(({}, {"bias": True}, {"ddof": 0})))
    n = x.shape[0] if x.ndim == 2 and keys.get("rowvar") is False else x.shape[-1]
    if draw(st.booleans()):
        keys["fweights"] = np.array(draw(st.lists(st.integers(1, 3), min_size=n, max_size=n)))
    if draw(st.booleans()):
        w = filled(draw, (n,), (0.5, 1.0, 2.0))
        return plain_call(
            name,
            [*given, w],
            lambda *a: f(*a[:-1], aweights=a[-1], **keys),
            lambda *a: g(*a[:-1], aweights=a[-1], **keys),
            (keys, note),
        )
    return plain_call(name, given, lambda *a: f(*a, **keys), lambda *a: g(*a, **keys), (keys, note))


@register("bounded_correlation")
def _bounded(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes()), (-0.8, 0.0, 0.3, 0.8))
    return plain_call(name, [x], ops.statistics.bounded_correlation, lambda x: x, most=0.05)


@register("bincount")
def _bincount(draw: Draw, name: str) -> Call:
    w = filled(draw, (draw(st.integers(1, 5)),))
    x = np.array(draw(st.lists(st.integers(0, 4), min_size=w.size, max_size=w.size)))
    least = draw(st.sampled_from((0, 3, 7)))
    return plain_call(
        name, [w], lambda w: ops.bincount(x, w, least), lambda w: np.bincount(x, w, least), (repr(x), least)
    )


@register("histogram")
def _histogram(draw: Draw, name: str) -> Call:
    a = filled(draw, draw(shapes(1, 2, 1)))
    w = filled(draw, a.shape, (0.5, 1.0, 2.0))
    given: dict[str, Any] = {"density": draw(st.booleans())}
    given["bins"] = draw(st.sampled_from((1, 4, [-20.0, -0.5, 0.0, 1.0, 20.0])))
    if given["bins"] == 4 and draw(st.booleans()) and np.min(a) < 2:
        given["range"] = (np.min(a) - 0.1, 2.0)
    return plain_call(
        name,
        [w],
        lambda w: ops.histogram(a, weights=w, **given)[0],
        lambda w: np.histogram(a, weights=w, **given)[0],
        (repr(a), given),
    )


@register("histogram_bin_edges")
def _edges(draw: Draw, name: str) -> Call:
    a = distinct(draw, draw(shapes(1, 2, 1)))
    if a.size == 1 or draw(st.booleans()):
        a = np.concatenate([a.reshape(-1), [9.0, -9.0]])
    return reduction(name, [a], {"bins": draw(st.sampled_from((1, 3)))}, 0.05)


@register("histogramdd", "histogram2d")
def _histogramdd(draw: Draw, name: str) -> Call:
    n, d = draw(st.integers(1, 5)), 2 if name == "histogram2d" else draw(st.integers(1, 3))
    points = filled(draw, (n, d))
    w = filled(draw, (n,), (0.5, 1.0, 2.0))
    given: dict[str, Any] = {"density": draw(st.booleans())}
    given["bins"] = draw(st.sampled_from((2, [3] * d, [[-20.0, -0.5, 0.0, 1.0, 20.0]] * d)))
    first: Any = tuple(points.T) if name == "histogram2d" else (draw(st.sampled_from((points, list(points.T)))),)
    f, g = getattr(ops, name), getattr(np, name)
    return plain_call(
        name,
        [w],
        lambda w: f(*first, weights=w, **given)[0],
        lambda w: g(*first, weights=w, **given)[0],
        (repr(first), "array", given),
    )


@register_kinks("median", "nanmedian", "quantile", "percentile", "nanquantile", "nanpercentile")
def _tied_quantile(draw: Draw, name: str) -> Call:
    """Ties, slices of one element, and quantiles that fall on an element."""
    x = filled(draw, draw(crowds()), TIES)
    given: dict[str, Any] = {"axis": axis_of(draw, x.ndim), "keepdims": draw(st.booleans())}
    x = with_nan(draw, x, given["axis"]) if name.startswith("nan") else x
    f, g = getattr(ops, name), getattr(np, name)
    if name.endswith("median"):
        return kink_call(name, [x], lambda x: f(x, **given), lambda x: g(x, **given), "selection", given)
    given["method"] = draw(st.sampled_from((*SMOOTH, *JUMPING)))
    q = draw(st.sampled_from((0.0, 0.25, 0.5, 1.0))) * (100 if name.endswith("percentile") else 1)
    return kink_call(name, [x], lambda x: f(x, q, **given), lambda x: g(x, q, **given), "selection", (q, given))


def _parts(f: Any, row: Array, ignore: bool) -> Array:
    """How much of each result of `f`, quantiles of a vector, each element of `row` is by convention, a row for each.

    In sorted elements quantiles are linear: what they are of zeros and ones tells how much of them each rank is. Equal
    elements share alike, and a NaN is the quantile unless it is ignored.
    """
    missing = np.isnan(row)
    n = int(row.size - missing.sum())
    if not n or (missing.any() and not ignore):
        each = 0.0 * missing if ignore else missing / missing.sum()
        return np.broadcast_to(each, (*np.shape(f(np.ones(1))), row.size))
    tails = np.array([f((np.arange(n) >= r).astype(float)) for r in range(n + 1)])
    ranked = np.moveaxis(tails[:-1] - tails[1:], 0, -1)
    found = np.zeros((*ranked.shape[:-1], row.size))
    found[..., np.argsort(row, kind="stable")[:n]] = ranked
    alike = row[:, None] == row
    shared: Array = found @ (alike / np.maximum(alike.sum(axis=1), 1)[:, None])
    return shared


@register_kinks("median", "nanmedian", "quantile", "percentile", "nanquantile", "nanpercentile")
def _shared_quantile(draw: Draw, name: str) -> Call:
    """Ties and NaN, in one column or all of it: equal elements share alike, and of NaN there is one or no quantile."""
    n, ignore = draw(st.integers(1, 5)), name.startswith("nan")
    x = filled(draw, (n, 2), (*TIES, 2.0, 3.0))
    rows = draw(st.sampled_from((slice(0), slice(0), slice(None), slice(0, None, 2), slice(0, 1))))
    x[rows, 0] = np.nan
    f, g = getattr(ops, name), getattr(np, name)
    more: tuple[Any, ...] = ()
    method = {}
    if not name.endswith("median"):
        places = np.arange(2 * n + 1) / (2 * n)
        more = (places * 100 if name.endswith("percentile") else places,)
        method = {"method": draw(st.sampled_from((*SMOOTH, *JUMPING)))}

    def promised(w: Array, x: Array) -> list[Array]:
        parts = [_parts(lambda v: g(v, *more, axis=0, **method), row, ignore) for row in x.T]
        return [np.stack([np.tensordot(w[..., j], p, w.ndim - 1) for j, p in enumerate(parts)], axis=-1)]

    return kink_call(
        name,
        [x],
        lambda x: f(x, *more, axis=0, **method),
        lambda x: g(x, *more, axis=0, **method),
        "selection",
        (more, method),
        convention=promised,
    )


@register_kinks("quantile", "percentile", "nanquantile", "nanpercentile")
def _every_rank(draw: Draw, name: str) -> Call:
    """By every method at once, the quantiles at and between all the steps that any of them makes."""
    n = draw(st.integers(2, 6))
    x = distinct(draw, (n, 2))
    if name.startswith("nan"):
        x[: draw(st.integers(0, n - 1)), 0] = np.nan
    q = np.arange(2 * n + 1) / (2 * n) * (100 if name.endswith("percentile") else 1)
    methods = draw(st.sampled_from((tuple(SMOOTH), JUMPING, JUMPING)))
    f, g = getattr(ops, name), getattr(np, name)

    def sums(f: Any) -> Any:
        return lambda x: sum((1 + 0.3 * k) * f(x, q, axis=0, method=m) for k, m in enumerate(methods))

    return plain_call(name, [x], sums(f), sums(g), (q, methods), 0.05)


@register_kinks("quantile", "percentile", "nanquantile", "nanpercentile")
def _quantile_on_elements(draw: Draw, name: str) -> Call:
    """The quantile moves from where it is an element: evenly as in the segment above, from the largest as below."""
    n = draw(st.sampled_from((1, 2, 3, 6)))  # at 6 another formula for the place rounds to below an element
    x = distinct(draw, (n, 2)) if draw(st.booleans()) else filled(draw, (n, 2), TIES)
    rows = draw(st.sampled_from((slice(0), slice(None), slice(0, 1))))
    x[rows, 0] = np.nan
    whole = 100 if name.endswith("percentile") else 1
    q = np.arange(n) / max(n - 1, 1) * whole
    f, g = getattr(ops, name), getattr(np, name)

    def promised(w: Array, q: Array) -> list[Array]:
        slopes = np.zeros((n, 2))
        for j, row in enumerate(x.T):
            row = row[~np.isnan(row)]
            if row.size > 1 and (row.size == n or name.startswith("nan")):
                place = q / whole * (row.size - 1)
                low = np.minimum(np.floor(place).astype(int), row.size - 2)
                slopes[:, j] = np.diff(np.sort(row))[low] * (row.size - 1)
        return [(w * slopes / whole).sum(axis=1)]

    call = kink_call(
        name,
        [q],
        lambda q: f(x, q, axis=0),
        lambda q: g(x, q, axis=0),
        "elementwise",
        f"of an array {x.tolist()}",
        convention=promised,
    )
    inner = (q > 0) & (q < whole)  # beyond the ends there is no quantile
    return replace(call, reach=(np.where(inner, 0.02 * whole, 0.0),))


@register_kinks("quantile", "percentile", "nanquantile", "nanpercentile")
def _moving_together(draw: Draw, name: str) -> Call:
    """Elements and quantiles both move: how far a quantile moves depends on the elements."""
    x = distinct(draw, (draw(st.integers(2, 4)),))
    q = filled(draw, draw(st.sampled_from(((), (2,)))), (0.137, 0.313, 0.531, 0.877))
    whole = 100 if name.endswith("percentile") else 1
    f, g = getattr(ops, name), getattr(np, name)
    return Call(name, (x, q * whole), f, g, (reach_of(x, most=0.05), _room(q, x.size, "linear") * whole))


@register_kinks("median", "nanmedian", "nanquantile")
def _of_no_elements(draw: Draw, name: str) -> Call:
    """NaN, which does not move."""
    x = np.zeros((0, draw(st.integers(1, 2))))
    axis = draw(st.sampled_from((0, None)))
    f, g = getattr(ops, name), getattr(np, name)
    if name.endswith("median"):
        return kink_call(
            name, [x], lambda x: f(x, axis), lambda x: g(x, axis), "selection", axis, convention=lambda w, x: [x]
        )
    return kink_call(
        name,
        [x, np.array(0.3)],
        lambda x, q: f(x, q, axis),
        lambda x, q: g(x, q, axis),
        "selection",
        axis,
        convention=lambda w, x, q: [x, 0.0 * q],
    )


@register_kinks("bounded_correlation")
def _on_the_bound(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes()), (1.0, -1.0, 0.0))
    f = ops.statistics.bounded_correlation
    return kink_call(name, [x], f, lambda x: np.clip(x, -1, 1), "elementwise", most=0.1)


@register_kinks("average")
def _weights_of_zero(draw: Draw, name: str) -> Call:
    x = filled(draw, (draw(st.integers(1, 3)), draw(st.integers(2, 3))))
    w = filled(draw, x.shape, (0.0, 1.0, 2.0))
    w[:, 0] = 1.0
    return kink_call(
        name, [x, w], lambda x, w: ops.average(x, -1, w), lambda x, w: np.average(x, -1, w), None, "weights"
    )


@register_kinks("median", "nanmedian", "quantile", "nanquantile", "percentile", "nanpercentile")
def _no_rows(draw: Draw, name: str) -> Call:
    """No results, of which each would be made of some elements; the quantile itself may have a gradient."""
    x = filled(draw, (0, draw(st.integers(1, 3))))
    given: dict[str, Any] = {"axis": draw(st.sampled_from((1, -1))), "keepdims": draw(st.booleans())}
    f, g = getattr(ops, name), getattr(np, name)
    if name.endswith("median"):
        return plain_call(name, [x], lambda x: f(x, **given), lambda x: g(x, **given), given)
    q = filled(draw, (), (0.3, 0.7)) * (100 if name.endswith("percentile") else 1)
    if draw(st.booleans()):
        return plain_call(name, [x, q], lambda x, q: f(x, q, **given), lambda x, q: g(x, q, **given), given)
    return plain_call(name, [x], lambda x: f(x, 0.5, **given), lambda x: g(x, 0.5, **given), given)


@register_kinks("quantile", "nanquantile", "percentile", "nanpercentile")
def _weighted_quantile(draw: Draw, name: str) -> Call:
    """Weights of the elements, of which zero leaves one out, for the one method that has them."""
    x = distinct(draw, (draw(st.integers(1, 4)), draw(st.integers(1, 3))))
    x = with_nan(draw, x, 0) if name.startswith("nan") else x
    w = filled(draw, x.shape, (1.0, 2.0, 0.5, 0.0))
    w = np.where(np.arange(len(x))[:, None] == np.argmax(np.isfinite(x), axis=0), 1.0, w)
    q = draw(st.sampled_from((0.31, 0.57, [0.13, 0.83])))
    q = np.multiply(q, 100) if name.endswith("percentile") else q
    given: dict[str, Any] = {"axis": 0, "weights": w, "method": "inverted_cdf", "keepdims": draw(st.booleans())}
    f, g = getattr(ops, name), getattr(np, name)
    note = (q, "weights an array", w.tolist())
    return plain_call(name, [x], lambda x: f(x, q, **given), lambda x: g(x, q, **given), note, 0.05)


@register_kinks("histogram", "histogramdd", "histogram2d")
def _by_default(draw: Draw, name: str) -> Call:
    """As many bins as NumPy makes, over a range or all of it."""
    n, d = draw(st.integers(1, 5)), {"histogram": 0, "histogram2d": 2, "histogramdd": 1}[name]
    points = distinct(draw, (n, d) if d else (n,))
    w = filled(draw, (n,), (0.5, 1.0, 2.0))
    given: dict[str, Any] = {} if draw(st.booleans()) else {"range": [(-3.0, 4.0)] * d if d else (-3.0, 4.0)}
    first: Any = tuple(points.T) if d == 2 else (points,)
    f, g = getattr(ops, name), getattr(np, name)
    return plain_call(
        name,
        [w],
        lambda w: f(*first, weights=w, **given)[0],
        lambda w: g(*first, weights=w, **given)[0],
        (points.tolist(), "array", given),
    )


@register_kinks("histogram_bin_edges")
def _default_edges(draw: Draw, name: str) -> Call:
    a = distinct(draw, (draw(st.integers(2, 4)),))
    given: dict[str, Any] = {"weights": np.ones(a.shape)} if draw(st.booleans()) else {}
    return reduction(name, [a], given, 0.05)


@register_kinks("quantile", "nanquantile", "percentile", "nanpercentile")
def _moving_quantile(draw: Draw, name: str) -> Call:
    """The quantile alone moves, for each method that moves with it."""
    x = distinct(draw, (draw(st.integers(2, 4)), 2))
    x = with_nan(draw, x, 0) if name.startswith("nan") else x
    method = draw(st.sampled_from(tuple(SMOOTH)))
    q = filled(draw, draw(st.sampled_from(((), (2,)))), (0.137, 0.313, 0.531, 0.877))
    whole = 100 if name.endswith("percentile") else 1
    given: dict[str, Any] = {"axis": draw(st.sampled_from((0, -2))), "method": method}
    f, g = getattr(ops, name), getattr(np, name)
    return Call(
        name,
        (q * whole,),
        lambda q: f(x, q, **given),
        lambda q: g(x, q, **given),
        (_room(q, len(x), method) * whole,),
        f"of an array {x.tolist()}, {given}",
    )
