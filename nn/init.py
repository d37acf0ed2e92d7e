"""Initialisers, under PyTorch's names. Each fills a tensor in place from an explicit random generator."""

from __future__ import annotations

import math

import numpy as np

from autograd import Tensor

GAINS = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2.0)}


def calculate_gain(nonlinearity: str, param: float = 0.01) -> float:
    """What an activation takes from the spread, as PyTorch gives it; `param` is the slope of "leaky_relu".

    >>> calculate_gain("leaky_relu", 1.0)
    1.0
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + param * param))
    if nonlinearity not in GAINS:
        known = ", ".join([*GAINS, "leaky_relu"])
        raise ValueError(f"no gain is known for {nonlinearity!r}; wanted one of {known}")
    return GAINS[nonlinearity]


def default_rng(rng: np.random.Generator | None) -> np.random.Generator:
    """`rng` itself, or a fresh unseeded generator."""
    return np.random.default_rng() if rng is None else rng


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Inputs and outputs that meet in a weight of shape (out, in, ...).

    >>> fans((3, 5, 2, 2))
    (20, 12)
    """
    if len(shape) < 2:
        raise ValueError(f"fan in and fan out need a weight with at least two axes, not shape {shape}")
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def _fill(tensor: Tensor, values: np.ndarray) -> Tensor:
    tensor.data = values.astype(tensor.dtype)
    return tensor


def constant_(tensor: Tensor, value: float) -> Tensor:
    """Every element `value`."""
    return _fill(tensor, np.full(tensor.shape, value))


def zeros_(tensor: Tensor) -> Tensor:
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    return constant_(tensor, 1.0)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, rng: np.random.Generator | None = None) -> Tensor:
    """Normal with `mean` and standard deviation `std`."""
    return _fill(tensor, default_rng(rng).normal(mean, std, tensor.shape))


def uniform_(tensor: Tensor, low: float = 0.0, high: float = 1.0, rng: np.random.Generator | None = None) -> Tensor:
    """Uniform from `low` to `high`."""
    return _fill(tensor, default_rng(rng).uniform(low, high, tensor.shape))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, rng: np.random.Generator | None = None) -> Tensor:
    """Uniform within gain sqrt(6 / (fan_in + fan_out)). Glorot and Bengio, 2010, equation 16."""
    bound = gain * math.sqrt(6 / sum(fans(tensor.shape)))
    return uniform_(tensor, -bound, bound, rng)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, rng: np.random.Generator | None = None) -> Tensor:
    """Normal with standard deviation gain sqrt(2 / (fan_in + fan_out)). Glorot and Bengio, 2010, equation 12."""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(fans(tensor.shape))), rng)


def _kaiming(shape: tuple[int, ...], a: float, mode: str, nonlinearity: str) -> float:
    """gain / sqrt(fan): the deviation that keeps the spread forward ("fan_in") or backward ("fan_out")."""
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode is 'fan_in' or 'fan_out', not {mode!r}")
    fan = fans(shape)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(max(1, fan))


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    rng: np.random.Generator | None = None,
) -> Tensor:
    """Uniform within gain sqrt(3 / fan). He et al., 2015, equations 10 and 15; `a` is the slope below zero.

    a = sqrt(5) gives the bound 1 / sqrt(fan_in) of PyTorch's `Linear`.
    """
    bound = math.sqrt(3) * _kaiming(tensor.shape, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, rng)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    rng: np.random.Generator | None = None,
) -> Tensor:
    """Normal with standard deviation gain / sqrt(fan). He et al., 2015, equations 10 and 15."""
    return normal_(tensor, 0.0, _kaiming(tensor.shape, a, mode, nonlinearity), rng)
