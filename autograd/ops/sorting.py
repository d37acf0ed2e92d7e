"""Sorting, and selecting by rank, by condition and by choice."""

from __future__ import annotations

__all__: list[str] = []
