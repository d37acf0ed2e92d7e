"""The judge judged: whether differences keep to the bounds that they claim, on functions whose slopes are known."""

from __future__ import annotations

import numpy as np
import pytest

from autograd.testing.judge import judge
from autograd.testing.oracle import SAFETY, complex_step, slope, slopes

REACH = 0.1


# name: the function, its derivative, and where to look
SMOOTH = {
    "sin": (np.sin, np.cos, -3, 3),
    "exp": (np.exp, np.exp, -5, 5),
    "tanh": (np.tanh, lambda x: np.cosh(x) ** -2, -5, 5),
    "log": (np.log, lambda x: 1 / x, 0.3, 9),
    "sqrt": (np.sqrt, lambda x: 0.5 / np.sqrt(x), 0.3, 9),
    "1/x": (lambda x: 1 / x, lambda x: -1 / x**2, 0.3, 5),
    "cube": (lambda x: x**3, lambda x: 3 * x**2, -9, 9),
    "gauss": (lambda x: np.exp(-x * x), lambda x: -2 * x * np.exp(-x * x), -5, 5),
    "arctan": (np.arctan, lambda x: 1 / (1 + x * x), -9, 9),
    "runge": (lambda x: 1 / (1 + 25 * x * x), lambda x: -50 * x / (1 + 25 * x * x) ** 2, -2, 2),
    "steep": (lambda x: np.tanh(100 * x), lambda x: 100 * np.cosh(100 * x) ** -2, -0.1, 0.1),
    "whole periods": (lambda x: np.sin(2 * np.pi * x), lambda x: 2 * np.pi * np.cos(2 * np.pi * x), -3, 3),
    "fast": (lambda x: np.sin(300 * x), lambda x: 300 * np.cos(300 * x), -3, 3),
    "aliasing": (lambda x: np.sin(3000 * x), lambda x: 3000 * np.cos(3000 * x), -3, 3),
    "tiny": (lambda x: 1e-12 * np.sin(x), lambda x: 1e-12 * np.cos(x), -3, 3),
    "huge": (lambda x: 1e250 * np.exp(x), lambda x: 1e250 * np.exp(x), 0, 100),
    "far from zero": (lambda x: 1e8 + np.sin(x), np.cos, -3, 3),
    "once differentiable": (lambda x: x * np.abs(x), lambda x: 2 * np.abs(x), -0.09, 0.09),
    "beside a kink": (np.abs, np.sign, -0.09, 0.09),
    "beside a smaller kink": (lambda x: np.maximum(x, 2 * x), lambda x: np.where(x > 0, 2.0, 1.0), -1e-3, 1e-3),
    "ripples": (lambda x: x + 1e-6 * np.sin(1e4 * x), lambda x: 1 + 1e-2 * np.cos(1e4 * x), -3, 3),
    "single precision": (lambda x: np.sin(x).astype(np.float32).astype(float), np.cos, -3, 3),
    "noise of 1e-9": (lambda x: np.sin(x) + 1e-9 * np.sin(1e12 * x), np.cos, -3, 3),
}
# where the differences may say that they do not know
HARD = {"aliasing", "far from zero", "beside a smaller kink", "ripples", "single precision", "noise of 1e-9", "steep"}


@pytest.mark.parametrize("name", SMOOTH)
def test_no_bound_is_violated(name, rng):
    f, derivative, low, high = SMOOTH[name]
    x = rng.uniform(low, high, 300)
    found = slopes(lambda k, t: f(x + REACH * t), 1, f(x))
    judged = judge(found, None, np.ones(1, bool), f(x))
    exact = REACH * derivative(x)[None]
    known = judged.known & ~judged.kink
    assert ((judged.low <= exact) & (exact <= judged.high))[known].all()
    if name not in HARD:
        assert known.mean() >= 0.99, "smooth, and not known"
        sure = known & np.isfinite(found.error)
        assert (np.abs(found.value - exact)[sure] <= (SAFETY * found.error + 4e-16 * np.abs(exact))[sure]).all()


@pytest.mark.parametrize("dtype", [np.float64, np.longdouble])
def test_accuracy_follows_the_precision(dtype, rng):
    x = rng.uniform(-3, 3, 200).astype(dtype)
    found = slopes(lambda k, t: np.sin(x + dtype(0.1) * dtype(t)), 1, np.sin(x))
    off = np.abs(found.value[0] - np.cos(x) / 10)
    assert (off <= SAFETY * found.error[0]).all()
    assert np.median(found.error[0]) < (1e-11 if dtype is np.float64 else 1e-13)


def test_in_single_precision_the_bound_is_wide_and_true(rng):
    x = rng.uniform(-3, 3, 200).astype(np.float32)
    found = slopes(lambda k, t: np.sin(x + np.float32(0.1 * t)), 1, np.sin(x), jitter=30 * np.finfo(np.float32).eps)
    off = np.abs(found.value[0] - np.cos(x.astype(float)) / 10)
    assert (off <= SAFETY * found.error[0]).all()
    assert np.median(found.error[0]) < 1e-2


KINKS = {
    "abs": (np.abs, -1.0, 1.0),
    "relu": (lambda t: np.maximum(t, 0), 0.0, 1.0),
    "leaky": (lambda t: np.where(t > 0, t, 0.1 * t), 0.1, 1.0),
    "curved": (lambda t: np.exp(np.abs(t)) + 3 * t, 2.0, 4.0),
    "small": (lambda t: 5 * t + 1e-3 * np.abs(t), 4.999, 5.001),
    "max of sines": (lambda t: np.maximum(np.sin(t), np.sin(2 * t)), 1.0, 2.0),
    "on a hill": (lambda t: 1e4 + np.abs(t), -1.0, 1.0),
}


@pytest.mark.parametrize("name", KINKS)
def test_kinks_are_found_and_their_sides_are_right(name):
    f, left, right = KINKS[name]
    found = slopes(lambda k, t: np.atleast_1d(f(np.array([t * 0.1]))), 1, np.atleast_1d(f(np.zeros(1))))
    assert found.kink.all()
    for side, exact in ((found.left, 0.1 * left), (found.right, 0.1 * right)):
        assert abs(side.value[0, 0] - exact) <= SAFETY * side.error[0, 0] + 1e-15
        assert side.error[0, 0] < 1e-8


@pytest.mark.parametrize("f", [np.sin, np.exp, lambda t: t**3, lambda t: t * abs(t), lambda t: 0 * t, np.sinc])
def test_no_kink_is_seen_where_there_is_none(f):
    found = slopes(lambda k, t: np.atleast_1d(f(np.array([t]))), 1, np.atleast_1d(f(np.zeros(1))))
    assert not found.kink.any() and np.isfinite(found.error).all()


@pytest.mark.parametrize(
    ("f", "kind"),
    [
        (lambda t: np.sign(t), "jump"),
        (lambda t: np.floor(t), "jump"),
        (lambda t: 1 / t, "pole"),
        (lambda t: 1 / t**2, "even pole"),
        (lambda t: np.log(np.abs(t)), "even pole"),
        (lambda t: np.cbrt(t), "vertical"),
        (lambda t: 1e17 / (1e-16 + t * t), "narrow"),
        (lambda t: np.sin(1 / (1e-9 + np.abs(t))), "wild"),
    ],
)
def test_nothing_is_claimed_where_there_is_no_slope(f, kind):
    with np.errstate(all="ignore"):
        base = np.atleast_1d(f(np.zeros(1)))
        found = slopes(lambda k, t: np.atleast_1d(f(np.array([t]))), 1, base)
    judged = judge(found, None, np.ones(1, bool), base)
    assert not judged.known.any(), kind


EDGES = {  # a domain that ends at the point: only the right side has values
    "sqrt": (np.sqrt, 0.0, None),
    "x**1.5": (lambda x: np.where(x < 0, np.nan, np.abs(x) ** 1.5), 0.0, None),
    "arccos": (lambda x: np.arccos(1 - x), 0.0, None),
    "a wall": (lambda x: np.where(x < 0, np.nan, 3 * x + x * x), 0.0, 3.0),
    "xlogx": (lambda x: np.where(x > 0, x * np.log(np.where(x > 0, x, 1)), np.where(x < 0, np.nan, 0)), 0.0, None),
}


@pytest.mark.parametrize("name", EDGES)
def test_at_the_end_of_a_domain(name):
    f, at, right = EDGES[name]
    with np.errstate(all="ignore"):
        base = np.atleast_1d(f(np.array([at])))
        found = slopes(lambda k, t: np.atleast_1d(f(np.array([at + 0.1 * t]))), 1, base)
    judged = judge(found, None, np.ones(1, bool), base)
    assert not np.isfinite(found.error).any() and not found.kink.any()
    if right is None:  # infinite there, or not a power series
        assert not judged.known.any()
    else:
        assert judged.known.all()
        assert judged.low[0, 0] <= 0 and abs(judged.high[0, 0] - 0.1 * right) < 1e-7


def test_directions_and_results_do_not_mix(rng):
    a = rng.normal(size=(4, 3))
    found = slopes(lambda k, t: a @ (np.eye(3)[k] * t), 3, np.zeros(4))
    np.testing.assert_allclose(found.value, a.T, atol=1e-12)


def test_the_complex_step_is_exact_but_for_rounding(rng):
    x = rng.uniform(-3, 3, 1000)
    got = complex_step(lambda k, t: np.exp(x + t) * np.sin(x + t), 1)[0]
    exact = np.exp(x) * (np.sin(x) + np.cos(x))
    scale = np.exp(x) * (np.abs(np.sin(x)) + np.abs(np.cos(x)))
    assert (np.abs(got - exact) <= 4 * np.finfo(float).eps * scale).all()


def test_slope_of_complex_values():
    found = slope(lambda t: np.exp(1j * np.array([[t, 2 * t]])))
    np.testing.assert_allclose(found.value, [[1j, 2j]], atol=1e-12)
    assert found.error.shape == (1, 2) and (np.abs(found.value - [[1j, 2j]]) <= SAFETY * found.error).all()


def test_infinities_that_do_not_move_have_slope_zero():
    found = slopes(lambda k, t: np.array([-np.inf, t]), 1, np.array([-np.inf, 0.0]))
    assert found.value[0, 0] == 0 and np.isfinite(found.error).all()


def test_arrays_without_elements_have_slopes_without_elements():
    found = slope(lambda t: np.zeros((0, 2)) + t)
    assert found.value.shape == found.error.shape == (0, 2)


@pytest.mark.slow
@pytest.mark.parametrize("name", SMOOTH)
def test_no_bound_is_violated_at_length(name, rng):
    f, derivative, low, high = SMOOTH[name]
    x = rng.uniform(low, high, 20_000)
    found = slopes(lambda k, t: f(x + REACH * t), 1, f(x))
    judged = judge(found, None, np.ones(1, bool), f(x))
    exact = REACH * derivative(x)[None]
    known = judged.known & ~judged.kink
    outside = (exact < judged.low) | (exact > judged.high)
    assert np.count_nonzero(outside & known) == 0
