"""Products: shapes at their edges, einsums of many arrays, errors that name what does not fit."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import Tensor, gradients, ops
from autograd.primitive import table


def leaf(a):
    return Tensor(np.asarray(a, float), requires_grad=True)


def grads(f, *arrays):
    tensors = [leaf(a) for a in arrays]
    return [g.data.tolist() for g in gradients(f(*tensors).sum(), tensors)]


# ---------------------------------------------------------------------- einsum
def test_einsum_traces_and_diagonals():
    """HIPS: a letter that comes twice takes a diagonal, and its gradient lands there alone."""
    assert grads(lambda x: np.einsum("ii->", x), np.ones((2, 2))) == [[[1.0, 0.0], [0.0, 1.0]]]
    assert grads(lambda x: np.einsum("iii->i", x), np.ones((2, 2, 2)))[0][0] == [[1.0, 0.0], [0.0, 0.0]]


def test_einsum_sums_over_axes_of_size_one():
    a, b = grads(lambda x, y: np.einsum("ij,ij->ij", x, y), np.ones((1, 3)), 2 * np.ones((2, 3)))
    assert a == [[4.0] * 3] and b == [[1.0] * 3] * 2


MANY = [
    ("ij,jk,kl,lm->im", None),
    ("i,i,i,i->", None),
    ("i,j,k->ijk", None),
    ("ij,j,->i", None),
    ("ii,ij,jj->ij", None),
    ("a...,...b,bc->...c", ((2,), (2,), (2, 2))),
]


@pytest.mark.parametrize(("pattern", "shapes"), MANY)
@pytest.mark.parametrize("optimize", [False, True, "optimal", ("greedy", 10)])
def test_einsum_of_many_arrays(pattern, shapes, optimize):
    rng = np.random.default_rng(0)
    terms = pattern.partition("->")[0].split(",")
    arrays = [rng.normal(size=s) for s in (shapes or [(2,) * len(t) for t in terms])]
    tensors = [leaf(a) for a in arrays]
    out = np.einsum(pattern, *tensors, optimize=optimize)
    np.testing.assert_allclose(out.data, np.einsum(pattern, *arrays), rtol=1e-13)
    w = rng.normal(size=out.shape)
    for i, g in enumerate(gradients(out, tensors, gradient=w)):
        step = rng.normal(size=arrays[i].shape)
        moved = [
            step if j == i else a for j, a in enumerate(arrays)
        ]  # linear in each: the slope is the value at the step
        np.testing.assert_allclose(np.sum(g.data * step), np.sum(w * np.einsum(pattern, *moved)), rtol=1e-11)


def test_einsum_takes_a_path():
    a = np.random.default_rng(0).normal(size=(3, 3))
    path = ["einsum_path", (1, 2), (0, 1)]
    out = np.einsum("ij,jk,kl->il", leaf(a), leaf(a), a, optimize=path)
    np.testing.assert_allclose(out.data, a @ a @ a, rtol=1e-13)


def test_a_chain_of_matrices_is_joined_in_pairs():
    """Of n rows each pair costs n^3; a derivative of four at once would be a sum over all letters, n^5."""
    x = leaf(np.ones((2, 2)))
    out = np.einsum("ij,jk,kl,lm->im", x, x, x, x)
    nodes, pairs = [out._node], 0
    while nodes:
        node = nodes.pop()
        nodes += [p for p in node.parents if p is not None]
        if node.op is table["einsum"]:
            assert len(node.args[0]) == 2
            pairs += 1
    assert pairs == 3
    (g,) = gradients(out.sum(), [x])
    assert g.data.tolist() == [[32.0, 32.0], [32.0, 32.0]]


def test_einsum_of_large_arrays_goes_by_products_of_matrices():
    a = np.random.default_rng(0).normal(size=(60, 60))
    x, y = leaf(a), leaf(a.T)
    out = np.einsum("ij,jk->ik", x, y)
    np.testing.assert_allclose(out.data, a @ a.T, rtol=1e-12, atol=1e-12)
    for g, expected in zip(gradients(out.sum(), [x, y]), (a.sum(0) + 0 * a, a.sum(0)[:, None] + 0 * a), strict=True):
        np.testing.assert_allclose(g.data, expected, atol=1e-12)


# ---------------------------------------------------------------------- conventions of NumPy's
def test_vdot_and_vecdot_conjugate_the_first():
    a, b = np.array([1 + 2j, 3j]), np.array([2 - 1j, 1 + 1j])
    for f in (np.vdot, np.vecdot):
        x, y = Tensor(a, requires_grad=True), Tensor(b, requires_grad=True)
        out = f(x, y)
        assert out.item() == f(a, b)
        g, h = gradients(out.real, [x, y])
        np.testing.assert_allclose(g.data, b)
        np.testing.assert_allclose(h.data, a)


@pytest.mark.parametrize("f", [np.matmul, np.dot, np.inner])
def test_products_over_no_elements_are_zero(f):
    x, y = leaf(np.zeros(0)), leaf(np.zeros(0))
    out = f(x, y)
    assert out.item() == 0.0
    assert [g.shape for g in gradients(out, [x, y])] == [(0,), (0,)]


def test_vector_products_of_two_elements():
    assert grads(ops.cross, [1.0, 2.0], [3.0, 4.0]) == [[4.0, -3.0], [-2.0, 1.0]]


def test_a_square_adds_both_of_its_sides():
    a = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert grads(lambda x: x @ x, a) == [(a.sum(1)[None, :] + a.sum(0)[:, None]).tolist()]


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda x: np.matmul(x, np.ones((2, 2))), "matmul"),
        (lambda x: np.matmul(x, 2.0), "matmul"),
        (lambda x: np.dot(x, np.ones(2)), "dot"),
        (lambda x: np.inner(x, np.ones(2)), "inner"),
        (lambda x: np.vecdot(x, np.ones(2)), "vecdot"),
        (lambda x: np.tensordot(x, x, 1), "tensordot"),
        (lambda x: np.cross(x[:, :1], x[:, :1]), "cross"),
        (lambda x: np.einsum("ij,jk->ik", x, x), "einsum"),
        (lambda x: np.einsum("ij,jk,kl->il", x, x, x), "einsum"),
        (lambda x: np.einsum("ij->k", x), "einsum"),
        (lambda x: np.einsum("ij,jk", x), "einsum"),
    ],
)
def test_what_does_not_fit_is_named(call, name):
    with pytest.raises(ValueError, match=rf"^{name}"):
        call(leaf(np.ones((2, 3))))
