"""LayerNorm."""

from __future__ import annotations

import numpy as np

from autograd import Tensor
from nn import functional
from nn.functional.norm import Sizes, sizes
from nn.module import Module, Parameter


class LayerNorm(Module):
    """y = (x - mean) / sqrt(var + eps) * weight + bias over the last axes. Ba, Kiros and Hinton, 2016.

    Parameters
    ----------
    normalized_shape : int or tuple of int
        Size of the last axis, or of the last axes, which have one mean and one variance together.
    eps : float
    elementwise_affine : bool
        Whether there are weight and bias.
    bias : bool

    Examples
    --------
    >>> import numpy as np
    >>> LayerNorm(2)(np.array([[1.0, 3.0]], np.float32)).data.round(2).tolist()
    [[-1.0, 1.0]]
    """

    def __init__(
        self, normalized_shape: Sizes, eps: float = 1e-5, elementwise_affine: bool = True, bias: bool = True
    ) -> None:
        super().__init__()
        self.normalized_shape, self.eps = sizes(normalized_shape), eps
        self.elementwise_affine = elementwise_affine
        self.weight = Parameter(np.ones(self.normalized_shape)) if elementwise_affine else None
        self.bias = Parameter(np.zeros(self.normalized_shape)) if elementwise_affine and bias else None

    def forward(self, x: Tensor) -> Tensor:
        self._expect_width(x, *self.normalized_shape)
        return functional.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, bias={self.bias is not None}"
