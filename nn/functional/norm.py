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
