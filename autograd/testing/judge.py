"""Whether a derivative is what the differences say: at smooth points, at kinks of each kind, and at edges."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from autograd.testing.oracle import SAFETY, Array, Slopes

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
    size = np.max(np.abs(np.where(np.isfinite(error), value, 0)), axis=1, initial=0.0)[:, None]
    eps = np.finfo(base.dtype if base.dtype.kind == "f" else float).eps
    within = SAFETY * error + max(RELATIVE, 100 * eps) * (np.abs(value) + size) + ABSOLUTE
    low, high = value - within, value + within
    smooth = np.isfinite(error) & ~found.kink
    of_f = np.max(found.size, axis=1, initial=0.0)[:, None]
    known = smooth & (SAFETY * error <= LOOSE * (np.abs(value) + size) + FLAT * of_f)
    left, right = found.left, found.right
    near = SAFETY * np.maximum(left.error, right.error) + RELATIVE * (np.abs(left.value) + np.abs(right.value))
    bracketed = found.kink & (kind in BRACKETED) & (coordinate[:, None] | (kind != "elementwise"))
    low = np.where(bracketed, np.minimum(left.value, right.value) - near, low)
    high = np.where(bracketed, np.maximum(left.value, right.value) + near, high)
    # where the function ends: between nothing and the slope of the side that there is
    one_sided = ~smooth & ~found.kink & (np.isfinite(left.error) ^ np.isfinite(right.error))
    side = np.where(np.isfinite(left.error), left.value, right.value)
    reach = SAFETY * np.where(np.isfinite(left.error), left.error, right.error) + RELATIVE * np.abs(side) + ABSOLUTE
    edge = one_sided & (reach <= LOOSE * np.abs(side) + 1e-6)
    low = np.where(edge, np.minimum(side, 0) - reach, low)
    high = np.where(edge, np.maximum(side, 0) + reach, high)
    error = np.where(found.kink, near, np.where(edge, reach, within))
    value = np.where(edge, side, value)
    there = np.isfinite(base)
    known = (known | bracketed | edge) & there
    kink = found.kink & ~bracketed & there
    return Judged(
        low, high, value,
        np.where(edge, side, np.where(found.kink, left.value, value)),
        np.where(edge, side, np.where(found.kink, right.value, value)),
        error,
        known,
        kink,
        known | kink | (np.isinf(base) & np.isfinite(found.error)),  # an infinity that stays one: no number, but no NaN
        ~known & ~kink & there,
    )  # fmt: skip


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
    plus, minus = np.maximum(weights, 0).T, np.minimum(weights, 0).T

    def over(x: Array, default: float = 0.0) -> Any:
        return np.where(judged.known, x, default)

    needed = (weights != 0).astype(float).T
    unknown = (~judged.known).astype(float) @ needed > 0
    kink = judged.kink.astype(float) @ needed > 0
    unclear = judged.unclear.astype(float) @ needed > 0
    return Judged(
        over(judged.low) @ plus + over(judged.high) @ minus,
        over(judged.high) @ plus + over(judged.low) @ minus,
        over(judged.value) @ (plus + minus),
        over(judged.left) @ plus + over(judged.right) @ minus,
        over(judged.right) @ plus + over(judged.left) @ minus,
        over(judged.error) @ (plus - minus),
        ~unknown,
        kink,
        (~judged.finite).astype(float) @ needed == 0,
        unclear & ~kink,
    )
