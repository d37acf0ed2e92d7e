"""Conventions of decompositions where vectors are no functions of the matrix."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import GradError, Tensor, grad, gradients, jvp, vmap


def leaf(a):
    return Tensor(a, requires_grad=True)


def turned(values, seed=0):
    """A symmetric matrix of these eigenvalues with no special directions."""
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(len(values),) * 2))
    return q @ np.diag(np.asarray(values, float)) @ q.T


# ---------------------------------------------------------------------- values that are equal
@pytest.mark.parametrize("make", [np.diag, turned])
def test_vectors_of_equal_eigenvalues_have_no_derivative(make):
    a = leaf(make([1.0, 2.0, 2.0]))
    w, v = np.linalg.eigh(a)
    with pytest.raises(GradError, match="eigvalsh"):
        gradients((v[:, 1] ** 2).sum(), [a], retain_graph=True)
    # the trace is smooth, and so is the vector of the other value
    (g,) = gradients(w.sum(), [a], retain_graph=True)
    np.testing.assert_allclose(g.data, np.eye(3), atol=1e-12)
    (g,) = gradients(v[0, 0] ** 2, [a])
    assert np.isfinite(g.data).all()


def test_the_vector_of_a_single_eigenvalue_beside_equal_ones():
    a = turned([1.0, 2.0, 2.0])
    x = leaf(a)
    (g,) = gradients(np.linalg.eigh(x)[1][0, 0] ** 2, [x])
    step = np.random.default_rng(1).normal(size=(3, 3)) * 1e-6
    step = step + step.T
    f = [np.linalg.eigh(a + s)[1][0, 0] ** 2 for s in (step, -step)]
    np.testing.assert_allclose(np.sum(g.data * step) * 2, f[0] - f[1], rtol=1e-5)


def test_a_function_of_equal_eigenvalues_and_their_vectors_is_refused_and_not_wrong():
    """The square root of the unit matrix has slope 1/2; a rule that drops equal pairs gives 0 off the diagonal."""
    a = leaf(np.eye(2))
    w, v = np.linalg.eigh(a)
    with pytest.raises(GradError, match="equal up to rounding"):
        gradients((v * np.sqrt(w)) @ v.T, [a], gradient=np.ones((2, 2)))


def test_second_derivatives_of_equal_eigenvalues_are_refused():
    a = leaf(np.eye(2))
    (g,) = gradients((np.linalg.eigvalsh(a) ** 3).sum(), [a], create_graph=True)
    np.testing.assert_allclose(g.data, 3 * np.eye(2), atol=1e-12)
    with pytest.raises(GradError, match="eigh"):
        gradients(g[0, 1], [a])


@pytest.mark.parametrize("full", [True, False])
def test_vectors_of_equal_singular_values_have_no_derivative(full):
    a = leaf(np.linalg.qr(np.random.default_rng(0).normal(size=(4, 3)))[0])
    u, s, vh = np.linalg.svd(a, full_matrices=full)
    (g,) = gradients(s.sum(), [a], retain_graph=True)
    np.testing.assert_allclose(g.data, (u[:, :3] @ vh).data, atol=1e-12)
    for part in (u[:, 0], vh[0]):
        with pytest.raises(GradError, match="svdvals"):
            gradients((part**2)[0], [a], retain_graph=True)


def test_vectors_of_singular_values_of_zero_have_no_derivative():
    a = leaf(np.outer([1.0, 2.0, 3.0], [1.0, -1.0]))
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    for out in (u[0, 1] ** 2, vh[0, 1] * vh[1, 1]):
        with pytest.raises(GradError, match="zero up to rounding"):
            gradients(out, [a], retain_graph=True)
    (g,) = gradients(u[0, 0] ** 2, [a], retain_graph=True)
    assert np.isfinite(g.data).all()
    (g,) = gradients(s[1], [a])  # a kink, as that of the absolute value
    np.testing.assert_array_equal(g.data, np.zeros((3, 2)))


def test_single_vectors_of_a_null_space_are_refused_and_its_projector_is_not():
    a = np.random.default_rng(0).normal(size=(4, 2))
    x = leaf(a)
    for null in (np.linalg.svd(x)[0][:, 2:], np.linalg.qr(x, "complete")[0][:, 2:]):
        with pytest.raises(GradError, match="null space"):
            gradients((null[0, 0]) ** 2, [x], retain_graph=True)
        (g,) = gradients((null @ null.T)[0, 1], [x])

        def projector(a):
            return np.eye(4) - a @ np.linalg.pinv(a)

        step = 1e-6 * np.random.default_rng(1).normal(size=(4, 2))
        expected = projector(a + step)[0, 1] - projector(a - step)[0, 1]
        np.testing.assert_allclose(2 * np.sum(g.data * step), expected, rtol=1e-5)


@pytest.mark.parametrize("a", [[[1.0, 1.0], [0.0, 1.0]], [[2.0, 1.0], [-1.0, 0.0]]])
def test_a_defective_matrix_has_no_derivative(a):
    x = leaf(a)
    with pytest.raises(GradError, match="defective"):
        gradients(np.linalg.eigvals(x).real[0], [x])
    y = leaf(a)
    (g,) = gradients(np.where(False, np.linalg.eigvals(y).real, 0.0).sum(), [y])  # an untaken branch
    np.testing.assert_array_equal(g.data, np.zeros((2, 2)))


def test_eigenvalues_of_the_unit_matrix_have_their_trace():
    a = leaf(np.eye(3))
    w, v = np.linalg.eig(a)
    (g,) = gradients(w.sum(), [a], retain_graph=True)
    np.testing.assert_allclose(g.data, np.eye(3), atol=1e-12)
    with pytest.raises(GradError, match="eigvals"):
        gradients((v[0] ** 2).sum(), [a])


def test_columns_that_depend_on_each_other_have_no_qr_derivative():
    a = leaf([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])
    q, r = np.linalg.qr(a)
    with pytest.raises(GradError, match="dependent"):
        gradients(r[0, 0], [a])
    with pytest.raises(TypeError, match="raw.*reduced"):
        np.linalg.qr(a, mode="raw")


@pytest.mark.parametrize("values", [lambda a: np.linalg.eigh(a)[0], lambda a: np.linalg.svd(a)[1]])
def test_forward_derivatives_of_equal_values_are_those_of_their_sum(values):
    step = np.array([[1.0, 0.3], [0.3, 2.0]])
    _, pushed = jvp(lambda a: values(a).sum(), (np.eye(2),), (step,))
    np.testing.assert_allclose(np.asarray(pushed), 3.0)


def test_forward_derivatives_of_vectors_of_equal_values_are_no_numbers():
    for f in (np.linalg.eigh, np.linalg.eig, np.linalg.svd):
        _, pushed = jvp(lambda a, f=f: f(a)[-1], (np.eye(2),), (np.array([[1.0, 0.3], [0.3, 2.0]]),))
        assert np.isnan(np.asarray(pushed)).any()


WITHOUT = [
    (np.linalg.eigvals, np.eye(3, k=1)),
    (lambda a: np.linalg.qr(a)[1], np.ones((3, 3))),
    (lambda a: np.linalg.slogdet(a)[1], np.ones((3, 3))),
]


@pytest.mark.parametrize(("f", "singular"), WITHOUT)
def test_inside_vmap_a_matrix_without_derivative_spoils_no_other(f, singular):
    a = np.array([[2.0, 0.3, 0.1], [0.0, 1.0, -0.4], [0.2, 0.0, -1.0]])

    def used(a, use):
        return np.where(use, np.sum(np.real(f(a))), 0.0)

    found = vmap(grad(used))(np.stack([singular, a]), np.array([False, True]))
    np.testing.assert_array_equal(np.asarray(found)[0], np.zeros((3, 3)))
    np.testing.assert_allclose(np.asarray(found)[1], np.asarray(grad(used)(a, True)), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("f", "singular"), WITHOUT)
def test_in_forward_mode_a_matrix_without_derivative_spoils_no_other(f, singular):
    a = np.array([[2.0, 0.3, 0.1], [0.0, 1.0, -0.4], [0.2, 0.0, -1.0]])
    step = np.arange(9.0).reshape(3, 3)
    _, pushed = jvp(f, (np.stack([singular, a]),), (np.stack([step, step]),))
    _, alone = jvp(f, (a,), (step,))
    assert np.isnan(np.asarray(pushed)[0]).any()
    np.testing.assert_allclose(np.asarray(pushed)[1], np.asarray(alone), rtol=1e-12, atol=1e-12)


def test_equal_values_are_found_inside_vmap():
    def first(a):
        return np.linalg.eigh(a)[1][0, 0] ** 2

    with pytest.raises(GradError, match="eigvalsh"):
        vmap(grad(first))(np.stack([np.diag([1.0, 2.0]), np.eye(2)]))


# ---------------------------------------------------------------------- phases
def complex_matrix():
    rng = np.random.default_rng(0)
    return rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))


@pytest.mark.parametrize(
    "vectors",
    [
        lambda a: np.linalg.eig(a)[1],
        lambda a: np.linalg.eigh(a + np.conj(a.T))[1],
        lambda a: np.linalg.svd(a)[0],
        lambda a: np.linalg.svd(a)[2].T,
    ],
)
def test_the_phase_of_complex_vectors_is_free(vectors):
    a = leaf(complex_matrix())
    v = vectors(a)
    with pytest.raises(GradError, match="phase"):
        gradients(v.imag[0, 0], [a], retain_graph=True)
    (g,) = gradients((np.abs(v) ** 2)[0, 0], [a])
    assert np.isfinite(g.data).all() and np.abs(g.data).max() > 1e-3


def test_the_phase_of_qr_is_decided():
    """R has a real diagonal, so that even Q's phases have a derivative."""
    a = complex_matrix()
    x = leaf(a)
    (g,) = gradients(np.linalg.qr(x)[0].imag[0, 0], [x])
    step = 1e-6 * complex_matrix().T
    expected = np.linalg.qr(a + step)[0].imag[0, 0] - np.linalg.qr(a - step)[0].imag[0, 0]
    np.testing.assert_allclose(2 * np.sum(np.conj(g.data) * step).real, expected, rtol=1e-5)


# ---------------------------------------------------------------------- shapes and forms
def test_real_matrices_that_turn_have_complex_eigenvalues_and_real_gradients():
    """A rotation by t scaled by r has the eigenvalues r exp(+-it)."""
    a = leaf([[1.0, -2.0], [2.0, 1.0]])
    w, _ = np.linalg.eig(a)
    assert w.dtype == complex
    (g,) = gradients(np.abs(w).sum(), [a])
    assert g.dtype == float
    root = np.sqrt(5.0)
    np.testing.assert_allclose(g.data, np.array([[1.0, -2.0], [2.0, 1.0]]) / root, atol=1e-12)


def test_results_have_numpys_names():
    a = leaf(np.diag([1.0, 2.0]))
    assert np.linalg.svd(a)._fields == ("U", "S", "Vh")
    assert np.linalg.qr(a)._fields == ("Q", "R")
    assert np.linalg.eig(a)._fields == np.linalg.eigh(a)._fields == ("eigenvalues", "eigenvectors")


@pytest.mark.parametrize("f", [np.linalg.svd, np.linalg.qr, np.linalg.eigvals, np.linalg.eigh])
def test_vectors_are_no_matrices(f):
    with pytest.raises(np.linalg.LinAlgError, match=f.__name__):
        f(leaf(np.ones(3)))


@pytest.mark.parametrize("shape", [(0, 0), (0, 2), (2, 0)])
def test_empty_matrices(shape):
    a = leaf(np.zeros(shape))
    for out in (*np.linalg.svd(a), *np.linalg.qr(a), np.linalg.svdvals(a)):
        assert gradients(out.sum(), [a], retain_graph=True)[0].shape == shape
    for ours, numpys in zip(np.linalg.svd(a), np.linalg.svd(a.data), strict=True):
        np.testing.assert_array_equal(ours.data, numpys)
