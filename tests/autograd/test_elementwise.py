"""Elementwise ops where their formulas divide by zero, jump or meet infinities."""

from __future__ import annotations

import math

import numpy as np
import pytest

from autograd import Tensor, gradients


def slopes(f, *values):
    tensors = [Tensor(v, requires_grad=True) for v in values]
    with np.errstate(all="ignore"):
        return [g.data.tolist() for g in gradients(f(*tensors).sum(), tensors)]


@pytest.mark.parametrize("x", [0.0, 1e-300, 1e-8, -1e-4])
def test_sinc_at_and_near_zero_to_third_order(x):
    """f = 1 - (pi x)^2 / 6 + (pi x)^4 / 120; the quotient's rule gives nan at 0."""
    t = Tensor(x, requires_grad=True)
    (one,) = gradients(np.sinc(t), [t], create_graph=True)
    (two,) = gradients(one, [t], create_graph=True)
    (three,) = gradients(two, [t])
    np.testing.assert_allclose(one.item(), -(math.pi**2) * x / 3 + math.pi**4 * x**3 / 30, rtol=1e-12)
    np.testing.assert_allclose(two.item(), -(math.pi**2) / 3 + math.pi**4 * x**2 / 10, rtol=1e-12)
    np.testing.assert_allclose(three.item(), math.pi**4 * x / 5, rtol=1e-6)


def test_nothing_flows_through_a_number_put_in_place_of_nan_or_infinity():
    x = [1.0, np.nan, np.inf, -np.inf, 0.0]
    assert slopes(lambda x: np.nan_to_num(x, nan=5.0), x) == [[1.0, 0.0, 0.0, 0.0, 1.0]]
    with pytest.raises(TypeError, match="copy=False"):
        np.nan_to_num(Tensor(x, requires_grad=True), copy=False)


def test_logaddexp2_of_infinities():
    assert slopes(np.logaddexp2, [-np.inf, -np.inf], [-np.inf, 2.0]) == [[0.0, 0.0], [0.0, 1.0]]


def test_heaviside_takes_its_second_argument_at_zero():
    assert slopes(lambda y: np.heaviside(np.array([-1.0, 0.0, 2.0]), y), [0.5, 0.5, 0.5]) == [[0.0, 1.0, 0.0]]


def test_a_neighbour_goes_along_with_its_number():
    assert slopes(np.nextafter, [1.0, 2.0], [3.0, 2.0]) == [[1.0, 1.0], [0.0, 0.0]]


def test_copysign_is_flat_at_zero_and_sees_negative_zero():
    assert slopes(np.copysign, [0.0, 2.0, -2.0], [1.0, -0.0, -1.0]) == [[0.0, -1.0, 1.0], [0.0] * 3]


def test_angle_at_zero_is_flat_and_of_reals_too():
    assert slopes(np.angle, [0j, 2 + 0j]) == [[0j, 0.5j]]
    assert slopes(lambda z: np.angle(z, deg=True), [-1.0, 0.0, 2.0]) == [[0.0] * 3]


def test_float_power_at_base_zero():
    assert slopes(np.float_power, [0.0, 0.0, 0.0], [0.0, 1.0, 2.0]) == [[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    assert np.float_power(Tensor(np.ones(2, np.float32), requires_grad=True), 2).dtype == np.float64


def test_constants_by_nature_have_no_gradient():
    x = Tensor([1.5, -0.5, 2.0], requires_grad=True)
    for f in (np.spacing, np.fix, np.around, np.isreal, np.isposinf, np.argwhere, lambda x: np.digitize(x, [0.0, 1.0])):
        np.testing.assert_array_equal(np.asarray(f(x).data), f(x.data))
        assert not f(x).requires_grad
    assert np.isin(x, [2.0]).data.tolist() == [False, False, True]
    assert np.iscomplexobj(x) is False and np.isrealobj(x) is True
