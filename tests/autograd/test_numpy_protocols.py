"""Plain `numpy` calls on Tensors, `autograd.numpy` on plain arrays, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import Tensor, gradients, primitive
from autograd.primitive import numpy_functions, table


@pytest.fixture
def x():
    return Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)


@pytest.mark.parametrize(
    "f",
    [
        np.sin, np.sum, np.exp, np.mean, np.transpose, np.ravel, np.prod, np.tril, np.cumsum, np.max, np.std, np.abs,
        np.square, np.flip, np.squeeze, np.negative, np.conj,
        lambda x: np.concatenate([x, np.ones((1, 2))]),
        lambda x: np.stack([x, x, np.zeros((2, 2))], axis=-1),
        lambda x: np.where(np.eye(2) > 0, x, 0.0),
        lambda x: np.split(x, 2)[1],
        lambda x: np.einsum("ij,jk->ik", x, np.ones((2, 2))),
        lambda x: np.einsum("ij,jk->ik", np.ones((2, 2)), x),
        lambda x: np.matmul(np.ones((3, 2)), x),
        lambda x: np.dot(x, [1.0, 2.0]),
        lambda x: np.dot([1.0, 2.0], x),
        lambda x: np.outer([1.0, 2.0], x),
        lambda x: np.tensordot([[1.0, 2.0]], x, 1),
        lambda x: np.take(x, [1, 0, 1], axis=1),
        lambda x: np.take_along_axis(x, np.array([[1], [0]]), axis=1),
        lambda x: np.clip(x, 1.5, 3.5),
        lambda x: np.maximum(x, 2.5),
        lambda x: np.reshape(x, (4,)),
        lambda x: np.broadcast_to(x, (3, 2, 2)),
        lambda x: np.expand_dims(x, 0),
        lambda x: np.moveaxis(x, 0, 1),
        lambda x: np.add.reduce(x),
        lambda x: np.add.reduce(x, axis=1),
        lambda x: np.add.reduce(x, axis=None),
        lambda x: np.multiply.reduce(x, 1),
        lambda x: np.maximum.reduce(x),
        lambda x: np.ones((2, 2)) * x,
        lambda x: x * np.ones((2, 2)),
        lambda x: np.ones(2) @ x,
        lambda x: np.float64(3.0) * x,
        lambda x: np.float32(3.0) - x,
        lambda x: np.ones(2) ** x,
        lambda x: [1.0, 2.0] * x,
        lambda x: (1.0, 2.0) + x,
        lambda x: np.array(2.0) / x,
    ],
)  # fmt: skip
def test_numpys_functions_work_on_tensors(x, f):
    expected = f(x.data)
    found = f(x)
    assert isinstance(found, Tensor) and found.requires_grad
    np.testing.assert_allclose(found.data, expected)
    assert found.dtype == expected.dtype and found.shape == expected.shape
    (g,) = gradients(found.sum(), [x])
    step = np.random.default_rng(0).normal(size=(2, 2)) * 1e-6
    slope = np.sum(f(x.data + step)) - np.sum(f(x.data - step))
    np.testing.assert_allclose(np.sum(g.data * step) * 2, slope, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize(
    ("f", "name"),
    [
        (np.datetime_as_string, "datetime_as_string"),
    ],
)
def test_a_function_without_a_rule_is_named(x, f, name):
    with pytest.raises(TypeError, match=rf"numpy\.{name} has no derivative.*tensor\.data.*primitive"):
        f(x)


def test_in_place_on_an_array_is_refused(x):
    a = np.ones((2, 2))
    with pytest.raises(TypeError, match="add: out= is a plain array and the result has a gradient"):
        a += x
    with pytest.raises(TypeError):
        np.copyto(a, x)
    with pytest.raises(TypeError, match="lost"):
        a[0] = x[0]
    assert a.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_a_tracked_tensor_does_not_turn_into_an_array(x):
    for f in (np.asarray, np.array, lambda x: np.array([x, x])):
        with pytest.raises(TypeError, match="detach"):
            f(x)


def test_a_constant_tensor_does_and_shares_nothing():
    t = Tensor([1.0, 2.0])
    a = np.asarray(t)
    a[0] = 9.0
    assert t.data.tolist() == [1.0, 2.0]
    assert np.asarray(t, dtype=np.float32).dtype == np.float32


@pytest.mark.parametrize(
    "f",
    [np.floor, np.sign, np.isfinite, np.argmax, np.zeros_like, np.ones_like, np.logical_not, np.any, np.round,
     lambda x: x > 2, lambda x: x == 2, lambda x: np.ones((2, 2)) < x, lambda x: x // 2,
     lambda x: np.ones((2, 2), bool) & (x > 2), lambda x: (x > 2) | (x < 1), lambda x: np.argsort(x)],
)  # fmt: skip
def test_what_is_constant_by_nature_has_no_gradient(x, f):
    found = f(x)
    assert isinstance(found, Tensor) and not found.requires_grad
    np.testing.assert_array_equal(found.data, f(x.data))


def test_autograd_numpy_is_numpy_on_plain_arrays_and_lists():
    a = np.arange(6.0).reshape(2, 3)
    assert type(anp.sin(a)) is np.ndarray
    assert type(anp.sum(a)) is np.float64
    for name, args in {
        "sum": ([[1, 2], [3, 4]],), "matmul": ([[1.0, 2.0]], [[1.0], [2.0]]), "dot": ([1, 2], [3, 4]),
        "take": ([1, 2, 3], [0, 2]), "outer": ([1, 2], [3, 4]), "concatenate": ([[1], [2]],), "where": ([True], 1, 2),
        "tensordot": ([1, 2], [3, 4], 1), "transpose": ([[1, 2]],), "mean": ([1, 2],), "stack": ([[1], [2]],),
        "var": ([1.0, 2.0],), "clip": ([1, 5], 2, 3), "einsum": ("i,i", [1, 2], [3, 4]), "max": ([1, 5],),
        "exp": ([1.0],), "cumsum": ([1, 2],), "add": ([1], 2), "linspace": (0, 1, 3),
        "argmax": ([1, 3, 2],), "abs": ([-1],),
    }.items():  # fmt: skip
        found, expected = getattr(anp, name)(*args), getattr(np, name)(*args)
        np.testing.assert_array_equal(found, expected)
        assert type(found) is type(expected), name
    assert anp.pi == np.pi and anp.float32 is np.float32
    with pytest.raises(AttributeError):
        anp.no_such_name  # noqa: B018


def test_every_name_that_numpy_shares_stands_for_numpys_function(x):
    missing = []
    for name in table:
        function = getattr(np, name, None)
        if callable(function) and function not in numpy_functions and name not in ("astype",):  # np.fft is a module
            missing.append(name)
    assert missing == []


def test_methods_follow_numpy(x):
    for call in (
        lambda a: a.sum(0), lambda a: a.mean(axis=-1, keepdims=True), lambda a: a.reshape(4),
        lambda a: a.reshape(1, -1), lambda a: a.transpose(1, 0), lambda a: a.T, lambda a: a.mT, lambda a: a.ravel(),
        lambda a: a.max(axis=1), lambda a: a.std(), lambda a: a.cumsum(0), lambda a: a[..., ::-1],
        lambda a: a[:, None, 0], lambda a: abs(-a), lambda a: a % 3, lambda a: 7 % a, lambda a: 2 // a, lambda a: +a,
        lambda a: a.clip(2, 3), lambda a: a.argmax(0), lambda a: a.swapaxes(0, 1), lambda a: a.prod(axis=(0, 1)),
        lambda a: a.squeeze(), lambda a: a.astype(np.float32), lambda a: a.astype(int), lambda a: a.real,
        lambda a: a.imag,
    ):  # fmt: skip
        found, expected = call(x), call(x.data)
        np.testing.assert_array_equal(found.data, expected)
        assert found.dtype == expected.dtype
    assert [float(row.sum()) for row in x] == [3.0, 7.0]
    assert len(x) == 2 and bool(x[0, 0]) and f"{x[0, 1]:.2f}" == "2.00" and 3.0 in x
    assert [10, 20, 30][Tensor(1)] == 20


def test_a_declaration_of_ones_own():
    name = "softplus_of_the_test"
    try:

        @primitive(x=lambda g, x: g / (1 + np.exp(-x)), name=name)
        def softplus(x):
            return np.log1p(np.exp(x))

        x = Tensor([0.5], requires_grad=True)
        (first,) = gradients(softplus(x).sum(), [x], create_graph=True)
        (second,) = gradients(first.sum(), [x])
        s = 1 / (1 + np.exp(-0.5))
        assert first.item() == pytest.approx(s) and second.item() == pytest.approx(s * (1 - s))
        assert softplus(0.5) == pytest.approx(np.log1p(np.exp(0.5)))
    finally:
        table.pop(name, None)


def test_declarations_that_cannot_be():
    with pytest.raises(ValueError, match="'sin' is declared already"):
        primitive(x=lambda g: g, name="sin")(lambda x: x)
    with pytest.raises(TypeError, match="asks for 'y'"):
        primitive(x=lambda g, y: g, name="of_the_test")(lambda x: x)
    assert "of_the_test" not in table


def test_a_wrong_rule_names_its_op():
    from autograd import GradError

    name = "wrong_of_the_test"
    try:
        wrong = primitive(x=lambda g: g[:1], name=name)(lambda x: x * 2)
        x = Tensor([1.0, 2.0], requires_grad=True)
        with pytest.raises(GradError, match=f"'{name}' gave shape .* the rule is wrong"):
            wrong(x).sum().backward()
    finally:
        table.pop(name, None)
