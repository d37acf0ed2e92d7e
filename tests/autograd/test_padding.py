"""Padding: every mode against NumPy far beyond one period, gradients of borders, refusals."""

from __future__ import annotations

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import Tensor, gradients


@pytest.fixture
def x():
    return Tensor([1.0, 2.0, 4.0], requires_grad=True)


def grads(out, *tensors):
    return [g.data.tolist() for g in gradients(out.sum(), tensors)]


@pytest.mark.parametrize("mode", ["reflect", "symmetric"])
@pytest.mark.parametrize("kind", ["even", "odd"])
def test_reflections_go_on_for_many_periods(rng, mode, kind):
    for n in (1, 2, 3, 5):
        a = rng.standard_normal((n, 2))
        width = ((4 * n + 1, 3 * n + 2), (7, 5))
        t = Tensor(a, requires_grad=True)
        out = np.pad(t, width, mode, reflect_type=kind)
        np.testing.assert_allclose(out.data, np.pad(a, width, mode, reflect_type=kind), rtol=1e-12, atol=1e-12)
        (g,) = gradients(out.sum(), [t])
        step = rng.standard_normal(a.shape)
        change = np.pad(a + step, width, mode, reflect_type=kind).sum() - out.data.sum()
        np.testing.assert_allclose((g.data * step).sum(), change, rtol=1e-9)  # linear in the array


def test_the_border_has_the_gradient_of_its_constants(x):
    c = Tensor([3.0, 5.0], requires_grad=True)
    out = np.pad(x, (2, 1), constant_values=c)
    assert out.data.tolist() == [3.0, 3.0, 1.0, 2.0, 4.0, 5.0]
    assert grads(out, x, c) == [[1, 1, 1], [2, 1]]
    out = np.pad(x, (2, 1), constant_values=(c[0], 0.0))
    assert out.data.tolist() == [3.0, 3.0, 1.0, 2.0, 4.0, 0.0]
    assert grads(out, c) == [[2, 0]]
    square = anp.pad(  # numpy.pad itself looks for Tensors in its array alone
        np.ones((1, 1)), 1, constant_values=Tensor(2.0, requires_grad=True)
    )
    assert square.data.tolist() == [[2.0] * 3, [2.0, 1.0, 2.0], [2.0] * 3]


def test_constants_keep_the_dtype_of_the_array():
    c = Tensor(1.5, requires_grad=True)
    out = np.pad(Tensor(np.float32([1.0])), 1, constant_values=c)
    assert out.dtype == np.float32 and gradients(out.sum(), [c])[0].dtype == np.float64
    with pytest.raises(TypeError, match="int64"):
        anp.pad(np.array([1, 2]), 1, constant_values=c)
    with pytest.raises(TypeError, match="complex"):
        anp.pad(np.ones(2), 1, constant_values=c * 1j)
    out = np.pad(Tensor([1, 2]), 1, "mean")
    assert out.data.tolist() == np.pad([1, 2], 1, "mean").tolist() and out.dtype == int


def test_a_ramp_between_its_end_and_the_edge(x):
    end = Tensor(0.0, requires_grad=True)
    out = np.pad(x, (2, 4), "linear_ramp", end_values=end)
    assert out.data.tolist() == [0.0, 0.5, 1.0, 2.0, 4.0, 3.0, 2.0, 1.0, 0.0]
    assert grads(out, x, end) == [[1.5, 1.0, 2.5], 0.5 + 1.0 + 2.5]


def test_statistics_of_the_elements_next_to_the_border(x):
    assert grads(np.pad(x, 1, "maximum"), x) == [[1, 1, 3]]
    assert grads(np.pad(x, (3, 1), "mean", stat_length=2), x) == [[2.5, 3.0, 1.5]]
    assert grads(np.pad(x, 1, "median"), x) == [[1, 3, 1]]
    tied = Tensor([2.0, 2.0], requires_grad=True)
    assert grads(np.pad(tied, (4, 0), "minimum"), tied) == [[3.0, 3.0]]
    with pytest.raises(ValueError, match="stat_length"):
        np.pad(x, 1, "maximum", stat_length=0)


def test_a_function_writes_the_borders(x):
    """NumPy's example: the vector is written in place, and what is written has a gradient."""
    c = Tensor(10.0, requires_grad=True)

    def border(vector, width, axis, options):
        vector[: width[0]] = options.get("padder", 1.0) * c
        vector[-width[1] :] = vector[width[0]]

    y = np.reshape(x * 1.0, (1, 3))
    out = np.pad(y, 1, border, padder=2.0)
    plain = np.pad(y.data, 1, lambda v, w, a, o: border_plain(v, w, o, 10.0), padder=2.0)
    np.testing.assert_array_equal(out.data, plain)
    up = np.pad(y.data, 1, lambda v, w, a, o: border_plain(v, w, o, 11.0), padder=2.0)
    assert grads(out, c) == [float((up - plain).sum())]


def border_plain(vector, width, options, c):
    vector[: width[0]] = options.get("padder", 1.0) * c
    vector[-width[1] :] = vector[width[0]]


def test_widths_in_all_forms(x):
    y = np.reshape(x, (1, 3))
    for width in (1, (1, 2), [(1, 0), (0, 2)], ((1,), (2,)), np.array([[0, 1]])):
        np.testing.assert_array_equal(np.pad(y, width).data, np.pad(y.data, width))
    if np.lib.NumpyVersion(np.__version__) >= "2.3.0":
        for width in ({-1: (1, 2)}, {0: 1}):
            np.testing.assert_array_equal(np.pad(y, width).data, np.pad(y.data, width))
    with pytest.raises(TypeError, match="integers"):
        np.pad(x, 1.5)
    with pytest.raises(ValueError, match="negative"):
        np.pad(x, -1)
    with pytest.raises(ValueError, match="pad"):
        np.pad(x, ((1, 1), (1, 1)))


def test_what_numpy_refuses_is_refused(x):
    for mode, options in (("wobble", {}), ("edge", {"constant_values": 1}), ("constant", {"reflect_type": "odd"})):
        with pytest.raises(ValueError, match="pad"):
            np.pad(x, 1, mode, **options)
    with pytest.raises(ValueError, match="empty"):
        np.pad(x[:0], 1, "reflect")


def test_nothing_is_padded_by_nothing():
    x = Tensor(np.zeros((0, 3)), requires_grad=True)
    for mode in ("edge", "mean", "reflect", "wrap", "linear_ramp", "empty"):
        out = np.pad(x, ((0, 0), (1, 2)), mode)
        assert out.shape == (0, 6) and gradients(out, [x], gradient=np.zeros((0, 6)))[0].shape == (0, 3)
    out = np.pad(x, 1, "constant", constant_values=Tensor(2.0, requires_grad=True))
    assert out.data.tolist() == [[2.0] * 5] * 2
    number = Tensor(3.0, requires_grad=True)
    assert np.pad(number, 1).item() == 3.0


def test_an_empty_border_leaves_the_gradient_alone(x):
    out = np.pad(x, 2, "empty")
    assert out.shape == (7,) and out.data[2:5].tolist() == [1.0, 2.0, 4.0]
    assert grads(out, x) == [[1, 1, 1]]
