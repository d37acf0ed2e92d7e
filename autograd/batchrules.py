"""Ops that go through a batch in a way of their own: shapes, indices, products."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import ops
from autograd.batching import Batch, Rule, along, call, first_only, mapped, rules, shift
from autograd.graph import Variable
from autograd.levels import Batched
from autograd.op import Op


def _on_first(change: Callable[..., Any]) -> Rule:
    """A rule for ops of which only the first argument has a batch: `change(x, *settings)` gives the new arguments."""

    def rule(op: Op, values: list[Any], batch: Batch) -> Any:
        if not first_only(op, values, batch):
            return None
        new = change(values[0]._value, *values[1:])
        return None if new is None else call(op, [*new, *values[len(new) :]])

    return rule


def _axes(order: Any, x: Any) -> tuple[int, ...]:
    rank = x.ndim - 1
    return tuple(range(rank, 0, -1)) if order is None else tuple(int(a) % rank + 1 for a in order)


def _sizes(shape: Any) -> tuple[int, ...]:
    return (int(shape),) if isinstance(shape, (int, np.integer)) else tuple(int(n) for n in shape)


def _squeezed(x: Any, axis: Any = None) -> Any:
    if axis is None:
        axis = tuple(i for i in range(1, x.ndim) if x.shape[i] == 1)
        return (x, axis)
    return (x, shift(axis))


def _widened(x: Any, shape: Any) -> Any:
    shape = _sizes(shape)
    missing = len(shape) + 1 - x.ndim
    if missing < 0:
        return None
    return (x.reshape((x.shape[0],) + (1,) * missing + x.shape[1:]), (x.shape[0], *shape))


def _tri(x: Any, k: Any = 0) -> Any:
    return (x, k) if x.ndim > 2 else None


def _simple(index: Any) -> bool:
    """Whether an index may have a whole slice put before it: basic, or with one array alone."""
    parts = index if isinstance(index, tuple) else (index,)
    arrays = [p for p in parts if isinstance(p, (np.ndarray, list))]
    numbers = [p for p in parts if isinstance(p, (int, np.integer)) or p is True or p is False]
    plain = all(isinstance(p, (int, np.integer, slice, np.ndarray, list)) or p is None or p is Ellipsis for p in parts)
    return plain and (not arrays or (len(arrays) == 1 and not numbers)) and not any(isinstance(p, bool) for p in parts)


def _behind(index: Any) -> tuple[Any, ...]:
    return (slice(None), *(index if isinstance(index, tuple) else (index,)))


def _rows(index: Any, batch: Batch) -> Any:
    """For an index that is one integer array of the batch: the index of all examples at once."""
    if isinstance(index, tuple) and len(index) == 1:
        (index,) = index
    if not isinstance(index, Batched) or not batch.mine(index) or index.dtype.kind not in "iu":
        return None
    inside = index._value
    return (np.arange(batch.size).reshape((batch.size,) + (1,) * (inside.ndim - 1)), inside)


def _getitem(op: Op, values: list[Any], batch: Batch) -> Any:
    x, index = values
    if not batch.has(index):
        return call(op, [x._value, _behind(index)]) if _simple(index) else None
    rows = _rows(index, batch)
    if rows is None or not x.ndim:
        return None
    return call(op, [x._value, _plain_index(rows)] if batch.mine(x) else [x, _plain_index(rows[1])])


def _plain_index(index: Any) -> Any:
    """The index without constant Tensors."""
    return mapped(lambda v: v._data, index)


def _scatter_add(op: Op, values: list[Any], batch: Batch) -> Any:
    g, index, shape = values
    if not batch.has(index):
        return call(op, [batch.whole(g), _behind(index), (batch.size, *shape)]) if _simple(index) else None
    rows = _rows(index, batch)
    if rows is None or not shape:
        return None
    return call(op, [batch.whole(g), _plain_index(rows), (batch.size, *shape)])


def _setitem(op: Op, values: list[Any], batch: Batch) -> Any:
    x, value, index = values
    if batch.has(index) or not _simple(index):
        return None
    place = np.empty(x.shape)[index].shape
    value = value if isinstance(value, Variable) else np.asarray(value)
    missing = len(place) - value.ndim  # type: ignore[union-attr]
    if missing < 0:
        return None
    whole = batch.whole(value)
    whole = whole.reshape((batch.size,) + (1,) * missing + tuple(whole.shape[1:]))
    return call(op, [batch.whole(x), whole, _behind(index)])


def _aligned_with_settings(op: Op, values: list[Any], batch: Batch) -> Any:
    """Ops that broadcast over all their arguments, constant ones too."""
    return call(op, batch.aligned(values))


def _joined(op: Op, values: list[Any], batch: Batch) -> Any:
    arrays, axis = values[0], values[1]
    if axis is None:
        wholes = [batch.whole(a) for a in arrays]
        return call(op, [tuple(w.reshape((batch.size, -1)) for w in wholes), 1, *values[2:]])
    return call(op, [tuple(batch.whole(a) for a in arrays), shift(axis), *values[2:]])


def _matmul(op: Op, values: list[Any], batch: Batch) -> Any:
    x, y = (v if isinstance(v, Variable) else np.asarray(v) for v in values)
    if y.ndim == 2 and x.ndim == 1 and not batch.mine(y):  # type: ignore[union-attr]
        return ops.matmul(batch.open(x), y)  # many vectors with one matrix: one product of matrices
    if x.ndim == 2 and y.ndim == 1 and not batch.mine(x):  # type: ignore[union-attr]
        return ops.matmul(batch.open(y), ops.swapaxes(x, 0, 1))
    row, column = x.ndim == 1, y.ndim == 1  # type: ignore[union-attr]
    if not x.ndim or not y.ndim:  # type: ignore[union-attr]
        return None
    a, b = batch.open(x), batch.open(y)
    a = ops.expand_dims(a, -2) if row else a
    b = ops.expand_dims(b, -1) if column else b
    ranks = [(a.ndim - batch.mine(x)), (b.ndim - batch.mine(y))]
    rank = max(ranks)
    if batch.mine(x) and ranks[0] < rank:
        a = a.reshape((batch.size,) + (1,) * (rank - ranks[0]) + a.shape[1:])
    if batch.mine(y) and ranks[1] < rank:
        b = b.reshape((batch.size,) + (1,) * (rank - ranks[1]) + b.shape[1:])
    out = ops.matmul(a, b)
    shape = list(out.shape)
    if column:
        del shape[-1]
    if row:
        del shape[-1 if column else -2]
    return out.reshape(tuple(shape))


def _linear(op: Op, values: list[Any], batch: Batch) -> Any:
    return call(op, [values[0]._value, *values[1:]]) if first_only(op, values, batch) and values[0].ndim else None


def _einsum(op: Op, values: list[Any], batch: Batch) -> Any:
    from autograd.ops.product import explicit

    arrays = [v if isinstance(v, Variable) else np.asarray(v) for v in values[0]]
    if batch.has(values[1:]):
        return None
    terms, result = explicit(values[1], [a.ndim for a in arrays])  # type: ignore[union-attr]
    used = "".join(terms) + result
    free = next((c for c in string.ascii_letters if c not in used), "")
    if not free:
        return None
    terms = [free + t if batch.mine(a) else t for t, a in zip(terms, arrays, strict=True)]
    return call(op, [tuple(batch.open(a) for a in arrays), ",".join(terms) + "->" + free + result, *values[2:]])


def _direct(op: Op, values: list[Any], batch: Batch) -> Any:
    """Ops that treat every element, or the last axis, by itself."""
    return call(op, [values[0]._value, *values[1:]]) if first_only(op, values, batch) else None


def _ravel(op: Op, values: list[Any], batch: Batch) -> Any:
    return ops.reshape(values[0]._value, (batch.size, -1)) if values[1:] in ([], ["C"]) else None


def _last_axis(op: Op, values: list[Any], batch: Batch) -> Any:
    return _direct(op, values, batch) if values[0].ndim else None


rules |= {
    "reshape": _on_first(lambda x, shape, order="C", *_: (x, (x.shape[0], *_sizes(shape))) if order == "C" else None),
    "ravel": _ravel,
    "transpose": _on_first(lambda x, axes=None: (x, (0, *_axes(axes, x)))),
    "swapaxes": _on_first(lambda x, a, b: (x, shift(a), shift(b))),
    "moveaxis": _on_first(lambda x, a, b: (x, shift(a), shift(b))),
    "expand_dims": _on_first(lambda x, axis: (x, shift(axis))),
    "squeeze": _on_first(_squeezed),
    "broadcast_to": _on_first(_widened),
    "flip": _on_first(lambda x, axis=None: (x, tuple(range(1, x.ndim)) if axis is None else shift(axis))),
    "tril": _on_first(_tri),
    "triu": _on_first(_tri),
    "astype": _direct,
    "copy": _direct,
    "real": _direct,
    "imag": _direct,
    "gelu": _direct,
    "gelu_tanh_slope": _direct,
    "normal_cdf": _direct,
    "softmax": lambda op, values, batch: along(op, values, batch),
    "log_softmax": lambda op, values, batch: along(op, values, batch),
    "layer_norm": _last_axis,
    "rms_norm": _last_axis,
    "linear": _linear,
    "getitem": _getitem,
    "scatter_add": _scatter_add,
    "setitem": _setitem,
    "where": _aligned_with_settings,
    "clip": _aligned_with_settings,
    "concatenate": _joined,
    "stack": _joined,
    "matmul": _matmul,
    "einsum": _einsum,
}
