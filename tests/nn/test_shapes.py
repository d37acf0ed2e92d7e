"""Every layer says of a wrong shape its own name, the shape that it got and the one that it wants."""

import importlib
import re

import numpy as np
import pytest

import nn
from autograd import Tensor

FILES = (
    "activation", "adaptive_pool", "batch_norm", "bilinear", "container", "conv", "distance", "dropout", "embedding",
    "group_norm", "instance_norm", "layer_norm", "linear", "padding", "pool", "recurrent", "recurrent_cell", "rms_norm",
    "shaping", "upsample",
)  # fmt: skip
ANY_SHAPE = {
    "AlphaDropout", "CELU", "Dropout", "ELU", "Embedding", "GELU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh",
    "Identity", "LeakyReLU", "LogSigmoid", "Mish", "RReLU", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softplus",
    "Softshrink", "Softsign", "Tanh", "Tanhshrink", "Threshold",
}  # fmt: skip
HOLDERS = {"ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"}


def channels(name, args, counted=False):
    """Layers over one to three axes, with a right shape and wrong ones: axes too few, too many, and channels."""

    def others(n):
        return [[(5, 3, *[4] * n)]] if counted else []

    return {
        f"{name}{n}d": (args, [(5, 2, *[4] * n)], [[(4,) * n], [(5, 2, *[4] * (n + 1))], *others(n)]) for n in (1, 2, 3)
    }


# arguments; the shapes of the inputs that fit; several that do not, one of them each time
LAYERS = {
    "Linear": ((3, 2), [(5, 3)], [[(5, 2)], [()]]),
    "Bilinear": ((3, 4, 2), [(5, 3), (5, 4)], [[(5, 4), (5, 4)], [(5, 3), (6, 4)], [(5, 3), (5, 3)]]),
    "CosineSimilarity": ((), [(5, 3), (5, 3)], [[(5, 3), (4, 3)]]),
    "PairwiseDistance": ((), [(5, 3), (5, 3)], [[(5, 3), (5, 4)]]),
    "LayerNorm": (((4, 3),), [(5, 4, 3)], [[(5, 3, 4)], [(3,)]]),
    "RMSNorm": ((3,), [(5, 3)], [[(3, 5)], [()]]),
    "GroupNorm": ((1, 2), [(5, 2, 3)], [[(2,)], [(5, 3, 3)]]),
    "BatchNorm1d": ((2,), [(5, 2)], [[(2,)], [(5, 3)], [(5, 2, 1, 1)]]),
    "BatchNorm2d": ((2,), [(5, 2, 3, 3)], [[(5, 2)], [(5, 3, 3, 3)]]),
    "BatchNorm3d": ((2,), [(5, 2, 3, 3, 3)], [[(5, 2, 3, 3)], [(5, 3, 3, 3, 3)]]),
    "PReLU": ((3,), [(5, 3)], [[(5, 4)], [(3,)]]),
    "GLU": ((), [(5, 4)], [[(5, 3)], [()]]),
    "Softmax": ((1,), [(5, 4)], [[(5,)]]),
    "LogSoftmax": ((1,), [(5, 4)], [[(5,)]]),
    "Softmin": ((1,), [(5, 4)], [[(5,)]]),
    "Flatten": ((1, 2), [(5, 4, 3)], [[(5, 4)]]),
    "Unflatten": ((1, (2, 3)), [(5, 6)], [[(5, 5)], [(6,)]]),
    "Upsample": ((2,), [(5, 2, 3)], [[(5, 2)]]),
    "ChannelShuffle": ((2,), [(5, 4, 3)], [[(5, 3, 3)], [(4, 4)]]),
    "PixelShuffle": ((2,), [(4, 3, 3)], [[(3, 3, 3)], [(4, 3)]]),
    "PixelUnshuffle": ((2,), [(1, 4, 4)], [[(1, 4, 3)], [(4, 4)]]),
    "RNN": ((3, 2), [(5, 4, 3)], [[(5, 4, 2)], [(3,)], [(5, 4), (1, 4, 2)], [(5, 4, 3), (1, 3, 2)]]),
    "GRU": ((3, 2), [(5, 3)], [[(5, 4, 2)], [(0, 4, 3)], [(5, 3), (1, 1, 2)]]),
    "LSTM": ((3, 2), [(5, 4, 3)], [[(5, 4, 2)], [(5, 4, 3, 1)]]),
    "RNNCell": ((3, 2), [(5, 3)], [[(5, 4)], [(5, 4, 3)], [(5, 3), (4, 2)]]),
    "GRUCell": ((3, 2), [(3,)], [[(5, 4)], [()]]),
    "LSTMCell": ((3, 2), [(5, 3)], [[(5, 4)]]),
    **channels("Conv", (2, 2, 1), counted=True),
    **channels("ConvTranspose", (2, 2, 1), counted=True),
    **channels("InstanceNorm", (2,), counted=True),
    **channels("MaxPool", (1,)),
    **channels("AvgPool", (1,)),
    **channels("LPPool", (2, 1)),
    **channels("AdaptiveAvgPool", (2,)),
    **channels("AdaptiveMaxPool", (2,)),
    **channels("Dropout", (0.5,)),
    **channels("ConstantPad", (1, 2.0)),
    **channels("ZeroPad", (1,)),
    **channels("ReflectionPad", (1,)),
    **channels("ReplicationPad", (1,)),
    **channels("CircularPad", (1,)),
    "Unfold": ((2,), [(5, 2, 3, 3)], [[(2, 3, 3)]]),
    "Fold": (((3, 3), 2), [(5, 8, 4)], [[(8, 4)]]),
}


def zeros(shapes):
    return [np.zeros(shape, np.float32) for shape in shapes]


@pytest.mark.parametrize("name", LAYERS)
def test_a_wrong_shape_is_named_with_the_layer_and_what_it_wants(name):
    args, right, wrong = LAYERS[name]
    holder = nn.Sequential(getattr(nn, name)(*args))
    holder[0](*zeros(right))
    for shapes in wrong:
        with pytest.raises(ValueError, match=rf"^0: {name}: .*(wanted|must be) ") as caught:
            holder[0](*zeros(shapes))
        assert any(str(shape) in str(caught.value) for shape in shapes)
    with pytest.raises(TypeError, match=re.escape(f"0: {name}: the input is a str, wanted a Tensor or an array")):
        holder[0](*["x" for _ in right])


def test_no_layer_is_left_out():
    layers = {
        name
        for file in FILES
        for name, value in vars(importlib.import_module(f"nn.layers.{file}")).items()
        if isinstance(value, type) and issubclass(value, nn.Module) and not name.startswith("_")
    } - {"Module", "Spatial"}
    assert layers == set(LAYERS) | ANY_SHAPE | HOLDERS
    assert all(getattr(nn, name) is getattr(nn.layers, name) for name in layers)


@pytest.mark.parametrize("name", sorted(ANY_SHAPE - {"Embedding", "Threshold"}))
def test_elements_lie_in_any_shape(name):
    layer = getattr(nn, name)()
    for shape in ((), (0,), (3,), (2, 0, 3), (2, 1, 3, 1, 2)):
        assert layer(nn.Parameter(np.zeros(shape))).shape == shape


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", sorted(set(LAYERS) | ANY_SHAPE - {"Embedding", "Threshold"}))
def test_layers_keep_the_dtype_of_their_weights_and_input(name, dtype, rng):
    args, right, _ = LAYERS.get(name, ((), [(2, 3)], []))
    layer = getattr(nn, name)(*args).astype(dtype)
    xs = [Tensor(rng.uniform(0.1, 1.0, shape).astype(dtype), requires_grad=True) for shape in right]
    if name in ("RNN", "GRU", "LSTM"):
        y, *_ = layer(*xs)
    else:
        y = layer(*xs)
    y = y[0] if isinstance(y, tuple) else y
    y.sum().backward()
    assert {t.dtype for t in (y, *(x.grad for x in xs), *(p.grad for p in layer.parameters()))} == {np.dtype(dtype)}


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_state_dicts_go_both_ways(name):
    torch = pytest.importorskip("torch", reason="PyTorch is the peer")
    args = LAYERS[name][0]
    ours, theirs = getattr(nn, name)(*args), getattr(torch.nn, name)(*args)
    ours.load_state_dict(theirs.state_dict())
    theirs.load_state_dict({key: torch.tensor(value) for key, value in ours.state_dict().items()})
    for (key, a), (peer, b) in zip(ours.state_dict().items(), theirs.state_dict().items(), strict=True):
        assert key == peer and np.array_equal(a, b.numpy()) and str(a.dtype) in str(b.dtype)


def test_all_that_does_not_fit_is_listed_at_once():
    layer = nn.LSTM(3, 2, bidirectional=True)
    state = layer.state_dict()
    state["bias_hh_l1"] = state.pop("bias_hh_l0")
    state["weight_ih_l0_reverse"] = state["weight_ih_l0_reverse"].T
    state["bias_ih_l0"] = state["bias_ih_l0"].astype(complex)
    before = layer.state_dict()
    with pytest.raises(ValueError, match="the state dict does not fit LSTM") as caught:
        layer.load_state_dict(state)
    for line in ("missing: bias_hh_l0 [8]", "unknown: bias_hh_l1 [8]", "dtype of bias_ih_l0: complex128"):
        assert line in str(caught.value)
    assert "shape of weight_ih_l0_reverse: [3, 8] given, [8, 3] wanted" in str(caught.value)
    assert all(np.array_equal(before[key], value) for key, value in layer.state_dict().items())


def test_dtypes_have_pytorchs_names_too():
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    for call, dtype in ((model.double, "f8"), (model.half, "f2"), (model.float, "f4")):
        assert call() is model
        assert {v.dtype for k, v in model.state_dict().items() if "tracked" not in k} == {np.dtype(dtype)}
