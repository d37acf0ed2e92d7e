"""Reductions: NumPy's keywords and dtypes, and the conventions at ties, zeros, infinities, NaN and nothing."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import Tensor, gradients, hessian, ops
from autograd.testing import check_grads

INF, NAN = math.inf, math.nan
REDUCTIONS = (
    np.sum, np.prod, np.mean, np.var, np.std, np.max, np.min, np.amax, np.amin, np.ptp, np.nansum, np.nanprod,
    np.nanmean, np.nanvar, np.nanstd, np.nanmax, np.nanmin,
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


# ---------------------------------------------------------------------- calls
@pytest.mark.parametrize("f", REDUCTIONS)
@pytest.mark.parametrize("dtype", [bool, np.int32, np.float32, np.float64, np.complex64])
def test_values_and_dtypes_are_numpys(f, dtype):
    array = np.array([[1, 0, 1], [0, 1, 1]]).astype(dtype)
    if f is np.ptp and dtype is bool:
        return  # NumPy has no difference of booleans
    for kwargs in ({}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (0, 1)}, {"axis": np.int64(1)}):
        found, expected = f(Tensor(array), **kwargs), f(array, **kwargs)
        assert isinstance(found, Tensor) and found.dtype == expected.dtype and found.shape == expected.shape
        np.testing.assert_allclose(found.data, expected, rtol=1e-6)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("f", [np.sum, np.prod, np.mean, np.var, np.std, np.nansum, np.nanmean, np.nanstd])
def test_dtype_and_out(f):
    x = leaf([[1.0, 2.0], [3.0, 5.0]])
    assert f(x, dtype=np.float32).dtype == np.float32
    assert gradients(f(x, dtype=np.float32), [x])[0].dtype == np.float64
    target = Tensor(np.zeros(2))
    assert f(x, axis=0, out=target) is target
    np.testing.assert_allclose(target.data, f(x.data, axis=0))
    assert gradients(target.sum(), [x])[0] is not None
    with pytest.raises(TypeError, match="out="):
        f(x, axis=0, out=np.zeros(2))


def test_arguments_by_position_and_by_either_name():
    x = leaf([[1.0, 2.0], [3.0, 5.0]])
    assert np.sum(x, 0, None, None, True).shape == (1, 2)
    assert np.sum(a=x, axis=1).data.tolist() == [3.0, 8.0]
    assert ops.sum(x=x, axis=1).data.tolist() == [3.0, 8.0]
    assert np.sum(x, 0, None, None, False, 10.0).data.tolist() == [14.0, 17.0]
    assert np.var(x, 0, None, None, 1).data.tolist() == [2.0, 4.5]
    assert np.max(x, 0, None, True).data.tolist() == [[3.0, 5.0]]
    assert x.mean(0).data.tolist() == [2.0, 3.5]
    assert x.sum(axis=(0, 1), keepdims=True).shape == (1, 1)


@pytest.mark.parametrize("f", REDUCTIONS)
def test_an_axis_that_does_not_exist(f):
    x = leaf(np.ones((2, 3)))
    for axis, error in ((2, np.exceptions.AxisError), ((0, -2), ValueError), ("a", TypeError), (0.5, TypeError)):
        with pytest.raises(error):
            f(x, axis=axis)


def test_errors_name_the_function_and_what_would_work():
    x = leaf([1.0, 2.0])
    with pytest.raises(ValueError, match=r"sum.*where= of shape \(3, 2\) does not broadcast to \(2,\)"):
        np.sum(x, where=np.ones((3, 2), bool))
    with pytest.raises(TypeError, match=r"mean.*where= is boolean, not int64"):
        np.mean(x, where=[1, 0])
    with pytest.raises(ValueError, match=r"prod.*initial= is one number"):
        np.prod(x, initial=[1.0, 2.0])
    with pytest.raises(TypeError, match=r"max has no derivative with respect to 'initial'"):
        np.max(x, initial=leaf(1.0))
    with pytest.raises(ValueError, match=r"std.*two names of one number"):
        np.std(x, ddof=1, correction=1)
    with pytest.raises(TypeError, match=r"logsumexp.*return_sign"):
        ops.logsumexp(x, return_sign=True)


# ---------------------------------------------------------------------- where and initial
def test_what_the_mask_leaves_out_leaves_no_trace():
    """HIPS #802: NaN out of the branch that was not taken."""
    mask = np.array([False, True])
    with np.errstate(all="ignore"):
        for f in (np.sum, np.mean, np.prod, np.nansum):
            assert grad(lambda x, f=f: f(np.sqrt(x), where=mask), [-1.0, 4.0]) == [0.0, 0.25]
            assert grad(lambda x, f=f: f(np.log(x), where=mask), [0.0, 4.0]) == [0.0, 0.25]
        assert grad(lambda x: np.max(np.sqrt(x), where=mask, initial=0.0), [-1.0, 4.0]) == [0.0, 0.25]
        assert grad(lambda x: np.var(np.sqrt(x), where=mask), [-1.0, 4.0]) == [0.0, 0.0]


def test_a_mask_broadcasts_and_may_leave_nothing():
    x = [[1.0, 2.0], [3.0, 4.0]]
    assert grad(lambda x: np.sum(x, where=[True, False]), x) == [[1.0, 0.0], [1.0, 0.0]]
    assert grad(lambda x: np.mean(x, axis=1, where=[[True], [False]]), x) == [[0.5, 0.5], [0.0, 0.0]]
    with pytest.warns(RuntimeWarning):
        assert np.isnan(np.mean(leaf(x), axis=1, where=[[True], [False]]).data).tolist() == [False, True]


def test_initial_has_a_gradient():
    assert grad(lambda x, c: np.sum(x, axis=0, initial=c), [[1.0, 2.0]], 3.0) == [[[1.0, 1.0]], 2.0]
    assert grad(lambda x, c: np.prod(x, initial=c), [2.0, 5.0], 3.0) == [[15.0, 6.0], 10.0]


def test_initial_none_wants_something_to_reduce():
    assert np.sum(leaf([1.0, 2.0]), initial=None).item() == 3.0
    with pytest.raises(ValueError, match="initial=None"):
        np.sum(leaf(np.ones((0, 2))), axis=0, initial=None)


# ---------------------------------------------------------------------- nothing, one, many zeros
@pytest.mark.parametrize("f", [np.max, np.min, np.ptp, np.nanmax, np.nanmin])
def test_nothing_has_no_extreme(f):
    with pytest.raises(ValueError, match="zero-size array"):
        f(leaf(np.ones((0, 3))), axis=0)
    assert f(leaf(np.ones((0, 3))), axis=1).shape == (0,)


def test_nothing_has_a_sum_and_a_product_but_no_mean():
    empty = leaf(np.ones((0, 2)))
    assert np.sum(empty, axis=0).data.tolist() == [0.0, 0.0]
    assert np.prod(empty, axis=0).data.tolist() == [1.0, 1.0]
    assert np.max(empty, axis=0, initial=-1.0).data.tolist() == [-1.0, -1.0]
    for f in (np.mean, np.var, np.std, np.nanmean):
        with pytest.warns(RuntimeWarning):
            out = f(empty)
        assert np.isnan(out.item())
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert gradients(out, [empty])[0].shape == (0, 2)


@pytest.mark.parametrize("x", [[2.0, 3.0, 5.0], [0.0, 3.0, 5.0], [0.0, 3.0, 0.0], [0.0, 0.0, 0.0]])
def test_products_with_zeros_to_second_order(x):
    """The derivatives are products of what is left out once and twice."""
    first = [math.prod(x[:i] + x[i + 1 :]) for i in range(3)]
    second = [[math.prod(x[k] for k in range(3) if k not in (i, j)) * (i != j) for j in range(3)] for i in range(3)]
    assert grad(np.prod, x) == first
    assert hessian(np.prod)(np.array(x)).tolist() == second
    assert hessian(lambda x: np.prod(x.reshape(3, 1), axis=(0, 1)))(np.array(x)).tolist() == second


def test_too_few_degrees_of_freedom_are_nan_not_zero():
    for f in (np.var, np.std):
        assert np.isnan(grad(lambda x, f=f: f(x, ddof=1), [3.0])).all()
        assert np.isnan(grad(lambda x, f=f: f(x, ddof=2), [3.0, 4.0])).all()
        assert grad(f, [3.0]) == [0.0]


@pytest.mark.parametrize("value", [0.1, 3.0, 1e-300, 1e8 + 0.1])
def test_the_masked_spread_of_a_constant_is_flat(value):
    x = [value, value, value, 7.0]
    mask = np.array([True, True, True, False])
    np.testing.assert_allclose(grad(lambda x: np.std(x, where=mask), x), 0, atol=1e-6)
    np.testing.assert_allclose(grad(np.nanstd, [value, value, NAN, value]), 0, atol=1e-6)


def test_the_mean_may_be_given_and_counts():
    x = np.array([1.0, 2.0, 4.0])
    n, one = 3, np.ones((3, 3))
    for ddof in (0, 1):
        with_mean = hessian(lambda x, d=ddof: np.var(x, mean=np.mean(x, keepdims=True), correction=d))(x)
        np.testing.assert_allclose(with_mean, 2 / (n - ddof) * (np.eye(3) - one / n), atol=1e-14)
        fixed = hessian(lambda x, d=ddof: np.var(x, mean=np.array([7 / 3]), ddof=d))(x)
        np.testing.assert_allclose(fixed, 2 / (n - ddof) * np.eye(3), atol=1e-14)
    assert grad(lambda x, m: np.std(x, mean=m), [1.0, 3.0], [2.0]) == [[-0.5, 0.5], [0.0]]


# ---------------------------------------------------------------------- ties and NaN
def test_ties_share_with_initial_among_them():
    assert grad(np.max, [2.0, 1.0, 2.0]) == [0.5, 0.0, 0.5]
    assert grad(np.ptp, [2.0, 1.0, 2.0]) == [0.5, -1.0, 0.5]
    assert grad(lambda x: np.max(x, initial=2.0), [2.0, 1.0]) == [0.5, 0.0]
    assert grad(lambda x: np.min(x, initial=-2.0), [2.0, 1.0]) == [0.0, 0.0]
    assert grad(lambda x: np.max(x, where=[True, True, False], initial=0.0), [2.0, 2.0, 2.0]) == [0.5, 0.5, 0.0]
    assert grad(np.max, [-INF, -INF]) == [0.5, 0.5]
    assert grad(np.nanmin, [2.0, NAN, 2.0]) == [0.5, 0.0, 0.5]
    assert grad(np.nanmax, [-INF, NAN, -INF]) == [0.5, 0.0, 0.5]


def test_an_infinite_cotangent_does_not_reach_what_lost():
    assert grad(lambda x: np.sqrt(np.max(x)), [0.0, -1.0]) == [INF, 0.0]


def test_a_nan_is_the_extreme_and_gets_the_gradient():
    assert grad(np.max, [1.0, NAN, 3.0]) == [0.0, 1.0, 0.0]
    assert grad(lambda x: np.min(x, axis=1), [[NAN, NAN], [2.0, 1.0]]) == [[0.5, 0.5], [0.0, 1.0]]


def test_what_ignores_nan_gives_it_no_gradient():
    x = [1.0, NAN, 3.0]
    assert grad(np.nansum, x) == [1.0, 0.0, 1.0]
    assert grad(np.nanmean, x) == [0.5, 0.0, 0.5]
    assert grad(np.nanprod, x) == [3.0, 0.0, 1.0]
    assert grad(np.nanvar, x) == [-1.0, 0.0, 1.0]
    assert grad(np.nanstd, x) == [-0.5, 0.0, 0.5]
    for f in (np.nanmean, np.nanvar, np.nanstd, np.nanmax, np.nanmin):
        assert grad(f, [NAN, NAN]) == [0.0, 0.0]
    assert grad(lambda x: np.nanvar(x, ddof=1), [2.0, NAN]) == [0.0, 0.0]


def test_nan_variance_of_too_few_is_nan():
    x = np.array([[1.0, NAN], [2.0, 4.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for kwargs in ({"ddof": 1}, {"ddof": 2}, {"correction": 1}, {"where": np.array([True, False])}):
            np.testing.assert_array_equal(
                np.nanvar(leaf(x), axis=1, **kwargs).data, np.nanvar(x, axis=1, **kwargs), str(kwargs)
            )


# ---------------------------------------------------------------------- log of a sum of exponentials
def test_logsumexp_of_infinities():
    assert grad(ops.logsumexp, [INF, 1.0]) == [1.0, 0.0]
    assert grad(ops.logsumexp, [INF, 1.0, INF]) == [0.5, 0.0, 0.5]
    assert grad(ops.logsumexp, [-INF, 1.0]) == [0.0, 1.0]
    assert grad(ops.logsumexp, [-INF, -INF]) == [0.0, 0.0]
    assert np.isnan(grad(ops.logsumexp, [NAN, 1.0])).all()
    assert grad(lambda x: ops.logsumexp(x, axis=1), [[-INF, -INF], [INF, 0.0]]) == [[0.0, 0.0], [1.0, 0.0]]
    assert ops.logsumexp(leaf(np.ones((0,)))).item() == -INF


def test_infinities_share_the_gradient_of_a_weighted_logsumexp_by_their_weights():
    x, b = leaf([INF, 1.0, INF, INF]), leaf([2.0, 1.0, 6.0, 0.0])
    at_x, at_b = gradients(ops.logsumexp(x, b=b), [x, b])
    assert at_x.tolist() == [0.25, 0.0, 0.75, 0.0]
    assert at_b.tolist() == [0.125, 0.0, 0.125, 0.0]


def test_logsumexp_with_factors():
    x, b = [1.0, 2.0, 900.0], [2.0, 0.5, 0.0]
    at_x, at_b = grad(lambda x, b: ops.logsumexp(x, b=b), x, b)
    s = 2 * math.e + 0.5 * math.e**2
    np.testing.assert_allclose(at_x, [2 * math.e / s, 0.5 * math.e**2 / s, 0.0])
    np.testing.assert_allclose(at_b[:2], [math.e / s, math.e**2 / s])
    assert at_b[2] == INF  # exp(900) more for every unit of the factor
    assert grad(lambda x: ops.logsumexp(x, b=[1.0, -1.0]), [800.0, 799.0])[0] == pytest.approx(1 / (1 - math.exp(-1)))
    assert np.isnan(ops.logsumexp(leaf([1.0, 2.0]), b=[1.0, -1.0]).item())


def test_logsumexp_is_scipys():
    special = pytest.importorskip("scipy.special")
    x = np.random.default_rng(0).normal(size=(2, 3, 4)) * 50
    b = np.random.default_rng(1).uniform(0.1, 2, size=(3, 1))
    for kwargs in ({}, {"axis": 1}, {"axis": (0, 2), "keepdims": True}, {"axis": -1, "b": b}, {"b": b}):
        np.testing.assert_allclose(ops.logsumexp(Tensor(x), **kwargs).data, special.logsumexp(x, **kwargs), rtol=1e-13)


def test_single_precision_stays():
    x = leaf([[1.0, 2.0], [3.0, 5.0]], np.float32)
    mask = np.array([[True], [False]])
    for f in (
        lambda x: np.sum(x, where=mask, initial=np.float64(1.0)),
        lambda x: np.mean(x, where=mask),
        lambda x: np.var(x, where=mask, axis=0),
        lambda x: np.nanstd(x, axis=0),
        lambda x: anp.max(x, initial=0.0),
        lambda x: ops.logsumexp(x, b=2.0),
    ):
        out = f(x)
        assert out.dtype == np.float32
        assert gradients(out.sum(), [x])[0].dtype == np.float32


def test_a_weight_of_zero_in_logsumexp_has_second_derivatives():
    x, b = np.array([0.0, 1.0, np.inf]), np.array([1.0, 0.0, 0.0])
    report = check_grads(lambda x, b: ops.logsumexp(x, b=b), x[:2], b[:2])
    assert report.verdict == "right", report
    report = check_grads(lambda x: ops.logsumexp(x, b=b), x)
    assert report.ok, report
