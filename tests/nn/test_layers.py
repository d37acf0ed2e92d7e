"""Each layer against its formula in NumPy, its gradients against finite differences, and what it refuses."""

import math

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Tensor
from nn import functional as F
from nn import init, layers

erf = np.vectorize(math.erf)


def f32(rng, *shape):
    return rng.normal(size=shape).astype(np.float32)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def randomize(module, rng, dtype=np.float64):
    """Weights away from their special starts, in `dtype`."""
    module.astype(dtype)
    for p in module.parameters():
        p.data = rng.normal(0, 0.5, p.shape)
    return module


# ---------------------------------------------------------------------- formulas
ACTIVATIONS = [
    (nn.ReLU(), lambda x: np.maximum(x, 0)),
    (nn.Sigmoid(), lambda x: 1 / (1 + np.exp(-x))),
    (nn.Tanh(), np.tanh),
    (nn.GELU(), lambda x: x * (1 + erf(x / math.sqrt(2))) / 2),
    (layers.SiLU(), lambda x: x / (1 + np.exp(-x))),
    (layers.LeakyReLU(0.1), lambda x: np.maximum(x, 0.1 * x)),
    (layers.ELU(2.0), lambda x: np.where(x > 0, x, 2 * np.expm1(x))),
    (layers.Softplus(2.0), lambda x: np.log1p(np.exp(2 * x)) / 2),
    (layers.LogSigmoid(), lambda x: -np.log1p(np.exp(-x))),
    (layers.Mish(), lambda x: x * np.tanh(np.log1p(np.exp(x)))),
    (layers.Softsign(), lambda x: x / (1 + abs(x))),
    (nn.GELU("tanh"), lambda x: x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))),
]


@pytest.mark.parametrize(("layer", "formula"), ACTIVATIONS, ids=[repr(a) for a, _ in ACTIVATIONS])
def test_activations(layer, formula):
    x = np.linspace(-6, 6, 101)
    assert np.allclose(layer(Tensor(x)).data, formula(x), rtol=1e-12, atol=1e-14)
    assert layer(Tensor(x.astype(np.float32))).dtype == np.float32


def test_activations_survive_large_numbers():
    x = Tensor(np.array([-1e4, 1e4], np.float32), requires_grad=True)
    for layer, _ in ACTIVATIONS:
        with np.errstate(over="raise", invalid="raise"):
            (grad,) = ag.gradients(layer(x).sum(), [x])
        assert np.isfinite(grad.data).all(), layer


@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 5, 3), (0, 3)])
def test_linear(shape, rng):
    layer, x = nn.Linear(3, 4, rng=rng), f32(rng, *shape)
    assert np.allclose(layer(Tensor(x)).data, x @ layer.weight.data.T + layer.bias.data, atol=1e-6)
    bare = nn.Linear(3, 4, bias=False, rng=rng)
    assert bare.bias is None
    assert np.allclose(bare(Tensor(x)).data, x @ bare.weight.data.T, atol=1e-6)


def test_layer_norm(rng):
    x = 3 + 5 * rng.normal(size=(2, 4, 6))
    layer = randomize(nn.LayerNorm(6, eps=1e-3), rng)
    normed = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-3)
    assert np.allclose(layer(Tensor(x)).data, normed * layer.weight.data + layer.bias.data, atol=1e-12)
    fresh = nn.LayerNorm(6, bias=False)(Tensor(x)).data
    assert np.allclose(fresh.mean(-1), 0, atol=1e-6)
    assert np.allclose(fresh.std(-1), 1, atol=1e-4)


def test_norms_of_a_constant_row_are_finite():
    x = Tensor(np.full((1, 4), 7.0, np.float32), requires_grad=True)
    y = nn.LayerNorm(4)(x)
    y.sum().backward()
    assert np.abs(y.data).max() == 0
    assert np.isfinite(x.grad.data).all()
    assert nn.RMSNorm(4)(Tensor(np.zeros((1, 4), np.float32))).data.tolist() == [[0, 0, 0, 0]]


def test_rms_norm(rng):
    x = 3 + 5 * rng.normal(size=(2, 4, 6))
    layer = randomize(nn.RMSNorm(6, eps=1e-3), rng)
    expected = x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-3) * layer.weight.data
    assert np.allclose(layer(Tensor(x)).data, expected, atol=1e-12)


def test_embedding_and_its_unembedding(rng):
    table = nn.Embedding(7, 3, rng=rng)
    tokens = np.array([[0, 6, 6], [1, 2, 3]])
    assert np.array_equal(table(tokens).data, table.weight.data[tokens])
    assert table(np.zeros((2, 0), int)).shape == (2, 0, 3)
    x = f32(rng, 4, 3)
    assert np.allclose(table.unembed(Tensor(x)).data, x @ table.weight.data.T, atol=1e-6)
    (table(tokens) * 2).sum().backward()
    assert table.weight.grad.data[:, 0].tolist() == [2, 2, 2, 2, 0, 0, 4]


def attention_by_hand(layer, x):
    """One head and one batch at a time."""
    batch, tokens, width = x.shape
    d = width // layer.heads
    qkv = x @ layer.c_attn.weight.data.T + layer.c_attn.bias.data
    q, k, v = qkv[..., :width], qkv[..., width : 2 * width], qkv[..., 2 * width :]
    out = np.zeros_like(x)
    for b in range(batch):
        for h in range(layer.heads):
            part = slice(h * d, (h + 1) * d)
            for t in range(tokens):
                weights = softmax(k[b, : t + 1, part] @ q[b, t, part] / math.sqrt(d))
                out[b, t, part] = weights @ v[b, : t + 1, part]
    return out @ layer.c_proj.weight.data.T + layer.c_proj.bias.data


@pytest.mark.parametrize("heads", [1, 2, 6])
def test_attention(heads, rng):
    layer = randomize(nn.CausalSelfAttention(6, heads, rng=rng), rng)
    x = rng.normal(size=(2, 5, 6))
    assert np.allclose(layer(Tensor(x)).data, attention_by_hand(layer, x), atol=1e-12)


@pytest.mark.parametrize("make", [nn.CausalSelfAttention, nn.Block])
def test_later_tokens_change_no_earlier_output(make, rng):
    layer = randomize(make(8, 2, rng=rng), rng)
    x = rng.normal(size=(1, 6, 8))
    before = layer(Tensor(x)).data
    for t in range(6):
        changed = x.copy()
        changed[:, t:] = rng.normal(size=changed[:, t:].shape)
        after = layer(Tensor(changed)).data
        assert np.allclose(after[:, :t], before[:, :t], rtol=0, atol=1e-12)
        assert np.abs(after[:, t:] - before[:, t:]).min(axis=(0, 2)).min() > 0
    inputs = Tensor(x, requires_grad=True)
    layer(inputs)[:, 3].sum().backward()
    assert not inputs.grad.data[:, 4:].any()
    assert np.abs(inputs.grad.data[:, :4]).min() > 0


def test_rows_of_the_causal_pattern_sum_to_one(rng):
    scores = Tensor(5 * f32(rng, 2, 3, 4, 4)) + F.causal_mask(4, 4, np.dtype(np.float32))
    pattern = F.softmax(scores).data
    assert np.allclose(pattern.sum(-1), 1, atol=1e-6)
    assert not pattern[..., np.triu(np.ones((4, 4), bool), 1)].any()
    assert np.all(pattern[..., 0, 0] == 1)
    # attention to values of one gives one: what a row's weights sum to
    q = Tensor(f32(rng, 2, 4, 3))
    ones = Tensor(np.ones((2, 4, 3), np.float32))
    assert np.allclose(F.scaled_dot_product_attention(q, q, ones, is_causal=True).data, 1, atol=1e-6)


def test_causal_mask_of_the_last_queries():
    mask = F.causal_mask(2, 4, np.dtype(np.float64)).data
    assert np.array_equal(np.isfinite(mask), [[True, True, True, False], [True] * 4])
    assert not mask[np.isfinite(mask)].any()


def test_block_is_two_residual_steps(rng):
    block = randomize(nn.Block(6, 2, rng=rng), rng)
    x = rng.normal(size=(2, 4, 6))

    def norm(x, layer):
        return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + layer.eps) * layer.weight.data + (
            layer.bias.data
        )

    gelu = ACTIVATIONS[-1][1]
    y = x + attention_by_hand(block.attn, norm(x, block.ln_1))
    fc, proj = block.mlp.c_fc, block.mlp.c_proj
    y = y + gelu(norm(y, block.ln_2) @ fc.weight.data.T + fc.bias.data) @ proj.weight.data.T + proj.bias.data
    assert np.allclose(block(Tensor(x)).data, y, atol=1e-11)


def test_losses(rng):
    logits, targets = rng.normal(size=(2, 3, 5)), rng.integers(0, 5, (2, 3))
    expected = -np.log(np.take_along_axis(softmax(logits), targets[..., None], -1)).mean()
    assert F.cross_entropy(Tensor(np.swapaxes(logits, 1, 2)), targets).item() == pytest.approx(expected, rel=1e-12)
    a, b = rng.normal(size=(3, 2)), rng.normal(size=(3, 2))
    assert F.mse_loss(Tensor(a), b).item() == pytest.approx(((a - b) ** 2).mean(), rel=1e-12)


# ---------------------------------------------------------------------- dropout
def test_dropout_keeps_the_mean_and_drops_its_share():
    layer = nn.Dropout(0.3, rng=np.random.default_rng(0))
    x = Tensor(np.full(100_000, 2.0, np.float32), requires_grad=True)
    y = layer(x)
    assert y.dtype == np.float32
    assert (y.data == 0).mean() == pytest.approx(0.3, abs=0.01)  # seven deviations
    assert y.data.mean() == pytest.approx(2.0, abs=0.03)
    assert np.allclose(np.unique(y.data), [0, 2 / 0.7])
    y.sum().backward()
    assert np.array_equal(x.grad.data == 0, y.data == 0)  # the gradient goes through the same mask


def test_dropout_follows_its_seed():
    x = Tensor(np.ones(50, np.float32))
    a, b, c = (nn.Dropout(0.5, rng=np.random.default_rng(seed)) for seed in (1, 1, 2))
    first = a(x).data
    assert np.array_equal(first, b(x).data)
    assert not np.array_equal(first, c(x).data)
    assert not np.array_equal(first, a(x).data)  # a new mask at every call


def test_dropout_does_nothing_in_eval_or_at_zero():
    x = Tensor(np.ones(50, np.float32))
    assert np.array_equal(nn.Dropout(0.9).eval()(x).data, x.data)
    assert np.array_equal(nn.Dropout(0.0)(x).data, x.data)


@pytest.mark.parametrize("make", [lambda r: nn.Block(8, 2, dropout=0.5, rng=r)])
def test_dropout_inside_a_block(make):
    x = Tensor(np.ones((1, 3, 8), np.float32))
    a, b = make(np.random.default_rng(3)), make(np.random.default_rng(3))
    assert np.array_equal(a(x).data, b(x).data)
    assert not np.array_equal(a(x).data, a(x).data)
    a.eval()
    assert np.array_equal(a(x).data, a(x).data)


# ---------------------------------------------------------------------- initialisers
def test_initialisers_have_the_spread_of_their_formulas(rng):
    w = nn.Parameter(np.zeros((300, 200)))
    for fill, std in [
        (init.kaiming_normal_, math.sqrt(2 / 200)),
        (init.xavier_normal_, math.sqrt(2 / 500)),
        (init.normal_, 1.0),
    ]:
        assert fill(w, rng=rng) is w
        assert w.data.std() == pytest.approx(std, rel=0.02)  # seven deviations of 60,000 samples
        assert abs(w.data.mean()) < 0.03 * std
        assert np.abs(w.data).max() > 3 * std  # no uniform
    for fill, bound in [(init.kaiming_uniform_, math.sqrt(6 / 200)), (init.xavier_uniform_, math.sqrt(6 / 500))]:
        fill(w, rng=rng)
        assert 0.99 * bound < np.abs(w.data).max() <= bound * (1 + 1e-6)
        assert w.data.std() == pytest.approx(bound / math.sqrt(3), rel=0.02)
    init.uniform_(w, 2.0, 3.0, rng)
    assert w.data.min() >= 2
    assert w.data.max() <= 3
    assert not init.zeros_(w).data.any()
    assert (init.ones_(w).data == 1).all()
    assert w.dtype == np.float32


def test_initialisers_follow_their_seed_and_layers_too():
    for make in (
        lambda r: nn.Linear(3, 4, rng=r),
        lambda r: nn.Embedding(3, 4, rng=r),
        lambda r: nn.Block(4, 2, rng=r),
    ):
        a, b, c = (make(np.random.default_rng(seed)).state_dict() for seed in (0, 0, 1))
        assert all(np.array_equal(a[k], b[k]) for k in a)
        assert any(not np.array_equal(a[k], c[k]) for k in a)


def test_layers_start_within_their_bounds(rng):
    layer = nn.Linear(64, 1000, rng=rng)
    for p in layer.parameters():
        assert 0.9 / 8 < np.abs(p.data).max() <= 1 / 8
        assert p.dtype == np.float32
    table = nn.Embedding(200, 200, rng=rng).weight.data
    assert table.std() == pytest.approx(1, rel=0.02)


def test_fans_need_two_axes():
    assert init.fans((3, 5)) == (5, 3)
    with pytest.raises(ValueError, match=r"two axes, not shape \(3,\)"):
        init.kaiming_normal_(nn.Parameter(np.zeros(3)))


# ---------------------------------------------------------------------- gradients of a block
def flat_loss(block, x, target):
    return ((block(x) - Tensor(target)) ** 2).mean()


def directional(f, x, v, h):
    """Fourth-order central difference."""
    return (8 * (f(x + h * v) - f(x - h * v)) - (f(x + 2 * h * v) - f(x - 2 * h * v))) / (12 * h)


def test_gradient_through_a_block_is_the_slope(rng):
    block = randomize(nn.Block(4, 2, rng=rng), rng)
    x, target = rng.normal(size=(1, 3, 4)), rng.normal(size=(1, 3, 4))
    flat_loss(block, Tensor(x), target).backward()
    for name, p in block.named_parameters():
        start, v = p.data.copy(), rng.normal(size=p.shape)

        def f(w, p=p):
            p.data = w
            return flat_loss(block, Tensor(x), target).item()

        slope = directional(f, start, v, 1e-3)
        p.data = start
        assert slope == pytest.approx((p.grad.data * v).sum(), rel=1e-6, abs=1e-9), name


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_second_derivatives_through_a_block(approximate, rng):
    block = randomize(nn.Block(4, 2, approximate=approximate, rng=rng), rng)
    params = list(block.parameters())
    x, target = rng.normal(size=(1, 3, 4)), rng.normal(size=(1, 3, 4))
    starts, vs = [p.data.copy() for p in params], [rng.normal(size=p.shape) for p in params]
    # a product of the Hessian and v, by differentiating (gradient . v) ...
    gs = ag.gradients(flat_loss(block, Tensor(x), target), params, create_graph=True)
    dot = sum((g * Tensor(v)).sum() for g, v in zip(gs, vs, strict=True))
    products = ag.gradients(dot, params)

    # ... and as the difference of gradients along v
    def slopes(t):
        for p, start, v in zip(params, starts, vs, strict=True):
            p.data = start + t * v
        return [g.data for g in ag.gradients(flat_loss(block, Tensor(x), target), params)]

    h = 1e-3
    near = [a - b for a, b in zip(slopes(h), slopes(-h), strict=True)]
    far = [a - b for a, b in zip(slopes(2 * h), slopes(-2 * h), strict=True)]
    scale = max(np.abs(p.data).max() for p in products)
    for (name, _), hv, one, two in zip(block.named_parameters(), products, near, far, strict=True):
        expected = (8 * one - two) / (12 * h)
        assert np.abs(hv.data - expected).max() < 1e-6 * scale, name


# ---------------------------------------------------------------------- refusals
class Holder(nn.Module):
    def __init__(self, part):
        super().__init__()
        self.part = part

    def forward(self, x):
        return self.part(x)


ZEROS = np.zeros((2, 3, 5), np.float32)
REFUSED = [
    (lambda: nn.Linear(4, 2)(Tensor(ZEROS)), ValueError, r"Linear.*\(2, 3, 5\).*last axis must be 4"),
    (lambda: nn.Linear(4, 2)(Tensor(1.0)), ValueError, r"Linear.*\(\).*last axis must be 4"),
    (lambda: nn.LayerNorm(4)(Tensor(ZEROS)), ValueError, r"LayerNorm.*\(2, 3, 5\).*last axis must be 4"),
    (lambda: nn.RMSNorm(4)(Tensor(ZEROS)), ValueError, r"RMSNorm.*\(2, 3, 5\).*last axis must be 4"),
    (lambda: Holder(nn.Linear(4, 2))(Tensor(ZEROS)), ValueError, r"part: Linear.*\(2, 3, 5\)"),
    (lambda: nn.CausalSelfAttention(4, 2)(Tensor(ZEROS)), ValueError, r"CausalSelfAttention.*\(2, 3, 5\).*tokens, 4\)"),
    (lambda: nn.CausalSelfAttention(5, 1)(Tensor(ZEROS[0])), ValueError, r"CausalSelfAttention.*\(3, 5\)"),
    (lambda: nn.CausalSelfAttention(6, 4), ValueError, r"width of 6 does not divide into 4 heads"),
    (lambda: nn.CausalSelfAttention(6, 0), ValueError, r"6 does not divide into 0 heads"),
    (lambda: nn.Block(6, 4), ValueError, r"width of 6 does not divide into 4 heads"),
    (lambda: nn.Embedding(5, 2)([[1.0]]), TypeError, r"Embedding.*integers, not float64"),
    (lambda: nn.Embedding(5, 2)([True]), TypeError, r"Embedding.*integers, not bool"),
    (lambda: nn.Embedding(5, 2)([0, 5]), IndexError, r"Embedding.*from 0 to 5.*5 words"),
    (lambda: nn.Embedding(5, 2)([-1, 2]), IndexError, r"Embedding.*from -1 to 2.*5 words"),
    (lambda: nn.Dropout(1.1), ValueError, r"Dropout: p.*got 1.1"),
    (lambda: F.dropout(Tensor(ZEROS), -0.1), ValueError, r"dropout: p.*got -0.1"),
    (lambda: nn.GELU("fast"), ValueError, r"'none' or 'tanh', not 'fast'"),
    (lambda: F.mse_loss(Tensor(ZEROS), ZEROS[..., :1]), ValueError, r"\(2, 3, 5\).*\(2, 3, 1\)"),
    (lambda: F.cross_entropy(Tensor(ZEROS), np.zeros((2, 4), int)), ValueError, r"cross_entropy.*\(2, 5\)"),
    (lambda: F.cross_entropy(Tensor(ZEROS), np.full((2, 5), 3)), ValueError, r"cross_entropy: class 3 .*has 3 classes"),
    (lambda: F.cross_entropy(Tensor(ZEROS), np.zeros((2, 5))), TypeError, r"cross_entropy.*float64"),
    (
        lambda: F.scaled_dot_product_attention(Tensor(ZEROS), Tensor(ZEROS[..., :4]), Tensor(ZEROS)),
        ValueError,
        r"attention: query \(2, 3, 5\), key \(2, 3, 4\)",
    ),
]


@pytest.mark.parametrize(("call", "error", "words"), REFUSED, ids=[words for _, _, words in REFUSED])
def test_what_does_not_fit_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


# ---------------------------------------------------------------------- patterns, gains, and more refusals
def test_attention_keeps_its_pattern_only_when_asked(rng):
    layer = randomize(nn.CausalSelfAttention(6, 2, dropout=0.5, rng=rng), rng)
    x = rng.normal(size=(2, 5, 6))
    layer(Tensor(x))
    assert layer.pattern is None
    layer.record_pattern = True
    layer(Tensor(x))
    q, k, _ = np.split(x @ layer.c_attn.weight.data.T + layer.c_attn.bias.data, 3, axis=-1)
    for head, part in enumerate((slice(0, 3), slice(3, 6))):
        scores = q[..., part] @ np.swapaxes(k[..., part], -1, -2) / math.sqrt(3)
        expected = softmax(np.where(np.tri(5, dtype=bool), scores, -np.inf))
        assert np.allclose(layer.pattern[:, head], expected, atol=1e-12)  # before dropout
    assert list(layer.state_dict()) == ["c_attn.weight", "c_attn.bias", "c_proj.weight", "c_proj.bias"]


def test_kaiming_follows_its_mode_and_slope(rng):
    w = nn.Parameter(np.zeros((300, 200)))
    for settings, std in [
        ({"mode": "fan_out"}, math.sqrt(2 / 300)),
        ({"a": 1.0}, math.sqrt(1 / 200)),
        ({"nonlinearity": "tanh"}, 5 / 3 / math.sqrt(200)),
    ]:
        assert init.kaiming_normal_(w, **settings, rng=rng).data.std() == pytest.approx(std, rel=0.02)
    init.kaiming_uniform_(w, a=math.sqrt(5), rng=rng)  # the start of a linear layer
    assert 0.99 / math.sqrt(200) < np.abs(w.data).max() <= (1 + 1e-6) / math.sqrt(200)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: nn.Linear(4, 2)([[1.0, 2.0]]), TypeError, r"Linear: the input is a list, wanted a Tensor or an array"),
        (lambda: init.calculate_gain("swish"), ValueError, r"'swish'; wanted one of linear, .*leaky_relu"),
        (lambda: init.kaiming_normal_(nn.Parameter(ZEROS[0]), mode="both"), ValueError, r"'fan_out', not 'both'"),
        (
            lambda: F.scaled_dot_product_attention(Tensor(ZEROS), *[Tensor(ZEROS[:, :2])] * 2, is_causal=True),
            ValueError,
            r"query \(2, 3, 5\), key \(2, 2, 5\).*more queries than keys",
        ),
        (lambda: F.scaled_dot_product_attention(*[Tensor(np.ones(3))] * 3), ValueError, r"wanted \(\.\.\., tokens"),
    ],
)
def test_more_that_does_not_fit_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()
