"""Convolutions over one, two and three axes, and their transposes."""

from __future__ import annotations

from typing import Any

from autograd import Tensor, ops

Sizes = int | tuple[int, ...]  # one for all axes, or one an axis


def expect_size(name: str, x: Tensor, axes: int) -> None:
    """Raise unless `x` is (N, C, *size) or (C, *size) with `axes` axes of size."""
    if x.ndim - axes not in (1, 2):
        raise ValueError(f"{name}: input of shape {x.shape}, wanted (N, C, ...) or (C, ...) with {axes} axes of size")


def _conv(op: Any, name: str, axes: int, x: Tensor, weight: Tensor, *options: Any) -> Tensor:
    expect_size(name, x, axes)
    if weight.ndim != axes + 2:
        raise ValueError(f"{name}: weight of shape {weight.shape}, wanted two axes of channels and {axes} of a kernel")
    result: Tensor = op(x, weight, *options)
    return result


def conv1d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlation over one axis of (N, C, length) or (C, length); `padding` may be "same" or "valid".

    out[n, o, p] = bias[o] + sum over c and t of weight[o, c, t] x[n, c, stride p + dilation t - padding].

    Parameters
    ----------
    weight : Tensor of shape (out, C / groups, kernel)
    bias : Tensor of shape (out,), optional
    """
    return _conv(ops.conv, "conv1d", 1, x, weight, bias, stride, padding, dilation, groups)


def conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """`conv1d` over two axes: (N, C, height, width) or (C, height, width)."""
    return _conv(ops.conv, "conv2d", 2, x, weight, bias, stride, padding, dilation, groups)


def conv3d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """`conv1d` over three axes: (N, C, depth, height, width) or (C, depth, height, width)."""
    return _conv(ops.conv, "conv3d", 3, x, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """The transpose of `conv1d`: each element adds the kernel, times itself, to a window of the result.

    Parameters
    ----------
    weight : Tensor of shape (C, out / groups, kernel)
    output_padding : int or one an axis
        So many elements more at the end; less than the stride or the dilation.
    """
    options = (bias, stride, padding, output_padding, groups, dilation)
    return _conv(ops.conv_transpose, "conv_transpose1d", 1, x, weight, *options)


def conv_transpose2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """The transpose of `conv2d`; arguments as `conv_transpose1d`'s."""
    options = (bias, stride, padding, output_padding, groups, dilation)
    return _conv(ops.conv_transpose, "conv_transpose2d", 2, x, weight, *options)


def conv_transpose3d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """The transpose of `conv3d`; arguments as `conv_transpose1d`'s."""
    options = (bias, stride, padding, output_padding, groups, dilation)
    return _conv(ops.conv_transpose, "conv_transpose3d", 3, x, weight, *options)
