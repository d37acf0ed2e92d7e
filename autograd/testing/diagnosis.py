"""What kind of mistake a wrong Jacobian looks like."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.testing.oracle import Array

CLOSE = 1e-6


def _same(a: Array, b: Array) -> bool:
    scale = np.max(np.abs(b), initial=0.0)
    return bool(a.shape == b.shape and np.all(np.abs(a - b) <= CLOSE * scale + 1e-9))


def diagnose(
    rule: Array, truth: Array, wrong: Array, values: Array, shape: tuple[int, ...], others: Sequence[Array] = ()
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
    """
    if not np.isfinite(rule).all():
        at = values[~np.isfinite(rule).all(axis=1)]
        where = "0" if np.all(at == 0) else "tied elements" if _tied(at, values) else "these elements"
        return f"no guard at {where}: the rule gives {'NaN' if np.isnan(rule).any() else 'infinity'} there"
    if not np.isfinite(truth).all():
        return ""
    if _same(rule, 0 * truth):
        return "no gradient at all: the rule gives zero (detached, rounded to integers, or never added)"
    for guess, other in _variants(rule, truth, shape, others):
        if _same(rule, other):
            return guess
    rows = wrong.any(axis=1)
    if rows.any() and not rows.all():
        at = values[rows]
        if np.all(at == 0) and not np.any(values[~rows] == 0):
            return "a guard at 0: it is wrong only where the argument is 0"
        if _tied(at, values):
            return "ties: it is wrong only where elements are equal"
        if np.all(at < 0) and np.all(values[~rows] >= 0):
            return "the sign: it is wrong only where the argument is negative"
    factor = _factor(rule, truth)
    if factor is not None:
        return _factor_text(factor, shape)
    difference = rule - truth
    if rows.all() and np.ptp(difference) <= CLOSE * np.max(np.abs(truth)):
        return f"a constant added: {difference.flat[0]:.6g} in every element"
    return ""


def _variants(rule: Array, truth: Array, shape: tuple[int, ...], others: Sequence[Array]) -> list[tuple[str, Any]]:
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
    return found


def _factor(rule: Array, truth: Array) -> float | None:
    large = np.abs(truth) > 1e-6 * np.max(np.abs(truth), initial=0.0)
    if not large.any():
        return None
    ratio = rule[large] / truth[large]
    factor = float(np.median(ratio))
    return factor if factor and _same(rule, factor * truth) else None


def _factor_text(factor: float, shape: tuple[int, ...]) -> str:
    size = math.prod(shape)
    named = {
        2.0: "2",
        0.5: "1/2",
        float(size): f"the number of elements, {size}",
        1 / max(size, 1): f"1/{size}, a mean",
    }
    named |= {float(n): f"the length of an axis, {n}" for n in shape if n > 2}
    named |= {1 / n: f"1/{n}, of the length of an axis" for n in shape if n > 2}
    for value, text in named.items():
        if abs(factor - value) < CLOSE * value:
            return f"a factor of {text} too many"
    return f"a factor of {factor:.6g} too many"


def _tied(some: Array, values: Array) -> bool:
    return all(np.count_nonzero(values == v) > 1 for v in some)
