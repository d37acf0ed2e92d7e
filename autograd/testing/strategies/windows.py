"""Calls of the ops in `autograd.ops.windows`, and how windows are drawn for all that slide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd import ops
from autograd.testing.strategies.base import Array, Call, Draw, filled, plain_call, register


@dataclass(frozen=True)
class Slide:
    """Windows over axes of `size`, one number an axis each, as they are and as the call says them."""

    size: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]
    padding: Any  # what the call says

    @property
    def out(self) -> tuple[int, ...]:
        spans = [d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True)]
        return tuple(
            (n + sum(p) - span) // s + 1 for n, p, span, s in zip(self.size, self.pads, spans, self.stride, strict=True)
        )

    def padded(self, x: Array, value: float = 0.0) -> Any:
        lead = [(0, 0)] * (x.ndim - len(self.size))
        return np.pad(x, [*lead, *self.pads], constant_values=value)

    def inner(self, padded: Any) -> Any:
        """The array without its padding."""
        return padded[(..., *(slice(p, p + n) for (p, _), n in zip(self.pads, self.size, strict=True)))]

    def places(self) -> Iterator[tuple[tuple[int, ...], Any]]:
        """Each window's number, and its index into the last axes of the padded array."""
        for at in np.ndindex(*self.out):
            starts = [p * s for p, s in zip(at, self.stride, strict=True)]
            ends = [a + d * (k - 1) + 1 for a, d, k in zip(starts, self.dilation, self.kernel, strict=True)]
            yield at, (..., *(slice(a, e, d) for a, e, d in zip(starts, ends, self.dilation, strict=True)))


def slides(draw: Draw, axes: int, words: bool = False, half: bool = False, dilate: bool = True) -> Slide:
    """Windows over `axes` axes; `half` keeps the padding to half of a window, `words` also says it in words."""
    most = 4 if axes == 1 else 3
    kernel = tuple(draw(st.integers(1, 3 if axes < 3 else 2)) for _ in range(axes))
    stride = tuple(draw(st.integers(1, 3 if axes == 1 else 2)) for _ in range(axes))
    dilation = tuple(draw(st.integers(1, 2)) if dilate else 1 for _ in range(axes))
    how = draw(st.sampled_from(("number", "numbers", "pairs", *(("valid", "same") if words else ()))))
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    room = min(spans) // 2 if half else 2
    padding: Any
    if how == "same":
        stride, padding = (1,) * axes, "same"
        pads = tuple(((s - 1) // 2, s - 1 - (s - 1) // 2) for s in spans)
    elif how == "valid":
        padding, pads = "valid", ((0, 0),) * axes
    elif how == "number":
        padding = draw(st.integers(0, room))
        pads = ((padding, padding),) * axes
    elif how == "numbers":
        padding = tuple(draw(st.integers(0, room)) for _ in range(axes))
        pads = tuple((p, p) for p in padding)
    else:
        padding = pads = tuple((draw(st.integers(0, room)), draw(st.integers(0, room))) for _ in range(axes))
    least = [max(1, s - sum(p)) for s, p in zip(spans, pads, strict=True)]
    if half:  # so that the elements of a window, `dilation` apart, do not miss all of a short axis
        least = [max(n, d) for n, d in zip(least, dilation, strict=True)]
    size = tuple(draw(st.integers(n, max(n, most))) for n in least)
    return Slide(size, kernel, stride, dilation, pads, padding)


def said(draw: Draw, values: tuple[int, ...]) -> Any:
    """One integer an axis; or one for all where they are equal."""
    return values[0] if len(set(values)) == 1 and draw(st.booleans()) else values


@register("unfold", "fold")
def _columns(draw: Draw, name: str) -> Call:
    w = slides(draw, draw(st.integers(1, 2)))
    images, channels = draw(st.integers(0, 2)), draw(st.integers(1, 2))
    settings = said(draw, w.kernel), said(draw, w.dilation), w.padding, said(draw, w.stride)
    taken, count = int(np.prod(w.kernel)), int(np.prod(w.out))

    def unfold(x: Array) -> Any:
        columns: Any = np.zeros((images, channels, *w.kernel, *w.out), x.dtype)
        for at, index in w.places():
            columns[(..., *at)] = w.padded(x)[index]
        return columns.reshape(images, channels * taken, count)

    def fold(x: Array) -> Any:
        columns: Any = x.reshape(images, channels, *w.kernel, *w.out)
        whole = w.padded(np.zeros((images, channels, *w.size), x.dtype))
        for at, index in w.places():
            whole[index] += columns[(..., *at)]
        return w.inner(whole)

    if name == "unfold":
        x = filled(draw, (images, channels, *w.size))
        return plain_call(name, [x], lambda x: ops.unfold(x, *settings), unfold, settings)
    x = filled(draw, (images, channels * taken, count))
    return plain_call(name, [x], lambda x: ops.fold(x, w.size, *settings), fold, (w.size, *settings))


@register("sliding_window_view")
def _sliding_window_view(draw: Draw, name: str) -> Call:
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=4))
    view = np.lib.stride_tricks.sliding_window_view
    axis: Any
    if draw(st.booleans()):
        axis, window = None, tuple(draw(st.integers(0 if n < 3 else 1, n)) for n in shape)
    else:
        left = list(shape)
        axis, window = (), ()
        for a in draw(st.lists(st.integers(-len(shape), len(shape) - 1), max_size=3)) if shape else []:
            k = draw(st.integers(1, left[a]))
            left[a] -= k - 1
            axis, window = (*axis, a), (*window, k)
        if len(axis) == 1 and draw(st.booleans()):
            axis, window = axis[0], window[0]
    note = (window, axis)
    return plain_call(
        name,
        [filled(draw, shape)],
        lambda x: ops.sliding_window_view(x, window, axis),
        lambda x: view(x, window, axis),
        note,
    )


@register("overlap_add")
def _overlap_add(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=4)))
    axis = draw(st.integers(0, x.ndim - 2))

    def expect(x: Array) -> Array:
        shape = list(x.shape[:-1])
        shape[axis] += x.shape[-1] - 1
        out = np.zeros(shape, x.dtype)
        for at in np.ndindex(x.shape):
            to = [*at[:-1]]
            to[axis] += at[-1]
            out[tuple(to)] += x[at]
        return out

    return plain_call(name, [x], lambda x: ops.overlap_add(x, axis), expect, axis)
