"""Calls of reductions."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from autograd import ops
from autograd.testing.strategies.base import (
    POOL,
    Call,
    Draw,
    axis_of,
    distinct,
    filled,
    plain_call,
    register,
    shapes,
)


@register("sum", "mean", "prod")
def _reduce(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(side=1 if name == "mean" else 0)))
    axis, keepdims = axis_of(draw, x.ndim), draw(st.booleans())
    f, g = getattr(ops, name), getattr(np, name)
    return plain_call(
        name,
        [x],
        lambda x: f(x, axis=axis, keepdims=keepdims),
        lambda x: g(x, axis=axis, keepdims=keepdims),
        (axis, keepdims),
    )


@register("max", "min")
def _extreme(draw: Draw, name: str) -> Call:
    x = distinct(draw, draw(shapes(side=1)))
    axis, keepdims = axis_of(draw, x.ndim), draw(st.booleans())
    f, g = getattr(ops, name), getattr(np, name)
    return plain_call(
        name,
        [x],
        lambda x: f(x, axis, keepdims=keepdims),
        lambda x: g(x, axis=axis, keepdims=keepdims),
        (axis, keepdims),
        most=0.05,
    )


@register("var", "std")
def _spread(draw: Draw, name: str) -> Call:
    x = distinct(draw, draw(shapes(side=1)))
    axis, keepdims = axis_of(draw, x.ndim), draw(st.booleans())
    n = x.size // np.sum(x, axis=axis).size
    ddof = draw(st.sampled_from((0, 1, 0.5))) if n > 1 else 0
    f, g = getattr(ops, name), getattr(np, name)
    return plain_call(
        name,
        [x],
        lambda x: f(x, axis, ddof=ddof, keepdims=keepdims),
        lambda x: g(x, axis=axis, ddof=ddof, keepdims=keepdims),
        (axis, ddof, keepdims),
    )


@register("cumsum", "cumprod")
def _running(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes()))
    axis = axis_of(draw, x.ndim, tuples=False)
    f, g = getattr(ops, name), getattr(np, name)
    return plain_call(name, [x], lambda x: f(x, axis), lambda x: g(x, axis), axis)


@register("logsumexp")
def _logsumexp(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(side=1)), POOL)
    axis, keepdims = axis_of(draw, x.ndim), draw(st.booleans())
    return plain_call(
        name,
        [x],
        lambda x: ops.logsumexp(x, axis, keepdims),
        lambda x: np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims)),
        (axis, keepdims),
    )
