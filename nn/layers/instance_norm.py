"""InstanceNorm1d, InstanceNorm2d, InstanceNorm3d."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import Tensor, ops
from nn import functional
from nn.layers.spatial import Spatial
from nn.module import Parameter


class _InstanceNorm(Spatial):
    running_mean: np.ndarray[Any, Any] | None
    running_var: np.ndarray[Any, Any] | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.weight = Parameter(np.ones(num_features)) if affine else None
        self.bias = Parameter(np.zeros(num_features)) if affine and bias else None
        self.running_mean = self.running_var = None
        if track_running_stats:
            self.register_buffer("running_mean", np.zeros(num_features, np.float32))
            self.register_buffer("running_var", np.ones(num_features, np.float32))
            self.register_buffer("num_batches_tracked", np.zeros((), np.int64))  # in the state dict, as in PyTorch

    def forward(self, x: Tensor) -> Tensor:
        self._expect(x, self.num_features)
        x = x if isinstance(x, Tensor) else Tensor(x)
        by_input = self.training or self.running_mean is None
        if by_input and math.prod(x.shape[x.ndim - self.axes :]) < 2:
            raise ValueError(f"{self._label}: input of shape {x.shape}; it needs more than one value a channel")
        running = (self.running_mean, self.running_var) if self.training or not by_input else (None, None)
        batch = x if x.ndim == self.axes + 2 else ops.expand_dims(x, 0)
        y = functional.instance_norm(batch, *running, self.weight, self.bias, by_input, self.momentum, self.eps)
        result: Tensor = y if batch is x else ops.squeeze(y, axis=0)
        return result

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.weight is not None}, "
            f"track_running_stats={self.running_mean is not None}"
        )


class InstanceNorm1d(_InstanceNorm):
    """y = (x - mean) / sqrt(var + eps) * weight + bias, a channel of one example at a time.

    Ulyanov, Vedaldi and Lempitsky, 2016.

    Parameters
    ----------
    num_features : int
        Channels C of (N, C, length) or (C, length).
    eps : float
    momentum : float
        The part of the running statistics that each batch replaces.
    affine, track_running_stats, bias : bool
        Whether there are weight and bias, running statistics, and a bias if there is a weight. With running
        statistics `eval` uses these.

    Examples
    --------
    >>> import numpy as np
    >>> InstanceNorm1d(1)(np.array([[[1.0, 3.0]]], np.float32)).data.round(2).tolist()
    [[[-1.0, 1.0]]]
    """

    axes = 1


class InstanceNorm2d(_InstanceNorm):
    """`InstanceNorm1d` for (N, C, height, width) or (C, height, width).

    Examples
    --------
    >>> import numpy as np
    >>> InstanceNorm2d(3)(np.zeros((2, 3, 4, 4), np.float32)).shape
    (2, 3, 4, 4)
    """

    axes = 2


class InstanceNorm3d(_InstanceNorm):
    """`InstanceNorm1d` for (N, C, depth, height, width) or (C, depth, height, width).

    Examples
    --------
    >>> import numpy as np
    >>> InstanceNorm3d(3)(np.zeros((2, 3, 4, 4, 4), np.float32)).shape
    (2, 3, 4, 4, 4)
    """

    axes = 3
