"""Planted faults are found in the right module, and healthy networks give no finding."""

import inspect

import numpy as np
import pytest

import autograd.numpy as anp
import nn
from autograd import GradError, Tensor, no_grad, ops
from nn.diagnosis.finding import REMEDIES
from nn.functional import cross_entropy, mse_loss
from nn.optim import SGD, AdamW

WIDTH, CLASSES = 32, 10


def network(rng, *middle, activation=nn.ReLU, depth=4):
    """Linear layers of one width, He's normals, with `middle` before the last."""
    layers = []
    for _ in range(depth):
        layer = nn.Linear(WIDTH, WIDTH, rng=rng)
        nn.init.kaiming_normal_(layer.weight, rng=rng)
        nn.init.zeros_(layer.bias)
        layers += [layer, activation()]
    return nn.Sequential(*layers, *middle, nn.Linear(WIDTH, CLASSES, rng=rng))


def data(rng, count=64):
    return rng.standard_normal((count, WIDTH)).astype(np.float32), rng.integers(0, CLASSES, count)


def found(rng, model, **options):
    x, y = data(rng)
    return nn.diagnose(cross_entropy(model(x), y), model, **options)


def kinds(findings):
    return [(finding.kind, finding.module) for finding in findings]


def line(module, text):
    """Where the first line with `text` stands in a class's forward."""
    lines, start = inspect.getsourcelines(type(module).forward)
    return f"{inspect.getsourcefile(type(module))}:{start + next(i for i, s in enumerate(lines) if text in s)}"


# ---- gradients that vanish or explode


def test_sigmoids_twelve_deep_vanish_from_the_first_layer_on(rng):
    layers = [layer for _ in range(12) for layer in (nn.Linear(WIDTH, WIDTH, rng=rng), nn.Sigmoid())]
    model = nn.Sequential(*layers, nn.Linear(WIDTH, CLASSES, rng=rng))
    (finding,) = found(rng, model)  # of layers in a row, one
    assert finding.kind == "vanishing gradient" and finding.module == "0"
    layers = finding.numbers["layers"]
    assert 4 <= layers <= 10 and finding.numbers["rms"] < 1e-6
    assert f"in {layers} layers in a row, 0 to {2 * layers - 2}, and is least at 0" in finding.sentence


def test_vanishing_layers_apart_are_findings_apart(rng):
    def deep(count):
        return [layer for _ in range(count) for layer in (nn.Linear(WIDTH, WIDTH, rng=rng), nn.Sigmoid())]

    class Two(nn.Module):
        """Two stacks from one input; between them, in the model's order, a layer next to the loss."""

        def __init__(self):
            super().__init__()
            self.left, self.head = nn.Sequential(*deep(12)), nn.Linear(WIDTH, CLASSES, rng=rng)
            self.right = nn.Sequential(*deep(12))

        def forward(self, x):
            return self.head(self.left(x) + self.right(x))

    findings = found(rng, Two())
    assert {finding.module for finding in findings} == {"left.0", "right.0"}
    sizes = [finding.numbers["rms"] for finding in findings]
    assert sizes == sorted(sizes)
    for finding in findings:
        side = finding.module.partition(".")[0]
        assert f"{side}.0 to {side}." in finding.sentence


def test_one_vanishing_layer_is_told_alone():
    from nn.diagnosis.sizes import _runs

    assert _runs("abcdef", "bcf") == [["b", "c"], ["f"]]
    assert _runs("abc", "") == []


def test_relus_twelve_deep_with_he_initialisation_are_well(rng):
    assert found(rng, network(rng, depth=12)) == []


@pytest.mark.parametrize("place", [0, 4, 8])
def test_weights_that_are_too_large_explode_where_they_are(rng, place):
    model = network(rng)
    model[place].weight.data = model[place].weight.data * 1e6
    (finding,) = found(rng, model)
    assert finding.kind in ("exploding gradient", "exploded loss")
    assert (finding.module, finding.parameter) == (str(place), f"{place}.weight")
    assert finding.numbers["growth"] > 1e5


def test_a_loss_that_explodes_names_the_layer(rng):
    model = network(rng)
    model[0].weight.data = model[0].weight.data * 1e6
    x, _ = data(rng)
    (finding,) = nn.diagnose(mse_loss(model(x), np.zeros((64, CLASSES), np.float32)), model)
    assert finding.module == "0"


# ---- NaN and infinity


class Logarithm(nn.Module):
    def forward(self, x):
        scaled = x - 1
        return anp.log(scaled)


class Root(nn.Module):
    def forward(self, x):
        return anp.sqrt(x)


class Overflow(nn.Module):
    def forward(self, x):
        e = anp.exp(x * 1000)
        return e / e.sum(axis=-1, keepdims=True)


class Share(nn.Module):
    def forward(self, x):
        return x / x.sum(axis=-1, keepdims=True)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("part", "kind", "text"),
    [
        (Logarithm(), "not finite forward", "anp.log"),
        (Root(), "not finite backward", "anp.sqrt"),
        (Overflow(), "not finite forward", "anp.exp"),
    ],
)
def test_the_first_nan_or_infinity_has_its_module_and_line(rng, part, kind, text):
    findings = found(rng, network(rng, part))
    assert kinds(findings) == [(kind, "8")]
    assert findings[0].where == line(part, text)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_zero_by_zero_is_found_at_the_division(rng):
    part = Share()
    model = network(rng, part)
    model[6].bias.data = np.full(WIDTH, -100.0)
    finding = found(rng, model)[0]
    assert (finding.kind, finding.module, finding.where) == ("not finite forward", "8", line(part, "x / x"))


def test_nan_in_a_parameter_is_found_there(rng):
    model = network(rng)
    model[2].bias.data = np.where(np.arange(WIDTH) == 3, np.nan, 0)
    finding = found(rng, model)[0]
    assert (finding.kind, finding.parameter) == ("not finite forward", "2.bias")


def test_nan_in_the_input_is_told_apart(rng):
    model = network(rng)
    x, y = data(rng)
    x[3, 4] = np.nan
    finding = nn.diagnose(cross_entropy(model(x), y), model)[0]
    assert finding.module == "0" and "outside the model" in finding.sentence


def test_infinities_of_a_mask_are_no_finding_but_nan_behind_them_is(rng):
    model = nn.models.GPT(nn.models.Config(11, 8, 2, 2, 16), rng=rng)
    tokens = rng.integers(0, 11, (4, 8))
    assert nn.diagnose(model.loss(tokens, tokens), model) == []
    bad = model.transformer.h[1].mlp.c_fc.weight
    bad.data = np.full(bad.shape, np.inf)
    with np.errstate(all="ignore"):
        findings = nn.diagnose(model.loss(tokens, tokens), model)
    assert kinds(findings) == [("not finite forward", "transformer.h.1.mlp.c_fc")]


# ---- units that cannot learn


def test_dead_relu_is_found_once_where_it_starts(rng):
    model = network(rng)
    model[2].bias.data = np.full(WIDTH, -100.0)
    (finding,) = found(rng, model)
    assert (finding.kind, finding.module, finding.parameter) == ("dead ReLU", "3", "2.weight")
    assert finding.numbers["percent"] == 100


def test_most_units_dead(rng):
    model = network(rng)
    model[2].bias.data = np.where(np.arange(WIDTH) < 30, -100.0, 0.0)
    (finding,) = found(rng, model)
    assert (finding.kind, finding.module) == ("dead ReLU", "3")
    assert 90 <= finding.numbers["percent"] < 100


@pytest.mark.parametrize("activation", [nn.Sigmoid, nn.Tanh])
def test_saturated_units(rng, activation):
    model = network(rng, activation=activation, depth=2)
    model[2].weight.data = model[2].weight.data * 200
    findings = found(rng, model)
    assert ("saturated", "3") in kinds(findings)
    assert {finding.module for finding in findings if finding.kind == "saturated"} == {"3"}


def test_saturated_attention(rng):
    model = nn.models.GPT(nn.models.Config(11, 32, 2, 2, 16), rng=rng)
    attention = model.transformer.h[1].attn
    attention.c_attn.weight.data = attention.c_attn.weight.data * 2000
    tokens = rng.integers(0, 11, (4, 32))
    assert ("saturated", "transformer.h.1.attn") in kinds(nn.diagnose(model.loss(tokens, tokens), model))


def test_a_sure_classifier_is_not_saturated(rng):
    x = np.concatenate([np.full((32, 1), -1), np.full((32, 1), 1)]).astype(np.float32)
    model = nn.Sequential(nn.Linear(1, 1, rng=rng), nn.Sigmoid())
    model[0].weight.data = [[30.0]]
    assert nn.diagnose(mse_loss(model(x), (x + 1) / 2), model) == []
    findings = nn.diagnose(mse_loss(model(x), (1 - x) / 2), model)  # just as sure, and wrong
    assert ("saturated", "1") in kinds(findings)


# ---- what the loss does not reach


class Cut(nn.Module):
    def forward(self, x):
        return x.detach()


class Parts(nn.Module):
    def __init__(self, rng):
        super().__init__()
        self.first = nn.Linear(WIDTH, WIDTH, rng=rng)
        self.last = nn.Linear(WIDTH, CLASSES, rng=rng)
        self.spare = nn.Linear(3, 3, rng=rng)

    def forward(self, x):
        hidden = self.first(x)
        hidden = hidden.detach()
        return self.last(hidden)


def test_detach_is_found_at_its_module_and_line(rng):
    model = network(rng, Cut())
    (finding,) = found(rng, model)
    assert (finding.kind, finding.module, finding.where) == ("disconnected", "8", line(model[8], "detach"))
    assert finding.numbers["parameters"] == 8


def test_detach_in_a_forward_and_an_unused_layer(rng):
    model = Parts(rng)
    findings = found(rng, model)
    assert kinds(findings) == [("disconnected", "first"), ("unused parameter", "spare")]
    assert findings[0].where == line(model, "detach")


def test_one_unused_parameter(rng):
    class Extra(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale, self.forgotten = nn.Parameter(np.ones(WIDTH)), nn.Parameter(np.ones(WIDTH))

        def forward(self, x):
            return x * self.scale

    (finding,) = found(rng, network(rng, Extra()))
    assert (finding.kind, finding.parameter) == ("unused parameter", "8.forgotten")


def test_frozen_parameters_are_not_missed(rng):
    model = network(rng)
    for p in model[0].parameters():
        p.requires_grad = False
    assert found(rng, model) == []


def test_no_graph_and_no_scalar(rng):
    model = network(rng)
    x, y = data(rng)
    with no_grad():
        assert kinds(nn.diagnose(cross_entropy(model(x), y), model)) == [("no graph", "")]
    assert kinds(nn.diagnose(model(x) ** 2, model)) == [("not a scalar", "")]


# ---- zero, equal, too fast, too slow


def test_zero_weights_everywhere_stop_the_gradient(rng):
    model = network(rng, activation=nn.Tanh, depth=2)
    for layer in (model[0], model[2], model[4]):
        layer.weight.data, layer.bias.data = np.zeros(layer.weight.shape), np.zeros(layer.bias.shape)
    (finding,) = found(rng, model)
    assert (finding.kind, finding.module, finding.parameter) == ("zero gradient", "4", "4.weight")
    assert finding.numbers["parameters"] == 5


def test_a_branch_that_starts_closed_is_well(rng):
    model = Residual(rng)
    for layer in [*model.inner, model.head]:
        layer.weight.data = np.zeros(layer.weight.shape)
    x, y = data(rng)
    for layer in model.inner:
        layer.bias.data = np.full(WIDTH, 0.1)
    assert nn.diagnose(cross_entropy(model(x), y), model) == []


def test_a_loss_of_zero_has_nothing_to_learn(rng):
    model = nn.Sequential(nn.Linear(4, 2, rng=rng))
    x = rng.standard_normal((8, 4)).astype(np.float32)
    assert nn.diagnose(mse_loss(model(x), model(x).data), model) == []


def test_rounding_stops_the_gradient(rng):
    class Round(nn.Module):
        def forward(self, x):
            return anp.round(x)

    (finding,) = found(rng, network(rng, Round()))
    assert finding.module == "8" and finding.kind in ("zero gradient", "disconnected")


def test_equal_weights_stay_equal(rng):
    model = nn.Sequential(nn.Linear(WIDTH, 16, rng=rng), nn.Tanh(), nn.Linear(16, 1, rng=rng))
    model[0].weight.data, model[2].weight.data = np.full((16, WIDTH), 0.1), np.full((1, 16), 0.1)
    model[0].bias.data = np.zeros(16)
    x, _ = data(rng)
    findings = nn.diagnose(mse_loss(model(x), np.ones((64, 1), np.float32)), model)
    assert kinds(findings) == [("symmetric weights", "0")]


@pytest.mark.parametrize(("make", "expected"), [
    (lambda p: SGD(p, lr=1e4), ["learning rate too high"]),
    (lambda p: AdamW(p, lr=1e-9), ["learning rate too low"]),
    (lambda p: AdamW(p, lr=1e-3), []),
    (lambda p: SGD(p, lr=0.1, momentum=0.9), []),
])  # fmt: skip
def test_the_learning_rate_is_judged_and_nothing_moves(rng, make, expected):
    model = network(rng)
    optimizer = make(model.parameters())
    before = model.state_dict()
    x, y = data(rng)
    loss = cross_entropy(model(x), y)
    findings = nn.diagnose(loss, model, optimizer)
    assert [finding.kind for finding in findings] == expected
    assert optimizer.state == {} and all(p.grad is None for p in model.parameters())
    assert all(np.array_equal(v, before[k]) for k, v in model.state_dict().items())
    loss.backward()  # the graph is whole
    assert all(p.grad is not None for p in model.parameters())


def test_a_negative_label_is_read_as_the_last_class(rng):
    model = network(rng)
    x, y = data(rng)
    y[:3] = -1
    scores = nn.functional.log_softmax(model(x))
    (finding,) = nn.diagnose(-scores[np.arange(64), y].mean(), model)
    assert finding.kind == "suspicious labels" and finding.numbers["negative"] >= 3


# ---- healthy networks


class Residual(nn.Module):
    def __init__(self, rng):
        super().__init__()
        self.inner = nn.ModuleList(nn.Linear(WIDTH, WIDTH, rng=rng) for _ in range(8))
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(8))
        self.head = nn.Linear(WIDTH, CLASSES, rng=rng)

    def forward(self, x):
        x = Tensor(x)
        for norm, inner in zip(self.norms, self.inner):
            x = x + ops.relu(inner(norm(x)))
        return self.head(x)


class Recurrent(nn.Module):
    def __init__(self, rng):
        super().__init__()
        self.read, self.keep = nn.Linear(4, WIDTH, rng=rng), nn.Linear(WIDTH, WIDTH, rng=rng)
        self.head = nn.Linear(WIDTH, CLASSES, rng=rng)

    def forward(self, x):
        state = Tensor(np.zeros((len(x), WIDTH), np.float32))
        for step in np.split(x, 8, axis=1):
            state = anp.tanh(self.read(step) + self.keep(state))
        return self.head(state)


class Convolution(nn.Module):
    def __init__(self, rng):
        super().__init__()
        self.kernel = nn.Parameter(rng.standard_normal((8, 1, 3)) * 0.6)
        self.head = nn.Linear(8 * 30, CLASSES, rng=rng)

    def forward(self, x):
        seen = ops.relu(ops.conv(x[:, None], self.kernel))
        return self.head(seen.reshape(len(x), -1))


class Words(nn.Module):
    def __init__(self, rng):
        super().__init__()
        self.table, self.head = nn.Embedding(50, 16, rng=rng), nn.Linear(16, CLASSES, rng=rng)

    def forward(self, x):
        return self.head(self.table((np.abs(x) * 20).astype(int) % 50).mean(axis=1))


HEALTHY = {
    "relu": lambda rng: nn.models.MLP([WIDTH, 64, 64, CLASSES], rng=rng),
    "tanh": lambda rng: nn.models.MLP([WIDTH, 64, 64, CLASSES], nn.Tanh, rng=rng),
    "gelu": lambda rng: nn.models.MLP([WIDTH, 64, 64, CLASSES], nn.GELU, rng=rng),
    "sigmoid": lambda rng: nn.models.MLP([WIDTH, 16, CLASSES], nn.Sigmoid, rng=rng),
    "deep": lambda rng: network(rng, depth=20),
    "convolution": Convolution,
    "residual": Residual,
    "recurrent": Recurrent,
    "softmax classifier": lambda rng: nn.Sequential(nn.Linear(WIDTH, CLASSES, rng=rng)),
    "embeddings": Words,
}


@pytest.mark.parametrize("count", [64, 2])
@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_networks_have_no_finding_fresh_or_trained(rng, name, count):
    model = HEALTHY[name](rng)
    x, y = data(rng, count)
    optimizer = AdamW(model.parameters(), lr=1e-3)
    for _ in range(2):
        loss = cross_entropy(model(x), y)
        assert nn.diagnose(loss, model, optimizer) == []
        for _ in range(10):
            optimizer.zero_grad()
            cross_entropy(model(x), y).backward()
            optimizer.step()


def test_a_healthy_autoencoder(rng):
    model = nn.Sequential(nn.Linear(WIDTH, 8, rng=rng), nn.ReLU(), nn.Linear(8, WIDTH, rng=rng), nn.Sigmoid())
    x = rng.random((64, WIDTH), dtype=np.float32)
    assert nn.diagnose(mse_loss(model(x), x), model, AdamW(model.parameters())) == []
    assert nn.diagnose(((model(x) - x) ** 2).sum(), model) == []


def test_a_healthy_gpt(rng):
    model = nn.models.GPT(nn.models.Config(65, 32, 3, 2, 32, dropout=0.1), rng=rng)
    tokens = rng.integers(0, 65, (4, 33))
    optimizer = AdamW(model.parameters(), lr=1e-3)
    for _ in range(3):
        loss = model.loss(tokens[:, :-1], tokens[:, 1:])
        assert nn.diagnose(loss, model, optimizer) == []
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


# ---- the report


def test_the_report_reads_in_order_of_severity(rng):
    model = Parts(rng)
    findings = found(rng, model, optimizer=SGD(model.parameters(), lr=1e5))
    order = [list(REMEDIES).index(finding.kind) for finding in findings]
    assert order == sorted(order) and len(findings) == 3
    text = str(findings)
    assert text.startswith("1. disconnected: first (first.bias)\n") and "requires_grad=False" in text
    assert "&lt;" not in findings._repr_html_() and findings._repr_html_().startswith("<pre>")
    assert str(found(rng, network(rng))) == "no findings"


def test_a_layer_of_the_package_is_pointed_at_where_the_user_calls_it(rng):
    model = Parts(rng)
    x, y = data(rng)
    model.last.weight.data = model.last.weight.data * 1e7
    findings = nn.diagnose(cross_entropy(model.last(ops.relu(model.first(x))), y), model)
    large = next(finding for finding in findings if finding.kind.startswith("explod"))
    assert (large.module, large.where) == ("last", line(model, "self.last"))


def test_wrong_use_says_what_would_work(rng):
    model = network(rng)
    x, y = data(rng)
    loss = cross_entropy(model(x), y)
    loss.backward()
    with pytest.raises(GradError, match="diagnose first"):
        nn.diagnose(loss, model)
    with pytest.raises(TypeError, match="Tensor"):
        nn.diagnose(1.0, model)
