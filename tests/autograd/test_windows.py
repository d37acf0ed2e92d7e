"""Sliding windows: what overlaps is added up, in memory that is not much more than the windows' own."""

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import Tensor, gradients, ops

view = np.lib.stride_tricks.sliding_window_view


def test_each_element_counts_as_often_as_windows_hold_it():
    x = Tensor(np.zeros((4, 5)), requires_grad=True)
    view(x, (2, 3)).sum().backward()
    assert x.grad.data.tolist() == np.outer([1, 2, 2, 1], [1, 2, 3, 2, 1]).tolist()


def test_an_axis_that_slides_twice():
    x = Tensor(np.zeros(5), requires_grad=True)
    out = view(x, (2, 3), axis=(0, 0))
    assert out.shape == (2, 2, 3)
    out.sum().backward()
    assert x.grad.data.tolist() == [1.0, 3.0, 4.0, 3.0, 1.0]


@pytest.mark.parametrize(("n", "k"), [(6, 6), (7, 6), (7, 2), (5, 1)])
def test_few_long_windows_and_many_short_ones(n, k, rng):
    """The shorter of the two is what is looped over."""
    x = Tensor(rng.standard_normal((n, 2)), requires_grad=True)
    out = view(x, k, axis=0)
    weight = rng.standard_normal(out.shape)
    expected = np.zeros((n, 2))
    for p in range(n - k + 1):
        expected[p : p + k] += weight[p].T
    (g,) = gradients(out, [x], gradient=weight)
    np.testing.assert_allclose(g.data, expected, atol=1e-14)


def test_a_window_of_all_is_quick_and_small():
    n = 200_000
    x = Tensor(np.ones(n), requires_grad=True)
    out = view(x, n - 1)
    assert np.shares_memory(out.data, x.data)
    (g,) = gradients(out.sum(), [x])
    assert (g.data[0], g.data[1], g.data[-1]) == (1.0, 2.0, 1.0)


def test_windows_show_a_later_write():
    x = Tensor([1.0, 2.0, 3.0])
    out = view(x, 2)
    x[1] = 7.0
    assert out.data.tolist() == [[1.0, 7.0], [7.0, 3.0]]


def test_windows_cannot_be_written_into():
    x = Tensor([1.0, 2.0, 3.0])
    out = view(x, 2)
    with pytest.raises(ValueError, match="read-only"):
        out[0] = 5.0
    with pytest.raises(TypeError, match="sliding_window_view.*copy them"):
        view(x, 2, writeable=True)


def test_a_moving_average_through_numpys_name():
    x = Tensor([1.0, 2.0, 6.0, 3.0], requires_grad=True)
    assert anp.lib.stride_tricks.sliding_window_view is view
    y = view(x, 2).mean(axis=-1)
    assert y.data.tolist() == [1.5, 4.0, 4.5]
    (g,) = gradients((y * [2.0, 4.0, 8.0]).sum(), [x])
    assert g.data.tolist() == [1.0, 3.0, 6.0, 4.0]


def test_unfold_and_fold_are_transposes(rng):
    settings = ((2, 3), (1, 2), ((1, 0), 2), (2, 1))
    x, y = rng.standard_normal((2, 3, 6, 7)), None
    y = rng.standard_normal(ops.unfold(x, *settings).shape)
    np.testing.assert_allclose((ops.unfold(x, *settings) * y).sum(), (x * ops.fold(y, (6, 7), *settings)).sum())


def test_columns_as_in_pytorch(rng):
    torch = pytest.importorskip("torch")
    x = rng.standard_normal((2, 3, 6, 7))
    for settings in (((2, 3), 1, 0, 1), ((3, 2), (2, 1), (1, 2), (1, 3))):
        columns = torch.nn.functional.unfold(torch.tensor(x), *settings)
        np.testing.assert_array_equal(ops.unfold(x, *settings), columns.numpy())
        folded = torch.nn.functional.fold(columns, (6, 7), *settings)
        np.testing.assert_allclose(ops.fold(columns.numpy(), (6, 7), *settings), folded.numpy())


@pytest.mark.parametrize("call", [lambda x: view(x, 9, axis=0), lambda x: view(x, (2, 2, 2)), lambda x: view(x, -1, 0)])
def test_windows_that_numpy_refuses(call):
    with pytest.raises(ValueError, match="sliding_window_view"):
        call(Tensor(np.ones((3, 4)), requires_grad=True))


def test_an_axis_that_is_not_there():
    with pytest.raises(np.exceptions.AxisError):
        view(Tensor(np.ones(3), requires_grad=True), 2, axis=1)
