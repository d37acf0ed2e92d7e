"""Joining, splitting, repeating and padding arrays."""

from __future__ import annotations

__all__: list[str] = []
