"""Fourier transforms: NumPy's `numpy.fft`.

A transform is linear and its matrix symmetric: its transpose, which carries cotangents back, is the same transform, cut
or padded to the length that the argument had. Of the transforms between real sequences and half spectra each is the
other's transpose up to weights: a half spectrum stands for two halves, except for its first and, of an even number of
points, its last element. Transforms over several axes are made of those over one, as NumPy's are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.primitive import composite, operand, primitive

__all__ = [
    "fft", "fft2", "fftn", "fftshift", "hfft", "ifft", "ifft2", "ifftn", "ifftshift", "ihfft", "irfft", "irfft2",
    "irfftn", "rfft", "rfft2", "rfftn",
]  # fmt: skip

# The transpose of a transform and its inverse share their numbers but for the factor, which `norm` gives to the other.
_OTHER: dict[Any, Any] = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def _length(x: Any, axis: int) -> int:
    if not -x.ndim <= axis < x.ndim:
        raise np.exceptions.AxisError(axis, x.ndim)
    return int(x.shape[axis])


def _swapped(norm: str | None) -> str:
    if norm not in _OTHER:
        raise ValueError(f"norm is 'backward', 'ortho' or 'forward', not {norm!r}")
    return str(_OTHER[norm])


def _fitted(x: Any, axis: int, length: int) -> Any:
    """The first `length` elements along `axis`, zeros added where there are fewer."""
    missing = length - x.shape[axis]
    if missing == 0:
        return x
    axis %= x.ndim
    if missing < 0:
        return x[(*[slice(None)] * axis, slice(length))]
    shape = (*x.shape[:axis], missing, *x.shape[axis + 1 :])
    return np.concatenate([x, np.zeros(shape, x.dtype)], axis=axis)


def _weights(like: Any, axis: int, n: int, inner: float) -> Any:
    """1 for the elements of a half spectrum of `n` points that stand for themselves alone, `inner` for the others."""
    weights = np.full(n // 2 + 1, inner, np.finfo(like.dtype).dtype)
    weights[0] = 1
    if n % 2 == 0:
        weights[-1] = 1
    return weights.reshape((-1,) + (1,) * (like.ndim - 1 - axis % like.ndim))


# ---------------------------------------------------------------------- along one axis
@primitive(
    x=lambda g, x_like, axis, norm: _fitted(np.fft.fft(g, axis=axis, norm=norm), axis, x_like.shape[axis]),
    numpy=(np.fft.fft,),
    linear="all",
)
def fft(x, n=None, axis=-1, norm=None):
    """X_k = sum_j x_j exp(-2 pi i j k / n), along `axis`, of `x` cut or padded with zeros to `n` elements.

    `norm` says who bears the factor 1/n: "backward" (the inverse), "forward" (this one) or "ortho" (each its root).
    """
    _length(x, axis)
    return np.fft.fft(x, n, axis, norm)


@primitive(
    x=lambda g, x_like, axis, norm: _fitted(np.fft.ifft(g, axis=axis, norm=norm), axis, x_like.shape[axis]),
    numpy=(np.fft.ifft,),
    linear="all",
)
def ifft(x, n=None, axis=-1, norm=None):
    """x_j = (1/n) sum_k X_k exp(2 pi i j k / n): the inverse of `fft`, with its arguments."""
    _length(x, axis)
    return np.fft.ifft(x, n, axis, norm)


def _rfft(g: Any, x_like: Any, n: int | None, axis: int, norm: str | None) -> Any:
    length = x_like.shape[axis]
    n = length if n is None else n
    halved = np.conj(g) * _weights(g, axis, n, 0.5)
    return _fitted(np.fft.irfft(halved, n, axis, _OTHER[norm]), axis, length)


@primitive(x=_rfft, numpy=(np.fft.rfft,), linear="all")
def rfft(x, n=None, axis=-1, norm=None):
    """The first n // 2 + 1 elements of `fft(x, n, axis, norm)` of real `x`: the others are their conjugates."""
    _length(x, axis)
    return np.fft.rfft(x, n, axis, norm)


def _irfft(g: Any, x_like: Any, axis: int, norm: str | None) -> Any:
    n = g.shape[axis]
    half = np.conj(np.fft.rfft(g, n, axis, _OTHER[norm]))
    return _fitted(half * _weights(g, axis, n, 2.0), axis, x_like.shape[axis])


@primitive(x=_irfft, numpy=(np.fft.irfft,), linear="all")
def irfft(x, n=None, axis=-1, norm=None):
    """The `n` real elements of which `x` is the half spectrum; by default n = 2 (length - 1).

    The imaginary parts of the first element and, of an even `n`, of the last are not looked at: no gradient reaches
    them.
    """
    length = _length(x, axis)
    if n is None and length < 2:
        raise ValueError(f"{length} elements are the half spectrum of no points: give n, 1 or more")
    if length == 0:  # NumPy then returns whatever was in memory
        x = np.zeros([1 if i == axis % x.ndim else m for i, m in enumerate(x.shape)], x.dtype)
    return np.fft.irfft(x, n, axis, norm)


@composite(numpy=(np.fft.hfft,))
def hfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The real spectrum, of `n` elements, of a sequence with Hermitian symmetry of which `a` is the first half."""
    return irfft(np.conj(operand(a)), n, axis, _swapped(norm))


@composite(numpy=(np.fft.ihfft,))
def ihfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The inverse of `hfft`: the first half of the sequence whose spectrum is the real `a`."""
    return np.conj(rfft(operand(a), n, axis, _swapped(norm)))


# ---------------------------------------------------------------------- along several axes
def _steps(a: Any, s: Any, axes: Any) -> list[tuple[int | None, int]]:
    """How many points (None: by default) along which axis, axis by axis; an axis may come more than once."""
    if axes is None:
        axes = range(-(a.ndim if s is None else len(s)), 0)
    axes = [int(axis) for axis in axes]
    lengths = [_length(a, axis) for axis in axes]
    if s is None:
        return list(zip(lengths, axes, strict=True))
    if len(s) != len(axes):
        raise ValueError(f"s has {len(s)} lengths for {len(axes)} axes")
    whole = [length if n == -1 else n for n, length in zip(s, lengths, strict=True)]
    return list(zip(whole, axes, strict=True))


def _last(a: Any, s: Any, axes: Any) -> tuple[list[tuple[int | None, int]], int | None, int]:
    """The steps of a transform of which the last axis is real: the others, then its length and itself."""
    steps = _steps(a, s, axes)
    if not steps:
        raise IndexError("a transform of real numbers needs at least one axis")
    n, axis = steps.pop()
    return steps, n, axis


Lengths = Sequence[int] | None
Axes = Sequence[int] | None


@composite(numpy=(np.fft.fftn,))
def fftn(a: Any, s: Lengths = None, axes: Axes = None, norm: str | None = None) -> Any:
    """`fft` along each of `axes` (all of them by default), the last first, with the lengths `s`."""
    a = operand(a)
    for n, axis in reversed(_steps(a, s, axes)):
        a = fft(a, n, axis, norm)
    return a


@composite(numpy=(np.fft.ifftn,))
def ifftn(a: Any, s: Lengths = None, axes: Axes = None, norm: str | None = None) -> Any:
    """`ifft` along each of `axes` (all of them by default), the last first, with the lengths `s`."""
    a = operand(a)
    for n, axis in reversed(_steps(a, s, axes)):
        a = ifft(a, n, axis, norm)
    return a


@composite(numpy=(np.fft.rfftn,))
def rfftn(a: Any, s: Lengths = None, axes: Axes = None, norm: str | None = None) -> Any:
    """`rfft` along the last of `axes`, then `fft` along the others."""
    a = operand(a)
    steps, n, axis = _last(a, s, axes)
    a = rfft(a, n, axis, norm)
    for n, axis in reversed(steps):
        a = fft(a, n, axis, norm)
    return a


@composite(numpy=(np.fft.irfftn,))
def irfftn(a: Any, s: Lengths = None, axes: Axes = None, norm: str | None = None) -> Any:
    """`ifft` along all but the last of `axes`, then `irfft` along that: the inverse of `rfftn`."""
    a = operand(a)
    steps, n, last = _last(a, s, axes)
    for length, axis in steps:
        a = ifft(a, length, axis, norm)
    return irfft(a, None if s is None else n, last, norm)


@composite(numpy=(np.fft.fft2,))
def fft2(a: Any, s: Lengths = None, axes: Axes = (-2, -1), norm: str | None = None) -> Any:
    """`fftn` over two axes, the last two by default."""
    return fftn(operand(a), s, axes, norm)


@composite(numpy=(np.fft.ifft2,))
def ifft2(a: Any, s: Lengths = None, axes: Axes = (-2, -1), norm: str | None = None) -> Any:
    """`ifftn` over two axes, the last two by default."""
    return ifftn(operand(a), s, axes, norm)


@composite(numpy=(np.fft.rfft2,))
def rfft2(a: Any, s: Lengths = None, axes: Axes = (-2, -1), norm: str | None = None) -> Any:
    """`rfftn` over two axes, the last two by default."""
    return rfftn(operand(a), s, axes, norm)


@composite(numpy=(np.fft.irfft2,))
def irfft2(a: Any, s: Lengths = None, axes: Axes = (-2, -1), norm: str | None = None) -> Any:
    """`irfftn` over two axes, the last two by default."""
    return irfftn(operand(a), s, axes, norm)


# ---------------------------------------------------------------------- the zero frequency in the middle
@primitive(x=lambda g, axes: np.fft.ifftshift(g, axes), numpy=(np.fft.fftshift,), linear="all")
def fftshift(x, axes=None):
    """The zero frequency moved from the start to the middle of `axes` (all of them by default)."""
    return np.fft.fftshift(x, axes)


@primitive(x=lambda g, axes: np.fft.fftshift(g, axes), numpy=(np.fft.ifftshift,), linear="all")
def ifftshift(x, axes=None):
    """The inverse of `fftshift`."""
    return np.fft.ifftshift(x, axes)
