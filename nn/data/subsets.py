"""Data sets made of other ones."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nn.data.collate import Dataset, gather
from nn.errors import DataError


class Subset:
    """Some examples of a data set, in an order of its own.

    Parameters
    ----------
    dataset : Dataset
    indices : array_like of int, shape (examples,)
        Numbers from 0 to `len(dataset) - 1`; one may come more than once.

    Raises
    ------
    DataError
        If a number is none of the data set's.

    Examples
    --------
    >>> list(Subset("abcdef", [4, 0]))
    ['e', 'a']
    """

    def __init__(self, dataset: Dataset, indices: ArrayLike) -> None:
        self.dataset = dataset
        found = np.asarray(indices)
        if found.ndim != 1 or (found.size and found.dtype.kind not in "iu"):
            raise DataError(
                f"a subset takes one row of whole numbers, got {found.dtype} of shape {found.shape}; "
                "of a mask take np.flatnonzero(mask)"
            )
        wrong = found[(found < 0) | (found >= len(dataset))]
        if wrong.size:
            raise DataError(
                f"a subset of {len(dataset)} examples takes numbers from 0 to {len(dataset) - 1}, got {wrong[0]}"
            )
        self.indices: NDArray[np.int64] = found.astype(np.int64)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> Any:
        return self.dataset[int(self.indices[index])]

    def batch(self, indices: NDArray[np.int64]) -> Any:
        """The examples of these numbers as one batch."""
        return gather(self.dataset, self.indices[indices])


class ConcatDataset:
    """Data sets one after the other.

    Parameters
    ----------
    datasets : iterable of Dataset
        At least one; their examples should be made alike.

    Raises
    ------
    DataError
        If there is no data set.

    Examples
    --------
    >>> both = ConcatDataset(["ab", "cde"])
    >>> len(both), both[1], both[2], both[-1]
    (5, 'b', 'c', 'e')
    """

    def __init__(self, datasets: Iterable[Dataset]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise DataError("there is no data set to put after another")
        self.ends = list(itertools.accumulate(len(dataset) for dataset in self.datasets))

    def __len__(self) -> int:
        return self.ends[-1]

    def __getitem__(self, index: int) -> Any:
        place = range(len(self))[index]  # raises IndexError, and counts from the end
        which = bisect.bisect_right(self.ends, place)
        return self.datasets[which][place - (self.ends[which] - len(self.datasets[which]))]


def random_split(dataset: Dataset, lengths: Sequence[float], rng: np.random.Generator) -> list[Subset]:
    """Divide a data set by chance into parts that share no example.

    Parameters
    ----------
    dataset : Dataset
    lengths : sequence of int or of float
        How many examples each part has, together all of them; or their shares, together 1. Shares are rounded down, and
        what is left goes to the parts one by one, the first ones first.
    rng : numpy.random.Generator
        The only source of chance.

    Raises
    ------
    DataError
        If the lengths or shares do not add up, one is negative, or a part would be empty.

    Examples
    --------
    >>> learn, test = random_split(range(10), [0.8, 0.2], np.random.default_rng(0))
    >>> len(learn), len(test), sorted([*learn, *test]) == list(range(10))
    (8, 2, True)
    """
    counts = _counts(lengths, len(dataset))
    order = rng.permutation(len(dataset))
    return [Subset(dataset, part) for part in np.split(order, np.cumsum(counts)[:-1])]


def _counts(lengths: Sequence[float], total: int) -> list[int]:
    given = ", ".join(str(length) for length in lengths)
    shares = any(isinstance(length, float | np.floating) for length in lengths)
    if not all(length > 0 for length in lengths):
        raise DataError(f"every part of a split has at least one example, got lengths {given}")
    if not shares:
        if sum(lengths) != total:
            raise DataError(f"the parts of a split hold all {total} examples together, got lengths {given}")
        return [int(length) for length in lengths]
    if not math.isclose(sum(lengths), 1, abs_tol=1e-6):
        raise DataError(f"the shares of a split add up to 1, got {given}")
    counts = [int(share * total + 1e-9) for share in lengths]  # 0.29 * 100 is a little below 29
    for i in range(total - sum(counts)):
        counts[i % len(counts)] += 1
    if not all(counts):
        raise DataError(f"{total} examples in shares of {given} leave a part empty")
    return counts
