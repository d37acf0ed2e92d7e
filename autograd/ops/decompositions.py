"""Decompositions of matrices: QR, SVD, eigenvalues, Cholesky."""

from __future__ import annotations

__all__: list[str] = []
