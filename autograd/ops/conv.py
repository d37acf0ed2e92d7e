"""Convolution, correlation and pooling over any number of axes."""

from __future__ import annotations

__all__: list[str] = []
