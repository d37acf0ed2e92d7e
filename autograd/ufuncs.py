"""The methods of NumPy's ufuncs on Tensors: reduce, accumulate, reduceat, outer and at."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import inplace, ops
from autograd.arguments import operand, plain
from autograd.graph import Variable
from autograd.primitive import numpy_functions

# what is declared as an op of its own; every other ufunc is applied along the axis, element after element
_REDUCTIONS = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min}
_REDUCTIONS |= {np.logical_and: np.all, np.logical_or: np.any}
_RUNNING = {np.add: np.cumsum, np.multiply: np.cumprod}


def call_method(ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """What `ufunc.method(*inputs, **kwargs)` is, where a Tensor is among the arguments."""
    if method == "at":
        return inplace.at(ufunc, *inputs)
    out = kwargs.pop("out", None)
    result = _METHODS[method](ufunc, *inputs, **kwargs)
    if out is None:
        return result
    (out,) = out if isinstance(out, tuple) else (out,)
    if isinstance(out, Variable):
        return inplace.overwrite(out, result)
    if getattr(result, "_node", None) is not None:
        raise TypeError(f"{ufunc.__name__}.{method}: out= is a plain array and the result has a gradient; use a Tensor")
    np.copyto(out, plain(result), casting="same_kind")
    return out


def _reduce(
    ufunc: np.ufunc,
    x: Any,
    axis: Any = 0,
    dtype: Any = None,
    keepdims: bool = False,
    initial: Any = np._NoValue,
    where: Any = True,
) -> Any:
    x = operand(x)
    given = {} if where is True else {"where": where}
    given |= {} if initial is np._NoValue else {"initial": initial}
    if ufunc in _REDUCTIONS:
        given |= {} if dtype is None else {"dtype": dtype}
        return numpy_functions[_REDUCTIONS[ufunc]](x, axis=axis, keepdims=keepdims, **given)
    if given:
        raise TypeError(f"{ufunc.__name__}.reduce: {', '.join(given)} cannot be used with Tensors")
    x = x if dtype is None else x.astype(dtype)
    axes = tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, (int, np.integer)) else tuple(axis)
    axes = tuple(sorted(np.lib.array_utils.normalize_axis_index(int(a), x.ndim) for a in axes))
    if len(axes) > 1 and not ufunc.signature and ufunc not in _COMMUTATIVE:
        raise ValueError(f"{ufunc.__name__}.reduce: reduction over several axes is not reorderable")
    result = x
    for a in reversed(axes):
        result = _one_by_one(ufunc, result, a)[-1]
    return ops.expand_dims(result, axes) if keepdims and axes else result


_COMMUTATIVE = {np.logaddexp, np.logaddexp2, np.fmax, np.fmin, np.hypot, np.logical_xor, np.bitwise_xor}
_COMMUTATIVE |= {np.bitwise_and, np.bitwise_or, np.gcd, np.lcm}


def _one_by_one(ufunc: np.ufunc, x: Any, axis: int) -> list[Any]:
    """The results of the first element along `axis`, of the first two, ..."""
    if ufunc.nin != 2 or ufunc.nout != 1:
        raise ValueError(f"{ufunc.__name__}: reduce and accumulate need a function of two arguments and one result")
    n = x.shape[axis]
    if n == 0:
        if ufunc.identity is None:
            raise ValueError(f"{ufunc.__name__}: an axis of no elements has no reduction, as there is no identity")
        return [np.full(np.delete(x.shape, axis), ufunc.identity, x.dtype)]
    parts = ops.moveaxis(x, axis, 0)
    function = numpy_functions[ufunc]
    results = [parts[0]]
    for i in range(1, n):
        results.append(function(results[-1], parts[i]))
    return results


def _accumulate(ufunc: np.ufunc, x: Any, axis: int = 0, dtype: Any = None) -> Any:
    x = operand(x)
    if not x.ndim:
        raise TypeError(f"{ufunc.__name__}.accumulate: a number has no axis")
    if ufunc in _RUNNING:
        return numpy_functions[_RUNNING[ufunc]](x, axis=axis, **({} if dtype is None else {"dtype": dtype}))
    x = x if dtype is None else x.astype(dtype)
    axis = np.lib.array_utils.normalize_axis_index(axis, x.ndim)
    return ops.stack(_one_by_one(ufunc, x, axis), axis) if x.shape[axis] else x


def _reduceat(ufunc: np.ufunc, x: Any, indices: Any, axis: int = 0, dtype: Any = None) -> Any:
    x = operand(x)
    x = ops.moveaxis(x if dtype is None else x.astype(dtype), axis, 0)
    starts = np.asarray(plain(indices))
    if starts.size and (starts.min() < 0 or starts.max() >= len(x)):
        raise IndexError(f"{ufunc.__name__}.reduceat: indices {starts.tolist()} out of bounds for {len(x)} elements")
    ends = [*starts[1:], len(x)]
    parts = [_reduce(ufunc, x[s : max(e, s + 1)]) for s, e in zip(starts, ends, strict=True)]
    return ops.moveaxis(ops.stack(parts, 0), 0, axis)


def _outer(ufunc: np.ufunc, x: Any, y: Any, **kwargs: Any) -> Any:
    x, y = operand(x), operand(y)
    return numpy_functions[ufunc](x.reshape(x.shape + (1,) * y.ndim), y, **kwargs)


_METHODS: dict[str, Any] = {"reduce": _reduce, "accumulate": _accumulate, "reduceat": _reduceat, "outer": _outer}
