"""Pooling over the last one, two or three axes: windows of one size, or as many windows as the result has elements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograd import Tensor, ops
from nn.functional.conv import Sizes, expect_size
from nn.functional.resize import along

OutputSizes = int | Sequence[int | None] | None  # None keeps an axis


def _each(kernel: Sizes, axes: int) -> tuple[int, ...]:
    return (kernel,) * axes if isinstance(kernel, int) else tuple(kernel)


def _max(name: str, axes: int, x: Tensor, kernel: Sizes, *options: object) -> Tensor:
    expect_size(name, x, axes)
    result: Tensor = ops.max_pool(x, _each(kernel, axes), *options)
    return result


def max_pool1d(
    x: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """The largest element of each window of (N, C, length) or (C, length); ties share the gradient equally."""
    return _max("max_pool1d", 1, x, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d(
    x: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """`max_pool1d` over two axes."""
    return _max("max_pool2d", 2, x, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool3d(
    x: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """`max_pool1d` over three axes."""
    return _max("max_pool3d", 3, x, kernel_size, stride, padding, dilation, ceil_mode)


def _avg(name: str, axes: int, x: Tensor, kernel: Sizes, *options: object) -> Tensor:
    expect_size(name, x, axes)
    result: Tensor = ops.avg_pool(x, _each(kernel, axes), *options)
    return result


def avg_pool1d(
    x: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of (N, C, length) or (C, length)."""
    return _avg("avg_pool1d", 1, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool2d(
    x: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """`avg_pool1d` over two axes."""
    return _avg("avg_pool2d", 2, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool3d(
    x: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """`avg_pool1d` over three axes."""
    return _avg("avg_pool3d", 3, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def _lp(name: str, axes: int, x: Tensor, norm_type: float, kernel: Sizes, *options: object) -> Tensor:
    expect_size(name, x, axes)
    result: Tensor = ops.lp_pool(x, norm_type, _each(kernel, axes), *options)
    return result


def lp_pool1d(
    x: Tensor, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
) -> Tensor:
    """(sum of x^p)^(1/p) over each window, p the `norm_type`, infinity too; the derivative at a sum of zero is zero."""
    return _lp("lp_pool1d", 1, x, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    x: Tensor, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
) -> Tensor:
    """`lp_pool1d` over two axes."""
    return _lp("lp_pool2d", 2, x, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    x: Tensor, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
) -> Tensor:
    """`lp_pool1d` over three axes."""
    return _lp("lp_pool3d", 3, x, norm_type, kernel_size, stride, ceil_mode)


# ---------------------------------------------------------------------- adaptive: by the size of the result
def _bounds(n: int, out: int) -> tuple[np.ndarray, np.ndarray]:
    """Where the `out` windows over `n` elements start and end: floor(i n / out) and ceil((i + 1) n / out)."""
    i = np.arange(out)
    return i * n // out, -(-(i + 1) * n // out)


def _results(name: str, x: Tensor, output_size: OutputSizes, axes: int) -> list[tuple[int, int]]:
    """Axis and new size of every axis that is pooled."""
    expect_size(name, x, axes)
    given = [output_size] * axes if output_size is None or isinstance(output_size, int) else list(output_size)
    if len(given) != axes or any(n is not None and n < 1 for n in given):
        raise ValueError(f"{name}: output_size is a positive integer, None, or {axes} of them, not {output_size!r}")
    if 0 in x.shape[x.ndim - axes :]:
        raise ValueError(f"{name}: input of shape {x.shape} has nothing to pool")
    return [(x.ndim - axes + i, x.shape[x.ndim - axes + i] if n is None else n) for i, n in enumerate(given)]


def _adaptive_avg(name: str, x: Tensor, output_size: OutputSizes, axes: int) -> Tensor:
    for axis, out in _results(name, x, output_size, axes):
        start, stop = _bounds(x.shape[axis], out)
        places = np.arange(x.shape[axis])
        held = (places >= start[:, None]) & (places < stop[:, None])
        x = along(x, axis, held / held.sum(axis=1, keepdims=True))
    return x


def _adaptive_max(name: str, x: Tensor, output_size: OutputSizes, axes: int) -> Tensor:
    results = _results(name, x, output_size, axes)
    held = np.ones((), bool)  # over the axes (out, in window) of every pooled axis
    for axis, out in reversed(results):
        start, stop = _bounds(x.shape[axis], out)
        places = start[:, None] + np.arange((stop - start).max())
        x = ops.take(x, np.minimum(places, x.shape[axis] - 1), axis=axis)
        held = (places < stop[:, None]).reshape(*places.shape, *[1] * held.ndim) & held
    lead = x.ndim - 2 * axes
    largest: Tensor = ops.max(ops.where(held, x, -np.inf), axis=tuple(range(lead + 1, x.ndim, 2)))
    return largest


def adaptive_avg_pool1d(x: Tensor, output_size: OutputSizes) -> Tensor:
    """The means of `output_size` windows that cover the axis: window i from floor(i n / out) to ceil((i + 1) n / out).

    >>> adaptive_avg_pool1d(Tensor([[1.0, 2.0, 3.0, 4.0, 5.0]]), 2).data.tolist()
    [[2.0, 4.0]]
    """
    return _adaptive_avg("adaptive_avg_pool1d", x, output_size, 1)


def adaptive_avg_pool2d(x: Tensor, output_size: OutputSizes) -> Tensor:
    """`adaptive_avg_pool1d` over two axes; None keeps the size of one."""
    return _adaptive_avg("adaptive_avg_pool2d", x, output_size, 2)


def adaptive_avg_pool3d(x: Tensor, output_size: OutputSizes) -> Tensor:
    """`adaptive_avg_pool1d` over three axes; None keeps the size of one."""
    return _adaptive_avg("adaptive_avg_pool3d", x, output_size, 3)


def adaptive_max_pool1d(x: Tensor, output_size: OutputSizes) -> Tensor:
    """The largest elements of the windows of `adaptive_avg_pool1d`; ties share the gradient equally."""
    return _adaptive_max("adaptive_max_pool1d", x, output_size, 1)


def adaptive_max_pool2d(x: Tensor, output_size: OutputSizes) -> Tensor:
    """`adaptive_max_pool1d` over two axes; None keeps the size of one."""
    return _adaptive_max("adaptive_max_pool2d", x, output_size, 2)


def adaptive_max_pool3d(x: Tensor, output_size: OutputSizes) -> Tensor:
    """`adaptive_max_pool1d` over three axes; None keeps the size of one."""
    return _adaptive_max("adaptive_max_pool3d", x, output_size, 3)
