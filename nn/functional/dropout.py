"""Dropout: of elements and of whole channels."""

from __future__ import annotations

import numpy as np

from autograd import Tensor, ops
from nn.functional.activation import SELU_ALPHA, SELU_SCALE
from nn.functional.conv import expect_size
from nn.init import default_rng

LOWEST = -SELU_ALPHA * SELU_SCALE


def probability(name: str, p: float) -> float:
    """`p`, if it is a probability."""
    if not 0 <= p <= 1:
        raise ValueError(f"{name}: p must lie between 0 and 1, got {p}")
    return p


def _dropped(x: Tensor, shape: tuple[int, ...], p: float, rng: np.random.Generator | None) -> Tensor:
    """`x` times a mask of `shape` that keeps the mean: zero with probability `p`, else 1 / (1 - p)."""
    kept = default_rng(rng).random(shape, dtype=np.float32) >= p
    masked: Tensor = x * Tensor(kept, dtype=x.dtype)
    return masked if p == 1 else masked * (1 / (1 - p))


def dropout(x: Tensor, p: float = 0.5, training: bool = True, rng: np.random.Generator | None = None) -> Tensor:
    """Each element zero with probability `p`, the others divided by 1 - p. Srivastava et al., 2014."""
    probability("dropout", p)
    return _dropped(x, x.shape, p, rng) if training and p else x


def alpha_dropout(x: Tensor, p: float = 0.5, training: bool = True, rng: np.random.Generator | None = None) -> Tensor:
    """Each element at the lowest value of SELU with probability `p`, then all moved so that mean 0 and variance 1 stay.

    Klambauer et al., 2017, section 2.
    """
    probability("alpha_dropout", p)
    if not training or p == 0:
        return x
    if p == 1:
        return x * 0
    kept = default_rng(rng).random(x.shape, dtype=np.float32) >= p
    a = ((1 - p) * (1 + p * LOWEST * LOWEST)) ** -0.5
    result: Tensor = ops.where(kept, x, LOWEST) * a - a * p * LOWEST
    return result


def _channels(name: str, axes: int, x: Tensor, p: float, training: bool, rng: np.random.Generator | None) -> Tensor:
    """Whole channels of (N, C, *size) or (C, *size) zero, `axes` axes of size."""
    probability(name, p)
    expect_size(name, x, axes)
    return _dropped(x, (*x.shape[: x.ndim - axes], *[1] * axes), p, rng) if training and p else x


def dropout1d(x: Tensor, p: float = 0.5, training: bool = True, rng: np.random.Generator | None = None) -> Tensor:
    """Each channel of (N, C, length) or (C, length) zero as a whole with probability `p`. Tompson et al., 2015."""
    return _channels("dropout1d", 1, x, p, training, rng)


def dropout2d(x: Tensor, p: float = 0.5, training: bool = True, rng: np.random.Generator | None = None) -> Tensor:
    """`dropout1d` of (N, C, height, width) or (C, height, width)."""
    return _channels("dropout2d", 2, x, p, training, rng)


def dropout3d(x: Tensor, p: float = 0.5, training: bool = True, rng: np.random.Generator | None = None) -> Tensor:
    """`dropout1d` of (N, C, depth, height, width) or (C, depth, height, width)."""
    return _channels("dropout3d", 3, x, p, training, rng)
