"""Small files in the formats of published models, written with the formats' own libraries."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
from numpy.typing import NDArray

from nn.models.llama import Llama, LlamaConfig

TEMPLATE = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
MERGES = ["\u0120 t", "h e", "\u0120t he"]  # a space is written as \u0120


def config(**changes: Any) -> LlamaConfig:
    """Of a Llama with 262 tokens: three control tokens, the bytes, three merges."""
    shape = {
        "vocab_size": 262,
        "context": 64,
        "layers": 2,
        "heads": 4,
        "kv_heads": 2,
        "width": 32,
        "hidden": 64,
        "eps": 2.0**-17,
    }
    return LlamaConfig(**{**shape, **changes})


def vocabulary() -> list[str]:
    """Tokens of the tiny tokenizer, as a GGUF file spells them."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    unseen = [byte for byte in range(256) if byte not in visible]
    letters = {byte: chr(byte) for byte in visible} | {byte: chr(256 + i) for i, byte in enumerate(unseen)}
    return [*SPECIAL, *(letters[i] for i in range(256)), *(merge.replace(" ", "") for merge in MERGES)]


GGUF_NAMES = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}  # fmt: skip


def gguf_tensors(model: Llama) -> dict[str, NDArray[Any]]:
    """A model's arrays as llama.cpp's converter names and orders them."""
    arrays = {}
    for name, array in model.state_dict().items():
        if name.startswith("model.layers."):
            _, _, layer, rest = name.split(".", 3)
            part = rest.removesuffix(".weight")
            heads = {"self_attn.q_proj": model.config.heads, "self_attn.k_proj": model.config.kv_heads}.get(part)
            if heads:
                half = array.shape[0] // heads // 2
                rows = [h * 2 * half + i + j * half for h in range(heads) for i in range(half) for j in (0, 1)]
                array = array[rows]
            arrays[f"blk.{layer}.{GGUF_NAMES[part]}.weight"] = array
        elif name != "lm_head.weight" or not model.config.tied:
            top = {"model.embed_tokens.weight": "token_embd", "model.norm.weight": "output_norm"}
            arrays[f"{top.get(name, 'output')}.weight"] = array
    return arrays


def write_gguf(
    path: Path,
    model: Llama,
    kind: str = "F32",
    tensors: Mapping[str, NDArray[Any]] | None = None,
    **changes: Any,
) -> Path:
    """Write a Llama and the tiny tokenizer; matrices are of type `kind`; `changes` replace or (None) drop metadata."""
    c = model.config
    tokens = vocabulary()
    metadata = {
        "llama.context_length": c.context,
        "llama.embedding_length": c.width,
        "llama.block_count": c.layers,
        "llama.feed_forward_length": c.hidden,
        "llama.attention.head_count": c.heads,
        "llama.attention.head_count_kv": c.kv_heads,
        "llama.attention.layer_norm_rms_epsilon": float(c.eps),
        "llama.rope.freq_base": float(c.base),
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "smollm",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [3] * 3 + [1] * (len(tokens) - 3),
        "tokenizer.ggml.merges": MERGES,
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.chat_template": TEMPLATE,
        **{key.replace("__", "."): value for key, value in changes.items()},
    }
    writer = gguf.GGUFWriter(path, changes.pop("architecture", "llama"))
    for key, value in metadata.items():
        if value is None or key == "architecture":
            continue
        if isinstance(value, list):
            writer.add_array(key, value)
        elif isinstance(value, str):
            writer.add_string(key, value)
        elif isinstance(value, float):
            writer.add_float32(key, value)
        else:
            writer.add_uint32(key, value)
    for name, array in (gguf_tensors(model) if tensors is None else tensors).items():
        wanted = gguf.GGMLQuantizationType["F32" if array.ndim == 1 else kind]
        writer.add_tensor(name, gguf.quantize(array, wanted), raw_dtype=wanted)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
