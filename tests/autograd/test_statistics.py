"""Conventions of sorting, interpolation, padding and statistics: ties, NaN, ends, repeated indices."""

from __future__ import annotations

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import Tensor, gradients


def grad(f, x):
    x = Tensor(np.array(x, float), requires_grad=True)
    (g,) = gradients(f(x).sum(), [x])
    return g.data.tolist()


def test_nan_is_left_out_and_gets_no_gradient():
    x = [1.0, np.nan, 3.0]
    assert grad(anp.nansum, x) == [1.0, 0.0, 1.0]
    assert grad(anp.nanmean, x) == [0.5, 0.0, 0.5]
    assert grad(anp.nanmax, x) == [0.0, 0.0, 1.0]
    assert grad(anp.nanmin, x) == [1.0, 0.0, 0.0]


def test_equal_largest_share():
    assert grad(anp.nanmax, [2.0, np.nan, 2.0]) == [0.5, 0.0, 0.5]


def test_the_middle_of_an_even_number_is_shared():
    assert grad(anp.median, [4.0, 1.0, 3.0, 2.0]) == [0.0, 0.0, 0.5, 0.5]
    assert np.isnan(anp.median(Tensor([1.0, np.nan])).item())


def test_sorting_equal_elements_keeps_their_order():
    assert grad(lambda x: anp.sort(x) * [1.0, 2.0, 3.0], [1.0, 1.0, 0.0]) == [2.0, 3.0, 1.0]


def test_repeats_add_up():
    assert grad(lambda x: anp.repeat(x, [0, 3]), [1.0, 2.0]) == [0.0, 3.0]
    assert grad(lambda x: anp.pad(x, 2, mode="edge"), [1.0, 2.0]) == [3.0, 3.0]
    assert grad(lambda x: anp.pad(x, 2), [1.0, 2.0]) == [1.0, 1.0]


def test_interpolation_at_a_point_that_comes_twice():
    points = [0.0, 1.0, 1.0]
    assert anp.interp(Tensor([1.0, 2.0]), points, [1.0, 2.0, 3.0]).data.tolist() == [3.0, 3.0]
    assert grad(lambda fp: anp.interp([1.0], points, fp), [1.0, 2.0, 3.0]) == [0.0, 0.0, 1.0]


@pytest.mark.parametrize(
    "f",
    [
        lambda x: anp.pad(x, 1, mode="mean"),
        lambda x: anp.pad(x, 1, constant_values=(x, x)),
        lambda x: anp.quantile(x, Tensor(0.5)),
        lambda x: anp.quantile(x, 0.5, method="nearest"),
        lambda x: anp.interp(x, x, x, period=2.0),
        lambda x: anp.cov(x, aweights=[1, 2]),
    ],
)
def test_what_has_no_derivative_is_refused(f):
    with pytest.raises(TypeError, match=r"pad|quantile|interp|cov"):
        f(Tensor([1.0, 2.0], requires_grad=True))
