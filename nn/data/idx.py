"""Arrays in the IDX format, that of MNIST."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nn.errors import DataError
from nn.files import read_bytes

DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: str | Path) -> NDArray[Any]:
    """The array in an IDX file, packed with gzip or not.

    The format: two zero bytes, the number of the dtype, the number of axes; the axes' sizes as 4 bytes each; the
    elements in C order; all with the highest byte first.

    Returns
    -------
    array of uint8, int8, int16, int32, float32 or float64

    Raises
    ------
    DataError
        If the file cannot be read, is not IDX, or has fewer or more bytes than its head says.

    References
    ----------
    LeCun, Cortes and Burges, "The MNIST database of handwritten digits", where the format is described.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "tiny-idx1-ubyte"
    ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]))
    ...     read_idx(path)
    array([7, 8, 9], dtype=uint8)
    """
    raw = read_bytes(path)
    if raw.startswith(b"\x1f\x8b"):
        try:
            raw = gzip.decompress(raw)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DataError(f"{path}: packed with gzip, but damaged or cut short: {error}") from error
    if len(raw) < 4 or raw[:2] != b"\0\0" or raw[2] not in DTYPES:
        raise DataError(f"{path}: not an IDX file: it begins with {raw[:4].hex(' ') or 'nothing'}")
    dtype, axes = np.dtype(DTYPES[raw[2]]), raw[3]
    start = 4 + 4 * axes
    if len(raw) < start:
        raise DataError(
            f"{path}: cut short: the head of an IDX file with {axes} axes has {start} bytes, this {len(raw)}"
        )
    shape = tuple(int.from_bytes(raw[i : i + 4], "big") for i in range(4, start, 4))
    size = start + math.prod(shape) * dtype.itemsize
    if len(raw) != size:
        fault = "cut short" if len(raw) < size else "too long"
        raise DataError(f"{path}: {fault}: shape {shape} of {dtype.name} needs {size} bytes, the file has {len(raw)}")
    return np.frombuffer(raw, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))
