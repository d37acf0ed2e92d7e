"""Calls of reductions."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd import ops
from autograd.testing.strategies.base import (
    HUGE,
    POOL,
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


def mask_for(draw: Draw, x: Array) -> Array:
    """A mask for the keyword `where`: of the shape of `x`, or one that broadcasts to it."""
    shape = x.shape[draw(st.integers(0, x.ndim)) :]
    shape = tuple(n if draw(st.booleans()) else 1 for n in shape)
    n = int(np.prod(shape))
    return np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)), bool).reshape(shape)


def keywords(draw: Draw, x: Array, initial: float | None = None, least: int = 0) -> dict[str, Any]:
    """The keywords `axis`, `keepdims`, `initial` and `where`, of which the last chooses at least so many elements."""
    given: dict[str, Any] = {"axis": axis_of(draw, x.ndim)}
    if draw(st.booleans()):
        given["keepdims"] = draw(st.booleans())
    if initial is not None and draw(st.booleans()):
        given["initial"] = initial
    if draw(st.booleans()):
        mask = mask_for(draw, x)
        chosen = np.sum(np.broadcast_to(mask, x.shape), axis=given["axis"])
        if np.all(chosen >= least) and (initial is None or "initial" in given or least == 0):
            given["where"] = mask
    return given


def with_nan(draw: Draw, x: Array, axis: Any, least: int = 1) -> Array:
    """`x` with NaN in some places, so few that every result is made of at least so many numbers."""
    n = x.size // np.sum(x, axis=axis).size if x.size else 0
    x = x.copy(order="K")
    for _ in range(draw(st.integers(0, max(n - least, 0)))):
        at = tuple(draw(st.integers(0, m - 1)) for m in x.shape)
        x[at] = np.nan
    return x


def reduction(name: str, arrays: list[Array], given: dict[str, Any], most: float = 0.1) -> Call:
    """A call with these keywords, of ours and of NumPy's function."""
    f, g = getattr(ops, name), getattr(np, name)
    return plain_call(name, arrays, lambda *a: f(*a, **given), lambda *a: g(*a, **given), given, most)


@register("sum", "mean", "prod", "nansum", "nanmean", "nanprod")
def _reduce(draw: Draw, name: str) -> Call:
    is_mean = name.endswith("mean")
    x = filled(draw, draw(shapes(side=1 if is_mean else 0)))
    given = keywords(draw, x, None if is_mean else 1.5, 1 if is_mean else 0)
    if name.startswith("nan") and "where" not in given:
        x = with_nan(draw, x, given["axis"])
    if "initial" in given and draw(st.booleans()):
        f, g = getattr(ops, name), getattr(np, name)
        start = np.array(given.pop("initial"))
        return plain_call(
            name, [x, start], lambda x, c: f(x, initial=c, **given), lambda x, c: g(x, initial=c, **given), given
        )
    return reduction(name, [x], given)


@register("max", "min", "nanmax", "nanmin")
def _extreme(draw: Draw, name: str) -> Call:
    x = distinct(draw, draw(shapes(side=1)))
    given = keywords(draw, x, 0.285, 1)
    if name.startswith("nan") and "where" not in given:
        x = with_nan(draw, x, given["axis"])
    return reduction(name, [x], given, 0.05)


@register("ptp")
def _ptp(draw: Draw, name: str) -> Call:
    x = distinct(draw, draw(shapes(side=1)))
    return reduction(name, [x], {"axis": axis_of(draw, x.ndim), "keepdims": draw(st.booleans())}, 0.05)


@register("var", "std", "nanvar", "nanstd")
def _spread(draw: Draw, name: str) -> Call:
    x = distinct(draw, draw(shapes(side=1)))
    axis = axis_of(draw, x.ndim)
    n = x.size // np.sum(x, axis=axis).size
    ddof = draw(st.sampled_from((0, 1, 0.5))) if n > 1 else 0
    given: dict[str, Any] = {"axis": axis, "keepdims": draw(st.booleans())}
    given[draw(st.sampled_from(("ddof", "correction")))] = ddof
    mask = mask_for(draw, x) if draw(st.booleans()) else np.array(True)
    if np.all(np.sum(np.broadcast_to(mask, x.shape), axis=axis) > ddof) and mask.ndim:
        given["where"] = mask
    elif name.startswith("nan"):
        x = with_nan(draw, x, axis, 2)
    if draw(st.integers(0, 2)) == 0:
        f, g = getattr(ops, name), getattr(np, name)
        centre = np.mean(np.where(np.isnan(x), 0, x), axis=axis, keepdims=True) + 1.0
        return plain_call(
            name, [x, centre], lambda x, m: f(x, mean=m, **given), lambda x, m: g(x, mean=m, **given), given
        )
    return reduction(name, [x], given)


@register("logsumexp")
def _logsumexp(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(side=1)), POOL)
    axis, keepdims = axis_of(draw, x.ndim), draw(st.booleans())
    if draw(st.booleans()):
        shape = x.shape[draw(st.integers(0, x.ndim)) :]
        b = filled(draw, tuple(n if draw(st.booleans()) else 1 for n in shape), (0.5, 1.0, 2.0, 0.7))
        return plain_call(
            name,
            [x, b],
            lambda x, b: ops.logsumexp(x, axis, b=b, keepdims=keepdims),
            lambda x, b: np.log(np.sum(b * np.exp(x), axis=axis, keepdims=keepdims)),
            (axis, keepdims),
        )
    return plain_call(
        name,
        [x],
        lambda x: ops.logsumexp(x, axis, keepdims=keepdims),
        lambda x: np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims)),
        (axis, keepdims),
    )


@register("weighted_logsumexp")
def _weighted(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(side=1)), POOL)
    b = filled(draw, x.shape, (0.5, 1.0, 2.0, 0.7))
    given = {"axis": axis_of(draw, x.ndim), "keepdims": draw(st.booleans())}
    return plain_call(
        name,
        [x, b],
        lambda x, b: ops.reduce.weighted_logsumexp(x, b, **given),
        lambda x, b: np.log(np.sum(b * np.exp(x), **given)),
        given,
    )


EXTREMES = {"max": "convex", "nanmax": "convex", "min": "concave", "nanmin": "concave", "ptp": "convex"}


@register_kinks("max", "min", "nanmax", "nanmin", "ptp")
def _tied_extreme(draw: Draw, name: str) -> Call:
    """Ties, with `initial` too, under a mask, beside NaNs, and in slices of one element."""
    x = filled(draw, draw(crowds()), (*TIES, 1.0))
    given = (
        {"axis": axis_of(draw, x.ndim)} if name == "ptp" else keywords(draw, x, draw(st.sampled_from((1.0, -1.0))), 1)
    )
    if name.startswith("nan") and "where" not in given:
        x = with_nan(draw, x, given["axis"])
    f, g = getattr(ops, name), getattr(np, name)
    return kink_call(name, [x], lambda x: f(x, **given), lambda x: g(x, **given), EXTREMES[name], given)


@register_kinks("max", "min", "nanmax", "nanmin")
def _shared_extreme(draw: Draw, name: str) -> Call:
    """Equal elements share alike, `initial` among them; a NaN wins unless it is ignored, and of none there is 0."""
    x = filled(draw, (draw(st.integers(1, 3)), draw(st.integers(1, 4))), (*TIES, np.nan, np.nan))
    given: dict[str, Any] = {"axis": draw(st.sampled_from((-1, 1))), "keepdims": draw(st.booleans())}
    given |= draw(st.sampled_from(({}, {"initial": 1.0}, {"initial": -1.0})))
    if "initial" in given and draw(st.booleans()):
        given["where"] = mask_for(draw, x)
    f, g = getattr(ops, name), getattr(np, name)

    def promised(w: Array, x: Array) -> list[Any]:
        best = g(x, **{**given, "keepdims": True})
        won = ((x == best) | (np.isnan(x) & (not name.startswith("nan")))) & given.get("where", True)
        shares = won.sum(axis=1, keepdims=True) + (best == given.get("initial"))
        return [won * w.reshape(best.shape) / np.maximum(shares, 1)]

    return kink_call(
        name, [x], lambda x: f(x, **given), lambda x: g(x, **given), EXTREMES[name], given, convention=promised
    )


@register_kinks("var", "std")
def _without_freedom(draw: Draw, name: str) -> Call:
    """As many elements as are taken off, or fewer: there is no variance and no slope."""
    x = distinct(draw, (draw(st.integers(1, 2)), 2))
    given: dict[str, Any] = {"axis": 1, "ddof": draw(st.sampled_from((2, 3)))}
    f, g = getattr(ops, name), getattr(np, name)
    return kink_call(
        name,
        [x],
        lambda x: f(x, **given),
        lambda x: g(x, **given),
        "jump",
        given,
        0.0,
        lambda w, x: [np.full(x.shape, np.nan)],
    )


@register_kinks("var", "std")
def _complex_spread(draw: Draw, name: str) -> Call:
    x = distinct(draw, (2, 3)) + 1j * filled(draw, (2, 3), (0.3, -0.4, 1.0))
    return reduction(name, [x], {"axis": draw(st.sampled_from((None, 0, 1)))}, 0.05)


@register_kinks("logsumexp", "weighted_logsumexp")
def _shared_infinity(draw: Draw, name: str) -> Call:
    """Infinite elements share by their weights, one without a weight has none; of nothing but -inf nothing flows."""
    pool = (np.inf, 0.0, 1.0, -np.inf, -np.inf)
    x = filled(draw, (draw(st.integers(1, 3)), draw(st.integers(1, 3))), (*pool, np.nan) if name[0] == "w" else pool)
    given = {"axis": draw(st.sampled_from((-1, 1))), "keepdims": draw(st.booleans())}
    weights = [filled(draw, x.shape, (0.0, 1.0, 2.0))] if name[0] == "w" else []
    f: Any = ops.logsumexp if name[0] == "l" else ops.reduce.weighted_logsumexp

    def plainly(x: Array, b: Any = 1.0) -> Any:
        with np.errstate(all="ignore"):
            return np.log(np.sum(np.where(b == 0, 0, b * np.exp(x)), **given))

    def promised(w: Array, x: Array, b: Any = 1.0) -> list[Any]:
        out = np.reshape(plainly(x, b), (-1, 1))
        with np.errstate(all="ignore"):
            ratio = np.exp(x - np.where(x == -np.inf, 0, out))
            infinite = (x == np.inf) & (b != 0)
            ratio = np.where(out == np.inf, infinite / np.sum(b * infinite, axis=1, keepdims=True), ratio)
            by_x = np.where((b == 0) & ~np.isfinite(ratio), 0, b * ratio)
            return [w.reshape(-1, 1) * by_x, w.reshape(-1, 1) * ratio][: 1 + len(weights)]

    return kink_call(name, [x, *weights], lambda *a: f(*a, **given), plainly, "jump", given, 0.0, promised)


@register_kinks("prod", "nanprod", "cumprod", "nancumprod", "cumulative_prod")
def _product_of_zeros(draw: Draw, name: str) -> Call:
    """None, one and several zeros in a slice; the product is smooth at each."""
    x = filled(draw, draw(shapes(side=1)), (0.0, 2.0, -0.0, 3.0, 0.5))
    axis = axis_of(
        draw, x.ndim, tuples=not name.startswith(("cum", "nancum")), none=name != "cumulative_prod" or x.ndim < 2
    )
    x = with_nan(draw, x, axis if name == "nanprod" else None, 0) if name.startswith("nan") else x
    return reduction(name, [x], {"axis": axis})


@register_kinks("var", "std", "nanvar", "nanstd")
def _spread_of_a_constant(draw: Draw, name: str) -> Call:
    """Rows that are constant beside rows that are not, and rows of one element."""
    x = filled(draw, draw(shapes(side=1)), draw(st.sampled_from(((0.5,), (0.0, 1.0), (-3.0, -3.0, 800.0)))))
    given: dict[str, Any] = {"axis": axis_of(draw, x.ndim), "keepdims": draw(st.booleans())}
    if draw(st.booleans()):
        mask = mask_for(draw, x)
        if np.all(np.sum(np.broadcast_to(mask, x.shape), axis=given["axis"]) > 0):
            given["where"] = mask
    if name.startswith("nan") and "where" not in given:
        x = with_nan(draw, x, given["axis"])
    f, g = getattr(ops, name), getattr(np, name)
    kink = "convex" if name.endswith("std") else None
    return kink_call(name, [x], lambda x: f(x, **given), lambda x: g(x, **given), kink, given)


@register_kinks("logsumexp")
def _logsumexp_of_nothing(draw: Draw, name: str) -> Call:
    """Minus infinity here and there, or everywhere along the axis; and numbers whose exponentials overflow."""
    pool = draw(st.sampled_from(((-np.inf, 0.0, 1.0), (-np.inf,), (*HUGE, 0.0, 0.0))))
    x, given = filled(draw, draw(shapes(side=1)), pool), {"keepdims": draw(st.booleans())}
    axis = axis_of(draw, x.ndim)

    def expect(x: Array) -> Any:
        return np.logaddexp.reduce(x.ravel() if axis is None else x, axis=0 if axis is None else axis, **given)

    def plainly(x: Array) -> Any:
        if axis is None or isinstance(axis, tuple):
            top = np.max(x, axis=axis, keepdims=True)
            top = np.where(np.isfinite(top), top, 0)
            found = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
            return found if given["keepdims"] else np.reshape(found, np.sum(x, axis=axis).shape)
        return expect(x)

    return kink_call(name, [x], lambda x: ops.logsumexp(x, axis, **given), plainly, None, (axis, given))


@register_kinks("weighted_logsumexp")
def _weighted_by_zero(draw: Draw, name: str) -> Call:
    """Weights of zero, each slice with one that is not; the exponentials of large numbers."""
    x = filled(
        draw, (draw(st.integers(1, 3)), draw(st.integers(1, 3))), (0.0, 1.0, 0.5)
    )  # so that no sum gets negative as weights move
    b = filled(draw, x.shape, (0.0, 1.0, 2.0, 0.0))
    b[:, 0] = 1.0
    if draw(st.booleans()):
        x = x + draw(st.sampled_from((800.0, -800.0)))
    top = np.max(x)
    given = {"axis": -1, "keepdims": draw(st.booleans())}
    return kink_call(
        name,
        [x, b],
        lambda x, b: ops.reduce.weighted_logsumexp(x, b, **given),
        lambda x, b: np.log(np.sum(b * np.exp(x - top), **given)) + top,
        None,
        given,
    )


@register_kinks("sum", "prod", "max", "min")
def _of_a_number(draw: Draw, name: str) -> Call:
    """NumPy takes an axis of an array without axes, and None for no initial value."""
    x = filled(draw, ())
    given: dict[str, Any] = {"axis": draw(st.sampled_from((0, -1, None))), "keepdims": draw(st.booleans())}
    if name in ("max", "min") and draw(st.booleans()):
        given["initial"] = None
        x = distinct(draw, (draw(st.integers(1, 3)),))
    return reduction(name, [x], given, 0.05)


@register_kinks("var", "std", "max", "min", "mean", "logsumexp")
def _no_rows(draw: Draw, name: str) -> Call:
    """No results, of which each would be made of some elements."""
    x = filled(draw, (0, draw(st.integers(1, 3))))
    given = {"axis": draw(st.sampled_from((1, -1))), "keepdims": draw(st.booleans())}
    if name == "logsumexp":
        return plain_call(name, [x], lambda x: ops.logsumexp(x, **given), lambda x: np.sum(x, **given), given)
    return reduction(name, [x], given)
