"""Two runs compared: nodes find their like, ratios are those of the arrays, and different graphs are told apart."""

import json
import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import autograd.numpy as anp
import nn
from autograd import Tensor, scope
from autograd.draw import Drawing, compare, draw, recording
from autograd.draw.comparison import ALIKE, decades, ratio, said
from autograd.draw.matching import LONGEST


def rms(x):
    return math.sqrt(np.mean(np.square(np.asarray(x, np.float64))))


def network(scale=1.0, extra=False):
    rng = np.random.default_rng(0)
    layers = [nn.Linear(8, 8, rng=rng), nn.Sigmoid(), nn.Linear(8, 8, rng=rng), nn.Sigmoid(), nn.Linear(8, 3, rng=rng)]
    model = nn.Sequential(*layers)
    model[0].weight.data = model[0].weight.data * scale
    x = rng.standard_normal((16, 8)).astype(np.float32)
    out = model(x)
    return model, nn.functional.cross_entropy(anp.tanh(out) if extra else out, rng.integers(0, 3, 16))


def by_name(seen):
    return {change.name: change for change in seen.changes}


def test_ratios_are_those_of_gradients_and_values():
    (model, loss), (after, second) = network(), network(4.0)
    seen = by_name(compare(draw(loss, model), draw(second, after)))
    loss.backward(), second.backward()
    for (name, p), q in zip(model.named_parameters(), after.parameters(), strict=True):
        assert seen[name].gradient_ratio == pytest.approx(rms(q.grad.data) / rms(p.grad.data), rel=1e-4)
        assert seen[name].value_ratio == pytest.approx(rms(q.data) / rms(p.data), rel=1e-5)
    assert seen["0.weight"].value_ratio == pytest.approx(4, rel=1e-6)
    assert "0.linear" in seen and "1.sigmoid" in seen


def test_a_drawing_keeps_the_values_of_its_moment():
    model, loss = network()
    before = draw(loss, model)
    size = rms(model[0].weight.data)
    optimizer = nn.optim.SGD(model.parameters(), lr=10.0)
    loss.backward()
    optimizer.step()
    seen = by_name(compare(before, draw(model(np.ones((2, 8), np.float32)).sum(), model)))
    assert seen["0.weight"].value[0] == pytest.approx(size, rel=1e-5)


def test_the_same_run_has_not_changed():
    (model, loss), (again, second) = network(), network()
    seen = compare(draw(loss, model), draw(second, again))
    assert {change.size for change in seen.changes} == {0.0}
    assert not (seen.added or seen.removed or seen.new or seen.solved)
    assert "0 of" in seen.title


def test_what_was_put_in_is_added_and_the_rest_still_matches():
    (model, loss), (after, second) = network(), network(extra=True)
    seen = compare(draw(loss, model), draw(second, after))
    assert seen.added == ("tanh",) and seen.removed == ()
    assert len(seen.changes) == len(draw(loss, model).view.record.nodes)
    back = compare(draw(second, after), draw(loss, model))
    assert back.removed == ("tanh",) and back.added == ()


def test_troubles_are_new_or_solved():
    (model, loss), (after, second) = network(), network(1000.0)
    found = draw(second, after).troubles
    assert found  # saturated
    seen = compare(draw(loss, model), draw(second, after))
    assert seen.new == tuple(map(str, found)) and seen.solved == ()
    assert compare(draw(second, after), draw(loss, model)).solved == tuple(map(str, found))


def test_flows_of_backward_passes():
    (model, loss), (after, second) = network(), network(4.0)
    with recording() as first:
        loss.backward()
    with recording() as other:
        second.backward()
    seen = compare(first, other)
    expected = [
        rms(q.grad.data) / rms(p.grad.data) for p, q in zip(model.parameters(), after.parameters(), strict=True)
    ]
    found = [change.gradient_ratio for change in seen.changes if "leaf" in change.name or "." not in change.name]
    for one in expected:
        assert min(abs(one / other - 1) for other in found if other) < 1e-4
    assert all(change.gradient_ratio is not None for change in seen.changes)
    assert all(change.value_ratio is None for change in seen.changes)


def test_leaves_without_a_name_match_by_their_place():
    def graph(k):
        a, b = Tensor(2.0 * k, requires_grad=True), Tensor(3.0, requires_grad=True)
        return a * b, (a, b)

    (first, _kept), (second, _also) = graph(1), graph(5)
    seen = compare(draw(first), draw(second))
    assert [change.value_ratio for change in seen.changes] == [5.0, 1.0, 5.0]


def test_a_module_called_twice_and_a_long_loop():
    def loop(n, k):
        x = Tensor(1.0, requires_grad=True, name="x")
        y = x
        for i in range(n):
            with scope("f: F"):
                y = y * k if i % 2 else y + k
        return draw(y), x

    (a, _x), (b, _y) = loop(LONGEST + 10, 1.0), loop(LONGEST + 11, 1.0)
    seen = compare(a, b)
    assert len(seen.added) == 1 and len(seen.changes) == LONGEST + 11
    assert "60 that changed most are shown" in seen.svg


def test_forms_are_whole_and_the_same_bytes(tmp_path):
    a, b = (
        compare(draw(loss, model), draw(second, after))
        for (model, loss), (after, second) in [(network(), network(9))] * 2
    )
    for kind, suffix in (("html", "html"), ("svg", "svg"), ("text", "txt"), ("json", "json")):
        assert getattr(a, kind) == getattr(b, kind)
        assert a.save(tmp_path / f"a.{suffix}").read_text("utf-8") == getattr(a, kind)
    ET.fromstring(a.svg)
    told = json.loads(a.json)
    assert len(told["changes"]) == len(a.changes)
    sizes = [change.size for change in a.ranked]
    assert sizes == sorted(sizes, reverse=True)
    first = a.text.splitlines()[3]
    assert first.startswith(a.ranked[0].name)
    with pytest.raises(ValueError, match="suffix"):
        a.save(tmp_path / "a.dot")


def test_hostile_names_stay_text():
    def graph(k):
        x = Tensor(k, requires_grad=True, name='</script><&">\n\u202e')
        return draw(x * 2.0), x

    (a, _x), (b, _y) = graph(1.0), graph(2.0)
    seen = compare(a, b)
    ET.fromstring(seen.svg)
    assert "</script>" not in seen.html and "\u202e" not in seen.html + seen.text


def test_nan_and_zero_are_words():
    def graph(value):
        x = Tensor(value, requires_grad=True, name="x")
        with np.errstate(all="ignore"):
            return draw(anp.sqrt(x)), x

    (good, _a), (bad, _b), (none, _c) = graph(4.0), graph(-4.0), graph(0.0)
    seen = by_name(compare(good, bad))
    assert math.isnan(seen["sqrt"].value_ratio) and seen["sqrt"].size == math.inf
    text = compare(good, bad).text
    assert "⚠ no longer finite" in text and "✓ finite again" in compare(bad, good).text
    assert "▼ now zero" in compare(good, none).text and "▲ was zero" in compare(none, good).text


@pytest.mark.parametrize(
    ("before", "after", "times", "words"),
    [
        (1.0, 1.0, 1.0, "= alike"), (1.0, ALIKE * 0.999, ALIKE * 0.999, "= alike"), (2.0, 1.0, 0.5, "▼ ÷2"),
        (1.0, 1234.0, 1234.0, "▲ ×1,230"), (1e-9, 1.0, 1e9, "▲ ×1e+09"), (math.nan, math.inf, 1.0, "= alike"),
        (None, 1.0, None, "not known"),
    ],
)  # fmt: skip
def test_ratios_in_words(before, after, times, words):
    found = ratio(before, after)
    assert found == pytest.approx(times) if times is not None else found is None
    assert said(found, before, after) == words


def test_decades():
    assert decades(100.0) == decades(0.01) == 2.0 and decades(0.0) == decades(math.nan) == math.inf


def test_different_graphs_are_told_apart():
    model, loss = network()
    x = Tensor(2.0, requires_grad=True, name="x")
    with pytest.raises(ValueError, match=r"different graphs: .* only in the second: x, exp"):
        compare(draw(loss, model), draw(anp.exp(x)))


def test_what_is_no_run_is_told():
    x = Tensor(2.0, requires_grad=True, name="x")
    drawing = draw(x * x)
    with recording() as empty:
        pass
    with recording() as flow:
        (x * x).backward()
    assert isinstance(drawing, Drawing)
    with pytest.raises(TypeError, match="two drawings or two flows, got Tensor"):
        compare(drawing, x)
    with pytest.raises(TypeError, match="one of each"):
        compare(drawing, flow)
    with pytest.raises(ValueError, match="a flow is empty"):
        compare(flow, empty)
