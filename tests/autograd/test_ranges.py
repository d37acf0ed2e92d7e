"""Evenly spaced numbers: NumPy's values to the bit at the ends, and gradients of the ends."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import Tensor, gradients


@pytest.fixture
def ends():
    return Tensor(1.0, requires_grad=True), Tensor(4.0, requires_grad=True)


def grads(out, *tensors):
    return [g.data.tolist() for g in gradients(out.sum(), tensors)]


def test_each_number_is_shared_between_the_ends(ends):
    out = np.linspace(*ends, 4)
    assert out.data.tolist() == [1.0, 2.0, 3.0, 4.0]
    np.testing.assert_allclose(grads(out * [1.0, 10.0, 100.0, 1000.0], *ends), [1 + 20 / 3 + 100 / 3, 1070])
    assert grads(np.linspace(*ends, 3, endpoint=False), *ends) == [2.0, 1.0]
    assert grads(np.linspace(0.0, ends[1], 1), ends[1]) == [0.0]
    assert np.linspace(*ends).shape == (50,) and np.linspace(*ends, 0).shape == (0,)


def test_the_distance_of_neighbours_has_a_gradient(ends):
    out, step = np.linspace(*ends, 4, retstep=True)
    assert step.item() == 1.0
    np.testing.assert_allclose(grads(step, *ends), [-1 / 3, 1 / 3])
    assert np.isnan(np.linspace(*ends, 1, retstep=True)[1])


def test_dtypes_and_axes(ends):
    whole = np.linspace(*ends, 3, dtype=int)
    assert whole.data.tolist() == [1, 2, 4] and whole.dtype == int and whole._node is None
    assert np.linspace(*ends, 3, dtype=np.float32).dtype == np.float32
    rows = Tensor([[0.0, 1.0]], requires_grad=True)
    for axis in (0, 1, -1):
        out = np.linspace(rows, [[2.0], [4.0]], 3, axis=axis)
        np.testing.assert_array_equal(out.data, np.linspace(rows.data, [[2.0], [4.0]], 3, axis=axis))
        assert grads(out, rows) == [[[3.0, 3.0]]]
    with pytest.raises(ValueError, match="linspace"):
        np.linspace(*ends, -1)
    with pytest.raises(TypeError, match="linspace"):
        np.linspace(*ends, 2.5)


def test_powers_of_a_base_that_has_a_gradient(ends):
    base = Tensor([2.0, 3.0], requires_grad=True)
    out = np.logspace(*ends, 4, base=base)
    np.testing.assert_allclose(out.data, np.logspace(1.0, 4.0, 4, base=base.data))
    p = np.arange(1.0, 5.0)[:, None]
    np.testing.assert_allclose(grads(out, base), [(p * base.data ** (p - 1)).sum(0)])


@pytest.mark.parametrize("pair", [(1.0, 1000.0), (-1.0, -8.0), (1e-300, 1e300), (1j, -8.0 + 0j)])
def test_geometric_sequences_end_exactly(pair):
    a, b = (Tensor(v, requires_grad=True) for v in pair)
    out = np.geomspace(a, b, 4)
    np.testing.assert_allclose(out.data, np.geomspace(*pair, 4), rtol=1e-12)
    assert out.data[0] == pair[0] and np.isclose(out.data[-1], pair[1], rtol=1e-15)
    ga, gb = gradients(out, [a, b], gradient=np.array([0.0, 1.0, 0.0, 0.0]))
    slopes = np.conj([2 / 3 * out.data[1] / pair[0], 1 / 3 * out.data[1] / pair[1]])  # y = a^(2/3) b^(1/3)
    np.testing.assert_allclose([ga.item(), gb.item()], slopes, rtol=1e-9)


def test_no_geometric_sequence_includes_zero(ends):
    with pytest.raises(ValueError, match="zero"):
        np.geomspace(ends[0], 0.0)
