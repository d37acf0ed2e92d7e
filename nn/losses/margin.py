"""Losses of margins: what is right shall score more than what is wrong, by a margin."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor, ops
from autograd.ops import linalg
from nn.losses.base import Loss, like, operands, reduced, tensor


def _signs(name: str, target: Any, shape: tuple[int, ...], dtype: Any) -> Tensor:
    """The target, which holds 1 and -1."""
    signs = np.asarray(getattr(target, "data", target))
    if signs.shape != shape:
        raise ValueError(f"{name}: the target has shape {signs.shape}, wanted {shape}")
    if not (abs(signs) == 1).all():
        raise ValueError(f"{name}: the target holds 1 and -1")
    return Tensor(signs, dtype=dtype)


def margin_ranking_loss(x1: Any, x2: Any, target: Any, margin: float = 0.0, reduction: str = "mean") -> Tensor:
    """max(0, -target (x1 - x2) + margin): with target 1 the first shall be larger, with -1 the second.

    >>> margin_ranking_loss(Tensor([1.0, 5.0]), Tensor([2.0, 2.0]), [1, 1]).item()
    0.5
    """
    a, b = operands("margin_ranking_loss", x1, x2)
    signs = _signs("margin_ranking_loss", target, a.shape, a.dtype)
    return reduced("margin_ranking_loss", ops.relu(margin - signs * (a - b)), reduction)


def hinge_embedding_loss(prediction: Any, target: Any, margin: float = 1.0, reduction: str = "mean") -> Tensor:
    """x where the target is 1, max(0, margin - x) where it is -1: distances of what is alike and what is not.

    >>> hinge_embedding_loss(Tensor([0.5, 0.25]), [1, -1], reduction="none").data.tolist()
    [0.5, 0.75]
    """
    x = tensor(prediction)
    signs = _signs("hinge_embedding_loss", target, x.shape, x.dtype)
    values: Tensor = ops.where(signs.data > 0, x, ops.relu(margin - x))
    return reduced("hinge_embedding_loss", values, reduction)


def soft_margin_loss(prediction: Any, target: Any, reduction: str = "mean") -> Tensor:
    """log(1 + exp(-target x)), target 1 or -1, without overflow.

    >>> round(soft_margin_loss(Tensor([0.0]), [1]).item(), 4)
    0.6931
    """
    x = tensor(prediction)
    signs = _signs("soft_margin_loss", target, x.shape, x.dtype)
    return reduced("soft_margin_loss", ops.logaddexp(-signs * x, 0.0), reduction)


def cosine_embedding_loss(x1: Any, x2: Any, target: Any, margin: float = 0.0, reduction: str = "mean") -> Tensor:
    """1 - cos(x1, x2) where the target is 1, max(0, cos(x1, x2) - margin) where it is -1; vectors on the last axis.

    >>> cosine_embedding_loss(Tensor([[1.0, 0.0]]), Tensor([[0.0, 1.0]]), [1]).item()
    1.0
    """
    name, small = "cosine_embedding_loss", 1e-12  # PyTorch's, below the root
    a, b = operands(name, x1, x2)
    if a.ndim not in (1, 2):
        raise ValueError(f"{name}: inputs of shape {a.shape}, wanted (N, width) or (width,)")
    signs = _signs(name, target, a.shape[:-1], a.dtype)
    squares = ((a * a).sum(axis=-1) + small) * ((b * b).sum(axis=-1) + small)
    cosine = (a * b).sum(axis=-1) / ops.sqrt(squares)
    return reduced(name, ops.where(signs.data > 0, 1 - cosine, ops.relu(cosine - margin)), reduction)


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """max(0, d(anchor, positive) - d(anchor, negative) + margin), d(a, b) the p-norm of a - b + eps on the last axis.

    With `swap` the distance of positive and negative counts where it is less than that of anchor and negative.
    Balntas et al., 2016, section 2.

    >>> triplet_margin_loss(Tensor([[0.0]]), Tensor([[1.0]]), Tensor([[3.0]]), margin=2.5, eps=0.0).item()
    0.5
    """
    name = "triplet_margin_loss"
    a, n = operands(name, anchor, negative)
    _, q = operands(name, anchor, positive)
    if not margin > 0:
        raise ValueError(f"{name}: margin must be above 0, not {margin}")

    def distance(x: Tensor, y: Tensor) -> Any:
        return linalg.norm(x - y + eps, p, axis=-1)

    apart = ops.minimum(distance(a, n), distance(q, n)) if swap else distance(a, n)
    return reduced(name, ops.relu(distance(a, q) - apart + margin), reduction)


# ---------------------------------------------------------------------- of classes
def _class_rows(name: str, prediction: Any) -> tuple[Tensor, bool]:
    """Scores as (N, classes), and whether there were several rows."""
    x = tensor(prediction)
    if x.ndim not in (1, 2) or not x.shape[-1]:
        raise ValueError(f"{name}: input of shape {x.shape}, wanted (N, classes) or (classes,)")
    return ops.reshape(x, (-1, x.shape[-1])), x.ndim == 2


def _numbers(name: str, target: Any, shape: tuple[int, ...], least: int, classes: int) -> np.ndarray[Any, Any]:
    numbers = np.asarray(getattr(target, "data", target))
    if numbers.shape != shape:
        raise ValueError(f"{name}: the target has shape {numbers.shape}, wanted {shape}")
    if numbers.dtype.kind not in "iu":
        raise TypeError(f"{name}: the target holds class numbers, integers, not {numbers.dtype}")
    if numbers.size and (numbers.min() < least or numbers.max() >= classes):
        raise ValueError(
            f"{name}: class numbers from {numbers.min()} to {numbers.max()}, but there are {classes} classes"
        )
    return numbers


def multi_margin_loss(
    prediction: Any, target: Any, p: int = 1, margin: float = 1.0, weight: Any = None, reduction: str = "mean"
) -> Tensor:
    """sum over the other classes i of weight[y] max(0, margin - x[y] + x[i])^p, over the number of classes.

    >>> round(multi_margin_loss(Tensor([[0.1, 0.2, 0.4, 0.8]]), [3]).item(), 3)
    0.325
    """
    name = "multi_margin_loss"
    if p not in (1, 2):
        raise ValueError(f"{name}: p is 1 or 2, not {p}")
    x, many = _class_rows(name, prediction)
    rows, classes = x.shape
    numbers = _numbers(name, target, (rows,) if many else (), 0, classes).reshape(rows, 1)
    short = ops.relu(margin - ops.take_along_axis(x, numbers, axis=1) + x)
    short = ops.where(np.arange(classes) == numbers, 0.0, short if p == 1 else short * short)
    if weight is not None:
        short = short * Tensor(np.asarray(like(weight, x).data, x.dtype)[numbers])
    values: Tensor = short.sum(axis=1) * (1 / classes)
    return reduced(name, values if many else values[0], reduction)


def multilabel_margin_loss(prediction: Any, target: Any, reduction: str = "mean") -> Tensor:
    """sum of max(0, 1 - (x[y] - x[i])) over right classes y and wrong ones i, over the number of classes.

    Each row of the target lists its right classes first; the first -1 ends the list.

    >>> round(multilabel_margin_loss(Tensor([[0.1, 0.2, 0.4, 0.8]]), [[3, 0, -1, 1]]).item(), 2)
    0.85
    """
    name = "multilabel_margin_loss"
    x, many = _class_rows(name, prediction)
    rows, classes = x.shape
    numbers = _numbers(name, target, (rows, classes) if many else (classes,), -1, classes).reshape(rows, classes)
    listed = np.cumprod(numbers >= 0, axis=1).astype(bool)
    right = np.zeros((rows, classes), bool)
    row, place = np.nonzero(listed)
    right[row, numbers[row, place]] = True
    short = ops.relu(1 - ops.take_along_axis(x, np.where(listed, numbers, 0), axis=1)[:, :, None] + x[:, None, :])
    counted = listed[:, :, None] & ~right[:, None, :]
    values: Tensor = ops.where(counted, short, 0.0).sum(axis=(1, 2)) * (1 / classes)
    return reduced(name, values if many else values[0], reduction)


def multilabel_soft_margin_loss(prediction: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Tensor:
    """The mean over the classes of -weight (t log(sigmoid(x)) + (1 - t) log(1 - sigmoid(x))), t 0 or 1.

    >>> round(multilabel_soft_margin_loss(Tensor([[0.0, 0.0]]), [[1.0, 0.0]]).item(), 4)
    0.6931
    """
    name = "multilabel_soft_margin_loss"
    x, t = operands(name, prediction, target)
    values = (1 - t) * x + ops.logaddexp(-x, 0.0)
    values = values if weight is None else values * like(weight, x)
    return reduced(name, values.mean(axis=-1), reduction)


# ---------------------------------------------------------------------- as modules
class MarginRankingLoss(Loss):
    """max(0, -target (x1 - x2) + margin).

    Examples
    --------
    >>> MarginRankingLoss()(Tensor([1.0]), Tensor([3.0]), [1]).item()
    2.0
    """

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, x1: Any, x2: Any, target: Any) -> Tensor:
        return margin_ranking_loss(x1, x2, target, self.margin, self.reduction)


class HingeEmbeddingLoss(Loss):
    """x where the target is 1, max(0, margin - x) where it is -1.

    Examples
    --------
    >>> HingeEmbeddingLoss()(Tensor([0.25]), [-1]).item()
    0.75
    """

    def __init__(self, margin: float = 1.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, prediction: Any, target: Any) -> Tensor:
        return hinge_embedding_loss(prediction, target, self.margin, self.reduction)


class SoftMarginLoss(Loss):
    """log(1 + exp(-target x)), target 1 or -1.

    Examples
    --------
    >>> SoftMarginLoss()(Tensor([-1000.0]), [1]).item()
    1000.0
    """

    def forward(self, prediction: Any, target: Any) -> Tensor:
        return soft_margin_loss(prediction, target, self.reduction)


class CosineEmbeddingLoss(Loss):
    """1 - cos(x1, x2) where the target is 1, max(0, cos(x1, x2) - margin) where it is -1.

    Examples
    --------
    >>> CosineEmbeddingLoss()(Tensor([[1.0, 0.0]]), Tensor([[0.0, 1.0]]), [1]).item()
    1.0
    """

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, x1: Any, x2: Any, target: Any) -> Tensor:
        return cosine_embedding_loss(x1, x2, target, self.margin, self.reduction)


class TripletMarginLoss(Loss):
    """max(0, d(anchor, positive) - d(anchor, negative) + margin). Balntas et al., 2016; arguments as the function's.

    Examples
    --------
    >>> TripletMarginLoss(margin=2.5, eps=0.0)(Tensor([[0.0]]), Tensor([[1.0]]), Tensor([[3.0]])).item()
    0.5
    """

    def __init__(
        self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction)
        self.margin, self.p, self.eps, self.swap = margin, p, eps, swap

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Tensor:
        options = (self.margin, self.p, self.eps, self.swap, self.reduction)
        return triplet_margin_loss(anchor, positive, negative, *options)


class MultiMarginLoss(Loss):
    """sum over the other classes i of weight[y] max(0, margin - x[y] + x[i])^p, over the number of classes.

    Examples
    --------
    >>> round(MultiMarginLoss()(Tensor([[0.1, 0.2, 0.4, 0.8]]), [3]).item(), 3)
    0.325
    """

    weight: np.ndarray[Any, Any] | None

    def __init__(self, p: int = 1, margin: float = 1.0, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.p, self.margin = p, margin
        self._buffer("weight", weight)

    def forward(self, prediction: Any, target: Any) -> Tensor:
        return multi_margin_loss(prediction, target, self.p, self.margin, self.weight, self.reduction)


class MultiLabelMarginLoss(Loss):
    """sum of max(0, 1 - (x[y] - x[i])) over right classes y and wrong ones i, over the number of classes.

    Examples
    --------
    >>> round(MultiLabelMarginLoss()(Tensor([[0.1, 0.2, 0.4, 0.8]]), [[3, 0, -1, 1]]).item(), 2)
    0.85
    """

    def forward(self, prediction: Any, target: Any) -> Tensor:
        return multilabel_margin_loss(prediction, target, self.reduction)


class MultiLabelSoftMarginLoss(Loss):
    """The mean over the classes of their binary cross-entropies with logits.

    Examples
    --------
    >>> round(MultiLabelSoftMarginLoss()(Tensor([[0.0, 0.0]]), [[1.0, 0.0]]).item(), 4)
    0.6931
    """

    weight: np.ndarray[Any, Any] | None

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self._buffer("weight", weight)

    def forward(self, prediction: Any, target: Any) -> Tensor:
        return multilabel_soft_margin_loss(prediction, target, self.weight, self.reduction)
