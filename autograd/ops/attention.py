"""Attention a block at a time: exact, in memory linear in the number of tokens.

The matrix of all weights, queries times keys, is never there: a block of queries meets the keys block by block. Dao et
al., FlashAttention, 2022, with the order of loops of Dao, FlashAttention-2, 2023, algorithms 1 and 2. The derivative
computes the weights again, from the logarithm of each row's sum. That number, and the mean that a row's cotangents
have, is one more column of the factors: the matrix product itself then subtracts it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from autograd.graph import Variable
from autograd.ops.neural import softmax
from autograd.ops.product import matmul
from autograd.primitive import primitive

__all__ = ["attention"]

BLOCK = (256, 512)  # queries and keys: the quickest of the sizes tried; of float32 half of a core's second cache


class Sight(NamedTuple):
    """Which keys each query sees. The queries are the last ones of the keys."""

    queries: int
    keys: int
    causal: bool
    window: int | None
    mask: Any  # (..., heads, queries, keys), or None
    block: tuple[int, int]

    def rows(self) -> Iterator[slice]:
        """Blocks of queries."""
        return (slice(i, min(i + self.block[0], self.queries)) for i in range(0, self.queries, self.block[0]))

    def columns(self, rows: slice) -> Iterator[slice]:
        """Blocks of those keys that some of the queries `rows` see."""
        low, high = self._places(rows)
        first = 0 if self.window is None else max(0, low - self.window + 1)
        last = high if self.causal else self.keys if self.window is None else high + self.window - 1
        last = min(last, self.keys)
        return (slice(j, min(j + self.block[1], last)) for j in range(first, last, self.block[1]))

    def hide(self, scores: Any, head: int, rows: slice, columns: slice) -> None:
        """Write -inf where a query does not see a key, and add a mask of floats."""
        low, high = self._places(rows)
        near = self.window is None or (columns.start > high - 1 - self.window and columns.stop <= low + self.window)
        if not (near and (not self.causal or columns.stop <= low + 1)):
            seen = visible(np.arange(low, high), np.arange(columns.start, columns.stop), self.causal, self.window)
            np.copyto(scores, -np.inf, where=~seen)
        if self.mask is not None:
            part = self.mask[np.unravel_index(head, self.mask.shape[:-2])][rows, columns]
            if part.dtype == bool:
                np.copyto(scores, -np.inf, where=~part)
            else:
                scores += part

    def _places(self, rows: slice) -> tuple[int, int]:
        """The first query's place among the keys, and the place after the last one's."""
        return rows.start + self.keys - self.queries, rows.stop + self.keys - self.queries


def visible(queries: Any, keys: Any, causal: bool, window: int | None) -> Any:
    """Whether queries at places `queries` see keys at places `keys`: (queries, keys) of bool."""
    distance = queries[:, None] - keys
    seen = distance >= 0 if causal else np.ones(distance.shape, bool)
    return seen if window is None else seen & (abs(distance) < window)


def _flat(x: Any) -> Any:
    """All heads of all examples along one axis."""
    return x.reshape((math.prod(x.shape[:-2]), *x.shape[-2:]))


def _sight(query: Any, key: Any, mask: Any, causal: bool, window: int | None, block: Any) -> Sight:
    queries, keys = query.shape[-2], key.shape[-2]
    if mask is not None:
        mask = np.broadcast_to(np.asarray(mask), (*query.shape[:-2], queries, keys))
    return Sight(queries, keys, causal, window, mask, block or BLOCK)


def _with(x: Any, column: Any) -> Any:
    """`x` with one more column."""
    wide = np.empty((*x.shape[:-1], x.shape[-1] + 1), x.dtype)
    wide[..., :-1] = x
    wide[..., -1:] = column
    return wide


def _buffer(sight: Sight, dtype: Any) -> Any:
    return np.empty(min(sight.block[0], sight.queries) * min(sight.block[1], sight.keys), dtype)


def _product(x: Any, y: Any, buffer: Any) -> Any:
    """x y^T in the buffer."""
    return np.matmul(x, y.T, out=buffer[: len(x) * len(y)].reshape(len(x), len(y)))


def _longest(x: Any) -> Any:
    """The norm of the longest row."""
    return np.sqrt(np.einsum("ij,ij->i", x, x).max(initial=0))


def _small(query: Any, key: Any, sight: Sight) -> bool:
    """Whether no score can be large: exponentials then need no shift, and the search for the largest is spared."""
    most = math.log(np.finfo(query.dtype).max) / 2
    return bool((sight.mask is None or sight.mask.dtype == bool) and _longest(query) * _longest(key) <= most)


# ---------------------------------------------------------------------- forward, on bare arrays
def _attend(query: Any, key: Any, value: Any, sight: Sight) -> Any:
    """The mixed values of each head, and the logarithm of each row's sum in two columns; `query` is scaled."""
    shared = len(query) // max(1, len(key))
    out = np.empty((*query.shape[:2], value.shape[-1] + 2), query.dtype)
    buffer = _buffer(sight, query.dtype)
    for head in range(len(query)):
        keys, values = key[head // shared], _with(value[head // shared], 1)
        small = _small(query[head], keys, sight)
        for rows in sight.rows():
            out[head, rows] = _row(query[head, rows], keys, values, sight, head, rows, small, buffer)
    return out


def _row(query: Any, keys: Any, values: Any, sight: Sight, head: int, rows: slice, small: bool, buffer: Any) -> Any:
    """One block of queries: the softmax goes on from block to block of keys, its sum beside what it mixes."""
    mixed = np.zeros((len(query), values.shape[1]), query.dtype)
    top = np.full((len(query), 1), 0 if small else np.finfo(query.dtype).min, query.dtype)
    for columns in sight.columns(rows):
        scores = _product(query, keys[columns], buffer)
        sight.hide(scores, head, rows, columns)
        if not small:
            higher = np.maximum(top, scores.max(axis=1, keepdims=True))
            mixed *= np.exp(top - higher)
            scores -= higher
            top = higher
        np.exp(scores, out=scores)
        mixed += scores @ values[columns]
    total = mixed[:, -1:]
    logarithm = np.log(total) + top
    rest = np.where(total == 0, 0, (top - logarithm) + np.log(total))
    return np.concatenate([mixed[:, :-1] / np.where(total == 0, 1, total), logarithm, rest], axis=1)


# ---------------------------------------------------------------------- backward, on bare arrays
def _slopes(g: Any, query: Any, key: Any, value: Any, out: Any, sight: Sight) -> tuple[Any, Any, Any]:
    """The cotangents of (scaled) query, key and value: the weights are made again, a block at a time."""
    shared = len(query) // max(1, len(key))
    to_query, to_key, to_value = np.empty_like(query), np.zeros_like(key), np.zeros_like(value)
    buffers = _buffer(sight, query.dtype), _buffer(sight, query.dtype)
    # d score = weight (g . value - mean), where the mean is over the row's weights: g . out
    mean = np.einsum("hij,hij->hi", g[..., :-2], out[..., :-2]) - g[..., -2]
    blind = np.isneginf(out[..., -2])[..., None]  # such a row sees nothing: its scores stay -inf
    shift = np.where(blind, 0, out[..., -2:])
    asks, brings = _with(query, -shift[..., :1]), _with(g[..., :-2], -mean[..., None])
    for head in range(len(query)):
        at = head // shared
        near = key[at], _with(key[at], 1), _with(value[at], 1), to_key[at], to_value[at]
        shifts = None if _small(query[head], key[at], sight) else shift[head]
        for rows in sight.rows():
            far = query[head, rows], asks[head, rows], brings[head, rows], shifts
            to_query[head, rows] = _slope(*far, *near, sight, head, rows, buffers)
    return to_query, to_key, to_value


def _slope(
    query: Any, ask: Any, bring: Any, shifts: Any, key: Any, keys: Any, values: Any, to_key: Any, to_value: Any,
    sight: Sight, head: int, rows: slice, buffers: Any,
) -> Any:  # fmt: skip
    """One block of queries: what goes to them; what goes to keys and values is added to theirs."""
    mine = np.zeros((len(ask), key.shape[1]), key.dtype)
    for columns in sight.columns(rows):
        if shifts is None:
            weights = _product(ask, keys[columns], buffers[0])
            sight.hide(weights, head, rows, columns)
        else:  # large scores to the last bit as the forward pass had them: their rounding must cancel
            weights = _product(query, key[columns], buffers[0])
            sight.hide(weights, head, rows, columns)
            weights -= shifts[rows, :1]
            weights -= shifts[rows, 1:]
        np.exp(weights, out=weights)
        to_value[columns] += weights.T @ bring[:, :-1]
        slopes = _product(bring, values[columns], buffers[1])
        slopes *= weights
        to_key[columns] += slopes.T @ query
        mine += slopes @ key[columns]
    return mine


# ---------------------------------------------------------------------- the op
def _attention(
    g: Any,
    query: Any,
    key: Any,
    value: Any,
    out: Any,
    mask: Any,
    causal: bool,
    window: int | None,
    scale: float | None,
    block: Any,
) -> tuple[Any, Any, Any]:
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    sight = _sight(query, key, mask, causal, window, block)
    if isinstance(g, Variable):
        return _plainly(g, query, key, value, scale, sight)
    wide = np.promote_types(out.dtype, np.float32)
    g, q, k, v, out = (_flat(x.astype(wide, copy=False)) for x in (g, query, key, value, out))
    found = _slopes(g, q * wide.type(scale), k, v, out, sight)
    dq, dk, dv = (f.reshape(x.shape) for f, x in zip(found, (query, key, value), strict=True))
    return dq * wide.type(scale), dk, dv


def _plainly(g: Any, query: Any, key: Any, value: Any, scale: float, sight: Sight) -> tuple[Any, Any, Any]:
    """The same derivative with the whole matrix of weights, to be recorded: from it every higher order follows."""
    groups, heads = math.prod(key.shape[:-2]), math.prod(query.shape[:-2])
    lead = (groups, heads // max(1, groups))

    def parted(x: Any) -> Any:  # heads that share a key lie along the second axis
        return x.reshape((groups, math.prod(x.shape[:-2]) // max(1, groups), *x.shape[-2:]))

    q, k, v, g = parted(query * query.dtype.type(scale)), parted(key), parted(value), parted(g)
    hidden = np.zeros((heads, sight.queries, sight.keys), query.dtype)
    for head in range(heads):
        sight.hide(hidden[head], head, slice(0, sight.queries), slice(0, sight.keys))
    weights = softmax(matmul(q, np.swapaxes(k, -1, -2)) + hidden.reshape((*lead, *hidden.shape[1:])))
    slopes = matmul(g[..., :-2], np.swapaxes(v, -1, -2))
    slopes = weights * (slopes - (weights * slopes).sum(axis=-1, keepdims=True) + g[..., -2:-1])
    return (
        (matmul(slopes, k) * query.dtype.type(scale)).reshape(query.shape),
        matmul(np.swapaxes(slopes, -1, -2), q).sum(axis=1).reshape(key.shape),
        matmul(np.swapaxes(weights, -1, -2), g[..., :-2]).sum(axis=1).reshape(value.shape),
    )


@primitive(_attention, arrays=("query", "key", "value"))
def attention(query, key, value, mask=None, causal=False, window=None, scale=None, block=None):
    """[softmax(scale Q K^T + mask) V, logsumexp(scale Q K^T + mask), rest] in memory linear in the number of tokens.

    So is its derivative; that of the derivative, and forward mode, have the whole matrix of weights.

    Parameters
    ----------
    query : array, (..., heads, queries, width)
    key, value : array, (..., groups, keys, width)
        Axes before the heads are the query's. So many consecutive heads share a group as there are heads for each.
        The width of `value` may be another.
    mask : array that broadcasts to (..., heads, queries, keys), optional
        Of bool: True where a query may look; of floats: added to the scores. It has no gradient here.
    causal : bool
        No query sees a later key; the queries are the last ones of the keys.
    window : int, optional
        A query sees only keys nearer than this.
    scale : float, optional
        1 / sqrt(width) unless given.
    block : (int, int), optional
        How many queries and keys at a time.

    Returns
    -------
    array, (..., heads, queries, width of value + 2)
        The last but one column is the logarithm of each row's sum of exponentials, the last what rounding took from
        it: large scores have few digits behind the point. A query that sees nothing gets zeros, with -inf for the
        logarithm.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import ops
    >>> x = np.eye(2)
    >>> ops.attention(0 * x, x, x, causal=True).round(3)
    array([[1.   , 0.   , 0.   , 0.   ],
           [0.5  , 0.5  , 0.693, 0.   ]])
    """
    dtype = np.result_type(query, key, value)
    if dtype.kind != "f":
        raise TypeError(f"attention is of real floating numbers, not {dtype}")
    _fit(query.shape, key.shape, value.shape)
    wide = np.promote_types(dtype, np.float32)
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    q, k, v = (_flat(x.astype(wide, copy=False)) for x in (query, key, value))
    with np.errstate(all="ignore"):
        out = _attend(q * wide.type(scale), k, v, _sight(query, key, mask, causal, window, block))
    return out.reshape((*query.shape[:-1], out.shape[-1])).astype(dtype)


def _fit(query: Any, key: Any, value: Any) -> None:
    if not len(query) == len(key) == len(value) >= 2:
        raise ValueError("query, key and value need the shape (..., heads, tokens, width), each")
    if query[-1] != key[-1] or key[-2] != value[-2]:
        raise ValueError("query and key must have one width, key and value as many tokens")
    same = query[:-3] == key[:-3] and key[:-2] == value[:-2]
    if not same or (len(query) > 2 and (query[-3] % key[-3] if key[-3] else query[-3])):
        raise ValueError("key and value must have the query's axes, with heads that divide the query's")
