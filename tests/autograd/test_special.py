"""Special functions at zeros, poles and far out; with and without SciPy."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

import autograd.scipy.special as special
from autograd import Tensor, gradients, ops
from autograd.ops import scipys
from autograd.testing import check_grads


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


def test_without_scipy_formulas_and_series_agree_with_it(no_scipy):
    """Bessel functions by their series, so that numpy.i0 has all its derivatives."""
    x = np.array([-30.0, -2.0, 0.0, 0.5, 5.0, 700.0])
    ours = [f(x) for f in (ops.i1, lambda x: ops.iv(3, x), lambda x: ops.iv(-2, x))]
    more = [
        ops.gamma(x[3:5]),
        ops.ndtr(x),
        ops.logit(x[3:4]),
        ops.entr(x),
        ops.xlogy(0.0, x),
        ops.xlog1py(x[4:], x[4:]),
    ]
    g, h = first_and_second(np.i0, x)
    with pytest.raises(ImportError, match="whole number needs SciPy"):
        ops.iv(0.5, x)
    with pytest.MonkeyPatch.context() as back:
        back.delitem(sys.modules, "scipy")
        scipys.values.cache_clear()
        theirs = pytest.importorskip("scipy.special")
    for found, expected in zip(ours, (theirs.i1(x), theirs.iv(3, x), theirs.iv(-2, x)), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-13)
    names = ("gamma", "ndtr", "logit", "entr", "xlogy", "xlog1py")
    given = ((x[3:5],), (x,), (x[3:4],), (x,), (0.0, x), (x[4:], x[4:]))
    for found, name, args in zip(more, names, given, strict=True):
        np.testing.assert_allclose(found, getattr(theirs, name)(*args), rtol=1e-13)
    np.testing.assert_allclose(g, theirs.ivp(0, x), rtol=1e-13)
    np.testing.assert_allclose(h, theirs.ivp(0, x, 2), rtol=1e-13)


# ---------------------------------------------------------------------- names and dispatch
def test_importing_the_package_leaves_scipy_alone():
    code = (
        "import sys, autograd, autograd.scipy.special; assert not any(m.split('.')[0] == 'scipy' for m in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_scipys_own_functions_take_tensors():
    theirs = pytest.importorskip("scipy.special")
    x = Tensor([0.5, 1.5], requires_grad=True)
    ops.erf(x)  # from the first use of SciPy on
    for f in (theirs.erf, theirs.gammaln, theirs.expit, theirs.i0, theirs.log1p, lambda x: theirs.jv(2, x)):
        found = f(x)
        assert found.requires_grad
        np.testing.assert_allclose(found.data, f(x.data), rtol=1e-15)
    assert not theirs.gammasgn(x).requires_grad


@pytest.mark.parametrize("order", ["import scipy.special, autograd", "import autograd, scipy.special"])
def test_scipys_own_functions_take_tensors_whichever_is_imported_first(order):
    pytest.importorskip("scipy")
    code = f"{order}; assert scipy.special.erf(autograd.Tensor([0.5], requires_grad=True)).requires_grad"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_names_of_scipy_that_have_no_derivative_are_scipys():
    theirs = pytest.importorskip("scipy.special")
    assert special.airy is theirs.airy
    assert special.jn is special.jv and special.psi is special.digamma and special.expit is ops.sigmoid
    with pytest.raises(AttributeError):
        special.no_such_name  # noqa: B018
    with pytest.raises(TypeError, match="airy has no derivative"):
        special.airy(Tensor([1.0], requires_grad=True))


OF_TWO = {
    "beta", "betaln", "gammainc", "gammaincc", "iv", "ive", "jv", "kn", "kv", "kve", "kl_div", "rel_entr", "xlog1py",
    "xlogy", "yn", "yv",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted({*special.__dict__["_ours"]}))
def test_plain_arrays_give_scipys_values_and_lists_do_too(name):
    theirs = getattr(pytest.importorskip("scipy.special"), name)
    arguments = {"polygamma": (2, [0.3, 0.7]), "multigammaln": ([1.3, 2.7], 2), "betainc": ([2.0], 3.0, [0.3, 0.7])}
    args = arguments.get(name, (2, [0.3, 0.7]) if name in OF_TWO else ([0.3, 0.7],))
    found = getattr(special, name)(*args)
    assert not isinstance(found, Tensor)
    np.testing.assert_allclose(found, theirs(*[np.asarray(a) if isinstance(a, list) else a for a in args]), rtol=1e-13)


# ---------------------------------------------------------------------- what is not declared says so
@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda v: ops.jv(v, 1.0), "jv has no derivative with respect to 'v'"),
        (lambda v: ops.iv(v, 1.0), "iv has no derivative with respect to 'v'"),
        (lambda a: ops.gammainc(a, 1.0), "gammainc has no derivative with respect to 'a'"),
        (lambda a: ops.betainc(a, 1.0, 0.5), "betainc has no derivative with respect to 'a'"),
        (lambda b: ops.betainc(1.0, b, 0.5), "betainc has no derivative with respect to 'b'"),
    ],
)
def test_derivatives_by_orders_and_exponents_are_refused(f, message):
    v = Tensor(1.5, requires_grad=True)
    out = f(v)
    with pytest.raises(TypeError, match=message):
        out.backward()


def test_the_exponent_may_be_tracked_where_its_gradient_is_not_asked_for():
    a, x = Tensor(2.0, requires_grad=True), Tensor(1.0, requires_grad=True)
    (g,) = gradients(ops.gammainc(a, x), [x], create_graph=True)
    assert g.item() == pytest.approx(math.exp(-1))
    # the slope x^(a-1) exp(-x) / gamma(a) does depend on a, and is differentiable in it
    assert gradients(g, [a])[0].item() == pytest.approx(-math.exp(-1) * (1 - np.euler_gamma))


@pytest.mark.parametrize("f", [ops.gammaln, ops.digamma, ops.erfinv, ops.log_ndtr, lambda z: ops.polygamma(1, z)])
def test_complex_numbers_are_refused_where_a_rule_is_of_real_ones(f):
    with pytest.raises(TypeError, match="complex numbers are not supported"):
        f(Tensor([1 + 1j], requires_grad=True))


# ---------------------------------------------------------------------- ends, poles and kinks
def test_the_reciprocal_of_gamma_is_smooth_at_the_poles():
    """At -n it is (-1)^n n! (x + n) (1 - digamma(n + 1) (x + n) + ...)."""
    g, h = first_and_second(ops.rgamma, [0.0, -1.0, -3.0])
    np.testing.assert_allclose(g, [1, -1, -6], rtol=1e-12)
    digamma = np.array([-np.euler_gamma, 1 - np.euler_gamma, 1 + 1 / 2 + 1 / 3 - np.euler_gamma])
    np.testing.assert_allclose(h, -2 * digamma * [1, -1, -6], rtol=1e-12)


def test_relative_entropies_where_a_probability_is_zero():
    x, y = (Tensor([0.0, 0.0], requires_grad=True), Tensor([0.0, 2.0], requires_grad=True))
    for f, expected in ((ops.kl_div, [1.0, 1.0]), (ops.rel_entr, [0.0, 0.0])):
        assert gradients(f(x, y).sum(), [y])[0].data.tolist() == expected
    a, b = gradients(ops.xlog1py(x, y - 1).sum(), [x, y])
    np.testing.assert_allclose(a.data, [0.0, np.log(2.0)], atol=1e-15)
    assert b.data.tolist() == [0.0, 0.0]


def test_the_incomplete_gamma_function_at_zero():
    """Its slope there is 1 for the exponential distribution, 0 for larger exponents, infinite for smaller ones."""
    g, _ = first_and_second(lambda x: ops.gammainc(np.array([0.5, 1.0, 2.0]), x), [0.0, 0.0, 0.0])
    assert g.tolist() == [np.inf, 1.0, 0.0]


@pytest.mark.parametrize("x", [0.0, 1e-12, -1e-5])
def test_exprel_near_zero_to_third_order(x):
    """(exp(x) - 1) / x = 1 + x/2 + x^2/6 + x^3/24 + ...; the quotient's rule gives nan at 0."""
    g, h = first_and_second(ops.exprel, x)
    np.testing.assert_allclose([g, h], [1 / 2 + x / 3 + x**2 / 8, 1 / 3 + x / 4 + x**2 / 10], rtol=1e-13)
    assert ops.exprel(0.0) == 1.0 and ops.exprel(2.0) == pytest.approx(math.expm1(2) / 2, rel=1e-15)


def test_exprel_far_out():
    g, h = first_and_second(ops.exprel, [-800.0, 800.0, -np.inf])
    np.testing.assert_allclose(g, [1 / 800**2, np.inf, 0.0], rtol=1e-14)
    np.testing.assert_allclose(h, [2 / 800**3, np.inf, 0.0], rtol=1e-13)


def test_log_expit_far_out():
    g, h = first_and_second(ops.log_expit, [-800.0, 0.0, 800.0])
    np.testing.assert_allclose(g, [1.0, 0.5, 0.0], rtol=1e-15)
    np.testing.assert_allclose(h, [0.0, -0.25, 0.0], atol=1e-300)
    assert ops.log_expit(np.array([-800.0])).tolist() == [-800.0]


def test_inverse_error_functions_at_their_ends():
    assert first_and_second(ops.erfinv, [-1.0, 1.0])[0].tolist() == [np.inf, np.inf]
    assert first_and_second(ops.erfcinv, [0.0, 2.0])[0].tolist() == [-np.inf, -np.inf]
    assert first_and_second(ops.ndtri, [0.0, 1.0])[0].tolist() == [np.inf, np.inf]


@pytest.mark.parametrize("x", [50.0, 99.0, 1e6])
def test_erfcx_far_to_the_right(x):
    """sqrt(pi) erfcx(x) = 1/x - 1/(2 x^3) + 3/(4 x^5) - 15/(8 x^7) + ...; 2 x erfcx - 2 / sqrt(pi) cancels."""
    g, h = first_and_second(ops.erfcx, x)
    s = 1 / x**2
    first = -s + 1.5 * s**2 - 3.75 * s**3 + 13.125 * s**4
    second = (2 * s - 6 * s**2 + 22.5 * s**3 - 105 * s**4) / x
    np.testing.assert_allclose(np.array([g, h]) * math.sqrt(math.pi), [first, second], rtol=1e-9)


@pytest.mark.parametrize("x", [-3.0, 0.0, 2.0, 6.9, 7.1])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_every_derivative_of_erfcx(n, x):
    """By quadrature of 2 / sqrt(pi) (-2t)^n exp(-t^2 - 2xt), on both sides of where recurrence gives way to series."""
    t, weight = np.polynomial.legendre.leggauss(200)
    t, weight = 6 * (t + 1), 6 * weight
    integral = np.sum(weight * (-2 * t) ** n * np.exp(-t * t - 2 * x * t)) * 2 / math.sqrt(math.pi)
    np.testing.assert_allclose(ops.erfcx_slope(x, n), integral, rtol=1e-10)


def test_bessel_functions_at_zero():
    """The recurrence has no division by x, as j1' = j0 - j1 / x would have."""
    assert first_and_second(ops.j1, 0.0)[0] == 0.5
    assert first_and_second(ops.i1, 0.0)[0] == 0.5
    assert first_and_second(lambda x: ops.jv(2, x), 0.0) == (0.0, 0.25)
    assert first_and_second(ops.i0e, 0.0)[0] == 0.0  # the kink of exp(-|x|)


def test_an_untaken_branch_at_a_pole_leaves_no_trace():
    x = Tensor([0.0, 2.0], requires_grad=True)
    for f in (ops.gammaln, ops.digamma, lambda x: ops.polygamma(1, x), lambda x: ops.betainc(0.5, 0.5, x / 4)):
        with np.errstate(all="ignore"):
            (g,) = gradients(ops.where(x.data > 0, f(x), 0.0).sum(), [x])
        assert g.data[0] == 0.0 and np.isfinite(g.data[1])


def test_the_branches_of_lambertw():
    """w = W(z) solves w exp(w) = z, so that dw/dz = exp(-w) / (1 + w); at 0 the principal one has slope 1."""
    x = Tensor([0.0, 1.0], requires_grad=True)
    (g,) = gradients(ops.real(ops.lambertw(x)).sum(), [x])
    omega = 0.5671432904097838
    np.testing.assert_allclose(g.data, [1.0, math.exp(-omega) / (1 + omega)], rtol=1e-14)
    y = Tensor(-0.2, requires_grad=True)
    (g,) = gradients(ops.real(ops.lambertw(y, -1)), [y])
    w = ops.lambertw(-0.2, -1).real
    assert g.item() == pytest.approx(1 / (math.exp(w) * (1 + w)))


# ---------------------------------------------------------------------- autograd.scipy.special's own
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_logsumexp_with_weights_of_any_sign(axis, keepdims):
    theirs = pytest.importorskip("scipy.special")
    a = np.array([[0.5, -1.0, 2.0], [800.0, 799.0, 3.0]])
    b = np.array([[1.0, -0.5, 0.0], [2.0, 1.0, 1.0]])
    x, w = Tensor(a, requires_grad=True), Tensor(b, requires_grad=True)
    found, sign = special.logsumexp(x, axis, w, keepdims, return_sign=True)
    expected, expected_sign = theirs.logsumexp(a, axis, b, keepdims, return_sign=True)
    np.testing.assert_allclose(found.data, expected, rtol=1e-13)
    np.testing.assert_array_equal(sign, expected_sign)
    g, h = gradients(found.sum(), [x, w])
    share = np.exp(a - theirs.logsumexp(a, axis, b, keepdims=True))  # of e^a in the sum
    np.testing.assert_allclose(g.data, b * share, rtol=1e-12)
    np.testing.assert_allclose(h.data[b != 0], share[b != 0], rtol=1e-12)


@pytest.mark.parametrize("axis", [None, 0, (0, 1)])
def test_softmax_over_every_axis_by_default(axis):
    theirs = pytest.importorskip("scipy.special")
    a = np.array([[0.5, -1.0, 2.0], [800.0, 799.0, 3.0]])
    for name in ("softmax", "log_softmax"):
        found = getattr(special, name)(Tensor(a, requires_grad=True), axis)
        np.testing.assert_allclose(found.data, getattr(theirs, name)(a, axis), rtol=1e-13)
        assert found.requires_grad


@pytest.mark.parametrize("x", [-800.0, -3.0, 0.0, 2.0, 40.0, 800.0])
def test_the_logarithm_of_the_normal_distribution_has_finite_derivatives(x):
    report = check_grads(ops.log_ndtr, np.array(x), order=2, reach=0.1)
    assert report.verdict == "right", report
