"""Every layer says of a wrong shape its own name, the shape that it got and the one that it wants."""

import importlib
import re

import numpy as np
import pytest

import nn

FILES = (
    "activation", "adaptive_pool", "batch_norm", "bilinear", "container", "conv", "distance", "dropout", "embedding",
    "group_norm", "instance_norm", "layer_norm", "linear", "pool", "recurrent", "recurrent_cell", "rms_norm", "shaping",
    "upsample",
)  # fmt: skip
ANY_SHAPE = {
    "CELU", "Dropout", "ELU", "Embedding", "GELU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "Identity",
    "LeakyReLU", "LogSigmoid", "Mish", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softplus", "Softshrink", "Softsign",
    "Tanh", "Tanhshrink", "Threshold",
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
    **channels("AdaptiveAvgPool", (2,)),
    **channels("AdaptiveMaxPool", (2,)),
    **channels("Dropout", (0.5,)),
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
