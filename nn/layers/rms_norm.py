"""RMSNorm."""

from __future__ import annotations

import numpy as np

from autograd import Tensor
from nn import functional
from nn.functional.norm import Sizes, sizes
from nn.module import Module, Parameter


class RMSNorm(Module):
    """y = x / sqrt(mean(x^2) + eps) * weight over the last axes. Zhang and Sennrich, 2019, equation 4.

    Parameters
    ----------
    normalized_shape : int or tuple of int
        Size of the last axis, or of the last axes, which have one mean square together.
    eps : float, optional
        By default the distance from 1 to the next number of the input's dtype.
    elementwise_affine : bool
        Whether there is a weight.

    Examples
    --------
    >>> import numpy as np
    >>> RMSNorm(2)(np.array([[3.0, 3.0]], np.float32)).data.round(3).tolist()
    [[1.0, 1.0]]
    """

    hook_points = ("hook_scale", "hook_normalized")

    def __init__(self, normalized_shape: Sizes, eps: float | None = None, elementwise_affine: bool = True) -> None:
        super().__init__()
        self.normalized_shape, self.eps = sizes(normalized_shape), eps
        self.weight = Parameter(np.ones(self.normalized_shape)) if elementwise_affine else None

    def forward(self, x: Tensor) -> Tensor:
        self._expect_width(x, *self.normalized_shape)
        if self.listened(*self.hook_points):
            return self._in_steps(x)
        return functional.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def _in_steps(self, x: Tensor) -> Tensor:
        """The formula with its parts as values of their own, for those who listen."""
        axes = tuple(range(-len(self.normalized_shape), 0))
        eps = float(np.finfo(x.dtype).eps) if self.eps is None else self.eps
        x = x / self.point("hook_scale", ((x * x).mean(axis=axes, keepdims=True) + eps) ** 0.5)
        x = self.point("hook_normalized", x)
        return x if self.weight is None else x * self.weight

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}"
