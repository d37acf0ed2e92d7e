"""Losses agree with PyTorch's, values and gradients, with every option."""

import numpy as np
import pytest

import nn
from autograd import Tensor

torch = pytest.importorskip("torch", reason="PyTorch is the peer")

TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
REDUCTIONS = ("mean", "sum", "none")
PAIRS = [
    ("MSELoss", {}),
    ("L1Loss", {}),
    ("HuberLoss", {"delta": 0.3}),
    ("SmoothL1Loss", {"beta": 0.3}),
    ("SmoothL1Loss", {"beta": 0.0}),
    ("BCELoss", {}),
    ("BCELoss", {"weight": [1.0, 0.5, 2.0]}),
    ("BCEWithLogitsLoss", {}),
    ("BCEWithLogitsLoss", {"weight": [1.0, 0.5, 2.0], "pos_weight": [3.0, 0.2, 1.0]}),
    ("KLDivLoss", {}),
    ("KLDivLoss", {"log_target": True}),
    ("KLDivLoss", {"reduction": "batchmean"}),
]
WEIGHT = [1.0, 0.5, 2.0]
CLASSES = [
    {},
    {"weight": WEIGHT},
    {"ignore_index": 1},
    {"label_smoothing": 0.2},
    {"weight": WEIGHT, "ignore_index": 1, "label_smoothing": 0.2},
]


def agree(name, options, x, target, dtype):
    arrays = {k: np.array(v, dtype) if isinstance(v, list) else v for k, v in options.items()}
    tensors = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in arrays.items()}
    learn = target.dtype.kind == "f"
    ours, theirs = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    t = Tensor(target, requires_grad=True) if learn else target
    u = torch.tensor(target, requires_grad=learn)
    mine, peer = getattr(nn, name)(**arrays), getattr(torch.nn, name)(**tensors)
    assert list(mine.state_dict()) == list(peer.state_dict())
    y, expected = mine(ours, t), peer(theirs, u)
    y.sum().backward()
    expected.sum().backward()
    assert y.dtype == dtype
    pairs = [(y.data, expected.detach()), (ours.grad.data, theirs.grad)]
    pairs += [(t.grad.data, u.grad)] if learn else []
    for a, b in pairs:
        np.testing.assert_allclose(a, b.numpy(), rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(("name", "options"), PAIRS)
@pytest.mark.filterwarnings("ignore:reduction. .mean.:UserWarning")  # of KLDivLoss
def test_losses_of_pairs_are_pytorchs(name, options, reduction, dtype, rng):
    x, t = (0.05 + 0.9 * rng.random((2, 4, 3))).astype(dtype)
    agree(name, {"reduction": reduction} | options, x, t, dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(3,), (6, 3), (2, 3, 4), (2, 3, 2, 4)])
@pytest.mark.parametrize("options", CLASSES)
def test_losses_of_classes_are_pytorchs(options, shape, reduction, dtype, rng):
    x = rng.normal(size=shape).astype(dtype)
    target = np.array(rng.integers(0, 3, shape[:1] + shape[2:] if len(shape) > 1 else ()))
    target.flat[0] = 2  # not all are ignored
    agree("CrossEntropyLoss", options | {"reduction": reduction}, x, target, dtype)
    if "label_smoothing" not in options:
        agree("NLLLoss", options | {"reduction": reduction}, x, target, dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(3,), (6, 3), (2, 3, 4)])
@pytest.mark.parametrize("options", [{}, {"weight": WEIGHT, "label_smoothing": 0.2}])
def test_class_probabilities_are_pytorchs(options, shape, reduction, dtype, rng):
    x, t = rng.normal(size=shape).astype(dtype), rng.random(shape).astype(dtype)
    agree("CrossEntropyLoss", options | {"reduction": reduction}, x, t, dtype)
