"""Hypothesis strategies of networks: random modules, each with an input that fits it. They need the `[fuzz]` extra."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd.testing import arrays_like
from nn import layers
from nn.module import Module

__all__ = ["Model", "models"]

WIDTHS = (1, 2, 4)
TOKENS = 3
ACTIVATIONS = (
    layers.CELU, layers.ELU, layers.GELU, layers.Hardshrink, layers.Hardsigmoid, layers.Hardswish, layers.Hardtanh,
    layers.LeakyReLU, layers.LogSigmoid, layers.LogSoftmax, layers.Mish, layers.PReLU, layers.ReLU, layers.ReLU6,
    layers.SELU, layers.SiLU, layers.Sigmoid, layers.Softmax, layers.Softmin, layers.Softplus, layers.Softshrink,
    layers.Softsign, layers.Tanh, layers.Tanhshrink,
)  # fmt: skip
RECURRENT = (layers.RNN, layers.GRU, layers.LSTM)


@dataclass(frozen=True)
class Model:
    """A module and an input that it takes.

    Attributes
    ----------
    module : Module
    input : array
        Of shape (batch, tokens, width); or integers, (batch, tokens), where the first layer is an embedding.
    """

    module: Module
    input: Any

    def __repr__(self) -> str:
        return f"{self.module!r} of {self.input!r}"


class Outputs(Module):
    """All hidden states of a recurrent layer, without the last ones apart."""

    def __init__(self, layer: Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Any) -> Any:
        return self.layer(x)[0]


def _over_tokens(draw: Any, shape: tuple[int, int, int], rng: np.random.Generator, p: float) -> tuple[Module, int]:
    """A layer for which each token is a channel and `width` a length, and how long it leaves it."""
    batch, tokens, width = shape
    wide, kernel = draw(st.sampled_from(WIDTHS)), draw(st.sampled_from((1, 2, 3)))
    groups = draw(st.sampled_from((1, tokens)))
    made: dict[str, Any] = {
        "conv": lambda: layers.Conv1d(tokens, tokens, kernel, padding="same", groups=groups, rng=rng),
        "pool": lambda: draw(st.sampled_from((layers.MaxPool1d, layers.AvgPool1d)))(3, stride=1, padding=1),
        "group_norm": lambda: layers.GroupNorm(groups, tokens),
        "prelu": lambda: layers.PReLU(tokens),
        "adaptive": lambda: draw(st.sampled_from((layers.AdaptiveMaxPool1d, layers.AdaptiveAvgPool1d)))(wide),
        "upsample": lambda: layers.Upsample(wide, mode=draw(st.sampled_from(("nearest", "linear")))),
        "conv_transpose": lambda: layers.ConvTranspose1d(tokens, tokens, kernel, rng=rng),
    }
    made |= {"batch_norm": lambda: layers.BatchNorm1d(tokens)} if batch * width > 1 else {}
    made |= {"instance_norm": lambda: layers.InstanceNorm1d(tokens, affine=True)} if width > 1 else {}
    made |= {"dropout": lambda: layers.Dropout1d(p, rng=rng)} if p else {}
    kind = draw(st.sampled_from(list(made)))
    lengths = {"adaptive": wide, "upsample": wide, "conv_transpose": width + kernel - 1}
    return made[kind](), lengths.get(kind, width)


def _layer(draw: Any, shape: tuple[int, int, int], rng: np.random.Generator, dropout: bool) -> tuple[Module, int]:
    """A layer that takes inputs of `shape`, (batch, tokens, width), and how many numbers a token it gives."""
    width = shape[-1]
    kinds = ["linear", "activation", "layer_norm", "rms_norm", "attention", "block", "mlp", "swiglu", "geglu"]
    kinds += (
        ["encoder", "learned", "sinusoidal", "recurrent"] + ["over tokens"] * 3 + ["rotary", "glu"] * (width % 2 == 0)
    )
    kind = draw(st.sampled_from(kinds + ["dropout"] * dropout))
    heads = draw(st.sampled_from([h for h in (1, 2) if width % h == 0]))
    bias, flag = draw(st.booleans()), draw(st.booleans())
    p = draw(st.sampled_from((0.0, 0.5))) if dropout else 0.0
    if kind == "linear":
        wide = draw(st.sampled_from(WIDTHS))
        return layers.Linear(width, wide, bias=bias, rng=rng), wide
    if kind == "activation":
        return draw(st.sampled_from(ACTIVATIONS))(), width
    if kind == "glu":
        return layers.GLU(), width // 2
    if kind == "recurrent":
        wide, layer = draw(st.sampled_from(WIDTHS)), draw(st.sampled_from(RECURRENT))
        options = {"bias": bias, "bidirectional": flag, "batch_first": True, "dropout": p, "rng": rng}
        return Outputs(layer(width, wide, num_layers=draw(st.integers(1, 2)), **options)), wide * (1 + flag)
    if kind == "over tokens":
        return _over_tokens(draw, shape, rng, p)
    made: dict[str, Any] = {
        "layer_norm": lambda: layers.LayerNorm(width, bias=bias),
        "rms_norm": lambda: layers.RMSNorm(width),
        "attention": lambda: layers.CausalSelfAttention(width, heads, bias=bias, dropout=p, rng=rng),
        "block": lambda: layers.Block(width, heads, bias=bias, dropout=p, rng=rng),
        "mlp": lambda: layers.FeedForward(width, bias=bias, dropout=p, rng=rng),
        "dropout": lambda: layers.Dropout(p, rng=rng),
        "swiglu": lambda: layers.SwiGLU(width, bias=bias, rng=rng),
        "geglu": lambda: layers.GeGLU(width, bias=bias, rng=rng),
        "encoder": lambda: layers.TransformerEncoderLayer(
            width, heads, 2 * width, p, batch_first=True, norm_first=flag, bias=bias, rng=rng
        ),
        "learned": lambda: layers.LearnedPositionalEmbedding(TOKENS, width, rng=rng),
        "sinusoidal": lambda: layers.SinusoidalPositionalEmbedding(width),
        "rotary": lambda: layers.RotaryEmbedding(width, interleaved=flag),
    }
    return made[kind](), width


def models(
    depth: int = 4, *, embedding: bool | None = None, dropout: bool = False, dtype: Any = np.float32
) -> st.SearchStrategy[Model]:
    """Networks of up to `depth` layers: linear, spatial and recurrent ones, activations, norms, attention, blocks.

    Parameters
    ----------
    depth : int
        The most layers, the embedding not counted.
    embedding : bool, optional
        Whether the first layer is one, so that the input holds numbers of words; by default both.
    dropout : bool
        Whether some layers drop out, which makes a call in training mode random.
    dtype : dtype
        Of the parameters and of the input.

    Examples
    --------
    >>> from hypothesis import find
    >>> from nn.testing import models
    >>> found = find(models(embedding=False), lambda m: m.module(m.input).size > 1)
    >>> found.input.ndim
    3
    """

    @st.composite
    def draw_one(draw: Any) -> Model:
        rng = np.random.default_rng(draw(st.integers(0, 2**16)))
        width = draw(st.sampled_from(WIDTHS))
        stack: list[Module] = []
        shape = (draw(st.integers(1, 2)), draw(st.integers(1, TOKENS)))
        if draw(st.booleans()) if embedding is None else embedding:
            words = draw(st.integers(2, 5))
            stack.append(layers.Embedding(words, width, rng=rng, sparse=draw(st.booleans())))
            given = draw(arrays_like(shape, dtype=np.int64, low=0, high=words - 1))
        else:
            given = draw(arrays_like((*shape, width), dtype=dtype))
        for _ in range(draw(st.integers(0 if stack else 1, depth))):
            layer, width = _layer(draw, (*shape, width), rng, dropout)
            stack.append(layer)
        module = layers.Sequential(*stack)
        for parameter in module.parameters():
            parameter.data = parameter.data.astype(dtype)
        return Model(module, given)

    return draw_one()
