"""BatchNorm and GroupNorm agree with PyTorch's: values, gradients and running statistics."""

import numpy as np
import pytest

import nn
from autograd import Tensor

torch = pytest.importorskip("torch", reason="PyTorch is the peer")

TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
SHAPES = [("1d", (5, 3)), ("1d", (5, 3, 4)), ("2d", (4, 3, 2, 5)), ("3d", (2, 3, 2, 3, 2))]
OPTIONS = [{}, {"bias": False}, {"momentum": None}, {"affine": False, "eps": 0.1}, {"track_running_stats": False}]


def agree(ours, theirs, shape, dtype, rng):
    """One step of each on the same input; the upstream gradient is not constant."""
    array = (2 + 3 * rng.normal(size=shape)).astype(dtype)
    weights = rng.normal(size=shape).astype(dtype)
    x, t = Tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
    theirs.zero_grad()
    for p in ours.parameters():
        p.grad = None
    y, expected = ours(x), theirs(t)
    (y * Tensor(weights)).sum().backward()
    (expected * torch.tensor(weights)).sum().backward()
    assert y.dtype == dtype
    pairs = [(y.data, expected.detach()), (x.grad.data, t.grad)]
    pairs += [(p.grad.data, q.grad) for p, q in zip(ours.parameters(), theirs.parameters(), strict=True)]
    pairs += list(zip(ours.state_dict().values(), theirs.state_dict().values(), strict=True))
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for a, b in pairs:
        scale = max(1.0, float(b.abs().max()))
        np.testing.assert_allclose(a, b.numpy(), rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * scale)


def twins(name, dtype, rng, *args, **options):
    ours, theirs = getattr(nn, name)(*args, **options), getattr(torch.nn, name)(*args, **options)
    theirs = theirs.to(getattr(torch, dtype))
    for key, p in list(ours.named_parameters()):
        setattr(ours, key, nn.Parameter(rng.normal(size=p.shape), dtype=dtype))
    for key in ("running_mean", "running_var"):
        if key in ours.state_dict():
            setattr(ours, key, getattr(ours, key).astype(dtype))
    theirs.load_state_dict({k: torch.tensor(v) for k, v in ours.state_dict().items()})
    return ours, theirs


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(("axes", "shape"), SHAPES)
@pytest.mark.parametrize("options", OPTIONS)
def test_batch_norm_is_pytorchs(options, axes, shape, dtype, rng):
    ours, theirs = twins(f"BatchNorm{axes}", dtype, rng, 3, **options)
    for _ in range(3):
        agree(ours, theirs, shape, dtype, rng)
    ours.eval(), theirs.eval()
    agree(ours, theirs, shape, dtype, rng)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("shape", [(3, 6), (3, 6, 4), (2, 6, 3, 2)])
@pytest.mark.parametrize(
    ("groups", "options"), [(1, {}), (3, {}), (2, {"affine": False, "eps": 0.1}), (2, {"bias": False})]
)
def test_group_norm_is_pytorchs(groups, options, shape, dtype, rng):
    agree(*twins("GroupNorm", dtype, rng, groups, 6, **options), shape, dtype, rng)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(("axes", "shape"), SHAPES[1:])
@pytest.mark.parametrize(
    "options", [{}, {"affine": True}, {"affine": True, "bias": False}, {"track_running_stats": True, "momentum": 0.3}]
)
def test_instance_norm_is_pytorchs(options, axes, shape, dtype, rng):
    ours, theirs = twins(f"InstanceNorm{axes}", dtype, rng, 3, **options)
    for _ in range(2):
        agree(ours, theirs, shape, dtype, rng)
    agree(ours, theirs, shape[1:], dtype, rng)
    ours.eval(), theirs.eval()
    agree(ours, theirs, shape, dtype, rng)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(("shape", "options"), [((3, 4), {}), ((4,), {"bias": False}), ((2, 3, 4), {"eps": 0.1})])
def test_norms_of_the_last_axes_are_pytorchs(shape, options, dtype, rng):
    agree(*twins("LayerNorm", dtype, rng, shape, **options), (5, 2, 3, 4), dtype, rng)
    options = {k: v for k, v in options.items() if k != "bias"}
    agree(*twins("RMSNorm", dtype, rng, shape, **options), (5, 2, 3, 4), dtype, rng)
    agree(*twins("RMSNorm", dtype, rng, shape, elementwise_affine=False), (5, 2, 3, 4), dtype, rng)
