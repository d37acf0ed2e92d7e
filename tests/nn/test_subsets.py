"""Parts of data sets and data sets put together: no example is lost, none comes twice."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data import ArrayDataset, ConcatDataset, DataLoader, Subset, random_split
from nn.errors import DataError


@given(st.integers(3, 60), st.lists(st.floats(0.05, 1), min_size=1, max_size=3), st.integers(0, 9))
def test_shares_divide_without_loss(count, weights, seed):
    shares = [w / sum(weights) for w in weights]
    try:
        parts = random_split(range(count), shares, np.random.default_rng(seed))
    except DataError:
        assert min(int(s * count + 1e-9) for s in shares) == 0
        return
    assert sorted(n for part in parts for n in part) == list(range(count))
    for part, share in zip(parts, shares, strict=True):
        assert share * count - 1 < len(part) < share * count + len(parts)


def test_a_split_follows_from_its_generator():
    one, two, three = (
        [list(part) for part in random_split(range(20), [15, 5], np.random.default_rng(s))] for s in (1, 1, 2)
    )
    assert [len(part) for part in one] == [15, 5]
    assert one == two != three


def test_a_share_that_floats_miss_narrowly_is_whole():
    parts = random_split(range(100), [0.71, 0.29], np.random.default_rng(0))
    assert [len(part) for part in parts] == [71, 29]  # 0.29 * 100 is 28.999999999999996


@pytest.mark.parametrize(
    ("lengths", "words"),
    [
        ([5, 4], "hold all 10 examples"),
        ([10, 0], "at least one example"),
        ([0.5, 0.6], "add up to 1"),
        ([-0.5, 1.5], "at least one example"),
        ([0.99, 0.005, 0.005], "leave a part empty"),
        ([float("nan"), 1.0], "at least one example"),
    ],
)
def test_splits_that_cannot_be(lengths, words):
    with pytest.raises(DataError, match=words):
        random_split(range(10), lengths, np.random.default_rng(0))


def test_a_subset_of_a_subset_batches_like_its_examples():
    data = ArrayDataset(np.arange(30), np.arange(30) ** 2)
    inner = Subset(Subset(data, np.arange(29, -1, -1)), [3, 5, 3, 0])
    x, y = inner.batch(np.array([0, 1, 3]))
    assert (x.tolist(), y.tolist()) == ([26, 24, 29], [676, 576, 841])
    assert [int(inner[i][0]) for i in range(4)] == [26, 24, 26, 29]
    (batch,) = DataLoader(inner, 4, shuffle=False)
    assert batch[0].tolist() == [26, 24, 26, 29]


@pytest.mark.parametrize(
    ("indices", "words"),
    [([3], "from 0 to 2, got 3"), ([-1], "got -1"), ([0.5], "float64"), ([True, False, True], "mask")],
)
def test_subsets_that_cannot_be(indices, words):
    with pytest.raises(DataError, match=words):
        Subset("abc", indices)


def test_data_sets_in_a_row_have_all_examples_in_order():
    both = ConcatDataset([ArrayDataset(np.arange(3)), ArrayDataset(np.arange(0)), ArrayDataset(np.arange(3, 7))])
    assert [int(x) for (x,) in (both[i] for i in range(7))] == list(range(7))
    assert int(both[-1][0]) == 6
    for index in (7, -8):
        with pytest.raises(IndexError):
            both[index]
    batches = [x.tolist() for (x,) in DataLoader(both, 4, shuffle=False)]
    assert batches == [[0, 1, 2, 3], [4, 5, 6]]


def test_no_data_set_at_all_is_refused():
    with pytest.raises(DataError, match="no data set"):
        ConcatDataset([])
