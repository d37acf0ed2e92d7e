"""The standard's linear algebra; each function works on stacks of matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import numpy as anp
from autograd.arguments import operand, plain
from autograd.array_api._creation import add_up
from autograd.tensor import Tensor

__all__ = [
    "cholesky", "cross", "det", "diagonal", "eigh", "eigvalsh", "inv", "matmul", "matrix_norm", "matrix_power",
    "matrix_rank", "matrix_transpose", "outer", "pinv", "qr", "slogdet", "solve", "svd", "svdvals", "tensordot",
    "trace", "vecdot", "vector_norm",
]  # fmt: skip

det: Callable[..., Any] = anp.linalg.det
eigh: Callable[..., Any] = anp.linalg.eigh
eigvalsh: Callable[..., Any] = anp.linalg.eigvalsh
inv: Callable[..., Any] = anp.linalg.inv
matmul: Callable[..., Any] = anp.matmul
matrix_power: Callable[..., Any] = anp.linalg.matrix_power
slogdet: Callable[..., Any] = anp.linalg.slogdet
solve: Callable[..., Any] = anp.linalg.solve


def cholesky(x: Any, /, *, upper: bool = False) -> Tensor:
    """L with L @ L^H = x, or its conjugate transpose."""
    lower = anp.linalg.cholesky(x)
    return anp.conj(matrix_transpose(lower)) if upper else lower


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Tensor:
    """The product of vectors of three elements that stands upright on both."""
    for x in (x1, x2):
        if operand(x).shape[axis] != 3:
            raise ValueError(f"cross: vectors of three elements along axis {axis}, not shape {operand(x).shape}")
    return anp.cross(x1, x2, axis=axis)


def diagonal(x: Any, /, *, offset: int = 0) -> Tensor:
    """The diagonals of matrices."""
    return anp.diagonal(x, offset, -2, -1)


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Tensor:
    """The norm of each matrix."""
    return anp.linalg.norm(x, ord, (-2, -1), keepdims)


def matrix_rank(x: Any, /, *, rtol: Any = None) -> Tensor:
    """How many singular values are not nearly zero."""
    return anp.linalg.matrix_rank(x, rtol=rtol)


def matrix_transpose(x: Any, /) -> Tensor:
    """Matrices with rows for columns."""
    return operand(x).mT


def outer(x1: Any, x2: Any, /) -> Tensor:
    """The products of every element of a vector with every one of another."""
    for x in (x1, x2):
        if operand(x).ndim != 1:
            raise ValueError(f"outer: two vectors, not shape {operand(x).shape}")
    return anp.outer(x1, x2)


def pinv(x: Any, /, *, rtol: Any = None) -> Tensor:
    """The pseudo-inverse; singular values below rtol times the largest count as zero."""
    x = operand(x)
    if rtol is None:
        rtol = max(x.shape[-2:]) * np.finfo(x.dtype).eps
    return anp.linalg.pinv(x, plain(rtol))


def qr(x: Any, /, *, mode: str = "reduced") -> Any:
    """Q with orthonormal columns and R, an upper triangle: Q @ R = x."""
    return anp.linalg.qr(x, mode)


def svd(x: Any, /, *, full_matrices: bool = True) -> Any:
    """U, S and Vh with U @ diag(S) @ Vh = x."""
    return anp.linalg.svd(x, full_matrices)


def svdvals(x: Any, /) -> Tensor:
    """The singular values, the largest first."""
    return anp.linalg.svdvals(x)


def tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Tensor:
    """Sums of products over several axes."""
    return anp.tensordot(x1, x2, axes)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Tensor:
    """The sums of the diagonals of matrices."""
    return add_up(anp.sum, diagonal(x, offset=offset), dtype, axis=-1)


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Tensor:
    """The sum of conj(x1) * x2 along an axis."""
    return anp.vecdot(x1, x2, axis=axis)


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Tensor:
    """The norm along one axis, several or all."""
    return anp.linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)
