"""Whether a derivative is what the differences say: at smooth points, at kinks of each kind, and at edges."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from autograd.testing.oracle import SAFETY, Array, Slopes, every

BRACKETED = frozenset({"elementwise", "convex", "concave"})
RELATIVE, ABSOLUTE = 1e-9, 1e-11  # what rounding in the rule itself may add
LOOSE = 1e-3  # differences that know less than this part of a slope are not asked,
FLAT = 1e-6  # unless they tell it from none, beside the function's own size


@dataclass
class Judged:
    """What M derivatives along K directions may be: arrays of shape (K, M).

    Attributes
    ----------
    low, high
        The bounds that a derivative must keep.
    value, left, right, error
        What the differences gave, and how accurate that is.
    known : array of bool
        Whether there is anything to judge by.
    kink : array of bool
        Whether it lies at a kink of no declared kind.
    finite : array of bool
        Whether the function has a finite slope there, on one side at least.
    unclear : array of bool
        Whether the differences are not accurate enough to judge by.
    """

    low: Array
    high: Array
    value: Array
    left: Array
    right: Array
    error: Array
    known: Array
    kink: Array
    finite: Array
    unclear: Array

    def scaled(self, factor: Array) -> Judged:
        """In other units: along each direction all numbers times a positive `factor`."""
        by = factor[:, None]
        numbers = ("low", "high", "value", "left", "right", "error")
        return replace(self, **{name: getattr(self, name) * by for name in numbers})


def judge(found: Slopes, kind: str | None, coordinate: Array, base: Array) -> Judged:
    """Bounds for every derivative.

    Parameters
    ----------
    found : Slopes
    kind : str or None
        The function's kind of kink; None: not known, so that nothing is said at kinks.
    coordinate : array of bool, shape (K,)
        Which directions move one number alone.
    base : array, shape (M,)
        The function's values.
    """
    value, error = found.value, found.error
    smooth = np.isfinite(error)
    size = np.abs(value)
    size += np.maximum.reduce(size, axis=1, initial=0.0, where=smooth, keepdims=True)
    smooth &= ~found.kink
    eps = float(np.finfo(base.dtype if base.dtype.kind == "f" else float).eps)
    within = SAFETY * error
    of_f = np.maximum.reduce(found.size, axis=1, initial=0.0, keepdims=True)
    known = smooth & (within <= LOOSE * size + FLAT * of_f)
    within += max(RELATIVE, 100 * eps) * size + ABSOLUTE
    judged = Judged(value - within, value + within, value, value, value, within, known, found.kink, known, ~known)
    if not every(smooth):
        judged = _at_edges(judged, found, smooth, (kind in BRACKETED) & (coordinate[:, None] | (kind != "elementwise")))
    there = np.isfinite(base)
    if not every(there):
        judged.known, judged.kink, judged.unclear = judged.known & there, judged.kink & there, judged.unclear & there
        # an infinity that stays one: no number, but no NaN
        judged.finite = judged.known | judged.kink | (np.isinf(base) & np.isfinite(error))
    return judged


def _at_edges(judged: Judged, found: Slopes, smooth: Array, bracketed: Any) -> Judged:
    """The bounds at kinks, `bracketed` if of a kind whose slopes do so, and where the function ends."""
    left, right, kink = found.left, found.right, found.kink
    bracketed = bracketed & kink
    near = SAFETY * np.maximum(left.error, right.error) + RELATIVE * (np.abs(left.value) + np.abs(right.value))
    low = np.where(bracketed, np.minimum(left.value, right.value) - near, judged.low)
    high = np.where(bracketed, np.maximum(left.value, right.value) + near, judged.high)
    # where the function ends: between nothing and the slope of the side that there is
    there = np.isfinite(left.error)
    one_sided = ~smooth & ~kink & (there ^ np.isfinite(right.error))
    side = np.where(there, left.value, right.value)
    reach = SAFETY * np.where(there, left.error, right.error) + RELATIVE * np.abs(side) + ABSOLUTE
    edge = one_sided & (reach <= LOOSE * np.abs(side) + 1e-6)
    known, kink = judged.known | bracketed | edge, kink & ~bracketed
    return Judged(
        np.where(edge, np.minimum(side, 0) - reach, low),
        np.where(edge, np.maximum(side, 0) + reach, high),
        np.where(edge, side, judged.value),
        np.where(edge, side, np.where(found.kink, left.value, judged.value)),
        np.where(edge, side, np.where(found.kink, right.value, judged.value)),
        np.where(found.kink, near, np.where(edge, reach, judged.error)),
        known,
        kink,
        known | kink,
        ~known & ~kink,
    )


def selected(judged: Judged, single: int, reach: Array) -> Judged:
    """The bounds of a selection at a tie, where only moving all elements together has a derivative.

    Each output is a mean of some of the inputs, so that its derivative by one of them lies between 0 and its derivative
    along the last direction, in which all move alike.

    Parameters
    ----------
    judged : Judged
        Of `single` coordinates that move by `reach`, of random directions, and of all that move alike.
    """
    ones = judged.value[-1] / reach.min()
    slack = judged.error[-1] / reach.min()
    made = {f.name: getattr(judged, f.name).copy() for f in fields(Judged)}
    made["low"][:single] = (np.minimum(0, ones) - slack) * reach[:, None]
    made["high"][:single] = (np.maximum(0, ones) + slack) * reach[:, None]
    for name in ("known", "kink", "finite", "unclear"):
        made[name][:single] = made[name][-1]
        made[name][single:-1] = False
    return Judged(**made)


def weighted(judged: Judged, weights: Array) -> Judged:
    """The derivatives of sums of the outputs, whose bounds add as intervals: `weights` (R, M) makes them (K, R)."""
    by = weights.T
    plus, minus = np.maximum(by, 0), np.minimum(by, 0)
    whole = every(judged.known)

    def over(x: Array) -> Any:
        return x if whole else np.where(judged.known, x, 0)

    low, high, value = over(judged.low), over(judged.high), over(judged.value) @ by
    left = right = value
    if judged.left is not judged.value:  # there are kinks or edges
        left, right = over(judged.left), over(judged.right)
        left, right = left @ plus + right @ minus, right @ plus + left @ minus
    error = over(judged.error) @ (plus - minus)
    bounds = low @ plus + high @ minus, high @ plus + low @ minus, value, left, right, error
    if whole:
        nowhere = np.zeros(value.shape, bool)
        return Judged(*bounds, ~nowhere, nowhere, ~nowhere, nowhere)
    needed = (by != 0).astype(float)

    def touched(where: Array) -> Any:
        return where.astype(float) @ needed > 0

    kink = touched(judged.kink)
    return Judged(*bounds, ~touched(~judged.known), kink, ~touched(~judged.finite), touched(judged.unclear) & ~kink)
