"""Calls of reductions."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd import ops
from autograd.testing.strategies.base import (
    POOL,
    Array,
    Call,
    Draw,
    axis_of,
    distinct,
    filled,
    plain_call,
    register,
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
