"""Linear algebra: NumPy's `numpy.linalg`, on stacks of matrices."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from autograd.graph import GradError
from autograd.ops.axes import keep
from autograd.ops.product import matmul
from autograd.primitive import composite, operand, plain, primitive, unbroadcast, wrap

__all__ = [
    "cholesky", "cofactor", "det", "eigh", "eigvalsh", "inv", "logabsdet", "matrix_power", "multi_dot", "norm", "pinv",
    "slogdet", "solve", "vector_norm",
]  # fmt: skip


_SlogdetResult: Any = type(np.linalg.slogdet(np.eye(1)))  # its fields: sign, logabsdet
_EighResult: Any = type(np.linalg.eigh(np.eye(1)))  # eigenvalues, eigenvectors


def _t(a: Any) -> Any:
    return np.swapaxes(a, -1, -2)


def _h(a: Any) -> Any:
    return _conj(_t(a))


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


# ---------------------------------------------------------------------- decompositions
# Cotangents pair without conjugates. The rules below are those of the literature, which pair with them: hence the
# conjugate of what comes in and goes out. Matrices are Hermitian here, and so are their gradients.
def _cholesky(g: Any, out: Any, upper: bool) -> Any:
    """`L^-H phi(L^H g) L^-1`, its Hermitian part; phi takes the lower triangle, half the diagonal."""
    g = _conj(g)
    if upper:
        g, out = _h(g), _h(out)
    n = out.shape[-1]
    phi = (np.tril(np.ones((n, n))) - 0.5 * np.eye(n)).astype(out.dtype)
    inverse = inv(out)
    s = matmul(matmul(_h(inverse), matmul(_h(out), g) * phi), inverse)
    return _conj((s + _h(s)) * 0.5)


@primitive(a=_cholesky, numpy=(np.linalg.cholesky,), batch="leading")
def cholesky(a, upper=False):
    """The triangle `L` with `L @ L^H = a`; the gradient is Hermitian, though NumPy reads one triangle of `a` only."""
    return np.linalg.cholesky(a, upper=upper)


@primitive(
    a=lambda g, a, UPLO: _eigvalsh(g, eigh(a, UPLO)[1]),
    numpy=(np.linalg.eigvalsh,),
)
def eigvalsh(a, UPLO="L"):
    """Eigenvalues of Hermitian matrices, ascending; the gradient is Hermitian."""
    return np.linalg.eigvalsh(a, UPLO)


def _eigvalsh(g: Any, v: Any) -> Any:
    return _conj(matmul(v * np.expand_dims(g, -2), _h(v)))


def _eigh(g: Any, out: Any) -> Any:
    """`V (diag(gw) + F * (V^H gV)) V^H` with `F[i, j] = 1 / (w[j] - w[i])`; NaN where equal eigenvalues matter."""
    g = _conj(g)
    w, v = out[..., 0, :], out[..., 1:, :]
    on_diagonal = np.eye(v.shape[-1], dtype=bool)
    gap = np.expand_dims(w, -2) - np.expand_dims(w, -1)
    equal = gap == 0
    inner = matmul(_h(v), g[..., 1:, :])
    # only the part that turns vectors counts; functions of the eigenvalues alone have none
    turn = (inner - _h(inner)) * 0.5
    turn = np.where(equal, np.where((turn == 0) | on_diagonal, turn * 0, np.nan), turn / np.where(equal, 1.0, gap))
    values = np.expand_dims(np.real(g[..., 0, :]), -2) * on_diagonal
    return _conj(matmul(matmul(v, turn + values), _h(v)))


@primitive(a=_eigh)
def eigh_packed(a, UPLO="L"):
    """Eigenvalues (the first row) above the eigenvectors (columns) of Hermitian matrices, in one array."""
    w, v = np.linalg.eigh(a, UPLO)
    return np.concatenate([w[..., None, :], v], axis=-2)


@composite(numpy=(np.linalg.eigh,))
def eigh(a: Any, UPLO: str = "L") -> Any:
    """Eigenvalues and eigenvectors of Hermitian matrices.

    The derivative of a vector whose eigenvalue comes twice, up to rounding, does not exist: where a gradient is asked
    for, that is a GradError; `eigvalsh` has one. A complex vector's phase is taken as constant: what is computed
    from it must not depend on the phase.
    """
    packed = eigh_packed(operand(a), UPLO)
    if getattr(packed, "requires_grad", False):
        w = np.real(plain(packed)[..., 0, :])
        close = 10 * w.shape[-1] * np.finfo(w.dtype).eps * np.max(np.abs(w), axis=-1, initial=0.0, keepdims=True)
        if (np.diff(w, axis=-1) <= close).any():
            raise GradError(
                f"eigh: two eigenvalues of a matrix of shape {a.shape} are equal up to rounding, so that their vectors "
                "have no derivative; eigvalsh has one for the eigenvalues, or use tensor.data"
            )
    return _EighResult(np.real(packed[..., 0, :]), packed[..., 1:, :])


def _pinv(g: Any, out: Any, a: Any) -> Any:
    """Golub and Pereyra's derivative (SIAM J. Numer. Anal. 10, 1973), transposed; the rank stays."""
    g, p = _conj(g), out
    ph, gh = _h(p), _h(g)
    left = np.eye(a.shape[-2], dtype=a.dtype) - matmul(a, p)
    right = np.eye(a.shape[-1], dtype=a.dtype) - matmul(p, a)
    through = matmul(matmul(ph, g), ph)
    return _conj(matmul(matmul(left, gh), matmul(p, ph)) + matmul(matmul(ph, p), matmul(gh, right)) - through)


@primitive(a=_pinv, numpy=(np.linalg.pinv,), batch="leading")
def pinv(a, rcond=None, hermitian=False):
    """Pseudo-inverse; its derivative is that among matrices of the same rank."""
    return np.linalg.pinv(a, rcond, hermitian)


# ---------------------------------------------------------------------- products
@composite(numpy=(np.linalg.matrix_power,))
def matrix_power(a: Any, n: int) -> Any:
    """Product of `n` copies of each square matrix, of its inverse where `n` is negative."""
    a, n = operand(a), index(n)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise np.linalg.LinAlgError(f"a power is of square matrices, not of shape {a.shape}")
    if n == 0:
        return a * 0 + np.eye(a.shape[-1], dtype=a.dtype)
    if n < 0:
        a, n = inv(a), -n
    result: Any = None
    while n:
        if n & 1:
            result = a if result is None else matmul(result, a)
        n >>= 1
        a = matmul(a, a) if n else a
    return np.positive(result)


@composite(numpy=(np.linalg.multi_dot,))
def multi_dot(arrays: Any) -> Any:
    """Product of a chain of matrices in the cheapest order; the first and the last may be vectors."""
    chain = [operand(a) for a in arrays]
    if len(chain) < 2:
        raise ValueError("a chain is of two arrays at least")
    if any(a.ndim != 2 for a in chain[1:-1]) or any(a.ndim not in (1, 2) for a in (chain[0], chain[-1])):
        raise np.linalg.LinAlgError(f"a chain is of matrices, not of shapes {[a.shape for a in chain]}")
    sizes = [1 if chain[0].ndim == 1 else chain[0].shape[0], *(a.shape[0] for a in chain[1:])]
    sizes[1] = chain[0].shape[-1]
    sizes.append(1 if chain[-1].ndim == 1 else chain[-1].shape[1])
    best: dict[tuple[int, int], tuple[int, int]] = {(i, i): (0, i) for i in range(len(chain))}
    for length in range(1, len(chain)):
        for i in range(len(chain) - length):
            j = i + length
            best[i, j] = min(
                (best[i, k][0] + best[k + 1, j][0] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            )

    def product(i: int, j: int) -> Any:
        k = best[i, j][1]
        return chain[i] if i == j else matmul(product(i, k), product(k + 1, j))

    return product(0, len(chain) - 1)
