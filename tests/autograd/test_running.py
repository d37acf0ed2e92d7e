"""Running sums, products and extremes, differences, integrals, interpolation: conventions and edges."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import Tensor, gradients, hessian, jacobian, ops

INF, NAN = math.inf, math.nan


def leaf(x, dtype=float):
    return Tensor(x, requires_grad=True, dtype=dtype)


def grad(f, *values):
    """The gradients of sum(f(*values)); the backward pass gives no warning."""
    tensors = [leaf(v) for v in values]
    with np.errstate(all="ignore"):
        out = f(*tensors).sum()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = [g.data.tolist() for g in gradients(out, tensors)]
    return found if len(found) > 1 else found[0]


# ---------------------------------------------------------------------- running sums and products
def products_without(x, weights):
    """The gradient of <weights, cumprod(x)>, by leaving every factor out of every product."""
    n = len(x)
    return [sum(weights[k] * math.prod(x[j] for j in range(k + 1) if j != i) for k in range(i, n)) for i in range(n)]


def test_running_products_are_exact_at_any_number_of_zeros(rng):
    """HIPS #257: cumprod had no gradient; elsewhere it is NaN at a zero."""
    for n in range(1, 12):
        for zeros in range(n + 1):
            x = rng.normal(size=n)
            x[rng.permutation(n)[:zeros]] = 0
            w = rng.normal(size=n)
            found = grad(lambda x, w=w: np.cumprod(x) * w, x)
            np.testing.assert_allclose(found, products_without(x, w), rtol=1e-12, atol=1e-14)


def test_running_products_with_zeros_to_second_order():
    x = [2.0, 0.0, 3.0, 0.0]
    expected = np.zeros((4, 4))
    for k in range(4):
        for i in range(k + 1):
            for j in range(k + 1):
                if i != j:
                    expected[i, j] += math.prod(x[m] for m in range(k + 1) if m not in (i, j))
    assert hessian(lambda x: np.cumprod(x).sum())(np.array(x)).tolist() == expected.tolist()


def test_running_products_that_lose_their_digits_on_the_way():
    """A product that underflows and comes back: its quotient by a factor would be 0."""
    assert grad(np.cumprod, [1e-200, 1e-200, 1e200]) == [2.0, 1.0, 0.0]


def test_a_long_running_product_agrees_with_its_logarithm(rng):
    x = rng.uniform(0.99, 1.01, 1000)
    w = rng.normal(size=1000)
    quick = grad(lambda x: np.cumprod(x) * w, x)
    np.testing.assert_allclose(quick, grad(lambda x: np.exp(np.cumsum(np.log(x))) * w, x), rtol=1e-10)
    x[-1] = 0  # now by the way without a division
    slow = grad(lambda x: np.cumprod(x)[:-1] * w[:-1], x)
    np.testing.assert_allclose(slow[:-1], grad(lambda x: np.cumprod(x) * w[:-1], x[:-1]), rtol=1e-10)


def test_flattened_where_no_axis_is_given():
    x = [[1.0, 2.0], [3.0, 4.0]]
    assert grad(np.cumsum, x) == [[4.0, 3.0], [2.0, 1.0]]
    assert grad(np.nancumsum, [[1.0, NAN], [3.0, 4.0]]) == [[4.0, 0.0], [2.0, 1.0]]
    assert np.cumprod(leaf(x)).data.tolist() == [1.0, 2.0, 6.0, 24.0]
    assert np.cumsum(leaf(2.0)).shape == (1,)


def test_array_api_names():
    x = leaf([1.0, 2.0, 3.0])
    assert np.cumulative_sum(x, include_initial=True).data.tolist() == [0.0, 1.0, 3.0, 6.0]
    assert np.cumulative_prod(x, include_initial=True).data.tolist() == [1.0, 1.0, 2.0, 6.0]
    assert np.cumulative_sum(leaf(2.0)).data.tolist() == [2.0]
    assert np.cumulative_sum(Tensor([1, 2]), include_initial=True).dtype == np.int64
    assert np.cumulative_sum(x, dtype=np.float32).dtype == np.float32
    with pytest.raises(ValueError, match=r"cumulative_sum.*axis= is needed"):
        np.cumulative_sum(leaf(np.ones((2, 2))))
    with pytest.raises(np.exceptions.AxisError):
        np.cumulative_prod(x, axis=1)


def test_the_holder_of_the_running_extreme_has_the_gradient():
    assert grad(ops.cummax, [1.0, 3.0, 2.0, 3.0, 4.0]) == [1.0, 3.0, 0.0, 0.0, 1.0]
    assert grad(ops.cummin, [[1.0, 0.0], [1.0, 0.0]]) == [[2.0, 2.0], [0.0, 0.0]]
    assert grad(lambda x: ops.cummax(x, -1), [[1.0, 0.0], [0.0, 1.0]]) == [[2.0, 0.0], [1.0, 1.0]]
    assert grad(ops.cummax, [1.0, NAN, 2.0, NAN]) == [1.0, 3.0, 0.0, 0.0]
    assert ops.cummax(leaf(np.ones((0, 2)))).shape == (0, 2)


def test_logcumsumexp_neither_overflows_nor_underflows():
    x = [1000.0, -1000.0, 1000.0, -INF]
    np.testing.assert_allclose(ops.logcumsumexp(leaf(x)).data, [1000, 1000] + [1000 + math.log(2)] * 2)
    np.testing.assert_allclose(grad(ops.logcumsumexp, x), [3.0, 0.0, 1.0, 0.0], rtol=1e-12)
    assert grad(ops.logcumsumexp, [-INF, -INF, 5.0]) == [0.0, 0.0, 1.0]
    assert grad(ops.logcumsumexp, [0.0, INF, 5.0, INF]) == [1.0, 3.0, 0.0, 0.0]


def test_logcumsumexp_is_the_logsumexp_of_each_beginning(rng):
    x = rng.normal(size=(3, 9)) * 30
    w = rng.normal(size=(3, 9))
    found = grad(lambda x: ops.logcumsumexp(x, 1) * w, x)
    parts = [grad(lambda x, k=k: ops.logsumexp(x[:, : k + 1], axis=1) * w[:, k], x) for k in range(9)]
    np.testing.assert_allclose(found, np.sum(parts, axis=0), rtol=1e-12, atol=1e-14)


# ---------------------------------------------------------------------- differences
def test_differences_past_the_end():
    x = leaf([1.0, 4.0])
    assert np.diff(x, 5).shape == (0,)
    assert gradients(np.diff(x, 5).sum(), [x])[0].data.tolist() == [0.0, 0.0]
    assert np.diff(x, 0) is not None and grad(lambda x: np.diff(x, 0), [1.0, 2.0]) == [1.0, 1.0]
    assert np.diff(Tensor([True, False, False])).data.tolist() == [True, False]
    assert np.diff(leaf([1.0, 2.0], np.float32), prepend=0.0).dtype == np.float32


def test_differences_refuse_what_numpy_refuses():
    x = leaf([1.0, 2.0])
    for error, call in (
        (ValueError, lambda: np.diff(x, -1)),
        (ValueError, lambda: np.diff(leaf(1.0))),
        (np.exceptions.AxisError, lambda: np.diff(x, axis=1)),
        (np.exceptions.AxisError, lambda: np.diff(x, axis=1, append=0.0)),
        (ValueError, lambda: np.diff(leaf(np.ones((2, 2))), prepend=[1.0])),
        (TypeError, lambda: np.ediff1d(Tensor([1, 2]), to_end=leaf(0.5))),
        (TypeError, lambda: np.ediff1d(Tensor([True, False]))),
        (ValueError, lambda: np.gradient(x, edge_order=2)),
        (ValueError, lambda: np.gradient(x, [1.0, 2.0, 3.0])),
        (ValueError, lambda: np.gradient(x, np.ones((2, 2)))),
        (ValueError, lambda: np.gradient(x, edge_order=3)),
        (TypeError, lambda: np.gradient(x, 1.0, 2.0)),
        (np.exceptions.AxisError, lambda: np.trapezoid(x, axis=1)),
    ):
        with pytest.raises(error, match=r"diff|gradient|trapezoid|subtract"):
            call()


def test_the_slope_of_a_parabola_is_exact_and_so_is_its_derivative_in_the_points():
    points = np.array([0.0, 0.5, 1.5, 2.0, 3.5])
    found = np.gradient(leaf(points**2), points, edge_order=2)
    np.testing.assert_allclose(found.data, 2 * points, atol=1e-12)
    at = jacobian(lambda t: np.gradient(t**2, t, edge_order=2))(points)
    np.testing.assert_allclose(at, 2 * np.eye(5), atol=1e-12)


def test_equal_gaps_that_have_a_gradient_keep_one_each():
    f = np.array([0.0, 1.0, 4.0])
    whole = jacobian(lambda h: np.gradient(f, h))(np.array([0.0, 1.0, 2.0]))
    parts = [(np.gradient(f, [0, 1, 2] + 1e-6 * e) - np.gradient(f, [0, 1, 2] - 1e-6 * e)) / 2e-6 for e in np.eye(3)]
    np.testing.assert_allclose(whole, np.transpose(parts), atol=1e-8)


def test_slopes_keep_single_precision_and_integers_become_floats():
    assert np.gradient(leaf([1.0, 2.0], np.float32), np.array([0.0, 1.0])).dtype == np.float32
    assert np.gradient(Tensor([1, 4, 9])).data.tolist() == [3.0, 4.0, 5.0]
    assert np.gradient(Tensor(np.array([0, 200, 100], np.uint8))).data.tolist() == [200.0, 50.0, -100.0]
    assert isinstance(np.gradient(leaf(np.ones((2, 2)))), tuple)


def test_an_integral_moves_with_its_ends():
    """The derivative of an integral in its upper end is the integrand there."""
    at_y, at_x = grad(np.trapezoid, [1.0, 2.0, 4.0], [0.0, 1.0, 3.0])
    assert at_y == [0.5, 1.5, 1.0] and at_x == [-1.5, -1.5, 3.0]
    assert grad(lambda y, h: np.trapezoid(y, dx=h), [1.0, 2.0, 4.0], 0.5) == [[0.25, 0.5, 0.25], 4.5]


def test_unwrapping_adds_constants():
    x = [0.0, 3.0, -3.0, 0.5]
    assert grad(np.unwrap, x) == [1.0] * 4
    np.testing.assert_allclose(np.unwrap(leaf(x)).data, np.unwrap(x))
    assert np.unwrap(Tensor([0, 7, 2]), period=4).dtype == np.unwrap([0, 7, 2], period=4).dtype
    with pytest.raises(TypeError, match="'period'"):
        np.unwrap(leaf(x), period=leaf(6.0))


# ---------------------------------------------------------------------- interpolation
XP, FP = np.array([0.0, 1.0, 3.0]), np.array([1.0, 3.0, -1.0])


def test_interpolation_has_a_gradient_in_everything():
    """HIPS #193: interp had none."""
    x, xp, fp = grad(np.interp, [0.25, 2.0, -1.0, 5.0], XP, FP)
    assert x == [2.0, -2.0, 0.0, 0.0]
    assert fp == [1.75, 0.75, 1.5]
    assert xp == [-1.5, -0.5 + 1.0, 1.0]
    left, right = grad(lambda a, b: anp.interp([-1.0, -2.0, 0.5, 9.0], XP, FP, a, b), 7.0, 8.0)
    assert (left, right) == (2.0, 1.0)
    assert grad(lambda fp: np.interp([-1.0, 9.0], XP, fp, left=0.0), FP) == [0.0, 0.0, 1.0]


def test_at_a_point_the_slope_is_that_to_the_right():
    assert grad(lambda x: np.interp(x, XP, FP), [0.0, 1.0, 3.0]) == [2.0, -2.0, -2.0]
    assert grad(lambda x: np.interp(x, [0.5], [2.0]), [0.0, 0.5, 1.0]) == [0.0, 0.0, 0.0]


def test_a_last_point_that_comes_twice_counts():
    points = [0.0, 1.0, 1.0]
    assert np.interp(leaf([1.0, 2.0]), points, [1.0, 2.0, 3.0]).data.tolist() == [3.0, 3.0]
    assert grad(lambda fp: np.interp([1.0], points, fp), [1.0, 2.0, 3.0]) == [0.0, 0.0, 1.0]
    assert grad(lambda x: np.interp(x, points, [1.0, 2.0, 3.0]), [1.0]) == [0.0]


def test_interpolation_with_a_period():
    xp, fp = [190.0, -190.0, 350.0, -350.0], [5.0, 10.0, 3.0, 4.0]
    x = [-180.0, -175.0, 5.0, 365.0]
    np.testing.assert_allclose(np.interp(leaf(x), xp, fp, period=360).data, np.interp(x, xp, fp, period=360))
    at_x, at_fp, at_period = grad(lambda x, fp, p: np.interp(x, xp, fp, period=p), x, fp, 360.0)
    np.testing.assert_allclose(at_x, [-0.25, -0.25, 0.05, 0.05])
    assert sum(at_fp) == pytest.approx(len(x))
    h = 1e-5
    moved = (np.interp(x, xp, fp, period=360 + h) - np.interp(x, xp, fp, period=360 - h)).sum() / (2 * h)
    assert at_period == pytest.approx(moved, abs=1e-7)
    with pytest.raises(ValueError, match=r"interp.*period must not be 0"):
        np.interp(leaf(x), xp, fp, period=0)


def test_interpolation_is_in_double_precision_as_numpys():
    x = leaf([0.5], np.float32)
    assert np.interp(x, XP, FP).dtype == np.float64
    assert gradients(np.interp(x, XP, FP).sum(), [x])[0].dtype == np.float32
    assert np.interp(leaf([0.5]), XP, FP * 1j).data.tolist() == [2j]
    with pytest.raises(TypeError):
        np.interp(leaf([1.0]) * 1j, XP, FP)
    with pytest.raises(ValueError, match=r"interp.*not of the same length"):
        np.interp(leaf([1.0]), XP, [1.0])


def test_plain_arrays_stay_plain():
    for out in (
        anp.diff([1.0, 2.0], prepend=0.0),
        anp.interp([0.5], XP, FP),
        anp.gradient([1.0, 2.0]),
        anp.cumsum([1]),
    ):
        assert type(out) is np.ndarray
