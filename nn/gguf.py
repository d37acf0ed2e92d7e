"""GGUF: llama.cpp's files, which hold a model's weights in few bits each, its configuration and its tokenizer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nn.errors import CheckpointError, need

Array = NDArray[np.float32]


class GGUF(Mapping[str, Array]):
    """A GGUF file: its tensors by name, each dequantised to float32 when it is asked for, and its metadata.

    The shapes are NumPy's: a linear layer's weight is (out, in), as in PyTorch.

    Parameters
    ----------
    path : path
        Mapped, not read: a file larger than the memory is no trouble.

    Attributes
    ----------
    path : Path
    metadata : dict
        Numbers, texts and lists by key, such as ``llama.block_count``.

    Raises
    ------
    CheckpointError
        If the file is not there, is no GGUF file, has been cut short, or has a tensor of a type that the package
        ``gguf`` does not know.
    MissingExtra
        Without gguf, which the extra ``llm`` brings.
    """

    def __init__(self, path: str | Path) -> None:
        gguf = need("gguf", "llm", "reading a GGUF file")
        self.path = Path(path)
        self._check_start()
        try:
            reader = _quick(gguf.GGUFReader)(self.path)
            self.metadata: dict[str, Any] = {key: field.contents() for key, field in reader.fields.items()}
        except (ValueError, IndexError, KeyError, TypeError, OverflowError, UnicodeDecodeError, MemoryError) as error:
            raise CheckpointError(
                f"{self.path}: a GGUF file that is cut short, damaged or of an unknown type ({error})"
            ) from error
        self._tensors: dict[str, Any] = {tensor.name: tensor for tensor in reader.tensors}
        self._dequantize = gguf.dequantize

    def _check_start(self) -> None:
        try:
            with open(self.path, "rb") as file:
                start = file.read(4)
        except FileNotFoundError:
            raise CheckpointError(f"{self.path}: there is no such file") from None
        except OSError as error:
            raise CheckpointError(f"{self.path}: cannot be read: {error.strerror or error}") from error
        if start != b"GGUF":
            raise CheckpointError(f"{self.path}: not a GGUF file: it starts with {start!r}, not b'GGUF'")

    def __getitem__(self, name: str) -> Array:
        tensor = self._tensors[name]
        try:
            return np.asarray(self._dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
        except NotImplementedError as error:
            raise CheckpointError(
                f"{self.path}: {name} is of type {tensor.tensor_type.name}, which the package gguf cannot read yet"
            ) from error

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    def __repr__(self) -> str:
        return f"GGUF({str(self.path)!r}, {len(self)} tensors)"

    def setting(self, key: str, *default: Any) -> Any:
        """The metadata's value under `key`, or the default where one is given.

        Raises
        ------
        CheckpointError
            If the file does not say it, and there is no default.
        """
        if key in self.metadata:
            return self.metadata[key]
        if default:
            return default[0]
        raise CheckpointError(f"{self.path}: its metadata has no {key!r}")


def _quick(reader: Any) -> Any:
    """The package's reader on a plain array over the mapped file: a slice of it costs a fifth of a `numpy.memmap`'s."""

    class Quick(reader):  # type: ignore[misc]
        def __setattr__(self, name: str, value: Any) -> None:
            super().__setattr__(name, value.view(np.ndarray) if name == "data" else value)

    return Quick
