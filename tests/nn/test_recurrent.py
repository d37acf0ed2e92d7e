"""Recurrent layers, written out a step at a time; dropout between layers; what they refuse."""

import numpy as np
import pytest

import nn
from autograd import Tensor
from autograd.testing import check_grads

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def by_hand(name, layer, x):
    """One layer, one example, one step and one gate at a time."""
    p = {k.removesuffix("_l0"): v for k, v in layer.state_dict().items()}
    size, time, batch = layer.hidden_size, *x.shape[:2]
    out = np.zeros((time, batch, size))
    for b in range(batch):
        h, c = np.zeros(size), np.zeros(size)
        for t in range(time):
            xs = np.split(p["weight_ih"] @ x[t, b] + p["bias_ih"], GATES[name])
            hs = np.split(p["weight_hh"] @ h + p["bias_hh"], GATES[name])
            if name == "RNN":
                h = np.tanh(xs[0] + hs[0])
            elif name == "GRU":
                r, z = sigmoid(xs[0] + hs[0]), sigmoid(xs[1] + hs[1])
                h = (1 - z) * np.tanh(xs[2] + r * hs[2]) + z * h
            else:
                i, f, g, o = (a + d for a, d in zip(xs, hs, strict=True))
                c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
                h = sigmoid(o) * np.tanh(c)
            out[t, b] = h
    return out


@pytest.mark.parametrize("name", GATES)
def test_one_step_after_the_other(name, rng):
    layer = getattr(nn, name)(3, 4, rng=rng).astype(float)
    for p in layer.parameters():
        p.data = rng.normal(size=p.shape)
    x = rng.normal(size=(6, 2, 3))
    output, last = layer(Tensor(x))
    expected = by_hand(name, layer, x)
    np.testing.assert_allclose(output.data, expected, rtol=1e-12, atol=1e-14)
    hidden = last[0] if name == "LSTM" else last
    np.testing.assert_allclose(hidden.data[0], expected[-1], rtol=1e-12, atol=1e-14)
    check_grads(lambda a: layer(a)[0], (x[:3],))


@pytest.mark.parametrize("name", GATES)
def test_a_cell_is_one_step(name, rng):
    layer, cell = getattr(nn, name)(3, 4, rng=rng), getattr(nn, f"{name}Cell")(3, 4, rng=rng)
    cell.load_state_dict({k.removesuffix("_l0"): v for k, v in layer.state_dict().items()})
    x = rng.normal(size=(5, 2, 3)).astype(np.float32)
    state = None
    for step in x:
        state = cell(step, state)
    hidden = state[0] if name == "LSTM" else state
    np.testing.assert_allclose(hidden.data, layer(x)[0].data[-1], rtol=1e-6, atol=1e-7)


def test_dropout_acts_between_layers_in_training_alone(rng):
    x = rng.normal(size=(4, 50, 3)).astype(np.float32)
    layer = nn.GRU(3, 4, num_layers=2, dropout=1.0, rng=rng)
    nothing = nn.GRU(4, 4, rng=rng)
    nothing.load_state_dict({k.replace("_l1", "_l0"): v for k, v in layer.state_dict().items() if "_l1" in k})
    silent = nothing(np.zeros((4, 50, 4), np.float32))[0].data
    np.testing.assert_allclose(layer(x)[0].data, silent, atol=1e-6)  # the second layer sees zeros
    assert abs(layer.eval()(x)[0].data - silent).max() > 0.01
    single = nn.GRU(3, 4, dropout=0.9, rng=rng)
    assert np.array_equal(single(x)[0].data, single.eval()(x)[0].data)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nn.RNN(3, 4, nonlinearity="sin"), "'tanh' or 'relu', not 'sin'"),
        (lambda: nn.GRU(3, 4, num_layers=0), "num_layers must be at least 1, not 0"),
        (lambda: nn.LSTM(3, 4, proj_size=4), "proj_size must be at least 0 and below hidden_size, not 4"),
        (lambda: nn.LSTM(3, 4, dropout=2.0), "p must lie between 0 and 1"),
        (lambda: nn.GRU(3, 4)(np.zeros((5, 2, 4))), r"GRU: input of shape \(5, 2, 4\), wanted \(time, N, 3\)"),
        (lambda: nn.GRU(3, 4, batch_first=True)(np.zeros((0, 5, 3))), r"\(0, 5, 3\), wanted \(N, time, 3\)"),
        (lambda: nn.GRU(3, 4)(np.zeros((5, 2, 3)), np.zeros((1, 2, 3))), r"states of shapes \[\(1, 2, 3\)\], wanted"),
        (lambda: nn.LSTMCell(3, 4)(np.zeros((2, 4))), r"LSTMCell: input of shape \(2, 4\), wanted \(N, 3\) or \(3,\)"),
        (lambda: nn.RNNCell(3, 4)(np.zeros((2, 3)), np.zeros(4)), r"state of shapes \[\(4,\)\], wanted \[\(2, 4\)\]"),
    ],
)
def test_what_recurrent_layers_refuse(call, words):
    with pytest.raises(ValueError, match=words):
        call()
