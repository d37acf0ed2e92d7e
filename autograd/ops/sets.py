"""Arrays as sets: each value once. Where several elements are equal they share its gradient equally."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.arguments import holds_tensor
from autograd.ops.index import getitem
from autograd.ops.shape import astype, concatenate
from autograd.ops.sorting import sort
from autograd.primitive import composite, operand, plain, primitive, wrap

__all__ = [
    "distinct", "intersect1d", "setdiff1d", "setxor1d", "sort_complex", "trim_zeros", "union1d", "unique", "unique_all",
    "unique_counts", "unique_inverse", "unique_values",
]  # fmt: skip


def _shared(g: Any, x: Any, axis: int | None, equal_nan: bool) -> Any:
    """Each element's part of its value's cotangent."""
    data = plain(x)
    _, inverse, counts = np.unique(data, return_inverse=True, return_counts=True, axis=axis, equal_nan=equal_nan)
    counts = counts.astype(g.dtype)
    if axis is None:
        return getitem(g / counts, inverse.reshape(x.shape))
    axis = axis % x.ndim
    weights = counts.reshape((-1,) + (1,) * (x.ndim - axis - 1))
    return getitem(g / weights, (slice(None),) * axis + (inverse.ravel(),))


@primitive(x=_shared, kink="selection")
def distinct(x, axis=None, equal_nan=True):
    """Each value once, in ascending order; along `axis` each subarray once."""
    return np.unique(x, axis=axis, equal_nan=equal_nan)


def _picked(values: Any, *arrays: Any) -> Any:
    """`values`, which NumPy found in `arrays`, with the gradients of their elements."""
    if not holds_tensor(arrays):
        return wrap(values)
    given = [operand(a).reshape((-1,)) for a in arrays]
    every = distinct(concatenate(given) if len(given) > 1 else given[0])
    return getitem(every, np.searchsorted(plain(every), values))


@composite(numpy=(np.unique,))
def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    """Each value once, ascending; where each comes first, which one each element is, and how often it comes."""
    values = distinct(ar, axis, equal_nan)
    if not (return_index or return_inverse or return_counts):
        return values
    _, *others = np.unique(  # type: ignore[call-overload]
        plain(ar), return_index, return_inverse, return_counts, axis, equal_nan=equal_nan
    )
    return (values, *map(wrap, others))


def _all_of(function: Any, x: Any) -> Any:
    """The named tuple that NumPy's `function` gives, with differentiable values."""
    found = function(plain(x))
    return type(found)(distinct(x, equal_nan=False), *map(wrap, found[1:]))


@composite(numpy=(np.unique_all,))
def unique_all(x: Any) -> Any:
    """Each value once, ascending; where each comes first, which one each element is, and how often it comes."""
    return _all_of(np.unique_all, x)


@composite(numpy=(np.unique_counts,))
def unique_counts(x: Any) -> Any:
    """Each value once, ascending, and how often it comes."""
    return _all_of(np.unique_counts, x)


@composite(numpy=(np.unique_inverse,))
def unique_inverse(x: Any) -> Any:
    """Each value once, ascending, and which one each element is."""
    return _all_of(np.unique_inverse, x)


@composite(numpy=(np.unique_values,))
def unique_values(x: Any) -> Any:
    """Each value once, in the order in which NumPy gives them; NaN are all different."""
    values = np.unique_values(plain(x))
    return distinct(x, equal_nan=False) if np.isnan(values).any() else _picked(values, x)


@composite(numpy=(np.union1d,))
def union1d(ar1: Any, ar2: Any) -> Any:
    """The values that are in either array, ascending."""
    return _picked(np.union1d(plain(ar1), plain(ar2)), ar1, ar2)


@composite(numpy=(np.intersect1d,))
def intersect1d(ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False) -> Any:
    """The values that are in both arrays, ascending; and where each comes first in them."""
    found: Any = np.intersect1d(plain(ar1), plain(ar2), assume_unique, return_indices)  # type: ignore[call-overload]
    if not return_indices:
        return _picked(found, ar1, ar2)
    return _picked(found[0], ar1, ar2), wrap(found[1]), wrap(found[2])


@composite(numpy=(np.setdiff1d,))
def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """The values of the first array that are not in the second one."""
    return _picked(np.setdiff1d(plain(ar1), plain(ar2), assume_unique), ar1)


@composite(numpy=(np.setxor1d,))
def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """The values that are in one of the arrays alone, ascending."""
    return _picked(np.setxor1d(plain(ar1), plain(ar2), assume_unique), ar1, ar2)


@composite(numpy=(np.sort_complex,))
def sort_complex(a: Any) -> Any:
    """As complex numbers, ascending along the last axis by the real part, then by the imaginary one."""
    return astype(sort(a), np.sort_complex(np.zeros(1, operand(a).dtype)).dtype)


@composite(numpy=(np.trim_zeros,))
def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """Without the zeros at the front ("f"), at the back ("b") or both, along all axes or those of `axis`."""
    filt, sides = operand(filt), {*trim.lower()}
    if not sides or sides - {*"fb"}:
        raise ValueError(f"trim is 'f', 'b' or 'fb', not {trim!r}")
    axes = range(filt.ndim) if axis is None else np.lib.array_utils.normalize_axis_tuple(axis, filt.ndim)
    spots = np.argwhere(plain(filt))
    index: list[Any] = [slice(None)] * filt.ndim
    for a in axes:
        low, high = (spots[:, a].min(), spots[:, a].max() + 1) if spots.size else (0, 0)
        index[a] = slice(low if "f" in sides else 0, high if "b" in sides or not spots.size else filt.shape[a])
    return getitem(filt, tuple(index))
