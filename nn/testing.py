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


def _of_tokens(draw: Any, width: int, rng: np.random.Generator, p: float) -> dict[str, tuple[Any, int]]:
    """Layers that look at one token at a time or at all of them: how to make one, and the width that it gives."""
    heads = draw(st.sampled_from([h for h in (1, 2) if width % h == 0]))
    bias, flag, wide = draw(st.booleans()), draw(st.booleans()), draw(st.sampled_from(WIDTHS))
    recurrent = {"bias": bias, "bidirectional": flag, "batch_first": True, "dropout": p, "rng": rng}
    made: dict[str, tuple[Any, int]] = {
        "linear": (lambda: layers.Linear(width, wide, bias=bias, rng=rng), wide),
        "activation": (lambda: draw(st.sampled_from(ACTIVATIONS))(), width),
        "layer_norm": (lambda: layers.LayerNorm(width, bias=bias), width),
        "rms_norm": (lambda: layers.RMSNorm(width), width),
        "attention": (lambda: layers.CausalSelfAttention(width, heads, bias=bias, dropout=p, rng=rng), width),
        "block": (lambda: layers.Block(width, heads, bias=bias, dropout=p, rng=rng), width),
        "mlp": (lambda: layers.FeedForward(width, bias=bias, dropout=p, rng=rng), width),
        "swiglu": (lambda: layers.SwiGLU(width, bias=bias, rng=rng), width),
        "geglu": (lambda: layers.GeGLU(width, bias=bias, rng=rng), width),
        "encoder": (
            lambda: layers.TransformerEncoderLayer(
                width, heads, 2 * width, p, batch_first=True, norm_first=flag, bias=bias, rng=rng
            ),
            width,
        ),
        "learned": (lambda: layers.LearnedPositionalEmbedding(TOKENS, width, rng=rng), width),
        "sinusoidal": (lambda: layers.SinusoidalPositionalEmbedding(width), width),
        "recurrent": (
            lambda: Outputs(
                draw(st.sampled_from(RECURRENT))(width, wide, num_layers=draw(st.integers(1, 2)), **recurrent)
            ),
            wide * (1 + flag),
        ),
    }
    if width % 2 == 0:
        made["rotary"] = (lambda: layers.RotaryEmbedding(width, interleaved=flag), width)
        made["glu"] = (layers.GLU, width // 2)
    if p:
        made["dropout"] = (lambda: layers.Dropout(p, rng=rng), width)
    return made


def _over_width(
    draw: Any, shape: tuple[int, int, int], rng: np.random.Generator, p: float
) -> dict[str, tuple[Any, int]]:
    """Layers for which each token is a channel and `width` a length."""
    batch, tokens, width = shape
    wide, kernel = draw(st.sampled_from(WIDTHS)), draw(st.sampled_from((1, 2, 3)))
    groups = draw(st.sampled_from((1, tokens)))
    made: dict[str, tuple[Any, int]] = {
        "conv": (lambda: layers.Conv1d(tokens, tokens, kernel, padding="same", groups=groups, rng=rng), width),
        "conv_transpose": (lambda: layers.ConvTranspose1d(tokens, tokens, kernel, rng=rng), width + kernel - 1),
        "pool": (lambda: draw(st.sampled_from((layers.MaxPool1d, layers.AvgPool1d)))(3, stride=1, padding=1), width),
        "adaptive": (lambda: draw(st.sampled_from((layers.AdaptiveMaxPool1d, layers.AdaptiveAvgPool1d)))(wide), wide),
        "upsample": (lambda: layers.Upsample(wide, mode=draw(st.sampled_from(("nearest", "linear")))), wide),
        "group_norm": (lambda: layers.GroupNorm(groups, tokens), width),
        "prelu": (lambda: layers.PReLU(tokens), width),
    }
    if batch * width > 1:
        made["batch_norm"] = (lambda: layers.BatchNorm1d(tokens), width)
    if width > 1:
        made["instance_norm"] = (lambda: layers.InstanceNorm1d(tokens, affine=True), width)
    if p:
        made["dropout1d"] = (lambda: layers.Dropout1d(p, rng=rng), width)
    return made


def _layer(draw: Any, shape: tuple[int, int, int], rng: np.random.Generator, dropout: bool) -> tuple[Module, int]:
    """A layer that takes inputs of `shape`, (batch, tokens, width), and how many numbers a token it gives."""
    p = draw(st.sampled_from((0.0, 0.5))) if dropout else 0.0
    kinds = _of_tokens(draw, shape[-1], rng, p) | _over_width(draw, shape, rng, p)
    make, width = kinds[draw(st.sampled_from(list(kinds)))]
    return make(), width


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
