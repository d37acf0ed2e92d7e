"""Batches: every example when it is due, the same after a break, the same when they are made ahead."""

import collections
import gc
import json
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data import ArrayDataset, DataLoader, TextDataset, WeightedRandomSampler, collate
from nn.errors import DataError

Point = collections.namedtuple("Point", "x y")


def values(batches):
    return [batch[0].tolist() for batch in batches]


def threads():
    return [t for t in threading.enumerate() if t.name.startswith("glassgrad-prefetch")]


# ---------------------------------------------------------------------- orders
def test_the_order_of_an_epoch_follows_from_seed_and_number():
    loader = DataLoader(ArrayDataset(np.arange(23)), 5, seed=7)
    for epoch in range(3):
        assert loader.epoch == epoch
        assert sum(values(loader), []) == np.random.default_rng([7, epoch]).permutation(23).tolist()


def test_a_generator_draws_epoch_after_epoch():
    loader = DataLoader(ArrayDataset(np.arange(9)), 9, generator=np.random.default_rng(3))
    twin = np.random.default_rng(3)
    assert [sum(values(loader), []) for _ in range(3)] == [twin.permutation(9).tolist() for _ in range(3)]


def test_a_loop_that_was_left_is_not_taken_up_by_the_same_loader():
    loader = DataLoader(ArrayDataset(np.arange(6)), 2, shuffle=False)
    for _ in loader:
        break
    assert loader.epoch == 0
    assert values(loader) == [[0, 1], [2, 3], [4, 5]]
    assert loader.epoch == 2


def test_two_loops_at_once_do_not_disturb_each_other():
    loader = DataLoader(ArrayDataset(np.arange(6)), 2)
    first, second = iter(loader), iter(loader)
    mixed = [(next(first)[0].tolist(), next(second)[0].tolist()) for _ in range(3)]
    again = DataLoader(ArrayDataset(np.arange(6)), 2)
    assert list(zip(*mixed, strict=True)) == [tuple(values(again)) for _ in range(2)]
    assert list(first) == []
    assert (loader.state_dict()["epoch"], loader.state_dict()["batch"]) == (1, 3)  # where the later one is


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"batch_size": 2.5}, "batch_size.*whole number, got 2.5"),
        ({"batch_size": 2, "seed": -1}, "seed is at least 0, got -1"),
        ({"batch_size": 2, "prefetch": -1}, "prefetch.*at least 0"),
        ({"batch_size": 2, "generator": 3}, "numpy.random.Generator, got int"),
    ],
)
def test_loaders_that_cannot_be(options, words):
    with pytest.raises(DataError, match=words):
        DataLoader(ArrayDataset(np.arange(6)), **options)


def test_an_empty_data_set_is_refused():
    with pytest.raises(DataError, match="empty"):
        DataLoader([], 2)


# ---------------------------------------------------------------------- going on elsewhere
def make(kind, count, size, drop, shuffle, prefetch, weights):
    chance = {"generator": np.random.default_rng(5)} if kind != "seed" else {"seed": 5}
    if kind == "sampler":
        chance["sampler"] = WeightedRandomSampler(weights, len(weights))
    return DataLoader(ArrayDataset(np.arange(count)), size, shuffle, drop_last=drop, prefetch=prefetch, **chance)


def take(loader, count):
    """So many batches, epoch after epoch, as a training with a fixed number of steps does."""
    taken = []
    while len(taken) < count:
        for batch in loader:
            taken.append(batch[0].tolist())
            if len(taken) == count:
                break
    return taken


@given(
    st.sampled_from(["seed", "generator", "sampler"]),
    st.integers(1, 17),
    st.integers(1, 7),
    st.booleans(),
    st.booleans(),
    st.sampled_from([0, 0, 0, 2]),
    st.integers(0, 20),
)
def test_what_comes_after_a_break_is_what_would_have_come(kind, count, size, drop, shuffle, prefetch, steps):
    size = min(size, count)
    arguments = (kind, count, size, drop, shuffle, prefetch, np.arange(1.0, count + 1))
    whole = take(make(*arguments), steps + 12)
    broken = make(*arguments)
    assert take(broken, steps) == whole[:steps]
    state = json.loads(json.dumps(broken.state_dict()))
    after = make(*arguments)
    after.load_state_dict(state)
    assert after.state_dict() == state
    assert take(after, 12) == whole[steps:]


@pytest.mark.parametrize("kind", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_a_generator_goes_on_even_if_others_draw_from_it_too(kind):
    def loader(seed):
        rng = np.random.Generator(getattr(np.random, kind)(seed))
        return DataLoader(ArrayDataset(np.arange(20)), 3, generator=rng), rng

    whole, rng = loader(1)
    stream = (batch[0].tolist() for _ in range(3) for batch in whole)
    for _ in range(9):
        next(stream)
    rng.random(5)
    state = json.loads(json.dumps(whole.state_dict()))
    after, after_rng = loader(2)
    after.load_state_dict(state)
    assert take(after, 10) == [next(stream) for _ in range(10)]  # more than the rest of the epoch
    assert after_rng.random() == rng.random()


def test_at_the_end_of_an_epoch_the_rest_of_it_is_empty_and_what_follows_is_done_once():
    def train(loader, log, stop=None):
        while loader.epoch < 3:
            epoch = loader.epoch
            for (x,) in loader:
                log.append(x.tolist())
                if len(log) == stop:
                    return loader.state_dict()
            log.append(f"end of epoch {epoch}")

    def fresh():
        return DataLoader(ArrayDataset(np.arange(6)), 2)

    whole = []
    train(fresh(), whole)
    log = []
    state = train(fresh(), log, stop=3)  # inside the loop, at the last batch of epoch 0
    assert state["batch"] == 3
    after = fresh()
    after.load_state_dict(state)
    train(after, log)
    assert log == whole


def test_batches_made_ahead_do_not_count():
    loader = DataLoader(ArrayDataset(np.arange(40)), 2, prefetch=8)
    stream = iter(loader)
    for _ in range(3):
        next(stream)
    assert (loader.state_dict()["epoch"], loader.state_dict()["batch"]) == (0, 3)
    stream.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"batch_size": 3}, "batch_size 3, this one has 2"),
        ({"examples": 7}, "examples 7, this one has 8"),
        ({"random": 1}, "random 1, this one has 0"),
        ({"shuffle": False}, "shuffle False"),
        ({"batch": 5}, "at batch 5 of an epoch, this data loader has 4"),
        ({"batch": -1}, "batch is at least 0"),
        ({"epoch": "two"}, "whole number, got 'two'"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change, words):
    loader = DataLoader(ArrayDataset(np.arange(8)), 2)
    next(iter(loader))
    before = loader.state_dict()
    with pytest.raises(DataError, match=words):
        loader.load_state_dict({**before, **change})
    assert loader.state_dict() == before


def test_a_state_of_something_else_is_refused():
    with pytest.raises(DataError, match="entry 'epoch'; this one has lr"):
        DataLoader([1, 2], 1).load_state_dict({"lr": 0.1})


@pytest.mark.parametrize(
    "damage",
    [{"generator": {"bit_generator": "MT19937"}}, {"generator": None}, {"order": 3}, {"order": {}}, {"order": None}],
)
def test_a_damaged_generator_changes_nothing(damage):
    rng = np.random.default_rng(0)
    loader = DataLoader(ArrayDataset(np.arange(8)), 2, generator=rng)
    next(iter(loader))
    state, before = loader.state_dict(), rng.bit_generator.state
    with pytest.raises(DataError, match="state of a data loader"):
        loader.load_state_dict({**state, **damage})
    assert rng.bit_generator.state == before
    assert loader.state_dict() == state


# ---------------------------------------------------------------------- made ahead
class Watched:
    """Numbers that say when they are read; reading one of them may fail."""

    def __init__(self, count, broken=None):
        self.count, self.broken = count, broken
        self.read = []
        self.reached = collections.defaultdict(threading.Event)

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        self.read.append(index)
        self.reached[index].set()
        if index == self.broken:
            raise OSError(f"example {index} is unreadable")
        return index


def test_batches_are_made_ahead_and_never_too_many():
    data = Watched(12)
    stream = iter(DataLoader(data, 1, shuffle=False, prefetch=3))
    for i in range(12):
        assert next(stream).tolist() == [i]
        assert data.reached[min(i + 3, 11)].wait(20)  # made without being asked for
        assert len(data.read) <= i + 4
    assert data.read == list(range(12))
    assert list(stream) == []
    assert threads() == []


def test_an_error_comes_where_the_batch_would_have_come():
    stream = iter(DataLoader(Watched(9, broken=4), 2, shuffle=False, prefetch=4))
    assert [next(stream).tolist() for _ in range(2)] == [[0, 1], [2, 3]]
    with pytest.raises(OSError, match="example 4 is unreadable"):
        next(stream)
    assert threads() == []


@pytest.mark.parametrize("end", ["break", "close", "forget", "raise"])
def test_the_thread_ends_with_the_loop(end):
    loader = DataLoader(Watched(100), 2, prefetch=2)
    if end == "break":
        for _ in loader:
            break
    elif end == "raise":
        with pytest.raises(KeyError):
            for _ in loader:
                raise KeyError
    else:
        stream = iter(loader)
        next(stream)
        assert len(threads()) == 1
        if end == "close":
            stream.close()
        del stream
    gc.collect()
    assert threads() == []


# ---------------------------------------------------------------------- examples of all kinds
def test_examples_are_stacked_in_their_form():
    batch = collate([{"p": Point(1, [1.0, 2.0]), "w": "a"}, {"p": Point(2, [3.0, 4.0]), "w": "b"}])
    assert isinstance(batch["p"], Point)
    assert batch["p"].x.tolist() == [1, 2]
    assert batch["p"].y.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert batch["w"] == ["a", "b"]


def test_dtypes_stay():
    x, y = collate([(np.float32(1), np.zeros(2, np.uint8))] * 3)
    assert (x.dtype, x.shape, y.dtype, y.shape) == (np.float32, (3,), np.uint8, (3, 2))


@pytest.mark.parametrize(
    ("examples", "words"),
    [
        ([(1, [1.0]), (2, [1.0, 2.0])], r"entry 1 has different shapes in one batch: \(1,\), \(2,\)"),
        ([{"a": 1}, {"b": 1}], "different keys"),
        ([(1, 2), (1,)], "different lengths"),
        ([(1, 2), 3], "different kinds in one batch: tuple, int"),
        ([[[1], [1, 2]]], "rows have different lengths"),
        ([None, None], "NoneType: give collate="),
        ([], "at least one"),
    ],
)
def test_examples_that_do_not_go_together(examples, words):
    with pytest.raises(DataError, match=words):
        collate(examples)


@pytest.mark.parametrize("options", [{"seed": 4}, {"generator": 4}, {"seed": 4, "prefetch": 2}])
def test_what_transforms_draw_is_the_same_after_a_break(options):
    def loader():
        rng = {"generator": np.random.default_rng(4)} if "generator" in options else {}
        noisy = lambda batch, rng: (batch[0] + rng.random(batch[0].shape),)  # noqa: E731
        return DataLoader(ArrayDataset(np.arange(20)), 3, transform=noisy, **{**options, **rng})

    whole = take(loader(), 25)
    assert len({round(value % 1, 9) for batch in whole for value in batch}) == sum(map(len, whole))
    broken, after = loader(), loader()
    assert take(broken, 9) == whole[:9]
    after.load_state_dict(json.loads(json.dumps(broken.state_dict())))
    assert take(after, 16) == whole[9:]


def test_a_collate_of_ones_own_gets_the_examples():
    words = ["a", "bcd", "ef"]
    (batch,) = DataLoader(words, 3, shuffle=False, collate=lambda group: [len(word) for word in group])
    assert batch == [1, 3, 2]


def test_windows_of_a_text_come_in_epochs():
    data = TextDataset(np.arange(20), 4)
    starts = [x[:, 0].tolist() for x, y in DataLoader(data, 5) if (y == x + 1).all() and x.shape == (len(x), 4)]
    assert sorted(sum(starts, [])) == list(range(16))


# ---------------------------------------------------------------------- weights
def test_examples_are_drawn_as_often_as_their_weights_say(rng):
    weights = np.array([1.0, 0.0, 3.0, 6.0])
    drawn = WeightedRandomSampler(weights, 40_000).indices(rng)
    share = np.bincount(drawn, minlength=4) / 40_000
    np.testing.assert_allclose(share, weights / 10, atol=5 * np.sqrt(0.25 / 40_000))
    assert share[1] == 0


def test_without_replacement_none_comes_twice(rng):
    drawn = WeightedRandomSampler([1e308, 1e308, 0, 1e308], 3, replacement=False).indices(rng)
    assert sorted(drawn.tolist()) == [0, 1, 3]


@pytest.mark.parametrize(
    ("weights", "count", "words"),
    [
        ([1, -1], 1, "not negative"),
        ([0, 0], 1, "not all 0"),
        ([1, np.nan], 1, "finite"),
        ([[1, 2]], 1, "one row"),
        ([1, 2], 0, "num_samples is at least 1"),
        ([1, 0, 2], 3, "2 examples have a weight above 0"),
    ],
)
def test_weights_that_cannot_be(weights, count, words):
    with pytest.raises(DataError, match=words):
        WeightedRandomSampler(weights, count, replacement=False)


def test_a_sampler_of_another_data_set_is_noticed():
    loader = DataLoader(np.arange(3), 2, sampler=WeightedRandomSampler([0, 0, 0, 1], 5))
    assert len(loader) == 3
    with pytest.raises(DataError, match="should draw 5 numbers below 3"):
        next(iter(loader))
