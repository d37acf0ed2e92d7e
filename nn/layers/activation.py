"""Activations as layers; their functions stand in `nn.functional`."""

from __future__ import annotations

import numpy as np

from autograd import Tensor
from nn import functional, init
from nn.module import Module, Parameter


class _AlongAxis(Module):
    """Base of those that look at all elements along an axis."""

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def _expect_axis(self, x: Tensor, parts: int = 1) -> None:
        """Raise unless `x` has the axis, and it falls into so many parts."""
        shape = self._shape_of(x)
        if not -len(shape) <= self.dim < len(shape) or shape[self.dim] % parts:
            halves = " of two halves" if parts == 2 else ""
            raise ValueError(f"{self._label}: input of shape {shape}, wanted an axis {self.dim}{halves}")

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


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


class SiLU(Module):
    """x sigmoid(x)."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.silu(x)


class LogSigmoid(Module):
    """log(sigmoid(x))."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.logsigmoid(x)


class Mish(Module):
    """x tanh(softplus(x)). Misra, 2019."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.mish(x)


class Softsign(Module):
    """x / (1 + |x|)."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.softsign(x)


class LeakyReLU(Module):
    """x above zero, negative_slope x elsewhere. Maas, Hannun and Ng, 2013."""

    def __init__(self, negative_slope: float = 0.01) -> None:
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, x: Tensor) -> Tensor:
        return functional.leaky_relu(x, self.negative_slope)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}"


class ELU(Module):
    """x above zero, alpha (exp(x) - 1) elsewhere. Clevert, Unterthiner and Hochreiter, 2016."""

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        self.alpha = alpha

    def forward(self, x: Tensor) -> Tensor:
        return functional.elu(x, self.alpha)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}"


class Softplus(Module):
    """log(1 + exp(beta x)) / beta."""

    def __init__(self, beta: float = 1.0) -> None:
        super().__init__()
        self.beta = beta

    def forward(self, x: Tensor) -> Tensor:
        return functional.softplus(x, self.beta)

    def extra_repr(self) -> str:
        return f"beta={self.beta}"


class SELU(Module):
    """1.0507 elu(x, 1.6733): keeps mean 0 and variance 1. Klambauer et al., 2017."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.selu(x)


class ReLU6(Module):
    """min(max(x, 0), 6)."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu6(x)


class Hardsigmoid(Module):
    """(x + 3) / 6 between 0 and 1. Howard et al., 2019."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.hardsigmoid(x)


class Hardswish(Module):
    """x hardsigmoid(x). Howard et al., 2019, section 5.2."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.hardswish(x)


class Tanhshrink(Module):
    """x - tanh(x)."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.tanhshrink(x)


class CELU(Module):
    """x above zero, alpha (exp(x / alpha) - 1) elsewhere. Barron, 2017."""

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        self.alpha = alpha

    def forward(self, x: Tensor) -> Tensor:
        return functional.celu(x, self.alpha)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}"


class Softshrink(Module):
    """x moved towards zero by `lambd`, zero within."""

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, x: Tensor) -> Tensor:
        return functional.softshrink(x, self.lambd)

    def extra_repr(self) -> str:
        return f"lambd={self.lambd}"


class Hardshrink(Module):
    """x, but zero from -lambd to lambd."""

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, x: Tensor) -> Tensor:
        return functional.hardshrink(x, self.lambd)

    def extra_repr(self) -> str:
        return f"lambd={self.lambd}"


class Softmax(_AlongAxis):
    """exp(x) / sum(exp(x)) along `dim`; a row of nothing but -inf gives zeros."""

    def forward(self, x: Tensor) -> Tensor:
        self._expect_axis(x)
        return functional.softmax(x, self.dim)


class LogSoftmax(_AlongAxis):
    """log(softmax(x)) along `dim`, without overflow."""

    def forward(self, x: Tensor) -> Tensor:
        self._expect_axis(x)
        return functional.log_softmax(x, self.dim)


class Softmin(_AlongAxis):
    """softmax(-x) along `dim`."""

    def forward(self, x: Tensor) -> Tensor:
        self._expect_axis(x)
        return functional.softmin(x, self.dim)


class GLU(_AlongAxis):
    """a sigmoid(b), `a` and `b` the two halves of x along `dim`. Dauphin et al., 2017, equation 1."""

    def forward(self, x: Tensor) -> Tensor:
        self._expect_axis(x, 2)
        return functional.glu(x, self.dim)


class Hardtanh(Module):
    """x between the two bounds, the nearer one elsewhere."""

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0) -> None:
        super().__init__()
        if not min_val < max_val:
            raise ValueError(f"Hardtanh: min_val {min_val} must be less than max_val {max_val}")
        self.min_val, self.max_val = min_val, max_val

    def forward(self, x: Tensor) -> Tensor:
        return functional.hardtanh(x, self.min_val, self.max_val)

    def extra_repr(self) -> str:
        return f"min_val={self.min_val}, max_val={self.max_val}"


class Threshold(Module):
    """x above `threshold`, `value` elsewhere."""

    def __init__(self, threshold: float, value: float) -> None:
        super().__init__()
        self.threshold, self.value = threshold, value

    def forward(self, x: Tensor) -> Tensor:
        return functional.threshold(x, self.threshold, self.value)

    def extra_repr(self) -> str:
        return f"threshold={self.threshold}, value={self.value}"


class PReLU(Module):
    """x above zero, weight x elsewhere, with a slope that is learned. He et al., 2015, equation 1.

    Parameters
    ----------
    num_parameters : int
        1, or one a channel: axis 1 of the input.
    init : float
        The slope to start with.

    Examples
    --------
    >>> PReLU()(Tensor([-4.0, 2.0])).data.tolist()
    [-1.0, 2.0]
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25) -> None:
        super().__init__()
        self.weight = Parameter(np.full(num_parameters, init))

    def forward(self, x: Tensor) -> Tensor:
        shape = self._shape_of(x)
        if self.weight.size not in (1, shape[1] if len(shape) > 1 else 1):
            raise ValueError(f"{self._label}: input of shape {shape}, wanted (N, {self.weight.size}, ...)")
        return functional.prelu(x, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.weight.size}"


class RReLU(Module):
    """`LeakyReLU` with a slope for each element, in training uniform from `lower` to `upper`, else their mean.

    Xu et al., 2015. The generator is the module's own: a seed gives the same run.

    Examples
    --------
    >>> RReLU(0.0, 0.5).eval()(Tensor([-4.0, 2.0])).data.tolist()
    [-1.0, 2.0]
    """

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, rng: np.random.Generator | None = None) -> None:
        super().__init__()
        if not lower <= upper:
            raise ValueError(f"RReLU: lower {lower} must be at most upper {upper}")
        self.lower, self.upper, self.rng = lower, upper, init.default_rng(rng)

    def forward(self, x: Tensor) -> Tensor:
        return functional.rrelu(x, self.lower, self.upper, self.training, self.rng)

    def extra_repr(self) -> str:
        return f"lower={self.lower}, upper={self.upper}"
