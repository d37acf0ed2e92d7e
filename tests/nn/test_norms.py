"""BatchNorm and GroupNorm: what training keeps, and what they say of wrong shapes."""

import numpy as np
import pytest

import nn


def test_without_momentum_the_running_mean_is_that_of_all_batches(rng):
    layer, batches = nn.BatchNorm1d(2, momentum=None), rng.normal(size=(4, 5, 2)).astype(np.float32)
    for batch in batches:
        layer(batch)
    np.testing.assert_allclose(layer.running_mean, batches.mean((0, 1)), atol=1e-6)
    np.testing.assert_allclose(layer.running_var, batches.var(1, ddof=1).mean(0), rtol=1e-5)
    before = layer.state_dict()
    layer.eval()(batches[0])
    assert before["num_batches_tracked"] == 4
    assert all(np.array_equal(before[k], v) for k, v in layer.state_dict().items())


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.BatchNorm1d(3), (2, 4)),
        (nn.BatchNorm2d(3), (2, 3, 4)),
        (nn.BatchNorm3d(3), (3,)),
        (nn.GroupNorm(1, 3), (3,)),
    ],
)
def test_wrong_shapes_name_the_layer_and_what_it_wants(layer, shape):
    with pytest.raises(ValueError, match=rf"{type(layer).__name__}: input of shape \({shape[0]},.*wanted \(N, 3, "):
        layer(np.zeros(shape, np.float32))
    with pytest.raises(TypeError, match="the input is a str"):
        layer("x")


def test_one_value_a_channel_has_no_spread_to_learn_from():
    layer = nn.BatchNorm1d(3)
    with pytest.raises(ValueError, match="more than one value"):
        layer(np.zeros((1, 3), np.float32))
    assert layer.eval()(np.zeros((1, 3), np.float32)).shape == (1, 3)


def test_groups_divide_the_channels():
    with pytest.raises(ValueError, match="5 channels do not fall into 2 groups"):
        nn.GroupNorm(2, 5)
