"""Handwritten digits that come with scikit-learn."""

from __future__ import annotations

import numpy as np

from nn.data.arrays import ArrayDataset
from nn.errors import need


def digits() -> ArrayDataset:
    """The 1,797 digits of 8x8 pixels: inputs (1797, 64), float32 from 0 to 1; labels (1797,), int64.

    Raises
    ------
    MissingExtra
        Without scikit-learn, which the extra ``train`` brings.

    References
    ----------
    Alpaydin and Kaynak (1998), "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository.

    Examples
    --------
    >>> x, y = digits().arrays
    >>> x.shape, x.dtype.name, y[:5].tolist()
    ((1797, 64), 'float32', [0, 1, 2, 3, 4])
    """
    sklearn = need("sklearn.datasets", "train", "the set of handwritten digits")
    pixels, labels = sklearn.load_digits(return_X_y=True)
    return ArrayDataset((pixels / 16).astype(np.float32), labels.astype(np.int64))
