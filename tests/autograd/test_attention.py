"""Attention a block at a time: equal to the formula over many blocks, and never the whole matrix."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from autograd import Tensor, grad, gradients, hvp, jvp, ops
from autograd.ops.attention import Sight, visible
from autograd.testing.strategies.attention import attention as formula


def draw(rng, shape=(2, 4, 300, 8), groups=2, keys=None, dtype=np.float64):
    q = rng.normal(size=shape)
    k, v = (rng.normal(size=(*shape[:-3], groups, keys or shape[-2], width)) for width in (shape[-1], 5))
    return [x.astype(dtype) for x in (q, k, v)]


def plainly(q, k, v, causal=False, window=None):
    """Attention from ops that have the whole matrix."""
    shared = q.shape[-3] // k.shape[-3]
    k, v = ops.repeat(k, shared, axis=-3), ops.repeat(v, shared, axis=-3)
    seen = visible(np.arange(k.shape[-2] - q.shape[-2], k.shape[-2]), np.arange(k.shape[-2]), causal, window)
    scores = q @ k.mT * q.shape[-1] ** -0.5 + np.where(seen, 0, -np.inf).astype(q.dtype)
    return ops.softmax(scores) @ v


CASES = [(False, None), (True, None), (True, 50), (False, 70), (True, 1)]


@pytest.mark.parametrize(("causal", "window"), CASES)
@pytest.mark.parametrize("block", [(64, 64), (128, 50), (33, 300)])
def test_many_blocks_are_the_formula(rng, causal, window, block):
    q, k, v = draw(rng)
    found = ops.attention(q, k, v, None, causal, window, None, block)
    assert np.allclose(found, formula(q, k, v, None, causal, window, None), rtol=1e-12, atol=1e-12)
    ours, theirs = ([Tensor(x, requires_grad=True) for x in (q, k, v)] for _ in range(2))
    w = rng.normal(size=found.shape)[..., :-2]
    got = gradients(ops.attention(*ours, None, causal, window, None, block)[..., :-2], ours, gradient=w)
    wanted = gradients(plainly(*theirs, causal, window), theirs, gradient=w)
    for g, h in zip(got, wanted, strict=True):
        assert np.allclose(g.data, h.data, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("size", [1.0, 40.0])  # with and without the search for the largest score
def test_single_precision(rng, size):
    q, k, v = draw(rng)
    single = [(size * q).astype(np.float32), k.astype(np.float32), v.astype(np.float32)]
    double = [x.astype(np.float64) for x in single]
    found, exact = (ops.attention(*arrays, causal=True) for arrays in (single, double))
    assert found.dtype == np.float32
    usual = plainly(*map(Tensor, single), causal=True).data - exact[..., :-2]
    assert np.abs(found - exact)[..., :-2].max() < 2 * np.abs(usual).max() + 1e-6
    assert ops.attention(*(x.astype(np.float16) for x in (q, k, v))).dtype == np.float16


def test_the_last_queries_and_more_of_them_than_keys(rng):
    q, k, v = draw(rng, (4, 30, 8))
    whole = ops.attention(q, k, v, causal=True, block=(7, 5))
    assert np.allclose(ops.attention(q[:, -4:], k, v, causal=True), whole[:, -4:], rtol=1e-12)
    lone = ops.attention(q, k[:, :2], v[:, :2], causal=True)
    assert not lone[:, :28, :-2].any() and np.isneginf(lone[:, :28, -2]).all() and np.isfinite(lone[:, 28:, -2]).all()


def test_the_sum_of_two_halves_of_the_keys(rng):
    """The last column merges attention to parts of the keys into attention to all of them, gradients too."""
    q, k, v = (Tensor(x, requires_grad=True) for x in draw(rng, (2, 4, 20, 8)))
    a, b = (ops.attention(q, k[..., part, :], v[..., part, :]) for part in (slice(0, 9), slice(9, 20)))
    share = ops.sigmoid(a[..., -2:-1] - b[..., -2:-1])
    merged = a[..., :-2] * share + b[..., :-2] * (1 - share)
    whole = ops.attention(q, k, v)[..., :-2]
    assert np.allclose(merged.data, whole.data, rtol=1e-12, atol=1e-14)
    w = rng.normal(size=whole.shape)
    for g, h in zip(*(gradients(x, [q, k, v], gradient=w) for x in (merged, whole)), strict=True):
        assert np.allclose(g.data, h.data, rtol=1e-11, atol=1e-13)


def test_higher_orders_and_forward_mode_over_many_blocks(rng):
    q, k, v = draw(rng, (4, 12, 3))
    t = rng.normal(size=q.shape)

    def loss(f):
        return lambda q: (f(q, k, v) ** 2).sum()

    def ours(q, k, v):
        return ops.attention(q, k, v, None, True, 5, None, (5, 4))[..., :-2]

    def theirs(q, k, v):
        return plainly(q, Tensor(k), Tensor(v), True, 5)

    assert np.allclose(hvp(loss(ours))(q, t), hvp(loss(theirs))(q, t), rtol=1e-10)
    for found, wanted in zip(jvp(loss(ours), (q,), (t,)), jvp(loss(theirs), (q,), (t,)), strict=True):
        assert np.allclose(found, wanted, rtol=1e-12)
    third = [grad(lambda x, f=f: (hvp(loss(f))(x, t) * t).sum())(q) for f in (ours, theirs)]
    assert np.allclose(*third, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(("causal", "window"), CASES)
@pytest.mark.parametrize(("queries", "keys"), [(40, 40), (7, 40), (40, 7)])
def test_a_block_is_looked_at_where_somebody_sees_something(causal, window, queries, keys):
    sight = Sight(queries, keys, causal, window, None, (6, 5))
    seen = visible(np.arange(keys - queries, keys), np.arange(keys), causal, window)
    left = seen.copy()
    for rows in sight.rows():
        for columns in sight.columns(rows):
            assert seen[rows, columns].any()
            scores = np.zeros((rows.stop - rows.start, columns.stop - columns.start))
            sight.hide(scores, 0, rows, columns)
            assert np.array_equal(scores == 0, seen[rows, columns])
            left[rows, columns] = False
    assert not left.any()


def peak(tokens, mask=None):
    rng = np.random.default_rng(0)
    q, k, v = (Tensor(rng.normal(size=(1, 2, tokens, 4)).astype(np.float32), requires_grad=True) for _ in range(3))
    tracemalloc.start()
    ops.attention(q, k, v, mask(tokens) if mask else None, causal=True, block=(64, 64)).sum().backward()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


@pytest.mark.parametrize("mask", [None, lambda tokens: np.ones((1, 1, 1, tokens), bool)], ids=["none", "padding"])
def test_memory_is_linear_in_the_tokens(mask):
    few, many = peak(512, mask), peak(2048, mask)
    assert many < 4.5 * few
    assert many < 2048**2  # bytes: a quarter of what the matrix of one head would take


@pytest.mark.parametrize(
    ("q", "k", "v", "error", "words"),
    [
        ((3, 4), (3, 5), (3, 4), ValueError, r"attention.*one width"),
        ((3, 4), (2, 4), (3, 4), ValueError, r"attention.*as many tokens"),
        ((3, 2, 4), (2, 2, 4), (2, 2, 4), ValueError, r"attention.*heads that divide"),
        ((2, 3, 4), (3, 4), (3, 4), ValueError, r"attention.*\(\.\.\., heads, tokens, width\)"),
    ],
)
def test_what_does_not_fit_is_named(q, k, v, error, words):
    with pytest.raises(error, match=words):
        ops.attention(Tensor(np.ones(q)), Tensor(np.ones(k)), Tensor(np.ones(v)))


def test_complex_numbers_and_a_mask_that_is_learned_are_refused():
    x = Tensor(np.ones((3, 4)), requires_grad=True)
    with pytest.raises(TypeError, match=r"attention.*complex128"):
        ops.attention(x * 1j, x, x)
    with pytest.raises(TypeError, match=r"attention has no derivative with respect to 'mask'"):
        ops.attention(x, x, x, Tensor(np.ones((3, 3)), requires_grad=True))
