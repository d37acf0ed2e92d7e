"""What stands inside `vmap` in the place of a Tensor, and how ops go through a whole batch at once.

Every `vmap` has a level, the outermost 1. Of level n there are `Batched`, which looks like one example and holds all
of them along a first axis, and `Lifted`, a value that a derivative taken inside that `vmap` tracks. Neither has an
array of its own, so an op's ordinary call fails on them and comes here, at no cost to all other calls.

Of an op's arguments the innermost decide: those of the highest level, Lifted before Batched. They are opened, all
others are constants to them, and the op is called again on what was inside.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import ops
from autograd.calls import adopt_lifted, refuse, variables
from autograd.graph import GradError, Node, Variable, state, ticks
from autograd.op import Declared, Op, adopt_levels
from autograd.primitive import numpy_functions, wrap
from autograd.tensor import Tensor


class NoValues(GradError, AttributeError):
    """Inside `vmap` a value was asked for, and a tensor there stands for a whole batch of them."""


class Level(Tensor):
    """A Tensor of one level of `vmap`."""

    __slots__ = ("_value", "_level")

    _value: Any
    _level: int

    def __getattr__(self, name: str) -> Any:
        if name == "_data":
            raise NoValues(
                "inside vmap a tensor stands for a whole batch: it has no values to be read, converted, printed or "
                "decided upon (if, while, float(), .data), and cannot be written. Use np.where instead of if, and "
                "functions of NumPy's that give new arrays"
            )
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    @property
    def dtype(self) -> np.dtype[Any]:
        dtype: np.dtype[Any] = self._value.dtype
        return dtype

    def detach(self) -> Any:
        value = self._value
        return type(self).of(value.detach() if isinstance(value, Tensor) else value, self._level)

    @classmethod
    def of(cls, value: Any, level: int) -> Any:
        """The constant of this kind around `value`."""
        made = cls.__new__(cls)
        made._value = value
        made._level = level
        made._node = None
        made._grad = None
        return made


class Batched(Level):
    """One example, as it seems; the whole batch along the first axis of `_value`."""

    __slots__ = ()

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self._value.shape[1:])

    def __repr__(self) -> str:
        return f"Batched({self._value.shape[0]} of {self.dtype}{list(self.shape)}, level {self._level})"


class Lifted(Level):
    """A value that a derivative inside a `vmap` tracks."""

    __slots__ = ()

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self._value.shape)

    def detach(self) -> Any:
        return self._value if isinstance(self._value, Variable) else wrap(self._value)

    def __repr__(self) -> str:
        return f"Lifted({self._value!r}, level {self._level})"


class LevelNode(Node):
    """A node of a graph inside `vmap`."""

    __slots__ = ("level",)


def lift(data: Any, node: Node | None, level: int) -> Any:
    """`data`, tracked by `node` at `level`; a new leaf where there is no node."""
    made = Lifted.of(data, level)
    if node is None:
        leaf = LevelNode.leaf(made)
        leaf.level = level  # type: ignore[attr-defined]
        node = leaf
    made._node = node
    return made


def _key(v: Any) -> tuple[int, bool]:
    return (v._level, isinstance(v, Lifted)) if isinstance(v, Level) else (0, True)


def _map(f: Callable[[Any], Any], x: Any) -> Any:
    """`x` with f of every Tensor in it, inside lists, tuples, dicts and slices too."""
    if isinstance(x, Variable):
        return f(x)
    if type(x) in (list, tuple):
        return type(x)([_map(f, v) for v in x])
    if isinstance(x, dict):
        return {k: _map(f, v) for k, v in x.items()}
    if isinstance(x, slice):
        return slice(_map(f, x.start), _map(f, x.stop), _map(f, x.step))
    return x


def _handle(op: Any, values: list[Any]) -> Any:
    """Call `op` (an Op on its values in order, or a function on [args, kwargs]) on what may be of any level."""
    level, tracked = max(map(_key, variables(values)))
    kind = Lifted if tracked else Batched

    def mine(v: Any) -> bool:
        return isinstance(v, kind) and v._level == level

    def opened(v: Any) -> Any:
        return v._value if mine(v) else v

    if not tracked:
        return _batched(op, values, mine, level)
    if isinstance(op, Declared) and not isinstance(op, Op):
        raise
    inside = _map(opened, values)
    result = _call(op, inside)
    now = state.get()
    if not isinstance(op, Op) or not now.recording:
        return result
    given = values[op.positions[0]] if op.variadic else [values[i] for i in op.positions]
    parents = tuple(v._node if isinstance(v, Variable) and mine(v) else None for v in given)
    if all(p is None for p in parents):
        return result
    return _record(op, result, inside, parents, level, now.scope)


def _record(op: Op, result: Any, inside: list[Any], parents: tuple[Any, ...], level: int, scope: Any) -> Any:
    """As `calls.record`, for a graph inside `vmap`. All arguments are kept."""
    if op.variadic:
        inside[op.positions[0]] = tuple(_array(v) for v in inside[op.positions[0]])
    else:
        for i in op.positions:
            inside[i] = None if inside[i] is None else _array(inside[i])
    node = LevelNode.__new__(LevelNode)
    node.level = level  # type: ignore[attr-defined]
    node.seq = next(ticks)
    node.op = op
    node.parents = parents
    node.args = tuple(inside)
    node.out = result
    node.shape = tuple(result.shape)
    node.dtype = result.dtype
    node.scope = scope
    node.name = None
    return lift(result, node, level)


def _array(v: Any) -> Any:
    """A constant as a rule may meet it; a caller's array is copied, as he may write into it."""
    if isinstance(v, Variable) or type(v) in (int, float, complex, bool):
        return v
    return np.array(v) if isinstance(v, np.ndarray) else np.asarray(v)


def _call(op: Any, values: list[Any]) -> Any:
    """`op` on values of a lower level, or on bare arrays."""
    if isinstance(op, Op):
        if next(variables(values), None) is not None:
            return op.call(values)
        try:
            return op.forward(*values)
        except (ValueError, TypeError, IndexError) as error:
            raise refuse(op.name, op.names, tuple(values), error) from None
    args, kwargs = values
    function = op.function if isinstance(op, Declared) else numpy_functions.get(op, op)
    return function(*args, **kwargs)


# ---------------------------------------------------------------------- a whole batch at once
def _batched(op: Any, values: list[Any], mine: Callable[[Any], bool], level: int) -> Any:
    first: Any = next(v for v in variables(values) if mine(v))
    size = first._value.shape[0]
    batch = _Batch(mine, size)
    rule = _rule(op)
    result = None
    if rule is not None:
        result = rule(op, values, batch)
    if result is None:
        result = _one_by_one(op, values, batch)
    return _close(result, level)


def _close(result: Any, level: int) -> Any:
    if type(result) in (list, tuple):
        return type(result)([_close(r, level) for r in result])
    return Batched.of(result, level)


class _Batch:
    """The batch that is being worked on: which values belong to it, and how to see them."""

    def __init__(self, mine: Callable[[Any], bool], size: int) -> None:
        self.mine = mine
        self.size = size

    def has(self, x: Any) -> bool:
        """Whether a value of this batch is in `x`."""
        return any(self.mine(v) for v in variables(x))

    def open(self, x: Any) -> Any:
        """`x` with its batch along the first axis, if it has one."""
        return x._value if self.mine(x) else x

    def example(self, x: Any, i: int) -> Any:
        """`x` as it is in the i-th example."""

        def one(v: Any) -> Any:
            return v._value[i] if self.mine(v) else v

        return _map(one, x)

    def aligned(self, arrays: list[Any]) -> list[Any]:
        """The arrays, with axes of size one behind the batch, so that they broadcast example by example."""
        rank = max(np.ndim(a) if not isinstance(a, Variable) else a.ndim for a in arrays if a is not None)  # type: ignore[attr-defined]
        found = []
        for a in arrays:
            if isinstance(a, Variable) and self.mine(a):
                value = a._value  # type: ignore[attr-defined]
                missing = rank + 1 - value.ndim
                found.append(value.reshape((self.size,) + (1,) * missing + value.shape[1:]) if missing else value)
            else:
                found.append(a)
        return found

    def whole(self, x: Any) -> Any:
        """`x` with a batch: repeated if it has none."""
        if isinstance(x, Variable) and self.mine(x):
            return x._value  # type: ignore[attr-defined]
        x = x if isinstance(x, Variable) else np.asarray(x)
        return ops.broadcast_to(x, (self.size, *x.shape))


def _one_by_one(op: Any, values: list[Any], batch: _Batch) -> Any:
    """Example after example: right for every op, quick for none."""
    return _stacked([_call(op, batch.example(values, i)) for i in range(batch.size)])


def _stacked(results: list[Any]) -> Any:
    if type(results[0]) in (list, tuple):
        return type(results[0])([_stacked(list(r)) for r in zip(*results, strict=True)])
    if len({np.shape(r) if not isinstance(r, Variable) else r.shape for r in results}) > 1:  # type: ignore[attr-defined]
        raise GradError("inside vmap the results of one op have different shapes in different examples")
    if any(isinstance(r, Variable) for r in results):
        return ops.stack(results, 0)
    return np.stack(results, 0)


_Rule = Callable[[Any, list[Any], _Batch], Any]  # the result with the batch in front, or None: one by one


def _rule(op: Any) -> _Rule | None:
    if isinstance(op, Op):
        if callable(op.batch):
            rule: _Rule = op.batch
            return rule
        return _RULES.get(op.name) or (_elementwise if op.elementwise else _BY_KIND.get(op.batch))
    return _constant_elementwise if isinstance(op, np.ufunc) and op.signature is None else None


def _settings_are_plain(op: Op, values: list[Any], batch: _Batch) -> bool:
    return not any(batch.has(v) for i, v in enumerate(values) if i not in op.positions)


def _elementwise(op: Op, values: list[Any], batch: _Batch) -> Any:
    if not _settings_are_plain(op, values, batch):
        return None
    aligned = batch.aligned([values[i] for i in op.positions])
    given = list(values)
    for i, a in zip(op.positions, aligned, strict=True):
        given[i] = a
    return _call(op, given)


def _constant_elementwise(f: Any, values: list[Any], batch: _Batch) -> Any:
    args, kwargs = values
    return None if batch.has(kwargs) else _call(f, [batch.aligned(list(args)), kwargs])


def _leading(op: Op, values: list[Any], batch: _Batch) -> Any:
    """Ops on the last axes, to which a batch is one more axis of a stack."""
    if not _settings_are_plain(op, values, batch):
        return None
    arrays = [values[i] for i in op.positions if values[i] is not None]
    if len({a.ndim if isinstance(a, Variable) else np.ndim(a) for a in arrays}) > 1:  # type: ignore[attr-defined]
        return None
    given = list(values)
    for i in op.positions:
        given[i] = None if values[i] is None else batch.whole(values[i])
    return _call(op, given)


def _first_only(op: Op, values: list[Any], batch: _Batch) -> bool:
    return isinstance(values[0], Variable) and batch.mine(values[0]) and not batch.has(values[1:])


def _shift(axis: Any) -> Any:
    """An axis of the example as one of the batch; counted from the end it stays."""
    if isinstance(axis, (tuple, list)):
        return tuple(_shift(a) for a in axis)
    return axis + 1 if axis >= 0 else axis


def _along(op: Op, values: list[Any], batch: _Batch, flat: bool = False) -> Any:
    """Ops with a parameter `axis`; None is all axes, or, where `flat`, the array flattened."""
    names = dict(zip(op.names, values, strict=True))
    if not _first_only(op, values, batch) or names.get("where", True) is not True:
        return None
    x, axis = values[0]._value, names["axis"]
    if axis is None and flat:
        x, axis = x.reshape((batch.size, -1)), 1
    elif axis is None:
        axis = tuple(range(1, x.ndim))
    else:
        try:
            rank = x.ndim - 1
            given = axis if isinstance(axis, (tuple, list)) else (axis,)
            if any(not -rank <= a < rank for a in given):
                return None  # the error is raised with the example's own shape
        except TypeError:
            return None
        axis = _shift(axis)
    return _call(op, [x, *(axis if n == "axis" else v for n, v in list(names.items())[1:])])


_BY_KIND: dict[Any, _Rule] = {
    "axis": _along,
    "axis-flat": lambda op, values, batch: _along(op, values, batch, flat=True),
    "leading": _leading,
}


# ---------------------------------------------------------------------- ops that need a word of their own
def _on_first(change: Callable[..., Any]) -> _Rule:
    """A rule for ops of which only the first argument has a batch: `change(x, *settings)` gives the new arguments."""

    def rule(op: Op, values: list[Any], batch: _Batch) -> Any:
        if not _first_only(op, values, batch):
            return None
        new = change(values[0]._value, *values[1:])
        return None if new is None else _call(op, [*new, *values[len(new) :]])

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
    return (x, _shift(axis))


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


def _rows(index: Any, batch: _Batch) -> Any:
    """For an index that is one integer array of the batch: the index of all examples at once."""
    if isinstance(index, tuple) and len(index) == 1:
        (index,) = index
    if not isinstance(index, Batched) or not batch.mine(index) or index.dtype.kind not in "iu":
        return None
    inside = index._value
    return (np.arange(batch.size).reshape((batch.size,) + (1,) * (inside.ndim - 1)), inside)


def _getitem(op: Op, values: list[Any], batch: _Batch) -> Any:
    x, index = values
    if not batch.has(index):
        return _call(op, [x._value, _behind(index)]) if _simple(index) else None
    rows = _rows(index, batch)
    if rows is None or not x.ndim:
        return None
    return _call(op, [x._value, _plain_index(rows)] if batch.mine(x) else [x, _plain_index(rows[1])])


def _plain_index(index: Any) -> Any:
    """The index without constant Tensors."""
    return _map(lambda v: v._data, index)


def _scatter_add(op: Op, values: list[Any], batch: _Batch) -> Any:
    g, index, shape = values
    if not batch.has(index):
        return _call(op, [batch.whole(g), _behind(index), (batch.size, *shape)]) if _simple(index) else None
    rows = _rows(index, batch)
    if rows is None or not shape:
        return None
    return _call(op, [batch.whole(g), _plain_index(rows), (batch.size, *shape)])


def _setitem(op: Op, values: list[Any], batch: _Batch) -> Any:
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
    return _call(op, [batch.whole(x), whole, _behind(index)])


def _aligned_with_settings(op: Op, values: list[Any], batch: _Batch) -> Any:
    """Ops that broadcast over all their arguments, constant ones too."""
    return _call(op, batch.aligned(values))


def _joined(op: Op, values: list[Any], batch: _Batch) -> Any:
    arrays, axis = values[0], values[1]
    if axis is None:
        wholes = [batch.whole(a) for a in arrays]
        return _call(op, [tuple(w.reshape((batch.size, -1)) for w in wholes), 1, *values[2:]])
    return _call(op, [tuple(batch.whole(a) for a in arrays), _shift(axis), *values[2:]])


def _matmul(op: Op, values: list[Any], batch: _Batch) -> Any:
    x, y = (v if isinstance(v, Variable) else np.asarray(v) for v in values)
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


def _linear(op: Op, values: list[Any], batch: _Batch) -> Any:
    return _call(op, [values[0]._value, *values[1:]]) if _first_only(op, values, batch) and values[0].ndim else None


def _einsum(op: Op, values: list[Any], batch: _Batch) -> Any:
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
    return _call(op, [tuple(batch.open(a) for a in arrays), ",".join(terms) + "->" + free + result, *values[2:]])


def _direct(op: Op, values: list[Any], batch: _Batch) -> Any:
    """Ops that treat every element, or the last axis, by itself."""
    return _call(op, [values[0]._value, *values[1:]]) if _first_only(op, values, batch) else None


def _ravel(op: Op, values: list[Any], batch: _Batch) -> Any:
    return ops.reshape(values[0]._value, (batch.size, -1)) if values[1:] in ([], ["C"]) else None


def _last_axis(op: Op, values: list[Any], batch: _Batch) -> Any:
    return _direct(op, values, batch) if values[0].ndim else None


_RULES: dict[str, _Rule] = {
    "reshape": _on_first(lambda x, shape, order="C", *_: (x, (x.shape[0], *_sizes(shape))) if order == "C" else None),
    "ravel": _ravel,
    "transpose": _on_first(lambda x, axes=None: (x, (0, *_axes(axes, x)))),
    "swapaxes": _on_first(lambda x, a, b: (x, _shift(a), _shift(b))),
    "moveaxis": _on_first(lambda x, a, b: (x, _shift(a), _shift(b))),
    "expand_dims": _on_first(lambda x, axis: (x, _shift(axis))),
    "squeeze": _on_first(_squeezed),
    "broadcast_to": _on_first(_widened),
    "flip": _on_first(lambda x, axis=None: (x, tuple(range(1, x.ndim)) if axis is None else _shift(axis))),
    "tril": _on_first(_tri),
    "triu": _on_first(_tri),
    "astype": _direct,
    "copy": _direct,
    "real": _direct,
    "imag": _direct,
    "gelu": _direct,
    "gelu_tanh_slope": _direct,
    "normal_cdf": _direct,
    "softmax": lambda op, values, batch: _along(op, values, batch),
    "log_softmax": lambda op, values, batch: _along(op, values, batch),
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

adopt_lifted(_handle)
adopt_levels(lift)
