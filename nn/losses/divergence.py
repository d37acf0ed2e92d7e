"""The Kullback-Leibler divergence."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor, ops
from nn.losses.base import Loss, known, operands, reduced


def kl_div(prediction: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """target (log(target) - prediction): `prediction` holds logarithms, `target` too with `log_target`.

    "batchmean" is the sum over the size of the first axis: the divergence of one example. "mean" divides by the
    number of elements, as in PyTorch.

    >>> import numpy as np
    >>> round(kl_div(Tensor(np.log([[0.5, 0.5]])), [[1.0, 0.0]], reduction="batchmean").item(), 4)
    0.6931
    """
    known("kl_div", reduction, ("batchmean",))
    x, t = operands("kl_div", prediction, target)
    if log_target:
        values = ops.exp(t) * (t - x)
    else:
        values = t * ops.log(ops.where(t > 0, t, np.ones((), t.dtype))) - t * x
    if reduction == "batchmean":
        total: Tensor = values.sum() * (1 / max(1, x.shape[0] if x.ndim else 1))
        return total
    return reduced("kl_div", values, reduction)


class KLDivLoss(Loss):
    """The divergence of `target` from a prediction given as logarithms. Kullback and Leibler, 1951.

    Examples
    --------
    >>> import numpy as np
    >>> KLDivLoss(reduction="batchmean")(Tensor(np.log([[0.5, 0.5]])), [[0.5, 0.5]]).item()
    0.0
    """

    _also = ("batchmean",)

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction)
        self.log_target = log_target

    def forward(self, prediction: Any, target: Any) -> Tensor:
        return kl_div(prediction, target, self.reduction, self.log_target)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, log_target={self.log_target}"
