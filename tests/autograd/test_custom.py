"""custom_vjp and custom_jvp: the given derivative is used in every mode, order and batch."""

from __future__ import annotations

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import GradError, Tensor, custom_jvp, custom_vjp, grad, hessian, jacobian, jvp, value_and_grad, vmap

X = np.array([0.3, -0.8, 1.2])


def by_vjp():
    """x sin(y) with twice its derivative, so that whose derivative it is can be seen."""

    @custom_vjp
    def f(x, y):
        return x * anp.sin(y)

    def backward(saved, g):
        x, y = saved
        return 2 * g * anp.sin(y), 2 * g * x * anp.cos(y)

    f.defvjp(lambda x, y: (f(x, y), (x, y)), backward)
    return f


def by_jvp():
    @custom_jvp
    def f(x, y):
        return x * anp.sin(y)

    f.defjvp(lambda p, t: (f(*p), 2 * t[0] * anp.sin(p[1]) + 2 * t[1] * p[0] * anp.cos(p[1])))
    return f


@pytest.mark.parametrize("make", [by_vjp, by_jvp])
class TestBoth:
    def test_values_are_the_functions(self, make):
        f = make()
        np.testing.assert_allclose(f(X, 2 * X), X * np.sin(2 * X))
        np.testing.assert_allclose(f(Tensor(X), 2 * X).data, X * np.sin(2 * X))

    def test_reverse_and_forward(self, make):
        f = make()
        value, (gx, gy) = value_and_grad(lambda x, y: anp.sum(f(x, y)), (0, 1))(X, 2 * X)
        assert value == pytest.approx(np.sum(X * np.sin(2 * X)))
        np.testing.assert_allclose(gx, 2 * np.sin(2 * X))
        np.testing.assert_allclose(gy, 2 * X * np.cos(2 * X))
        np.testing.assert_allclose(jvp(f, (X, 2 * X), (np.ones(3), np.zeros(3)))[1], 2 * np.sin(2 * X))
        np.testing.assert_allclose(jacobian(f, mode="forward")(X, 2 * X), np.diag(2 * np.sin(2 * X)))
        np.testing.assert_allclose(jacobian(f, mode="reverse")(X, 2 * X), np.diag(2 * np.sin(2 * X)))

    def test_a_constant_argument(self, make):
        f = make()
        np.testing.assert_allclose(grad(lambda y: anp.sum(f(X, y)))(X), 2 * X * np.cos(X))

    def test_second_order_differentiates_the_rule(self, make):
        f = make()
        h = hessian(lambda y: anp.sum(f(X, y)))(X)
        np.testing.assert_allclose(np.diag(h), -2 * X * np.sin(X))
        assert grad(grad(lambda y: f(3.0, y)))(0.5) == pytest.approx(-6 * np.sin(0.5))
        assert jvp(grad(lambda y: f(3.0, y)), (0.5,), (1.0,))[1] == pytest.approx(-6 * np.sin(0.5))

    def test_inside_and_through_vmap(self, make):
        f = make()
        np.testing.assert_allclose(vmap(f, (0, None))(X, 0.5), X * np.sin(0.5))
        np.testing.assert_allclose(vmap(grad(f, 1), (0, None))(X, 0.5), 2 * X * np.cos(0.5))
        found = grad(lambda y: anp.sum(vmap(f, (0, None))(X, y)))(0.5)
        assert found == pytest.approx(np.sum(2 * X * np.cos(0.5)))
        np.testing.assert_allclose(vmap(grad(grad(f, 1), 1), (0, None))(X, 0.5), -2 * X * np.sin(0.5))
        twice = vmap(lambda a: vmap(lambda b: grad(f)(a, b))(X))(X)
        np.testing.assert_allclose(twice, np.broadcast_to(2 * np.sin(X), (3, 3)))

    def test_the_callers_tensors(self, make):
        f = make()
        x = Tensor(X, requires_grad=True)
        f(x, X).sum().backward()
        np.testing.assert_allclose(x.grad.data, 2 * np.sin(X))


def test_structures_in_and_out():
    @custom_vjp
    def f(p, name):
        return {"a": p["x"] * 2, "b": (p["y"] + 1,)}

    f.defvjp(
        lambda p, name: (f(p, name), p),
        lambda p, g: ({"x": g["a"] * 10, "y": g["b"][0] * 100}, None),
    )
    found = grad(lambda p: anp.sum(f(p, "words")["a"]) + anp.sum(f(p, "words")["b"][0]))({"x": X, "y": np.ones((2, 1))})
    assert found["x"].tolist() == [10.0] * 3 and found["y"].tolist() == [[100.0]] * 2


def test_complex_gradients_are_the_users():
    @custom_vjp
    def f(z):
        return z * (1 + 2j)

    f.defvjp(lambda z: (f(z), None), lambda saved, g: (g * (1 - 2j),))
    z = Tensor(1.0 + 1.0j, requires_grad=True)
    anp.real(f(z)).backward()
    expected = Tensor(1.0 + 1.0j, requires_grad=True)
    anp.real(expected * (1 + 2j)).backward()
    assert z.grad.item() == expected.grad.item() == 1 - 2j


def test_a_straight_through_estimator():
    @custom_jvp
    def rounded(x):
        return anp.round(x)

    rounded.defjvp(lambda p, t: (rounded(*p), t[0]))
    assert grad(lambda x: anp.sum(rounded(x) ** 2))(np.array([1.2, 2.7])).tolist() == [2.0, 6.0]


def test_what_is_wrong_is_named():
    @custom_vjp
    def f(x):
        return x * 2

    with pytest.raises(GradError, match="defvjp"):
        f(X)
    f.defvjp(lambda x: x, lambda saved, g: (g,))
    with pytest.raises(GradError, match="returns a pair"):
        grad(f)(1.0)
    f.defvjp(lambda x: (f(x), None), lambda saved, g: g)
    with pytest.raises(GradError, match="returns a tuple"):
        grad(f)(1.0)
    f.defvjp(lambda x: (f(x), None), lambda saved, g: (np.ones(5),))
    with pytest.raises(GradError, match=r"shape \(5,\) for an argument of shape \(\)"):
        grad(f)(1.0)

    @custom_jvp
    def h(x):
        return x * 2

    with pytest.raises(GradError, match="defjvp"):
        h(X)
    h.defjvp(lambda p, t: (h(*p), np.ones(5)))
    with pytest.raises(GradError, match="tangent"):
        jvp(h, (1.0,), (1.0,))
