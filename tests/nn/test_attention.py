"""scaled_dot_product_attention: both of its forms, beside PyTorch's; the layer that chooses between them."""

from __future__ import annotations

import numpy as np
import pytest

import nn
import nn.functional.attention as form
from autograd import Tensor, gradients
from nn import functional as F


def draw(rng, *shapes, dtype=np.float64):
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


def both(monkeypatch, call, arrays, weight):
    """Value and gradients of the whole matrix and of blocks; which form it was is seen in the graph."""
    found = []
    for many in (10**9, 1):
        monkeypatch.setattr(form, "MANY", many)
        leaves = [Tensor(x, requires_grad=True) for x in arrays]
        out = call(*leaves)
        found.append([out.data, *(g.data for g in gradients(out, leaves, gradient=weight))])
    return found


GIVEN = {
    "plain": {},
    "causal": {"is_causal": True},
    "scale": {"scale": 0.3, "is_causal": True},
    "bool mask": {"attn_mask": "bool"},
    "float mask": {"attn_mask": "float"},
    "padding": {"attn_mask": "padding"},
    "gqa": {"enable_gqa": True, "is_causal": True},
    "gqa, float mask": {"enable_gqa": True, "attn_mask": "float"},
}


def settings(rng, given, dtype):
    masks = {
        "bool": rng.random((9, 9)) > 0.4,
        "float": rng.normal(size=(2, 4, 9, 9)).astype(dtype),
        "padding": (np.arange(9) < np.array([[5], [8]]))[:, None, None],
    }
    kind = given.get("attn_mask")
    return {**given, "attn_mask": masks[kind]} if kind else dict(given)


@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 1e-5)])
def test_both_forms_are_pytorchs(rng, monkeypatch, given, dtype, tolerance):
    torch = pytest.importorskip("torch", reason="the reference is PyTorch's function")
    heads = 2 if given.get("enable_gqa") else 4
    arrays = draw(rng, (2, 4, 9, 6), (2, heads, 9, 6), (2, heads, 9, 3), dtype=dtype)
    weight, more = draw(rng, (2, 4, 9, 3), dtype=dtype)[0], settings(rng, given, dtype)
    theirs = [torch.tensor(x, requires_grad=True) for x in arrays]
    converted = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in more.items()}
    out = torch.nn.functional.scaled_dot_product_attention(*theirs, **converted)
    out.backward(torch.tensor(weight))
    wanted = [out.detach().numpy(), *(x.grad.numpy() for x in theirs)]
    for found in both(monkeypatch, lambda *x: F.scaled_dot_product_attention(*x, **more), arrays, weight):
        for ours, reference in zip(found, wanted, strict=True):
            assert ours.dtype == dtype
            assert np.abs(ours - reference).max() < tolerance * max(1, np.abs(reference).max())


@pytest.mark.parametrize(
    ("shapes", "given"),
    [
        (((2, 4, 5, 3), (1, 4, 9, 3), (4, 9, 2)), {"window": 4}),
        (((2, 1, 5, 3), (4, 9, 3), (2, 4, 9, 2)), {"is_causal": True, "window": 3}),
        (((5, 3), (9, 3), (9, 2)), {"is_causal": True}),
        (((3, 6, 5, 3), (1, 2, 9, 3), (3, 2, 9, 2)), {"enable_gqa": True, "window": 2, "is_causal": True}),
        (((6, 5, 3), (1, 9, 3), (1, 9, 2)), {"enable_gqa": True}),
        (((1, 2, 5, 3), (2, 9, 3), (2, 9, 2)), {"attn_mask": np.arange(90.0).reshape(2, 1, 5, 9) % 7}),
    ],
)
def test_the_two_forms_agree_where_axes_broadcast(rng, monkeypatch, shapes, given):
    arrays = draw(rng, *shapes)
    out = F.scaled_dot_product_attention(*map(Tensor, arrays), **given)
    whole, blocks = both(
        monkeypatch, lambda *x: F.scaled_dot_product_attention(*x, **given), arrays, np.ones(out.shape)
    )
    for a, b in zip(whole, blocks, strict=True):
        assert a.shape == b.shape and np.allclose(a, b, rtol=1e-11, atol=1e-13)


def ops_of(out):
    seen, stack = set(), [out._node]
    while stack:
        node = stack.pop()
        if node is not None and node.op is not None:
            seen.add(node.op.name)
            stack.extend(node.parents)
    return seen


def test_short_contexts_keep_the_matrix_and_long_ones_never_have_it(rng):
    short, long = (Tensor(rng.normal(size=(1, n, 4)), requires_grad=True) for n in (64, 600))
    assert "attention" not in ops_of(F.scaled_dot_product_attention(short, short, short))
    assert "softmax" not in ops_of(F.scaled_dot_product_attention(long, long, long))
    # what blocks do not know: dropout of the weights, a mask that learns
    dropped = F.scaled_dot_product_attention(long, long, long, dropout_p=0.1, rng=rng)
    learned = F.scaled_dot_product_attention(long, long, long, Tensor(np.zeros((600, 600)), requires_grad=True))
    assert "attention" not in ops_of(dropped) | ops_of(learned)
    # a single query looks at a row, not at a matrix
    assert "attention" not in ops_of(F.scaled_dot_product_attention(long[:, :1], long, long))


def test_a_mask_that_learns_gets_its_gradient(rng):
    q, k, v, mask = (Tensor(x, requires_grad=True) for x in draw(rng, (2, 3, 4), (2, 5, 4), (2, 5, 4), (3, 5)))
    F.scaled_dot_product_attention(q, k, v, mask).sum().backward()
    pattern = F.softmax(q @ k.mT * 0.5 + mask, -1).data
    given = v.data.sum(-1)[:, None]
    wanted = (pattern * (given - (pattern * given).sum(-1, keepdims=True))).sum(0)
    assert np.allclose(mask.grad.data, wanted, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("many", [1, 10**9])
def test_large_negative_numbers_as_a_mask(rng, monkeypatch, many):
    """A row of the dtype's least number is even weights, in both forms and in the derivative."""
    monkeypatch.setattr(form, "MANY", many)
    q, k, v = (Tensor(x, requires_grad=True) for x in draw(rng, (2, 4), (3, 4), (3, 2), dtype=np.float32))
    mask = np.array([[0, 0, np.finfo("f4").min], [np.finfo("f4").min] * 3], np.float32)
    out = F.scaled_dot_product_attention(q, k, v, mask)
    assert np.allclose(out.data[1], v.data.mean(0), atol=1e-6)
    out[1].sum().backward()
    assert np.allclose(v.grad.data, 1 / 3, atol=1e-6)


def test_queries_that_see_nothing_give_zeros_and_get_none(rng, monkeypatch):
    arrays = draw(rng, (2, 3, 4), (2, 3, 4), (2, 3, 4))
    mask = np.array([[True, False, False], [False] * 3, [True] * 3])
    for found in both(monkeypatch, lambda *x: F.scaled_dot_product_attention(*x, mask), arrays, np.ones((2, 3, 4))):
        assert not found[0][:, 1].any() and not found[1][:, 1].any()
        assert all(np.isfinite(x).all() for x in found)


@pytest.mark.parametrize(
    ("q", "k", "v", "given", "error", "words"),
    [
        ((4,), (4,), (4,), {}, ValueError, r"attention: query \(4,\).*\(\.\.\., tokens, width\)"),
        ((5, 4), (3, 4), (3, 4), {"is_causal": True}, ValueError, r"more queries than keys"),
        ((2, 5, 4), (3, 5, 4), (3, 5, 4), {}, ValueError, r"must broadcast.*enable_gqa=True"),
        ((3, 5, 4), (2, 5, 4), (2, 5, 4), {"enable_gqa": True}, ValueError, r"heads that divide the query's"),
        ((5, 4), (5, 4), (5, 4), {"enable_gqa": True}, ValueError, r"heads that divide the query's"),
        ((5, 4), (5, 4), (5, 4), {"window": 0}, ValueError, r"a window holds at least 1 key, got 0"),
        ((5, 4), (5, 4), (5, 4), {"dropout_p": 1.5}, ValueError, r"dropout: p must lie between 0 and 1, got 1.5"),
        ((5, 4), (5, 4), (5, 4), {"attn_mask": np.ones((5, 5), int)}, TypeError, r"booleans or floats, not int64"),
        (
            (5, 4),
            (5, 4),
            (5, 4),
            {"attn_mask": np.ones((4, 5))},
            ValueError,
            r"attn_mask of shape \(4, 5\), wanted \(\.\.\., heads, 5, 5\)",
        ),
    ],
)
@pytest.mark.parametrize("many", [1, 10**9])
def test_what_does_not_fit_is_named(monkeypatch, many, q, k, v, given, error, words):
    monkeypatch.setattr(form, "MANY", many)
    with pytest.raises(error, match=words):
        F.scaled_dot_product_attention(*(Tensor(np.ones(shape)) for shape in (q, k, v)), **given)


def test_the_layer_is_the_same_in_both_forms(rng, monkeypatch):
    layer = nn.CausalSelfAttention(8, 2, rng=rng).astype(np.float64)
    x = rng.normal(size=(2, 7, 8))
    whole, blocks = both(monkeypatch, layer, [x], rng.normal(size=(2, 7, 8)))
    for a, b in zip(whole, blocks, strict=True):
        assert np.allclose(a, b, rtol=1e-11, atol=1e-13)
    layer.record_pattern = True
    assert np.allclose(layer(Tensor(x)).data, whole[0], rtol=1e-12)
    assert layer.pattern.shape == (2, 2, 7, 7)


def test_dropout_of_the_layer_is_that_of_its_pattern(rng):
    layers = [nn.CausalSelfAttention(8, 2, dropout=0.5, rng=np.random.default_rng(3)) for _ in range(2)]
    layers[1].record_pattern = True
    x = Tensor(rng.normal(size=(2, 7, 8)).astype(np.float32))
    first, second = (layer(x).data for layer in layers)
    assert np.array_equal(first, second)
    assert not np.array_equal(first, layers[0].eval()(x).data)
