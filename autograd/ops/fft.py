"""Fourier transforms: NumPy's `numpy.fft`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.primitive import composite, operand, primitive

__all__ = ["fft", "fft2", "fftn", "fftshift", "ifft", "ifft2", "ifftn", "ifftshift", "irfft", "rfft"]


def _resized(g: Any, n: int, axis: int) -> Any:
    """Crop or pad with zeros to `n` elements along `axis`: the transpose of what a transform of another length does."""
    axis %= g.ndim
    if g.shape[axis] > n:
        return g[(slice(None),) * axis + (slice(n),)]
    if g.shape[axis] < n:
        rest = np.zeros((*g.shape[:axis], n - g.shape[axis], *g.shape[axis + 1 :]), g.dtype)
        return np.concatenate([g, rest], axis=axis)
    return g


# The matrices of the transforms are symmetric: each is its own transpose, scale and all.
@primitive(
    a=lambda g, a_like, axis, norm: _resized(fft(g, axis=axis, norm=norm), a_like.shape[axis], axis),
    numpy=(np.fft.fft,),
    linear="all",
)
def fft(a, n=None, axis=-1, norm=None):
    """`out[k] = sum_j a[j] exp(-2 pi i j k / n)`, scaled as `norm` says."""
    return np.fft.fft(a, n, axis, norm)


@primitive(
    a=lambda g, a_like, axis, norm: _resized(ifft(g, axis=axis, norm=norm), a_like.shape[axis], axis),
    numpy=(np.fft.ifft,),
    linear="all",
)
def ifft(a, n=None, axis=-1, norm=None):
    """`out[j] = sum_k a[k] exp(2 pi i j k / n) / n`, scaled as `norm` says."""
    return np.fft.ifft(a, n, axis, norm)


@primitive(
    a=lambda g, a_like, n, axis, norm: _resized(
        np.real(fft(g, n=a_like.shape[axis] if n is None else n, axis=axis, norm=norm)), a_like.shape[axis], axis
    ),
    numpy=(np.fft.rfft,),
    linear="all",
)
def rfft(a, n=None, axis=-1, norm=None):
    """The first `n // 2 + 1` elements of the transform of real numbers; the others are their conjugates."""
    return np.fft.rfft(a, n, axis, norm)


def _irfft(g: Any, a_like: Any, axis: int, norm: Any) -> Any:
    """Every frequency but the first, and the last of an even length, stands for two."""
    n = g.shape[axis]
    weight = np.full(n // 2 + 1, 2, g.dtype)
    weight[0] = 1
    if n % 2 == 0:
        weight[-1] = 1
    shape = [1] * g.ndim
    shape[axis] = weight.size
    half = _resized(ifft(g, axis=axis, norm=norm), weight.size, axis) * weight.reshape(shape)
    return _resized(half, a_like.shape[axis], axis)


@primitive(a=_irfft, numpy=(np.fft.irfft,), linear="all")
def irfft(a, n=None, axis=-1, norm=None):
    """The `n` real numbers (by default `2 (m - 1)`) whose transform begins with the `m` elements of `a`."""
    return np.fft.irfft(a, n, axis, norm)


def _along(one: Callable[..., Any], a: Any, s: Any, axes: Any, norm: Any) -> Any:
    a = operand(a)
    if axes is None:
        axes = range(a.ndim) if s is None else range(-len(s), 0)
    axes = list(axes)
    sizes = [None] * len(axes) if s is None else [None if n is None or n == -1 else n for n in s]
    if len(sizes) != len(axes):
        raise ValueError(f"s={s} and axes={axes} differ in length")
    if any(not -a.ndim <= i < a.ndim for i in axes):
        raise IndexError(f"axes {axes} do not all exist in shape {a.shape}")
    for n, axis in reversed(list(zip(sizes, axes, strict=True))):
        a = one(a, n=n, axis=axis, norm=norm)
    return a


@composite(numpy=(np.fft.fftn,))
def fftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    """The transform along each of `axes`, to the lengths `s`."""
    return _along(fft, a, s, axes, norm)


@composite(numpy=(np.fft.ifftn,))
def ifftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    """The inverse transform along each of `axes`, to the lengths `s`."""
    return _along(ifft, a, s, axes, norm)


@composite(numpy=(np.fft.fft2,))
def fft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Any:
    """The transform along two axes."""
    return _along(fft, a, s, axes, norm)


@composite(numpy=(np.fft.ifft2,))
def ifft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Any:
    """The inverse transform along two axes."""
    return _along(ifft, a, s, axes, norm)


def _shifted(x: Any, axes: Any, sign: int) -> Any:
    x = operand(x)
    axes = tuple(range(x.ndim)) if axes is None else (axes,) if isinstance(axes, (int, np.integer)) else tuple(axes)
    if any(not -x.ndim <= i < x.ndim for i in axes):
        raise IndexError(f"axes {axes} do not all exist in shape {x.shape}")
    if not axes:
        raise ValueError(f"no axes to shift shape {x.shape} along; give at least one")
    return np.roll(x, tuple(sign * (x.shape[i] // 2) for i in axes), axes)


@composite(numpy=(np.fft.fftshift,))
def fftshift(x: Any, axes: Any = None) -> Any:
    """Frequency zero to the middle."""
    return _shifted(x, axes, 1)


@composite(numpy=(np.fft.ifftshift,))
def ifftshift(x: Any, axes: Any = None) -> Any:
    """Frequency zero from the middle to the front."""
    return _shifted(x, axes, -1)
