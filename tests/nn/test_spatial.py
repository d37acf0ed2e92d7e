"""Convolutions, pooling and shaping: what they say of wrong arguments and shapes."""

import numpy as np
import pytest

import nn
from autograd import Tensor
from nn import functional


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
        (lambda: nn.ZeroPad2d((1, 2)), r"ZeroPad2d: padding is an integer or 4 of them, not \(1, 2\)"),
        (lambda: nn.ReflectionPad1d(3)(np.zeros((2, 3))), r"\(2, 3\) has too few elements for \(3, 3\) in mode 'refl"),
        (lambda: nn.CircularPad1d(4)(np.zeros((2, 3))), r"\(2, 3\) has too few elements for \(4, 4\) in mode 'circ"),
        (lambda: nn.ZeroPad1d((-2, -2))(np.zeros((2, 3))), r"\(2, 3\) has fewer elements than \(-2, -2\) cuts off"),
        (lambda: functional.pad(Tensor([1.0]), (1, 2), mode="mirror"), "mode is one of .*, not 'mirror'"),
        (lambda: functional.pad(Tensor([1.0]), (1, 2, 3, 4)), r"\(1,\), wanted two numbers for each"),
        (lambda: nn.Flatten(2)(np.zeros((2, 3))), r"\(2, 3\), wanted axes 2 to -1"),
        (lambda: nn.Unflatten(1, (2, 2))(np.zeros((2, 3))), r"\(2, 3\), wanted an axis 1 that falls into \(2, 2\)"),
        (lambda: nn.Unflatten(1, (2, -1))(np.zeros((2, 3))), r"\(2, 3\), wanted an axis 1 that falls into \(2, -1\)"),
    ],
)
def test_what_is_wrong_is_said(build, words):
    with pytest.raises(ValueError, match=words):
        build()


def test_the_generator_says_the_weights():
    a, b = (nn.Conv2d(2, 3, 3, rng=np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(a.weight.data, b.weight.data) and np.array_equal(a.bias.data, b.bias.data)
