"""Calls of the ops in `autograd.ops.sorting`."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd import ops
from autograd.testing.strategies.base import Call, Draw, axis_of, distinct, filled, plain_call, register, shapes


@register("sort")
def _sort(draw: Draw, name: str) -> Call:
    x = distinct(draw, draw(shapes(1)))
    axis = axis_of(draw, x.ndim, tuples=False)
    keys: dict[str, Any] = draw(st.sampled_from(({}, {"kind": "mergesort"}, {"stable": True})))
    return plain_call(
        name, [x], lambda x: ops.sort(x, axis, **keys), lambda x: np.sort(x, axis, **keys), (axis, keys), most=0.05
    )


@register("partition")
def _partition(draw: Draw, name: str) -> Call:
    x = distinct(draw, draw(shapes(1, 3, 1)))
    axis = axis_of(draw, x.ndim, tuples=False)
    n = x.size if axis is None else x.shape[axis]
    kth = list(range(n))  # all of them: one result is right
    return plain_call(
        name, [x], lambda x: ops.partition(x, kth, axis), lambda x: np.partition(x, kth, axis), axis, most=0.05
    )


@register("compress")
def _compress(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(1)))
    axis = axis_of(draw, x.ndim, tuples=False)
    n = x.size if axis is None else x.shape[axis]
    keep = draw(st.lists(st.booleans(), max_size=n))
    return plain_call(
        name, [x], lambda x: ops.compress(keep, x, axis), lambda x: np.compress(keep, x, axis), (keep, axis)
    )


@register("choose")
def _choose(draw: Draw, name: str) -> Call:
    shape = draw(shapes())
    given = [filled(draw, shape) for _ in range(draw(st.integers(1, 3)))]
    mode = draw(st.sampled_from(("raise", "wrap", "clip")))
    low, high = (0, len(given) - 1) if mode == "raise" else (-2, 5)
    which = filled(draw, shape, range(low, high + 1)).astype(int)
    return plain_call(
        name,
        given,
        lambda *c: ops.choose(which, c, mode=mode),
        lambda *c: np.choose(which, c, mode=mode),
        (which.tolist(), mode),
    )


@register("select")
def _select(draw: Draw, name: str) -> Call:
    shape = draw(shapes())
    given = [filled(draw, shape) for _ in range(draw(st.integers(1, 3)))]
    conditions = [np.asarray(filled(draw, shape, (0, 1)).astype(bool)) for _ in given]
    default = draw(st.sampled_from((0, 1.5)))
    return plain_call(
        name,
        given,
        lambda *c: ops.select(conditions, c, default),
        lambda *c: np.select(conditions, c, default),
        default,
    )
