"""Calls of the ops in `autograd.ops.linalg`."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd.ops import linalg
from autograd.testing.strategies.base import (
    Array,
    Call,
    Draw,
    axis_of,
    distinct,
    filled,
    plain_call,
    reach_of,
    register,
    shapes,
)

ORDERS = (2, 1, 3, 0.5, 1.7, np.inf, -np.inf, 0, -1, -2.5)


def regular(draw: Draw, n: int, stack: tuple[int, ...] = ()) -> Array:
    """Matrices that are far from singular: their diagonals dominate."""
    return 0.3 * filled(draw, (*stack, n, n), (1.0, 0.0, -1.0, 0.5, -0.37)) + 1.7 * np.eye(n)


def _unlike(draw: Draw, shape: tuple[int, ...]) -> Array:
    """Elements whose absolute values differ, none of them zero."""
    return distinct(draw, shape) * 1.1 + 0.02


def _norm_call(name: str, x: Array, note: dict[str, Any]) -> Call:
    if name == "norm":
        return Call(
            name, (x,), lambda x: linalg.norm(x, **note), lambda x: np.linalg.norm(x, **note), (_near(x),), str(note)
        )
    return Call(
        name,
        (x,),
        lambda x: linalg.vector_norm(x, **note),
        lambda x: np.linalg.vector_norm(x, **note),
        (_near(x),),
        str(note),
    )


def _near(x: Array) -> Array:
    """How far elements move before two absolute values meet, or one meets zero."""
    sizes = np.sort(np.append(np.abs(x).ravel(), 0.0))
    return np.full(x.shape, min(0.1, 0.2 * float(np.min(np.diff(sizes), initial=1.0))))


@register("vector_norm")
def _vector_norm(draw: Draw, name: str) -> Call:
    x = _unlike(draw, draw(shapes(0, 3, 1)))
    axis = axis_of(draw, x.ndim)
    note = {"axis": None if axis == () else axis, "keepdims": draw(st.booleans()), "ord": draw(st.sampled_from(ORDERS))}
    return _norm_call(name, x, note)


@register("norm")
def _norm(draw: Draw, name: str) -> Call:
    x = _unlike(draw, draw(shapes(0, 3, 1)))
    note: dict[str, Any] = {"keepdims": draw(st.booleans())}
    if x.ndim and draw(st.booleans()):
        note |= {"axis": axis_of(draw, x.ndim, tuples=False, none=False), "ord": draw(st.sampled_from(ORDERS))}
    elif x.ndim > 1 and draw(st.booleans()):
        note |= {"axis": tuple(draw(st.permutations(range(x.ndim)))[:2]), "ord": draw(st.sampled_from([None, "fro"]))}
    return _norm_call(name, x, note)


@register("inv")
def _inv(draw: Draw, name: str) -> Call:
    a = regular(draw, draw(st.integers(0, 3)), draw(shapes(0, 1)))
    return Call(name, (a,), getattr(linalg, name), getattr(np.linalg, name), (reach_of(a, most=0.03),))


@register("solve")
def _solve(draw: Draw, name: str) -> Call:
    n = draw(st.integers(1, 3))
    stack = draw(shapes(0, 1, 1))
    b = (n,) if draw(st.booleans()) else (*draw(st.sampled_from([(), stack, (1,)])), n, draw(st.integers(0, 2)))
    return plain_call(name, [regular(draw, n, stack), filled(draw, b)], linalg.solve, np.linalg.solve, most=0.03)


@register("det", "cofactor", "logabsdet", "slogdet")
def _det(draw: Draw, name: str) -> Call:
    a = regular(draw, draw(st.integers(1 if name == "cofactor" else 0, 3)), draw(shapes(0, 1)))
    f, reach = getattr(linalg, name), (reach_of(a, most=0.03),)
    if name == "slogdet":
        return Call(name, (a,), lambda a: f(a)[1], lambda a: np.linalg.slogdet(a)[1], reach)
    if name == "logabsdet":
        return Call(name, (a,), f, lambda a: np.linalg.slogdet(a)[1], reach)
    if name == "cofactor":
        return Call(name, (a,), f, _by_inverse, reach)
    return Call(name, (a,), f, np.linalg.det, reach)


def _by_inverse(a: Array) -> Any:
    return np.linalg.det(a)[..., None, None] * np.swapaxes(np.linalg.inv(a), -1, -2)
