"""An array in brief: every number of a small one; of a larger one its size, its range and a heat map."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from autograd.draw.capture import SMALL, format_dtype, rms
from autograd.draw.dot import clean

CELLS = 16  # rows and columns of a heat map at most; a vector has three times as many


@dataclass(frozen=True, slots=True)
class Seen:
    """An array in brief.

    Attributes
    ----------
    shape, dtype
    numbers : tuple
        Every element, in order, of an array of at most six; else empty.
    rms : float
    low, high : float or None
        The smallest and largest element; None of complex numbers and of an array without elements.
    cells : tuple of tuple of float
        The heat map of a larger array: means over blocks, relative to the largest.
    block : tuple of int
        Rows and columns of the array that one cell stands for.
    """

    shape: tuple[int, ...]
    dtype: str
    numbers: tuple[Any, ...]
    rms: float
    low: float | None = None
    high: float | None = None
    cells: tuple[tuple[float, ...], ...] = ()
    block: tuple[int, int] = (1, 1)

    @property
    def constant(self) -> bool:
        """Whether every element is the same, and there are several."""
        return not self.scalar and self.low is not None and self.low == self.high

    @property
    def scalar(self) -> bool:
        """Whether this is one number, which can stand in a line of arithmetic."""
        return len(self.numbers) == 1


_dtype = cache(format_dtype)


def look(x: Any) -> Seen:
    """`x` in brief."""
    x = np.asarray(x)
    if x.size == 1:  # most of what a lecture's graph holds, and many times as quick
        number = x.item()
        ends = (None, None) if x.dtype.kind == "c" else (number, number)
        return Seen(x.shape, _dtype(x.dtype), (number,), float(abs(number)), *ends)
    ordered = x.dtype.kind != "c" and x.size > 0
    with np.errstate(all="ignore"):
        size = rms(x)
        low, high = (x.min().item(), x.max().item()) if ordered else (None, None)
        if x.size <= SMALL:
            return Seen(x.shape, _dtype(x.dtype), tuple(x.reshape(-1).tolist()), size, low, high)
        cells, block = _cells(np.abs(x) if x.dtype.kind == "c" else x)
    return Seen(x.shape, _dtype(x.dtype), (), size, low, high, cells, block)


def _cells(x: Any) -> tuple[tuple[tuple[float, ...], ...], tuple[int, int]]:
    """Means over blocks of an array as a table, relative to the largest: -1 to 1, NaN where there is none."""
    table = x.reshape(-1, x.shape[-1]).astype(np.float64)
    wide = 3 * CELLS if len(table) == 1 else CELLS
    block = (math.ceil(table.shape[0] / CELLS), math.ceil(table.shape[1] / wide))
    for axis, n in enumerate(block):
        sums = np.add.reduceat(table, np.arange(0, table.shape[axis], n), axis=axis)
        counts = np.diff(np.append(np.arange(0, table.shape[axis], n), table.shape[axis]))
        table = sums / (counts[:, None] if axis == 0 else counts)
    finite = np.abs(table[np.isfinite(table)])
    top = finite.max() if finite.size else 0.0
    return tuple(tuple(row) for row in np.round(table / (top or 1.0), 3).tolist()), block


def shorten(name: str, limit: int) -> str:
    """A name of at most `limit` characters: of a long one the end, which tells parameters of a model apart.

    >>> shorten("transformer.h.1.attn.c_proj.weight", 20)
    '….attn.c_proj.weight'
    """
    return clean(name if len(name) <= limit else "…" + name[1 - limit :], limit)
