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


def _hermitian(m: Any) -> Any:
    """Positive definite matrices whose eigenvalues are apart, from any near the identity."""
    h = np.swapaxes(m, -1, -2)
    return np.matmul(m, np.conj(h) if m.dtype.kind == "c" else h)


@register("cholesky", "eigvalsh")
def _of_hermitian(draw: Draw, name: str) -> Call:
    m = _apart(draw)
    note = {"upper": draw(st.booleans())} if name == "cholesky" else {"UPLO": draw(st.sampled_from("LU"))}
    ours, numpys = getattr(linalg, name), getattr(np.linalg, name)
    return plain_call(
        name, [m], lambda m: ours(_hermitian(m), **note), lambda m: numpys(_hermitian(m), **note), note, most=0.02
    )


def _apart(draw: Draw) -> Array:
    n = draw(st.integers(1, 3))
    m = 0.1 * filled(draw, (*draw(shapes(0, 1, 1)), n, n), (1.0, 0.0, -1.0, 0.5, -0.37))
    return m + np.diag(np.array([1.0, 2.0, 3.0])[:n])


@register("eigh", "eigh_packed")
def _eigh(draw: Draw, name: str) -> Call:
    """What does not depend on the signs (phases) of the vectors."""
    m, side = _apart(draw), draw(st.sampled_from("LU"))

    def read(w: Any, v: Any) -> Any:
        return np.real(w) + np.real(v * (np.conj(v) if v.dtype.kind == "c" else v))[..., 0, :]

    def ours(m: Any) -> Any:
        if name == "eigh":
            return read(*linalg.eigh(_hermitian(m), side))
        out = linalg.eigh_packed(_hermitian(m), side)
        return read(out[..., 0, :], out[..., 1:, :])

    return plain_call(name, [m], ours, lambda m: read(*np.linalg.eigh(_hermitian(m), side)), side, most=0.02)


@register("pinv")
def _pinv(draw: Draw, name: str) -> Call:
    a = regular(draw, 3, draw(shapes(0, 1)))[..., : draw(st.integers(1, 3)), : draw(st.integers(1, 3))]
    return plain_call(name, [a], linalg.pinv, np.linalg.pinv, most=0.03)


@register("matrix_power")
def _matrix_power(draw: Draw, name: str) -> Call:
    n = draw(st.integers(-3, 5))
    a = regular(draw, draw(st.integers(1, 3)), draw(shapes(0, 1)))
    return plain_call(
        name, [a], lambda a: linalg.matrix_power(a, n), lambda a: np.linalg.matrix_power(a, n), n, most=0.03
    )


@register("multi_dot")
def _multi_dot(draw: Draw, name: str) -> Call:
    sizes = draw(st.lists(st.integers(1, 3), min_size=3, max_size=5))
    arrays = [filled(draw, (sizes[i], sizes[i + 1])) for i in range(len(sizes) - 1)]
    if draw(st.booleans()):
        arrays[0] = arrays[0][0]
    if draw(st.booleans()):
        arrays[-1] = arrays[-1][:, 0]
    return plain_call(name, arrays, lambda *a: linalg.multi_dot(a), lambda *a: np.linalg.multi_dot(a))
