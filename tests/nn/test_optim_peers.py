"""Every optimiser takes PyTorch's steps, keeps PyTorch's state and goes on from a state that PyTorch has saved."""

import numpy as np
import pytest

from autograd import RowSparse, Tensor
from nn import optim

torch = pytest.importorskip("torch", reason="the steps are compared with PyTorch's")

SHAPES = [(3, 4), (5,), (2, 3, 2), ()]
STEPS = 25

CASES = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.3, "maximize": True}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.3}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.4}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 1.0, "maximize": True}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.3, "maximize": True}),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.3, "initial_accumulator_value": 0.5, "eps": 1e-3}),
    ("Adagrad", {"lr": 0.1, "maximize": True}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.1, "alpha": 0.8, "eps": 1e-3, "weight_decay": 0.3}),
    ("RMSprop", {"momentum": 0.9}),
    ("RMSprop", {"centered": True, "maximize": True}),
    ("RMSprop", {"centered": True, "momentum": 0.5, "weight_decay": 0.1}),
    ("Adadelta", {}),
    ("Adadelta", {"lr": 0.5, "rho": 0.7, "eps": 1e-3, "weight_decay": 0.3, "maximize": True}),
    ("Adam", {"lr": 0.01}),
    ("Adam", {"lr": 0.01, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.3}),
    ("Adam", {"lr": 0.01, "amsgrad": True, "betas": (0.5, 0.6)}),
    ("Adam", {"lr": 0.01, "amsgrad": True, "maximize": True, "weight_decay": 0.3}),
    ("Adam", {"lr": 0.01, "weight_decay": 0.3, "decoupled_weight_decay": True}),
    ("AdamW", {"lr": 0.01}),
    ("AdamW", {"lr": 0.01, "betas": (0.0, 0.95), "weight_decay": 0.3, "maximize": True}),
    ("AdamW", {"lr": 0.01, "amsgrad": True, "betas": (0.5, 0.6), "weight_decay": 0.3}),
    ("Adamax", {}),
    ("Adamax", {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-2, "weight_decay": 0.3, "maximize": True}),
    ("NAdam", {}),
    ("NAdam", {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-2, "weight_decay": 0.3, "momentum_decay": 0.1}),
    ("NAdam", {"weight_decay": 0.3, "decoupled_weight_decay": True, "maximize": True}),
    ("RAdam", {}),  # all of these steps but the first five are rectified
    ("RAdam", {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-2, "weight_decay": 0.3}),
    ("RAdam", {"betas": (0.9, 0.5), "weight_decay": 0.3, "decoupled_weight_decay": True, "maximize": True}),
    ("Adafactor", {}),
    ("Adafactor", {"lr": 0.9, "beta2_decay": -0.3, "eps": (1e-2, 0.1), "d": 2.0}),
    ("Adafactor", {"weight_decay": 0.3, "maximize": True}),
]
IDS = [f"{name}-{'-'.join(settings) or 'defaults'}" for name, settings in CASES]


@pytest.fixture(autouse=True)
def double():
    """PyTorch keeps NAdam's product of momenta in its default dtype."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def pair(name, settings, rng, dtype="float64"):
    """Our optimiser and PyTorch's, on the same values."""
    start = [rng.normal(size=s).astype(dtype) for s in SHAPES]
    ours = [Tensor(a, requires_grad=True) for a in start]
    theirs = [torch.tensor(a, requires_grad=True) for a in start]
    return getattr(optim, name)(ours, **settings), getattr(torch.optim, name)(theirs, foreach=False, **settings)


def parameters(optimizer):
    return [p for group in optimizer.param_groups for p in group["params"]]


def step(ours, theirs, rng, without=()):
    for i, (p, q) in enumerate(zip(parameters(ours), parameters(theirs), strict=True)):
        g = rng.normal(size=p.shape) * 10.0 ** rng.integers(-2, 2)
        p.grad = None if i in without else Tensor(g, dtype=p.dtype)
        q.grad = None if i in without else torch.tensor(g, dtype=q.dtype)
    ours.step()
    theirs.step()


def compare(ours, theirs, tolerance):
    for p, q in zip(parameters(ours), parameters(theirs), strict=True):
        assert str(p.dtype) == str(q.dtype).removeprefix("torch.")
        np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("name", "settings"), CASES, ids=IDS)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-10), ("float32", 2e-5)])
def test_same_steps(name, settings, dtype, tolerance, rng):
    ours, theirs = pair(name, settings, rng, dtype)
    for i in range(STEPS):
        step(ours, theirs, rng, without=(1,) if i == 2 else ())  # it stays, and so does its count of steps
        compare(ours, theirs, tolerance)


@pytest.mark.parametrize(("name", "settings"), CASES, ids=IDS)
def test_a_state_goes_both_ways(name, settings, rng):
    ours, theirs = pair(name, settings, rng)
    for _ in range(4):
        step(ours, theirs, rng)
    mine, other = ours.state_dict(), theirs.state_dict()
    for number, kept in mine["state"].items():
        shared = {k: v.numpy() for k, v in other["state"][number].items() if v is not None}
        assert kept.keys() == shared.keys()
        for key, value in kept.items():
            assert value.shape == shared[key].shape
            np.testing.assert_allclose(value, shared[key], rtol=1e-9, err_msg=key)

    resumed, peer = getattr(optim, name)(parameters(ours)), getattr(torch.optim, name)(parameters(theirs))
    resumed.load_state_dict(other)
    assert {k: resumed.param_groups[0][k] for k in settings} == settings
    as_tensors = {i: {k: torch.tensor(v, dtype=torch.float64) for k, v in s.items()} for i, s in mine["state"].items()}
    peer.load_state_dict(
        {"state": as_tensors, "param_groups": [{**other["param_groups"][0], **mine["param_groups"][0]}]}
    )
    for _ in range(3):
        step(resumed, peer, rng)
        compare(resumed, peer, 1e-9)


def test_groups_have_their_own_settings_also_when_added_later(rng):
    ours, theirs = pair("AdamW", {"lr": 0.01, "weight_decay": 0.1}, rng)
    step(ours, theirs, rng)
    extra = rng.normal(size=(2, 2))
    settings = {"lr": 0.5, "betas": (0.5, 0.5), "amsgrad": True, "weight_decay": 0.0}
    ours.add_param_group({"params": [Tensor(extra, requires_grad=True)], **settings})
    theirs.add_param_group({"params": [torch.tensor(extra, requires_grad=True)], **settings})
    for _ in range(20):
        step(ours, theirs, rng)
        compare(ours, theirs, 1e-10)


@pytest.mark.filterwarnings("ignore:Sparse invariant checks:UserWarning")
@pytest.mark.parametrize(
    ("name", "theirs", "settings"),
    [
        ("SGD", "SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.5, "maximize": True}),
        ("Adagrad", "Adagrad", {"lr": 0.05, "lr_decay": 0.1, "initial_accumulator_value": 0.1}),
        ("Adagrad", "Adagrad", {"lr": 0.05, "maximize": True}),
        ("Adam", "SparseAdam", {"lr": 0.05, "maximize": True}),
    ],
)
def test_same_steps_with_sparse_gradients(name, theirs, settings, rng):
    start = rng.normal(size=(7, 3))
    w, v = Tensor(start, requires_grad=True), torch.tensor(start, requires_grad=True)
    ours, peer = getattr(optim, name)([w], **settings), getattr(torch.optim, theirs)([v], **settings)
    for _ in range(20):
        rows, values = rng.integers(0, 7, 4), rng.normal(size=(4, 3))
        w.grad = RowSparse(rows, values, (7, 3))
        v.grad = torch.sparse_coo_tensor(torch.tensor(rows)[None], torch.tensor(values), (7, 3), check_invariants=True)
        ours.step()
        peer.step()
        np.testing.assert_allclose(w.data, v.detach().numpy(), rtol=1e-10)
