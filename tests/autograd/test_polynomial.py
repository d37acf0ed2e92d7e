"""Polynomials: NumPy's trimming and dtypes, roots that come twice, fits that are not determined."""

import warnings

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import GradError, Tensor, gradients, ops


def leaves(*arrays):
    return [Tensor(a, requires_grad=True, dtype=np.result_type(np.asarray(a).dtype, 1.0)) for a in arrays]


def jacobian(f, x):
    """Row by row, of a vector-valued f."""
    (t,) = leaves(x)
    out = f(t)
    return np.array([gradients(out[i], [t], retain_graph=True)[0].data for i in range(out.size)])


def test_values_and_slopes():
    p, x = leaves([2.0, -1.0, 3.0], [0.0, 2.0])
    out = np.polyval(p, x)
    assert out.data.tolist() == [3.0, 9.0]
    a, b = gradients(out.sum(), [p, x], create_graph=True)
    assert a.data.tolist() == [4.0, 2.0, 2.0] and b.data.tolist() == [-1.0, 7.0]
    assert gradients(b.sum(), [x])[0].data.tolist() == [4.0, 4.0]


@pytest.mark.parametrize("p", [[], [5.0]])
def test_a_polynomial_without_powers_is_flat(p):
    c, x = leaves(np.array(p), [1.0, 2.0])
    out = np.polyval(c, x)
    assert out.data.tolist() == np.polyval(p, [1.0, 2.0]).tolist()
    a, b = gradients(out.sum(), [c, x])
    assert a.data.tolist() == [2.0] * len(p) and b.data.tolist() == [0.0, 0.0]


def test_single_precision():
    p, x = Tensor([1.0, 2.0], True, np.float32), Tensor([3.0], True, np.float32)
    out = np.polyval(p, x)
    assert out.dtype == np.float32 and [g.dtype for g in gradients(out, [p, x])] == [np.float32, np.float32]
    for f in (np.polyder, np.polyint):  # NumPy multiplies with integers, which gives double precision
        assert f(p).dtype == f(p.data).dtype
        assert gradients(f(p).sum(), [p])[0].dtype == np.float32


def test_a_poly1d_is_refused_where_it_would_be_composed():
    (p,) = leaves([1.0, 2.0])
    with pytest.raises(TypeError, match="polyval.*poly1d"):
        np.polyval(p, np.poly1d([1.0, 1.0]))
    assert np.polyadd(p, np.poly1d([1.0, 1.0])).data.tolist() == [2.0, 3.0]


# ---------------------------------------------------------------------- arithmetic
@pytest.mark.parametrize(
    "pair", [([1.0], [1.0, 2.0, 3.0]), ([1.0, 2.0, 3.0], [5.0]), ([], [1.0, 2.0]), (2.0, [1.0, 4.0])]
)
@pytest.mark.parametrize("f", [np.polyadd, np.polysub])
def test_the_shorter_one_is_padded_in_front(f, pair):
    a, b = leaves(*pair)
    out = f(a, b)
    np.testing.assert_array_equal(out.data, f(*pair))
    weight = np.arange(1.0, out.size + 1)
    ga, gb = gradients(out, [a, b], gradient=weight)
    sign = 1 if f is np.polyadd else -1
    assert ga.data.ravel().tolist() == weight[out.size - a.size :].tolist()
    assert gb.data.tolist() == (sign * weight[out.size - b.size :]).tolist()


@pytest.mark.parametrize(
    "pair", [([0.0, 1.0], [1.0, 2.0]), ([0.0, 0.0], [1.0, 2.0]), ([0.0, 0.0, 3.0], [0.0, 2.0]), ([], [1.0]), (2.0, 3.0)]
)
def test_products_lose_leading_zeros_but_no_gradient(pair):
    a, b = leaves(*pair)
    out = np.polymul(a, b)
    np.testing.assert_array_equal(out.data, np.polymul(*pair))
    if a.size:
        (ga,) = gradients(out.sum(), [a])
        step = 1e-6 * np.eye(a.size)
        whole = [np.convolve(np.atleast_1d(a.data) + s, np.atleast_1d(b.data))[-out.size :].sum() for s in step]
        np.testing.assert_allclose(ga.data.ravel(), (np.array(whole) - out.data.sum()) / 1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("u", "v"),
    [
        ([1.0, -3.0, 2.0], [1.0, -1.0]),  # no remainder
        ([2.0, 1.0, 5.0, -1.0], [4.0, 1.0]),
        ([1.0, 2.0], [1.0, 2.0, 3.0]),
        ([3.0, 1.0], [2.0]),
        (6.0, 4.0),
    ],
)
def test_quotient_and_remainder(u, v):
    a, b = leaves(u, v)
    q, r = np.polydiv(a, b)
    expected = np.polydiv(u, v)
    np.testing.assert_allclose(q.data, expected[0], atol=1e-15)
    np.testing.assert_allclose(r.data, expected[1], atol=1e-15)
    total = np.polyadd(np.polymul(q, b), r)  # u again, and so its gradient is that of u
    ga, gb = gradients((total[total.size - a.size :] * np.arange(1.0, a.size + 1)).sum(), [a, b])
    np.testing.assert_allclose(ga.data.ravel()[-r.size :], np.arange(1.0, a.size + 1)[-r.size :], atol=1e-14)


def test_division_of_series():
    """1 / (1 - x) = 1 + x + x^2 + ..., and its derivative by the coefficient of x is n x^(n-1)."""
    u, v = leaves([1.0, 0.0, 0.0, 0.0], [1.0, -1.0])
    out = ops.series_divide(u, v)
    assert out.data.tolist() == [1.0, 1.0, 1.0, 1.0]
    rows = [gradients(out[i], [v], retain_graph=True)[0].data.tolist() for i in range(4)]
    assert rows == [[-1.0, 0.0], [-2.0, -1.0], [-3.0, -2.0], [-4.0, -3.0]]


# ---------------------------------------------------------------------- derivatives and integrals
def test_an_integral_undoes_a_derivative():
    p, k = leaves([1.0, 2.0, 3.0], [5.0, 7.0])
    out = np.polyint(p, 2, k)
    np.testing.assert_allclose(out.data, np.polyint(p.data, 2, k.data))
    np.testing.assert_allclose(np.polyder(out, 2).data, p.data)
    assert gradients(out.sum(), [k], retain_graph=True)[0].data.tolist() == [1.0, 1.0]
    (g,) = gradients(np.polyder(out, 2).sum(), [p])
    np.testing.assert_allclose(g.data, [1.0, 1.0, 1.0], rtol=1e-15)


def test_orders_at_the_ends():
    (p,) = leaves([1.0, 2.0])
    assert np.polyder(p, 0) is p and np.polyint(p, 0) is p
    assert np.polyder(p, 5).shape == (0,)
    for f in (np.polyder, np.polyint):
        with pytest.raises(ValueError, match="not negative"):
            f(p, -1)
    with pytest.raises(ValueError, match="one for each of 3 steps"):
        np.polyint(p, 3, [1.0, 2.0])


# ---------------------------------------------------------------------- roots
def test_roots_and_coefficients_are_inverse():
    z = np.array([3.0, -1.0, 0.5])
    there = jacobian(np.poly, z)
    back = jacobian(np.roots, np.poly(z))
    order = np.argsort(-np.abs(np.roots(np.poly(z))))
    assert not there[0].any()  # the leading coefficient is 1
    np.testing.assert_allclose((back @ there)[order], np.eye(3)[np.argsort(-np.abs(z))], atol=1e-12)


def test_coefficients_of_repeated_roots_are_smooth():
    rows = jacobian(np.poly, [2.0, 2.0])
    assert rows.tolist() == [[0.0, 0.0], [-1.0, -1.0], [2.0, 2.0]]
    (x,) = leaves(2.0 * np.eye(2))
    out = np.poly(x)  # (z - a)(z - d) - bc
    assert gradients(out[1], [x], retain_graph=True)[0].data.tolist() == [[-1.0, 0.0], [0.0, -1.0]]
    assert gradients(out[2], [x])[0].data.tolist() == [[2.0, 0.0], [0.0, 2.0]]


def test_a_characteristic_polynomial_with_a_defective_matrix():
    """Eigenvalues have no derivative there, their polynomial has."""
    (x,) = leaves([[0.0, 1.0], [0.0, 0.0]])
    assert gradients(np.poly(x)[2], [x])[0].data.tolist() == [[0.0, 0.0], [-1.0, 0.0]]


def test_a_repeated_root_has_no_derivative():
    for roots in ([1.0, 1.0, -2.0], [1.0, 1.0, 1.0], [0.0, 0.0, 1.0]):
        (p,) = leaves(np.poly(roots))
        z = np.roots(p)
        with pytest.raises(GradError, match="repeated root has no derivative"):
            z.sum().backward()
    (p,) = leaves(np.poly([1.0, 1.0, -2.0]))
    z = np.roots(p)
    alone = int(np.argmin(np.abs(z.data + 2)))
    (g,) = gradients(z[alone].real, [p])  # -2 comes once: -z^k / p'(z)
    np.testing.assert_allclose(g.data, -np.array([-8.0, 4.0, -2.0, 1.0]) / 9, rtol=1e-6)


def test_neighbouring_roots_are_no_repeated_ones():
    z = np.arange(1.0, 11.0)  # Wilkinson's, ill-conditioned but distinct
    (p,) = leaves(np.poly(z))
    (g,) = gradients(np.roots(p).sum(), [p])
    np.testing.assert_allclose(g.data[:2], [-55.0, -1.0], rtol=1e-3)  # the sum of the roots is -p1 / p0


def test_zeros_at_both_ends_of_the_coefficients():
    p = np.array([0.0, 2.0, -6.0, 0.0])
    (t,) = leaves(p)
    z = np.roots(t)
    np.testing.assert_allclose(z.data, np.roots(p))
    (g,) = gradients((z * [1.0, 0.0]).sum(), [t])  # the root 3 of 2 z^2 - 6 z, p' = 6
    np.testing.assert_allclose(g.data, -np.array([27.0, 9.0, 3.0, 1.0]) / 6, rtol=1e-13)


@pytest.mark.parametrize("p", [[], [0.0, 0.0], [3.0]])
def test_no_roots(p):
    (t,) = leaves(np.array(p))
    z = ops.roots(t)
    assert z.shape == (0,)
    (g,) = gradients(z.sum(), [t])
    assert g.data.tolist() == [0.0] * len(p)


def test_conjugate_roots_of_a_real_polynomial():
    """z^2 + b z + c with b^2 < 4 c: |z|^2 = c, and the sum is -b."""
    (p,) = leaves([1.0, 2.0, 5.0])
    z = np.roots(p)
    (g,) = gradients((anp.abs(z) ** 2).sum() / 2, [p], retain_graph=True)
    np.testing.assert_allclose(g.data, [-5.0, 0.0, 1.0], atol=1e-14)
    (g,) = gradients(z.real.sum(), [p])
    np.testing.assert_allclose(g.data, [2.0, -1.0, 0.0], atol=1e-14)


def test_poly_of_nothing_and_of_what_it_is_not():
    (x,) = leaves(np.array([]))
    assert np.poly(x) == anp.poly(x) == 1.0
    with pytest.raises(ValueError, match="roots.*or a square matrix"):
        np.poly(leaves(np.ones((2, 3)))[0])
    with pytest.raises(ValueError, match="roots"):
        np.roots(leaves(np.ones((2, 3)))[0])


# ---------------------------------------------------------------------- least squares
def test_a_line_through_two_points():
    x, y = leaves([0.0, 2.0], [1.0, 5.0])
    c = np.polyfit(x, y, 1)
    np.testing.assert_allclose(c.data, [2.0, 1.0], rtol=1e-14)
    gx, gy = gradients(c[0], [x, y])  # (y1 - y0) / (x1 - x0)
    np.testing.assert_allclose(gx.data, [1.0, -1.0], atol=1e-14)
    np.testing.assert_allclose(gy.data, [-0.5, 0.5], atol=1e-14)


def test_a_weighted_mean():
    """Weights are squared, as in NumPy: c = sum w^2 y / sum w^2."""
    y, w = leaves([1.0, 4.0], [1.0, 2.0])
    c = np.polyfit([0.0, 1.0], y, 0, w=w)
    np.testing.assert_allclose(c.data, [17 / 5], rtol=1e-14)
    gy, gw = gradients(c, [y, w])
    np.testing.assert_allclose(gy.data, [0.2, 0.8], rtol=1e-14)
    np.testing.assert_allclose(gw.data, 2 * w.data * (y.data - 17 / 5) / 5, rtol=1e-13)


def test_all_that_a_fit_returns(rng):
    x, y, w = rng.standard_normal(7), rng.standard_normal((7, 2)), rng.uniform(1, 2, 7)
    for columns in (y, y[:, 0]):
        (t,) = leaves(columns)
        for arguments in ({"full": True}, {"cov": True}, {"cov": "unscaled"}, {"full": True, "rcond": 0.5}):
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                found = np.polyfit(x, t, 2, w=w, **arguments)
                expected = np.polyfit(x, columns, 2, w=w, **arguments)
            assert len(found) == len(expected)
            for a, b in zip(found, expected, strict=True):
                np.testing.assert_allclose(getattr(a, "data", a), b, rtol=1e-11, atol=1e-13)


def test_a_fit_that_is_not_determined_warns_and_is_the_smallest():
    x, y = np.array([1.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0])
    (t,) = leaves(y)
    with pytest.warns(np.exceptions.RankWarning):
        c = np.polyfit(x, t, 2)
    with pytest.warns(np.exceptions.RankWarning):
        expected = np.polyfit(x, y, 2)
        by_y = np.array([np.polyfit(x, e, 2) for e in np.eye(3)])
    np.testing.assert_allclose(c.data, expected, rtol=1e-12)
    np.testing.assert_allclose([gradients(c[i], [t], retain_graph=True)[0].data for i in range(3)], by_y.T, atol=1e-13)


def test_the_gradient_of_an_ill_conditioned_fit(rng):
    """The normal equations would lose it: their condition is the square of 1e7."""
    x = np.linspace(100, 101, 30)
    (y,) = leaves(rng.standard_normal(30))
    c = np.polyfit(x, y, 2)
    scale = np.abs(np.polyfit(x, np.eye(30)[3], 2)[0])
    (g,) = gradients(c[0], [y])
    assert abs(g.data[3] - np.polyfit(x, np.eye(30)[3], 2)[0]) < 1e-6 * scale


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda y: np.polyfit([1.0, 2.0], y, -1), ValueError, "not negative"),
        (lambda y: np.polyfit([1.0, 2.0, 3.0], y, 1), TypeError, r"\(3,\) and \(2,\)"),
        (lambda y: np.polyfit([[1.0, 2.0]], y, 1), TypeError, "needs x"),
        (lambda y: np.polyfit([], y[:0], 1), TypeError, "n > 0"),
        (lambda y: np.polyfit([1.0, 2.0], y, 1, w=[1.0]), TypeError, "one weight"),
        (lambda y: np.polyfit([1.0, 2.0], y, 1, cov=True), ValueError, "more than 2 points"),
        (lambda y: np.polymul(y, y[None]), ValueError, "one axis"),
        (lambda y: np.polydiv(y, y[None]), ValueError, "two vectors"),
        (lambda y: np.polydiv(y, y[:0]), (ValueError, IndexError), "polydiv"),
    ],
)
def test_what_numpy_refuses(call, error, words):
    with pytest.raises(error, match=words):
        call(*leaves([1.0, 2.0]))
