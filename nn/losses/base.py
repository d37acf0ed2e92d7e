"""What all losses share: operands of one shape, and the three reductions."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor
from nn.module import Module

REDUCTIONS = ("none", "mean", "sum")


def tensor(x: Any) -> Tensor:
    """`x` itself, or a Tensor of its elements."""
    return x if isinstance(x, Tensor) else Tensor(x)


def like(x: Any, other: Tensor) -> Tensor:
    """`x` itself, or a Tensor of `other`'s dtype."""
    return x if isinstance(x, Tensor) else Tensor(np.asarray(x), dtype=other.dtype)


def numbers(x: Tensor) -> np.ndarray[Any, Any] | None:
    """The numbers of `x` to look at; None inside `vmap`, where it stands for a whole batch."""
    values: np.ndarray[Any, Any] | None = getattr(x, "data", None)
    return values


def operands(name: str, prediction: Any, target: Any) -> tuple[Tensor, Tensor]:
    """Prediction and target as Tensors; their shapes must be equal."""
    x = tensor(prediction)
    t = like(target, x)
    if t.shape != x.shape:
        raise ValueError(
            f"{name}: the prediction has shape {x.shape}, the target {t.shape}; broadcasting them "
            "would compare every element with every other"
        )
    return x, t


def known(name: str, reduction: str, also: tuple[str, ...] = ()) -> str:
    """`reduction`, if it is one."""
    if reduction not in REDUCTIONS + also:
        raise ValueError(f"{name}: reduction is one of {', '.join(REDUCTIONS + also)}, not {reduction!r}")
    return reduction


def reduced(name: str, values: Tensor, reduction: str) -> Tensor:
    """All values ("none"), their sum, or their mean."""
    known(name, reduction)
    if reduction == "none":
        return values
    return values.sum() if reduction == "sum" else values.mean()


class Loss(Module):
    """Base of all losses."""

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = known(type(self).__name__, reduction, self._also)

    _also: tuple[str, ...] = ()

    def _buffer(self, name: str, value: Any) -> None:
        """Keep an array in the state dict under `name`, or None outside of it."""
        if value is None:
            setattr(self, name, None)
        else:
            self.register_buffer(name, value.data if isinstance(value, Tensor) else value)

    def extra_repr(self) -> str:
        return f"reduction={self.reduction!r}"
