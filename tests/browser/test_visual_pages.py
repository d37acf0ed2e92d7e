"""The pages of weights and embeddings, as a reader uses them."""

import numpy as np
import pytest

import nn
from autograd.draw import marks


@pytest.fixture(scope="module")
def weights():
    return nn.weight_images(nn.models.MLP([16, 3, 2], rng=np.random.default_rng(0)), labels=["cat", "</script>"])


@pytest.fixture(scope="module")
def table():
    return nn.embedding_map(np.random.default_rng(0).standard_normal((12, 4)), "abcdefghij <")


def text(page, name):
    return page.run("return document.getElementById(arguments[0]).textContent", name)


def test_a_click_shows_a_neuron_and_keys_its_numbers(page, weights):
    shown = page(weights.html, size=(1280, 1000))
    shown.click(".head[data-layer='0'][data-neuron='2']")
    assert text(shown, "which") == "layers.0, neuron 2"
    assert text(shown, "said") == weights.layers[0].told(2)
    shown.run("document.getElementById('matrix').focus()")
    shown.press("ArrowRight", "ArrowRight", "ArrowDown")
    place, _, number = text(shown, "weight").partition(": ")
    assert place == "row 1, column 1"
    weight = float(weights.layers[0].weights[2, 5])
    assert float(number.replace("−", "-")) == pytest.approx(weight, rel=1e-6)
    assert number[0] == ("+" if weight > 0 else "−")


def test_bars_name_the_neuron_before(page, weights):
    shown = page(weights.html, size=(1280, 1000))
    shown.find(".head[data-layer='1'][data-neuron='1']").send_keys("\ue007")  # Enter
    assert text(shown, "which") == "layers.2, </script>"
    shown.run("document.getElementById('matrix').focus()")
    shown.press("ArrowRight", "ArrowRight")
    assert text(shown, "weight").startswith("from neuron 1: ")


def test_a_dot_shows_its_nearest(page, table):
    shown = page(table.html)
    shown.hover(".point[data-row='3'] circle")
    assert text(shown, "which") == "d"
    near = shown.run("return Array.from(document.querySelectorAll('#most span'), (s) => s.textContent)")
    names = [("␣" if table.labels[j] == " " else table.labels[j]) for j, _ in table.nearest[3]]
    assert near == names
    assert shown.count("#ties line") == len(names)


def test_arrow_keys_go_from_dot_to_dot(page, table):
    shown = page(table.html)
    left = int(np.argmin(table.points[:, 0]))
    shown.run(f"document.querySelector('.point[data-row=\"{left}\"]').focus()")
    shown.press("ArrowRight")
    there = shown.run("return document.activeElement.dataset.row")
    assert int(there) != left and table.points[int(there), 0] > table.points[left, 0]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("which", ["weights", "table"])
def test_text_can_be_read(page, which, theme, request):
    shown = page(request.getfixturevalue(which).html, theme=theme, size=(1280, 1100))
    assert [(ratio, said) for ratio, said in shown.contrasts() if ratio < 4.5] == []
    assert shown.overlaps() == []


@pytest.mark.parametrize("which", ["weights", "table"])
def test_without_scripts_and_on_a_narrow_screen(page, which, request):
    made = request.getfixturevalue(which)
    shown = page(made.html, scripts=False, size=(390, 800))
    assert shown.run("return document.documentElement.scrollWidth") <= 390
    assert shown.count(".head svg" if which == "weights" else ".point") == (5 if which == "weights" else 12)


def test_the_ramp_of_signs_can_be_told_apart_without_green_cones(distance):
    for ramp in (marks.SIGNED, marks.SIGNED_DARK):
        rgb = [tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in ramp]
        for k in range(1, 9):  # as strong, the other way
            assert distance(rgb[8 - k], rgb[8 + k]) > 5 * k
        assert min(distance(a, b) for a, b in zip(rgb, rgb[1:], strict=False)) > 2.3
