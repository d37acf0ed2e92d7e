"""What functions along an axis share: the axes that they reduce, and the short way to their ops."""

from __future__ import annotations

import functools
import inspect
import math
from typing import Any

import numpy as np

from autograd.arguments import refuse
from autograd.calls import lifted
from autograd.graph import Variable
from autograd.primitive import numpy_functions, wrap
from autograd.state import state

_get_state = state.get


def axes_of(like: Any, axis: Any) -> tuple[int, ...]:
    """The reduced axes, counted from the front."""
    if axis is None:
        return tuple(range(like.ndim))
    given = (axis,) if isinstance(axis, (int, np.integer)) else axis
    return tuple(int(a) % like.ndim for a in given) if like.ndim else ()


def keep(g: Any, like: Any, axis: Any, keepdims: bool) -> Any:
    """Put the reduced axes back into `g` with size one, so that it broadcasts against what was reduced."""
    if keepdims or like.ndim == 0:
        return g
    gone = axes_of(like, axis)
    return g.reshape(tuple(1 if i in gone else n for i, n in enumerate(like.shape)))


def count(like: Any, axis: Any) -> int:
    """How many elements are reduced to one."""
    return int(like.size) if axis is None else math.prod(like.shape[a] for a in axes_of(like, axis))


def flattened(x: Any, axis: Any) -> Any:
    """`x` with the reduced axes put last and merged into one."""
    axes = axes_of(x, axis)
    rest = tuple(i for i in range(x.ndim) if i not in axes)
    return np.transpose(x, rest + axes).reshape((*(x.shape[i] for i in rest), count(x, axis)))


def unflattened(flat: Any, like: Any, axis: Any) -> Any:
    """The inverse of `flattened`."""
    axes = axes_of(like, axis)
    order = tuple(i for i in range(like.ndim) if i not in axes) + axes
    whole = flat.reshape(tuple(like.shape[i] for i in order))
    return np.transpose(whole, tuple(int(i) for i in np.argsort(order)))


def two_ways(quick: Any, full: Any, rare: tuple[str, ...]) -> Any:
    """A function that calls its op at once, and `full`, made of ops, where one of the keywords `rare` is given."""
    keywords = frozenset(rare)
    most = list(inspect.signature(full.op.numpy).parameters).index(rare[0])

    @functools.wraps(full)
    def apply(*args: Any, **kwargs: Any) -> Any:
        if len(args) <= most and (not kwargs or keywords.isdisjoint(kwargs)):
            return quick(*args, **kwargs)
        return full(*args, **kwargs)

    apply.op = quick.op  # type: ignore[attr-defined]
    numpy_functions[full.op.numpy] = apply
    return apply


_MISSING = object()


def swift(general: Any, *functions: Any) -> Any:
    """The reduction `general` with a short way for a Tensor, `axis` and `keepdims`, which nearly all calls are.

    Its op has these as its first parameters. `functions` are NumPy's that it stands for.
    """
    op = general.op
    forward, rest = op.forward, op.defaults[3:]
    (how, *_), keep_out = op.plan(1)

    def short(x: Any, axis: Any, keepdims: bool) -> Any:
        try:
            data = x._data
            result = forward(data, axis, keepdims)
        except (ValueError, TypeError, IndexError) as error:
            raise refuse(op.name, op.names, (x, axis, keepdims), error) from None
        except AttributeError:
            return lifted(op, [x, axis, keepdims, *rest])
        node = x._node
        if node is None or not (now := _get_state()).recording:
            return wrap(result)
        kept = data if how == 1 else node if how == 2 else None  # a Tensor with a node owns its memory
        return now.record(op, result, (kept, axis, keepdims, *rest), (node,), keep_out, now)

    @functools.wraps(general)
    def apply(x: Any = _MISSING, axis: Any = None, *args: Any, **kwargs: Any) -> Any:
        if (
            isinstance(x, Variable)
            and (axis is None or type(axis) is int or type(axis) is tuple)
            and (not args or args.count(None) == len(args))
            and (not kwargs or (len(kwargs) == 1 and type(kwargs.get("keepdims")) is bool))
        ):
            return short(x, axis, kwargs["keepdims"] if kwargs else False)
        if x is not _MISSING:
            return general(x, axis, *args, **kwargs)
        return general(*args, **kwargs) if axis is None else general(*args, axis=axis, **kwargs)

    op.function = apply
    for f in functions:
        numpy_functions[f] = apply
    return apply
