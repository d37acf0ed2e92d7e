"""GPT and MLP: sizes, start, and that they learn."""

import math

import numpy as np
import pytest

from autograd import Tensor, no_grad
from nn import Tanh
from nn import functional as F
from nn.models import GPT, MLP, Config
from nn.optim import SGD, AdamW

TINY = Config(vocab_size=11, context=8, layers=2, heads=2, width=16)


def count(c):
    """Parameters of a GPT by formula, the tied embedding once."""
    w, b = c.width, int(c.bias)
    norm = w + b * w
    attention = 3 * w * w + b * 3 * w + w * w + b * w
    mlp = 4 * w * w + b * 4 * w + 4 * w * w + b * w
    return c.vocab_size * w + c.context * w + c.layers * (2 * norm + attention + mlp) + norm


@pytest.mark.parametrize("bias", [True, False])
def test_parameter_count_follows_the_formula(bias):
    config = Config(vocab_size=11, context=8, layers=3, heads=2, width=16, bias=bias)
    assert GPT(config).num_parameters() == count(config)


def test_gpt2_small_has_its_published_size():
    # 124 million numbers are not made for this: one and two layers say what each further one adds
    sizes = {"vocab_size": 503, "context": 16, "heads": 12, "width": 768, "bias": True}
    one, two = (GPT(Config(layers=n, **sizes)).num_parameters() for n in (1, 2))
    extra = (50257 - 503 + 1024 - 16) * 768
    assert one + 11 * (two - one) + extra == 124_439_808
    assert count(Config(vocab_size=50257, context=1024, layers=12, heads=12, width=768, bias=True)) == 124_439_808


def test_loss_starts_near_that_of_a_uniform_guess(rng):
    model = GPT(Config(vocab_size=65, context=32, layers=4, heads=4, width=64), rng=rng)
    tokens = rng.integers(0, 65, (8, 33))
    assert model.loss(tokens[:, :-1], tokens[:, 1:]).item() == pytest.approx(math.log(65), abs=0.1)


def test_weights_start_as_gpt2s_do(rng):
    model = GPT(Config(vocab_size=200, context=64, layers=8, heads=2, width=64, bias=True), rng=rng)
    for name, p in model.named_parameters():
        if name.endswith(".bias"):
            assert not p.data.any(), name
        elif p.ndim == 1:
            assert (p.data == 1).all(), name
        else:
            std = 0.02 / 4 if name.endswith("c_proj.weight") else 0.02  # sqrt(2 layers) = 4
            assert p.data.std() == pytest.approx(std, rel=0.08), name
            assert abs(p.data.mean()) < 0.1 * std, name


def test_later_tokens_change_no_earlier_logits(rng):
    model = GPT(TINY, rng=rng).astype(np.float64)
    tokens = rng.integers(0, 11, (2, 8))
    before = model(tokens).data
    for t in range(1, 8):
        changed = tokens.copy()
        changed[:, t:] = (changed[:, t:] + 1) % 11
        after = model(changed).data
        assert np.allclose(after[:, :t], before[:, :t], rtol=0, atol=1e-13)
        assert np.abs(after[:, t] - before[:, t]).max() > 1e-6
    assert np.allclose(model(tokens[:, :3]).data, before[:, :3], atol=1e-13)


def test_order_of_tokens_matters(rng):
    model = GPT(TINY, rng=rng)
    last = [model([tokens]).data[0, -1] for tokens in ([1, 2, 3], [2, 1, 3])]
    assert np.abs(last[0] - last[1]).max() > 1e-5


def test_a_seed_gives_the_same_model_and_another_does_not():
    a, b, c = (GPT(TINY, rng=np.random.default_rng(s)).state_dict() for s in (0, 0, 1))
    assert all(np.array_equal(a[name], b[name]) for name in a)
    assert not np.array_equal(a["lm_head.weight"], c["lm_head.weight"])


def test_every_parameter_gets_a_gradient_and_none_under_no_grad(rng):
    model = GPT(Config(vocab_size=11, context=8, layers=2, heads=2, width=16, bias=True), rng=rng)
    tokens = rng.integers(0, 11, (2, 9))
    model.loss(tokens[:, :-1], tokens[:, 1:]).backward()
    for name, p in model.named_parameters():
        assert p.grad is not None, name
        assert p.grad.shape == p.shape, name
        assert p.grad.data.any(), name
    with no_grad():
        assert not model(tokens[:, :-1]).requires_grad


def test_gpt_learns_a_pattern_by_heart():
    model = GPT(TINY, rng=np.random.default_rng(0))
    tokens = np.arange(9)[None] * 3 % 11
    optimizer = AdamW(model.parameters(), lr=1e-2)
    for _ in range(60):
        loss = model.loss(tokens[:, :-1], tokens[:, 1:])
        model.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1
    assert np.array_equal(model(tokens[:, :-1]).data.argmax(-1), tokens[:, 1:])


def test_dropout_acts_in_training_only(rng):
    model = GPT(Config(vocab_size=11, context=8, layers=1, heads=2, width=16, dropout=0.5), rng=rng)
    assert not np.array_equal(model([[1, 2]]).data, model([[1, 2]]).data)
    model.eval()
    assert np.array_equal(model([[1, 2]]).data, model([[1, 2]]).data)


@pytest.mark.parametrize(
    ("tokens", "error", "words"),
    [
        (np.zeros((1, 9), int), ValueError, r"GPT: 9 tokens, but the context is 8"),
        ([1, 2], ValueError, r"GPT: tokens of shape \(2,\), wanted \(batch, tokens\)"),
        ([[1, 11]], IndexError, r"wte: Embedding.*from 1 to 11.*11 words"),
        ([[-1, 1]], IndexError, r"wte: Embedding.*from -1 to 1"),
        ([[1.0, 2.0]], TypeError, r"wte: Embedding.*integers, not float64"),
    ],
)
def test_gpt_names_what_it_cannot_read(tokens, error, words):
    with pytest.raises(error, match=words):
        GPT(TINY)(tokens)


def test_gpt_names_targets_and_configs_that_do_not_fit():
    with pytest.raises(ValueError, match=r"\(1, 2\)"):
        GPT(TINY).loss([[1, 2]], [[1, 2, 3]])
    with pytest.raises(ValueError, match="width of 10 does not divide into 4 heads"):
        GPT(Config(vocab_size=5, width=10, heads=4))


# ---------------------------------------------------------------------- MLP
def test_mlp_follows_its_formula(rng):
    model = MLP([3, 5, 4, 2], activation=Tanh, rng=rng)
    x = rng.normal(size=(6, 3)).astype(np.float32)
    s = model.state_dict()
    assert list(s) == [f"layers.{i}.{kind}" for i in (0, 2, 4) for kind in ("weight", "bias")]
    h = np.tanh(x @ s["layers.0.weight"].T + s["layers.0.bias"])
    h = np.tanh(h @ s["layers.2.weight"].T + s["layers.2.bias"])
    assert np.allclose(model(Tensor(x)).data, h @ s["layers.4.weight"].T + s["layers.4.bias"], atol=1e-6)


def test_mlp_sizes_and_start(rng):
    assert MLP([64, 16, 16, 10]).num_parameters() == 64 * 16 + 16 + 16 * 16 + 16 + 16 * 10 + 10
    first = MLP([200, 300, 10], rng=rng).layers[0]
    assert first.weight.data.std() == pytest.approx(math.sqrt(2 / 200), rel=0.03)
    assert not first.bias.data.any()
    assert len(MLP([3, 2]).layers) == 1


def test_mlp_learns_exclusive_or():
    model = MLP([2, 8, 2], rng=np.random.default_rng(1))
    x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32), np.array([0, 1, 1, 0])
    optimizer = SGD(model.parameters(), lr=0.3, momentum=0.9)
    for _ in range(60):
        loss = F.cross_entropy(model(x), y)
        model.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05


def test_mlp_refuses_bad_sizes_and_widths():
    with pytest.raises(ValueError, match=r"MLP.*at least an input and an output width, got \[3\]"):
        MLP([3])
    with pytest.raises(ValueError, match=r"0: Linear: input of shape \(4, 3\), but its last axis must be 2"):
        MLP([2, 2])(np.zeros((4, 3), np.float32))


@pytest.mark.parametrize(
    ("field", "value"), [("vocab_size", 0), ("context", -1), ("layers", 1.5), ("heads", "4"), ("width", 0)]
)
def test_config_names_a_size_that_is_none(field, value):
    with pytest.raises(ValueError, match=f"Config: {field} must be an integer of at least .*got {value!r}"):
        Config(**{"vocab_size": 5, field: value})
