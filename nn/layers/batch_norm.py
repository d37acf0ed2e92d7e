"""BatchNorm1d, BatchNorm2d, BatchNorm3d."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor
from nn import functional
from nn.module import Module, Parameter


class _BatchNorm(Module):
    ranks: tuple[int, ...]
    running_mean: np.ndarray[Any, Any] | None
    running_var: np.ndarray[Any, Any] | None
    num_batches_tracked: np.ndarray[Any, Any] | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.weight = Parameter(np.ones(num_features)) if affine else None
        self.bias = Parameter(np.zeros(num_features)) if affine and bias else None
        self.running_mean = self.running_var = self.num_batches_tracked = None
        if track_running_stats:
            self.register_buffer("running_mean", np.zeros(num_features, np.float32))
            self.register_buffer("running_var", np.ones(num_features, np.float32))
            self.register_buffer("num_batches_tracked", np.zeros((), np.int64))

    def forward(self, x: Tensor) -> Tensor:
        shape = self._shape_of(x)
        if len(shape) not in self.ranks or shape[1] != self.num_features:
            wanted = " or ".join(str(r) for r in self.ranks)
            raise ValueError(
                f"{self._label}: input of shape {shape}, wanted (N, {self.num_features}, ...) of {wanted} axes"
            )
        x = x if isinstance(x, Tensor) else Tensor(x)
        by_batch = self.training or self.running_mean is None
        tracked = (self.running_mean, self.running_var)
        momentum = 0.0 if self.momentum is None else self.momentum
        if self.training and x.size // max(1, self.num_features) < 2:
            raise ValueError(f"{self._label}: input of shape {shape}; training needs more than one value a channel")
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked += 1
            momentum = 1 / int(self.num_batches_tracked) if self.momentum is None else momentum
        return functional.batch_norm(x, *tracked, self.weight, self.bias, by_batch, momentum, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.weight is not None}, "
            f"track_running_stats={self.running_mean is not None}"
        )


class BatchNorm1d(_BatchNorm):
    """y = (x - mean) / sqrt(var + eps) * weight + bias, a channel at a time, over the batch. Ioffe and Szegedy, 2015.

    In training mean and variance are the batch's, and running ones follow them; in `eval` the running ones are used.

    Parameters
    ----------
    num_features : int
        Channels: axis 1 of (N, C) or (N, C, length).
    eps : float
    momentum : float or None
        The part of the running statistics that each batch replaces; None gives the mean of all batches.
    affine, track_running_stats, bias : bool
        Whether there are weight and bias, running statistics, and a bias if there is a weight.

    Examples
    --------
    >>> import numpy as np
    >>> BatchNorm1d(1)(np.array([[1.0], [3.0]], np.float32)).data.round(2).tolist()
    [[-1.0], [1.0]]
    """

    ranks = (2, 3)


class BatchNorm2d(_BatchNorm):
    """`BatchNorm1d` for (N, C, height, width).

    Examples
    --------
    >>> import numpy as np
    >>> BatchNorm2d(3)(np.zeros((2, 3, 4, 4), np.float32)).shape
    (2, 3, 4, 4)
    """

    ranks = (4,)


class BatchNorm3d(_BatchNorm):
    """`BatchNorm1d` for (N, C, depth, height, width).

    Examples
    --------
    >>> import numpy as np
    >>> BatchNorm3d(3)(np.zeros((2, 3, 4, 4, 4), np.float32)).shape
    (2, 3, 4, 4, 4)
    """

    ranks = (5,)
