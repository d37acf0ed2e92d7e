"""Lines as examples of their own: words to spell, letter by letter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nn.errors import DataError
from nn.tokenizers import CharTokenizer
from nn.tokenizers.base import token_row

IGNORED = -100  # the targets that nn.losses.cross_entropy leaves out


class LineDataset:
    """Words (or whole lines), each one an example: at every letter, guess the next one, and where the word ends.

    Token 0 stands before and after every word, the letters are 1, 2, 3, ... in their order. An example is a pair of
    inputs and targets of shape (length,), int64, where `length` is one more than the longest word has letters: the
    input is 0 and then the word, the target the word and then 0. Behind that the inputs are 0 and the targets -100,
    which `nn.losses.cross_entropy` leaves out.

    Parameters
    ----------
    lines : str or iterable of str
        A text of lines, or the lines; space around them and empty ones are dropped.
    vocabulary : str, optional
        The letters, in any order; without it, those that occur. Parts of one set of words should share it.

    Attributes
    ----------
    words : list of str
    vocab_size : int
        Letters and token 0.
    length : int

    Raises
    ------
    DataError
        If there is no word, or a letter is not in the vocabulary.

    References
    ----------
    Karpathy (2022), "makemore", whose models read words in this way.

    Examples
    --------
    >>> names = LineDataset("eva\\nada\\n\\nbo")
    >>> names.words, names.vocab_size, names.length
    (['eva', 'ada', 'bo'], 7, 4)
    >>> x, y = names[2]
    >>> x.tolist(), y.tolist()
    ([0, 2, 5, 0], [2, 5, 0, -100])
    >>> names.decode([4, 6, 1, 0, 3])
    'eva'
    """

    def __init__(self, lines: str | Iterable[str], vocabulary: str | None = None) -> None:
        given = lines.split("\n") if isinstance(lines, str) else lines
        self.words = [word for word in (line.strip() for line in given) if word]
        if not self.words:
            raise DataError("there is no line with a word in it")
        self.tokenizer = CharTokenizer("".join(self.words) if vocabulary is None else vocabulary)
        self.vocab_size = len(self.tokenizer) + 1
        self._know(self.tokenizer.vocabulary)
        counts = np.array([len(word) for word in self.words])
        self.length = int(counts.max()) + 1
        inside = np.arange(self.length) < counts[:, None]
        padded: NDArray[np.int64] = np.zeros((len(self.words), self.length), np.int64)
        padded[inside] = self.tokenizer.encode("".join(self.words)) + 1
        self.inputs = np.pad(padded[:, :-1], ((0, 0), (1, 0)))
        self.targets = np.where(np.arange(self.length) <= counts[:, None], padded, IGNORED)

    def __len__(self) -> int:
        return len(self.words)

    def __getitem__(self, index: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return self.inputs[index], self.targets[index]

    def batch(self, indices: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Inputs and targets of these words, of shape (words, length)."""
        return self[indices]

    def _know(self, vocabulary: str) -> None:
        strange = set("".join(self.words)) - set(vocabulary)
        if strange:
            letter = min(strange)
            word = next(word for word in self.words if letter in word)
            raise DataError(f"the letter {letter!r} of the word {word!r} is not in the vocabulary {vocabulary!r}")

    def decode(self, tokens: Iterable[int] | NDArray[Any]) -> str:
        """The word that tokens spell, up to the first 0.

        Raises
        ------
        DataError
            If they are not one row of whole numbers from 0 to `vocab_size - 1`.
        """
        numbers = token_row(tokens, "what is decoded", self.vocab_size).astype(np.int64)
        ends = np.flatnonzero(numbers == 0)
        return self.tokenizer.decode(numbers[: ends[0] if ends.size else None] - 1)
