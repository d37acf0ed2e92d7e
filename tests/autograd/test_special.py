"""Special functions at zeros, poles and far out; with and without SciPy."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from autograd import Tensor, gradients, ops
from autograd.ops import scipys


def first_and_second(f, x):
    x = Tensor(x, requires_grad=True, dtype=float)
    with np.errstate(all="ignore"):
        (g,) = gradients(f(x).sum(), [x], create_graph=True)
        (h,) = gradients(g.sum(), [x])
    return g.data, h.data


@pytest.fixture
def no_scipy(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy", None)
    scipys.values.cache_clear()
    yield
    scipys.values.cache_clear()


def test_log_ndtr_far_to_the_left_is_a_parabola():
    x = np.array([-1e8, -1e3, -200.0])
    g, h = first_and_second(ops.log_ndtr, x)
    np.testing.assert_allclose(g, -x - 1 / x + 2 / x**3, rtol=1e-9)
    np.testing.assert_allclose(h, -1 + 1 / x**2 - 6 / x**4, rtol=1e-9, atol=1e-9)


def test_log_ndtr_far_to_the_right_is_flat():
    g, h = first_and_second(ops.log_ndtr, [60.0, 1e6])
    assert g.tolist() == [0.0, 0.0]


def test_xlogy_at_zero():
    x, y = (Tensor([0.0, 0.0], requires_grad=True), Tensor([0.0, 2.0], requires_grad=True))
    a, b = gradients(ops.xlogy(x, y).sum(), [x, y])
    np.testing.assert_allclose(a.data, [0.0, np.log(2.0)])
    assert b.data.tolist() == [0.0, 0.0]


def test_gamma_of_negative_numbers():
    g, h = first_and_second(ops.gammaln, [-0.5, -2.5])
    np.testing.assert_allclose(g, [0.03648997397857652, 1.103156640645243], rtol=1e-12)
    np.testing.assert_allclose(h, [8.934802200544679, 9.539246644989124], rtol=1e-12)


@pytest.mark.parametrize("n", [-1, 0.5, [1, 2]])
def test_polygamma_of_no_whole_order_is_refused(n):
    with pytest.raises(ValueError, match="whole number"):
        ops.polygamma(n, Tensor([1.0], requires_grad=True))


def test_without_scipy_the_standard_library_serves(no_scipy):
    x = Tensor(np.array([0.5, 1.5], np.float32), requires_grad=True)
    for f, expected in ((ops.erf, [0.5204998778, 0.9661051465]), (ops.gammaln, [0.5723649429, -0.1207822376])):
        assert f(x).dtype == np.float32
        np.testing.assert_allclose(f(x).data, expected, rtol=1e-6)
    assert ops.gammaln(np.array([-1.0])).tolist() == [np.inf]


def test_without_scipy_the_others_say_what_to_install(no_scipy):
    with pytest.raises(ImportError, match=r"digamma needs SciPy: pip install scipy.*glassgrad\[scipy\]"):
        ops.digamma(Tensor([1.0], requires_grad=True))


def test_lists_and_numbers_are_taken_as_by_numpy():
    assert ops.erf([0.0]).tolist() == [0.0] and ops.erf(0.0) == 0.0 and ops.xlogy([0, 1], 1.0).tolist() == [0.0, 0.0]
    np.testing.assert_allclose([ops.polygamma(1, 1), ops.polygamma(1, 1.0)], np.pi**2 / 6)
