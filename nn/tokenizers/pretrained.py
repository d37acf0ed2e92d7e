"""The tokenizers that published models come with, run by the library ``tokenizers``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nn.errors import CheckpointError, DataError, need
from nn.gguf import GGUF

CONTROL, USER_DEFINED = 3, 4  # kinds of token in a GGUF file
PURPOSE = "the tokenizer of a published model"


class PretrainedTokenizer:
    """A published model's own tokenizer, with its chat template.

    Parameters
    ----------
    tokenizer : tokenizers.Tokenizer
    chat_template : str, optional
        In Jinja's language; turns messages into one text.
    names : mapping of str to str, optional
        What the template may ask for beside the messages: ``bos_token``, ``eos_token``.

    Attributes
    ----------
    stop : int or None
        The token after which the model's turn is over.

    Examples
    --------
    >>> library = need("tokenizers", "llm", "this example")
    >>> words = library.models.WordLevel({"<end>": 0, "glass": 1, "engine": 2}, unk_token="<end>")
    >>> tokenizer = PretrainedTokenizer(library.Tokenizer(words), names={"eos_token": "<end>"})
    >>> tokenizer.encode("glass").tolist(), tokenizer.decode([1]), tokenizer.stop, len(tokenizer)
    ([1], 'glass', 0, 3)
    """

    def __init__(
        self, tokenizer: Any, chat_template: str | None = None, names: Mapping[str, str] | None = None
    ) -> None:
        self.tokenizer = tokenizer
        self.chat_template = chat_template
        self.names = dict(names or {})
        end = self.names.get("eos_token")
        self.stop: int | None = None if end is None else tokenizer.token_to_id(end)

    @classmethod
    def from_file(cls, path: str | Path) -> PretrainedTokenizer:
        """Read Hugging Face's ``tokenizer.json``.

        Raises
        ------
        CheckpointError
            If it is not there or damaged.
        """
        library = need("tokenizers", "llm", PURPOSE)
        path = Path(path)
        if not path.is_file():
            raise CheckpointError(f"{path}: there is no such tokenizer")
        try:
            tokenizer = library.Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises bare ones
            raise CheckpointError(f"{path}: a tokenizer that is damaged or of an unknown kind ({error})") from error
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return cls(tokenizer)

    @classmethod
    def from_gguf(cls, file: GGUF) -> PretrainedTokenizer:
        """Make the tokenizer that a GGUF file describes: byte pairs, split as GPT-2 or SmolLM do.

        Raises
        ------
        CheckpointError
            If it is of another kind, or its parts are missing.
        """
        library = need("tokenizers", "llm", PURPOSE)
        kind, split = file.setting("tokenizer.ggml.model"), file.setting("tokenizer.ggml.pre", "default")
        if kind != "gpt2" or split not in _DIGITS_APART:
            known = ", ".join(map(repr, _DIGITS_APART))
            raise CheckpointError(
                f"{file.path}: its tokenizer is {kind!r} split as {split!r}, not 'gpt2' as one of {known}"
            )
        tokens: list[str] = file.setting("tokenizer.ggml.tokens")
        merges = [tuple(merge.split(" ")) for merge in file.setting("tokenizer.ggml.merges")]
        tokenizer = library.Tokenizer(library.models.BPE({token: i for i, token in enumerate(tokens)}, merges))
        before, bytes_apart = library.pre_tokenizers, library.pre_tokenizers.ByteLevel(add_prefix_space=False)
        digits = before.Digits(individual_digits=True)
        tokenizer.pre_tokenizer = before.Sequence([digits, bytes_apart]) if _DIGITS_APART[split] else bytes_apart
        tokenizer.decoder = library.decoders.ByteLevel()
        kinds = list(zip(tokens, file.setting("tokenizer.ggml.token_type", []), strict=False))
        tokenizer.add_special_tokens([_added(library, token, special=True) for token, k in kinds if k == CONTROL])
        tokenizer.add_tokens([_added(library, token, special=False) for token, k in kinds if k == USER_DEFINED])
        places = {name: file.setting(f"tokenizer.ggml.{name}_token_id", None) for name in ("bos", "eos")}
        names = {f"{name}_token": tokens[i] for name, i in places.items() if i is not None}
        return cls(tokenizer, file.setting("tokenizer.chat_template", None), names)

    def __len__(self) -> int:
        return int(self.tokenizer.get_vocab_size())

    def __repr__(self) -> str:
        return f"PretrainedTokenizer({type(self.tokenizer.model).__name__}, {len(self):,} tokens)"

    @property
    def default_prompt(self) -> str:
        """What stands for no prompt: the token that begins or ends a text, else a line's end."""
        return self.names.get("bos_token") or self.names.get("eos_token") or "\n"

    def encode(self, text: str) -> NDArray[np.int64]:
        """Token numbers of shape (tokens,); the names of control tokens in the text become those tokens."""
        return np.array(self.tokenizer.encode(text, add_special_tokens=False).ids, dtype=np.int64)

    def batch(self, texts: Sequence[str], most: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Token numbers and whether each is one of its text, of shape (texts, longest).

        Each text gets the control tokens that its model wants around it, is cut to `most` tokens and filled up.
        """
        rows = [row.ids for row in self.tokenizer.encode_batch([*texts])]
        ends = self.tokenizer.encode("").ids  # what stands around an empty text
        rows = [row if len(row) <= most else row[: most - 1] + ends[-1:] for row in rows]
        width = max(map(len, rows), default=0)
        lengths = np.array([len(row) for row in rows], dtype=np.int64)
        tokens = np.array([row + [0] * (width - len(row)) for row in rows], dtype=np.int64).reshape(len(rows), width)
        return tokens, np.arange(width) < lengths[:, None]

    def decode(self, tokens: Iterable[int] | NDArray[Any]) -> str:
        """The text of some token numbers, without control tokens.

        Raises
        ------
        DataError
            If a number is not in the vocabulary.
        """
        numbers = np.asarray(tokens if isinstance(tokens, np.ndarray) else list(tokens), dtype=np.int64).ravel()
        if numbers.size and not (numbers.min() >= 0 and numbers.max() < len(self)):
            raise DataError(
                f"tokens run from 0 to {len(self) - 1}, got numbers from {numbers.min()} to {numbers.max()}"
            )
        return str(self.tokenizer.decode(numbers.tolist()))

    def stream(self, tokens: Iterable[int]) -> Iterator[str]:
        """The text of tokens as they come; a character whose bytes are in several tokens comes with the last one."""
        pieces = need("tokenizers.decoders", "llm", PURPOSE).DecodeStream(skip_special_tokens=True)
        for token in tokens:
            piece = pieces.step(self.tokenizer, int(token))
            if piece:
                yield piece

    def chat(self, messages: Sequence[Mapping[str, str]]) -> NDArray[np.int64]:
        """Token numbers of a conversation, up to where the model's next answer begins.

        Parameters
        ----------
        messages : sequence of mappings
            Each with a ``role`` ("system", "user" or "assistant") and its ``content``.

        Raises
        ------
        CheckpointError
            If the model has no chat template, or it does not take these messages.
        """
        if self.chat_template is None:
            raise CheckpointError("this model has no chat template: it continues texts, but was not taught to answer")
        sandbox = need("jinja2.sandbox", "llm", "a chat template")
        errors = need("jinja2", "llm", "a chat template").TemplateError
        place = sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        place.globals["raise_exception"] = _refuse
        try:
            template = place.from_string(self.chat_template)
            text = template.render(messages=[*messages], add_generation_prompt=True, **self.names)
        except errors as error:
            raise CheckpointError(f"the model's chat template does not take these messages: {error}") from error
        return self.encode(text)


_DIGITS_APART = {"default": False, "gpt-2": False, "smollm": True}


def _added(library: Any, token: str, special: bool) -> Any:
    return library.AddedToken(token, special=special, normalized=False)


def _refuse(message: str) -> None:
    """What templates call when the messages are not to their liking."""
    raise CheckpointError(f"the model's chat template does not take these messages: {message}")
