"""A function of arrays, seen as one of real coordinates: how a check moves its inputs and reads its outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.testing.libraries import Library
from autograd.testing.libraries.base import several
from autograd.testing.oracle import Array

# for each array how far its elements move, and whether all do; None where none does
Step = list[tuple[Array, bool] | None]


def flat(arrays: Sequence[Any]) -> Array:
    """All numbers of `arrays` in one real vector; a complex number gives two, its parts."""
    parts = [_flat(np.asarray(a)) for a in arrays]
    return parts[0] if len(parts) == 1 else np.concatenate(parts) if parts else np.zeros(0)


def _flat(a: Array) -> Array:
    a = np.ascontiguousarray(a).reshape(-1)
    return a.view(a.real.dtype) if a.dtype.kind == "c" else a


def unflat(vector: Array, like: Sequence[Array]) -> list[Array]:
    """`flat` undone: arrays of the shapes and dtypes of `like`."""
    made, at = [], 0
    for a in like:
        n = a.size * width(a)
        part = vector[at : at + n].astype(a.real.dtype)
        made.append((part.view(a.dtype) if a.dtype.kind == "c" else part).reshape(a.shape))
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
        self, library: Library, f: Callable[..., tuple[Any, ...]], arrays: list[Array], reach: list[Array]
    ) -> None:
        self.library = library
        self.f = f
        self.arrays = arrays
        self.evaluations = 0
        self.outputs = self.values(arrays)
        self.base = flat(self.outputs)
        self.distance = flat([np.repeat(np.ravel(r), width(a)) for r, a in zip(reach, arrays, strict=True)])
        self.count = self.distance.size
        self._eps = max((float(np.finfo(a.dtype).eps) for a in arrays), default=0.0)

    def values(self, arrays: Sequence[Array]) -> list[Array]:
        """f's outputs as NumPy arrays."""
        self.evaluations += 1
        numpy = self.library.numpy
        return [numpy(v) for v in several(self.f(*map(self.library.constant, arrays)))]

    def steps(self, direction: Array) -> Step:
        """A direction of coordinates as one of arrays; None for an array that does not move."""
        return [None if not s.any() else (s, bool(s.all())) for s in unflat(direction, self.arrays)]

    def along(self, step: Step, t: complex) -> Array:
        """f's outputs as one vector, with the point moved by t steps; NaN where there are none."""
        try:
            moved = [_moved(a, s, t) for a, s in zip(self.arrays, step, strict=True)]
            out = flat(self.values(moved))
        except Exception:  # whatever somebody's function raises beside the point: it has no value there
            return np.full(self.base.shape, np.nan)
        return out if out.shape == self.base.shape or isinstance(t, complex) else np.full(self.base.shape, np.nan)

    def jitter(self, step: Step) -> float:
        """The rounding of the numbers that a direction moves, in units of its steps."""
        most = 0.0
        for a, s in zip(self.arrays, step, strict=True):
            if s is not None:
                size = np.abs(s[0])
                ratio = np.abs(a)[size > 0] / size[size > 0]
                most = max(most, float(ratio[np.isfinite(ratio)].max(initial=0.0)))
        return most * self._eps


def _moved(a: Array, step: tuple[Array, bool] | None, t: complex) -> Array:
    """`a` moved by t steps; where nothing moves nothing is added: -0.0 + 0 would be another number."""
    if step is None:  # all complex in a complex step: no imaginary part is lost where one argument is written into it
        return np.asarray(a + 0j) if isinstance(t, complex) else a
    by, everywhere = step
    return a + t * by if everywhere else np.where(by == 0, a, a + t * by)
