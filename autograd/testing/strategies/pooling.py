"""Calls of the ops in `autograd.ops.pooling`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd import ops
from autograd.testing.strategies.base import (
    TIES,
    Array,
    Call,
    Draw,
    distinct,
    filled,
    kink_call,
    plain_call,
    register,
    register_kinks,
)
from autograd.testing.strategies.windows import Slide, said, slides


def _drawn(draw: Draw, dilate: bool) -> tuple[tuple[int, ...], Slide, tuple[Any, ...], bool]:
    """A shape, its windows, how the call says kernel, stride and padding, and its `ceil_mode`.

    The windows of `ceil_mode` are written as so much more padding behind.
    """
    axes = draw(st.integers(1, 2))
    w = slides(draw, axes, half=True, dilate=dilate)
    whole = axes == 1 and draw(st.booleans()) or draw(st.booleans())
    lead = (draw(st.integers(0, 2)), draw(st.integers(1, 2))) if whole else draw(st.sampled_from(((), (2,))))
    kernel = said(draw, w.kernel) if whole else w.kernel
    stride: Any = said(draw, w.stride)
    if draw(st.booleans()):
        w, stride = replace(w, stride=w.kernel), None
    ceil = draw(st.booleans())
    if ceil:
        pads = []
        for n, k, s, d, (low, high) in zip(w.size, w.kernel, w.stride, w.dilation, w.pads, strict=True):
            count = math.ceil((n + low + high - d * (k - 1) - 1) / s) + 1
            count -= (count - 1) * s >= n + low
            pads.append((low, max(high, (count - 1) * s + d * (k - 1) + 1 - n - low)))
        w = replace(w, pads=tuple(pads))
    return (*lead, *w.size), w, (kernel, stride, w.padding), ceil


def _each_window(w: Slide, x: Array, outside: float, f: Callable[[Array], Any]) -> Any:
    """`f` of each window, the pooled axes flattened into the last."""
    lead = x.shape[: x.ndim - len(w.size)]
    out: Any = np.zeros((*lead, *w.out), x.dtype)
    for at, index in w.places():
        out[(..., *at)] = f(w.padded(x, outside)[index].reshape(*lead, math.prod(w.kernel)))
    return out


def _largest(w: Slide, x: Array) -> Any:
    if x.dtype.kind == "c":
        raise TypeError("no largest")
    return _each_window(w, x, -np.inf, lambda v: v.max(axis=-1))


@register("max_pool")
def _max_pool(draw: Draw, name: str) -> Call:
    shape, w, said, ceil = _drawn(draw, True)
    settings = (*said, w.dilation if max(w.dilation) > 1 else 1, ceil)
    return plain_call(
        name,
        [distinct(draw, shape)],
        lambda x: ops.max_pool(x, *settings),
        lambda x: _largest(w, x),
        settings,
        most=0.05,
    )


@register("max_pool_share", "max_pool_pick")
def _ties(draw: Draw, name: str) -> Call:
    shape, w, said, ceil = _drawn(draw, True)
    settings = (*said, w.dilation if max(w.dilation) > 1 else 1, ceil)
    x = filled(draw, shape, (0.0, 1.0, 2.0))
    top = _largest(w, x)

    def shares(v: Any) -> Any:
        won = (v == v.max(axis=-1, keepdims=True)).astype(float)
        return won / won.sum(axis=-1, keepdims=True)

    def share(y: Any) -> Any:
        whole = w.padded(np.zeros(x.shape, y.dtype))
        for at, index in w.places():
            window = w.padded(x, -np.inf)[index]
            lead = window.shape[: window.ndim - len(w.size)]
            part = shares(window.reshape(*lead, math.prod(w.kernel))).reshape(window.shape)
            whole[index] += part * y[(..., *at)][(..., *[None] * len(w.size))]
        return w.inner(whole)

    def pick(y: Any) -> Any:
        out: Any = np.zeros(top.shape, y.dtype)
        for at, index in w.places():
            window, mine = w.padded(x, -np.inf)[index], w.padded(y)[index]
            lead = window.shape[: window.ndim - len(w.size)]
            flat = (*lead, math.prod(w.kernel))
            out[(..., *at)] = (shares(window.reshape(flat)) * mine.reshape(flat)).sum(axis=-1)
        return out

    f = getattr(ops, name)
    y = filled(draw, top.shape if name == "max_pool_share" else x.shape)
    note = (settings, "constant array", x.tolist())
    return plain_call(name, [y], lambda y: f(y, x, top, *settings), share if name == "max_pool_share" else pick, note)


@register("sum_pool", "spread_pool")
def _sums(draw: Draw, name: str) -> Call:
    shape, w, said, ceil = _drawn(draw, False)
    settings = (*said, ceil)
    if name == "sum_pool":
        return plain_call(
            name,
            [filled(draw, shape)],
            lambda x: ops.sum_pool(x, *settings),
            lambda x: _each_window(w, x, 0.0, lambda v: v.sum(axis=-1)),
            settings,
        )

    def spread(x: Any) -> Any:
        whole = w.padded(np.zeros(shape, x.dtype))
        for at, index in w.places():
            whole[index] += x[(..., *at)][(..., *[None] * len(w.size))]
        return w.inner(whole)

    x = filled(draw, (*shape[: len(shape) - len(w.size)], *w.out))
    return plain_call(name, [x], lambda x: ops.spread_pool(x, shape, *settings), spread, (shape, *settings))


@register("avg_pool")
def _avg_pool(draw: Draw, name: str) -> Call:
    shape, w, said, ceil = _drawn(draw, False)
    include = draw(st.booleans())
    divisor = draw(st.sampled_from((None, None, 2, -3.0)))
    settings = (*said, ceil, include, divisor)
    bare = slides_without_ceil(w, said[2])

    def sizes(x: Any) -> Any:
        if divisor is not None:
            return np.full((1,), divisor)
        real = _each_window(w, np.ones(x.shape), 0.0, lambda v: v.sum(axis=-1))
        if not include:
            return real
        padded = np.ones([n + sum(p) for n, p in zip(w.size, bare, strict=True)])  # what counts as padding
        tail = [(0, sum(p) - sum(q)) for p, q in zip(w.pads, bare, strict=True)]
        inner = replace(w, size=padded.shape, pads=tuple(tail))
        return _each_window(inner, padded, 0.0, lambda v: v.sum(axis=-1))

    return plain_call(
        name,
        [filled(draw, shape)],
        lambda x: ops.avg_pool(x, *settings),
        lambda x: _each_window(w, x, 0.0, lambda v: v.sum(axis=-1)) / sizes(x),
        settings,
    )


def slides_without_ceil(w: Slide, padding: Any) -> tuple[tuple[int, int], ...]:
    """The padding that the call asked for."""
    if isinstance(padding, int):
        return ((padding, padding),) * len(w.size)
    return tuple(p if isinstance(p, tuple) else (p, p) for p in padding)


def _unpadded(draw: Draw) -> tuple[tuple[int, ...], Slide, tuple[Any, ...]]:
    """As `_drawn`, without padding; the call says kernel and stride alone."""
    shape, w, said, _ = _drawn(draw, False)
    w = replace(w, pads=((0, 0),) * len(w.size), size=tuple(max(n, k) for n, k in zip(w.size, w.kernel, strict=True)))
    shape = (*shape[: len(shape) - len(w.size)], *w.size)
    return shape, w, said[:2]


def _norms(w: Slide, p: Any) -> Callable[[Any], Any]:
    """The p-norm of each window, of numbers that are not negative if p is odd or broken."""
    if p == np.inf:
        return lambda x: _largest(w, x)
    return lambda x: _each_window(w, x, 0.0, lambda v: (v**p).sum(axis=-1) ** (1 / p))


@register("lp_pool")
def _lp_pool(draw: Draw, name: str) -> Call:
    shape, w, said = _unpadded(draw)
    p: Any = draw(st.sampled_from((1, 2, 3, 1.5, np.inf)))
    x = distinct(draw, shape)
    x = np.abs(x) + 0.2 if p in (3, 1.5) else x
    return plain_call(name, [x], lambda x: ops.lp_pool(x, p, *said), _norms(w, p), (p, *said), most=0.04)


@register_kinks("max_pool")
def _tied_pool(draw: Draw, name: str) -> Call:
    shape, w, said, ceil = _drawn(draw, True)
    settings = (*said, w.dilation if max(w.dilation) > 1 else 1, ceil)
    x = filled(draw, shape, TIES)
    return kink_call(name, [x], lambda x: ops.max_pool(x, *settings), lambda x: _largest(w, x), "convex", settings)


@register_kinks("lp_pool")
def _pool_of_zeros(draw: Draw, name: str) -> Call:
    """Windows of nothing but zeros, and ties of the largest."""
    shape, w, said = _unpadded(draw)
    p: Any = draw(st.sampled_from((1, 2, np.inf)))
    x = filled(draw, shape, draw(st.sampled_from(((0.0,), TIES))))
    return kink_call(name, [x], lambda x: ops.lp_pool(x, p, *said), _norms(w, p), "convex", (p, *said))


@register_kinks("lp_pool")
def _pool_over_the_edge(draw: Draw, name: str) -> Call:
    """`ceil_mode` lets the last window hang over, where what is beyond the edge counts as zero."""
    n, p = draw(st.integers(2, 5)), draw(st.sampled_from((1, 2)))
    x = distinct(draw, (1, n)) + 4.0

    def expect(x: Any) -> Any:
        windows = [x[:, i : i + 2] for i in range(0, n, 2)]
        return np.stack([(w**p).sum(axis=-1) ** (1 / p) for w in windows], axis=-1)

    return plain_call(name, [x], lambda x: ops.lp_pool(x, p, (2,), ceil_mode=True), expect, p, most=0.04)


@register_kinks("max_pool_share", "max_pool_pick")
def _moving_winners(draw: Draw, name: str) -> Call:
    """Which elements are the largest does not change nearby: the slope by them, and by the largest, is zero."""
    shape, w, said, ceil = _drawn(draw, True)
    settings = (*said, w.dilation if max(w.dilation) > 1 else 1, ceil)
    x = distinct(draw, shape)
    y = filled(draw, _largest(w, x).shape if name == "max_pool_share" else shape)
    won = x.copy()

    def ours(y: Any, x: Any) -> Any:
        return getattr(ops, name)(y, x, ops.max_pool(x, *settings), *settings)

    def plainly(y: Any, x: Any) -> Any:
        return getattr(ops, name)(y, won, _largest(w, won), *settings)

    return plain_call(name, [y, x], ours, plainly, settings, most=0.05)
