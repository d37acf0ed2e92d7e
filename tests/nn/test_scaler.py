"""Loss scaling saves small gradients, leaves out bad steps and finds its scale."""

import math

import numpy as np
import pytest

from autograd import RowSparse, Tensor
from nn.errors import TrainingError
from nn.optim import SGD, Adam, AdamW, GradScaler, clip_grad_norm_


def parameter(*values, dtype="float32"):
    return Tensor(values, dtype=dtype, requires_grad=True)


def test_a_scaled_training_takes_the_steps_of_the_plain_one(rng):
    x = rng.normal(size=(8, 3)).astype("float32")
    found = []
    for enabled in (True, False):
        w = parameter(0.5, -1.0, 2.0)
        optimizer, scaler = AdamW([w], lr=0.1), GradScaler(2.0**20, enabled=enabled, growth_interval=3)
        for _ in range(10):
            optimizer.zero_grad()
            scaler.scale(((x @ w - 1) ** 2).mean()).backward()
            assert scaler.step(optimizer)
            scaler.update()
        assert scaler.get_scale() == (2.0**23 if enabled else 1.0)
        found.append(w.data)
    np.testing.assert_array_equal(*found)  # a power of two costs no digit


def test_gradients_too_small_for_float16_survive():
    moved = []
    for scale in (1.0, 2.0**12):
        p = parameter(1.0, 1.0, dtype="float16")
        optimizer, scaler = SGD([p], lr=1e6), GradScaler(scale)
        for _ in range(5):
            optimizer.zero_grad()
            loss = (p.astype("float32") * [1e-8, 2e-8]).sum()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
        moved.append(1 - p.data.astype(float))
    assert moved[0].tolist() == [0, 0]
    np.testing.assert_allclose(moved[1], [0.05, 0.1], rtol=0.02)


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
def test_a_step_with_a_bad_gradient_is_left_out_and_the_scale_backs_off(bad):
    a, b = parameter(1.0, 2.0), parameter(3.0)
    optimizer, scaler = Adam([a, b], lr=0.1), GradScaler(1024.0, backoff_factor=0.25)
    a.grad, b.grad = [1.0, 1.0], [bad]
    assert not scaler.step(optimizer)
    scaler.update()
    assert (a.data.tolist(), b.data.tolist(), optimizer.state) == ([1.0, 2.0], [3.0], {})
    assert scaler.get_scale() == 256.0
    a.grad, b.grad = [1.0, 1.0], [1.0]
    assert scaler.step(optimizer)
    assert a.data.tolist() != [1.0, 2.0]


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_the_scale_falls_until_float16_can_hold_the_gradient():
    p = parameter(2.0, dtype="float16")
    optimizer, scaler, taken = SGD([p], lr=0.25), GradScaler(), []
    for _ in range(5):
        optimizer.zero_grad()
        scaler.scale((p * p).sum() / 2).backward()
        taken.append(scaler.step(optimizer))
        scaler.update()
    assert taken == [False, False, True, True, True]
    assert scaler.get_scale() == 2.0**14
    np.testing.assert_allclose(p.data, 2 * 0.75**3, rtol=1e-3)


def test_the_scale_grows_after_so_many_good_steps_and_the_count_starts_anew():
    p = parameter(1.0)
    optimizer, scaler, scales = SGD([p], lr=0.1), GradScaler(8.0, growth_interval=3), []
    for g in (1, 1, math.nan, 1, 1, 1, 1):
        p.grad = [float(g)]
        scaler.step(optimizer)
        scaler.update()
        scales.append(scaler.get_scale())
    assert scales == [8, 8, 4, 4, 4, 8, 8]


def test_one_bad_optimiser_does_not_stop_the_other_but_backs_off_for_both():
    a, b = parameter(1.0), parameter(1.0)
    first, second, scaler = SGD([a], lr=1.0), SGD([b], lr=1.0), GradScaler(2.0)
    a.grad, b.grad = [math.inf], [2.0]
    assert (scaler.step(first), scaler.step(second)) == (False, True)
    scaler.update()
    assert (a.item(), b.item(), scaler.get_scale()) == (1.0, 0.0, 1.0)


def test_clipping_comes_between_unscaling_and_the_step():
    p = parameter(0.0, 0.0, dtype="float16")
    optimizer, scaler = SGD([p], lr=1.0), GradScaler(2.0**10)
    scaler.scale((p.astype("float32") * [3.0, 4.0]).sum()).backward()
    scaler.unscale_(optimizer)
    assert clip_grad_norm_([p], 0.5) == pytest.approx(5.0)
    scaler.step(optimizer)
    np.testing.assert_allclose(p.data, [-0.3, -0.4], rtol=1e-3)


def test_sparse_gradients_and_large_ones_are_seen():
    p = Tensor(np.zeros((4, 2), np.float32), requires_grad=True)
    optimizer, scaler = SGD([p], lr=1.0), GradScaler(4.0)
    p.grad = RowSparse([1, 1], np.full((2, 2), 2.0, np.float32), (4, 2))
    assert scaler.step(optimizer)
    assert p.data[1].tolist() == [-1.0, -1.0]
    scaler.update()
    p.grad = RowSparse([1], [[math.nan, 0.0]], (4, 2))
    assert not scaler.step(optimizer)
    scaler.update()
    p.grad = np.full((4, 2), 3e38)  # finite, though the sum of squares is not
    assert scaler.step(optimizer)


def test_a_gradient_that_stands_in_two_places_is_unscaled_once():
    for dtype in ("float16", "float32"):
        a, b = parameter(1.0, dtype=dtype), parameter(1.0, dtype=dtype)
        a.grad = b.grad = Tensor([8.0], dtype=dtype)
        GradScaler(4.0).unscale_(SGD([a, b]))
        assert (a.grad.item(), b.grad.item()) == (2.0, 2.0)


def test_a_state_goes_on_and_is_pytorchs():
    first, second = GradScaler(8.0, 3.0, 0.25, 2), GradScaler()
    p = parameter(1.0)
    optimizer = SGD([p], lr=0.0)
    p.grad = [1.0]
    first.step(optimizer)
    first.update()
    second.load_state_dict(first.state_dict())
    second.step(optimizer)
    second.update()
    assert second.get_scale() == 24.0
    torch = pytest.importorskip("torch", reason="the state is compared with PyTorch's")
    peer = torch.amp.GradScaler("cpu", 8.0, 3.0, 0.25, 2)
    assert peer.state_dict().keys() == first.state_dict().keys()
    peer.load_state_dict(first.state_dict())
    first.load_state_dict(peer.state_dict())
    assert first.state_dict() == peer.state_dict()


def test_scales_are_those_of_pytorch(rng):
    torch = pytest.importorskip("torch", reason="the scales are compared with PyTorch's")
    ours, peer = GradScaler(64.0, growth_interval=2), torch.amp.GradScaler("cpu", 64.0, growth_interval=2)
    p, q = parameter(1.0), torch.ones(1, requires_grad=True)
    optimizer, other = SGD([p], lr=0.5, momentum=0.5), torch.optim.SGD([q], lr=0.5, momentum=0.5)
    for g in np.where(rng.random(30) < 0.3, np.inf, rng.normal(size=30)):
        peer.scale(q.sum())  # PyTorch wants to have seen a loss
        p.grad, q.grad = [float(g)], torch.tensor([g], dtype=torch.float32)
        ours.step(optimizer)
        peer.step(other)
        ours.update()
        peer.update()
        assert ours.get_scale() == peer.get_scale()
        assert p.item() == pytest.approx(q.item(), rel=1e-5)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda o: GradScaler(0), ValueError, "init_scale must be above 0"),
        (lambda o: GradScaler(math.inf), ValueError, "init_scale must be a finite number"),
        (lambda o: GradScaler(growth_factor=1.0), ValueError, "growth_factor must be above 1"),
        (lambda o: GradScaler(backoff_factor=1.0), ValueError, "backoff_factor must be between"),
        (lambda o: GradScaler(growth_interval=0), ValueError, "growth_interval"),
        (lambda o: GradScaler().update(), TrainingError, "after step"),
        (lambda o: GradScaler().load_state_dict({}), ValueError, "lacks 'scale'"),
        (lambda o: [s := GradScaler(), s.unscale_(o), s.unscale_(o)], TrainingError, "unscaled already"),
        (lambda o: [s := GradScaler(), s.step(o), s.step(o)], TrainingError, "stepped already"),
    ],
)
def test_mistakes_are_named(make, error, words):
    with pytest.raises(error, match=words):
        make(SGD([parameter(1.0)]))
