"""LayerNorm."""

from __future__ import annotations

import numpy as np

from autograd import Tensor
from nn import functional
from nn.module import Module, Parameter


class LayerNorm(Module):
    """y = (x - mean) / sqrt(var + eps) * weight + bias over the last axis. Ba, Kiros and Hinton, 2016.

    Parameters
    ----------
    normalized_shape : int
        Size of the last axis.
    eps : float
    bias : bool

    Examples
    --------
    >>> import numpy as np
    >>> LayerNorm(2)(np.array([[1.0, 3.0]], np.float32)).data.round(2).tolist()
    [[-1.0, 1.0]]
    """

    def __init__(self, normalized_shape: int, eps: float = 1e-5, bias: bool = True) -> None:
        super().__init__()
        self.normalized_shape, self.eps = normalized_shape, eps
        self.weight = Parameter(np.ones(normalized_shape))
        self.bias = Parameter(np.zeros(normalized_shape)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        self._expect_width(x, self.normalized_shape)
        result: Tensor = functional.layer_norm(x, self.weight, self.bias, self.eps)
        return result

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, bias={self.bias is not None}"
