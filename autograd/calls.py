"""What happens when an op is called: find the Tensors, compute, and record a node if a gradient is asked for.

This is the engine's hot path. One and two arguments that broadcast have functions of their own; all else is `general`.
"""

from __future__ import annotations

import inspect
import sys
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import op as core
from autograd.arguments import (
    IDLE,
    SCALARS,
    bind,
    constant_operand,
    described,
    frozen,
    holds_tensor,
    lent,
    operand,
    plain,
    quick_binder,
    refuse,
    unknown,
    variables,
)
from autograd.graph import Node, Variable, scalar_dtypes, ticks
from autograd.op import Declared, Like, Op, store, table, wrap
from autograd.state import adopt_record, state

_get_state = state.get
_new = object.__new__
_REFUSED = (ValueError, TypeError, IndexError)
_SOLID = frozenset({int, float, complex, bool, str, slice, type(None), type(Ellipsis)})  # settings nobody can change


def unary(op: Op, ufunc: Any) -> Callable[..., Any]:
    forward = op.forward
    (keep,), keep_out = op.plan(1)

    def apply(x: Any, /, out: Any = None, **kwargs: Any) -> Any:
        if out is not None or kwargs:
            return with_keywords(op, ufunc, (x,), out, kwargs)
        if not isinstance(x, Variable):
            return ufunc(x)
        try:
            data = x._data
            result = forward(data)
        except _REFUSED as error:
            raise refuse(op.name, op.names, (x,), error) from None
        except AttributeError:
            return lifted(op, [x])
        node = x._node
        if node is None or not (now := _get_state()).recording:
            return wrap(result)
        return now.record(op, result, (data,) if keep == 1 else (node,), (node,), keep_out, now)

    op.call = lambda values: apply(*values)
    return apply


def binary(op: Op, ufunc: Any) -> Callable[..., Any]:
    forward = op.forward
    plans = tuple(op.plan(mask) for mask in range(4))

    def operate(x: Any, y: Any, /) -> Any:
        try:
            compute = forward
            if isinstance(x, Variable):
                a, p = x._data, x._node
            else:
                a, p = x if type(x) in SCALARS else constant_operand(x), None
                if type(x) is complex:  # its own operator would give a Python number with a NumPy scalar
                    compute = ufunc
            if isinstance(y, Variable):
                b, q = y._data, y._node
            else:
                b, q = y if type(y) in SCALARS else constant_operand(y), None
                if p is None and not isinstance(x, Variable):
                    return ufunc(x, y)
            result = compute(a, b)
        except _REFUSED as error:
            raise refuse(op.name, op.names, (x, y), error) from None
        except AttributeError:
            return lifted(op, [x, y])
        if p is None:
            if q is None or not (now := _get_state()).recording:
                return wrap(result)
            (keep_x, keep_y), keep_out = plans[2]
            if keep_x and isinstance(a, np.ndarray) and lent(x):
                a = a.copy()
        elif not (now := _get_state()).recording:
            return wrap(result)
        elif q is None:
            (keep_x, keep_y), keep_out = plans[1]
            if keep_y and isinstance(b, np.ndarray) and lent(y):
                b = b.copy()
        else:
            (keep_x, keep_y), keep_out = plans[3]
        return now.record(op, result, (a if keep_x else None, b if keep_y else None), (p, q), keep_out, now)

    def apply(x: Any, y: Any, /, out: Any = None, **kwargs: Any) -> Any:
        if out is not None or kwargs:
            return with_keywords(op, ufunc, (x, y), out, kwargs)
        return operate(x, y)

    apply.operate = operate  # type: ignore[attr-defined]  # what an operator is: no keywords to look for
    op.call = lambda values: operate(*values)
    return apply


def _one_array(op: Op, others: Callable[[list[Any]], Any]) -> Callable[[list[Any]], Any]:
    """The op on values in the order of its parameters, of which the first alone is an array; a Tensor goes quickly."""
    forward, names = op.forward, op.names
    (how, *_), keep_out = op.plan(1)

    def call(values: list[Any]) -> Any:
        x, *settings = values
        if not isinstance(x, Variable):
            return others(values)
        loose = False
        try:
            data = x._data
            for i, v in enumerate(settings):
                kind = type(v)
                if kind not in _SOLID and (kind is not tuple or not _SOLID.issuperset(map(type, v))):
                    settings[i], loose = _setting(op, names[i + 1], v), True
            result = forward(data, *settings)
        except _REFUSED as error:
            raise refuse(op.name, names, tuple(values), error) from None
        except AttributeError:
            return lifted(op, values)
        node = x._node
        if node is None or not (now := _get_state()).recording:
            made = wrap(result)
        else:
            kept = _kept(1, data, node, x) if how == 1 else node if how == 2 else None
            saved = [frozen(v) for v in settings] if loose else settings
            made = now.record(op, result, (kept, *saved), (node,), keep_out, now)
        if op.view and shares(result, data):
            note_view(made, x, op, [None, *settings])
        return made

    return call


def _has_tensor(given: Any, variadic: bool) -> bool:
    """Whether it is plain to see that `given`, an array or a sequence of arrays, is or begins with a Tensor."""
    if not variadic:
        return isinstance(given, Variable)
    return type(given) in (list, tuple) and len(given) > 0 and isinstance(given[0], Variable)


def general(op: Op) -> Callable[..., Any]:
    forward, positions, names = op.forward, op.positions, op.names
    quickly = quick_binder(op)
    full = len(names)
    is_array = [i in positions for i in range(full)]
    first = positions[0]
    loose = not op.variadic  # an argument may be None, one of a sequence of them not

    def of_several(values: list[Any]) -> Any:
        given: Any = values[first] if op.variadic else [values[i] for i in positions]
        try:
            tensors = [isinstance(v, Variable) for v in given]
        except TypeError:
            raise TypeError(f"{op.name} needs a sequence of arrays, got {described(given)}") from None
        original = values
        values = list(values)
        try:
            parents = tuple([v._node if t else None for v, t in zip(given, tensors, strict=True)])
            data = [
                v._data if t else v if v is None and loose else constant_operand(v)
                for v, t in zip(given, tensors, strict=True)
            ]
            for i in range(full):
                if not is_array[i]:
                    values[i] = _setting(op, names[i], values[i])
            if op.variadic:
                values[first] = tuple(data)
            else:
                for i, v in zip(positions, data, strict=True):
                    values[i] = v
            result = forward(*values)
        except _REFUSED as error:
            raise refuse(op.name, names, tuple(original), error) from None
        except AttributeError:
            return lifted(op, original)
        mask = 0
        for i, p in enumerate(parents):
            mask |= (p is not None) << i
        if not mask or not (now := _get_state()).recording:
            made = wrap(result)
        else:
            how, keep_out = op.plan(1 if op.variadic else mask)
            saved = list(values)
            for i in range(full):
                if not is_array[i]:
                    saved[i] = frozen(values[i])
            if op.variadic:
                saved[first] = tuple(_kept(how[first], *one) for one in zip(data, parents, given, strict=True))
            else:
                for i, p, v in zip(positions, parents, given, strict=True):
                    saved[i] = _kept(how[i], values[i], p, v)
            made = now.record(op, result, tuple(saved), parents, keep_out, now)
        if op.view and tensors[0] and shares(result, data[0]):
            note_view(made, given[0], op, values)
        return made

    call = _one_array(op, of_several) if positions == (0,) and not op.variadic else of_several

    def apply(*args: Any, **kwargs: Any) -> Any:
        if len(args) > first and _has_tensor(args[first], op.variadic):
            found = quickly(args, kwargs)
            if found is not None:
                return call(found)
        if op.numpy is None and len(args) == full and not kwargs:
            values, extras = list(args), None
        elif op.numpy is not None and not holds_tensor(args) and not (kwargs and holds_tensor(kwargs)):
            try:
                values, extras = bind(op, args, kwargs)
            except TypeError:
                return op.numpy(*args, **kwargs)
            if extras:
                return op.numpy(*args, **kwargs)
        else:
            values, extras = bind(op, args, kwargs)
        if extras:
            return _with_extras(op, call, values, extras, [names[i] for i in positions])
        given: Any = values[first] if op.variadic else [values[i] for i in positions]
        if not holds_tensor(given):
            for i in range(full):
                if not is_array[i] and holds_tensor(values[i]):
                    try:
                        values[i] = plain(values[i])
                    except AttributeError:  # inside vmap it stands for a batch
                        return call(values)
                elif is_array[i] and not op.variadic and type(values[i]) in (list, tuple):
                    values[i] = np.asarray(values[i])
            try:
                return forward(*values)
            except _REFUSED as error:
                raise refuse(op.name, names, tuple(values), error) from None
        return call(values)

    op.call = call
    return apply


def made_of_ops(declared: Declared) -> Callable[..., Any]:
    """The function of a composite: NumPy's own on plain arrays, ours where a Tensor is among the arguments."""
    ours = declared.function
    kinds = {p.kind for p in inspect.signature(ours).parameters.values()}
    loose = inspect.Parameter.VAR_POSITIONAL in kinds
    in_place = kinds <= {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY}
    quickly = quick_binder(declared)

    def call(values: list[Any]) -> Any:
        return ours(**dict(zip(declared.names, values, strict=True)))

    def apply(*args: Any, **kwargs: Any) -> Any:
        if in_place and args and isinstance(args[0], Variable):
            values = quickly(args, kwargs)
            if values is not None:
                try:
                    return ours(*values)
                except _REFUSED as error:
                    raise told(args, error) from None
                except AttributeError:
                    return lifted(declared, [args, kwargs])
        if declared.numpy is not None and not holds_tensor(args) and not (kwargs and holds_tensor(kwargs)):
            return declared.numpy(*args, **kwargs)
        try:
            if loose:
                return ours(*args, **kwargs)
            values, extras = bind(declared, args, kwargs)
            if extras:
                return _with_extras(declared, call, values, extras, declared.names[:1])
            return call(values)
        except _REFUSED as error:
            raise told(args, error) from None
        except AttributeError:
            return lifted(declared, [args, kwargs])

    def told(args: tuple[Any, ...], error: Exception) -> Exception:
        if str(error).startswith((declared.name + ":", declared.name + "(")):
            return error
        return refuse(declared.name, declared.names, args, error)

    return apply


def record(op: Op, out: Any, args: tuple[Any, ...], parents: tuple[Node | None, ...], keep_out: bool, now: Any) -> Any:
    """The Tensor of `out`, with a node that says how it was made: what an op does in the ordinary recording mode."""
    node = Node()
    node.seq = next(ticks)
    node.op = op
    node.parents = parents
    node.args = args
    node.out = out if keep_out else None
    dtype = scalar_dtypes.get(out.__class__)
    if dtype is None:
        node.shape = out.shape
        node.dtype = out.dtype
    else:  # a scalar: a look-up is quicker than to ask it
        node.shape = ()
        node.dtype = dtype
    node.scope = now.scope
    node.name = None
    kind = core.tensor  # as `wrap` does, without a call
    made = _new(kind)
    made._data = out
    made._node = node
    made._grad = None
    return made


adopt_record(record)


# ---------------------------------------------------------------------- views: what a write must also change
def shares(result: Any, data: Any) -> bool:
    """Whether `result` is a view of the memory of `data`."""
    base = getattr(result, "base", None)
    if result is data:
        return True
    if base is None or not isinstance(data, np.ndarray):
        return False
    # where strides are made by hand a stand-in is the base, and only the addresses tell
    return base is data or base is data.base or np.may_share_memory(result, data)


def note_view(view: Any, source: Any, op: Op, values: list[Any]) -> None:
    """Remember that the Tensor `view` shows part of the memory of the Tensor `source`, and how it came to."""
    root, chain = getattr(source, "_view", None) or (source, ())
    view._view = (root, (*chain, (op, [None, *values[1:]])))
    try:
        views = root._views
    except AttributeError:
        views = root._views = []
    views.append(weakref.ref(view))
    if len(views) & (len(views) - 1) == 0:  # at every power of two, let go of those that are gone
        views[:] = [ref for ref in views if ref() is not None]


# ---------------------------------------------------------------------- vmap: values that hold a whole batch
_lifted: list[Callable[[Any, list[Any]], Any]] = []


def adopt_lifted(handle: Callable[[Any, list[Any]], Any]) -> None:
    """Let `handle(op, values)` call ops on the values inside `vmap`, which have no array of their own."""
    _lifted[:] = [handle]


def lifted(op: Any, values: list[Any]) -> Any:
    """An op of which an argument had no array: inside `vmap`; else NumPy met something that is no array."""
    if not any(not hasattr(v, "_data") for v in variables(values)):
        raise _no_array(getattr(op, "name", None) or op.__name__) from None
    return _lifted[0](op, values)


def _no_array(name: str) -> TypeError:
    return TypeError(f"{name} needs arrays of numbers: {sys.exc_info()[1]}")


# ---------------------------------------------------------------------- keywords that every function of NumPy's takes


def with_keywords(op: Op, ufunc: Any, args: tuple[Any, ...], out: Any, kwargs: dict[str, Any]) -> Any:
    """A ufunc with `out`, `where`, `dtype` and their kin."""
    if not holds_tensor(args) and not holds_tensor((out, kwargs)):
        return ufunc(*args, **kwargs) if out is None else ufunc(*args, out=out, **kwargs)
    return _with_extras(op, lambda values: op.function(*values), list(args), {"out": out, **kwargs}, op.names)


def _with_extras(declared: Declared, call: Any, values: list[Any], extras: dict[str, Any], arrays: Any) -> Any:
    """Call with NumPy's general keywords: cast first (`dtype`), select (`where`), store last (`out`)."""
    given = {k: v for k, v in extras.items() if k not in IDLE or v is not IDLE[k]}
    out, where, dtype = given.pop("out", None), given.pop("where", True), given.pop("dtype", None)
    for key in ("casting", "order", "subok", "like"):
        if given.pop(key, IDLE[key]) not in (IDLE[key], "C", "A"):
            raise TypeError(f"{declared.name}: {key}={extras[key]!r} cannot be used with Tensors")
    if given:
        raise unknown(declared, next(iter(given)))
    if isinstance(out, tuple):
        (out,) = out
    if dtype is not None:
        for i, name in enumerate(declared.names):
            if name in arrays and values[i] is not None:
                values[i] = _cast(declared, values[i], dtype)
    result = call(values)
    if dtype is not None and result.dtype.kind in "biu" and np.dtype(dtype).kind in "iu":
        result = result.astype(dtype, copy=False)  # a sum of small integers would be wider
    if where is not True:
        if out is None:
            raise TypeError(f"{declared.name}: where= needs out=, which holds the other elements' values")
        result = table["where"].function(where, result, out)
    if out is None:
        return result
    if isinstance(out, Variable):
        return store(out, result)
    if getattr(result, "_node", None) is not None:
        raise TypeError(
            f"{declared.name}: out= is a plain array and the result has a gradient, which would be lost; "
            "make it a Tensor, or use the result"
        )
    np.copyto(out, plain(result), casting="same_kind")
    return out


def _cast(declared: Declared, x: Any, dtype: Any) -> Any:
    if isinstance(x, (list, tuple)) and holds_tensor(x):
        return [_cast(declared, v, dtype) for v in x]
    x = operand(x)
    if not np.can_cast(x.dtype, dtype, "same_kind"):
        raise TypeError(f"{declared.name}: cannot cast {x.dtype} to {np.dtype(dtype)} by the rule 'same_kind'")
    return x.astype(dtype)


def _kept(how: int, value: Any, parent: Node | None, given: Any) -> Any:
    """What the graph keeps of an argument: all, its shape and dtype, or nothing."""
    if how == 1:
        return frozen(value) if lent(given) else value
    if how == 0 or value is None:
        return None
    return parent if parent is not None else Like(np.shape(value), np.asarray(value).dtype)


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
