"""What kind of mistake a wrong Jacobian looks like."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from autograd.testing.oracle import Array

CLOSE = 1e-6


def _same(a: Array, b: Array) -> bool:
    scale = np.max(np.abs(b), initial=0.0)
    return bool(a.shape == b.shape and np.all(np.abs(a - b) <= CLOSE * scale + 1e-9))


def diagnose(
    rule: Array,
    truth: Array,
    wrong: Array,
    values: Array,
    shape: tuple[int, ...],
    others: Sequence[Array] = (),
    out_shape: tuple[int, ...] = (),
) -> str:
    """A guess at the mistake in the derivative by one argument, "" where there is none to be made.

    Parameters
    ----------
    rule, truth : array of shape (inputs, outputs)
        The Jacobian that a rule gives, and that of the differences.
    wrong : array of bool
        Where they differ.
    values : array of shape (inputs,)
        The argument's elements.
    shape : tuple of int
        The argument's shape.
    others : sequence of array
        The Jacobians of the differences for the other arguments.
    out_shape : tuple of int
        The result's shape.
    """
    if not np.isfinite(rule).all():
        at = values[~np.isfinite(rule).all(axis=1)]
        where = "0" if np.all(at == 0) else "tied elements" if _tied(at, values) else "these elements"
        return f"no guard at {where}: the rule gives {'NaN' if np.isnan(rule).any() else 'infinity'} there"
    if not np.isfinite(truth).all():
        return ""
    if _same(rule, 0 * truth):
        return "no gradient at all: the rule gives zero (detached, rounded to integers, or never added)"
    for guess, other in _variants(rule, truth, shape, others, out_shape):
        if _same(rule, other):
            return guess
    rows = wrong.any(axis=1)
    if rows.any() and not rows.all():
        at = values[rows]
        if np.all(at == 0) and not np.any(values[~rows] == 0):
            return "a guard at 0: it is wrong only where the argument is 0 (or kinks meet there that cancel)"
        if _tied(at, values):
            return "ties: it is wrong only where elements are equal"
    factor = _factor(rule, truth)
    if factor is not None:
        return _factor_text(factor, shape)
    if np.all(rule[wrong] == 0):
        return (
            "terms are missing: what is there is right, but zero where a gradient is due (an index that comes twice?)"
        )
    if np.all(np.abs(truth[wrong]) <= CLOSE * np.max(np.abs(truth))):
        return "terms too many: elements that do not count get a gradient (a mask forgotten?)"
    if rows.any() and not rows.all() and np.all(values[rows] < 0) and np.all(values[~rows] >= 0):
        return "a sign: it is wrong only where the argument is negative"
    return _of_values(rule, truth, values) or _constant(rule - truth, truth)


def _of_values(rule: Array, truth: Array, values: Array) -> str:
    """A factor that is the argument itself, or a power of it."""
    with np.errstate(all="ignore"):
        for power, text in ((1, "x"), (2, "x**2"), (-1, "1/x"), (-2, "1/x**2")):
            factor = values[:, None] ** float(power)
            if np.isfinite(factor).all() and _same(rule, factor * truth):
                return f"a factor: the rule gives {text} times the derivative, where x is the argument's element"
    return ""


def _constant(difference: Array, truth: Array) -> str:
    on = difference if difference.shape[0] != difference.shape[1] else difference[np.eye(len(difference), dtype=bool)]
    for part, where in ((difference, "every element"), (on, "every element of the diagonal")):
        apart = np.abs(difference - part.flat[0] * (1 if part is difference else np.eye(len(difference))))
        if apart.max() <= CLOSE * np.max(np.abs(truth)):
            return f"a constant added: {part.flat[0]:.6g} in {where}"
    return ""


def _variants(
    rule: Array, truth: Array, shape: tuple[int, ...], others: Sequence[Array], out_shape: tuple[int, ...]
) -> list[tuple[str, Any]]:
    n, m = truth.shape
    found: list[tuple[str, Any]] = [("the sign: the rule gives minus the derivative", -truth)]
    found += [("swapped: it is the derivative by another argument", o) for o in others]
    if n == m:
        found.append(("the cotangent itself is returned", np.eye(n)))
        if n > 1:
            found.append(("transposed: Jacobian and its transpose are exchanged", truth.T))
    for i in range(len(shape)):
        for j in range(i):
            if shape[i] == shape[j] > 1:
                turned = np.swapaxes(truth.reshape(*shape, m), i, j).reshape(n, m)
                found.append((f"transposed: axes {j} and {i} of the gradient are exchanged", turned))
    for i, side in enumerate(shape):
        if side > 1:
            flipped = np.flip(truth.reshape(*shape, m), i).reshape(n, m)
            found.append((f"reversed: axis {i} of the gradient runs the other way", flipped))
    for i in range(len(out_shape)):
        for j in range(i):
            if out_shape[i] == out_shape[j] > 1:
                turned = np.swapaxes(truth.reshape(n, *out_shape), i + 1, j + 1).reshape(n, m)
                found.append((f"the wrong axis: axes {j} and {i} of the result are exchanged", turned))
    return found


def _factor(rule: Array, truth: Array) -> float | None:
    large = np.abs(truth) > 1e-6 * np.max(np.abs(truth), initial=0.0)
    if not large.any():
        return None
    ratio = rule[large] / truth[large]
    if len(ratio) == 1 and not (float(ratio[0]) * 60).is_integer():  # one number is some multiple of any other
        return None
    factor = float(np.median(ratio))
    return factor if factor and _same(rule, factor * truth) else None


def _factor_text(factor: float, shape: tuple[int, ...]) -> str:
    size = math.prod(shape)
    near = Fraction(factor).limit_denominator(1000)
    number = str(near) if abs(float(near) - factor) < CLOSE * abs(factor) else f"{factor:.6g}"
    why = ""
    for n, what in ((size, "the number of elements"), *((side, "the length of an axis") for side in shape)):
        if n > 2 and not why and abs(factor - n) < CLOSE * n:
            why = f" ({n} is {what}: a mean not divided?)"
        elif n > 2 and not why and abs(factor * n - 1) < CLOSE:
            why = f" ({n} is {what}: a sum divided?)"
    return f"a factor: the rule gives {number} times the derivative{why}"


def _tied(some: Array, values: Array) -> bool:
    return all(np.count_nonzero(values == v) > 1 for v in some)
