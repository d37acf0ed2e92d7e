"""Activations as layers."""

from __future__ import annotations

from autograd import Tensor
from nn import functional
from nn.module import Module


class ReLU(Module):
    """max(x, 0)."""

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = functional.relu(x)
        return result


class GELU(Module):
    """x Phi(x), Phi the standard normal's distribution function; or its tanh form. Hendrycks and Gimpel, 2016."""

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        if approximate not in ("none", "tanh"):
            raise ValueError(f"GELU: approximate is 'none' or 'tanh', not {approximate!r}")
        self.approximate = approximate

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = functional.gelu(x, self.approximate)
        return result

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class Sigmoid(Module):
    """1 / (1 + exp(-x))."""

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = functional.sigmoid(x)
        return result


class Tanh(Module):
    """tanh(x)."""

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = functional.tanh(x)
        return result
