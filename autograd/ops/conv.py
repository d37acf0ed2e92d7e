"""Convolution and correlation over any number of axes.

The ops of networks share one sum of products: sum g[n, o, p] x[n, c, p + t] w[o, c, t] over images n, channels o and c,
places p and taps t. `conv` is its derivative by g, `conv_transpose` that by x and `conv_weight` that by w, so that each
has the two others for its rules, to every order. The windows of `x` are copied into columns a few images at a time, and
one matrix product does the rest.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd.ops.windows import Windows, blocks, each, paddings, taps, windows
from autograd.primitive import composite, conj, operand, primitive

__all__ = ["conv", "conv_transpose", "conv_weight", "convolve", "correlate"]


# ---------------------------------------------------------------------- images and columns, on bare arrays
def _columns(x: Any, w: Windows, dtype: Any) -> Iterator[tuple[slice, Any]]:
    """Blocks of images, and the windows of each block as (channels, *kernel, images, *windows), in one buffer."""
    channels, count = x.shape[1], math.prod(w.out)
    buffer: Any = None
    for part in blocks(x.shape[0], channels * math.prod(w.kernel) * count):
        images = part.stop - part.start
        if buffer is None or buffer.shape[1 + len(w.kernel)] != images:
            buffer = np.zeros((channels, *w.kernel, images, *w.out), dtype)  # what no tap reaches stays zero
        source = x[part].swapaxes(0, 1)
        for place, windows_at, elements in taps(w):
            buffer[(slice(None), *place)][windows_at] = source[elements]
        yield part, buffer


def _rows(x: Any, groups: int, dtype: Any) -> Any:
    """Images, channels and places as (groups, channels of one, images times places)."""
    swapped = np.ascontiguousarray(x.swapaxes(0, 1), dtype)
    return swapped.reshape(groups, x.shape[1] // groups, x.shape[0] * math.prod(x.shape[2:]))


def _filters(weight: Any, groups: int, dtype: Any) -> Any:
    """The weight as (groups, outputs of one, inputs of one times taps)."""
    outputs = weight.shape[0] // groups
    return np.ascontiguousarray(weight, dtype).reshape(groups, outputs, math.prod(weight.shape[1:]))


def _biased(out: Any, bias: Any) -> Any:
    """`out` plus `bias`, one number a channel; in place where its dtype can hold the sum."""
    if bias is None:
        return out
    if np.shape(bias) != (out.shape[1],):
        raise ValueError(f"bias needs the shape ({out.shape[1]},), one number an output channel, not {np.shape(bias)}")
    column = bias.reshape(-1, *[1] * (out.ndim - 2))
    return np.add(out, column, out if np.result_type(out, column) == out.dtype else None)


def _check(x: Any, weight: Any, groups: int, channels: int, what: str) -> None:
    if weight.ndim < 3 or x.ndim not in (weight.ndim, weight.ndim - 1):
        raise ValueError(
            f"x needs the shape (N, C, *size) or (C, *size) and weight {what}, not {x.shape} and {weight.shape}"
        )
    if not isinstance(groups, (int, np.integer)) or groups < 1 or weight.shape[0] % groups:
        raise ValueError(f"groups must be an integer that divides {weight.shape[0]} channels, not {groups!r}")
    given = x.shape[x.ndim - weight.ndim + 1]
    if given != channels:
        raise ValueError(f"x has {given} channels, weight {what} of shape {weight.shape} takes {channels}")


def _alone(x: Any, axes: int) -> bool:
    """Whether `x` is one image, without the axis of images."""
    return bool(x.ndim == axes + 1)


def _over_channels(g: Any, axes: int) -> Any:
    """The sum over all axes but that of the channels: what the cotangent of a bias is."""
    channel = g.ndim - axes - 1
    return g.sum(axis=tuple(i for i in range(g.ndim) if i != channel))


# ---------------------------------------------------------------------- networks' convolution
def _to_image(y: Any, weight: Any, size: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    """`conv_transpose` with a result of `size`."""
    axes = weight.ndim - 2
    stride, dilation = each(stride, axes, "stride", 1), each(dilation, axes, "dilation", 1)
    kernel, count = weight.shape[2:], y.shape[y.ndim - axes :]
    before, after = paddings(padding, kernel, stride, dilation)
    extra = tuple(
        size[i] + before[i] + after[i] - dilation[i] * (kernel[i] - 1) - 1 - stride[i] * (count[i] - 1)
        for i in range(axes)
    )
    pairs = tuple(zip(before, after, strict=True))
    return conv_transpose(y, weight, None, stride, pairs, extra, groups, dilation)


def _to_places(x: Any, weight: Any, shape: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    """The first results of `conv`, of `shape`: an output padding beyond the stride leaves room for more."""
    return conv(x, weight, None, stride, padding, dilation, groups)[tuple(map(slice, shape))]


def _spatial(x: Any, axes: int) -> tuple[int, ...]:
    return tuple(x.shape[x.ndim - axes :])


@primitive(
    x=lambda g, x_like, weight, stride, padding, dilation, groups: _to_image(
        g, weight, _spatial(x_like, weight.ndim - 2), stride, padding, dilation, groups
    ),
    weight=lambda g, x, weight_like, stride, padding, dilation, groups: conv_weight(
        x, g, weight_like.shape[2:], stride, padding, dilation, groups
    ),
    bias=lambda g, weight_like: _over_channels(g, weight_like.ndim - 2),
)
def conv(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """out[n, o, p] = bias[o] + sum over c, t of x[n, c, p stride + t dilation - padding] weight[o, c, t].

    What networks call a convolution: a cross-correlation, over the last one, two, three or more axes. As PyTorch's
    `conv1d`, `conv2d` and `conv3d`.

    Parameters
    ----------
    x : array, (N, C, *size) or (C, *size)
    weight : array, (O, C / groups, *kernel)
        Its rank says how many axes are convolved.
    bias : array, (O,), optional
    stride, dilation : int or one an axis
        Steps between windows and between the elements of one.
    padding : int, one an axis, a pair (before, after) an axis, "valid" or "same"
        Zeros around `x`. "same" keeps the size, with stride 1; where their number is odd, one more comes after.
    groups : int
        The channels fall into so many groups, and each output channel sees those of one only.

    Returns
    -------
    array, (N, O, *((size + padding of both sides - dilation (kernel - 1) - 1) // stride + 1))

    Raises
    ------
    ValueError
        If shapes or groups do not fit, or the kernel is larger than the padded `x`.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import ops
    >>> ops.conv(np.array([[[1.0, 2.0, 4.0]]]), np.array([[[-1.0, 1.0]]]))
    array([[[1., 2.]]])
    """
    _check(x, weight, groups, weight.shape[1] * groups if weight.ndim > 1 else 0, "(O, C / groups, *kernel)")
    axes = weight.ndim - 2
    if _alone(x, axes):
        return _biased(_conv(x[None], weight, stride, padding, dilation, groups), bias)[0]
    return _biased(_conv(x, weight, stride, padding, dilation, groups), bias)


def _conv(x: Any, weight: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    dtype = np.result_type(x, weight)
    w = windows(x.shape[2:], weight.shape[2:], stride, padding, dilation)
    filters = _filters(weight, groups, dtype)
    out = np.empty((x.shape[0], weight.shape[0], *w.out), dtype)
    for part, columns in _columns(x, w, dtype):
        images = part.stop - part.start
        made = np.matmul(filters, columns.reshape(groups, filters.shape[2], images * math.prod(w.out)))
        out[part] = made.reshape(out.shape[1], images, *w.out).swapaxes(0, 1)
    return out


@primitive(
    x=lambda g, x_like, weight, stride, padding, groups, dilation: _to_places(
        g, weight, x_like.shape, stride, padding, dilation, groups
    ),
    weight=lambda g, x, weight_like, stride, padding, groups, dilation: conv_weight(
        g, x, weight_like.shape[2:], stride, padding, dilation, groups
    ),
    bias=lambda g, weight_like: _over_channels(g, weight_like.ndim - 2),
)
def conv_transpose(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The transpose of `conv`: each element of `x` adds the kernel, times itself, to a window of the result.

    As PyTorch's `conv_transpose1d`, `conv_transpose2d` and `conv_transpose3d`. Arguments as in `conv`, but for these.

    Parameters
    ----------
    x : array, (N, C, *size) or (C, *size)
    weight : array, (C, O / groups, *kernel)
    output_padding : int or one an axis
        So many elements more at the end of the result, since `stride` sizes in a row give `conv` the same size. Less
        than the stride or the dilation.

    Returns
    -------
    array, (N, O, *((size - 1) stride - padding of both sides + dilation (kernel - 1) + 1 + output_padding))
    """
    _check(x, weight, groups, weight.shape[0] if weight.ndim else 0, "(C, O / groups, *kernel)")
    axes = weight.ndim - 2
    if _alone(x, axes):
        return _biased(_spread(x[None], weight, stride, padding, output_padding, groups, dilation), bias)[0]
    return _biased(_spread(x, weight, stride, padding, output_padding, groups, dilation), bias)


def _spread(x: Any, weight: Any, stride: Any, padding: Any, extra: Any, groups: int, dilation: Any) -> Any:
    dtype = np.result_type(x, weight)
    w = _backwards(x.shape[2:], weight.shape[2:], stride, padding, extra, dilation)
    filters = _filters(weight, groups, dtype).swapaxes(1, 2)
    channels = weight.shape[1] * groups
    out = np.zeros((x.shape[0], channels, *w.size), dtype)
    for part in blocks(x.shape[0], channels * math.prod(w.kernel) * math.prod(w.out)):
        columns = np.matmul(filters, _rows(x[part], groups, dtype))
        columns = columns.reshape(channels, *w.kernel, part.stop - part.start, *w.out)
        target = out[part].swapaxes(0, 1)
        for place, windows_at, elements in taps(w):
            target[elements] += columns[(slice(None), *place)][windows_at]
    return out


def _backwards(count: Any, kernel: Any, stride: Any, padding: Any, extra: Any, dilation: Any) -> Windows:
    """The windows of which there are `count`: the size follows from them."""
    axes = len(count)
    stride, dilation = each(stride, axes, "stride", 1), each(dilation, axes, "dilation", 1)
    extra = each(extra, axes, "output_padding", 0)
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
        raise ValueError(f"output_padding {extra} must be less than the stride {stride} or the dilation {dilation}")
    before, after = paddings(padding, kernel, stride, dilation)
    size = tuple(
        (count[i] - 1) * stride[i] + dilation[i] * (kernel[i] - 1) + 1 + extra[i] - before[i] - after[i]
        for i in range(axes)
    )
    if any(n < 0 for n in size) or 0 in count:
        raise ValueError(f"{count} places with padding {padding} leave a result of size {size}")
    return Windows(size, kernel, stride, dilation, before, after, tuple(count))


@primitive(
    x=lambda g, x_like, y, stride, padding, dilation, groups: _to_image(
        y, g, _spatial(x_like, g.ndim - 2), stride, padding, dilation, groups
    ),
    y=lambda g, x, y_like, stride, padding, dilation, groups: _to_places(
        x, g, y_like.shape, stride, padding, dilation, groups
    ),
    linear="each",
)
def conv_weight(x, y, kernel_size, stride=1, padding=0, dilation=1, groups=1):
    """w[o, c, t] = sum over images and places of y[n, o, p] x[n, c, p stride + t dilation - padding].

    What `conv` has for the derivative by its weight, given a cotangent `y`, and its transpose too.
    """
    axes = len(kernel_size)
    if _alone(x, axes):
        x, y = x[None], y[None]
    dtype = np.result_type(x, y)
    w = windows(x.shape[2:], tuple(kernel_size), stride, padding, dilation)._replace(out=tuple(y.shape[2:]))
    outputs, inputs = y.shape[1] // groups, x.shape[1] // groups
    total = np.zeros((groups, outputs, inputs * math.prod(w.kernel)), dtype)
    for part, columns in _columns(x, w, dtype):
        columns = columns.reshape(groups, total.shape[2], (part.stop - part.start) * math.prod(w.out))
        total += np.matmul(_rows(y[part], groups, dtype), columns.swapaxes(1, 2))
    return total.reshape(y.shape[1], inputs, *w.kernel)


# ---------------------------------------------------------------------- NumPy's, of two vectors
_MODES = {0: "valid", 1: "same", 2: "full"}


def _convolved(g: Any, mine_like: Any, other: Any, mode: Any) -> Any:
    """The cotangent of one of two convolved vectors: the cotangent of all sums against the other one, reversed."""
    n, m = mine_like.size, other.size
    least = min(n, m) - 1
    before = {"full": 0, "same": least // 2, "valid": least}[_MODES.get(mode, mode)]  # sums that the mode leaves out
    whole = np.pad(g, (before, n + m - 1 - before - g.size))
    return np.convolve(whole, np.flip(other.reshape((m,))), "valid").reshape(mine_like.shape)


def _vectors(a: Any, v: Any, least: int = 0) -> None:
    if not (least <= a.ndim <= 1 and least <= v.ndim <= 1):
        raise ValueError("both need one axis; for more see autograd.scipy.signal.convolve and conv")


@primitive(
    a=lambda g, a_like, v, mode: _convolved(g, a_like, v, mode),
    v=lambda g, a, v_like, mode: _convolved(g, v_like, a, mode),
    numpy=(np.convolve,),
    linear="each",
)
def convolve(a, v, mode="full"):
    """out[k] = sum over j of a[k - j] v[j]: coefficients of the product of two polynomials.

    "full" gives all n + m - 1 of them, "same" max(n, m) from the middle, "valid" those of whole overlap.
    """
    _vectors(np.asarray(a), np.asarray(v))
    return np.convolve(a, v, mode)


@composite(numpy=(np.correlate,))
def correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    """out[k] = sum over j of a[j + k] conj(v[j]); modes as in `convolve`."""
    a, v = operand(a), operand(v)
    _vectors(a, v, least=1)
    if v.size > a.size:  # NumPy's "same" keeps another middle then
        return np.flip(conj(convolve(v, np.flip(conj(a)), mode)))
    return convolve(a, np.flip(conj(v)), mode)
