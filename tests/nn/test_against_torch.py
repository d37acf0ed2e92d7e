"""The same network with the same weights and data gives PyTorch's loss, gradients and steps."""

import math

import numpy as np
import pytest

import nn
from autograd import Tensor
from nn import functional as F
from nn.models import GPT, MLP, Config
from nn.optim import SGD, Adam, AdamW

torch = pytest.importorskip("torch")
T = torch.nn.functional
torch.set_num_threads(1)  # small arrays: threads that wait for each other cost more than they bring

CONFIG = Config(vocab_size=65, context=64, layers=4, heads=4, width=128)
TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
DTYPES = list(TOLERANCE)


class TorchAttention(torch.nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads = c.heads
        self.c_attn = torch.nn.Linear(c.width, 3 * c.width, bias=c.bias)
        self.c_proj = torch.nn.Linear(c.width, c.width, bias=c.bias)

    def forward(self, x):
        b, t, w = x.shape
        q, k, v = (y.reshape(b, t, self.heads, -1).transpose(1, 2) for y in self.c_attn(x).split(w, dim=-1))
        scores = q @ k.transpose(-1, -2) / math.sqrt(w // self.heads)
        scores = scores.masked_fill(torch.ones(t, t).triu(1).bool(), -math.inf)
        return self.c_proj((scores.softmax(-1) @ v).transpose(1, 2).reshape(b, t, w))


class TorchFeedForward(torch.nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c_fc = torch.nn.Linear(c.width, 4 * c.width, bias=c.bias)
        self.c_proj = torch.nn.Linear(4 * c.width, c.width, bias=c.bias)
        self.approximate = c.approximate

    def forward(self, x):
        return self.c_proj(T.gelu(self.c_fc(x), approximate=self.approximate))


class TorchBlock(torch.nn.Module):
    def __init__(self, c):
        super().__init__()
        self.ln_1 = torch.nn.LayerNorm(c.width, bias=c.bias)
        self.attn = TorchAttention(c)
        self.ln_2 = torch.nn.LayerNorm(c.width, bias=c.bias)
        self.mlp = TorchFeedForward(c)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class TorchGPT(torch.nn.Module):
    def __init__(self, c):
        super().__init__()
        self.transformer = torch.nn.ModuleDict(
            {
                "wte": torch.nn.Embedding(c.vocab_size, c.width),
                "wpe": torch.nn.Embedding(c.context, c.width),
                "drop": torch.nn.Dropout(c.dropout),
                "h": torch.nn.ModuleList(TorchBlock(c) for _ in range(c.layers)),
                "ln_f": torch.nn.LayerNorm(c.width, bias=c.bias),
            }
        )
        self.lm_head = torch.nn.Linear(c.width, c.vocab_size, bias=False)
        self.lm_head.weight = self.transformer.wte.weight

    def forward(self, tokens):
        t = self.transformer
        x = t.drop(t.wte(tokens) + t.wpe(torch.arange(tokens.shape[1])))
        for block in t.h:
            x = block(x)
        return self.lm_head(t.ln_f(x))


class TorchMLP(torch.nn.Module):
    def __init__(self, sizes):
        super().__init__()
        parts = []
        for n, m in zip(sizes, sizes[1:]):
            parts += [torch.nn.Linear(n, m), torch.nn.ReLU()]
        self.layers = torch.nn.Sequential(*parts[:-1])

    def forward(self, x):
        return self.layers(x)


def peer(ours, theirs):
    """Give PyTorch's model the dtype and the weights of ours; strict, so all names must be the same."""
    theirs = theirs.double() if next(ours.parameters()).dtype == np.float64 else theirs
    theirs.load_state_dict({name: torch.tensor(value) for name, value in ours.state_dict().items()})
    return theirs


def gpts(dtype, rng, config=CONFIG):
    ours = GPT(config, rng=rng)
    for p in ours.parameters():  # away from the special start: biases not zero, attention not uniform
        p.data = p.data + rng.normal(0, 0.05, p.shape)
    ours.astype(dtype)
    tokens = rng.integers(0, config.vocab_size, (2, config.context + 1))
    x, y = tokens[:, :-1], tokens[:, 1:]
    return ours, peer(ours, TorchGPT(config)), x, y, torch.tensor(x), torch.tensor(y)


def mlps(dtype, rng):
    ours = MLP([20, 16, 16, 10], rng=rng).astype(dtype)
    x, y = rng.normal(size=(32, 20)).astype(dtype), rng.integers(0, 10, 32)
    return ours, peer(ours, TorchMLP([20, 16, 16, 10])), x, y, torch.tensor(x), torch.tensor(y)


MODELS = {"gpt": gpts, "mlp": mlps}


def torch_loss(model, x, y):
    return T.cross_entropy(model(x).flatten(0, -2), y.flatten())


def our_loss(model, x, y):
    logits = model(x)
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), y.ravel())


def close(ours, theirs, tolerance, what=""):
    """Agree within `tolerance` of the largest absolute value."""
    ours, theirs = np.asarray(ours), theirs.detach().numpy()
    assert ours.shape == theirs.shape, what
    assert ours.dtype == theirs.dtype, what
    largest = np.abs(theirs).max()
    assert largest > 0, f"{what}: nothing to compare"
    error = np.abs(ours - theirs).max() / largest
    assert error <= tolerance, f"{what}: relative difference {error:.2e}"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", MODELS)
def test_loss_and_every_gradient(kind, dtype, rng):
    ours, theirs, x, y, tx, ty = MODELS[kind](dtype, rng)
    loss, expected = our_loss(ours, x, y), torch_loss(theirs, tx, ty)
    loss.backward()
    expected.backward()
    assert loss.dtype == dtype
    assert loss.item() == pytest.approx(expected.item(), rel=TOLERANCE[dtype])
    names = [name for name, _ in ours.named_parameters()]
    assert names == [name for name, _ in theirs.named_parameters()]
    for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        close(p.grad.data, q.grad, TOLERANCE[dtype], name)


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gpt_with_biases_in_float64(approximate, rng):
    config = Config(vocab_size=11, context=9, layers=2, heads=2, width=16, bias=True, approximate=approximate)
    ours, theirs, x, y, tx, ty = gpts("float64", rng, config)
    loss, expected = ours.loss(x, y), torch_loss(theirs, tx, ty)
    loss.backward()
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-10)
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        # the key's bias shifts all of a query's scores alike: its true gradient is zero, so no rounding is divided
        close(p.grad.data, q.grad, 1e-10, name)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize(
    ("ours_class", "settings"),
    [
        (AdamW, {"lr": 1e-3, "betas": (0.9, 0.95), "weight_decay": 0.1}),
        (Adam, {"lr": 1e-3}),
        (SGD, {"lr": 0.1, "momentum": 0.9}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_five_steps_of_training(kind, ours_class, settings, dtype, rng):
    if kind == "gpt":  # small: the large one is compared above
        config = Config(vocab_size=13, context=8, layers=2, heads=2, width=16)
        ours, theirs, x, y, tx, ty = gpts(dtype, rng, config)
    else:
        ours, theirs, x, y, tx, ty = mlps(dtype, rng)
    optimizer = ours_class(ours.parameters(), **settings)
    reference = getattr(torch.optim, ours_class.__name__)(theirs.parameters(), **settings)
    train(ours, theirs, optimizer, reference, (x, y, tx, ty), TOLERANCE[dtype])
    if dtype == "float64":  # in float32 Adam divides gradients near zero by their own size
        for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
            close(p.data, q, 1e-9, name)


def train(ours, theirs, optimizer, reference, data, tolerance):
    x, y, tx, ty = data
    losses = []
    for _ in range(5):
        loss, expected = our_loss(ours, x, y), torch_loss(theirs, tx, ty)
        losses.append(loss.item())
        assert losses[-1] == pytest.approx(expected.item(), rel=tolerance)
        ours.zero_grad()
        loss.backward()
        optimizer.step()
        reference.zero_grad()
        expected.backward()
        reference.step()
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("dtype", DTYPES)
def test_five_steps_of_adamw_on_the_whole_gpt(dtype, rng):
    ours, theirs, x, y, tx, ty = gpts(dtype, rng)
    settings = {"lr": 1e-3, "betas": (0.9, 0.99), "weight_decay": 0.1}
    optimizer, reference = AdamW(ours.parameters(), **settings), torch.optim.AdamW(theirs.parameters(), **settings)
    short = tuple(a[:, :16] for a in (x, y, tx, ty))  # a quarter of the context: the arithmetic is the same
    train(ours, theirs, optimizer, reference, short, TOLERANCE[dtype])


# ---------------------------------------------------------------------- one by one
X = (3, 7, 8)
FUNCTIONS = {
    "relu": (F.relu, T.relu, [X]),
    "sigmoid": (F.sigmoid, T.sigmoid, [X]),
    "tanh": (F.tanh, T.tanh, [X]),
    "gelu": (F.gelu, T.gelu, [X]),
    "gelu_tanh": (lambda x: F.gelu(x, "tanh"), lambda x: T.gelu(x, approximate="tanh"), [X]),
    "softmax": (F.softmax, lambda x: T.softmax(x, -1), [X]),
    "log_softmax": (F.log_softmax, lambda x: T.log_softmax(x, -1), [X]),
    "softmax_dim_1": (lambda x: F.softmax(x, dim=1), lambda x: T.softmax(x, 1), [X]),
    "linear": (F.linear, T.linear, [X, (5, 8), (5,)]),
    "linear_no_bias": (lambda x, w: F.linear(x, w, None), T.linear, [X, (5, 8)]),
    "layer_norm": (
        lambda x, w, b: F.layer_norm(x, 8, w, b),
        lambda x, w, b: T.layer_norm(x, (8,), w, b, 1e-5),
        [X, (8,), (8,)],
    ),
    "rms_norm": (lambda x, w: F.rms_norm(x, 8, w), lambda x, w: T.rms_norm(x, (8,), w), [X, (8,)]),
    "mse_loss": (F.mse_loss, T.mse_loss, [X, X]),
    "attention": (F.scaled_dot_product_attention, T.scaled_dot_product_attention, [(2, 3, 5, 4)] * 3),
    "causal_attention": (
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
        lambda q, k, v: T.scaled_dot_product_attention(q, k, v, is_causal=True),
        [(2, 3, 5, 4)] * 3,
    ),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_and_their_gradients(name, dtype, rng):
    ours, theirs, shapes = FUNCTIONS[name]
    arrays = [(2 * rng.normal(size=s)).astype(dtype) for s in shapes]
    xs = [Tensor(a, requires_grad=True) for a in arrays]
    ts = [torch.tensor(a, requires_grad=True) for a in arrays]
    y, t = ours(*xs), theirs(*ts)
    close(y.data, t, TOLERANCE[dtype], "value")
    seed = rng.normal(size=y.shape).astype(dtype)
    y.backward(Tensor(seed))
    t.backward(torch.tensor(seed))
    for i, (a, b) in enumerate(zip(xs, ts)):
        close(a.grad.data, b.grad, TOLERANCE[dtype], f"gradient of argument {i}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_cross_entropy(dtype, rng):
    logits, targets = (3 * rng.normal(size=(4, 9, 6))).astype(dtype), rng.integers(0, 9, (4, 6))
    x, t = Tensor(logits, requires_grad=True), torch.tensor(logits, requires_grad=True)
    loss, expected = F.cross_entropy(x, targets), T.cross_entropy(t, torch.tensor(targets))
    assert loss.item() == pytest.approx(expected.item(), rel=TOLERANCE[dtype])
    loss.backward()
    expected.backward()
    close(x.grad.data, t.grad, TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
def test_embedding_adds_the_gradients_of_repeated_words(dtype, rng):
    table = nn.Embedding(6, 4, rng=rng).astype(dtype)
    tokens = np.array([[1, 1, 5], [0, 1, 5]])
    theirs = peer(table, torch.nn.Embedding(6, 4))
    seed = rng.normal(size=(2, 3, 4)).astype(dtype)
    table(tokens).backward(Tensor(seed))
    theirs(torch.tensor(tokens)).backward(torch.tensor(seed))
    close(table.weight.grad.data, theirs.weight.grad, TOLERANCE[dtype])


LAYERS = [
    (nn.Linear(8, 5), torch.nn.Linear(8, 5)),
    (nn.Linear(8, 5, bias=False), torch.nn.Linear(8, 5, bias=False)),
    (nn.LayerNorm(8), torch.nn.LayerNorm(8)),
    (nn.LayerNorm(8, bias=False), torch.nn.LayerNorm(8, bias=False)),
    (nn.RMSNorm(8), torch.nn.RMSNorm(8)),
    (nn.RMSNorm(8, eps=1e-3), torch.nn.RMSNorm(8, eps=1e-3)),
    (nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 2)),
     torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2))),
]  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs"), LAYERS, ids=[repr(a).split("\n")[0] for a, _ in LAYERS])
def test_layers_take_pytorchs_weights(ours, theirs, rng):
    for p in theirs.parameters():
        p.data = torch.tensor(rng.normal(size=tuple(p.shape)), dtype=torch.float32)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    x = rng.normal(size=X).astype(np.float32)
    close(ours(x).data, theirs(torch.tensor(x)), 2e-6)


def test_initial_spread_is_pytorchs(rng):
    torch.manual_seed(0)
    ours, theirs = nn.Linear(100, 400, rng=rng), torch.nn.Linear(100, 400)
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert a.data.std() == pytest.approx(b.std().item(), rel=0.1)
        assert np.abs(a.data).max() <= 0.1
    ours_table, theirs_table = nn.Embedding(100, 100, rng=rng), torch.nn.Embedding(100, 100)
    assert ours_table.weight.data.std() == pytest.approx(theirs_table.weight.std().item(), rel=0.05)


def test_text_gains_and_half_precision_weights_are_pytorchs(rng):
    ours = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.GELU(), nn.Sequential(nn.Embedding(5, 4), nn.Tanh()))
    inner = torch.nn.Sequential(torch.nn.Embedding(5, 4), torch.nn.Tanh())
    theirs = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.GELU(), inner)
    assert repr(ours) == repr(theirs)
    for name in (*nn.init.GAINS, "leaky_relu"):
        assert nn.init.calculate_gain(name) == pytest.approx(torch.nn.init.calculate_gain(name), rel=1e-12)
    ours.load_state_dict(theirs.bfloat16().state_dict())  # a dtype that NumPy lacks; every value is a float32
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert a.dtype == np.float32
        assert np.array_equal(a.data, b.detach().float().numpy())
