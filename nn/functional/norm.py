"""Normalisation over the last axes, over groups of channels, and over the batch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import Tensor, ops

Sizes = int | Sequence[int]


def sizes(normalized_shape: Sizes) -> tuple[int, ...]:
    """The last axes that are normalised together, from one size or several."""
    if isinstance(normalized_shape, (int, np.integer)):
        return (int(normalized_shape),)
    return tuple(int(n) for n in normalized_shape)


def _over_last(op: Any, name: str, x: Tensor, shape: tuple[int, ...], weights: tuple[Any, ...], eps: float) -> Tensor:
    """`op`, which works on one axis, over the last ones of `shape`, as one."""
    lead = x.ndim - len(shape)
    if not shape or lead < 0 or tuple(x.shape[lead:]) != shape:
        raise ValueError(f"{name}: input of shape {x.shape}, but its last axes must be {shape}")
    if any(w is not None and tuple(w.shape) != shape for w in weights):
        raise ValueError(f"{name}: weights of shape {[w.shape for w in weights if w is not None]}, wanted {shape}")
    if len(shape) == 1:
        one: Tensor = op(x, *weights, eps)
        return one
    width = math.prod(shape)
    flat = (None if w is None else ops.reshape(w, (width,)) for w in weights)
    result: Tensor = ops.reshape(op(ops.reshape(x, (*x.shape[:lead], width)), *flat, eps), x.shape)
    return result


def layer_norm(
    x: Tensor, normalized_shape: Sizes, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """(x - mean) / sqrt(var + eps) * weight + bias over the last axes. Ba, Kiros and Hinton, 2016, equation 4."""
    return _over_last(ops.layer_norm, "layer_norm", x, sizes(normalized_shape), (weight, bias), eps)


def rms_norm(x: Tensor, normalized_shape: Sizes, weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """x / sqrt(mean(x^2) + eps) * weight over the last axes; `eps` is the dtype's unless given.

    Zhang and Sennrich, 2019, equation 4.
    """
    eps = float(np.finfo(x.dtype).eps) if eps is None else eps
    return _over_last(ops.rms_norm, "rms_norm", x, sizes(normalized_shape), (weight,), eps)


# ---------------------------------------------------------------------- of channels
def channelwise(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    """x weight + bias with a number of each for a channel, axis 1; what is None is left out."""
    column = (-1, *[1] * (x.ndim - 2))
    x = x if weight is None else x * ops.reshape(weight, column)
    return x if bias is None else x + ops.reshape(bias, column)


def group_norm(
    x: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """(x - mean) / sqrt(var + eps) * weight + bias over groups of channels of (N, C, ...). Wu and He, 2018."""
    if x.ndim < 2 or num_groups < 1 or x.shape[1] % num_groups:
        raise ValueError(
            f"group_norm: input of shape {x.shape}, wanted (N, C, ...) with {num_groups} groups of channels"
        )
    parts = ops.reshape(x, (x.shape[0], num_groups, math.prod(x.shape[1:]) // num_groups))
    return channelwise(ops.reshape(ops.layer_norm(parts, None, None, eps), x.shape), weight, bias)


def _follow(running: np.ndarray, seen: np.ndarray, momentum: float) -> None:
    """Move running statistics towards those that were seen."""
    running += momentum * (seen - running)


def _numbers(x: Tensor, name: str) -> np.ndarray:
    """What running statistics follow."""
    values: np.ndarray | None = getattr(x, "data", None)
    if values is None:
        raise TypeError(f"{name}: inside vmap there are no values that running statistics could follow; use eval mode")
    return values


def _by_running(x: Tensor, mean: np.ndarray, var: np.ndarray, eps: float) -> Tensor:
    column = (-1, *[1] * (x.ndim - 2))
    rate = 1 / np.sqrt(np.asarray(var, x.dtype) + x.dtype.type(eps))
    result: Tensor = (x - Tensor(mean.reshape(column), dtype=x.dtype)) * Tensor(rate.reshape(column))
    return result


def batch_norm(
    x: Tensor,
    running_mean: np.ndarray | None,
    running_var: np.ndarray | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(var + eps) * weight + bias, a channel (axis 1) at a time. Ioffe and Szegedy, 2015.

    In training mean and variance are the batch's, and the running ones, arrays, move towards them in place by
    `momentum`, with the variance of n - 1; else the running ones are used.

    Raises
    ------
    ValueError
        If training has one value a channel, or without training there are no running statistics.
    """
    if x.ndim < 2:
        raise ValueError(f"batch_norm: input of shape {x.shape}, wanted (N, C, ...)")
    if not training:
        if running_mean is None or running_var is None:
            raise ValueError("batch_norm: without training it needs running_mean and running_var")
        return channelwise(_by_running(x, running_mean, running_var, eps), weight, bias)
    axes, count = (0, *range(2, x.ndim)), x.size // max(1, x.shape[1])
    if count < 2:
        raise ValueError(f"batch_norm: input of shape {x.shape}; training needs more than one value a channel")
    mean, var = ops.mean(x, axis=axes, keepdims=True), ops.var(x, axis=axes, keepdims=True)
    if running_mean is not None and running_var is not None:
        _follow(running_mean, _numbers(mean, "batch_norm").reshape(-1), momentum)
        _follow(running_var, _numbers(var, "batch_norm").reshape(-1) * (count / (count - 1)), momentum)
    return channelwise((x - mean) / ops.sqrt(var + eps), weight, bias)


def instance_norm(
    x: Tensor,
    running_mean: np.ndarray | None = None,
    running_var: np.ndarray | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(var + eps) * weight + bias, a channel of one example of (N, C, ...) at a time.

    Ulyanov, Vedaldi and Lempitsky, 2016. Running statistics as in `batch_norm`; they follow the mean over the examples.
    """
    if x.ndim < 3:
        raise ValueError(f"instance_norm: input of shape {x.shape}, wanted (N, C, ...)")
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise ValueError("instance_norm: without use_input_stats it needs running_mean and running_var")
        return channelwise(_by_running(x, running_mean, running_var, eps), weight, bias)
    if math.prod(x.shape[2:]) < 2:
        raise ValueError(f"instance_norm: input of shape {x.shape}; it needs more than one value a channel")
    if running_mean is not None and running_var is not None:
        axes, values = tuple(range(2, x.ndim)), _numbers(x, "instance_norm")
        _follow(running_mean, values.mean(axis=axes).mean(axis=0), momentum)
        _follow(running_var, values.var(axis=axes, ddof=1).mean(axis=0), momentum)
    return group_norm(x, x.shape[1], weight, bias, eps)
