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
ACTIVATIONS = (layers.ReLU, layers.GELU, layers.Sigmoid, layers.Tanh)


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


def _layer(draw: Any, width: int, rng: np.random.Generator, dropout: bool) -> tuple[Module, int]:
    """A layer that takes `width` numbers a token, and how many it gives."""
    kinds = ["linear", "activation", "layer_norm", "rms_norm", "attention", "block", "mlp", "swiglu", "geglu"]
    kinds += ["encoder", "learned", "sinusoidal"] + ["rotary"] * (width % 2 == 0)
    kind = draw(st.sampled_from(kinds + ["dropout"] * dropout))
    heads = draw(st.sampled_from([h for h in (1, 2) if width % h == 0]))
    bias, flag = draw(st.booleans()), draw(st.booleans())
    p = draw(st.sampled_from((0.0, 0.5))) if dropout else 0.0
    if kind == "linear":
        wide = draw(st.sampled_from(WIDTHS))
        return layers.Linear(width, wide, bias=bias, rng=rng), wide
    if kind == "activation":
        return draw(st.sampled_from(ACTIVATIONS))(), width
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
    """Networks of up to `depth` layers: linear, activations, norms, positions, attention, blocks; with their input.

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
            layer, width = _layer(draw, width, rng, dropout)
            stack.append(layer)
        module = layers.Sequential(*stack)
        for parameter in module.parameters():
            parameter.data = parameter.data.astype(dtype)
        return Model(module, given)

    return draw_one()
