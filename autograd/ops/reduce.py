"""Reductions: many elements to one, along `axis` (None, an integer or a tuple of them)."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.primitive import primitive

__all__ = [
    "cumprod", "cumsum", "logsumexp", "max", "mean", "min", "prod", "std", "sum", "var",
]  # fmt: skip

Axis = int | tuple[int, ...] | None


def keep(g: Any, like: Any, axis: Axis, keepdims: bool) -> Any:
    """Put the reduced axes back into `g` with size one, so that it broadcasts against what was reduced."""
    if keepdims or like.ndim == 0:
        return g
    axes = range(like.ndim) if axis is None else (axis,) if isinstance(axis, (int, np.integer)) else axis
    gone = {a % like.ndim for a in axes}
    return g.reshape(tuple(1 if i in gone else n for i, n in enumerate(like.shape)))


def count(like: Any, axis: Axis) -> int:
    """How many elements are reduced to one."""
    axes = range(like.ndim) if axis is None else (axis,) if isinstance(axis, (int, np.integer)) else axis
    return int(np.prod([like.shape[a] for a in axes], dtype=int))


@primitive(
    x=lambda g, x_like, axis, keepdims: np.broadcast_to(keep(g, x_like, axis, keepdims), x_like.shape),
    numpy=(np.sum,),
    linear="all",
)
def sum(x, axis=None, keepdims=False):
    """Sum of the elements."""
    return np.add.reduce(x, axis=axis, keepdims=keepdims)


@primitive(
    x=lambda g, x_like, axis, keepdims: (
        np.broadcast_to(keep(g, x_like, axis, keepdims), x_like.shape) / x_like.dtype.type(count(x_like, axis))
    ),
    numpy=(np.mean,),
    linear="all",
)
def mean(x, axis=None, keepdims=False):
    """Mean of the elements."""
    return np.mean(x, axis=axis, keepdims=keepdims)


def _others(x: Any, axis: Axis) -> Any:
    """For every element the product of all the others along `axis`: exact where some are zero."""
    axes = tuple(range(x.ndim)) if axis is None else axis
    axes = tuple(a % x.ndim for a in ((axes,) if isinstance(axes, (int, np.integer)) else axes))
    rest = tuple(i for i in range(x.ndim) if i not in axes)
    flat = np.transpose(x, rest + axes)
    shape = flat.shape
    flat = flat.reshape((*shape[: len(rest)], count(x, axes)))
    one = np.ones_like(flat[..., :1])
    before = np.cumprod(np.concatenate([one, flat[..., :-1]], axis=-1), axis=-1)
    after = np.flip(np.cumprod(np.concatenate([one, np.flip(flat[..., 1:], axis=-1)], axis=-1), axis=-1), axis=-1)
    order = np.argsort(rest + axes)
    return np.transpose((before * after).reshape(shape), tuple(int(i) for i in order))


@primitive(
    x=lambda g, x, axis, keepdims: (
        keep(g, x, axis, keepdims) * (_others(x, axis) if x.size and x.ndim else np.ones_like(x))
    ),
    numpy=(np.prod,),
)
def prod(x, axis=None, keepdims=False):
    """Product of the elements."""
    return np.multiply.reduce(x, axis=axis, keepdims=keepdims)


def _ties(x: Any, best: Any, axis: Axis) -> Any:
    """Each extreme element's share: ties share equally."""
    won = (x == best).astype(best.dtype)
    return won / won.sum(axis=axis, keepdims=True)


def _extreme(g: Any, out: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    return keep(g, x, axis, keepdims) * _ties(x, keep(out, x, axis, keepdims), axis)


@primitive(x=_extreme, numpy=(np.max,), kink="convex", selects=True)
def max(x, axis=None, keepdims=False):
    """Largest element; ties share the gradient equally."""
    return np.maximum.reduce(x, axis=axis, keepdims=keepdims)


@primitive(x=_extreme, numpy=(np.min,), kink="concave", selects=True)
def min(x, axis=None, keepdims=False):
    """Smallest element; ties share the gradient equally."""
    return np.minimum.reduce(x, axis=axis, keepdims=keepdims)


def _deviation(x: Any, axis: Axis) -> Any:
    return x - x.mean(axis=axis, keepdims=True)


def _conjugate(x: Any) -> Any:
    return np.conj(x) if x.dtype.kind == "c" else x


@primitive(
    x=lambda g, x, axis, ddof, keepdims: (
        keep(g, x, axis, keepdims) * _conjugate(_deviation(x, axis)) * x.dtype.type(2 / (count(x, axis) - ddof))
        if count(x, axis) > ddof
        else keep(g, x, axis, keepdims) * _conjugate(_deviation(x, axis))
    ),
    numpy=(np.var,),
)
def var(x, axis=None, ddof=0, keepdims=False):
    """Variance, divided by N - ddof."""
    return np.var(x, axis=axis, ddof=ddof, keepdims=keepdims)


def _std(g: Any, out: Any, x: Any, axis: Axis, ddof: float, keepdims: bool) -> Any:
    spread = keep(out, x, axis, keepdims)
    n = count(x, axis) - ddof
    safe = np.where(spread == 0, 1, spread)  # a constant's standard deviation has a kink: the convention is 0
    # twice, since rounding alone can give a constant a tiny spread with deviations of its own size
    slope = _conjugate(_deviation(_deviation(x, axis), axis)) / (safe * x.dtype.type(n if n > 0 else 1))
    return keep(g, x, axis, keepdims) * slope


@primitive(x=_std, numpy=(np.std,), kink="convex")
def std(x, axis=None, ddof=0, keepdims=False):
    """Standard deviation, with N - ddof; at a constant the gradient is 0."""
    return np.std(x, axis=axis, ddof=ddof, keepdims=keepdims)


@primitive(
    x=lambda g, x_like, axis: (
        np.flip(np.cumsum(np.flip(g, axis=axis), axis=axis), axis=axis)
        if axis is not None and x_like.ndim
        else np.flip(np.cumsum(np.flip(g, axis=0), axis=0), axis=0).reshape(x_like.shape)
    ),
    numpy=(np.cumsum,),
    linear="all",
)
def cumsum(x, axis=None):
    """Sums of the first, the first two, ... elements; over the flattened array when `axis` is None."""
    return np.cumsum(x, axis=axis)


def _cumprod(g: Any, out: Any, x: Any, axis: int | None) -> Any:
    """Sum over the results k >= i of g_k times the product of x_0..x_k without x_i: exact at zeros, O(n^2)."""
    if x.size == 0 or x.ndim == 0:
        return g.reshape(x.shape)
    flat = x.reshape((-1,)) if axis is None else np.moveaxis(x, axis, -1)
    gg = g if axis is None else np.moveaxis(g, axis, -1)
    n = flat.shape[-1]
    columns = []
    for i in range(n):
        rest = np.concatenate([np.ones_like(flat[..., :1]), flat[..., i + 1 :]], axis=-1)
        head = np.prod(flat[..., :i], axis=-1, keepdims=True)
        columns.append(np.sum(gg[..., i:] * np.cumprod(rest, axis=-1), axis=-1, keepdims=True) * head)
    whole = np.concatenate(columns, axis=-1)
    return whole.reshape(x.shape) if axis is None else np.moveaxis(whole, -1, axis)


@primitive(x=_cumprod, numpy=(np.cumprod,))
def cumprod(x, axis=None):
    """Products of the first, the first two, ... elements; over the flattened array when `axis` is None."""
    return np.cumprod(x, axis=axis)


def _finite_or_zero(x: Any) -> Any:
    return np.where(np.isfinite(x), x, 0)


@primitive(
    x=lambda g, out, x, axis, keepdims: (
        keep(g, x, axis, keepdims) * np.exp(x - _finite_or_zero(keep(out, x, axis, keepdims)))
    )
)
def logsumexp(x, axis=None, keepdims=False):
    """log(sum(exp(x))), without overflow; of nothing but -inf it is -inf, and its gradient 0."""
    top = _finite_or_zero(np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)).astype(x.dtype)
    with np.errstate(divide="ignore"):
        out = np.log(np.add.reduce(np.exp(x - top), axis=axis, keepdims=True)) + top
    return out if keepdims else out.reshape(np.add.reduce(x, axis=axis).shape)
