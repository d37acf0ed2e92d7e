"""Trouble is marked where it is, in the picture and in the text, and nothing healthy is marked."""

import numpy as np
import pytest

import autograd as ag
import autograd.numpy as anp
import nn
from autograd import Tensor, ops
from autograd.draw import draw, recording, style, trouble
from nn import functional, init
from nn.models import GPT, MLP, Config

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "gelu": nn.GELU, "sigmoid": nn.Sigmoid}


def mlp(rng, activation, depth, width=32, inputs=64, outputs=10):
    sizes = [inputs, *[width] * (depth - 1), outputs]
    layers = []
    for i, (n, m) in enumerate(zip(sizes, sizes[1:], strict=False)):
        layer = nn.Linear(n, m, rng=rng)
        (init.xavier_normal_ if activation in ("tanh", "sigmoid") else init.kaiming_normal_)(layer.weight, rng=rng)
        init.zeros_(layer.bias)
        layers += [layer, ACTIVATIONS[activation]()] if i < depth - 1 else [layer]
    return nn.Sequential(*layers)


class Residual(nn.Module):
    def __init__(self, rng, blocks=8):
        super().__init__()
        self.blocks = nn.ModuleList([mlp(rng, "relu", 2, 64, 64, 64) for _ in range(blocks)])
        self.out = nn.Linear(64, 10, rng=rng)

    def forward(self, x):
        for block in self.blocks:
            x = x + block(x)
        return self.out(x)


class Recurrent(nn.Module):
    def __init__(self, rng, steps=20):
        super().__init__()
        self.x, self.h, self.out = nn.Linear(3, 32, rng=rng), nn.Linear(32, 32, rng=rng), nn.Linear(32, 10, rng=rng)
        self.steps = steps

    def forward(self, x):
        h = np.zeros((len(x.data if isinstance(x, Tensor) else x), 32), np.float32)
        for t in range(self.steps):
            h = anp.tanh(self.x(x[:, 3 * t : 3 * t + 3]) + self.h(h))
        return self.out(h)


class Convolutional(nn.Module):
    def __init__(self, rng):
        super().__init__()
        self.first = nn.Parameter(rng.normal(size=(8, 1, 3, 3)) * np.sqrt(2 / 9))
        self.second = nn.Parameter(rng.normal(size=(16, 8, 3, 3)) * np.sqrt(2 / 72))
        self.out = nn.Linear(16 * 64, 10, rng=rng)

    def forward(self, x):
        x = ops.relu(ops.conv(x.reshape(-1, 1, 8, 8), self.first, None, 1, 1))
        x = ops.relu(ops.conv(x, self.second, None, 1, 1))
        return self.out(x.reshape(len(x), -1))


def batch(rng):
    return rng.normal(size=(64, 64)).astype(np.float32), rng.integers(0, 10, 64)


def classified(model, rng):
    x, y = batch(rng)
    return model, functional.cross_entropy(model(x), y)


def gpt(rng):
    model = GPT(Config(vocab_size=65, context=32, layers=4, heads=4, width=32, bias=True), rng=rng)
    tokens = rng.integers(0, 65, (4, 32))
    return model, model.loss(tokens, tokens)


def autoencoder(rng):
    model = nn.Sequential(mlp(rng, "relu", 3, 32, 64, 4), mlp(rng, "relu", 3, 32, 4, 64))
    x, _ = batch(rng)
    return model, ((model(x) - x) ** 2).mean()


HEALTHY = {
    "relu": lambda rng: classified(mlp(rng, "relu", 12), rng),
    "tanh": lambda rng: classified(mlp(rng, "tanh", 12), rng),
    "gelu": lambda rng: classified(mlp(rng, "gelu", 6), rng),
    "shallow sigmoid": lambda rng: classified(mlp(rng, "sigmoid", 3), rng),
    "the lectures' network": lambda rng: classified(MLP([64, 16, 16, 10], rng=rng), rng),
    "conv": lambda rng: classified(Convolutional(rng), rng),
    "gpt": gpt,
    "residual": lambda rng: classified(Residual(rng), rng),
    "rnn": lambda rng: classified(Recurrent(rng), rng),
    "softmax": lambda rng: classified(nn.Linear(64, 10, rng=rng), rng),
    "autoencoder": autoencoder,
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", HEALTHY)
def test_nothing_healthy_is_marked(name, seed):
    model, loss = HEALTHY[name](np.random.default_rng(seed))
    d = draw(loss, model)
    assert [str(found) for found in d.troubles] == [] and "trouble" not in d.text
    assert style.LIGHT.trouble not in d.dot


def sigmoid_network(seed=0):
    return classified(mlp(np.random.default_rng(seed), "sigmoid", 12), np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(3))
def test_twelve_sigmoid_layers_let_the_gradient_vanish(seed):
    model, loss = sigmoid_network(seed)
    d = draw(loss, model)
    marked = {found.name for found in d.troubles}
    assert {found.kind for found in d.troubles} == {"vanishing"}
    assert {"0.weight", "0.bias"} <= marked and not marked & {"22.weight", "22.bias", "20.weight"}
    sizes = [d.view.record.statistics(p._node).rms for name, p in model.named_parameters() if name.endswith("weight")]
    assert sizes == sorted(sizes)
    assert len({style.step(s, 1.0) for s in sizes}) > 6  # and the colours tell the layers apart
    (line,) = [line for line in d.text.splitlines() if " 0.weight " in line and "%" in line]
    assert line.endswith("▽ vanishing") and "▽ vanishing" in d.dot and style.LIGHT.trouble in d.dot


def test_a_sum_of_errors_vanishes_as_well_as_a_mean():
    rng = np.random.default_rng(0)
    model, (x, y) = mlp(rng, "sigmoid", 12), batch(rng)
    loss = ((model(x) - np.eye(10, dtype=np.float32)[y]) ** 2).sum()
    assert "0.weight" in {found.name for found in draw(loss, model).troubles}


def test_a_gradient_so_small_that_it_is_zero_has_vanished():
    rng = np.random.default_rng(0)
    model, loss = classified(mlp(rng, "sigmoid", 90), rng)
    first = draw(loss, model).view.record
    assert first.statistics(model[0].weight._node).rms == 0.0
    assert "0.weight" in {found.name for found in first.troubles}


def test_trouble_is_told_of_a_freed_graph_too():
    model, loss = sigmoid_network()
    before = [str(found) for found in draw(loss, model).troubles]
    with recording() as flow:
        loss.backward()
    assert [str(found) for found in draw(loss, model, flow=flow).troubles] == before


def test_an_explosion_is_marked_where_it_happens():
    rng = np.random.default_rng(0)
    model = mlp(rng, "tanh", 6)
    x, y = batch(rng)
    h = x
    for i, layer in enumerate(model):
        h = layer(h)
        if i == 5:
            h = h + (h - ops.stop_gradient(h) if hasattr(ops, "stop_gradient") else h - h.detach()) * 1e9
    d = draw(functional.cross_entropy(h, y), model)
    (found,) = d.troubles
    assert found.kind == "exploding" and found.node.op.name == "multiply" and "▲ exploding" in d.dot


def test_a_gradient_that_grows_layer_by_layer_has_exploded():
    rng = np.random.default_rng(0)
    model = mlp(rng, "relu", 12)
    for layer in model:
        if isinstance(layer, nn.Linear):
            layer.weight.data = layer.weight.data * np.float32(10)
    x, _ = batch(rng)
    d = draw(model(x).sum() * 1e-3, model)
    assert [found.kind for found in d.troubles] == ["exploding"]


class Damaged(nn.Module):
    """Three layers, with something between the first two."""

    def __init__(self, rng, between):
        super().__init__()
        self.a, self.b, self.c = (nn.Linear(n, m, rng=rng) for n, m in ((64, 32), (32, 32), (32, 10)))
        self.between = between

    def forward(self, x):
        return self.c(anp.tanh(self.b(self.between(anp.tanh(self.a(x))))))


def damaged(between, seed=0):
    rng = np.random.default_rng(seed)
    return classified(Damaged(rng, between), rng)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("between", "op"),
    [
        (lambda h: anp.log(h), "log"),
        (lambda h: h + np.where(np.arange(32) == 3, np.nan, 0), "add"),
        (lambda h: h * np.where(np.arange(32) == 3, np.nan, 1), "multiply"),
        (lambda h: anp.exp(h) + np.nan, "add"),
    ],
)
@pytest.mark.parametrize("freed", [False, True])
def test_a_nan_is_marked_where_it_starts(between, op, freed):
    model, loss = damaged(between)
    flow = None
    if freed:
        with recording() as flow:
            loss.backward()
    d = draw(loss, model, flow=flow)
    (found,) = [found for found in d.troubles if found.kind == "nan"]
    assert found.node.op.name == op and found.node.scope.label == "Damaged"
    assert "⚠ NaN starts here" in d.dot and "⚠ NaN starts here" in d.text


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_an_overflow_before_a_nan_is_marked_as_well():
    model, loss = damaged(lambda h: (big := anp.exp(h * 1e4)) / big)
    assert [(found.kind, found.node.op.name) for found in draw(loss, model).troubles] == [
        ("nan", "divide"),
        ("infinite", "exp"),
    ]


def test_a_gradient_that_is_infinite_where_the_values_are_fine():
    model, loss = damaged(lambda h: anp.sqrt(h * 0.0))
    (found,) = draw(loss, model).troubles
    assert (found.kind, found.node.op.name) == ("infinite", "sqrt") and "values are finite" in found.said


def test_masks_of_minus_infinity_are_no_trouble():
    x = Tensor(np.zeros((3, 3)), requires_grad=True)
    mask = np.triu(np.full((3, 3), -np.inf), 1)
    assert draw((ops.softmax(x + mask) * np.arange(3.0)).sum()).troubles == ()


def test_dead_units():
    rng = np.random.default_rng(0)
    model = mlp(rng, "relu", 4)
    model[2].bias.data = np.full(32, -1e3)
    _, loss = classified(model, rng)
    d = draw(loss, model)
    (found,) = d.troubles
    assert (found.kind, found.share, found.node.scope.label) == ("dead", 1.0, "3: ReLU")
    assert "✕ dead 100 %" in d.dot and "✕ dead 100 %" in d.text


def test_dead_channels_of_a_convolution():
    rng = np.random.default_rng(0)
    x = Tensor(np.abs(rng.normal(size=(4, 1, 8, 8))), requires_grad=True)
    weight = np.ones((10, 1, 3, 3))
    weight[1:] = -1
    (found,) = draw(ops.relu(ops.conv(x, weight)).sum()).troubles
    assert found.kind == "dead" and found.share == 0.9


@pytest.mark.parametrize("op", ["sigmoid", "tanh"])
def test_saturated_outputs(op):
    rng = np.random.default_rng(0)
    model = mlp(rng, op, 3)
    model[0].weight.data = model[0].weight.data * np.float32(1e3)
    _, loss = classified(model, rng)
    (found,) = draw(loss, model).troubles
    assert found.kind == "saturated" and found.node.scope.label.startswith("1: ") and found.share > 0.9


def test_parameters_behind_a_detach_and_unused_ones():
    model, loss = damaged(lambda h: h.detach())
    model.b.extra = nn.Parameter(np.zeros(3))
    d = draw(loss, model)
    assert {found.name: found.kind for found in d.troubles} == {
        "a.weight": "disconnected",
        "a.bias": "disconnected",
        "b.extra": "unused",
    }
    assert d.dot.count("∅ disconnected") == 2 and "○ unused" in d.text
    model.a.requires_grad_(False)  # frozen on purpose
    assert [found.name for found in draw(loss, model).troubles] == ["b.extra"]


def test_a_block_in_trouble_is_not_folded_away():
    x = Tensor(np.linspace(-1, 1, 32).reshape(2, 16), requires_grad=True, name="x")
    y = x
    for i in range(60):
        with ag.scope(f"{i}: Block"):
            h = anp.sin(y) * 0.5
            if i == 20:
                h = h - 100.0
            y = y + ops.relu(h) * 0.1
            if i != 20:
                y = y - 0.0
    d = draw(y.sum(), budget=60)
    (found,) = d.troubles
    assert found.kind == "dead"
    labels = [box.label for box in d.view.boxes if box.kind == "module"]
    assert labels == ["0 … 19: Block", "21 … 59: Block"]
    assert [box.troubles for box in d.view.boxes if box.node is found.node] == [[found]]
    assert len(draw(y.sum(), budget=3).view.boxes) <= 4


def test_the_words_are_all_different():
    assert len({word for _, word in trouble.KINDS.values()}) == len(trouble.KINDS)
