"""The functions of the standard on Tensors, but for those that make them."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import numpy as anp
from autograd.arguments import operand
from autograd.array_api._creation import add_up
from autograd.tensor import Tensor

__all__ = [
    "all", "any", "argmax", "argmin", "argsort", "broadcast_arrays", "broadcast_to", "clip", "concat",
    "count_nonzero", "cumulative_prod", "cumulative_sum", "diff", "expand_dims", "flip", "max", "mean", "min",
    "moveaxis", "nonzero", "permute_dims", "prod", "repeat", "reshape", "roll", "searchsorted", "sort",
    "squeeze", "stack", "std", "sum", "take", "take_along_axis", "tile", "unique_all", "unique_counts",
    "unique_inverse", "unique_values", "unstack", "var", "where",
]  # fmt: skip


def clip(x: Any, /, min: Any = None, max: Any = None) -> Tensor:
    """Elements below `min` become `min`, those above `max` become `max`; bounds have a gradient too.

    Where an element equals a bound that has a gradient, the two share it, as in `maximum`.
    """
    if not builtins.any(getattr(bound, "requires_grad", False) for bound in (min, max)):
        return anp.clip(x, min, max)
    result = x if min is None else anp.maximum(x, min)
    return result if max is None else anp.minimum(result, max)


# ---------------------------------------------------------------------- indexing, searching, sorting
def take(x: Any, indices: Any, /, *, axis: int | None = None) -> Tensor:
    """The elements at `indices` along `axis`, which only a vector may leave out."""
    if axis is None and operand(x).ndim != 1:
        raise ValueError(f"take: an array of shape {operand(x).shape} needs axis=")
    return anp.take(x, indices, axis)


def take_along_axis(x: Any, indices: Any, /, *, axis: int = -1) -> Tensor:
    """The elements at `indices`, each in its own line along `axis`."""
    return anp.take_along_axis(x, indices, axis)


def argmax(x: Any, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Where the largest element is, the first of equals."""
    return anp.argmax(x, axis, keepdims=keepdims)


def argmin(x: Any, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Where the smallest element is, the first of equals."""
    return anp.argmin(x, axis, keepdims=keepdims)


def count_nonzero(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Tensor:
    """How many elements are not zero."""
    return sum(operand(x) != 0, axis=axis, keepdims=keepdims, dtype=np.intp)


def nonzero(x: Any, /) -> tuple[Tensor, ...]:
    """Where the elements are that are not zero, an array for each axis."""
    return anp.nonzero(x)


def searchsorted(x1: Any, x2: Any, /, *, side: str = "left", sorter: Any = None) -> Tensor:
    """Where the elements of `x2` belong among the sorted ones of `x1`."""
    return anp.searchsorted(x1, x2, side, sorter)


def where(condition: Any, x1: Any, x2: Any, /) -> Tensor:
    """`x1` where the condition holds, else `x2`."""
    return anp.where(condition, x1, x2)


def argsort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """The indices that sort `x` along `axis`; equal elements keep their order."""
    if not descending:
        return anp.argsort(x, axis, stable=stable)
    backward = anp.flip(anp.argsort(anp.flip(x, axis), axis, stable=stable), axis)
    return operand(x).shape[axis] - 1 - backward


def sort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """The elements in order along `axis`."""
    result = anp.sort(x, axis, stable=stable)
    return anp.flip(result, axis) if descending else result


unique_all: Callable[..., Any] = anp.unique_all
unique_counts: Callable[..., Any] = anp.unique_counts
unique_inverse: Callable[..., Any] = anp.unique_inverse
unique_values: Callable[..., Any] = anp.unique_values


# ---------------------------------------------------------------------- shapes
def broadcast_arrays(*arrays: Any) -> list[Tensor]:
    """Arrays repeated to their common shape."""
    return list(anp.broadcast_arrays(*arrays))


def broadcast_to(x: Any, /, shape: Any) -> Tensor:
    """`x` repeated to a shape."""
    return anp.broadcast_to(x, shape)


def concat(arrays: Any, /, *, axis: int | None = 0) -> Tensor:
    """Arrays one after the other along an axis."""
    return anp.concatenate(arrays, axis)


def expand_dims(x: Any, /, axis: Any = 0) -> Tensor:
    """`x` with a new axis of one element."""
    return anp.expand_dims(x, axis)


def flip(x: Any, /, *, axis: Any = None) -> Tensor:
    """The elements in reverse order."""
    return anp.flip(x, axis)


def moveaxis(x: Any, source: Any, destination: Any, /) -> Tensor:
    """`x` with axes elsewhere."""
    return anp.moveaxis(x, source, destination)


def permute_dims(x: Any, /, axes: Any) -> Tensor:
    """`x` with its axes in another order."""
    return anp.transpose(x, axes)


def repeat(x: Any, repeats: Any, /, *, axis: int | None = None) -> Tensor:
    """Each element several times."""
    return anp.repeat(x, repeats, axis)


def reshape(x: Any, /, shape: Any, *, copy: bool | None = None) -> Tensor:
    """The same elements in another shape; with copy=False a view, or a ValueError."""
    result: Any = anp.reshape(x, shape)
    if copy is None:
        return result
    if copy:
        return anp.copy(result) if isinstance(result, Tensor) else result.copy()
    if operand(x).size and not np.shares_memory(*(v._data if isinstance(v, Tensor) else v for v in (x, result))):
        raise ValueError(f"reshape: an array of shape {operand(x).shape} cannot become {shape} without a copy")
    return result


def roll(x: Any, /, shift: Any, *, axis: Any = None) -> Tensor:
    """The elements moved around along an axis."""
    return anp.roll(x, shift, axis)


def squeeze(x: Any, /, axis: Any) -> Tensor:
    """`x` without axes of one element."""
    return anp.squeeze(x, axis)


def stack(arrays: Any, /, *, axis: int = 0) -> Tensor:
    """Arrays of one shape along a new axis."""
    return anp.stack(arrays, axis)


def tile(x: Any, repetitions: Any, /) -> Tensor:
    """`x` repeated as a whole."""
    return anp.tile(x, repetitions)


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Tensor, ...]:
    """The slices along an axis."""
    if not operand(x).ndim:
        raise ValueError("unstack: an array without axes has no slices")
    return tuple(anp.moveaxis(x, axis, 0))


# ---------------------------------------------------------------------- statistics
def all(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Whether all elements hold."""
    return anp.all(x, axis, keepdims=keepdims)


def any(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Whether some element holds."""
    return anp.any(x, axis, keepdims=keepdims)


def cumulative_prod(x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Tensor:
    """Products of the first elements; with `include_initial` from that of none, 1."""
    return add_up(anp.cumulative_prod, x, dtype, axis=axis, include_initial=include_initial)


def cumulative_sum(x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Tensor:
    """Sums of the first elements; with `include_initial` from that of none, 0."""
    return add_up(anp.cumulative_sum, x, dtype, axis=axis, include_initial=include_initial)


def diff(x: Any, /, *, axis: int = -1, n: int = 1, prepend: Any = None, append: Any = None) -> Tensor:
    """Differences of neighbours, n times."""
    ends = {k: v for k, v in (("prepend", prepend), ("append", append)) if v is not None}
    return anp.diff(x, n, axis, **ends)


def max(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The largest element."""
    return anp.max(x, axis, keepdims=keepdims)


def mean(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The mean."""
    return anp.mean(x, axis, keepdims=keepdims)


def min(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The smallest element."""
    return anp.min(x, axis, keepdims=keepdims)


def prod(x: Any, /, *, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
    """The product."""
    return add_up(anp.prod, x, dtype, axis=axis, keepdims=keepdims)


def std(x: Any, /, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Tensor:
    """The standard deviation, with n - correction in the denominator."""
    return anp.std(x, axis, ddof=correction, keepdims=keepdims)


def sum(x: Any, /, *, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
    """The sum."""
    return add_up(anp.sum, x, dtype, axis=axis, keepdims=keepdims)


def var(x: Any, /, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Tensor:
    """The variance, with n - correction in the denominator."""
    return anp.var(x, axis, ddof=correction, keepdims=keepdims)
