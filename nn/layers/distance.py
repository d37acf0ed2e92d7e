"""Distances of vectors as layers: CosineSimilarity, PairwiseDistance."""

from __future__ import annotations

import numpy as np

from autograd import Tensor
from nn import functional
from nn.module import Module


class _OfTwo(Module):
    def _expect_alike(self, x1: Tensor, x2: Tensor) -> None:
        """Raise unless the shapes broadcast."""
        shapes = self._shape_of(x1), self._shape_of(x2)
        try:
            np.broadcast_shapes(*shapes)
        except ValueError:
            raise ValueError(
                f"{self._label}: inputs of shapes {shapes[0]} and {shapes[1]}, wanted two that broadcast"
            ) from None


class CosineSimilarity(_OfTwo):
    """x1 . x2 / (max(|x1|, eps) max(|x2|, eps)) along `dim`.

    Examples
    --------
    >>> CosineSimilarity()(Tensor([[1.0, 0.0]]), Tensor([[0.0, 2.0]])).data.tolist()
    [0.0]
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim, self.eps = dim, eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        self._expect_alike(x1, x2)
        return functional.cosine_similarity(x1, x2, self.dim, self.eps)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, eps={self.eps}"


class PairwiseDistance(_OfTwo):
    """The p-norm of x1 - x2 + eps over the last axis.

    Examples
    --------
    >>> round(PairwiseDistance()(Tensor([[0.0, 0.0]]), Tensor([[3.0, 4.0]])).item(), 3)
    5.0
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.p, self.eps, self.keepdim = p, eps, keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        self._expect_alike(x1, x2)
        return functional.pairwise_distance(x1, x2, self.p, self.eps, self.keepdim)

    def extra_repr(self) -> str:
        return f"p={self.p}, eps={self.eps}, keepdim={self.keepdim}"
