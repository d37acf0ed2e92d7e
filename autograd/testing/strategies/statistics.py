"""Calls of the ops in `autograd.ops.statistics`."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd import ops
from autograd.testing.strategies.base import Call, Draw, axis_of, distinct, filled, plain_call, register, shapes


@register("median")
def _reduced(draw: Draw, name: str) -> Call:
    x = distinct(draw, draw(shapes(side=1)))
    axis, keepdims = axis_of(draw, x.ndim), draw(st.booleans())
    f, g = getattr(ops, name), getattr(np, name)
    return plain_call(
        name,
        [x],
        lambda x: f(x, axis=axis, keepdims=keepdims),
        lambda x: g(x, axis=axis, keepdims=keepdims),
        (axis, keepdims),
        most=0.05,
    )


@register("quantile", "percentile")
def _quantile(draw: Draw, name: str) -> Call:
    x = distinct(draw, draw(shapes(side=1)))
    axis, keepdims = axis_of(draw, x.ndim), draw(st.booleans())
    q: Any = draw(st.sampled_from((0.0, 0.3, 0.5, 1.0, [0.25, 0.9], [[0.1], [0.6]])))
    q = np.multiply(q, 100).tolist() if name == "percentile" else q
    f, g = getattr(ops, name), getattr(np, name)
    return plain_call(
        name,
        [x],
        lambda x: f(x, q, axis=axis, keepdims=keepdims),
        lambda x: g(x, q, axis=axis, keepdims=keepdims),
        (q, axis, keepdims),
        most=0.05,
    )


@register("average")
def _average(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(1, 3, 1)))
    axis, keepdims = axis_of(draw, x.ndim), draw(st.booleans())
    if axis == ():
        axis = None
    given = [x]
    if draw(st.booleans()):
        axes = axis if isinstance(axis, tuple) else (axis,)
        short = axis is not None and draw(st.booleans())
        shape = tuple(x.shape[i] for i in axes) if short else x.shape
        given.append(filled(draw, shape, (0.5, 1.0, 2.0)))

    def call(f: Any, x: Any, w: Any = None) -> Any:
        return f(x, axis=axis, weights=w, keepdims=keepdims)

    return plain_call(name, given, lambda *a: call(ops.average, *a), lambda *a: call(np.average, *a), (axis, keepdims))


@register("cov")
def _cov(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(1, 2, 2)))
    given = [x, filled(draw, x.shape)] if draw(st.booleans()) else [x]
    keys = draw(st.sampled_from(({}, {"rowvar": False}, {"bias": True}, {"ddof": 0})))
    return plain_call(name, given, lambda *a: ops.cov(*a, **keys), lambda *a: np.cov(*a, **keys), keys)
