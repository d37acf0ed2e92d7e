"""Statistics: order statistics, averages, covariances and what ignores NaN."""

from __future__ import annotations

__all__: list[str] = []
