"""grad, value_and_grad and gradients: functions in, functions out."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd as ag
import autograd.numpy as anp
from autograd import GradError, Tensor, grad, gradients, value_and_grad


def test_numbers_in_numbers_out():
    value, slope = value_and_grad(lambda x: x * anp.sin(x))(2.0)
    assert value == pytest.approx(2 * math.sin(2))
    assert slope == pytest.approx(math.sin(2) + 2 * math.cos(2))
    assert not isinstance(slope, Tensor) and not isinstance(value, Tensor)


def test_arrays_in_arrays_out():
    a = np.array([1.0, 2.0])
    found = grad(lambda x: (x**3).sum())(a)
    assert type(found) is np.ndarray
    np.testing.assert_allclose(found, 3 * a**2)


def test_tensors_in_tensors_out():
    x = Tensor([1.0, 2.0])
    value, found = value_and_grad(lambda x: (x**2).sum())(x)
    assert isinstance(value, Tensor) and isinstance(found, Tensor)
    assert not value.requires_grad and not found.requires_grad and not x.requires_grad


def test_several_arguments():
    def f(x, y, scale=1.0):
        return (x * y**2).sum() * scale

    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    np.testing.assert_allclose(grad(f, 1)(x, y, scale=10.0), 10 * 2 * x * y)
    gx, gy = grad(f, (0, 1))(x, y)
    np.testing.assert_allclose(gx, y**2)
    np.testing.assert_allclose(gy, 2 * x * y)
    np.testing.assert_allclose(grad(f, -1)(x, y), 2 * x * y)


def test_every_order_of_derivative():
    f = anp.sin
    for n in range(6):
        assert f(0.7) == pytest.approx(math.sin(0.7 + n * math.pi / 2))
        f = grad(f)


def test_orders_do_not_confuse_their_variables():
    # d/dx [x * d/dy (x + y)] = 1: a perturbation confused would give 2 (Siskind and Pearlmutter, 2005)
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1.0
    assert grad(lambda x: grad(lambda y: x * x * y * y)(3.0))(2.0) == 24.0
    assert grad(lambda x: grad(lambda y: x * y)(x))(2.0) == 1.0
    assert grad(lambda x: grad(lambda x: x * x)(x) * x)(3.0) == 12.0
    assert grad(lambda x: value_and_grad(lambda y: x * y)(2.0)[0])(5.0) == 2.0


def test_an_inner_gradient_of_a_constant_is_zero_outside():
    assert grad(lambda x: grad(lambda y: y * y)(3.0) * x)(2.0) == 6.0
    assert grad(lambda x: 5.0)(2.0) == 0.0
    assert grad(lambda x: grad(lambda y: 5.0)(x) + x)(2.0) == 1.0


def test_a_closure_over_a_tracked_tensor_keeps_its_gradient():
    w = Tensor(3.0, requires_grad=True)
    found = grad(lambda x: w * x * x)(2.0)
    assert found.item() == 12.0
    found.backward()
    assert w.grad.item() == 4.0


def test_grad_leaves_grad_alone_and_works_inside_no_grad():
    x = Tensor(3.0, requires_grad=True)
    with ag.no_grad():
        assert float(grad(lambda x: x * x)(x).detach()) == 6.0
    assert x.grad is None


def test_integers_become_floats_where_that_is_meant():
    assert grad(lambda x: x * x)(3) == 6.0
    for bad in (np.arange(3), True):
        with pytest.raises(TypeError, match="pass floats"):
            grad(lambda x: (x * x).sum())(bad)


def test_dtype_is_kept():
    assert grad(lambda x: (x * 2.0).sum())(np.ones(2, np.float32)).dtype == np.float32


@pytest.mark.parametrize("result", [None, "text", [1.0]])
def test_a_function_that_returns_no_number(result):
    with pytest.raises(TypeError, match=f"returned {type(result).__name__}"):
        grad(lambda x: result)(1.0)


def test_a_function_that_returns_many_numbers():
    with pytest.raises(GradError, match=r"one number.*\(2,\)"):
        grad(lambda x: x * 2)(np.ones(2))


def test_hessian_is_symmetric():
    def f(x):
        return anp.exp(x[0] * x[1]) + anp.sin(x[2]) * x[0] ** 2

    at = np.array([0.3, -0.8, 1.1])
    rows = [grad(lambda x, i=i: grad(f)(x)[i])(at) for i in range(3)]
    np.testing.assert_allclose(rows, np.transpose(rows), atol=1e-12)
    assert rows[2][2] == pytest.approx(-math.sin(1.1) * 0.09)


def test_gradients_with_a_tracked_seed_is_linear_in_it():
    x = Tensor([1.0, 2.0], requires_grad=True)
    w = Tensor([3.0, 4.0], requires_grad=True)
    (g,) = gradients(x**2, [x], gradient=w, create_graph=True)
    (gw,) = gradients(g.sum(), [w])
    np.testing.assert_allclose(gw.data, 2 * x.data)


def test_the_gradient_of_a_tensor_with_respect_to_itself():
    x = Tensor([1.0, 2.0], requires_grad=True)
    (g,) = gradients(x, [x], gradient=[3.0, 4.0])
    assert g.data.tolist() == [3.0, 4.0]
