"""Order statistics, averages, covariances, counts and histograms: conventions and edges."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import Tensor, gradients, hessian, jacobian

NAN = math.nan
CONTINUOUS = (
    "linear", "interpolated_inverted_cdf", "hazen", "weibull", "median_unbiased", "normal_unbiased",
)  # fmt: skip
JUMPING = (
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "lower", "higher", "midpoint", "nearest",
)  # fmt: skip


def leaf(x, dtype=float):
    return Tensor(x, requires_grad=True, dtype=dtype)


def grad(f, *values):
    """The gradients of sum(f(*values)); the backward pass gives no warning."""
    tensors = [leaf(v) for v in values]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out = f(*tensors).sum()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = [g.data.tolist() for g in gradients(out, tensors)]
    return found if len(found) > 1 else found[0]


# ---------------------------------------------------------------------- order statistics
@pytest.mark.parametrize("method", CONTINUOUS + JUMPING)
def test_a_quantile_is_its_gradient_times_the_elements(method, rng):
    """For every method, also where it jumps: the gradient says which elements a quantile is made of."""
    grid = np.arange(25) / 24
    for n in range(1, 8):
        a = rng.permutation(n) * 1.7 - 2
        a_nan = np.insert(a, n // 2, NAN)
        at_a = jacobian(lambda a: np.quantile(a, grid, method=method))(a)
        np.testing.assert_allclose(at_a @ a, np.quantile(a, grid, method=method), atol=1e-12)
        np.testing.assert_allclose(at_a.sum(axis=1), 1, atol=1e-12)
        at_nan = jacobian(lambda a: np.nanquantile(a, grid, method=method))(a_nan)
        np.testing.assert_allclose(np.delete(at_nan, n // 2, axis=1), at_a, atol=1e-12)
        assert not at_nan[:, n // 2].any()


def test_equal_elements_share_as_in_max():
    assert grad(lambda a: np.quantile(a, 1.0), [1.0, 2.0, 2.0]) == grad(np.max, [1.0, 2.0, 2.0]) == [0.0, 0.5, 0.5]
    assert grad(np.median, [2.0, 1.0, 2.0, 3.0]) == [0.5, 0.0, 0.5, 0.0]
    assert grad(np.median, [4.0, 1.0, 3.0, 2.0]) == [0.0, 0.0, 0.5, 0.5]
    assert grad(lambda a: np.median(a, axis=0), [[1.0, 5.0], [1.0, 6.0]]) == [[0.5, 0.5], [0.5, 0.5]]


def test_a_nan_is_the_quantile_or_is_ignored():
    a = [3.0, NAN, 1.0]
    assert np.isnan(np.median(leaf(a)).item()) and grad(np.median, a) == [0.0, 1.0, 0.0]
    assert grad(lambda a: np.quantile(a, [0.1, 0.6]), a) == [0.0, 2.0, 0.0]
    assert grad(np.nanmedian, a) == [0.5, 0.0, 0.5]
    assert grad(lambda a: np.nanpercentile(a, 25, axis=1), [a, [NAN] * 3]) == [[0.25, 0.0, 0.75], [0.0] * 3]
    assert grad(np.nanmedian, [NAN, NAN]) == [0.0, 0.0]


def test_several_axes_of_q_come_first(rng):
    """NumPy 2.4 mixes them up in nanquantile where `axis` is negative or a tuple."""
    a, q = rng.normal(size=(2, 3, 4)), [[0.1], [0.7]]
    for axis in (1, -1, (0, 2), None):
        found, expected = (
            jacobian(lambda a, axis=axis: np.nanquantile(a, q, axis=axis))(a),
            np.quantile(a, q, axis=axis),
        )
        np.testing.assert_allclose(np.nanquantile(leaf(a), q, axis=axis).data, expected)
        np.testing.assert_allclose(found, jacobian(lambda a, axis=axis: np.quantile(a, q, axis=axis))(a), atol=1e-14)


def test_the_slope_in_q_at_an_element_is_that_above_it_and_at_the_last_that_below():
    a = [1.0, 2.0, 4.0]
    assert grad(lambda q: np.quantile(np.array(a), q), [0.0, 0.25, 0.5, 0.75, 1.0]) == [2.0, 2.0, 4.0, 4.0, 4.0]
    assert grad(lambda q: np.quantile([5.0], q), 0.5) == 0.0
    assert grad(lambda q: np.percentile(a, q), [25.0]) == [0.02]
    ends = grad(lambda q: np.quantile([1.0, 2.0], q, method="weibull"), [0.1, 0.5, 0.9])
    assert ends == [0.0, 3.0, 0.0]


def test_the_mixed_derivative_of_a_quantile():
    a = np.array([4.0, 1.0, 2.0])
    for method in CONTINUOUS:
        whole = hessian(lambda v, m=method: np.quantile(v[:3], v[3], method=m))(np.append(a, 0.4))
        h = 1e-6
        up, down = (np.array(grad(lambda a, q=q, m=method: np.quantile(a, q, method=m), a)) for q in (0.4 + h, 0.4 - h))
        np.testing.assert_allclose(whole[3, :3], (up - down) / (2 * h), atol=1e-8)
        np.testing.assert_allclose(whole, whole.T, atol=1e-14)
        assert not whole[:3, :3].any()


def test_a_weighted_quantile_is_one_element():
    a, w = [[3.0, 1.0, 2.0], [6.0, NAN, 4.0]], np.array([1.0, 1.0, 5.0])
    f = {"axis": 1, "method": "inverted_cdf", "weights": w}
    assert grad(lambda a: np.quantile(a, 0.5, **f), a) == [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    f["weights"] = np.array([w, w])  # NumPy's nanquantile takes no others
    assert grad(lambda a: np.nanquantile(a, [0.1, 0.99], **f), a) == [[1.0, 1.0, 0.0], [1.0, 0.0, 1.0]]


def test_quantiles_refuse_what_they_cannot_do():
    x = leaf([1.0, 2.0])
    for method in JUMPING:
        with pytest.raises(TypeError, match=rf"quantile.*'{method}' has no derivative with respect to q"):
            np.quantile(x, leaf(0.5), method=method)
        assert np.quantile(x, leaf(0.5).data, method=method).requires_grad
    with pytest.raises(TypeError, match="'weights'"):
        np.quantile(x, 0.5, method="inverted_cdf", weights=x)
    for error, call in (
        (ValueError, lambda: np.quantile(x, 1.5)),
        (ValueError, lambda: np.percentile(x, 101)),
        (ValueError, lambda: np.quantile(x, 0.5, method="middle")),
        (ValueError, lambda: np.quantile(x, 0.5, weights=[1.0, 2.0])),
        (np.exceptions.AxisError, lambda: np.quantile(x, 0.5, axis=1)),
        (IndexError, lambda: np.quantile(x[:0], 0.5)),
        (TypeError, lambda: np.quantile(x * 1j, 0.5)),
    ):
        with pytest.raises(error, match="quantile|percentile"):
            call()


def test_nothing_has_a_nan_for_median():
    x = leaf(np.ones((0, 2)))
    with pytest.warns(RuntimeWarning):
        out = np.median(x)
    assert np.isnan(out.item()) and gradients(out, [x])[0].shape == (0, 2)


def test_single_precision_stays_where_q_is_a_number():
    x = leaf([1.0, 2.0, 4.0], np.float32)
    for out in (np.quantile(x, 0.3), np.percentile(x, 30), np.median(x), np.average(x, weights=x)):
        assert out.dtype == np.float32 and gradients(out, [x])[0].dtype == np.float32


# ---------------------------------------------------------------------- averages and covariances
def test_the_gradient_of_an_average():
    a, w = np.array([1.0, 2.0, 6.0]), np.array([1.0, 1.0, 2.0])
    at_a, at_w = grad(lambda a, w: np.average(a, weights=w), a, w)
    np.testing.assert_allclose(at_a, w / w.sum())
    np.testing.assert_allclose(at_w, (a - np.average(a, weights=w)) / w.sum())
    assert grad(lambda w: np.average(a, weights=w, returned=True)[1], w) == [1.0, 1.0, 1.0]


def test_averages_follow_numpy():
    a = np.arange(24.0).reshape(2, 3, 4)
    for kwargs in (
        {"axis": (2, 0), "weights": np.arange(1.0, 9).reshape(4, 2)},
        {"axis": 1, "weights": [1, 2, 3], "keepdims": True},
        {"axis": -1},
        {},
    ):
        found, expected = np.average(leaf(a), returned=True, **kwargs), np.average(a, returned=True, **kwargs)
        for one, two in zip(found, expected, strict=True):
            np.testing.assert_allclose(one.data, two)
    assert np.average(Tensor([1, 2]), weights=Tensor([1, 1])).dtype == np.float64
    with pytest.raises(ZeroDivisionError, match="average"):
        np.average(leaf([1.0, 2.0]), weights=leaf([1.0, -1.0]))
    with pytest.raises(TypeError, match=r"average.*axis= is needed"):
        np.average(leaf(a), weights=np.ones(4))
    with pytest.raises(ValueError, match=r"average.*do not fit axis"):
        np.average(leaf(a), axis=1, weights=np.ones(4))


def test_a_weight_of_two_is_an_observation_that_comes_twice(rng):
    x = rng.normal(size=(2, 4))
    twice = np.concatenate([x, x[:, :1]], axis=1)
    np.testing.assert_allclose(np.cov(leaf(x), fweights=[2, 1, 1, 1]).data, np.cov(twice))
    one, two = (
        grad(lambda x: np.cov(x, fweights=[2, 1, 1, 1]) * [[1.0, 2.0], [3.0, 4.0]], x),
        grad(lambda x: np.cov(x) * [[1.0, 2.0], [3.0, 4.0]], twice),
    )
    np.testing.assert_allclose(np.array(one)[:, 0], np.array(two)[:, 0] + np.array(two)[:, 4])


def test_too_few_observations_and_a_variable_that_does_not_vary():
    with pytest.warns(RuntimeWarning, match="degrees of freedom"), np.errstate(invalid="ignore"):
        assert np.isnan(np.cov(leaf([[1.0], [2.0]])).data).all()
    x = leaf([[1.0, 2.0, 4.0], [3.0, 3.0, 3.0]])
    with pytest.warns(RuntimeWarning):
        found = np.corrcoef(x)
    np.testing.assert_array_equal(np.isnan(found.data), [[False, True], [True, True]])
    assert np.cov(leaf(np.ones((0, 3)))).shape == (0, 0)


def test_the_gradient_of_a_correlation_is_across_the_variable(rng):
    """Neither its scale nor its place matters: the gradient is orthogonal to both."""
    x = rng.normal(size=(2, 6))
    g = np.array(grad(lambda x: np.corrcoef(x)[0, 1], x))
    assert np.abs(g).max() > 0.05
    np.testing.assert_allclose(g.sum(axis=1), 0, atol=1e-14)
    np.testing.assert_allclose((g * x).sum(axis=1), 0, atol=1e-14)
    np.testing.assert_allclose(grad(lambda x: np.corrcoef(x, 2 * x + 1), x[0]), 0, atol=1e-14)


def test_a_full_correlation_is_a_smooth_extreme():
    """Rounding takes it past 1, where NumPy clips; its second derivative is that of 1 - the square of the angle / 2."""
    x = np.array([[-1.01, -0.64, -0.27], [0.1, 0.47, 0.84]])
    assert np.corrcoef(leaf(x)).data.max() <= 1
    f = lambda x: np.corrcoef(x)[0, 1]  # noqa: E731
    curve = hessian(f)(x)
    step = np.array([[1.0, -2.0, 1.0], [0.0, 0.0, 0.0]])  # across the variable, whose length is 0.37 sqrt 2
    turned = np.einsum("ij,ijkl,kl", step, curve, step)
    assert turned == pytest.approx(-6 / (2 * 0.37**2))


def test_covariances_refuse_what_numpy_refuses():
    x = leaf([[1.0, 2.0], [3.0, 5.0]])
    for error, call in (
        (ValueError, lambda: np.cov(leaf(np.ones((1, 1, 1))))),
        (ValueError, lambda: np.cov(x, ddof=0.5)),
        (ValueError, lambda: np.cov(x, aweights=[1.0, -1.0])),
        (RuntimeError, lambda: np.cov(x, aweights=[1.0, 1.0, 1.0])),
        (RuntimeError, lambda: np.cov(x, aweights=np.ones((2, 2)))),
        (TypeError, lambda: np.cov(x, fweights=[1.5, 1.0])),
        (TypeError, lambda: np.cov(x.data, fweights=leaf([1.0, 1.0]))),
    ):
        with pytest.raises(error, match="cov"):
            call()


# ---------------------------------------------------------------------- counts and histograms
def test_each_weight_has_the_gradient_of_its_bin():
    weights = [1.0, 2.0, 3.0]
    assert grad(lambda w: np.bincount([2, 0, 2], w) * [1.0, 10.0, 100.0], weights) == [100.0, 1.0, 100.0]
    assert grad(lambda w: np.bincount(Tensor([0, 1, 0]), weights=w, minlength=5)[0], weights) == [1.0, 0.0, 1.0]
    assert np.bincount(Tensor([2, 0, 2])).data.tolist() == [1, 0, 2]
    a = [0.0, 1.0, 5.0]  # on edges, and outside
    assert grad(lambda w: np.histogram(a, [0.0, 0.5, 1.0], weights=w)[0] * [1.0, 10.0], weights) == [1.0, 10.0, 0.0]
    twice = grad(lambda w: np.histogram2d(a, a, [[0, 0.5, 5], [0, 2, 4]], weights=w)[0] * [[1, 2], [3, 4]], weights)
    assert twice == [1.0, 3.0, 0.0]


def test_a_density_does_not_change_with_the_scale_of_the_weights(rng):
    a, w = rng.normal(size=(20, 2)), rng.uniform(1, 2, 20)
    out = rng.normal(size=(3, 4))
    g = grad(lambda w: np.histogramdd(a, (3, 4), density=True, weights=w)[0] * out, w)
    assert np.abs(g).max() > 1e-3 and abs(np.dot(g, w)) < 1e-12


def test_counts_are_constant_and_edges_follow_the_ends_of_the_data():
    x = leaf([1.0, 2.0, 5.0])
    counts, edges = np.histogram(x, bins=2)
    assert counts.data.tolist() == [2, 1] and counts.dtype == np.intp and not counts.requires_grad
    assert edges.data.tolist() == [1.0, 3.0, 5.0]
    assert jacobian(lambda x: np.histogram(x, bins=2)[1])(x.data).tolist() == [[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]]
    assert not np.histogram(x, bins=2, range=(0.0, 9.0))[1].requires_grad
    assert grad(lambda x: np.histogram_bin_edges(x, 2), [3.0]) == [3.0]
    height = grad(lambda x: np.histogram(x, bins=1, density=True)[0], x.data)
    assert height == [1 / 16, 0.0, -1 / 16]  # 1 / (5 - 1)
    sides = np.histogramdd(leaf([[1.0, 0.0], [3.0, 8.0]]), bins=2)[1]
    assert [e.data.tolist() for e in sides] == [[1.0, 2.0, 3.0], [0.0, 4.0, 8.0]]
    assert sides[1].requires_grad


def test_histograms_refuse_what_numpy_refuses():
    x = leaf([1.0, 2.0])
    for error, call in (
        (ValueError, lambda: np.histogram(x, bins=0)),
        (ValueError, lambda: np.histogram(x, bins=[2.0, 1.0])),
        (ValueError, lambda: np.histogram([1.0], weights=x)),
        (ValueError, lambda: np.histogram2d(x, [1.0])),
        (ValueError, lambda: np.bincount([0, -1], weights=x)),
        (ValueError, lambda: np.bincount([0], weights=x)),
        (TypeError, lambda: np.bincount(np.array([0.5, 1.0]), weights=x)),
        (TypeError, lambda: np.bincount([0, 1], weights=x * 1j)),
    ):
        with pytest.raises(error, match="histogram|bincount"):
            call()


def test_plain_arrays_stay_plain():
    assert type(anp.quantile([1.0, 2.0], [0.5])) is np.ndarray
    assert type(anp.histogram([1.0, 2.0], 2)[0]) is np.ndarray
    assert type(anp.cov([[1.0, 2.0]])) is np.ndarray


# ---------------------------------------------------------------------- sorting and padding
def test_sorting_equal_elements_keeps_their_order():
    assert grad(lambda x: anp.sort(x) * [1.0, 2.0, 3.0], [1.0, 1.0, 0.0]) == [2.0, 3.0, 1.0]


def test_repeats_add_up():
    assert grad(lambda x: anp.repeat(x, [0, 3]), [1.0, 2.0]) == [0.0, 3.0]
    assert grad(lambda x: anp.pad(x, 2, mode="edge"), [1.0, 2.0]) == [3.0, 3.0]
    assert grad(lambda x: anp.pad(x, 2), [1.0, 2.0]) == [1.0, 1.0]


def test_a_quantile_of_nan_does_not_move_with_q():
    a, q = np.array([[1.0, 2.0, 4.0], [NAN, 1.0, 2.0]]), leaf(0.25)
    for found in (anp.quantile(a, q, axis=1)[:1], anp.quantile(a, q, axis=1), anp.nanquantile(a[:1], q, axis=1)):
        assert gradients(found, [q], gradient=np.ones(found.shape))[0].item() == 2.0
