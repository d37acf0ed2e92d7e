"""Optimisers keep their state, resume bit for bit, move float16 in float32, and refuse what they cannot use in time."""

import copy
import math
import pickle
import tracemalloc

import numpy as np
import pytest

from autograd import RowSparse, Tensor
from nn.layers import Linear
from nn.optim import SGD, Adadelta, Adafactor, Adagrad, Adam, Adamax, AdamW, Lion, Muon, NAdam, RAdam, RMSprop

MATRICES = [(3, 4), (5, 2)]


def parameters(rng, dtype=np.float64, shapes=MATRICES):
    return [Tensor(rng.normal(size=s), dtype=dtype, requires_grad=True) for s in shapes]


def gradients(rng, shapes=MATRICES, steps=5):
    return [[rng.normal(size=s) for s in shapes] for _ in range(steps)]


def run(optimizer, params, history):
    for grads in history:
        for p, g in zip(params, grads, strict=True):
            p.grad = Tensor(g, dtype=p.dtype)
        optimizer.step()
    return [p.data.copy() for p in params]


EVERY = [
    (SGD, {"lr": 0.1, "momentum": 0.9, "dampening": 0.5}),
    (Adagrad, {"lr": 0.1}),
    (RMSprop, {"momentum": 0.5, "centered": True}),
    (Adadelta, {}),
    (Adam, {"lr": 0.1, "amsgrad": True}),
    (AdamW, {"lr": 0.1}),
    (Adamax, {}),
    (NAdam, {}),
    (RAdam, {"betas": (0.9, 0.9)}),
    (Lion, {"lr": 0.01, "weight_decay": 0.1}),
    (Muon, {"weight_decay": 0.1}),
    (Adafactor, {"weight_decay": 0.1}),
]
every = pytest.mark.parametrize(("kind", "settings"), EVERY, ids=[kind.__name__ for kind, _ in EVERY])


@every
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_resumed_training_is_the_same_bit_for_bit(kind, settings, dtype, rng):
    history = gradients(rng, MATRICES, 12)
    params = parameters(rng, dtype, MATRICES)
    optimizer = kind(params, **settings)
    run(optimizer, params, history[:6])
    saved = optimizer.state_dict()
    before = copy.deepcopy(saved)
    others = [Tensor(p.data, requires_grad=True) for p in params]
    resumed = kind(others)  # the settings come with the state
    resumed.load_state_dict(saved)
    expected, found = run(optimizer, params, history[6:]), run(resumed, others, history[6:])
    for a, b in zip(expected, found, strict=True):
        assert a.dtype == b.dtype == dtype
        np.testing.assert_array_equal(a, b)
    np.testing.assert_equal(saved, before)  # a copy: neither training has changed it


@every
@pytest.mark.parametrize(
    "duplicate",
    [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))],  # noqa: S301 (its own words)
    ids=["deepcopy", "pickle"],
)
def test_a_copy_keeps_its_state_and_moves_its_own_parameters(kind, settings, duplicate, rng):
    history = gradients(rng, MATRICES, 6)
    params = parameters(rng, shapes=MATRICES)
    optimizer = kind(params, **settings)
    run(optimizer, params, history[:3])
    twin = duplicate(optimizer)
    others = twin.parameters()
    before = [p.data.copy() for p in params]
    found = run(twin, others, history[3:])
    assert all(np.array_equal(a, p.data) for a, p in zip(before, params, strict=True))
    for a, b in zip(run(optimizer, params, history[3:]), found, strict=True):
        np.testing.assert_array_equal(a, b)


@every
def test_a_step_makes_no_new_state_and_little_else(kind, settings, rng):
    (p,) = parameters(rng, "float32", [(600, 800)])
    optimizer = kind([p], **settings)
    run(optimizer, [p], gradients(rng, [(600, 800)], 2))
    kept = {name: id(a) for name, a in optimizer.state[id(p)].items()}
    tracemalloc.start()
    try:
        optimizer.step()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert {name: id(a) for name, a in optimizer.state[id(p)].items()} == kept
    assert peak < (6.5 * p.nbytes if kind is Muon else 0.1 * p.nbytes)  # Muon's products need matrices


@every
@pytest.mark.parametrize("order", ["C", "F"])
def test_large_arrays_go_in_pieces_without_a_difference(kind, settings, order, rng, monkeypatch):
    start, history = rng.normal(size=(5, 7)), gradients(rng, [(5, 7)], 4)
    found = []
    for size in (6, 1000):
        monkeypatch.setattr("nn.optim.optimizer.PIECE", size)
        p = Tensor(np.array(start, order=order), requires_grad=True)
        found += run(kind([p], **settings), [p], history)
    np.testing.assert_array_equal(*found)


@every
def test_a_larger_parameter_may_come_later(kind, settings, rng):
    history = gradients(rng, MATRICES, 6)
    together, late = parameters(np.random.default_rng(1)), parameters(np.random.default_rng(1))
    optimizer = kind(late[1:], **settings)
    run(optimizer, late[1:], [grads[1:] for grads in history[:3]])
    optimizer.add_param_group({"params": late[:1]})
    run(optimizer, late, history[3:])
    both = kind(together, **settings)
    run(both, together[1:], [grads[1:] for grads in history[:3]])
    run(both, together, history[3:])
    for a, b in zip(late, together, strict=True):
        np.testing.assert_array_equal(a.data, b.data)


@every
def test_a_state_that_does_not_fit_changes_nothing(kind, settings, rng):
    params, small = parameters(rng, shapes=MATRICES), parameters(rng, shapes=[(3, 4), (5, 3)])
    optimizer, other = kind(params, **settings), kind(small, **{**settings, "lr": 0.7})
    run(optimizer, params, gradients(rng, MATRICES, 2))
    run(other, small, gradients(rng, [(3, 4), (5, 3)], 2))
    before = optimizer.state_dict()
    with pytest.raises(ValueError, match=r"of parameter 1 has shape"):
        optimizer.load_state_dict(other.state_dict())
    cut = {**before, "state": {0: before["state"][0], 1: {"speed": np.zeros(3)}}}
    with pytest.raises(ValueError, match="parameter 1 has 'speed'; it keeps"):
        optimizer.load_state_dict(cut)
    np.testing.assert_equal(optimizer.state_dict(), before)


def test_a_state_without_what_a_step_needs_is_refused(rng):
    (p,) = parameters(rng, shapes=[(3,)])
    adam = Adam([p])
    run(adam, [p], gradients(rng, [(3,)], 1))
    saved = adam.state_dict()
    del saved["state"][0]["exp_avg"]
    with pytest.raises(ValueError, match="parameter 0 has no 'exp_avg'"):
        adam.load_state_dict(saved)


# ---------------------------------------------------------------------- float16
@every
def test_float16_parameters_follow_those_of_float32(kind, settings, rng):
    """Gradients whose squares float16 cannot hold, and steps that it would round away."""
    start = [rng.normal(size=s).astype("float16") for s in MATRICES]
    history = [[(1e-4 * g).astype("float16") for g in grads] for grads in gradients(rng, MATRICES, 40)]
    half = [Tensor(a, requires_grad=True) for a in start]
    single = [Tensor(a.astype("float32"), requires_grad=True) for a in start]
    settings = {**settings, "lr": settings.get("lr", 0.1) / 100}
    found, expected = run(kind(half, **settings), half, history), run(kind(single, **settings), single, history)
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == "float16"
        np.testing.assert_array_equal(a, b.astype("float16"))


@pytest.mark.parametrize("kind", [SGD, Adagrad, Adam, AdamW])
def test_float16_rows_follow_those_of_float32(kind, rng):
    start = rng.normal(size=(5, 3)).astype("float16")
    half, single = Tensor(start, requires_grad=True), Tensor(start.astype("float32"), requires_grad=True)
    first, second = kind([half], lr=0.001), kind([single], lr=0.001)
    for _ in range(20):
        rows, values = rng.integers(0, 5, 3), (1e-4 * rng.normal(size=(3, 3))).astype("float16")
        half.grad = RowSparse(rows, values, (5, 3)).coalesce()
        single.grad = half.grad.astype("float32")
        first.step()
        second.step()
        np.testing.assert_array_equal(half.data, single.data.astype("float16"))


def test_a_float16_parameter_that_was_set_by_hand_goes_on_from_there():
    p = Tensor([1.0, 2.0], dtype="float16", requires_grad=True)
    optimizer = SGD([p], lr=0.25)
    run(optimizer, [p], [[np.ones(2)]])
    p.data = [5.0, 6.0]
    assert run(optimizer, [p], [[np.ones(2)]])[0].tolist() == [4.75, 5.75]


@pytest.mark.parametrize("dtypes", [("float16", "float32"), ("float32", "float16"), ("float32", "float64")])
def test_a_model_may_change_its_dtype_in_the_middle(dtypes, rng):
    model = Linear(3, 2, rng=rng).astype(dtypes[0])
    optimizer = Adam(model.parameters(), lr=0.1)
    for dtype in dtypes:
        model.astype(dtype)
        for _ in range(3):
            before = model.weight.data.copy()
            for p in model.parameters():
                p.grad = np.ones(p.shape)
            optimizer.step()
            np.testing.assert_allclose(before - model.weight.data, 0.1, rtol=2e-2)


# ---------------------------------------------------------------------- gradients that cannot be used
@every
@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_gradients_that_are_not_finite_are_passed_on_to_their_parameter_alone(kind, settings, bad, rng):
    params = parameters(rng, shapes=[(3, 4), (3, 4)])
    g = rng.normal(size=(3, 4))
    g[1, 2] = bad
    found = run(kind(params, **settings), params, [[g, rng.normal(size=(3, 4))]] * 2)
    assert np.isfinite(found[1]).all()
    if math.isnan(bad) or kind not in (Lion, Adagrad, Adafactor):
        assert not np.isfinite(found[0][1, 2])


@every
def test_a_sparse_gradient_that_cannot_be_used_is_refused_before_anything_moves(kind, settings, rng):
    params = parameters(rng, shapes=[(3, 4), (3, 4)])
    optimizer = kind(params, **settings)
    before = [p.data.copy() for p in params]
    params[0].grad = Tensor(np.ones((3, 4)))
    params[1].grad = RowSparse([0], np.ones((1, 4)), (3, 4))
    if kind in (SGD, Adagrad, AdamW):
        optimizer.step()
        return
    with pytest.raises(TypeError, match="sparse"):
        optimizer.step()
    assert optimizer.state == {}
    assert all(np.array_equal(a, p.data) for a, p in zip(before, params, strict=True))


def test_gradients_of_several_passes_add_up_to_that_of_the_whole_batch(rng):
    x, y = rng.normal(size=(12, 3)), rng.normal(size=(12, 1))
    results = []
    for parts in (1, 4):
        w = Tensor(np.zeros((3, 1)), requires_grad=True)
        optimizer = AdamW([w], lr=0.1)
        for _ in range(5):
            optimizer.zero_grad()
            for a, b in zip(np.split(x, parts), np.split(y, parts), strict=True):
                (((a @ w - b) ** 2).mean() / parts).backward()
            optimizer.step()
        results.append(w.data)
    np.testing.assert_allclose(*results, rtol=1e-9)
