"""Examples in arrays, and shuffled mini-batches of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nn.errors import DataError

Array = NDArray[Any]


class ArrayDataset:
    """Arrays whose first axes run over the same examples.

    Parameters
    ----------
    *arrays : array_like
        Inputs and targets, say; not copied.

    Raises
    ------
    DataError
        If there is none, or their first axes differ.

    Examples
    --------
    >>> data = ArrayDataset([[1.0], [2.0], [3.0]], [0, 1, 0])
    >>> len(data), data[[0, 2]][1].tolist()
    (3, [0, 0])
    """

    def __init__(self, *arrays: ArrayLike) -> None:
        self.arrays: tuple[Array, ...] = tuple(np.asarray(a) for a in arrays)
        shapes = ", ".join(str(a.shape) for a in self.arrays)
        if not self.arrays or any(a.ndim == 0 for a in self.arrays) or len({len(a) for a in self.arrays}) > 1:
            raise DataError(f"a data set needs arrays with as many examples each along axis 0, got shapes {shapes}")

    def __len__(self) -> int:
        return len(self.arrays[0])

    def __getitem__(self, index: Any) -> tuple[Array, ...]:
        return tuple(a[index] for a in self.arrays)

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
        return ArrayDataset(*self[order[:count]]), ArrayDataset(*self[order[count:]])


class DataLoader:
    """Mini-batches of a data set, in an order that follows from a seed.

    Every pass over the loader is one epoch with an order of its own; epoch e of seed s is the same in every run.

    Parameters
    ----------
    dataset : ArrayDataset
    batch_size : int
    shuffle : bool
    seed : int
    drop_last : bool
        Leave out a last batch that is smaller than the others.

    Raises
    ------
    DataError
        If the batch size is not positive, or `drop_last` would leave no batch.

    Examples
    --------
    >>> loader = DataLoader(ArrayDataset(range(5)), batch_size=2, shuffle=False)
    >>> [x.tolist() for (x,) in loader], len(loader)
    ([[0, 1], [2, 3], [4]], 3)
    """

    def __init__(
        self, dataset: ArrayDataset, batch_size: int, shuffle: bool = True, seed: int = 0, drop_last: bool = False
    ) -> None:
        if batch_size < 1:
            raise DataError(f"a batch needs at least one example, got batch_size={batch_size}")
        if drop_last and batch_size > len(dataset):
            raise DataError(f"{len(dataset)} examples do not fill one batch of {batch_size}, and drop_last is set")
        self.dataset = dataset
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.drop_last = drop_last
        self.epoch = 0

    def __len__(self) -> int:
        batches = len(self.dataset) / self.batch_size
        return math.floor(batches) if self.drop_last else math.ceil(batches)

    def __iter__(self) -> Iterator[tuple[Array, ...]]:
        rng = np.random.default_rng([self.seed, self.epoch])
        self.epoch += 1
        count = len(self.dataset)
        order = rng.permutation(count) if self.shuffle else np.arange(count)
        return (self.dataset[order[i * self.batch_size : (i + 1) * self.batch_size]] for i in range(len(self)))
