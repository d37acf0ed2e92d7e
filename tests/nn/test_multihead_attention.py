"""MultiheadAttention against the formula written out, head by head and query by query."""

import numpy as np
import pytest

import nn
from autograd import Tensor
from autograd.testing import check_grads

OPTIONS = [{}, {"num_kv_heads": 2}, {"num_kv_heads": 1, "bias": False}, {"kdim": 3, "vdim": 5}]


def written_out(layer, query, key, value, see, bias=None, turn=lambda x, positions: x):
    """One batch element, in NumPy.

    `see` says for each head and query which keys count, `bias` is added to the scores, `turn` is done to q and k.
    """
    E, H, G = layer.embed_dim, layer.num_heads, layer.num_kv_heads
    d, narrow = E // H, E // H * G
    w = layer.state_dict()
    cuts = [E, E + narrow]
    if "in_proj_weight" in w:
        weights = np.split(w["in_proj_weight"], cuts)
    else:
        weights = [w[f"{x}_proj_weight"] for x in "qkv"]
    biases = np.split(w["in_proj_bias"], cuts) if "in_proj_bias" in w else [0, 0, 0]
    q, k, v = (x @ m.T + b for x, m, b in zip((query, key, value), weights, biases, strict=True))
    mixed = np.zeros((len(query), E))
    patterns = np.zeros((H, len(query), len(key)))
    places = np.arange(len(key) - len(query), len(key)), np.arange(len(key))
    for h in range(H):
        mine, shared = slice(h * d, h * d + d), slice(h // (H // G) * d, h // (H // G) * d + d)
        turned_q, turned_k = turn(q[:, mine], places[0]), turn(k[:, shared], places[1])
        for i in range(len(query)):
            seen = np.flatnonzero(see[h, i])
            if len(seen):
                scores = turned_k[seen] @ turned_q[i] / np.sqrt(d) + (0 if bias is None else bias[h, i, seen])
                e = np.exp(scores - scores.max())
                patterns[h, i, seen] = e / e.sum()
                mixed[i, mine] = patterns[h, i] @ v[:, shared]
    return mixed @ w["out_proj.weight"].T + w.get("out_proj.bias", 0), patterns


def made(rng, *args, **options):
    layer = nn.MultiheadAttention(*args, batch_first=True, rng=rng, **options).astype(np.float64)
    for p in layer.parameters():
        p.data = rng.normal(size=p.shape)
    return layer


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize(
    "options", [{}, {"num_kv_heads": 2}, {"num_kv_heads": 1, "bias": False}, {"kdim": 3, "vdim": 5}]
)
def test_heads_are_their_formula(options, need_weights, rng):
    layer = made(rng, 8, 4, **options)
    query, key = rng.normal(size=(2, 3, 8)), rng.normal(size=(2, 5, layer.kdim))
    value = rng.normal(size=(2, 5, layer.vdim))
    y, weights = layer(query, key, value, need_weights=need_weights, average_attn_weights=False)
    for b in range(2):
        expected, patterns = written_out(layer, query[b], key[b], value[b], np.ones((4, 3, 5), bool))
        np.testing.assert_allclose(y.data[b], expected, rtol=1e-10, atol=1e-10)
        if need_weights:
            np.testing.assert_allclose(weights.data[b], patterns, rtol=1e-10, atol=1e-12)
    assert (weights is None) != need_weights


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("window", [None, 1, 2])
@pytest.mark.parametrize("is_causal", [True, False])
@pytest.mark.parametrize("masked", [True, False])
def test_all_that_hides_hides_together(masked, is_causal, window, need_weights, rng):
    layer = made(rng, 6, 2, window=window, num_kv_heads=1)
    query, key = rng.normal(size=(2, 3, 6)), rng.normal(size=(2, 4, 6))
    see = np.ones((2, 2, 3, 4), bool)
    distance = np.arange(1, 4)[:, None] - np.arange(4)
    see &= (distance >= 0) if is_causal else True
    see &= True if window is None else (abs(distance) < window)
    masks = {}
    if masked:
        masks = {
            "attn_mask": rng.random((3, 4)) < 0.3,
            "key_padding_mask": np.array([[0, 0, 0, 0], [1, 0, 0, 0]], bool),
        }
        see &= ~masks["attn_mask"] & ~masks["key_padding_mask"][:, None, None]
    y, weights = layer(query, key, key, need_weights=need_weights, is_causal=is_causal, **masks)
    for b in range(2):
        expected, patterns = written_out(layer, query[b], key[b], key[b], see[b])
        np.testing.assert_allclose(y.data[b], expected, rtol=1e-10, atol=1e-10)
        if need_weights:
            np.testing.assert_allclose(weights.data[b], patterns.mean(axis=0), rtol=1e-10, atol=1e-12)


MASKS = {
    "of queries and keys": (3, 4),
    "of every head of the batch": (4, 3, 4),
    "of every head": (1, 2, 3, 4),
    "of every example": (2, 1, 3, 4),
    "of keys": (1, 4),
}


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("shape", MASKS.values(), ids=MASKS)
def test_masks_have_any_shape_and_floats_are_added(shape, need_weights, rng):
    layer = made(rng, 6, 2)
    query, key = rng.normal(size=(2, 3, 6)), rng.normal(size=(2, 4, 6))
    hidden, added = rng.random(shape) < 0.4, rng.normal(size=shape)
    padding = rng.normal(size=(2, 4))
    whole = np.broadcast_to(hidden.reshape(2, 2, 3, 4) if shape == (4, 3, 4) else hidden, (2, 2, 3, 4))
    bias = np.broadcast_to(added.reshape(2, 2, 3, 4) if shape == (4, 3, 4) else added, (2, 2, 3, 4))
    y, _ = layer(query, key, key, need_weights=need_weights, attn_mask=hidden)
    z, _ = layer(query, key, key, padding, need_weights=need_weights, attn_mask=added)
    both, _ = layer(query, key, key, padding, need_weights=need_weights, attn_mask=hidden)
    for b in range(2):
        one = (layer, query[b], key[b], key[b])
        see, beside = np.ones((2, 3, 4), bool), padding[b] + np.zeros((2, 3, 1))
        np.testing.assert_allclose(y.data[b], written_out(*one, ~whole[b])[0], rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(z.data[b], written_out(*one, see, bias[b] + beside)[0], rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(both.data[b], written_out(*one, ~whole[b], beside)[0], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_that_see_nothing_give_zeros_and_zero_gradients(dtype, need_weights, rng):
    layer = nn.MultiheadAttention(6, 2, batch_first=True, rng=rng).astype(dtype)
    layer.out_proj.bias = None
    x = Tensor(rng.normal(size=(2, 4, 6)), dtype=dtype, requires_grad=True)
    memory = Tensor(rng.normal(size=(2, 3, 6)), dtype=dtype, requires_grad=True)
    hidden = np.zeros((4, 3), bool)
    hidden[1] = True
    padding = np.array([[False, False, True], [True, True, True]])
    y, _ = layer(x, memory, memory, padding, need_weights=need_weights, attn_mask=hidden)
    assert not y.data[0, 1].any() and not y.data[1].any()
    assert y.data[0, [0, 2, 3]].all()
    (y * y).sum().backward()
    assert not x.grad.data[0, 1].any() and not x.grad.data[1].any()
    assert not memory.grad.data[0, 2].any() and not memory.grad.data[1].any()
    assert x.grad.data[0, 0].any() and memory.grad.data[0, :2].any()
    for p in layer.parameters():
        assert np.isfinite(p.grad.data).all()


@pytest.mark.parametrize("kind", ["bool", "float"])
def test_long_inputs_in_blocks_give_what_the_whole_pattern_gives(kind, rng):
    layer = made(rng, 4, 2, num_kv_heads=1, window=300)
    tokens = 600  # so many that without weights the pattern is never whole
    hidden, padding = rng.random((tokens, tokens)) < 0.2, np.arange(tokens)[None] >= 550
    hidden[7] = True  # a query that sees nothing
    masks = {"attn_mask": hidden, "key_padding_mask": padding, "is_causal": True}
    if kind == "float":
        masks |= {"attn_mask": np.where(hidden, -np.inf, rng.normal(size=hidden.shape))}
    array, weights = rng.normal(size=(2, 1, tokens, 4))
    found = []
    for need_weights in (True, False):
        x = Tensor(array, requires_grad=True)
        y, _ = layer(x, x, x, need_weights=need_weights, **masks)
        layer.zero_grad()
        (y * Tensor(weights)).sum().backward()
        found.append([y.data, x.grad.data, *(p.grad.data for p in layer.parameters())])
    for whole, blocks in zip(*found, strict=True):
        np.testing.assert_allclose(blocks, whole, rtol=1e-8, atol=1e-8 * abs(whole).max())
    np.testing.assert_array_equal(found[1][0][0, 7], layer.out_proj.bias.data)


def test_a_learned_mask_gets_its_gradient(rng):
    layer = made(rng, 4, 2)
    x = rng.normal(size=(1, 3, 4))

    def attend(mask):
        return layer(x, x, x, attn_mask=mask)[0] + layer(x, x, x, attn_mask=mask, need_weights=False)[0]

    assert check_grads(attend, rng.normal(size=(2, 3, 3)), order=1).ok


def test_alibi_is_a_mask(rng):
    layer, alibi = made(rng, 8, 4), nn.ALiBi(4)
    x = rng.normal(size=(3, 5, 8))
    y, _ = layer(x, x, x, attn_mask=alibi(5, dtype=np.float64), is_causal=True, need_weights=False)
    see = np.broadcast_to(np.tri(5, dtype=bool), (4, 5, 5))
    for b in range(3):
        expected, _ = written_out(layer, x[b], x[b], x[b], see, alibi(5, dtype=np.float64).data)
        np.testing.assert_allclose(y.data[b], expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("need_weights", [True, False])
def test_rotary_positions_turn_queries_and_keys(need_weights, rng):
    layer = made(rng, 8, 2, num_kv_heads=1, rotary=nn.RotaryEmbedding(4, interleaved=True))

    def turn(x, positions):
        z = x[:, ::2] + 1j * x[:, 1::2]
        z = z * np.exp(1j * positions[:, None] * 10000.0 ** (-np.arange(2) / 2))
        return np.stack([z.real, z.imag], axis=-1).reshape(x.shape)

    query, key = rng.normal(size=(2, 3, 8)), rng.normal(size=(2, 5, 8))
    y, _ = layer(query, key, key, need_weights=need_weights)
    for b in range(2):
        expected, _ = written_out(layer, query[b], key[b], key[b], np.ones((2, 3, 5), bool), turn=turn)
        np.testing.assert_allclose(y.data[b], expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("options", [{}, {"num_kv_heads": 1, "window": 2}])
def test_derivatives_are_those_of_differences(options, rng):
    layer = made(rng, 4, 2, **options)
    x, memory = rng.normal(size=(1, 2, 4)), rng.normal(size=(1, 3, 4))
    assert check_grads(lambda a, b: layer(a, b, b, is_causal=True)[0], x, memory).ok
    assert check_grads(lambda a, b: layer(a, b, b, is_causal=True, need_weights=False)[0], x, memory, order=1).ok


def test_one_input_thrice_is_three_equal_inputs(rng):
    layer = made(rng, 4, 2, num_kv_heads=1)
    x = rng.normal(size=(2, 3, 4))
    self_attention, cross = layer(x, x, x)[0], layer(x, x.copy(), x.copy())[0]
    np.testing.assert_allclose(self_attention.data, cross.data, rtol=1e-12)


def test_layouts_are_the_same_numbers(rng):
    layer = made(rng, 4, 2)
    x, memory = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5, 4))
    y, weights = layer(x, memory, memory)
    layer.batch_first = False
    turned, same = layer(x.swapaxes(0, 1), memory.swapaxes(0, 1), memory.swapaxes(0, 1))
    np.testing.assert_allclose(turned.data.swapaxes(0, 1), y.data, rtol=1e-12)
    np.testing.assert_allclose(same.data, weights.data, rtol=1e-12)
    alone, its = layer(x[0], memory[0], memory[0], key_padding_mask=np.zeros(5, bool))
    np.testing.assert_allclose(alone.data, y.data[0], rtol=1e-12)
    np.testing.assert_allclose(its.data, weights.data[0], rtol=1e-12)


def test_a_pattern_is_kept_on_demand_and_seen_in_pictures(rng):
    layer = made(rng, 8, 2, num_kv_heads=1)
    x = rng.normal(size=(3, 5, 8))
    calm, _ = layer(x, x, x, need_weights=False)
    assert layer.pattern is None
    layer.record_pattern = True
    y, weights = layer(x, x, x, need_weights=False)
    assert weights is None
    np.testing.assert_allclose(y.data, calm.data, rtol=1e-10, atol=1e-12)
    _, weights = layer(x, x, x, average_attn_weights=False)
    np.testing.assert_array_equal(layer.pattern, weights.data)
    layer(x[0], x[0], x[0])
    np.testing.assert_allclose(layer.pattern, weights.data[:1], rtol=1e-12)

    block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, rng=rng)
    model = nn.Sequential(nn.Embedding(5, 8, rng=rng), nn.TransformerEncoder(block, 3)).eval()
    seen = nn.attention_patterns(model, [0, 3, 1], labels="abc")
    assert [name.name for name in seen.layers] == [f"1.layers.{i}.self_attn" for i in range(3)]
    vectors = model[0](np.array([[0, 3, 1]]))
    _, weights = model[1].layers[0].self_attn(vectors, vectors, vectors, average_attn_weights=False)
    np.testing.assert_allclose(seen.layers[0].weights, weights.data[0], rtol=1e-6)


def test_activations_are_heard_by_name_and_replaced(rng):
    layer = made(rng, 8, 4, num_kv_heads=2, rotary=nn.RotaryEmbedding(2))
    x = rng.normal(size=(3, 5, 8))
    plain, weights = layer(x, x, x, average_attn_weights=False)
    (same, none), cache = nn.run_with_cache(layer, x, x, x, need_weights=False)
    np.testing.assert_allclose(same.data, plain.data, rtol=1e-12)
    assert none is None
    shapes = {name: value.shape for name, value in cache.items()}
    assert shapes == {
        "hook_q": (3, 5, 4, 2), "hook_k": (3, 5, 2, 2), "hook_v": (3, 5, 2, 2), "hook_z": (3, 5, 4, 2),
        "hook_rot_q": (3, 5, 4, 2), "hook_rot_k": (3, 5, 2, 2),
        "hook_attn_scores": (3, 4, 5, 5), "hook_pattern": (3, 4, 5, 5),
    }  # fmt: skip
    np.testing.assert_array_equal(cache["hook_pattern"].data, weights.data)
    turned = layer.rotary(cache["hook_q"].data.swapaxes(1, 2)).data.swapaxes(1, 2)
    np.testing.assert_array_equal(cache["hook_rot_q"].data, turned)

    # every token looks at the first one: what comes out is its value, in every place
    with nn.hooks(layer, {"hook_pattern": lambda value, name: np.eye(1, 5) + np.zeros_like(value.data)}):
        y, _ = layer(x, x, x)
    value = np.repeat(cache["hook_v"].data[:, :1], 2, axis=2).reshape(3, 1, 8)
    expected = value @ layer.out_proj.weight.data.T + layer.out_proj.bias.data
    np.testing.assert_allclose(y.data, np.broadcast_to(expected, (3, 5, 8)), rtol=1e-10, atol=1e-12)


def test_dropout_is_of_the_pattern_in_training_and_seeded():
    x = np.random.default_rng(0).normal(size=(1, 6, 4)).astype(np.float32)
    for need_weights in (True, False):
        runs = []
        for seed in (1, 1, 2):
            layer = nn.MultiheadAttention(4, 2, dropout=0.5, batch_first=True, rng=np.random.default_rng(seed))
            layer.in_proj_weight.data = np.tile(np.eye(4, dtype=np.float32), (3, 1))
            layer.out_proj.weight.data = np.eye(4, dtype=np.float32)
            runs.append(layer(x, x, x, need_weights=need_weights)[0].data)
            calm = layer.eval()(x, x, x, need_weights=need_weights)[0].data
            assert np.array_equal(calm, layer(x, x, x, need_weights=need_weights)[0].data)
            assert not np.array_equal(calm, runs[-1])
        assert np.array_equal(runs[0], runs[1]) and not np.array_equal(runs[0], runs[2])


def test_fewer_heads_of_keys_have_fewer_weights():
    shapes = {k: list(p.shape) for k, p in nn.MultiheadAttention(8, 4, num_kv_heads=1).named_parameters()}
    assert shapes == {"in_proj_weight": [12, 8], "in_proj_bias": [12], "out_proj.weight": [8, 8], "out_proj.bias": [8]}


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: nn.MultiheadAttention(6, 4), ValueError, "embed_dim 6 does not divide into 4 heads"),
        (lambda: nn.MultiheadAttention(8, 4, num_kv_heads=3), ValueError, "4 heads do not fall into num_kv_heads=3"),
        (lambda: nn.MultiheadAttention(8, 4, dropout=1.5), ValueError, "dropout must be .* got 1.5"),
        (
            lambda: nn.MultiheadAttention(8, 4, rotary=nn.RotaryEmbedding(4)),
            ValueError,
            "rotary is for heads of width 4, but they have 2",
        ),
        (lambda: nn.MultiheadAttention(8, 4, window=0), ValueError, "window must be at least 1, got 0"),
        (
            lambda: call((3, 2, 5), (3, 2, 4)),
            ValueError,
            r"MultiheadAttention: .*\(3, 2, 5\), .*\(queries, batch, 4",
        ),
        (lambda: call((3, 2, 4), (3, 4)), ValueError, r"\(3, 2, 4\), \(3, 4\), \(3, 4\); wanted"),
        (lambda: call((3, 2, 4), (3, 1, 4)), ValueError, "wanted"),
        (lambda: call((2, 4), (3, 4), (2, 4)), ValueError, "or all without batch"),
        (lambda: call((4,), (4,)), ValueError, "wanted"),
        (lambda: call((3, 2, 4), (2, 2, 4), is_causal=True), ValueError, "3 queries and 2 keys; with is_causal"),
        (
            lambda: call((3, 2, 4), (5, 2, 4), attn_mask=np.zeros((5, 3), bool)),
            ValueError,
            r"attn_mask of shape \(5, 3\)",
        ),
        (
            lambda: call((3, 2, 4), (5, 2, 4), attn_mask=np.zeros((3, 5), int)),
            TypeError,
            "booleans or floats, not int64",
        ),
        (
            lambda: call((3, 2, 4), (5, 2, 4), key_padding_mask=np.zeros((5, 2), bool)),
            ValueError,
            r"key_padding_mask of shape \(5, 2\), wanted \(2, 5\)",
        ),
    ],
)
def test_what_is_wrong_is_said(call, error, words):
    with pytest.raises(error, match=words):
        call()


def call(query, key, value=None, **options):
    layer = nn.MultiheadAttention(4, 2)
    return layer(*(np.ones(s, np.float32) for s in (query, key, value or key)), **options)


def test_what_is_no_array_is_refused():
    with pytest.raises(TypeError, match="MultiheadAttention: the input is a list"):
        nn.MultiheadAttention(4, 2)([1.0], [1.0], [1.0])
