"""Activations, written out; what they refuse; dropout of whole channels; norms over several axes."""

import numpy as np
import pytest

import nn
from autograd import Tensor
from autograd.testing import check_grads
from nn import functional as F

POINTS = np.array([-7.0, -2.0, -0.3, 0.2, 0.9, 2.5, 7.0])  # no kinks
FORMULAS = [
    (F.selu, lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0)))),
    (lambda x: F.celu(x, 2.0), lambda x: np.where(x > 0, x, 2 * np.expm1(np.minimum(x, 0) / 2))),
    (F.relu6, lambda x: np.clip(x, 0, 6)),
    (lambda x: F.hardtanh(x, -1.5, 0.5), lambda x: np.clip(x, -1.5, 0.5)),
    (F.hardsigmoid, lambda x: np.clip(x / 6 + 0.5, 0, 1)),
    (F.hardswish, lambda x: x * np.clip(x / 6 + 0.5, 0, 1)),
    (F.tanhshrink, lambda x: x - np.tanh(x)),
    (F.softshrink, lambda x: np.sign(x) * np.maximum(abs(x) - 0.5, 0)),
    (F.hardshrink, lambda x: x * (abs(x) > 0.5)),
    (lambda x: F.threshold(x, 0.5, 9.0), lambda x: np.where(x > 0.5, x, 9.0)),
    (lambda x: F.prelu(x, Tensor([0.3])), lambda x: np.where(x > 0, x, 0.3 * x)),
    (F.softmin, lambda x: np.exp(-x) / np.exp(-x).sum()),
    (lambda x: F.glu(x[:6]), lambda x: x[:3] / (1 + np.exp(-x[3:6]))),
]


@pytest.mark.parametrize("i", range(len(FORMULAS)))
def test_activations_follow_their_formulas(i):
    function, formula = FORMULAS[i]
    np.testing.assert_allclose(function(Tensor(POINTS)).data, formula(POINTS), rtol=1e-13, atol=1e-15)
    check_grads(function, (POINTS,))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nn.GLU()(Tensor(np.zeros((2, 3)))), r"GLU: input of shape \(2, 3\), wanted an axis -1 of two halves"),
        (lambda: F.glu(Tensor(np.zeros((2, 3)))), r"glu: axis -1 .*\(2, 3\) does not fall into two halves"),
        (lambda: nn.Softmax(2)(Tensor(np.zeros((2, 3)))), r"Softmax: input of shape \(2, 3\), wanted an axis 2"),
        (lambda: nn.PReLU(3)(Tensor(np.zeros((2, 4)))), r"PReLU: input of shape \(2, 4\), wanted \(N, 3, \.\.\.\)"),
        (lambda: nn.Hardtanh(1.0, 1.0), "must be less than max_val"),
        (lambda: F.celu(Tensor([1.0]), 0.0), "alpha must be above 0"),
        (lambda: F.softshrink(Tensor([1.0]), -1.0), "lambd must be at least 0"),
        (lambda: F.prelu(Tensor([[1.0]]), Tensor([0.1, 0.2])), r"wants 1 or 1 weights, not shape \(2,\)"),
        (
            lambda: nn.Dropout2d()(Tensor(np.zeros((2, 3)))),
            r"Dropout2d: input of shape \(2, 3\), wanted \(N, C, he",
        ),
        (lambda: F.dropout1d(Tensor(np.zeros(3))), r"dropout1d: input of shape \(3,\)"),
    ],
)
def test_what_activations_refuse(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize(("layer", "size"), [(nn.Dropout1d, (7,)), (nn.Dropout2d, (3, 4)), (nn.Dropout3d, (2, 3, 2))])
def test_channels_drop_as_a_whole_and_keep_the_mean(layer, size):
    x = np.ones((50, 40, *size))
    for batch, y in ((x, layer(0.25, rng=np.random.default_rng(0))(Tensor(x)).data), (x[0], layer(0.5)(x[0]).data)):
        channels = y.reshape(*batch.shape[: batch.ndim - len(size)], -1)
        assert (channels == channels[..., :1]).all()
        kept = channels[..., 0]
        assert set(np.unique(kept)) == {0, 1 / (1 - (0.25 if batch is x else 0.5))}
        assert batch is not x or abs((kept > 0).mean() - 0.75) < 0.03
    assert layer().eval()(Tensor(x)).data is not None and (layer().eval()(Tensor(x)).data == x).all()


def test_a_probability_of_one_drops_everything():
    x = Tensor(np.ones((3, 4)), requires_grad=True)
    y = nn.Dropout(1.0)(x)
    y.sum().backward()
    assert not y.data.any() and not x.grad.data.any()


def test_norms_over_several_axes_are_those_of_one_long_axis(rng):
    x = rng.normal(size=(5, 3, 4))
    for name in ("LayerNorm", "RMSNorm"):
        layer, flat = getattr(nn, name)((3, 4)).astype(float), getattr(nn, name)(12).astype(float)
        for (key, p), q in zip(layer.named_parameters(), flat.parameters(), strict=True):
            p.data = rng.normal(size=(3, 4))
            q.data = p.data.reshape(12)
            assert p.shape == (3, 4), key
        np.testing.assert_allclose(
            layer(Tensor(x)).data, flat(Tensor(x.reshape(5, 12))).data.reshape(x.shape), rtol=1e-14
        )
        assert not list(getattr(nn, name)(4, elementwise_affine=False).parameters())
        with pytest.raises(
            ValueError, match=rf"{name}: input of shape \(5, 4, 3\), but its last axes must be \(3, 4\)"
        ):
            layer(Tensor(x.swapaxes(1, 2)))


def test_the_padding_word_starts_at_zero_and_learns_nothing(rng):
    for sparse in (False, True):
        table = nn.Embedding(5, 3, padding_idx=-1, sparse=sparse, rng=rng)
        assert table.padding_idx == 4 and not table.weight.data[4].any() and table.weight.data[:4].all()
        (table([[4, 1], [4, 0]]) * 2).sum().backward()
        grad = table.weight.grad
        assert np.asarray(grad if sparse else grad.data)[:, 0].tolist() == [2, 2, 0, 0, 0]
    with pytest.raises(ValueError, match="padding_idx 5 is none of 5 words"):
        nn.Embedding(5, 3, padding_idx=5)


def test_one_hot():
    assert F.one_hot(np.array([[1], [0]]), 3).tolist() == [[[0, 1, 0]], [[1, 0, 0]]]
    for numbers, classes, error in (([3], 3, "from 3 to 3, but there are 3"), ([], -1, "say num_classes")):
        with pytest.raises(ValueError, match=error):
            F.one_hot(np.array(numbers, int), classes)
    with pytest.raises(TypeError, match="integers, not float64"):
        F.one_hot([0.5])


def test_alpha_dropout_keeps_mean_and_variance_and_its_lowest_value():
    x = np.random.default_rng(0).normal(size=200_000)
    for p in (0.1, 0.5):
        y = nn.AlphaDropout(p, rng=np.random.default_rng(1))(Tensor(x)).data
        assert abs(y.mean()) < 0.02 and abs(y.var() - 1) < 0.03
        values, counts = np.unique(y, return_counts=True)
        assert abs(counts.max() / y.size - p) < 0.01 and (counts > 1).sum() == 1
        assert values[counts.argmax()] < 0
    assert (nn.AlphaDropout(0.5).eval()(Tensor(x)).data == x).all() and not nn.AlphaDropout(1.0)(Tensor(x)).data.any()


def test_random_slopes_lie_in_their_range_and_their_mean_is_used_in_the_end():
    x = np.full(20_000, -2.0)
    layer = nn.RReLU(0.1, 0.5, rng=np.random.default_rng(0))
    slopes = layer(Tensor(x)).data / x
    assert slopes.min() >= 0.1 and slopes.max() <= 0.5 and abs(slopes.mean() - 0.3) < 0.005
    assert abs(slopes.std() - 0.4 / np.sqrt(12)) < 0.005
    np.testing.assert_allclose(layer.eval()(Tensor(x)).data, 0.3 * x)
    assert (layer.train()(Tensor(-x)).data == -x).all()
    with pytest.raises(ValueError, match="lower 1.0 must be at most upper 0.5"):
        nn.RReLU(1.0, 0.5)
