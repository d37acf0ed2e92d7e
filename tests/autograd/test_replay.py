"""A replay of a backward pass: its numbers are those of `gradients`, its words are true, its page runs."""

import html
import itertools
import json
import math
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
import autograd.numpy as anp
from autograd import GradError, Tensor, gradients, replay
from autograd.draw.layers import arrange
from autograd.draw.lecture import WORDS
from autograd.op import table

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def leaf(value, name=None):
    return Tensor(value, requires_grad=True, name=name)


def neuron():
    x1, x2, w1, w2, b = (leaf(v, n) for v, n in ((2.0, "x1"), (0.0, "x2"), (-3.0, "w1"), (1.0, "w2"), (6.8814, "b")))
    return anp.tanh(w1 * x1 + w2 * x2 + b), [x1, x2, w1, w2, b]


def perceptron():
    rng = np.random.default_rng(0)
    w1, b1 = leaf(rng.standard_normal((2, 3)), "w1"), leaf(np.zeros(3), "b1")
    w2, b2 = leaf(rng.standard_normal((3, 1)), "w2"), leaf([0.1], "b2")
    return ((anp.tanh(np.array([0.5, -1.0]) @ w1 + b1) @ w2 + b2 - 1.0) ** 2).sum(), [w1, b1, w2, b2]


def entropy():
    logits = leaf([1.0, 2.0, -0.5], "logits")
    p = anp.exp(logits - anp.max(logits))
    return -anp.log((p / p.sum())[1]), [logits]


def fused():
    logits = leaf(np.arange(12.0).reshape(4, 3) ** 0.5, "logits")
    return ag.ops.cross_entropy(logits, np.array([1, 0, 2, 2])), [logits]


def twice():
    a, b = leaf(3.0, "a"), leaf(-2.0, "b")
    c = a * b
    return c * (a + b * c), [a, b]


def residual():
    x, w = leaf([1.0, -2.0, 0.5], "x"), leaf(np.arange(9.0).reshape(3, 3) / 10, "w")
    h = x + anp.maximum(x @ w, 0)
    return (h + anp.maximum(h @ w, 0)).sum(), [x, w]


def written():
    x, v = leaf([1.0, 2.0, 3.0], "x"), leaf(5.0, "v")
    y = x * 2
    y[1] = v * v
    y += 1
    return (y * y).sum(), [x, v]


def complex_numbers():
    z, w = leaf(1 + 2j, "z"), leaf(0.5 - 1j, "w")
    return anp.absolute(z * w + anp.conj(z)) ** 2, [z, w]


def broadcast():
    x, b = leaf(np.arange(8.0).reshape(2, 4), "x"), leaf([1.0, 2.0, 3.0, 4.0], "b")
    with np.errstate(divide="ignore"):
        return anp.mean(anp.where(x > 3, anp.log(x), 0.0) * b), [x, b]


def single():
    x = leaf(np.float32(0.3), "x")
    return anp.exp(x) * x, [x]


CASES = [
    neuron, perceptron, entropy, fused, twice, residual, written, complex_numbers, broadcast, single,
]  # fmt: skip


def leaves(told):
    return {step.name: step for step in told.steps if not step.op}


def value(x):
    """A number of the JSON."""
    return complex(*x) if isinstance(x, list) else float(x)


class Balanced(HTMLParser):
    """Every element that is opened is closed, in order."""

    VOID = {"meta", "input", "br", "path", "rect", "img"}

    def __init__(self):
        super().__init__()
        self.open, self.said, self.tags = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.said.append(data)


def parsed(page):
    reader = Balanced()
    reader.feed(page)
    assert not reader.open
    return reader


# ---- the numbers


@pytest.mark.parametrize("case", CASES)
def test_numbers_are_those_of_gradients_to_the_digit(case):
    loss, inputs = case()
    told = leaves(replay(loss))
    for tensor, slope in zip(inputs, gradients(loss, inputs, retain_graph=True), strict=True):
        seen = told[tensor.name].gradient
        wanted = np.asarray(slope)
        assert seen.shape == wanted.shape
        if wanted.size <= 6:
            assert seen.numbers == tuple(wanted.ravel().tolist())
        else:
            assert (seen.low, seen.high) == (wanted.min(), wanted.max())
        assert tensor.grad is None


@pytest.mark.parametrize("case", CASES)
def test_json_holds_every_number_exactly(case):
    loss, inputs = case()
    steps = {step["name"]: step for step in json.loads(replay(loss).json)["steps"]}
    for tensor, slope in zip(inputs, gradients(loss, inputs), strict=True):
        if tensor.size <= 6:
            assert [value(x) for x in steps[tensor.name]["gradient"]["numbers"]] == np.asarray(slope).ravel().tolist()


@pytest.mark.parametrize("case", [case for case in CASES if case is not complex_numbers])
def test_what_arrives_adds_up_and_every_slope_explains_what_goes_out(case):
    loss, _ = case()
    for step in replay(loss).steps:
        assert step.arrived[-1].total == step.gradient
        if len(step.gradient.numbers) == 1:
            added = sum(arrival.gradient.numbers[0] for arrival in step.arrived)
            assert added == pytest.approx(step.gradient.numbers[0])
        for argument in step.arguments:
            finite = argument.slope is None or math.isfinite(argument.slope.rms)  # else a zero met an infinite slope
            assert argument.product == (finite and (argument.slope is not None or bool(argument.jacobian)))


def test_a_root_of_several_elements_takes_their_weights():
    x = leaf([1.0, 2.0, 3.0], "x")
    y = anp.sin(x) * x
    with pytest.raises(GradError, match="gradient="):
        replay(y)
    told = replay(y, gradient=[1.0, -2.0, 0.5])
    (slope,) = gradients(y, [x], gradient=[1.0, -2.0, 0.5])
    assert leaves(told)["x"].gradient.numbers == tuple(np.asarray(slope).tolist())
    assert "L is the sum of v2 times the weights given" in told.text
    with pytest.raises(ValueError, match="shape"):
        replay(anp.sin(leaf([1.0, 2.0])), gradient=[1.0])


def test_the_graph_stays_as_it_is():
    loss, inputs = twice()
    before = replay(loss).json
    assert replay(loss).json == before
    loss.backward()
    assert [tensor.grad.item() for tensor in inputs] == [-60.0, 117.0]
    with pytest.raises(GradError, match="second time"):
        replay(loss)


def test_hooks_are_not_called_and_the_replay_says_so():
    x = leaf(2.0)
    y = x * x
    calls = []
    y.register_hook(lambda g: calls.append(g))
    y.retain_grad()
    told = replay(y * 3)
    assert calls == [] and y.grad is None
    assert any("hooks" in note for note in told.notes) and "hooks" in told.text


def test_what_cannot_be_replayed_says_why():
    with pytest.raises(GradError, match="requires_grad"):
        replay(Tensor(1.0))
    with pytest.raises(TypeError, match="float"):
        replay(1.0)
    with pytest.raises(ValueError, match="at least 1"):
        replay(leaf(1.0) * 2, limit=0)
    with pytest.raises(GradError, match="vmap"):
        ag.vmap(lambda x: replay(x * 2))(leaf([1.0, 2.0]))


# ---- the words


def test_the_neuron_as_in_the_lecture():
    loss, _inputs = neuron()  # held: a graph refers to its leaves weakly
    text = replay(loss).text
    for line in (
        "L = tanh v4 = tanh 0.8814 = 0.70712",
        "→ ∂L/∂v4 = 1 − L² = 1 − 0.70712² = 0.499981",
        "→ dL/dx1 = dL/dv1 · ∂v1/∂x1 = 0.499981 · (−3) = −1.49994",
        "dL/dx1 = −1.49994   (from v1)",
        "a step of 0.1 downhill: x1 − 0.1 · gradient = 2 − 0.1 · (−1.49994) = 2.14999",
    ):
        assert line in text, text


def test_where_gradients_add_both_are_shown():
    text = replay(twice()[0]).text
    assert "two gradients add: 15 + 12 = 27" in text
    assert "two gradients add: −6 + (−54) = −60" in text
    assert "→ a part of dL/da = dL/dv1 · ∂v1/∂a = 27 · (−2) = −54" in text
    assert "from v1: −54; the sum so far: −60" in text


def test_a_value_used_as_both_arguments_comes_twice():
    x = leaf(3.0, "x")
    assert "two gradients add: 3 + 3 = 6" in replay(x * x).text


def test_softmax_minus_one_hot():
    told = leaves(replay(fused()[0]))["logits"]
    logits = np.arange(12.0).reshape(4, 3) ** 0.5
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    p[np.arange(4), [1, 0, 2, 2]] -= 1
    assert told.gradient.low == pytest.approx((p / 4).min())


def test_complex_slopes_are_conjugates():
    z, w = leaf(1 + 2j, "z"), leaf(0.5 - 1j, "w")
    text = replay(anp.absolute(z * w) ** 2).text
    assert "conj(∂v1/∂w) = conj(z) = 1−2j" in text
    assert "the slope = sign of v1" in text


def test_a_zero_stays_zero_however_steep_the_slope():
    x = leaf(0.0, "x")
    with np.errstate(divide="ignore"):
        told = replay(anp.where(x > 0, anp.log(x), 0.0))
    assert leaves(told)["x"].gradient.numbers == (0.0,)
    assert "a zero that came in stays zero" in told.text


def test_names_are_those_of_the_model_and_none_comes_twice():
    class Model:
        def named_parameters(self):
            return iter([("layer.weight", w)])

    w, x, y = leaf(2.0), leaf(3.0, "same"), leaf(4.0, "same")
    told = replay(w * x * y, Model())
    assert set(leaves(told)) == {"layer.weight", "same", "same (2)"}
    assert leaves(told)["layer.weight"].updated is not None
    assert leaves(told)["same"].updated is None  # no parameter: descent leaves it alone


def test_of_a_long_name_the_end_is_told():
    x = leaf(2.0, "transformer.layers.11.self_attention.output.projection.weight")
    assert "…self_attention.output.projection.weight" in replay(x * x).text
    assert "…put.projection.weight" in replay(x * x).html


def test_a_slope_that_is_the_same_everywhere_is_one_number():
    x, y = leaf(np.arange(8.0), "x"), leaf(np.arange(8.0), "y")
    assert "∂v1/∂y = −1 = 8, −1 everywhere" in replay((x - y).sum()).text


def test_modules_around_a_step_are_told():
    x = leaf(2.0)
    with ag.scope("outer"), ag.scope("inner"):
        y = x * x
    assert replay(y).steps[0].scope == ("outer", "inner")
    assert "outer / inner" in replay(y).html


TO_PYTHON = str.maketrans({"·": "*", "÷": "/", "−": "-", "^": "**"})
ARGUMENTS = {"arctan": 0.7, "log": 1.7, "log1p": 0.7, "log2": 1.7, "log10": 1.7, "sqrt": 1.7}


@pytest.mark.parametrize("name", [name for name, words in WORDS.items() if words.slopes and name != "astype"])
def test_formulas_of_slopes_are_true(name):
    """Each formula, read as a program, gives the slope that the op's rule gives."""
    op = table[name]
    numbers = [ARGUMENTS.get(name, 0.6), 1.3][: len(WORDS[name].slopes)]
    inputs = [leaf(x) for x in numbers]
    (step, *_) = replay(op.call(inputs)).steps
    known = {"ln": math.log, "sin": math.sin, "cos": math.cos, "sinh": math.sinh, "cosh": math.cosh}
    for formula, argument in zip(WORDS[name].slopes, step.arguments, strict=True):
        won = re.fullmatch(r"1 if \{(\d)\} (won|> 0), else 0|sign of \{0\}", formula)
        if won:
            at_top = name == "maximum" and won[1] == "1" or name == "minimum" and won[1] == "0"
            assert argument.slope.numbers == (float(at_top or len(numbers) == 1),)
            continue
        text = re.sub(r"\b(ln|sinh|cosh|sin|cos) (\{?\w+\}?)", r"\1(\2)", formula).replace("²", "**2")
        text = text.format(*(f"({x})" for x in numbers), out=f"({step.value.numbers[0]})").translate(TO_PYTHON)
        assert eval(text, known) == pytest.approx(argument.slope.numbers[0]), formula


def test_every_op_that_has_words_is_in_the_table():
    assert [name for name in WORDS if name not in table] == []


# ---- the page


@pytest.mark.parametrize("case", CASES)
def test_the_page_is_whole_and_the_same_each_time(case):
    first, second = replay(case()[0]), replay(case()[0])
    assert first.html == second.html and first.json == second.json
    reader = parsed(first.html)
    assert reader.tags.count("li") >= len(first.steps)
    for address in re.findall(r'(?:src|href)="([^"]*)"|url\(([^)]*)\)', first.html):
        assert not any(address)
    graph = first.html[first.html.index("<svg id=") : first.html.index("</svg>") + 6]
    boxes = [g for g in ET.fromstring(graph).iter("g") if "data-step" in g.attrib and "box" in g.get("class")]
    assert sorted(int(box.get("data-step")) for box in boxes) == [step.number for step in first.steps]


def test_every_number_of_a_small_graph_is_on_the_page():
    said = " ".join(parsed(replay(twice()[0]).html).said)
    for number in ("−60", "+117", "+27", "−54", "(−54)"):
        assert number in said


HOSTILE = ['<b>&amp;"x"</b>', "a:b|c{d}e\\n{0}{out}", "</script><script>alert(1)</script>", "]]>--><!--", "\x00\x07\n",
           "", " ", "\ud800", "\ufffe", "名前 ∂ 😀", "%d $title ${x}", "‮abc"]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_as_text(name):
    x = leaf([1.0, 2.0], name)
    with ag.scope(name):
        told = replay((x * x).sum())
    reader = parsed(told.html)
    assert reader.tags.count("script") == 1
    told.html.encode("utf-8"), told.text.encode("utf-8"), json.loads(told.json)
    graph = told.html[told.html.index("<svg id=") : told.html.index("</svg>") + 6]
    ET.fromstring(graph)
    assert html.unescape(re.search(r'srcdoc="([^"]*)"', told._repr_html_())[1]) == told.html


def test_two_thousand_nodes_say_what_is_left_out():
    x, w = leaf(0.1), leaf(1.001, "w")
    h = x
    for _ in range(1000):
        h = anp.tanh(h * w)
    told = replay(h)
    assert len(told.steps) == 300 and "1,702 older nodes are left out" in told.notes[0]
    assert "1,702 older nodes are left out" in told.html and "1,702 older nodes" in told.text
    whole = replay(h, limit=10_000)
    assert len(whole.steps) == 2002 and whole.notes == ()
    assert leaves(whole)["w"].gradient.numbers == (gradients(h, [w])[0].item(),)


def test_one_value_used_five_hundred_times_is_drawn():
    x = leaf(0.5, "x")
    total = x
    for _ in range(500):
        total = total + x
    told = replay(total, limit=2000)
    assert leaves(told)["x"].gradient.numbers == (501.0,)
    assert "501 gradients add up to 501" in told.text and "and 493 more" in told.text
    parsed(told.html)


@pytest.mark.parametrize(
    "x",
    [
        np.zeros((0, 3)), np.full((3, 4), np.nan), np.full(3, np.inf), np.ones((2, 3, 4, 5)), np.ones(100),
        np.ones((1, 1)), np.float32(2), np.float16([1, 2]), np.ones((3, 3)) * 1j, np.zeros((50, 60)),
    ],
)  # fmt: skip
def test_odd_arrays_are_shown(x):
    leaf_ = leaf(x)
    told = replay((leaf_ * leaf_).sum(), gradient=None)
    parsed(told.html)
    assert len(told.steps) == 3 and told.text
    json.loads(told.json, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(table))
def test_every_op_can_be_stepped_through(name):
    """Where an op takes plain arrays and has a gradient, its replay gives that gradient, and its page is whole."""
    op = table[name]
    for value in (
        0.4,
        [0.3, 0.4, 0.7],
        np.linspace(0.1, 0.9, 8),
        [[0.5, 0.2], [0.2, 0.7]],
        [[0.5 + 0.1j, 0.2], [0.2, 0.7]],
    ):
        inputs = [leaf(value, f"in{i}") for i in range(2 if op.variadic else len(op.positions))]
        try:
            out = op.function(inputs) if op.variadic else op.function(*inputs)
            weights = np.ones(out.shape, out.dtype)
            slopes = gradients(out, inputs, gradient=weights, retain_graph=True)
        except Exception:  # it wants other arguments
            continue
        told = replay(out, gradient=weights)
        parsed(told.html)
        for tensor, slope in zip(inputs, slopes, strict=True):
            if slope is not None and slope.size <= 6:
                shown = np.array(leaves(told)[tensor.name].gradient.numbers)
                np.testing.assert_array_equal(shown, np.asarray(slope).ravel())


def test_a_leaf_alone_and_a_checkpointed_function():
    parsed(replay(leaf(2.0, "x")).html)
    x = leaf(2.0, "x")
    assert leaves(replay(ag.checkpoint(lambda x: anp.exp(x) * x, x)))["x"].gradient.numbers[0] == pytest.approx(
        3 * math.exp(2)
    )


def test_it_is_saved_as_the_suffix_says(tmp_path):
    told = replay(twice()[0])
    for suffix, content in ((".html", told.html), (".txt", told.text), (".json", told.json)):
        assert told.save(tmp_path / f"out{suffix}").read_text("utf-8") == content
    with pytest.raises(ValueError, match="suffix"):
        told.save(tmp_path / "out.png")


def test_importing_the_engine_loads_no_pictures():
    code = "import sys, autograd; sys.exit(any(m in sys.modules for m in ('graphviz', 'autograd.draw')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 14))
    edges = draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=24))
    sizes = draw(st.lists(st.tuples(st.floats(20, 150), st.floats(20, 60)), min_size=count, max_size=count))
    return sizes, [(a, b) for a, b in edges if a < b]


@given(graphs())
@settings(max_examples=60, deadline=None)
def test_boxes_never_overlap_and_edges_run_to_the_right(graph):
    sizes, edges = graph
    layout = arrange(sizes, edges)
    boxes = [(x - w / 2, y - h / 2, x + w / 2, y + h / 2) for (x, y), (w, h) in zip(layout.centres, sizes, strict=True)]
    for a, b in itertools.combinations(boxes, 2):
        assert a[2] <= b[0] + 1e-6 or b[2] <= a[0] + 1e-6 or a[3] <= b[1] + 1e-6 or b[3] <= a[1] + 1e-6
    for tail, head in edges:
        assert boxes[tail][2] < boxes[head][0]
    assert all(min(x0, y0) >= -1e-6 and x1 <= layout.width + 1e-6 for x0, y0, x1, _ in boxes)


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")
def test_the_page_runs_without_an_error(tmp_path):
    page = replay(twice()[0]).save(tmp_path / "page.html")
    run = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
         "--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}",
         "--enable-logging=stderr", "--virtual-time-budget=2000", "--dump-dom", f"file://{page}#2"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "CONSOLE" not in run.stderr, run.stderr
    assert 'class="js"' in run.stdout
    assert re.findall(r'<li id="s(\d)" class="step now"', run.stdout) == ["2"]
    assert len(re.findall(r'class="edge on new"', run.stdout)) == 2  # what v3 hands on to a and to v2
    shown = re.sub(r'data-\w+="[^"]*"', "", run.stdout[run.stdout.index("<svg") : run.stdout.index("</svg>")])
    assert "∂ −6 …" in shown  # the first of the two that add at a
