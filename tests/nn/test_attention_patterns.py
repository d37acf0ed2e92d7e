"""Attention patterns: the weights of the real forward pass, told as they are, whatever the tokens are called."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import nn
from autograd import Tensor
from nn.visual.heads import judge, targets_of
from nn.visual.recording import recording

HOSTILE = [
    "</script>",
    '<&">',
    "\n",
    " ",
    "日本語",
    "\U0001f468\u200d\U0001f469",
    "\u202eevil",
    "",
    "e\u0301",
    "]]>",
    "\x00",
    "\ud800",
]


def gpt(rng, layers=2, heads=2, context=32, words=12, dropout=0.0):
    config = nn.models.Config(words, context=context, layers=layers, heads=heads, width=16, dropout=dropout)
    return nn.models.GPT(config, rng=rng)


def formula(layer, x):
    """softmax(Q K^T / sqrt(d) + mask), written out."""
    heads, width = layer.heads, layer.width // layer.heads
    q, k, _ = np.split(
        x @ layer.c_attn.weight.data.T + (0 if layer.c_attn.bias is None else layer.c_attn.bias.data), 3, -1
    )
    patterns = []
    for h in range(heads):
        part = slice(h * width, (h + 1) * width)
        scores = q[:, part] @ k[:, part].T / np.sqrt(width)
        scores[np.triu_indices(len(x), 1)] = -np.inf
        e = np.exp(scores - scores.max(1, keepdims=True))
        patterns.append(e / e.sum(1, keepdims=True))
    return np.array(patterns)


def test_the_weights_are_those_of_the_layer(rng):
    layer = nn.CausalSelfAttention(8, 2, rng=rng)
    x = rng.standard_normal((5, 8)).astype(np.float32)
    seen = nn.attention_patterns(layer, x)
    assert [one.name for one in seen.layers] == ["(root)"]
    np.testing.assert_allclose(seen.layers[0].weights, formula(layer, x), rtol=1e-5, atol=1e-7)
    assert seen.layers[0].causal
    assert seen.labels == ("0", "1", "2", "3", "4")


def test_every_layer_in_the_order_in_which_it_ran(rng):
    model = gpt(rng, layers=3)
    seen = nn.attention_patterns(model, [1, 2, 3, 1])
    assert [one.name for one in seen.layers] == [f"transformer.h.{i}.attn" for i in range(3)]
    for one in seen.layers:
        assert one.weights.shape == (2, 4, 4)
        np.testing.assert_allclose(one.weights.sum(-1), 1, rtol=1e-6)


def test_a_layer_that_is_called_twice_is_shown_twice(rng):
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.attn = nn.CausalSelfAttention(8, 2, rng=rng)

        def forward(self, x):
            return self.attn(self.attn(x))

    seen = nn.attention_patterns(Twice(), rng.standard_normal((1, 3, 8)).astype(np.float32))
    assert [one.name for one in seen.layers] == ["attn", "attn (call 2)"]
    assert not np.array_equal(seen.layers[0].weights, seen.layers[1].weights)


def test_the_model_is_left_as_it_was(rng):
    model = gpt(rng, dropout=0.5)
    model.transformer.h[0].eval()
    modes = [module.training for module in model.modules()]
    first, second = (nn.attention_patterns(model, [1, 2, 3, 4]) for _ in range(2))
    assert first.json == second.json  # no dropout inside
    assert modes == [module.training for module in model.modules()]
    for module in model.modules():
        assert "forward" not in module.__dict__
        if isinstance(module, nn.CausalSelfAttention):
            assert module.record_pattern is False and module.pattern is None


def test_the_model_is_left_as_it_was_after_an_error(rng):
    model = gpt(rng)
    with pytest.raises(ValueError, match="token numbers run from 3 to 99, but there are 12 words"):
        nn.attention_patterns(model, [3, 99])
    assert not any("forward" in module.__dict__ for module in model.modules())
    assert model.training


def test_recording_sees_the_calls_of_a_training_and_changes_no_number(rng):
    model, tokens = gpt(rng), np.array([[1, 2, 3], [3, 2, 1]])
    plain = model.loss(tokens, tokens).item()
    with recording(model) as kept:
        assert model.loss(tokens, tokens).item() == plain
    assert [one.pattern.shape for one in kept] == [(2, 2, 3, 3)] * 2


def test_json_holds_every_weight_exactly(rng):
    seen = nn.attention_patterns(gpt(rng), [1, 2, 3, 4, 5], labels="abcde")
    told = json.loads(seen.json)
    assert told["tokens"] == list("abcde") and told["model"] == "GPT"
    for layer, one in zip(seen.layers, told["layers"], strict=True):
        for weights, head in zip(layer.weights, one["heads"], strict=True):
            assert [len(row) for row in head["weights"]] == [1, 2, 3, 4, 5]  # what cannot be is not there
            for row, values in zip(weights, head["weights"], strict=True):
                assert [np.float32(v) for v in values] == list(row[: len(values)])


def test_same_bytes_and_whole_forms(rng, tmp_path):
    model = gpt(rng)
    a, b = (nn.attention_patterns(model, [1, 2, 3, 4, 5, 1, 2, 3], labels="abcdeabc") for _ in range(2))
    for kind in ("html", "svg", "text", "json"):
        assert getattr(a, kind) == getattr(b, kind)
        suffix = {"text": "txt"}.get(kind, kind)
        assert a.save(tmp_path / f"a.{suffix}").read_text("utf-8") == getattr(a, kind)
    ET.fromstring(a.svg)
    assert str(a) == a.text and "iframe" in a._repr_html_() and a._repr_svg_() == a.svg
    with pytest.raises(ValueError, match=r"'a\.gif': the suffix must be \.html"):
        a.save(tmp_path / "a.gif")


def test_hostile_labels_stay_text(rng):
    seen = nn.attention_patterns(gpt(rng), list(range(12)), labels=HOSTILE)
    ET.fromstring(seen.svg.encode())
    page = seen.html
    assert page.count("</script>") == 2 and "\u202e" not in page  # the data's and the script's own ends
    assert "&lt;/script&gt;" in page
    page.encode("utf-8"), seen.text.encode("utf-8"), seen.json.encode("utf-8")
    for mark in ("␣", "↵"):
        assert mark in seen.text and mark in page


def test_whatever_is_called_what(rng):
    class Tokenizer:
        def decode(self, numbers):
            return "<" + ",".join(map(str, numbers)) + ">"

    model = gpt(rng)
    assert nn.attention_patterns(model, Tensor([[4, 2]]), labels=Tokenizer()).labels == ("<4>", "<2>")
    assert nn.attention_patterns(model, np.array([4, 2])).labels == ("4", "2")


def test_one_token(rng):
    seen = nn.attention_patterns(gpt(rng), [3])
    assert seen.layers[0].weights.tolist() == [[[1.0]], [[1.0]]]
    assert seen.layers[0].heads[0].kind == "too short to tell"
    ET.fromstring(seen.svg)
    assert "1 token" in seen.text and "1 tokens" not in seen.title


def test_weights_that_are_nan_are_told(rng):
    model = gpt(rng)
    model.transformer.wte.weight.data = np.full((12, 16), np.nan, np.float32)
    seen = nn.attention_patterns(model, [1, 2, 3])
    assert {head.kind for layer in seen.layers for head in layer.heads} == {"not finite"}
    ET.fromstring(seen.svg)
    assert '"NaN"' in seen.json and "not finite" in seen.html


def test_a_long_text_is_pooled_in_the_small_pictures_only(rng):
    seen = nn.attention_patterns(gpt(rng, context=300), rng.integers(0, 12, 300))
    assert "the largest of 5 × 5 weights" in seen.html
    assert len(json.loads(seen.json)["layers"][0]["heads"][0]["weights"]) == 300
    assert "… and 236 more tokens" in seen.text


@pytest.mark.parametrize(
    ("tokens", "labels", "error", "said"),
    [
        ("abc", None, TypeError, "tokenizer"),
        ([], None, TypeError, "float64|shape"),
        (np.zeros(0, int), None, ValueError, "0 tokens; there must be from 1 to 512"),
        (np.zeros(600, int), None, ValueError, "600 tokens"),
        (np.zeros(33, int), None, ValueError, "the context is 32"),
        ([[1, 2], [3, 4]], None, ValueError, r"shape \(2, 2\); wanted one sequence"),
        ([1, 2], ["a"], ValueError, "1 labels for 2 tokens"),
        ([1, 2], [1, 2], TypeError, "a text for each token"),
        ([1, 2], b"ab", TypeError, "a text for each token"),
        ([1, 2], 7, TypeError, "a text for each token"),
        ([-1, 2], None, ValueError, "token numbers run from -1 to 2"),
    ],
)
def test_what_does_not_fit_is_told(rng, tokens, labels, error, said):
    if isinstance(tokens, list) and not tokens:
        error = ValueError
    with pytest.raises(error, match=said):
        nn.attention_patterns(gpt(rng), tokens, labels)


def test_a_model_without_attention_is_told(rng):
    with pytest.raises(ValueError, match="no attention layer; it is made of MLP, Sequential, Linear, ReLU"):
        nn.attention_patterns(nn.models.MLP([2, 3, 1], rng=rng), [1])
    with pytest.raises(TypeError, match="needs a Module, got int"):
        nn.attention_patterns(3, [1])

    class Idle(nn.Module):
        def __init__(self):
            super().__init__()
            self.attn = nn.CausalSelfAttention(8, 2, rng=rng)

        def forward(self, x):
            return x

    with pytest.raises(ValueError, match=r"called none of its attention layers \(attn\)"):
        nn.attention_patterns(Idle(), [1, 2])


# ---- kinds of heads


def rows(size, where):
    return np.eye(size)[[where(i) for i in range(size)]]


TEXT = [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("kind", "weights"),
    [
        ("previous token", rows(15, lambda i: max(i - 1, 0))),
        ("first token", rows(15, lambda i: 0)),
        ("itself", rows(15, lambda i: i)),
        ("induction", rows(15, lambda i: max(i - 4, 0))),
        ("duplicate token", rows(15, lambda i: max(i - 5, 0))),
        ("diffuse", np.tril(np.ones((15, 15))) / np.arange(1, 16)[:, None]),
        ("mixed", rows(15, lambda i: max(i - 3, 0))),
    ],
)
def test_kinds_of_heads(kind, weights):
    assert judge(weights, targets_of(TEXT, True), True).kind == kind


def test_a_head_that_looks_ahead():
    ahead = rows(9, lambda i: min(i + 1, 8))
    assert judge(ahead, targets_of(range(9), False), False).kind == "next token"


def test_entropy_is_that_of_the_formula():
    even = np.full((8, 8), 1 / 8)
    head = judge(even, targets_of(range(8), False), False)
    assert head.entropy == pytest.approx(3.0) and head.breadth == pytest.approx(8.0)
    assert head.distance == pytest.approx(np.abs(np.subtract.outer(np.arange(8), np.arange(8))).mean())


def test_importing_nn_loads_no_picture():
    script = (
        "import sys, nn; print([m for m in sys.modules if m.startswith(('nn.visual', 'autograd.draw', 'nn.flows'))])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
