"""Selecting: elements by index, by mask, by condition."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.primitive import composite, operand, primitive, unbroadcast
from autograd.sparse import add_rows

__all__ = [
    "clip", "getitem", "scatter_add", "setitem", "take", "take_along_axis", "where",
]  # fmt: skip


def _basic(index: Any) -> bool:
    """Whether NumPy gives a view: every element is read at most once."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(isinstance(p, (int, np.integer, slice)) or p is None or p is Ellipsis for p in parts)


@primitive(g=lambda g, index: g[index], name="scatter_add", linear="all")
def scatter_add(g, index, shape):
    """Zeros of `shape` with `g` added at `index`; an index that comes twice adds twice. The transpose of indexing."""
    out = np.zeros(shape, g.dtype)
    if _basic(index):
        out[index] = g
    elif isinstance(index, np.ndarray) and index.dtype.kind in "iu" and out.ndim == 2:
        add_rows(out, index.ravel(), g.reshape(index.size, shape[1]))
    elif g.size < 64:
        np.add.at(out, index, g)
    else:  # np.add.at is quick along one axis only
        places = np.arange(out.size).reshape(out.shape)[index]
        np.add.at(out.reshape(-1), places.ravel(), g.ravel())
    return out


@primitive(x=lambda g, x_like, index: scatter_add(g, index, x_like.shape), selects=True, linear="all", view=True)
def getitem(x, index):
    """x[index], with every kind of index that NumPy takes."""
    return x[index]


def _written(x_like: Any, value_like: Any, index: Any) -> Any:
    """For each element of the value, as it is broadcast, whether it is the last that was written to its place."""
    last = np.full(x_like.shape, -1)
    count = last[index].size
    writers = np.arange(count).reshape(last[index].shape)
    last[index] = writers
    return last[index] == writers


def _setitem_value(g: Any, x_like: Any, value_like: Any, index: Any) -> Any:
    taken = g[index]
    if not _basic(index):
        taken = np.where(_written(x_like, value_like, index), taken, 0)
    shape = value_like.shape  # leading axes of size one that the place does not have are allowed
    shape = shape[len(shape) - taken.ndim :] if len(shape) > taken.ndim else shape
    return unbroadcast(taken, shape).reshape(value_like.shape)


@primitive(
    x=lambda g, x_like, index: np.where(_hit(x_like, index), 0, g),
    value=_setitem_value,
    linear="all",
    selects=True,
)
def setitem(x, value, index):
    """A copy of x with x[index] = value; of values written to one place the last stays, and it alone has a gradient."""
    out = np.array(x, order="K")
    if not _basic(index):  # NumPy writes repeats in the order of memory: let that be the order of the indices
        parts = index if isinstance(index, tuple) else (index,)
        index = tuple(np.asarray(p, order="C") if isinstance(p, (np.ndarray, list)) else p for p in parts)
        value = np.asarray(value, order="C")
    out[index] = value
    return out if out.ndim else out[()]


def _hit(x_like: Any, index: Any) -> Any:
    hit = np.zeros(x_like.shape, bool)
    hit[index] = True
    return hit


@composite(numpy=(np.take,))
def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Elements (or slices along `axis`) at integer `indices`."""
    x = operand(x)
    indices = np.asarray(getattr(indices, "_data", indices))
    if axis is None:
        return getitem(x.reshape((-1,)), indices)
    if not -x.ndim <= axis < x.ndim:
        raise np.exceptions.AxisError(axis, x.ndim, "take")
    return getitem(x, (*[slice(None)] * (axis % x.ndim), indices))


@composite(numpy=(np.take_along_axis,))
def take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Any:
    """Elements along `axis` at the positions that `indices`, of the same rank, holds."""
    x = operand(x)
    indices = np.asarray(getattr(indices, "_data", indices))
    if axis is None:
        return getitem(x.reshape((-1,)), indices)
    if not -x.ndim <= axis < x.ndim:
        raise np.exceptions.AxisError(axis, x.ndim, "take_along_axis")
    if indices.ndim != x.ndim:
        raise ValueError(f"take_along_axis: indices have {indices.ndim} axes, the array has {x.ndim}")
    shape = [n if i != axis % x.ndim else indices.shape[i] for i, n in enumerate(x.shape)]
    grid = list(np.ogrid[tuple(slice(n) for n in shape)])
    grid[axis % x.ndim] = indices
    return getitem(x, tuple(grid))


def _where(g: Any, condition: Any, like: Any, branch: bool) -> Any:
    taken = condition if branch else np.logical_not(condition)
    return unbroadcast(np.where(taken, g, 0), like.shape)


@primitive(
    x=lambda g, condition, x_like: _where(g, condition, x_like, True),
    y=lambda g, condition, y_like: _where(g, condition, y_like, False),
    numpy=(np.where,),
    linear="all",
    selects=True,
    kink="selection",
)
def where(condition, x, y):
    """`x` where the condition holds, `y` elsewhere. The branch that is not taken gets a zero, never a NaN."""
    return np.where(condition, x, y)


def _clip(g: Any, x: Any, a_min: Any, a_max: Any) -> Any:
    if a_min is not None:
        g = np.where(x >= a_min, g, 0)
    if a_max is not None:
        g = np.where(x <= a_max, g, 0)
    return unbroadcast(g, x.shape)


@primitive(x=_clip, numpy=(np.clip,), selects=True, kink="elementwise")
def clip(x, a_min=None, a_max=None):
    """`x` within constant bounds; on a bound the gradient flows."""
    return np.clip(x, a_min, a_max)
