"""A drawing as data: the numbers are those of the graph, the schema holds, the bytes are the same every time."""

import json
from pathlib import Path

import numpy as np
import pytest

import autograd as ag
import autograd.numpy as anp
from autograd import Tensor
from autograd.draw import draw, recording


def leaf(value, name):
    return Tensor(value, requires_grad=True, name=name)


def repeated(steps=8):
    w, x = leaf(np.eye(3) * 0.9, "w"), leaf(np.ones(3), "x")
    h = x
    for i in range(steps):
        with ag.scope(f"{i}: Step"):
            h = anp.tanh(h @ w) + h
    return (h * h).sum(), [w, x]


def test_gradients_and_shares_are_those_of_backward():
    loss, (w, x) = repeated()
    told = json.loads(draw(loss).json)
    loss.backward()
    by_name = {node["name"]: node for node in told["nodes"] if "name" in node}
    for tensor, name in ((w, "w"), (x, "x")):
        gradient = tensor.grad.data
        assert by_name[name]["gradient"]["rms"] == pytest.approx(np.sqrt(np.mean(gradient**2)), rel=1e-3)
    assert by_name["x"]["value"]["numbers"] == [1, 1, 1]


def test_shares_of_a_value_add_up_to_one():
    told = json.loads(draw(repeated()[0]).json)
    shares = {}
    for node in told["nodes"]:
        for parent, flow in zip(node.get("in", []), node.get("flows", []), strict=True):
            if flow is not None:
                shares.setdefault(parent, []).append(flow[1])
    assert len(shares) == len(told["nodes"]) - 1
    for parts in shares.values():
        assert sum(parts) == pytest.approx(1, abs=1e-4)


def test_the_same_bytes_every_time_and_keys_in_order():
    loss, _held = repeated()
    first = draw(loss).json
    assert draw(loss).json == first
    assert first.isascii()
    assert json.dumps(json.loads(first), sort_keys=True, separators=(",", ":")) + "\n" == first


@pytest.mark.parametrize("budget", [10, 150])
def test_closed_parts_are_the_folded_boxes(budget):
    drawing = draw(repeated()[0], budget=budget)
    told = json.loads(drawing.json)
    parts = told["parts"]
    assert all(part["outer"] < i for i, part in enumerate(parts))
    assert all(0 <= node["part"] < len(parts) for node in told["nodes"] if "op" in node)
    closed = [part for part in parts if not part["open"] and parts[part["outer"]]["open"]]
    folded = [(box.label, box.count) for box in drawing.view.boxes if box.kind == "module"]
    assert sorted((part["label"], part.get("count", 1)) for part in closed) == sorted(folded)
    assert bool(folded) == (budget == 10)


def test_nan_and_infinities_are_words():
    x = leaf([1.0, 0.0, -1.0], "x")
    with np.errstate(all="ignore"):
        told = json.loads(draw(anp.log(x).sum()).json)
    log = next(node for node in told["nodes"] if node.get("op") == "log")
    assert log["value"]["rms"] == "NaN" and log["value"]["nan"] == 1 and log["value"]["infinite"] == 1
    assert told["troubles"][0]["kind"] == "nan"
    assert told["nodes"][told["troubles"][0]["node"]] == log


def test_lines_of_the_program_are_noted_where_asked():
    x = leaf([0.5, 2.0], "x")
    with recording(lines=True) as flow:
        loss = (x * x).sum()  # here
    told = json.loads(draw(loss, flow=flow).json)
    text = Path(__file__).read_text("utf-8").splitlines()
    here = 1 + next(i for i, line in enumerate(text) if line.endswith("# here"))
    assert [node["line"] for node in told["nodes"] if "op" in node] == [f"{__file__}:{here}"] * 2
    assert told["nodes"][0]["gradient"]["numbers"] == [1, 4]  # backward ran for the picture
    assert "line" not in draw((x * x).sum()).json


def test_saved_as_page_and_as_data(tmp_path):
    drawing = draw(repeated()[0])
    (page,) = drawing.save(tmp_path / "a.html")
    (data,) = drawing.save(tmp_path / "a.json")
    assert page.read_text("utf-8") == drawing.html and data.read_text("utf-8") == drawing.json
    assert "://" not in drawing.html.replace("http://www.w3.org/", "")
