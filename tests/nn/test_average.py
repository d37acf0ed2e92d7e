"""Averages of weights: their formula, the swap, and states."""

import math

import numpy as np
import pytest

import nn
from nn.optim import SGD, AveragedModel


def walk(model, rng, average, steps):
    """Random steps; gives all values seen."""
    seen = []
    for _ in range(steps):
        for p in model.parameters():
            p.data = p.data + rng.normal(size=p.shape)
        seen.append([p.data.copy() for p in model.parameters()])
        average.update()
    return seen


@pytest.mark.parametrize("decay", [None, 0.0, 0.7])
@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_follows_its_formula(decay, dtype, rng):
    model = nn.Linear(3, 2, rng=rng).astype(dtype)
    average = AveragedModel(model, decay)
    seen = walk(model, rng, average, 6)
    expected = [np.array(a, float) for a in seen[0]]
    for n, values in enumerate(seen[1:], 1):
        beta = n / (n + 1) if decay is None else decay
        expected = [beta * a + (1 - beta) * b for a, b in zip(expected, values, strict=True)]
    with average.swap() as swapped:
        assert swapped is model
        for p, a in zip(model.parameters(), expected, strict=True):
            assert p.dtype == dtype
            np.testing.assert_allclose(p.data, a, rtol=2e-3 if dtype == "float16" else 1e-12)


@pytest.mark.parametrize("decay", [None, 0.9])
def test_the_averages_are_those_of_pytorch(decay, rng):
    torch = pytest.importorskip("torch", reason="the averages are compared with PyTorch's")
    from torch.optim.swa_utils import AveragedModel as Theirs
    from torch.optim.swa_utils import get_ema_multi_avg_fn

    model, peer = nn.Linear(3, 2, rng=rng).astype("float64"), torch.nn.Linear(3, 2).double()
    ours = AveragedModel(model, decay)
    theirs = Theirs(peer, **({} if decay is None else {"multi_avg_fn": get_ema_multi_avg_fn(decay)}))
    for _ in range(20):
        walk(model, rng, ours, 1)
        peer.load_state_dict({name: torch.tensor(a) for name, a in model.state_dict().items()})
        theirs.update_parameters(peer)
    with ours.swap():
        for p, q in zip(model.parameters(), theirs.parameters(), strict=True):
            np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=1e-10)


def test_after_a_swap_training_goes_on_as_if_there_had_been_none(rng):
    model = nn.Linear(3, 2, rng=rng)
    average = AveragedModel(model, 0.5)
    walk(model, rng, average, 3)
    own, parameters = model.state_dict(), list(model.parameters())
    with pytest.raises(RuntimeError, match="on purpose"), average.swap():
        assert not np.array_equal(model.weight.data, own["weight"])
        model.weight.data = np.zeros((2, 3))
        raise RuntimeError("on purpose")
    assert all(p is q for p, q in zip(model.parameters(), parameters, strict=True))
    np.testing.assert_equal(model.state_dict(), own)
    optimizer = SGD(model.parameters(), lr=0.1)
    (model(np.ones((1, 3), np.float32)) ** 2).sum().backward()
    optimizer.step()
    assert not np.array_equal(model.weight.data, own["weight"])


def test_averaging_a_noisy_training_comes_nearer_to_its_goal(rng):
    model = nn.Linear(4, 1, bias=False, rng=rng)
    goal, optimizer, average = np.ones((1, 4)), SGD(model.parameters(), lr=0.5), AveragedModel(model, 0.98)
    for step in range(600):
        model.weight.grad = model.weight.data - goal + rng.normal(size=(1, 4))
        optimizer.step()
        if step >= 100:
            average.update()
    noisy = np.linalg.norm(model.weight.data - goal)
    with average.swap():
        assert np.linalg.norm(model.weight.data - goal) < noisy / 3


def test_a_state_goes_on(rng):
    first, second = nn.Linear(3, 2, rng=rng), nn.Linear(3, 2, rng=rng)
    average = AveragedModel(first, 0.9)
    walk(first, rng, average, 4)
    resumed = AveragedModel(second)
    resumed.load_state_dict(average.state_dict())
    second.load_state_dict(first.state_dict())
    for made in (average, resumed):
        walk(made.model, np.random.default_rng(1), made, 4)
    np.testing.assert_equal(average.state_dict(), resumed.state_dict())


def test_mistakes_are_named(rng):
    model = nn.Linear(3, 2, rng=rng)
    for decay in (1.0, -0.1, math.nan, "much"):
        with pytest.raises(ValueError, match="decay"):
            AveragedModel(model, decay)
    average = AveragedModel(model)
    with pytest.raises(ValueError, match="no update"), average.swap():
        pass
    average.update()
    with average.swap():
        with pytest.raises(ValueError, match="already"), average.swap():
            pass
        with pytest.raises(ValueError, match="after it"):
            average.update()
    state = average.state_dict()
    for change, words in (
        (lambda s: s.pop("decay"), "lacks 'decay'"),
        (lambda s: s["averages"].pop("bias"), "'bias' is not in both"),
        (lambda s: s["averages"].update(weight=np.zeros(3)), r"weight has shape \(3,\)"),
    ):
        bad = {**state, "averages": dict(state["averages"])}
        change(bad)
        with pytest.raises(ValueError, match=words):
            average.load_state_dict(bad)
    np.testing.assert_equal(average.state_dict(), state)
