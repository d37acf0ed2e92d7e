"""Convolutions, pooling and shaping agree with PyTorch's: values, gradients, defaults and state dicts."""

import numpy as np
import pytest

import nn
from autograd import Tensor

torch = pytest.importorskip("torch", reason="PyTorch is the peer")

TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
CONVS = [
    {},
    {"stride": 2, "padding": 1, "bias": False},
    {"dilation": 2, "groups": 2},
]
FORWARD = [
    {"padding": "same", "kernel_size": 2, "dilation": 3},
    {"padding": "valid"},
    {"padding": 2, "padding_mode": "reflect"},
    {"padding": 2, "padding_mode": "replicate", "stride": 2},
    {"padding": "same", "padding_mode": "circular", "kernel_size": 2},
]
MAX_POOLS = [{}, {"stride": 2, "padding": 1}, {"dilation": 2, "stride": 1}, {"stride": 2, "ceil_mode": True}]
AVG_POOLS = [{}, {"stride": 2, "padding": 1}, {"padding": 1, "count_include_pad": False}, {"ceil_mode": True}]


def agree(ours, theirs, shape, dtype, rng):
    theirs = theirs.to(getattr(torch, dtype))
    for name, p in list(ours.named_parameters()):
        setattr(ours, name, nn.Parameter(p.data, dtype=dtype))
    ours.load_state_dict(theirs.state_dict())
    array = (rng.permutation(np.prod(shape)).reshape(shape) / np.prod(shape)).astype(dtype)  # no ties
    x, t = Tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
    y, expected = ours(x), theirs(t)
    weights = rng.normal(size=y.shape).astype(dtype)
    (y * Tensor(weights)).sum().backward()
    (expected * torch.tensor(weights)).sum().backward()
    assert y.dtype == dtype and y.shape == expected.shape
    pairs = [(y.data, expected.detach()), (x.grad.data, t.grad)]
    pairs += [(p.grad.data, q.grad) for p, q in zip(ours.parameters(), theirs.parameters(), strict=True)]
    for a, b in pairs:
        scale = max(1.0, float(b.abs().max()))
        np.testing.assert_allclose(a, b.numpy(), rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * scale)


def both(name, *args, **options):
    extra = {"rng": np.random.default_rng(0)} if "Conv" in name else {}
    return getattr(nn, name)(*args, **options, **extra), getattr(torch.nn, name)(*args, **options)


@pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")  # PyTorch's, of its own speed
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("options", CONVS + FORWARD)
def test_convolutions_are_pytorchs(options, axes, dtype, rng):
    options = {"kernel_size": 3} | options
    for batch in ((2,), ()):
        agree(*both(f"Conv{axes}d", 4, 6, **options), (*batch, 4, *(7, 6, 5)[:axes]), dtype, rng)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("options", [*CONVS, {"stride": 2, "output_padding": 1}])
def test_transposes_are_pytorchs(options, axes, dtype, rng):
    for batch in ((2,), ()):
        agree(*both(f"ConvTranspose{axes}d", 4, 6, 3, **options), (*batch, 4, *(4, 3, 5)[:axes]), dtype, rng)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize(("kind", "options"), [("Max", o) for o in MAX_POOLS] + [("Avg", o) for o in AVG_POOLS])
def test_pools_are_pytorchs(kind, options, axes, dtype, rng):
    for batch in ((2,), ()):
        agree(*both(f"{kind}Pool{axes}d", 3, **options), (*batch, 2, *(8, 7, 6)[:axes]), dtype, rng)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize(("kind", "size"), [(k, s) for k in ("Avg", "Max") for s in (1, 3, 5, 9, (3, 1, 4))])
def test_adaptive_pools_are_pytorchs(kind, size, axes, dtype, rng):
    size = size[:axes] if isinstance(size, tuple) else size
    for batch in ((2,), ()):
        agree(*both(f"Adaptive{kind}Pool{axes}d", size), (*batch, 2, *(8, 7, 6)[:axes]), dtype, rng)
    if axes == 2:
        agree(*both(f"Adaptive{kind}Pool2d", (None, 3)), (2, 2, 8, 7), dtype, rng)


SIZES = [{"size": 1}, {"size": 3}, {"size": 13}, {"scale_factor": 2}, {"scale_factor": 0.6}, {"scale_factor": 2.5}]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("options", SIZES)
def test_upsampling_is_pytorchs(options, dtype, rng):
    for axes, mode in ((1, "linear"), (2, "bilinear"), (2, "bicubic"), (3, "trilinear")):
        shape = (2, 3, *(7, 4, 6)[:axes])
        agree(*both("Upsample", mode=mode, align_corners=False, **options), shape, dtype, rng)
        agree(*both("Upsample", mode=mode, align_corners=True, **options), shape, dtype, rng)
        for near in ("nearest", "nearest-exact"):
            ours = nn.Upsample(mode=near, **options)
            agree(ours, torch.nn.Upsample(mode=near, **options), shape, dtype, rng)
    two = {k: (v, 2 * v) for k, v in options.items()}
    agree(*both("Upsample", mode="bilinear", align_corners=False, **two), (1, 2, 5, 4), dtype, rng)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("options", [{}, {"norm_type": 3.0, "stride": 2}, {"norm_type": 1.0}])
def test_pools_of_norms_are_pytorchs(options, axes, dtype, rng):
    options = {"norm_type": 2.0, "kernel_size": 3} | options
    for batch in ((2,), ()):
        agree(*both(f"LPPool{axes}d", **options), (*batch, 2, *(8, 7, 6)[:axes]), dtype, rng)


@pytest.mark.parametrize(("name", "shape"), [("PixelShuffle", (8, 2, 3)), ("PixelUnshuffle", (2, 6, 4))])
def test_pixels_move_as_pytorchs(name, shape, rng):
    for batch in ((), (3,), (2, 3)):
        agree(*both(name, 2), (*batch, *shape), "float64", rng)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("Identity", (3,)),
        ("Flatten", ()),
        ("Flatten", (0, -2)),
        ("Unflatten", (1, (2, 3))),
        ("Unflatten", (-1, (-1, 2))),
    ],
)
def test_shaping_is_pytorchs(name, args, rng):
    agree(*both(name, *args), (2, 6, 4), "float64", rng)


@pytest.mark.parametrize("name", ["Conv2d", "ConvTranspose2d"])
def test_new_weights_are_spread_as_pytorchs(name):
    ours, theirs = both(name, 8, 4, 5, groups=2)
    for mine, peer in zip(ours.parameters(), theirs.parameters(), strict=True):
        bound = 1 / np.sqrt(ours.weight.data[0].size)
        for values in (mine.data, peer.detach().numpy()):
            assert abs(values).max() <= bound + 1e-7
        assert abs(mine.data).max() > bound / 2


PADS = ["ZeroPad", "ReflectionPad", "ReplicationPad", "CircularPad", "ConstantPad"]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("kind", PADS)
def test_padding_is_pytorchs(kind, axes, dtype, rng):
    value = (3.5,) if kind == "ConstantPad" else ()
    for padding in (2, (1, 2, 0, 3, 2, 1)[: 2 * axes]):
        for batch in ((2,), ()):
            agree(*both(f"{kind}{axes}d", padding, *value), (*batch, 3, *(5, 4, 6)[:axes]), dtype, rng)
    if kind in ("ConstantPad", "ZeroPad"):
        agree(*both(f"{kind}{axes}d", (-1, 2, -2, 0, 1, -1)[: 2 * axes], *value), (2, 3, *(5, 4, 6)[:axes]), dtype, rng)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("options", [{}, {"dilation": (1, 2), "padding": 1, "stride": (2, 1)}])
def test_folding_is_pytorchs(options, dtype, rng):
    ours, theirs = both("Unfold", (2, 3), **options)
    agree(ours, theirs, (2, 3, 5, 6), dtype, rng)
    columns = ours(np.zeros((2, 3, 5, 6), dtype)).shape
    agree(*both("Fold", (5, 6), (2, 3), **options), columns, dtype, rng)
