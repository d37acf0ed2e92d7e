"""The pages of two runs compared, as a reader sees them."""

import numpy as np
import pytest

import nn
from autograd.draw import compare, draw


@pytest.fixture(scope="module")
def runs():
    def start(activation):
        rng = np.random.default_rng(0)
        model = nn.Sequential(*[one for _ in range(8) for one in (nn.Linear(8, 8, rng=rng), activation())])
        return draw((model(rng.standard_normal((16, 8)).astype(np.float32)) ** 2).mean(), model)

    return compare(start(nn.Sigmoid), start(nn.Tanh))


@pytest.fixture(scope="module")
def trainings():
    def training(lr):
        model = nn.models.MLP([4, 8, 2], rng=np.random.default_rng(0))
        optimizer, recorder = nn.optim.SGD(model.parameters(), lr=lr), nn.FlowRecorder(model, every=1)
        for _ in range(12):
            with recorder:
                optimizer.zero_grad()
                (model(np.ones((3, 4), np.float32)) ** 2).mean().backward()
                optimizer.step()
        return recorder

    return nn.compare_flows(training(0.01), training(0.2))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("which", ["runs", "trainings"])
def test_text_can_be_read_and_overlaps_nowhere(page, which, theme, request):
    shown = page(request.getfixturevalue(which).html, theme=theme, size=(1300, 1200))
    assert [(ratio, said) for ratio, said in shown.contrasts() if ratio < 4.5] == []
    assert shown.overlaps() == []


@pytest.mark.parametrize("which", ["runs", "trainings"])
def test_without_scripts_and_on_a_narrow_screen(page, which, request):
    made = request.getfixturevalue(which)
    shown = page(made.html, scripts=False, size=(390, 800))
    assert shown.run("return document.documentElement.scrollWidth") <= 390
    assert shown.find("h1").text == made.title
    shown.find("summary").click()
    assert shown.find("pre").text.splitlines()[0] == made.text.splitlines()[0]
