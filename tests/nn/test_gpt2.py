"""GPT-2's published format in a GPT, and counting parameters without making them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nn.checkpoint import write
from nn.errors import CheckpointError
from nn.models import GPT, Config, gpt2

CONFIG = Config(vocab_size=30, context=16, layers=2, heads=4, width=16, bias=True)


def published(rng: np.random.Generator) -> dict[str, NDArray[Any]]:
    """Random numbers under GPT-2's names and in its shapes: linear maps are (in, out)."""
    w, normal = 16, lambda *shape: rng.normal(0, 0.3, shape).astype(np.float32)
    arrays = {"wte.weight": normal(30, w), "wpe.weight": normal(16, w)}
    for i in range(2):
        shapes = {
            "ln_1.weight": (w,), "ln_1.bias": (w,), "attn.c_attn.weight": (w, 3 * w), "attn.c_attn.bias": (3 * w,),
            "attn.c_proj.weight": (w, w), "attn.c_proj.bias": (w,), "ln_2.weight": (w,), "ln_2.bias": (w,),
            "mlp.c_fc.weight": (w, 4 * w), "mlp.c_fc.bias": (4 * w,), "mlp.c_proj.weight": (4 * w, w),
            "mlp.c_proj.bias": (w,),
        }  # fmt: skip
        arrays |= {f"h.{i}.{name}": normal(*shape) for name, shape in shapes.items()}
        arrays[f"h.{i}.attn.bias"] = np.tril(np.ones((1, 1, 16, 16), np.float32))
    return arrays | {"ln_f.weight": normal(w), "ln_f.bias": normal(w)}


def reference(w: dict[str, NDArray[Any]], heads: int, tokens: NDArray[Any]) -> NDArray[Any]:
    """GPT-2 in float64 on the published arrays as they are."""
    w = {name: array.astype(np.float64) for name, array in w.items()}

    def norm(x: NDArray[Any], name: str) -> NDArray[Any]:
        x = x - x.mean(axis=-1, keepdims=True)
        return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + 1e-5) * w[f"{name}.weight"] + w[f"{name}.bias"]

    def conv1d(x: NDArray[Any], name: str) -> NDArray[Any]:
        return x @ w[f"{name}.weight"] + w[f"{name}.bias"]

    x = w["wte.weight"][tokens] + w["wpe.weight"][: len(tokens)]
    for i in range(2):
        query, key, value = np.split(conv1d(norm(x, f"h.{i}.ln_1"), f"h.{i}.attn.c_attn"), 3, axis=1)
        mixed = []
        for q, k, v in zip(*(np.split(part, heads, axis=1) for part in (query, key, value)), strict=True):
            scores = np.exp(q @ k.T / np.sqrt(q.shape[1])) * np.tri(len(tokens))
            mixed.append(scores / scores.sum(axis=1, keepdims=True) @ v)
        x = x + conv1d(np.hstack(mixed), f"h.{i}.attn.c_proj")
        y = conv1d(norm(x, f"h.{i}.ln_2"), f"h.{i}.mlp.c_fc")
        y = y * (1 + np.tanh(np.sqrt(2 / np.pi) * (y + 0.044715 * y**3))) / 2
        x = x + conv1d(y, f"h.{i}.mlp.c_proj")
    return norm(x, "ln_f") @ w["wte.weight"].T


def test_logits_are_the_references(tmp_path: Path, rng: np.random.Generator) -> None:
    arrays = published(rng)
    path = write(tmp_path / "model.safetensors", arrays)
    (tmp_path / "config.json").write_text(json.dumps({"n_head": 4, "activation_function": "gelu_new"}))
    for model in (gpt2.from_folder(tmp_path), gpt2.from_folder(path)):
        assert model.config == CONFIG and not model.training
        tokens = rng.integers(0, 30, 13)
        wanted = reference(arrays, 4, tokens)
        np.testing.assert_allclose(model(tokens[None]).data[0], wanted, rtol=1e-3, atol=2e-5)


def test_a_file_alone_with_other_names(tmp_path: Path, rng: np.random.Generator) -> None:
    arrays = published(rng)
    names = {f"transformer.{name}": array for name, array in arrays.items()} | {"lm_head.weight": arrays["wte.weight"]}
    model = gpt2.from_folder(write(tmp_path / "any.safetensors", names), heads=4)
    np.testing.assert_allclose(
        model([[5, 3, 1]]).data[0], reference(arrays, 4, np.array([5, 3, 1])), rtol=1e-3, atol=2e-5
    )


def test_hugging_faces_own_model_agrees(tmp_path: Path, rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    transformers = pytest.importorskip("transformers", reason="compares with Hugging Face's GPT-2")
    theirs = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(vocab_size=30, n_positions=16, n_embd=16, n_layer=2, n_head=4)
    ).eval()
    theirs.save_pretrained(tmp_path)
    tokens = rng.integers(0, 30, (2, 16))
    wanted = theirs(torch.tensor(tokens)).logits.detach().numpy()
    np.testing.assert_allclose(gpt2.from_folder(tmp_path)(tokens).data, wanted, rtol=1e-4, atol=1e-5)


def test_every_wrong_name_and_shape_is_told(tmp_path: Path, rng: np.random.Generator) -> None:
    arrays = published(rng)
    del arrays["h.1.ln_2.bias"], arrays["ln_f.weight"]
    arrays |= {"h.0.attn.c_attn.weight": arrays["h.0.attn.c_attn.weight"].T, "h.0.extra": np.zeros(1)}
    with pytest.raises(CheckpointError) as told:
        gpt2.from_folder(write(tmp_path / "x.safetensors", arrays), heads=4)
    for part in (
        "x.safetensors: ", "missing: transformer.h.1.ln_2.bias [16]", "missing: transformer.ln_f.weight [16]",
        "unknown: transformer.h.0.extra [1]",
        "shape of transformer.h.0.attn.c_attn.weight: [16, 48] given, [48, 16] wanted",
    ):  # fmt: skip
        assert part in str(told.value)


@pytest.mark.parametrize(
    "values, told",
    [
        ({"n_head": 3}, "16 does not divide into 3 heads"),
        ({"n_head": 4, "activation_function": "relu"}, "its activation is 'relu'"),
        ({"n_head": 4, "layer_norm_epsilon": 0.1}, "an epsilon of 0.1"),
    ],
)
def test_configurations_that_do_not_do(
    values: dict[str, Any], told: str, tmp_path: Path, rng: np.random.Generator
) -> None:
    write(tmp_path / "model.safetensors", published(rng))
    (tmp_path / "config.json").write_text(json.dumps(values))
    with pytest.raises(CheckpointError, match=told):
        gpt2.from_folder(tmp_path)


def test_what_is_no_gpt2(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no GPT-2: it has no embeddings"):
        gpt2.from_folder(write(tmp_path / "x.safetensors", {"a": np.zeros(3)}))
    (tmp_path / "x.safetensors").write_bytes((tmp_path / "x.safetensors").read_bytes()[:-1])
    with pytest.raises(CheckpointError, match="cut short"):
        gpt2.from_folder(tmp_path / "x.safetensors")


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("layers", [0, 1, 3])
def test_counts_are_those_of_the_model(layers: int, bias: bool, rng: np.random.Generator) -> None:
    config = Config(vocab_size=23, context=7, layers=layers, heads=2, width=10, bias=bias)
    counts = gpt2.parameter_counts(config)
    assert sum(counts.values()) - counts["unembedding"] == GPT(config, rng=rng).num_parameters()


def test_gpt3_has_as_many_parameters_as_the_lectures_count() -> None:
    counts = gpt2.parameter_counts(gpt2.GPT3)
    matrices = [counts[part] for part in ("embedding", "attention", "mlp", "unembedding")]
    assert matrices == [617_558_016, 57_982_058_496, 115_964_116_992, 617_558_016]
    assert sum(matrices) == 175_181_291_520


def test_gpt2s_sizes_are_the_published_ones() -> None:
    sizes = {124_439_808: (12, 768), 354_823_168: (24, 1024), 774_030_080: (36, 1280), 1_557_611_200: (48, 1600)}
    for wanted, (layers, width) in sizes.items():
        config = Config(vocab_size=50257, context=1024, layers=layers, heads=width // 64, width=width, bias=True)
        counts = gpt2.parameter_counts(config)
        assert sum(counts.values()) - counts["unembedding"] == wanted
