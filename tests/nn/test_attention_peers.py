"""MultiheadAttention and the transformer's layers agree with PyTorch's: values, gradients and state dicts."""

import numpy as np
import pytest

import nn
from autograd import Tensor

torch = pytest.importorskip("torch", reason="PyTorch is the peer")

TOLERANCE = {"float32": 1e-5, "float64": 1e-10}


def twins(name, args, options, dtype, rng):
    """Both libraries' layers, with the same weights, none of them at its start."""
    ours = getattr(nn, name)(*args, **options, rng=rng)
    theirs = getattr(torch.nn, name)(*args, **options).to(getattr(torch, dtype))
    ours.astype(dtype)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for p in ours.parameters():
        p.data = (rng.normal(size=p.shape) / np.sqrt(p.shape[-1])).astype(dtype)
    theirs.load_state_dict({k: torch.tensor(v) for k, v in ours.state_dict().items()})
    return ours, theirs


def agree(ours, theirs, shapes, options, dtype, rng, places=None):
    """One call of each with the same inputs; inputs of the same number are the same object."""
    arrays = [rng.normal(size=s).astype(dtype) for s in shapes]
    mine = [Tensor(a, requires_grad=True) for a in arrays]
    peers = [torch.tensor(a, requires_grad=True) for a in arrays]
    places = range(len(shapes)) if places is None else places
    turned = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
    got, wanted = ours(*(mine[i] for i in places), **options), theirs(*(peers[i] for i in places), **turned)
    got, wanted = ([r for r in (x if isinstance(x, tuple) else (x,)) if r is not None] for x in (got, wanted))
    loss, peer = Tensor(np.zeros((), dtype)), 0
    for a, b in zip(got, wanted, strict=True):
        assert a.shape == b.shape and a.dtype == dtype
        weights = rng.normal(size=a.shape).astype(dtype)
        loss, peer = loss + (a * Tensor(weights)).sum(), peer + (b * torch.tensor(weights)).sum()
    loss.backward()
    peer.backward()
    pairs = [(a.data, b.detach()) for a, b in zip(got, wanted, strict=True)]
    pairs += [(a.grad.data, b.grad) for a, b in zip(mine, peers, strict=True)]
    pairs += [(p.grad.data, q.grad) for p, q in zip(ours.parameters(), theirs.parameters(), strict=True)]
    for a, b in pairs:
        scale = max(1.0, float(b.abs().max()))
        np.testing.assert_allclose(a, b.numpy(), rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * scale)


def masks(rng, kind, queries, keys, rows=1):
    """An attn_mask and a key_padding_mask that hide no whole row: key 0 is always seen."""
    hidden, padding = rng.random((rows * 2, queries, keys)) < 0.4, rng.random((2, keys)) < 0.4
    hidden[..., 0] = padding[..., 0] = False
    hidden = hidden[0] if rows == 1 else hidden
    if kind == "bool":
        return {"attn_mask": hidden, "key_padding_mask": padding}
    floats = np.where(hidden, -np.inf, rng.normal(size=hidden.shape)), np.where(padding, -np.inf, 0.5)
    return {"attn_mask": floats[0], "key_padding_mask": floats[1]}


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("options", [{}, {"bias": False, "batch_first": True}, {"kdim": 3, "vdim": 5}])
@pytest.mark.parametrize("call", [{}, {"average_attn_weights": False}, {"need_weights": False}])
@pytest.mark.parametrize("kind", [None, "bool", "float"])
def test_attention_is_pytorchs(kind, call, options, dtype, rng):
    ours, theirs = twins("MultiheadAttention", (8, 4), options, dtype, rng)
    shapes = [(2, 3, 8), (2, 5, ours.kdim), (2, 5, ours.vdim)]
    if not ours.batch_first:
        shapes = [(b, a, c) for a, b, c in shapes]
    given = masks(rng, kind, 3, 5, 4) if kind else {}
    given = {k: v if kind == "bool" else v.astype(dtype) for k, v in given.items()}
    agree(ours, theirs, shapes, given | call, dtype, rng)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("need_weights", [True, False])
def test_causal_self_attention_is_pytorchs(need_weights, dtype, rng):
    ours, theirs = twins("MultiheadAttention", (6, 2), {}, dtype, rng)
    call = {"attn_mask": ~np.tri(5, dtype=bool), "is_causal": True, "need_weights": need_weights}
    agree(ours, theirs, [(5, 3, 6)], call, dtype, rng, places=(0, 0, 0))


def test_attention_without_a_batch_is_pytorchs(rng):
    ours, theirs = twins("MultiheadAttention", (6, 2), {}, "float64", rng)
    padding = {"key_padding_mask": np.array([False, True, False, False])}
    agree(ours, theirs, [(3, 6), (4, 6), (4, 6)], padding, "float64", rng)


def test_new_weights_are_spread_as_pytorchs():
    for options in ({}, {"kdim": 20}):
        ours = nn.MultiheadAttention(32, 4, rng=np.random.default_rng(0), **options)
        theirs = torch.nn.MultiheadAttention(32, 4, **options)
        for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
            if name.endswith("bias"):
                assert not p.data.any() and not q.detach().numpy().any()
            else:  # uniform: 512 or more numbers reach to within a twentieth of the bound
                assert abs(abs(p.data).max() / float(q.detach().abs().max()) - 1) < 0.05


LAYERS = [
    {},
    {"norm_first": True, "activation": "gelu"},
    {"batch_first": True, "bias": False, "layer_norm_eps": 0.1},
]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("options", LAYERS)
@pytest.mark.parametrize("masked", [False, True])
def test_encoder_layers_are_pytorchs(masked, options, dtype, rng):
    ours, theirs = twins("TransformerEncoderLayer", (8, 2, 12, 0.0), options, dtype, rng)
    shape = (2, 5, 8) if options.get("batch_first") else (5, 2, 8)
    given = {}
    if masked:
        both = {k: v.astype(dtype) for k, v in masks(rng, "float", 5, 5).items()}
        given = {"src_mask": both["attn_mask"], "src_key_padding_mask": both["key_padding_mask"]}
    agree(ours, theirs, [shape], given, dtype, rng)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("options", LAYERS)
@pytest.mark.parametrize("masked", [False, True])
def test_decoder_layers_are_pytorchs(masked, options, dtype, rng):
    ours, theirs = twins("TransformerDecoderLayer", (8, 2, 12, 0.0), options, dtype, rng)
    shapes = [(2, 5, 8), (2, 3, 8)] if options.get("batch_first") else [(5, 2, 8), (3, 2, 8)]
    given = {}
    if masked:
        for name, keys in (("tgt", 5), ("memory", 3)):
            both = {k: v.astype(dtype) for k, v in masks(rng, "float", 5, keys).items()}
            given |= {f"{name}_mask": both["attn_mask"], f"{name}_key_padding_mask": both["key_padding_mask"]}
    agree(ours, theirs, shapes, given, dtype, rng)


@pytest.mark.filterwarnings("ignore:enable_nested_tensor:UserWarning")  # of its own speed
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    "options", [{}, {"norm_first": True, "batch_first": True, "activation": "gelu", "bias": False}]
)
def test_transformers_are_pytorchs(options, dtype, rng):
    ours, theirs = twins("Transformer", (8, 2, 2, 2, 12, 0.0), options, dtype, rng)
    shapes = [(2, 4, 8), (2, 3, 8)] if options.get("batch_first") else [(4, 2, 8), (3, 2, 8)]
    hidden = nn.Transformer.generate_square_subsequent_mask(3).data
    assert np.array_equal(hidden, theirs.generate_square_subsequent_mask(3).numpy())
    padding = np.array([[False, False, True, True], [False, False, False, True]])
    given = {
        "tgt_mask": hidden == -np.inf,
        "tgt_is_causal": True,
        "src_key_padding_mask": padding,
        "memory_key_padding_mask": padding,
    }
    agree(ours, theirs, shapes, given, dtype, rng)


@pytest.mark.filterwarnings("ignore:enable_nested_tensor:UserWarning")  # of its own speed
@pytest.mark.parametrize("norm", [False, True])
def test_stacks_are_pytorchs(norm, rng):
    stacks = []
    for library, extra in ((nn, {"rng": rng}), (torch.nn, {})):
        layer = library.TransformerEncoderLayer(8, 2, 12, 0.0, **extra)
        stacks.append(library.TransformerEncoder(layer, 2, library.LayerNorm(8) if norm else None))
    ours, theirs = stacks[0].astype(np.float64), stacks[1].double()
    ours.load_state_dict(theirs.state_dict())
    assert list(ours.state_dict()) == list(theirs.state_dict())
    agree(ours, theirs, [(4, 3, 8)], {"mask": ~np.tri(4, dtype=bool), "is_causal": True}, "float64", rng)
