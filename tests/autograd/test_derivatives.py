"""jvp, vjp, linearize, jacobian, hessian, hvp: against closed forms, against each other, nested."""

from __future__ import annotations

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import (
    GradError,
    Tensor,
    elementwise_grad,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    linearize,
    stop_gradient,
    value_and_grad,
    vjp,
)

A = np.array([[1.0, 2.0, -1.0], [0.5, -3.0, 4.0]])
X = np.array([0.3, -0.7, 1.1])


def f(x):
    return anp.tanh(A @ x) * anp.exp(x[0])


def exact(x):
    t = np.tanh(A @ x)
    first = (1 - t**2)[:, None] * A * np.exp(x[0])
    first[:, 0] += t * np.exp(x[0])
    return first


@pytest.mark.parametrize("mode", [None, "forward", "reverse"])
def test_jacobian_by_both_modes(mode):
    found = jacobian(f, mode=mode)(X)
    assert type(found) is np.ndarray
    np.testing.assert_allclose(found, exact(X), rtol=1e-13)


def test_jvp_and_vjp_are_transposes():
    t, w = np.array([1.0, -2.0, 0.5]), np.array([0.4, 3.0])
    value, slope = jvp(f, (X,), (t,))
    same, pull = vjp(f, X)
    np.testing.assert_allclose(value, f(X))
    np.testing.assert_allclose(same, f(X))
    np.testing.assert_allclose(slope, exact(X) @ t, rtol=1e-13)
    np.testing.assert_allclose(pull(w)[0], w @ exact(X), rtol=1e-13)
    np.testing.assert_allclose(pull(2 * w)[0], 2 * w @ exact(X), rtol=1e-13)


def test_linearize_runs_the_function_once():
    runs = []

    def counted(x):
        runs.append(1)
        return f(x)

    value, along = linearize(counted, X)
    for t in np.eye(3):
        np.testing.assert_allclose(along(t), exact(X) @ t, rtol=1e-13)
    assert len(runs) == 1


def g(x):
    return anp.sum(anp.sin(x) * x**2) * anp.prod(x)


@pytest.mark.parametrize("outer", ["forward", "reverse"])
@pytest.mark.parametrize("inner", ["forward", "reverse"])
def test_second_derivatives_by_every_pair_of_modes(outer, inner):
    found = jacobian(jacobian(g, mode=inner), mode=outer)(X)
    np.testing.assert_allclose(found, hessian(g)(X), rtol=1e-12)
    np.testing.assert_allclose(found, found.T, rtol=1e-12)
    step = 1e-5
    columns = [(grad(g)(X + step * e) - grad(g)(X - step * e)) / (2 * step) for e in np.eye(3)]
    np.testing.assert_allclose(found, columns, rtol=1e-7, atol=1e-8)


def test_hvp_is_the_hessian_times_the_vector():
    v = np.array([1.0, 0.5, -2.0])
    np.testing.assert_allclose(hvp(g)(X, v), hessian(g)(X) @ v, rtol=1e-12)
    with pytest.raises(TypeError, match="then the vector"):
        hvp(g)(X)


def test_third_order_through_three_transforms():
    assert jvp(grad(lambda x: jvp(lambda y: y**4, (x,), (1.0,))[1]), (2.0,), (1.0,))[1] == pytest.approx(48.0)
    assert grad(lambda x: hessian(lambda y: y**4)(x))(2.0) == pytest.approx(48.0)


def test_perturbations_are_not_confused():
    assert grad(lambda x: x * grad(lambda y: x + y)(2.0))(1.0) == 1.0
    assert jvp(lambda x: x * jvp(lambda y: x * y, (2.0,), (1.0,))[1], (3.0,), (1.0,))[1] == 6.0
    assert jvp(lambda x: x * grad(lambda y: x * y * y)(2.0), (3.0,), (1.0,))[1] == 24.0


def test_an_outer_tensor_sees_through():
    w = Tensor(2.0, requires_grad=True)
    _, slope = jvp(lambda x: w * x**2, (3.0,), (1.0,))
    slope.backward()
    assert slope.item() == 12.0 and w.grad.item() == 6.0
    t = Tensor(5.0, requires_grad=True)
    _, slope = jvp(lambda x: x**2, (3.0,), (t,))
    slope.backward()
    assert t.grad.item() == 6.0


def test_elementwise_grad():
    np.testing.assert_allclose(elementwise_grad(anp.sin)(X), np.cos(X))
    np.testing.assert_allclose(elementwise_grad(elementwise_grad(anp.sin))(X), -np.sin(X))
    with pytest.raises(GradError, match=r"\(3,\).*jacobian"):
        elementwise_grad(anp.sum)(X)


def test_stop_gradient_is_a_constant_in_every_mode():
    def h(x):
        return x * stop_gradient(x**2)

    assert grad(h)(3.0) == 9.0
    assert jvp(h, (3.0,), (1.0,))[1] == 9.0


def test_what_does_not_depend_has_zero_derivatives():
    assert jacobian(lambda x: np.ones(2))(X).tolist() == [[0.0] * 3] * 2
    assert jvp(lambda x, y: y * 2.0, (1.0, 2.0), (1.0, 0.0))[1] == 0.0
    assert [float(v) for v in vjp(lambda x, y: y * 2.0, 1.0, 2.0)[1](1.0)] == [0.0, 2.0]


def test_float32_stays():
    x = X.astype(np.float32)
    assert jacobian(lambda x: anp.tanh(x) * 2)(x).dtype == np.float32
    assert jvp(anp.tanh, (x,), (np.ones(3),))[1].dtype == np.float32


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: jvp(f, X, X), TypeError, "primals is a tuple"),
        (lambda: jvp(f, (X,), (X, X)), ValueError, "1 primals and 2 tangents"),
        (lambda: jvp(f, (X,), (X[:2],)), ValueError, r"tangent 0 has shape \(2,\)"),
        (lambda: jacobian(f, mode="sideways"), ValueError, "sideways"),
        (lambda: jacobian(lambda z: z * z)(X + 0j), TypeError, "complex"),
        (lambda: jacobian(lambda x: [x])(X), TypeError, "one array"),
        (lambda: jacobian(f)(np.array([1, 2, 3])), TypeError, "floats"),
        (lambda: vjp(f, X)[1](np.ones(3)), ValueError, r"\(3,\)"),
    ],
)
def test_bad_input_is_named(call, kind, words):
    with pytest.raises(kind, match=words):
        call()


def test_forward_and_reverse_agree_on_a_network(rng):
    w, v = rng.normal(size=(4, 3)), rng.normal(size=(3, 2))

    def loss(w, v):
        h = anp.maximum(anp.matmul(np.ones((5, 4)), w), 0.1)
        y = anp.concatenate([anp.matmul(h, v), h[:, :1]], axis=1)
        return anp.mean(anp.where(y > 0, y, anp.exp(y))) + anp.std(y)

    tw, tv = rng.normal(size=w.shape), rng.normal(size=v.shape)
    _, (gw, gv) = value_and_grad(loss, (0, 1))(w, v)
    assert jvp(loss, (w, v), (tw, tv))[1] == pytest.approx(np.sum(gw * tw) + np.sum(gv * tv), rel=1e-12)
