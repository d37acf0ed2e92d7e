"""One token a character."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nn.errors import DataError
from nn.tokenizers.base import token_row


class CharTokenizer:
    """Numbers the characters of a vocabulary in the order of their code points.

    Parameters
    ----------
    vocabulary : iterable of str
        The characters; repeated ones count once.

    Raises
    ------
    DataError
        If there is no character at all, or one of the entries is not a single character.

    Examples
    --------
    >>> tokenizer = CharTokenizer.from_text("hello")
    >>> tokenizer.vocabulary
    'ehlo'
    >>> tokenizer.encode("hole").tolist()
    [1, 3, 2, 0]
    >>> tokenizer.decode([1, 3, 2, 0])
    'hole'
    """

    def __init__(self, vocabulary: Iterable[str]) -> None:
        characters = sorted(set(vocabulary))
        long = [c for c in characters if len(c) != 1]
        if long:
            raise DataError(f"a character tokenizer's vocabulary holds single characters, not {long[0]!r}")
        if not characters:
            raise DataError("a character tokenizer needs at least one character: the text is empty")
        self.vocabulary = "".join(characters)
        self._points = _code_points(self.vocabulary)

    @classmethod
    def from_text(cls, text: str) -> CharTokenizer:
        """The tokenizer of the characters that occur in `text`."""
        return cls(text)

    def __len__(self) -> int:
        return len(self.vocabulary)

    def __repr__(self) -> str:
        return f"CharTokenizer({self.vocabulary!r})"

    @property
    def default_prompt(self) -> str:
        """What stands for no prompt: a line's end where the vocabulary has one, so that a new line begins."""
        return "\n" if "\n" in self.vocabulary else self.vocabulary[0]

    def encode(self, text: str) -> NDArray[np.int64]:
        """Token numbers of shape (characters,), int64.

        Raises
        ------
        DataError
            If a character is not in the vocabulary; the message names it and where it stands.
        """
        points = _code_points(text)
        tokens = np.searchsorted(self._points, points)
        known = self._points[np.minimum(tokens, len(self) - 1)] == points
        if not known.all():
            where = int(np.argmin(known))
            raise DataError(
                f"the character {text[where]!r} at position {where} is not among the {len(self)} of the vocabulary: "
                f"{_shown(self.vocabulary)}"
            )
        return tokens.astype(np.int64, copy=False)

    def decode(self, tokens: Iterable[int] | NDArray[Any]) -> str:
        """The text of some token numbers.

        Raises
        ------
        DataError
            If they are not one row of whole numbers from 0 to `len(self) - 1`.
        """
        return "".join(self.vocabulary[i] for i in token_row(tokens, "what is decoded", len(self)).tolist())


def _code_points(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def _shown(vocabulary: str, limit: int = 40) -> str:
    return repr(vocabulary) if len(vocabulary) <= limit else repr(vocabulary[:limit]) + "…"
