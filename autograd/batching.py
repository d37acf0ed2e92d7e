"""How ops go through a whole batch at once: what `vmap` does with each of them.

An op's declaration says how (`elementwise`, or `batch`: "leading", "axis", "axis-flat", or a function); for those that
need a word of their own, `rules` has it. All others run an example at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import ops, tree
from autograd.arguments import refuse, variables
from autograd.calls import adopt_lifted
from autograd.graph import Variable, ticks
from autograd.levels import Batched, Level, LevelNode, Lifted, lift
from autograd.op import Declared, Op
from autograd.primitive import numpy_functions
from autograd.state import GradError, state


def _key(v: Any) -> tuple[int, bool]:
    return (v._level, isinstance(v, Lifted)) if isinstance(v, Level) else (0, True)


def mapped(f: Callable[[Any], Any], x: Any) -> Any:
    """`x` with f of every Tensor in it, inside lists, tuples, dicts and slices too."""
    if isinstance(x, Variable):
        return f(x)
    if type(x) in (list, tuple):
        return type(x)([mapped(f, v) for v in x])
    if isinstance(x, dict):
        return {k: mapped(f, v) for k, v in x.items()}
    if isinstance(x, slice):
        return slice(mapped(f, x.start), mapped(f, x.stop), mapped(f, x.step))
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
    inside = mapped(opened, values)
    result = call(op, inside)
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


def call(op: Any, values: list[Any]) -> Any:
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
    batch = Batch(mine, size)
    rule = _rule(op)
    result = None
    if rule is not None:
        result = rule(op, values, batch)
    if result is None:
        result = _one_by_one(op, values, batch)
    return _close(result, level)


def _close(result: Any, level: int) -> Any:
    return tree.rebuild(result, lambda r: Batched.of(r, level))


class Batch:
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

        return mapped(one, x)

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


def _one_by_one(op: Any, values: list[Any], batch: Batch) -> Any:
    """Example after example: right for every op, quick for none."""
    return _stacked([call(op, batch.example(values, i)) for i in range(batch.size)])


def _stacked(results: list[Any]) -> Any:
    if isinstance(results[0], (list, tuple)):  # of a function with several results
        return tree.like(results[0], [_stacked(list(r)) for r in zip(*map(tree.leaves, results), strict=True)])
    if len({np.shape(r) if not isinstance(r, Variable) else r.shape for r in results}) > 1:  # type: ignore[attr-defined]
        raise GradError("inside vmap the results of one op have different shapes in different examples")
    if any(isinstance(r, Variable) for r in results):
        return ops.stack(results, 0)
    return np.stack(results, 0)


Rule = Callable[[Any, list[Any], Batch], Any]  # the result with the batch in front, or None: one by one


def _rule(op: Any) -> Rule | None:
    if isinstance(op, Op):
        if callable(op.batch):
            rule: Rule = op.batch
            return rule
        return rules.get(op.name) or (_elementwise if op.elementwise else _BY_KIND.get(op.batch))
    return _constant_elementwise if isinstance(op, np.ufunc) and op.signature is None else None


def _settings_are_plain(op: Op, values: list[Any], batch: Batch) -> bool:
    return not any(batch.has(v) for i, v in enumerate(values) if i not in op.positions)


def _elementwise(op: Op, values: list[Any], batch: Batch) -> Any:
    if not _settings_are_plain(op, values, batch):
        return None
    aligned = batch.aligned([values[i] for i in op.positions])
    given = list(values)
    for i, a in zip(op.positions, aligned, strict=True):
        given[i] = a
    return call(op, given)


def _constant_elementwise(f: Any, values: list[Any], batch: Batch) -> Any:
    args, kwargs = values
    return None if batch.has(kwargs) else call(f, [batch.aligned(list(args)), kwargs])


def _leading(op: Op, values: list[Any], batch: Batch) -> Any:
    """Ops on the last axes, to which a batch is one more axis of a stack."""
    if not _settings_are_plain(op, values, batch):
        return None
    arrays = [values[i] for i in op.positions if values[i] is not None]
    if len({a.ndim if isinstance(a, Variable) else np.ndim(a) for a in arrays}) > 1:  # type: ignore[attr-defined]
        return None
    given = list(values)
    for i in op.positions:
        given[i] = None if values[i] is None else batch.whole(values[i])
    return call(op, given)


def first_only(op: Op, values: list[Any], batch: Batch) -> bool:
    return isinstance(values[0], Variable) and batch.mine(values[0]) and not batch.has(values[1:])


def shift(axis: Any) -> Any:
    """An axis of the example as one of the batch; counted from the end it stays."""
    if isinstance(axis, (tuple, list)):
        return tuple(shift(a) for a in axis)
    return axis + 1 if axis >= 0 else axis


def along(op: Op, values: list[Any], batch: Batch, flat: bool = False) -> Any:
    """Ops with a parameter `axis`; None is all axes, or, where `flat`, the array flattened."""
    names = dict(zip(op.names, values, strict=True))
    if not first_only(op, values, batch) or names.get("where", True) is not True:
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
        axis = shift(axis)
    return call(op, [x, *(axis if n == "axis" else v for n, v in list(names.items())[1:])])


_BY_KIND: dict[Any, Rule] = {
    "axis": along,
    "axis-flat": lambda op, values, batch: along(op, values, batch, flat=True),
    "leading": _leading,
}


rules: dict[str, Rule] = {}  # by the op's name
adopt_lifted(_handle)
