"""Images of another size: interpolation, and elements that move between channels and places."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import Tensor, ops

RANKS = {"linear": 3, "bilinear": 4, "bicubic": 4, "trilinear": 5}
MODES = ("nearest", "nearest-exact", *RANKS)
CUBIC = -0.75  # the slope at 1 of PyTorch's cubic kernel


def along(x: Tensor, axis: int, matrix: np.ndarray) -> Tensor:
    """`matrix`, of shape (out, in), times every row of `x` along `axis`."""
    rows = ops.swapaxes(x, axis, -1)
    result: Tensor = ops.swapaxes(ops.linear(rows, Tensor(matrix, dtype=x.dtype)), axis, -1)
    return result


def _linear_kernel(d: np.ndarray) -> np.ndarray:
    kernel: np.ndarray = np.maximum(1 - abs(d), 0)
    return kernel


def _cubic_kernel(d: np.ndarray) -> np.ndarray:
    """Keys, 1981, equation 15, with another slope."""
    d = abs(d)
    near = ((CUBIC + 2) * d - (CUBIC + 3)) * d * d + 1
    far = ((d - 5) * d + 8) * d * CUBIC - 4 * CUBIC
    return np.where(d <= 1, near, np.where(d < 2, far, 0))


def _sources(n: int, out: int, step: float, align_corners: bool) -> np.ndarray:
    """Where in the `n` elements of the input each of `out` lies; `step` input elements apart unless corners meet."""
    i = np.arange(out)
    return i * ((n - 1) / max(1, out - 1)) if align_corners else (i + 0.5) * step - 0.5


def _matrix(n: int, at: np.ndarray, kernel: Callable[[np.ndarray], np.ndarray], reach: int) -> np.ndarray:
    """The weights of `n` elements in the values at places `at`; what lies outside is the element at the border."""
    taps = np.floor(at).astype(int)[:, None] + np.arange(1 - reach, 1 + reach)
    matrix = np.zeros((len(at), n))
    np.add.at(matrix, (np.arange(len(at))[:, None], np.clip(taps, 0, n - 1)), kernel(at[:, None] - taps))
    return matrix


def _nearest(n: int, out: int, step: float | None, exact: bool) -> np.ndarray:
    i = np.arange(out)
    if step is None:  # in integers, so that no rounding moves a border
        return (2 * i + 1) * n // (2 * out) if exact else i * n // out
    last: np.ndarray = np.minimum(((i + 0.5 * exact) * step).astype(int), n - 1)
    return last


def _new_sizes(x: Tensor, size: Any, scale_factor: Any) -> list[tuple[int, float | None]]:
    """For every axis after the channels its new size, and how many old elements a new one takes by a given scale."""
    axes = x.ndim - 2
    if (size is None) == (scale_factor is None):
        raise ValueError("interpolate: give either size or scale_factor")
    given = size if scale_factor is None else scale_factor
    each = list(given) if isinstance(given, Sequence) else [given] * axes
    if len(each) != axes or any(not s > 0 for s in each):
        raise ValueError(f"interpolate: input of shape {x.shape} wants one positive number or {axes}, not {given!r}")
    if scale_factor is None:
        return [(int(s), None) for s in each]
    return [(math.floor(n * s), 1 / s) for n, s in zip(x.shape[2:], each, strict=True)]


def interpolate(
    x: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool = False,
) -> Tensor:
    """Images (N, C, *size) of another size.

    Parameters
    ----------
    size, scale_factor : number or one an axis
        The new size, or by what to multiply the old one: one of the two.
    mode : str
        "nearest" (element floor(i n / out)), "nearest-exact" (floor((i + 1/2) n / out)), "linear", "bilinear",
        "trilinear" (by rank) or "bicubic" (Keys, 1981, with slope -3/4).
    align_corners : bool
        Whether the outermost elements keep their places; else the borders of the outermost elements do. Not for
        nearest elements.

    Raises
    ------
    ValueError
        If the mode does not fit the rank, or the sizes do not.

    >>> interpolate(Tensor([[[0.0, 4.0]]]), size=4, mode="linear").data.tolist()
    [[[0.0, 1.0, 3.0, 4.0]]]
    """
    if mode not in MODES:
        raise ValueError(f"interpolate: mode is one of {', '.join(MODES)}, not {mode!r}")
    if not 3 <= x.ndim <= 5 or x.ndim != RANKS.get(mode, x.ndim) or 0 in x.shape[2:]:
        rank = RANKS.get(mode, "3 to 5")
        raise ValueError(f"interpolate: input of shape {x.shape}, wanted (N, C, *size) of {rank} axes for {mode!r}")
    if align_corners and mode.startswith("nearest"):
        raise ValueError(f"interpolate: align_corners says nothing of {mode!r}")
    for axis, (out, step) in enumerate(_new_sizes(x, size, scale_factor), 2):
        n = x.shape[axis]
        if mode.startswith("nearest"):
            x = ops.take(x, _nearest(n, out, step, mode == "nearest-exact"), axis=axis)
            continue
        at = _sources(n, out, n / out if step is None else step, align_corners)
        if mode == "bicubic":
            x = along(x, axis, _matrix(n, at, _cubic_kernel, 2))
        elif out != n:  # as in PyTorch an axis that keeps its size is copied, whatever the scale
            x = along(x, axis, _matrix(n, np.maximum(at, 0), _linear_kernel, 1))
    return x


def pixel_shuffle(x: Tensor, upscale_factor: int) -> Tensor:
    """(..., C r^2, H, W) to (..., C, H r, W r): channels become places. Shi et al., 2016, equation 4.

    >>> pixel_shuffle(Tensor([[[1.0]], [[2.0]], [[3.0]], [[4.0]]]), 2).data.tolist()
    [[[1.0, 2.0], [3.0, 4.0]]]
    """
    r = upscale_factor
    if x.ndim < 3 or r < 1 or x.shape[-3] % (r * r):
        raise ValueError(f"pixel_shuffle: input of shape {x.shape}, wanted (..., C {r}^2, height, width)")
    *lead, channels, height, width = x.shape
    k = len(lead)
    parts = ops.reshape(x, (*lead, channels // (r * r), r, r, height, width))
    moved = ops.transpose(parts, (*range(k), k, k + 3, k + 1, k + 4, k + 2))
    result: Tensor = ops.reshape(moved, (*lead, channels // (r * r), height * r, width * r))
    return result


def channel_shuffle(x: Tensor, groups: int) -> Tensor:
    """Channels of (N, C, ...) dealt out: the first of each of `groups`, then the second. Zhang et al., 2018, figure 1.

    >>> channel_shuffle(Tensor([[[1.0], [2.0], [3.0], [4.0]]]), 2).data.ravel().tolist()
    [1.0, 3.0, 2.0, 4.0]
    """
    if x.ndim < 3 or groups < 1 or x.shape[1] % groups:
        raise ValueError(f"channel_shuffle: input of shape {x.shape}, wanted (N, C, ...) with C in {groups} groups")
    parts = ops.reshape(x, (x.shape[0], groups, x.shape[1] // groups, *x.shape[2:]))
    result: Tensor = ops.reshape(ops.swapaxes(parts, 1, 2), x.shape)
    return result


def pixel_unshuffle(x: Tensor, downscale_factor: int) -> Tensor:
    """(..., C, H r, W r) to (..., C r^2, H, W): the inverse of `pixel_shuffle`."""
    r = downscale_factor
    if x.ndim < 3 or r < 1 or x.shape[-2] % r or x.shape[-1] % r:
        raise ValueError(f"pixel_unshuffle: input of shape {x.shape}, wanted (..., C, height {r}, width {r})")
    *lead, channels, height, width = x.shape
    k = len(lead)
    parts = ops.reshape(x, (*lead, channels, height // r, r, width // r, r))
    moved = ops.transpose(parts, (*range(k), k, k + 2, k + 4, k + 1, k + 3))
    result: Tensor = ops.reshape(moved, (*lead, channels * r * r, height // r, width // r))
    return result
