"""What layers over one, two or three axes share."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn.module import Module

Sizes = int | tuple[int, ...]  # one for all axes, or one an axis
SIZES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


class Spatial(Module):
    """Base of layers that slide over the last `axes` axes of (N, C, *size) or (C, *size)."""

    axes: int

    def _each(self, value: Any, what: str, least: int) -> tuple[int, ...]:
        """One integer an axis, from one for all or a sequence."""
        values = (int(value),) * self.axes if isinstance(value, (int, np.integer)) else tuple(int(v) for v in value)
        if len(values) != self.axes or any(v < least for v in values):
            raise ValueError(
                f"{type(self).__name__}: {what} is an integer of at least {least} or {self.axes} of them, not {value!r}"
            )
        return values

    def _expect(self, x: Any, channels: int | None = None) -> None:
        """Raise unless `x` has the layer's rank and so many channels."""
        shape = self._shape_of(x)
        rank = len(shape) - self.axes
        if rank not in (1, 2) or (channels is not None and shape[rank - 1] != channels):
            size = ", ".join(SIZES[self.axes])
            c = "C" if channels is None else channels
            raise ValueError(f"{self._label}: input of shape {shape}, wanted (N, {c}, {size}) or ({c}, {size})")
