"""The standard's Fourier transforms."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import numpy as anp
from autograd.array_api._creation import made
from autograd.tensor import Tensor

__all__ = [
    "fft", "fftfreq", "fftn", "fftshift", "hfft", "ifft", "ifftn", "ifftshift", "ihfft", "irfft", "irfftn",
    "rfft", "rfftfreq", "rfftn",
]  # fmt: skip


def _along(name: str) -> Any:
    function = getattr(anp.fft, name)

    def transform(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Tensor:
        return function(x, n, axis, norm)

    transform.__name__, transform.__doc__ = name, function.__doc__
    return transform


def _over(name: str) -> Any:
    function = getattr(anp.fft, name)

    def transform(x: Any, /, *, s: Any = None, axes: Any = None, norm: str = "backward") -> Tensor:
        return function(x, s, axes, norm)

    transform.__name__, transform.__doc__ = name, function.__doc__
    return transform


fft, ifft, rfft, irfft, hfft, ihfft = map(_along, ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"))
fftn, ifftn, rfftn, irfftn = map(_over, ("fftn", "ifftn", "rfftn", "irfftn"))


def fftfreq(n: int, /, *, d: float = 1.0, dtype: Any = None, device: Any = None) -> Tensor:
    """The frequencies that `fft` gives, for samples `d` apart."""
    return made(np.fft.fftfreq(n, d).astype(dtype or float), device)


def rfftfreq(n: int, /, *, d: float = 1.0, dtype: Any = None, device: Any = None) -> Tensor:
    """The frequencies that `rfft` gives, for samples `d` apart."""
    return made(np.fft.rfftfreq(n, d).astype(dtype or float), device)


def fftshift(x: Any, /, *, axes: Any = None) -> Tensor:
    """The zero frequency moved to the middle."""
    return anp.fft.fftshift(x, axes)


def ifftshift(x: Any, /, *, axes: Any = None) -> Tensor:
    """The zero frequency moved back to the front."""
    return anp.fft.ifftshift(x, axes)
