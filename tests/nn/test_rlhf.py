"""Learning from feedback: losses against closed forms, masks, and what is refused."""

import copy

import numpy as np
import pytest

from autograd import no_grad
from autograd.testing import check_grads
from nn import rlhf
from nn.errors import DataError
from nn.models.gpt import GPT, Config
from nn.rlhf import Responses


@pytest.fixture
def model(rng):
    return GPT(Config(vocab_size=5, context=8, layers=1, heads=1, width=8), rng=rng)


GOOD = Responses([[1, 2, 3, 0], [1, 4, 0, 0]], [[0, 1, 1, 1], [0, 1, 1, 0]])
BAD = Responses([[1, 3, 3, 0], [1, 2, 0, 0]], [[0, 1, 1, 1], [0, 1, 1, 0]])


def test_log_probabilities_of_tokens(model):
    with no_grad():
        logits = model(GOOD.tokens[:, :-1]).data.astype(np.float64)
        found = rlhf.token_log_probs(model, GOOD.tokens).data
    for row, place in np.ndindex(found.shape):
        z = logits[row, place]
        wanted = z[GOOD.tokens[row, place + 1]] - np.log(np.exp(z).sum())
        assert found[row, place] == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("part", ["padding", "prompt"])
def test_neither_padding_nor_prompt_is_learned(model, part):
    """Other padding changes no loss; the prompt's own tokens are not among what is predicted."""
    if part == "padding":
        other = GOOD.tokens.copy()
        other[1, 3] = 4
        changed = Responses(other, GOOD.mask)
        assert rlhf.sft_loss(model, changed).item() == rlhf.sft_loss(model, GOOD).item()
        np.testing.assert_array_equal(
            rlhf.sequence_log_probs(model, changed).data, rlhf.sequence_log_probs(model, GOOD).data
        )
    else:
        long = Responses(GOOD.tokens, [[0, 0, 0, 1], [0, 0, 1, 0]])
        wanted = rlhf.token_log_probs(model, GOOD.tokens).data[[0, 1], [2, 1]]
        np.testing.assert_allclose(rlhf.sequence_log_probs(model, long).data, wanted, rtol=1e-6)
        assert rlhf.sft_loss(model, long).item() == pytest.approx(-wanted.mean(), rel=1e-6)


def test_a_rollout_draws_from_the_model_and_stops(model, rng):
    """Frequencies of first tokens are the model's probabilities; after the stop token comes padding."""
    drawn = rlhf.rollout(model, np.full((20000, 1), 2), 3, rng, stop=0)
    with no_grad():
        z = model([[2]]).data[0, 0].astype(np.float64)
    wanted = np.exp(z) / np.exp(z).sum()
    found = np.bincount(drawn.tokens[:, 1], minlength=5) / len(drawn)
    np.testing.assert_allclose(found, wanted, atol=5 * np.sqrt(0.25 / len(drawn)))
    ended = (drawn.tokens[:, 1:] == 0).cumsum(axis=1) > 0
    np.testing.assert_array_equal(drawn.mask[:, 2:], ~ended[:, :-1])
    assert not drawn.tokens[:, 1:][ended].any()


def test_kl_of_a_policy_to_itself_and_to_another(model, rng):
    """The estimate agrees with the sum over all responses of one token."""
    other = GPT(model.config, rng=rng)
    for m in (model, other):
        for p in m.parameters():
            p.data = p.data * 10
    drawn = rlhf.rollout(model, np.full((20000, 1), 2), 1, rng)
    assert rlhf.kl(model, copy.deepcopy(model), drawn) == 0
    with no_grad():
        p, q = (
            np.exp(z - np.log(np.exp(z).sum())) for z in (m([[2]]).data[0, 0].astype(float) for m in (model, other))
        )
    exact = (p * np.log(p / q)).sum()
    assert exact > 0.1
    spread = np.sqrt((p * np.log(p / q) ** 2).sum() / len(drawn))
    assert rlhf.kl(model, other, drawn) == pytest.approx(exact, abs=5 * spread)


def test_preference_loss_by_hand():
    wanted = np.mean([np.log1p(np.exp(-2.0)), np.log1p(np.exp(1.0))])
    assert rlhf.preference_loss([3.0, 0.0], [1.0, 1.0]).item() == pytest.approx(wanted)


def test_dpo_at_the_reference_is_log_two(model):
    [loss] = rlhf.dpo(model, copy.deepcopy(model), GOOD, BAD, steps=1)
    assert loss == pytest.approx(np.log(2), abs=1e-6)


def test_dpo_by_hand():
    wanted = np.log1p(np.exp(-0.1 * ((-1.0 + 2.0) - (-4.0 + 3.0))))
    assert rlhf.dpo_loss([-1.0], [-4.0], [-2.0], [-3.0]).item() == pytest.approx(wanted)


def test_gradients_of_the_losses_of_pairs(rng):
    a, b, c, d = rng.normal(size=(4, 3))
    assert check_grads(rlhf.preference_loss, a, b)
    assert check_grads(lambda x, y: rlhf.dpo_loss(x, y, c, d), a, b)


def test_a_reward_is_read_at_the_last_token(model, rng):
    reward = rlhf.RewardModel(model, rng=rng)
    with no_grad():
        everywhere = reward(GOOD.tokens).data
    np.testing.assert_array_equal(reward.reward(GOOD), everywhere[[0, 1], [3, 2]])
    assert reward.transformer.wte.weight is not model.transformer.wte.weight


def test_a_reward_model_and_a_policy_learn_which_response_is_better(model, rng):
    reward = rlhf.RewardModel(model, rng=rng)
    for _ in reward.fit(GOOD, BAD, steps=60, lr=1e-2, rng=rng):
        pass
    assert reward.accuracy(GOOD, BAD) == 1
    losses = list(rlhf.dpo(model, copy.deepcopy(model), GOOD, BAD, steps=60, lr=1e-2, rng=rng))
    assert losses[-1] < 0.5 * np.log(2)


@pytest.mark.parametrize(
    ("tokens", "mask", "message"),
    [
        ([[1, 2]], [[0, 0]], "at least one token"),
        ([[1, 2]], [[1, 1]], "after a prompt"),
        ([[1, 2]], [[0, 1, 1]], "a mask like them"),
        ([[1.0, 2.0]], [[0, 1]], "integers"),
    ],
)
def test_responses_that_are_none(tokens, mask, message):
    with pytest.raises(DataError, match=message):
        Responses(tokens, mask)


def test_pairs_and_vocabularies_that_do_not_fit(model, rng):
    other = GPT(Config(vocab_size=6, context=8, layers=1, heads=1, width=8), rng=rng)
    elsewhere = Responses([[2, 3, 3, 0], [1, 2, 0, 0]], BAD.mask)
    with pytest.raises(DataError, match="share one vocabulary"):
        next(rlhf.dpo(model, other, GOOD, BAD, steps=1))
    with pytest.raises(DataError, match="pair 0 has"):
        next(rlhf.dpo(model, model, GOOD, elsewhere, steps=1))
    with pytest.raises(DataError, match="2 chosen and 1 rejected"):
        rlhf.RewardModel(model, rng=rng).accuracy(GOOD, BAD[:1])
    with pytest.raises(DataError, match="from 0 to 4, got up to 5"):
        rlhf.token_log_probs(model, [[1, 5]])
    with pytest.raises(DataError, match="at least 1 token"):
        rlhf.rollout(model, [[1]], 0, rng)
