"""Arrays as sets: order, equal elements, NaN, and what NumPy returns beside the values."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import Tensor, gradients, ops


def slopes(f, *values, weights=None):
    tensors = [Tensor(v, requires_grad=True) for v in values]
    out = f(*tensors)
    return [g.data.tolist() for g in gradients(out, tensors, gradient=weights)]


def test_equal_elements_share_equally():
    x = [3.0, 1.0, 3.0, 2.0, 3.0]
    assert slopes(np.unique, x, weights=[10.0, 20.0, 30.0]) == [[10.0, 10.0, 10.0, 20.0, 10.0]]
    assert slopes(np.unique, [0.0, -0.0], weights=[6.0]) == [[3.0, 3.0]]


def test_equal_rows_share_equally():
    x = [[1.0, 2.0], [0.0, 5.0], [1.0, 2.0]]
    weights = np.array([[10.0, 20.0], [30.0, 40.0]])
    expected = [[15.0, 20.0], [10.0, 20.0], [15.0, 20.0]]
    assert slopes(lambda x: np.unique(x, axis=0), x, weights=weights) == [expected]
    turned = slopes(lambda x: np.unique(x, axis=-1), np.transpose(x), weights=weights.T)
    assert np.transpose(turned[0]).tolist() == expected


def test_equal_elements_of_two_arrays_share_equally():
    a, b = [1.0, 2.0, 2.0], [2.0, 3.0]
    assert slopes(np.union1d, a, b, weights=[3.0, 6.0, 9.0]) == [[3.0, 2.0, 2.0], [2.0, 9.0]]
    assert slopes(np.intersect1d, a, b, weights=[6.0]) == [[0.0, 2.0, 2.0], [2.0, 0.0]]
    assert slopes(np.setxor1d, a, b, weights=[3.0, 9.0]) == [[3.0, 0.0, 0.0], [0.0, 9.0]]


def test_the_difference_follows_the_first_array_alone():
    x, y = Tensor([1.0, 2.0, 2.0], requires_grad=True), Tensor([1.0], requires_grad=True)
    assert gradients(np.setdiff1d(x, y).sum(), [x, y])[0].data.tolist() == [0.0, 0.5, 0.5]
    assert gradients(np.setdiff1d(x, y).sum(), [y])[0] is None


def test_a_difference_of_what_is_unique_keeps_its_order():
    assert slopes(lambda x: np.setdiff1d(x, [2.0], assume_unique=True), [3.0, 2.0, 1.0], weights=[10.0, 30.0]) == [
        [10.0, 0.0, 30.0]
    ]


def test_all_that_unique_returns():
    x = Tensor([3.0, 1.0, 3.0], requires_grad=True)
    for flags in ((True, False, False), (False, True, True), (True, True, True)):
        found, expected = np.unique(x, *flags), np.unique(x.data, *flags)
        assert found[0].requires_grad and not any(part.requires_grad for part in found[1:])
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one.data, other)
    for f in (np.unique_all, np.unique_counts, np.unique_inverse):
        found, expected = f(x), f(x.data)
        assert type(found) is type(expected) and found.values.requires_grad
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one.data, other)
    values, first, second = np.intersect1d(x, [3.0, 7.0], return_indices=True)
    assert (values.data.tolist(), first.data.tolist(), second.data.tolist()) == ([3.0], [0], [0])


def test_nan_is_one_value_or_many_as_in_numpy():
    x = [np.nan, 1.0, np.nan]
    assert slopes(np.unique, x, weights=[10.0, 20.0]) == [[10.0, 10.0, 10.0]]
    assert slopes(lambda x: np.unique(x, equal_nan=False), x, weights=[10.0, 20.0, 30.0])[0][1] == 10.0
    assert np.unique_values(Tensor(x, requires_grad=True)).shape == np.unique_values(np.array(x)).shape


def test_sets_of_nothing_and_of_integers():
    empty = Tensor(np.zeros((0, 3)), requires_grad=True)
    assert np.unique(empty).shape == (0,) and gradients(np.unique(empty).sum(), [empty])[0].shape == (0, 3)
    whole = np.unique(Tensor([3, 1, 3]))
    assert whole.data.tolist() == [1, 3] and not whole.requires_grad
    assert np.union1d(Tensor([3, 1]), [2]).data.tolist() == [1, 2, 3]


@pytest.mark.parametrize("trim", ["f", "b", "fb", "bF"])
@pytest.mark.parametrize("x", [[0.0, 0.0, 1.0, 0.0, 2.0, 0.0], [0.0, 0.0], [], [1.0]])
def test_zeros_at_the_ends_are_trimmed_and_get_nothing(x, trim):
    t = Tensor(x, requires_grad=True)
    found = np.trim_zeros(t, trim)
    np.testing.assert_array_equal(found.data, np.trim_zeros(np.array(x), trim))
    (g,) = gradients(found.sum(), [t])
    assert g.data.sum() == len(found)
    with pytest.raises(ValueError, match="trim is 'f', 'b' or 'fb'"):
        np.trim_zeros(t, "x")


def test_a_table_is_trimmed_along_every_axis_or_those_that_are_named():
    x = np.pad(np.arange(1.0, 7.0).reshape(2, 3), ((1, 2), (0, 1)))
    assert ops.trim_zeros(Tensor(x)).shape == (2, 3)
    assert ops.trim_zeros(Tensor(x), axis=-1).shape == (5, 3)
    assert ops.trim_zeros(Tensor(x), "f", axis=(0,)).shape == (4, 4)
