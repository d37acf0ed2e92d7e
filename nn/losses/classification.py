"""Losses of classes: negative log likelihood, and cross-entropy of logits."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor, ops
from nn.losses.base import Loss, known, like, reduced, tensor


def _axis(x: Tensor) -> int:
    """Of the classes: 1, or the only one."""
    return min(1, x.ndim - 1)


def _column(weights: np.ndarray[Any, Any], x: Tensor) -> Tensor:
    """One weight a class, along the classes of `x`."""
    return Tensor(weights.reshape(-1, *[1] * (x.ndim - 1 - _axis(x))))


def _classes(name: str, x: Tensor, target: Any, ignore_index: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The class numbers (0 where ignored), and where they are not ignored."""
    axis = _axis(x)
    numbers = np.asarray(getattr(target, "data", target))
    wanted = x.shape[:axis] + x.shape[axis + 1 :]
    if numbers.shape != wanted:
        raise ValueError(f"{name}: input of shape {x.shape} wants a target of shape {wanted}, not {numbers.shape}")
    if numbers.dtype.kind not in "iu":
        raise TypeError(f"{name}: the target holds class numbers, integers, not {numbers.dtype}")
    kept = numbers != ignore_index
    wrong = numbers[kept & ((numbers < 0) | (numbers >= x.shape[axis]))]
    if wrong.size:
        raise ValueError(f"{name}: class {wrong[0]} in the target, but the input has {x.shape[axis]} classes")
    return np.where(kept, numbers, 0), kept


def _class_weights(name: str, weight: Any, x: Tensor) -> np.ndarray[Any, Any] | None:
    """One weight a class in `x`'s dtype."""
    if weight is None:
        return None
    array = np.asarray(weight.data if isinstance(weight, Tensor) else weight, x.dtype)
    if array.shape != (x.shape[_axis(x)],):
        raise ValueError(f"{name}: input of shape {x.shape} wants one weight a class, not shape {array.shape}")
    return array


def _input(name: str, prediction: Any) -> Tensor:
    x = tensor(prediction)
    if x.ndim == 0:
        raise ValueError(f"{name}: the input has shape (), wanted (classes,) or (N, classes, ...)")
    return x


def _likelihood(
    logs: Tensor,
    numbers: np.ndarray[Any, Any],
    kept: np.ndarray[Any, Any],
    weights: np.ndarray[Any, Any] | None,
    reduction: str,
    smoothing: float = 0.0,
) -> Tensor:
    """-weight log p of the classes, a part `smoothing` of it spread over all; ignored places give 0."""
    axis, zero = _axis(logs), np.zeros((), logs.dtype)
    scale = kept.astype(logs.dtype) if weights is None else weights[numbers] * kept
    picked = ops.take_along_axis(logs, np.expand_dims(numbers, axis), axis=axis)
    values: Tensor = ops.where(kept, -ops.squeeze(picked, axis=axis), zero) * Tensor(scale)
    if smoothing:
        each = logs if weights is None else logs * _column(weights, logs)
        spread = ops.where(kept, -each.sum(axis=axis), zero) * (smoothing / logs.shape[axis])
        values = values * (1 - smoothing) + spread
    if reduction == "none":
        return values
    return values.sum() if reduction == "sum" else values.sum() / Tensor(scale.sum(dtype=logs.dtype))


def nll_loss(
    prediction: Any, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    """-weight[target] prediction[target]: `prediction` holds logarithms of probabilities.

    Shapes as in `cross_entropy`. "mean" divides by the sum of the weights of the targets, so that nothing but ignored
    targets gives NaN.

    >>> nll_loss(Tensor([[-1.0, -3.0], [-2.0, -4.0]]), [0, 1]).item()
    2.5
    """
    known("nll_loss", reduction)
    x = _input("nll_loss", prediction)
    return _likelihood(
        x, *_classes("nll_loss", x, target, ignore_index), _class_weights("nll_loss", weight, x), reduction
    )


def cross_entropy(
    prediction: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """-weight[target] log(softmax(prediction)[target]), in nats.

    Parameters
    ----------
    prediction : (classes,) or (N, classes, ...)
        Logits.
    target : integers of shape () or (N, ...); or probabilities of the shape of `prediction`
    weight : (classes,), optional
    ignore_index : int
        Targets of this number cost nothing and do not count in the mean.
    reduction : "mean", "sum" or "none"
        With class numbers the mean is weighted; with probabilities the sum is divided by the number of targets.
    label_smoothing : float
        This part of each target is spread over all classes. Szegedy et al., 2016, section 7.

    Raises
    ------
    ValueError
        If shapes do not fit or a class does not exist.

    >>> round(cross_entropy(Tensor([[0.0, 0.0], [5.0, 0.0]]), [1, -100]).item(), 4)
    0.6931
    """
    name = "cross_entropy"
    known(name, reduction)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"{name}: label_smoothing lies between 0 and 1, not {label_smoothing}")
    x = _input(name, prediction)
    weights, axis = _class_weights(name, weight, x), _axis(x)
    if np.shape(getattr(target, "data", target)) == x.shape:
        return _soft(x, like(target, x), weights, reduction, label_smoothing)
    numbers, kept = _classes(name, x, target, ignore_index)
    if weights is None and not label_smoothing and reduction == "mean" and x.ndim > 1 and numbers.size and kept.all():
        fast: Tensor = ops.cross_entropy(x if x.ndim == 2 else ops.moveaxis(x, 1, -1), numbers)
        return fast
    return _likelihood(ops.log_softmax(x, axis=axis), numbers, kept, weights, reduction, label_smoothing)


def _soft(x: Tensor, t: Tensor, weights: np.ndarray[Any, Any] | None, reduction: str, smoothing: float) -> Tensor:
    """-sum over the classes of weight target log(softmax(x))."""
    axis = _axis(x)
    if smoothing:
        t = t * (1 - smoothing) + smoothing / x.shape[axis]
    values = -(t * ops.log_softmax(x, axis=axis))
    if weights is not None:
        values = values * _column(weights, x)
    return reduced("cross_entropy", values.sum(axis=axis), reduction)


class NLLLoss(Loss):
    """Negative log likelihood of class numbers under logarithms of probabilities.

    Examples
    --------
    >>> NLLLoss()(Tensor([[-1.0, -3.0]]), [1]).item()
    3.0
    """

    weight: np.ndarray[Any, Any] | None

    def __init__(self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self._buffer("weight", weight)
        self.ignore_index = ignore_index

    def forward(self, prediction: Any, target: Any) -> Tensor:
        return nll_loss(prediction, target, self.weight, self.ignore_index, self.reduction)


class CrossEntropyLoss(Loss):
    """Cross-entropy of logits of shape (classes,) or (N, classes, ...) with class numbers or probabilities.

    Examples
    --------
    >>> round(CrossEntropyLoss()(Tensor([[0.0, 0.0]]), [1]).item(), 4)
    0.6931
    """

    weight: np.ndarray[Any, Any] | None

    def __init__(
        self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean", label_smoothing: float = 0.0
    ) -> None:
        super().__init__(reduction)
        self._buffer("weight", weight)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def forward(self, prediction: Any, target: Any) -> Tensor:
        return cross_entropy(prediction, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing)
