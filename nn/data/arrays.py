"""Examples in arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nn.data import checks
from nn.errors import DataError

Array = NDArray[Any]


class ArrayDataset:
    """Arrays whose first axes run over the same examples.

    Parameters
    ----------
    *arrays : array_like
        Inputs and targets, say; not copied.
    finite : bool
        Whether NaN and infinity are refused. Looking for them reads every element once.

    Raises
    ------
    DataError
        If there is no array, their first axes differ, one does not hold numbers, or one has an element that is not
        finite.

    Examples
    --------
    >>> data = ArrayDataset([[1.0], [2.0], [3.0]], [0, 1, 0])
    >>> len(data), data[[0, 2]][1].tolist()
    (3, [0, 0])
    """

    def __init__(self, *arrays: ArrayLike, finite: bool = True) -> None:
        self.arrays: tuple[Array, ...] = tuple(_numbers(a, f"array {i}") for i, a in enumerate(arrays))
        shapes = ", ".join(str(a.shape) for a in self.arrays)
        if not self.arrays or any(a.ndim == 0 for a in self.arrays) or len({len(a) for a in self.arrays}) > 1:
            raise DataError(f"a data set needs arrays with as many examples each along axis 0, got shapes {shapes}")
        if finite:
            for i, array in enumerate(self.arrays):
                checks.finite(array, f"array {i}")

    def __len__(self) -> int:
        return len(self.arrays[0])

    def __getitem__(self, index: Any) -> tuple[Array, ...]:
        return tuple(a[index] for a in self.arrays)

    def batch(self, indices: NDArray[np.int64]) -> tuple[Array, ...]:
        """The examples of these numbers, each array's in one."""
        return self[indices]

    def split(self, fraction: float, rng: np.random.Generator) -> tuple[ArrayDataset, ArrayDataset]:
        """Two data sets, the first with `fraction` of the examples (rounded down), drawn without replacement.

        Raises
        ------
        DataError
            If one of the two would be empty.
        """
        count = int(fraction * len(self))
        if not 0 < count < len(self):
            raise DataError(f"a share of {fraction} of {len(self)} examples leaves one side of the split empty")
        order = rng.permutation(len(self))
        return (
            ArrayDataset(*self[order[:count]], finite=False),  # has been looked at as a whole
            ArrayDataset(*self[order[count:]], finite=False),
        )


def _numbers(array: ArrayLike, name: str) -> Array:
    try:
        numbers: Array = np.asarray(array)
    except ValueError as error:
        raise DataError(f"{name} of the data set is no array: its rows have different lengths") from error
    if numbers.dtype.kind in "OUSMm":
        raise DataError(f"{name} of the data set holds {numbers.dtype}, not numbers: encode it first")
    return numbers
