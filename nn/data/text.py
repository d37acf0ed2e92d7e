"""Texts as streams of tokens, cut into windows to predict."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nn.data import checks
from nn.errors import DataError, need
from nn.tokenizers.base import Integers, token_row

Tokens = NDArray[np.int64]


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


def split_tokens(tokens: ArrayLike, fraction: float = 0.9) -> tuple[Integers, Integers]:
    """The first `fraction` of a stream to learn from, and the rest to validate on.

    Raises
    ------
    DataError
        If the tokens are not one row of whole numbers from 0 up, or the share does not lie between 0 and 1.

    Examples
    --------
    >>> train, validation = split_tokens(range(10), 0.8)
    >>> len(train), validation.tolist()
    (8, [8, 9])
    """
    stream = token_row(tokens, "the text")
    if not 0 < fraction < 1:
        raise DataError(f"the share of the text to learn from lies between 0 and 1, got {fraction}")
    cut = int(fraction * len(stream))
    return stream[:cut], stream[cut:]


class TextDataset:
    """A stream of tokens, read through windows of `context` tokens; the target is the next token at every place.

    Parameters
    ----------
    tokens : array_like of int, shape (length,)
        Not copied, so that a file in `numpy.memmap` stays on the disk; looked through once.
    context : int
    name : str
        What error messages call this text.
    vocab_size : int, optional
        How many tokens the model knows.

    Raises
    ------
    DataError
        If the stream is not one row of whole numbers from 0 to `vocab_size - 1`, or has fewer than `context + 1`
        tokens: then there is not one window with its targets.

    Examples
    --------
    >>> data = TextDataset([0, 1, 2, 3, 4], context=2)
    >>> x, y = data.sample(3, np.random.default_rng(0))
    >>> x.shape, bool((y == x + 1).all())
    ((3, 2), True)
    >>> [x.tolist() for x, _ in data.windows(8)]
    [[[0, 1], [2, 3]]]
    >>> x, y = data[1]
    >>> x.tolist(), y.tolist()
    ([1, 2], [2, 3])
    """

    def __init__(self, tokens: ArrayLike, context: int, name: str = "the text", vocab_size: int | None = None) -> None:
        self.tokens = token_row(tokens, name, vocab_size)
        self.context = checks.whole(context, 1, "the context")
        if len(self.tokens) < context + 1:
            raise DataError(
                f"{name} has {len(self.tokens)} tokens; a context of {context} needs at least {context + 1}: "
                "take a longer text or a shorter context"
            )

    def __len__(self) -> int:
        """How many windows there are, overlapping ones counted."""
        return len(self.tokens) - self.context

    def __getitem__(self, start: int) -> tuple[Tokens, Tokens]:
        """The window that begins at a token, and its targets."""
        x, y = self.batch(np.array([range(len(self))[start]]))
        return x[0], y[0]

    def batch(self, indices: Tokens) -> tuple[Tokens, Tokens]:
        """The windows that begin at these tokens, and their targets: two arrays of shape (windows, context), int64."""
        windows = self.tokens[indices[:, None] + np.arange(self.context + 1)].astype(np.int64, copy=False)
        return windows[:, :-1], windows[:, 1:]

    def sample(self, batch: int, rng: np.random.Generator) -> tuple[Tokens, Tokens]:
        """Random windows and their targets: two arrays of shape (batch, context), int64."""
        return self.batch(rng.integers(len(self), size=batch))

    def windows(self, batch: int) -> Iterator[tuple[Tokens, Tokens]]:
        """Cover the text once, window beside window, so that every token but the first is a target exactly once.

        Yields inputs and targets of shape (at most `batch`, context), int64; a shorter last window comes by itself.
        """
        size = checks.whole(batch, 1, "batch, the number of windows at once,") * self.context
        whole = (len(self.tokens) - 1) // self.context * self.context
        for start in range(0, whole, size):
            yield self._pair(start, min(start + size, whole), self.context)
        if whole < len(self.tokens) - 1:
            yield self._pair(whole, len(self.tokens) - 1, len(self.tokens) - 1 - whole)

    def _pair(self, start: int, end: int, width: int) -> tuple[Tokens, Tokens]:
        """Inputs from `start` to `end` and their targets, in rows."""
        row = self.tokens[start : end + 1].astype(np.int64, copy=False)
        return row[:-1].reshape(-1, width), row[1:].reshape(-1, width)
