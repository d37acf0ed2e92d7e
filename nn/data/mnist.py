"""MNIST, and Fashion-MNIST, which is made like it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nn.data.arrays import ArrayDataset
from nn.data.download import fetch
from nn.data.idx import read_idx
from nn.errors import DataError

# Of MNIST's files what is packed differs from mirror to mirror: the digests are of what is in them.
MNIST = {
    "train-images-idx3-ubyte.gz": "sha256:ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte.gz": "sha256:65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte.gz": "sha256:0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte.gz": "sha256:ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
MNIST_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)

# Its authors publish the MD5 of the packed files.
FASHION = {
    "train-images-idx3-ubyte.gz": "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "md5:25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "md5:bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "md5:bb300cfdad3c16e7a12a480ee83cd310",
}
FASHION_MIRRORS = (
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)


def mnist(split: str = "train", folder: str | Path | None = None) -> ArrayDataset:
    """Handwritten digits: images (n, 1, 28, 28), float32 from 0 to 1; labels (n,), int64.

    The files are looked for in the folder and downloaded (12 MB) where they are missing; their digests are checked.

    Parameters
    ----------
    split : "train" or "test"
        60,000 digits to learn from, or the other 10,000.
    folder : str or Path, optional
        `nn.data.data_folder()` unless given.

    Raises
    ------
    DataError
        If the files are not there and cannot be downloaded, or are damaged.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner (1998), "Gradient-Based Learning Applied to Document Recognition".

    Examples
    --------
    >>> mnist("validation")
    Traceback (most recent call last):
    nn.errors.DataError: the split is 'train' or 'test', got 'validation'
    """
    return _images(split, MNIST, MNIST_MIRRORS, "", folder)


def fashion_mnist(split: str = "train", folder: str | Path | None = None) -> ArrayDataset:
    """Pictures of clothes, as many and as large as in `mnist`, and harder to tell apart (30 MB).

    The labels: 0 T-shirt or top, 1 trousers, 2 pullover, 3 dress, 4 coat, 5 sandal, 6 shirt, 7 sneaker, 8 bag, 9 ankle
    boot. The files lie in ``fashion-mnist`` inside the folder.

    Parameters
    ----------
    split : "train" or "test"
    folder : str or Path, optional

    Raises
    ------
    DataError
        As in `mnist`.

    References
    ----------
    Xiao, Rasul and Vollgraf (2017), "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
    Algorithms".

    Examples
    --------
    >>> fashion_mnist("validation")
    Traceback (most recent call last):
    nn.errors.DataError: the split is 'train' or 'test', got 'validation'
    """
    return _images(split, FASHION, FASHION_MIRRORS, "fashion-mnist/", folder)


def _images(
    split: str, digests: dict[str, str], mirrors: tuple[str, ...], inside: str, folder: str | Path | None
) -> ArrayDataset:
    prefix = {"train": "train", "test": "t10k"}.get(split)
    if prefix is None:
        raise DataError(f"the split is 'train' or 'test', got {split!r}")
    pixels, labels = (
        read_idx(fetch(inside + name, [mirror + name for mirror in mirrors], digest, folder))
        for name, digest in digests.items()
        if name.startswith(prefix)
    )
    images = pixels[:, None].astype(np.float32)
    images /= 255
    return ArrayDataset(images, labels.astype(np.int64), finite=False)  # made of whole numbers
