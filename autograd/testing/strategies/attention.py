"""Calls of attention: groups of heads, masks, windows, and blocks of every size."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd import ops
from autograd.testing.strategies.base import (
    HUGE,
    SMALL,
    Array,
    Call,
    Draw,
    filled,
    kink_call,
    plain_call,
    register,
    register_kinks,
)

Arrays = tuple[Array, Array, Array]


def _hidden(queries: int, keys: int, causal: bool, window: int | None) -> Array:
    """True where a query does not see a key, place by place."""
    hidden = np.zeros((queries, keys), bool)
    for i in range(queries):
        for j in range(keys):
            back = i + keys - queries - j
            hidden[i, j] = (causal and back < 0) or (window is not None and abs(back) >= window)
    return hidden


def attention(query: Any, key: Any, value: Any, mask: Any, causal: bool, window: int | None, scale: Any) -> Any:
    """The formula, head by head, with the whole matrix."""
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    queries, keys = query.shape[-2], key.shape[-2]
    out: Any = np.zeros((*query.shape[:-1], value.shape[-1] + 2), np.result_type(query, key, value))
    mask = np.broadcast_to(True if mask is None else mask, (*query.shape[:-1], keys))
    for at in np.ndindex(*query.shape[:-2]):
        mine = (*at[:-1], at[-1] * key.shape[-3] // query.shape[-3]) if at else at
        scores = scale * query[at] @ key[mine].T
        scores = np.where(mask[at], scores, -np.inf) if mask.dtype == bool else scores + mask[at]
        scores = np.where(_hidden(queries, keys, causal, window), -np.inf, scores)
        top = scores.max(axis=-1, keepdims=True)
        e = np.exp(scores - np.where(np.isfinite(top), top, 0))
        total = e.sum(axis=-1, keepdims=True)
        out[at][:, :-2] = e @ value[mine] / np.where(total == 0, 1, total)
        out[at][:, -2:-1] = np.log(total) + np.where(np.isfinite(top), top, 0)
    return out


def _arrays(draw: Draw, pool: Any) -> Arrays:
    groups, shared = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    lead: tuple[tuple[int, ...], tuple[int, ...]] = draw(
        st.sampled_from((((), ()), ((groups * shared,), (groups,)), ((2, shared), (2, 1))))
    )
    queries, width = draw(st.integers(1, 2 if lead[0] else 3)), draw(st.integers(1, 2))
    keys = queries + draw(st.sampled_from((0, 0, 1)))
    return (
        filled(draw, (*lead[0], queries, width), pool),
        filled(draw, (*lead[1], keys, width), pool),
        filled(draw, (*lead[1], keys, draw(st.integers(1, 2))), pool),
    )


def _made(draw: Draw, name: str, arrays: Arrays, mask: Any, make: Callable[..., Call]) -> Call:
    causal, window = draw(st.booleans()), draw(st.sampled_from((None, None, 1, 2)))
    scale, block = draw(st.sampled_from((None, 0.5))), draw(st.sampled_from((None, (1, 1), (2, 1), (1, 2))))
    return make(
        name,
        arrays,
        lambda q, k, v: ops.attention(q, k, v, mask, causal, window, scale, block),
        lambda q, k, v: attention(q, k, v, mask, causal, window, scale),
        (mask, causal, window, scale, block),
    )


@register("attention")
def _attention(draw: Draw, name: str) -> Call:
    """Every query sees at least the key at its own place."""
    arrays = _arrays(draw, SMALL)
    queries, keys = arrays[0].shape[-2], arrays[1].shape[-2]
    shape = draw(st.sampled_from(((queries, keys), (*arrays[0].shape[:-1], keys))))
    kind = draw(st.sampled_from(("none", "bool", "float")))
    mask: Any = None
    if kind == "float":
        mask = filled(draw, shape)
    elif kind == "bool":
        mask = (filled(draw, shape) > 0) | np.eye(queries, keys, keys - queries, dtype=bool)
    return _made(draw, name, arrays, mask, plain_call)


@register_kinks("attention")
def _blind(draw: Draw, name: str) -> Call:
    """Queries that see nothing; scores whose exponentials overflow."""
    pool = draw(st.sampled_from((SMALL, (*HUGE, 0.0))))
    arrays = _arrays(draw, pool)
    shape = (arrays[0].shape[-2], arrays[1].shape[-2])
    mask = filled(draw, shape, (-np.inf, -np.inf, 0.0))
    mask = mask == 0 if draw(st.booleans()) else mask

    def make(name: str, arrays: Arrays, apply: Any, expect: Any, note: Any) -> Call:
        return kink_call(name, arrays, apply, expect, None, note, most=0.1 if pool is SMALL else 1e-3)

    return _made(draw, name, arrays, mask, make)
