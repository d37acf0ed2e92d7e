"""Functions of matrices whose values are those of `scipy.linalg`, which is imported at their first call."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.ops.matrices import transposed, values
from autograd.ops.product import matmul
from autograd.primitive import composite, conj, operand, primitive
from autograd.state import GradError

__all__ = ["block_diag", "expm", "solve_sylvester", "solve_triangular", "sqrtm"]


def _scipys(name: str) -> Any:
    try:
        from scipy import linalg
    except ImportError as error:
        raise ImportError(f"{name} needs SciPy: pip install scipy, or pip install 'glassgrad[scipy]'") from error
    return getattr(linalg, name)


def _expm(g: Any, A: Any) -> Any:
    """The corner of the exponential of [[A^T, g], [0, A^T]]: Najfeld and Havel, Adv. Appl. Math. 16 (1995)."""
    size = np.max(np.abs(values(g)), initial=np.finfo(g.dtype).tiny).astype(g.dtype)  # a large g costs no accuracy
    n, at = A.shape[-1], transposed(A)
    low = np.concatenate([at * 0, at], axis=-1)
    block = np.concatenate([np.concatenate([at, (g / size).astype(A.dtype)], axis=-1), low], axis=-2)
    return expm(block)[..., :n, n:] * size


@primitive(A=_expm, batch="leading")
def expm(A):
    """The matrix exponential `I + A + A^2 / 2 + ...` of each matrix, as `scipy.linalg.expm`."""
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise ValueError(f"square matrices are needed, not shape {A.shape}")
    return _scipys("expm")(A)


def _sylvester_q(g: Any, a: Any, b: Any) -> Any:
    return solve_sylvester(transposed(a), transposed(b), g)


@primitive(
    a=lambda g, out, a, b: -matmul(_sylvester_q(g, a, b), transposed(out)),
    b=lambda g, out, a, b: -matmul(transposed(out), _sylvester_q(g, a, b)),
    q=_sylvester_q,
)
def solve_sylvester(a, b, q):
    """The `x` with `a @ x + x @ b = q`, as `scipy.linalg.solve_sylvester`; a LinAlgError where it is not unique."""
    if not a.ndim == b.ndim == q.ndim == 2:
        raise ValueError("three matrices are needed, no stacks of them")
    if q.size:
        sums = np.abs(np.linalg.eigvals(a)[:, None] + np.linalg.eigvals(b))
        if np.min(sums) <= 10 * np.finfo(sums.dtype).eps * np.max(sums):
            raise np.linalg.LinAlgError("a and -b have an eigenvalue in common: there is no solution, or many")
    dtype = np.result_type(a, b, q)
    return np.asarray(_scipys("solve_sylvester")(a, b, q)).astype(dtype if dtype.kind in "fc" else float)


def _sqrtm(g: Any, out: Any) -> Any:
    """`X dX + dX X = dA`, transposed."""
    xt = transposed(out)
    try:
        return solve_sylvester(xt, xt, g)
    except np.linalg.LinAlgError:
        raise GradError("sqrtm of a singular matrix has no derivative; use tensor.data for a constant") from None


@primitive(A=_sqrtm)
def sqrtm(A):
    """The principal square root of a matrix, as `scipy.linalg.sqrtm`; complex where a real matrix has no real one."""
    if A.ndim != 2 or A.shape[0] != A.shape[1]:
        raise ValueError(f"a square matrix is needed, not shape {A.shape}")
    return np.asarray(_scipys("sqrtm")(A))


_TRANS = {"N": 0, "T": 1, "C": 2}


def _columns(g: Any, a: Any, trans: Any, lower: bool, unit_diagonal: bool) -> Any:
    """The cotangent of `b`: the transposed system's solution."""
    trans = _TRANS.get(trans, trans)
    if trans == 2:
        return conj(solve_triangular(a, conj(g), 0, lower, unit_diagonal, check_finite=False))
    return solve_triangular(a, g, 1 - trans, lower, unit_diagonal, check_finite=False)


def _triangle(g: Any, out: Any, a: Any, trans: Any, lower: bool, unit_diagonal: bool) -> Any:
    """Minus the product of what `b` gets and the solution, where `a` was read."""
    trans = _TRANS.get(trans, trans)
    y, x = _columns(g, a, trans, lower, unit_diagonal), out
    if x.ndim == 1:
        x, y = x[:, None], y[:, None]
    product = -matmul(y, transposed(x)) if trans == 0 else -matmul(x, transposed(y))
    if trans == 2:
        product = conj(product)
    skip = 1 if unit_diagonal else 0
    return np.tril(product, -skip) if lower else np.triu(product, skip)


@primitive(a=_triangle, b=_columns)
def solve_triangular(a, b, trans=0, lower=False, unit_diagonal=False, overwrite_b=False, check_finite=True):
    """The `x` with `a @ x = b` for a triangle `a`, as `scipy.linalg.solve_triangular`; what is not read gets zero.

    `trans` 1 or "T" takes the transpose of `a`, 2 or "C" its conjugate transpose.
    """
    if a.ndim != 2 or b.ndim not in (1, 2):
        raise ValueError(f"a matrix and a vector or matrix are needed, not shapes {a.shape} and {b.shape}")
    return _scipys("solve_triangular")(a, b, trans, lower, unit_diagonal, check_finite=check_finite)


@composite()
def block_diag(*arrs: Any) -> Any:
    """The matrix that has the given ones along its diagonal, as `scipy.linalg.block_diag`; vectors are rows."""
    blocks = []
    for a in arrs or ([[]],):
        a = operand(a)
        if a.ndim > 2:
            raise ValueError(f"blocks have two axes at most, not shape {a.shape}")
        blocks.append(a if a.ndim == 2 else a.reshape((1, a.size)))
    width, start, rows = sum(a.shape[1] for a in blocks), 0, []
    dtype = np.result_type(*(a.dtype for a in blocks))
    for a in blocks:
        left, right = ((a.shape[0], n) for n in (start, width - start - a.shape[1]))
        rows.append(np.concatenate([np.zeros(left, dtype), a, np.zeros(right, dtype)], axis=1))
        start += a.shape[1]
    return np.concatenate(rows, axis=0)
