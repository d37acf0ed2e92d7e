"""Activations by name: TransformerLens's names and shapes, read, kept, replaced, with gradients through."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import nn
from autograd import Tensor, gradients, no_grad
from nn.models import GPT, Config
from nn.sample import stream

TOKENS = np.array([[1, 2, 3, 4, 5], [0, 3, 3, 1, 2]])
BLOCK = {
    "hook_resid_pre": (2, 5, 8), "ln1.hook_scale": (2, 5, 1), "ln1.hook_normalized": (2, 5, 8),
    "attn.hook_q": (2, 5, 2, 4), "attn.hook_k": (2, 5, 2, 4), "attn.hook_v": (2, 5, 2, 4),
    "attn.hook_attn_scores": (2, 2, 5, 5), "attn.hook_pattern": (2, 2, 5, 5), "attn.hook_z": (2, 5, 2, 4),
    "hook_attn_out": (2, 5, 8), "hook_resid_mid": (2, 5, 8), "ln2.hook_scale": (2, 5, 1),
    "ln2.hook_normalized": (2, 5, 8), "mlp.hook_pre": (2, 5, 32), "mlp.hook_post": (2, 5, 32),
    "hook_mlp_out": (2, 5, 8), "hook_resid_post": (2, 5, 8),
}  # fmt: skip


def gpt(rng, layers=2, **more):
    model = GPT(Config(vocab_size=7, context=8, layers=layers, heads=2, width=8, bias=True, **more), rng=rng)
    for p in model.parameters():
        p.data = rng.normal(size=p.shape) * 0.5
    return model.astype(np.float64)


def test_every_activation_in_the_order_in_which_it_is_made(rng):
    model = gpt(rng)
    logits, cache = nn.run_with_cache(model, TOKENS)
    shapes = {"hook_embed": (2, 5, 8), "hook_pos_embed": (2, 5, 8)}
    shapes |= {f"blocks.{i}.{name}": shape for i in range(2) for name, shape in BLOCK.items()}
    shapes |= {"ln_final.hook_scale": (2, 5, 1), "ln_final.hook_normalized": (2, 5, 8)}
    assert {name: value.shape for name, value in cache.items()} == shapes
    assert list(cache) == list(shapes)
    assert sorted(nn.activation_names(model)) == sorted(shapes)
    assert np.allclose(logits.data, model(TOKENS).data, rtol=1e-12)  # to be heard changes nothing


def test_the_values_are_what_their_names_say(rng):
    model = gpt(rng)
    logits, c = nn.run_with_cache(model, TOKENS)
    c = {name: value.data for name, value in c.items()}
    first, attn = model.transformer.h[0], model.transformer.h[0].attn
    assert np.allclose(c["hook_embed"] + c["hook_pos_embed"], c["blocks.0.hook_resid_pre"])
    assert np.allclose(c["blocks.0.hook_resid_pre"] + c["blocks.0.hook_attn_out"], c["blocks.0.hook_resid_mid"])
    assert np.allclose(c["blocks.0.hook_resid_mid"] + c["blocks.0.hook_mlp_out"], c["blocks.0.hook_resid_post"])
    assert np.array_equal(c["blocks.0.hook_resid_post"], c["blocks.1.hook_resid_pre"])
    q, k, v, z = (c[f"blocks.0.attn.hook_{x}"] for x in "qkvz")
    scores, pattern = c["blocks.0.attn.hook_attn_scores"], c["blocks.0.attn.hook_pattern"]
    seen = np.tril(np.ones((5, 5), bool))
    assert np.isneginf(scores[..., ~seen]).all()
    assert np.allclose(scores[..., seen], (np.einsum("bqhd,bkhd->bhqk", q, k) / 2)[..., seen])
    assert np.allclose(pattern.sum(-1), 1)
    assert np.allclose(z, np.einsum("bhqk,bkhd->bqhd", pattern, v))
    assert np.allclose(attn.c_proj(z.reshape(2, 5, 8)).data, c["blocks.0.hook_attn_out"])
    assert np.allclose(first.mlp.gelu(Tensor(c["blocks.0.mlp.hook_pre"])).data, c["blocks.0.mlp.hook_post"])
    x = c["blocks.0.hook_resid_pre"]
    assert np.allclose(c["blocks.0.ln1.hook_scale"][..., 0], np.sqrt(x.var(-1) + 1e-5))
    assert np.allclose(c["blocks.0.ln1.hook_normalized"], first.ln_1(x).data)
    assert np.allclose(c["ln_final.hook_normalized"] @ model.lm_head.weight.data.T, logits.data)


def test_a_patched_run_is_the_run_with_that_value(rng):
    """The whole state after a block, taken from another run, gives that run's logits; one place alone does not."""
    model, other = gpt(rng), np.flip(TOKENS, axis=1).copy()
    wanted, kept = nn.run_with_cache(model, other, names="blocks.0.hook_resid_post")
    state = kept["blocks.0.hook_resid_post"].data

    def all_of_it(value, name):
        return state

    def one_place(value, name):
        value[:, 2] = state[:, 2]  # written into: nothing to give back

    with nn.hooks(model, {"blocks.0.hook_resid_post": all_of_it}):
        assert np.allclose(model(TOKENS).data, wanted.data, rtol=1e-12)
    with no_grad(), nn.hooks(model, {"blocks.0.hook_resid_post": one_place}):
        patched = model(TOKENS).data
    plain = model(TOKENS).data
    assert np.array_equal(patched[:, :2], plain[:, :2])
    assert np.abs(patched[:, 2:] - plain[:, 2:]).min(axis=-1).min() > 0


def test_gradients_flow_through_what_was_put_in(rng):
    model, shift = gpt(rng), Tensor(np.zeros(8), requires_grad=True)
    with nn.hooks(model, {"blocks.1.hook_resid_pre": lambda value, name: value + shift}):
        model.loss(TOKENS, TOKENS).backward()
    with_hook = shift.grad.data
    # by differences, along a direction
    t, h = rng.normal(size=8), 1e-5
    ends = []
    for sign in (1, -1):
        with nn.hooks(model, {"blocks.1.hook_resid_pre": lambda value, name, s=sign: value + s * h * t}):
            ends.append(model.loss(TOKENS, TOKENS).item())
    assert np.isclose(with_hook @ t, (ends[0] - ends[1]) / (2 * h), rtol=1e-6)
    # a constant cuts the graph: what stands before it learns nothing
    model.zero_grad()
    with nn.hooks(model, {"blocks.1.hook_resid_pre": lambda value, name: value.data}):
        model.loss(TOKENS, TOKENS).backward()
    assert model.transformer.h[0].mlp.c_fc.weight.grad is None
    assert model.transformer.h[1].mlp.c_fc.weight.grad is not None


def test_kept_activations_stand_in_the_graph(rng):
    model = gpt(rng)
    logits, cache = nn.run_with_cache(model, TOKENS, names=["blocks.0.hook_resid_post", "blocks.*.attn.hook_z"])
    assert list(cache) == ["blocks.0.attn.hook_z", "blocks.0.hook_resid_post", "blocks.1.attn.hook_z"]
    (g,) = gradients(logits[0, -1, 3], [cache["blocks.0.hook_resid_post"]])
    assert g.shape == (2, 5, 8) and g.data[0].any() and not g.data[1].any()
    _, few = nn.run_with_cache(model, TOKENS, names=lambda name: name.endswith("embed"))
    assert list(few) == ["hook_embed", "hook_pos_embed"]


def test_hooks_nest_and_run_in_order(rng):
    model, said = gpt(rng), []

    def say(word):
        return lambda value, name: said.append((word, name))

    with nn.hooks(model, {"hook_embed": [say("a"), lambda value, name: value * 0]}):
        with nn.hooks(model, {"hook_*": say("b")}):
            _, cache = nn.run_with_cache(model, TOKENS, names="hook_embed")
        model(TOKENS)
    assert said == [("a", "hook_embed"), ("b", "hook_embed"), ("b", "hook_pos_embed"), ("a", "hook_embed")]
    assert not cache["hook_embed"].data.any()  # as it was replaced outside


def test_nobody_else_hears(rng):
    model, said = gpt(rng), []
    with nn.hooks(model, {"hook_embed": lambda value, name: said.append(name)}):
        gpt(rng)(TOKENS)  # another model
        thread = threading.Thread(target=model, args=(TOKENS,))
        thread.start()
        thread.join()
        assert not said
        with pytest.raises(RuntimeError, match="halfway"), nn.hooks(model, {"hook_pos_embed": _fail}):
            model(TOKENS)
        model(TOKENS)
    model(TOKENS)
    assert said == ["hook_embed"] * 2


def _fail(value, name):
    raise RuntimeError("halfway")


def test_hooks_in_generation_and_in_training(rng):
    model, seen = gpt(rng), []
    with nn.hooks(model, {"blocks.1.attn.hook_pattern": lambda value, name: seen.append(value.shape[-2:])}):
        list(stream(model, [1, 2, 3], 3, np.random.default_rng(0)))
    assert seen == [(3, 3), (1, 4), (1, 5)]
    optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
    silent = {"blocks.*.mlp.hook_post": lambda value, name: value * 0}  # no MLP writes anything but its bias
    before = model.transformer.h[0].mlp.c_fc.weight.data.copy()
    with nn.hooks(model, silent):
        model.loss(TOKENS, TOKENS).backward()
    optimizer.step()
    assert np.array_equal(model.transformer.h[0].mlp.c_fc.weight.data, before)


def test_a_module_of_ones_own(rng):
    class Probe(nn.Module):
        hook_points = ("hook_hidden",)
        hook_names = {"inner": ""}

        def __init__(self):
            super().__init__()
            self.inner = nn.RMSNorm(3)
            self.layers = nn.ModuleList([nn.FeedForward(3, rng=rng)])

        def forward(self, x):
            return self.point("hook_hidden", self.layers[0](self.inner(x)))

    model, x = Probe(), Tensor(rng.normal(size=(2, 3)).astype(np.float32))
    out, cache = nn.run_with_cache(model, x)
    assert list(cache) == ["hook_scale", "hook_normalized", "layers.0.hook_pre", "layers.0.hook_post", "hook_hidden"]
    assert cache["hook_hidden"] is out
    assert np.allclose(cache["hook_normalized"].data, x.data / cache["hook_scale"].data)
    assert np.allclose(out.data, model(x).data, rtol=1e-6)
    assert "hook_hidden" not in model.state_dict()


def test_unknown_names_are_listed_with_those_near_them(rng):
    model = gpt(rng)
    silent = {"blocks.0.attn.hook_patern": _fail, "blocks.0.hook_embed": _fail, "zzz": _fail, "hook_embed": _fail}
    with pytest.raises(ValueError) as error, nn.hooks(model, silent):
        pass
    said = str(error.value)
    assert "GPT has no activation 'blocks.0.attn.hook_patern' (near it: blocks.0.attn.hook_pattern" in said
    assert "none 'blocks.0.hook_embed' (near it: " in said and "none 'zzz'" in said and "none 'hook_embed'" not in said
    with pytest.raises(ValueError, match=r"no activation 'blocks\.\*\.hook_nothing'"):
        nn.run_with_cache(model, TOKENS, names="blocks.*.hook_nothing")
    with pytest.raises(ValueError, match=r"Linear has no activation 'x'; a Module names its own in `hook_points`"):
        nn.run_with_cache(nn.Linear(2, 2), np.ones(2), names="x")


@pytest.mark.parametrize(
    ("give", "words"),
    [
        (lambda value: value[:1], r"hook of 'hook_embed' gave float64 of shape \(1, 5, 8\), wanted float64 of shape"),
        (lambda value: value.astype(np.float32), r"gave float32 of shape \(2, 5, 8\), wanted float64"),
        (lambda value: np.zeros(3), r"gave float64 of shape \(3,\)"),
    ],
)
def test_what_does_not_fit_in_the_place_is_named(rng, give, words):
    model = gpt(rng)
    with nn.hooks(model, {"hook_embed": lambda value, name: give(value)}), pytest.raises(ValueError, match=words):
        model(TOKENS)


def test_a_point_that_its_module_does_not_name(rng):
    class Forgetful(nn.Module):
        hook_points = ("hook_a",)

        def forward(self, x):
            return self.point("hook_b", self.point("hook_a", x))

    with pytest.raises(ValueError, match=r"Forgetful: 'hook_b' is not among its hook_points \('hook_a',\)"):
        nn.run_with_cache(Forgetful(), Tensor(1.0))
