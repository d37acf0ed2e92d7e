"""Linear."""

from __future__ import annotations

import math

import numpy as np

from autograd import Tensor
from nn import functional, init
from nn.module import Module, Parameter


class Linear(Module):
    """y = x W^T + b over the last axis.

    Parameters
    ----------
    in_features, out_features : int
    bias : bool
    rng : numpy.random.Generator, optional
        For the weights: uniform within 1 / sqrt(in_features), PyTorch's default.

    Attributes
    ----------
    weight : Parameter of shape (out_features, in_features)
    bias : Parameter of shape (out_features,), or None

    Examples
    --------
    >>> import numpy as np
    >>> layer = Linear(3, 2, rng=np.random.default_rng(0))
    >>> layer(np.zeros((4, 3), np.float32)).shape
    (4, 2)
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, rng: np.random.Generator | None = None
    ) -> None:
        super().__init__()
        rng = init.default_rng(rng)
        bound = 1 / math.sqrt(max(1, in_features))
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter(rng.uniform(-bound, bound, (out_features, in_features)))
        self.bias = Parameter(rng.uniform(-bound, bound, out_features)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        self._expect_width(x, self.in_features)
        result: Tensor = functional.linear(x, self.weight, self.bias)
        return result

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"
