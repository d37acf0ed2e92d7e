"""Pooling: the largest, the mean or the norm of each window. As PyTorch's `max_pool2d` and its kin, for any rank.

`kernel_size` with one integer an axis pools over the last axes, whatever stands before; a single integer pools over all
axes but the first two, images and channels.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.ops.index import where
from autograd.ops.windows import Windows, each, taps, windows
from autograd.primitive import composite, operand, plain, primitive

__all__ = ["avg_pool", "lp_pool", "max_pool", "max_pool_pick", "max_pool_share", "spread_pool", "sum_pool"]


def _windows(
    size: tuple[int, ...], kernel: Any, stride: Any, padding: Any, dilation: Any = 1, ceil_mode: bool = False
) -> Windows:
    """The windows over the last axes of an array of shape `size`."""
    axes = len(size) - 2 if isinstance(kernel, (int, np.integer)) else len(kernel)
    if not 1 <= axes <= len(size):
        raise ValueError(f"kernel_size {kernel!r} pools {axes} axes, x has shape {size}: give one integer an axis")
    kernel = each(kernel, axes, "kernel_size", 1)
    w = windows(size[len(size) - axes :], kernel, kernel if stride is None else stride, padding, dilation, ceil_mode)
    for k, d, low, high in zip(w.kernel, w.dilation, w.before, w.after, strict=True):
        if 2 * max(low, high) > d * (k - 1) + 1:
            raise ValueError(f"padding {padding!r} is more than half of the kernel {kernel}: a window would be empty")
    return w


def _lead(x: Any, w: Windows) -> tuple[int, ...]:
    return tuple(x.shape[: x.ndim - len(w.size)])


# ---------------------------------------------------------------------- the largest
def _none_empty(w: Windows) -> None:
    """Raise where the elements of a window, `dilation` apart, miss all of a short axis."""
    if max(w.dilation) > 1:
        held = np.zeros(w.out, bool)
        for _, windows_at, _ in taps(w):
            held[windows_at] = True
        if not held.all():
            raise ValueError(
                f"kernel {w.kernel} with dilation {w.dilation} and padding {w.padding} leaves windows over axes "
                f"{w.size} without an element: less dilation or padding"
            )


def _wins(x: Any, top: Any, nan: bool) -> Any:
    """Where an element is its window's largest; a NaN is, of those with NaNs."""
    return (x == top) | (x != x) if nan else x == top


def _ties(x: Any, top: Any, w: Windows) -> tuple[Any, bool]:
    """How many elements of each window are its largest; and whether NaNs may be among them."""
    nan = bool(np.isnan(top).any())
    ties = np.zeros(top.shape, top.dtype)
    for _, windows_at, elements in taps(w):
        ties[windows_at] += _wins(x[elements], top[windows_at], nan)
    return ties, nan


@primitive(
    y=lambda g, x, top, kernel_size, stride, padding, dilation, ceil_mode: max_pool_pick(
        g, x, top, kernel_size, stride, padding, dilation, ceil_mode
    ),
    x=lambda g, x_like: np.zeros_like(g, shape=x_like.shape),  # which are the largest does not change
    top=lambda g, top_like: np.zeros_like(g, shape=top_like.shape),
)
def max_pool_share(y, x, top, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Each window's `y` to its largest element, in equal shares where several tie; `top` is `max_pool(x)`."""
    w = _windows(x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    ties, nan = _ties(x, top, w)
    share = y / ties
    out = np.zeros(x.shape, share.dtype)
    for _, windows_at, elements in taps(w):
        out[elements] += np.where(_wins(x[elements], top[windows_at], nan), share[windows_at], 0)
    return out


@primitive(
    y=lambda g, x, top, kernel_size, stride, padding, dilation, ceil_mode: max_pool_share(
        g, x, top, kernel_size, stride, padding, dilation, ceil_mode
    ),
    x=lambda g, x_like: np.zeros_like(g, shape=x_like.shape),  # which are the largest does not change
    top=lambda g, top_like: np.zeros_like(g, shape=top_like.shape),
)
def max_pool_pick(y, x, top, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """The mean of `y` over each window's largest elements of `x`: the transpose of `max_pool_share`."""
    w = _windows(x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    ties, nan = _ties(x, top, w)
    out = np.zeros(top.shape, np.result_type(y, ties))
    for _, windows_at, elements in taps(w):
        out[windows_at] += np.where(_wins(x[elements], top[windows_at], nan), y[elements], 0)
    return out / ties


@primitive(
    x=lambda g, out, x, kernel_size, stride, padding, dilation, ceil_mode: max_pool_share(
        g, x, out, kernel_size, stride, padding, dilation, ceil_mode
    ),
    kink="convex",
    selects=True,
)
def max_pool(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """The largest element of each window; ties share the gradient equally, a NaN takes it all.

    Parameters
    ----------
    x : array, (..., *size), of real numbers
    kernel_size : tuple of int, or int
        One integer for each pooled axis, the last ones; a single integer pools all axes but the first two.
    stride : int or one an axis, optional
        By default the windows lie side by side.
    padding : int, one an axis, or a pair (before, after) an axis
        Elements around `x` that are never the largest; at most half of the kernel.
    dilation : int or one an axis
    ceil_mode : bool
        Also a last window that starts inside and ends outside.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import ops
    >>> ops.max_pool(np.array([1.0, 5.0, 2.0, 3.0]), (2,))
    array([5., 3.])
    """
    if x.dtype.kind == "c":
        raise TypeError("complex numbers have no largest; pool their absolute values")
    w = _windows(x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    _none_empty(w)
    least = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min if x.dtype.kind in "iu" else False
    out = np.full((*_lead(x, w), *w.out), least, x.dtype)
    for _, windows_at, elements in taps(w):
        target = out[windows_at]
        np.maximum(target, x[elements], out=target)
    return out


# ---------------------------------------------------------------------- sums, means, norms
@primitive(
    x=lambda g, x_like, kernel_size, stride, padding, ceil_mode: spread_pool(
        g, x_like.shape, kernel_size, stride, padding, ceil_mode
    ),
    linear="all",
)
def sum_pool(x, kernel_size, stride=None, padding=0, ceil_mode=False):
    """The sum of each window; arguments as in `max_pool`."""
    w = _windows(x.shape, kernel_size, stride, padding, 1, ceil_mode)
    out = np.zeros((*_lead(x, w), *w.out), x.dtype)
    for _, windows_at, elements in taps(w):
        out[windows_at] += x[elements]
    return out


@primitive(
    x=lambda g, kernel_size, stride, padding, ceil_mode: sum_pool(g, kernel_size, stride, padding, ceil_mode),
    linear="all",
)
def spread_pool(x, shape, kernel_size, stride=None, padding=0, ceil_mode=False):
    """Zeros of `shape` with each element of `x` added to the whole of its window: the transpose of `sum_pool`."""
    w = _windows(tuple(shape), kernel_size, stride, padding, 1, ceil_mode)
    out = np.zeros(shape, x.dtype)
    for _, windows_at, elements in taps(w):
        out[elements] += x[windows_at]
    return out


def _sizes(w: Windows, include: bool, dtype: Any) -> Any:
    """The number of elements of each window, with or without the padding that it covers."""
    sizes = np.ones((), int)
    for i, (n, k, s, low, high, m) in enumerate(zip(w.size, w.kernel, w.stride, w.before, w.after, w.out, strict=True)):
        start = np.arange(m) * s - low
        stop = np.minimum(start + k, n + high)  # a last window of ceil_mode may reach beyond the padding
        held = stop - start if include else np.minimum(stop, n) - np.maximum(start, 0)
        sizes = sizes * held.reshape((-1,) + (1,) * (len(w.size) - 1 - i))
    return sizes.astype(np.finfo(dtype).dtype if dtype.kind in "fc" else float)


@composite()
def avg_pool(
    x: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: float | None = None,
) -> Any:
    """The mean of each window; arguments as in `max_pool`, but for these.

    Parameters
    ----------
    count_include_pad : bool
        Whether the zeros of the padding count as elements of a window.
    divisor_override : number, optional
        What to divide the sums by instead.
    """
    x = operand(x)
    total = sum_pool(x, kernel_size, stride, padding, ceil_mode)
    if divisor_override is not None:
        if divisor_override == 0:
            raise ValueError("divisor_override must not be zero")
        return total / divisor_override
    w = _windows(x.shape, kernel_size, stride, padding, 1, ceil_mode)
    return total / _sizes(w, count_include_pad, total.dtype)


@composite(kink="convex")
def lp_pool(x: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Any:
    """(sum of x^p over each window)^(1/p) with p the `norm_type`: the sum for 1, the largest for infinity.

    As in PyTorch `x` itself is raised, not its absolute value. The derivative at a sum of zero is zero.
    """
    x = operand(x)
    if norm_type == np.inf:
        return max_pool(x, kernel_size, stride, 0, 1, ceil_mode)
    if norm_type == 1:
        return sum_pool(x, kernel_size, stride, 0, ceil_mode)
    total = sum_pool(x**norm_type, kernel_size, stride, 0, ceil_mode)
    zero = plain(total) == 0
    return where(zero, total * 0, where(zero, 1, total) ** (1 / norm_type))
