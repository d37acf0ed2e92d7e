"""Images of weights and maps of embeddings: the numbers that the model holds, at the places where they belong."""

import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import nn
from autograd import Tensor
from autograd.draw import marks
from nn.visual.embedding_page import FONT, LETTER, labels, place

HOSTILE = ["</script>", '<&">', "\n", " ", "日本語", "\u202eevil", "", "\x00", "\ud800", "]]>"]


def same_bytes(make, tmp_path):
    a, b = make(), make()
    for kind, suffix in (("html", "html"), ("svg", "svg"), ("text", "txt"), ("json", "json")):
        assert getattr(a, kind) == getattr(b, kind)
        assert a.save(tmp_path / f"a.{suffix}").read_text("utf-8") == getattr(a, kind)
    ET.fromstring(a.svg.encode())
    with pytest.raises(ValueError, match="the suffix must be"):
        a.save(tmp_path / "a.png")
    return a


# ---- weights


def test_the_weights_are_those_of_the_model(rng, tmp_path):
    model = nn.models.MLP([6, 5, 3], rng=rng)
    seen = same_bytes(lambda: nn.weight_images(model, shape=(2, 3)), tmp_path)
    told = json.loads(seen.json)["layers"]
    for layer, one in zip(("layers.0", "layers.2"), told, strict=True):
        state = model.state_dict()
        assert one["name"] == layer
        assert np.array_equal(np.array(one["weights"], np.float32), state[f"{layer}.weight"])
        assert np.array_equal(np.array(one["bias"], np.float32), state[f"{layer}.bias"])
        assert one["scale"] == np.abs(state[f"{layer}.weight"]).max()
    assert told[0]["shape"] == [2, 3] and told[1]["shape"] is None


def test_a_cell_has_the_colour_of_its_sign_and_size():
    table = np.array([[1.0, -1.0, 0.0, 0.5]])
    drawn = ET.fromstring(nn.weight_images(table, shape=(2, 2)).svg)
    paths = {p.get("class"): p.get("d") for p in drawn.iter("{http://www.w3.org/2000/svg}path")}
    assert set(paths) == {"d16", "d0", "d8", "d12"}
    corner = {kind: tuple(map(float, d[1:].partition("h")[0].split())) for kind, d in paths.items()}
    assert corner["d0"][0] > corner["d16"][0] and corner["d0"][1] == corner["d16"][1]  # right of it
    assert corner["d8"][1] > corner["d16"][1] and corner["d8"][0] == corner["d16"][0]  # below it


def test_the_strongest_weights_are_told_with_their_sign_and_place():
    table = np.zeros((1, 9))
    table[0, 5], table[0, 6] = 0.5, -0.25
    seen = nn.weight_images(Tensor(table))
    assert seen.layers[0].shape == (3, 3)
    assert seen.layers[0].told(0) == "+0.5 at row 1, column 2, −0.25 at row 2, column 0"
    assert [line.strip() for line in seen.text.splitlines()[-3:]] == ["|   |", "|  #|", "|−  |"]


def test_bars_go_up_for_plus_and_down_for_minus():
    model = nn.Sequential(nn.Linear(4, 2), nn.Linear(2, 1))
    model[1].weight.data = np.array([[1.0, -1.0]], np.float32)
    bars = list(ET.fromstring(nn.weight_images(model).svg).iter("{http://www.w3.org/2000/svg}rect"))
    up, down = ([r for r in bars if r.get("class") == kind and float(r.get("height")) > 20] for kind in ("d16", "d0"))
    assert len(up) == len(down) == 1
    assert float(up[0].get("y")) + float(up[0].get("height")) == pytest.approx(float(down[0].get("y")))


def test_nan_zeros_and_hostile_names(rng):
    table = rng.standard_normal((10, 4))
    table[0] = 0
    table[1, 2] = np.nan
    table[2, 1] = np.inf
    seen = nn.weight_images(table, labels=HOSTILE)
    assert seen.layers[0].told(0) == "all weights are zero"
    assert seen.layers[0].told(1).startswith("1 of 4 weights are NaN or infinite")
    assert np.isfinite(seen.layers[0].scale)
    ET.fromstring(seen.svg.encode())
    assert seen.html.count("</script>") == 2 and '"NaN"' in seen.json
    seen.html.encode(), seen.text.encode()
    ET.fromstring(nn.weight_images(np.zeros((2, 4))).svg)
    ET.fromstring(nn.weight_images(np.zeros((2, 4), np.float32)).svg)


def test_of_many_neurons_the_first_are_drawn(rng):
    seen = nn.weight_images(rng.standard_normal((300, 4)))
    assert "44 more neurons are not drawn" in seen.svg and "44 more neurons are not drawn" in seen.text
    assert len(json.loads(seen.json)["layers"][0]["weights"]) == 300


@pytest.mark.parametrize(
    ("given", "options", "error", "said"),
    [
        (np.zeros((2, 6)), {}, ValueError, "6 inputs are no square"),
        (np.zeros((2, 6)), {"shape": (2, 2)}, ValueError, "shape 2×2 holds 4 inputs, but there are 6"),
        (np.zeros((2, 6)), {"shape": (-2, -3)}, ValueError, "holds 6 inputs"),
        (np.zeros((2, 6)), {"shape": 6}, TypeError, r"shape is \(rows, columns\)"),
        (np.zeros((2, 6)), {"shape": (2.0, 3.0)}, TypeError, r"shape is \(rows, columns\)"),
        (np.zeros((2, 4)), {"labels": ["a"]}, ValueError, "1 labels for 2 rows"),
        (np.zeros((2, 4)), {"labels": 3}, TypeError, "labels must be a text"),
        (np.zeros(4), {}, ValueError, r"shape \(4,\); wanted two axes"),
        (np.zeros((0, 4)), {}, ValueError, "at least one element"),
        (np.zeros((2, 4), complex), {}, TypeError, "real numbers"),
        ("weights", {}, TypeError, "real numbers; got str"),
        (nn.Sequential(nn.ReLU()), {}, ValueError, "no Linear layer; it is made of Sequential, ReLU"),
    ],
)
def test_weights_that_do_not_fit_are_told(given, options, error, said):
    with pytest.raises(error, match=said):
        nn.weight_images(given, **options)


# ---- embeddings


def test_the_map_is_the_plane_of_most_variance(rng, tmp_path):
    table = nn.Embedding(30, 6, rng=rng)
    seen = same_bytes(lambda: nn.embedding_map(table), tmp_path)
    x = table.weight.data.astype(np.float64)
    values, vectors = np.linalg.eigh(np.cov(x.T))
    np.testing.assert_allclose(seen.shares, values[::-1][:2] / values.sum(), rtol=1e-10)
    expected = (x - x.mean(0)) @ vectors[:, ::-1][:, :2]
    np.testing.assert_allclose(np.abs(seen.points), np.abs(expected), rtol=1e-9, atol=1e-12)
    rows = json.loads(seen.json)["rows"]
    assert [(row["x"], row["y"]) for row in rows] == [tuple(p) for p in seen.points.tolist()]


def test_the_nearest_are_those_by_cosine(rng):
    x = rng.standard_normal((20, 5))
    seen = nn.embedding_map(x)
    for i in range(20):
        cosine = x @ x[i] / np.linalg.norm(x, axis=1) / np.linalg.norm(x[i])
        cosine[i] = -2
        assert [j for j, _ in seen.nearest[i]] == np.argsort(-cosine)[:6].tolist()
        assert seen.nearest[i][0][1] == pytest.approx(cosine.max(), abs=1e-6)


def test_sizes_that_overflow_when_squared():
    seen = nn.embedding_map(np.array([[1e300, 0.0], [-1e300, 0.0], [0.0, 1e300]]))
    assert seen.nearest[0][0] == (2, 0.0) and np.isfinite(seen.points).all() and sum(seen.shares) == pytest.approx(1)


@pytest.mark.parametrize("table", [[[1.0, 2.0]], [[1.0], [3.0]], [[0.0, 0.0], [0.0, 0.0]], [[1, 2, 3], [4, 5, 6]]])
def test_small_tables(table):
    seen = nn.embedding_map(table)
    assert seen.points.shape == (len(table), 2)
    ET.fromstring(seen.svg)
    assert seen.html and seen.text


def test_labels_lie_over_nothing(rng):
    points = rng.standard_normal((150, 2))
    at = place(points)
    names = [f"word{i}" for i in range(150)]
    where = labels(at, names)
    boxes = [
        (x, y - FONT + 2, x + len(n) * LETTER, y + 2) for n, w in zip(names, where, strict=True) if w for x, y in [w]
    ]
    assert len(boxes) > 60
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_a_tokenizer_names_the_rows():
    tokenizer = nn.tokenizers.CharTokenizer("ab\n")
    assert nn.embedding_map(np.eye(3), tokenizer).labels == ("\n", "a", "b")
    assert "↵" in nn.embedding_map(np.eye(3), tokenizer).svg


def test_rows_that_are_not_finite_are_left_out(rng):
    x = rng.standard_normal((10, 3))
    x[4] = np.nan
    seen = nn.embedding_map(x, HOSTILE)
    assert seen.notes == ("1 rows hold NaN or infinity and are left out",)
    assert len(seen.labels) == 9 and "note: 1 rows" in seen.text and "Note: 1 rows" in seen.html
    ET.fromstring(seen.svg.encode())
    assert seen.html.count("</script>") == 2


def test_chosen_rows_and_a_large_table(rng):
    x = rng.standard_normal((2500, 4)).astype(np.float32)
    assert nn.embedding_map(x, rows=[7, 3]).labels == ("7", "3")
    assert nn.embedding_map(x).notes == ("the first 2,000 of 2,500 rows are shown; rows= chooses others",)


@pytest.mark.parametrize(
    ("given", "options", "error", "said"),
    [
        (nn.models.MLP([2, 1]), {}, ValueError, "no Embedding; it is made of MLP"),
        (np.full((2, 2), np.nan), {}, ValueError, "no row is finite"),
        (np.zeros((2, 2)), {"rows": [2]}, ValueError, "rows run from 2 to 2, but there are 2"),
        (np.zeros((2, 2)), {"rows": [-1]}, ValueError, "rows run from -1"),
        (np.zeros((2, 2)), {"rows": [0.5]}, TypeError, "whole numbers"),
        (np.zeros((2, 2)), {"rows": np.zeros(0, int)}, ValueError, "0 rows"),
        (np.zeros((2, 2)), {"labels": "abc"}, ValueError, "3 labels for 2 rows"),
        (np.zeros(2), {}, ValueError, "two axes"),
        (None, {}, TypeError, "real numbers"),
    ],
)
def test_embeddings_that_do_not_fit_are_told(given, options, error, said):
    with pytest.raises(error, match=said):
        nn.embedding_map(given, **options)


# ---- the ramp of signs


def test_signs_are_apart_and_pale_at_zero():
    for ramp in (marks.SIGNED, marks.SIGNED_DARK):
        assert len(set(ramp)) == len(ramp) == 17
        assert marks.signed(-1, 1) == 0 and marks.signed(1, 1) == 16 and marks.signed(0, 1) == 8
    assert marks.signed(5.0, 0.0) == 8 and marks.signed(np.nan, 1.0) == marks.TROUBLE
