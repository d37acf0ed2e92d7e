"""Llama in plain NumPy, straight from a GGUF file's bytes: what the model of the package is compared with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
LAYER = (
    "attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm", "ffn_gate", "ffn_up", "ffn_down",
)  # fmt: skip


class Reference:
    """Llama in float64, straight from the file's bytes: its own dequantisation, llama.cpp's order of rows, and the
    turned pairs side by side, as that order has them."""

    def __init__(self, path: Path) -> None:
        reader = gguf.GGUFReader(path)
        self.raw = {tensor.name: tensor for tensor in reader.tensors}
        value = {key: field.contents() for key, field in reader.fields.items() if key.startswith("llama.")}
        self.layers, self.heads = value["llama.block_count"], value["llama.attention.head_count"]
        self.kv_heads, self.base = value["llama.attention.head_count_kv"], value["llama.rope.freq_base"]
        self.eps = value["llama.attention.layer_norm_rms_epsilon"]

    def tensor(self, name: str) -> Array:
        data, kind = np.ascontiguousarray(self.raw[name].data), self.raw[name].tensor_type.name
        if kind == "F32":
            return data.view("<f4").astype(np.float64)
        rows = data.view(np.uint8).reshape(len(data), -1)
        if kind == "Q8_0":  # blocks of 32: a scale, then 32 signed bytes
            blocks = rows.reshape(len(rows), -1, 34)
            scale = np.ascontiguousarray(blocks[..., :2]).view("<f2").astype(np.float64)
            return (scale * np.ascontiguousarray(blocks[..., 2:]).view(np.int8)).reshape(len(rows), -1)
        assert kind == "Q4_1"  # blocks of 32: a scale, a least value, then 16 bytes of two numbers, low halves first
        blocks = rows.reshape(len(rows), -1, 20)
        scale, least = (np.ascontiguousarray(blocks[..., i : i + 2]).view("<f2").astype(np.float64) for i in (0, 2))
        numbers = np.concatenate([blocks[..., 4:] & 15, blocks[..., 4:] >> 4], axis=-1)
        return (scale * numbers + least).reshape(len(rows), -1)

    def last_probabilities(self, prompts: list[list[int]]) -> list[Array]:
        """The distribution of the token after each prompt; layer by layer, so that one layer is in memory."""
        embedding = self.tensor("token_embd.weight")
        states = [embedding[tokens] for tokens in prompts]
        for i in range(self.layers):
            w = {name: self.tensor(f"blk.{i}.{name}.weight") for name in LAYER}
            states = [self.layer(x, w) for x in states]
        last = [self.norm(x[-1], self.tensor("output_norm.weight")) @ embedding.T for x in states]
        return [np.exp(z - z.max()) / np.exp(z - z.max()).sum() for z in last]

    def norm(self, x: Array, weight: Array) -> Array:
        return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + self.eps) * weight

    def layer(self, x: Array, w: dict[str, Array]) -> Array:
        y = self.norm(x, w["attn_norm"])
        tokens, head = len(x), x.shape[1] // self.heads
        query, key, value = (y @ w[f"attn_{name}"].T for name in "qkv")
        mixed = np.empty_like(x)
        for h in range(self.heads):
            own, shared = h, h * self.kv_heads // self.heads
            q = self.turned(query[:, own * head : (own + 1) * head])
            k = self.turned(key[:, shared * head : (shared + 1) * head])
            scores = np.where(np.tri(tokens, dtype=bool), q @ k.T / np.sqrt(head), -np.inf)
            pattern = np.exp(scores - scores.max(axis=1, keepdims=True))
            pattern /= pattern.sum(axis=1, keepdims=True)
            mixed[:, own * head : (own + 1) * head] = pattern @ value[:, shared * head : (shared + 1) * head]
        x = x + mixed @ w["attn_output"].T
        y = self.norm(x, w["ffn_norm"])
        gate = y @ w["ffn_gate"].T
        return x + (gate / (1 + np.exp(-gate)) * (y @ w["ffn_up"].T)) @ w["ffn_down"].T

    def turned(self, x: Array) -> Array:
        """Each pair of neighbours as a complex number, turned by its position."""
        pairs = x[:, ::2] + 1j * x[:, 1::2]
        speed = self.base ** (-np.arange(pairs.shape[1]) * 2 / x.shape[1])
        pairs = pairs * np.exp(1j * np.arange(len(x))[:, None] * speed)
        return np.stack([pairs.real, pairs.imag], axis=-1).reshape(x.shape)
