"""Losses of numbers: squared, absolute, and what lies between."""

from __future__ import annotations

from typing import Any

from autograd import Tensor, ops
from nn.losses.base import Loss, operands, reduced


def mse_loss(prediction: Any, target: Any, reduction: str = "mean") -> Tensor:
    """(prediction - target)^2; the shapes must be equal.

    >>> mse_loss(Tensor([1.0, 3.0]), [1.0, 1.0]).item()
    2.0
    """
    x, t = operands("mse_loss", prediction, target)
    return reduced("mse_loss", (x - t) ** 2, reduction)


def l1_loss(prediction: Any, target: Any, reduction: str = "mean") -> Tensor:
    """|prediction - target|; the gradient at 0 is 0.

    >>> l1_loss(Tensor([1.0, 3.0]), [1.0, 1.0]).item()
    1.0
    """
    x, t = operands("l1_loss", prediction, target)
    return reduced("l1_loss", ops.absolute(x - t), reduction)


def _positive(name: str, delta: float) -> float:
    if not delta > 0:
        raise ValueError(f"{name}: delta must be above 0, not {delta}")
    return delta


def _not_negative(name: str, beta: float) -> float:
    if beta < 0:
        raise ValueError(f"{name}: beta must be at least 0, not {beta}")
    return beta


def huber_loss(prediction: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Tensor:
    """d^2 / 2 up to |d| = delta, delta (|d| - delta / 2) above; d = prediction - target. Huber, 1964.

    >>> huber_loss(Tensor([1.0, 4.0]), [0.0, 0.0], reduction="none").data.tolist()
    [0.5, 3.5]
    """
    _positive("huber_loss", delta)
    x, t = operands("huber_loss", prediction, target)
    distance = ops.absolute(x - t)
    values = ops.where(distance < delta, distance * distance * 0.5, (distance - delta / 2) * delta)
    return reduced("huber_loss", values, reduction)


def smooth_l1_loss(prediction: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """`huber_loss` with delta = beta, divided by beta; beta = 0 is `l1_loss`. Girshick, 2015, equation 3.

    >>> smooth_l1_loss(Tensor([1.0, 4.0]), [0.0, 0.0], reduction="none", beta=2.0).data.tolist()
    [0.25, 3.0]
    """
    if _not_negative("smooth_l1_loss", beta) == 0:
        return l1_loss(prediction, target, reduction)
    return huber_loss(prediction, target, reduction, beta) * (1 / beta)


class MSELoss(Loss):
    """(prediction - target)^2, the mean of all unless `reduction` is "sum" or "none".

    Examples
    --------
    >>> MSELoss(reduction="sum")(Tensor([1.0, 3.0]), [1.0, 1.0]).item()
    4.0
    """

    def forward(self, prediction: Any, target: Any) -> Tensor:
        return mse_loss(prediction, target, self.reduction)


class L1Loss(Loss):
    """|prediction - target|.

    Examples
    --------
    >>> L1Loss()(Tensor([1.0, 3.0]), [1.0, 1.0]).item()
    1.0
    """

    def forward(self, prediction: Any, target: Any) -> Tensor:
        return l1_loss(prediction, target, self.reduction)


class HuberLoss(Loss):
    """Squared up to |d| = delta, linear above. Huber, 1964.

    Examples
    --------
    >>> HuberLoss()(Tensor([4.0]), [0.0]).item()
    3.5
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = _positive("HuberLoss", delta)

    def forward(self, prediction: Any, target: Any) -> Tensor:
        return huber_loss(prediction, target, self.reduction, self.delta)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, delta={self.delta}"


class SmoothL1Loss(Loss):
    """`HuberLoss` with delta = beta, divided by beta. Girshick, 2015.

    Examples
    --------
    >>> SmoothL1Loss(beta=2.0)(Tensor([4.0]), [0.0]).item()
    3.0
    """

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction)
        self.beta = _not_negative("SmoothL1Loss", beta)

    def forward(self, prediction: Any, target: Any) -> Tensor:
        return smooth_l1_loss(prediction, target, self.reduction, self.beta)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, beta={self.beta}"
