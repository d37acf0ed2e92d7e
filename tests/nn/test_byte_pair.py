"""Byte pairs: every text comes back, the pieces are the algorithm's, and files are those of the package tokenizers."""

import collections
import json
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data import read_text
from nn.errors import DataError, MissingExtra
from nn.models.gpt import GPT, Config
from nn.sample import sample, stream
from nn.tokenizers import BPETokenizer

tokenizers = pytest.importorskip("tokenizers", reason="the extra llm is not installed")

WORDS = "low lower lowest newer newest wide wider widest " * 5
END = "<|end|>"


@pytest.fixture(scope="module")
def small():
    return BPETokenizer.train(WORDS, vocab_size=290, special_tokens=[END, "<|user|>"])


# ---------------------------------------------------------------------- there and back
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_every_text_comes_back(text):
    tokenizer = TRAINED
    tokens = tokenizer.encode(text)
    assert (tokens.dtype, tokens.ndim) == (np.int64, 1)
    assert tokenizer.decode(tokens) == text
    assert len(tokens) <= len(text.encode())


TRAINED = BPETokenizer.train(WORDS, vocab_size=290, special_tokens=[END, "<|user|>"])


@pytest.mark.parametrize("text", ["", " ", "\n\n  \t", "e\u0301 \ufeff\x00", "👩‍👩‍👧‍👦", "Ġ Ċ", END, f"{END}{END}x"])
def test_odd_texts_come_back(text, small):
    for special in (False, True):
        assert small.decode(small.encode(text, special=special)) == text


def test_the_pieces_are_the_most_frequent_pairs_in_turn():
    """Against algorithm 1 of Sennrich, Haddow and Birch, written out, where no two pairs are equally frequent."""
    words = collections.Counter({"aaab": 9, "aab": 4, "cab": 2, "cd": 30, "cde": 5})
    text = " ".join(word for word, count in words.items() for _ in range(count))
    words = collections.Counter({("Ġ" * (i > 0) + w): n for w, n in words.items() for i in (1,)})
    words["aaab"] += 1  # the first word has no space before it
    words["Ġaaab"] -= 1
    split = {word: list(word) for word in words}
    merges = []
    for _ in range(5):
        pairs = collections.Counter()
        for word, count in words.items():
            for pair in zip(split[word], split[word][1:], strict=False):
                pairs[pair] += count
        ((best, n), (_, second)) = pairs.most_common(2)
        assert n > second
        merges.append(list(best))
        for word, parts in split.items():
            joined, i = [], 0
            while i < len(parts):
                together = tuple(parts[i : i + 2]) == best
                joined.append("".join(parts[i : i + 2]) if together else parts[i])
                i += 1 + together
            split[word] = joined
    learned = json.loads(BPETokenizer.train(text, 261).definition)["model"]["merges"]
    assert [m.split(" ") if isinstance(m, str) else m for m in learned] == merges


def test_texts_one_by_one_and_training_twice_give_the_same():
    parts = [WORDS[:90], WORDS[90:]]
    assert BPETokenizer.train(iter(parts), 280).definition == BPETokenizer.train(parts, 280).definition
    rare = BPETokenizer.train(["abcabc"], 300, min_frequency=3)
    assert len(rare) == 256


# ---------------------------------------------------------------------- special tokens
def test_special_tokens_are_found_only_on_request(small):
    assert small.special_tokens == {END: 0, "<|user|>": 1}
    text = f"low{END}low"
    assert 0 not in small.encode(text)
    assert small.encode(text, special=True).tolist() == [*small.encode("low"), 0, *small.encode("low")]
    assert 0 not in small.encode(text)  # the request before has left nothing behind
    assert small.decode([0, *small.encode("low")], skip_special=True) == "low"


# ---------------------------------------------------------------------- files
def test_a_file_comes_back_and_is_the_packages(small, tmp_path):
    path = small.save(tmp_path / "tokenizer.json")
    assert [p.name for p in tmp_path.iterdir()] == ["tokenizer.json"]
    again = BPETokenizer.load(path)
    assert (len(again), again.special_tokens) == (len(small), small.special_tokens)
    text = "the lowest, wïdest 😀"
    assert again.encode(text).tolist() == small.encode(text).tolist()
    theirs = tokenizers.Tokenizer.from_file(str(path))
    assert theirs.encode(text).ids == small.encode(text).tolist()
    assert theirs.get_vocab_size() == len(small)


def test_a_file_in_the_manner_of_llama_3_adds_nothing_unasked(small, tmp_path):
    theirs = tokenizers.Tokenizer.from_str(small.definition)
    split = tokenizers.pre_tokenizers.Split(tokenizers.Regex(r"\d{1,3}|\s*[^\s\d]+|\s+"), "isolated")
    bytes_apart = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    theirs.pre_tokenizer = tokenizers.pre_tokenizers.Sequence([split, bytes_apart])
    theirs.post_processor = tokenizers.processors.TemplateProcessing(f"{END} $A", special_tokens=[(END, 0)])
    theirs.save(str(tmp_path / "t.json"))
    ours = BPETokenizer.load(tmp_path / "t.json")
    text = "the lowest 12345 newer"
    assert theirs.encode(text).ids == [0, *ours.encode(text)]
    assert ours.decode(ours.encode(text)) == text
    assert json.loads(ours.definition) == json.loads(theirs.to_str())  # kept as it was in the file


def test_a_model_speaks_in_byte_pairs(small):
    model = GPT(Config(vocab_size=len(small), context=4, layers=1, heads=1, width=8), rng=np.random.default_rng(0))
    tokens = list(stream(model, small.encode(small.default_prompt), 9, np.random.default_rng(0)))
    assert sample(model, small, "", 9, np.random.default_rng(0)) == small.decode(tokens)


def test_limits_in_a_file_cut_nothing(small, tmp_path):
    theirs = tokenizers.Tokenizer.from_str(small.definition)
    theirs.enable_truncation(2)
    theirs.enable_padding(length=100)
    theirs.save(str(tmp_path / "t.json"))
    assert BPETokenizer.load(tmp_path / "t.json").encode(WORDS).tolist() == small.encode(WORDS).tolist()


def test_what_cannot_be_written_leaves_what_was(small, tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(DataError, match="taken: cannot be written"):
        small.save(tmp_path / "taken")
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]


WORDPIECE = json.dumps({"model": {"type": "WordPiece"}})
NO_BYTES = json.dumps({"model": {"type": "BPE"}, "pre_tokenizer": {"type": "Whitespace"}, "decoder": None})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty"),
        ("no json", "not a tokenizer in the format"),
        ("[1]", "not a tokenizer in the format"),
        ("{}", "not a tokenizer in the format"),
        (WORDPIECE, "WordPiece tokenizer that is not a byte-level BPE"),
        (NO_BYTES, "BPE tokenizer that is not a byte-level BPE"),
        (NO_BYTES.replace("Whitespace", "ByteLevel"), "damaged"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(content, words, tmp_path):
    path = tmp_path / "vocabulary.json"
    path.write_text(content)
    with pytest.raises(DataError, match=words) as caught:
        BPETokenizer.load(path)
    assert "vocabulary.json" in str(caught.value)


# ---------------------------------------------------------------------- what cannot be
@pytest.mark.parametrize(
    ("texts", "options", "words"),
    [
        (WORDS, {"vocab_size": 255}, "need a vocab_size of 256, got 255"),
        (WORDS, {"vocab_size": 257, "special_tokens": ["a", "b"]}, "need a vocab_size of 258"),
        (WORDS, {"vocab_size": 300, "special_tokens": ["a", "a"]}, "different texts"),
        (WORDS, {"vocab_size": 300, "special_tokens": [""]}, "not empty"),
        ("", {"vocab_size": 300}, "there is none"),
        ([], {"vocab_size": 300}, "there is none"),
        (["a", 3], {"vocab_size": 300}, "one of these is int"),
    ],
)
def test_trainings_that_cannot_be(texts, options, words):
    with pytest.raises(DataError, match=words):
        BPETokenizer.train(texts, **options)


def test_an_error_of_the_texts_comes_through():
    def texts():
        yield "a"
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        BPETokenizer.train(texts(), 300)


def test_half_a_surrogate_pair_is_refused(small):
    with pytest.raises(DataError, match=r"'\\ud800' at position 1 is half of a surrogate pair"):
        small.encode("a\ud800b")


@pytest.mark.parametrize("tokens", [[-1], [290], [0, 1 << 40], [1.0], [[1, 2]], [True]])
def test_tokens_that_are_none_are_refused(tokens, small):
    with pytest.raises(DataError, match="token"):
        small.decode(tokens)


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    for make in (lambda: BPETokenizer("{}"), lambda: BPETokenizer.train("a", 256)):
        with pytest.raises(MissingExtra, match=r"tokenizers.*glassgrad\[llm\]"):
            make()


def test_a_real_text_is_halved(real_file):
    text = read_text(real_file("tinyshakespeare.txt"))[:200_000]
    tokenizer = BPETokenizer.train(text, 1024)
    tokens = tokenizer.encode(text)
    assert len(tokenizer) == 1024
    assert tokenizer.decode(tokens) == text
    assert len(tokens) < len(text) / 2
