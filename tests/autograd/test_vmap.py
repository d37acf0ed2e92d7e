"""vmap and vectorised Jacobians: against loops, nested with every transform, and what they refuse."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import Tensor, grad, hessian, jacobian, jvp, no_grad, value_and_grad, vjp, vmap
from autograd.levels import NoValues

X = np.arange(6.0).reshape(3, 2) / 3 + 0.1
W = np.array([[0.5, -1.0], [2.0, 0.3]])


def f(w, x):
    return anp.tanh(w @ x).sum() * anp.exp(x[0])


def test_per_example_gradients_equal_a_loop():
    found = vmap(grad(f), in_axes=(None, 0))(W, X)
    np.testing.assert_allclose(found, [grad(f)(W, x) for x in X], rtol=1e-13)
    both = vmap(value_and_grad(f, (0, 1)), in_axes=(None, 0))(W, X)
    np.testing.assert_allclose(both[0], [f(W, x) for x in X], rtol=1e-13)
    np.testing.assert_allclose(both[1][1], [grad(f, 1)(W, x) for x in X], rtol=1e-13)


def test_axes_in_and_out():
    found = vmap(lambda a, b: a * b, in_axes=(0, -1), out_axes=1)(X, np.ones((2, 3)))
    np.testing.assert_allclose(found, X.T)
    first, second = vmap(lambda a: (a, a.sum()), out_axes=(1, 0))(X)
    np.testing.assert_allclose(first, X.T)
    np.testing.assert_allclose(second, X.sum(axis=1))
    assert vmap(lambda a: 2.0, out_axes=None)(X) == 2.0
    assert vmap(lambda a: 2.0)(X).tolist() == [2.0] * 3


def test_nested_vmaps_and_closures():
    found = vmap(lambda a: vmap(lambda b: a @ b + b[0])(X))(X)
    np.testing.assert_allclose(found, X @ X.T + X[:, 0])


@pytest.mark.parametrize("transform", [lambda g: hessian(g, 1), lambda g: jacobian(grad(g, 1), 1, mode="reverse")])
def test_second_derivatives_inside(transform):
    found = vmap(transform(f), in_axes=(None, 0))(W, X)
    np.testing.assert_allclose(found, [transform(f)(W, x) for x in X], rtol=1e-12)


def test_jvp_and_vjp_inside():
    t = np.array([1.0, -0.5])
    found = vmap(lambda x: jvp(lambda y: f(W, y), (x,), (t,))[1])(X)
    np.testing.assert_allclose(found, [grad(f, 1)(W, x) @ t for x in X], rtol=1e-13)
    found = vmap(lambda x: vjp(lambda y: anp.tanh(W @ y), x)[1](t)[0])(X)
    np.testing.assert_allclose(found, [t @ jacobian(lambda y: anp.tanh(W @ y))(x) for x in X], rtol=1e-13)


def test_gradients_through_and_around():
    def total(w):
        return anp.sum(vmap(grad(f), in_axes=(None, 0))(w, X) ** 2)

    step = 1e-6
    for at in np.ndindex(W.shape):
        moved = np.zeros_like(W)
        moved[at] = step
        numeric = (total(W + moved) - total(W - moved)) / (2 * step)
        assert grad(total)(W)[at] == pytest.approx(numeric, rel=1e-6)


def test_an_outer_tensor_used_inside_an_inner_derivative_is_not_lost():
    scale = Tensor(2.0, requires_grad=True)
    out = vmap(grad(lambda x: anp.sum(scale * x**2)))(X)
    out.sum().backward()
    assert scale.grad.item() == pytest.approx(2 * X.sum())
    assert grad(lambda s: anp.sum(vmap(lambda x: grad(lambda y: s * y * x)(1.0))(X[:, 0])))(3.0) == pytest.approx(
        X[:, 0].sum()
    )


def test_no_grad_inside_and_outside():
    with no_grad():
        np.testing.assert_allclose(vmap(grad(lambda x: x**2))(X[:, 0]), 2 * X[:, 0])

    def inside(x):
        with no_grad():
            y = x * x
        return x * y

    np.testing.assert_allclose(vmap(grad(inside))(X[:, 0]), X[:, 0] ** 2)


class Pair(NamedTuple):
    a: object
    b: object


def test_structures():
    found = vmap(lambda p: {"sum": p.a + p.b["x"]})(Pair(X, {"x": X}))
    np.testing.assert_allclose(found["sum"], 2 * X)
    slope = vmap(grad(lambda p: anp.sum(p.a * p.b["x"])))(Pair(X, {"x": 3 * X}))
    assert type(slope) is Pair
    np.testing.assert_allclose(slope.b["x"], X)


def test_tensors_in_tensors_out():
    assert isinstance(vmap(lambda x: x * 2)(Tensor(X)), Tensor)
    assert type(vmap(lambda x: x * 2)(X)) is np.ndarray


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: vmap(lambda x: x)(np.ones((0, 2))), ValueError, "not 0"),
        (lambda: vmap(lambda x, y: x)(np.ones(2), np.ones(3)), ValueError, r"\[2, 3\]"),
        (lambda: vmap(lambda x: x, in_axes=None)(X), ValueError, "none at all"),
        (lambda: vmap(lambda x: x, in_axes=(0, 1))(X), ValueError, "2 entries for 1"),
        (lambda: vmap(lambda x: x, in_axes=2)(X), ValueError, r"\(3, 2\) has no axis 2"),
        (lambda: vmap(lambda x: x, out_axes=None)(X), ValueError, "differs from example"),
        (lambda: vmap(lambda x: x if x.sum() > 0 else -x)(X), NoValues, "np.where"),
        (lambda: vmap(lambda x: float(x[0]))(X), NoValues, "no values"),
        (lambda: vmap(lambda x: x.__setitem__(0, 1.0))(X), NoValues, "cannot be written"),
        (lambda: vmap(lambda x: x @ np.ones(3))(X), ValueError, "matmul"),
        (lambda: vmap(lambda x: x.reshape(5))(X), ValueError, "reshape"),
        (lambda: vmap(lambda x: x[2])(X), IndexError, "getitem"),
    ],
)
def test_what_is_refused(call, kind, words):
    with pytest.raises(kind, match=words):
        call()


def test_a_jacobian_in_pieces_is_the_same(monkeypatch):
    g = lambda x: anp.sin(x[:, None] * x).reshape(-1)  # noqa: E731
    x = np.linspace(0.1, 1.0, 5)
    whole = jacobian(g)(x), jacobian(g, mode="reverse")(x)
    monkeypatch.setattr("autograd.derivatives._AT_ONCE", 60)
    np.testing.assert_allclose(jacobian(g)(x), whole[0], rtol=1e-14)
    np.testing.assert_allclose(jacobian(g, mode="reverse")(x), whole[1], rtol=1e-14)
    np.testing.assert_allclose(*whole, rtol=1e-12)


def test_derivatives_of_structures_and_aux():
    def loss(p, x, power=1):
        return anp.sum(p["w"] * x**power) + p["b"][0], {"seen": x}

    value, slope = value_and_grad(loss, has_aux=True)({"w": X, "b": [1.0, 2.0]}, X, power=2)
    np.testing.assert_allclose(slope["w"], X**2)
    assert slope["b"] == [1.0, 0.0] and value[1]["seen"] is X
    blocks = jacobian(lambda p: p["w"] @ np.ones(2) + p["b"])({"w": W, "b": np.zeros(2)})
    assert blocks["w"].shape == (2, 2, 2) and blocks["b"].tolist() == np.eye(2).tolist()
    outs, push = jvp(lambda x: (x, {"y": x * 2}), (1.0,), (3.0,))
    assert push[0] == 3.0 and push[1]["y"] == 6.0
    _, pull = vjp(lambda x: [x, x * 2], 1.0)
    assert pull([1.0, 10.0])[0] == 21.0
    with pytest.raises(ValueError, match="weights hold 1"):
        pull([1.0])
    with pytest.raises(TypeError, match="pair"):
        grad(lambda x: x, has_aux=True)(1.0)
    with pytest.raises(TypeError, match="no argument 2"):
        grad(lambda x: x, argnum=2)(1.0)
