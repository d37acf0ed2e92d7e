"""DLPack: memory shared with NumPy and PyTorch in both directions, and never a gradient lost."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import GradError, Tensor, asarray, from_dlpack, gradients, no_grad


class Old:
    """A consumer's view of a tensor by DLPack before 1.0, which cannot say that memory is read-only."""

    def __init__(self, tensor, **options):
        self.tensor, self.options = tensor, options

    def __dlpack_device__(self):
        return self.tensor.__dlpack_device__()

    def __dlpack__(self, **_):
        return self.tensor.__dlpack__(**self.options)


DTYPES = [bool, np.int8, np.int64, np.uint16, np.float16, np.float32, np.float64, np.complex64, np.complex128]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (3,), (0, 2), (2, 3, 1)])
def test_numpy_reads_a_tensor_without_a_copy(dtype, shape):
    t = Tensor(np.ones(shape, dtype))
    a = np.from_dlpack(t)
    assert a.dtype == t.dtype and a.shape == shape and not a.flags.writeable
    np.testing.assert_array_equal(a, t.data)
    if a.size:
        assert np.shares_memory(a, t.data)
    with pytest.raises(ValueError, match="read-only"):
        a[...] = 0


def test_strides_are_kept():
    t = Tensor(np.arange(12.0).reshape(3, 4))
    for view in (t.T, t[::-1, 1::2], t[1]):
        a = np.from_dlpack(view)
        assert a.strides == view.data.strides and np.shares_memory(a, t.data)
        assert a.tolist() == view.tolist()


def test_a_copy_is_the_consumers_own():
    t = Tensor([1.0, 2.0])
    a = np.from_dlpack(t, copy=True)
    a[0] = 9.0
    assert t.tolist() == [1.0, 2.0]
    assert np.shares_memory(np.from_dlpack(t, copy=False), t.data)


def test_an_old_consumer_gets_a_copy():
    t = Tensor([1.0, 2.0])
    for options in ({}, {"max_version": (0, 8)}, {"copy": True}):
        a = np.from_dlpack(Old(t, **options))
        a = a if a.flags.writeable else a.copy()
        a[0] = 9.0
        assert t.tolist() == [1.0, 2.0]


def test_memory_that_an_old_consumer_insists_on_counts_as_written():
    x = Tensor([1.0, 2.0], requires_grad=True)
    w = Tensor([3.0, 4.0])
    before = (x * w).sum()
    a = np.from_dlpack(Old(w, copy=False))
    assert np.shares_memory(a, w.data)
    with pytest.raises(GradError, match="writ"):
        before.backward()


def test_a_tensor_with_a_gradient_is_refused():
    x = Tensor([1.0, 2.0], requires_grad=True)
    for t in (x, x * 2):
        for export in (np.from_dlpack, from_dlpack, lambda t: t.__dlpack__(copy=True)):
            with pytest.raises(BufferError, match="detach"):
                export(t)
    assert np.from_dlpack(x.detach()).tolist() == [1.0, 2.0]


def test_what_a_processor_cannot_do_is_refused():
    t = Tensor([1.0])
    assert t.__dlpack_device__() == (1, 0) and t.device == "cpu"
    t.__dlpack__(dl_device=(1, 0))
    with pytest.raises(BufferError, match=r"\(2, 0\)"):
        t.__dlpack__(dl_device=(2, 0))
    with pytest.raises(ValueError, match="no stream"):
        t.__dlpack__(stream=1)
    with pytest.raises(ValueError, match="'cuda'"):
        from_dlpack(np.ones(2), device="cuda")
    with pytest.raises(TypeError, match="list has no __dlpack__"):
        from_dlpack([1.0])


@pytest.mark.parametrize("make", [from_dlpack, asarray])
def test_a_write_outside_is_seen_and_never_changes_a_gradient(make):
    a = np.array([1.0, 2.0])
    t = make(a)
    x = Tensor([5.0, 6.0], requires_grad=True)
    loss = (x * t).sum()
    a[0] = 100.0
    assert t.tolist() == [100.0, 2.0]
    (g,) = gradients(loss, [x])
    assert g.tolist() == [1.0, 2.0]
    with no_grad():
        t[1] = 7.0
    assert a.tolist() == [100.0, 7.0]
    with pytest.raises(GradError, match="shared"):
        t[0] = x[0]


def test_from_dlpack_of_numpy():
    a = np.array([1.0, 2.0])
    copied = from_dlpack(a, copy=True)
    a[0] = 5.0
    assert copied.tolist() == [1.0, 2.0]
    scalar = np.array(3.0)
    t = from_dlpack(scalar)
    scalar[...] = 4.0
    assert t.shape == () and t.item() == 4.0
    fixed = np.ones(2)
    fixed.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        from_dlpack(fixed)[0] = 2.0


def test_from_dlpack_of_a_tensor():
    t = Tensor([1.0, 2.0])
    same, copied = from_dlpack(t), from_dlpack(t, copy=True)
    assert np.shares_memory(same.data, t.data) and not np.shares_memory(copied.data, t.data)


def test_torch_in_both_directions():
    torch = pytest.importorskip("torch")
    t = Tensor(np.arange(6.0).reshape(2, 3))
    for given in (t, t.T, t[:, 1], Tensor([1, 2]), Tensor([True]), Tensor([1 + 2j]), Tensor(np.float32(3.0))):
        there = torch.from_dlpack(given)
        assert there.tolist() == given.tolist() and there.data_ptr() == given.data.__array_interface__["data"][0]
    u = torch.arange(4.0)
    back = from_dlpack(u)
    u[0] = 7.0
    assert back.tolist() == [7.0, 1.0, 2.0, 3.0] and back.dtype == np.float32
    x = Tensor(np.ones(4, np.float32), requires_grad=True)
    loss = (x * back).sum()
    u.zero_()
    assert gradients(loss, [x])[0].tolist() == [7.0, 1.0, 2.0, 3.0]
    with pytest.raises(BufferError):
        from_dlpack(torch.ones(2, requires_grad=True))
    with pytest.raises(BufferError):
        from_dlpack(torch.ones(2, dtype=torch.bfloat16))
