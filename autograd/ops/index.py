"""Selecting: elements by index, by mask, by condition."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.ops.axes import two_ways
from autograd.ops.shape import ravel, reshape
from autograd.primitive import composite, numpy_functions, operand, plain, primitive, unbroadcast, wrap
from autograd.sparse import add_rows
from autograd.state import is_grad_enabled

__all__ = [
    "clip", "extract", "getitem", "piecewise", "scatter_add", "setitem", "take", "take_along_axis", "where",
]  # fmt: skip


def _basic(index: Any) -> bool:
    """Whether NumPy gives a view: every element is read at most once."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(isinstance(p, (int, np.integer, slice)) or p is None or p is Ellipsis for p in parts)


@primitive(g=lambda g, index: g[index], name="scatter_add", linear="all")
def scatter_add(g, index, shape):
    """Zeros of `shape` with `g` added at `index`; an index that comes twice adds twice. The transpose of indexing."""
    out = np.zeros(shape, g.dtype)
    if _basic(index) or (isinstance(index, np.ndarray) and index.dtype == bool):
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
    last = np.empty(x_like.shape, int)
    count = last[index].size
    writers = np.arange(count).reshape(last[index].shape)
    last[index] = writers
    return last[index] == writers


def _setitem_value(g: Any, x_like: Any, value_like: Any, index: Any) -> Any:
    taken = g[index]
    if not _basic(index):
        taken = np.where(_written(x_like, value_like, index), taken, 0)
    shape = value_like.shape
    shape = shape[max(len(shape) - taken.ndim, 0) :]  # leading axes of size one that the place does not have
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
def take(x: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Any:
    """Elements (or slices along `axis`) at integer `indices`; those beyond an end "raise", "wrap" or "clip"."""
    x = operand(x)
    given: Any = plain(indices)
    indices = np.asarray(given)
    if axis is None:
        x, axis = reshape(x, (x.size,)), 0
    if not -x.ndim <= axis < x.ndim:
        raise np.exceptions.AxisError(axis, x.ndim, "take")
    if mode != "raise" or indices.dtype.kind not in "iu":  # NumPy says which numbers these are, and which are none
        indices = np.take(np.arange(x.shape[axis]), given, mode=mode)  # type: ignore[call-overload]
    return getitem(x, (*[slice(None)] * (axis % x.ndim), indices)) if axis % x.ndim else getitem(x, indices)


@composite(numpy=(np.take_along_axis,))
def take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Any:
    """Elements along `axis` at the positions that `indices`, of the same rank, holds."""
    x = operand(x)
    indices = np.asarray(plain(indices))
    if indices.dtype.kind not in "iu":
        raise IndexError(f"take_along_axis: the indices must be integers, not {indices.dtype}")
    if axis is None:
        if indices.ndim != 1:
            raise ValueError(f"take_along_axis: without an axis the indices have 1 axis, not {indices.ndim}")
        return getitem(reshape(x, (x.size,)), indices)
    if not -x.ndim <= axis < x.ndim:
        raise np.exceptions.AxisError(axis, x.ndim, "take_along_axis")
    if indices.ndim != x.ndim:
        raise ValueError(f"take_along_axis: indices have {indices.ndim} axes, the array has {x.ndim}")
    shape = [n if i != axis % x.ndim else indices.shape[i] for i, n in enumerate(x.shape)]
    grid = list(np.ogrid[tuple(slice(n) for n in shape)])
    grid[axis % x.ndim] = indices
    return getitem(x, tuple(grid))


@composite(numpy=(np.extract,))
def extract(condition: Any, arr: Any) -> Any:
    """The elements of `arr`, flattened, where `condition` holds."""
    return take(ravel(operand(arr)), np.flatnonzero(plain(condition)))


def _where(g: Any, condition: Any, like: Any, branch: bool) -> Any:
    taken = condition if branch else np.logical_not(condition)
    return unbroadcast(np.where(taken, g, 0), like.shape)


@primitive(
    x=lambda g, condition, x_like: _where(g, condition, x_like, True),
    y=lambda g, condition, y_like: _where(g, condition, y_like, False),
    numpy=(np.where,),
    name="where",
    linear="all",
    selects=True,
    kink="selection",
)
def _choose_branch(condition, x, y):
    """`x` where the condition holds, `y` elsewhere. The branch that is not taken gets a zero, never a NaN."""
    return np.where(condition, x, y)


def where(condition: Any, *branches: Any, **named: Any) -> Any:
    """`x` where the condition holds, `y` elsewhere: where(condition, x, y). The branch not taken gets an exact zero.

    where(condition) alone gives the places where it holds, as `nonzero` does: integers, constants.
    """
    if branches or named:
        if len(branches) + len(named) == 1:
            raise ValueError("where: either both or neither of x and y should be given")
        return _choose_branch(condition, *branches, **named)
    return numpy_functions[np.nonzero](condition)


where.op = _choose_branch.op  # type: ignore[attr-defined]
numpy_functions[np.where] = where


def _within(g: Any, x: Any, a_min: Any, a_max: Any) -> Any:
    if a_min is not None:
        g = np.where(x >= a_min, g, 0)
    if a_max is not None:
        g = np.where(x <= a_max, g, 0)
    if a_min is not None and a_max is not None:  # between equal bounds nothing of x is left
        g = np.where(np.equal(a_min, a_max), 0, g)
    return unbroadcast(g, x.shape)


def _below(g: Any, x: Any, a_min: Any, a_max: Any) -> Any:
    g = np.where(x < a_min, g, 0)
    return unbroadcast(g if a_max is None else np.where(a_min <= a_max, g, 0), a_min.shape)


def _above(g: Any, x: Any, a_min: Any, a_max: Any) -> Any:
    if a_min is None:
        return unbroadcast(np.where(x > a_max, g, 0), a_max.shape)
    all_tie = (x == a_min) & (x == a_max)
    return unbroadcast(np.where((np.maximum(x, a_min) > a_max) | all_tie, g, 0), a_max.shape)


@primitive(x=_within, a_min=_below, a_max=_above, numpy=(np.clip,), name="clip", selects=True, kink="elementwise")
def _clip(x, a_min=None, a_max=None):
    """min(max(x, a_min), a_max). On a bound the gradient flows to x, beyond it to the bound; a_max wins over a_min.

    Where x is on both bounds it flows to a_max, as x and a_min then move nothing.
    """
    return np.clip(x, a_min, a_max)


_NOT_GIVEN = np._NoValue


@composite(numpy=(np.clip,), name="clip")
def _clip_of(
    x: Any, a_min: Any = _NOT_GIVEN, a_max: Any = _NOT_GIVEN, min: Any = _NOT_GIVEN, max: Any = _NOT_GIVEN
) -> Any:
    """`x` within bounds, under their names in the array API."""
    if a_min is not _NOT_GIVEN or a_max is not _NOT_GIVEN:
        raise ValueError("clip: give either min and max, or a_min and a_max")
    return _clip(x, None if min is _NOT_GIVEN else min, None if max is _NOT_GIVEN else max)


clip = two_ways(_clip, _clip_of, ("min", "max"))


@composite(numpy=(np.piecewise,))
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """Where a condition holds, its function of these elements of `x`, or its constant; of several, the last one's.

    One function more than conditions is for where none holds; without it, those elements are 0.
    """
    x, conditions, functions = operand(x), plain(condlist), list(funclist)
    if np.isscalar(conditions) or (not isinstance(conditions[0], (list, np.ndarray)) and x.ndim):
        conditions = [conditions]
    conditions = list(np.asarray(conditions, bool))
    if len(conditions) == len(functions) - 1:
        conditions.append(~np.any(conditions, axis=0))
    if len(conditions) != len(functions):
        raise ValueError(
            f"piecewise: {len(conditions)} conditions need {len(conditions)} or {len(conditions) + 1} functions, "
            f"got {len(functions)}"
        )
    out = wrap(np.zeros(x.shape, x.dtype)[()])
    for condition, function in zip(conditions, functions, strict=True):
        chosen = getitem(x, condition)
        if callable(function) and not chosen.size:
            continue
        value = operand(function(chosen, *args, **kw) if callable(function) else function)
        tracked = getattr(value, "_node", None) is not None and is_grad_enabled()
        if (tracked and x.dtype.kind not in "fc") or (value.dtype.kind == "c" and x.dtype.kind != "c"):
            raise TypeError(
                f"piecewise: the result has the dtype of x, {x.dtype}, which cannot hold values of dtype {value.dtype}"
                + (" with a gradient" if tracked else "")
            )
        out = setitem(out, value, condition)
    return out
