"""A function of arrays, seen as one of real coordinates: how a check moves its inputs and reads its outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.testing.libraries import Library
from autograd.testing.libraries.base import several
from autograd.testing.oracle import Array

# for each array how far its elements move, and whether that may be added to it; None where none does
Step = list[tuple[Array, bool] | None]


def flat(arrays: Sequence[Any]) -> Array:
    """All numbers of `arrays` in one real vector; a complex number gives two, its parts."""
    if len(arrays) == 1:
        return _flat(np.asarray(arrays[0]))
    return np.concatenate([_flat(np.asarray(a)) for a in arrays]) if len(arrays) else np.zeros(0)


def _flat(a: Array) -> Array:
    return np.ascontiguousarray(a).reshape(-1).view(a.real.dtype) if a.dtype.kind == "c" else a.reshape(-1)


def unflat(vectors: Array, like: Sequence[Array]) -> list[Array]:
    """`flat` undone: the last axis of `vectors` as arrays of the shapes and dtypes of `like`."""
    made, at = [], 0
    for a in like:
        n = a.size * width(a)
        part = vectors[..., at : at + n].astype(a.real.dtype, order="C")
        made.append((part.view(a.dtype) if a.dtype.kind == "c" else part).reshape((*vectors.shape[:-1], *a.shape)))
        at += n
    return made


def width(a: Array) -> int:
    """How many coordinates an element has."""
    return 2 if a.dtype.kind == "c" else 1


def place(coordinate: int, arrays: Sequence[Array]) -> tuple[int, tuple[int, ...]]:
    """Which of `arrays` a coordinate belongs to, and which element."""
    for i, a in enumerate(arrays):
        if coordinate < a.size * width(a):
            return i, tuple(map(int, np.unravel_index(coordinate // width(a), a.shape)))
        coordinate -= a.size * width(a)
    raise IndexError("no such coordinate")


class Coordinates:
    """A library's function at a point.

    Parameters
    ----------
    library : Library
    f : callable
        Takes the library's arrays, returns a tuple of them.
    arrays : list of array
        The point.
    reach : list of array
        How far each number may move.

    Attributes
    ----------
    outputs : list of array
    base : array
        The outputs as a real vector.
    count : int
        The number of coordinates.
    distance : array
        The reach of each.
    evaluations : int
    """

    def __init__(
        self,
        library: Library,
        f: Callable[..., tuple[Any, ...]],
        arrays: list[Array],
        reach: list[Array],
        outputs: list[Array] | None = None,
    ) -> None:
        self.library = library
        self.f = f
        self.arrays = arrays
        self.evaluations = int(outputs is not None)
        self.outputs = self.values(arrays) if outputs is None else outputs
        self.base = flat(self.outputs)
        self.distance = flat([r if width(a) == 1 else r + 1j * r for r, a in zip(reach, arrays, strict=True)])
        self.count = self.distance.size
        self._eps = max((float(np.finfo(a.dtype).eps) for a in arrays), default=0.0)
        # nothing may be added to -0.0, not even 0
        self._adds = [not np.signbit(x).any() or not (x[np.signbit(x)] == 0).any() for x in map(_flat, arrays)]

    def values(self, arrays: Sequence[Array]) -> list[Array]:
        """f's outputs as NumPy arrays."""
        self.evaluations += 1
        numpy = self.library.numpy
        return [numpy(v) for v in several(self.f(*map(self.library.constant, arrays)))]

    def steps(self, directions: Array) -> list[Step]:
        """Directions of coordinates, one a row, as ones of arrays; None for an array that does not move."""
        of_arrays = []
        for by, adds in zip(unflat(directions, self.arrays), self._adds, strict=True):
            moves = by.reshape(len(by), -1) != 0
            some, every = moves.any(axis=1).tolist(), moves.all(axis=1).tolist()
            of_arrays.append([(by[k, ...], adds or every[k]) if some[k] else None for k in range(len(by))])
        return [list(step) for step in zip(*of_arrays, strict=True)]

    def along(self, step: Step, t: complex) -> Array:
        """f's outputs as one vector, with the point moved by t steps; NaN where there are none."""
        try:
            moved = [_moved(a, s, t) for a, s in zip(self.arrays, step, strict=True)]
            out = flat(self.values(moved))
        except Exception:  # whatever somebody's function raises beside the point: it has no value there
            return np.full(self.base.shape, np.nan)
        return out if out.shape == self.base.shape or isinstance(t, complex) else np.full(self.base.shape, np.nan)

    def jitter(self, directions: Array) -> Array:
        """The rounding of the numbers that each direction moves, in units of its steps."""
        most = np.zeros(len(directions))
        for a, by in zip(self.arrays, unflat(directions, self.arrays), strict=True):
            ratio = np.abs(a).reshape(-1) / np.abs(by).reshape(len(by), -1)
            most = np.maximum(most, ratio.max(axis=1, initial=0.0, where=np.isfinite(ratio)))
        return most * self._eps


def _moved(a: Array, step: tuple[Array, bool] | None, t: complex) -> Array:
    """`a` moved by t steps; where nothing moves nothing is added: -0.0 + 0 would be another number."""
    if step is None:  # all complex in a complex step: no imaginary part is lost where one argument is written into it
        return np.asarray(a + 0j) if isinstance(t, complex) else a
    by, adds = step
    return a + t * by if adds else np.where(by == 0, a, a + t * by)
