"""Reductions: many elements to one, along `axis` (None, an integer or a tuple of them)."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.ops.axes import count, flattened, keep, swift, two_ways, unflattened
from autograd.primitive import composite, conj, operand, primitive

__all__ = [
    "amax", "amin", "logsumexp", "max", "mean", "min", "nanmax", "nanmean", "nanmin", "nanprod", "nanstd", "nansum",
    "nanvar", "prod", "ptp", "std", "sum", "var",
]  # fmt: skip

Axis = int | tuple[int, ...] | None
GIVEN_NONE = np._NoValue  # NumPy's own mark of an argument that was not given, where None has a meaning


# ---------------------------------------------------------------------- the keywords where and initial
def masked(x: Any, where: Any, fill: float) -> Any:
    """`x` with `fill` where NumPy's keyword `where` leaves it out."""
    if where is True:
        return x
    where = operand(where)
    if where.dtype != bool:
        raise TypeError(f"where= is boolean, not {where.dtype}")
    if where.shape != x.shape and np.broadcast_shapes(where.shape, x.shape) != x.shape:
        raise ValueError(f"where= of shape {where.shape} does not broadcast to {x.shape}")
    return np.where(where, x, x.dtype.type(fill))


def chosen(x: Any, where: Any, axis: Any, keepdims: bool) -> Any:
    """How many elements the keyword `where` chooses, for each result."""
    if where is True:
        return count(x, axis)
    return _sum(np.broadcast_to(where, x.shape), axis=axis, keepdims=keepdims)


def _start(initial: Any, like: Any, axis: Any) -> Any:
    """The keyword `initial` as a number of the result's dtype."""
    if initial is None:  # NumPy's way to ask for an error where there is nothing to start from
        if count(like, axis) == 0 and like.size == 0:
            raise ValueError("nothing to reduce, and initial=None gives no value to start from")
        return None
    initial = operand(initial)
    if initial.ndim:
        raise ValueError(f"initial= is one number, not an array of shape {initial.shape}")
    return initial


def _real(dtype: Any) -> Any:
    """The real dtype in which elements of an inexact `dtype` are counted; float64 for integers."""
    return np.finfo(dtype).dtype if np.dtype(dtype).kind in "fc" else np.dtype(float)


# ---------------------------------------------------------------------- sums, products, means
@primitive(
    x=lambda g, x_like, axis, keepdims: np.broadcast_to(keep(g, x_like, axis, keepdims), x_like.shape),
    numpy=(np.sum,),
    name="sum",
    linear="all",
    batch="axis",
)
def _sum(x, axis=None, keepdims=False):
    """Sum of the elements."""
    return np.add.reduce(x, axis=axis, keepdims=keepdims)


@composite(numpy=(np.sum,), name="sum")
def _sum_of(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = GIVEN_NONE, where: Any = True) -> Any:
    """Sum of the elements that `where` chooses, and of `initial`."""
    x = operand(x)
    total = _sum(masked(x, where, 0), axis=axis, keepdims=keepdims)
    start = None if initial is GIVEN_NONE else _start(initial, x, axis)
    return total if start is None else total + start.astype(total.dtype)


sum = swift(two_ways(_sum, _sum_of, ("initial", "where")), np.sum)


@primitive(
    x=lambda g, x_like, axis, keepdims: np.broadcast_to(
        keep(g / count(x_like, axis), x_like, axis, keepdims), x_like.shape
    ),
    numpy=(np.mean,),
    name="mean",
    linear="all",
    batch="axis",
)
def _mean(x, axis=None, keepdims=False):
    """Mean of the elements."""
    if x.dtype.kind in "fc" and x.dtype.itemsize > 2 and x.size:  # as NumPy's, at a third of its cost
        return np.add.reduce(x, axis=axis, keepdims=keepdims) / count(x, axis)
    return np.mean(x, axis=axis, keepdims=keepdims)


@composite(numpy=(np.mean,), name="mean")
def _mean_of(x: Any, axis: Any = None, keepdims: bool = False, where: Any = True) -> Any:
    """Mean of the elements that `where` chooses."""
    x = operand(x)
    if where is True:
        return _mean(x, axis=axis, keepdims=keepdims)
    total = _sum(masked(x, where, 0), axis=axis, keepdims=keepdims)
    return total / chosen(x, where, axis, keepdims).astype(_real(x.dtype))


mean = swift(two_ways(_mean, _mean_of, ("where",)), np.mean)


def _others(x: Any, axis: Any) -> Any:
    """For every element the product of all the others along `axis`: exact where some are zero."""
    flat = flattened(x, axis)
    one = np.ones(flat.shape[:-1] + (1,), x.dtype)
    before = np.cumprod(np.concatenate([one, flat[..., :-1]], axis=-1), axis=-1)
    after = np.flip(np.cumprod(np.concatenate([one, np.flip(flat[..., 1:], axis=-1)], axis=-1), axis=-1), axis=-1)
    return unflattened(before * after, x, axis)


@primitive(
    x=lambda g, x, axis, keepdims: (
        keep(g, x, axis, keepdims) * (_others(x, axis) if x.size and x.ndim else np.ones_like(x))
    ),
    numpy=(np.prod,),
    name="prod",
    batch="axis",
)
def _prod(x, axis=None, keepdims=False):
    """Product of the elements."""
    return np.multiply.reduce(x, axis=axis, keepdims=keepdims)


@composite(numpy=(np.prod,), name="prod")
def _prod_of(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = GIVEN_NONE, where: Any = True) -> Any:
    """Product of the elements that `where` chooses, and of `initial`."""
    x = operand(x)
    total = _prod(masked(x, where, 1), axis=axis, keepdims=keepdims)
    start = None if initial is GIVEN_NONE else _start(initial, x, axis)
    return total if start is None else total * start.astype(total.dtype)


prod = swift(two_ways(_prod, _prod_of, ("initial", "where")), np.prod)


# ---------------------------------------------------------------------- extremes
def _extreme(g: Any, out: Any, x: Any, axis: Any, keepdims: bool, initial: Any, where: Any, ignore: bool) -> Any:
    """An equal share for each of the elements that are the extreme; NaN is one unless NaNs are ignored."""
    best = keep(out, x, axis, keepdims)
    won = x == best if ignore else (x == best) | (x != x)
    if where is not True:
        won = won & where
    shares = won.sum(axis=axis, keepdims=True)
    if initial is not GIVEN_NONE and initial is not None:
        shares = shares + (best == initial)
    shares = np.maximum(shares, 1)  # none: of nothing but NaN, or `initial` is NaN
    return np.where(won, keep(g, x, axis, keepdims) / shares.astype(g.dtype), 0)


def _extreme_rule(ignore: bool) -> Callable[..., Any]:
    def rule(g: Any, out: Any, x: Any, axis: Any, keepdims: bool, initial: Any, where: Any) -> Any:
        return _extreme(g, out, x, axis, keepdims, initial, where, ignore)

    return rule


@primitive(x=_extreme_rule(False), numpy=(np.max, np.amax), kink="convex", selects=True, batch="axis")
def max(x, axis=None, keepdims=False, initial=GIVEN_NONE, where=True):
    """Largest element; ties share the gradient equally, with `initial` among them. Where there is a NaN it wins."""
    return np.maximum.reduce(x, axis=axis, keepdims=keepdims, initial=initial, where=where)


@primitive(x=_extreme_rule(False), numpy=(np.min, np.amin), kink="concave", selects=True, batch="axis")
def min(x, axis=None, keepdims=False, initial=GIVEN_NONE, where=True):
    """Smallest element; ties share the gradient equally, with `initial` among them. Where there is a NaN it wins."""
    return np.minimum.reduce(x, axis=axis, keepdims=keepdims, initial=initial, where=where)


max = swift(max, np.max, np.amax)
min = swift(min, np.min, np.amin)
amax, amin = max, min


@composite(numpy=(np.ptp,))
def ptp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Peak to peak: the largest element less the smallest."""
    return max(x, axis=axis, keepdims=keepdims) - min(x, axis=axis, keepdims=keepdims)


@primitive(x=_extreme_rule(True), numpy=(np.nanmax,), kink="convex", selects=True, batch="axis")
def nanmax(x, axis=None, keepdims=False, initial=GIVEN_NONE, where=True):
    """Largest element that is no NaN; ties share equally. Of nothing but NaN it is NaN, with gradient 0."""
    return np.nanmax(x, axis=axis, keepdims=keepdims, initial=initial, where=where)


@primitive(x=_extreme_rule(True), numpy=(np.nanmin,), kink="concave", selects=True, batch="axis")
def nanmin(x, axis=None, keepdims=False, initial=GIVEN_NONE, where=True):
    """Smallest element that is no NaN; ties share equally. Of nothing but NaN it is NaN, with gradient 0."""
    return np.nanmin(x, axis=axis, keepdims=keepdims, initial=initial, where=where)


# ---------------------------------------------------------------------- variance
def _deviation(x: Any, axis: Any) -> Any:
    return x - x.mean(axis=axis, keepdims=True) if x.size else x


def _per(x: Any, axis: Any, ddof: float, numerator: float) -> Any:
    """`numerator` / (N - ddof); NaN where NumPy's result is one, or infinite, for want of degrees of freedom."""
    n = count(x, axis) - ddof
    return x.dtype.type(numerator / n if n > 0 else math.nan)


@primitive(
    x=lambda g, x, axis, ddof, keepdims: (
        keep(g, x, axis, keepdims) * conj(_deviation(x, axis)) * _per(x, axis, ddof, 2)
    ),
    numpy=(np.var,),
    name="var",
    batch="axis",
)
def _var(x, axis=None, ddof=0, keepdims=False):
    """Variance, divided by N - ddof."""
    return np.var(x, axis=axis, ddof=ddof, keepdims=keepdims)


def _std_rule(g: Any, out: Any, x: Any, axis: Any, ddof: float, keepdims: bool) -> Any:
    spread = keep(out, x, axis, keepdims)
    safe = np.where(spread == 0, 1, spread)  # a constant's standard deviation has a kink: the convention is 0
    # twice, since rounding alone can give a constant a tiny spread with deviations of its own size
    slope = conj(_deviation(_deviation(x, axis), axis)) * _per(x, axis, ddof, 1) / safe
    return keep(g, x, axis, keepdims) * slope


@primitive(x=_std_rule, numpy=(np.std,), name="std", kink="convex", batch="axis")
def _std(x, axis=None, ddof=0, keepdims=False):
    """Standard deviation, with N - ddof; at a constant the gradient is 0."""
    return np.std(x, axis=axis, ddof=ddof, keepdims=keepdims)


def _freedom(ddof: Any, correction: Any) -> Any:
    """The array API's `correction` is another name of `ddof`."""
    if correction is GIVEN_NONE:
        return ddof
    if ddof != 0:
        raise ValueError("ddof and correction are two names of one number: give one of them")
    return correction


def _spread(x: Any, axis: Any, ddof: Any, keepdims: bool, where: Any, centre: Any) -> Any:
    """Mean square distance from `centre` (their mean, unless given) of the elements chosen, over N - ddof."""
    x = x if x.dtype.kind in "fc" else x.astype(float)
    real = _real(x.dtype)
    n = chosen(x, where, axis, True)
    n = n if where is True else n.astype(real)
    if centre is GIVEN_NONE:
        apart = masked(x - _sum(masked(x, where, 0), axis=axis, keepdims=True) / n, where, 0)
        apart = masked(apart - _sum(apart, axis=axis, keepdims=True) / n, where, 0)  # twice: see `_std_rule`
    else:
        apart = masked(x - operand(centre), where, 0)
    square = np.real(apart * np.conj(apart)) if apart.dtype.kind == "c" else np.square(apart)
    free = np.maximum(chosen(x, where, axis, keepdims) - ddof, 0)
    return _sum(square, axis=axis, keepdims=keepdims) / free.astype(real)


def _root(v: Any) -> Any:
    """The square root, with slope 0 at 0."""
    return np.where(v == 0, 0, np.sqrt(np.where(v == 0, 1, v)))


@composite(numpy=(np.var,), name="var")
def _var_of(
    x: Any,
    axis: Any = None,
    ddof: Any = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Any = GIVEN_NONE,
    correction: Any = GIVEN_NONE,
) -> Any:
    """Variance of the elements that `where` chooses, about `mean` if given (differentiable too), over N - ddof."""
    x, ddof = operand(x), _freedom(ddof, correction)
    if where is True and mean is GIVEN_NONE:
        return _var(x, axis=axis, ddof=ddof, keepdims=keepdims)
    return _spread(x, axis, ddof, keepdims, where, mean)


@composite(numpy=(np.std,), name="std", kink="convex")
def _std_of(
    x: Any,
    axis: Any = None,
    ddof: Any = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Any = GIVEN_NONE,
    correction: Any = GIVEN_NONE,
) -> Any:
    """Standard deviation: the root of the variance, with NumPy's keywords; at a constant the gradient is 0."""
    x, ddof = operand(x), _freedom(ddof, correction)
    if where is True and mean is GIVEN_NONE:
        return _std(x, axis=axis, ddof=ddof, keepdims=keepdims)
    return _root(_spread(x, axis, ddof, keepdims, where, mean))


var = two_ways(_var, _var_of, ("where", "mean", "correction"))
std = two_ways(_std, _std_of, ("where", "mean", "correction"))


# ---------------------------------------------------------------------- without the NaNs
def _valid(x: Any, where: Any) -> Any:
    """The elements that are no NaN, of those that `where` chooses."""
    if x.dtype.kind not in "fc":
        return where
    return ~np.isnan(x) if where is True else ~np.isnan(x) & where


@composite(numpy=(np.nansum,))
def nansum(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = GIVEN_NONE, where: Any = True) -> Any:
    """Sum of the elements that are no NaN; of none it is 0. The gradient at a NaN is 0."""
    x = operand(x)
    return _sum_of(masked(x, _valid(x, True), 0), axis=axis, keepdims=keepdims, initial=initial, where=where)


@composite(numpy=(np.nanprod,))
def nanprod(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = GIVEN_NONE, where: Any = True) -> Any:
    """Product of the elements that are no NaN; of none it is 1. The gradient at a NaN is 0."""
    x = operand(x)
    return _prod_of(masked(x, _valid(x, True), 1), axis=axis, keepdims=keepdims, initial=initial, where=where)


@composite(numpy=(np.nanmean,))
def nanmean(x: Any, axis: Any = None, keepdims: bool = False, where: Any = True) -> Any:
    """Mean of the elements that are no NaN; of none it is NaN. The gradient at a NaN is 0."""
    x = operand(x)
    return _mean_of(x, axis=axis, keepdims=keepdims, where=_valid(x, where))


def _nan_spread(x: Any, axis: Any, ddof: Any, keepdims: bool, where: Any, mean: Any) -> Any:
    valid = _valid(x, where)
    v = _spread(x, axis, ddof, keepdims, valid, mean)
    n = chosen(x, valid, axis, keepdims)
    return v if valid is True else np.where(n - ddof > 0, v, v.dtype.type(math.nan))


@composite(numpy=(np.nanvar,))
def nanvar(
    x: Any,
    axis: Any = None,
    ddof: Any = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Any = GIVEN_NONE,
    correction: Any = GIVEN_NONE,
) -> Any:
    """Variance of the elements that are no NaN, over N - ddof; NaN where N <= ddof. The gradient at a NaN is 0."""
    return _nan_spread(operand(x), axis, _freedom(ddof, correction), keepdims, where, mean)


@composite(numpy=(np.nanstd,), kink="convex")
def nanstd(
    x: Any,
    axis: Any = None,
    ddof: Any = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Any = GIVEN_NONE,
    correction: Any = GIVEN_NONE,
) -> Any:
    """Standard deviation of the elements that are no NaN; NaN where N <= ddof. At a constant the gradient is 0."""
    return _root(_nan_spread(operand(x), axis, _freedom(ddof, correction), keepdims, where, mean))


# ---------------------------------------------------------------------- log of a sum of exponentials
def _softmax(x: Any, out: Any, axis: Any) -> Any:
    """exp(x - out): 0 where out is -inf; where it is inf, an equal share for each infinite element."""
    if isinstance(out, (np.ndarray, np.generic)) and np.isfinite(out).all():
        return np.exp(x - out)
    weights = np.exp(x - np.where(out == -np.inf, 0, out))
    infinite = x == np.inf
    shares = np.maximum(infinite.sum(axis=axis, keepdims=True), 1).astype(weights.dtype)
    return np.where(out == np.inf, infinite / shares, weights)


@primitive(
    x=lambda g, out, x, axis, keepdims: keep(g, x, axis, keepdims) * _softmax(x, keep(out, x, axis, keepdims), axis),
    name="logsumexp",
    kink="smooth",
    batch="axis",
)
def _logsumexp(x, axis=None, keepdims=False):
    """log(sum(exp(x))), without overflow; of nothing but -inf it is -inf, and its gradient 0."""
    x = x if x.dtype.kind in "fc" else x.astype(float)
    top = np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0).astype(x.dtype)
    with np.errstate(divide="ignore", over="ignore"):
        out = np.log(np.add.reduce(np.exp(x - top), axis=axis, keepdims=True)) + top
    return out if keepdims else out.reshape(np.logical_or.reduce(x, axis=axis).shape)[()]


def _weighted_shares(g: Any, out: Any, x: Any, b: Any, axis: Any, keepdims: bool) -> tuple[Any, Any]:
    """exp(x - out), and by x that times b; of infinite elements each has its weight's part of the sum of theirs."""
    g, out = keep(g, x, axis, keepdims), keep(out, x, axis, keepdims)
    infinite = (x == np.inf) & (b != 0)
    total = np.where(out == np.inf, (b * infinite).sum(axis=axis, keepdims=True), 1)
    shares = np.where(out == np.inf, infinite / total, np.exp(x - np.where(x == -np.inf, 0, out)))
    at_x = g * (b * np.where((b == 0) & ~np.isfinite(shares), 0, shares))  # its slope by b is there at b = 0 too
    return at_x, g * shares


@primitive(_weighted_shares, arrays=("x", "b"))
def weighted_logsumexp(x, b, axis=None, keepdims=False):
    """log(sum(b exp(x))) for `x` and `b` of one shape; NaN where the sum is negative."""
    x = np.where(b == 0, -np.inf, x).astype(x.dtype if x.dtype.kind in "fc" else float)
    top = np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0).astype(x.dtype)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        out = np.log(np.add.reduce(b * np.exp(x - top), axis=axis, keepdims=True)) + top
    return out if keepdims else out.reshape(np.logical_or.reduce(x, axis=axis).shape)[()]


@composite(name="logsumexp")
def _logsumexp_of(x: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    """log(sum(b * exp(x))) along `axis`, without overflow, with the signature of `scipy.special.logsumexp`.

    Parameters
    ----------
    x : array_like
    axis : int, tuple of int or None
    b : array_like, optional
        Factors of the exponentials, differentiable too; they broadcast with `x`. A zero leaves its element out.
    keepdims : bool
    return_sign : bool
        Not supported: a TypeError.

    Notes
    -----
    Of nothing but -inf it is -inf, with gradient 0. Elements that are inf share the gradient equally.

    >>> from autograd import Tensor, ops
    >>> x = Tensor([1000.0, 1000.0], requires_grad=True)
    >>> ops.logsumexp(x).backward()
    >>> x.grad
    Tensor([0.5, 0.5])
    """
    if return_sign:
        raise TypeError("return_sign=True is not supported: take the sign of sum(b * exp(x)) in a call of its own")
    x = operand(x)
    if b is None:
        return _logsumexp(x, axis, keepdims)
    x = x if x.dtype.kind in "fc" else x.astype(float)
    b = np.asarray(b, x.dtype) if type(b) in (int, float) else operand(b)
    b = b if b.dtype.kind in "fc" else b.astype(x.dtype)
    shape = np.broadcast_shapes(x.shape, b.shape)
    x, b = (v if v.shape == shape else np.broadcast_to(v, shape) for v in (x, b))
    return weighted_logsumexp(x, b, axis, keepdims)


def _scipys(quick: Any, full: Any) -> Any:
    @functools.wraps(full)
    def logsumexp(x: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
        if b is None and not return_sign:
            return quick(x, axis, keepdims)
        return full(x, axis, b, keepdims, return_sign)

    logsumexp.op = quick.op  # type: ignore[attr-defined]
    return logsumexp


logsumexp = swift(_scipys(_logsumexp, _logsumexp_of))
