"""Calls of the ops in `autograd.ops.conv`."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd import ops
from autograd.testing.strategies.base import Array, Call, Draw, filled, plain_call, register
from autograd.testing.strategies.windows import Slide, said, slides


def _per_channel(bias: Array | None, axes: int) -> Any:
    return 0 if bias is None else bias.reshape(-1, *[1] * axes)


def conv(x: Array, weight: Array, bias: Array | None, w: Slide, groups: int) -> Array:
    """Window by window, group by group."""
    padded, axes = w.padded(x), len(w.size)
    inputs, outputs = weight.shape[1], weight.shape[0] // groups
    out = np.zeros((x.shape[0], weight.shape[0], *w.out), np.result_type(x, weight))
    for at, index in w.places():
        for i in range(groups):
            mine = slice(i * outputs, (i + 1) * outputs)
            patch = padded[index][:, i * inputs : (i + 1) * inputs]
            kernel = range(1, axes + 2)
            out[(slice(None), mine, *at)] = np.tensordot(patch, weight[mine], (kernel, kernel))
    return out + _per_channel(bias, axes)


def conv_transpose(x: Array, weight: Array, bias: Array | None, w: Slide, groups: int) -> Array:
    """Window by window, each element of `x` times the kernel; the windows are those of the result."""
    axes = len(w.size)
    inputs, outputs = weight.shape[0] // groups, weight.shape[1]
    whole = w.padded(np.zeros((x.shape[0], outputs * groups, *w.size), np.result_type(x, weight)))
    for at, index in w.places():
        if any(p >= m for p, m in zip(at, x.shape[2:], strict=True)):
            continue
        for i in range(groups):
            mine = slice(i * inputs, (i + 1) * inputs)
            whole[index][:, i * outputs : (i + 1) * outputs] += np.tensordot(
                x[(slice(None), mine, *at)], weight[mine], 1
            )
    inner = (..., *(slice(p, p + n) for (p, _), n in zip(w.pads, w.size, strict=True)))
    return whole[inner] + _per_channel(bias, axes)


@register("conv", "conv_transpose", "conv_weight")
def _networks(draw: Draw, name: str) -> Call:
    axes = draw(st.sampled_from((1, 1, 2, 3)))
    w = slides(draw, axes, words=name == "conv")
    groups = draw(st.sampled_from((1, 1, 2)))
    inputs, outputs = groups * draw(st.integers(1, 2 if groups == 1 else 1)), groups * draw(st.integers(1, 2))
    images = draw(st.sampled_from((1, 2, 0))) if axes < 3 else 1
    image = filled(draw, (images, inputs, *w.size))
    weight = filled(draw, (outputs, inputs // groups, *w.kernel))
    stride, dilation = said(draw, w.stride), said(draw, w.dilation)
    note = (w, groups)
    if name == "conv_weight":
        y = filled(draw, (images, outputs, *w.out))

        def expect(x: Array, y: Array) -> Array:
            found = np.zeros(weight.shape, np.result_type(x, y))
            for at in np.ndindex(*weight.shape):
                unit = np.zeros(weight.shape)
                unit[at] = 1
                found[at] = np.sum(conv(x, unit, None, w, groups) * y)
            return found

        def apply(x: Any, y: Any) -> Any:
            return ops.conv_weight(x, y, w.kernel, stride, w.padding, dilation, groups)

        return plain_call(name, [image, y], apply, expect, note)

    alone = images == 1 and draw(st.booleans())  # one image, without the axis of images

    def again(x: Array) -> Array:
        return x[None] if alone else x

    if name == "conv":
        x, channels = image, outputs

        def apply(x: Any, weight: Any, bias: Any = None) -> Any:
            return ops.conv(x, weight, bias, stride, w.padding, dilation, groups)

        def expect(x: Array, weight: Array, bias: Array | None = None) -> Array:
            out = conv(again(x), weight, bias, w, groups)
            return out[0] if alone else out

    else:
        # the size that the windows need, and an output padding
        extra = tuple(draw(st.integers(0, max(s, d) - 1)) for s, d in zip(w.stride, w.dilation, strict=True))
        count = w.out
        size = tuple(
            (m - 1) * s + d * (k - 1) + 1 + e - sum(p)
            for m, s, d, k, e, p in zip(count, w.stride, w.dilation, w.kernel, extra, w.pads, strict=True)
        )
        if min(size) < 0:
            extra, size = tuple(e - min(0, n) for e, n in zip(extra, size, strict=True)), tuple(max(0, n) for n in size)
        w = Slide(size, w.kernel, w.stride, w.dilation, w.pads, w.padding)
        x, channels = filled(draw, (images, outputs, *count)), inputs

        def apply(x: Any, weight: Any, bias: Any = None) -> Any:
            return ops.conv_transpose(x, weight, bias, stride, w.padding, extra, groups, dilation)

        def expect(x: Array, weight: Array, bias: Array | None = None) -> Array:
            out = conv_transpose(again(x), weight, bias, w, groups)
            return out[0] if alone else out

    arrays = [x[0] if alone else x, weight]
    if draw(st.booleans()):
        arrays.append(filled(draw, (channels,)))
    return plain_call(name, arrays, apply, expect, note)


@register("convolve", "correlate")
def _vectors(draw: Draw, name: str) -> Call:
    a, v = filled(draw, (draw(st.integers(1, 6)),)), filled(draw, (draw(st.integers(1, 6)),))
    if name == "convolve" and draw(st.integers(0, 4)) == 0:
        v = filled(draw, ())
    mode: Any = draw(st.sampled_from(("full", "same", "valid", 0, 1, 2)))
    f, g = getattr(ops, name), getattr(np, name)
    return plain_call(name, [a, v], lambda a, v: f(a, v, mode), lambda a, v: g(a, v, mode), mode)
