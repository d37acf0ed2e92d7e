"""Special functions: the error function, gamma and beta functions and their kin."""

from __future__ import annotations

__all__: list[str] = []
