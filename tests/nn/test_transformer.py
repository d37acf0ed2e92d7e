"""The transformer's layers: what its parts say of each other, without a peer."""

import numpy as np
import pytest

import nn
from nn import functional


def vector(layer, x):
    return layer(x.astype(np.float32)).data


def test_an_encoder_layer_is_its_formula(rng):
    x = rng.normal(size=(2, 4, 8)).astype(np.float32)
    for norm_first in (False, True):
        layer = nn.TransformerEncoderLayer(8, 2, 12, 0.0, functional.silu, norm_first=norm_first, rng=rng)

        def attend(y, layer=layer):
            return layer.self_attn(y, y, y)[0]

        def feed(y, layer=layer):
            return layer.linear2(functional.silu(layer.linear1(y)))

        if norm_first:
            y = x + attend(layer.norm1(x))
            expected = y + feed(layer.norm2(y))
        else:
            y = layer.norm1(x + attend(x))
            expected = layer.norm2(y + feed(y))
        np.testing.assert_allclose(vector(layer, x), expected.data, rtol=1e-5, atol=1e-6)


def test_a_causal_decoder_sees_no_later_token_and_an_encoder_does(rng):
    model = nn.Transformer(8, 2, 1, 1, 12, 0.0, batch_first=True, rng=rng)
    src, tgt = rng.normal(size=(2, 1, 5, 8)).astype(np.float32)
    before = model(src, tgt, tgt_is_causal=True).data
    changed = tgt.copy()
    changed[0, 3] += 1
    after = model(src, changed, tgt_is_causal=True).data
    assert np.array_equal(before[0, :3], after[0, :3]) and not np.isclose(before[0, 3:], after[0, 3:]).all()
    source = src.copy()
    source[0, 4] += 1
    assert abs(model(source, tgt, tgt_is_causal=True).data - before).max(axis=-1).min() > 1e-6


def test_copies_start_equal_learn_alone_and_drop_out_apart(rng):
    stack = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 12, 0.5, rng=rng), 2)
    first, second = stack.layers
    for name, value in first.state_dict().items():
        assert np.array_equal(value, second.state_dict()[name])
    assert not {id(p) for p in first.parameters()} & {id(p) for p in second.parameters()}
    x = np.ones((50, 1, 8), np.float32)
    assert not np.array_equal(first.dropout(x).data, second.dropout(x).data)
    assert not np.array_equal(vector(stack, x), vector(stack, x))
    stack.eval()
    assert np.array_equal(vector(stack, x), vector(stack, x))


def test_a_seed_gives_the_same_model_and_the_same_run(rng):
    src, tgt = rng.normal(size=(2, 3, 2, 8)).astype(np.float32)
    a, b = (nn.Transformer(8, 2, 2, 2, 12, 0.3, rng=np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(a(src, tgt).data, b(src, tgt).data)
    assert not np.array_equal(a(src, tgt).data, a(src, tgt).data)
    layers = list(a.encoder.layers)
    assert not np.array_equal(layers[0].linear1.weight.data, layers[1].linear1.weight.data)


@pytest.mark.parametrize("norm_first", [False, True])
def test_activations_are_heard_where_they_arise(norm_first, rng):
    """The residual stream is the one before plus what a part adds, or its norm; a patch changes what comes after."""
    layer = nn.TransformerDecoderLayer(8, 2, 12, 0.0, norm_first=norm_first, rng=rng)
    tgt, memory = rng.normal(size=(4, 1, 8)).astype(np.float32), rng.normal(size=(3, 1, 8)).astype(np.float32)
    out, cache = nn.run_with_cache(layer, tgt, memory)
    got = {name.replace("hook_", ""): value.data for name, value in cache.items()}
    np.testing.assert_array_equal(got["resid_pre"], tgt)
    np.testing.assert_array_equal(got["resid_post"], out.data)
    stream = ("resid_pre", "resid_mid", "resid_mid_cross", "resid_post")
    added = ("attn_out", "cross_attn_out", "mlp_out")
    norms = (layer.norm1, layer.norm2, layer.norm3)
    for norm, before, after, part in zip(norms, stream[:-1], stream[1:], added, strict=True):
        expected = got[before] + got[part]
        expected = expected if norm_first else norm(expected).data
        np.testing.assert_allclose(got[after], expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(got["mlp.post"], np.maximum(got["mlp.pre"], 0))
    assert got["cross_attn.pattern"].shape == (1, 2, 4, 3)

    with nn.hooks(layer, {"hook_resid_mid_cross": lambda value, name: cache[name] * 0}):
        patched = layer(tgt, memory)
    assert len({row.tobytes() for row in patched.data}) == 1  # all tokens are one


def test_custom_parts_stand_in(rng):
    class Same(nn.Module):
        def forward(self, src, *masks):
            return src

    model = nn.Transformer(8, 2, 1, 1, 12, 0.0, custom_encoder=Same(), rng=rng)
    src, tgt = rng.normal(size=(2, 3, 2, 8)).astype(np.float32)
    assert np.array_equal(model(src, tgt).data, model.decoder(tgt, src).data)
    assert not any(name.startswith("encoder") for name in model.state_dict())


def test_it_learns_to_turn_sequences_round(rng):
    """Four tokens of five in reverse: the decoder has to look at the source in every place."""
    model = nn.Transformer(16, 2, 1, 1, 32, 0.0, batch_first=True, rng=rng)
    place = nn.LearnedPositionalEmbedding(4, 16, rng=rng)
    table, head = nn.Embedding(5, 16, rng=rng), nn.Linear(16, 5, rng=rng)
    modules = nn.layers.ModuleList([model, place, table, head])
    optimizer = nn.optim.Adam(modules.parameters(), lr=1e-2)

    def scores(tokens):
        x = place(table(tokens))
        start = place(np.zeros((len(tokens), 4, 16), np.float32))
        return head(model(x, start))

    for _ in range(60):
        tokens = rng.integers(0, 5, (16, 4))
        loss = nn.losses.cross_entropy(scores(tokens).reshape(-1, 5), tokens[:, ::-1].reshape(-1))
        modules.zero_grad()
        loss.backward()
        optimizer.step()
    tokens = rng.integers(0, 5, (200, 4))
    assert (scores(tokens).data.argmax(axis=-1) == tokens[:, ::-1]).mean() > 0.95


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nn.TransformerEncoderLayer(8, 3), "embed_dim 8 does not divide into 3 heads"),
        (lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 4), -1), "num_layers must be at least 0"),
        (lambda: nn.TransformerEncoderLayer(8, 2, activation="swish"), "activation is 'relu' or 'gelu' or a function"),
        (
            lambda: nn.TransformerEncoderLayer(8, 2, 4)(np.ones((3, 2, 4), np.float32)),
            r"TransformerEncoderLayer: input of shape \(3, 2, 4\), but its last axis must be 8",
        ),
        (
            lambda: nn.TransformerDecoderLayer(8, 2, 4)(np.ones((3, 2, 8), np.float32), np.ones((3, 1, 8), np.float32)),
            r"multihead_attn: MultiheadAttention: .* \(3, 2, 8\), \(3, 1, 8\)",
        ),
        (
            lambda: nn.Transformer(8, 2, 1, 1, 4)(np.ones((3, 2, 8), np.float32), np.ones((3, 2, 6), np.float32)),
            r"Transformer: input of shape \(3, 2, 6\)",
        ),
    ],
)
def test_what_is_wrong_is_said(call, words):
    with pytest.raises(ValueError, match=words):
        call()
