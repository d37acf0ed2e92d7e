"""Texts, digits, tokens and batches: what goes in comes out, in an order that a seed repeats."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data import ArrayDataset, DataLoader, TextDataset, digits, read_text, split_tokens, topics
from nn.errors import DataError, MissingExtra
from nn.tokenizers import CharTokenizer


# ---------------------------------------------------------------------- arrays
def test_a_dataset_keeps_inputs_and_targets_together():
    data = ArrayDataset(np.arange(10), np.arange(10) ** 2)
    x, y = data[[3, 7]]
    assert (x.tolist(), y.tolist()) == ([3, 7], [9, 49])


@pytest.mark.parametrize("arrays", [(), (np.zeros(3), np.zeros(4)), (np.zeros(()),)])
def test_a_dataset_refuses_arrays_that_do_not_match(arrays):
    with pytest.raises(DataError, match="axis 0"):
        ArrayDataset(*arrays)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused_with_their_place(bad):
    x = np.ones((4, 3, 2), np.float32)
    x[2, 1, 0] = x[3, 0, 0] = bad
    with pytest.raises(DataError, match=r"array 1 has 2 of 24 elements that are not finite.*at \[2, 1, 0\]"):
        ArrayDataset(np.arange(4), x)
    data = ArrayDataset(x, finite=False)
    assert len(data.split(0.5, np.random.default_rng(0))[0]) == 2


@pytest.mark.parametrize(
    ("array", "words"),
    [([[1], [1, 2]], "different lengths"), (["a", "b"], "not numbers"), (np.array([None]), "object, not numbers")],
)
def test_what_does_not_hold_numbers_is_refused(array, words):
    with pytest.raises(DataError, match=f"array 0 .*{words}"):
        ArrayDataset(array)


def test_split_divides_without_loss_or_repetition(rng):
    first, second = ArrayDataset(np.arange(50)).split(0.8, rng)
    assert (len(first), len(second)) == (40, 10)
    assert sorted([*first.arrays[0], *second.arrays[0]]) == list(range(50))


@pytest.mark.parametrize("fraction", [0.0, 0.001, 1.0, 2.0])
def test_split_refuses_an_empty_side(fraction, rng):
    with pytest.raises(DataError, match="empty"):
        ArrayDataset(np.arange(50)).split(fraction, rng)


def epochs(seed, count=3, **options):
    loader = DataLoader(ArrayDataset(np.arange(23)), 5, seed=seed, **options)
    return [[x.tolist() for (x,) in loader] for _ in range(count)]


def test_an_epoch_shows_every_example_once_and_each_epoch_in_its_own_order():
    for epoch in epochs(0):
        assert sorted(sum(epoch, [])) == list(range(23))
        assert [len(batch) for batch in epoch] == [5, 5, 5, 5, 3]
    first, second, _ = epochs(0)
    assert first != second
    assert epochs(0) == epochs(0)
    assert epochs(0) != epochs(1)


def test_without_shuffling_the_order_is_the_arrays_and_drop_last_drops():
    (epoch,) = epochs(0, 1, shuffle=False, drop_last=True)
    assert sum(epoch, []) == list(range(20))
    assert len(DataLoader(ArrayDataset(np.arange(23)), 5, drop_last=True)) == 4


@pytest.mark.parametrize(("size", "drop"), [(0, False), (-2, False), (24, True)])
def test_batches_that_cannot_be(size, drop):
    with pytest.raises(DataError, match="batch"):
        DataLoader(ArrayDataset(np.arange(23)), size, drop_last=drop)


# ---------------------------------------------------------------------- sets that come with packages
def test_digits_are_scikit_learns():
    x, y = digits().arrays
    assert (x.shape, y.shape) == ((1797, 64), (1797,))
    assert (x.dtype, y.dtype) == (np.float32, np.int64)
    assert (x.min(), x.max()) == (0, 1)
    assert np.bincount(y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_digits_without_scikit_learn_name_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(MissingExtra, match=r"scikit-learn.*glassgrad\[train\]"):
        digits()


def test_topics_are_english_prose():
    text = topics()
    assert len(text) > 300_000
    assert text.count(" the ") > 1000


# ---------------------------------------------------------------------- text files
def test_read_text_reads_utf8_and_makes_line_ends_one(tmp_path):
    path = tmp_path / "text"
    path.write_bytes("\ufeffnaïve\r\nlines\rend\n".encode())
    assert read_text(path) == "naïve\nlines\nend\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"caf\xe9 au lait", "not UTF-8: byte 0xe9 at position 3"),
        ("text".encode("utf-16"), "not UTF-8"),
    ],
)
def test_read_text_says_what_is_wrong(content, words, tmp_path):
    path = tmp_path / "book.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words) as caught:
        read_text(path)
    assert "book.txt" in str(caught.value)


def test_read_text_of_no_file_or_a_folder(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_text(tmp_path / "nothing")
    with pytest.raises(DataError, match="folder"):
        read_text(tmp_path)


# ---------------------------------------------------------------------- windows
def test_windows_cover_every_target_once():
    for length in range(6, 40):
        data = TextDataset(np.arange(length), 5)
        pairs = [(a, b) for x, y in data.windows(2) for a, b in zip(x.ravel(), y.ravel(), strict=True)]
        assert pairs == [(i, i + 1) for i in range(length - 1)]


def test_samples_are_windows_of_the_text_and_reach_both_ends(rng):
    data = TextDataset(np.arange(9), 4)
    x, y = data.sample(500, rng)
    assert x.shape == y.shape == (500, 4)
    assert (y == x + 1).all()
    assert (np.diff(x) == 1).all()
    assert set(x[:, 0].tolist()) == set(range(5))


def test_samples_repeat_with_the_seed():
    data = TextDataset(np.arange(100), 4)
    a, b, c = (data.sample(8, np.random.default_rng(seed))[0].tolist() for seed in (1, 1, 2))
    assert a == b != c


def test_a_text_shorter_than_the_context_is_refused():
    TextDataset(np.arange(6), 5)
    with pytest.raises(DataError, match="has 5 tokens; a context of 5 needs at least 6"):
        TextDataset(np.arange(5), 5)
    with pytest.raises(DataError, match="one row"):
        TextDataset(np.zeros((2, 9)), 5)


@pytest.mark.parametrize("use", [lambda t: TextDataset(t, 2, "the book"), split_tokens])
@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        ([0.0, 1.5, 2.0, 3.0], "whole numbers, got float64"),
        ([True, False, True, True], "whole numbers, got bool"),
        (["a", "b", "c"], "encode it with a tokenizer first"),
        ([0, 1, -3, 2], "token -3 at position 2, but tokens run from 0"),
        (np.array([0, 1, 2**63], np.uint64), f"token {2**63} at position 2"),
        ([0, 1, 2**70], "whole numbers, got object"),
    ],
)
def test_what_is_no_token_is_refused(tokens, words, use):
    with pytest.raises(DataError, match=words):
        use(tokens)


def test_tokens_that_a_model_does_not_know_are_named():
    assert TextDataset([0, 1, 2], 2, vocab_size=3).tokens.tolist() == [0, 1, 2]
    with pytest.raises(DataError, match="the book: token 3 at position 1, but tokens run from 0 to 2"):
        TextDataset([0, 3, 2], 2, "the book", vocab_size=3)


def test_tokens_stay_on_the_disk_and_windows_are_what_an_embedding_takes(tmp_path):
    np.arange(1000, dtype=np.uint16).tofile(tmp_path / "tokens")
    stored = np.memmap(tmp_path / "tokens", np.uint16, "r")
    data = TextDataset(stored, 8)
    assert np.shares_memory(data.tokens, stored)
    pairs = [data[5], data[-1], data.sample(3, np.random.default_rng(0)), next(data.windows(4))]
    for x, y in pairs:
        assert (x.dtype, y.dtype) == (np.int64, np.int64)
        assert (y == x + 1).all()
    assert (pairs[0][0][0], pairs[1][1][-1]) == (5, 999)
    with pytest.raises(IndexError):
        data[992]


@pytest.mark.parametrize("size", [0, -1, 1.5])
def test_contexts_and_windows_are_whole_numbers(size):
    with pytest.raises(DataError, match="the context is"):
        TextDataset(np.arange(9), size)
    with pytest.raises(DataError, match="windows at once"):
        next(TextDataset(np.arange(9), 2).windows(size))


def test_split_tokens_cuts_in_order():
    learn, validate = split_tokens(np.arange(100))
    assert (learn.tolist(), validate.tolist()) == (list(range(90)), list(range(90, 100)))
    with pytest.raises(DataError, match="between 0 and 1"):
        split_tokens(np.arange(100), 90)


# ---------------------------------------------------------------------- characters
@given(st.text(min_size=1))
def test_characters_come_back(text):
    tokenizer = CharTokenizer.from_text(text)
    tokens = tokenizer.encode(text)
    assert tokens.dtype == np.int64
    assert len(tokens) == len(text)
    assert tokenizer.decode(tokens) == text
    assert CharTokenizer(tokenizer.vocabulary).encode(text).tolist() == tokens.tolist()


def test_surrogates_are_characters_too():
    tokenizer = CharTokenizer("\ud800a😀")
    assert tokenizer.decode(tokenizer.encode("😀\ud800a")) == "😀\ud800a"


def test_unknown_characters_are_named():
    tokenizer = CharTokenizer("abc")
    for character in ("é", "A", "z"):
        with pytest.raises(DataError, match=f"'{character}' at position 2"):
            tokenizer.encode(f"ab{character}c")


def test_unknown_tokens_are_refused():
    for token in (-1, 3):
        with pytest.raises(DataError, match="0 to 2"):
            CharTokenizer("abc").decode([0, token])
    with pytest.raises(DataError, match="whole numbers, got float64"):
        CharTokenizer("abc").decode([0, 1.7])


def test_vocabularies_that_cannot_be():
    with pytest.raises(DataError, match="empty"):
        CharTokenizer("")
    with pytest.raises(DataError, match="'ab'"):
        CharTokenizer(["ab", "c"])


def test_empty_text_encodes_to_nothing():
    assert CharTokenizer("abc").encode("").tolist() == []
    assert CharTokenizer("abc").decode([]) == ""
