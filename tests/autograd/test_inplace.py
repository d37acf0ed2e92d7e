"""Writing into Tensors: NumPy's values through every view, the true gradients, or a clear error."""

from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
import autograd.numpy as anp
from autograd import GradError, Tensor, gradients


@pytest.fixture
def x():
    return Tensor([1.0, 2.0, 3.0], requires_grad=True)


def grads(loss, *tensors):
    return [None if g is None else g.data.tolist() for g in gradients(loss, tensors)]


def test_assigned_items_carry_their_gradient(x):
    """HIPS #58, #177, #375, #515, #559; tinygrad #4574."""
    y = Tensor(np.zeros(4))
    y[1:] = x * 2
    y[0] = x[2]
    assert y.data.tolist() == [3.0, 2.0, 4.0, 6.0]
    assert grads((y * [1.0, 10.0, 100.0, 1000.0]).sum(), x) == [[20.0, 200.0, 2001.0]]


def test_what_is_overwritten_has_no_gradient(x):
    y = x * 1.0
    y[0] = 5.0
    assert grads((y * y).sum(), x) == [[0.0, 4.0, 6.0]]


def test_of_an_index_named_twice_the_last_value_counts(x):
    y = Tensor(np.zeros(2))
    y[[0, 0, 1]] = x
    assert y.data.tolist() == [2.0, 3.0]
    assert grads(y.sum(), x) == [[0.0, 1.0, 1.0]]


def test_repeats_are_written_in_the_order_of_the_indices(rng):
    """NumPy goes by memory order, so that a Fortran-ordered value may end elsewhere: its gradient must follow it."""
    for _ in range(50):
        index = np.asfortranarray(rng.integers(0, 3, (3, 4)))
        v = np.asfortranarray(rng.normal(size=(3, 4)))
        t = Tensor(v, requires_grad=True)
        t.data = v
        y = Tensor(np.zeros(3))
        y[index] = t
        (g,) = gradients(y.sum(), [t])
        np.testing.assert_allclose((g.data * v).sum(), y.data.sum())


def test_a_graph_recorded_before_the_write_keeps_the_old_values(x):
    """MyGrad locks the array, PyTorch raises, HIPS gives the gradient at the new values."""
    y = x * 1.0
    loss = (y * y).sum()
    y[...] = 100.0
    assert grads(loss, x) == [[2.0, 4.0, 6.0]]
    c = Tensor([1.0, 2.0, 3.0])
    loss = (c * x).sum()
    c[0] = 100.0
    c += 1.0
    assert grads(loss, x) == [[1.0, 2.0, 3.0]]


@pytest.mark.parametrize(
    "view",
    [
        lambda y: y[1:],
        lambda y: y[::-1],
        lambda y: y.reshape(3, 1),
        lambda y: y.reshape(1, 3).T,
        lambda y: anp.flip(y),
        lambda y: anp.expand_dims(y, 0)[0],
        lambda y: y[1:][:1],
    ],
)
def test_a_view_and_its_base_see_each_others_writes(x, view):
    y = x * 1.0
    v = view(y)
    a = np.array([1.0, 2.0, 3.0])
    b = view(a)
    y *= 3.0
    a *= 3.0
    assert v.data.tolist() == b.tolist()
    v += 1.0
    b += 1.0
    assert y.data.tolist() == a.tolist()
    assert v.data.tolist() == b.tolist()
    w = np.array([1.0, 10.0, 100.0])
    assert grads((y * y * w).sum(), x) == [(2 * a * 3 * w).tolist()]


def test_overlapping_memory_is_read_before_it_is_written(x):
    y = x * 1.0
    y[1:] = y[:-1]
    assert y.data.tolist() == [1.0, 1.0, 2.0]
    assert grads(y.sum(), x) == [[2.0, 1.0, 0.0]]


def test_out_writes_and_records(x):
    out = Tensor(np.zeros(3))
    assert np.multiply(x, x, out=out) is out
    np.add(out, 1.0, out=out, where=np.array([True, False, True]))
    assert out.data.tolist() == [2.0, 4.0, 10.0]
    assert grads(out.sum(), x) == [[2.0, 4.0, 6.0]]


def test_out_of_a_constant_function_keeps_what_where_leaves(x):
    mask = np.array([True, False, True])
    out = Tensor([7.0, 8.0, 9.0])
    np.floor(x * 1.5, out=out, where=mask)
    assert out.data.tolist() == [1.0, 8.0, 4.0]
    plain = np.array([7.0, 8.0, 9.0])
    np.floor(x * 1.5, out=plain, where=mask)
    assert plain.tolist() == [1.0, 8.0, 4.0]


def test_constants_are_written_in_place_and_views_follow():
    c = Tensor([1.0, 2.0, 3.0])
    v = c[:2]
    v[0] = 7.0
    assert c.data.tolist() == [7.0, 2.0, 3.0]
    shown = c.data
    c[1] = 9.0
    assert c.data.tolist() == [7.0, 9.0, 3.0] and v.data.tolist() == [7.0, 9.0]
    assert shown.tolist() == [7.0, 2.0, 3.0]


def test_what_was_detached_from_read_only_memory_is_written_on_its_own(x):
    d = anp.diagonal((x * 1.0).reshape(1, 3)[:, :1]).detach()
    d[None, ::-1] += 0.5
    assert d.data.tolist() == [1.5]
    w = anp.broadcast_to(x * 1.0, (2, 3)).detach()
    w[0] = 0.0
    assert w.data.tolist() == [[0.0] * 3, [1.0, 2.0, 3.0]]
    with pytest.raises(ValueError, match="read-only"):
        anp.broadcast_to(w[0], (2, 3))[0, 0] = 1.0


def test_a_leaf_is_written_inside_no_grad_only(x):
    with pytest.raises(GradError, match="leaf that requires a gradient.*no_grad"):
        x[0] = 1.0
    with pytest.raises(GradError, match="leaf"):
        x += 1.0
    loss = (x * x).sum()
    with ag.no_grad():
        x -= 1.0
    assert x.is_leaf and x.data.tolist() == [0.0, 1.0, 2.0]
    assert grads(loss, x) == [[2.0, 4.0, 6.0]]
    y = x * 1.0
    with ag.no_grad(), pytest.raises(GradError, match="would not be recorded"):
        y[0] = 1.0


def test_what_numpy_refuses_is_refused(x):
    y = x * 1.0
    with pytest.raises(ValueError, match=r"add.*\(2, 3\).*\(3,\)"):
        y += np.ones((2, 3))
    with pytest.raises(IndexError, match=r"setitem.*float64\[3\]"):
        y[7] = 1.0
    with pytest.raises(ValueError, match="setitem"):
        y[:2] = [1.0, 2.0, 3.0]
    with pytest.raises(ValueError, match="read-only"):
        anp.broadcast_to(y, (2, 3))[0, 0] = 1.0
    with pytest.raises(TypeError, match="same_kind"):
        n = Tensor([1, 2, 3])
        n += x
    with pytest.raises(TypeError, match="constants"):
        Tensor([1, 2, 3])[0] = x[0]


@pytest.mark.parametrize(
    "write",
    [
        lambda a, v: np.copyto(a, v),
        lambda a, v: np.put(a, [2, 0, 2], v),
        lambda a, v: np.putmask(a, np.array([True, False, True]), v),
        lambda a, v: np.place(a, np.array([False, True, True]), v),
        lambda a, v: np.put_along_axis(a, np.array([1, 0, 2]), v, 0),
        lambda a, v: np.add.at(a, [0, 0, 1], v),
        lambda a, v: np.subtract.at(a, [0, 0, 1], v),
        lambda a, v: np.multiply.at(a, [0, 0, 1], v),
    ],
)
def test_functions_that_write(x, write):
    a, value = np.array([4.0, 5.0, 6.0]), np.array([1.0, 2.0, 3.0])
    y = Tensor(a)
    write(a, value)
    write(y, x)
    assert y.data.tolist() == a.tolist()
    weights = np.array([1.0, 10.0, 100.0])
    found = np.array(grads((y * weights).sum(), x)[0])
    for i in range(3):
        b, moved = np.array([4.0, 5.0, 6.0]), value.copy()
        moved[i] += 1.0
        write(b, moved)
        c, back = np.array([4.0, 5.0, 6.0]), value.copy()
        back[i] -= 1.0
        write(c, back)
        np.testing.assert_allclose(found[i], ((b - c) / 2 * weights).sum())


def test_a_plain_array_takes_no_gradient(x):
    for write in (lambda a: np.copyto(a, x), lambda a: np.put(a, [0], x[0]), lambda a: np.add.at(a, [0], x[0])):
        with pytest.raises(TypeError):
            write(np.zeros(3))


@pytest.mark.parametrize("ufunc", [np.logaddexp, np.maximum, np.add, np.multiply, np.subtract])
def test_methods_of_ufuncs(ufunc):
    a = np.array([[1.0, 2.5, -3.0], [0.5, 4.0, 2.0]])
    x = Tensor(a, requires_grad=True)
    np.testing.assert_allclose(ufunc.reduce(x, axis=1).data, ufunc.reduce(a, axis=1))
    np.testing.assert_allclose(ufunc.accumulate(x, axis=1).data, ufunc.accumulate(a, axis=1))
    np.testing.assert_allclose(ufunc.outer(x, a[0]).data, ufunc.outer(a, a[0]))
    np.testing.assert_allclose(ufunc.reduceat(x, [0, 1], axis=0).data, ufunc.reduceat(a, [0, 1], axis=0))
    (g,) = gradients(ufunc.reduce(x, axis=1).sum(), [x])
    for at in np.ndindex(a.shape):
        step = np.zeros_like(a)
        step[at] = 1e-6
        slope = (ufunc.reduce(a + step, axis=1).sum() - ufunc.reduce(a - step, axis=1).sum()) / 2e-6
        assert g.data[at] == pytest.approx(slope, rel=1e-6, abs=1e-9)


def test_a_random_walk_of_writes_agrees_with_numpy_and_with_differences(rng):
    """Programs of views and writes on an array, run by NumPy and by the engine."""

    def program(choices, base):
        values = [base]
        for kind, which, size in choices:
            v = values[which % len(values)]
            if kind == 0 and v.shape[0] > 1:
                values.append(v[1:])
            elif kind == 1:
                values.append(v[::-1])
            elif kind == 2:
                v *= 0.5
            elif kind == 3:
                v[0] = values[size % len(values)][-1] * 2.0
            elif kind == 4:
                w = values[size % len(values)]
                n = min(v.shape[0], w.shape[0])
                v[:n] += w[:n] * w[:n]
            elif kind == 5:
                values.append(v * 1.5)
        return values

    for _ in range(150):
        choices = [tuple(int(i) for i in rng.integers(0, (6, 10, 10))) for _ in range(rng.integers(1, 9))]
        a = rng.uniform(-1, 1, 4)
        x = Tensor(a, requires_grad=True)
        got = program(choices, x * 1.0)
        expected = program(choices, a.copy())
        for g, e in zip(got, expected, strict=True):
            np.testing.assert_allclose(g.data, e, err_msg=str(choices))
        (slope,) = gradients(sum((g * (i + 1)).sum() for i, g in enumerate(got)), [x])

        def f(moved, choices=choices):
            return sum((v * (i + 1)).sum() for i, v in enumerate(program(choices, moved)))

        for i in range(4):
            step = np.zeros(4)
            step[i] = 1e-5
            numeric = (f(a + step) - f(a - step)) / 2e-5
            np.testing.assert_allclose(slope.data[i], numeric, rtol=1e-5, atol=1e-6, err_msg=str(choices))


# ---------------------------------------------------------------------- memory shared with an array outside
def test_a_shared_array_written_after_capture_does_not_change_the_gradient(x):
    """HIPS gives the gradient at the new values, in silence."""
    a = np.array([1.0, 2.0, 3.0])
    shared = ag.asarray(a)
    assert np.shares_memory(shared.data, a) and ag.asarray(shared) is shared
    losses = [(shared * x).sum(), (x * shared).sum(), shared @ x, anp.einsum("i,i->", x, shared)]
    a[:] = 100.0
    assert shared.data.tolist() == [100.0] * 3
    for loss in losses:
        assert grads(loss, x) == [[1.0, 2.0, 3.0]]


def test_a_write_into_a_shared_tensor_is_seen_outside(x):
    a = np.array([1.0, 2.0, 3.0])
    shared = ag.asarray(a)
    shared[0] = 7.0
    shared += 1.0
    assert a.tolist() == [8.0, 3.0, 4.0]
    with pytest.raises(GradError, match="shared with an array outside"):
        shared[0] = x[0]
    a.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        shared[0] = 1.0
    leaf = ag.asarray(np.ones(3)).requires_grad_()
    assert grads((leaf * leaf).sum(), leaf) == [[2.0, 2.0, 2.0]]


def test_asarray_joins_tensors_and_refuses_words(x):
    joined = ag.asarray([x[0], x[2]])
    assert grads(joined.sum(), x) == [[1.0, 0.0, 1.0]]
    with pytest.raises(TypeError, match="holds numbers"):
        ag.asarray("text")
    assert ag.asarray([1, 2], dtype=np.float32).dtype == np.float32


# ---------------------------------------------------------------------- hooks
def test_hooks_see_and_change_gradients(x):
    seen = []
    y = x * 2.0
    handle = y.register_hook(lambda g: seen.append(g.data.tolist()))
    y.register_hook(lambda g: g * 10.0)
    y.retain_grad()
    (y * y).sum().backward(retain_graph=True)
    assert seen == [[4.0, 8.0, 12.0]] and y.grad.data.tolist() == [40.0, 80.0, 120.0]
    assert x.grad.data.tolist() == [80.0, 160.0, 240.0]
    handle.remove()
    y.sum().backward()
    assert len(seen) == 1
    with pytest.raises(GradError, match="does not require"):
        Tensor(1.0).register_hook(print)
    bad = x * 1.0
    bad.register_hook(lambda g: g[0])
    with pytest.raises(GradError, match="hook returned a gradient of shape"):
        bad.sum().backward()


def test_hooks_of_nodes(x):
    y = anp.exp(x)
    y._node.register_hook(lambda parents, g: [r * 0.0 for r in parents])
    assert grads(y.sum(), x) == [[0.0, 0.0, 0.0]]
    z = anp.exp(x)
    z._node.register_hook(lambda parents, g: [])
    with pytest.raises(GradError, match="'exp' returned 0 cotangents"):
        z.sum().backward()
