"""Calls of what networks are made of."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd import ops
from autograd.primitive import table
from autograd.testing.strategies.base import (
    HUGE,
    POOL,
    Array,
    Call,
    Draw,
    filled,
    kink_call,
    plain_call,
    register,
    register_kinks,
    shapes,
)
from autograd.testing.strategies.reference import normal, softmax, tanh_slope

_GELU: dict[str, Any] = {
    "none": lambda x: x * normal(x),
    "tanh": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
}


@register("gelu")
def _gelu(draw: Draw, name: str) -> Call:
    approximate = draw(st.sampled_from(("none", "tanh")))
    x = filled(draw, draw(shapes()))
    return plain_call(name, [x], lambda x: ops.gelu(x, approximate), _GELU[approximate], approximate)


@register("softmax", "log_softmax")
def _softmaxes(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(1, 3)), POOL)
    axis: Any = draw(st.integers(-x.ndim, x.ndim - 1) | st.just(None) | st.just(tuple(range(x.ndim))))
    f = getattr(ops, name)

    def expect(x: Array) -> Any:
        return softmax(x, axis) if name == "softmax" else np.log(softmax(x, axis))

    return plain_call(name, [x], lambda x: f(x, axis), expect, axis)


@register("linear")
def _linear(draw: Draw, name: str) -> Call:
    *lead, width = draw(shapes(1, 3))
    out = draw(st.integers(0, 3))
    arrays = [filled(draw, (*lead, width)), filled(draw, (out, width))]
    if draw(st.booleans()):
        return plain_call(name, [*arrays, filled(draw, (out,))], ops.linear, lambda x, w, b: x @ w.T + b)
    return plain_call(name, arrays, ops.linear, lambda x, w: x @ w.T)


@register("layer_norm", "rms_norm")
def _norm(draw: Draw, name: str) -> Call:
    shape = draw(shapes(1, 3, 1))
    eps = draw(st.sampled_from((0.1, 1.0)))
    x, weight, bias = filled(draw, shape), filled(draw, shape[-1:]), filled(draw, shape[-1:])
    used = draw(st.sampled_from(("", "w", "wb", "b") if name == "layer_norm" else ("", "w")))
    arrays = [x, *([weight] if "w" in used else []), *([bias] if "b" in used else [])]

    def named(args: tuple[Any, ...]) -> dict[str, Any]:
        return {"weight" if u == "w" else "bias": a for u, a in zip(used, args[1:], strict=True)}

    def expect(*args: Array) -> Array:
        x, given = args[0], named(args)
        if name == "layer_norm":
            y = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps)
        else:
            y = x / np.sqrt((x**2).mean(-1, keepdims=True) + eps)
        out: Array = y * given.get("weight", 1) + given.get("bias", 0)
        return out

    f = getattr(ops, name)
    return plain_call(name, arrays, lambda *a: f(a[0], **named(a), eps=eps), expect, (used, eps))


@register("cross_entropy")
def _cross_entropy(draw: Draw, name: str) -> Call:
    shape = draw(shapes(1, 3, 1))
    n = math.prod(shape[:-1])
    drawn = draw(st.lists(st.integers(0, shape[-1] - 1), min_size=n, max_size=n))
    targets = np.array(drawn, int).reshape(shape[:-1])

    def expect(x: Array) -> Any:
        picked = np.take_along_axis(np.log(softmax(x)), targets[..., None], -1)
        return -picked.mean()

    return plain_call(name, [filled(draw, shape)], lambda x: ops.cross_entropy(x, targets), expect, targets)


@register_kinks("softmax")
def _masked(draw: Draw, name: str) -> Call:
    """Some elements, or all along the axis, masked out by minus infinity; numbers whose exponentials overflow."""
    pool = draw(st.sampled_from(((-np.inf, 0.0, 1.0), (-np.inf,), (*HUGE, 0.0))))
    x = filled(draw, draw(shapes(1, 3, 1)), pool)
    axis = draw(st.integers(-x.ndim, x.ndim - 1))

    def expect(x: Array) -> Any:
        top = x.max(axis=axis, keepdims=True)
        e = np.exp(x - np.where(np.isfinite(top), top, 0))
        return e / np.maximum(e.sum(axis=axis, keepdims=True), 1e-300)

    return kink_call(name, [x], lambda x: ops.softmax(x, axis), expect, None, axis)


@register_kinks("log_softmax")
def _large_logits(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(1, 3, 1)), (*HUGE, 0.0, 1.0))
    axis = draw(st.integers(-x.ndim, x.ndim - 1))

    def expect(x: Array) -> Any:
        y = x - x.max(axis=axis, keepdims=True)
        return y - np.log(np.exp(y).sum(axis=axis, keepdims=True))

    return kink_call(name, [x], lambda x: ops.log_softmax(x, axis), expect, None, axis)


@register_kinks("gelu", "gelu_tanh_slope", "normal_cdf")
def _far_out(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes()), (*HUGE, 0.0, -0.0))
    if name == "gelu_tanh_slope":
        return kink_call(name, [x], table[name].function, tanh_slope, None)
    if name == "normal_cdf":
        return kink_call(name, [x], table[name].function, normal, None)
    approximate = draw(st.sampled_from(("none", "tanh")))
    return kink_call(name, [x], lambda x: ops.gelu(x, approximate), _GELU[approximate], None, approximate)


@register_kinks("layer_norm", "rms_norm")
def _constant_rows(draw: Draw, name: str) -> Call:
    """Rows without spread, where only `eps` keeps the slope finite; and rows of one element."""
    x = filled(draw, draw(shapes(1, 3, 1)), draw(st.sampled_from(((0.0,), (3.0,), (12.0, -12.0)))))
    usual = 1e-5 if name == "layer_norm" else 1e-6
    eps = draw(st.sampled_from((usual, 1e-2)))

    def expect(x: Array) -> Any:
        if name == "layer_norm":
            return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps)
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + eps)

    f = getattr(ops, name)
    return kink_call(name, [x], lambda x: f(x, eps=eps), expect, None, eps, most=0.1 * math.sqrt(eps))


@register_kinks("cross_entropy")
def _sure(draw: Draw, name: str) -> Call:
    """Classes masked out, the target's not; and logits far apart."""
    rows, n = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    x = filled(draw, (rows, n), draw(st.sampled_from(((-np.inf, 0.0, 1.0), (*HUGE, 0.0)))))
    targets = np.array(draw(st.lists(st.integers(0, n - 1), min_size=rows, max_size=rows)))
    x[np.arange(rows), targets] = draw(st.sampled_from((0.0, 12.0)))

    def expect(x: Array) -> Any:
        y = x - x.max(axis=-1, keepdims=True)
        picked = np.take_along_axis(y, targets[:, None], -1)[:, 0] - np.log(np.exp(y).sum(axis=-1))
        return -picked.mean()

    return kink_call(name, [x], lambda x: ops.cross_entropy(x, targets), expect, None, targets)
