"""Operands: expressions of earlier values that lie where an op is defined and smooth, at the point and around it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.primitive import Domain
from autograd.testing.programs.build import ELEMENTS, MARGIN, Builder, Dropped
from autograd.testing.programs.memory import Value
from autograd.testing.programs.program import literal

NUMBERS = (0.5, -1.5, 2.0, 0.37, -0.81, 1.0, 3.0, 0.0)
Condition = Callable[[Value], Any]


def real(value: Value) -> bool:
    return not value.complex


def at_least(ndim: int) -> Condition:
    """Arrays of that many axes, none empty."""
    return lambda v: v.ndim >= ndim and 0 not in v.shape


def of_axes(ndim: int) -> Condition:
    return lambda v: v.ndim == ndim and 0 not in v.shape


def shaped(shape: tuple[int, ...]) -> Condition:
    return lambda v: v.shape == shape


def broadcasts_with(shape: tuple[int, ...]) -> Condition:
    def fits(v: Value) -> bool:
        try:
            return math.prod(np.broadcast_shapes(v.shape, shape)) <= ELEMENTS
        except ValueError:
            return False

    return fits


def broadcasts_to(shape: tuple[int, ...]) -> Condition:
    def fits(v: Value) -> bool:
        try:
            return np.broadcast_shapes(v.shape, shape) == tuple(shape)
        except ValueError:
            return False

    return fits


def within(arrays: list[Any], domain: Domain) -> bool:
    """Whether all lie in the domain by a margin, on the same side of what it avoids."""
    stacked = np.stack(arrays)
    if not np.all(np.isfinite(stacked)) or (stacked.dtype.kind == "c"):
        return False
    if not stacked.size:
        return True
    if stacked.min() < domain.low + MARGIN or stacked.max() > domain.high - MARGIN:
        return False
    return all(clear(arrays, p) for p in domain.avoid)


def clear(arrays: list[Any], point: float | Any = 0.0) -> bool:
    """Whether every element stays on its side of `point`."""
    away = np.stack(arrays) - point
    return bool(np.all(np.abs(away) > MARGIN) and np.all((away > 0) == (away[0] > 0)))


def guarded(b: Builder, v: Value | str, domain: Domain) -> str:
    """`v` itself where it lies in the domain, else squashed into it."""
    if within(b.all(v), domain):
        return str(v)
    low, high = domain.low, domain.high
    if math.isfinite(low) and math.isfinite(high):
        return f"{(low + high) / 2:g} + {0.4 * (high - low):g} * np.tanh({v})"
    if math.isfinite(high):
        return f"{high - 1.5:g} + np.tanh({v})"
    return f"{(low if math.isfinite(low) else 0.0) + 1.5:g} + np.tanh({v})"


def shifted(b: Builder, v: Value | str, edge: float = 0.0) -> str:
    """`v`, moved by a constant where that is needed to keep every element on its side of `edge`."""
    for c in (0.0, 0.31, -0.31, 0.73, -0.73, 1.6, -1.6):
        text = f"{v} + {c}" if c else str(v)
        if clear(b.all(text), edge):
            return text
    raise Dropped


def apart(b: Builder, v: Value | str) -> bool:
    """Whether no two elements tie, nor change their order around the point."""
    stacked = np.stack([np.ravel(a) for a in b.all(v)])
    order = np.argsort(stacked[0])
    return bool(np.all(np.diff(stacked[:, order], axis=1) > MARGIN))


def separated(b: Builder, v: Value) -> str:
    """`v` without ties, a constant added where it has some."""
    if apart(b, v):
        return str(v)
    n = math.prod(v.shape)
    ramp = np.round((np.arange(n) * 7 % max(n, 1)) * 0.9 - 0.4 * n, 2).reshape(v.shape)
    text = f"np.tanh({v}) * 0.3 + {literal(ramp)}"
    if apart(b, text):
        return text
    raise Dropped


def conditioned(b: Builder, v: Value) -> str:
    """A square matrix near a diagonal of different numbers."""
    n = v.shape[-1]
    return f"0.1 * np.tanh({v}) + np.diag({[1.0, 2.0, 3.2, 4.5, 5.9][:n]})"


def partner(b: Builder, shape: tuple[int, ...], *conditions: Condition) -> str:
    """A value that broadcasts with `shape`, or a constant."""
    kind = b.pick(4)
    if kind == 3:
        return repr(b.choice(NUMBERS))
    if kind == 2 and shape:
        row = [b.choice(NUMBERS) for _ in range(shape[-1])]
        return f"np.array({row}, float)"
    return str(b.value(broadcasts_with(shape), *conditions))
