"""Negative log likelihoods of numbers: normal ones and counts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import Tensor, ops, stop_gradient
from nn.losses.base import Loss, like, numbers, operands, reduced


def gaussian_nll_loss(
    prediction: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """(log(v) + (prediction - target)^2 / v) / 2 with v = max(var, eps); with `full` also log(2 pi) / 2.

    `var` is a number, or of the prediction's shape, or with a last axis of size 1 or none. The bound `eps` does not
    stop its gradient. Nix and Weigend, 1994, equation 3.

    Raises
    ------
    ValueError
        If shapes do not fit or a variance is negative.

    >>> gaussian_nll_loss(Tensor([1.0, 3.0]), [1.0, 1.0], Tensor([1.0, 1.0])).item()
    1.0
    """
    x, t = operands("gaussian_nll_loss", prediction, target)
    v = like(var, x)
    if v.ndim and v.shape == x.shape[:-1]:
        v = ops.expand_dims(v, -1)
    if v.ndim and v.shape not in (x.shape, (*x.shape[:-1], 1)):
        raise ValueError(f"gaussian_nll_loss: variances of shape {v.shape} for predictions of shape {x.shape}")
    known = numbers(v)
    if known is not None and (known < 0).any():
        raise ValueError("gaussian_nll_loss: a variance is negative")
    v = v + stop_gradient(ops.maximum(v, eps) - v)  # as in PyTorch small variances are raised and go on learning
    values = (ops.log(v) + (x - t) ** 2 / v) * 0.5
    values = values + 0.5 * math.log(2 * math.pi) if full else values
    return reduced("gaussian_nll_loss", values, reduction)


def poisson_nll_loss(
    prediction: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Tensor:
    """exp(x) - target x, x the logarithm of the expected count; without `log_input` x - target log(x + eps).

    With `full` also Stirling's target log(target) - target + log(2 pi target) / 2 where the target is above 1.

    >>> poisson_nll_loss(Tensor([0.0]), [2.0]).item()
    1.0
    """
    x, t = operands("poisson_nll_loss", prediction, target)
    values = ops.exp(x) - t * x if log_input else x - t * ops.log(x + eps)
    if full:
        large = ops.where(t > 1, t, np.ones((), t.dtype))
        stirling = large * ops.log(large) - large + 0.5 * ops.log(2 * math.pi * large)
        values = values + ops.where(t > 1, stirling, 0.0)
    return reduced("poisson_nll_loss", values, reduction)


class GaussianNLLLoss(Loss):
    """Negative log likelihood of targets under normals of predicted mean and variance. Nix and Weigend, 1994.

    Examples
    --------
    >>> GaussianNLLLoss()(Tensor([3.0]), [1.0], Tensor([1.0])).item()
    2.0
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.full, self.eps = full, eps

    def forward(self, prediction: Any, target: Any, var: Any) -> Tensor:
        return gaussian_nll_loss(prediction, target, var, self.full, self.eps, self.reduction)


class PoissonNLLLoss(Loss):
    """Negative log likelihood of counts under Poisson distributions of predicted (logarithm of the) mean.

    Examples
    --------
    >>> PoissonNLLLoss()(Tensor([0.0]), [2.0]).item()
    1.0
    """

    def __init__(self, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def forward(self, prediction: Any, target: Any) -> Tensor:
        return poisson_nll_loss(prediction, target, self.log_input, self.full, self.eps, self.reduction)
