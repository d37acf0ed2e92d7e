"""Conventions of functions of matrices; their values are SciPy's."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import autograd.scipy.linalg as linalg
from autograd import GradError, Tensor, gradients


def leaf(a):
    return Tensor(a, requires_grad=True)


def test_the_slope_of_the_exponential_at_zero_is_the_sum():
    a = leaf(np.zeros((2, 2)))
    (g,) = gradients(linalg.expm(a), [a], gradient=[[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_allclose(g.data, [[1.0, 2.0], [3.0, 4.0]], rtol=1e-14)


@pytest.mark.parametrize("size", [1e-200, 1.0, 1e200])
def test_the_size_of_the_cotangent_costs_no_accuracy(size):
    """d/dt expm(t a) = a expm(a) at t = 1."""
    a = np.array([[0.3, -1.2], [0.4, 0.1]])
    t = leaf(1.0)
    w = size * np.array([[1.0, -2.0], [0.5, 0.0]])
    (g,) = gradients(linalg.expm(t * a), [t], gradient=w)
    np.testing.assert_allclose(g.item() / size, np.sum(w / size * (a @ linalg.expm(a))), rtol=1e-13)


def test_a_nilpotent_matrix_has_a_short_exponential():
    t = leaf(2.0)
    out = linalg.expm(t * np.array([[0.0, 1.0], [0.0, 0.0]]))
    assert out.data.tolist() == [[1.0, 2.0], [0.0, 1.0]]
    assert gradients(out[0, 1], [t])[0].item() == 1.0


def test_the_square_root_where_eigenvectors_are_free():
    """At the unit matrix its slope is a half, whatever the direction."""
    a = leaf(np.eye(3))
    w = np.arange(9.0).reshape(3, 3)
    (g,) = gradients(linalg.sqrtm(a), [a], gradient=w)
    np.testing.assert_allclose(g.data, w / 2, rtol=1e-13)


@pytest.mark.filterwarnings("ignore:Matrix is singular")  # SciPy says so of the value
def test_the_square_root_of_a_singular_matrix_has_no_slope():
    a = leaf(np.diag([1.0, 0.0]))
    with pytest.raises(GradError, match="sqrtm"):
        gradients(linalg.sqrtm(a)[0, 0], [a])


def test_a_real_matrix_without_real_root():
    a = leaf(-np.eye(2))
    out = linalg.sqrtm(a)
    assert out.dtype == complex
    (g,) = gradients(out.imag[0, 0], [a])
    np.testing.assert_allclose(g.data, [[-0.5, 0.0], [0.0, 0.0]], atol=1e-14)


def test_sylvesters_equation_without_a_unique_solution():
    with pytest.raises(np.linalg.LinAlgError, match="solve_sylvester.*eigenvalue in common"):
        linalg.solve_sylvester(leaf(np.eye(2)), -np.eye(2), np.ones((2, 2)))


@pytest.mark.parametrize("trans", [0, "T", 2])
@pytest.mark.parametrize("unit", [False, True])
def test_what_a_triangular_system_does_not_read_gets_zero(trans, unit):
    a = np.array([[2.0, np.nan], [1.0, 4.0]])
    x = leaf(a)
    out = linalg.solve_triangular(x, np.array([1.0, 3.0]), trans, lower=True, unit_diagonal=unit, check_finite=False)
    (g,) = gradients(out.sum(), [x])
    assert np.isfinite(out.data).all() and np.isfinite(g.data).all()
    assert g.data[0, 1] == 0.0 and (np.diag(g.data) == 0).all() == unit


def test_blocks_along_the_diagonal():
    a, b = leaf([[1.0, 2.0]]), leaf(3.0)
    out = linalg.block_diag(a, b)
    assert out.data.tolist() == [[1.0, 2.0, 0.0], [0.0, 0.0, 3.0]]
    found = gradients(out, [a, b], gradient=np.arange(6.0).reshape(2, 3))
    assert found[0].data.tolist() == [[0.0, 1.0]] and found[1].item() == 5.0
    assert linalg.block_diag().shape == (1, 0)
    with pytest.raises(ValueError, match="block_diag"):
        linalg.block_diag(leaf(np.ones((1, 1, 1))))


def test_what_scipy_has_and_has_no_derivative_here_refuses_tensors():
    assert linalg.lu(np.eye(2))[0].tolist() == np.eye(2).tolist()
    with pytest.raises(TypeError, match="detach"):
        linalg.lu(leaf(np.eye(2)))


def test_without_scipy_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(ImportError, match="expm needs SciPy: pip install"):
        linalg.expm(np.eye(2))
    with pytest.raises(ImportError, match="lu needs SciPy: pip install"):
        _ = linalg.lu
