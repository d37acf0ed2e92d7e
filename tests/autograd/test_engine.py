"""The engine itself: backward and its errors, modes, memory, depth, writes, threads, tasks, dtypes."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import gc
import pickle
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest

import autograd as ag
import autograd.numpy as anp
from autograd import GradError, Tensor, gradients, ops
from autograd.graph import topological


@pytest.fixture
def x():
    return Tensor([1.0, 2.0, 3.0], requires_grad=True)


# ---------------------------------------------------------------------- bad input
def test_a_vector_needs_a_seed(x):
    with pytest.raises(GradError, match=r"\(3,\).*\.sum\(\).*gradient="):
        (x * 2).backward()
    (x * 2).backward(gradient=[1.0, 0.0, 2.0])
    assert x.grad.data.tolist() == [2.0, 0.0, 4.0]


def test_one_element_of_any_rank_needs_no_seed():
    x = Tensor([[3.0]], requires_grad=True)
    (x * x).backward()
    assert x.grad.data.tolist() == [[6.0]]


def test_a_seed_of_another_shape(x):
    with pytest.raises(ValueError, match=r"\(2,\).*\(3,\)"):
        (x * 2).backward(gradient=[1.0, 2.0])


def test_a_second_backward_names_the_op_and_the_fix(x):
    loss = anp.exp(x).sum()
    loss.backward()
    before = x.grad.data.copy()
    with pytest.raises(GradError, match="'sum' a second time.*retain_graph=True"):
        loss.backward()
    np.testing.assert_array_equal(x.grad.data, before)


def test_a_shared_part_that_is_gone_leaves_every_grad_alone(x):
    shared = anp.exp(x)
    y = Tensor(1.0, requires_grad=True)
    shared.sum().backward()
    before = x.grad.data.copy()
    with pytest.raises(GradError, match="'exp' a second time"):
        (y * y + shared.sum()).backward()
    assert y.grad is None
    np.testing.assert_array_equal(x.grad.data, before)


def test_nothing_to_differentiate():
    with pytest.raises(GradError, match="requires_grad=True"):
        Tensor(1.0).backward()
    with pytest.raises(GradError, match="input 0"):
        gradients(Tensor(1.0, requires_grad=True) * 2, [Tensor(1.0)])


@pytest.mark.parametrize("data", [1, [1, 2], True, np.ones(3, np.int32), np.zeros(2, bool)])
def test_integers_have_no_gradient(data):
    with pytest.raises(TypeError, match=r"dtype (int|bool).*floating"):
        Tensor(data, requires_grad=True)
    with pytest.raises(TypeError, match="floating"):
        Tensor(data).requires_grad_()


@pytest.mark.parametrize("data", ["text", [[1.0], [1.0, 2.0]], None, [object()]])
def test_what_is_no_array_of_numbers(data):
    with pytest.raises((TypeError, ValueError)):
        Tensor(data)


A, B = Tensor(np.ones((2, 3)), requires_grad=True), Tensor(np.ones((4, 5)), requires_grad=True)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: A + B, ValueError, ["add", "float64[2, 3]", "float64[4, 5]"]),
        (lambda: A @ B, ValueError, ["matmul", "float64[2, 3]", "float64[4, 5]"]),
        (lambda: A @ np.ones((4, 5), np.float32), ValueError, ["matmul", "float32[4, 5]"]),
        (lambda: A.reshape(7), ValueError, ["reshape", "float64[2, 3]", "7"]),
        (lambda: A.sum(axis=5), np.exceptions.AxisError, ["sum", "float64[2, 3]", "5"]),
        (lambda: A[5], IndexError, ["getitem", "float64[2, 3]", "5"]),
        (lambda: A[0.5], IndexError, ["getitem"]),
        (lambda: anp.concatenate([A, B]), ValueError, ["concatenate", "float64[2, 3]", "float64[4, 5]"]),
        (lambda: anp.stack([A, B]), ValueError, ["stack", "float64[4, 5]"]),
        (lambda: anp.einsum("ij,jk->ik", A, B), ValueError, ["einsum", "ij,jk->ik", "float64[4, 5]"]),
        (lambda: A.transpose(0, 1, 2), ValueError, ["transpose", "0, 1, 2"]),
        (lambda: anp.where(np.ones(7, bool), A, 0.0), ValueError, ["where", "float64[2, 3]"]),
        (lambda: ops.linear(A, B), ValueError, ["linear", "float64[2, 3]", "float64[4, 5]"]),
        (lambda: ops.embedding(A, [0, 7]), IndexError, ["embedding", "7"]),
        (lambda: ops.embedding(A, [0.5]), TypeError, ["embedding", "integers"]),
        (lambda: ops.cross_entropy(A, [0]), ValueError, ["cross_entropy", "(2,)"]),
        (lambda: ops.cross_entropy(A, [0, 3]), IndexError, ["cross_entropy", "3"]),
        (lambda: anp.tensordot(A, B, 1), ValueError, ["tensordot", "(2, 3)", "(4, 5)"]),
    ],
)
def test_what_does_not_fit_is_named(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


def test_keywords_that_do_not_exist(x):
    with pytest.raises(TypeError, match="cumsum has no argument 'where'"):
        anp.cumsum(x, where=[True, False, True])
    with pytest.raises(TypeError, match="exp: out= is a plain array"):
        np.exp(x, out=np.zeros(3))


def test_a_gradient_that_would_be_lost_is_refused(x):
    with pytest.raises(TypeError, match="lost"):
        np.asarray(x)
    with pytest.raises(TypeError, match="detach"):
        Tensor(x * 2)
    with pytest.raises(TypeError, match="np.stack"):
        Tensor([x[0], x[1]])
    with pytest.raises(TypeError, match="lost"):
        x + [x[0], x[1], x[2]]
    with pytest.raises(TypeError, match="where has no derivative with respect to 'condition'"):
        np.where(x, x, 0.0)
    with pytest.raises(TypeError, match="layer_norm has no derivative with respect to 'eps'"):
        ops.layer_norm(x, eps=x[0])
    filled = np.full_like(x, x[1])
    assert gradients(filled.sum(), [x])[0].data.tolist() == [0.0, 3.0, 0.0]


# ---------------------------------------------------------------------- modes
def test_no_grad_records_nothing(x):
    with ag.no_grad():
        assert not ag.is_grad_enabled()
        assert not (x * 2).requires_grad
        with ag.enable_grad():
            assert (x * 2).requires_grad
        assert not (x * 2).requires_grad
    assert ag.is_grad_enabled()
    with pytest.raises(ZeroDivisionError), ag.no_grad():
        raise ZeroDivisionError
    assert ag.is_grad_enabled()


def test_no_grad_decorates_and_recursion_restores_it(x):
    @ag.no_grad()
    def f(n):
        return f(n - 1) if n else (x * 2).requires_grad

    assert f(5) is False
    assert ag.is_grad_enabled()


def test_detach_is_a_constant_that_shares_memory(x):
    y = x.detach()
    assert not y.requires_grad and np.shares_memory(y.data, x.data)
    (x * y).sum().backward()
    assert x.grad.data.tolist() == [1.0, 2.0, 3.0]


def test_retain_graph_allows_a_second_pass(x):
    loss = (x**3).sum()
    loss.backward(retain_graph=True)
    loss.backward()
    np.testing.assert_allclose(x.grad.data, 2 * 3 * x.data**2)
    with pytest.raises(GradError):
        loss.backward()


def test_create_graph_gives_gradients_with_gradients(x):
    (x**3).sum().backward(create_graph=True)
    first = x.grad
    assert first.requires_grad
    x.grad = None
    first.sum().backward()
    np.testing.assert_allclose(x.grad.data, 6 * x.data)


def test_create_graph_works_inside_no_grad(x):
    y = (x**3).sum()
    with ag.no_grad():
        (first,) = gradients(y, [x], create_graph=True)
    np.testing.assert_allclose(gradients(first.sum(), [x])[0].data, 6 * x.data)


def test_gradients_add_up(x):
    for n in range(1, 4):
        (x * x).sum().backward()
        np.testing.assert_allclose(x.grad.data, n * 2 * x.data)


def test_shared_subexpressions_count_once_per_use(x):
    y = anp.sin(x)
    loss = (y * y + y * x + y).sum()
    loss.backward()
    s, c = np.sin(x.data), np.cos(x.data)
    np.testing.assert_allclose(x.grad.data, 2 * s * c + c * x.data + s + c)


def test_doubling_a_thousand_times_takes_a_thousand_steps():
    x = y = Tensor(1.0, requires_grad=True)
    for _ in range(1000):
        y = y + y
    assert len(topological([y._node])) == 1001
    y.backward()
    assert x.grad.item() == 2.0**1000


def test_gradients_leave_grad_alone_and_stop_at_inner_tensors(x):
    y = x * 2
    z = (y * y).sum()
    (gy,) = gradients(z, [y], retain_graph=True)
    gy2, gx = gradients(z, [y, x])
    assert x.grad is None
    np.testing.assert_allclose(gy.data, 2 * y.data)
    np.testing.assert_allclose(gy2.data, 2 * y.data)
    np.testing.assert_allclose(gx.data, 8 * x.data)


def test_what_does_not_depend_has_none(x):
    assert gradients((x * 2).sum(), [Tensor(1.0, requires_grad=True)]) == (None,)


def test_no_two_gradients_share_memory(x):
    y = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    for create_graph in (False, True):
        x.grad = y.grad = None
        seed = np.ones(3)
        (x + y).backward(gradient=seed, create_graph=create_graph)
        assert not np.shares_memory(x.grad.data, y.grad.data)
        assert not np.shares_memory(x.grad.data, seed)
    a, b = gradients(x + y, [x, y], gradient=np.ones(3))
    assert not np.shares_memory(a.data, b.data)


# ---------------------------------------------------------------------- depth and memory
def test_a_chain_of_100_000_ops_needs_no_recursion():
    program = """
import sys, weakref
import autograd as ag, autograd.numpy as np
x = ag.Tensor(1.0, requires_grad=True)
np.sin(x * 2 + 1).backward(create_graph=True)  # what is imported late is imported now
sys.setrecursionlimit(60)
x.grad = None
y = x
for _ in range(100_000):
    y = np.sin(y) if _ % 1000 == 0 else y + 0.0
(g,) = ag.gradients(y, [x], retain_graph=True)
(h,) = ag.gradients(y, [x], create_graph=True)
assert g.item() == h.item() != 0
y.backward()
assert x.grad.item() == g.item()
z = x
for _ in range(100_000):
    z = z * 1.0
ref = weakref.ref(z._node)
del z, y, h, g
assert ref() is None
print("fine")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "fine", done.stderr[-2000:]


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def everything():
    """A graph with every manner of saving: out, arguments, stand-ins, sequences, joint rules."""
    x = Tensor(np.ones((2, 3)), requires_grad=True)
    w = Tensor(np.ones(3), requires_grad=True)
    y = ops.layer_norm(anp.exp(x) * x, w, w)
    y = anp.concatenate([y, anp.einsum("ij,j->ij", y, w), y[[0, 0]]])
    return x, w, ops.softmax(y.max(axis=1)).sum() + y.mean()


def test_graphs_have_no_reference_cycles(no_collector):
    x, w, loss = everything()
    refs = [weakref.ref(node) for node in topological([loss._node])]
    refs.append(weakref.ref(x))
    assert len(refs) > 8
    del x, w, loss
    assert [r() for r in refs if r() is not None] == []


@pytest.mark.parametrize("create_graph", [False, True])
def test_backward_makes_no_reference_cycles(no_collector, create_graph):
    x, w, loss = everything()
    refs = [weakref.ref(node) for node in topological([loss._node])]
    got = gradients(loss, [x, w], create_graph=create_graph)
    refs += [weakref.ref(g) for g in got]
    if create_graph:
        refs += [weakref.ref(node) for node in topological([g._node for g in got])]
    del x, w, loss, got
    assert [r() for r in refs if r() is not None] == []


def test_a_failed_backward_makes_no_reference_cycles(no_collector):
    x, w, loss = everything()
    loss.backward()
    ref = weakref.ref(loss._node)
    with contextlib.suppress(GradError):
        loss.backward()
    del x, w, loss
    assert ref() is None


def test_backward_frees_what_the_graph_saved(no_collector):
    x = Tensor(np.ones(1000), requires_grad=True)
    inner = anp.exp(x)
    saved = weakref.ref(inner._data)
    loss = (inner * inner).sum()
    del inner
    assert saved() is not None
    loss.backward(retain_graph=True)
    assert saved() is not None
    loss.backward()
    assert saved() is None, "the graph still holds an array after backward"


def test_what_no_rule_needs_is_not_kept(no_collector):
    x = Tensor(np.ones(1000), requires_grad=True)
    inner = x + 1.0
    saved = weakref.ref(inner._data)
    loss = (inner + 2.0).sum()
    del inner
    assert saved() is None
    loss.backward()


def test_copies_and_pickles_of_a_leaf_are_their_own(x):
    x.name = "x"
    (x * 2).sum().backward()
    for y in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):  # noqa: S301
        assert y.requires_grad and y.name == "x" and y.grad.data.tolist() == [2.0, 2.0, 2.0]
        assert not np.shares_memory(x.data, y.data)
        y.grad = None
        (y * 3).sum().backward()
        assert y.grad.data.tolist() == [3.0, 3.0, 3.0]
        assert x.grad.data.tolist() == [2.0, 2.0, 2.0]
    with pytest.raises(GradError, match="detach"):
        copy.deepcopy(x * 2)


# ---------------------------------------------------------------------- arrays written after they were read
def test_data_is_copied_in_and_read_only_out():
    a = np.ones(3)
    x = Tensor(a, requires_grad=True)
    a[:] = 7
    assert x.data.tolist() == [1.0, 1.0, 1.0]
    with pytest.raises(ValueError, match="read-only"):
        x.data[0] = 2.0
    with pytest.raises(ValueError, match="read-only"):
        x.numpy()[0] = 2.0


INDEX, MASK = np.array([0, 2]), np.array([True, False, True])


@pytest.mark.parametrize(
    ("array", "f"),
    [
        (np.array([2.0, 3.0, 4.0]), lambda x, a: x * a),
        (np.array([2.0, 3.0, 4.0]), lambda x, a: a * x),
        (np.array([2.0, 3.0, 4.0]), lambda x, a: x**a),
        (np.array([2.0, 3.0, 4.0]), lambda x, a: x @ a),
        (np.array([2.0, 3.0, 4.0]), lambda x, a: anp.einsum("i,i->i", x, a)),
        (np.array([2.0, 3.0, 4.0]), lambda x, a: ops.layer_norm(x, a)),
        (np.array([1.5, 1.5, 2.5]), lambda x, a: anp.clip(x, a, None)),
        (np.array([0, 2]), lambda x, a: x[a]),
        (np.array([0, 2]), lambda x, a: anp.expand_dims(x, 1)[a, [0, 0]]),
        (np.array([0, 2]), lambda x, a: anp.take(x, a)),
        (np.array([0, 2]), lambda x, a: anp.take_along_axis(x, a, 0)),
        (np.array([0, 2]), lambda x, a: ops.embedding(x.reshape(3, 1), a)),
        (np.array([True, False, True]), lambda x, a: x[a]),
        (np.array([True, False, True]), lambda x, a: anp.where(a, x, 0.0)),
        (np.array(2), lambda x, a: ops.cross_entropy(x, a)),
    ],
)
def test_constants_written_later_do_not_change_the_gradient(x, array, f):
    (expected,) = gradients(f(x, array.copy()).sum(), [x])
    given = array.copy()
    loss = f(x, given).sum()
    given[...] = given[..., ::-1] if given.ndim and given.dtype.kind != "b" else 1
    given[...] = 1
    (found,) = gradients(loss, [x])
    np.testing.assert_array_equal(found.data, expected.data)


def test_an_index_list_written_later_does_not_change_the_gradient(x):
    index = [0, 2]
    loss = x[index].sum()
    index[:] = [1, 1]
    assert gradients(loss, [x])[0].data.tolist() == [1.0, 0.0, 1.0]


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: x * y,
        lambda x, y: x @ y,
        lambda x, y: anp.einsum("i,i->", x, y),
        lambda x, y: anp.exp(x) * y[::-1],
        lambda x, y: ops.layer_norm(x, y),
    ],
)
def test_a_tensor_written_after_it_was_read_raises(x, f):
    y = Tensor([4.0, 5.0, 6.0], requires_grad=True)
    loss = f(x, y).sum()
    y.numpy(writable=True)[:] = 0
    with pytest.raises(GradError, match="written in place after"):
        loss.backward()
    assert x.grad is None and y.grad is None
    f(x, y).sum().backward()


def test_a_write_that_no_rule_minds_is_allowed(x):
    y = Tensor([4.0, 5.0, 6.0], requires_grad=True)
    loss = (x + y).sum()
    y.numpy(writable=True)[:] = 0
    loss.backward()
    assert y.grad.data.tolist() == [1.0, 1.0, 1.0]


def test_replacing_data_leaves_the_graph_its_old_array(x):
    loss = (x * x).sum()
    x.data = [0.0, 0.0, 0.0]
    loss.backward()
    assert x.grad.data.tolist() == [2.0, 4.0, 6.0]
    with pytest.raises(ValueError, match=r"\(3,\).*\(2,\)"):
        x.data = [1.0, 2.0]
    with pytest.raises(GradError, match="computed"):
        (x * 2).data = [1.0, 2.0, 3.0]


# ---------------------------------------------------------------------- threads and tasks
def in_threads(functions):
    failures = []

    def guarded(f):
        try:
            f()
        except BaseException as error:  # whatever it is, the test shows it
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(f,)) for f in functions]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert failures == []


def test_the_mode_belongs_to_the_thread(x):
    inside, seen = threading.Barrier(2), []

    def off():
        with ag.no_grad():
            inside.wait()
            inside.wait()
            seen.append(("off", (x * 2).requires_grad))

    def on():
        inside.wait()
        seen.append(("on", (x * 2).requires_grad))
        inside.wait()

    in_threads([off, on])
    assert sorted(seen) == [("off", False), ("on", True)]


def test_backward_in_many_threads_loses_nothing():
    x = Tensor(np.zeros(50), requires_grad=True)

    def work():
        for _ in range(200):
            (x * 1.0).sum().backward()

    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        in_threads([work] * 4)
    finally:
        sys.setswitchinterval(switch)
    assert x.grad.data.tolist() == [800.0] * 50


def test_nested_gradients_in_two_threads():
    def work(a):
        def run():
            f = ag.grad(ag.grad(lambda x: x**3 * a))
            for _ in range(100):
                assert f(2.0) == 12.0 * a

        return run

    in_threads([work(1.0), work(5.0)])


def test_the_mode_belongs_to_the_task(x):
    async def off():
        with ag.no_grad():
            await asyncio.sleep(0)
            first = (x * 2).requires_grad
            await asyncio.sleep(0)
            return first, (x * 2).requires_grad

    async def on():
        found = []
        for _ in range(3):
            found.append((x * 2).requires_grad)
            await asyncio.sleep(0)
        return tuple(found)

    async def both():
        return await asyncio.gather(off(), on(), off())

    assert asyncio.run(both()) == [(False, False), (True, True, True), (False, False)]


def test_scopes_nest_and_belong_to_the_thread(x):
    with ag.scope("outer"), ag.scope("inner"):
        y = x * 2
        seen = []
        in_threads([lambda: seen.append((x * 2)._node.scope)])
    assert y._node.scope.path() == ("outer", "inner")
    assert (x * 2)._node.scope is None and seen == [None]


# ---------------------------------------------------------------------- dtypes
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex64])
def test_python_numbers_are_weak(dtype):
    x = Tensor([1.0, 2.0], requires_grad=True, dtype=dtype)
    for y in (x * 2, 2.0 * x, x + 1, 1 - x, x / 3, 3 / x, x**2, x**0.5, 2.0**x, -x, anp.where(x.data == 1, x, 0.0)):
        assert y.dtype == dtype
        (g,) = gradients(y.sum(), [x])
        assert g.dtype == dtype


def test_float32_stays_float32_everywhere_in_the_pass():
    x = Tensor(np.ones((2, 3)), requires_grad=True, dtype=np.float32)
    y = ops.gelu(ops.layer_norm(x * 2.0, eps=1e-5)) + anp.mean(x) + anp.std(x, axis=0) + ops.gelu(x, "tanh")
    loss = ops.cross_entropy(y, np.array([0, 1])) + ops.softmax(y).max() + ops.logsumexp(y)
    assert {node.dtype for node in topological([loss._node])} == {np.dtype(np.float32)}
    for create_graph in (True, False):
        (g,) = gradients(loss, [x], create_graph=create_graph)
        assert g.dtype == np.float32


def test_a_complex_gradient_is_the_direction_of_steepest_ascent():
    z = Tensor(3.0 + 4.0j, requires_grad=True)
    (anp.abs(z) ** 2).backward()
    assert z.grad.item() == pytest.approx(6.0 + 8.0j)
    z.grad = None
    anp.real(z * (1 + 2j)).backward()
    assert z.grad.item() == 1 - 2j
    z.grad = None
    anp.imag(z).backward()
    assert z.grad.item() == 1j


def test_a_python_complex_number_meets_a_number():
    x = Tensor(3.0, requires_grad=True)
    for y in (1j * x, x * 1j, 1j + x, 1j - x):
        assert y.dtype == np.complex128
    (g,) = gradients(anp.imag(1j * x), [x])
    assert g.item() == 1.0 and g.dtype == np.float64


def test_complex_numbers_in_second_order():
    z = Tensor(3.0 + 4.0j, requires_grad=True)
    (g,) = gradients(anp.abs(z), [z], create_graph=True)
    assert g.item() == pytest.approx(0.6 + 0.8j)
    (h,) = gradients(anp.real(g), [z])  # d(x/r) = (y^2, -xy) / r^3
    assert h.item() == pytest.approx((16 - 12j) / 125)


def test_real_numbers_that_meet_complex_ones_get_real_gradients():
    x = Tensor([1.0, 2.0], requires_grad=True)
    for create_graph in (False, True):
        (g,) = gradients(anp.real(x * np.array([1 + 1j, 2j])).sum(), [x], create_graph=create_graph)
        assert g.dtype == np.float64 and g.data.tolist() == [1.0, 0.0]


def test_assigned_data_is_a_copy():
    values = np.array([1.0, 2.0])
    x = Tensor([0.0, 0.0], requires_grad=True)
    x.data = values
    y = (x * x).sum()
    values[0] = 100.0
    y.backward()
    np.testing.assert_array_equal(x.grad.data, [2.0, 4.0])


def test_one_mode_object_may_be_shared_by_threads():
    off = ag.no_grad()
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with off:
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    thread.start()
    assert inside.wait(10)
    with off:
        with off:
            assert not ag.is_grad_enabled()
        assert not ag.is_grad_enabled()
        leave.set()
        thread.join()
        assert not ag.is_grad_enabled()
    assert ag.is_grad_enabled()
