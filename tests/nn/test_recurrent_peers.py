"""Recurrent layers agree with PyTorch's: values, last states, gradients, defaults and state dicts."""

import numpy as np
import pytest

import nn
from autograd import Tensor

torch = pytest.importorskip("torch", reason="PyTorch is the peer")

TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
KINDS = [("RNN", {}), ("RNN", {"nonlinearity": "relu"}), ("GRU", {}), ("LSTM", {}), ("LSTM", {"proj_size": 2})]
OPTIONS = [
    {},
    {"num_layers": 3, "bias": False},
    {"bidirectional": True, "batch_first": True},
    {"num_layers": 2, "bidirectional": True},
]


def twins(name, dtype, *args, **options):
    theirs = getattr(torch.nn, name)(*args, **options).to(getattr(torch, dtype))
    ours = getattr(nn, name)(*args, **options, rng=np.random.default_rng(0)).astype(dtype)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def leaves(arrays):
    return [Tensor(a, requires_grad=True) for a in arrays], [torch.tensor(a, requires_grad=True) for a in arrays]


def flat(result):
    return [leaf for part in result for leaf in flat(part)] if isinstance(result, tuple) else [result]


def agree(ours, theirs, x, states, dtype, rng):
    """Values and all gradients, by the input and the first states too."""
    xs, ts = leaves([x])
    ss, us = leaves(states)
    call = [tuple(v) if len(v) == 2 else v[0] for v in (ss, us)] if states else [None, None]
    mine, peer = flat(ours(xs[0], call[0])), flat(theirs(ts[0], call[1]))
    assert [m.shape for m in mine] == [tuple(p.shape) for p in peer]
    weights = [rng.normal(size=m.shape).astype(dtype) for m in mine]
    sum((m * Tensor(w)).sum() for m, w in zip(mine, weights, strict=True)).backward()
    sum((p * torch.tensor(w)).sum() for p, w in zip(peer, weights, strict=True)).backward()
    pairs = list(zip(mine, peer, strict=True)) + [(a.grad, b.grad) for a, b in zip(xs + ss, ts + us, strict=True)]
    pairs += [(p.grad, q.grad) for p, q in zip(ours.parameters(), theirs.parameters(), strict=True)]
    for a, b in pairs:
        assert a.dtype == dtype
        scale = max(1.0, float(b.detach().abs().max()))
        np.testing.assert_allclose(a.data, b.detach().numpy(), rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * scale)


@pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")  # PyTorch's, of its own speed
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_recurrent_networks_are_pytorchs(name, kind, options, dtype, rng):
    for lead in ((5, 2), (5,), (1, 3)):
        ours, theirs = twins(name, dtype, 4, 3, **kind, **options)
        x = rng.normal(size=(*lead, 4)).astype(dtype)
        agree(ours, theirs, x, [], dtype, rng)
        count = options.get("num_layers", 1) * (1 + options.get("bidirectional", False))
        batch = () if len(lead) == 1 else (lead[0 if options.get("batch_first") else 1],)
        widths = [kind.get("proj_size", 3), 3] if name == "LSTM" else [3]
        states = [rng.normal(size=(count, *batch, width)).astype(dtype) for width in widths]
        ours.zero_grad(), theirs.zero_grad()
        agree(ours, theirs, x, states, dtype, rng)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    ("name", "kind"), [("RNNCell", {}), ("RNNCell", {"nonlinearity": "relu"}), ("GRUCell", {}), ("LSTMCell", {})]
)
def test_cells_are_pytorchs(name, kind, bias, dtype, rng):
    for batch in ((2,), ()):
        ours, theirs = twins(name, dtype, 4, 3, bias=bias, **kind)
        x = rng.normal(size=(*batch, 4)).astype(dtype)
        agree(ours, theirs, x, [], dtype, rng)
        ours.zero_grad(), theirs.zero_grad()
        states = [rng.normal(size=(*batch, 3)).astype(dtype) for _ in range(1 + (name == "LSTMCell"))]
        agree(ours, theirs, x, states, dtype, rng)


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
def test_new_weights_are_spread_as_pytorchs(name):
    ours, theirs = getattr(nn, name)(8, 25), getattr(torch.nn, name)(8, 25)
    for mine, peer in zip(ours.parameters(), theirs.parameters(), strict=True):
        for values in (mine.data, peer.detach().numpy()):
            assert 0.1 < abs(values).max() <= 0.2 + 1e-7
