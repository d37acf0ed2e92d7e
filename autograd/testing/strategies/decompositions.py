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
    refused_call,
    register,
    register_kinks,
    register_refused,
    shapes,
)

EPS = 2.0**-52


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


def _half(m: Any, lower: bool) -> Any:
    """`hermitian(m)` with other numbers in the triangle that is not read."""
    unread = np.full((m.shape[-1],) * 2, 0.7, m.dtype)
    return hermitian(m) + (np.triu(unread, 1) if lower else np.tril(unread, -1))


def _square(draw: Draw) -> Array:
    n = draw(st.integers(1, 3))
    return apart(draw, n, n)


@register("cholesky", "eigvalsh")
def _of_hermitian(draw: Draw, name: str) -> Call:
    m = _square(draw)
    lower = draw(st.booleans())
    note = {"upper": not lower} if name == "cholesky" else {"UPLO": "L" if lower else "U"}
    ours, numpys = getattr(linalg, name), getattr(np.linalg, name)
    return plain_call(
        name, [m], lambda m: ours(_half(m, lower), **note), lambda m: numpys(_half(m, lower), **note), note, most=0.02
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
        return _half(m, side == "L") if "h" in name else m

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
        return _decided(*_unpacked(a, full))

    return plain_call(name, [a], ours, lambda a: _decided(*np.linalg.svd(a, full)), full, most=0.02)


def _unpacked(a: Any, full: bool) -> tuple[Any, Any, Any]:
    """U, the singular values and V^H of `svd_packed`."""
    packed, (m, n), stack = linalg.svd_packed(a, full), a.shape[-2:], a.shape[:-2]
    k = min(m, n)
    p, q = (m, n) if full else (k, k)
    u, s, v = packed[..., : m * p], packed[..., m * p : m * p + k], packed[..., m * p + k :]
    return u.reshape((*stack, m, p)), np.real(s), adjoint(v.reshape((*stack, n, q)))


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


@register_kinks("eigh_packed", "eig_packed")
def _values_alone(draw: Draw, name: str) -> Call:
    """What equal eigenvalues leave: sums over them, the vector of another one; and tiny ones, which are apart."""
    f, g = (linalg.eigh_packed, np.linalg.eigh) if "h" in name else (linalg.eig_packed, np.linalg.eig)
    what = draw(st.sampled_from(("sum", "linear", "tiny", *(("vector",) if "h" in name else ()))))
    others = {"linear": np.diag([3.0, 1.0]), "tiny": np.array([[3e-8, 1e-8], [0.0, 7e-8]])}
    v = np.array([1.0, -2.0, -2.0]) / 3
    a = others.get(what, 2 * np.eye(3) - np.outer(v, v))

    def read(w: Any, v: Any) -> Any:
        if what == "tiny":
            return np.sum(v * v * np.expand_dims(w / w[0], -2), axis=-1)
        if what == "vector":
            return v[:, :1] * v[:, 0]
        return w[0] if what == "linear" else np.sum(w * w)

    def packed(a: Any) -> tuple[Any, Any]:
        out = f(hermitian(a))
        return out[..., 0, :], out[..., 1:, :]

    most = 1e-9 if what == "tiny" else 0.02
    return kink_call(name, [a], lambda a: read(*packed(a)), lambda a: read(*g(hermitian(a))), "convex", what, most)


@register_kinks("eig_packed")
def _beside_a_defective_one(draw: Draw, name: str) -> Call:
    """A matrix that lacks eigenvectors, and others, whose eigenvalues alone are used; and those of no rows."""
    others = np.array([[2.0, 0.3, 0.1], [0.0, 1.0, -0.4], [0.2, 0.0, -1.0]])
    a = draw(st.sampled_from((np.stack([np.eye(3, k=1), others]), np.zeros((2, 0, 0)), others[None, None])))

    def read(w: Any) -> Any:
        return np.sum(np.real(w[-1:] ** 2), axis=-1)

    return kink_call(
        name,
        [a],
        lambda a: read(linalg.eig_packed(a)[..., 0, :]),
        lambda a: read(np.linalg.eigvals(a)),
        "convex",
        most=0.01,
    )


RANK_ONE = np.array([[1.0, -1.0], [2.0, -2.0], [3.0, -3.0]])


@register_kinks("svd_packed")
def _singular(draw: Draw, name: str) -> Call:
    """The nearest matrix of rank one, where it is this one; sums of singular values that are equal, or zero."""
    full, what = draw(st.booleans()), draw(st.sampled_from(("nearest", "sum")))
    given = (RANK_ONE, RANK_ONE.T, np.diag([2.0, 0.0])) if what == "nearest" else (np.zeros((3, 2)), np.eye(2))
    a = draw(st.sampled_from(given))

    def read(u: Any, s: Any, vh: Any) -> Any:
        return np.matmul(u[..., :1] * s[..., :1], vh[..., :1, :]) if what == "nearest" else np.sum(s)

    convention = (lambda g, a: [0 * a]) if what == "sum" and not a.any() else None
    return kink_call(
        name,
        [a],
        lambda a: read(*_unpacked(a, full)),
        lambda a: read(*np.linalg.svd(a, full)),
        "convex",
        (full, what),
        0.02,
        convention,
    )


@register_kinks("svdvals")
def _flat_at_zero(draw: Draw, name: str) -> Call:
    """The derivative of a singular value that is zero is zero."""
    a = np.diag(draw(st.sampled_from(([2.0, 0.0], [0.0, -2.0]))))
    return kink_call(
        name, [a], linalg.svdvals, np.linalg.svdvals, "convex", convention=lambda g, a: [g[0] * np.sign(a)]
    )


@register_kinks("qr_packed")
def _small(draw: Draw, name: str) -> Call:
    """Small is not singular; and a stack of stacks."""
    a = np.array([[2.0, 1.0], [1.0, -1.0], [0.5, 0.3]]) * draw(st.sampled_from((1.0, 1e-16)))
    a = a[:2, :, None, None].T if draw(st.booleans()) else a

    def read(q: Any) -> Any:
        return q * q

    n = a.shape[-2] * a.shape[-1]
    return kink_call(
        name,
        [a],
        lambda a: read(linalg.qr_packed(a)[..., :n]),
        lambda a: read(np.linalg.qr(a)[0]).reshape((*a.shape[:-2], n)),
        "convex",
        most=1e-2 * np.abs(a).max(),
    )


@register_kinks("cholesky")
def _hermitian_slopes(draw: Draw, name: str) -> Call:
    """The gradient is Hermitian: its elements are slopes along Hermitian steps."""
    a = np.array([[2.0, 0.5, -0.3], [0.5, 1.0, 0.2], [-0.3, 0.2, 1.5]])[: draw(st.integers(1, 3))]
    a = a[:, : len(a)]

    def slope(step: Array, low: Array) -> Array:
        turned = np.linalg.solve(low, np.linalg.solve(low, step).T)
        return np.asarray(low @ (np.tril(turned) - 0.5 * np.diag(np.diag(turned))))

    reach = (np.zeros(a.shape),)
    return Call(
        name,
        (a,),
        linalg.cholesky,
        np.linalg.cholesky,
        reach,
        convention=lambda g, a: [symmetric_slopes(lambda step: slope(step, np.linalg.cholesky(a)), g, len(a))],
    )


def symmetric_slopes(push: Any, g: Array, n: int) -> Array:
    """The symmetric gradient: `push` gives how the result moves along a symmetric step."""
    found = np.zeros((n, n))
    for i, j in np.ndindex(n, n):
        step = np.zeros((n, n))
        step[i, j] += 0.5
        step[j, i] += 0.5
        found[i, j] = np.sum(g * push(step))
    return found


# ---------------------------------------------------------------------- where there is no derivative
def _near(gap: float, scale: float = 1.0) -> Array:
    """Two eigenvalues that are `gap` roundings apart: up to 30 they count as equal."""
    return scale * np.diag([0.0, 1.0, 1.0 + gap * EPS])


@register_refused("eigh_packed", "eig_packed")
def _vectors_of_equal_values(draw: Draw, name: str) -> Call:
    """All vectors, or one number of those that are no functions of the matrix."""
    f, one = getattr(linalg, name), draw(st.booleans())
    given = (_near(0),) if one else (np.zeros((2, 2)), _near(0), _near(4), _near(20), _near(28), _near(4, 1024.0))
    a = draw(st.sampled_from(given))
    return refused_call(name, [a], lambda a: f(a)[..., 2, 1:] ** 2 if one else f(a)[..., 1:, :] ** 2, one)


@register_refused("eigh_packed", "eig_packed", "svd_packed")
def _phases(draw: Draw, name: str) -> Call:
    """The phase of complex vectors is free, however little of it is asked for."""
    scale = draw(st.sampled_from((1.0, 1e-9)))
    a = np.array([[2.0, 1.0 + 1.0j, 0.3j], [0.5j, -1.0, 0.2], [0.1, 0.4 - 0.2j, 0.7j]])

    def read(a: Any) -> Any:
        if name == "svd_packed":
            return _unpacked(a, True)[0]
        return getattr(linalg, name)(hermitian(a) if "h" in name else a)[..., 1:, :]

    return refused_call(name, [a], lambda a: np.imag(read(a)) * scale, scale, forward=False)


@register_refused("eig_packed")
def _defective(draw: Draw, name: str) -> Call:
    """Not even the eigenvalues have a derivative: eigenvectors are dependent, or nearly."""
    a = np.array([[1.0, 1.0], [0.0, 1.0 + draw(st.sampled_from((0.0, 2e-7)))]])
    return refused_call(name, [a], lambda a: np.real(linalg.eig_packed(a)[..., 0, :]))


@register_refused("svd_packed")
def _vectors_of_singular_values(draw: Draw, name: str) -> Call:
    """Vectors of equal singular values and of zero ones, on either side; single vectors of a null space."""
    column = np.array([[1.0], [2.0], [2.0]])
    what, a, full = draw(
        st.sampled_from(
            (
                ("u", 2 * np.eye(2), False), ("v", 2 * np.eye(2), True),
                ("u of zero", np.diag([2.0, 0.0]), False), ("v of zero", np.diag([2.0, 0.0]), False),
                ("beside u", RANK_ONE, True), ("beside v", RANK_ONE.T, True),
                ("beside u", column, True), ("beside v", column.T, True),
            )
        )
    )  # fmt: skip

    def read(a: Any) -> Any:
        u, _, vh = _unpacked(a, full)
        vectors, k = (u if "u" in what else adjoint(vh)), min(a.shape)
        return (vectors[..., :1, k:] if "beside" in what else vectors[..., :, 1:]) ** 2

    return refused_call(name, [a], read, (what, full), forward=what in ("u", "v"))


@register_refused("qr_packed")
def _dependent(draw: Draw, name: str) -> Call:
    """Columns that depend on each other up to 20 roundings, and single ones of those that are added to Q."""
    if draw(st.integers(0, 7)) == 0:
        column = np.array([[1.0], [2.0], [2.0]])
        return refused_call(name, [column], lambda a: linalg.qr_packed(a, True)[..., :9] ** 2, True, forward=False)
    gap, scale = draw(st.sampled_from(((0, 0.0), (3, 1.0), (15, 1.0), (19, 1.0), (3, 1024.0))))
    a = np.array([[1.0, 1.0], [0.0, gap * EPS]]) * scale
    a = a[None, None] if draw(st.booleans()) else a
    return refused_call(name, [a], lambda a: np.real(linalg.qr_packed(a)))
