"""Activations agree with PyTorch's, values and gradients, at the kink too."""

import numpy as np
import pytest

from autograd import Tensor
from nn import layers

torch = pytest.importorskip("torch", reason="PyTorch is the peer")

NAMES = ("ELU", "LeakyReLU", "LogSigmoid", "Mish", "SiLU", "Softplus", "Softsign")
TOLERANCE = {"float32": 1e-5, "float64": 1e-10}


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", NAMES)
def test_activations_are_pytorchs(name, dtype, rng):
    array = np.append(3 * rng.normal(size=62), [0.0, -0.0]).astype(dtype)
    x, t = Tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
    y, expected = getattr(layers, name)()(x), getattr(torch.nn, name)()(t)
    y.sum().backward()
    expected.sum().backward()
    assert y.dtype == dtype
    for ours, theirs in ((y, expected), (x.grad, t.grad)):
        np.testing.assert_allclose(ours.data, theirs.detach().numpy(), rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
