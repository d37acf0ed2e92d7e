"""einops on Tensors: values and gradients, whichever package is imported first."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from autograd import Tensor, gradients

einops = pytest.importorskip("einops")


@pytest.mark.parametrize(
    "f",
    [
        lambda x: einops.rearrange(x, "a b c -> c (b a)"),
        lambda x: einops.rearrange(x, "a b (c d) -> (a c) d b", d=2),
        lambda x: einops.rearrange([x, x], "n a b c -> a (n b) c"),
        lambda x: einops.reduce(x, "a b c -> b", "sum"),
        lambda x: einops.reduce(x, "a b c -> a 1 c", "mean"),
        lambda x: einops.reduce(x, "a b (c d) -> a c", "max", d=2),
        lambda x: einops.reduce(x, "a b c -> c", "min"),
        lambda x: einops.reduce(x, "a b c -> ", "prod"),
        lambda x: einops.repeat(x, "a b c -> (a d) b c e", d=2, e=3),
        lambda x: einops.einsum(x, np.arange(8.0).reshape(4, 2), "a b c, c d -> a d"),
        lambda x: einops.einsum(x, x, "a b c, a b c -> a"),
        lambda x: einops.pack([x, x[:, 0]], "a * c")[0],
        lambda x: einops.unpack(x, [(1,), (2,)], "a * c")[1],
    ],
)
def test_values_and_gradients(f, rng):
    x = Tensor(rng.normal(size=(2, 3, 4)), requires_grad=True)
    found = f(x)
    expected = f(np.asarray(x.data))
    assert isinstance(found, Tensor) and found.requires_grad
    np.testing.assert_array_equal(found.data, expected)
    weights = rng.normal(size=found.shape)
    (g,) = gradients((found * weights).sum(), [x])
    step = rng.normal(size=x.shape) * 1e-6
    moved = (f(x.data + step) * weights).sum() - (f(x.data - step) * weights).sum()
    np.testing.assert_allclose((g.data * step).sum(), moved / 2, rtol=1e-5, atol=1e-14)


def test_float32_stays_and_the_mean_of_integers_is_refused():
    assert einops.reduce(Tensor(np.ones((2, 3), np.float32)), "a b -> a", "mean").dtype == np.float32
    with pytest.raises(NotImplementedError, match="not available for non-floating"):
        einops.reduce(Tensor([[1, 2]]), "a b -> a", "mean")


def test_einops_array_api(rng):
    from einops import array_api

    x = Tensor(rng.normal(size=(2, 3)), requires_grad=True)
    (g,) = gradients(array_api.reduce(x, "a b -> a", "mean").sum(), [x])
    np.testing.assert_allclose(g.data, np.full((2, 3), 1 / 3))


@pytest.mark.parametrize("first", ["import autograd, einops", "import einops, autograd"])
def test_whichever_is_imported_first(first):
    program = f"{first}\nprint(einops.rearrange(autograd.Tensor([[1, 2]]), 'a b -> b a').tolist())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[[1], [2]]"


def test_numpys_arrays_and_errors_stay_einops_own():
    assert type(einops.rearrange(np.ones((2, 3)), "a b -> b a")) is np.ndarray
    with pytest.raises(einops.EinopsError):
        einops.rearrange(Tensor(np.ones((2, 3))), "a b c -> a")
