"""Schedules set PyTorch's rates, can be joined, and go on where they were saved."""

import copy
import math

import numpy as np
import pytest

from autograd import Tensor
from nn.optim import (
    SGD,
    Adam,
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CosineSchedule,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
    WarmupStableDecayLR,
    lr_scheduler,
)

RATES = (0.5, 0.02)


def optimizer(kind=SGD, rates=RATES, **settings):
    return kind([{"params": [Tensor([1.0], requires_grad=True)], "lr": lr} for lr in rates], **settings)


def momenta(made):
    return [g["betas"][0] if "betas" in g else g["momentum"] for g in made.param_groups]


def trace(schedule, steps=30):
    """Rates and momenta, step after step."""
    seen = []
    for _ in range(steps):
        seen.append([*(g["lr"] for g in schedule.optimizer.param_groups), *momenta(schedule.optimizer)])
        schedule.step()
    return np.array(seen)


CASES = [
    ("ConstantLR", {}),
    ("ConstantLR", {"factor": 0.25, "total_iters": 3}),
    ("LinearLR", {}),
    ("LinearLR", {"start_factor": 1.0, "end_factor": 0.0, "total_iters": 12}),
    ("StepLR", {"step_size": 4, "gamma": 0.5}),
    ("MultiStepLR", {"milestones": [9, 2, 9], "gamma": 0.5}),
    ("ExponentialLR", {"gamma": 0.9}),
    ("PolynomialLR", {}),
    ("PolynomialLR", {"total_iters": 12, "power": 2.5}),
    ("CosineAnnealingLR", {"T_max": 7}),
    ("CosineAnnealingLR", {"T_max": 40, "eta_min": 0.01}),
    ("CosineAnnealingWarmRestarts", {"T_0": 4}),
    ("CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": 2, "eta_min": 0.001}),
    ("LambdaLR", {"lr_lambda": lambda t: 0.9**t}),
    ("LambdaLR", {"lr_lambda": [lambda t: 1 / (1 + t), lambda t: 2.0]}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.7, "step_size_up": 5}),
    ("CyclicLR", {"base_lr": [0.1, 0.2], "max_lr": [0.3, 0.9], "step_size_up": 3, "step_size_down": 5}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.7, "step_size_up": 4, "mode": "triangular2", "cycle_momentum": False}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.7, "step_size_up": 4, "mode": "exp_range", "gamma": 0.9}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.7, "step_size_up": 4, "scale_fn": lambda c: 1 / c}),
    (
        "CyclicLR",
        {"base_lr": 0.1, "max_lr": 1, "step_size_up": 4, "scale_fn": lambda t: 0.8**t, "scale_mode": "iterations"},
    ),
    ("OneCycleLR", {"max_lr": 0.7, "total_steps": 30}),
    ("OneCycleLR", {"max_lr": [0.7, 0.1], "epochs": 5, "steps_per_epoch": 6, "anneal_strategy": "linear"}),
    ("OneCycleLR", {"max_lr": 0.7, "total_steps": 30, "three_phase": True, "base_momentum": [0.5, 0.6]}),
    ("OneCycleLR", {"max_lr": 0.7, "total_steps": 30, "pct_start": 0.0, "div_factor": 3, "final_div_factor": 5.0}),
    ("OneCycleLR", {"max_lr": 0.7, "total_steps": 30, "cycle_momentum": False}),
]
IDS = [f"{name}-{'-'.join(settings) or 'defaults'}" for name, settings in CASES]
cases = pytest.mark.parametrize(("name", "settings"), CASES, ids=IDS)


def theirs(torch, kind="SGD", rates=RATES, **settings):
    groups = [{"params": [torch.ones(1, dtype=torch.float64, requires_grad=True)], "lr": lr} for lr in rates]
    made = getattr(torch.optim, kind)(groups, **settings)
    made.step()  # PyTorch warns if a schedule comes first
    return made


@cases
@pytest.mark.parametrize("kind", [SGD, Adam])
@pytest.mark.filterwarnings("ignore:.*:UserWarning")
def test_same_rates_as_pytorch(name, settings, kind):
    torch = pytest.importorskip("torch", reason="the rates are compared with PyTorch's")
    given = {"momentum": 0.3} if kind is SGD else {}
    found = trace(getattr(lr_scheduler, name)(optimizer(kind, **given), **settings))
    peer = getattr(torch.optim.lr_scheduler, name)(theirs(torch, kind.__name__, **given), **settings)
    np.testing.assert_allclose(found, trace(peer), rtol=1e-10, atol=1e-12)


@cases
def test_a_resumed_schedule_goes_on_where_it_was(name, settings):
    schedule = getattr(lr_scheduler, name)(optimizer(), **settings)
    trace(schedule, 11)
    saved, rates = schedule.state_dict(), schedule.optimizer.state_dict()
    resumed = getattr(lr_scheduler, name)(optimizer(rates=(0.1, 0.1)), **settings)
    resumed.load_state_dict(saved)
    resumed.optimizer.load_state_dict(rates)
    twin = copy.deepcopy(schedule)
    expected = trace(schedule, 12)
    np.testing.assert_array_equal(trace(resumed, 12), expected)
    np.testing.assert_array_equal(trace(twin, 12), expected)


@cases
@pytest.mark.filterwarnings("ignore:.*:UserWarning")
def test_a_state_of_pytorch_loads_where_it_says_all(name, settings):
    torch = pytest.importorskip("torch", reason="the state is PyTorch's")
    peer = getattr(torch.optim.lr_scheduler, name)(theirs(torch), **settings)
    trace(peer, 11)
    ours = getattr(lr_scheduler, name)(optimizer(), **settings)
    if name in ("CyclicLR", "OneCycleLR"):  # PyTorch keeps what they need in the optimiser
        with pytest.raises(ValueError, match="of another schedule"):
            ours.load_state_dict(peer.state_dict())
        return
    ours.load_state_dict(peer.state_dict())
    ours.optimizer.load_state_dict(peer.optimizer.state_dict())
    np.testing.assert_allclose(trace(ours, 12), trace(peer, 12), rtol=1e-10, atol=1e-12)


JOINED = {
    "sequential": lambda m, o: m.SequentialLR(
        o, [m.LinearLR(o, total_iters=4), m.ExponentialLR(o, 0.9), m.CosineAnnealingLR(o, 20)], milestones=[4, 9]
    ),
    "restarts": lambda m, o: m.SequentialLR(
        o, [m.ConstantLR(o, 0.1, 3), m.CosineAnnealingWarmRestarts(o, 5, 2)], milestones=[3]
    ),
    "chained": lambda m, o: m.ChainedScheduler(
        [m.ConstantLR(o, 0.1, 3), m.ExponentialLR(o, 0.9), m.MultiStepLR(o, [5, 8], 0.5)]
    ),
    "chained-cosine": lambda m, o: m.ChainedScheduler([m.LinearLR(o), m.CosineAnnealingLR(o, 50, 0.001)]),
}


@pytest.mark.parametrize("make", JOINED.values(), ids=JOINED)
@pytest.mark.filterwarnings("ignore:.*:UserWarning")
def test_joined_schedules_set_pytorchs_rates(make):
    torch = pytest.importorskip("torch", reason="the rates are compared with PyTorch's")
    found, expected = trace(make(lr_scheduler, optimizer())), trace(make(torch.optim.lr_scheduler, theirs(torch)))
    np.testing.assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize("make", JOINED.values(), ids=JOINED)
@pytest.mark.parametrize("at", [1, 3, 7])
def test_joined_schedules_go_on_where_they_were(make, at):
    schedule = make(lr_scheduler, optimizer())
    trace(schedule, at)
    resumed = make(lr_scheduler, optimizer(rates=(0.1, 0.1)))
    resumed.optimizer.load_state_dict(schedule.optimizer.state_dict())
    resumed.load_state_dict(schedule.state_dict())
    np.testing.assert_array_equal(trace(resumed, 20), trace(schedule, 20))


def test_a_rate_that_was_changed_by_hand_keeps_its_ratio():
    made = optimizer(rates=(1.0,))
    schedule = ExponentialLR(made, 0.5)
    schedule.step()
    made.param_groups[0]["lr"] = 0.8
    schedule.step()
    schedule.step()
    assert schedule.get_last_lr() == pytest.approx([0.2])


def test_a_rate_comes_back_from_zero():
    schedule = ConstantLR(optimizer(rates=(1.0,)), 0.0, 2)  # PyTorch divides by zero here
    assert trace(schedule, 4)[:, 0].tolist() == [0, 0, 1, 1]


def test_sequences_may_hold_sequences():
    made = optimizer(rates=(1.0,))
    inner = SequentialLR(made, [ConstantLR(made, 0.5, 9), ConstantLR(made, 0.25, 9)], [2])
    chain = ChainedScheduler([ConstantLR(made, 0.1, 1), ExponentialLR(made, 0.5)])
    found = trace(SequentialLR(made, [ConstantLR(made, 0.3, 9), inner, chain], [1, 5]), 8)[:, 0]
    np.testing.assert_allclose(found, [0.3, 0.5, 0.5, 0.25, 0.25, 0.1, 0.5, 0.25])


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize(
    "settings",
    [
        {"patience": 1},
        {"patience": 0, "cooldown": 2, "threshold": 0.3},
        {"patience": 1, "threshold": 0.2, "threshold_mode": "abs"},
        {"patience": 0, "min_lr": [0.1, 0.001], "factor": 0.5, "eps": 1e-3},
    ],
)
def test_plateau_reduces_where_pytorch_does(mode, settings, rng):
    torch = pytest.importorskip("torch", reason="the rates are compared with PyTorch's")
    ours = ReduceLROnPlateau(optimizer(), mode, **settings)
    peer = torch.optim.lr_scheduler.ReduceLROnPlateau(theirs(torch), mode, **settings)
    for i, value in enumerate([*np.cumsum(rng.normal(size=30)), math.nan, *rng.normal(size=5)]):
        if i == 12:
            resumed = ReduceLROnPlateau(optimizer(), mode)
            resumed.load_state_dict(ours.state_dict() if mode == "min" else peer.state_dict())
            resumed.optimizer.load_state_dict(ours.optimizer.state_dict())
            ours = resumed
        ours.step(value)
        peer.step(value)
        assert ours.get_last_lr() == pytest.approx([g["lr"] for g in peer.optimizer.param_groups], rel=1e-12)
    assert ours.get_last_lr() != list(RATES)


@pytest.mark.parametrize(
    ("shape", "middle"), [("linear", 0.55), ("sqrt", 0.1 + 0.9 * (1 - math.sqrt(0.5))), ("cosine", 0.55)]
)
def test_warm_up_stable_decay(shape, middle):
    made = optimizer(rates=(2.0,))
    found = trace(WarmupStableDecayLR(made, 3, 4, 10, final=0.1, shape=shape), 20)[:, 0] / 2
    np.testing.assert_allclose(found[:8], [0.25, 0.5, 0.75, 1, 1, 1, 1, 1])
    assert found[12] == pytest.approx(middle)
    assert all(np.diff(found[7:18]) < 0)
    np.testing.assert_allclose(found[17:], 0.1)


def test_restarts_take_a_place_between_two_epochs():
    torch = pytest.importorskip("torch", reason="the rates are compared with PyTorch's")
    ours, made = CosineAnnealingWarmRestarts(optimizer(), 3, 2), theirs(torch)
    peer = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(made, 3, 2)
    for epoch in (0.25, 2.5, 3.0, 8.75, None, 21.5, 1.5, None):
        ours.step(epoch)
        peer.step(epoch)
        assert ours.get_last_lr() == pytest.approx(peer.get_last_lr(), rel=1e-10)
        assert ours.last_epoch == peer.last_epoch


def test_cosine_schedule_goes_on_where_it_was():
    first, second = optimizer(), optimizer()
    schedule, resumed = CosineSchedule(first, 9, 2, 0.1), CosineSchedule(second, 9, 2, 0.1)
    for _ in range(4):
        schedule.step()
    resumed.load_state_dict(schedule.state_dict())
    for _ in range(6):
        assert [g["lr"] for g in first.param_groups] == [g["lr"] for g in second.param_groups]
        schedule.step()
        resumed.step()
    with pytest.raises(ValueError, match="last_step"):
        schedule.load_state_dict({"step": 3})


def test_a_copy_of_a_schedule_moves_the_rates_of_its_own_optimiser():
    made = optimizer()
    twin, schedule = copy.deepcopy((made, CosineSchedule(made, 4)))
    schedule.step()
    assert [g["lr"] for g in made.param_groups] == list(RATES)
    assert [g["lr"] for g in twin.param_groups] != list(RATES)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda o: ConstantLR(o, 1.5), ValueError, "ConstantLR: factor must be from 0 to 1, got 1.5"),
        (lambda o: ConstantLR(o, math.nan), ValueError, "factor must be a finite number"),
        (lambda o: ConstantLR(o, total_iters=-1), ValueError, "total_iters"),
        (lambda o: ConstantLR(None), TypeError, "ConstantLR sets the rates of an optimiser, got NoneType"),
        (lambda o: LinearLR(o, start_factor=0), ValueError, "start_factor must be above 0"),
        (lambda o: LinearLR(o, end_factor=2), ValueError, "end_factor"),
        (lambda o: LinearLR(o, total_iters=0), ValueError, "total_iters"),
        (lambda o: StepLR(o, 0), ValueError, "step_size must be a whole number, at least 1"),
        (lambda o: StepLR(o, 2.5), ValueError, "step_size must be a whole number"),
        (lambda o: StepLR(o, 1, gamma=-1), ValueError, "gamma"),
        (lambda o: MultiStepLR(o, [1, -2]), ValueError, "a milestone"),
        (lambda o: ExponentialLR(o, "x"), ValueError, "gamma must be a finite number, got 'x'"),
        (lambda o: PolynomialLR(o, 0), ValueError, "total_iters"),
        (lambda o: CosineAnnealingLR(o, 0), ValueError, "T_max"),
        (lambda o: CosineAnnealingLR(o, 5, -1), ValueError, "eta_min"),
        (lambda o: CosineAnnealingWarmRestarts(o, 0), ValueError, "T_0"),
        (lambda o: CosineAnnealingWarmRestarts(o, 2, 0), ValueError, "T_mult"),
        (lambda o: CosineAnnealingWarmRestarts(o, 2).step(-1), ValueError, "epoch"),
        (lambda o: LambdaLR(o, [abs]), ValueError, "1 functions for 2 groups"),
        (lambda o: LambdaLR(o, 0.5), TypeError, "must be a function"),
        (lambda o: LambdaLR(3, abs), TypeError, "sets the rates of an optimiser, got int"),
        (lambda o: CyclicLR(o, [0.1], 1), ValueError, "base_lr has 1 values for 2 groups"),
        (lambda o: CyclicLR(o, 0.1, 1, mode="square"), ValueError, "mode"),
        (lambda o: CyclicLR(o, 0.1, 1, scale_mode="x"), ValueError, "scale_mode"),
        (lambda o: CyclicLR(o, 0.1, 1, step_size_down=0), ValueError, "step_size_down"),
        (lambda o: CyclicLR(o, 0.1, 1, max_momentum=1.0), ValueError, "momentum must be below 1"),
        (lambda o: OneCycleLR(o, 1.0), ValueError, "total_steps, or epochs"),
        (lambda o: OneCycleLR(o, 1.0, 5, pct_start=2), ValueError, "pct_start"),
        (lambda o: OneCycleLR(o, 1.0, 5, div_factor=0), ValueError, "div_factor"),
        (lambda o: OneCycleLR(o, 1.0, 5, anneal_strategy="x"), ValueError, "anneal_strategy"),
        (lambda o: trace(OneCycleLR(o, 1.0, 5), 6), ValueError, "ends after 5 steps"),
        (lambda o: ReduceLROnPlateau(o, "best"), ValueError, "mode"),
        (lambda o: ReduceLROnPlateau(o, factor=1.0), ValueError, "below 1"),
        (lambda o: ReduceLROnPlateau(o, patience=-1), ValueError, "patience"),
        (lambda o: ReduceLROnPlateau(o, threshold_mode="x"), ValueError, "threshold_mode"),
        (lambda o: ReduceLROnPlateau(o, min_lr=[0.1]), ValueError, "1 values for 2 groups"),
        (lambda o: SequentialLR(o, [], []), ValueError, "at least one"),
        (lambda o: SequentialLR(o, [StepLR(o, 1)], [3]), ValueError, "1 schedules need 0 milestones"),
        (lambda o: SequentialLR(o, [StepLR(o, 1)] * 3, [3, 2]), ValueError, "rise"),
        (lambda o: SequentialLR(o, [ReduceLROnPlateau(o)], []), TypeError, "ReduceLROnPlateau"),
        (lambda o: SequentialLR(optimizer(), [StepLR(o, 1)], []), ValueError, "one optimiser"),
        (lambda o: ChainedScheduler([StepLR(o, 1), StepLR(optimizer(), 1)]), ValueError, "one optimiser"),
        (lambda o: WarmupStableDecayLR(o, 1, 1, -1), ValueError, "decay"),
        (lambda o: WarmupStableDecayLR(o, 1, 1, 1, shape="x"), ValueError, "shape"),
        (lambda o: StepLR(o, 1).load_state_dict(ExponentialLR(o, 1).state_dict()), ValueError, "lacks 'step_size'"),
        (lambda o: ExponentialLR(o, 1).load_state_dict(StepLR(o, 1).state_dict()), ValueError, "know 'step_size'"),
        (
            lambda o: StepLR(o, 1).load_state_dict(StepLR(optimizer(rates=(1.0,)), 1).state_dict()),
            ValueError,
            "the state has 1 groups, the optimiser 2",
        ),
        (
            lambda o: ChainedScheduler([StepLR(o, 1)]).load_state_dict({"_schedulers": []}),
            ValueError,
            "holds 0 schedules, this one 1",
        ),
    ],
)
def test_mistakes_are_named(make, error, words):
    with pytest.raises(error, match=words):
        make(optimizer())


def test_a_group_that_comes_later_has_no_schedule():
    made = optimizer()
    schedule = StepLR(made, 1)
    made.add_param_group({"params": Tensor([1.0], requires_grad=True)})
    with pytest.raises(ValueError, match="made for 2 groups, the optimiser has 3"):
        schedule.step()


def test_momentum_is_cycled_only_where_there_is_one():
    from nn.optim import Adagrad

    with pytest.raises(ValueError, match="Adagrad has neither momentum nor betas"):
        OneCycleLR(optimizer(Adagrad), 1.0, 5)
    OneCycleLR(optimizer(Adagrad), 1.0, 5, cycle_momentum=False).step()
