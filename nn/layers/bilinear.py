"""Bilinear."""

from __future__ import annotations

import math

import numpy as np

from autograd import Tensor
from nn import functional, init
from nn.module import Module, Parameter


class Bilinear(Module):
    """y[o] = x1 W[o] x2 + b[o] over the last axes of two inputs.

    Parameters
    ----------
    in1_features, in2_features, out_features : int
    bias : bool
    rng : numpy.random.Generator, optional
        For the weights: uniform within 1 / sqrt(in1_features), PyTorch's default.

    Attributes
    ----------
    weight : Parameter of shape (out_features, in1_features, in2_features)
    bias : Parameter of shape (out_features,), or None

    Examples
    --------
    >>> import numpy as np
    >>> layer = Bilinear(3, 4, 2, rng=np.random.default_rng(0))
    >>> layer(np.zeros((5, 3), np.float32), np.zeros((5, 4), np.float32)).shape
    (5, 2)
    """

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        rng = init.default_rng(rng)
        bound = 1 / math.sqrt(max(1, in1_features))
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        self.weight = Parameter(rng.uniform(-bound, bound, (out_features, in1_features, in2_features)))
        self.bias = Parameter(rng.uniform(-bound, bound, out_features)) if bias else None

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        self._expect_width(x1, self.in1_features)
        self._expect_width(x2, self.in2_features)
        if x1.shape[:-1] != x2.shape[:-1]:
            raise ValueError(
                f"{self._label}: inputs of shapes {x1.shape} and {x2.shape}, wanted alike but for the last axis"
            )
        return functional.bilinear(x1, x2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )
