"""Pooling: who gets the gradient at ties, NaNs and infinities, what counts as an element, PyTorch's results."""

import warnings

import numpy as np
import pytest

from autograd import Tensor, gradients, ops


def gradient(f, x, weight=None):
    t = Tensor(x, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        out = f(t)
        (g,) = gradients(out, [t], gradient=np.ones(out.shape) if weight is None else weight)
    return g.data.tolist()


def test_ties_share_equally():
    assert gradient(lambda x: ops.max_pool(x, (2,)), [3.0, 3.0, 1.0, 5.0]) == [0.5, 0.5, 0.0, 1.0]
    assert gradient(lambda x: ops.max_pool(x, (3,), 1), [2.0, 2.0, 2.0, 0.0]) == [1 / 3, 1 / 3 + 0.5, 1 / 3 + 0.5, 0.0]
    assert gradient(lambda x: ops.max_pool(x, (2, 2)), np.zeros((2, 2))) == [[0.25, 0.25], [0.25, 0.25]]


def test_padding_never_wins_nor_shares():
    assert gradient(lambda x: ops.max_pool(x, (2,), 2, 1), [-np.inf, -np.inf]) == [1.0, 1.0]
    assert gradient(lambda x: ops.max_pool(x, (3,), 1, 1), [-5.0, -9.0]) == [2.0, 0.0]
    assert ops.max_pool(np.array([-2, -3]), (2,), 1, 1).tolist() == [-2, -2, -3]


def test_a_nan_is_the_largest():
    x = [1.0, np.nan, 2.0, 4.0]
    np.testing.assert_array_equal(ops.max_pool(np.array(x), (2,)), [np.nan, 4.0])
    assert gradient(lambda x: ops.max_pool(x, (2,)), x) == [0.0, 1.0, 0.0, 1.0]


def test_an_infinite_cotangent_stays_where_it_belongs():
    assert gradient(lambda x: ops.max_pool(x, (2,)), [1.0, 2.0, 3.0, 4.0], [np.inf, 1.0]) == [0.0, np.inf, 0.0, 1.0]


def test_a_maximum_is_flat_but_its_gradient_is_not():
    """The second derivative of the sum of squares of the largest elements is 2 where an element is the largest."""
    x = Tensor([1.0, 3.0, 2.0, 0.5], requires_grad=True)
    (first,) = gradients((ops.max_pool(x, (2,)) ** 2).sum(), [x], create_graph=True)
    (second,) = gradients((first * [1.0, 1.0, 1.0, 1.0]).sum(), [x], create_graph=True)
    assert first.data.tolist() == [0.0, 6.0, 4.0, 0.0]
    assert second.data.tolist() == [0.0, 2.0, 2.0, 0.0]


def test_what_counts_as_an_element_of_a_mean():
    x = np.array([4.0, 8.0, 6.0])
    assert ops.avg_pool(x, (2,), 2, 1).tolist() == [2.0, 7.0]
    assert ops.avg_pool(x, (2,), 2, 1, count_include_pad=False).tolist() == [4.0, 7.0]
    assert ops.avg_pool(x, (2,), 2, 0, ceil_mode=True).tolist() == [6.0, 6.0]  # beyond the padding there is nothing
    assert ops.avg_pool(x, (2,), 2, 0, True, True, 4).tolist() == [3.0, 1.5]
    assert gradient(lambda x: ops.avg_pool(x, (2,), 2, 1, count_include_pad=False), x) == [1.0, 0.5, 0.5]
    assert ops.avg_pool(np.array([1, 2]), (2,)).tolist() == [1.5]


def test_the_norm_of_nothing_but_zeros_is_flat():
    """As `norm` at 0 (HIPS #151)."""
    assert gradient(lambda x: ops.lp_pool(x, 2, (2,)), [0.0, 0.0, 3.0, 4.0]) == pytest.approx([0.0, 0.0, 0.6, 0.8])
    assert gradient(lambda x: ops.lp_pool(x, np.inf, (2,)), [0.0, 0.0]) == [0.5, 0.5]
    assert gradient(lambda x: ops.lp_pool(x, 1, (2,)), [-1.0, 0.0]) == [1.0, 1.0]


def test_one_integer_pools_all_but_images_and_channels(rng):
    x = rng.standard_normal((2, 3, 4, 6))
    for f in (ops.max_pool, ops.avg_pool, ops.sum_pool):
        np.testing.assert_array_equal(f(x, 2), f(x, (2, 2)))
        np.testing.assert_array_equal(f(x, 2)[0, 1], f(x[0, 1], (2, 2)))
    np.testing.assert_array_equal(ops.max_pool(x[0], 2), x[0].reshape(3, 4, 3, 2).max(axis=-1))


SETTINGS = [  # kernel, stride, padding, ceil_mode
    (2, None, 0, False),
    (3, 2, 1, False),
    (3, 2, 1, True),
    (2, 3, 1, True),
    ((2, 3), (1, 2), (1, 0), True),
]


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("kind", ["max", "dilated", "avg", "inner", "lp"])
def test_as_in_pytorch(setting, kind, rng):
    torch = pytest.importorskip("torch")
    F = torch.nn.functional
    kernel, stride, padding, ceil = setting
    x = rng.permutation(2 * 3 * 8 * 9).reshape(2, 3, 8, 9) * 0.01 + 0.1
    t, u = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    if kind in ("max", "dilated"):
        d = 2 if kind == "dilated" else 1
        out = ops.max_pool(t, kernel, stride, padding, d, ceil)
        expected = F.max_pool2d(u, kernel, stride, padding, d, ceil)
    elif kind == "lp":
        out, expected = ops.lp_pool(t, 3, kernel, stride, ceil), F.lp_pool2d(u, 3, kernel, stride, ceil)
        if ceil:  # PyTorch scales a mean there, of windows that are cut off
            return
    else:
        out = ops.avg_pool(t, kernel, stride, padding, ceil, kind == "avg")
        expected = F.avg_pool2d(u, kernel, stride, padding, ceil, kind == "avg")
    np.testing.assert_allclose(out.data, expected.detach().numpy(), rtol=1e-13)
    weight = rng.standard_normal(out.shape)
    (g,) = gradients(out, [t], gradient=weight)
    (h,) = torch.autograd.grad(expected, u, torch.tensor(weight))
    np.testing.assert_allclose(g.data, h.numpy(), rtol=1e-12, atol=1e-13)


def test_single_precision_stays_single():
    x = Tensor(np.ones((1, 1, 4), np.float32), requires_grad=True)
    for out in (ops.max_pool(x, 2), ops.avg_pool(x, 2), ops.lp_pool(x, 2, 2)):
        assert out.dtype == gradients(out.sum(), [x])[0].dtype == np.float32


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: ops.max_pool(x, 2, padding=2), ValueError, "more than half"),
        (lambda x: ops.max_pool(x, 9), ValueError, "does not fit"),
        (lambda x: ops.max_pool(x, ()), ValueError, "pools 0 axes"),
        (lambda x: ops.max_pool(x, (2, 2, 2, 2)), ValueError, "pools 4 axes"),
        (lambda x: ops.max_pool(x[0, 0], 2), ValueError, "axes"),
        (lambda x: ops.max_pool(x[..., :1], 2, 1, 1, 2), ValueError, "without an element"),
        (lambda x: ops.max_pool(x, 2.0), TypeError, "kernel_size|int"),
        (lambda x: ops.max_pool(x * 1j, 2), TypeError, "complex"),
        (lambda x: ops.avg_pool(x, 2, divisor_override=0), ValueError, "avg_pool.*zero"),
    ],
)
def test_what_does_not_fit_says_what_would(call, error, words):
    with pytest.raises(error, match=words):
        call(Tensor(np.ones((1, 2, 4)), requires_grad=True))
