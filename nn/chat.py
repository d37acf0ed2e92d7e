"""A conversation with a language model, in the terminal or in a program."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Generator, Iterator
from typing import Any, TextIO

import numpy as np

from nn.errors import DataError, UserError
from nn.models.llama import from_gguf, smollm2
from nn.sample import probabilities, stream
from nn.tokenizers.pretrained import PretrainedTokenizer

HELP = "/new begins anew, /quit or Ctrl-D ends, Ctrl-C cuts an answer short"


class Chat:
    """What was said so far, and a model that answers.

    Parameters
    ----------
    model : Llama, or another language model that `nn.sample.stream` takes
    tokenizer : PretrainedTokenizer
        With a chat template.
    system : str, optional
        What the model is told before the conversation; many templates bring their own.
    rng : numpy.random.Generator, optional
        The only source of chance.
    max_tokens : int
        The longest answer.
    temperature, top_k, top_p
        See `nn.sample.probabilities`.

    Attributes
    ----------
    messages : list of dict
        Each with a ``role`` and its ``content``.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: PretrainedTokenizer,
        system: str | None = None,
        rng: np.random.Generator | None = None,
        max_tokens: int = 512,
        **sampling: Any,
    ) -> None:
        if max_tokens < 1:
            raise DataError(f"an answer has at least 1 token, got max_tokens={max_tokens}")
        probabilities([0.0], **sampling)  # wrong settings are told at once
        self.model, self.tokenizer = model, tokenizer
        self.rng = np.random.default_rng() if rng is None else rng
        self.max_tokens, self.sampling = max_tokens, sampling
        self._cache, self._read = model.new_cache(), np.zeros(0, np.int64)  # of an earlier turn, and which tokens
        self._first = [{"role": "system", "content": system}] if system else []
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.messages: list[dict[str, str]] = [*self._first]

    def answer(self, message: str) -> Generator[str, None, None]:
        """Say something; the answer comes piece by piece.

        An answer that is left early, or ends with the longest one, is kept as far as it came.

        Raises
        ------
        DataError
            If the conversation is longer than the model's context; what was just said is then taken back.
        """
        self.messages.append({"role": "user", "content": message})
        try:
            tokens = self.tokenizer.chat(self.messages)
            room = self.model.config.context - len(tokens)
            if room < 1:
                raise DataError(
                    f"the conversation has {len(tokens):,} tokens, but the model's context is "
                    f"{self.model.config.context:,}: begin anew or say less"
                )
        except UserError:
            self.messages.pop()
            raise
        pieces: list[str] = []
        try:
            for piece in self.tokenizer.stream(self._until_stop(tokens, min(room, self.max_tokens))):
                pieces.append(piece)
                yield piece
        finally:
            self.messages.append({"role": "assistant", "content": "".join(pieces)})

    def _until_stop(self, tokens: Any, most: int) -> Iterator[int]:
        known = self._read[: len(self._cache)][: len(tokens)]
        self._cache.crop(int((np.cumsum(known != tokens[: len(known)]) == 0).sum()))  # as far as both go together
        self._read = tokens
        for token in stream(self.model, tokens, most, self.rng, **self.sampling, cache=self._cache):
            self._read = np.append(self._read, token)
            if token == self.tokenizer.stop:
                return
            yield token


def run(given: argparse.Namespace, source: TextIO | None = None, out: TextIO | None = None) -> int:
    """Do what ``glassgrad chat`` was asked: answer one message, or talk with the terminal (or a pipe, line by line)."""
    source, out = source or sys.stdin, out or sys.stdout
    if given.seed < 0:
        raise DataError(f"a seed is 0 or more, got {given.seed}")
    settings = {"temperature": given.temperature, "top_k": given.top_k, "top_p": given.top_p}
    probabilities([0.0], **settings)  # before a large file is read
    model, tokenizer = smollm2() if given.model is None else from_gguf(given.model)
    rng = np.random.default_rng(given.seed)
    chat = Chat(model, tokenizer, given.system, rng, given.max_tokens, **settings)
    if given.message is not None:
        _say(chat, given.message, out)
        return 0
    talk(chat, source, out)
    return 0


def talk(chat: Chat, source: TextIO, out: TextIO) -> None:
    """Turn by turn, until the source ends, ``/quit``, or Ctrl-C while the model waits."""
    asks = source.isatty()
    if asks:
        out.write(f"{HELP}\n")
    while True:
        try:
            message = _read(source, out, asks)
        except KeyboardInterrupt:
            message = "/quit"
        if message in (None, "/quit"):
            out.write("\n" if asks else "")
            return
        if message == "/new":
            chat.forget()
        elif message:
            try:
                _say(chat, message, out)
            except KeyboardInterrupt:
                if not asks:
                    raise
                out.write(" …\n")
            except UserError as error:
                print(error, file=sys.stderr)


def _read(source: TextIO, out: TextIO, asks: bool) -> str | None:
    """The next message; None at the end."""
    if asks:
        out.write("> ")
        out.flush()
    line = source.readline()
    return line.strip() if line else None


def _say(chat: Chat, message: str, out: TextIO) -> None:
    with contextlib.closing(chat.answer(message)) as pieces:
        for piece in pieces:
            out.write(piece)
            out.flush()
    out.write("\n")
    out.flush()
