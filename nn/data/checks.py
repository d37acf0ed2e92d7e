"""What numbers that come in have to be."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nn.errors import DataError

Array = NDArray[Any]


def whole(value: Any, least: int, name: str) -> int:
    """A whole number that is not below `least`."""
    try:
        number = operator.index(value)
    except TypeError:
        raise DataError(f"{name} is a whole number, got {value!r}") from None
    if number < least:
        raise DataError(f"{name} is at least {least}, got {number}")
    return number


def finite(array: Array, name: str) -> None:
    """Refuse NaN and infinity: one of them in one example turns every weight of a network into NaN."""
    if array.dtype.kind not in "fc":
        return
    good = np.isfinite(array)
    if good.all():
        return
    place = [int(i) for i in np.unravel_index(int(np.argmin(good)), good.shape)]
    raise DataError(
        f"{name} has {good.size - np.count_nonzero(good)} of {good.size} elements that are not finite, the first is "
        f"{array[tuple(place)]} at {place}: remove or fill those examples, or say finite=False to let them in"
    )
