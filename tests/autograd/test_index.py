"""Selecting: places named more than once, bounds, conditions, and what is no index."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import Tensor, gradients, ops


@pytest.mark.parametrize(
    "index",
    [
        lambda r: r.integers(-20, 20, 500),
        lambda r: (r.integers(-20, 20, 500), r.integers(-30, 30, 500)),
        lambda r: (slice(None), r.integers(-30, 30, 40)),
        lambda r: (Ellipsis, None, r.integers(-30, 30, (4, 10))),
        lambda r: r.random((20, 30)) < 0.5,
    ],
)
def test_large_indices_add_every_time_that_a_place_is_named(rng, index):
    x = Tensor(np.zeros((20, 30)), requires_grad=True)
    at = index(rng)
    w = rng.standard_normal(x.data[at].shape)
    expected = np.zeros(x.shape)
    np.add.at(expected, at, w)
    (found,) = gradients(x[at], [x], gradient=w)
    np.testing.assert_allclose(found.data, expected, atol=1e-12)
    assert ops.scatter_add(w.astype(np.float32), at, x.shape).dtype == np.float32


def grads(out, *tensors, weights=None):
    w = np.ones(out.shape) if weights is None else np.asarray(weights, float)
    return [g.data.tolist() for g in gradients(out, tensors, gradient=w)]


def test_a_bound_of_clip_has_the_gradient_of_what_lies_beyond_it():
    """On a bound the gradient flows to x."""
    x = Tensor([-1.0, 0.0, 0.5, 1.0, 2.0], requires_grad=True)
    low, high = Tensor(0.0, requires_grad=True), Tensor([1.0] * 5, requires_grad=True)
    out = np.clip(x, low, high)
    assert grads(out, x, low, high) == [[0, 1, 1, 1, 0], 1.0, [0, 0, 0, 0, 1]]
    assert grads(np.clip(0.5, low, high), low, high) == [0.0, [0, 0, 0, 0, 0]]
    assert grads(np.clip(np.array([-3.0]), low, None), low) == [1.0]


def test_of_bounds_that_cross_the_upper_one_wins():
    x, low, high = (Tensor(v, requires_grad=True) for v in ([-9.0, 0.0, 9.0], [2.0] * 3, [1.0] * 3))
    out = np.clip(x, low, high)
    assert out.data.tolist() == [1.0, 1.0, 1.0]
    assert grads(out, x, low, high) == [[0, 0, 0], [0, 0, 0], [1, 1, 1]]
    low = Tensor([1.0] * 3, requires_grad=True)
    assert grads(np.clip(x, low, high), x, low, high) == [[0, 0, 0], [1, 1, 0], [0, 0, 1]]


def test_clip_takes_numpys_newer_names():
    x = Tensor([-1.0, 0.5, 2.0], requires_grad=True)
    for out in (np.clip(x, min=0, max=1), x.clip(min=0, max=1), np.clip(x, 0, 1)):
        assert out.data.tolist() == [0.0, 0.5, 1.0]
        assert grads(out, x) == [[0, 1, 0]]
    assert np.clip(x, min=0.0).data.tolist() == [0.0, 0.5, 2.0]
    assert np.clip(Tensor(np.float32([1.5])), max=1).dtype == np.float32
    with pytest.raises(ValueError, match="either"):
        np.clip(x, 0, 1, max=2)


def test_take_means_numbers_where_an_index_means_a_mask():
    """numpy.take reads True as 1; indexing with it would drop elements silently."""
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    out = np.take(x, [True, False, True])
    assert out.data.tolist() == np.take(x.data, [True, False, True]).tolist() == [2.0, 1.0, 2.0]
    assert grads(out, x) == [[1, 2, 0]]
    assert np.take(x, []).shape == (0,)
    assert np.take(x, 5, mode="clip").item() == 3.0 and np.take(x, -4, mode="wrap").item() == 3.0
    assert np.take(x, -4, mode="clip").item() == 1.0
    with pytest.raises(IndexError, match="take"):
        np.take(x, 3)
    with pytest.raises(IndexError, match="take"):
        np.take(x[:0], [0], mode="clip")
    with pytest.raises(ValueError, match="take"):
        np.take(x, 0, mode="round")
    with pytest.raises(IndexError, match="integers"):
        np.take_along_axis(x, np.array([True, False, True]), 0)


def test_where_of_a_condition_alone_gives_the_places():
    x = Tensor([[1.0, 0.0], [0.0, 2.0]], requires_grad=True)
    rows, columns = np.where(x > 0)
    assert rows.data.tolist() == [0, 1] and columns.data.tolist() == [0, 1]
    assert [p.tolist() for p in np.where(x.data > 0)] == [[0, 1], [0, 1]]
    assert grads(x[np.where(x > 0)], x, weights=[3, 5]) == [[[3, 0], [0, 5]]]
    with pytest.raises(ValueError, match="both or neither"):
        np.where(x > 0, x)


def test_a_mask_of_a_mask_puts_all_back():
    x = Tensor(np.arange(200.0), requires_grad=True)
    mask = x.data % 3 == 0
    assert grads(x[mask], x) == [mask.astype(float).tolist()]


def test_piecewise_calls_each_function_on_its_own_elements():
    """The untaken pieces must not poison the gradient, nor be called where they are singular."""
    x = Tensor([-1.0, 0.0, 4.0], requires_grad=True)
    out = np.piecewise(x, [x < 0, x > 0], [lambda v: -v, lambda v, k=2.0: np.sqrt(v) * k, 7.0])
    assert out.data.tolist() == [1.0, 7.0, 4.0]
    assert grads(out, x) == [[-1.0, 0.0, 0.5]]
    scale = Tensor(3.0, requires_grad=True)
    assert grads(np.piecewise(x, [x < 0], [scale, lambda v: v * scale]), x, scale) == [[0, 3, 3], 1.0 + 0.0 + 4.0]
    assert np.piecewise(x, x < 0, [1.0, 2.0]).data.tolist() == [1.0, 2.0, 2.0]
    y = Tensor(-2.0, requires_grad=True)
    assert grads(np.piecewise(y, y < 0, [lambda v: v * v, 0.0]), y) == [-4.0]
    with pytest.raises(ValueError, match="functions"):
        np.piecewise(x, [x < 0], [1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match="piecewise"):
        np.piecewise(Tensor([1, 2]), [[True, False]], [lambda v: v * scale, 0])
    with pytest.raises(TypeError, match="piecewise"):
        np.piecewise(x, [x < 0], [1j, 0.0])


def test_extract_reads_in_c_order():
    x = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    out = np.extract([[0, 1], [1, 0]], x)
    assert out.data.tolist() == [2.0, 3.0]
    assert grads(out, x, weights=[5, 7]) == [[[0, 5], [7, 0]]]


def test_an_open_mesh_of_places():
    x = Tensor(np.arange(9.0).reshape(3, 3), requires_grad=True)
    out = x[np.ix_([0, 2], [2, 2])]
    assert out.data.tolist() == [[2.0, 2.0], [8.0, 8.0]]
    assert grads(out, x) == [[[0, 0, 2], [0, 0, 0], [0, 0, 2]]]
