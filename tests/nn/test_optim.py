"""Optimisers follow their papers' formulas, PyTorch's numbers and their own promises."""

import math

import numpy as np
import pytest

from autograd import Tensor
from nn.errors import TrainingError
from nn.layers import Embedding, LayerNorm, Linear
from nn.models.gpt import GPT, Config
from nn.module import Module
from nn.optim import (
    SGD,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    CosineSchedule,
    Lion,
    Muon,
    NAdam,
    RAdam,
    RMSprop,
    clip_grad_norm_,
    clip_grad_value_,
    cosine,
    decay_groups,
    muon_groups,
    orthogonalize,
)

SHAPES = [(3, 4), (5,), (2, 3, 2), ()]


def parameters(rng, dtype=np.float64, shapes=SHAPES):
    return [Tensor(rng.normal(size=s), dtype=dtype, requires_grad=True) for s in shapes]


def gradients(rng, shapes=SHAPES, steps=5):
    return [[rng.normal(size=s) for s in shapes] for _ in range(steps)]


def run(optimizer, params, history):
    for grads in history:
        for p, g in zip(params, grads, strict=True):
            p.grad = None if g is None else Tensor(g, dtype=p.dtype)
        optimizer.step()
    return [p.data.copy() for p in params]


def test_adam_follows_algorithm_1(rng):
    (p,), (b1, b2), eps, lr = parameters(rng, shapes=[(4,)]), (0.9, 0.999), 1e-8, 0.1
    history = gradients(rng, [(4,)], 6)
    theta, m, v = p.data.copy(), np.zeros(4), np.zeros(4)
    for t, (g,) in enumerate(history, 1):
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        theta = theta - lr * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps)
    (found,) = run(Adam([p], lr=lr), [p], history)
    np.testing.assert_allclose(found, theta, rtol=1e-12)


def test_lion_follows_algorithm_2(rng):
    (p,), (b1, b2), lr, decay = parameters(rng, shapes=[(4,)]), (0.8, 0.95), 0.01, 0.3
    history = gradients(rng, [(4,)], 20)
    w, m = p.data.copy(), np.zeros(4)
    for (g,) in history:
        c = b1 * m - (1 - b1) * g
        w = w - lr * (np.sign(c) + decay * w)
        m = b2 * m - (1 - b2) * g
    (found,) = run(Lion([p], lr=lr, betas=(b1, b2), weight_decay=decay, maximize=True), [p], history)
    np.testing.assert_allclose(found, w, rtol=1e-12)


def test_adafactor_follows_algorithm_4(rng):
    (p,), lr, kappa, small, least, decay = parameters(rng, shapes=[(4, 3)]), 0.3, -0.8, 1e-4, 1e-3, 0.2
    history = gradients(rng, [(4, 3)], 20)
    w, row, column = p.data.copy(), np.zeros(4), np.zeros(3)
    for t, (g,) in enumerate(history, 1):
        weight = t**kappa
        row = (1 - weight) * row + weight * (g**2).mean(axis=1)
        column = (1 - weight) * column + weight * (g**2).mean(axis=0)
        update = g / np.sqrt(np.outer(row, column) / row.mean())
        update /= max(1, np.sqrt((update**2).mean()) / 1.5)
        size = max(least, np.sqrt((w**2).mean())) * min(lr, t**-0.5)
        w = w * (1 - lr * decay) - size * update
    optimizer = Adafactor([p], lr=lr, beta2_decay=kappa, eps=(small, least), d=1.5, weight_decay=decay)
    (found,) = run(optimizer, [p], history)
    np.testing.assert_allclose(found, w, rtol=1e-10)


def test_a_centred_variance_that_rounds_below_zero_gives_no_nan():
    (p,) = (Tensor(np.full(50, 3.0), dtype="float32", requires_grad=True),)
    (found,) = run(RMSprop([p], alpha=0.5, centered=True), [p], [[np.linspace(0.1, 1, 50)]] * 60)
    assert np.isfinite(found).all()


def test_weight_decay_of_adamw_does_not_depend_on_the_gradients_size(rng):
    p = Tensor([2.0], requires_grad=True)
    run(AdamW([p], lr=0.1, weight_decay=0.5), [p], [[np.zeros(1)]] * 3)
    np.testing.assert_allclose(p.data, 2 * (1 - 0.05) ** 3)


def test_steps_change_no_array_that_a_graph_still_needs():
    from autograd import GradError

    p = Tensor([2.0, 3.0], requires_grad=True)
    before = p * p
    p.grad = Tensor([1.0, 1.0])
    SGD([p], lr=0.5).step()
    with pytest.raises(GradError):  # rather than a gradient at the new values
        before.sum().backward()


def test_optimisers_keep_float32_and_their_own_memory(rng):
    for optimizer in (SGD, Adam, AdamW, Muon):
        (p,) = parameters(rng, "float32", [(4, 6)])
        made = optimizer([p], lr=0.1, **({"momentum": 0.9} if optimizer is SGD else {}))
        run(made, [p], gradients(rng, [(4, 6)], 1))
        kept = {name: id(a) for name, a in made.state[id(p)].items()}
        assert kept
        run(made, [p], gradients(rng, [(4, 6)], 3))
        assert {name: id(a) for name, a in made.state[id(p)].items()} == kept
        assert {a.dtype for name, a in made.state[id(p)].items() if name != "step"} == {np.dtype("float32")}
        assert p.dtype == np.float32


def test_gradients_are_left_as_they_were(rng):
    for optimizer in (SGD, AdamW, Muon):
        (p,) = parameters(rng, shapes=[(3, 2)])
        g = rng.normal(size=(3, 2))
        p.grad = Tensor(g)
        optimizer([p], lr=0.1).step()
        np.testing.assert_array_equal(p.grad.data, g)


def test_groups_bring_their_own_settings_and_zero_grad_forgets():
    a, b = (Tensor([1.0], requires_grad=True) for _ in range(2))
    optimizer = SGD([{"params": [a]}, {"params": [b], "lr": 0.0}], lr=0.5)
    run(optimizer, [a, b], [[np.ones(1), np.ones(1)]])
    assert (a.data[0], b.data[0]) == (0.5, 1.0)
    optimizer.zero_grad()
    assert a.grad is None
    assert b.grad is None


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda p: SGD([p, p]), ValueError, "twice"),
        (lambda p: SGD([]), ValueError, "no parameters"),
        (lambda p: SGD(p), TypeError, "in a list"),
        (lambda p: SGD([p.data]), TypeError, "ndarray"),
        (lambda p: SGD([p * 2]), TypeError, "is_leaf=False"),
        (lambda p: SGD([p.detach()]), TypeError, "requires_grad=False"),
        (lambda p: SGD([Tensor([1j], requires_grad=True)]), TypeError, "complex"),
        (lambda p: SGD([p], lr=-1), ValueError, "lr"),
        (lambda p: SGD([p], lr=math.nan), ValueError, "lr"),
        (lambda p: SGD([p], momentum=1.0), ValueError, "momentum"),
        (lambda p: SGD([p], nesterov=True), ValueError, "momentum"),
        (lambda p: Adam([p], betas=(0.9, 1.0)), ValueError, "betas"),
        (lambda p: Adam([{"params": [p], "momentum": 0.9}]), ValueError, "momentum"),
        (lambda p: Adam([{"lr": 0.9}]), ValueError, "'params'"),
        (lambda p: Adam([{"params": [p]}, p]), TypeError, "not both"),
        (lambda p: SGD([p], lr="fast"), ValueError, "lr must be a finite number"),
        (lambda p: SGD([p], lr=math.inf), ValueError, "lr must be a finite number"),
        (lambda p: SGD([p], dampening=1.5), ValueError, "dampening must be from 0 to 1"),
        (lambda p: SGD([p], momentum=0.9, dampening=0.1, nesterov=True), ValueError, "dampening of 0"),
        (lambda p: SGD([p], maximize=1), ValueError, "maximize must be True or False"),
        (lambda p: SGD([{"params": [p], "momentum": -1}]), ValueError, "momentum must be at least 0"),
        (lambda p: Adam([p], betas=0.9), ValueError, "betas must be two numbers"),
        (lambda p: Adam([p], eps=-1), ValueError, "eps must be a finite number"),
        (lambda p: Adam([p], amsgrad=None), ValueError, "amsgrad"),
        (lambda p: AdamW([p], weight_decay=-1), ValueError, "weight_decay"),
        (lambda p: Adagrad([p], lr_decay=-1), ValueError, "lr_decay"),
        (lambda p: Adagrad([p], initial_accumulator_value=-1), ValueError, "initial_accumulator_value"),
        (lambda p: RMSprop([p], alpha=1), ValueError, "alpha"),
        (lambda p: RMSprop([p], momentum=1), ValueError, "momentum"),
        (lambda p: Adadelta([p], rho=1.0), ValueError, "rho"),
        (lambda p: Adamax([p], betas=(0.9, math.nan)), ValueError, "betas"),
        (lambda p: NAdam([p], momentum_decay=-1), ValueError, "momentum_decay"),
        (lambda p: RAdam([p], decoupled_weight_decay="yes"), ValueError, "decoupled_weight_decay"),
        (lambda p: Lion([p], betas=(1, 0)), ValueError, "betas"),
        (lambda p: Adafactor([p], eps=1e-3), ValueError, "two numbers"),
        (lambda p: Adafactor([p], eps=(None, -1)), ValueError, "negative"),
        (lambda p: Adafactor([p], beta2_decay=0.8), ValueError, "beta2_decay"),
        (lambda p: Adafactor([p], d=0.5), ValueError, "d must be at least 1"),
        (lambda p: SGD([p]).add_param_group({"params": p}), ValueError, "twice"),
        (lambda p: SGD([p]).add_param_group({"params": p * 2}), TypeError, "is_leaf=False"),
        (lambda p: SGD([p]).add_param_group({"lr": 1}), ValueError, "'params'"),
        (lambda p: SGD([p]).load_state_dict([]), ValueError, "'param_groups', got list"),
        (lambda p: SGD([p]).load_state_dict({"state": {}, "param_groups": []}), ValueError, r"groups of \[\] param"),
        (lambda p: SGD([p]).load_state_dict({"state": {}, "param_groups": [{}]}), ValueError, "needs its 'params'"),
        (lambda p: SGD([p]).load_state_dict(Adam([p]).state_dict()), ValueError, "no setting 'amsgrad'"),
        (lambda p: Muon([p.detach().reshape(1, 3).requires_grad_()], steps=0), ValueError, "steps"),
        (lambda p: Muon([p]), ValueError, r"\(3,\)"),
        (lambda p: Muon([Tensor(np.ones((4, 2)), requires_grad=True)], split=3), ValueError, "4 rows"),
    ],
)
def test_mistakes_are_named(make, error, words):
    with pytest.raises(error, match=words):
        make(Tensor([1.0, 2.0, 3.0], requires_grad=True))


# ---------------------------------------------------------------------- Muon
def polynomial(s, steps=5):
    for _ in range(steps):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    return s


@pytest.mark.parametrize("shape", [(4, 4), (3, 7), (2, 3, 5)])
def test_orthogonalize_moves_only_the_singular_values(shape, rng):
    x = rng.normal(size=shape)
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    scaled = polynomial(s / np.linalg.norm(x, axis=(-2, -1))[..., None])
    np.testing.assert_allclose(orthogonalize(x), (u * scaled[..., None, :]) @ vt, atol=1e-6)


def test_orthogonalize_brings_singular_values_near_one(rng):
    s = np.linalg.svd(orthogonalize(rng.normal(size=(64, 256)).astype(np.float32)), compute_uv=False)
    assert s.dtype == np.float32
    assert s.min() > 0.65
    assert s.max() < 1.25


def test_orthogonalize_of_zero_is_zero():
    assert not orthogonalize(np.zeros((3, 4))).any()


@pytest.mark.parametrize("shape", [(6, 6), (8, 3), (3, 8)])
@pytest.mark.parametrize("nesterov", [False, True])
def test_muon_follows_its_formula(shape, nesterov, rng):
    (p,) = parameters(rng, shapes=[shape])
    history = gradients(rng, [shape], 4)
    w, m = p.data.copy(), np.zeros(shape)
    for (g,) in history:
        m = 0.9 * m + 0.1 * g
        d = 0.1 * g + 0.9 * m if nesterov else m
        u, s, vt = np.linalg.svd(d, full_matrices=False)
        update = (u * polynomial(s / np.linalg.norm(d))) @ vt
        w = w * (1 - 0.05 * 0.2) - 0.05 * max(1, shape[0] / shape[1]) ** 0.5 * update
    (found,) = run(Muon([p], lr=0.05, momentum=0.9, weight_decay=0.2, nesterov=nesterov), [p], history)
    np.testing.assert_allclose(found, w, atol=1e-6)


def test_muon_moves_a_batch_of_matrices_as_it_moves_each_alone(rng):
    shapes = [(4, 8), (8, 4), (4, 8), (6, 6)]
    history = gradients(rng, shapes, 3)
    together = parameters(np.random.default_rng(1), shapes=shapes)
    alone = parameters(np.random.default_rng(1), shapes=shapes)
    run(Muon(together), together, history)
    for i, p in enumerate(alone):
        run(Muon([p]), [p], [[grads[i]] for grads in history])
        np.testing.assert_allclose(together[i].data, p.data, rtol=1e-12)


def test_muon_splits_stacked_matrices(rng):
    history = gradients(rng, [(12, 4)], 3)
    (stacked,) = parameters(np.random.default_rng(1), shapes=[(12, 4)])
    parts = [Tensor(part, requires_grad=True) for part in np.split(stacked.data, 3)]
    run(Muon([{"params": [stacked], "split": 3}]), [stacked], history)
    run(Muon(parts), parts, [np.split(g, 3) for (g,) in history])
    np.testing.assert_allclose(stacked.data, np.concatenate([p.data for p in parts]), rtol=1e-12)


# ---------------------------------------------------------------------- groups
def gpt():
    return GPT(Config(vocab_size=11, context=8, layers=2, heads=2, width=8), rng=np.random.default_rng(0))


def names(model, params):
    known = {id(p): name for name, p in model.named_parameters()}
    return {known[id(p)] for p in params}


def test_decay_spares_norms_biases_and_embeddings():
    model = gpt()
    decayed, spared = decay_groups(model, 0.1)
    assert (decayed["weight_decay"], spared["weight_decay"]) == (0.1, 0.0)
    kinds = {name.split(".")[-2] for name in names(model, decayed["params"])}
    assert kinds == {"c_attn", "c_proj", "c_fc"}
    assert all(p.ndim == 2 for p in decayed["params"])
    rest = names(model, spared["params"])
    assert {"transformer.wte.weight", "transformer.wpe.weight", "transformer.ln_f.weight"} <= rest
    assert names(model, decayed["params"]) | rest == {name for name, _ in model.named_parameters()}


def test_decay_spares_embeddings_of_any_model():
    class Model(Module):
        def __init__(self):
            super().__init__()
            self.table = Embedding(5, 4)
            self.norm = LayerNorm(4)
            self.out = Linear(4, 3)

    model = Model()
    decayed, spared = decay_groups(model)
    assert names(model, decayed["params"]) == {"out.weight"}
    assert names(model, spared["params"]) == {"table.weight", "norm.weight", "norm.bias", "out.bias"}


def test_muon_gets_the_hidden_matrices_only():
    model = gpt()
    groups, rest = muon_groups(model)
    by_split = {g.get("split", 1): names(model, g["params"]) for g in groups}
    assert by_split[3] == {f"transformer.h.{i}.attn.c_attn.weight" for i in range(2)}
    assert {n.split(".", 3)[3] for n in by_split[1]} == {"attn.c_proj.weight", "mlp.c_fc.weight", "mlp.c_proj.weight"}
    assert {"transformer.wte.weight", "transformer.wpe.weight"} <= names(model, rest)
    assert len(rest) + sum(len(g["params"]) for g in groups) == len(list(model.parameters()))


def test_muon_leaves_an_output_head_to_adamw():
    class Model(Module):
        def __init__(self):
            super().__init__()
            self.hidden = Linear(4, 4, bias=False)
            self.lm_head = Linear(4, 9, bias=False)

    model = Model()
    groups, rest = muon_groups(model)
    assert names(model, groups[0]["params"]) == {"hidden.weight"}
    assert names(model, rest) == {"lm_head.weight"}
    with pytest.raises(ValueError, match="no hidden matrix"):
        muon_groups(model.lm_head, heads=("weight",))


# ---------------------------------------------------------------------- schedule
def test_cosine_rises_and_falls():
    shares = [cosine(t, 110, warmup=10, final=0.1) for t in range(120)]
    np.testing.assert_allclose(shares[:10], np.arange(1, 11) / 11)
    assert shares[10] == 1.0
    np.testing.assert_allclose(shares[60], 0.55)  # half way between 1 and 0.1
    assert shares[110:] == [0.1] * 10
    assert all(a > b for a, b in zip(shares[10:110], shares[11:111], strict=True))


@pytest.mark.parametrize("settings", [{"warmup": -1}, {"warmup": 11}, {"final": 1.5}, {"final": -0.1}])
def test_cosine_refuses_what_makes_no_schedule(settings):
    with pytest.raises(ValueError, match="warmup"):
        cosine(0, 10, **settings)


def test_schedule_keeps_the_ratio_of_groups():
    a, b = (Tensor([1.0], requires_grad=True) for _ in range(2))
    first, second = SGD([{"params": [a], "lr": 0.4}]), Adam([b], lr=0.01)
    schedule = CosineSchedule([first, second], steps=4, warmup=1)
    seen = []
    for _ in range(5):
        seen.append((first.param_groups[0]["lr"], second.param_groups[0]["lr"]))
        schedule.step()
    np.testing.assert_allclose(seen[0], (0.2, 0.005))
    np.testing.assert_allclose([x / y for x, y in seen[:4]], 40)
    assert seen[4] == (0.0, 0.0)


# ---------------------------------------------------------------------- clipping
def with_gradients(*grads, dtype=np.float64):
    params = [Tensor(np.zeros(np.shape(g)), dtype=dtype, requires_grad=True) for g in grads]
    for p, g in zip(params, grads, strict=True):
        p.grad = Tensor(g, dtype=dtype)
    return params


def test_clip_norm_scales_all_gradients_together(rng):
    grads = [rng.normal(size=s) * 3 for s in SHAPES]
    params = [*with_gradients(*grads), Tensor([1.0], requires_grad=True)]
    norm = math.sqrt(sum((g**2).sum() for g in grads))
    assert clip_grad_norm_(params, 0.5) == pytest.approx(norm)
    for p, g in zip(params[:-1], grads, strict=True):
        np.testing.assert_allclose(p.grad.data, g * 0.5 / norm, rtol=1e-5)
    assert params[-1].grad is None


def test_clip_norm_leaves_small_gradients_alone():
    (p,) = with_gradients([0.3, 0.4])
    assert clip_grad_norm_([p], 1.0) == pytest.approx(0.5)
    assert p.grad.data.tolist() == [0.3, 0.4]


def test_clip_norm_survives_squares_that_float32_cannot_hold():
    (p,) = with_gradients([3e30, 4e30], dtype=np.float32)
    assert clip_grad_norm_([p], 1.0) == pytest.approx(5e30, rel=1e-6)
    np.testing.assert_allclose(p.grad.data, [0.6, 0.8], rtol=1e-5)


def test_clip_norm_survives_squares_that_float16_rounds_to_zero():
    (p,) = with_gradients([3e-5, 4e-5], dtype=np.float16)
    assert clip_grad_norm_([p], 1.0) == pytest.approx(5e-5, rel=1e-2)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.5, math.inf])
def test_clip_norm_of_any_order_is_pytorchs(p, rng):
    torch = pytest.importorskip("torch", reason="the norm is compared with PyTorch's")
    grads = [rng.normal(size=s) for s in SHAPES]
    ours, theirs = with_gradients(*grads), [torch.zeros(g.shape, dtype=torch.float64) for g in grads]
    for q, g in zip(theirs, grads, strict=True):
        q.grad = torch.tensor(g)
    expected = float(torch.nn.utils.clip_grad_norm_(theirs, 0.5, norm_type=p))
    assert clip_grad_norm_(ours, 0.5, norm_type=p) == pytest.approx(expected, rel=1e-12)
    for a, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.grad.data, q.grad.numpy(), rtol=1e-12)


def test_a_gradient_that_stands_in_two_places_is_scaled_once():
    a, b = with_gradients([3.0, 4.0], [0.0, 0.0])
    b.grad = a.grad
    assert clip_grad_norm_([a, b], 1.0) == pytest.approx(math.sqrt(50))
    np.testing.assert_allclose(a.grad.data, np.array([3.0, 4.0]) / math.sqrt(50), rtol=1e-5)


def test_clips_take_a_single_tensor():
    (p,) = with_gradients([3.0, 4.0])
    assert clip_grad_norm_(p, 1.0) == 5.0
    clip_grad_value_(p, 0.7)
    np.testing.assert_allclose(p.grad.data, [0.6, 0.7], rtol=1e-5)
    with pytest.raises(ValueError, match="norm_type"):
        clip_grad_norm_(p, 1.0, norm_type=0)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_clip_norm_names_a_gradient_that_is_not_finite(bad):
    params = with_gradients([1.0, 2.0], [[bad, 1.0]])
    with pytest.raises(TrainingError, match=r"parameter 1, of shape \(1, 2\)"):
        clip_grad_norm_(params, 1.0)
    assert params[0].grad.data.tolist() == [1.0, 2.0]
    clip_grad_norm_(params, 1.0, error_if_nonfinite=False)


def test_clip_value_cuts_both_sides():
    (p,) = with_gradients([-3.0, -0.5, 0.5, 3.0])
    clip_grad_value_([p], 1.0)
    assert p.grad.data.tolist() == [-1.0, -0.5, 0.5, 1.0]


@pytest.mark.parametrize("bound", [0, -1, math.nan])
def test_clip_needs_a_positive_bound(bound):
    for clip in (clip_grad_norm_, clip_grad_value_):
        with pytest.raises(ValueError, match="above 0"):
            clip(with_gradients([1.0]), bound)
