"""Other arrangements of the same elements: orders, views, pieces."""

from __future__ import annotations

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import Tensor, gradients

W = np.arange(1.0, 7.0)


@pytest.fixture
def x():
    return Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)


@pytest.mark.parametrize("call", [lambda x: x.reshape(6, order="F"), lambda x: x.ravel("F"), lambda x: x.flatten("F")])
def test_fortran_order_by_method(x, call):
    out = call(x)
    assert out.data.tolist() == [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]
    assert gradients(out, [x], gradient=W)[0].data.tolist() == [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]]


def test_orders_that_go_by_memory(x):
    turned = x.T  # lies in memory as Fortran has it
    for order in "AK":
        assert np.ravel(turned, order).data.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert np.reshape(turned, 6, order="A").data.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert np.reshape(turned, (-1, 2)).data.tolist() == np.reshape(turned.data, (-1, 2)).tolist()
    t = np.transpose(Tensor(np.arange(24.0).reshape(2, 3, 4), requires_grad=True), (2, 0, 1))[::-1]
    assert np.ravel(t, order="K").data.tolist() == t.data.ravel("K").tolist()


def test_an_unknown_order_is_an_error(x):
    with pytest.raises(ValueError, match="order"):
        np.reshape(x, 6, order="Q")
    with pytest.raises(ValueError, match="order"):
        np.reshape(x, 6, order="K")
    with pytest.raises(ValueError, match="order"):
        x.ravel("Q")


def test_reshape_copies_when_asked_and_refuses_when_it_must_not(x):
    y = x * 1.0
    apart, shown = anp.reshape(y, 6, copy=True), anp.reshape(y, 6, copy=False)
    y += 1.0
    assert apart.data[0] == 1.0 and shown.data[0] == 2.0
    with pytest.raises(ValueError, match="reshape"):
        anp.reshape(y.T, 6, copy=False)
    (g,) = gradients((apart * shown).sum(), [x])
    np.testing.assert_array_equal(g.data, 2 * x.data + 1)


VIEWS = [
    lambda y: np.rot90(y),
    lambda y: np.rot90(y, 2),
    lambda y: np.rot90(y, -1),
    lambda y: np.rot90(y, 4),
    lambda y: np.fliplr(y),
    lambda y: np.flipud(y),
    lambda y: np.rollaxis(y, 1),
    lambda y: np.moveaxis(y, 0, 1),
    lambda y: np.swapaxes(y, 0, 1),
    lambda y: np.atleast_3d(y),
    lambda y: np.reshape(y, (3, 2)),
    lambda y: np.reshape(y.T, (2, 3), order="F"),
    lambda y: np.ravel(y),
    lambda y: np.ravel(y.T, "F"),
    lambda y: np.ravel(y.T, "K"),
    lambda y: np.split(y, 3, axis=1)[1],
    lambda y: np.array_split(y, 2, axis=1)[0],
    lambda y: np.hsplit(y, [1])[1],
    lambda y: np.vsplit(y, 2)[1],
    lambda y: np.unstack(y, axis=1)[2],
    lambda y: np.unstack(y)[0],
]


@pytest.mark.parametrize("view", VIEWS)
def test_what_numpy_makes_a_view_is_one(x, view):
    """A copy would leave the base as it was, silently."""
    y, a = x * 1.0, np.array(x.data)
    v, b = view(y), view(a)
    assert np.shares_memory(a, b)
    v *= 3.0
    b *= 3.0
    np.testing.assert_array_equal(v.data, b)
    np.testing.assert_array_equal(y.data, a)
    y += 1.0
    a += 1.0
    np.testing.assert_array_equal(v.data, b)
    w = W.reshape(2, 3)
    slope = np.ones((2, 3))
    part = view(slope)
    part *= 3.0
    np.testing.assert_array_equal(gradients((y * y * w).sum(), [x])[0].data, 2 * a * w * slope)


def test_a_diagonal_shows_its_matrix_and_cannot_be_written(x):
    y = x * 1.0
    d = np.diagonal(y, 1)
    y[0, 1] = 7.0
    assert d.data.tolist() == [7.0, 6.0] and np.diag(y).data.tolist() == [1.0, 5.0]
    with pytest.raises(ValueError, match="read-only"):
        d += 1.0
    assert gradients(d.sum(), [x])[0].data.tolist() == [[0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]


def test_many_pieces_are_right_and_are_views():
    """So many that they are cut from halves of halves."""
    x = Tensor(np.arange(41.0), requires_grad=True)
    y, a = x * 1.0, np.arange(41.0)
    pieces, plain = np.split(y, [*range(1, 41, 2)]), np.split(a, [*range(1, 41, 2)])
    assert [p.data.tolist() for p in pieces] == [p.tolist() for p in plain]
    pieces[7] *= 2.0
    plain[7] *= 2.0
    assert y.data.tolist() == a.tolist()
    loss = sum((i * p.sum() for i, p in enumerate(pieces)), 0.0)
    expected = np.repeat(np.arange(21.0), [1, *[2] * 20])
    expected[13:15] *= 2
    assert gradients(loss, [x])[0].data.tolist() == expected.tolist()


def test_the_gradients_of_many_pieces_take_less_than_a_square(monkeypatch):
    """Each slice's gradient is as large as what it was cut from: of 512 slices, halves make some 10 times the whole."""
    sizes = []
    zeros = np.zeros

    def counted(shape, *args, **kwargs):
        sizes.append(np.prod(shape))
        return zeros(shape, *args, **kwargs)

    x = Tensor(np.arange(512.0), requires_grad=True)
    loss = sum((p * p for p in np.unstack(x)), 0.0)
    monkeypatch.setattr(np, "zeros", counted)
    (g,) = gradients(loss, [x])
    assert g.data.tolist() == (2 * np.arange(512.0)).tolist()
    assert 512 < sum(sizes) < 512 * 40


def test_unstack_needs_an_axis():
    with pytest.raises(ValueError, match="unstack"):
        np.unstack(Tensor(1.0, requires_grad=True))
    with pytest.raises(np.exceptions.AxisError, match="unstack"):
        np.unstack(Tensor([1.0], requires_grad=True), axis=1)


@pytest.mark.parametrize("axis", [0, 1, -1, None])
def test_parts_of_different_widths_come_back(axis):
    """The ends of all parts are counted once for a node, whichever of them are asked for."""
    shapes = [(2, 3), (2, 3), (2, 3)] if axis is None else [(n, 3) if axis == 0 else (2, n) for n in (1, 0, 4, 2)]
    parts = [Tensor(np.ones(s), requires_grad=True) for s in shapes]
    out = np.concatenate([*parts[:1], np.ones(shapes[1]), *parts[2:]], axis)
    w = np.arange(float(out.size)).reshape(out.shape)
    cuts = np.cumsum([np.size(p.data) if axis is None else p.shape[axis] for p in parts])[:-1]
    expected = np.split(w, cuts, axis or 0)
    for _ in range(2):
        for create in (False, True):
            found = gradients(out, [parts[0], parts[2]], gradient=w, create_graph=create, retain_graph=True)
            for g, e in zip(found, (expected[0], expected[2]), strict=True):
                np.testing.assert_array_equal(g.data.ravel(), e.ravel())


def test_astype_by_numpys_function(x):
    assert np.astype(x, np.float64, copy=False) is x
    half = np.astype(x, np.float32)
    assert half.dtype == np.float32 and np.astype(x, int)._node is None
    assert gradients(half.sum(), [x])[0].dtype == np.float64
    with pytest.raises(ValueError, match="device"):
        np.astype(x, np.float32, device="gpu")


def test_copies_lie_as_asked(x):
    assert np.copy(x, order="F").data.flags.f_contiguous
    assert np.copy(x.T).data.flags.f_contiguous  # order="K"
    assert np.copy(x.T, order="C").data.flags.c_contiguous


def test_memory_in_an_order_that_a_call_asks_for(x):
    """numpy.ascontiguousarray makes bare arrays and refuses a gradient; autograd.numpy's keeps it."""
    turned = anp.ascontiguousarray(x.T)
    assert turned.data.flags.c_contiguous and anp.ascontiguousarray(x) is x
    assert gradients(turned, [x], gradient=W.reshape(3, 2))[0].data.tolist() == [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]]
    assert anp.asfortranarray(x).data.flags.f_contiguous
    assert anp.ascontiguousarray(x[0, 0]).shape == (1,)
    assert anp.ascontiguousarray(x, np.float32).dtype == np.float32
    assert type(anp.ascontiguousarray([[1, 2]])) is np.ndarray


def test_iterating_gives_views_as_it_goes():
    x = Tensor(np.arange(40.0).reshape(20, 2), requires_grad=True)
    y = x * 1.0
    for i, row in enumerate(y):
        row *= i
    np.testing.assert_array_equal(y.data, x.data * np.arange(20.0)[:, None])
    (g,) = gradients(sum((row.sum() for row in y), 0.0), [x])
    np.testing.assert_array_equal(g.data, np.repeat(np.arange(20.0), 2).reshape(20, 2))
    assert next(iter(x)).data.tolist() == [0.0, 1.0]
