"""Convolutions, pooling and shaping: what they say of wrong arguments and shapes."""

import numpy as np
import pytest

import nn

LAYERS = [nn.Conv1d(2, 2, 1), nn.Conv2d(2, 2, 1), nn.Conv3d(2, 2, 1)]
LAYERS += [nn.ConvTranspose1d(2, 2, 1), nn.ConvTranspose2d(2, 2, 1), nn.ConvTranspose3d(2, 2, 1)]
POOLS = [nn.MaxPool1d(1), nn.MaxPool2d(1), nn.MaxPool3d(1), nn.AvgPool1d(1), nn.AvgPool2d(1), nn.AvgPool3d(1)]


@pytest.mark.parametrize("layer", LAYERS + POOLS, ids=lambda layer: type(layer).__name__)
def test_wrong_shapes_name_the_layer_and_what_it_wants(layer):
    for shape in ((2,) * layer.axes, (2,) * (layer.axes + 3)):
        with pytest.raises(ValueError, match=rf"{type(layer).__name__}: input of shape .*wanted \(N, "):
            layer(np.zeros(shape, np.float32))
    with pytest.raises(TypeError, match=f"{type(layer).__name__}: the input is a str"):
        layer("x")


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_wrong_channels_are_refused(layer):
    with pytest.raises(ValueError, match=r"wanted \(N, 2, "):
        layer(np.zeros((1, 3) + (2,) * layer.axes, np.float32))


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: nn.Conv2d(3, 4, 1, groups=2), "3 to 4 channels .* 2 groups"),
        (lambda: nn.Conv2d(3, 4, (1, 2, 3)), "kernel_size"),
        (lambda: nn.Conv2d(3, 4, 1, stride=0), "stride"),
        (lambda: nn.Conv2d(3, 4, 1, stride=2, padding="same"), "'same'"),
        (lambda: nn.Conv2d(3, 4, 1, padding="full"), "'full'"),
        (lambda: nn.Conv2d(3, 4, 1, padding_mode="wrap"), "padding_mode"),
        (lambda: nn.ConvTranspose2d(3, 4, 1, padding="same"), "'same'"),
        (lambda: nn.MaxPool2d(0), "kernel_size"),
        (lambda: nn.Flatten(2)(np.zeros((2, 3))), r"\(2, 3\) has no axes 2 to -1"),
        (lambda: nn.Unflatten(1, (2, 2))(np.zeros((2, 3))), r"\(2, 3\) does not fall into \(2, 2\)"),
        (lambda: nn.Unflatten(1, (2, -1))(np.zeros((2, 3))), r"\(2, 3\) does not fall into \(2, -1\)"),
    ],
)
def test_what_is_wrong_is_said(build, words):
    with pytest.raises(ValueError, match=words):
        build()


def test_the_generator_says_the_weights():
    a, b = (nn.Conv2d(2, 3, 3, rng=np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(a.weight.data, b.weight.data) and np.array_equal(a.bias.data, b.bias.data)
