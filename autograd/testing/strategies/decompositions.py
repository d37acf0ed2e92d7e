"""Calls of the ops in `autograd.ops.decompositions`: what their vectors decide, whatever their signs and phases."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd.ops import linalg
from autograd.testing.strategies.base import (
    Array,
    Call,
    Draw,
    filled,
    kink_call,
    plain_call,
    register,
    register_kinks,
    shapes,
)


def adjoint(m: Any) -> Any:
    h = np.swapaxes(m, -1, -2)
    return np.conj(h) if m.dtype.kind == "c" else h


def hermitian(m: Any) -> Any:
    """Positive definite matrices whose eigenvalues are apart, from any near a diagonal of different numbers."""
    return np.matmul(m, adjoint(m))


def apart(draw: Draw, m: int, n: int) -> Array:
    """Matrices near a diagonal of different numbers."""
    a = 0.1 * filled(draw, (*draw(shapes(0, 1, 1)), m, n), (1.0, 0.0, -1.0, 0.5, -0.37))
    return np.asarray(a + np.eye(m, n) * np.array([1.0, 2.0, 3.2])[:n])


def _square(draw: Draw) -> Array:
    n = draw(st.integers(1, 3))
    return apart(draw, n, n)


@register("cholesky", "eigvalsh")
def _of_hermitian(draw: Draw, name: str) -> Call:
    m = _square(draw)
    note = {"upper": draw(st.booleans())} if name == "cholesky" else {"UPLO": draw(st.sampled_from("LU"))}
    ours, numpys = getattr(linalg, name), getattr(np.linalg, name)
    return plain_call(
        name, [m], lambda m: ours(hermitian(m), **note), lambda m: numpys(hermitian(m), **note), note, most=0.02
    )


def _mixed(w: Any, v: Any) -> Any:
    """Values, and absolute values of vectors, in one array, whatever their order."""
    size = np.real(v * (np.conj(v) if v.dtype.kind == "c" else v))
    return np.sum(np.real(np.expand_dims(w * w + w, -2)) * size, axis=-1)


@register("eigh", "eigh_packed", "eig", "eig_packed")
def _eigh(draw: Draw, name: str) -> Call:
    m, side = _square(draw), draw(st.sampled_from("LU"))
    given = (side,) if "h" in name else ()

    def matrix(m: Any) -> Any:
        return hermitian(m) if "h" in name else m

    def ours(m: Any) -> Any:
        out = getattr(linalg, name)(matrix(m), *given)
        return _mixed(out[..., 0, :], out[..., 1:, :]) if "packed" in name else _mixed(*out)

    numpys = np.linalg.eigh if "h" in name else np.linalg.eig
    return plain_call(name, [m], ours, lambda m: _mixed(*numpys(matrix(m), *given)), given, most=0.02)


@register("eigvals")
def _eigvals(draw: Draw, name: str) -> Call:
    def any_order(w: Any) -> Any:
        return np.sum(w**3 + 1 / w, axis=-1)

    return plain_call(
        name,
        [_square(draw)],
        lambda a: any_order(linalg.eigvals(a)),
        lambda a: any_order(np.linalg.eigvals(a)),
        most=0.02,
    )


@register("svdvals")
def _svdvals(draw: Draw, name: str) -> Call:
    a = apart(draw, draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    return plain_call(name, [a], linalg.svdvals, np.linalg.svdvals, most=0.02)


def _decided(u: Any, s: Any, vh: Any) -> Any:
    """Numbers that do not depend on signs, phases or the basis of a null space."""
    k = s.shape[-1]
    turn = np.matmul(u[..., :k] * np.expand_dims(s * s, -2), vh[..., :k, :])
    over, under = u[..., k:], vh[..., k:, :]
    spaces = np.sum(np.matmul(over, adjoint(over))[..., 0, :], -1) + np.sum(
        np.matmul(adjoint(under), under)[..., 0], -1
    )
    return (
        np.real(turn) + np.real(np.expand_dims(spaces, (-1, -2))) + np.sum(s, axis=(-1,)).reshape((*s.shape[:-1], 1, 1))
    )


@register("svd", "svd_packed")
def _svd(draw: Draw, name: str) -> Call:
    full = draw(st.booleans())
    if name == "svd" and draw(st.integers(0, 3)) == 0:
        return _svd_of_hermitian(draw)
    a = apart(draw, draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    if name == "svd" and draw(st.integers(0, 3)) == 0:
        return plain_call(
            name,
            [a],
            lambda a: linalg.svd(a, compute_uv=False),
            lambda a: np.linalg.svd(a, compute_uv=False),
            most=0.02,
        )

    def ours(a: Any) -> Any:
        if name == "svd":
            return _decided(*linalg.svd(a, full))
        packed, (m, n) = linalg.svd_packed(a, full), a.shape[-2:]
        k = min(m, n)
        p, q = (m, n) if full else (k, k)
        u, s, v = packed[..., : m * p], packed[..., m * p : m * p + k], packed[..., m * p + k :]
        stack = a.shape[:-2]
        return _decided(u.reshape((*stack, m, p)), np.real(s), adjoint(v.reshape((*stack, n, q))))

    return plain_call(name, [a], ours, lambda a: _decided(*np.linalg.svd(a, full)), full, most=0.02)


def _svd_of_hermitian(draw: Draw) -> Call:
    m, vectors = _square(draw), draw(st.booleans())
    flip = draw(st.sampled_from([1.0, -1.0]))

    def call(svd: Any) -> Any:
        def read(m: Any) -> Any:
            out = svd(hermitian(m) * flip, compute_uv=vectors, hermitian=True)
            return _decided(*out) if vectors else out

        return read

    return plain_call("svd", [m], call(linalg.svd), call(np.linalg.svd), ("hermitian", vectors), most=0.02)


@register("qr", "qr_packed")
def _qr(draw: Draw, name: str) -> Call:
    mode = draw(st.sampled_from(["reduced", "complete", "r"] if name == "qr" else ["reduced", "complete"]))
    a = apart(draw, draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    if name == "qr_packed" and a.shape[-1] > a.shape[-2]:
        a = np.swapaxes(a, -1, -2)
    # LAPACK turns no column that is zero below its diagonal: the sign jumps there
    m, n = a.shape[-2:]
    a = a + 0.2 * np.tri(m, n, -1) * np.sin(1 + np.arange(m * n).reshape(m, n))

    def read(q: Any, r: Any) -> Any:
        k = min(a.shape[-2:])
        rest = q[..., k:]
        space = np.sum(np.matmul(rest, adjoint(rest)), axis=-1)
        first = np.real(np.sum(q[..., :k], axis=-1) + space)
        return np.concatenate([np.real(r[..., :k, :]), np.expand_dims(first, -1)[..., :k, :]], axis=-1)

    def ours(a: Any) -> Any:
        if name == "qr":
            return np.real(linalg.qr(a, mode)) if mode == "r" else read(*linalg.qr(a, mode))
        m, n = a.shape[-2:]
        p, packed, stack = m if mode == "complete" else n, linalg.qr_packed(a, mode == "complete"), a.shape[:-2]
        return read(packed[..., : m * p].reshape((*stack, m, p)), packed[..., m * p :].reshape((*stack, n, n)))

    def numpys(a: Any) -> Any:
        return np.real(np.linalg.qr(a, mode)) if mode == "r" else read(*np.linalg.qr(a, mode))

    return plain_call(name, [a], ours, numpys, mode, most=0.02)


@register_kinks("eigvalsh", "svdvals")
def _equal_values(draw: Draw, name: str) -> Call:
    """Sums of eigenvalues, which are convex (smooth even) where these are equal, and of equal singular values."""
    n = draw(st.integers(1, 3))
    a = np.diag(draw(st.sampled_from(([1.0, 1.0, 1.0], [2.0, 1.0, 1.0], [2.0, 2.0, 1.0])))[:n])
    side = draw(st.sampled_from("LU"))

    def call(f: Any) -> Any:
        if name == "svdvals":
            return lambda a: np.sum(f(a), axis=-1)
        return lambda a: np.sum(f(hermitian(a), side) ** 2, axis=-1)

    return kink_call(name, [a], call(getattr(linalg, name)), call(getattr(np.linalg, name)), "convex", side)


@register_kinks("qr_packed", "eig_packed", "eigh_packed", "svd_packed", "svdvals", "eigvalsh", "cholesky")
def _no_matrices(draw: Draw, name: str) -> Call:
    """A stack of none."""
    a = filled(draw, (0, 2, 2))
    f: Any = getattr(linalg, name)
    if name in ("svdvals", "eigvalsh", "cholesky"):
        return plain_call(name, [a], f, getattr(np.linalg, name), "a stack of no matrices")
    return plain_call(
        name,
        [a],
        lambda a: np.real(f(a)[..., 0]),
        lambda a: np.real(np.zeros(f(a).shape)[..., 0]),
        "a stack of no matrices",
    )
