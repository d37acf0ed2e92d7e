"""SwiGLU and GeGLU: the formula, the names, the peer."""

import numpy as np
import pytest

import nn
from autograd import Tensor

TOLERANCE = {"float32": 1e-5, "float64": 1e-10}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_swiglu_is_its_formula(rng):
    layer = nn.SwiGLU(6, 4, bias=True, rng=rng).astype(np.float64)
    x = rng.normal(size=(2, 3, 6))
    w = layer.state_dict()
    gate = x @ w["gate_proj.weight"].T + w["gate_proj.bias"]
    up = x @ w["up_proj.weight"].T + w["up_proj.bias"]
    expected = (gate * sigmoid(gate) * up) @ w["down_proj.weight"].T + w["down_proj.bias"]
    np.testing.assert_allclose(layer(x).data, expected, rtol=1e-12, atol=1e-12)


def test_activations_are_heard_by_name(rng):
    layer = nn.SwiGLU(6, 4, rng=rng).astype(np.float64)
    y, cache = nn.run_with_cache(layer, rng.normal(size=(2, 6)))
    gate, up, post = (cache[f"hook_{name}"].data for name in ("pre", "pre_linear", "post"))
    np.testing.assert_allclose(post, gate * sigmoid(gate) * up, rtol=1e-12)
    np.testing.assert_allclose(y.data, post @ layer.down_proj.weight.data.T, rtol=1e-12)


def test_names_are_llamas():
    shapes = {name: list(p.shape) for name, p in nn.SwiGLU(6, 4).named_parameters()}
    assert shapes == {"gate_proj.weight": [4, 6], "up_proj.weight": [4, 6], "down_proj.weight": [6, 4]}


def test_a_new_one_has_as_many_numbers_as_a_feed_forward():
    assert nn.SwiGLU(96).num_parameters() == nn.FeedForward(96, bias=False).num_parameters()


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(("kind", "options"), [("SwiGLU", {}), ("GeGLU", {}), ("GeGLU", {"approximate": "none"})])
def test_values_and_gradients_are_pytorchs(kind, options, dtype, rng):
    torch = pytest.importorskip("torch", reason="PyTorch is the peer")
    layer = getattr(nn, kind)(6, 5, rng=rng, **options).astype(dtype)
    w = {name: torch.tensor(value, requires_grad=True) for name, value in layer.state_dict().items()}
    array, weights = rng.normal(size=(2, 2, 4, 6)).astype(dtype)
    x, t = Tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
    gate = t @ w["gate_proj.weight"].T
    F = torch.nn.functional
    opened = F.silu(gate) if kind == "SwiGLU" else F.gelu(gate, approximate=layer.approximate)
    expected = (opened * (t @ w["up_proj.weight"].T)) @ w["down_proj.weight"].T
    y = layer(x)
    (y * Tensor(weights)).sum().backward()
    (expected * torch.tensor(weights)).sum().backward()
    pairs = [(y.data, expected.detach()), (x.grad.data, t.grad)]
    pairs += [(p.grad.data, w[name].grad) for name, p in layer.named_parameters()]
    assert y.dtype == dtype
    for a, b in pairs:
        scale = max(1.0, float(b.abs().max()))
        np.testing.assert_allclose(a, b.numpy(), rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * scale)


def test_what_is_wrong_is_said():
    with pytest.raises(ValueError, match=r"SwiGLU: input of shape \(2, 5\), but its last axis must be 6"):
        nn.SwiGLU(6)(np.zeros((2, 5)))
    with pytest.raises(ValueError, match="GeGLU: approximate is 'none' or 'tanh', not 'erf'"):
        nn.GeGLU(6, approximate="erf")
