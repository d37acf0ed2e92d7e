"""Fourier transforms: NumPy's `numpy.fft`."""

from __future__ import annotations

__all__: list[str] = []
