"""The training loop learns, records, samples, and stops without losing anything."""

import io
import math
import os
import signal
import sys
import threading

import numpy as np
import pytest

from autograd import Tensor
from nn.cache import KVCache
from nn.checkpoint import load_gpt
from nn.data import TextDataset, split_tokens
from nn.errors import DataError, MissingExtra, TrainingError
from nn.functional import mse_loss
from nn.layers import Dropout, Linear, Sequential
from nn.models.gpt import GPT, Config
from nn.optim import SGD, CosineSchedule
from nn.recipes import Recipe, TextTraining, bigram_loss
from nn.sample import probabilities, sample, stream
from nn.threads import _ASKED, one_thread
from nn.tokenizers import CharTokenizer
from nn.train import accuracy, evaluate, train

TEXT = "the cat sat on the mat, and the dog sat on the cat. " * 12
TINY = {"layers": 1, "heads": 2, "width": 16, "context": 8, "batch": 4, "steps": 6}


def regression(seed=0):
    rng = np.random.default_rng(seed)
    model = Sequential(Linear(3, 4, rng=rng), Linear(4, 2, rng=rng))
    x = rng.normal(size=(8, 3)).astype(np.float32)
    y = x @ rng.normal(size=(3, 2)).astype(np.float32)
    optimizer = SGD(model.parameters(), lr=0.1)
    return model, optimizer, lambda: (x, y), lambda a, b: mse_loss(model(a), b)


def gpt(**shape):
    config = Config(**{"vocab_size": 5, "context": 4, "layers": 1, "heads": 2, "width": 8, **shape})
    return GPT(config, rng=np.random.default_rng(0))


# ---------------------------------------------------------------------- the loop
def test_training_learns_and_records_every_step():
    model, optimizer, batches, loss = regression()
    history = train(model, [optimizer], batches, 300, loss=loss)
    assert history.steps == 300
    assert history.targets == 300 * 16
    assert history.losses[-1] < 1e-3 * history.losses[0]
    assert history.rate > 0
    assert not history.interrupted


def test_gradient_sizes_are_lengths_per_layer_before_clipping():
    model, optimizer, batches, loss = regression()
    loss(*batches()).backward()
    expected = {
        name: math.sqrt(sum(float((p.grad.data.astype(float) ** 2).sum()) for p in layer.parameters()))
        for name, layer in (("0", model[0]), ("1", model[1]))
    }
    model.zero_grad()
    history = train(model, [optimizer], batches, 2, loss=loss, clip=1e-3)
    assert list(history.gradients) == ["0", "1"]
    for name, size in expected.items():
        assert len(history.gradients[name]) == 2
        assert history.gradients[name][0] == pytest.approx(size, rel=1e-5)


def test_clipping_bounds_the_step():
    model, _, batches, loss = regression()
    before = [p.data.copy() for p in model.parameters()]
    train(model, [SGD(model.parameters(), lr=1.0)], batches, 1, loss=loss, clip=0.01)
    moved = math.sqrt(sum(((p.data - b) ** 2).sum() for p, b in zip(model.parameters(), before, strict=True)))
    assert moved == pytest.approx(0.01, rel=1e-3)


def test_schedule_validation_and_hooks_come_when_asked():
    model, optimizer, batches, loss = regression()
    rates, seen, values = [], [], iter(range(100))
    history = train(
        model,
        [optimizer],
        batches,
        7,
        loss=loss,
        schedule=CosineSchedule(optimizer, 7),
        validate=lambda: float(next(values)),
        validate_every=3,
        hooks=[(1, lambda step: rates.append(optimizer.param_groups[0]["lr"])), (2, seen.append)],
    )
    assert history.validation == [(3, 0.0), (6, 1.0), (7, 2.0)]
    assert seen == [2, 4, 6]
    assert rates[-1] == 0.0
    assert all(a > b for a, b in zip(rates, rates[1:], strict=False))


def test_every_step_is_in_training_mode_even_after_a_hook_changed_it():
    model = Sequential(Linear(3, 3, rng=np.random.default_rng(0)), Dropout(0.5, rng=np.random.default_rng(0)))
    modes = []

    def loss(x, y):
        modes.append(model.training)
        return mse_loss(model(x), y)

    x = np.ones((2, 3), np.float32)
    train(model, [SGD(model.parameters())], lambda: (x, x), 3, loss=loss, hooks=[(1, lambda step: model.eval())])
    assert modes == [True] * 3


def test_a_loss_that_is_no_number_stops_before_it_spoils_the_weights():
    model, optimizer, batches, loss = regression()
    with pytest.raises(TrainingError, match="at step 1: lower the learning rate"):
        train(model, [optimizer], batches, 3, loss=lambda x, y: loss(x, y) * math.inf)
    assert all(np.isfinite(p.data).all() for p in model.parameters())


def test_progress_shows_loss_rate_and_time_left():
    rich = pytest.importorskip("rich.console")
    console = rich.Console(record=True, width=120, file=io.StringIO(), force_terminal=True)
    model, optimizer, batches, loss = regression()
    train(model, [optimizer], batches, 3, loss=loss, console=console, unit="examples")
    text = console.export_text()
    assert "3/3" in text
    assert "loss" in text
    assert "examples/s" in text
    assert "0:00:00" in text


def test_a_progress_bar_without_rich_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "rich.progress", None)
    model, optimizer, batches, loss = regression()
    with pytest.raises(MissingExtra, match=r"rich.*glassgrad\[train\]"):
        train(model, [optimizer], batches, 1, loss=loss, console=object())


# ---------------------------------------------------------------------- Ctrl-C
def test_an_interrupt_in_a_hook_saves(tmp_path):
    model, optimizer, batches, loss = regression()

    def stop(step):
        if step == 4:
            raise KeyboardInterrupt

    saved = []
    history = train(
        model, [optimizer], batches, 9, loss=loss, hooks=[(1, stop)], save=lambda step: saved.append(step) or tmp_path
    )
    assert history.interrupted
    assert history.steps == 4
    assert saved == [4]
    assert history.saved == tmp_path


def test_a_signal_lets_the_step_finish(tmp_path):
    model, optimizer, batches, loss = regression()
    before = signal.getsignal(signal.SIGINT)
    calls = []

    def interrupted(x, y):
        calls.append(1)
        if len(calls) == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return loss(x, y)

    history = train(model, [optimizer], batches, 9, loss=interrupted)
    assert history.interrupted
    assert history.steps == 3  # the third step was completed, not torn apart
    assert history.saved is None
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_signal_stops_at_once_and_saves_nothing():
    model, optimizer, batches, loss = regression()

    def interrupted(x, y):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        return loss(x, y)

    saved = []
    with pytest.raises(KeyboardInterrupt):
        train(model, [optimizer], batches, 9, loss=interrupted, save=saved.append)
    assert saved == []


def test_training_works_in_a_thread():
    model, optimizer, batches, loss = regression()
    found = []
    thread = threading.Thread(target=lambda: found.append(train(model, [optimizer], batches, 2, loss=loss)))
    thread.start()
    thread.join()
    assert found[0].steps == 2


# ---------------------------------------------------------------------- threads
def blas_threads():
    return [
        pool["num_threads"] for pool in sys.modules["threadpoolctl"].threadpool_info() if pool["user_api"] == "blas"
    ]


@pytest.mark.parametrize("asked", [False, True])
def test_one_thread_holds_inside_unless_the_user_asked_otherwise(asked, monkeypatch):
    pytest.importorskip("threadpoolctl")
    for name in _ASKED:
        monkeypatch.delenv(name, raising=False)
    if asked:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    before = blas_threads()
    assert before
    with one_thread():
        assert blas_threads() == (before if asked else [1] * len(before))
    assert blas_threads() == before


def test_one_thread_does_without_threadpoolctl(monkeypatch):
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    with one_thread():
        pass


# ---------------------------------------------------------------------- a text
def test_a_recipe_repeats_with_its_seed_and_differs_with_another():
    a, b, c = (TextTraining(TEXT, Recipe(**TINY, seed=seed)).train().losses for seed in (0, 0, 1))
    assert a == b
    assert a != c


def test_both_optimisers_beat_the_bigram_model_on_a_text_that_repeats():
    for optimizer, lr in (("muon", None), ("adamw", 1e-2)):
        run = TextTraining(TEXT, Recipe(**{**TINY, "steps": 250, "optimizer": optimizer, "lr": lr}))
        history = run.train()
        assert history.validation[-1][1] < run.baseline() - 0.1, optimizer


def test_an_interrupted_recipe_saves_a_checkpoint_that_loads(tmp_path):
    run = TextTraining(TEXT, Recipe(**TINY))

    def stop(step):
        raise KeyboardInterrupt

    history = run.train(tmp_path / "m.safetensors", hooks=[(2, stop)])
    assert history.saved == tmp_path / "m.safetensors"
    model, tokenizer, notes = load_gpt(history.saved)
    assert notes["steps"] == 2
    assert tokenizer.vocabulary == run.tokenizer.vocabulary
    np.testing.assert_array_equal(model.lm_head.weight.data, run.model.lm_head.weight.data)


def test_texts_shorter_than_the_context_are_refused():
    recipe = Recipe(**{**TINY, "context": 64})
    TextTraining("ab" * 325, recipe)
    with pytest.raises(DataError, match=r"649 characters; with a context of 64 .* at least 650"):
        TextTraining("a" * 649, recipe)


@pytest.mark.parametrize(
    "wrong",
    [{"heads": 3}, {"steps": 0}, {"batch": -1}, {"dropout": 1.0}, {"lr": 0.0}, {"lr": math.nan}, {"optimizer": "lion"}],
)
def test_recipes_that_cannot_be(wrong):
    with pytest.raises(DataError, match=next(iter(wrong))):
        Recipe(**{**TINY, **wrong})


# ---------------------------------------------------------------------- measures
def test_evaluate_is_one_full_pass_whatever_the_batch(rng):
    model = gpt(dropout=0.5)
    tokens = rng.integers(5, size=43)
    data = TextDataset(tokens, 4)
    total = 0.0
    model.eval()
    for start in range(0, 42, 4):
        window = tokens[start : start + 5]
        logits = model(window[None, :-1]).data[0].astype(float)
        log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        total -= log_p[np.arange(len(window) - 1), window[1:]].sum()
    model.train()
    for batch in (1, 3, 64):
        assert evaluate(model, data, batch) == pytest.approx(total / 42, rel=1e-5)
    assert model.training


def test_bigram_loss_counts_pairs(rng):
    learn, validation = rng.integers(4, size=200), rng.integers(4, size=50)
    total = 0.0
    for a, b in zip(validation, validation[1:], strict=False):
        pairs = sum((x, y) == (a, b) for x, y in zip(learn, learn[1:], strict=False))
        total -= math.log((pairs + 1) / ((learn[:-1] == a).sum() + 4))
    assert bigram_loss(learn, validation, 4) == pytest.approx(total / 49)


def test_accuracy_counts_the_largest_logits():
    layer = Linear(3, 3, bias=False)
    layer.weight.data = np.eye(3)
    assert accuracy(layer, np.eye(3, dtype=np.float32)[[0, 1, 2, 2]], np.array([0, 1, 2, 0])) == 0.75


# ---------------------------------------------------------------------- sampling
def test_top_p_keeps_the_least_set_that_has_it():
    z = np.log([0.15, 0.5, 0.05, 0.3])
    for top_p, kept in ((0.2, [1]), (0.5, [1]), (0.51, [1, 3]), (0.9, [0, 1, 3]), (1.0, [0, 1, 2, 3])):
        wanted = np.zeros(4)
        wanted[kept] = np.exp(z)[kept] / np.exp(z)[kept].sum()
        np.testing.assert_allclose(probabilities(z, top_p=top_p), wanted)
    np.testing.assert_allclose(probabilities(z, top_k=2, top_p=0.7), [0, 0.625, 0, 0.375])


def test_probabilities_follow_the_softmax():
    z = np.array([1.0, 2.0, 4.0])
    for temperature in (0.5, 1.0, 3.0):
        e = np.exp(z / temperature)
        np.testing.assert_allclose(probabilities(z, temperature), e / e.sum())
    np.testing.assert_allclose(probabilities(z, 1e-9), [0, 0, 1])
    np.testing.assert_allclose(probabilities([1e4, -1e4]), [1, 0])


def test_top_k_keeps_exactly_k():
    p = probabilities([0.0, 1.0, 1.0, 1.0, -math.inf], top_k=2)
    assert p.tolist() == [0, 0.5, 0.5, 0, 0]
    np.testing.assert_array_equal(probabilities([0.0, 1.0], top_k=9), probabilities([0.0, 1.0]))


@pytest.mark.parametrize("wrong", [{"temperature": -1}, {"temperature": math.nan}, {"top_k": 0}])
def test_settings_of_sampling_that_cannot_be(wrong):
    with pytest.raises(DataError, match=next(iter(wrong))):
        probabilities([0.0, 1.0], **wrong)
    with pytest.raises(DataError, match="NaN"):
        probabilities([0.0, math.nan])


class Counter:
    """A stand-in for a model: after token t it is certain of t + 1, and it notes the windows that it saw."""

    def __init__(self, size=7, context=3):
        self.config = Config(vocab_size=size, context=context)
        self.training = True
        self.windows = []

    def modules(self):
        return [self]

    def new_cache(self):
        return KVCache(layers=0)  # has never read anything

    def __call__(self, tokens, cache=None):
        assert not self.training
        self.windows.append(tokens[0].tolist())
        logits = np.full((*tokens.shape, self.config.vocab_size), -100.0)
        np.put_along_axis(logits, (tokens[..., None] + 1) % self.config.vocab_size, 0.0, -1)
        return Tensor(logits)


def test_the_context_is_cropped_to_the_last_tokens(rng):
    model = Counter()
    for temperature in (0.0, 1.0):
        model.windows.clear()
        assert list(stream(model, [0, 1], 5, rng, temperature)) == [2, 3, 4, 5, 6]
        assert model.windows == [[0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5]]
    assert model.training


def test_samples_repeat_with_the_seed_and_greedy_needs_none():
    model, tokenizer = gpt(), CharTokenizer("abcde")

    def text(seed, **settings):
        return sample(model, tokenizer, "ab", 40, np.random.default_rng(seed), **settings)

    assert text(0) == text(0)
    assert text(0) != text(1)
    assert text(0, temperature=0) == text(1, temperature=0) == text(2, top_k=1)


def test_samples_have_the_models_distribution(rng):
    model = gpt()
    p = probabilities(model(np.array([[1, 2]])).data[0, -1])
    drawn = [next(stream(model, [1, 2], 1, rng)) for _ in range(2000)]
    np.testing.assert_allclose(np.bincount(drawn, minlength=5) / 2000, p, atol=0.05)


@pytest.mark.parametrize("prompt", [[], [5], [-1]])
def test_prompts_that_cannot_be(prompt, rng):
    with pytest.raises(DataError, match="prompt"):
        next(stream(gpt(), prompt, 1, rng))


def test_split_keeps_validation_out_of_training():
    run = TextTraining(TEXT, Recipe(**TINY))
    learn, validation = split_tokens(run.tokenizer.encode(TEXT))
    np.testing.assert_array_equal(run.learn.tokens, learn)
    np.testing.assert_array_equal(run.validation.tokens, validation)
