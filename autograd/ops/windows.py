"""Windows that slide over the last axes of an array: where they lie, and the ops that cut them out or add them up.

A window of `kernel` elements, `dilation` apart, starts every `stride` elements, over an axis that `padding` zeros on
either side make longer. The element `t` of window `p` is the element `p stride + t dilation - before` of the axis, or a
zero where there is none. No padded copy is made: `taps` says, for each `t`, which windows have an element there.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from autograd.primitive import primitive

__all__ = ["fold", "overlap_add", "sliding_window_view", "unfold"]

BLOCK = 1 << 18  # elements of a temporary array: small enough to stay in cache, large enough for the matrix product


class Windows(NamedTuple):
    """Where windows lie: numbers an axis, for the axes that they slide over."""

    size: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    out: tuple[int, ...]

    @property
    def padding(self) -> tuple[tuple[int, int], ...]:
        return tuple(zip(self.before, self.after, strict=True))


def each(value: Any, axes: int, what: str, least: int) -> tuple[int, ...]:
    """One integer an axis, from one for all or a sequence."""
    values = (value,) * axes if isinstance(value, (int, np.integer)) else value
    try:
        values = tuple(int(v.__index__()) for v in values)
    except (TypeError, AttributeError):
        raise TypeError(f"{what} is an integer or one for each of {axes} axes, not {value!r}") from None
    if len(values) != axes:
        raise ValueError(f"{what} has {len(values)} integers for {axes} axes")
    if any(v < least for v in values):
        raise ValueError(f"{what} must be at least {least}, not {value!r}")
    return values


def paddings(padding: Any, kernel: Any, stride: Any, dilation: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Zeros before and after each axis."""
    axes = len(kernel)
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise ValueError(f"padding is 'same', 'valid', an integer or one an axis, not {padding!r}")
        if padding == "same" and any(s != 1 for s in stride):
            raise ValueError(f"padding 'same' keeps the size only with stride 1, not {stride}: give integers")
        total = [d * (k - 1) if padding == "same" else 0 for d, k in zip(dilation, kernel, strict=True)]
        return tuple(n // 2 for n in total), tuple(n - n // 2 for n in total)
    if isinstance(padding, (tuple, list)) and any(isinstance(p, (tuple, list)) for p in padding):
        pairs = [each(p, 2, "padding before and after an axis", 0) for p in padding]
        if len(pairs) != axes:
            raise ValueError(f"padding has {len(pairs)} pairs for {axes} axes")
        return tuple(p[0] for p in pairs), tuple(p[1] for p in pairs)
    both = each(padding, axes, "padding", 0)
    return both, both


def windows(
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Windows:
    """All windows that fit into axes of `size`; with `ceil_mode` also one that starts inside and ends outside."""
    axes = len(size)
    stride = each(stride, axes, "stride", 1)
    dilation = each(dilation, axes, "dilation", 1)
    before, after = paddings(padding, kernel, stride, dilation)
    out = []
    for n, k, s, d, low, high in zip(size, kernel, stride, dilation, before, after, strict=True):
        span = d * (k - 1) + 1
        room = n + low + high - span
        if room < 0:
            raise ValueError(f"a window of {span} elements does not fit into {n}, padded by {low} and {high}")
        count = room // s + 1
        if ceil_mode and room % s and count * s < n + low:
            count += 1
        out.append(count)
    return Windows(size, kernel, stride, dilation, before, after, tuple(out))


def _along(n: int, count: int, tap: int, stride: int, dilation: int, before: int) -> tuple[slice, slice] | None:
    """Which windows have their element `tap` on the axis, and which elements of the axis these are."""
    offset = tap * dilation - before
    first = max(0, -(offset // stride))
    last = min(count - 1, (n - 1 - offset) // stride)
    if last < first:
        return None
    start = first * stride + offset
    return slice(first, last + 1), slice(start, start + (last - first) * stride + 1, stride)


@functools.lru_cache(maxsize=64)
def taps(w: Windows) -> tuple[tuple[tuple[int, ...], tuple[Any, ...], tuple[Any, ...]], ...]:
    """For each place in a window: the place, the index of the windows, the index of the elements there."""
    places = []
    for n, m, k, s, d, low in zip(w.size, w.out, w.kernel, w.stride, w.dilation, w.before, strict=True):
        found = [(t, _along(n, m, t, s, d, low)) for t in range(k)]
        places.append([(t, *pair) for t, pair in found if pair is not None])
    return tuple(
        (tuple(t for t, _, _ in at), (..., *(p for _, p, _ in at)), (..., *(e for _, _, e in at)))
        for at in itertools.product(*places)
    )


def blocks(count: int, each: int) -> Iterator[slice]:
    """Slices of so many of `count` that their `each` elements make about one block."""
    step = max(1, BLOCK // max(each, 1))
    return (slice(i, min(i + step, count)) for i in range(0, count, step))


# ---------------------------------------------------------------------- windows in columns, as convolutions take them
def _geometry(size: Any, kernel: Any, dilation: Any, padding: Any, stride: Any) -> Windows:
    axes = len(size)
    return windows(size, each(kernel, axes, "kernel_size", 1), stride, padding, dilation)


@primitive(
    x=lambda g, x_like, kernel_size, dilation, padding, stride: fold(
        g, x_like.shape[2:], kernel_size, dilation, padding, stride
    ),
    linear="all",
)
def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    """Every window of `x` (N, C, *size) as a column: (N, C prod(kernel_size), windows), PyTorch's `unfold`."""
    if x.ndim < 3:
        raise ValueError(f"x needs the shape (N, C, *size), not {x.shape}")
    w = _geometry(x.shape[2:], kernel_size, dilation, padding, stride)
    columns: Any = np.zeros((*x.shape[:2], *w.kernel, *w.out), x.dtype)
    for place, windows_at, elements in taps(w):
        columns[(slice(None), slice(None), *place)][windows_at] = x[elements]
    return columns.reshape(x.shape[0], x.shape[1] * int(np.prod(w.kernel)), int(np.prod(w.out)))


@primitive(
    x=lambda g, kernel_size, dilation, padding, stride: unfold(g, kernel_size, dilation, padding, stride), linear="all"
)
def fold(x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Columns (N, C prod(kernel_size), windows) added up where they overlap: (N, C, *output_size), PyTorch's `fold`.

    The transpose of `unfold`.
    """
    if isinstance(output_size, (int, np.integer)):
        raise TypeError("output_size is a tuple, one size an axis")
    w = _geometry(tuple(int(n) for n in output_size), kernel_size, dilation, padding, stride)
    taken, count = int(np.prod(w.kernel)), int(np.prod(w.out))
    if x.ndim != 3 or x.shape[1] % taken or x.shape[2] != count:
        raise ValueError(f"x needs the shape (N, C * {taken}, {count}) for windows {w.kernel} in {w.size}")
    channels = x.shape[1] // taken
    columns = x.reshape(x.shape[0], channels, *w.kernel, *w.out)
    out = np.zeros((x.shape[0], channels, *w.size), x.dtype)
    for place, windows_at, elements in taps(w):
        out[elements] += columns[(slice(None), slice(None), *place)][windows_at]
    return out


# ---------------------------------------------------------------------- NumPy's sliding windows
def _unslid(g: Any, x_like: Any, window_shape: Any, axis: Any) -> Any:
    """Window by window, the last first, what overlaps is added up."""
    for a in reversed(_slid_axes(x_like.ndim, window_shape, axis)):
        g = overlap_add(g, a)
    return g


def _slid_axes(ndim: int, window_shape: Any, axis: Any) -> list[int]:
    axes: Any = range(ndim) if axis is None else [axis] if isinstance(axis, (int, np.integer)) else axis
    return [a % ndim for a in axes]


@primitive(x=_unslid, numpy=(np.lib.stride_tricks.sliding_window_view,), linear="all", view=True)
def sliding_window_view(x, window_shape, axis=None, writeable=False):
    """All windows of `window_shape` along `axis`: the windows' own axes come last. A read-only view."""
    if writeable:
        raise TypeError("windows that share elements cannot be written into: copy them first")
    return np.lib.stride_tricks.sliding_window_view(x, window_shape, axis)


@primitive(x=lambda g, x_like, axis: sliding_window_view(g, x_like.shape[-1], axis), linear="all")
def overlap_add(x, axis):
    """Sum of windows where they overlap: out[p + t] = sum x[p, ..., t], `p` along `axis`, `t` the last axis.

    The transpose of `sliding_window_view`.
    """
    if x.ndim < 2 or not 0 <= axis < x.ndim - 1:
        raise ValueError("the windows lie along one of the first axes, their elements along the last")
    count, length = x.shape[axis], x.shape[-1]
    out = np.zeros((*x.shape[:axis], count + length - 1, *x.shape[axis + 1 : -1]), x.dtype)
    moved, sums = np.moveaxis(x, axis, 0), np.moveaxis(out, axis, 0)
    if length <= count:
        for t in range(length):
            sums[t : t + count] += moved[..., t]
    else:
        turned = np.moveaxis(moved, -1, 1)
        for p in range(count):
            sums[p : p + length] += turned[p]
    return out
