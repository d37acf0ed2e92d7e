"""Stacks of matrices: inverses, systems, determinants."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.graph import Variable
from autograd.ops.product import matmul
from autograd.primitive import composite, conj, operand, primitive, unbroadcast
from autograd.state import GradError

__all__ = ["cofactor", "cofactor_along", "det", "detsign", "inv", "logabsdet", "slogdet", "solve"]

_SlogdetResult: Any = type(np.linalg.slogdet(np.eye(1)))  # its fields: sign, logabsdet


def transposed(a: Any) -> Any:
    return np.swapaxes(a, -1, -2)


def adjoint(a: Any) -> Any:
    """The conjugate transpose."""
    return conj(transposed(a))


def values(x: Any) -> Any:
    """The bare numbers of `x`, of a whole batch inside `vmap` too: for checks, which look and never compute."""
    while isinstance(x, Variable):
        x = x._data if hasattr(x, "_data") else x._value  # type: ignore[attr-defined]
    return x


_t = transposed


def is_probe(g: Any) -> bool:
    """Whether `g` is no cotangent but the seed by which forward mode transposes a rule; it comes from no op."""
    return isinstance(g, Variable) and g._node is not None and g._node.op is None


def solvable(a: Any, singular: Any, g: Any, probing: bool, refusal: str) -> Any:
    """`a`, in place of `singular` ones the unit matrix: a GradError if `g` is not zero there, NaN in forward mode."""
    if not probing and (values(singular) & (values(g) != 0).any(axis=(-2, -1))).any():
        raise GradError(refusal)
    instead = a.dtype.type(np.nan) if probing else np.eye(a.shape[-1], dtype=a.dtype)
    return np.where(singular[..., None, None], instead, a)


def inverse_or_refuse(a: Any, name: str, why: str) -> Any:
    """The inverse that a rule of `name` needs."""
    try:
        return inv(a)
    except np.linalg.LinAlgError:
        raise GradError(f"{name} of a singular matrix {why}; use tensor.data for a constant") from None


# ---------------------------------------------------------------------- inverses
@primitive(a=lambda g, out: -matmul(matmul(_t(out), g), _t(out)), numpy=(np.linalg.inv,), batch="leading")
def inv(a):
    """Inverse of each matrix."""
    return np.linalg.inv(a)


def _solve_columns(g: Any, a: Any, b_like: Any) -> Any:
    if b_like.ndim == 1:
        return solve(_t(a), np.expand_dims(g, -1))[..., 0]
    return solve(_t(a), g)


def _solve_a(g: Any, out: Any, a: Any, b_like: Any) -> Any:
    columns = _solve_columns(g, a, b_like)
    if b_like.ndim == 1:
        return -np.expand_dims(columns, -1) * np.expand_dims(out, -2)
    return unbroadcast(-matmul(columns, _t(out)), a.shape)


@primitive(
    a=_solve_a,
    b=lambda g, a, b_like: unbroadcast(_solve_columns(g, a, b_like), b_like.shape),
    numpy=(np.linalg.solve,),
)
def solve(a, b):
    """The solution `x` of `a @ x = b`, for a vector `b` or a stack of matrices."""
    return np.linalg.solve(a, b)


# ---------------------------------------------------------------------- determinants
@primitive(a=lambda g, a: cofactor_along(a, g), batch="leading")
def cofactor(a):
    """The derivative of each determinant: `det(A) A^-T`, at singular matrices too, where no inverse exists."""
    u, s, vh = np.linalg.svd(a)
    others = _without(s, 1)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return sign[..., None, None] * ((np.conj(u) * others[..., None, :]) @ np.conj(vh))


def _without(s: Any, count: int) -> Any:
    """Products of all singular values but one, `[..., i]`, or but two, `[..., i, j]`; 0 where these are the same."""
    n = s.shape[-1]
    one, eye = s.dtype.type(1), np.eye(n, dtype=bool)
    if count == 1:
        return np.where(eye, one, s[..., None, :]).prod(axis=-1)
    gone = eye[:, None, :] | eye[None, :, :]
    return np.where(eye, s.dtype.type(0), np.where(gone, one, s[..., None, None, :]).prod(axis=-1))


def _along_a(g: Any, a: Any, w: Any) -> Any:
    """The third derivative of the determinant along `w` and `g`, symmetric in them: by `x = A^-T`."""
    x = _t(inverse_or_refuse(a, "det", "has a first and a second derivative here, no third"))
    sg, sw = (np.sum(v * x, axis=(-2, -1), keepdims=True) for v in (g, w))
    xg, xw = matmul(matmul(x, _t(g)), x), matmul(matmul(x, _t(w)), x)
    both = matmul(matmul(xg, _t(w)), x) + matmul(matmul(xw, _t(g)), x)
    inner = sg * sw - np.sum(w * xg, axis=(-2, -1), keepdims=True)
    slope = det(a).reshape((*a.shape[:-2], 1, 1)) * (inner * x - sg * xw - sw * xg + both)
    return unbroadcast(slope, a.shape)


@primitive(a=_along_a, w=lambda g, a, w_like: unbroadcast(cofactor_along(a, g), w_like.shape), batch="leading")
def cofactor_along(a, w):
    """The derivative of the cofactors of `a` along `w`: the determinant's second, at singular matrices too.

    With `G = U^H w V` and S[i, j] the product of all singular values but two, the result is `det(U V^H) conj(U) r V^T`,
    where `r[i, i] = sum over j of S[i, j] G[j, j]` and `r[i, j] = -S[i, j] G[j, i]`.
    """
    u, s, vh = np.linalg.svd(a)
    v = np.conj(_t(vh))
    inner = np.conj(_t(u)) @ w @ v
    rest = _without(s, 2)
    r = -rest * _t(inner)
    i = np.arange(s.shape[-1])
    r[..., i, i] = (rest @ inner[..., i, i, None])[..., 0]
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return sign[..., None, None] * (np.conj(u) @ r @ _t(v))


@primitive(
    a=lambda g, a: g.reshape((*a.shape[:-2], 1, 1)) * cofactor(a),
    numpy=(np.linalg.det,),
    batch="leading",
)
def det(a):
    """Determinant of each matrix; its first and second derivatives exist at singular ones too."""
    return np.asarray(np.linalg.det(a))


def _slope_of_log(g: Any, a: Any, singular: Any, probing: bool) -> Any:
    """`g A^-T`, where a zero cotangent asks for no inverse."""
    g = g.reshape((*a.shape[:-2], 1, 1))
    refusal = (
        f"slogdet: a matrix of shape {a.shape} is singular, so that the logarithm of its determinant has no "
        "derivative; det has one"
    )
    return g * _t(inv(solvable(a, singular, g, probing, refusal)))


@primitive(a=lambda g, out, a: _slope_of_log(g, a, np.isneginf(out), is_probe(g)), batch="leading")
def logabsdet(a):
    """Logarithm of the absolute value of each determinant, which neither overflows nor underflows."""
    return np.asarray(np.linalg.slogdet(a)[1])


def _detsign(g: Any, out: Any, a: Any) -> Any:
    """The sign of a complex determinant is `exp(i theta)`, where `d theta = Im tr(A^-1 dA)`; a real one is constant."""
    return _slope_of_log(np.multiply(1j, np.imag(g * out)), a, np.equal(out, 0), is_probe(g))


@primitive(a=_detsign, batch="leading")
def detsign(a):
    """Each determinant over its absolute value, 0 at 0."""
    return np.asarray(np.linalg.slogdet(a)[0])


@composite(numpy=(np.linalg.slogdet,))
def slogdet(a: Any) -> Any:
    """Sign and logarithm of the absolute value of each determinant; the sign of a real one is constant."""
    a = operand(a)
    sign = detsign(a)
    return _SlogdetResult(sign if a.dtype.kind == "c" else sign.detach(), logabsdet(a))
