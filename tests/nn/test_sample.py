"""The distribution that tokens are drawn from, beyond what tests/nn/test_train.py asks of it."""

import numpy as np
import pytest

from autograd import no_grad
from nn.errors import DataError
from nn.models.gpt import GPT, Config
from nn.sample import probabilities, stream

Z = np.log([0.15, 0.5, 0.05, 0.3])


@pytest.mark.parametrize(("min_p", "kept"), [(0.0, [0, 1, 2, 3]), (0.2, [0, 1, 3]), (0.5, [1, 3]), (1.0, [1])])
def test_min_p_is_a_share_of_the_likeliest(min_p, kept):
    wanted = np.zeros(4)
    wanted[kept] = np.exp(Z)[kept] / np.exp(Z)[kept].sum()
    np.testing.assert_allclose(probabilities(Z, min_p=min_p), wanted)


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan")])
def test_a_min_p_that_cannot_be(wrong):
    with pytest.raises(DataError, match="min_p is from 0 to 1"):
        probabilities(Z, min_p=wrong)


def tiny(rng):
    return GPT(Config(vocab_size=9, context=4, layers=2, heads=1, width=8), rng=rng)


def test_every_module_is_left_in_its_own_mode(rng):
    model = tiny(rng)
    frozen = model.transformer.h[0].eval()
    assert len(list(stream(model, [1, 2], 3, rng))) == 3
    assert model.training and model.transformer.h[1].training and not frozen.training


def test_a_cache_that_has_read_what_the_window_has_left_is_read_anew(rng):
    model, prompt = tiny(rng), [1, 2, 3, 4, 5, 6]
    for parameter in model.parameters():
        parameter.data = rng.standard_normal(parameter.shape)

    def drawn(cache):
        return [list(stream(model, prompt, 1, np.random.default_rng(seed), cache=cache())) for seed in range(30)]

    def used():
        cache = model.new_cache()
        with no_grad():
            model(np.array([prompt[:4]]), cache=cache)
        return cache

    assert drawn(used) == drawn(model.new_cache)


def test_a_prompt_of_fractions_is_no_prompt(rng):
    with pytest.raises(DataError, match="the prompt holds tokens, whole numbers, got float64"):
        next(stream(tiny(rng), [1.9, 2.7], 1, rng))
