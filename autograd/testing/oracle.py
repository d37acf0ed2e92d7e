"""Derivatives by differences, with a bound on their error: the judge of every rule.

Ridders, Accurate computation of F'(x) and F'(x)F''(x), Advances in Engineering Software 4 (1982), 75-76.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

# Steps shrink by an irrational ratio: with powers of two, periodic functions and floor alias at integers.
RATIO = (1 + 5**0.5) / 2
STARTS = (0.9, 0.23)
LEVELS = 6
NOISE = 64 * np.finfo(float).eps


class Slope(NamedTuple):
    """A derivative and a bound on its error, element by element."""

    value: Any
    error: Any


def _ridders(f: Callable[[float], Any], start: float) -> Slope:
    """Central differences with shrinking steps, extrapolated to step zero; the entry that moved least wins."""
    best: Any = None
    bound: Any = None
    previous: list[Any] = []
    for level in range(LEVELS):
        h = start / RATIO**level
        above, below = np.asarray(f(h)), np.asarray(f(-h))
        row = [(above - below) / (2 * h)]
        noise = NOISE * np.maximum(np.abs(above), np.abs(below)) / h
        if best is None:
            best, bound = row[0], np.full(np.shape(row[0]), np.inf)
        for order, before in enumerate(previous, start=1):
            weight = RATIO ** (2 * order)
            row.append((weight * row[-1] - before) / (weight - 1))
            error = np.maximum(np.abs(row[-1] - row[-2]), np.abs(row[-1] - before)) + noise
            better = error < bound
            best, bound = np.where(better, row[-1], best), np.where(better, error, bound)
        previous = row
    return Slope(best, bound)


def slope(f: Callable[[float], Any]) -> Slope:
    """The derivative of `f` at 0, where `f` maps a number to an array and is smooth between -1 and 1.

    Parameters
    ----------
    f : callable
        Called with steps of at most 0.9; choose its unit to suit the scale of what it moves.

    Returns
    -------
    Slope
        The value and an error bound. Two tables with different first steps must agree, else the bound says by how much
        they do not; one table alone overstates its accuracy now and then.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.testing import slope
    >>> found = slope(lambda t: np.exp(2 * t))
    >>> bool(abs(found.value - 2) <= found.error < 1e-9)
    True
    """
    with np.errstate(all="ignore"):
        one, two = (_ridders(f, start) for start in STARTS)
        first = one.error <= two.error
        value = np.where(first, one.value, two.value)
        apart = np.abs(one.value - two.value)
        error = np.where(apart <= one.error + two.error, np.minimum(one.error, two.error), apart)
    return Slope(value, np.where(np.isnan(error), np.inf, error))
