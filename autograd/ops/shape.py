"""Shapes and joining: the same elements in another arrangement."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from autograd.primitive import composite, operand, primitive, unbroadcast

__all__ = [
    "astype", "broadcast_to", "concatenate", "copy", "expand_dims", "flip", "moveaxis", "ravel", "reshape", "split",
    "squeeze", "stack", "swapaxes", "transpose", "tril", "triu",
]  # fmt: skip


@primitive(x=lambda g, x_like: g.reshape(x_like.shape), numpy=(np.reshape,), linear="all", view=True)
def reshape(x, shape):
    """The same elements in C order, in another shape; one size may be -1."""
    return np.reshape(x, shape)


@primitive(
    x=lambda g, axes: np.transpose(g, None if axes is None else tuple(int(i) for i in np.argsort(_positive(axes)))),
    numpy=(np.transpose,),
    linear="all",
    view=True,
)
def transpose(x, axes=None):
    """Axes in another order; reversed when `axes` is None."""
    return np.transpose(x, axes)


def _positive(axes: Any) -> tuple[int, ...]:
    return tuple(a % len(axes) for a in axes)


@primitive(x=lambda g, axis1, axis2: np.swapaxes(g, axis1, axis2), numpy=(np.swapaxes,), linear="all", view=True)
def swapaxes(x, axis1, axis2):
    """Two axes exchanged."""
    return np.swapaxes(x, axis1, axis2)


@primitive(
    x=lambda g, source, destination: np.moveaxis(g, destination, source), numpy=(np.moveaxis,), linear="all", view=True
)
def moveaxis(x, source, destination):
    """Axes moved to other places."""
    return np.moveaxis(x, source, destination)


@primitive(x=lambda g, x_like: g.reshape(x_like.shape), numpy=(np.expand_dims,), linear="all", view=True)
def expand_dims(x, axis):
    """New axes of size one."""
    return np.expand_dims(x, axis)


@primitive(x=lambda g, x_like: g.reshape(x_like.shape), numpy=(np.squeeze,), linear="all", view=True)
def squeeze(x, axis=None):
    """Axes of size one removed."""
    return np.squeeze(x, axis)


@primitive(x=lambda g, x_like: g.reshape(x_like.shape), numpy=(np.ravel,), linear="all", view=True)
def ravel(x):
    """All elements in one axis, in C order."""
    return np.ravel(x)


@primitive(x=lambda g, x_like: unbroadcast(g, x_like.shape), numpy=(np.broadcast_to,), linear="all", view=True)
def broadcast_to(x, shape):
    """Repeated along new axes and axes of size one; a read-only view."""
    return np.broadcast_to(x, shape)


@primitive(x=lambda g, axis: np.flip(g, axis=axis), numpy=(np.flip,), linear="all", view=True)
def flip(x, axis=None):
    """Elements in reverse order along `axis` (all axes when None)."""
    return np.flip(x, axis)


@primitive(
    x=lambda g, x_like, k: unbroadcast(np.tril(g, k), x_like.shape), numpy=(np.tril,), linear="all", selects=True
)
def tril(x, k=0):
    """Lower triangle: zeros above diagonal `k`."""
    return np.tril(x, k)


@primitive(
    x=lambda g, x_like, k: unbroadcast(np.triu(g, k), x_like.shape), numpy=(np.triu,), linear="all", selects=True
)
def triu(x, k=0):
    """Upper triangle: zeros below diagonal `k`."""
    return np.triu(x, k)


@primitive(x=lambda g: g, linear="all")  # the engine casts a cotangent, and takes the real part where that is all
def astype(x, dtype):
    """Another dtype; the gradient comes back in the tensor's own."""
    return x.astype(dtype)


def _part(g: Any, arrays: Any, axis: int | None, i: int) -> Any:
    """The piece of `g` that came from the i-th of the joined arrays."""
    if axis is None:
        start = builtins.sum(a.size for a in arrays[:i])
        return g[start : start + arrays[i].size].reshape(arrays[i].shape)
    start = builtins.sum(a.shape[axis] for a in arrays[:i])
    index: list[Any] = [slice(None)] * g.ndim
    index[axis] = slice(start, start + arrays[i].shape[axis])
    return g[tuple(index)]


@primitive(
    arrays_in=lambda g, arrays_in_like, axis, i: _part(g, arrays_in_like, axis, i),
    variadic=True,
    numpy=(np.concatenate,),
    linear="all",
)
def concatenate(arrays_in, axis=0):
    """Arrays joined along an axis that they have; flattened first when `axis` is None."""
    return np.concatenate(arrays_in, axis)


@primitive(arrays_in=lambda g, axis, i: np.moveaxis(g, axis, 0)[i], variadic=True, numpy=(np.stack,), linear="all")
def stack(arrays_in, axis=0):
    """Arrays of one shape joined along a new axis."""
    return np.stack(arrays_in, axis)


@composite(numpy=(np.split,))
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Pieces along `axis`: so many equal ones, or cut before the given indices."""
    x = operand(x)
    n = x.shape[axis]
    if isinstance(indices_or_sections, (int, np.integer)):
        if indices_or_sections <= 0 or n % indices_or_sections:
            raise ValueError(f"split: an axis of {n} does not divide into {indices_or_sections} equal parts")
        step = n // int(indices_or_sections)
        cuts = list(range(step, n, step)) if step else [0] * (int(indices_or_sections) - 1)
    else:
        cuts = [int(i) for i in indices_or_sections]
    index: list[Any] = [slice(None)] * x.ndim
    pieces = []
    for start, stop in zip([0, *cuts], [*cuts, n], strict=True):
        index[axis] = slice(start, stop)
        pieces.append(x[tuple(index)])
    return pieces


@primitive(x=lambda g: g, numpy=(np.copy,), linear="all")
def copy(x):
    """The same values in memory of their own."""
    return np.array(x)[()]
