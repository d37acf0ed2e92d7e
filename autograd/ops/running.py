"""Along an axis: differences, running sums and products, integrals by the trapezoid rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.ops.index import getitem, where
from autograd.ops.shape import broadcast_to, concatenate, moveaxis, ravel
from autograd.primitive import composite, operand, plain, primitive

__all__ = ["cumprod", "cumsum", "diff", "ediff1d", "gradient", "interp", "trapezoid"]


def _between(x: Any, axis: int, start: int | None, stop: int | None) -> Any:
    index: list[Any] = [slice(None)] * x.ndim
    index[axis] = slice(start, stop)
    return getitem(x, tuple(index))


def _border(value: Any, a: Any, axis: int) -> Any:
    """What is put before or after `a`: a number counts as one slice."""
    weak = isinstance(value, (int, float))  # does not make float32 float64
    value = np.asarray(value, a.dtype) if weak and a.dtype.kind in "fc" else operand(value)
    if value.ndim:
        return value
    shape = list(a.shape)
    shape[axis] = 1
    return broadcast_to(value, tuple(shape))


def _checked(a: Any, axis: Any, name: str) -> int:
    if not -a.ndim <= axis < a.ndim:
        raise np.exceptions.AxisError(axis, a.ndim, name)
    return int(axis % a.ndim)


@composite(numpy=(np.diff,))
def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """The `n`-th differences a[i + 1] - a[i] along `axis`."""
    a = operand(a)
    if n < 0:
        raise ValueError(f"diff: n must not be negative, got {n}")
    if a.ndim == 0:
        raise ValueError("diff: the array needs at least 1 axis")
    if n == 0:
        return getitem(a, Ellipsis)
    axis = _checked(a, axis, "diff")
    parts = [_border(v, a, axis) for v in (prepend,) if v is not None]
    parts += [a, *(_border(v, a, axis) for v in (append,) if v is not None)]
    if len(parts) > 1:
        a = concatenate(parts, axis)
    for _ in range(n):
        a = _between(a, axis, 1, None) - _between(a, axis, None, -1)
    return a


@composite(numpy=(np.ediff1d,))
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """The differences of all elements in one row, between `to_begin` and `to_end`."""
    flat = ravel(operand(ary))
    parts = [getitem(flat, slice(1, None)) - getitem(flat, slice(None, -1))]
    if to_begin is not None:
        parts.insert(0, ravel(operand(to_begin)).astype(flat.dtype))
    if to_end is not None:
        parts.append(ravel(operand(to_end)).astype(flat.dtype))
    return concatenate(parts, 0) if len(parts) > 1 else parts[0]


@composite(numpy=(np.trapezoid,))
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The integral of `y` along `axis` by the trapezoid rule, at the points `x` or at steps of `dx`."""
    y = operand(y)
    axis = _checked(y, axis, "trapezoid")
    step = dx
    if x is not None:
        x = operand(x)
        step = diff(x, axis=axis if x.ndim > 1 else -1)
        if x.ndim == 1:
            step = step.reshape(tuple(step.size if i == axis else 1 for i in range(y.ndim)))
    return (step * (_between(y, axis, 1, None) + _between(y, axis, None, -1)) / 2.0).sum(axis=axis)


def _slopes(f: Any, step: Any, edge_order: int) -> Any:
    """Second-order differences along the first axis; `step` is a number or holds the gaps between the points."""
    column = (-1,) + (1,) * (f.ndim - 1)
    if getattr(step, "ndim", 0):
        h = step.reshape(column)
        left, right, ends = (
            h[:-1],
            h[1:],
            (h[0], h[1 if edge_order == 2 else 0], h[-2 if edge_order == 2 else -1], h[-1]),
        )
    else:
        left = right = step
        ends = (step,) * 4
    inner = (
        f[:-2] * (-right / (left * (left + right)))
        + f[1:-1] * ((right - left) / (left * right))
        + f[2:] * (left / (right * (left + right)))
    )
    if edge_order == 1:
        first, last = (f[1] - f[0]) / ends[0], (f[-1] - f[-2]) / ends[3]
    else:
        a, b, c, d = ends
        first = f[0] * (-(2.0 * a + b) / (a * (a + b))) + f[1] * ((a + b) / (a * b)) - f[2] * (a / (b * (a + b)))
        last = f[-3] * (d / (c * (c + d))) - f[-2] * ((d + c) / (c * d)) + f[-1] * ((2.0 * d + c) / (d * (c + d)))
    return concatenate([first.reshape((1, *f.shape[1:])), inner, last.reshape((1, *f.shape[1:]))], 0)


@composite(numpy=(np.gradient,))
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """The slope of `f` along each axis, from its neighbours; at steps, or at points, given for each axis."""
    f = operand(f)
    axes = tuple(range(f.ndim)) if axis is None else (axis,) if isinstance(axis, (int, np.integer)) else tuple(axis)
    axes = tuple(_checked(f, a, "gradient") for a in axes)
    given = [operand(v) for v in varargs] or [np.asarray(1.0)]
    if len(given) == 1 and given[0].ndim == 0:
        given *= len(axes)
    if len(given) != len(axes):
        raise TypeError(f"gradient: {len(varargs)} spacings for {len(axes)} axes")
    if edge_order not in (1, 2):
        raise ValueError("gradient: edge_order must be 1 or 2")
    found = []
    for a, step in zip(axes, given, strict=True):
        n = f.shape[a]
        if n < edge_order + 1:
            raise ValueError(f"gradient: an axis of {n} is too short; at least {edge_order + 1} elements are needed")
        if step.ndim > 1 or (step.ndim and step.size != n):
            raise ValueError(f"gradient: points must be a vector of {n}, as long as the axis")
        step = step.astype(f.dtype)
        found.append(moveaxis(_slopes(moveaxis(f, a, 0), diff(step) if step.ndim else step, edge_order), 0, a))
    return found[0] if len(found) == 1 else tuple(found)


@composite(numpy=(np.interp,), kink="elementwise")
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """Piecewise linear through the points (xp, fp), xp increasing; `left` and `right` of them, their end values.

    Of float32 Tensors the result is float32.
    """
    x, xp, fp = operand(x), operand(xp), operand(fp)
    if period is not None:
        raise TypeError("interp: period has no derivative; take x modulo the period and repeat the points")
    if x.dtype.kind == "c" or xp.dtype.kind == "c":
        raise TypeError("interp: x and xp must be real")
    if xp.ndim != 1 or xp.shape != fp.shape or not xp.size:
        raise ValueError("interp: xp and fp must be vectors of one length, not empty")
    points, at = plain(xp), plain(x)
    low = np.clip(np.searchsorted(points, at, "right") - 1, 0, max(xp.size - 2, 0))
    high = np.minimum(low + 1, xp.size - 1)
    x0, y0 = getitem(xp, low), getitem(fp, low)
    gap = getitem(xp, high) - x0
    flat = plain(gap) == 0  # the last point comes twice, and counts as NumPy has it
    part = where(flat, 1, (x - x0) / where(flat, 1, gap))
    y = y0 + (getitem(fp, high) - y0) * part
    y = where(at < points[0], getitem(fp, 0) if left is None else left, y)
    return where(at > points[-1], getitem(fp, -1) if right is None else right, y)


@primitive(
    x=lambda g, x_like, axis: (
        np.flip(np.cumsum(np.flip(g, axis=axis), axis=axis), axis=axis)
        if axis is not None and x_like.ndim
        else np.flip(np.cumsum(np.flip(g, axis=0), axis=0), axis=0).reshape(x_like.shape)
    ),
    numpy=(np.cumsum,),
    linear="all",
    batch="axis-flat",
)
def cumsum(x, axis=None):
    """Sums of the first, the first two, ... elements; over the flattened array when `axis` is None."""
    return np.cumsum(x, axis=axis)


def _later(b: Any, a: Any) -> Any:
    """S with S_i = b_i + a_i S_{i+1} along the last axis, in log2(n) steps: no division, so zeros do not matter."""
    n, step = b.shape[-1], 1
    while step < n:
        b = np.concatenate([b[..., :-step] + a * b[..., step:], b[..., -step:]], axis=-1)
        a = a[..., : n - 2 * step] * a[..., step:] if 2 * step < n else a
        step *= 2
    return b


def _cumprod(g: Any, out: Any, x: Any, axis: Any) -> Any:
    """g_k times the product of x_0..x_k without x_i, summed over k >= i: (product before i) * S_i, see `_later`."""
    if x.size == 0 or x.ndim == 0:
        return g.reshape(x.shape)
    flat = x.reshape((-1,)) if axis is None else np.moveaxis(x, axis, -1)
    gg = g if axis is None else np.moveaxis(g, axis, -1)
    one = np.ones(flat.shape[:-1] + (1,), x.dtype)
    before = np.cumprod(np.concatenate([one, flat[..., :-1]], axis=-1), axis=-1)
    whole = before * _later(gg, flat[..., 1:])
    return whole.reshape(x.shape) if axis is None else np.moveaxis(whole, -1, axis)


@primitive(x=_cumprod, numpy=(np.cumprod,), batch="axis-flat")
def cumprod(x, axis=None):
    """Products of the first, the first two, ... elements; over the flattened array when `axis` is None."""
    return np.cumprod(x, axis=axis)
