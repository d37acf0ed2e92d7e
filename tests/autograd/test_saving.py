"""Saved-tensor hooks, checkpoint and detect_anomaly."""

from __future__ import annotations

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import AnomalyError, GradError, Tensor, checkpoint, detect_anomaly, gradients, saved_tensors_hooks


@pytest.fixture
def x():
    return Tensor([1.0, 2.0, 3.0], requires_grad=True)


def f(x):
    y = anp.exp(x)
    for _ in range(5):
        y = anp.sin(y) * y
    return y.sum()


def test_everything_saved_goes_through_the_hooks(x):
    stored = {}

    def pack(array):
        stored[len(stored)] = array.copy()
        return len(stored) - 1

    (expected,) = gradients(f(x), [x])
    with saved_tensors_hooks(pack, stored.__getitem__):
        loss = f(x)
    assert len(stored) > 10
    (found,) = gradients(loss, [x], retain_graph=True)
    np.testing.assert_array_equal(found.data, expected.data)
    for key in stored:
        stored[key] = stored[key] * 0.0
    assert gradients(loss, [x])[0].data.tolist() == [0.0, 0.0, 0.0]


def test_unpack_must_give_an_array(x):
    with saved_tensors_hooks(lambda a: None, lambda h: h):
        loss = f(x)
    with pytest.raises(GradError, match="unpack must return"):
        loss.backward()


def test_checkpoint_gives_the_same_gradients_of_every_order(x):
    w = Tensor([0.5, 0.1, 2.0], requires_grad=True)
    runs = []

    def g(x):
        runs.append(1)
        return anp.tanh(x * w) * w

    plain, again = (g(x) ** 2).sum(), (checkpoint(g, x) ** 2).sum()
    first = gradients(plain, [x, w], create_graph=True)
    second = gradients(again, [x, w], create_graph=True)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(b.data, a.data, rtol=1e-14)
    a = gradients(sum(v.sum() for v in first), [x, w])
    b = gradients(sum(v.sum() for v in second), [x, w])
    for left, right in zip(a, b, strict=True):
        np.testing.assert_allclose(right.data, left.data, rtol=1e-13)
    assert len(runs) == 3


def test_checkpoint_saves_no_inner_values(x):
    import gc
    import weakref

    alive = []

    def g(x):
        y = anp.exp(x)
        alive.append(weakref.ref(y._data))
        return (y * y).sum()

    gc.collect()
    loss = checkpoint(g, x)
    assert alive[0]() is None
    loss.backward()
    np.testing.assert_allclose(x.grad.data, 2 * np.exp(2 * x.data))


def test_checkpoint_runs_a_part_again_only_when_backward_comes_to_it(x):
    runs = []

    def part(name):
        def g(x):
            runs.append(name)
            return anp.exp(anp.sin(x))

        return g

    middle = checkpoint(part("first"), x)
    seen = []
    middle.register_hook(lambda g: seen.extend(runs))
    checkpoint(part("second"), middle).sum().backward()
    assert runs == ["first", "second", "second", "first"]
    assert seen == ["first", "second", "second"]


def test_checkpoint_notices_what_changed():
    x = Tensor([2.0, 1.0], requires_grad=True)
    scale = [1.0]
    loss = checkpoint(lambda x: anp.exp(x * scale[0]).sum(), x)
    scale[0] = 2.0
    with pytest.raises(GradError, match="gave other values"):
        loss.backward()


def test_checkpoint_sets_the_generator_back():
    x = Tensor(np.ones(4), requires_grad=True)
    rng = np.random.default_rng(3)
    loss = checkpoint(lambda x: (anp.exp(x) * rng.normal(size=4)).sum(), x, rng=rng)
    after = rng.normal()
    loss.backward()
    same = np.random.default_rng(3)
    np.testing.assert_allclose(x.grad.data, np.e * same.normal(size=4))
    assert same.normal() == after and rng.normal() == same.normal()


def test_an_anomaly_in_forward_names_the_op_and_the_line():
    x = Tensor([1.0, -1.0], requires_grad=True)
    with np.errstate(all="ignore"), detect_anomaly(), pytest.raises(AnomalyError, match=r"'log' made NaN.*test_saving"):
        anp.log(x) * 2.0


def test_an_anomaly_in_backward_names_the_line_that_ran_forward():
    x = Tensor([1.0, 0.0], requires_grad=True)
    with detect_anomaly():
        y = anp.sqrt(x)  # the line to be named
        with pytest.raises(AnomalyError, match=r"backward of 'sqrt' made an infinity.*# the line to be named"):
            y.sum().backward()
    y = anp.sqrt(x).sum()
    with detect_anomaly(), pytest.raises(AnomalyError, match="outside detect_anomaly"):
        y.backward()
    assert x.grad is None
