"""Pictures of a training: true to their numbers, the same bytes every time, and one page that needs nothing else."""

import re
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import numpy as np
import pytest

from autograd import Tensor
from autograd.draw import draw, render
from nn.errors import DataError, MissingExtra
from nn.pictures import Fact, _smooth, attention_image, gradient_flow_image, write_index

SVG = "{http://www.w3.org/2000/svg}"


def causal(size):
    """Row i looks equally at 0..i."""
    return np.tril(np.ones((size, size))) / np.arange(1, size + 1)[:, None]


def words(path):
    return ["".join(e.itertext()) for e in ET.parse(path).getroot().iter(f"{SVG}text")]


def described(path):
    return ET.parse(path).getroot().find(f"{SVG}desc").text


class Page(HTMLParser):
    """Checks nesting, and collects what would be fetched."""

    VOID = frozenset({"meta", "input", "br", "img", "link"})

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.fetched, self.seen, self.data = [], [], [], [], ""
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        self.note(attrs)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)
        self.note(attrs)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.data += data

    def note(self, attrs):
        for key, value in attrs:
            if key == "id":
                self.ids.append(value)
            if key in ("src", "href", "xlink:href") and not value.startswith(("#", "data:")):
                self.fetched.append(value)


# ---- attention


def test_attention_says_which_token_looks_where(tmp_path):
    pytest.importorskip("matplotlib")
    pattern = np.eye(3)[[0, 0, 1]]
    path = attention_image(pattern, ["a", "\n", "$x$"], tmp_path / "new" / "attention.svg", "One <head>")
    lines = described(path).splitlines()
    assert lines[1].split() == ["1", "'↵'", "->", "'a'", "(at", "0)", "1.00"]
    assert lines[2].split()[3] == "'↵'"
    assert words(path).count("$x$") == 2 and words(path).count("↵") == 2
    assert ET.parse(path).getroot().find(f"{SVG}title").text == "One <head>"


@pytest.mark.parametrize("token", ["<&\">'", "\x00", "\ud800", "", "  ", "日本😀", "]]>", "a" * 500, "$", "\\frac{"])
def test_any_token_gives_xml(tmp_path, token):
    pytest.importorskip("matplotlib")
    words(attention_image(causal(2), [token, "b"], tmp_path / "a.svg"))


def test_only_the_first_tokens_are_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    path = attention_image(causal(10), list("abcdefghij"), tmp_path / "a.svg", limit=4)
    assert len(described(path).splitlines()) == 4 and "j" not in words(path)


def test_same_bytes_every_time(tmp_path):
    pytest.importorskip("matplotlib")
    sizes = {"a": [1.0, 0.1], "b": [0.5, 0.2]}
    for draw_it in (
        lambda path: attention_image(causal(3), list("abc"), path),
        lambda path: gradient_flow_image(sizes, path),
    ):
        one = draw_it(tmp_path / "one" / "x.svg").read_bytes()
        assert one == draw_it(tmp_path / "two" / "x.svg").read_bytes()
        assert b"prefers-color-scheme: dark" in one


def test_attention_that_cannot_be_drawn(tmp_path):
    path = tmp_path / "a.svg"
    with pytest.raises(DataError, match=r"T = 2 tokens.*\(3, 3\)"):
        attention_image(causal(3), ["a", "b"], path)
    with pytest.raises(DataError, match="at least one"):
        attention_image(np.zeros((0, 0)), [], path)
    with pytest.raises(DataError, match="NaN"):
        attention_image([[np.nan]], ["a"], path)
    assert not path.exists()


def test_the_path_must_be_an_svg(tmp_path):
    pytest.importorskip("matplotlib")
    with pytest.raises(DataError, match=r"\.svg.*a\.png"):
        attention_image(causal(1), ["a"], tmp_path / "a.png")


def test_without_matplotlib_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtra, match=r"glassgrad\[draw\]"):
        attention_image(causal(1), ["a"], tmp_path / "a.svg")
    with pytest.raises(MissingExtra, match=r"glassgrad\[draw\]"):
        gradient_flow_image({"a": [1.0]}, tmp_path / "a.svg")


# ---- gradients over training


def test_gradient_sizes_are_told_in_the_text(tmp_path):
    pytest.importorskip("matplotlib")
    sizes = {"first $layer": [1e-3, 2e-3, 4e-3], "second": [1.0, 0.0, float("nan")]}
    path = gradient_flow_image(sizes, tmp_path / "g.svg", steps=[10, 20, 30])
    head, first, second = described(path).splitlines()
    assert head.split() == ["step", "10", "step", "20", "step", "30"]
    assert first.split()[-3:] == ["0.001", "0.002", "0.004"]
    assert second.split()[-3:] == ["1", "0", "nan"]
    assert "first $layer" in words(path)


@pytest.mark.parametrize(
    "sizes",
    [{"a": [1.0]}, {"a": [0.0, 0.0]}, {"a": [np.inf, np.nan]}, {f"l{i}": [10.0**-i] * 3 for i in range(60)}],
    ids=["one step", "zeros", "not numbers", "60 layers"],
)
def test_odd_gradients_are_drawn(tmp_path, sizes):
    pytest.importorskip("matplotlib")
    assert set(sizes) <= set(words(gradient_flow_image(sizes, tmp_path / "g.svg")))


def test_gradients_that_cannot_be_drawn(tmp_path):
    path = tmp_path / "g.svg"
    for sizes in ({}, {"a": []}):
        with pytest.raises(DataError, match="nothing to draw"):
            gradient_flow_image(sizes, path)
    with pytest.raises(DataError, match="'b': 1 values for 2 steps"):
        gradient_flow_image({"a": [1.0, 2.0], "b": [1.0]}, path)
    with pytest.raises(DataError, match="increase"):
        gradient_flow_image({"a": [1.0, 2.0]}, path, steps=[3, 3])


def test_smoothing_is_a_running_mean_of_what_is_known():
    row = np.array([1.0, 3.0, np.nan, 5.0, 7.0])
    np.testing.assert_allclose(_smooth(row, 2), [1.0, 2.0, np.nan, 5.0, 6.0])
    np.testing.assert_array_equal(_smooth(row, 1), row)


# ---- the page


def test_the_page_holds_everything(tmp_path):
    pytest.importorskip("matplotlib")
    a = attention_image(causal(3), list("abc"), tmp_path / "a.svg")
    g = gradient_flow_image({"layer": [1.0, 2.0]}, tmp_path / "g.svg")
    facts = [
        Fact("accuracy", "97 %", "at least 96 %", True),
        Fact("<loss>", "2.0", "1.9", False),
        Fact("bigram", "2.5"),
    ]
    index = write_index(tmp_path, [("One & <two>", a, "Said <b>so</b>"), ("Flow", g)], "Title <x>", "Intro", facts)
    assert index == tmp_path / "index.html"
    text = index.read_text(encoding="utf-8")
    page = Page(text)
    assert page.fetched == [] and "script" not in page.seen and page.seen.count("svg") == 2
    assert not re.search(r"@import|url\((?!#)", text)
    assert len(page.ids) == len(set(page.ids))
    assert {"picture-1", "picture-2"} <= set(page.ids)
    for said in ("One & <two>", "Said <b>so</b>", "Title <x>", "Intro", "97 % ✓", "<loss>", "✗ not reached", "(at 0)"):
        assert said in page.data
    assert text.count("prefers-color-scheme: dark") == 3
    referred = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', text))
    assert referred <= set(page.ids)


def test_a_drawn_graph_is_shown_with_its_text(tmp_path):
    if render.renderer() is None:
        pytest.skip("neither the dot program nor pygraphviz is installed")
    x = Tensor(3.0, requires_grad=True, name="<x>")
    (path,) = draw(x * x).save(tmp_path / "n.svg")
    page = Page(write_index(tmp_path, [("n", path)]).read_text(encoding="utf-8"))
    assert "%0 <x>  scalar f64  = 3  ∂ +6" in page.data


def test_without_graphviz_the_page_shows_text(tmp_path, monkeypatch):
    monkeypatch.setattr(render.shutil, "which", lambda _: None)
    monkeypatch.setattr(render.importlib.util, "find_spec", lambda _: None)
    x = Tensor(3.0, requires_grad=True, name="x")
    paths = draw(x * x).save(tmp_path / "n.svg")
    page = Page(write_index(tmp_path, [("n", paths[0])]).read_text(encoding="utf-8"))
    assert "%1 multiply(%0, %0)" in page.data and "glassgrad[draw]" in page.data


def test_a_page_that_cannot_be_written_leaves_the_old_one(tmp_path):
    index = write_index(tmp_path, [], "Old")
    with pytest.raises(DataError, match=r"gone\.svg"):
        write_index(tmp_path, [("n", tmp_path / "gone.svg")])
    with pytest.raises(DataError, match=r"a\.gif"):
        write_index(tmp_path, [("n", tmp_path / "a.gif")])
    assert "Old" in index.read_text(encoding="utf-8")
    assert [p.name for p in tmp_path.iterdir()] == ["index.html"]
