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

    hook_points = ("hook_scale", "hook_normalized")

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
        if self.listened("hook_scale"):
            result = self._in_steps(x)
        else:
            result = functional.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
        return self.point("hook_normalized", result)

    def _in_steps(self, x: Tensor) -> Tensor:
        """The formula with the scale as a value of its own, for those who listen."""
        axes = tuple(range(-len(self.normalized_shape), 0))
        x = x - x.mean(axis=axes, keepdims=True)
        x = x / self.point("hook_scale", ((x * x).mean(axis=axes, keepdims=True) + self.eps) ** 0.5)
        x = x if self.weight is None else x * self.weight
        return x if self.bias is None else x + self.bias

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, bias={self.bias is not None}"
