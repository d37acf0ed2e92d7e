"""Pictures of graphs: what they say is true, every size and name is drawn, and every way to render works."""

import re
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
import autograd.numpy as anp
from autograd import Tensor
from autograd.draw import Drawing, RenderError, draw, render, style
from autograd.draw.capture import format_values, rms

try:
    import pygraphviz  # noqa: F401

    HERE = True
except ImportError:
    HERE = render.renderer() is not None
needs_graphviz = pytest.mark.skipif(not HERE, reason="neither the dot program nor pygraphviz is installed")

HOSTILE = [
    '<b>&amp;"x"</b>',
    "a:b|c{d}e\\n\\",
    "<>",
    "]]>-->",
    "\x00\x07\x1b\n\t",
    "",
    " ",
    "\ud800",
    "\ufffe",
    "名前 ∂ 😀",
    "%d",
]


_held = []  # a graph refers to its leaves weakly: their values are drawn as long as somebody holds them


@pytest.fixture(autouse=True)
def _let_go():
    yield
    _held.clear()


def scalar(value, name=None):
    _held.append(Tensor(float(value), requires_grad=True, name=name))
    return _held[-1]


def neuron():
    w1, x1, w2, x2, b = (scalar(v, n) for v, n in ((-3, "w1"), (2, "x1"), (1, "w2"), (0, "x2"), (6.5, "b")))
    return anp.tanh(w1 * x1 + w2 * x2 + b)


def words(svg):
    """All text in an SVG, which must parse as XML."""
    return ["".join(e.itertext()) for e in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


class Model:
    def __init__(self, **parameters):
        self.parameters = parameters

    def named_parameters(self):
        return iter(self.parameters.items())


def line(drawing, name):
    (found,) = (x for x in drawing.text.splitlines() if re.search(rf"%\d+ {re.escape(name)}[( ]", x))
    return found


# ---- what it says


def test_scalars_are_shown_in_full_with_true_gradients():
    d = draw(neuron())
    slope = 1 - np.tanh(0.5) ** 2
    assert "= 0.462117" in line(d, "tanh") and "∂ +1" in line(d, "tanh")
    assert f"∂ +{2 * slope:.6g}" in line(d, "w1")
    assert f"∂ −{3 * slope:.6g}" in line(d, "x1")
    assert "= 6.5" in line(d, "b")


def test_inner_values_that_no_rule_needed_are_computed_again():
    x, y = scalar(2, "x"), scalar(5, "y")
    d = draw((x + y) - x)  # additions keep nothing
    assert "= 7 " in line(d, "add") and "= 5 " in line(d, "subtract")


def test_a_leaf_rebound_after_the_forward_pass_gives_no_false_values():
    x, y = scalar(2, "x"), scalar(5, "y")
    out = anp.tanh(x + y)
    x.data = np.array(-100.0)
    d = draw(out)
    assert "=" not in line(d, "add")
    assert f"= {np.tanh(7.0):.6g}" in line(d, "tanh")
    assert any("new data" in note for note in d.notes)


def test_edges_carry_the_part_before_accumulation():
    x = scalar(2, "x")
    y = x * 1.0
    out = y * 1e-4 + y * 10.0
    from autograd.draw import capture, fold

    record = capture.record(out._node)
    view = fold.fold(record, 100)
    capture.measure_gradients(record)
    capture.show_gradients(record, view.nodes())
    fold.sizes(view)
    parts = sorted(e.size for box in view.boxes for e in box.inputs if e.node is y._node)
    np.testing.assert_allclose(parts, [1e-4, 10.0])
    np.testing.assert_allclose(record.gradients[y._node], sum(parts))


def test_drawing_changes_nothing():
    x = scalar(3, "x")
    y = x * x
    before = draw(y).dot
    assert x.grad is None
    assert draw(y).dot == before
    y.backward()
    assert x.grad.item() == 6.0


def test_freed_graph_is_drawn_with_a_note():
    y = neuron()
    y.backward()
    d = draw(y)
    assert "tanh" in d.text and "∂" not in d.text.split("note")[0]
    assert any("freed" in note for note in d.notes) and "freed" in d.dot


def test_root_of_several_elements_needs_a_gradient():
    x = Tensor(np.arange(12.0).reshape(3, 4), requires_grad=True, name="x")
    y = x * 2.0
    assert any("gradient=" in note for note in draw(y).notes)
    d = draw(y, gradient=np.ones((3, 4)))
    assert not d.notes and "∂ rms 2" in line(d, "x") and "3×4 f64" in line(d, "x")
    with pytest.raises(ValueError, match=r"\(4, 3\).*\(3, 4\)"):
        draw(y, gradient=np.ones((4, 3)))


def test_parameters_take_the_models_names():
    w = Tensor(np.ones((2, 3)), requires_grad=True, name="mine")
    d = draw((w * 2.0).sum(), Model(**{"layer.weight": w}))
    assert "layer.weight" in d.text and "mine" not in d.text
    assert "mine" in draw((w * 2.0).sum()).text


def test_modules_are_clusters_and_one_op_is_a_caption():
    x = scalar(1, "x")
    with ag.scope("outer: Block"):
        with ag.scope("inner: Two"):
            y = anp.exp(x) * x
        with ag.scope("single: Tanh"):
            y = anp.tanh(y)
    d = draw(y)
    assert d.dot.count("subgraph cluster_") == 2
    assert "single: Tanh" in d.dot
    lines = d.text.splitlines()
    assert lines.index("outer: Block") < lines.index("├─ inner: Two") < lines.index("└─ single: Tanh")


def test_a_nan_gradient_has_a_word_and_an_outline():
    x = scalar(1, "x")
    d = draw(x * float("nan"))
    assert "⚠ NaN" in line(d, "x") and style.LIGHT.trouble in d.dot


def test_a_graph_of_one_leaf():
    d = draw(scalar(4, "alone"))
    assert d.text == "%0 alone  scalar f64  = 4  ∂ +1\n"
    if HERE:
        assert "alone" in words(d.svg)


def test_empty_arrays_and_constants():
    x = Tensor(np.zeros((0, 3)), requires_grad=True, name="x")
    d = draw((x * np.ones((1, 3))).sum())
    assert "0×3 f64" in line(d, "x") and "constant" in d.text
    if HERE:
        words(d.svg)


def test_complex_gradients_are_those_that_users_see():
    z = Tensor(np.array(1 + 2j), requires_grad=True, name="z")
    loss = anp.absolute(z) ** 2
    d = draw(loss)
    loss.backward()
    assert f"∂ {z.grad.item():+.6g}".replace("-", "−") in line(d, "z")


def test_a_leaf_that_nobody_holds_is_drawn_without_a_value():
    y = Tensor(3.0, requires_grad=True, name="x") + 1.0
    d = draw(y)
    assert "=" not in line(d, "x") and "∂ +1" in line(d, "x") and "= 4" in line(d, "add")


def test_derivatives_of_every_order_are_told_apart():
    x = scalar(2, "x")
    y = anp.sin(x * x)
    for order in (1, 2):
        x.grad = None
        y.backward(create_graph=True)
        y = x.grad
        d = draw(y)
        assert [f"derivative of order {k}" in d.text for k in (1, 2, 3)] == [True, order == 2, False]
        assert d.dot.count("derivative of order") == order
    t = float(x.data)
    expected = 2 * np.cos(t * t) - 4 * t * t * np.sin(t * t)
    np.testing.assert_allclose(y.item(), expected)
    assert "sin(" in d.text and line(d, "x").endswith(
        f"∂ {-12 * t * np.sin(t * t) - 8 * t**3 * np.cos(t * t):+.6g}".replace("-", "−")
    )


# ---- any size


def test_a_chain_of_ten_thousand_folds_to_its_ends():
    x = scalar(1, "x")
    y = x
    for _ in range(10_000):
        y = anp.sin(y)
    d = draw(y)
    assert d.text.splitlines()[0].startswith("%0 x")
    assert [" ".join(line.split()[1:3]) for line in d.text.splitlines()[1:]] == [
        "sin(%0) scalar",
        "sin(%1) scalar",
        "sin(%2) ×9,997",
        "sin(%3) scalar",
    ]
    assert "×9,997" in d.dot and "∂ +1" in d.text.splitlines()[-1]


def test_a_long_graph_that_does_not_repeat_is_cut_with_a_count():
    rng = np.random.default_rng(0)
    x = scalar(1, "x")
    y = x
    for choice in rng.integers(4, size=10_000):
        y = (anp.sin, anp.cos, anp.arctan, anp.negative)[choice](y * 0.5 if rng.random() < 0.5 else y)
    d = draw(y)
    count = sum(box.kind != "more" for box in d.view.boxes)
    assert 100 < count <= 150
    assert f"{d.view.cut:,} more" in d.text and f"{d.view.cut:,} more" in d.dot
    assert "∂ +1" in d.text.splitlines()[-2]


def test_doubling_is_linear():
    x = scalar(1, "x")
    y = x
    for _ in range(100):
        y = y + y
    d = draw(y)
    assert d.text.count("add(") == 100 and d.dot.count(" -> ") == 200


def test_modules_fold_before_anything_is_cut():
    x = scalar(1, "x")
    y = x
    for i in range(30):
        with ag.scope(f"{i}: Layer"):
            for _ in range(50):
                y = anp.sin(y)
    d = draw(y, budget=40)
    assert "0 … 29: Layer(%0)  ×30  [1,500 nodes]" in d.text and "more" not in d.text
    assert d.dot.count(" -> ") == 1
    opened = draw(y, budget=80, expand=["7"])
    assert opened.text.count("sin(") == 4 and "0 … 6: Layer(%0)  ×7  [350 nodes]" in opened.text
    full = draw(y, budget=2000)
    assert full.text.count("sin") == 1500


def test_an_edge_into_a_folded_module_carries_the_sum_of_its_parts():
    from autograd.draw import capture, fold

    x = scalar(2, "x")
    y = x * 1.0
    with ag.scope("m: M"):
        inner = y * 3.0 - y
    out = inner + y * 5.0
    record = capture.record(out._node)
    view = fold.fold(record, 5)
    capture.measure_gradients(record)
    fold.sizes(view)
    (module,) = (box for box in view.boxes if box.kind == "module")
    assert [edge.size for edge in module.inputs] == [2.0]


def test_indices_and_axes_are_said():
    x = Tensor(np.ones((4, 5)), requires_grad=True, name="x")
    d = draw(x[1:3, ..., None, -1][[0, 1, 1]].sum(axis=0).sum())
    assert "getitem(%0, [1:3, …, None, -1])" in d.text
    assert "[array 3]" in d.text and "axis 0" in d.text


def test_a_parameter_of_one_folded_module_is_inside_it_and_a_shared_one_is_not():
    own, shared = scalar(2, "own"), scalar(3, "shared")
    y = shared
    for label in "ab":
        with ag.scope(f"{label}: M"):
            y = y * shared
            y = y * own if label == "a" else anp.exp(y)
    d = draw(y, budget=3)
    assert "own" not in d.text and "shared" in d.text


def test_a_shared_leaf_is_drawn_again_instead_of_a_long_edge():
    w = scalar(0.5, "w")
    y = scalar(1, "x")
    for _ in range(40):
        y = anp.tanh(y * w)
    d = draw(y, Model(w=w))
    assert 5 <= d.dot.count("<B>w</B>") <= 12
    assert d.text.count(" w ") == 1


def test_many_nested_scopes():
    x = y = scalar(1, "x")
    scopes = [ag.scope(f"s{i}") for i in range(300)]
    for s in scopes:
        s.__enter__()
        y = anp.sin(y)
    for s in reversed(scopes):
        s.__exit__(None, None, None)
    d = draw(y)
    assert d.dot.count("subgraph cluster_") <= 12
    assert x is not y and "s11" in d.text


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(0, 3)), max_size=40), st.integers(1, 60))
def test_random_graphs_are_drawn(steps, budget):
    pool = [scalar(0.5, "a"), scalar(-0.25, "b")]
    y = pool[0]
    for i, j, scope in steps:
        with ag.scope(f"m{scope}"):
            y = pool[i % len(pool)] * pool[j % len(pool)] + (0.5 if scope else pool[0])
        pool.append(y)
    d = draw(y, budget=budget)
    names = {m[1] for m in re.finditer(r"^\s*(n\d+) \[", d.dot, re.MULTILINE)}
    ends = {end for m in re.finditer(r"(n\d+) -> (n\d+)", d.dot) for end in m.groups()}
    assert ends <= names
    if HERE:
        words(d.svg)
    assert d.text.count("%") >= 1


# ---- names


@needs_graphviz
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_give_xml(name):
    x = scalar(2, name)
    w = scalar(2)
    with ag.scope(name), ag.scope("inner"):
        y = anp.exp(x * w)
        y = anp.exp(y)
    svg = draw(y, Model(**{name: w})).svg
    shown = words(svg)
    if name == '<b>&amp;"x"</b>':
        assert any(w.replace("\u2060", "") == name for w in shown)
    if name == "名前 ∂ 😀":
        assert name in shown


@needs_graphviz
@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.text(max_size=12))
def test_any_name_gives_xml(name):
    x = scalar(2, name)
    with ag.scope(name):
        words(draw(anp.exp(anp.exp(x))).svg)


@needs_graphviz
def test_same_bytes_every_time():
    assert draw(neuron()).svg == draw(neuron()).svg
    assert draw(neuron()).dot == draw(neuron()).dot


# ---- files and renderers


@needs_graphviz
@pytest.mark.parametrize(
    ("suffix", "start"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("dot", b"digraph")]
)
def test_save_by_suffix(tmp_path, suffix, start):
    (path,) = draw(neuron()).save(tmp_path / "new" / f"neuron.{suffix}")
    assert path.read_bytes().startswith(start)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_save_text_and_unknown_suffix(tmp_path):
    d = draw(neuron())
    (path,) = d.save(tmp_path / "n.txt")
    assert path.read_text(encoding="utf-8") == d.text
    with pytest.raises(ValueError, match=r"n\.jpg.*\.svg"):
        d.save(tmp_path / "n.jpg")


def test_without_graphviz_dot_and_text_are_written_and_one_line_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(render.shutil, "which", lambda _: None)
    monkeypatch.setattr(render.importlib.util, "find_spec", lambda _: None)
    d = draw(neuron())
    assert [p.name for p in d.save(tmp_path / "n.svg")] == ["n.dot", "n.txt"]
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "glassgrad[draw]" in said
    assert "tanh" in (tmp_path / "n.dot").read_text(encoding="utf-8")
    assert d._repr_svg_() is None and set(d._repr_mimebundle_()) == {"text/plain"}
    with pytest.raises(RenderError, match=r"glassgrad\[draw\]"):
        _ = d.svg


def test_the_dot_program_comes_first(monkeypatch):
    monkeypatch.setattr(render.shutil, "which", lambda name: "/usr/bin/dot" if name == "dot" else None)
    asked = []

    def pipe(self, format, **_):
        asked.append((format, self.source))
        return b'<?xml version="1.0"?><svg width="1pt"><g><title>n0</title></g></svg>'

    monkeypatch.setattr(render.graphviz.Source, "pipe", pipe)
    d = draw(neuron())
    assert d.svg.startswith('<svg class="glassgrad"')
    assert asked == [("svg", d.dot)]


def test_a_pygraphviz_that_cannot_be_imported_is_none(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(render.shutil, "which", lambda _: None)
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    assert render.renderer() is None
    monkeypatch.setattr(render, "renderer", lambda: "pygraphviz")  # there, but its library is not
    assert len(draw(neuron()).save(tmp_path / "n.png")) == 2
    assert "glassgrad[draw]" in capsys.readouterr().err


def test_a_broken_dot_program_says_so(monkeypatch):
    monkeypatch.setattr(render.shutil, "which", lambda _: "/usr/bin/dot")

    def pipe(self, format, **_):
        raise render.graphviz.CalledProcessError(1, "dot")

    monkeypatch.setattr(render.graphviz.Source, "pipe", pipe)
    with pytest.raises(RenderError, match="could not draw"):
        _ = draw(neuron()).svg


def test_pygraphviz_draws_in_process(monkeypatch):
    pytest.importorskip("pygraphviz")
    monkeypatch.setattr(render.shutil, "which", lambda _: None)
    assert render.renderer() == "pygraphviz"
    svg = draw(neuron()).svg
    assert "tanh" in words(svg) and "prefers-color-scheme: dark" in svg


def test_notebooks(monkeypatch):
    d = draw(neuron())
    monkeypatch.setattr(Drawing, "svg", "<svg/>")
    assert d._repr_mimebundle_() == {"text/plain": d.text, "image/svg+xml": "<svg/>"}
    assert set(d._repr_mimebundle_(include=("text/plain",))) == {"text/plain"}
    assert d._repr_svg_() == "<svg/>"


# ---- wrong use


def test_wrong_arguments():
    with pytest.raises(TypeError, match="ndarray"):
        draw(np.ones(3))
    with pytest.raises(ValueError, match="no graph"):
        draw(Tensor([1.0]))
    with pytest.raises(ValueError, match="budget is 0"):
        draw(neuron(), budget=0)


# ---- the encoding


def test_the_scale_is_logarithmic_over_eight_decades():
    steps = [style.step(10.0**-k, 1.0) for k in range(9)]
    assert steps == [16, 14, 12, 10, 8, 6, 4, 2, 0]
    assert style.step(0.0, 1.0) == style.step(1e-300, 1.0) == 0 and style.step(1e30, 1.0) == 16
    assert (style.width(1.0, 1.0), style.width(0.0, 1.0)) == (6.0, 0.6)
    assert len({*map(style._luminance, style.RAMP)}) == style.STEPS


@pytest.mark.parametrize("theme", [style.LIGHT, style.DARK], ids=["light", "dark"])
def test_text_can_be_read(theme):
    for fill in (
        "page",
        "op",
        "parameter",
        "leaf",
        "constant",
        "module",
        "cluster",
        "cluster_alternate",
        "trouble_fill",
    ):
        for text in ("text", "muted", "plus", "minus", "trouble"):
            if fill.startswith("cluster") and text not in ("text", "muted"):
                continue
            assert style.contrast(getattr(theme, text), getattr(theme, fill)) >= 4.5, (text, fill)


def test_text_on_the_ramp_can_be_read_in_both_themes():
    table = style.exchange()
    for place in range(style.STEPS):
        assert style.contrast(style.ink(place), style.RAMP[place]) >= 4.5
        assert style.contrast(table[style.ink(place)], style.RAMP_DARK[place]) >= 4.5


def test_no_two_roles_share_a_colour_that_the_dark_theme_tells_apart():
    assert len(style.exchange()) == len(style.LIGHT) + style.STEPS + 4


def test_rms_neither_overflows_nor_underflows():
    assert rms(np.full(3, 1e200)) == pytest.approx(1e200)
    assert rms(np.full(3, 1e-200)) == pytest.approx(1e-200)
    assert rms(np.zeros((0, 2))) == 0.0 and np.isnan(rms([np.nan, 1.0])) and rms([np.inf]) == np.inf
    assert rms([3.0, 4.0]) == pytest.approx(12.5**0.5)


def test_small_arrays_are_shown_element_by_element():
    assert format_values(np.array([[1.0, -2.5]])) == "[[1, −2.5]]"
    assert format_values(np.ones(7)) == "" and format_values(np.array(1 / 3)) == "0.333333"


def test_nothing_here_recurses():
    y = scalar(1, "x")
    for _ in range(3000):
        y = anp.sin(y)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(200)
    try:
        d = draw(y, budget=5000)
    finally:
        sys.setrecursionlimit(limit)
    assert d.text.count("sin") == 3000
