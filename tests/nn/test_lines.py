"""Words as examples: what stands before, behind and in place of a letter."""

import numpy as np
import pytest

from autograd import Tensor
from nn.data import DataLoader, LineDataset, random_split, read_text
from nn.errors import DataError
from nn.losses import cross_entropy


def test_inputs_and_targets_written_out():
    data = LineDataset(["ba", "abc", "c"])
    assert (len(data), data.vocab_size, data.length) == (3, 4, 4)
    x, y = data.batch(np.array([0, 1, 2]))
    assert (x.dtype, y.dtype) == (np.int64, np.int64)
    assert x.tolist() == [[0, 2, 1, 0], [0, 1, 2, 3], [0, 3, 0, 0]]
    assert y.tolist() == [[2, 1, 0, -100], [1, 2, 3, 0], [3, 0, -100, -100]]
    assert [data.decode(row) for row in y.clip(0)] == ["ba", "abc", "c"]


def test_padding_costs_nothing(rng):
    data = LineDataset(["ba", "abc", "c"])
    _, y = data.batch(np.arange(3))
    logits = rng.standard_normal((3, 4, 4))
    loss = cross_entropy(Tensor(logits.reshape(-1, 4)), y.ravel()).item()
    logs = logits - np.log(np.exp(logits).sum(axis=2, keepdims=True))
    spelled = [-logs[i, t, y[i, t]] for i in range(3) for t in range(len(data.words[i]) + 1)]
    assert len(spelled) == 9
    assert loss == pytest.approx(np.mean(spelled))


def test_parts_of_a_set_share_letters():
    text = "ab\r\n  cd \n\nef"
    data = LineDataset(text)
    assert data.words == ["ab", "cd", "ef"]
    assert LineDataset(["fa"], vocabulary="abcdef")[0][0].tolist() == [0, 6, 1]
    learn, test = random_split(data, [2, 1], np.random.default_rng(0))
    ((x, _),) = DataLoader(learn, 2, shuffle=False)
    assert x.tolist() == [data[int(i)][0].tolist() for i in learn.indices]
    assert len(test) == 1


def test_words_that_cannot_be():
    with pytest.raises(DataError, match="no line with a word"):
        LineDataset(" \n\n")
    with pytest.raises(DataError, match="letter 'x' of the word 'box' is not in the vocabulary 'abo'"):
        LineDataset(["bob", "box"], vocabulary="abo")
    for tokens in ([1, 9], [-1], [1.5], [[1]]):
        with pytest.raises(DataError, match="tokens"):
            LineDataset(["ab"]).decode(tokens)


def test_the_names_of_makemore(real_file):
    data = LineDataset(read_text(real_file("names.txt")))
    assert (len(data), data.vocab_size, data.length) == (32_033, 27, 16)
    x, y = data.batch(np.arange(len(data)))
    kept = y != -100
    assert kept.sum() == 228_146  # the pairs of the bigram model in "makemore", part 1
    pairs = np.zeros((27, 27))
    np.add.at(pairs, (x[kept], y[kept]), 1)
    p = pairs / pairs.sum(axis=1, keepdims=True)
    assert -np.log(p[x[kept], y[kept]]).mean() == pytest.approx(2.4541, abs=1e-4)
