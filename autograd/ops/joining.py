"""Joining, splitting, repeating and padding arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.calls import holds_tensor
from autograd.ops.index import getitem, scatter_add, setitem
from autograd.ops.shape import broadcast_to, concatenate, flip, ravel, reshape, split, swapaxes, transpose
from autograd.ops.shape import copy as _duplicate
from autograd.primitive import composite, operand, plain, primitive

__all__ = [
    "append", "array_split", "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_arrays", "column_stack", "delete",
    "diag", "diagflat", "diagonal", "dsplit", "dstack", "fliplr", "flipud", "hsplit", "hstack", "meshgrid", "pad",
    "repeat", "roll", "rollaxis", "rot90", "tile", "trace", "vsplit", "vstack",
]  # fmt: skip


def _gathered(x: Any, rearrange: Callable[..., Any], *args: Any, **options: Any) -> Any:
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
    return _gathered(A, np.tile, reps)


@composite(numpy=(np.repeat,))
def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element (of `axis`) so many times in a row."""
    return _gathered(a, np.repeat, plain(repeats), axis)


@composite(numpy=(np.roll,))
def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    """Elements moved on by `shift` along `axis`; those past the end come in at the start."""
    return _gathered(a, np.roll, shift, axis)


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
    return _gathered(arr, np.delete, plain(obj), axis)


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


def _padded(array: Any, pad_width: Any, mode: Any = "constant", **options: Any) -> Any:
    if mode not in ("constant", "edge", "reflect", "symmetric", "wrap"):
        raise TypeError(f"pad: mode={mode!r} has no derivative; use constant, edge, reflect, symmetric or wrap")
    if options.get("reflect_type", "even") != "even":
        raise TypeError("pad: reflect_type='odd' has no derivative; use 'even'")
    if holds_tensor(options.get("constant_values")):
        raise TypeError("pad: no derivative with respect to constant_values; use concatenate")
    array = operand(array)
    if array.ndim == 0:
        return _duplicate(array)
    if mode != "constant":
        return _gathered(array, np.pad, pad_width, mode, **options)
    inside = np.pad(np.ones(array.shape, bool), pad_width)
    around = np.pad(np.zeros(array.shape, array.dtype), pad_width, mode, **options)
    if not array.size:
        return scatter_add(ravel(array), np.zeros(0, int), (around.size,)).reshape(around.shape) + around
    first = [int(i[0]) for i in np.nonzero(inside)]
    return setitem(around, array, tuple(slice(i, i + n) for i, n in zip(first, array.shape, strict=True)))


@composite(numpy=(np.pad,))
def pad(*args: Any, **options: Any) -> Any:
    """pad(array, pad_width, mode="constant", **options): borders of a constant, or of the array's own elements.

    The modes with a derivative are constant, edge, reflect (even), symmetric (even) and wrap.
    """
    return _padded(*args, **options)
