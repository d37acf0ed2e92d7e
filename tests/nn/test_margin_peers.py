"""Losses of margins and likelihoods agree with PyTorch's, values and gradients, with every option."""

import numpy as np
import pytest

import nn
from autograd import Tensor

torch = pytest.importorskip("torch", reason="PyTorch is the peer")

TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
REDUCTIONS = ("mean", "sum", "none")


def signs(rng, *shape):
    return rng.choice([-1.0, 1.0], shape)


def labels(rng):
    return rng.integers(0, 2, (5, 3)).astype(float)


SETTINGS = {"p": 2, "margin": 0.7, "weight": [1.0, 0.5, 2.0, 0.0]}
CASES = [  # name, options, floating inputs, and a target that is not learned
    ("MarginRankingLoss", {"margin": 0.3}, [(6,), (6,)], lambda r: signs(r, 6)),
    ("HingeEmbeddingLoss", {}, [(4, 3)], lambda r: signs(r, 4, 3)),
    ("HingeEmbeddingLoss", {"margin": 0.4}, [(4, 3)], lambda r: signs(r, 4, 3)),
    ("SoftMarginLoss", {}, [(4, 3)], lambda r: signs(r, 4, 3)),
    ("CosineEmbeddingLoss", {"margin": 0.2}, [(6, 4), (6, 4)], lambda r: signs(r, 6)),
    ("CosineEmbeddingLoss", {}, [(4,), (4,)], lambda r: signs(r)),
    ("TripletMarginLoss", {}, [(6, 4)] * 3, None),
    ("TripletMarginLoss", {"margin": 2.0, "p": 1.0, "swap": True}, [(6, 4)] * 3, None),
    ("MultiMarginLoss", {}, [(6, 4)], lambda r: r.integers(0, 4, 6)),
    ("MultiMarginLoss", SETTINGS, [(6, 4)], lambda r: r.integers(0, 4, 6)),
    ("MultiMarginLoss", {}, [(4,)], lambda r: np.array(2)),
    ("MultiLabelMarginLoss", {}, [(2, 4)], lambda r: np.array([[3, 0, -1, 1], [1, 2, 0, 3]])),
    ("MultiLabelMarginLoss", {}, [(4,)], lambda r: np.array([-1, 2, 0, 1])),
    ("MultiLabelSoftMarginLoss", {}, [(5, 3)], labels),
    ("MultiLabelSoftMarginLoss", {"weight": [1.0, 0.5, 2.0]}, [(5, 3)], labels),
    ("PoissonNLLLoss", {}, [(5, 3)], lambda r: r.poisson(2.0, (5, 3)).astype(float)),
    ("PoissonNLLLoss", {"full": True}, [(5, 3)], lambda r: r.poisson(2.0, (5, 3)).astype(float)),
]  # fmt: skip


def agree(name, options, arrays, target, dtype):
    ours = {k: np.array(v, dtype) if isinstance(v, list) else v for k, v in options.items()}
    theirs = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in ours.items()}
    xs = [Tensor(a, requires_grad=True) for a in arrays]
    ts = [torch.tensor(a, requires_grad=True) for a in arrays]
    target = target.astype(dtype) if target is not None and target.dtype.kind == "f" else target
    mine, peer = getattr(nn, name)(**ours), getattr(torch.nn, name)(**theirs)
    assert list(mine.state_dict()) == list(peer.state_dict())
    y = mine(*xs, *([] if target is None else [target]))
    expected = peer(*ts, *([] if target is None else [torch.tensor(target)]))
    y.sum().backward()
    expected.sum().backward()
    assert y.dtype == dtype and y.shape == expected.shape
    for a, b in [(y, expected.detach()), *((x.grad, t.grad) for x, t in zip(xs, ts, strict=True))]:
        np.testing.assert_allclose(a.data, b.numpy(), rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(("name", "options", "shapes", "target"), CASES)
def test_losses_of_margins_are_pytorchs(name, options, shapes, target, reduction, dtype, rng):
    arrays = [rng.normal(size=shape).astype(dtype) for shape in shapes]
    agree(name, options | {"reduction": reduction}, arrays, target and np.asarray(target(rng)), dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("options", [{}, {"full": True}, {"eps": 0.5}])
@pytest.mark.parametrize("shape", [(5, 3), (5, 1), (5,)])
def test_likelihoods_of_normals_are_pytorchs(shape, options, reduction, dtype, rng):
    x, t, v = rng.normal(size=(5, 3)), rng.normal(size=(5, 3)), rng.random(shape)
    agree("GaussianNLLLoss", options | {"reduction": reduction}, [a.astype(dtype) for a in (x, t, v)], None, dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_counts_that_are_no_logarithms_are_pytorchs(dtype, rng):
    x, t = rng.uniform(0.1, 3, (2, 5)).astype(dtype)
    agree("PoissonNLLLoss", {"log_input": False, "full": True}, [x], t.round(), dtype)
