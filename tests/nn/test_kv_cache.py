"""The KV cache: each token read once gives what reading all of them again gives."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from autograd import Tensor, no_grad
from nn.models import GPT, Config
from nn.sample import stream


def gpt(rng, context=16, dtype=np.float64, **more):
    model = GPT(Config(vocab_size=11, context=context, layers=3, heads=2, width=16, bias=True, **more), rng=rng)
    for p in model.parameters():  # not the special start, where attention is uniform
        p.data = rng.normal(size=p.shape).astype(np.float32) * 0.4
    return model.astype(dtype)


def read(model, tokens, parts, **more):
    """The logits of all tokens, read in `parts` one after the other."""
    cache, found = model.new_cache(), []
    with no_grad():
        for part in np.split(tokens, np.cumsum(parts)[:-1], axis=1):
            found.append(model(part, cache=cache, **more).data)
            assert len(cache) == sum(f.shape[1] for f in found)
    return np.concatenate(found, axis=1)


@pytest.mark.parametrize("parts", [[16], [1] * 16, [5, 1, 1, 6, 3], [15, 1]])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-13), (np.float32, 1e-5)])
def test_reading_in_parts_is_reading_at_once(rng, parts, dtype, tolerance):
    model = gpt(rng, dtype=dtype)
    tokens = rng.integers(0, 11, (3, 16))
    whole = model(tokens).data
    assert np.abs(read(model, tokens, parts) - whole).max() < tolerance * np.abs(whole).max()


def test_generation_is_the_same_as_without_a_cache(rng):
    """In the context, at its end and beyond it, where the window is read anew."""
    model = gpt(rng, context=12)
    prompt = [3, 1, 4]
    found = list(stream(model, prompt, 30, np.random.default_rng(1)))
    chance, tokens = np.random.default_rng(1), list(prompt)
    for _ in range(30):
        total = np.cumsum(nn.functional.softmax(model([tokens[-12:]]), -1).data[0, -1])
        tokens.append(int(np.searchsorted(total, chance.random() * total[-1], side="right")))
    assert found == tokens[3:]
    assert list(stream(model, [*range(11)] * 2, 3, np.random.default_rng(1))) != []  # a prompt beyond the context


def test_generation_reads_each_token_once(rng, monkeypatch):
    model, lengths = gpt(rng), []
    forward = GPT.forward
    monkeypatch.setattr(
        GPT, "forward", lambda self, x, cache=None: lengths.append(x.shape[1]) or forward(self, x, cache)
    )
    list(stream(model, [1, 2, 3], 6, np.random.default_rng(0)))
    assert lengths == [3, 1, 1, 1, 1, 1]


def test_arrays_grow_and_no_earlier_view_changes(rng):
    cache = nn.KVCache(1)
    keys = rng.normal(size=(2, 3, 200, 4))
    views = []
    for start, stop in ((0, 3), (3, 4), (4, 100), (100, 101), (101, 200)):
        k, v = cache[0].extend(Tensor(keys[:, :, start:stop]), Tensor(2 * keys[:, :, start:stop]))
        views.append((k, v, stop))
    for k, v, stop in views:
        assert np.array_equal(k.data, keys[:, :, :stop]) and np.array_equal(v.data, 2 * keys[:, :, :stop])
    assert len(cache) == 200


def test_a_window_keeps_what_it_reaches_and_no_more(rng):
    cache, keys = nn.KVCache(1, window=5), rng.normal(size=(1, 1, 3000, 2))
    for start in range(0, 3000, 3):
        k, _ = cache[0].extend(*[Tensor(keys[:, :, start : start + 3])] * 2)
        assert np.array_equal(k.data, keys[:, :, max(0, start - 4) : start + 3])
    assert len(cache) == 3000
    assert k.data.base.shape[-2] < 100


def test_a_pass_that_failed_halfway_leaves_nothing(rng, monkeypatch):
    model, tokens = gpt(rng), rng.integers(0, 11, (1, 8))
    cache = model.new_cache()
    with no_grad():
        model(tokens[:, :4], cache=cache)
        with monkeypatch.context() as broken, pytest.raises(TypeError):
            broken.setitem(model.transformer.h[2].attn.c_attn.__dict__, "forward", None)
            model(tokens[:, 4:], cache=cache)
        assert len(cache) == 4
        found = model(tokens[:, 4:], cache=cache).data
    assert np.allclose(found, model(tokens).data[:, 4:], rtol=1e-12, atol=1e-13)


def test_going_back(rng):
    model, tokens = gpt(rng), rng.integers(0, 11, (1, 8))
    cache = model.new_cache()
    with no_grad():
        model(rng.integers(0, 11, (1, 3)), cache=cache)
        cache.crop(0)
        model(tokens[:, :6], cache=cache)
        cache.crop(4)
        found = model(tokens[:, 4:], cache=cache).data
    assert np.allclose(found, model(tokens).data[:, 4:], rtol=1e-12, atol=1e-13)
    assert repr(cache) == "KVCache(3 layers, 8 tokens of at most 16)" and cache


def test_what_does_not_fit_is_named(rng):
    model = gpt(rng)
    cache = model.new_cache()
    tokens = rng.integers(0, 11, (2, 10))
    with pytest.raises(RuntimeError, match=r"KVCache keeps values without gradients.*no_grad"):
        model(tokens, cache=cache)
    with no_grad():
        model(tokens, cache=cache)
        with pytest.raises(ValueError, match=r"GPT: 7 tokens after 10 in the cache, but the context is 16"):
            model(tokens[:, :7], cache=cache)
        with pytest.raises(ValueError, match=r"KVCache: tokens of shape \(1, 2, 3, 8\) after"):
            model(tokens[:1, :3], cache=cache)
    small, x = nn.KVCache(1, 14), Tensor(np.zeros((1, 1, 10, 2)))
    small[0].extend(x, x)
    with pytest.raises(ValueError, match=r"KVCache: 10 tokens after 10, but it holds 14, the model's context"):
        small[0].extend(x, x)
    with pytest.raises(ValueError, match="a window holds at least 1 key, got 0"):
        nn.KVCache(1, window=0)
    with pytest.raises(ValueError, match="no way back"):
        nn.KVCache(1, window=3).crop(2)
