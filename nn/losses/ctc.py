"""Connectionist temporal classification: labels without times for a sequence of predictions."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor, ops
from nn.losses.base import Loss, reduced, tensor
from nn.steps import unstacked

Numbers = np.ndarray[Any, Any]


def _lengths(name: str, what: str, given: Any, batch: tuple[int, ...], most: int) -> Numbers:
    lengths = np.asarray(getattr(given, "data", given))
    if lengths.shape != batch or lengths.dtype.kind not in "iu":
        raise ValueError(f"{name}: {what} are integers of shape {batch}, not {lengths.dtype} of shape {lengths.shape}")
    if lengths.size and (lengths.min() < 0 or lengths.max() > most):
        raise ValueError(f"{name}: {what} run from {lengths.min()} to {lengths.max()}, but there are {most} places")
    return lengths.reshape(-1)


def _labels(name: str, targets: Any, lengths: Numbers, classes: int, blank: int) -> Numbers:
    """Labels as (N, longest), 0 where there are none, from (N, longest) or all one after the other."""
    given = np.asarray(getattr(targets, "data", targets))
    longest = int(lengths.max(initial=0))
    held = np.arange(longest) < lengths[:, None]
    labels = np.zeros(held.shape, int)
    if given.dtype.kind not in "iu":
        raise TypeError(f"{name}: the targets hold class numbers, integers, not {given.dtype}")
    if given.ndim == 1 and given.size != lengths.sum():
        raise ValueError(f"{name}: targets of shape {given.shape}, but their lengths add up to {lengths.sum()}")
    labels[held] = given if given.ndim == 1 else given[:, :longest][held]
    used = labels[held]
    if used.size and (used.min() < 0 or used.max() >= classes or (used == blank).any()):
        raise ValueError(f"{name}: the targets hold classes from 0 to {classes - 1}, without the blank {blank}")
    return labels


def _shifted(alpha: Tensor, by: int) -> Tensor:
    """What stands `by` states before; -inf where there is none."""
    nothing = Tensor(np.full((alpha.shape[0], by), -np.inf), dtype=alpha.dtype)
    result: Tensor = ops.concatenate([nothing, alpha[:, :-by]], axis=1)
    return result


def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """-log of the probability of all sequences of classes that give the labels, repeats merged and blanks left out.

    Graves et al., 2006, equations 6 to 8.

    Parameters
    ----------
    log_probs : (time, N, classes) or (time, classes)
        Logarithms of probabilities, as of `log_softmax`.
    targets : integers of shape (N, longest), or all labels one after the other
    input_lengths, target_lengths : integers of shape (N,), or a number
    blank : int
        The class that stands for no label.
    reduction : "mean", "sum" or "none"
        For the mean each loss is divided by its number of labels first.
    zero_infinity : bool
        Whether labels that do not fit into their time cost nothing; else infinity. They have no gradient.

    Raises
    ------
    ValueError
        If shapes or lengths do not fit, or the targets hold the blank or a class that does not exist.

    >>> round(ctc_loss(Tensor(np.log(np.full((2, 1, 2), 0.5))), [[1]], [2], [1]).item(), 4)
    0.2877
    """
    name, x = "ctc_loss", tensor(log_probs)
    if x.ndim not in (2, 3) or not x.shape[0]:
        raise ValueError(f"{name}: input of shape {x.shape}, wanted (time, N, classes) or (time, classes)")
    alone = x.ndim == 2
    batch = () if alone else (x.shape[1],)
    x = ops.expand_dims(x, 1) if alone else x
    if not 0 <= blank < x.shape[2]:
        raise ValueError(f"{name}: the blank {blank} is none of {x.shape[2]} classes")
    times = _lengths(name, "input_lengths", input_lengths, batch, x.shape[0])
    most = np.shape(getattr(targets, "data", targets))[-1]
    counts = _lengths(name, "target_lengths", target_lengths, batch, most)
    if len(counts) == 1 and np.ndim(getattr(targets, "data", targets)) == 1:
        targets = np.asarray(getattr(targets, "data", targets))[: counts[0]]
    values = _forward(x, _labels(name, targets, counts, x.shape[2], blank), times, counts, blank)
    if zero_infinity:
        values = ops.where(values == np.inf, 0.0, values)
    if reduction == "mean":
        values = values * Tensor(1 / np.maximum(counts, 1), dtype=values.dtype)
    return reduced(name, values[0] if alone else values, reduction)


def _forward(x: Tensor, labels: Numbers, times: Numbers, counts: Numbers, blank: int) -> Tensor:
    """The losses by the forward recursion over states: a blank, a label, a blank, ..., a label, a blank."""
    rows, states = labels.shape[0], 2 * labels.shape[1] + 1
    classes = np.full((rows, states), blank)
    classes[:, 1::2] = labels
    # from a label straight to the next one, if they differ
    leap = np.zeros((rows, states), bool)
    leap[:, 3::2] = labels[:, 1:] != labels[:, :-1]
    emitted = unstacked(ops.take_along_axis(x, np.broadcast_to(classes, (x.shape[0], rows, states)), axis=2))
    alpha = ops.where(np.arange(states) < 2, emitted[0], -np.inf)
    for t, emission in enumerate(emitted[1:], 1):
        reached = ops.logaddexp(alpha, _shifted(alpha, 1))
        if states > 2:
            reached = ops.logaddexp(reached, ops.where(leap, _shifted(alpha, 2), -np.inf))
        alpha = ops.where((t < times)[:, None], reached + emission, alpha)
    last = 2 * counts[:, None]
    ends = ops.take_along_axis(alpha, np.concatenate([last, np.maximum(last - 1, 0)], axis=1), axis=1)
    final: Tensor = ops.where(counts == 0, ends[:, 0], ops.logaddexp(ends[:, 0], ends[:, 1]))
    return -final


class CTCLoss(Loss):
    """-log of the probability of all sequences of classes that give the labels. Graves et al., 2006.

    Examples
    --------
    >>> round(CTCLoss()(Tensor(np.log(np.full((2, 1, 2), 0.5))), [[1]], [2], [1]).item(), 4)
    0.2877
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction)
        self.blank, self.zero_infinity = blank, zero_infinity

    def forward(self, log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any) -> Tensor:
        options = (self.blank, self.reduction, self.zero_infinity)
        return ctc_loss(log_probs, targets, input_lengths, target_lengths, *options)

    def extra_repr(self) -> str:
        return f"blank={self.blank}, {super().extra_repr()}, zero_infinity={self.zero_infinity}"
