"""RMSNorm."""

from __future__ import annotations

import numpy as np

from autograd import Tensor
from nn import functional
from nn.module import Module, Parameter


class RMSNorm(Module):
    """y = x / sqrt(mean(x^2) + eps) * weight over the last axis. Zhang and Sennrich, 2019, equation 4.

    Examples
    --------
    >>> import numpy as np
    >>> RMSNorm(2)(np.array([[3.0, 3.0]], np.float32)).data.round(3).tolist()
    [[1.0, 1.0]]
    """

    def __init__(self, normalized_shape: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.normalized_shape, self.eps = normalized_shape, eps
        self.weight = Parameter(np.ones(normalized_shape))

    def forward(self, x: Tensor) -> Tensor:
        self._expect_width(x, self.normalized_shape)
        result: Tensor = functional.rms_norm(x, self.weight, self.eps)
        return result

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}"
