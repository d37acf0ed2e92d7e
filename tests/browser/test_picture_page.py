"""The page of a drawing, as a reader uses it."""

import numpy as np
import pytest

import autograd as ag
import autograd.numpy as anp
import nn
from autograd import Tensor
from autograd.draw import draw, render, style

HOSTILE = ["<&\">:|{}'", "</script><script>alert(1)</script>", "\u202e\u2028名前\x00\x1b", "]]>--><!--", "constructor"]


class Residual(nn.Module):
    def __init__(self, rng):
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.up, self.down = nn.Linear(8, 32, rng=rng), nn.Linear(32, 8, rng=rng)

    def forward(self, x):
        return x + self.down(anp.maximum(self.up(self.norm(x)), 0))


class Residuals(nn.Module):
    def __init__(self, rng, count=3):
        super().__init__()
        self.stem, self.head = nn.Linear(8, 8, rng=rng), nn.Linear(8, 3, rng=rng)
        self.blocks = nn.ModuleList([Residual(rng) for _ in range(count)])

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(x)


@pytest.fixture(scope="module")
def keep():
    return []


def residuals(keep, count=3):
    rng = np.random.default_rng(0)
    model = Residuals(rng, count)
    keep.append(model)
    x = rng.standard_normal((16, 8)).astype("float32")
    return nn.functional.cross_entropy(model(x), rng.integers(0, 3, 16)), model


def sigmoids(keep):
    rng = np.random.default_rng(0)
    layers = [layer for _ in range(12) for layer in (nn.Linear(16, 16, rng=rng), nn.Sigmoid())]
    model = nn.Sequential(*layers, nn.Linear(16, 10, rng=rng))
    keep.append(model)
    x = rng.standard_normal((32, 16)).astype("float32")
    return nn.functional.cross_entropy(model(x), rng.integers(0, 10, 32)), model


def loop(keep, steps):
    w, h = (Tensor(v, requires_grad=True, name=n) for v, n in ((np.eye(4) * 0.9, "W"), (np.ones(4), "h0")))
    keep += [w, h]
    for _ in range(steps):
        h = anp.tanh(h @ w) + 0.1
    return (h * h).sum(), None


def keys(shown, kind="n"):
    """The keys of the boxes that are drawn: "n7" a node, "p3" a folded part, "f2" an open module's title."""
    found = shown.run("return [...document.querySelectorAll('#graph [data-key]')].map((b) => b.dataset.key)")
    return {key for key in found if key[0] == kind}


def chosen(shown):
    return shown.run("return document.querySelector('#graph .chosen')?.dataset.key ?? null")


def card(shown):
    return shown.run("return document.getElementById('card').innerText")


@pytest.mark.parametrize("make", [residuals, sigmoids], ids=["residuals", "sigmoids"])
@pytest.mark.parametrize("budget", [150, 24])
def test_the_first_view_is_the_one_of_the_other_pictures(page, keep, make, budget):
    drawing = draw(*make(keep), budget=budget)
    record = drawing.view.record
    number = {node: i for i, node in enumerate(record.nodes)}
    shown = page(drawing.html)
    ops = {f"n{number[box.node]}" for box in drawing.view.boxes if box.kind == "op"}
    assert keys(shown) == ops
    assert len(keys(shown, "p")) == sum(box.kind == "module" for box in drawing.view.boxes)


def test_a_folded_box_opens_and_folds_again(page, keep):
    shown = page(draw(*residuals(keep, 12), budget=30).html)
    (folded,) = keys(shown, "p")
    ops = keys(shown)
    assert shown.find(f'[data-key="{folded}"]').get_attribute("aria-expanded") == "false"
    assert "12 blocks" in shown.find(f'[data-key="{folded}"]').text
    shown.click(f'[data-key="{folded}"]', times=2)
    assert len(keys(shown, "p")) == 12 and ops <= keys(shown)
    assert chosen(shown) in keys(shown, "p")
    shown.press("Enter")  # the first of them has the focus
    assert len(keys(shown, "p")) == 11 and len(keys(shown)) > len(ops)
    shown.press("c", "c")
    assert keys(shown, "p") >= {folded} or len(keys(shown, "p")) == 12


def test_ten_thousand_nodes_open_step_by_step(page, keep):
    shown = page(draw(*loop(keep, 3400)).html)
    assert shown.run("return nodes.length") > 10_000
    before = len(keys(shown)) + len(keys(shown, "p"))
    assert before < 60
    for _ in range(4):
        (first, *_) = sorted(keys(shown, "p"), key=lambda key: int(key[1:]))
        shown.run("choose(arguments[0], true); enter(arguments[0])", first)
        assert len(keys(shown)) + len(keys(shown, "p")) < before + 60
        before = len(keys(shown)) + len(keys(shown, "p"))
    assert shown.overlaps() == []


def test_search_goes_from_match_to_match_and_unfolds(page, keep):
    shown = page(draw(*residuals(keep, 12), budget=30).html)
    assert shown.count('[data-key^="n"]') < 20
    shown.press("/")
    shown.type("maximum")
    assert shown.find("#found").text == "12 found"
    shown.press("Enter")
    assert shown.find("#found").text == "1 of 12"
    first = chosen(shown)
    assert "maximum" in card(shown)
    shown.press("Enter")
    assert chosen(shown) != first and "maximum" in card(shown)
    shown.press("Shift+Enter")
    assert chosen(shown) == first
    shown.press("Escape", "/")
    shown.type("blocks.7.up.bias")
    shown.press("Enter")
    assert "blocks.7.up.bias" in card(shown)


def test_arrows_follow_the_edges(page, keep):
    loss, model = residuals(keep)
    shown = page(draw(loss, model).html)
    shown.press("Home")
    assert "cross_entropy" in card(shown)
    shown.press("ArrowLeft")
    assert "head.weight" in card(shown) and "linear" in card(shown)
    shown.press("ArrowRight")
    assert "cross_entropy" in card(shown)
    assert shown.run("return document.activeElement.dataset.key") == chosen(shown)
    outline = shown.run("return getComputedStyle(document.querySelector('.chosen > .body')).strokeWidth")
    assert outline == "3px"
    shown.press("Escape")
    assert chosen(shown) is None


def test_the_card_says_through_which_way_the_gradient_comes(page, keep):
    drawing = draw(*residuals(keep))
    shown = page(drawing.html)
    stem = next(i for i, node in enumerate(drawing.view.record.nodes) if node.op is not None)
    edges = [edge for box in drawing.view.boxes for edge in box.inputs if edge.node is drawing.view.record.nodes[stem]]
    shown.run("reveal(nodes[arguments[0]])", stem)
    assert "IT COMES FROM" in card(shown).upper()
    for edge in edges:
        assert edge.told in card(shown)


def box_of(shown):
    return [float(x) for x in shown.run("return document.getElementById('graph').getAttribute('viewBox')").split()]


def test_wheel_keys_drag_and_pinch(page, keep):
    shown = page(draw(*residuals(keep)).html)
    shown.press("0")
    whole = box_of(shown)
    shown.wheel(400, 400, -150)
    near = box_of(shown)
    assert near[2] < whole[2]
    shown.drag((400, 650), (500, 640))
    moved = box_of(shown)
    assert moved[0] < near[0] and moved[2] == near[2]
    shown.find(".view").click()
    shown.press("Escape", "+")
    assert box_of(shown)[2] < moved[2]
    shown.press("ArrowRight")
    assert box_of(shown)[0] > moved[0]
    before = box_of(shown)
    shown.pinch(500, 400, 2.0)
    assert box_of(shown)[2] == pytest.approx(before[2] / 2, rel=0.2)
    shown.press("0")
    assert box_of(shown) == pytest.approx(whole)
    shown.click("#farther")
    shown.click("#fit")
    assert box_of(shown) == pytest.approx(whole)


def test_a_click_on_a_trouble_goes_to_it(page, keep):
    drawing = draw(*sigmoids(keep))
    first = drawing.troubles[0]
    shown = page(drawing.html)
    assert shown.count(".troubles li") == len(drawing.troubles)
    shown.click(".troubles li button")
    assert first.name in card(shown) and first.word in card(shown)
    assert shown.count("#graph .trouble") > 0


def test_the_theme_changes_and_the_keys_are_told(page, keep):
    shown = page(draw(*residuals(keep)).html)
    ground = "return getComputedStyle(document.body).backgroundColor"
    light = shown.run(ground)
    shown.click("#theme")
    assert shown.run(ground) != light
    shown.find(".view").click()
    shown.press("t")
    assert shown.run(ground) == light
    shown.press("?")
    assert shown.run("return document.getElementById('keys').open")
    shown.press("Escape")
    assert not shown.run("return document.getElementById('keys').open")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("make", [residuals, sigmoids], ids=["residuals", "sigmoids"])
def test_all_text_can_be_read_and_none_lies_over_other(page, keep, make, theme):
    shown = page(draw(*make(keep)).html, theme=theme, size=(1600, 900))
    shown.press("Home", ".")  # to the root, or to the first trouble
    found = shown.contrasts()
    assert len(found) > 40
    assert [text for text in found if text[0] < 4.5] == []
    assert shown.overlaps() == []


def test_no_text_is_wider_than_its_box(page, keep):
    shown = page(draw(*sigmoids(keep)).html)
    script = """return [...document.querySelectorAll('#graph .box')].flatMap((box) => {
        const body = box.querySelector(':scope > .body, :scope > .hit').getBBox();
        return [...box.querySelectorAll(':scope > text')].filter((text) => {
            const b = text.getBBox();
            return b.x < body.x || b.x + b.width > body.x + body.width;
        }).map((text) => text.textContent);
    })"""
    assert shown.run(script) == []


def test_neighbours_on_the_ramp_can_be_told_without_green_cones(distance):
    for ramp in (style.RAMP, style.RAMP_DARK):
        colours = [tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in ramp]
        assert min(distance(a, b) for a, b in zip(colours, colours[1:], strict=False)) > 2.3
        assert min(distance(a, b) for a, b in zip(colours[::2], colours[2::2], strict=False)) > 5


def test_without_scripts_picture_troubles_and_text_are_there(page, keep):
    drawing = draw(*sigmoids(keep))
    shown = page(drawing.html, scripts=False, size=(1280, 3000))
    assert shown.run("return document.documentElement.className") == ""
    body = shown.find("body").text
    for found in drawing.troubles[:30]:
        assert found.name in body and found.said in body
    assert shown.count("svg.glassgrad") == (render.renderer() is not None)
    shown.click("summary")
    assert drawing.text.splitlines()[-1] in shown.find("pre").text


def test_without_graphviz_the_page_draws_by_itself(page, keep, monkeypatch):
    monkeypatch.setattr(render, "renderer", lambda: None)
    drawing = draw(*residuals(keep))
    shown = page(drawing.html)
    assert len(keys(shown)) == sum(box.kind == "op" for box in drawing.view.boxes)
    still = page(drawing.html, scripts=False)
    assert "pip install 'glassgrad[draw]'" in still.find("body").text
    assert drawing.text.splitlines()[1].strip("│├└─ ") in still.find("pre").text


def test_hostile_names_are_only_names(page, keep):
    leaves = [Tensor(1.5, requires_grad=True, name=name) for name in HOSTILE]
    keep.append(leaves)
    total = leaves[0]
    for leaf, name in zip(leaves[1:], HOSTILE, strict=False):
        with ag.scope(f"{name}: <b>"):
            total = anp.tanh(total * leaf) + 1.0
    shown = page(draw(total).html)
    words = shown.run("return document.getElementById('graph').textContent")
    assert HOSTILE[0] in words and HOSTILE[1] in words and "名前" in words
    shown.press("/")
    shown.type("</script>")
    assert shown.find("#found").text != "nothing found"
    shown.press("Enter")
    assert "</script>" in card(shown)


def test_parts_that_run_in_a_circle_are_drawn(page, keep):
    x = Tensor(1.5, requires_grad=True, name="x")
    keep.append(x)
    with ag.scope("outer: Outer") as outer:
        y = anp.tanh(x) * x
    y = anp.exp(y) * y
    with ag.state.mode(scope=outer):
        y = anp.sin(y) + y
    shown = page(draw(y).html)
    assert shown.run("return document.querySelectorAll('#graph .op').length") == 6
    shown.run("toggle(parts[1])")
    assert keys(shown, "p") == {"p1"} and len(keys(shown)) == 2


def test_old_nodes_that_were_left_out_can_be_opened(page, keep, rng):
    values = [Tensor(float(v), requires_grad=True, name=f"v{i}") for i, v in enumerate(rng.uniform(0.5, 1, 5))]
    keep.append(list(values))
    for i in rng.integers(1, 5, 400):
        a, b = values[-1], values[-1 - int(i)]
        values.append([a * b, a + b, anp.sin(a), a - b][int(rng.integers(4))])
    drawing = draw(values[-1], budget=40)
    assert drawing.view.cut > 200
    shown = page(drawing.html)
    assert shown.count("#graph .more") >= 1
    before = len(keys(shown))
    more = shown.run("return document.querySelector('#graph .more').dataset.key")
    shown.run("enter(arguments[0])", more)
    assert len(keys(shown)) + len(keys(shown, "p")) > before
    assert shown.count(f'[data-key="{more}"]') == 0


def test_a_graph_of_one_leaf(page, keep):
    keep.append(Tensor(4.0, requires_grad=True, name="alone"))
    shown = page(draw(keep[-1]).html)
    assert "alone" in shown.find("#graph").text and "= 4" in shown.find("#graph").text
