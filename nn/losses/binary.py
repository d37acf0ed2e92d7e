"""Binary cross-entropy, of probabilities and of logits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import Tensor, ops
from nn.losses.base import Loss, like, numbers, operands, reduced

LOWEST = -100.0  # PyTorch's bound of the logarithm


def _log(p: Tensor) -> Tensor:
    """log(p), not below -100; where it is bounded the gradient is 0."""
    inside = p > math.exp(LOWEST)
    one, lowest = np.ones((), p.dtype), np.full((), LOWEST, p.dtype)
    result: Tensor = ops.where(inside, ops.log(ops.where(inside, p, one)), lowest)
    return result


def binary_cross_entropy(prediction: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Tensor:
    """-weight (target log(p) + (1 - target) log(1 - p)), each logarithm at least -100.

    Raises
    ------
    ValueError
        If shapes differ or a probability lies outside [0, 1].

    >>> round(binary_cross_entropy(Tensor([0.5, 0.5]), [0.0, 1.0]).item(), 4)
    0.6931
    """
    p, t = operands("binary_cross_entropy", prediction, target)
    known = numbers(p)
    if known is not None and ((known < 0) | (known > 1)).any():
        raise ValueError("binary_cross_entropy: probabilities lie between 0 and 1; for logits take the one with logits")
    values = -(t * _log(p) + (1 - t) * _log(1 - p))
    return reduced("binary_cross_entropy", values if weight is None else values * like(weight, p), reduction)


def binary_cross_entropy_with_logits(
    prediction: Any, target: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> Tensor:
    """-weight (pos_weight target log(sigmoid(x)) + (1 - target) log(1 - sigmoid(x))), without overflow.

    >>> round(binary_cross_entropy_with_logits(Tensor([0.0]), [1.0], pos_weight=[2.0]).item(), 4)
    1.3863
    """
    x, t = operands("binary_cross_entropy_with_logits", prediction, target)
    softplus = ops.logaddexp(-x, 0.0)
    if pos_weight is not None:
        softplus = softplus * (1 + (like(pos_weight, x) - 1) * t)
    values = (1 - t) * x + softplus
    values = values if weight is None else values * like(weight, x)
    return reduced("binary_cross_entropy_with_logits", values, reduction)


class BCELoss(Loss):
    """Cross-entropy of probabilities of one class with targets between 0 and 1.

    Examples
    --------
    >>> round(BCELoss()(Tensor([0.5]), [1.0]).item(), 4)
    0.6931
    """

    weight: np.ndarray[Any, Any] | None

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self._buffer("weight", weight)

    def forward(self, prediction: Any, target: Any) -> Tensor:
        return binary_cross_entropy(prediction, target, self.weight, self.reduction)


class BCEWithLogitsLoss(Loss):
    """`BCELoss` of sigmoid(x), without overflow; `pos_weight` multiplies what the positive class costs.

    Examples
    --------
    >>> BCEWithLogitsLoss()(Tensor([-1000.0]), [1.0]).item()
    1000.0
    """

    weight: np.ndarray[Any, Any] | None
    pos_weight: np.ndarray[Any, Any] | None

    def __init__(self, weight: Any = None, reduction: str = "mean", pos_weight: Any = None) -> None:
        super().__init__(reduction)
        self._buffer("weight", weight)
        self._buffer("pos_weight", pos_weight)

    def forward(self, prediction: Any, target: Any) -> Tensor:
        return binary_cross_entropy_with_logits(prediction, target, self.weight, self.reduction, self.pos_weight)
