"""ALiBi and added positions against their papers' formulas and numbers."""

import numpy as np
import pytest

import nn
from autograd import Tensor


def test_alibis_slopes_are_the_papers():
    assert nn.ALiBi(8).slopes.tolist() == [1 / 2**h for h in range(1, 9)]
    np.testing.assert_allclose(nn.ALiBi(16).slopes, [2 ** (-h / 2) for h in range(1, 17)])
    # the published code's rule for other numbers: those of 8, then 2^-0.5, 2^-1.5, ...
    np.testing.assert_allclose(nn.ALiBi(12).slopes[8:], [2**-0.5, 2**-1.5, 2**-2.5, 2**-3.5])
    assert len(nn.ALiBi(12).slopes) == 12


def test_alibi_falls_with_distance_from_the_last_queries():
    alibi = nn.ALiBi(3)
    bias = alibi(2, 5, dtype=np.float64)
    assert bias.shape == (3, 2, 5) and bias.dtype == np.float64
    for h, m in enumerate(alibi.slopes):
        np.testing.assert_array_equal(bias.data[h], [[-3 * m, -2 * m, -m, 0, -m], [-4 * m, -3 * m, -2 * m, -m, 0]])
    np.testing.assert_array_equal(alibi(5).data[:, 3:], alibi(2, 5).data)


def test_learned_positions_are_added_and_learned(rng):
    layer = nn.LearnedPositionalEmbedding(6, 4, rng=rng).astype(np.float64)
    x = Tensor(rng.normal(size=(2, 3, 4)), requires_grad=True)
    weights = rng.normal(size=(2, 3, 4))
    y = layer(x, offset=2)
    np.testing.assert_array_equal(y.data, x.data + layer.weight.data[2:5])
    (y * Tensor(weights)).sum().backward()
    np.testing.assert_array_equal(x.grad.data, weights)
    expected = np.zeros((6, 4))
    expected[2:5] = weights.sum(axis=0)
    np.testing.assert_allclose(layer.weight.grad.data, expected, rtol=1e-15)
    assert list(layer.state_dict()) == ["weight"]


@pytest.mark.parametrize("width", [1, 6, 7])
def test_sinusoids_are_the_papers(width, rng):
    layer = nn.SinusoidalPositionalEmbedding(width)
    x = rng.normal(size=(2, 4, width))
    expected = np.zeros((4, width))
    for p in range(4):
        for i in range(width):
            angle = (p + 3) / 10000 ** (2 * (i // 2) / width)
            expected[p, i] = np.cos(angle) if i % 2 else np.sin(angle)
    np.testing.assert_allclose(layer(x, offset=3).data, x + expected, rtol=1e-12, atol=1e-12)
    assert layer(x.astype(np.float32)).dtype == np.float32
    assert not layer.state_dict()


def test_a_shift_turns_the_pairs_of_sinusoids():
    """Section 3.5: s[p + k] is a linear function of s[p], the same for all p."""
    table = nn.SinusoidalPositionalEmbedding(8).table(50)
    shift, *_ = np.linalg.lstsq(table[:20], table[5:25], rcond=None)
    np.testing.assert_allclose(table[20:40] @ shift, table[25:45], atol=1e-9)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nn.ALiBi(0), "num_heads must be at least 1"),
        (lambda: nn.ALiBi(2)(3, 2), "3 queries and 2 keys"),
        (lambda: nn.LearnedPositionalEmbedding(4, 2)(np.ones((3, 3))), r"\(3, 3\), wanted \(\.\.\., tokens, 2\)"),
        (
            lambda: nn.LearnedPositionalEmbedding(4, 2)(np.ones((3, 2)), 2),
            "3 tokens from position 2 on, .* 4 pos",
        ),
        (lambda: nn.SinusoidalPositionalEmbedding(2)(np.ones(2)), r"\(2,\), wanted \(\.\.\., tokens, 2\)"),
        (lambda: nn.SinusoidalPositionalEmbedding(2)(np.ones((3, 2)), -1), "offset must be at least 0"),
    ],
)
def test_what_is_wrong_is_said(call, words):
    with pytest.raises(ValueError, match=words):
        call()
