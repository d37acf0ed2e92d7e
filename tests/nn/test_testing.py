"""Random networks: they run, and their gradients are right."""

from __future__ import annotations

import hypothesis
import numpy as np
from hypothesis import strategies as st

from autograd import Tensor, gradients
from autograd.testing import slope
from nn.layers import (
    GLU,
    GRU,
    LSTM,
    BatchNorm1d,
    Block,
    CausalSelfAttention,
    Conv1d,
    ConvTranspose1d,
    Dropout,
    Embedding,
    FeedForward,
    GeGLU,
    GroupNorm,
    InstanceNorm1d,
    LayerNorm,
    LearnedPositionalEmbedding,
    Linear,
    RMSNorm,
    RotaryEmbedding,
    SinusoidalPositionalEmbedding,
    SwiGLU,
    TransformerEncoderLayer,
    Upsample,
)
from nn.testing import ACTIVATIONS, models


@hypothesis.settings(max_examples=20)
@hypothesis.given(models(3))
def test_networks_run_and_every_parameter_gets_its_gradient(model):
    with np.errstate(all="ignore"):
        floats = model.input.dtype.kind == "f"
        x = Tensor(model.input, requires_grad=True) if floats else model.input
        out = model.module(x)
        assert out.dtype == np.float32 and out.shape[:2] == model.input.shape[:2]
        out.sum().backward()
    assert not floats or x.grad.shape == x.shape
    for name, parameter in model.module.named_parameters():
        assert parameter.grad is not None and parameter.grad.shape == parameter.shape, name


@hypothesis.settings(max_examples=15)
@hypothesis.given(models(2, embedding=False, dtype=np.float64), st.integers(0, 3))
def test_gradients_by_parameters_are_those_of_differences(model, seed):
    rng = np.random.default_rng(seed)
    x = np.asarray(model.input) * 0 + rng.uniform(0.3, 1.0, model.input.shape).round(2)  # no kinks, no huge numbers
    given = list(model.module.parameters())
    steps = [0.01 * rng.choice([-1.0, 0.5, 1.0], p.shape) for p in given]
    before = [p.data.copy() for p in given]
    out = model.module(Tensor(x, requires_grad=True))
    if not given:
        return
    found = gradients(out.sum(), given)
    product = sum(np.sum(g.data * s) for g, s in zip(found, steps, strict=True) if g is not None)

    def moved(t):
        for p, a, s in zip(given, before, steps, strict=True):
            p.data = a + t * s
        return np.asarray(model.module(x).data.sum())

    expected = slope(moved)
    hypothesis.assume(expected.error < 1e-3 * (1e-3 + abs(expected.value)))  # a kink was near
    assert abs(product - expected.value) <= 30 * expected.error + 1e-8 * (1 + abs(expected.value))


def test_every_kind_of_layer_is_drawn():
    seen = set()

    @hypothesis.settings(max_examples=250, phases=[hypothesis.Phase.generate])
    @hypothesis.given(models(dropout=True))
    def run(model):
        seen.update(type(layer) for layer in model.module.modules())
        assert (model.input.dtype.kind == "i") == isinstance(next(iter(model.module)), Embedding)

    run()
    assert {Embedding, Block, Dropout, LayerNorm, RMSNorm, CausalSelfAttention, FeedForward, Linear} <= seen
    assert len({BatchNorm1d, Conv1d, ConvTranspose1d, GroupNorm, InstanceNorm1d, Upsample} & seen) > 4
    assert {GLU, GRU, LSTM} <= seen
    assert len(seen & set(ACTIVATIONS)) > 5
    assert {GeGLU, SwiGLU, TransformerEncoderLayer, RotaryEmbedding} <= seen
    assert {LearnedPositionalEmbedding, SinusoidalPositionalEmbedding} <= seen
