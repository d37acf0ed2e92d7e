"""Numbers of words to vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from autograd import Tensor, ops, stop_gradient


def embedding(indices: ArrayLike, weight: Tensor, padding_idx: int | None = None, sparse: bool = False) -> Tensor:
    """Rows of `weight`, shape (words, width), at integer `indices` of any shape: shape (*indices, width).

    The row `padding_idx` gets no gradient. With `sparse` the gradient of a leaf `weight` holds only the rows that were
    read: `autograd.RowSparse`.
    """
    tokens = np.asarray(getattr(indices, "data", indices))
    rows: Tensor = ops.embedding(weight, tokens, sparse=sparse)
    if padding_idx is not None:
        padding = padding_idx + weight.shape[0] if padding_idx < 0 else padding_idx
        rows = ops.where((tokens == padding)[..., None], stop_gradient(rows), rows)
    return rows


def one_hot(indices: ArrayLike, num_classes: int = -1) -> np.ndarray:
    """1 at each class number and 0 elsewhere, as integers: shape (*indices, num_classes), or one more than the largest.

    >>> one_hot([0, 2]).tolist()
    [[1, 0, 0], [0, 0, 1]]
    """
    numbers = np.asarray(getattr(indices, "data", indices))
    if numbers.dtype.kind not in "iu":
        raise TypeError(f"one_hot: class numbers are integers, not {numbers.dtype}")
    if num_classes == -1 and not numbers.size:
        raise ValueError("one_hot: say num_classes where there is no class number to tell")
    classes = int(numbers.max()) + 1 if num_classes == -1 else num_classes
    if numbers.size and (numbers.min() < 0 or numbers.max() >= classes):
        raise ValueError(
            f"one_hot: class numbers run from {numbers.min()} to {numbers.max()}, but there are {classes} classes"
        )
    hot: np.ndarray = (numbers[..., None] == np.arange(classes)).astype(np.int64)
    return hot
