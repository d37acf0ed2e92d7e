"""Shapes and joining: the same elements in another arrangement."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import numpy as np

from autograd.graph import Variable
from autograd.ops.axes import two_ways
from autograd.primitive import composite, operand, primitive, unbroadcast

__all__ = [
    "ascontiguousarray", "asfortranarray", "astype", "broadcast_to", "concatenate", "copy", "expand_dims", "flip",
    "moveaxis", "ravel", "reshape", "split", "squeeze", "stack", "swapaxes", "transpose", "tril", "triu", "unstack",
]  # fmt: skip


@primitive(x=lambda g, x_like: g.reshape(x_like.shape), numpy=(np.reshape,), name="reshape", linear="all", view=True)
def _reshape(x, shape):
    """The same elements in C order, in another shape; one size may be -1."""
    return np.reshape(x, shape)


@composite(numpy=(np.reshape,), name="reshape")
def _reshape_of(x: Any, shape: Any, order: Any = "C", copy: bool | None = None) -> Any:
    """The same elements in another shape, read and laid out in `order`; a view where it can be, unless `copy`.

    Fortran's order is C's of the reversed axes. "A" is Fortran's for an array that lies in memory so.
    """
    x = operand(x)
    if copy is False and (data := getattr(x, "_data", None)) is not None:
        np.reshape(data, shape, order, copy=False)  # raises where it cannot be
    x = _duplicate(x) if copy else x
    if not _fortran(x, order, "CFA"):
        return _reshape(x, shape)
    shape = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    return transpose(_reshape(transpose(x), shape[::-1]))


reshape = two_ways(_reshape, _reshape_of, ("order", "copy"))


def _fortran(x: Any, order: Any, known: str) -> bool:
    """Whether to read `x` by Fortran's order rather than C's."""
    order = "C" if order is None else order
    if order not in tuple(known + known.lower()):
        raise ValueError(f"order must be one of {', '.join(known)}, not {order!r}")
    if order in ("A", "a", "K", "k"):
        flags = _memory(x, order).flags
        return bool(flags.f_contiguous and not flags.c_contiguous)
    return order in ("F", "f")


def _memory(x: Any, order: str) -> Any:
    """The array of `x`, whose place in memory decides what the order "A" or "K" means."""
    data = getattr(x, "_data", x) if isinstance(x, Variable) else x
    if data is x and isinstance(x, Variable):
        raise TypeError(f"order={order!r} depends on how an array lies in memory, which vmap does not say: use C or F")
    return data


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


@primitive(x=lambda g, x_like: g.reshape(x_like.shape), numpy=(np.ravel,), name="ravel", linear="all", view=True)
def _ravel(x):
    """All elements in one axis, in C order."""
    return np.ravel(x)


@composite(numpy=(np.ravel,), name="ravel")
def _ravel_of(x: Any, order: Any = "C") -> Any:
    """All elements in one axis, read in `order`: C, F, A (as they lie, if that is Fortran's) or K (as they lie)."""
    x = operand(x)
    if order in ("K", "k"):
        strides = [-abs(n) for n in _memory(x, order).strides]
        return _ravel(transpose(x, tuple(sorted(range(x.ndim), key=strides.__getitem__))))
    return _ravel(transpose(x) if _fortran(x, order, "CFAK") else x)


ravel = two_ways(_ravel, _ravel_of, ("order",))


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


@composite(name="astype", numpy=(np.astype,) if hasattr(np, "astype") else ())
def _astype_of(x: Any, dtype: Any, copy: bool = True, device: Any = None) -> Any:
    """Another dtype; integers and booleans are constants. `x` itself if nothing changes and not `copy`."""
    if device not in (None, "cpu"):
        raise ValueError(f"device must be 'cpu' or None, not {device!r}")
    return x.astype(dtype, copy=copy)


def _part(g: Any, arrays: Any, axis: int | None, i: int, ends: Any) -> Any:
    """The piece of `g` that came from the i-th of the joined arrays, which end at `ends`."""
    if not ends:  # once a node: n pieces that each count those before them would take n^2
        ends[:] = accumulate(a.size if axis is None else a.shape[axis] for a in arrays)
    start, stop = ends[i - 1] if i else 0, ends[i]
    if axis is None:
        return g[start:stop].reshape(arrays[i].shape)
    return g[(*(slice(None),) * (axis % g.ndim), slice(start, stop))]


@primitive(
    arrays_in=lambda g, arrays_in_like, axis, _ends, i: _part(g, arrays_in_like, axis, i, _ends),
    variadic=True,
    numpy=(np.concatenate,),
    linear="all",
)
def concatenate(arrays_in, axis=0, _ends=[]):  # noqa: B006  a node gets a copy of its own, which its rule fills
    """Arrays joined along an axis that they have; flattened first when `axis` is None."""
    return np.concatenate(arrays_in, axis)


def _taken_apart(g: Any, axis: int, i: int) -> Any:
    return g[(*(slice(None),) * (axis % g.ndim), i)]


@primitive(arrays_in=lambda g, axis, i: _taken_apart(g, axis, i), variadic=True, numpy=(np.stack,), linear="all")
def stack(arrays_in, axis=0):
    """Arrays of one shape joined along a new axis."""
    return np.stack(arrays_in, axis)


_FEW = 8


def _slices(x: Any, axis: int, bounds: list[tuple[int, int]]) -> Iterator[Any]:
    """Views of `x` from start to stop along `axis`, for all `bounds`, which follow one another.

    The gradient of a slice is as large as what it was cut from. Many are cut from halves of halves, so that all
    gradients together take size * log(n), not size * n.
    """
    before = (slice(None),) * (axis % x.ndim)
    left = [(x, 0, bounds)]
    while left:
        part, offset, inside = left.pop()
        if len(inside) <= _FEW or getattr(part, "_node", None) is None:
            for start, stop in inside:
                yield part[(*before, slice(start - offset, stop - offset))]
            continue
        middle = len(inside) // 2
        cut = inside[middle][0]
        left.append((part[(*before, slice(cut - offset, None))], cut, inside[middle:]))
        left.append((part[(*before, slice(None, cut - offset))], offset, inside[:middle]))


def slices(x: Any, axis: int = 0) -> Iterator[Any]:
    """The slices of `x` along `axis`, without it, one after the other: views."""
    before = (slice(None),) * (axis % x.ndim)
    n = x.shape[axis]
    if n <= _FEW or getattr(x, "_node", None) is None:
        return (x[(*before, i)] for i in range(n))
    return (part[(*before, 0)] for part in _slices(x, axis, [(i, i + 1) for i in range(n)]))


@composite(numpy=(np.split,))
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Pieces along `axis`, views: so many equal ones, or cut before the given indices."""
    x = operand(x)
    n = x.shape[axis]
    if isinstance(indices_or_sections, (int, np.integer)):
        if indices_or_sections <= 0 or n % indices_or_sections:
            raise ValueError(f"split: an axis of {n} does not divide into {indices_or_sections} equal parts")
        step = n // int(indices_or_sections)
        cuts = [step * i for i in range(1, int(indices_or_sections))]
    else:
        cuts = [int(i) for i in indices_or_sections]
    bounds = list(zip([0, *cuts], [*cuts, n], strict=True))
    if all(0 <= start <= stop <= n for start, stop in bounds):
        return list(_slices(x, axis, bounds))
    before = (slice(None),) * (axis % x.ndim)
    return [x[(*before, slice(start, stop))] for start, stop in bounds]


@composite(numpy=(np.unstack,) if hasattr(np, "unstack") else ())
def unstack(x: Any, axis: int = 0) -> tuple[Any, ...]:
    """The slices along `axis`, without it, as a tuple of views: the inverse of `stack`."""
    x = operand(x)
    if x.ndim == 0:
        raise ValueError("the array has no axis to be unstacked along; it needs at least 1")
    if not -x.ndim <= axis < x.ndim:
        raise np.exceptions.AxisError(axis, x.ndim, "unstack")
    return tuple(slices(x, axis))


@primitive(x=lambda g: g, numpy=(np.copy,), linear="all")
def copy(x, order="K"):
    """The same values in memory of their own, laid out in `order`."""
    return np.array(x, order=order)[()]


_duplicate = copy


@composite()
def ascontiguousarray(a: Any, dtype: Any = None) -> Any:
    """`a` with its elements in C order in memory: itself if they are, else a copy; a number becomes (1,)."""
    return _laid_out(a, dtype, "C")


@composite()
def asfortranarray(a: Any, dtype: Any = None) -> Any:
    """`a` with its elements in Fortran order in memory: itself if they are, else a copy; a number becomes (1,)."""
    return _laid_out(a, dtype, "F")


def _laid_out(a: Any, dtype: Any, order: Any) -> Any:
    if not isinstance(a, Variable):
        return np.ascontiguousarray(a, dtype) if order == "C" else np.asfortranarray(a, dtype)
    x: Any = a
    x = x if dtype is None else x.astype(dtype, copy=False)
    x = x if x.ndim else _reshape(x, (1,))
    if (data := getattr(x, "_data", None)) is None:  # inside vmap nothing lies in memory yet
        return x
    flags = data.flags
    return x if (flags.c_contiguous if order == "C" else flags.f_contiguous) else copy(x, order)
