"""Initialisers: their definitions as facts about matrices and numbers, and PyTorch's constants."""

import math

import numpy as np
import pytest

import nn
from nn import init


def weight(*shape):
    return nn.Parameter(np.full(shape, np.nan))


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (6, 2, 3), (2, 3, 2, 2)])
def test_orthogonal_rows_or_columns(shape, rng):
    w = init.orthogonal_(weight(*shape), gain=2.0, rng=rng).data.reshape(shape[0], -1).astype(float)
    small = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(small, 4 * np.eye(min(w.shape)), atol=1e-6)


def test_orthogonal_matrices_lean_to_no_side(rng):
    mean = np.mean([init.orthogonal_(weight(3, 3), rng=rng).data for _ in range(3000)], axis=0)
    assert abs(mean).max() < 5 / math.sqrt(3 * 3000)  # of QR alone the diagonal would be negative


def test_truncated_normals_stay_inside_and_keep_the_shape(rng):
    w = init.trunc_normal_(weight(300, 200), 1.0, 2.0, 0.0, 4.0, rng=rng).data
    assert w.min() >= 0 and w.max() <= 4
    low, high = -0.5, 1.5  # in deviations
    phi = lambda t: math.exp(-t * t / 2) / math.sqrt(2 * math.pi)  # noqa: E731
    mass = (math.erf(high / math.sqrt(2)) - math.erf(low / math.sqrt(2))) / 2
    assert w.mean() == pytest.approx(1 + 2 * (phi(low) - phi(high)) / mass, abs=0.02)
    with pytest.raises(ValueError, match="next to nothing"):
        init.trunc_normal_(weight(2), 0.0, 1.0, 9.0, 10.0)


def test_sparse_columns_have_their_zeros(rng):
    w = init.sparse_(weight(10, 7), 0.25, std=0.5, rng=rng).data
    assert ((w == 0).sum(axis=0) == 3).all()  # the ceiling of 2.5
    assert len({tuple(np.flatnonzero(c == 0)) for c in w.T}) > 1
    assert init.sparse_(weight(400, 100), 0.5, std=0.5, rng=rng).data.std() == pytest.approx(
        0.5 / math.sqrt(2), rel=0.05
    )


@pytest.mark.parametrize(("axes", "groups"), [(1, 1), (2, 2), (3, 1)])
def test_dirac_keeps_the_channels(axes, groups, rng):
    layer = getattr(nn, f"Conv{axes}d")(4, 4, 3, padding=1, groups=groups, bias=False, rng=rng)
    init.dirac_(layer.weight, groups)
    x = rng.normal(size=(2, 4, *[5] * axes)).astype(np.float32)
    np.testing.assert_array_equal(layer(x).data, x)


def test_eye_keeps_the_vector(rng):
    layer = nn.Linear(3, 3, bias=False)
    init.eye_(layer.weight)
    x = rng.normal(size=(2, 3)).astype(np.float32)
    np.testing.assert_array_equal(layer(x).data, x)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: init.eye_(weight(2)), r"eye_: a tensor of two axes is wanted, not shape \(2,\)"),
        (lambda: init.sparse_(weight(2, 2), 1.5), "sparsity must lie between 0 and 1"),
        (lambda: init.dirac_(weight(2, 2)), "three to five axes"),
        (lambda: init.dirac_(weight(3, 2, 1), 2), "3 output channels do not fall into 2 groups"),
        (lambda: init.orthogonal_(weight(3)), "at least two axes"),
    ],
)
def test_what_initialisers_refuse(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_gains_and_whole_numbers_are_pytorchs():
    torch = pytest.importorskip("torch", reason="PyTorch is the peer")
    for name in init.GAINS:
        assert init.calculate_gain(name) == pytest.approx(torch.nn.init.calculate_gain(name), rel=1e-15)
    for slope in (None, 0.0, 0.3):
        assert init.calculate_gain("leaky_relu", slope) == torch.nn.init.calculate_gain("leaky_relu", slope)
    for shape, groups in (((6, 2, 3, 4), 3), ((2, 5, 2), 1), ((5, 3, 1, 2, 3), 1)):
        expected = torch.nn.init.dirac_(torch.empty(*shape), groups).numpy()
        assert np.array_equal(init.dirac_(weight(*shape), groups).data, expected)
    for shape in ((2, 3), (3, 2)):
        assert np.array_equal(init.eye_(weight(*shape)).data, torch.nn.init.eye_(torch.empty(*shape)).numpy())
    zeros = (torch.nn.init.sparse_(torch.empty(10, 4), 0.25) == 0).sum(0)
    assert zeros.tolist() == (init.sparse_(weight(10, 4), 0.25).data == 0).sum(0).tolist()
