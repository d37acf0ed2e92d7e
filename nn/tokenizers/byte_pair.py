"""Byte-pair encoding: tokens are bytes, and the pairs of tokens that come often."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.files import write
from nn.errors import DataError, need
from nn.files import read_text
from nn.tokenizers.base import token_row


class BPETokenizer:
    """Numbers the pieces of text that a byte-pair encoding is made of.

    The smallest pieces are the 256 bytes of UTF-8, so that every text has tokens and comes back as it was. Made by
    `train` or `load`; the work is done by the package ``tokenizers``, whose file format this is.

    Parameters
    ----------
    definition : str
        JSON in the format of ``tokenizers``: a byte-level BPE model, such as those of GPT-2, Llama 3 and SmolLM2.

    Raises
    ------
    DataError
        If the JSON is damaged or of another kind of tokenizer.
    MissingExtra
        Without tokenizers, which the extra ``llm`` brings.

    References
    ----------
    Sennrich, Haddow and Birch (2016), "Neural Machine Translation of Rare Words with Subword Units", algorithm 1; over
    bytes: Radford et al. (2019), "Language Models are Unsupervised Multitask Learners", section 2.2.

    Examples
    --------
    >>> tokenizer = BPETokenizer.train("low lower lowest " * 9, vocab_size=263)
    >>> [tokenizer.decode([t]) for t in tokenizer.encode("lowest low")]
    ['low', 'e', 'st', ' low']
    >>> tokenizer.decode(tokenizer.encode("naïve 😀"))
    'naïve 😀'
    """

    def __init__(self, definition: str) -> None:
        library = need("tokenizers", "llm", "a byte-pair tokenizer")
        _refuse_others(definition)
        # Two, because whether special tokens are looked for in a text is a state of the whole tokenizer.
        self._marked, self._plain = (_load(library, definition) for _ in range(2))
        self._plain.encode_special_tokens = True
        self._size = self._marked.get_vocab_size(with_added_tokens=True)
        self.special_tokens: dict[str, int] = {
            token.content: number for number, token in self._marked.get_added_tokens_decoder().items() if token.special
        }

    @classmethod
    def train(
        cls,
        texts: str | Iterable[str],
        vocab_size: int,
        special_tokens: Sequence[str] = (),
        min_frequency: int = 2,
    ) -> BPETokenizer:
        """Learn the pieces of some texts.

        Parameters
        ----------
        texts : str or iterable of str
            An iterable is gone through once; its texts need not be in memory together.
        vocab_size : int
            How many tokens there are at most: special ones, 256 bytes, and pieces. Fewer if the texts have no more
            pairs.
        special_tokens : sequence of str
            Tokens that mark something, such as the end of a text; they get the first numbers.
        min_frequency : int
            How often a pair has to come to be made a token.

        Raises
        ------
        DataError
            If the vocabulary is too small for the bytes and special tokens, a special token is empty or given twice, or
            there is no text.
        MissingExtra
            Without tokenizers.
        """
        library = need("tokenizers", "llm", "a byte-pair tokenizer")
        if "" in special_tokens or len(set(special_tokens)) < len(special_tokens):
            raise DataError(f"special tokens are different texts that are not empty, got {list(special_tokens)}")
        least = 256 + len(special_tokens)
        if vocab_size < least:
            raise DataError(
                f"256 bytes and {len(special_tokens)} special tokens need a vocab_size of {least}, got {vocab_size}"
            )
        tokenizer = library.Tokenizer(library.models.BPE())
        tokenizer.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = library.decoders.ByteLevel()
        trainer = library.trainers.BpeTrainer(
            vocab_size=vocab_size,
            min_frequency=min_frequency,
            special_tokens=list(special_tokens),
            initial_alphabet=sorted(library.pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
        tokenizer.train_from_iterator(_texts(texts), trainer)
        return cls(tokenizer.to_str())

    @classmethod
    def load(cls, path: str | Path) -> BPETokenizer:
        """Read a ``tokenizer.json``.

        Raises
        ------
        DataError
            If the file cannot be read, or is not of a byte-level BPE tokenizer.
        MissingExtra
            Without tokenizers.
        """
        try:
            return cls(read_text(path))
        except DataError as error:
            raise error if str(path) in str(error) else DataError(f"{path}: {error}") from None

    def save(self, path: str | Path) -> Path:
        """Write a ``tokenizer.json``, which `load` and the package ``tokenizers`` read.

        Raises
        ------
        DataError
            If it cannot be written; a file that was there is left as it was.
        """
        path = Path(path)
        try:
            path.parent.stat()  # a folder whose name is misspelt is not made
            write(path, self.definition)
        except OSError as error:
            raise DataError(f"{path}: cannot be written: {error.strerror or error}") from error
        return path

    @property
    def definition(self) -> str:
        """The JSON that this tokenizer can be made of again."""
        text: str = self._marked.to_str()
        return text

    def __len__(self) -> int:
        return int(self._size)

    def __repr__(self) -> str:
        return f"BPETokenizer({len(self)} tokens)"

    @property
    def default_prompt(self) -> str:
        """What stands for no prompt: a line's end."""
        return "\n"

    def encode(self, text: str, special: bool = False) -> NDArray[np.int64]:
        """Token numbers of shape (tokens,), int64.

        Parameters
        ----------
        text : str
        special : bool
            Whether special tokens are looked for in the text. Unless asked for they are letters as others are, so that
            nobody's text can end the conversation.

        Raises
        ------
        DataError
            If the text has half of a surrogate pair, which UTF-8 cannot write.
        """
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise DataError(
                f"the character {text[error.start]!r} at position {error.start} is half of a surrogate pair: bytes "
                "cannot stand for it"
            ) from None
        encoder = self._marked if special else self._plain
        return np.array(encoder.encode(text, add_special_tokens=False).ids, dtype=np.int64)

    def decode(self, tokens: Iterable[int] | NDArray[Any], skip_special: bool = False) -> str:
        """The text of some token numbers; bytes that are not UTF-8 become U+FFFD.

        Parameters
        ----------
        tokens : iterable of int
        skip_special : bool
            Whether special tokens are left out.

        Raises
        ------
        DataError
            If they are not one row of whole numbers from 0 to `len(self) - 1`.
        """
        numbers = token_row(tokens, "what is decoded", len(self)).tolist()
        text: str = self._marked.decode(numbers, skip_special_tokens=skip_special)
        return text


def _texts(texts: str | Iterable[str]) -> Iterable[str]:
    """The texts one by one; an error if none has anything in it."""
    some = False
    for text in [texts] if isinstance(texts, str) else texts:  # a text is not the texts of its letters
        if not isinstance(text, str):
            raise DataError(f"a byte-pair tokenizer learns from texts, one of these is {type(text).__name__}")
        some = some or bool(text)
        yield text
    if not some:
        raise DataError("a byte-pair tokenizer learns from texts, and there is none")


def _refuse_others(definition: str) -> None:
    """Only a byte-level BPE gives every text back."""
    try:
        parts = json.loads(definition)
        kind = parts["model"]["type"]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"not a tokenizer in the format of the package tokenizers: {error!r}") from error
    if kind != "BPE" or "ByteLevel" not in json.dumps([parts.get("pre_tokenizer"), parts.get("decoder")]):
        raise DataError(f"holds a {kind} tokenizer that is not a byte-level BPE: use the package tokenizers itself")


def _load(library: Any, definition: str) -> Any:
    try:
        tokenizer = library.Tokenizer.from_str(definition)
    except Exception as error:  # the package raises nothing narrower
        raise DataError(f"a damaged tokenizer: {error}") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
