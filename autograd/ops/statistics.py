"""Statistics: order statistics, averages, covariances and what ignores NaN."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.graph import Variable
from autograd.ops.index import getitem, where
from autograd.ops.reduce import Axis, count, mean, sum
from autograd.ops.shape import broadcast_to, concatenate, reshape, squeeze, transpose
from autograd.ops.sorting import sort
from autograd.primitive import composite, operand, plain

__all__ = ["average", "cov", "median", "percentile", "quantile"]


def _axes(a: Any, axis: Axis, name: str) -> tuple[int, ...]:
    """The axes that are reduced, counted from the front."""
    given = tuple(range(a.ndim)) if axis is None else (axis,) if isinstance(axis, (int, np.integer)) else tuple(axis)
    for one in given:
        if not -a.ndim <= one < a.ndim:
            raise np.exceptions.AxisError(one, a.ndim, name)
    found = tuple(one % a.ndim for one in given)
    if len(set(found)) < len(found):
        raise ValueError(f"{name}: an axis comes twice in {axis}")
    return found


def _ranked(a: Any, axes: tuple[int, ...]) -> Any:
    """`a` with the reduced axes made one, the first, and sorted along it."""
    rest = tuple(i for i in range(a.ndim) if i not in axes)
    n = math.prod(a.shape[i] for i in axes)
    return sort(reshape(transpose(a, (*axes, *rest)), (n, *(a.shape[i] for i in rest))), axis=0)


def _kept(a: Any, axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(1 if i in axes else n for i, n in enumerate(a.shape))


@composite(numpy=(np.median,), kink="selection")
def median(a: Any, axis: Axis = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    """The middle element in order, or the mean of the middle two; NaN where there is a NaN."""
    a = operand(a)
    axes = _axes(a, axis, "median")
    ranked = _ranked(a, axes)
    n = ranked.shape[0]
    if n == 0:
        return mean(a, axis=axes, keepdims=keepdims)
    middle = getitem(ranked, (n - 1) // 2)
    if n % 2 == 0:
        middle = (middle + getitem(ranked, n // 2)) / 2
    last = getitem(ranked, n - 1)
    if np.isnan(plain(last)).any():
        middle = where(np.isnan(plain(last)), last, middle)
    return reshape(middle, _kept(a, axes) if keepdims else middle.shape)


def _quantile(a: Any, q: Any, axis: Axis, method: str, keepdims: bool, name: str, whole: int) -> Any:
    if method != "linear":
        raise TypeError(f"{name}: method={method!r} has no derivative here; use 'linear'")
    if isinstance(q, Variable):
        raise TypeError(f"{name}: no derivative with respect to q; use q.data")
    a = operand(a)
    if a.dtype.kind == "c":
        raise TypeError(f"{name}: the array must be real")
    part = np.asarray(q, None if isinstance(q, np.ndarray) or a.dtype.kind != "f" else a.dtype) / whole
    if not ((part >= 0) & (part <= 1)).all():
        raise ValueError(f"{name}: q must be between 0 and {whole}")
    axes = _axes(a, axis, name)
    ranked = _ranked(a, axes)
    n = ranked.shape[0]
    if n == 0:
        raise IndexError(f"{name}: no elements along axis {axis}")
    place = part * (n - 1)
    low = np.floor(place).astype(int)
    share = np.asarray(place - low, part.dtype).reshape(part.shape + (1,) * (ranked.ndim - 1))
    below, above = getitem(ranked, low), getitem(ranked, np.minimum(low + 1, n - 1))
    found = where(share == 0, below, below + (above - below) * share)
    last = getitem(ranked, n - 1)
    if np.isnan(plain(last)).any():
        found = where(np.isnan(plain(last)), last, found)
    return reshape(found, part.shape + _kept(a, axes)) if keepdims else found


@composite(numpy=(np.quantile,), kink="selection")
def quantile(
    a: Any, q: Any, axis: Axis = None, overwrite_input: bool = False, method: str = "linear", keepdims: bool = False
) -> Any:
    """The value below which a part `q` of the elements lies, linear between neighbours; axes of `q` come first."""
    return _quantile(a, q, axis, method, keepdims, "quantile", 1)


@composite(numpy=(np.percentile,), kink="selection")
def percentile(
    a: Any, q: Any, axis: Axis = None, overwrite_input: bool = False, method: str = "linear", keepdims: bool = False
) -> Any:
    """The value below which `q` percent of the elements lie; as `quantile`."""
    return _quantile(a, q, axis, method, keepdims, "percentile", 100)


@composite(numpy=(np.average,))
def average(a: Any, axis: Axis = None, weights: Any = None, returned: bool = False, keepdims: bool = False) -> Any:
    """sum(a * weights) / sum(weights) along `axis`; `weights` are of the shape of `a`, or of the reduced axes."""
    a = operand(a)
    if weights is None:
        found = mean(a, axis=axis, keepdims=keepdims)
        total: Any = np.full(found.shape, count(a, axis), found.dtype)
        return (found, total) if returned else found
    weights = operand(weights)
    if weights.shape != a.shape:
        if axis is None:
            raise TypeError("average: axis is needed where weights have another shape than the array")
        axes = _axes(a, axis, "average")
        if weights.shape != tuple(a.shape[i] for i in axes):
            raise ValueError(f"average: weights of shape {weights.shape} do not fit axis {axis} of {a.shape}")
        shape = tuple(n if i in axes else 1 for i, n in enumerate(a.shape))
        weights = broadcast_to(reshape(transpose(weights, tuple(np.argsort(axes))), shape), a.shape)
    total = sum(weights, axis=axis, keepdims=keepdims)
    if (plain(total) == 0).any():
        raise ZeroDivisionError("average: the weights sum to zero")
    found = sum(a * weights, axis=axis, keepdims=keepdims) / total
    return (found, total) if returned else found


@composite(numpy=(np.cov,))
def cov(m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None) -> Any:
    """Covariances of the rows of `m` (of its columns unless `rowvar`), of those of `y` too."""
    m = operand(m)
    if m.ndim > 2 or (y is not None and operand(y).ndim > 2):
        raise ValueError("cov: the arrays may have at most 2 axes")
    x = reshape(m, (1, m.size)) if m.ndim < 2 else m if rowvar else transpose(m)
    if y is not None:
        y = operand(y)
        y = reshape(y, (1, y.size)) if y.ndim < 2 else y if rowvar or y.shape[0] == 1 else transpose(y)
        x = concatenate([x, y], 0)
    x = x - mean(x, axis=1, keepdims=True)
    freedom = x.shape[1] - ((0 if bias else 1) if ddof is None else ddof)
    return squeeze(x @ np.conj(transpose(x)) / (freedom if freedom > 0 else 0))  # too few observations: NaN
