"""Calls of the ops in `autograd.ops.conv`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd import ops
from autograd.testing.strategies.base import Array, Call, Draw, filled, plain_call, register
from autograd.testing.strategies.windows import Slide, said, slides


def _per_channel(bias: Array | None, axes: int) -> Any:
    return 0 if bias is None else bias.reshape(-1, *[1] * axes)


def conv(x: Any, weight: Any, bias: Any, w: Slide, groups: int) -> Any:
    """Window by window, group by group."""
    padded, axes = w.padded(x), len(w.size)
    inputs, outputs = weight.shape[1], weight.shape[0] // groups
    out: Any = np.zeros((x.shape[0], weight.shape[0], *w.out), np.result_type(x, weight))
    for at, index in w.places():
        for i in range(groups):
            mine = slice(i * outputs, (i + 1) * outputs)
            patch = padded[index][:, i * inputs : (i + 1) * inputs]
            kernel = range(1, axes + 2)
            out[(slice(None), mine, *at)] = np.tensordot(patch, weight[mine], (kernel, kernel))
    return out + _per_channel(bias, axes)


def conv_transpose(x: Any, weight: Any, bias: Any, w: Slide, groups: int) -> Any:
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
    return w.inner(whole) + _per_channel(bias, axes)


def _alone(draw: Draw, x: Array) -> tuple[Array, bool]:
    """A single image with or without the axis of images."""
    alone = len(x) == 1 and draw(st.booleans())
    return (x[0] if alone else x), alone


def _layer(
    draw: Draw,
    name: str,
    x: Array,
    weight: Array,
    channels: int,
    ours: Callable[[Any, Any, Any], Any],
    plainly: Callable[[Any, Any, Any], Any],
    note: Any,
) -> Call:
    x, alone = _alone(draw, x)

    def expect(x: Any, weight: Any, bias: Any = None) -> Any:
        return plainly(x[None], weight, bias)[0] if alone else plainly(x, weight, bias)

    bias = [filled(draw, (channels,))] if draw(st.booleans()) else []
    return plain_call(name, [x, weight, *bias], lambda x, weight, bias=None: ours(x, weight, bias), expect, note)


def _sizes(draw: Draw, axes: int) -> tuple[int, int, int, int]:
    """Groups, input and output channels, images."""
    groups = draw(st.sampled_from((1, 1, 2)))
    inputs, outputs = groups * draw(st.integers(1, 2 if groups == 1 else 1)), groups * draw(st.integers(1, 2))
    return groups, inputs, outputs, draw(st.sampled_from((1, 2, 0))) if axes < 3 else 1


AXES = (1, 1, 2, 3)


@register("conv")
def _conv(draw: Draw, name: str) -> Call:
    w = slides(draw, draw(st.sampled_from(AXES)), words=True)
    groups, inputs, outputs, images = _sizes(draw, len(w.size))
    stride, dilation = said(draw, w.stride), said(draw, w.dilation)
    return _layer(
        draw,
        name,
        filled(draw, (images, inputs, *w.size)),
        filled(draw, (outputs, inputs // groups, *w.kernel)),
        outputs,
        lambda x, weight, bias: ops.conv(x, weight, bias, stride, w.padding, dilation, groups),
        lambda x, weight, bias: conv(x, weight, bias, w, groups),
        (w, groups),
    )


@register("conv_transpose")
def _conv_transpose(draw: Draw, name: str) -> Call:
    w = slides(draw, draw(st.sampled_from(AXES)))
    groups, inputs, outputs, images = _sizes(draw, len(w.size))
    stride, dilation, count = said(draw, w.stride), said(draw, w.dilation), w.out
    extra: tuple[int, ...] = ()
    size: tuple[int, ...] = ()
    for m, k, s, d, pad in zip(count, w.kernel, w.stride, w.dilation, w.pads, strict=True):
        least = (m - 1) * s + d * (k - 1) + 1 - sum(pad)
        extra = (*extra, draw(st.integers(max(0, -least), max(s, d) - 1)))
        size = (*size, least + extra[-1])
    whole = replace(w, size=size)
    more: Any = extra if any(extra) or draw(st.booleans()) else 0
    return _layer(
        draw,
        name,
        filled(draw, (images, inputs, *count)),
        filled(draw, (inputs, outputs // groups, *w.kernel)),
        outputs,
        lambda x, weight, bias: ops.conv_transpose(x, weight, bias, stride, w.padding, more, groups, dilation),
        lambda x, weight, bias: conv_transpose(x, weight, bias, whole, groups),
        (whole, extra, groups),
    )


@register("conv_weight")
def _conv_weight(draw: Draw, name: str) -> Call:
    w = slides(draw, draw(st.sampled_from(AXES)))
    groups, inputs, outputs, images = _sizes(draw, len(w.size))
    stride, dilation = said(draw, w.stride), said(draw, w.dilation)
    shape = (outputs, inputs // groups, *w.kernel)

    def expect(x: Any, y: Any) -> Any:
        """The sum of products of `y` and what each weight alone makes of `x`."""
        found = np.zeros(shape, np.result_type(x, y))
        for at in np.ndindex(*shape):
            unit = np.zeros(shape)
            unit[at] = 1
            found[at] = np.sum(conv(x, unit, None, w, groups) * y)
        return found

    return plain_call(
        name,
        [filled(draw, (images, inputs, *w.size)), filled(draw, (images, outputs, *w.out))],
        lambda x, y: ops.conv_weight(x, y, w.kernel, stride, w.padding, dilation, groups),
        expect,
        (w, groups),
    )


@register("convolve", "correlate")
def _vectors(draw: Draw, name: str) -> Call:
    a, v = filled(draw, (draw(st.integers(1, 6)),)), filled(draw, (draw(st.integers(1, 6)),))
    if name == "convolve" and draw(st.integers(0, 4)) == 0:
        v = filled(draw, ())
    mode: Any = draw(st.sampled_from(("full", "same", "valid", 0, 1, 2)))
    f, g = getattr(ops, name), getattr(np, name)
    return plain_call(name, [a, v], lambda a, v: f(a, v, mode), lambda a, v: g(a, v, mode), mode)
