"""What repeats is one box with a count, modules open by name, and large graphs stay small pictures."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
import autograd.numpy as anp
from autograd import Tensor
from autograd.draw import blocks, draw, recording, style


class Model:
    def __init__(self, **parameters):
        self.parameters = parameters

    def named_parameters(self):
        return iter(self.parameters.items())


def stack(rng, layers, width=4, ops=6, shared=False):
    """Blocks of several ops under the names h.0, h.1, ..., each with its own weight or all with one."""
    weights = [Tensor(rng.normal(size=(width, width)) / 2, requires_grad=True) for _ in range(1 if shared else layers)]
    h = np.ones((2, width)) * weights[0].detach().data[0]
    with ag.scope("Net"):
        for i in range(layers):
            with ag.scope(f"h.{i}: Block"):
                with ag.scope("lin: Linear"):
                    y = h @ weights[0 if shared else i]
                for _ in range(ops):
                    y = anp.tanh(y)
                h = y + h
    return (h * h).sum(), Model(**{f"h.{i}.lin.weight": w for i, w in enumerate(weights)})


def module_boxes(drawing):
    return [(box.label, box.times) for box in drawing.view.boxes if box.kind == "module"]


def test_distinct_blocks_and_the_same_ones_again_are_told_apart(rng):
    loss, model = stack(rng, 12)
    assert module_boxes(draw(loss, model, budget=60)) == [("h.1 … h.11: Block", "11 blocks")]  # the first has the input
    loss, model = stack(rng, 12, shared=True)
    d = draw(loss, model, budget=60)
    assert module_boxes(d) == [("h.1 … h.11: Block", "×11")]
    assert d.text.count("h.0.lin.weight") == 1 and "×11" in d.dot


def test_a_folded_block_shows_the_range_of_its_copies(rng):
    loss, model = stack(rng, 12)
    d = draw(loss, model, budget=60)
    (box,) = [box for box in d.view.boxes if box.kind == "module"]
    sizes = [d.view.record.statistics(copy[-1]).rms for copy in box.copies]
    assert len(sizes) == 11 and box.range == (min(sizes), max(sizes)) and box.range[0] < box.range[1]
    assert f"each {style.size_text(min(sizes))} to {style.size_text(max(sizes))}" in d.text


@pytest.mark.parametrize("name", ["h.5", "Net.h.5", "h.5: Block", ["h.5"]])
def test_modules_open_by_name(rng, name):
    loss, model = stack(rng, 12)
    if name == "Net.h.5":
        with pytest.raises(ValueError, match=r"expand names 'Net\.h\.5'.*h\.0"):
            draw(loss, model, expand=name)
        return
    d = draw(loss, model, budget=60, expand=name)
    assert module_boxes(d) == [("h.1 … h.4: Block", "4 blocks"), ("h.6 … h.11: Block", "6 blocks")]
    assert "h.5.lin.weight" in d.text


def test_unknown_modules_and_settings_are_errors(rng):
    loss, model = stack(rng, 2)
    for bad in ({"expand": "h.7"}, {"show": "speed"}, {"theme": "blue"}):
        with pytest.raises(ValueError, match=f"draw: {next(iter(bad))}"):
            draw(loss, model, **bad)


def test_blocks_that_differ_are_not_folded_together(rng):
    y = Tensor(np.ones(4), requires_grad=True, name="x")
    for i in range(40):
        with ag.scope(f"{i}: Block"):
            y = anp.tanh(anp.sin(anp.exp(y) * 0.1)) if i % 10 else anp.sin(anp.sin(anp.sin(anp.sin(y))))
    labels = module_boxes(draw(y.sum(), budget=40))
    assert labels[:1] == [("Block, Block, Block, Block, …", "×4")] or all(times in ("", "×9") for _, times in labels)


def test_a_loop_without_modules_keeps_its_first_and_last_round(rng):
    w = Tensor(rng.normal(size=(4, 4)) / 3, requires_grad=True, name="w")
    u = Tensor(rng.normal(size=(3, 4)) / 3, requires_grad=True, name="u")
    h = np.zeros((2, 4))
    for x in rng.normal(size=(1000, 2, 3)):
        h = anp.tanh(x @ u + h @ w)
    d = draw(h.sum(), Model(w=w, u=u))
    assert module_boxes(d) == [("matmul, matmul, add, tanh", "×997")]
    assert len(d.view.boxes) < 30 and d.text.count(" w ") == 1


def test_a_penalty_on_every_weight_is_one_box(rng):
    ws = {f"l{i}.w": Tensor(rng.normal(size=(3, 3)) / 2, requires_grad=True) for i in range(300)}
    h, penalty = np.ones((2, 3)), 0.0
    for i, w in enumerate(ws.values()):
        with ag.scope(f"l{i}: Linear"):
            h = anp.tanh(h @ w)
    for w in ws.values():
        penalty = penalty + (w * w).sum()
    d = draw((h * h).sum() + 1e-2 * penalty, Model(**ws))
    (layers, rest) = [box for box in d.view.boxes if box.count > 1]
    assert (layers.times, rest.times) == ("299 blocks", "297 blocks")
    (edge,) = [edge for edge in rest.inputs if edge.source is layers]
    assert edge.count == 297 and "×297" in d.text and len(d.view.boxes) < 30


def test_a_thousand_doublings_are_a_thousand_nodes():
    y = Tensor(1.0, requires_grad=True, name="x")
    keep = y
    for _ in range(1000):
        y = y + y
    d = draw(y * 1e-300 * keep)
    assert d.caption == "graph of 1,003 nodes" and ("add", "×997") in module_boxes(d)


def test_no_more_boxes_than_asked_for(rng):
    loss, model = stack(rng, 40, ops=3)
    for budget in (1, 5, 20, 100, 1000):
        d = draw(loss, model, budget=budget)
        assert sum(box.kind != "more" for box in d.view.boxes) <= budget
        assert sum(len(box.nodes) for box in d.view.boxes) + d.view.cut == len(d.view.record.nodes)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 2), min_size=1, max_size=60))
def test_runs_do_repeat_and_do_not_overlap(tokens):
    last = 0
    for run in blocks._runs(tokens, [False] * len(tokens)):
        assert run.start >= last and run.count >= 3
        last = run.start + run.period * run.count
        assert tokens[run.start : last] == tokens[run.start : run.start + run.period] * run.count
        assert tokens[last : last + run.rest] == tokens[run.start : run.start + run.rest]


def test_values_memory_and_time(rng):
    x = Tensor(rng.normal(size=(50, 40)), requires_grad=True, name="x")
    loss = (anp.exp(x) * 1000.0).sum()
    value = draw(loss, show="value")
    (exp,) = [box for box in value.view.boxes if box.label == "exp"]
    np.testing.assert_allclose(exp.amount, np.sqrt(np.mean(np.exp(2 * x.data))))
    assert "∂" not in value.text and value.view.record.flow is None
    memory = draw(loss, show="memory")
    assert [box.amount for box in memory.view.boxes if box.label == "exp"] == [50 * 40 * 8]
    assert "15.6 KiB" in memory.text and "15.6 KiB" in memory.dot
    time = draw(loss, show="time")
    assert all(box.amount > 0 for box in time.view.boxes if box.kind == "op")
    loss.backward()
    assert any("freed" in note for note in draw(loss, show="memory").notes)


def test_themes(rng):
    loss, model = stack(rng, 1, ops=1)
    light, dark = (draw(loss, model, theme=theme).dot for theme in ("light", "dark"))
    assert style.LIGHT.page in light and style.LIGHT.page not in dark and style.DARK.page in dark
    assert style.recoloured(light) == dark and draw(loss, model).dot == light


def test_the_module_is_its_function(rng):
    x = Tensor(3.0, requires_grad=True, name="x")
    assert ag.draw(x * x).text == draw(x * x).text == (x * x).draw().text


UNARY = (anp.tanh, anp.exp, anp.log, anp.sqrt, ag.ops.relu, ag.ops.sigmoid, anp.negative, lambda v: v * 1e200)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(0, 11), st.integers(0, 3)), max_size=50),
    st.integers(1, 60),
    st.sampled_from(["grad", "value", "memory", "time"]),
    st.booleans(),
)
def test_random_graphs_with_any_trouble_are_drawn(steps, budget, show, freed):
    leaves = {name: Tensor(np.array([[0.5, -2.0], [k, 1e-3]]), requires_grad=True) for k, name in enumerate("abc")}
    pool = [*leaves.values()][:2]
    for i, j, kind, scope in steps:
        with ag.scope(f"m{scope}: M"), ag.scope(f"n{i % 3}"):
            x, y = pool[i % len(pool)], pool[j % len(pool)]
            pool.append(UNARY[kind](x) if kind < len(UNARY) else (x + y, x * y, x @ y, x.detach() + y)[kind - 8])
    loss = pool[-1].sum()
    flow = None
    if freed:
        with recording() as flow:
            loss.backward()
    d = draw(loss, Model(**leaves), show=show, budget=budget, flow=flow)
    assert sum(box.kind not in ("more", "constant") for box in d.view.boxes) <= budget + len(d.view.record.missing)
    assert "c" in {found.name for found in d.troubles if found.kind in ("disconnected", "unused")}
    marked = [found for box in d.view.boxes for found in box.troubles]
    assert set(map(id, marked)) <= set(map(id, d.troubles))
    ends = {end for m in re.finditer(r"(n\d+) -> (n\d+)", d.dot) for end in m.groups()}
    assert ends <= {m[1] for m in re.finditer(r"^\s*(n\d+) \[", d.dot, re.MULTILINE)}
    assert d.dot == draw(loss, Model(**leaves), show=show, budget=budget, flow=flow).dot or show == "time"
