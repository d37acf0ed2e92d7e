"""Along an axis: differences, running sums and products, integrals by the trapezoid rule."""

from __future__ import annotations

__all__: list[str] = []
