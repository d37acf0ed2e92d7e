"""Sorting and choosing: gradients go back to where each element came from."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import Tensor, gradients


@pytest.fixture
def x():
    return Tensor([3.0, 1.0, 2.0], requires_grad=True)


def grads(out, *tensors, weights=None):
    w = np.arange(1.0, out.size + 1).reshape(out.shape) if weights is None else np.asarray(weights, float)
    return [g.data.tolist() for g in gradients(out, tensors, gradient=w)]


def test_every_element_takes_its_gradient_back(x):
    assert np.sort(x).data.tolist() == [1.0, 2.0, 3.0]
    assert grads(np.sort(x), x) == [[3.0, 1.0, 2.0]]
    y = np.reshape(x, (1, 3))
    assert grads(np.sort(y, axis=None), x) == [[3.0, 1.0, 2.0]]
    assert grads(np.sort(np.reshape(x, (1, 3)), axis=0), x) == [[1.0, 2.0, 3.0]]
    assert grads(x[np.argsort(x)], x) == [[3.0, 1.0, 2.0]]


def test_equal_elements_keep_their_order():
    """The first of equals is the first in the result too: no gradient is shared or lost."""
    x = Tensor([2.0, 1.0, 2.0, 1.0, 2.0], requires_grad=True)
    assert grads(np.sort(x), x) == [[3.0, 1.0, 4.0, 2.0, 5.0]]


def test_what_is_no_number_is_last(x):
    y = Tensor([np.nan, 1.0, -np.inf, np.inf], requires_grad=True)
    assert np.sort(y).data.tolist()[:3] == [-np.inf, 1.0, np.inf]
    assert grads(np.sort(y), y) == [[4.0, 2.0, 1.0, 3.0]]


def test_sorting_in_place_moves_the_gradient(x):
    y = x * 1.0
    y.sort()
    assert y.data.tolist() == [1.0, 2.0, 3.0]
    assert grads(y, x) == [[3.0, 1.0, 2.0]]


@pytest.mark.parametrize("shape", [(0,), (1,), (2, 0), (0, 2), (1, 1)])
def test_sizes_of_none_and_one(shape):
    x = Tensor(np.ones(shape), requires_grad=True)
    out = np.sort(x)
    assert out.shape == shape
    assert gradients(out, [x], gradient=np.full(shape, 2.0))[0].data.tolist() == np.full(shape, 2.0).tolist()


def test_a_partition_has_the_gradients_of_its_own_order(rng):
    values = rng.permutation(50).astype(float)
    x = Tensor(values, requires_grad=True)
    out = np.partition(x, (3, 20))
    assert out.data[3] == 3 and out.data[20] == 20 and set(out.data[:3]) == {0, 1, 2}
    (g,) = gradients(out, [x], gradient=out.data)  # so the gradient is the values, wherever they went
    assert g.data.tolist() == values.tolist()


def test_what_numpy_refuses_is_refused(x):
    with pytest.raises(np.exceptions.AxisError, match="sort"):
        np.sort(x, axis=1)
    with pytest.raises(ValueError, match="partition"):
        np.partition(x, 3)
    with pytest.raises(np.exceptions.AxisError, match="sort"):
        np.sort(Tensor(1.0, requires_grad=True))
    with pytest.raises(ValueError, match="condition"):
        np.compress([[True]], x)
    with pytest.raises(ValueError, match="outside"):
        np.choose([3], [x, x])
    with pytest.raises(TypeError, match="integers"):
        np.choose([0.5], [x, x])
    with pytest.raises(TypeError, match="boolean"):
        np.select([[1, 0, 1]], [x])
    with pytest.raises(ValueError, match="conditions"):
        np.select([], [x])


def test_choices_broadcast(x):
    one = Tensor(5.0, requires_grad=True)
    out = np.choose([[0], [1]], [x, one])
    assert out.data.tolist() == [[3.0, 1.0, 2.0], [5.0] * 3]
    assert grads(out, x, one) == [[1.0, 2.0, 3.0], 15.0]
    assert np.choose([-1, 2, 7], [x, one], mode="wrap").data.tolist() == [5.0, 1.0, 5.0]
    assert np.choose([-1, 2, 7], [x, one], mode="clip").data.tolist() == [3.0, 5.0, 5.0]


def test_the_first_condition_that_holds_decides(x):
    default = Tensor(9.0, requires_grad=True)
    out = np.select([x > 2, x > 1], [x * 10, x * 100], default)
    assert out.data.tolist() == [30.0, 9.0, 200.0]
    assert grads(out, x, default, weights=[1, 1, 1]) == [[10.0, 0.0, 100.0], 1.0]
    with np.errstate(all="ignore"):
        clean = np.select([x > 0], [np.log(x - 1.0)], 0.0)  # log(0) is chosen: infinite
        untaken = np.select([x > 1], [np.log(x - 1.0)], 0.0)  # and here it is not
    assert np.isinf(clean.data[1])
    assert grads(untaken, x, weights=[1, 1, 1]) == [[0.5, 0.0, 1.0]]


def test_compressed_slices(x):
    y = np.reshape(x, (1, 3)) * np.ones((2, 1))
    assert grads(np.compress([True, False, True], y, axis=1), x) == [[1 + 3.0, 0.0, 2 + 4.0]]
    assert np.compress([False, True], x).data.tolist() == [1.0]
    with pytest.raises(IndexError, match="compress"):
        np.compress([False] * 3 + [True], x)
