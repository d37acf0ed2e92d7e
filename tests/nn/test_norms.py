"""BatchNorm and GroupNorm: what training keeps, and what they say of wrong shapes."""

import numpy as np
import pytest

import nn
from autograd import Tensor, vmap


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


def test_running_statistics_do_not_follow_a_batch_of_batches(rng):
    layer, x = nn.BatchNorm1d(2), rng.normal(size=(4, 5, 2)).astype(np.float32)
    with pytest.raises(TypeError, match="batch_norm: inside vmap .* use eval mode"):
        vmap(layer)(Tensor(x))
    np.testing.assert_allclose(vmap(layer.eval())(Tensor(x)).data, layer(x.reshape(20, 2)).data.reshape(x.shape))


def test_one_value_a_channel_has_no_spread_to_learn_from():
    layer = nn.BatchNorm1d(3)
    with pytest.raises(ValueError, match="more than one value"):
        layer(np.zeros((1, 3), np.float32))
    assert layer.eval()(np.zeros((1, 3), np.float32)).shape == (1, 3)


def test_groups_divide_the_channels():
    with pytest.raises(ValueError, match="5 channels do not fall into 2 groups"):
        nn.GroupNorm(2, 5)


@pytest.mark.parametrize("track", [True, False])
def test_instances_are_normalised_one_by_one(track, rng):
    x = (3 + 2 * rng.normal(size=(4, 2, 5))).astype(np.float32)
    layer = nn.InstanceNorm1d(2, track_running_stats=track)
    whitened = (x - x.mean(2, keepdims=True)) / np.sqrt(x.var(2, keepdims=True) + 1e-5)
    np.testing.assert_allclose(layer(x).data, whitened, atol=1e-5)
    if track:
        np.testing.assert_allclose(layer.running_mean, 0.1 * x.mean((0, 2)), rtol=1e-5)
        np.testing.assert_allclose(layer.running_var, 0.9 + 0.1 * x.var(2, ddof=1).mean(0), rtol=1e-5)
    else:
        np.testing.assert_allclose(layer.eval()(x).data, whitened, atol=1e-5)
    with pytest.raises(ValueError, match="InstanceNorm1d: .* it needs more than one value a channel"):
        layer.train()(x[..., :1])
