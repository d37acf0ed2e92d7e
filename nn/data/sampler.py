"""Which examples an epoch shows, where it is not each of them once."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nn.data import checks
from nn.errors import DataError


class Sampler(Protocol):
    """Draws the examples of an epoch: `len` says how many, `indices` which, by nothing but the generator."""

    def __len__(self) -> int: ...

    def indices(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """The numbers of an epoch's examples, in their order."""


class WeightedRandomSampler:
    r"""Draws example i with probability :math:`w_i / \sum_j w_j`, so that rare classes are seen as often as others.

    Parameters
    ----------
    weights : array_like, shape (examples,)
        Not negative, not all 0.
    num_samples : int
        How many an epoch draws.
    replacement : bool
        Whether an example can come more than once in an epoch.

    Raises
    ------
    DataError
        If a weight is negative or not finite, all are 0, or without replacement fewer are above 0 than are drawn.

    Examples
    --------
    >>> labels = np.array([0] * 90 + [1] * 10)
    >>> sampler = WeightedRandomSampler(1 / np.bincount(labels)[labels], num_samples=1000)
    >>> drawn = labels[sampler.indices(np.random.default_rng(0))]
    >>> bool(450 < drawn.sum() < 550)
    True
    """

    def __init__(self, weights: ArrayLike, num_samples: int, replacement: bool = True) -> None:
        w = np.asarray(weights, dtype=np.float64)
        if w.ndim != 1 or not np.isfinite(w).all() or (w < 0).any() or not (w > 0).any():
            raise DataError(
                f"a sampler takes one row of weights, finite, not negative and not all 0, got shape {w.shape}"
            )
        self.num_samples = checks.whole(num_samples, 1, "num_samples")
        if not replacement and np.count_nonzero(w) < self.num_samples:
            raise DataError(
                f"{np.count_nonzero(w)} examples have a weight above 0: without replacement no {self.num_samples} of "
                "them can be drawn"
            )
        w = w / w.max()  # the sum of large ones could overflow
        self.probabilities: NDArray[np.float64] = w / w.sum()
        self.replacement = replacement

    def __len__(self) -> int:
        return self.num_samples

    def indices(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """The numbers of an epoch's examples."""
        drawn: NDArray[np.int64] = rng.choice(
            len(self.probabilities), self.num_samples, self.replacement, self.probabilities
        )
        return drawn
