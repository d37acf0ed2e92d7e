"""Flow is measured truly, at one moment and over a training, and leaves nothing behind."""

import math
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import numpy as np
import pytest

import nn
from autograd import Tensor, no_grad, ops, vmap
from autograd.draw import marks as svg
from autograd.draw.style import contrast
from nn.errors import DataError
from nn.flows.statistics import BINS, FIRST, PER_DECADE, SAMPLE, measure
from nn.functional import cross_entropy
from nn.optim import SGD, AdamW, Muon

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '<&">:|{}\x07\u202e"'


def network(rng, activation=nn.ReLU, depth=3, width=16):
    layers = []
    for _ in range(depth):
        layers += [nn.Linear(width, width, rng=rng), activation()]
    return nn.Sequential(*layers, nn.Linear(width, 4, rng=rng))


def batch(rng, count=32, width=16):
    return rng.standard_normal((count, width)).astype(np.float32), rng.integers(0, 4, count)


def by_name(rows):
    return {row.name: row for row in rows}


# ---- statistics


@pytest.mark.parametrize("size", [1, 7, SAMPLE, 50_000])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex64])
def test_statistics_agree_with_numpy(rng, size, dtype):
    x = rng.standard_normal(size).astype(dtype)
    x[: size // 3] = 0
    x = rng.permutation(x)
    stats = measure(x).stats()
    sizes = np.abs(x).astype(np.float64)
    assert math.isclose(stats.rms, np.sqrt((sizes**2).mean()), rel_tol=2e-3)
    near = 0.15 if size > SAMPLE else 1e-6
    assert math.isclose(stats.high, np.quantile(sizes, 0.95, method="nearest"), rel_tol=near)
    assert abs(stats.zeros - (sizes == 0).mean()) < (0.08 if size > SAMPLE else 1e-9)
    assert stats.sampled == (size > SAMPLE) and stats.size == size
    assert sum(stats.bins) == round(min(size, SAMPLE) * (1 - stats.zeros))


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_float32_neither_underflows_nor_overflows(rng, scale):
    x = (rng.standard_normal(100) * scale).astype(np.float32)
    assert math.isclose(measure(x).stats().rms, np.sqrt((x.astype(float) ** 2).mean()), rel_tol=1e-6)


def test_nan_and_infinity_are_counted_and_left_out():
    x = np.array([3.0, -4.0, np.nan, np.inf, -np.inf, np.nan], np.float32)
    stats = measure(x).stats()
    assert (stats.nan, stats.infinite, stats.finite) == (2, 2, False)
    assert math.isclose(stats.rms, math.sqrt(12.5)) and stats.high == 4.0
    assert math.isnan(measure(np.array([np.nan])).stats().rms)


def test_what_has_no_size_is_passed_over():
    assert measure(np.arange(3)) is None and measure(np.zeros((0, 3))) is None
    assert measure(np.zeros(3)).stats().rms == 0


def test_bins_are_fixed():
    stats = measure(np.array([1.5, 0.02, 1e-20, 1e20])).stats()
    at = {i for i, n in enumerate(stats.bins) if n}
    assert at == {-FIRST * PER_DECADE, (-FIRST - 2) * PER_DECADE, 0, BINS - 1}


def test_measures_add_up(rng):
    parts = [rng.standard_normal(n) for n in (10, 20, 3000)]
    total = measure(parts[0]) + measure(parts[1]) + measure(parts[2])
    assert math.isclose(total.stats().rms, np.sqrt((np.concatenate(parts) ** 2).mean()))


# ---- one moment


def test_every_layer_is_seen_in_forward_order_with_true_numbers(rng):
    model, (x, y) = network(rng), batch(rng)
    with nn.flow(model) as seen:
        hidden = model[1](model[0](x))
        hidden.retain_grad()
        rest = hidden
        for layer in list(model)[2:]:
            rest = layer(rest)
        cross_entropy(rest, y).backward()
    rows = by_name(seen.rows)
    assert list(rows) == [str(i) for i in range(7)]
    assert math.isclose(rows["1"].activation.rms, np.sqrt((hidden.data.astype(float) ** 2).mean()), rel_tol=1e-5)
    assert rows["1"].activation.zeros == (hidden.data == 0).mean()
    assert math.isclose(rows["1"].gradient.rms, np.sqrt((hidden.grad.data.astype(float) ** 2).mean()), rel_tol=1e-5)
    weight = model[2].weight.grad.data
    assert math.isclose(rows["2"].weights[0].gradient.rms, np.sqrt((weight.astype(float) ** 2).mean()), rel_tol=1e-5)
    assert [w.name for w in rows["2"].weights] == ["weight", "bias"]
    assert (rows["2"].kind, rows["2"].shape, rows["2"].calls) == ("Linear", (32, 16), 1)


def test_called_after_a_backward_pass_it_sees_the_parameters(rng):
    model, (x, y) = network(rng), batch(rng)
    cross_entropy(model(x), y).backward()
    rows = nn.flow(model).rows
    assert [row.name for row in rows] == ["0", "2", "4", "6"]
    assert all(row.activation is None and row.weights[0].gradient.rms > 0 for row in rows)


def test_looking_changes_nothing_and_leaves_nothing(rng):
    model, (x, y) = network(rng), batch(rng)
    cross_entropy(model(x), y).backward()
    plain = {name: p.grad.data.copy() for name, p in model.named_parameters()}
    before = {id(module): dict(module.__dict__) for module in model.modules()}
    for p in model.parameters():
        p.grad = None
    with nn.flow(model):
        loss = cross_entropy(model(x), y)
        loss.backward()
    assert all(np.array_equal(plain[name], p.grad.data) for name, p in model.named_parameters())
    assert {id(module): dict(module.__dict__) for module in model.modules()} == before


def test_an_error_inside_leaves_nothing_either(rng):
    model = network(rng)
    with pytest.raises(ValueError, match="last axis"), nn.flow(model) as seen:
        model(np.zeros((2, 3), np.float32))
    assert "forward" not in model[0].__dict__ and seen.rows[0].calls == 0


def test_a_step_inside_gives_the_update(rng):
    model, (x, y) = network(rng), batch(rng)
    old = model[2].weight.data.copy()
    with nn.flow(model) as seen:
        cross_entropy(model(x), y).backward()
        SGD(model.parameters(), lr=0.5).step()
    update = by_name(seen.rows)["2"].weights[0].update
    change = model[2].weight.data - old
    assert math.isclose(update.rms, np.sqrt((change**2).mean() / (old**2).mean()), rel_tol=1e-4)


@pytest.mark.parametrize("kind", [SGD, AdamW, Muon])
def test_a_step_that_is_tried_is_the_one_taken_later(rng, kind):
    model, (x, y) = network(rng), batch(rng)
    optimizer = kind([p for p in model.parameters() if p.ndim == 2], lr=0.01)
    for _ in range(2):
        optimizer.zero_grad()
        cross_entropy(model(x), y).backward()
        optimizer.step()
    state = {key: {k: v.copy() for k, v in arrays.items()} for key, arrays in optimizer.state.items()}
    values = model.state_dict()
    optimizer.zero_grad()
    loss = cross_entropy(model(x), y)
    loss.backward(retain_graph=True)
    tried = by_name(nn.flow(model, optimizer).rows)["2"].weights[0].update.rms
    assert all(np.array_equal(v, values[k]) for k, v in model.state_dict().items())
    assert all(np.array_equal(v, optimizer.state[key][k]) for key, arrays in state.items() for k, v in arrays.items())
    loss.backward()  # a graph from before still holds what it had
    for p in model.parameters():
        p.grad = None
    cross_entropy(model(x), y).backward()
    with nn.flow(model) as seen:
        optimizer.step()
    assert math.isclose(by_name(seen.rows)["2"].weights[0].update.rms, tried, rel_tol=1e-5)


def test_layers_called_often_tied_weights_and_unused_layers(rng):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.again, self.unused = nn.Linear(16, 16, rng=rng), nn.Linear(16, 2, rng=rng)
            self.tied = nn.Linear(16, 16, rng=rng)
            self.tied.weight = self.again.weight

        def forward(self, x):
            for _ in range(40):
                x = ops.tanh(self.again(x))
            return self.tied(x)

    model = Model()
    with nn.flow(model) as seen:
        model(batch(rng)[0]).sum().backward()
    rows = by_name(seen.rows)
    assert (rows["again"].calls, rows["again"].activation.size) == (40, 40 * 32 * 16)
    assert rows["again"].gradient.size == 40 * 32 * 16
    assert rows["unused"].calls == 0 and rows["unused"].weights[0].gradient is None
    assert [w.name for w in rows["tied"].weights] == ["bias"]
    assert "not called" in seen.table and "no gradient" in seen.svg


def test_results_of_other_kinds_no_grad_sparse_and_vmap(rng):
    class Several(nn.Module):
        def forward(self, x):
            return {"a": x * 2, "b": 3}, (x + 1,)

    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.part = nn.Embedding(2000, 4, rng=rng, sparse=True), Several()

        def forward(self, x):
            (a, _) = self.part(self.table(x))
            return a["a"]

    model = Outer()
    with nn.flow(model) as seen:
        model([1, 2, 2]).sum().backward()
    rows = by_name(seen.rows)
    assert rows["table"].weights[0].gradient.size == 2 * 4  # the rows that were read
    with no_grad(), nn.flow(model) as seen:
        model([1, 2])
    assert by_name(seen.rows)["table"].gradient is None
    linear = nn.Linear(3, 2, rng=rng)
    with nn.flow(linear):
        assert vmap(linear)(Tensor(np.ones((5, 3)))).shape == (5, 2)


def test_the_table_names_what_is_wrong(rng):
    model, (x, y) = network(rng), batch(rng)
    model[2].bias.data = np.full(16, np.nan)
    with np.errstate(all="ignore"), nn.flow(model) as seen:
        cross_entropy(model(x), y).backward()
    assert all(weight.update is None for row in seen.rows for weight in row.weights)  # no step was taken
    assert "512 NaN" in seen.table and "512 NaN" in seen.svg and "sample at seeded places" in seen.table


# ---- pictures


class Page(HTMLParser):
    VOID = frozenset({"meta", "br"})

    def __init__(self, text):
        super().__init__()
        self.open, self.fetched, self.tags = [], [], set()
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        self.fetched += [v for k, v in attrs if k in ("src", "href", "xlink:href")]

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def sound(shown):
    """The picture is XML, needs nothing from elsewhere, and comes out the same twice."""
    ET.fromstring(shown.svg)
    assert not Page(shown.html).fetched and "url(" not in shown.html
    assert shown.svg == shown.svg and shown.html == shown.html
    return shown


def test_pictures_with_hostile_names(rng, tmp_path):
    model = nn.Sequential(nn.Linear(4, 4, rng=rng), nn.ReLU())
    setattr(model, HOSTILE, nn.Linear(4, 4, rng=rng))
    with nn.flow(model) as seen:
        model(np.ones((2, 4), np.float32)).sum().backward()
    sound(seen)
    assert "\x07" not in seen.svg + seen.table and "<&" not in seen.svg
    for suffix in ("svg", "html", "txt"):
        assert seen.save(tmp_path / f"flow.{suffix}").stat().st_size > 200
    with pytest.raises(DataError, match=".svg .html .txt"):
        seen.save(tmp_path / "flow.png")
    assert seen._repr_svg_() == seen.svg and str(seen) == seen.table and repr(seen) == "<Flow: 3 layers>"


def test_dots_stand_at_the_logarithm(rng):
    layer = nn.Linear(4, 4, bias=False, rng=rng)
    places = []
    for size in (1e-4, 1e-2, 1e0):
        layer.weight.data = np.eye(4) * size
        with nn.flow(layer) as seen:
            layer(np.ones((2, 4), np.float32))
        circle = ET.fromstring(seen.svg).find(f"{SVG}circle")
        places.append(float(circle.get("cx")))
    assert places[1] - places[0] == pytest.approx(places[2] - places[1]) and places[0] < places[1]


def test_text_reads_on_its_ground():
    for i in (0, 1):
        for role in ("text", "muted", "trouble", "activation", "gradient", "update"):
            for ground in ("page", "row"):
                assert contrast(svg.ROLES[role][i], svg.ROLES[ground][i]) >= 4.5, (role, ground, i)


# ---- over a training


def trained(rng, recorder, model, steps=12, lr=0.1):
    optimizer, (x, y) = SGD(model.parameters(), lr=lr), batch(rng)
    for _ in range(steps):
        with recorder:
            optimizer.zero_grad()
            cross_entropy(model(x), y).backward()
            optimizer.step()


def test_steps_are_recorded_and_read_back(rng, tmp_path):
    model = network(rng)
    recorder = nn.FlowRecorder(model, every=5, folder=tmp_path / "new" / "flow")
    trained(rng, recorder, model)
    history = nn.FlowRecorder.load(tmp_path / "new" / "flow")
    assert history.steps == (1, 6, 11) and recorder.step == 12
    assert history.layers == tuple(str(i) for i in range(7)) and history.kinds[:2] == ("Linear", "ReLU")
    rows = by_name(recorder.rows)
    assert math.isclose(history.activations[-1, 1], rows["1"].activation.rms, rel_tol=1e-3)
    assert math.isclose(history.flowing[-1, 1], rows["1"].gradient.rms, rel_tol=1e-3)
    assert math.isclose(history.gradients[-1, 2], rows["2"].weights[0].gradient.rms, rel_tol=1e-3)
    assert math.isclose(history.updates[-1, 2], rows["2"].weights[0].update.rms, rel_tol=1e-3)
    assert np.isnan(history.gradients[:, 1]).all()  # a ReLU has no parameter
    bins = history.histograms["activations"][-1, 1]
    assert bins.max() == 35 and ((bins > 0) == (np.array(rows["1"].activation.bins) > 0)).all()


def test_recording_changes_no_step(rng):
    plain, watched = network(np.random.default_rng(3)), network(np.random.default_rng(3))
    recorder = nn.FlowRecorder(watched, every=1)
    trained(np.random.default_rng(5), recorder, watched)
    optimizer, (x, y) = SGD(plain.parameters(), lr=0.1), batch(np.random.default_rng(5))
    for _ in range(12):
        optimizer.zero_grad()
        cross_entropy(plain(x), y).backward()
        optimizer.step()
    assert all(np.array_equal(v, watched.state_dict()[k]) for k, v in plain.state_dict().items())
    assert "forward" not in watched[0].__dict__


def test_gradients_are_those_before_clipping(rng):
    model, (x, y) = network(rng), batch(rng)
    recorder = nn.FlowRecorder(model, every=1)
    with recorder:
        cross_entropy(model(x), y).backward()
        true = model[0].weight.grad.data.copy()
        recorder.after_backward()
        nn.optim.clip_grad_norm_(model.parameters(), 1e-6)
    assert math.isclose(by_name(recorder.rows)["0"].weights[0].gradient.rms, np.sqrt((true**2).mean()), rel_tol=1e-5)


def test_a_validation_inside_a_step_is_not_mixed_in(rng):
    model, (x, y) = network(rng), batch(rng)
    recorder = nn.FlowRecorder(model, every=1)
    with recorder:
        cross_entropy(model(x), y).backward()
        with no_grad():
            model(x)
    assert all(row.calls == 1 for row in recorder.rows)


def test_a_torn_line_is_left_out_and_mended(rng, tmp_path):
    model = network(rng)
    trained(rng, nn.FlowRecorder(model, every=1, folder=tmp_path), model, steps=4)
    path = tmp_path / "flow.jsonl"
    path.write_bytes(path.read_bytes()[:-20])  # killed while it wrote
    assert nn.FlowRecorder.load(tmp_path).steps == (1, 2, 3)
    with pytest.raises(DataError, match="resume=True"):
        nn.FlowRecorder(model, folder=tmp_path)
    again = nn.FlowRecorder(model, every=1, folder=tmp_path, resume=True)
    assert again.step == 3
    trained(rng, again, model, steps=2)
    assert again.history.steps == (1, 2, 3, 4, 5)


def test_memory_is_that_of_one_step_and_the_file_grows_evenly(rng, tmp_path):
    model = network(rng)
    recorder = nn.FlowRecorder(model, every=1, folder=tmp_path)
    trained(rng, recorder, model, steps=2)
    size = (tmp_path / "flow.jsonl").stat().st_size
    trained(rng, recorder, model, steps=2)
    assert (tmp_path / "flow.jsonl").stat().st_size < 2.2 * size
    assert recorder._watch is None and len(recorder.rows) == 7


@pytest.mark.parametrize(
    "content",
    [
        b"hello\n",
        b"[]\n",
        b'{"step":1}\n',
        b'{"layers":[["a","b",["c"]]]}\n{"step":1,"rows":[[[1],null,[]]]}\n',
        b"\xff\n",
    ],
)
def test_what_is_no_recording_is_told(tmp_path, content):
    (tmp_path / "flow.jsonl").write_bytes(content)
    with pytest.raises(DataError, match="flow.jsonl"):
        nn.FlowRecorder.load(tmp_path)


def test_no_recording_and_wrong_settings(rng, tmp_path):
    with pytest.raises(DataError, match="no recording"):
        nn.FlowRecorder.load(tmp_path)
    with pytest.raises(DataError, match="at least 1"):
        nn.FlowRecorder(network(rng), every=0)
    assert nn.FlowRecorder(network(rng))._repr_svg_() is None


def test_pictures_of_a_training_that_breaks(rng, tmp_path):
    model = network(rng)
    setattr(model, HOSTILE, nn.Linear(4, 4, rng=rng))
    recorder = nn.FlowRecorder(model, every=1, folder=tmp_path)
    trained(rng, recorder, model, steps=3)
    model[2].bias.data = np.full(16, np.nan)
    with np.errstate(all="ignore"):
        trained(rng, recorder, model, steps=1)
    history = sound(recorder.history)
    ET.fromstring(history.spreads)
    assert np.isinf(history.activations[-1, 2]) and not np.isinf(history.activations[-1, 1])
    assert 'class="trouble"' in history.svg and "not finite" in history.text
    assert "!" in recorder.line and "NaN" in str(recorder.__rich__())
    assert recorder.save(tmp_path / "flow.html").stat().st_size > 1000
    assert (recorder.svg, recorder.text, str(history)) == (history.svg, history.text, history.text)


def test_an_error_in_a_step_is_recorded_up_to_there(rng, tmp_path):
    model, (x, _) = network(rng), batch(rng)
    recorder = nn.FlowRecorder(model, folder=tmp_path)
    with pytest.raises(RuntimeError), recorder:
        model(x)
        raise RuntimeError
    assert recorder.history.activations.shape == (1, 7) and np.isnan(recorder.history.gradients).all()
    assert recorder.line == "step 1: no gradients yet"


def test_many_steps_share_columns_and_many_layers_a_screen(rng):
    model = network(rng, depth=20)
    recorder = nn.FlowRecorder(model, every=1)
    trained(rng, recorder, model, steps=3)
    shown = str(recorder.__rich__()).splitlines()
    assert len(shown) == 20 and shown[-1] == "23 of 41 layers are not shown"
    history = recorder.history
    long = type(history)(
        tuple(range(1000)),
        history.layers,
        history.kinds,
        *(np.tile(getattr(history, key)[:1], (1000, 1)) for key in ("activations", "flowing", "gradients", "updates")),
        {key: np.repeat(h[:1], 1000, axis=0) for key, h in history.histograms.items()},
    )
    assert len(long.svg) < 1.2 * len(history.svg) and "1,000 recorded" in long.text


def test_train_takes_a_recorder_and_shows_it(rng, tmp_path):
    rich = pytest.importorskip("rich.console")
    from nn.train import train

    model, data = network(rng), batch(rng)
    recorder = nn.FlowRecorder(model, every=2, folder=tmp_path)
    with open(tmp_path / "screen.txt", "w", encoding="utf-8") as file:
        console = rich.Console(force_terminal=True, width=100, file=file)
        train(
            model,
            [SGD(model.parameters(), lr=0.1)],
            lambda: data,
            5,
            loss=lambda x, y: cross_entropy(model(x), y),
            clip=1.0,
            recorder=recorder,
            console=console,
        )
    assert recorder.history.steps == (1, 3, 5)
    assert "●" in (tmp_path / "screen.txt").read_text(encoding="utf-8")


def test_the_command_writes_a_page_and_prints_lines(tmp_path, capsys, monkeypatch):
    pytest.importorskip("rich")
    from nn.cli import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "book.txt").write_text("The cat sat on the mat, and the dog sat on the cat.\n" * 20)
    shape = ["--layers", "1", "--heads", "2", "--width", "16", "--context", "8", "--batch", "4", "--steps", "100"]
    assert main(["train", "--text", "book.txt", "--flow", "flow", "--sample-every", "0", *shape]) == 0
    out = capsys.readouterr().out
    assert "step 91: gradient" in out and "flow/flow.html" in out.replace("\\", "/")
    assert nn.FlowRecorder.load("flow").steps == tuple(range(1, 100, 10))
    assert not Page((tmp_path / "flow" / "flow.html").read_text(encoding="utf-8")).fetched
