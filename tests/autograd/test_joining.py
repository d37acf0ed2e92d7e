"""Joining and taking apart: conventions and edges."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import Tensor, gradients


def test_what_is_deleted_gets_no_gradient():
    x = Tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    for obj, expected in ((1, [1, 0, 1, 1]), ([-1, 0, 0], [0, 1, 1, 0]), (slice(1, 3), [1, 0, 0, 1])):
        assert gradients(np.delete(x, obj).sum(), [x])[0].data.tolist() == expected


def test_deleting_beyond_the_end_is_an_error():
    with pytest.raises(IndexError, match="delete"):
        np.delete(Tensor([1.0, 2.0], requires_grad=True), 2)


def test_diagflat_places_every_element_once():
    x = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = np.diagflat(x, -1)
    np.testing.assert_array_equal(y.data, np.diagflat(x.data, -1))
    w = np.arange(25.0).reshape(5, 5)
    assert gradients(y, [x], gradient=w)[0].data.tolist() == [[5.0, 11.0], [17.0, 23.0]]


def test_blocks_find_their_places():
    a, b = (Tensor(np.full(s, v), requires_grad=True) for s, v in (((2, 2), 1.0), ((1, 3), 2.0)))
    out = np.block([[a, np.zeros((2, 3))], [np.zeros((1, 2)), b]])
    np.testing.assert_array_equal(out.data, np.block([[a.data, np.zeros((2, 3))], [np.zeros((1, 2)), b.data]]))
    w = np.arange(15.0).reshape(3, 5)
    ga, gb = gradients(out, [a, b], gradient=w)
    assert ga.data.tolist() == w[:2, :2].tolist() and gb.data.tolist() == w[2:, 2:].tolist()
    assert np.block([1.0, a[0], 2.0]).data.tolist() == [1.0, 1.0, 1.0, 2.0]
    for wrong, kind in (((a, b), TypeError), ([[a], []], ValueError), ([[a], b], ValueError)):
        with pytest.raises(kind, match="block"):
            np.block(wrong)


def test_inserted_values_have_their_gradients():
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    v = Tensor([7.0, 8.0], requires_grad=True)
    for where in (1, [1, 1], [3, 0], slice(0, 2), np.array([True, False, True])):
        out = np.insert(x, where, v)
        expected = np.insert(x.data, where, v.data)
        assert out.data.tolist() == expected.tolist()
        w = np.arange(1.0, 6.0)
        gx, gv = gradients(out, [x, v], gradient=w)
        assert gx.data.tolist() == [w[expected == e].item() for e in x.data]
        assert gv.data.tolist() == [w[expected == e].item() for e in v.data]
    one = np.insert(np.ones((2, 2)), 1, v[0], axis=1)
    assert gradients(one.sum(), [v])[0].data.tolist() == [2.0, 0.0]
    with pytest.raises(TypeError, match="insert"):
        np.insert(np.array([1, 2]), 0, v)
    with pytest.raises(IndexError, match="insert"):
        np.insert(x, 9, v)


def test_resize_repeats_and_fills_with_zeros():
    x = Tensor([1.0, 2.0], requires_grad=True)
    assert gradients(np.resize(x, (2, 3)).sum(), [x])[0].data.tolist() == [3.0, 3.0]
    assert np.resize(x, 3).data.tolist() == [1.0, 2.0, 1.0]
    assert np.resize(x[:0], 3).data.tolist() == [0.0, 0.0, 0.0]
    assert np.resize(x, (0, 4)).shape == (0, 4)
    with pytest.raises(ValueError, match="resize"):
        np.resize(x, -1)


def test_powers_of_zero_in_vandermondes_matrix():
    x = Tensor([0.0, 2.0], requires_grad=True)
    out = np.vander(x, 4)
    assert out.data.tolist() == [[0.0, 0.0, 0.0, 1.0], [8.0, 4.0, 2.0, 1.0]]
    assert gradients(out.sum(), [x])[0].data.tolist() == [1.0, 12.0 + 4.0 + 1.0]
    with pytest.raises(ValueError, match="vander"):
        np.vander(np.reshape(x, (1, 2)))


def test_functions_along_an_axis_get_vectors_that_have_gradients():
    x = Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
    out = np.apply_along_axis(lambda v, p: (v**p).sum(), 1, x, 2)
    assert out.data.tolist() == [5.0, 50.0]
    assert gradients(out.sum(), [x])[0].data.tolist() == (2 * x.data).tolist()
    outer = np.apply_along_axis(lambda v: np.outer(v, v), 0, x)
    np.testing.assert_array_equal(outer.data, np.apply_along_axis(lambda v: np.outer(v, v), 0, x.data))
    assert np.apply_along_axis(np.argmax, 1, x).data.tolist() == [2, 2]
    with pytest.raises(ValueError, match="vector"):
        np.apply_along_axis(np.sum, 1, x[:0])
    with pytest.raises(np.exceptions.AxisError, match="apply_along_axis"):
        np.apply_along_axis(np.sum, 2, x)
    with pytest.raises(ValueError, match="apply_over_axes"):
        np.apply_over_axes(lambda a, axis: a.sum(), x, 0)
    assert np.apply_over_axes(np.sum, x, [0, -1]).data.tolist() == [[15.0]]
