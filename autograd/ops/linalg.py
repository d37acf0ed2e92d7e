"""Linear algebra: NumPy's `numpy.linalg`, on stacks of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.ops.product import matmul
from autograd.ops.reduce import keep
from autograd.primitive import composite, operand, plain, primitive, unbroadcast, wrap

__all__ = ["cofactor", "det", "inv", "logabsdet", "norm", "slogdet", "solve", "vector_norm"]


_SlogdetResult: Any = type(np.linalg.slogdet(np.eye(1)))  # its fields: sign, logabsdet


def _t(a: Any) -> Any:
    return np.swapaxes(a, -1, -2)


def _conj(x: Any) -> Any:
    return np.conj(x) if x.dtype.kind == "c" else x


# ---------------------------------------------------------------------- norms
def _direction(x: Any) -> Any:
    """The conjugate of `x / |x|`, 0 at 0."""
    if x.dtype.kind != "c":
        return np.sign(x)
    return np.conj(x) / np.abs(np.where(x == 0, x.dtype.type(1), x))


def _vector_norm(g: Any, out: Any, x: Any, axis: Any, keepdims: bool, ord: Any) -> Any:
    """The slope is `sign(x) (|x| / out)^(p-1)`; 0 where an element or the norm is 0, ties for the extreme share."""
    g, out = keep(g, x, axis, keepdims), keep(out, x, axis, keepdims)
    if ord == 2:
        return _conj(x) * (g / np.where(out == 0, out.dtype.type(1), out))
    direction = _direction(x)
    if ord == 0:
        return direction * (g * 0)
    if ord == 1:
        return direction * g
    if abs(ord) == np.inf:
        won = (np.abs(x) == out).astype(out.dtype)
        return direction * (g * (won / won.sum(axis=axis, keepdims=True) if x.ndim else won))
    zero = (x == 0) | (out == 0)
    one = out.dtype.type(1)
    ratio = np.where(zero, one, np.abs(np.where(zero, one, x))) / np.where(zero, one, out)
    return direction * (g * np.where(zero, out.dtype.type(0), ratio ** (ord - 1)))


@primitive(x=_vector_norm, numpy=(np.linalg.vector_norm,), kink="convex")
def vector_norm(x, axis=None, keepdims=False, ord=2):
    """`(sum |x|^ord)^(1/ord)` over `axis`; the derivative at zero is zero."""
    return np.linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)


@composite(numpy=(np.linalg.norm,), kink="convex")
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Norm of vectors, of any order, or Frobenius norm of matrices; the derivative at zero is zero.

    >>> import autograd.numpy as np
    >>> from autograd import Tensor
    >>> x = Tensor([3.0, 4.0], requires_grad=True)
    >>> np.linalg.norm(x).backward()
    >>> x.grad.tolist()
    [0.6, 0.8]
    """
    x = operand(x)
    axes = tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, (int, np.integer)) else tuple(axis)
    if any(not -x.ndim <= i < x.ndim for i in axes) or len({i % x.ndim for i in axes}) < len(axes):
        raise ValueError(f"axis {axis} does not exist, or comes twice, in shape {x.shape}")
    if axis is not None and len(axes) not in (1, 2) or axis is None and ord is not None and len(axes) not in (1, 2):
        raise ValueError(f"a norm is over one axis (vectors) or two (matrices), not {len(axes)}; give axis=")
    matrices = len(axes) == 2
    if isinstance(ord, str):
        if ord not in ("f", "fro", "nuc") or not matrices:
            raise ValueError(f"ord={ord!r} is no order of {'matrices' if matrices else 'vectors'}")
        if ord == "nuc":
            raise TypeError("ord='nuc' has no derivative here; 'fro' has one")
    elif matrices and ord is not None:
        raise TypeError(f"ord={ord!r} of matrices has no derivative here; None and 'fro' have one")
    order = 2 if ord is None or isinstance(ord, str) else ord
    return vector_norm(x, axis=None if axis is None else axes, keepdims=keepdims, ord=order)


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
        return unbroadcast(-np.expand_dims(columns, -1) * np.expand_dims(out, -2), a.shape)
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
def _cofactor(g: Any, out: Any, a: Any) -> Any:
    """`dC = C tr(A^-1 dA) - det(A) A^-T dA^T A^-T`."""
    x = _t(inv(a))
    along = np.sum(g * out, axis=(-2, -1), keepdims=True) * x
    return along - det(a).reshape((*a.shape[:-2], 1, 1)) * matmul(matmul(x, _t(g)), x)


@primitive(a=_cofactor, batch="leading")
def cofactor(a):
    """The derivative of each determinant: `det(A) A^-T`, at singular matrices too, where no inverse exists."""
    u, s, vh = np.linalg.svd(a)
    n = s.shape[-1]
    others = np.where(np.eye(n, dtype=bool), s.dtype.type(1), s[..., None, :]).prod(axis=-1)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return sign[..., None, None] * ((np.conj(u) * others[..., None, :]) @ np.conj(vh))


@primitive(
    a=lambda g, a: g.reshape((*a.shape[:-2], 1, 1)) * cofactor(a),
    numpy=(np.linalg.det,),
    batch="leading",
)
def det(a):
    """Determinant of each matrix; its derivative exists at singular ones too, the second needs an inverse."""
    return np.asarray(np.linalg.det(a))


@primitive(a=lambda g, a: g.reshape((*a.shape[:-2], 1, 1)) * _t(inv(a)), batch="leading")
def logabsdet(a):
    """Logarithm of the absolute value of each determinant, which neither overflows nor underflows."""
    return np.asarray(np.linalg.slogdet(a)[1])


@composite(numpy=(np.linalg.slogdet,))
def slogdet(a: Any) -> Any:
    """Sign (a constant) and logarithm of the absolute value of each determinant of real matrices."""
    a = operand(a)
    if a.dtype.kind == "c":
        raise TypeError("the sign of a complex determinant has no derivative here; use logabsdet, or det")
    sign = np.linalg.slogdet(plain(a))[0]
    return _SlogdetResult(wrap(np.asarray(sign)), logabsdet(a))
