"""Calls of the ops in `autograd.ops.sorting`."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd import ops
from autograd.testing.strategies.base import (
    TIES,
    Call,
    Draw,
    axis_of,
    crowds,
    distinct,
    filled,
    kink_call,
    plain_call,
    register,
    register_kinks,
    shapes,
)


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


@register_kinks("sort", "partition")
def _sorted_ties(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(crowds().filter(len)), TIES)
    axis = axis_of(draw, x.ndim, tuples=False)
    kth = list(range(x.size if axis is None else x.shape[axis]))
    if name == "sort":
        return kink_call(name, [x], lambda x: ops.sort(x, axis), lambda x: np.sort(x, axis), "selection", axis)
    return kink_call(
        name, [x], lambda x: ops.partition(x, kth, axis), lambda x: np.partition(x, kth, axis), "selection", axis
    )


@register_kinks("choose", "select")
def _untaken(draw: Draw, name: str) -> Call:
    """What is not taken may be NaN or infinite."""
    shape = draw(shapes(1, 2, 1))
    second = filled(draw, shape, (np.nan, np.inf, 1.0, -np.inf))
    first = filled(draw, shape)
    taken = ~np.isfinite(second)
    if name == "choose":
        which = np.where(taken, 0, 1)
        return kink_call(
            name,
            [first, second],
            lambda *c: ops.choose(which, c),
            lambda *c: np.choose(which, c),
            None,
            which.tolist(),
        )
    conditions = [taken, ~taken]
    return kink_call(
        name,
        [first, second],
        lambda *c: ops.select(conditions, c),
        lambda *c: np.select(conditions, c),
        None,
        taken.tolist(),
    )
