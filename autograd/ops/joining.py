"""Joining, splitting, repeating and rearranging arrays."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.ops.index import getitem, scatter_add
from autograd.ops.shape import (
    broadcast_to,
    concatenate,
    expand_dims,
    flip,
    moveaxis,
    ravel,
    reshape,
    split,
    stack,
    swapaxes,
    transpose,
    unstack,
)  # fmt: skip
from autograd.ops.shape import copy as _duplicate
from autograd.primitive import composite, operand, plain, primitive

__all__ = [
    "append", "apply_along_axis", "apply_over_axes", "array_split", "atleast_1d", "atleast_2d", "atleast_3d", "block",
    "broadcast_arrays", "column_stack", "delete", "diag", "diagflat", "diagonal", "dsplit", "dstack", "fliplr",
    "flipud", "hsplit", "hstack", "insert", "meshgrid", "repeat", "resize", "roll", "rollaxis", "rot90", "tile",
    "trace", "vander", "vsplit", "vstack",
]  # fmt: skip


def gathered(x: Any, rearrange: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """What `rearrange`, which only moves and repeats elements, makes of `x`: NumPy does it to their numbers."""
    x = operand(x)
    return getitem(reshape(x, (x.size,)), rearrange(np.arange(x.size).reshape(x.shape), *args, **options))


def _at_least(x: Any, ndim: int) -> Any:
    """`x` with leading axes of size one up to `ndim` axes; for three, a matrix gets its third axis at the end."""
    x = operand(x)
    if x.ndim >= ndim:
        return x
    if ndim == 3 and x.ndim:
        return reshape(x, (*((1,) if x.ndim == 1 else ()), *x.shape, 1))
    return reshape(x, (1,) * (ndim - x.ndim) + x.shape)


def _each(arys: tuple[Any, ...], ndim: int) -> Any:
    found = tuple(getitem(_at_least(a, ndim), Ellipsis) for a in arys)
    return found[0] if len(found) == 1 else found


@composite(numpy=(np.atleast_1d,))
def atleast_1d(*arys: Any) -> Any:
    """Numbers as arrays of one element; a tuple if several arrays are given."""
    return _each(arys, 1)


@composite(numpy=(np.atleast_2d,))
def atleast_2d(*arys: Any) -> Any:
    """Each array with at least two axes: a vector becomes a row."""
    return _each(arys, 2)


@composite(numpy=(np.atleast_3d,))
def atleast_3d(*arys: Any) -> Any:
    """Each array with at least three axes: (n,) becomes (1, n, 1) and (m, n) becomes (m, n, 1)."""
    return _each(arys, 3)


@composite(numpy=(np.hstack,))
def hstack(tup: Any) -> Any:
    """Arrays joined along their second axis, vectors along their only one."""
    parts = [_at_least(a, 1) for a in tup]
    return concatenate(parts, 0 if parts and parts[0].ndim == 1 else 1)


@composite(numpy=(np.vstack,))
def vstack(tup: Any) -> Any:
    """Arrays joined along their first axis; vectors are rows."""
    return concatenate([_at_least(a, 2) for a in tup], 0)


@composite(numpy=(np.dstack,))
def dstack(tup: Any) -> Any:
    """Arrays joined along their third axis."""
    return concatenate([_at_least(a, 3) for a in tup], 2)


@composite(numpy=(np.column_stack,))
def column_stack(tup: Any) -> Any:
    """Vectors as the columns of a matrix; matrices are joined as they are."""
    parts = [operand(a) for a in tup]
    return concatenate([reshape(a, (a.size, 1)) if a.ndim < 2 else a for a in parts], 1)


@composite(numpy=(np.append,))
def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """`values` joined to the end of `arr` along `axis`; both flattened first when it is None."""
    arr, values = operand(arr), operand(values)
    if axis is None:
        return concatenate([ravel(arr), ravel(values)], 0)
    return concatenate([arr, values], axis)


@composite(numpy=(np.array_split,))
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Pieces along `axis`, as nearly equal as can be (the first ones longer), or cut before the given indices."""
    ary = operand(ary)
    if not isinstance(indices_or_sections, (int, np.integer)):
        return split(ary, indices_or_sections, axis)  # type: ignore[no-any-return]
    if indices_or_sections <= 0:
        raise ValueError("array_split: the number of pieces must be positive")
    each, longer = divmod(ary.shape[axis], int(indices_or_sections))
    return split(ary, [i * each + min(i, longer) for i in range(1, int(indices_or_sections))], axis)  # type: ignore[no-any-return]


@composite(numpy=(np.hsplit,))
def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Pieces along the second axis, of a vector along its only one."""
    ary = operand(ary)
    if ary.ndim == 0:
        raise ValueError("hsplit: the array needs at least 1 axis")
    return split(ary, indices_or_sections, min(ary.ndim - 1, 1))  # type: ignore[no-any-return]


@composite(numpy=(np.vsplit,))
def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Pieces along the first axis of two or more."""
    ary = operand(ary)
    if ary.ndim < 2:
        raise ValueError("vsplit: the array needs at least 2 axes")
    return split(ary, indices_or_sections, 0)  # type: ignore[no-any-return]


@composite(numpy=(np.dsplit,))
def dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Pieces along the third axis."""
    ary = operand(ary)
    if ary.ndim < 3:
        raise ValueError("dsplit: the array needs at least 3 axes")
    return split(ary, indices_or_sections, 2)  # type: ignore[no-any-return]


@composite(numpy=(np.tile,))
def tile(A: Any, reps: Any) -> Any:
    """`A` laid side by side `reps` times along each axis."""
    return gathered(A, np.tile, reps)


@composite(numpy=(np.repeat,))
def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element (of `axis`) so many times in a row."""
    return gathered(a, np.repeat, plain(repeats), axis)


@composite(numpy=(np.roll,))
def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    """Elements moved on by `shift` along `axis`; those past the end come in at the start."""
    return gathered(a, np.roll, shift, axis)


@composite(numpy=(np.rot90,))
def rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """Turned by `k` quarters in the plane of `axes`, from the first towards the second; a view."""
    m = operand(m)
    np.rot90(np.empty((0,) * m.ndim), k, axes)  # NumPy's complaints
    first, second = axes
    if k % 4 == 0:
        return getitem(m, Ellipsis)
    if k % 4 == 2:
        return flip(m, (first, second))
    if k % 4 == 1:
        return swapaxes(flip(m, second), first, second)
    return flip(swapaxes(m, first, second), second)


@composite(numpy=(np.broadcast_arrays,))
def broadcast_arrays(*args: Any, subok: bool = False) -> tuple[Any, ...]:
    """All arguments in the one shape that they broadcast to."""
    arrays = [operand(a) for a in args]
    shape = np.broadcast_shapes(*(a.shape for a in arrays))
    return tuple(a if a.shape == shape else broadcast_to(a, shape) for a in arrays)


@composite(numpy=(np.rollaxis,))
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """`axis` moved to before the axis `start`."""
    a = operand(a)
    order = np.rollaxis(np.empty(range(a.ndim)), axis, start).shape  # sizes that say which axis each one was
    return transpose(a, order)


@composite(numpy=(np.fliplr,))
def fliplr(m: Any) -> Any:
    """The second axis in reverse order."""
    m = operand(m)
    if m.ndim < 2:
        raise ValueError("fliplr: the array needs at least 2 axes")
    return getitem(m, (slice(None), slice(None, None, -1)))


@composite(numpy=(np.flipud,))
def flipud(m: Any) -> Any:
    """The first axis in reverse order."""
    m = operand(m)
    if m.ndim < 1:
        raise ValueError("flipud: the array needs at least 1 axis")
    return getitem(m, slice(None, None, -1))


def _on_diagonal(g: Any, a_like: Any, offset: int, axis1: int, axis2: int) -> Any:
    """Zeros with `g` on the diagonal, whose places are one stride apart in each flattened matrix."""
    rest = [n for i, n in enumerate(a_like.shape) if i not in (axis1 % a_like.ndim, axis2 % a_like.ndim)]
    rows, columns = a_like.shape[axis1], a_like.shape[axis2]
    start = max(offset, 0) + max(-offset, 0) * columns
    places = slice(start, start + g.shape[-1] * (columns + 1), columns + 1)
    flat = scatter_add(g, (Ellipsis, places), (*rest, rows * columns))
    return np.moveaxis(flat.reshape((*rest, rows, columns)), (-2, -1), (axis1, axis2))


@primitive(a=_on_diagonal, numpy=(np.diagonal,), selects=True, linear="all", view=True)
def diagonal(a, offset=0, axis1=0, axis2=1):
    """The elements a[..., i, i + offset] of two axes, along a new last axis; a read-only view, as NumPy's."""
    return np.diagonal(a, offset, axis1, axis2)


@composite(numpy=(np.trace,))
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum of a diagonal."""
    return diagonal(operand(a), offset, axis1, axis2).sum(axis=-1)


@composite(numpy=(np.diag,))
def diag(v: Any, k: int = 0) -> Any:
    """The k-th diagonal of a matrix, or the matrix with this diagonal and zeros elsewhere."""
    v = operand(v)
    if v.ndim == 2:
        return diagonal(v, k)
    if v.ndim != 1:
        raise ValueError(f"diag: the array has {v.ndim} axes, 1 or 2 are needed")
    n = v.size + abs(k)
    start = max(k, 0) + max(-k, 0) * n
    return reshape(scatter_add(v, slice(start, start + v.size * (n + 1), n + 1), (n * n,)), (n, n))


@composite(numpy=(np.diagflat,))
def diagflat(v: Any, k: int = 0) -> Any:
    """The matrix with all elements of `v` on diagonal `k`."""
    return diag(ravel(operand(v)), k)


@composite(numpy=(np.delete,))
def delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    """Without the elements (or slices along `axis`) at `obj`: an index, several, a slice or a mask."""
    return gathered(arr, np.delete, plain(obj), axis)


@composite(numpy=(np.meshgrid,))
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Any, ...]:
    """Coordinates of the points of a grid, from the coordinates along its axes."""
    if indexing not in ("xy", "ij"):
        raise ValueError("meshgrid: indexing must be 'xy' or 'ij'")
    order = list(range(len(xi)))  # which vector runs along each axis
    if indexing == "xy":
        order[:2] = reversed(order[:2])
    vectors = [operand(x) for x in xi]
    grids = [reshape(x, tuple(x.size if j == i else 1 for j in order)) for i, x in enumerate(vectors)]
    if not sparse:
        full = np.broadcast_shapes(*(g.shape for g in grids))
        grids = [broadcast_to(g, full) for g in grids]
    return tuple(_duplicate(g) for g in grids) if copy else tuple(grids)


@composite(numpy=(np.block,))
def block(arrays: Any) -> Any:
    """Arrays joined as nested lists lay them out: the innermost lists along the last axis, and so on outwards."""
    depth = _depth(arrays)
    leaves = [arrays]
    for _ in range(depth):
        leaves = [a for several in leaves for a in several]
    ndim = max(depth, *(operand(a).ndim for a in leaves), 0)
    return _duplicate(operand(arrays)) if depth == 0 else _blocks(arrays, depth, ndim)


def _depth(arrays: Any) -> int:
    """How deep the lists are nested, everywhere alike."""
    if isinstance(arrays, tuple):
        raise TypeError("block: only lists can be used to arrange blocks, not tuples")
    if not isinstance(arrays, list):
        return 0
    if not arrays:
        raise ValueError("block: a list is empty")
    depths = {_depth(a) for a in arrays}
    if len(depths) > 1:
        raise ValueError(f"block: lists are nested {min(depths)} deep in one place and {max(depths)} in another")
    return 1 + depths.pop()


def _blocks(arrays: Any, depth: int, ndim: int) -> Any:
    if depth == 0:
        return _at_least_leading(arrays, ndim)
    return concatenate([_blocks(a, depth - 1, ndim) for a in arrays], -depth)


def _at_least_leading(x: Any, ndim: int) -> Any:
    x = operand(x)
    return reshape(x, (1,) * (ndim - x.ndim) + x.shape)


@composite(numpy=(np.insert,))
def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """`values` put before the elements (or slices along `axis`) at `obj`: an index, several, a slice or a mask."""
    arr, values = operand(arr), operand(values)
    tracked = getattr(values, "_node", None) is not None
    if (values.dtype.kind == "c" and arr.dtype.kind != "c") or (tracked and arr.dtype.kind not in "fc"):
        raise TypeError(f"insert: values of dtype {values.dtype} would be cut to fit the array's dtype {arr.dtype}")
    numbers = np.arange(arr.size).reshape(arr.shape)
    new = np.arange(arr.size, arr.size + values.size).reshape(values.shape)
    both = concatenate([ravel(arr), ravel(values.astype(arr.dtype))])
    return getitem(both, np.insert(numbers, plain(obj), new, axis))


@composite(numpy=(np.resize,))
def resize(a: Any, new_shape: Any) -> Any:
    """The elements of `a` again and again, in C order, until `new_shape` is full; zeros where there are none."""
    a = ravel(operand(a))
    shape = (new_shape,) if isinstance(new_shape, (int, np.integer)) else tuple(new_shape)
    if any(n < 0 for n in shape):
        raise ValueError("resize: all elements of new_shape must be non-negative")
    size = math.prod(shape)
    if not a.size:
        return reshape(scatter_add(a, np.zeros(0, int), (size,)), shape)
    return reshape(getitem(a, np.arange(size) % a.size), shape)


@composite(numpy=(np.vander,))
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """Vandermonde's matrix: the powers N - 1, ..., 1, 0 of `x` as its columns, or 0, 1, ... if `increasing`."""
    x = operand(x)
    if x.ndim != 1:
        raise ValueError(f"vander: x must have 1 axis, not {x.ndim}")
    powers = np.arange(x.size if N is None else N)
    x = x.astype(np.promote_types(x.dtype, int))  # as NumPy does, float32 too
    return reshape(x, (x.size, 1)) ** (powers if increasing else powers[::-1])


@composite(numpy=(np.apply_along_axis,))
def apply_along_axis(func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    """func1d(vector, *args, **kwargs) of each vector along `axis`; the axes of its results take the place of `axis`."""
    arr = operand(arr)
    if not -arr.ndim <= axis < arr.ndim:
        raise np.exceptions.AxisError(axis, arr.ndim, "apply_along_axis")
    axis %= arr.ndim
    rest = (*arr.shape[:axis], *arr.shape[axis + 1 :])
    if 0 in rest:
        raise ValueError("apply_along_axis: there is no vector to apply the function to")
    rows = unstack(reshape(moveaxis(arr, axis, -1), (math.prod(rest), arr.shape[axis])))
    results = [operand(func1d(row, *args, **kwargs)) for row in rows]
    kind = results[0].dtype
    for r in results:
        if not np.can_cast(r.dtype, kind, "same_kind"):
            raise TypeError(f"apply_along_axis: the first result has dtype {kind}, another one {r.dtype}")
    found = stack([r if r.dtype == kind else r.astype(kind) for r in results])
    ndim = found.ndim - 1
    whole = reshape(found, (*rest, *found.shape[1:]))
    last = tuple(range(len(rest), len(rest) + ndim))
    return moveaxis(whole, last, tuple(range(axis, axis + ndim)))


@composite(numpy=(np.apply_over_axes,))
def apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    """func(a, axis) for one of the `axes` after the other; an axis that it removes comes back with size one."""
    a = operand(a)
    ndim = a.ndim
    for axis in (axes,) if np.ndim(axes) == 0 else axes:
        axis = axis + ndim if axis < 0 else axis
        found = operand(func(a, axis))
        found = found if found.ndim == a.ndim else expand_dims(found, axis)
        if found.ndim != a.ndim:
            raise ValueError("apply_over_axes: the function does not return an array with as many axes, or one less")
        a = found
    return a
