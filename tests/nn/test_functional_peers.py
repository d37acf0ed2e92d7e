"""The functions of `nn.functional` take PyTorch's arguments and give its values and gradients."""

import numpy as np
import pytest

import nn
from autograd import Tensor
from nn import functional as F

torch = pytest.importorskip("torch", reason="PyTorch is the peer")
T = torch.nn.functional

TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
CALLS = [
    *[(f"conv{n}d", [(2, 4, *[5] * n), (6, 2, *[3] * n), (6,)], (2, 1, 1, 2), {}) for n in (1, 2, 3)],
    *[(f"conv_transpose{n}d", [(2, 4, *[3] * n), (4, 3, *[2] * n), (6,)], (2, 1, 1, 2), {}) for n in (1, 2, 3)],
    *[(f"max_pool{n}d", [(2, 3, *[6] * n)], (3, 2, 1), {"ceil_mode": True}) for n in (1, 2, 3)],
    *[(f"avg_pool{n}d", [(3, *[6] * n)], (3, 2, 1, True, False), {}) for n in (1, 2, 3)],
    *[(f"adaptive_{kind}_pool{n}d", [(2, 3, *[7] * n)], (3,), {}) for n in (1, 2, 3) for kind in ("avg", "max")],
    *[(f"lp_pool{n}d", [(2, 3, *[6] * n)], (2, 3, 2), {}) for n in (1, 2, 3)],
    ("channel_shuffle", [(2, 6, 4, 3)], (3,), {}),
    ("interpolate", [(2, 3, 5, 4)], (), {"scale_factor": 2, "mode": "bilinear"}),
    ("pixel_shuffle", [(2, 8, 3, 2)], (2,), {}),
    ("pixel_unshuffle", [(2, 2, 4, 6)], (2,), {}),
    ("pad", [(2, 3, 5)], ((1, 2, -1, 3),), {"value": 2.0}),
    ("pad", [(2, 3, 5)], ((4, 2),), {"mode": "reflect"}),
    ("unfold", [(2, 3, 4, 5)], (2,), {"padding": 1}),
    ("fold", [(2, 12, 9)], ((4, 4), 2), {}),
    ("layer_norm", [(3, 4, 5)], ((4, 5),), {}),
    ("rms_norm", [(3, 4, 5)], ((5,),), {}),
    ("group_norm", [(3, 4, 5)], (2,), {}),
    ("instance_norm", [(3, 4, 5)], (), {}),
    ("bilinear", [(5, 2, 3), (5, 2, 4), (6, 3, 4), (6,)], (), {}),
    ("cosine_similarity", [(3, 4, 5), (3, 4, 5)], (), {}),
    ("cosine_similarity", [(3, 4), (1, 4)], (), {"dim": -1}),
    ("pairwise_distance", [(3, 4), (3, 4)], (), {}),
    ("pairwise_distance", [(3, 4), (3, 4)], (), {"p": 1.0, "keepdim": True}),
    ("pairwise_distance", [(4,), (4,)], (), {"p": 3.5}),
    ("normalize", [(3, 4, 2)], (), {}),
    ("normalize", [(3, 4)], (), {"p": 1.0, "dim": 0}),
    ("prelu", [(3, 4, 2), (4,)], (), {}),
    ("softmin", [(3, 4)], (), {"dim": 0}),
    ("threshold", [(3, 4)], (0.1, 2.0), {}),
]  # fmt: skip


def agree(ours, theirs, tolerance):
    scale = max(1.0, float(theirs.detach().abs().max()))
    np.testing.assert_allclose(ours.data, theirs.detach().numpy(), rtol=tolerance, atol=tolerance * scale)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(("name", "shapes", "args", "options"), CALLS, ids=lambda x: x if isinstance(x, str) else "")
def test_functions_are_pytorchs(name, shapes, args, options, dtype, rng):
    arrays = [rng.normal(size=shape).astype(dtype) for shape in shapes]
    xs = [Tensor(a, requires_grad=True) for a in arrays]
    ts = [torch.tensor(a, requires_grad=True) for a in arrays]
    y, t = getattr(F, name)(*xs, *args, **options), getattr(T, name)(*ts, *args, **options)
    weights = rng.normal(size=y.shape).astype(dtype)
    (y * Tensor(weights)).sum().backward()
    (t * torch.tensor(weights)).sum().backward()
    assert y.dtype == dtype and y.shape == t.shape
    agree(y, t, TOLERANCE[dtype])
    for x, peer in zip(xs, ts, strict=True):
        agree(x.grad, peer.grad, TOLERANCE[dtype])


@pytest.mark.parametrize("training", [True, False])
def test_batch_norm_moves_the_running_statistics_in_place(training, rng):
    x, mean, var = rng.normal(size=(5, 3, 4)), rng.normal(size=3), rng.uniform(1, 2, 3)
    weight, bias = rng.normal(size=3), rng.normal(size=3)
    peers = [torch.tensor(a) for a in (x, mean, var, weight, bias)]
    y = F.batch_norm(Tensor(x), mean, var, Tensor(weight), Tensor(bias), training, 0.3)
    agree(y, T.batch_norm(*peers, training, 0.3), 1e-12)
    np.testing.assert_allclose(mean, peers[1].numpy(), rtol=1e-12)
    np.testing.assert_allclose(var, peers[2].numpy(), rtol=1e-12)


@pytest.mark.parametrize("name", ["embedding", "one_hot"])
def test_lookups_are_pytorchs(name, rng):
    tokens = rng.integers(0, 5, (2, 3))
    if name == "one_hot":
        assert np.array_equal(F.one_hot(tokens, 6), T.one_hot(torch.tensor(tokens), 6).numpy())
        return
    table = rng.normal(size=(5, 4))
    w, u = Tensor(table, requires_grad=True), torch.tensor(table, requires_grad=True)
    y, t = F.embedding(tokens, w, padding_idx=2), T.embedding(torch.tensor(tokens), u, padding_idx=2)
    (y * y).sum().backward(), (t * t).sum().backward()
    agree(y, t, 1e-12)
    agree(w.grad, u.grad, 1e-12)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    ("name", "args", "shapes"),
    [
        ("Bilinear", (3, 4, 5), [(2, 3), (2, 4)]),
        ("CosineSimilarity", (), [(3, 4), (3, 4)]),
        ("PairwiseDistance", (1.0,), [(3, 4), (3, 4)]),
    ],
)
def test_layers_of_two_inputs_are_pytorchs(name, args, shapes, dtype, rng):
    ours, theirs = getattr(nn, name)(*args).astype(dtype), getattr(torch.nn, name)(*args)
    theirs = theirs.to(getattr(torch, dtype))
    ours.load_state_dict(theirs.state_dict())
    arrays = [rng.normal(size=shape).astype(dtype) for shape in shapes]
    xs = [Tensor(a, requires_grad=True) for a in arrays]
    ts = [torch.tensor(a, requires_grad=True) for a in arrays]
    y, t = ours(*xs), theirs(*ts)
    (y * y).sum().backward(), (t * t).sum().backward()
    pairs = [(y, t), *((x.grad, u.grad) for x, u in zip(xs, ts, strict=True))]
    pairs += [(p.grad, q.grad) for p, q in zip(ours.parameters(), theirs.parameters(), strict=True)]
    for a, b in pairs:
        agree(a, b, TOLERANCE[dtype])
