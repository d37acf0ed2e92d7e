"""RotaryEmbedding against rotations by complex numbers, its defining property, and PyTorch."""

import numpy as np
import pytest

import nn
from autograd import Tensor
from autograd.testing import check_grads

TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 2048}


def turned(x, positions, frequencies, interleaved):
    """The pairs as complex numbers times exp(i p f)."""
    half = x.shape[-1] // 2
    a, b = (x[..., ::2], x[..., 1::2]) if interleaved else (x[..., :half], x[..., half:])
    z = (a + 1j * b) * np.exp(1j * np.asarray(positions)[..., None] * frequencies)
    if interleaved:
        return np.stack([z.real, z.imag], axis=-1).reshape(x.shape)
    return np.concatenate([z.real, z.imag], axis=-1)


@pytest.mark.parametrize("interleaved", [False, True])
@pytest.mark.parametrize("offset", [0, 3, 1000])
def test_pairs_are_turned_as_complex_numbers(interleaved, offset, rng):
    x = rng.normal(size=(2, 3, 5, 8))
    rope = nn.RotaryEmbedding(8, base=500.0, interleaved=interleaved)
    expected = turned(x, offset + np.arange(5), 500.0 ** (-np.arange(4) / 4), interleaved)
    np.testing.assert_allclose(rope(x, offset=offset).data, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("interleaved", [False, True])
def test_positions_are_each_tokens_own(interleaved, rng):
    x = rng.normal(size=(2, 3, 4, 6))
    positions = np.array([[0, 1, 2, 3], [7, 7, 0, 90]])
    rope = nn.RotaryEmbedding(6, interleaved=interleaved)
    expected = turned(x, positions[:, None], rope.frequencies, interleaved)
    np.testing.assert_allclose(rope(x, positions=positions[:, None]).data, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("interleaved", [False, True])
@pytest.mark.parametrize("scaling", [None, 2.0, LLAMA3])
def test_products_depend_on_the_distance_alone(interleaved, scaling, rng):
    rope = nn.RotaryEmbedding(16, interleaved=interleaved, scaling=scaling)
    q, k = rng.normal(size=(2, 1, 16))
    near = (rope(q, offset=9) @ rope(k, offset=4).mT).item()
    far = (rope(q, offset=2009) @ rope(k, offset=2004).mT).item()
    assert abs(near - far) < 1e-10
    assert abs(near - (rope(q, offset=8) @ rope(k, offset=4).mT).item()) > 1e-3


def test_a_token_at_a_time_is_all_at_once(rng):
    x = rng.normal(size=(2, 70, 4)).astype(np.float32)
    rope = nn.RotaryEmbedding(4)
    steps = [rope(x[:, i : i + 1], offset=i).data for i in range(70)]
    assert np.array_equal(np.concatenate(steps, axis=1), nn.RotaryEmbedding(4)(x).data)


def test_whole_numbers_are_turned_too():
    np.testing.assert_allclose(nn.RotaryEmbedding(2)(np.array([[1, 0]]), offset=1).data, [[np.cos(1), np.sin(1)]])


@pytest.mark.parametrize("interleaved", [False, True])
def test_derivatives_are_those_of_differences(interleaved, rng):
    rope = nn.RotaryEmbedding(4, interleaved=interleaved)
    assert check_grads(lambda x: rope(x, offset=2), rng.normal(size=(2, 3, 4)), order=2).ok


def test_linear_scaling_divides_positions(rng):
    x = rng.normal(size=(1, 1, 8))
    expected = nn.RotaryEmbedding(8)(x, offset=3).data
    for scaling in (4.0, {"type": "linear", "factor": 4.0}):
        np.testing.assert_allclose(nn.RotaryEmbedding(8, scaling=scaling)(x, offset=12).data, expected, atol=1e-12)


def test_llama3_keeps_quick_pairs_and_slows_slow_ones():
    plain = nn.RotaryEmbedding(128, base=500000.0).frequencies
    scaled = nn.RotaryEmbedding(128, base=500000.0, scaling=LLAMA3).frequencies
    wavelength = 2 * np.pi / plain
    quick, slow = wavelength < 8192 / 4, wavelength > 8192
    assert quick.any() and slow.any() and (~quick & ~slow).any()
    np.testing.assert_allclose(scaled[quick], plain[quick], rtol=1e-15)
    np.testing.assert_allclose(scaled[slow], plain[slow] / 8, rtol=1e-15)
    smooth = ((8192 / wavelength - 1) / (4 - 1))[~quick & ~slow]
    mixed = (1 - smooth) * plain[~quick & ~slow] / 8 + smooth * plain[~quick & ~slow]
    np.testing.assert_allclose(scaled[~quick & ~slow], mixed, rtol=1e-13)


def test_yarn_keeps_quick_pairs_slows_slow_ones_and_sharpens():
    plain = nn.RotaryEmbedding(64).frequencies
    rope = nn.RotaryEmbedding(64, scaling=YARN)
    turns = 2048 * plain / (2 * np.pi)
    ratio = rope.frequencies / plain
    np.testing.assert_allclose(ratio[turns > 64], 1.0, rtol=1e-15)
    np.testing.assert_allclose(ratio[turns < 0.5], 0.25, rtol=1e-15)
    assert np.all(np.diff(ratio) <= 0)
    assert rope.amplitude == pytest.approx(0.1 * np.log(4) + 1)
    norm = np.linalg.norm(rope(np.ones((3, 64))).data, axis=-1)
    np.testing.assert_allclose(norm, 8 * rope.amplitude)


def test_yarns_options_are_followed():
    """The pairs between are mixed along a straight line from 32 turns to 1, in numbers of pairs."""
    ends = [64 * np.log(2048 / (2 * np.pi * turns)) / (2 * np.log(10000.0)) for turns in (32, 1)]
    plain = nn.RotaryEmbedding(64).frequencies
    for truncate, (first, last) in ((False, ends), (True, (np.floor(ends[0]), np.ceil(ends[1])))):
        rope = nn.RotaryEmbedding(64, scaling=YARN | {"truncate": truncate, "rope_theta": 10000.0})
        slowed = np.clip((np.arange(32) - first) / (last - first), 0, 1)
        np.testing.assert_allclose(rope.frequencies, (1 - slowed) * plain + slowed * plain / 4, rtol=1e-12)
    sharper = nn.RotaryEmbedding(64, scaling=YARN | {"mscale": 1.0, "mscale_all_dim": 0.5})
    assert sharper.amplitude == pytest.approx((0.1 * np.log(4) + 1) / (0.05 * np.log(4) + 1))
    assert nn.RotaryEmbedding(64, scaling=YARN | {"attention_factor": 1.5}).amplitude == 1.5
    wide = nn.RotaryEmbedding(64, scaling=YARN | {"beta_fast": 1e9, "beta_slow": 1e-9}).frequencies / plain
    assert wide[0] == 1 and np.all(wide[1:] < 1) and np.all(wide > 0.25)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("interleaved", [False, True])
def test_values_and_gradients_are_pytorchs(interleaved, dtype, rng):
    torch = pytest.importorskip("torch", reason="PyTorch is the peer")
    array, weights = rng.normal(size=(2, 2, 3, 5, 8)).astype(dtype)
    x, t = Tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
    angle = torch.arange(4, 9, dtype=torch.float64)[:, None] * 10000.0 ** (-torch.arange(4, dtype=torch.float64) / 4)
    cos, sin = angle.cos().to(t.dtype), angle.sin().to(t.dtype)
    a, b = (t[..., ::2], t[..., 1::2]) if interleaved else t.chunk(2, dim=-1)
    parts = [a * cos - b * sin, a * sin + b * cos]
    expected = torch.stack(parts, -1).flatten(-2) if interleaved else torch.cat(parts, -1)
    y = nn.RotaryEmbedding(8, interleaved=interleaved)(x, offset=4)
    (y * Tensor(weights)).sum().backward()
    (expected * torch.tensor(weights)).sum().backward()
    assert y.dtype == dtype
    for a, b in [(y.data, expected.detach()), (x.grad.data, t.grad)]:
        np.testing.assert_allclose(a, b.numpy(), rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: nn.RotaryEmbedding(5), ValueError, "dim must be even"),
        (lambda: nn.RotaryEmbedding(4, base=0), ValueError, "base must be positive"),
        (lambda: nn.RotaryEmbedding(4, scaling=0.0), ValueError, "factor must be positive"),
        (lambda: nn.RotaryEmbedding(4, scaling={"type": "su"}), ValueError, "no scaling 'su'; there are"),
        (
            lambda: nn.RotaryEmbedding(4, scaling={"type": "yarn", "factor": 2}),
            ValueError,
            "original_max_position_embeddings",
        ),
        (lambda: nn.RotaryEmbedding(4, scaling=YARN | {"factr": 2}), ValueError, "'yarn' got .*factr"),
        (lambda: nn.RotaryEmbedding(4, scaling=LLAMA3 | {"rope_theta": 5e5}), ValueError, "another base"),
        (lambda: nn.RotaryEmbedding(4)(np.ones((3, 6))), ValueError, r"\(3, 6\), wanted \(\.\.\., tokens, 4\)"),
        (lambda: nn.RotaryEmbedding(4)(np.ones((3, 4)), offset=-1), ValueError, "offset must be at least 0"),
        (lambda: nn.RotaryEmbedding(4)(np.ones((3, 4)), positions=[0.0, 1, 2]), TypeError, "must be integers"),
        (lambda: nn.RotaryEmbedding(4)(np.ones((3, 4)), positions=[-1, 1, 2]), ValueError, "at least 0"),
        (lambda: nn.RotaryEmbedding(4)(np.ones((3, 4)), positions=[1, 2]), ValueError, r"\(2,\) do not broadcast"),
    ],
)
def test_what_is_wrong_is_said(call, error, words):
    with pytest.raises(error, match=words):
        call()
