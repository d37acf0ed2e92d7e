"""Linear algebra: NumPy's `numpy.linalg`, on stacks of matrices. Norms, pseudo-inverses, products; the rest by name."""

from __future__ import annotations

import math
from operator import index
from typing import Any

import numpy as np

from autograd.ops.axes import keep
from autograd.ops.decompositions import (
    cholesky,
    eig,
    eig_packed,
    eigh,
    eigh_packed,
    eigvals,
    eigvalsh,
    no_longer,
    qr,
    qr_packed,
    svd,
    svd_packed,
    svdvals,
)
from autograd.ops.matrices import adjoint as _h
from autograd.ops.matrices import cofactor, cofactor_along, det, detsign, inv, logabsdet, slogdet, solve, values
from autograd.ops.product import matmul, tensordot, vecdot
from autograd.primitive import composite, conj, numpy_functions, operand, plain, primitive, wrap
from autograd.state import GradError

__all__ = [
    "cholesky", "cofactor", "cofactor_along", "cond", "cross", "det", "detsign", "diagonal", "eig", "eig_packed",
    "eigh", "eigh_packed", "eigvals", "eigvalsh", "inv", "logabsdet", "lstsq", "matmul", "matrix_norm", "matrix_power",
    "matrix_transpose", "multi_dot", "norm", "outer", "pinv", "qr", "qr_packed", "slogdet", "solve", "svd",
    "svd_packed", "svdvals", "tensordot", "tensorinv", "tensorsolve", "trace", "vecdot", "vector_norm",
]  # fmt: skip

numpy_functions[np.linalg.matmul] = matmul


# ---------------------------------------------------------------------- norms
def _vector_norm(g: Any, out: Any, x: Any, axis: Any, keepdims: bool, ord: Any) -> Any:
    """The slope is `sign(x) (|x| / out)^(p-1)`, 0 where an element, the norm or p is 0; ties for the extreme share."""
    g, out = keep(g, x, axis, keepdims), keep(out, x, axis, keepdims)
    if ord == 2:
        return conj(x) * (g / np.where(out == 0, out.dtype.type(np.inf), out))
    direction = conj(np.sign(x))
    if ord == 1:
        return direction * g
    if abs(ord) == np.inf:
        won = (np.abs(x) == out).astype(out.dtype)
        return direction * (g * (won / won.sum(axis=axis, keepdims=True) if x.ndim else won))
    slope = (np.abs(x) / out) ** (ord - 1)
    return direction * (g * np.where((x == 0) | (out == 0) | (ord == 0), out.dtype.type(0), slope))


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
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (index(axis),)
    for i in axes:
        if not -x.ndim <= i < x.ndim:
            raise np.exceptions.AxisError(i, x.ndim)
    if len({i % x.ndim for i in axes}) < len(axes):
        raise ValueError(f"axis {axis} comes twice in shape {x.shape}")
    if axis is not None and len(axes) not in (1, 2) or axis is None and ord is not None and len(axes) not in (1, 2):
        raise ValueError(f"a norm is over one axis (vectors) or two (matrices), not {len(axes)}; give axis=")
    if len(axes) == 2 and ord not in (None, "f", "fro"):
        return _of_matrices(x, ord, axes[0] % x.ndim, axes[1] % x.ndim, keepdims)
    if isinstance(ord, str) and len(axes) != 2:
        raise ValueError(f"ord={ord!r} is no order of vectors")
    order = 2 if ord is None or isinstance(ord, str) else ord
    return vector_norm(x, axis=None if axis is None else axes, keepdims=keepdims, ord=order)


@composite(numpy=(np.linalg.matrix_norm,), kink="convex")
def matrix_norm(x: Any, keepdims: bool = False, ord: Any = "fro") -> Any:
    """Norm of each matrix: "fro", "nuc", or of order 1, -1, 2, -2, inf, -inf; the derivative at zero is zero."""
    x = operand(x)
    if x.ndim < 2:
        raise ValueError(f"a matrix has two axes, not shape {x.shape}")
    return norm(x, ord, (-2, -1), keepdims)


def _of_matrices(x: Any, ord: Any, rows: int, columns: int, keepdims: bool) -> Any:
    """Norms by sums along rows or columns, or by singular values; ties for the extreme share."""
    if ord in (2, -2, "nuc"):
        of_each = svdvals(np.moveaxis(x, (rows, columns), (-2, -1)))
        axis: Any = -1
    elif ord in (1, -1, np.inf, -np.inf):
        of_each = np.sum(np.abs(x), axis=rows if abs(ord) == 1 else columns, keepdims=True)
        axis = (rows, columns)
    else:
        raise ValueError(f"ord={ord!r} is no order of matrices: 'fro', 'nuc', 1, -1, 2, -2, inf and -inf are")
    reduce = np.sum if ord == "nuc" else np.max if ord > 0 else np.min
    out = reduce(of_each, axis=axis)
    return np.expand_dims(out, (rows, columns)) if keepdims else out


@composite(numpy=(np.linalg.cond,))
def cond(x: Any, p: Any = None) -> Any:
    """Condition number: the largest singular value over the smallest (p None or 2), or `|x| |x^-1|` in the norm `p`.

    A GradError (p None or 2) or a LinAlgError if `x` is singular.
    """
    x = operand(x)
    if p in (None, 2, -2):
        s = svdvals(x)
        if p == -2:
            return s[..., -1] / s[..., 0]
        if getattr(s, "requires_grad", False) and no_longer(values(s), *x.shape[-2:])[..., -1].any():
            raise GradError(
                f"cond: a matrix of shape {x.shape} is singular up to rounding, so that its condition number has no "
                "derivative; use tensor.data for its value"
            )
        return s[..., 0] / s[..., -1]
    return norm(x, p, (-2, -1)) * norm(inv(x), p, (-2, -1))


# ---------------------------------------------------------------------- pseudo-inverses
def _pinv(g: Any, out: Any, a: Any, hermitian: bool) -> Any:
    """Golub and Pereyra's derivative (SIAM J. Numer. Anal. 10, 1973), transposed; the rank stays."""
    g, p = conj(g), out
    ph, gh = _h(p), _h(g)
    left = np.eye(a.shape[-2], dtype=a.dtype) - matmul(a, p)
    right = np.eye(a.shape[-1], dtype=a.dtype) - matmul(p, a)
    through = matmul(matmul(ph, g), ph)
    s = matmul(matmul(left, gh), matmul(p, ph)) + matmul(matmul(ph, p), matmul(gh, right)) - through
    return conj((s + _h(s)) * 0.5 if hermitian else s)


@primitive(a=_pinv, numpy=(np.linalg.pinv,), batch="leading")
def pinv(a, rcond=None, hermitian=False, rtol=np._NoValue):
    """Pseudo-inverse; its derivative is that among matrices of the same rank.

    Singular values up to `rcond` (or `rtol`) times the largest count as zero. Of `hermitian` matrices the gradient is
    Hermitian.
    """
    return np.linalg.pinv(a, rcond, hermitian, rtol=rtol)


@composite(numpy=(np.linalg.lstsq,))
def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """The shortest `x` with the least `|b - a x|`, the residuals' squared lengths, the rank and the singular values.

    The derivative is that among matrices of the same rank; there are residuals where `a` has more rows than columns and
    these are independent.
    """
    a, b = operand(a), operand(b)
    rank = np.linalg.lstsq(plain(a), plain(b), rcond)[2]
    if rcond is None or rcond < 0:  # as NumPy and LAPACK have it
        eps = np.finfo(a.dtype if a.dtype.kind in "fc" else float).eps
        rcond = eps * max(a.shape) if rcond is None else eps
    x = matmul(pinv(a, rcond), b)
    m, n = a.shape
    left = b - matmul(a, x)
    residuals = np.sum(np.real(left) ** 2 + np.imag(left) ** 2, axis=0) if rank == n < m else np.zeros(0, x.dtype)
    if rank == n < m and b.ndim == 1:
        residuals = residuals.reshape((1,))
    return x, residuals if rank == n < m else wrap(np.real(residuals)), rank, svdvals(a)


@composite(numpy=(np.linalg.tensorinv,))
def tensorinv(a: Any, ind: int = 2) -> Any:
    """The inverse of `a` as a map from its last axes to its first `ind`."""
    a = operand(a)
    if ind <= 0:
        raise ValueError(f"ind is how many axes come first, so at least 1, not {ind}")
    n = math.prod(a.shape[ind:])
    if n * math.prod(a.shape[:ind]) != n * n:
        raise np.linalg.LinAlgError(
            f"of shape {a.shape} the first {ind} axes and the others need equally many elements"
        )
    return inv(a.reshape((n, n))).reshape((*a.shape[ind:], *a.shape[:ind]))


@composite(numpy=(np.linalg.tensorsolve,))
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """The `x` with `tensordot(a, x, x.ndim) = b`; the `axes` of `a` are moved to its end first."""
    a, b = operand(a), operand(b)
    if axes is not None:
        moved = [index(i) % a.ndim for i in axes]
        a = np.transpose(a, (*(i for i in range(a.ndim) if i not in moved), *moved))
    shape = a.shape[b.ndim :]
    if a.size != math.prod(shape) ** 2 or math.prod(shape) != b.size:
        raise np.linalg.LinAlgError(f"shapes {a.shape} and {b.shape} make no square system")
    return solve(a.reshape((b.size, b.size)), b.reshape((b.size,))).reshape(shape)


# ---------------------------------------------------------------------- products
@composite(numpy=(np.linalg.matrix_power,))
def matrix_power(a: Any, n: int) -> Any:
    """Product of `n` copies of each square matrix, of its inverse where `n` is negative."""
    a, n = operand(a), index(n)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise np.linalg.LinAlgError(f"a power is of square matrices, not of shape {a.shape}")
    if n == 0:
        return np.where(np.zeros((), dtype=bool), a, np.eye(a.shape[-1], dtype=a.dtype))
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


# ---------------------------------------------------------------------- matrices by the standard's names
@composite(numpy=(np.linalg.matrix_transpose, np.matrix_transpose))
def matrix_transpose(x: Any) -> Any:
    """Each matrix with rows for columns."""
    x = operand(x)
    if x.ndim < 2:
        raise ValueError(f"a matrix has two axes, not shape {x.shape}")
    return np.swapaxes(x, -1, -2)


@composite(name="linalg_diagonal", numpy=(np.linalg.diagonal,))
def diagonal(x: Any, offset: int = 0) -> Any:
    """The diagonal of each matrix."""
    return np.diagonal(operand(x), offset, -2, -1)


@composite(name="linalg_trace", numpy=(np.linalg.trace,))
def trace(x: Any, offset: int = 0) -> Any:
    """The sum along each matrix's diagonal."""
    return np.trace(operand(x), offset, -2, -1)


@composite(name="linalg_outer", numpy=(np.linalg.outer,))
def outer(x1: Any, x2: Any) -> Any:
    """All products of one element of the vector `x1` and one of `x2`."""
    x1, x2 = operand(x1), operand(x2)
    if x1.ndim != 1 or x2.ndim != 1:
        raise ValueError(f"vectors have one axis, not shapes {x1.shape} and {x2.shape}")
    return np.outer(x1, x2)


@composite(name="linalg_cross", numpy=(np.linalg.cross,))
def cross(x1: Any, x2: Any, axis: int = -1) -> Any:
    """Vector product along an axis of three elements."""
    x1, x2 = operand(x1), operand(x2)
    if x1.shape[axis] != 3 or x2.shape[axis] != 3:
        raise ValueError(f"vectors have three elements here, not {x1.shape[axis]} and {x2.shape[axis]}")
    return np.cross(x1, x2, axis=axis)
