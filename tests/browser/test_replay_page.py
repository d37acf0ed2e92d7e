"""The page of a replay, as a reader uses it."""

import pytest

import autograd.numpy as anp
from autograd import Tensor, replay


@pytest.fixture(scope="module")
def steps():
    x, w, b = (Tensor(v, requires_grad=True, name=n) for v, n in ((2.0, "x"), (-3.0, "w"), (6.5, "b")))
    return replay(anp.tanh(w * x + b))


def now(page):
    return page.run("return Array.from(document.querySelectorAll('.step.now'), (s) => s.id)")


def test_the_slider_goes_through_the_steps(page, steps):
    shown = page(steps.html)
    assert now(shown) == ["s0"]
    shown.find("#slider").click()  # the middle
    last = len(steps.steps)
    middle = int(shown.run("return document.getElementById('slider').value"))
    assert 0 < middle < last
    assert now(shown) == [f"s{middle}"]
    shown.press("End")
    assert now(shown) == [f"s{last}"]
    assert shown.run("return document.getElementById('place').textContent") == f"{last} of {last}"


def test_keys_go_on_and_back(page, steps):
    shown = page(steps.html, fragment="2")
    assert now(shown) == ["s2"]
    shown.press("ArrowRight", "ArrowRight", "ArrowLeft")
    assert now(shown) == ["s3"]


def test_the_wheel_zooms_and_a_drag_moves(page, steps):
    shown = page(steps.html)
    before = shown.run("return document.getElementById('graph').getAttribute('viewBox')").split()
    shown.wheel(300, 300, -200)
    near = shown.run("return document.getElementById('graph').getAttribute('viewBox')").split()
    assert float(near[2]) < float(before[2])
    shown.drag((300, 300), (400, 350))
    moved = shown.run("return document.getElementById('graph').getAttribute('viewBox')").split()
    unit = float(near[2]) / shown.run("return document.querySelector('.view').clientWidth")
    assert float(near[0]) - float(moved[0]) == pytest.approx(100 * unit, rel=0.02)
    assert moved[2:] == near[2:]


def test_without_scripts_every_step_can_be_read(page, steps):
    shown = page(steps.html, scripts=False)
    assert shown.run("return document.documentElement.className") == ""
    for step in steps.steps:
        assert shown.find(f"#s{step.number}").is_displayed()
    assert "dL/dx" in shown.find("body").text


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_text_can_be_read(page, steps, theme):
    shown = page(steps.html, theme=theme, fragment="3")
    found = shown.contrasts()
    assert len(found) > 20
    assert [text for text in found if text[0] < 4.5] == []
