"""LoRA: only the adapters learn, merging changes nothing but the cost, and their file is small."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from autograd import no_grad
from nn import Linear, Sequential, lora
from nn.checkpoint import read, write
from nn.errors import CheckpointError
from nn.models import GPT, Config
from nn.models.llama import Llama, LlamaConfig
from nn.optim import AdamW

TOKENS = np.array([[7, 1, 4, 1, 5, 9, 2, 6]])


@pytest.fixture
def model(rng: np.random.Generator) -> Llama:
    return Llama(LlamaConfig(vocab_size=12, context=32, layers=2, heads=2, kv_heads=1, width=16, hidden=24), rng=rng)


def logits(model: Llama) -> np.ndarray:
    with no_grad():
        return np.array(model(TOKENS).data)


def taught(model: Llama, rng: np.random.Generator) -> Llama:
    """With adapters that say something."""
    lora.add(model, rank=3, alpha=6, rng=rng)
    for name, parameter in model.named_parameters():
        if name.endswith("lora_B"):
            parameter.data = rng.normal(0, 0.5, parameter.shape).astype(np.float32)
    return model


def test_at_first_nothing_changes(model: Llama, rng: np.random.Generator) -> None:
    before = logits(model)
    names = lora.add(model, rank=2, rng=rng)
    assert names == [f"model.layers.{i}.self_attn.{part}_proj" for i in (0, 1) for part in "qv"]
    np.testing.assert_array_equal(logits(model), before)


def test_the_change_is_the_formula(model: Llama, rng: np.random.Generator) -> None:
    layer = taught(model, rng).model.layers[0].self_attn.q_proj
    x = rng.normal(size=(5, 16)).astype(np.float32)
    a, b, w = (p.data.astype(np.float64) for p in (layer.lora_A, layer.lora_B, layer.weight))
    np.testing.assert_allclose(layer(x).data, x @ (w + 6 / 3 * (b @ a)).T, rtol=1e-5, atol=1e-5)


def test_only_the_adapters_learn(model: Llama, rng: np.random.Generator) -> None:
    embedding = model.model.embed_tokens.weight  # as long as a trained one: logits can then be large
    embedding.data = embedding.data * 30
    before = model.state_dict()
    lora.add(model, rank=4, targets=["*_proj"], rng=rng)
    learned = [name for name, p in model.named_parameters() if p.requires_grad]
    assert len(learned) == 2 * 7 * 2 and all(".lora_" in name for name in learned)
    optimizer = AdamW([p for p in model.parameters() if p.requires_grad], lr=0.05)
    losses = []
    for _ in range(60):
        loss = model.loss(TOKENS[:, :-1], TOKENS[:, 1:])
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[-1] < 0.5 * losses[0]
    after = model.state_dict()
    for name, array in before.items():
        np.testing.assert_array_equal(after[name], array, err_msg=name)
    assert all(p.grad is None for p in model.parameters() if not p.requires_grad)


def test_merging_and_back(model: Llama, rng: np.random.Generator) -> None:
    before = taught(model, rng).state_dict()
    apart = logits(model)
    lora.merge(model)
    lora.merge(model)  # a second time changes nothing
    layer = model.model.layers[1].self_attn.v_proj
    assert layer.merged
    np.testing.assert_allclose(logits(model), apart, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(layer(np.eye(16, dtype=np.float32)).data, layer.weight.data.T)
    lora.unmerge(model)
    lora.unmerge(model)
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name], err_msg=name)
    np.testing.assert_array_equal(logits(model), apart)


def test_taking_them_away(model: Llama, rng: np.random.Generator) -> None:
    before, state, text = logits(model), model.state_dict(), repr(model)
    taught(model, rng)
    assert np.abs(logits(model) - before).max() > 1e-3
    lora.remove(model)
    np.testing.assert_array_equal(logits(model), before)
    assert list(model.state_dict()) == list(state) and repr(model) == text
    assert all(p.requires_grad for p in model.parameters())


def test_merged_for_good(model: Llama, rng: np.random.Generator) -> None:
    apart = logits(taught(model, rng))
    lora.merge(model)
    lora.remove(model)
    np.testing.assert_allclose(logits(model), apart, rtol=1e-4, atol=1e-5)


def test_a_file_of_adapters_alone(model: Llama, tmp_path: Path, rng: np.random.Generator) -> None:
    plain = Llama(model.config, rng=rng)
    plain.load_state_dict(model.state_dict())
    path = lora.save(tmp_path / "adapters.safetensors", taught(model, rng))
    assert list(read(path).arrays) == list(lora.state_dict(model)) and len(lora.state_dict(model)) == 8
    assert sum(array.size for array in read(path).arrays.values()) == 2 * 3 * (16 + 16 + 16 + 8)
    for _ in range(2):  # onto a model without adapters, then onto one with some
        assert len(lora.load(path, plain)) == 4
        np.testing.assert_array_equal(logits(plain), logits(model))
    assert all(p.requires_grad == (".lora_" in name) for name, p in plain.named_parameters())


def test_files_that_do_not_do(model: Llama, tmp_path: Path, rng: np.random.Generator) -> None:
    path = lora.save(tmp_path / "adapters.safetensors", taught(model, rng))
    other = Llama(LlamaConfig(vocab_size=12, layers=1, heads=2, kv_heads=1, width=16, hidden=24), rng=rng)
    before = other.state_dict()
    with pytest.raises(CheckpointError, match=r"no linear layer called model\.layers\.1\.self_attn\.q_proj, model"):
        lora.load(path, other)
    file = read(path)
    arrays = dict(file.arrays)
    del arrays["model.layers.0.self_attn.q_proj.lora_A"]
    arrays |= {"extra": np.zeros(2), "model.layers.1.self_attn.q_proj.lora_A": np.zeros((3, 9))}
    write(path, arrays, file.metadata)
    with pytest.raises(CheckpointError) as told:
        lora.load(path, model)
    for part in (
        "missing: model.layers.0.self_attn.q_proj.lora_A [3, 16]", "unknown: extra [2]",
        "shape of model.layers.1.self_attn.q_proj.lora_A: [3, 9] given, [3, 16] wanted",
    ):  # fmt: skip
        assert part in str(told.value)
    with pytest.raises(CheckpointError, match=r"not one that nn\.lora\.save wrote"):
        lora.load(write(tmp_path / "x.safetensors", before), other)
    write(path, arrays, {**file.metadata, "layers": '{"model.layers.0.self_attn.q_proj": [99, 1]}'})
    with pytest.raises(CheckpointError, match="rank from 1 to 16, got 99"):
        lora.load(path, other)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match="cut short"):
        lora.load(path, other)
    assert list(other.state_dict()) == list(before) and all(p.requires_grad for p in other.parameters())


def test_targets_that_do_not_do(model: Llama, rng: np.random.Generator) -> None:
    with pytest.raises(ValueError, match=r"no linear layer is called \*c_attn; there are down_proj, gate_proj"):
        lora.add(model, targets=["*q_proj", "*c_attn"])
    with pytest.raises(ValueError, match="is called nothing"):
        lora.add(model, targets=[])
    with pytest.raises(ValueError, match="rank from 1 to 16, got 0"):
        lora.add(model, rank=0)
    tied = GPT(Config(vocab_size=9, layers=1, heads=2, width=8), rng=rng)
    with pytest.raises(ValueError, match=r"transformer\.wte\.weight and lm_head\.weight are one \(tied\) weight"):
        lora.add(tied, rank=2, targets=["lm_head"])
    with pytest.raises(ValueError, match="the model is a linear layer itself"):
        lora.add(Linear(3, 3, rng=rng), rank=1, targets=["*"])
    assert all(p.requires_grad for p in model.parameters())
    lora.add(model, rank=2)
    with pytest.raises(ValueError, match="has adapters already"):
        lora.add(model)
    with pytest.raises(ValueError, match="has no adapters"):
        lora.merge(tied)


def test_layers_in_a_sequence_and_with_a_bias(rng: np.random.Generator) -> None:
    model = Sequential(Linear(4, 6, rng=rng), Linear(6, 3, rng=rng)).astype(np.float64)
    x = rng.normal(size=(2, 4))
    before = model(x).data
    assert lora.add(model, rank=2, targets=["1"], rng=rng) == ["1"]
    np.testing.assert_array_equal(model(x).data, before)
    assert list(model.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias", "1.lora_A", "1.lora_B"]
    assert model[1].lora_A.dtype == np.float64
