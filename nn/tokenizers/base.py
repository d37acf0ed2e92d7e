"""What every tokenizer can do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nn.errors import DataError

Integers = NDArray[Any]  # of any integer dtype


class Tokenizer(Protocol):
    """Text to token numbers, from 0 to `len(tokenizer) - 1`, and back."""

    def __len__(self) -> int: ...

    @property
    def default_prompt(self) -> str:
        """What stands for no prompt: a text of at least one token."""

    def encode(self, text: str) -> NDArray[np.int64]:
        """Token numbers of shape (tokens,), int64."""

    def decode(self, tokens: Iterable[int] | NDArray[Any]) -> str:
        """The text of some token numbers."""


def token_row(tokens: ArrayLike | Iterable[int], name: str, vocab_size: int | None = None) -> Integers:
    """One row of token numbers, of the integer dtype that they came in."""
    row: NDArray[Any] = np.asarray(tokens if hasattr(tokens, "__array__") else list(tokens))  # type: ignore[arg-type]
    if row.ndim != 1:
        raise DataError(f"{name} is one row of tokens, got shape {row.shape}")
    if not row.size:
        return np.zeros(0, np.int64)
    if row.dtype.kind not in "iu":
        raise DataError(f"{name} holds tokens, whole numbers, got {row.dtype}: encode it with a tokenizer first")
    most = np.iinfo(np.int64).max if vocab_size is None else vocab_size - 1
    for where in (int(row.argmin()), int(row.argmax())):
        if not 0 <= row[where] <= most:
            raise DataError(f"{name}: token {row[where]} at position {where}, but tokens run from 0 to {most}")
    return row
