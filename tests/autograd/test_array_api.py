"""The array API standard on Tensors: what of it NumPy lacks, gradients through it, and what is refused."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import autograd.array_api as xp
from autograd import Tensor, asarray, gradients


@pytest.fixture
def x():
    return Tensor([[3.0, 1.0, 2.0], [1.0, 1.0, 5.0]], requires_grad=True)


def test_the_namespace_of_a_tensor(x):
    assert x.__array_namespace__() is xp and x.__array_namespace__(api_version="2024.12") is xp
    assert xp.__array_api_version__ == "2024.12"
    with pytest.raises(ValueError, match="2050.12"):
        x.__array_namespace__(api_version="2050.12")
    assert x.device == "cpu" and x.to_device("cpu") is x
    with pytest.raises(ValueError, match="'cuda'"):
        x.to_device("cuda")
    info = xp.__array_namespace_info__()
    assert info.devices() == ["cpu"] and info.default_dtypes()["real floating"] == xp.float64
    assert sorted(info.dtypes()) == sorted(
        n for n in xp.__all__ if n == "bool" or n[-2:] in ("16", "32", "64", "28", "t8")
    )


def test_every_name_is_there_and_callable():
    for name in xp.__all__:
        assert hasattr(xp, name)
    for module in (xp.linalg, xp.fft):
        assert all(callable(getattr(module, name)) for name in module.__all__)
    assert len(xp.linalg.__all__) == 23 and len(xp.fft.__all__) == 14


CREATED = {
    "arange": (3,), "asarray": ([1.0, 2.0],), "empty": ((2, 3),), "eye": (2, 3), "full": ((2,), 7),
    "linspace": (0, 1, 5), "ones": ((2, 2),), "zeros": (3,), "zeros_like": (np.ones(2),),
    "ones_like": (np.ones((), np.float32),), "empty_like": (np.ones(2, int),), "full_like": (np.ones(2), 3),
}  # fmt: skip


@pytest.mark.parametrize("name", CREATED)
def test_creation_functions_give_constant_tensors(name):
    found = getattr(xp, name)(*CREATED[name])
    expected = getattr(np, name)(*CREATED[name])
    assert type(found) is Tensor or name == "asarray"
    assert isinstance(found, Tensor) and not found.requires_grad
    assert found.dtype == expected.dtype and found.shape == expected.shape
    if "empty" not in name:
        np.testing.assert_array_equal(found.data, expected)
    assert getattr(xp, name)(*CREATED[name], dtype=xp.float32).dtype == np.float32
    assert "device" in inspect.signature(getattr(xp, name)).parameters
    with pytest.raises(ValueError, match="device 'cpu'"):
        getattr(xp, name)(*CREATED[name], device="cuda")


def test_arange_of_one_and_more():
    assert xp.arange(3).tolist() == [0, 1, 2] and xp.arange(1, 3).tolist() == [1, 2]
    assert xp.arange(6, 0, -2).tolist() == [6, 4, 2] and xp.arange(3, step=2).tolist() == [0, 2]


def test_gradients_flow_through_creation(x):
    assert gradients(xp.sum(xp.full((2, 3), x[0, 0])), [x])[0][0, 0].item() == 6.0
    assert gradients(xp.sum(xp.full_like(x, x[0, 0])), [x])[0][0, 0].item() == 6.0
    t = x[0, 0]
    assert gradients(xp.sum(xp.asarray([[t, t], [t, 1.0]])), [x])[0][0, 0].item() == 3.0
    assert asarray([[t, 1.0], [2.0, t]]).tolist() == [[3.0, 1.0], [2.0, 3.0]]
    assert gradients(xp.sum(xp.tril(x)), [x])[0].tolist() == [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]]
    assert xp.meshgrid(t, t)[0].requires_grad


def test_asarray_shares_or_copies(x):
    a = np.ones(3)
    shared, copied = xp.asarray(a), xp.asarray(a, copy=True)
    a[0] = 5.0
    assert shared.tolist() == [5.0, 1.0, 1.0] and copied.tolist() == [1.0, 1.0, 1.0]
    assert np.shares_memory(xp.asarray(a, copy=False).data, a)
    for given, dtype in ((a, xp.float32), ([1.0], None)):
        with pytest.raises(ValueError, match="without a copy"):
            xp.asarray(given, dtype=dtype, copy=False)
    assert xp.asarray(x) is x and xp.asarray(x, copy=False) is x
    copy = xp.asarray(x, copy=True)
    assert copy is not x and copy.requires_grad and not np.shares_memory(copy.data, x.data)


def test_what_numpy_lacks(x):
    assert xp.sort(x, descending=True).tolist() == [[3.0, 2.0, 1.0], [5.0, 1.0, 1.0]]
    assert xp.argsort(x, descending=True).tolist() == [[0, 2, 1], [2, 0, 1]]  # equals keep their order
    assert xp.argsort(x, axis=0, descending=True).tolist() == [[0, 0, 1], [1, 1, 0]]
    (g,) = gradients(xp.sum(xp.sort(x, descending=True)[:, 0]), [x])
    assert g.tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    assert [v.tolist() for v in xp.unstack(x, axis=1)] == [[3.0, 1.0], [1.0, 1.0], [2.0, 5.0]]
    assert xp.unstack(x)[0].requires_grad
    assert xp.fft.fftfreq(4, d=0.5, dtype=xp.float32).dtype == np.float32
    assert xp.fft.rfftfreq(4).tolist() == [0.0, 0.25, 0.5]
    assert type(xp.meshgrid(x[0], x[1])) is list and type(xp.broadcast_arrays(x, x[0])) is list
    assert xp.std(x, correction=1).item() == pytest.approx(np.std(x.data, ddof=1))
    assert xp.count_nonzero(x - 1, axis=0, keepdims=True).tolist() == [[1, 0, 2]]
    with pytest.raises(ValueError, match="without axes"):
        xp.unstack(x[0, 0])


def test_bounds_of_clip_have_gradients():
    x, low, high = (Tensor(v, requires_grad=True) for v in ([0.0, 1.5, 9.0], 1.0, 2.0))
    found = xp.clip(x, low, high)
    assert found.tolist() == [1.0, 1.5, 2.0]
    assert [g.tolist() for g in gradients(xp.sum(found), [x, low, high])] == [[0.0, 1.0, 0.0], 1.0, 1.0]
    assert [g.tolist() for g in gradients(xp.sum(xp.clip(x, max=high)), [x, high])] == [[1.0, 1.0, 0.0], 1.0]


def test_dtypes(x):
    info = xp.finfo(Tensor([1.0], dtype=np.complex64))
    assert info.bits == 32 and type(info.eps) is float and info.eps == 2.0**-23 and info.dtype == np.float32
    assert xp.finfo(xp.float64).smallest_normal == 2.0**-1022
    assert xp.iinfo(Tensor([1], dtype=np.int8))[1:3] == (127, -128) and type(xp.iinfo("uint64").max) is int
    assert xp.result_type(Tensor([1], dtype=np.int8), 2) == np.int8
    assert xp.result_type(x, Tensor(1.0, dtype=np.float32)) == np.float64
    assert xp.can_cast(x, xp.float32) is False and xp.can_cast(xp.int8, xp.int16) is True
    assert xp.isdtype(x.dtype, ("integral", "real floating"))
    assert xp.astype(x, xp.float64, copy=False) is x and xp.astype(x, xp.float32).requires_grad


def test_sums_in_another_dtype_cast_first():
    t = Tensor([-1, 2, 3])
    assert xp.sum(t, dtype=xp.uint8).dtype == np.uint8 and xp.sum(t, dtype=xp.uint8).item() == 4
    assert xp.cumulative_sum(t, dtype=xp.uint8, include_initial=True).tolist() == [0, 255, 1, 4]
    assert xp.prod(t, dtype=xp.float32).dtype == np.float32
    assert np.sum(Tensor(np.array([200, 100], np.uint8)), dtype=np.uint8) == 44
    assert xp.vecdot(Tensor(np.array([20, 20], np.uint8)), Tensor(np.array([10, 10], np.uint8))).dtype == np.uint8


def test_reshape_without_a_copy(x):
    t = x.detach()
    assert np.shares_memory(xp.reshape(t, (6,), copy=False).data, t.data)
    assert not np.shares_memory(xp.reshape(t, (6,), copy=True).data, t.data)
    with pytest.raises(ValueError, match="without a copy"):
        xp.reshape(t.T, (6,), copy=False)


def test_errors_are_clear(x):
    with pytest.raises(ValueError, match="needs axis="):
        xp.take(x, xp.asarray([0]))
    with pytest.raises(ValueError, match="three elements"):
        xp.linalg.cross(x[:, :2], x[:, :2])
    with pytest.raises(ValueError, match="two vectors"):
        xp.linalg.outer(x, x)


def test_linalg(x, rng):
    a = Tensor(rng.normal(size=(2, 3, 3)), requires_grad=True)
    spd = a @ a.mT + 3 * np.eye(3)
    np.testing.assert_allclose(
        xp.linalg.cholesky(spd, upper=True).data, np.linalg.cholesky(spd.data).swapaxes(-1, -2), atol=1e-12
    )
    np.testing.assert_allclose(xp.linalg.trace(a, offset=1).data, np.trace(a.data, 1, -2, -1))
    np.testing.assert_allclose(xp.linalg.matrix_norm(a).data, np.linalg.norm(a.data, axis=(-2, -1)))
    np.testing.assert_allclose(xp.linalg.pinv(a).data, np.linalg.inv(a.data), rtol=1e-8)
    assert xp.linalg.matrix_rank(a).tolist() == [3, 3]
    assert xp.linalg.diagonal(a).shape == (2, 3)
    (g,) = gradients(xp.sum(xp.linalg.trace(a)), [a])
    np.testing.assert_array_equal(g.data, np.broadcast_to(np.eye(3), (2, 3, 3)))


def test_a_program_for_any_library(rng):
    """Softmax regression written for the standard alone: the same on NumPy's arrays, with gradients on Tensors."""

    def loss(w, x, y):
        xp = w.__array_namespace__()
        z = x @ w
        z = z - xp.max(z, axis=-1, keepdims=True)
        logp = z - xp.log(xp.sum(xp.exp(z), axis=-1, keepdims=True))
        return -xp.mean(xp.take_along_axis(logp, y[:, None], axis=-1))

    w, x, y = rng.normal(size=(4, 3)), rng.normal(size=(5, 4)), np.array([0, 2, 1, 1, 0])
    t = Tensor(w, requires_grad=True)
    found = loss(t, Tensor(x), Tensor(y))
    assert found.item() == pytest.approx(loss(w, x, y))
    (g,) = gradients(found, [t])
    p = np.exp(x @ w) / np.exp(x @ w).sum(1, keepdims=True)
    np.testing.assert_allclose(g.data, x.T @ (p - np.eye(3)[y]) / 5, atol=1e-12)
