"""Along an axis: running sums, products and extremes, differences, integrals and interpolation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from autograd.graph import Variable
from autograd.ops.axes import two_ways
from autograd.ops.index import scatter_add
from autograd.ops.reduce import GIVEN_NONE
from autograd.primitive import composite, operand, plain, primitive

__all__ = [
    "cummax", "cummin", "cumprod", "cumsum", "cumulative_prod", "cumulative_sum", "diff", "ediff1d", "gradient",
    "interp", "logcumsumexp", "nancumprod", "nancumsum", "trapezoid", "unwrap",
]  # fmt: skip


# ---------------------------------------------------------------------- along one axis
def last(x: Any, axis: int | None) -> Any:
    """`x` with `axis` put last; flattened where `axis` is None."""
    return x.reshape((-1,)) if axis is None else np.moveaxis(x, axis, -1)


def back(flat: Any, like: Any, axis: int | None) -> Any:
    """The inverse of `last`."""
    return flat.reshape(like.shape) if axis is None or like.ndim == 0 else np.moveaxis(flat, -1, axis)


def _later_sums(g: Any) -> Any:
    """Along the last axis the sums of an element and all that follow it."""
    return np.flip(np.cumsum(np.flip(g, axis=-1), axis=-1), axis=-1)


def _recurrence(b: Any, a: Any) -> Any:
    """S with S_i = b_i + a_i S_{i+1} along the last axis, by doubling.

    In log2(n) steps of whole arrays, without a division, so that zeros of `a` do no harm. `a` is one shorter than `b`.
    Blelloch, Prefix sums and their applications (1990), section 1.4.
    """
    n, step = b.shape[-1], 1
    while step < n:
        b = np.concatenate([b[..., :-step] + a * b[..., step:], b[..., -step:]], axis=-1)
        a = a[..., :-step] * a[..., step:]
        step *= 2
    return b


# ---------------------------------------------------------------------- running sums and products
@primitive(
    x=lambda g, x_like, axis: back(_later_sums(last(g, axis)), x_like, axis),
    numpy=(np.cumsum,),
    linear="all",
    batch="axis-flat",
)
def cumsum(x, axis=None):
    """Sums of the first, the first two, ... elements; over the flattened array when `axis` is None."""
    return np.cumsum(x, axis=axis)


def _normal(out: Any) -> bool:
    """Whether every element of a bare array is finite and neither zero nor so small that it has lost digits."""
    size = np.abs(out)
    return bool(np.all((size > np.finfo(out.dtype).tiny) & (size < np.inf)))


def _cumprod(g: Any, out: Any, x: Any, axis: int | None) -> Any:
    """The product of all before x_i, times S_i = g_i + x_{i+1} S_{i+1}: exact at zeros, O(n log n).

    Where no product is zero, S_i times all before it is the sum of g_k out_k over k >= i, divided by x_i: O(n).
    """
    if x.ndim == 0:
        return g.reshape(x.shape)
    if isinstance(g, np.ndarray) and _normal(out):
        return back(_later_sums(last(g, axis) * last(out, axis)), x, axis) / x
    flat = last(x, axis)
    one = np.ones(flat.shape[:-1] + (1,), x.dtype)
    before = np.cumprod(np.concatenate([one, flat[..., :-1]], axis=-1), axis=-1)
    return back(before * _recurrence(last(g, axis), flat[..., 1:]), x, axis)


@primitive(x=_cumprod, numpy=(np.cumprod,), batch="axis-flat")
def cumprod(x, axis=None):
    """Products of the first, the first two, ... elements; over the flattened array when `axis` is None.

    The gradient is exact where elements are zero, any number of them.
    """
    return np.cumprod(x, axis=axis)


@composite(numpy=(np.nancumsum,))
def nancumsum(x: Any, axis: int | None = None) -> Any:
    """Running sums with NaN counted as 0; the gradient at a NaN is 0."""
    x = operand(x)
    return cumsum(np.where(np.isnan(x), x.dtype.type(0), x) if x.dtype.kind in "fc" else x, axis=axis)


@composite(numpy=(np.nancumprod,))
def nancumprod(x: Any, axis: int | None = None) -> Any:
    """Running products with NaN counted as 1; the gradient at a NaN is 0."""
    x = operand(x)
    return cumprod(np.where(np.isnan(x), x.dtype.type(1), x) if x.dtype.kind in "fc" else x, axis=axis)


def _cumulative(function: Any, start: int, x: Any, axis: int | None, include_initial: bool) -> Any:
    x = operand(x)
    if axis is None and x.ndim > 1:
        raise ValueError(f"axis= is needed for an array of {x.ndim} axes")
    x = x if x.ndim else x.reshape((1,))
    axis = normalize_axis_index(0 if axis is None else axis, x.ndim)
    found = function(x, axis=axis)
    if not include_initial:
        return found
    shape = tuple(1 if i == axis else n for i, n in enumerate(x.shape))
    return np.concatenate([np.full(shape, start, found.dtype), found], axis=axis)


@composite(numpy=(np.cumulative_sum,))
def cumulative_sum(x: Any, axis: int | None = None, include_initial: bool = False) -> Any:
    """Running sums along `axis`, with 0 in front if `include_initial`."""
    return _cumulative(cumsum, 0, x, axis, include_initial)


@composite(numpy=(np.cumulative_prod,))
def cumulative_prod(x: Any, axis: int | None = None, include_initial: bool = False) -> Any:
    """Running products along `axis`, with 1 in front if `include_initial`."""
    return _cumulative(cumprod, 1, x, axis, include_initial)


# ---------------------------------------------------------------------- running extremes and log-sums
def _holders(out: Any) -> Any:
    """Along the last axis, where the holder of the running extreme stands: the first of equals, the first NaN."""
    before, now = out[..., :-1], out[..., 1:]
    taken = (now != before) & (before == before)
    places = np.where(taken, np.arange(1, out.shape[-1]), 0)
    first = np.zeros(out.shape[:-1] + (1,), int)
    return np.maximum.accumulate(np.concatenate([first, places], axis=-1), axis=-1)


def _held(g: Any, out: Any, axis: int) -> Any:
    if not out.size:
        return g * 1
    holders = _holders(last(plain(out), axis))
    n = holders.shape[-1]
    rows = np.arange(math.prod(holders.shape[:-1])).reshape(holders.shape[:-1] + (1,)) * n
    sums = scatter_add(last(g, axis).reshape((-1,)), (rows + holders).reshape(-1), (holders.size,))
    return back(sums.reshape(holders.shape), out, axis)


@primitive(x=_held, kink="convex", selects=True, batch="axis")
def cummax(x, axis=0):
    """The largest so far, NumPy's `maximum.accumulate`.

    The gradient goes to the element that holds the running extreme: of equal ones the first.

    >>> from autograd import Tensor, ops
    >>> x = Tensor([1.0, 3.0, 2.0, 3.0], requires_grad=True)
    >>> ops.cummax(x).sum().backward()
    >>> x.grad
    Tensor([1., 3., 0., 0.])
    """
    return np.maximum.accumulate(x, axis=axis)


@primitive(x=_held, kink="concave", selects=True, batch="axis")
def cummin(x, axis=0):
    """The smallest so far, NumPy's `minimum.accumulate`; its gradient as in `cummax`."""
    return np.minimum.accumulate(x, axis=axis)


def _logcumsumexp(g: Any, out: Any, x: Any, axis: int) -> Any:
    """exp(x_i) times the sum of g_k exp(-out_k) over k >= i, as S_i exp(x_i - out_i): every exponent is at most 0."""
    if not x.size:
        return g
    x_, out_ = last(x, axis), last(out, axis)
    before, now = out_[..., :-1], out_[..., 1:]
    total = _recurrence(last(g, axis), np.exp(_gap(before, now)))
    share = np.where(out_ == -np.inf, 0, np.exp(_gap(x_, out_)))
    late = np.concatenate([np.zeros(before.shape[:-1] + (1,), bool), before == np.inf], axis=-1)
    return back(total * np.where(late, 0, share), x, axis)


def _gap(low: Any, high: Any) -> Any:
    """low - high, 0 where both are the same infinity."""
    same = low == high
    return np.where(same, 0, low) - np.where(same, 0, high)


@primitive(x=_logcumsumexp, batch="axis")
def logcumsumexp(x, axis=0):
    """log(cumsum(exp(x))) along `axis` without overflow, NumPy's `logaddexp.accumulate`.

    Where the sum is -inf the gradient is 0; from the first infinite element on that one has all of it.
    """
    return np.logaddexp.accumulate(x, axis=axis)


# ---------------------------------------------------------------------- differences
def _diff(g: Any, a_like: Any, n: int, axis: int) -> Any:
    """The transpose of a difference is minus the difference of the cotangent between zeros."""
    axis = axis % a_like.ndim if a_like.ndim else axis
    for _ in range(min(n, a_like.shape[axis]) if n else 0):
        zero = np.zeros(tuple(1 if i == axis else m for i, m in enumerate(g.shape)), g.dtype)
        g = -np.diff(np.concatenate([zero, g, zero], axis=axis), axis=axis)
    return g


@primitive(a=_diff, numpy=(np.diff,), name="diff", linear="all", view=True, batch="axis")
def _diff_op(a, n=1, axis=-1):
    """The `n`-th differences a[i + 1] - a[i] along `axis`."""
    return np.diff(a, n, axis)


def _border(value: Any, a: Any, axis: int) -> Any:
    """What is put before or after `a`: a number counts as one slice, a Python number as one of its dtype."""
    weak = type(value) in (int, float) and a.dtype.kind in "fc"
    value = np.asarray(value, a.dtype) if weak else operand(value)
    if value.ndim:
        return value
    return np.broadcast_to(value, tuple(1 if i == axis else n for i, n in enumerate(a.shape)))


@composite(numpy=(np.diff,), name="diff")
def _diff_of(a: Any, n: int = 1, axis: int = -1, prepend: Any = GIVEN_NONE, append: Any = GIVEN_NONE) -> Any:
    """The `n`-th differences a[i + 1] - a[i] along `axis`, of `a` between `prepend` and `append`."""
    a = operand(a)
    if n == 0:
        return a
    if a.ndim == 0:
        raise ValueError("the array needs at least one axis")
    axis = normalize_axis_index(axis, a.ndim)
    parts = [
        *([] if prepend is GIVEN_NONE else [_border(prepend, a, axis)]),
        a,
        *([] if append is GIVEN_NONE else [_border(append, a, axis)]),
    ]
    return _diff_op(np.concatenate(parts, axis=axis) if len(parts) > 1 else a, n, axis)


diff = two_ways(_diff_op, _diff_of, ("prepend", "append"))


@composite(numpy=(np.ediff1d,))
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """The differences of all elements in one row, between `to_begin` and `to_end`."""
    flat = operand(ary).reshape((-1,))
    parts = [flat[1:] - flat[:-1]]
    for place, value in ((0, to_begin), (2, to_end)):
        if value is None:
            continue
        value = operand(value)
        if not np.can_cast(value.dtype, flat.dtype, "same_kind"):
            raise TypeError(f"{value.dtype} at an end does not go into {flat.dtype}")
        parts.insert(place, value.reshape((-1,)).astype(flat.dtype))
    return np.concatenate(parts) if len(parts) > 1 else parts[0]


def _even(f: Any, h: Any, order: int) -> list[Any]:
    """First, inner and last slopes along the first axis, at steps of `h`."""
    inner = (f[2:] - f[:-2]) / (2.0 * h)
    if order == 1:
        return [(f[1:2] - f[:1]) / h, inner, (f[-1:] - f[-2:-1]) / h]
    begin = f[:1] * (-1.5 / h) + f[1:2] * (2.0 / h) + f[2:3] * (-0.5 / h)
    end = f[-3:-2] * (0.5 / h) + f[-2:-1] * (-2.0 / h) + f[-1:] * (1.5 / h)
    return [begin, inner, end]


def _uneven(f: Any, h: Any, order: int) -> list[Any]:
    """First, inner and last slopes along the first axis, at points with the gaps `h`.

    Fornberg, Generation of finite difference formulas on arbitrarily spaced grids, Math. Comp. 51 (1988), 699-706.
    """
    h = h.reshape((-1,) + (1,) * (f.ndim - 1))
    a, b = h[:-1], h[1:]
    inner = f[:-2] * (-b / (a * (a + b))) + f[1:-1] * ((b - a) / (a * b)) + f[2:] * (a / (b * (a + b)))
    if order == 1:
        return [(f[1:2] - f[:1]) / h[:1], inner, (f[-1:] - f[-2:-1]) / h[-1:]]
    a, b = h[:1], h[1:2]
    begin = f[:1] * (-(2.0 * a + b) / (a * (a + b))) + f[1:2] * ((a + b) / (a * b)) + f[2:3] * (-a / (b * (a + b)))
    a, b = h[-2:-1], h[-1:]
    end = f[-3:-2] * (b / (a * (a + b))) + f[-2:-1] * (-(b + a) / (a * b)) + f[-1:] * ((2.0 * b + a) / (b * (a + b)))
    return [begin, inner, end]


def _gaps(points: Any, f: Any, axis: int) -> Any:
    """The gaps between points, as one number where they are constant and equal."""
    if points.ndim != 1 or points.shape[0] != f.shape[axis]:
        raise ValueError(f"points along axis {axis} are a vector of {f.shape[axis]}, not an array of {points.shape}")
    h = np.diff(points if points.dtype.kind in "fc" else points.astype(float))
    if getattr(h, "_node", None) is None and h.size and bool((h == h[0]).all()):
        return h[0]
    return h


@composite(numpy=(np.gradient,))
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """The slope of `f` along each axis by differences of second order, at the ends of first order or second.

    Parameters
    ----------
    f : array_like
    *varargs : number or vector, optional
        The step, one for all axes, or for each axis a step or the points; differentiable too.
    axis : int, tuple of int or None
    edge_order : 1 or 2

    Returns
    -------
    Tensor or tuple of Tensor
        One for each axis, of the shape of `f`.

    Raises
    ------
    ValueError
        If an axis has not more than `edge_order` elements.
    """
    f = operand(f)
    dtype = f.dtype if f.dtype.kind in "fc" else np.dtype(float)
    f = f.astype(dtype)
    axes = tuple(range(f.ndim)) if axis is None else normalize_axis_tuple(axis, f.ndim)
    steps = [v if type(v) in (int, float) else operand(v) for v in varargs] or [1.0]
    if len(steps) == 1 and np.ndim(steps[0]) == 0:
        steps *= len(axes)
    if len(steps) != len(axes):
        raise TypeError(f"{len(varargs)} spacings for {len(axes)} axes: give one number, or one spacing for each axis")
    if edge_order not in (1, 2):
        raise ValueError(f"edge_order is 1 or 2, not {edge_order}")
    found = []
    for a, step in zip(axes, steps, strict=True):
        if f.shape[a] <= edge_order:
            raise ValueError(f"axis {a} of {f.shape[a]} is too short: at least {edge_order + 1} elements are needed")
        h = step if np.ndim(step) == 0 else _gaps(step, f, a)
        parts = (_uneven if np.ndim(h) else _even)(np.moveaxis(f, a, 0), h, edge_order)
        found.append(np.moveaxis(np.concatenate(parts, axis=0), 0, a).astype(dtype))
    return found[0] if len(found) == 1 else tuple(found)


@composite(numpy=(np.trapezoid,))
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The integral of `y` along `axis` by the trapezoid rule, at the points `x` or at steps of `dx`."""
    y = operand(y)
    axis = normalize_axis_index(axis, y.ndim)
    front = (slice(None),) * axis
    step = dx
    if x is not None:
        x = operand(x)
        step = diff(x) if x.ndim == 1 else diff(x, axis=axis)
        if x.ndim == 1:
            step = step.reshape((-1,) + (1,) * (y.ndim - 1 - axis))
    return (step * (y[(*front, slice(1, None))] + y[(*front, slice(None, -1))]) / 2.0).sum(axis=axis)


@primitive(p=lambda g: g, numpy=(np.unwrap,), kink="jump", batch="axis")
def unwrap(p, discont=None, axis=-1, period=2 * math.pi):
    """Jumps of more than half a period taken out, by whole periods: the slope is 1."""
    return np.unwrap(p, discont, axis, period=period)


# ---------------------------------------------------------------------- interpolation
def _segment(x: Any, xp: Any, fp: Any) -> tuple[Any, Any, Any, Any, Any]:
    """Where each `x` lies: the points left and right of it, its part of the way between, the slope; and if it does.

    At a point it is the segment that starts there, at the last one the segment that ends.
    """
    at, points = plain(x), plain(xp)
    left = np.clip(np.searchsorted(points, at, "right") - 1, 0, max(points.size - 2, 0))
    right = np.minimum(left + 1, points.size - 1)
    start = xp[left]
    gap = xp[right] - start
    flat = gap == 0  # one point only, or the last comes twice: then it counts
    gap = np.where(flat, 1, gap)
    part = np.where(flat, 1, (x - start) / gap)
    slope = np.where(flat, 0, (fp[right] - fp[left]) / gap)
    return left, right, part, slope, ~((at < points[0]) | (at > points[-1]))


def _placed(at_left: Any, at_right: Any, left: Any, right: Any, n: int) -> Any:
    """What each `x` gives to its two points, summed at the points."""
    values = np.concatenate([at_left.reshape((-1,)), at_right.reshape((-1,))])
    return scatter_add(values, np.concatenate([left.reshape(-1), right.reshape(-1)]), (n,))


def _interp_x(g: Any, x: Any, xp: Any, fp: Any) -> Any:
    _, _, _, slope, within = _segment(x, xp, fp)
    return np.where(within, g * slope, 0)


def _interp_xp(g: Any, x: Any, xp: Any, fp: Any) -> Any:
    left, right, part, slope, within = _segment(x, xp, fp)
    moved = np.where(within, -g * slope, 0)
    return _placed(moved * (1 - part), moved * part, left, right, xp.shape[0])


def _interp_fp(g: Any, x: Any, xp: Any, fp: Any, left: Any, right: Any) -> Any:
    low, high, part, _, _ = _segment(x, xp, fp)
    before, behind = plain(x) < plain(xp)[0], plain(x) > plain(xp)[-1]
    part = np.where(before, 0, np.where(behind, 1, part))
    if left is not None:
        g = np.where(before, 0, g)
    if right is not None:
        g = np.where(behind, 0, g)
    return _placed(g * (1 - part), g * part, low, high, fp.shape[0])


@primitive(
    x=_interp_x,
    xp=_interp_xp,
    fp=_interp_fp,
    left=lambda g, x, xp: np.where(plain(x) < plain(xp)[0], g, 0).sum(),
    right=lambda g, x, xp: np.where(plain(x) > plain(xp)[-1], g, 0).sum(),
    numpy=(np.interp,),
    name="interp",
    kink="elementwise",
)
def _interp(x, xp, fp, left=None, right=None):
    """Piecewise linear through the points (xp, fp)."""
    return np.interp(x, xp, fp, left, right)


@composite(numpy=(np.interp,), name="interp", kink="elementwise")
def _interp_of(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """Piecewise linear through the points (xp, fp), `xp` increasing; differentiable in all of its arguments.

    At a point the slope is that to its right, at the last one that to its left; outside it is 0, and the value is
    `left` or `right`, or that of the end. With `period`, x and xp count modulo it. As NumPy's the result is float64.
    """
    if period is None:
        return _interp(x, xp, fp, left, right)
    if (plain(period) == 0) if isinstance(period, Variable) else period == 0:
        raise ValueError("the period must not be 0")
    x, xp, fp = operand(x), operand(xp), operand(fp)
    if xp.ndim != 1 or xp.shape != fp.shape:
        raise ValueError(f"xp and fp are vectors of one length, not arrays of {xp.shape} and {fp.shape}")
    period = np.abs(period)
    x, xp = np.remainder(x.astype(float), period), np.remainder(xp.astype(float), period)
    order = np.argsort(plain(xp))
    xp, fp = xp[order], fp[order]
    xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
    return _interp(x, xp, np.concatenate([fp[-1:], fp, fp[:1]]))


interp = two_ways(_interp, _interp_of, ("period",))
