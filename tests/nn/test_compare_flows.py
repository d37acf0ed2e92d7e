"""Two recorded trainings compared: where they part, in which layer, and by how much."""

import json
import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import nn


def training(lr=0.05, steps=12, every=2, sizes=(4, 8, 2), faster=None, broken=None):
    rng = np.random.default_rng(0)
    model = nn.models.MLP(sizes, rng=rng)
    optimizer, recorder = nn.optim.SGD(model.parameters(), lr=lr), nn.FlowRecorder(model, every=every)
    x = rng.standard_normal((16, sizes[0])).astype(np.float32)
    for step in range(1, steps + 1):
        if step == faster:
            model.layers[0].weight.data = model.layers[0].weight.data * 10
        if step == broken:
            model.layers[0].weight.data = model.layers[0].weight.data * np.nan
        with recorder:
            optimizer.zero_grad()
            with np.errstate(all="ignore"):
                (model(x) ** 2).mean().backward()
                optimizer.step()
    return recorder


def test_the_same_training_never_differs():
    seen = nn.compare_flows(training(), training())
    assert seen.differs is None and seen.parts is None
    assert "the same in all 6 steps" in seen.text
    for table in seen.ratios.values():
        assert set(np.unique(table[~np.isnan(table)])) == {1.0}


def test_they_part_where_one_of_them_was_disturbed():
    seen = nn.compare_flows(training(), training(faster=7))
    assert seen.differs == seen.parts == 7
    first = next(one for one in seen.partings if one.layer == "layers.0")
    assert first.parts == 7
    a, b = training().history, training(faster=7).history
    expected = b.activations[3, 0] / a.activations[3, 0]
    assert seen.ratios["activations"][3, 0] == pytest.approx(expected)
    assert expected > 5


def test_a_small_difference_is_none_by_the_factor():
    seen = nn.compare_flows(training(lr=0.05), training(lr=0.055))
    assert seen.differs == 1 and seen.parts is None
    assert "nowhere by more than 2 times" in seen.title
    assert nn.compare_flows(training(lr=0.05), training(lr=0.055), factor=1.01).parts == 1


def test_nan_parts():
    seen = nn.compare_flows(training(), training(broken=5))
    assert seen.parts == 5
    assert math.isinf(seen.ratios["activations"][2, 0])
    ET.fromstring(seen.svg)
    assert '"Infinity"' in seen.json


def test_other_steps_and_layers_are_told():
    seen = nn.compare_flows(training(every=2), training(every=3, sizes=(4, 8, 8, 2)))
    assert seen.steps == (1, 7)
    assert seen.added == ("layers.3", "layers.4") and seen.removed == ()
    assert "only in the second: layers.3, layers.4" in seen.text and "layers.4" in seen.html


def test_forms_are_whole_and_the_same_bytes(tmp_path):
    a, b = (nn.compare_flows(training(), training(lr=0.5).history) for _ in range(2))
    for kind, suffix in (("html", "html"), ("svg", "svg"), ("text", "txt"), ("json", "json")):
        assert getattr(a, kind) == getattr(b, kind)
        assert a.save(tmp_path / f"a.{suffix}").read_text("utf-8") == getattr(a, kind)
    ET.fromstring(a.svg)
    told = json.loads(a.json)
    assert told["steps"] == [1, 3, 5, 7, 9, 11] and np.shape(told["ratios"]["updates"]) == (6, 3)


def test_what_cannot_be_compared_is_told():
    recorder = training(steps=2)
    with pytest.raises(TypeError, match="recorded flows, got int"):
        nn.compare_flows(recorder, 3)
    with pytest.raises(ValueError, match="factor is 1; it must be above 1"):
        nn.compare_flows(recorder, recorder, factor=1)
    other = nn.FlowRecorder(nn.Linear(2, 1))
    with other:
        pass
    with pytest.raises(ValueError, match=r"without a layer of the same name: the first has layers\.0"):
        nn.compare_flows(recorder, other)
    late = recorder.history
    object.__setattr__(late, "steps", (100,))
    with pytest.raises(ValueError, match="no step was recorded in both"):
        nn.compare_flows(recorder, late)
