"""Conventions of linear algebra where a derivative does not exist."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from autograd import GradError, Tensor, gradients


def leaf(a):
    return Tensor(a, requires_grad=True)


# ---------------------------------------------------------------------- norms
@pytest.mark.parametrize("order", [None, 1, 2, 3.5, np.inf])
def test_norm_at_zero_is_flat(order):
    """HIPS #151, #268, #586, #617: NaN."""
    x = Tensor(np.zeros(3), requires_grad=True)
    (g,) = gradients(np.linalg.norm(x, order), [x])
    assert np.isfinite(g.data).all()


@pytest.mark.parametrize("order", ["fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf])
def test_norms_of_a_zero_matrix_are_flat(order):
    x = leaf(np.zeros((2, 3)))
    (g,) = gradients(np.linalg.norm(x, order), [x])
    np.testing.assert_array_equal(g.data, np.zeros((2, 3)))


@pytest.mark.parametrize("order", [2, -2, 1, -1, np.inf, -np.inf])
def test_ties_of_matrix_norms_share(order):
    x = leaf(np.eye(3))
    (g,) = gradients(np.linalg.norm(x, order), [x])
    np.testing.assert_allclose(g.data, np.eye(3) / 3, atol=1e-14)


def test_the_nuclear_norm_of_an_orthogonal_matrix_has_it_as_slope():
    q = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))[0]
    x = leaf(q)
    (g,) = gradients(np.linalg.norm(x, "nuc"), [x])
    np.testing.assert_allclose(g.data, q, atol=1e-13)


def test_norms_over_any_two_axes():
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    for axes, order in itertools.product(itertools.permutations(range(3), 2), ("nuc", 2, 1, np.inf)):
        for keepdims in (False, True):
            ours = np.linalg.norm(leaf(x), order, axes, keepdims).data
            np.testing.assert_allclose(ours, np.linalg.norm(x, order, axes, keepdims))


@pytest.mark.parametrize(("shape", "order"), [((2, 2), 3), ((2, 2), "max"), ((3,), "fro"), ((2, 2, 2), 2)])
def test_orders_that_do_not_exist(shape, order):
    with pytest.raises(ValueError, match="norm"):
        np.linalg.norm(leaf(np.ones(shape)), order)


# ---------------------------------------------------------------------- determinants
def minors(a):
    """Derivatives of the determinant of a 3 by 3 matrix by cofactors, written out."""
    c = np.empty((3, 3))
    for i, j in np.ndindex(3, 3):
        c[i, j] = (-1) ** (i + j) * np.linalg.det(np.delete(np.delete(a, i, 0), j, 1))
    return c


SINGULAR = [
    np.arange(9.0).reshape(3, 3),  # rank 2
    np.outer([1.0, 2.0, 3.0], [1.0, -1.0, 2.0]),  # rank 1
    np.zeros((3, 3)),
    np.diag([1.0, 1.0, 0.0]),
]


@pytest.mark.parametrize("a", SINGULAR)
def test_det_at_singular_matrices_to_second_order(a):
    x = leaf(a)
    (first,) = gradients(np.linalg.det(x), [x], create_graph=True)
    np.testing.assert_allclose(first.data, minors(a), atol=1e-12)
    w = np.random.default_rng(0).normal(size=(3, 3))
    (second,) = gradients(first, [x], gradient=w)
    exact = (minors(a + w) - minors(a - w)) / 2  # cofactors of 3 by 3 matrices are quadratic
    np.testing.assert_allclose(second.data, exact, atol=1e-11)


def test_the_third_derivative_of_det_needs_an_inverse():
    def third(a):
        x = leaf(a)
        (first,) = gradients(np.linalg.det(x), [x], create_graph=True)
        (second,) = gradients(first[0, 0], [x], create_graph=True)
        return gradients(second[1, 1], [x])[0].data

    rng = np.random.default_rng(0)
    np.testing.assert_allclose(third(rng.normal(size=(3, 3))), np.diag([0.0, 0.0, 1.0]), atol=1e-9)
    with pytest.raises(GradError, match="det of a singular matrix"):
        third(np.zeros((3, 3)))


def test_slogdet_of_a_singular_matrix():
    a = leaf(np.stack([np.ones((2, 2)), np.diag([2.0, 4.0])]))
    with np.errstate(all="ignore"):
        log = np.linalg.slogdet(a)[1]
    with pytest.raises(GradError, match="slogdet"):
        gradients(log, [a], gradient=np.ones(2), retain_graph=True)
    (g,) = gradients(log[1], [a])  # nothing is asked of the singular one
    np.testing.assert_allclose(g.data, [np.zeros((2, 2)), np.diag([0.5, 0.25])])


def test_the_sign_of_a_complex_determinant_turns():
    a = leaf(np.diag([1j, 2.0 + 0j]))
    (g,) = gradients(np.linalg.slogdet(a)[0].real, [a])
    # sign = exp(i t); moving a[0, 0] along -1 turns it from i to i - s: cos(t) falls by s
    np.testing.assert_allclose(g.data, np.diag([1.0, -0.5j]) + np.zeros((2, 2)), atol=1e-12)


def test_the_sign_of_a_real_determinant_is_constant():
    sign, _ = np.linalg.slogdet(leaf(-np.eye(3)))
    assert sign.item() == -1.0 and not sign.requires_grad


# ---------------------------------------------------------------------- inverses and systems
def test_power_zero_is_the_unit_matrix_whatever_the_matrix():
    a = leaf([[np.inf, np.nan], [1.0, 2.0]])
    out = np.linalg.matrix_power(a, 0)
    assert out.data.tolist() == np.eye(2).tolist()
    assert gradients(out.sum(), [a])[0].data.tolist() == np.zeros((2, 2)).tolist()


def test_pinv_cuts_at_rtol():
    a = np.diag([1.0, 1e-3])
    for keyword in ({"rcond": 1e-2}, {"rtol": 1e-2}):
        x = leaf(a)
        out = np.linalg.pinv(x, **keyword)
        np.testing.assert_allclose(out.data, np.diag([1.0, 0.0]), atol=1e-12)
        assert gradients(out[0, 0], [x])[0].data[0, 0] == -1.0


def test_least_squares_is_the_normal_equations():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    x, y, p, q = leaf(a), leaf(b), leaf(a), leaf(b)
    found = gradients((np.linalg.lstsq(x, y)[0] ** 2).sum(), [x, y])
    expected = gradients((np.linalg.solve(p.T @ p, p.T @ q) ** 2).sum(), [p, q])
    for g, h in zip(found, expected, strict=True):
        np.testing.assert_allclose(g.data, h.data, atol=1e-12)


@pytest.mark.parametrize(("m", "n", "k"), [(4, 2, 1), (2, 4, 2), (3, 3, None)])
def test_least_squares_gives_what_numpy_gives(m, n, k):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(m, n)), rng.normal(size=(m,) if k is None else (m, k))
    for ours, numpys in zip(np.linalg.lstsq(leaf(a), leaf(b)), np.linalg.lstsq(a, b), strict=True):
        ours = np.asarray(getattr(ours, "data", ours))
        assert ours.shape == np.shape(numpys)
        np.testing.assert_allclose(ours, numpys, atol=1e-12)


@pytest.mark.parametrize("p", [None, 2, "fro", 1])
def test_the_condition_number_does_not_change_with_scale(p):
    a = np.random.default_rng(0).normal(size=(3, 3))
    x = leaf(a)
    (g,) = gradients(np.linalg.cond(x, p), [x])
    np.testing.assert_allclose(np.sum(g.data * a), 0, atol=1e-10)


def test_the_condition_number_of_a_singular_matrix_is_refused():
    a = leaf(np.arange(9.0).reshape(3, 3))
    with pytest.raises(GradError, match="cond.*singular"):
        np.linalg.cond(a)
    (g,) = gradients(np.linalg.cond(a, -2), [a])
    np.testing.assert_allclose(g.data, 0, atol=1e-15)  # flat, as the absolute value at zero
    assert np.linalg.cond(Tensor(a.data)).item() > 1e15


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda a: np.linalg.tensorinv(a, ind=0), "tensorinv"),
        (lambda a: np.linalg.tensorinv(a, ind=1), "tensorinv"),
        (lambda a: np.linalg.tensorsolve(a, np.ones(3)), "tensorsolve"),
        (lambda a: np.linalg.outer(a, a), "outer"),
        (lambda a: np.linalg.cross(a, a), "cross"),
        (lambda a: np.linalg.matrix_transpose(a[0]), "matrix_transpose"),
        (lambda a: np.linalg.trace(a[0]), "trace"),
        (lambda a: np.linalg.inv(a), "inv"),
        (lambda a: np.linalg.lstsq(a, a, "x"), "lstsq"),
    ],
)
def test_what_does_not_fit_is_named(call, name):
    with pytest.raises((ValueError, TypeError), match=name):
        call(leaf(np.ones((2, 4))))


def test_numpys_product_of_its_linalg_is_ours():
    x = leaf(np.eye(2))
    (g,) = gradients(np.linalg.matmul(x, [[1.0, 2.0], [3.0, 4.0]]).sum(), [x])
    assert g.data.tolist() == [[3.0, 7.0], [3.0, 7.0]]
