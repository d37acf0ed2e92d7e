"""What happens when an op is called: find the Tensors, compute, and record a node if a gradient is asked for.

This is the engine's hot path. One and two arguments that broadcast have functions of their own; all else is `general`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.graph import Node, Variable, state, ticks
from autograd.op import Like, Op, wrap

_get_state = state.get
_new_node = Node.__new__
_SCALARS = frozenset({int, float, complex, bool})
_REFUSED = (ValueError, TypeError, IndexError)


def unary(op: Op, ufunc: Any) -> Callable[..., Any]:
    forward = op.forward
    (keep,), keep_out = op.plan(1)

    def apply(x: Any, /, **kwargs: Any) -> Any:
        if not isinstance(x, Variable):
            return ufunc(x, **kwargs)
        if kwargs:
            raise _keywords(op, kwargs)
        data = x._data
        node = x._node
        try:
            out = forward(data)
        except _REFUSED as error:
            raise refuse(op.name, op.names, (x,), error) from None
        if node is None or not (now := _get_state()).recording:
            return wrap(out)
        return _record(op, out, (data,) if keep == 1 else (node,), (node,), keep_out, now)

    return apply


def binary(op: Op, ufunc: Any) -> Callable[..., Any]:
    forward = op.forward
    plans = tuple(op.plan(mask) for mask in range(4))

    def apply(x: Any, y: Any, /, **kwargs: Any) -> Any:
        if isinstance(x, Variable):
            a, p = x._data, x._node
        else:
            a, p = _operand(x), None
        if isinstance(y, Variable):
            b, q = y._data, y._node
        else:
            b, q = _operand(y), None
            if p is None and not isinstance(x, Variable):
                return ufunc(x, y, **kwargs)
        if kwargs:
            raise _keywords(op, kwargs)
        try:
            out = forward(a, b)
        except _REFUSED as error:
            raise refuse(op.name, op.names, (x, y), error) from None
        if p is None:
            if q is None or not (now := _get_state()).recording:
                return wrap(out)
            (keep_x, keep_y), keep_out = plans[2]
            if keep_x and not isinstance(x, Variable):
                a = _frozen(a)
        elif not (now := _get_state()).recording:
            return wrap(out)
        elif q is None:
            (keep_x, keep_y), keep_out = plans[1]
            if keep_y and not isinstance(y, Variable):
                b = _frozen(b)
        else:
            (keep_x, keep_y), keep_out = plans[3]
        return _record(op, out, (a if keep_x else None, b if keep_y else None), (p, q), keep_out, now)

    return apply


def general(op: Op) -> Callable[..., Any]:
    forward, positions, names = op.forward, op.positions, op.names
    full = len(names)
    is_array = [i in positions for i in range(full)]

    def apply(*args: Any, **kwargs: Any) -> Any:
        values = list(args) if len(args) == full and not kwargs else _bind(op, args, kwargs)
        given: Any = values[positions[0]] if op.variadic else [values[i] for i in positions]
        try:
            tensors = [isinstance(v, Variable) for v in given]
        except TypeError:
            raise TypeError(f"{op.name} needs a sequence of arrays, got {_describe(given)}") from None
        if not any(tensors):
            if op.variadic:
                values = [given if i in positions else plain(v) for i, v in enumerate(values)]
            else:
                values = [
                    np.asarray(v) if type(v) in (list, tuple) and is_array[i] else plain(v)
                    for i, v in enumerate(values)
                ]
            return forward(*values)
        parents = tuple([v._node if t else None for v, t in zip(given, tensors, strict=True)])
        data = [v._data if t else v if v is None else _operand(v) for v, t in zip(given, tensors, strict=True)]
        for i in range(full):
            if not is_array[i]:
                values[i] = _setting(op, names[i], values[i])
        if op.variadic:
            values[positions[0]] = tuple(data)
        else:
            for i, v in zip(positions, data, strict=True):
                values[i] = v
        try:
            out = forward(*values)
        except _REFUSED as error:
            raise refuse(op.name, names, tuple(values), error) from None
        mask = 0
        for i, p in enumerate(parents):
            mask |= (p is not None) << i
        if not mask or not (now := _get_state()).recording:
            return wrap(out)
        how, keep_out = op.plan(1 if op.variadic else mask)
        for i in range(full):
            if not is_array[i]:
                values[i] = _frozen(values[i])
        if op.variadic:
            values[positions[0]] = tuple(
                _kept(how[positions[0]], *one) for one in zip(data, parents, tensors, strict=True)
            )
        else:
            for i, p, t in zip(positions, parents, tensors, strict=True):
                values[i] = _kept(how[i], values[i], p, t)
        return _record(op, out, tuple(values), parents, keep_out, now)

    return apply


def _record(op: Op, out: Any, args: tuple[Any, ...], parents: tuple[Node | None, ...], keep_out: bool, now: Any) -> Any:
    node = _new_node(Node)
    node.seq = next(ticks)
    node.op = op
    node.parents = parents
    node.args = args
    node.out = out if keep_out else None
    node.shape = out.shape
    node.dtype = out.dtype
    node.scope = now.scope
    node.name = None
    return wrap(out, node)


def _bind(op: Op, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """The arguments in the order of the op's parameters, defaults filled in."""
    names = op.names
    if len(args) > len(names):
        raise TypeError(f"{op.name} takes at most {len(names)} arguments ({', '.join(names)}), got {len(args)}")
    values = [*args, *op.defaults[len(args) :]]
    for key, value in kwargs.items():
        if key not in names:
            raise TypeError(f"{op.name} has no argument '{key}' on Tensors; it takes {', '.join(names)}")
        i = names.index(key)
        if i < len(args):
            raise TypeError(f"{op.name} got '{key}' twice")
        values[i] = value
    for key, value in zip(names, values, strict=True):
        if value is inspect.Parameter.empty:
            raise TypeError(f"{op.name} needs the argument '{key}'")
    return values


def _kept(how: int, value: Any, parent: Node | None, tensor: bool) -> Any:
    """What the graph keeps of an argument: all, its shape and dtype, or nothing."""
    if how == 1:
        return value if tensor else _frozen(value)
    if how == 0 or value is None:
        return None
    return parent if parent is not None else Like(np.shape(value), np.asarray(value).dtype)


def _frozen(x: Any) -> Any:
    """A copy of a caller's array (or list of them) that a rule will need later: the caller may write into it."""
    if isinstance(x, np.ndarray):
        return x.copy()
    return type(x)([_frozen(v) for v in x]) if type(x) in (list, tuple) else x


def _setting(op: Op, name: str, x: Any) -> Any:
    """The value of an argument that has no derivative; a Tensor that asks for one there would lose it silently."""
    if isinstance(x, Variable):
        if x._node is not None and _get_state().recording:
            raise TypeError(
                f"{op.name} has no derivative with respect to '{name}', which requires a gradient: pass its .data, "
                "or write the formula with ops that have one"
            )
        return x._data
    if type(x) in (list, tuple):
        return type(x)([_setting(op, name, v) for v in x])
    return x


def _operand(x: Any) -> Any:
    """A constant argument as NumPy takes it: Python's numbers stay as they are (weak), other things become arrays."""
    return x if type(x) in _SCALARS or isinstance(x, (np.ndarray, np.generic)) else np.asarray(x)


def operand(x: Any) -> Any:
    """`x` as something with a shape: a Tensor stays one, all else becomes an array."""
    return x if isinstance(x, (Variable, np.ndarray)) else np.asarray(x)


def plain(x: Any) -> Any:
    """`x` without Tensors: bare arrays, inside lists, tuples, dicts and slices too."""
    if isinstance(x, Variable):
        return x._data
    if isinstance(x, (list, tuple)) and not hasattr(x, "_fields"):
        return type(x)(plain(v) for v in x)
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    return x


def _keywords(op: Op, kwargs: dict[str, Any]) -> TypeError:
    return TypeError(
        f"{op.name}: {', '.join(kwargs)} cannot be used with Tensors; leave it out and assign or cast the result"
    )


def _describe(x: Any) -> str:
    if isinstance(x, (list, tuple)):
        return "[" + ", ".join(_describe(v) for v in x[:8]) + (", ..." if len(x) > 8 else "") + "]"
    x = plain(x)
    return f"{x.dtype}{list(x.shape)}" if isinstance(x, (np.ndarray, np.generic)) else repr(x)


def refuse(op: str, names: tuple[str, ...], args: tuple[Any, ...], error: Exception) -> Exception:
    """NumPy's complaint in its own exception class, with the op and its arguments named."""
    given = ", ".join(f"{n}={_describe(a)}" for n, a in zip(names, args, strict=False))
    message = f"{op}({given}): {error}"
    for kind in (np.exceptions.AxisError, np.linalg.LinAlgError, IndexError, TypeError, ValueError):
        if isinstance(error, kind):
            return kind(message)
    return error
