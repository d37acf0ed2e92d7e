"""Texts as streams of tokens, cut into windows to predict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nn.errors import DataError, need

Tokens = NDArray[np.int64]


def read_text(path: str | Path) -> str:
    """The text of a UTF-8 file, line ends as ``\\n``, without a byte-order mark.

    Raises
    ------
    DataError
        If the file is not there, is a folder, cannot be read, is empty or is not UTF-8.

    Examples
    --------
    >>> read_text("no such file")
    Traceback (most recent call last):
    nn.errors.DataError: no such file: there is no such file
    """
    path = Path(path)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise DataError(f"{path}: is a folder; name one text file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: not UTF-8: byte 0x{raw[error.start]:02x} at position {error.start} ({error.reason}); "
            "save it as UTF-8 first"
        ) from error
    if not text:
        raise DataError(f"{path}: the file is empty")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def topics() -> str:
    """The help texts of Python itself, about 465,000 characters of English technical prose.

    The text differs a little between versions of Python.

    Examples
    --------
    >>> "The try statement" in topics()
    True
    """
    texts: dict[str, str] = need("pydoc_data.topics", "train", "the sample text").topics
    return "\n\n".join(texts[name] for name in sorted(texts))


def split_tokens(tokens: ArrayLike, fraction: float = 0.9) -> tuple[Tokens, Tokens]:
    """The first `fraction` of a stream to learn from, and the rest to validate on.

    Examples
    --------
    >>> train, validation = split_tokens(range(10), 0.8)
    >>> len(train), validation.tolist()
    (8, [8, 9])
    """
    stream: Tokens = np.asarray(tokens, dtype=np.int64)
    if not 0 < fraction < 1:
        raise DataError(f"the share of the text to learn from lies between 0 and 1, got {fraction}")
    cut = int(fraction * len(stream))
    return stream[:cut], stream[cut:]


class TextDataset:
    """A stream of tokens, read through windows of `context` tokens; the target is the next token at every place.

    Parameters
    ----------
    tokens : array_like of int, shape (length,)
    context : int
    name : str
        What error messages call this text.

    Raises
    ------
    DataError
        If the stream has fewer than `context + 1` tokens: then there is not one window with its targets.

    Examples
    --------
    >>> data = TextDataset([0, 1, 2, 3, 4], context=2)
    >>> x, y = data.sample(3, np.random.default_rng(0))
    >>> x.shape, bool((y == x + 1).all())
    ((3, 2), True)
    >>> [x.tolist() for x, _ in data.windows(8)]
    [[[0, 1], [2, 3]]]
    """

    def __init__(self, tokens: ArrayLike, context: int, name: str = "the text") -> None:
        self.tokens: Tokens = np.asarray(tokens, dtype=np.int64)
        self.context = context
        if self.tokens.ndim != 1 or context < 1:
            raise DataError(
                f"a text is one row of tokens and a context of at least 1, got shape {self.tokens.shape} and {context}"
            )
        if len(self.tokens) < context + 1:
            raise DataError(
                f"{name} has {len(self.tokens)} tokens; a context of {context} needs at least {context + 1}: "
                "take a longer text or a shorter context"
            )

    def __len__(self) -> int:
        """How many windows there are, overlapping ones counted."""
        return len(self.tokens) - self.context

    def sample(self, batch: int, rng: np.random.Generator) -> tuple[Tokens, Tokens]:
        """Random windows and their targets: two arrays of shape (batch, context), int64."""
        starts = rng.integers(len(self), size=batch)
        windows = self.tokens[starts[:, None] + np.arange(self.context + 1)]
        return windows[:, :-1], windows[:, 1:]

    def windows(self, batch: int) -> Iterator[tuple[Tokens, Tokens]]:
        """Cover the text once, window beside window, so that every token but the first is a target exactly once.

        Yields inputs and targets of shape (at most `batch`, context); a shorter last window comes by itself.
        """
        count, c = (len(self.tokens) - 1) // self.context, self.context
        inputs: NDArray[Any] = self.tokens[: count * c].reshape(count, c)
        targets: NDArray[Any] = self.tokens[1 : count * c + 1].reshape(count, c)
        for start in range(0, count, batch):
            yield inputs[start : start + batch], targets[start : start + batch]
        if count * c < len(self.tokens) - 1:
            yield self.tokens[None, count * c : -1], self.tokens[None, count * c + 1 :]
