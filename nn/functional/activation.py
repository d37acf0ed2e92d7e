"""Activations, element by element or along one axis."""

from __future__ import annotations

import numpy as np

from autograd import Tensor, ops
from autograd.ops import sigmoid, tanh
from nn.init import default_rng

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805  # Klambauer et al., 2017, equation 14


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    """exp(x) / sum(exp(x)) along `dim`; a row of nothing but -inf gives zeros (nothing to attend to)."""
    result: Tensor = ops.softmax(x, axis=dim)
    return result


def log_softmax(x: Tensor, dim: int = -1) -> Tensor:
    """log(softmax(x)) along `dim`, without overflow."""
    result: Tensor = ops.log_softmax(x, axis=dim)
    return result


def softmin(x: Tensor, dim: int = -1) -> Tensor:
    """softmax(-x) along `dim`."""
    return softmax(-x, dim)


def leaky_relu(x: Tensor, negative_slope: float = 0.01) -> Tensor:
    """x above zero, negative_slope x elsewhere. Maas, Hannun and Ng, 2013."""
    result: Tensor = ops.where(x > 0, x, x * negative_slope)
    return result


def rrelu(
    x: Tensor,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    rng: np.random.Generator | None = None,
) -> Tensor:
    """`leaky_relu` with a slope for each element, uniform from `lower` to `upper`; out of training their mean.

    Xu et al., 2015, section 2.4.
    """
    if not lower <= upper:
        raise ValueError(f"rrelu: lower {lower} must be at most upper {upper}")
    if not training:
        return leaky_relu(x, (lower + upper) / 2)
    slopes = Tensor(default_rng(rng).uniform(lower, upper, x.shape), dtype=x.dtype)
    result: Tensor = ops.where(x > 0, x, x * slopes)
    return result


def prelu(x: Tensor, weight: Tensor) -> Tensor:
    """x above zero, weight x elsewhere, with one weight or one a channel (axis 1). He et al., 2015, equation 1."""
    channels = x.shape[1] if x.ndim > 1 else 1
    if weight.ndim > 1 or weight.size not in (1, channels):
        raise ValueError(f"prelu: input of shape {x.shape} wants 1 or {channels} weights, not shape {weight.shape}")
    slope = weight if weight.size == 1 else ops.reshape(weight, (-1, *[1] * (x.ndim - 2)))
    result: Tensor = ops.where(x > 0, x, x * slope)
    return result


def elu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """x above zero, alpha (exp(x) - 1) elsewhere. Clevert, Unterthiner and Hochreiter, 2016, equation 15."""
    below = ops.where(x > 0, x * 0, x)  # what is not taken does not overflow
    result: Tensor = ops.where(x > 0, x, ops.expm1(below) * alpha)
    return result


def selu(x: Tensor) -> Tensor:
    """1.0507 elu(x, 1.6733): keeps mean 0 and variance 1. Klambauer et al., 2017, equation 2."""
    return elu(x, SELU_ALPHA) * SELU_SCALE


def celu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """x above zero, alpha (exp(x / alpha) - 1) elsewhere. Barron, 2017, equation 2."""
    if not alpha > 0:
        raise ValueError(f"celu: alpha must be above 0, not {alpha}")
    return elu(x * (1 / alpha)) * alpha


def silu(x: Tensor) -> Tensor:
    """x sigmoid(x), also called swish. Ramachandran, Zoph and Le, 2017."""
    result: Tensor = x * sigmoid(x)
    return result


def softplus(x: Tensor, beta: float = 1.0) -> Tensor:
    """log(1 + exp(beta x)) / beta, without overflow."""
    result: Tensor = ops.logaddexp(x * beta, 0.0) * (1 / beta)
    return result


def logsigmoid(x: Tensor) -> Tensor:
    """log(sigmoid(x)) = -softplus(-x), without overflow."""
    return -softplus(-x)


def mish(x: Tensor) -> Tensor:
    """x tanh(softplus(x)). Misra, 2019."""
    result: Tensor = x * tanh(softplus(x))
    return result


def softsign(x: Tensor) -> Tensor:
    """x / (1 + |x|)."""
    result: Tensor = x / (1 + ops.absolute(x))
    return result


def hardtanh(x: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """x between the two bounds, the nearer one elsewhere; the slope at a bound is 0."""
    if not min_val < max_val:
        raise ValueError(f"hardtanh: min_val {min_val} must be less than max_val {max_val}")
    result: Tensor = ops.where(x <= min_val, min_val, ops.where(x >= max_val, max_val, x))
    return result


def relu6(x: Tensor) -> Tensor:
    """min(max(x, 0), 6). Krizhevsky, 2010."""
    return hardtanh(x, 0.0, 6.0)


def hardsigmoid(x: Tensor) -> Tensor:
    """(x + 3) / 6 between 0 and 1. Howard et al., 2019."""
    result: Tensor = hardtanh(x, -3.0, 3.0) * (1 / 6) + 0.5
    return result


def hardswish(x: Tensor) -> Tensor:
    """x hardsigmoid(x). Howard et al., 2019, section 5.2."""
    result: Tensor = x * hardsigmoid(x)
    return result


def tanhshrink(x: Tensor) -> Tensor:
    """x - tanh(x)."""
    result: Tensor = x - tanh(x)
    return result


def softshrink(x: Tensor, lambd: float = 0.5) -> Tensor:
    """x moved towards zero by `lambd`, zero within."""
    if lambd < 0:
        raise ValueError(f"softshrink: lambd must be at least 0, not {lambd}")
    result: Tensor = ops.where(ops.absolute(x) <= lambd, 0.0, x - ops.sign(x) * lambd)
    return result


def hardshrink(x: Tensor, lambd: float = 0.5) -> Tensor:
    """x, but zero from -lambd to lambd."""
    result: Tensor = ops.where(ops.absolute(x) <= lambd, 0.0, x)
    return result


def threshold(x: Tensor, threshold: float, value: float) -> Tensor:
    """x above `threshold`, `value` elsewhere."""
    result: Tensor = ops.where(x <= threshold, value, x)
    return result


def glu(x: Tensor, dim: int = -1) -> Tensor:
    """a sigmoid(b), `a` and `b` the two halves of `x` along `dim`. Dauphin et al., 2017, equation 1."""
    if not -x.ndim <= dim < x.ndim or x.shape[dim] % 2:
        raise ValueError(f"glu: axis {dim} of an input of shape {x.shape} does not fall into two halves")
    a, b = ops.split(x, 2, axis=dim)
    result: Tensor = a * sigmoid(b)
    return result
