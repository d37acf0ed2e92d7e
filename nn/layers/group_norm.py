"""GroupNorm."""

from __future__ import annotations

import numpy as np

from autograd import Tensor
from nn import functional
from nn.module import Module, Parameter


class GroupNorm(Module):
    """y = (x - mean) / sqrt(var + eps) * weight + bias over groups of channels of (N, C, ...). Wu and He, 2018.

    Parameters
    ----------
    num_groups, num_channels : int
        The channels fall into so many groups, each with a mean and a variance for each example.
    eps : float
    affine, bias : bool
        Whether there is a weight, and a bias with it.

    Examples
    --------
    >>> import numpy as np
    >>> GroupNorm(1, 2)(np.array([[1.0, 3.0]], np.float32)).data.round(2).tolist()
    [[-1.0, 1.0]]
    """

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True, bias: bool = True
    ) -> None:
        super().__init__()
        if num_groups < 1 or num_channels % num_groups:
            raise ValueError(f"GroupNorm: {num_channels} channels do not fall into {num_groups} groups")
        self.num_groups, self.num_channels, self.eps = num_groups, num_channels, eps
        self.weight = Parameter(np.ones(num_channels)) if affine else None
        self.bias = Parameter(np.zeros(num_channels)) if affine and bias else None

    def forward(self, x: Tensor) -> Tensor:
        shape = self._shape_of(x)
        if len(shape) < 2 or shape[1] != self.num_channels:
            raise ValueError(f"{self._label}: input of shape {shape}, wanted (N, {self.num_channels}, ...)")
        return functional.group_norm(
            x if isinstance(x, Tensor) else Tensor(x), self.num_groups, self.weight, self.bias, self.eps
        )

    def extra_repr(self) -> str:
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.weight is not None}"
