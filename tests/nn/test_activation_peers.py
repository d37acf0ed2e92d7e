"""Activations agree with PyTorch's, values and gradients, at the kink too."""

import numpy as np
import pytest

import nn
from autograd import Tensor

torch = pytest.importorskip("torch", reason="PyTorch is the peer")

CASES = [
    *[(name, {}) for name in ("ELU", "LeakyReLU", "LogSigmoid", "Mish", "SiLU", "Softplus", "Softsign", "SELU")],
    *[(name, {}) for name in ("CELU", "ReLU6", "Hardtanh", "Hardsigmoid", "Hardswish", "Tanhshrink")],
    *[(name, {}) for name in ("Softshrink", "Hardshrink")],
    ("CELU", {"alpha": 0.25}),  # PyTorch rounds 1 / alpha to single precision
    ("Hardtanh", {"min_val": -2.0, "max_val": 0.5}),
    ("Softshrink", {"lambd": 2.0}),
    ("Hardshrink", {"lambd": 2.0}),
    ("Threshold", {"threshold": 0.5, "value": 3.0}),
    ("PReLU", {}),
    ("PReLU", {"num_parameters": 4, "init": 0.1}),
    *[(name, {"dim": dim}) for name in ("Softmax", "LogSoftmax", "Softmin", "GLU") for dim in (0, 1, -2)],
]  # fmt: skip
TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
KINKS = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, -3.0, 6.0, 700.0, -700.0]


class Hardsigmoid(torch.nn.Module):
    """In double precision: PyTorch's own takes 1 / 6 as a single."""

    def forward(self, x):
        return torch.nn.functional.hardtanh(x, -3.0, 3.0) / 6 + 0.5


def peer(name, dtype, options):
    return Hardsigmoid() if (name, dtype) == ("Hardsigmoid", "float64") else getattr(torch.nn, name)(**options)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(("name", "options"), CASES)
def test_activations_are_pytorchs(name, options, dtype, rng):
    array = np.append(3 * rng.normal(size=60), KINKS).reshape(6, 4, 3).astype(dtype)
    ours, theirs = getattr(nn, name)(**options).astype(dtype), peer(name, dtype, options)
    theirs = theirs.to(getattr(torch, dtype))
    assert list(ours.state_dict()) == list(theirs.state_dict())
    x, t = Tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
    y, expected = ours(x), theirs(t)
    weights = rng.normal(size=y.shape).astype(dtype)
    (y * Tensor(weights)).sum().backward()
    (expected * torch.tensor(weights)).sum().backward()
    assert y.dtype == dtype
    pairs = [(y, expected), (x.grad, t.grad)]
    pairs += [(p.grad, q.grad) for p, q in zip(ours.parameters(), theirs.parameters(), strict=True)]
    for a, b in pairs:
        np.testing.assert_allclose(a.data, b.detach().numpy(), rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize(("name", "p"), [("RReLU", None), ("AlphaDropout", 0.3)])
def test_what_is_random_is_pytorchs_in_evaluation_and_on_the_whole(name, p, rng):
    torch.manual_seed(0)
    args = () if p is None else (p,)
    ours, theirs = getattr(nn, name)(*args, rng=rng), getattr(torch.nn, name)(*args)
    x = rng.normal(size=100_000)
    y, expected = ours(Tensor(x)).data, theirs(torch.tensor(x)).numpy()
    for statistic in (np.mean, np.std, lambda a: np.quantile(a, 0.1)):
        np.testing.assert_allclose(statistic(y), statistic(expected), atol=0.03)
    np.testing.assert_allclose(ours.eval()(Tensor(x)).data, theirs.eval()(torch.tensor(x)).numpy(), rtol=1e-12)


@pytest.mark.parametrize("name", ["ReLU6", "Hardtanh", "Hardsigmoid", "Hardswish", "Softshrink", "Hardshrink", "SELU"])
def test_not_a_number_stays_one(name):
    assert np.isnan(getattr(nn, name)()(Tensor([np.nan])).item())
    assert np.isnan(getattr(torch.nn, name)()(torch.tensor([np.nan])).item())
