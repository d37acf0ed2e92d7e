"""Decompositions of stacks of matrices: Cholesky's, eigenvalues, singular values, QR.

Cotangents pair without conjugates. The rules below are those of the literature, which pair with them: hence the
conjugate of what comes in and goes out. An op has one result, so vectors and values lie packed in one array.

Vectors whose values are equal up to rounding span a space together and are not functions of the matrix one by one:
a gradient that comes through them is refused. So is one of complex vectors that asks for their phase, which is free.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.ops.matrices import adjoint as _h
from autograd.ops.matrices import inv, is_probe, solvable, solve, values
from autograd.ops.product import matmul
from autograd.primitive import composite, conj, operand, primitive
from autograd.state import GradError

__all__ = [
    "cholesky", "eig", "eig_packed", "eigh", "eigh_packed", "eigvals", "eigvalsh", "qr", "qr_packed", "svd",
    "svd_packed", "svdvals",
]  # fmt: skip

_EigResult: Any = type(np.linalg.eig(np.eye(1)))  # its fields: eigenvalues, eigenvectors
_EighResult: Any = type(np.linalg.eigh(np.eye(1)))
_QRResult: Any = type(np.linalg.qr(np.eye(1)))  # Q, R
_SVDResult: Any = type(np.linalg.svd(np.eye(1)))  # U, S, Vh
_VALUES = {"eigh": "eigvalsh", "eig": "eigvals", "svd": "svdvals"}


# ---------------------------------------------------------------------- where vectors are no functions of the matrix
def _touched(*gs: Any) -> Any:
    """The columns that have a cotangent."""
    return np.logical_or.reduce([(values(g) != 0).any(axis=-2) for g in gs])


def _inverse_gaps(name: str, w: Any, touched: Any, probing: bool) -> Any:
    """`1 / (w[j] - w[i])`, 0 on the diagonal and, if no cotangent asks for their vectors, of equal up to rounding."""
    w = conj(w)
    infinite = w.dtype.type(np.inf)
    gap = np.where(np.eye(w.shape[-1], dtype=bool), infinite, np.expand_dims(w, -2) - np.expand_dims(w, -1))
    far = 10 * w.shape[-1] * np.finfo(w.dtype).eps * np.max(np.abs(w), axis=-1, initial=0.0)
    close = np.abs(gap) <= np.expand_dims(far, (-2, -1))
    if not probing and (values(close) & touched[..., None]).any():
        raise GradError(
            f"{name}: two values of a matrix are equal up to rounding, so that their vectors have no derivative; "
            f"the values have one ({_VALUES[name]}), or use tensor.data"
        )
    return 1 / np.where(close, w.dtype.type(np.nan) if probing else infinite, gap)


def _refuse_phase(name: str, inner: Any, *gs: Any) -> None:
    """A function of unit vectors that does not depend on their phases has a real diagonal of `V^H gV`."""
    turned = np.abs(np.imag(np.diagonal(values(inner), axis1=-2, axis2=-1)))
    size = max(np.max(np.abs(values(g)), initial=0.0) for g in gs)
    if np.max(turned, initial=0.0) > np.finfo(turned.dtype).eps ** 0.4 * size:
        raise GradError(
            f"{name}: the result depends on the phase of complex vectors, which is free; "
            "compute what does not, as absolute values or v * conj(v[0])"
        )


def _matrix(a: Any, square: bool = True) -> Any:
    a = operand(a)
    if a.ndim < 2 or (square and a.shape[-1] != a.shape[-2]):
        raise np.linalg.LinAlgError(f"{'square ' if square else ''}matrices are needed, not shape {a.shape}")
    return a


# ---------------------------------------------------------------------- Hermitian matrices
def _cholesky(g: Any, out: Any, upper: bool) -> Any:
    """`L^-H phi(L^H g) L^-1`, its Hermitian part; phi takes the lower triangle and half the diagonal, below twice."""
    g = conj(g)
    if upper:
        g, out = _h(g), _h(out)
    inverse, turned = inv(out), matmul(_h(out), g)
    s = matmul(matmul(_h(inverse), np.tril(turned) + np.tril(turned, -1)), inverse)
    return conj((s + _h(s)) * 0.25)


@primitive(a=_cholesky, numpy=(np.linalg.cholesky,), batch="leading")
def cholesky(a, upper=False):
    """The triangle `L` with `L @ L^H = a`; the gradient is Hermitian, though NumPy reads one triangle of `a` only."""
    return np.linalg.cholesky(a, upper=upper)


@primitive(
    a=lambda g, a, UPLO: _eigvalsh(g, eigh(a, UPLO)[1]),
    numpy=(np.linalg.eigvalsh,),
    batch="leading",
)
def eigvalsh(a, UPLO="L"):
    """Eigenvalues of Hermitian matrices, ascending; the gradient is Hermitian."""
    return np.linalg.eigvalsh(a, UPLO)


def _eigvalsh(g: Any, v: Any) -> Any:
    return conj(matmul(v * np.expand_dims(g, -2), _h(v)))


def _eigh(g: Any, out: Any) -> Any:
    """`V (diag(gw) + F * (V^H gV)) V^H` with `F[i, j] = 1 / (w[j] - w[i])`."""
    probing, g = is_probe(g), conj(g)
    w, v = np.real(out[..., 0, :]), out[..., 1:, :]
    gv = g[..., 1:, :]
    inner = matmul(_h(v), gv)
    if not probing:
        _refuse_phase("eigh", inner, gv)
    turn = (inner - _h(inner)) * 0.5 * _inverse_gaps("eigh", w, _touched(gv), probing)
    along = np.real(g[..., 0, :])[..., None] * np.eye(w.shape[-1], dtype=bool)
    return conj(matmul(matmul(v, turn + along), _h(v)))


@primitive(a=_eigh, batch="leading")
def eigh_packed(a, UPLO="L"):
    """Eigenvalues (the first row) above the eigenvectors (columns) of Hermitian matrices, in one array."""
    w, v = np.linalg.eigh(a, UPLO)
    return np.concatenate([w[..., None, :], v], axis=-2)


@composite(numpy=(np.linalg.eigh,))
def eigh(a: Any, UPLO: str = "L") -> Any:
    """Eigenvalues and eigenvectors of Hermitian matrices; the gradient is Hermitian.

    The derivative of a vector whose eigenvalue comes twice, up to rounding, does not exist: a gradient that comes
    through it is a GradError, and a forward derivative NaN. A complex vector's phase is taken as constant: what is
    computed from it must not depend on the phase, and is a GradError in a backward pass if it does.
    """
    packed = eigh_packed(_matrix(a), UPLO)
    return _EighResult(np.real(packed[..., 0, :]), packed[..., 1:, :])


# ---------------------------------------------------------------------- any square matrices
def _eig(g: Any, out: Any) -> Any:
    """`V^-H (diag(gw) + (V^H gV - V^H V diag(Re V^H gV)) / conj(w[j] - w[i])) V^H`; the vectors have length one.

    Boeddeker et al., On the computation of complex-valued gradients (2017), equations 4.77 and 4.80.
    """
    probing, g = is_probe(g), conj(g)
    w, v = out[..., 0, :], out[..., 1:, :]
    gw, gv = g[..., 0, :], g[..., 1:, :]
    eye = np.eye(w.shape[-1], dtype=bool)
    inner = matmul(_h(v), gv)
    if not probing:
        _refuse_phase("eig", inner, gv)
    along = np.real(np.sum(inner * eye, axis=-2, keepdims=True))  # what would change the vectors' lengths
    turn = (inner - matmul(_h(v), v) * along) * _inverse_gaps("eig", w, _touched(gv), probing)
    core = turn + gw[..., None] * eye
    return conj(matmul(solve(_independent(_h(v), g, probing), core), _h(v)))


def _independent(vh: Any, g: Any, probing: bool) -> Any:
    """`vh`, unless the eigenvectors are nearly dependent: those of a defective matrix, which has no derivative."""
    s = svdvals(vh)
    defective = np.min(s, axis=-1, initial=np.inf) <= 10 * np.finfo(s.dtype).eps ** 0.5
    refusal = (
        "eig: the eigenvectors of a matrix are dependent up to rounding (it is defective, or nearly), so that its "
        "eigenvalues have no derivative; use tensor.data for constants"
    )
    return solvable(vh, defective, g, probing, refusal)


@primitive(a=_eig, batch="leading")
def eig_packed(a):
    """Eigenvalues (the first row) above the eigenvectors (columns) of square matrices, in one array."""
    w, v = np.linalg.eig(a)
    return np.concatenate([w[..., None, :], v], axis=-2)


@composite(numpy=(np.linalg.eig,))
def eig(a: Any) -> Any:
    """Eigenvalues and eigenvectors, of length one, of square matrices; complex where a real matrix turns.

    Refused as in `eigh`: gradients through the vectors of equal eigenvalues, or that ask for a vector's phase; and all
    of a defective matrix, which lacks eigenvectors.
    """
    packed = eig_packed(_matrix(a))
    return _EigResult(packed[..., 0, :], packed[..., 1:, :])


@composite(numpy=(np.linalg.eigvals,))
def eigvals(a: Any) -> Any:
    """Eigenvalues of square matrices, in no order; a GradError where eigenvectors are dependent."""
    return eig_packed(_matrix(a))[..., 0, :]


# ---------------------------------------------------------------------- singular values
def _parts(packed: Any, m: int, n: int, full: bool) -> Any:
    """U, the singular values and V (columns) of what `svd_packed` gives."""
    k = min(m, n)
    p, q = (m, n) if full else (k, k)
    stack = packed.shape[:-1]
    u, s, v = packed[..., : m * p], packed[..., m * p : m * p + k], packed[..., m * p + k :]
    return u.reshape((*stack, m, p)), np.real(s), v.reshape((*stack, n, q))


def no_longer(s: Any, m: int, n: int) -> Any:
    """Which singular values are zero up to rounding."""
    return s <= max(m, n) * np.finfo(s.dtype).eps * np.max(s, axis=-1, keepdims=True, initial=0.0)


def _svd(g: Any, out: Any, a_like: Any, full_matrices: bool) -> Any:
    """`U (Q / (s[j] - s[i]) + P / (s[j] + s[i]) + diag(gs)) V^H`, and what leaves the spaces of U and V.

    Q and P are half the sum and half the difference of the skew parts of `U^H gU` and `V^H gV`: Townsend,
    Differentiating the singular value decomposition (2016); Wan and Zhang, arXiv:1909.02659, for complex numbers.
    """
    probing, g = is_probe(g), conj(g)
    m, n = a_like.shape[-2:]
    k = min(m, n)
    u_all, s, v_all = _parts(out, m, n, full_matrices)
    gu_all, gs, gv_all = _parts(g, m, n, full_matrices)
    u, v, gu, gv = (x[..., :k] for x in (u_all, v_all, gu_all, gv_all))
    at_u, at_v = matmul(_h(u), gu), matmul(_h(v), gv)
    touched = _touched(gu, gv)
    zero = no_longer(s, m, n)
    if not probing:
        _refuse_phase("svd", at_u + at_v, gu, gv)
        _refuse_null(zero, touched, u_all[..., k:], gu_all[..., k:], v_all[..., k:], gv_all[..., k:])
    infinite = s.dtype.type(np.inf)
    skew_u, skew_v = at_u - _h(at_u), at_v - _h(at_v)
    both = np.expand_dims(s, -1) + np.expand_dims(s, -2)
    core = (skew_u + skew_v) * 0.5 * _inverse_gaps("svd", s, touched, probing)
    core = core + (skew_u - skew_v) * (0.5 / np.where(both == 0, infinite, both))
    core = core + (gs * ~zero)[..., None] * np.eye(k, dtype=bool)
    over = np.expand_dims(1 / np.where(zero, infinite, s), -2)
    left = matmul(u, core) + _leaving(u, gu, at_u, u_all[..., k:], gu_all[..., k:]) * over
    right = _leaving(v, gv, at_v, v_all[..., k:], gv_all[..., k:]) * over
    return conj(matmul(left, _h(v)) + matmul(u, _h(right)))


def _leaving(u: Any, gu: Any, at_u: Any, rest: Any, g_rest: Any) -> Any:
    """The part of `gu` outside the space of `u`, and what comes from its complement `rest`, which turns against it."""
    return gu - matmul(u, at_u) - matmul(rest, matmul(_h(g_rest), u))


def _refuse_null(zero: Any, touched: Any, *rests: Any) -> None:
    """No derivative have the vectors of singular values zero, nor single vectors of a null space."""
    for rest, g in (rests[:2], rests[2:]):
        _refuse_basis("svd", rest, g)
        touched = touched | (values(g) != 0).any(axis=(-2, -1))[..., None]
    if (values(zero) & touched).any():
        raise GradError(
            "svd: a singular value is zero up to rounding, so that its vectors have no derivative; the others have one "
            "(slice the zero ones away), svdvals has one"
        )


def _refuse_basis(name: str, basis: Any, g: Any) -> None:
    """A function of vectors that span a null space may depend on the space alone, not on the basis."""
    inner = _h(values(basis)) @ values(g)
    turned = np.abs(inner - _h(inner))
    if np.max(turned, initial=0.0) > np.finfo(turned.dtype).eps ** 0.4 * np.max(np.abs(values(g)), initial=0.0):
        raise GradError(
            f"{name}: the result depends on which vectors span a null space, which is free; "
            "only what the space itself decides, as the projector onto it, has a derivative"
        )


@primitive(a=_svd, batch="leading")
def svd_packed(a, full_matrices=True):
    """U, the singular values and V of each matrix, one after another, flat."""
    u, s, vh = np.linalg.svd(a, full_matrices=full_matrices)
    v = np.conj(np.swapaxes(vh, -1, -2))
    flat = [x.reshape((*x.shape[:-2], math.prod(x.shape[-2:]))) for x in (u, v)]
    return np.concatenate([flat[0], s, flat[1]], axis=-1)


def _svdvals(g: Any, a: Any) -> Any:
    """`U diag(g) V^H`; a singular value of zero is a kink and flat there, as the absolute value is."""
    u, s, vh = svd(a, full_matrices=False)
    g = np.where(no_longer(s, *a.shape[-2:]), s.dtype.type(0), g)
    return conj(matmul(u * np.expand_dims(g, -2), vh))


@primitive(a=_svdvals, numpy=(np.linalg.svdvals,), kink="convex", batch="leading")
def svdvals(a):
    """Singular values of each matrix, descending; the derivative of one that is zero is zero."""
    return np.linalg.svd(a, compute_uv=False)


@composite(numpy=(np.linalg.svd,))
def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """Singular value decomposition `a = U @ diag(S) @ Vh` of each matrix.

    The vectors of equal singular values, or of zero, have no derivative: a gradient that comes through them is a
    GradError, and a forward derivative NaN or that of the other vectors. So is a gradient that asks for the phase of
    complex vectors, or for single vectors of the null space in full matrices. The values' derivative always exists.
    """
    a = _matrix(a, square=hermitian)
    if hermitian:
        return _svd_hermitian(a, compute_uv)
    if not compute_uv:
        return svdvals(a)
    m, n = a.shape[-2:]
    u, s, v = _parts(svd_packed(a, full_matrices), m, n, full_matrices)
    return _SVDResult(u, s, _h(v))


def _svd_hermitian(a: Any, compute_uv: bool) -> Any:
    """Singular values are the absolute values of eigenvalues; the sign goes to the right."""
    w, v = eigh(a) if compute_uv else (eigvalsh(a), None)
    order = np.flip(np.argsort(np.abs(w), axis=-1), axis=-1)
    places = np.equal(np.expand_dims(order, -2), np.arange(w.shape[-1])[:, None]).astype(a.dtype)
    s = matmul(np.expand_dims(np.abs(w), -2), np.real(places))[..., 0, :]  # sorted so, inside vmap too
    if not compute_uv:
        return s
    u, sign = matmul(v, places), matmul(np.expand_dims(np.sign(w), -2), np.real(places))
    return _SVDResult(u, s, _h(u * sign))


# ---------------------------------------------------------------------- QR
def _qr_parts(packed: Any, m: int, n: int, complete: bool) -> Any:
    p = m if complete else n
    stack = packed.shape[:-1]
    return packed[..., : m * p].reshape((*stack, m, p)), packed[..., m * p :].reshape((*stack, n, n))


def _qr(g: Any, out: Any, a_like: Any, complete: bool) -> Any:
    """`(gQ + Q (X + X^H - Re diag X)) R^-H`, where `X = triu(gR R^H - Q^H gQ)`; R keeps its diagonal real.

    Walter, Structured higher-order algorithmic differentiation (2012); Roberts and Roberts, arXiv:2009.10071.
    """
    probing, g = is_probe(g), conj(g)
    m, n = a_like.shape[-2:]
    q_all, r = _qr_parts(out, m, n, complete)
    gq_all, gr = _qr_parts(g, m, n, complete)
    q, gq = q_all[..., :n], gq_all[..., :n]
    x = np.triu(matmul(gr, _h(r)) - matmul(_h(q), gq))
    sums = x + _h(x) - np.real(x) * np.eye(n, dtype=bool)
    left = gq + matmul(q, sums)
    rest, g_rest = q_all[..., n:], gq_all[..., n:]
    if not probing:
        _refuse_basis("qr", rest, g_rest)
    left = left - matmul(rest, matmul(_h(g_rest), q))
    return conj(_h(solve(_regular(r, g, probing), _h(left))))


def _regular(r: Any, g: Any, probing: bool) -> Any:
    """`r`, unless it is singular up to rounding; `g` is flat, as what `qr_packed` gives."""
    size = np.abs(r)
    least = 10 * size.shape[-1] * np.finfo(size.dtype).eps * np.max(size, axis=(-2, -1), initial=0.0)
    singular = np.any(np.diagonal(size, axis1=-2, axis2=-1) <= least[..., None], axis=-1)
    refusal = "qr: the first columns of a matrix are dependent up to rounding; then Q and R have no derivative"
    return solvable(r, singular, g[..., None], probing, refusal)


@primitive(a=_qr, batch="leading")
def qr_packed(a, complete=False):
    """Q and the square R of each matrix that is not wider than high, one after the other, flat."""
    q, r = np.linalg.qr(a, "complete" if complete else "reduced")
    n = a.shape[-1]
    flat = [x.reshape((*x.shape[:-2], math.prod(x.shape[-2:]))) for x in (q, r[..., :n, :])]
    return np.concatenate(flat, axis=-1)


@composite(numpy=(np.linalg.qr,))
def qr(a: Any, mode: str = "reduced") -> Any:
    """`a = Q @ R`, Q with orthonormal columns, R an upper triangle; modes "reduced", "complete" and "r".

    The first columns of `a`, as many as R has rows, must be independent, else a gradient is a GradError. So is one
    that asks, in mode "complete", for single ones of the columns that are added to Q: only their span is decided.
    """
    if mode not in ("reduced", "complete", "r"):
        raise TypeError(f"mode={mode!r} has no derivative; 'reduced', 'complete' and 'r' have one")
    a = _matrix(a, square=False)
    m, n = a.shape[-2:]
    k = min(m, n)
    complete = mode == "complete" and m > n
    q, r = _qr_parts(qr_packed(a[..., :k], complete), m, k, complete)
    if n > m:
        r = np.concatenate([r, matmul(_h(q), a[..., k:])], axis=-1)
    if mode == "r":
        return r
    if complete:
        r = np.concatenate([r, np.zeros((*r.shape[:-2], m - n, n), r.dtype)], axis=-2)
    return _QRResult(q, r)
