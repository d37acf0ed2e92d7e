"""The page of attention patterns, as a reader uses it."""

import numpy as np
import pytest

import nn

LABELS = ["The", " ", "</script>", '<&">', "\n", "日本", "a very long label of a token", "end"]


@pytest.fixture(scope="module")
def seen():
    config = nn.models.Config(8, context=16, layers=2, heads=2, width=16)
    model = nn.models.GPT(config, rng=np.random.default_rng(0))
    for layer in model.modules():  # large enough to look at something
        if isinstance(layer, nn.CausalSelfAttention):
            layer.c_attn.weight.data = layer.c_attn.weight.data * 40
    return nn.attention_patterns(model, np.arange(8), LABELS)


def text(page, name):
    return page.run("return document.getElementById(arguments[0]).textContent", name)


def test_a_click_shows_a_head_large(page, seen):
    shown = page(seen.html)
    assert shown.count(".head") == 6  # of each layer two heads and the mean
    shown.click(".head[data-layer='1'][data-head='1']")
    assert text(shown, "which") == "transformer.h.1.attn, head 1"
    assert seen.layers[1].heads[1].said in text(shown, "said")
    shown.find(".head[data-layer='0'][data-head='0']").send_keys("\ue007")  # Enter
    assert text(shown, "which") == "transformer.h.0.attn, head 0"
    shown.press("ArrowRight", "ArrowRight", "Enter")
    assert text(shown, "which") == "transformer.h.0.attn, mean over the heads"


def test_a_token_tells_what_it_looks_at_and_what_looks_at_it(page, seen):
    shown = page(seen.html)
    shown.hover(".token:nth-of-type(4)")
    assert text(shown, "from") == '<&"> (3) looks at'
    titles = shown.run("return Array.from(document.querySelectorAll('#tokens .token'), (t) => t.title)")
    for j in range(8):
        if j > 3:
            assert titles[j].endswith("cannot be seen from here")
        else:
            told = float(titles[j].rpartition(": ")[2])
            assert told == pytest.approx(float(seen.layers[0].weights[0, 3, j]), rel=1e-6)
    back = shown.run("return Array.from(document.querySelectorAll('#back .token'), (t) => t.title)")
    assert float(back[7].rpartition(": ")[2]) == pytest.approx(float(seen.layers[0].weights[0, 7, 3]), rel=1e-6)


def test_keys_move_over_tokens_and_the_pattern(page, seen):
    shown = page(seen.html, size=(1280, 1200))
    shown.run("document.querySelector('#tokens .token[tabindex=\"0\"]').focus()")
    shown.press("Home", "ArrowRight")
    assert text(shown, "from") == "␣ (1) looks at"
    shown.run("document.getElementById('matrix').focus()")
    shown.press("ArrowDown", "ArrowLeft")
    weight = float(seen.layers[0].weights[0, 1, 0])
    assert text(shown, "weight").startswith("␣ (1) gives The (0) the weight ")
    assert float(text(shown, "weight").rpartition(" ")[2]) == pytest.approx(weight, rel=1e-6)
    shown.press("ArrowRight", "ArrowRight")
    assert text(shown, "weight") == "␣ (1) cannot see </script> (2): it comes later"


def test_what_cannot_be_seen_is_blank_and_what_has_no_weight_is_not(page, seen):
    shown = page(seen.html, size=(1280, 1200))
    x, y, cell, left, top = shown.run(
        "const c = document.getElementById('matrix'), b = c.getBoundingClientRect();"
        "const d = c.getContext('2d').getImageData(0, 0, c.width, c.height);"
        "const at = (x, y) => d.data[(y * d.width + x) * 4 + 3];"
        "return [at(d.width - 6, d.height - 200), at(d.width - 6, d.height - 6), d.width, b.left, b.top]"
    )
    assert x == 0 and y == 255


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read(page, seen, theme):
    shown = page(seen.html, theme=theme, size=(1280, 1300))
    assert [(ratio, said) for ratio, said in shown.contrasts() if ratio < 4.5] == []
    assert shown.overlaps() == []
    shown.png()


def test_without_scripts_all_heads_are_there(page, seen):
    shown = page(seen.html, scripts=False)
    assert shown.count(".head svg path") > 20
    assert shown.find("#tokens").is_displayed()
    assert not shown.find("#matrix").is_displayed()


def test_on_a_narrow_screen_nothing_hangs_over(page, seen):
    shown = page(seen.html, size=(390, 800))
    assert shown.run("return document.documentElement.scrollWidth") <= 390
