"""Elementwise ops where their formulas divide by zero, jump or meet infinities."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import Tensor, gradients, ops
from autograd.primitive import numpy_functions


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


# ---------------------------------------------------------------------- coverage
def test_every_ufunc_of_numpy_has_a_derivative_or_is_constant():
    """HIPS #788 counts about fifty functions that have neither."""
    ufuncs = {name for name in dir(np) if isinstance(getattr(np, name), np.ufunc)}
    assert {name for name in ufuncs if getattr(np, name) not in numpy_functions} == set()


@pytest.mark.parametrize("name", ["acos", "acosh", "asin", "asinh", "atan", "atanh", "conj", "abs"])
def test_numpys_other_names_are_the_same_functions(name):
    x = Tensor([1.5] if name == "acosh" else [0.5], requires_grad=True)
    assert getattr(np, name)(x).requires_grad
    assert getattr(anp, name) is numpy_functions[getattr(np, name)]
    assert name == "abs" or getattr(ops, name) is getattr(anp, name)


# ---------------------------------------------------------------------- precision
def test_a_quotient_by_a_tiny_float32_has_a_finite_slope():
    """y * y vanishes in float32 for y = 1e-25, where x / y**2 does not overflow for x = 1e-20."""
    x = Tensor(np.float32(1e-20), requires_grad=True)
    y = Tensor(np.float32(1e-25), requires_grad=True)
    assert gradients(x / y, [y])[0].item() == pytest.approx(-1e30, rel=1e-5)


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_arctan2_of_tiny_and_huge_numbers(size):
    found = slopes(np.arctan2, 3 * size, 4 * size)
    np.testing.assert_allclose(np.array(found) * size, [4 / 25, -3 / 25], rtol=1e-14)


def test_fmod_counts_whole_quotients_exactly():
    """1 / 0.1 rounds to 10, but 0.1 is a little more than a tenth: it goes 9 times into 1."""
    assert slopes(lambda y: np.fmod(1.0, y), 0.1) == [-9.0]
    assert slopes(lambda y: np.remainder(1.0, y), 0.1) == [-9.0]


def test_logaddexp_of_large_numbers_keeps_its_digits():
    """exp(x - out) would lose the digits that out lacks."""
    x = 1e9
    found = slopes(np.logaddexp, x, x + 1)
    np.testing.assert_allclose(found, [1 / (1 + math.e), math.e / (1 + math.e)], rtol=1e-14)


def test_logaddexp_of_infinities():
    inf = np.inf
    for f in (np.logaddexp, np.logaddexp2):
        found = slopes(f, [inf, inf, inf, -inf, -inf], [inf, 0.0, -inf, -inf, 0.0])
        assert found == [[0.5, 1.0, 1.0, 0.0, 0.0], [0.5, 0.0, 0.0, 0.0, 1.0]]


def test_arccosh_of_a_large_float32():
    x = Tensor(np.float32(1e20), requires_grad=True)
    assert gradients(np.arccosh(x), [x])[0].item() == pytest.approx(1e-20)


@pytest.mark.parametrize("x", [1.3, -2.1, 0.4])
@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_every_derivative_of_sinc(n, x):
    """x f^(n) + n f^(n-1) = pi^(n-1) sin(pi x + n pi / 2), by n applications of Leibniz's rule to x sinc(x)."""
    left = x * ops.sinc_slope(np.float64(x), n) + n * ops.sinc_slope(np.float64(x), n - 1)
    np.testing.assert_allclose(
        left, math.pi ** (n - 1) * math.sin(math.pi * x + n * math.pi / 2), atol=1e-12 * math.pi**n
    )


# ---------------------------------------------------------------------- kinks and singular points
def curvature(f, *values):
    tensors = [Tensor(v, requires_grad=True) for v in values]
    with np.errstate(all="ignore"):
        first = gradients(f(*tensors).sum(), tensors, create_graph=True)
        second = gradients(sum(g.sum() for g in first), tensors)
    return [g.data.tolist() for g in second]


def test_hypot_and_arctan2_at_the_origin_are_flat_in_second_order_too():
    """PyTorch's atan2 is flat at the origin; JAX's is nan."""
    assert slopes(np.arctan2, 0.0, 0.0) == [0.0, 0.0]
    assert curvature(np.arctan2, [0.0, 1.0], [0.0, 0.0])[0][0] == 0.0
    assert curvature(np.hypot, [0.0, 1.0], [0.0, 0.0]) == [[0.0, 0.0], [0.0, 1.0]]


def test_powers_at_base_zero_in_second_order():
    """d2/dx2 of x**y is y (y - 1) x**(y - 2): 0, 0, 2, 0 for y = 0, 1, 2, 3."""
    for n in range(4):
        assert curvature(lambda x, n=n: x**n + x * x, 0.0) == [2.0 + 2.0 * (n == 2)]
    assert curvature(lambda x: x ** np.arange(4.0), [0.0] * 4) == [[0.0, 0.0, 2.0, 0.0]]
    assert slopes(lambda x: x**0.5, 0.0) == [np.inf]


def test_bases_that_are_numbers():
    y = Tensor(np.array([2.0, 0.0], np.float32), requires_grad=True)
    (g,) = gradients((3**y).sum(), [y])
    np.testing.assert_allclose(g.data, np.log(3.0) * np.array([9.0, 1.0]), rtol=1e-6)
    assert g.dtype == np.float32
    assert slopes(lambda y: 0.0**y, [2.0, 0.0]) == [[0.0, 0.0]]


def test_a_negative_real_base_with_a_complex_exponent():
    """x**y = exp(y log x) with log(-2) = log 2 + i pi."""
    x, y = -2.0, 0.5 + 0.25j
    t = Tensor(y, requires_grad=True)
    (g,) = gradients(np.real(x**t), [t])
    assert np.conj(g.item()) == pytest.approx(cmath.exp(y * cmath.log(x)) * cmath.log(x))


def test_an_infinite_cotangent_does_not_reach_what_nan_to_num_replaced():
    assert slopes(lambda x: np.sqrt(np.nan_to_num(x)), [np.nan, 4.0]) == [[0.0, 0.25]]
    assert slopes(lambda x: np.nan_to_num(np.log(x), neginf=0.0), [0.0, 2.0]) == [[0.0, 0.5]]


def test_nan_to_num_of_the_parts_of_complex_numbers():
    z = Tensor([complex(np.nan, 2.0), complex(1.0, np.inf), 1 + 1j], requires_grad=True)
    (g,) = gradients(np.sum(ops.real(np.nan_to_num(z) * (1 - 1j))), [z])  # the sum of real and imaginary parts
    assert g.data.tolist() == [1j, 1 + 0j, 1 + 1j]


# ---------------------------------------------------------------------- complex numbers
def holomorphic_slope(f, z):
    """f'(z), from the gradient of the real part, which is its conjugate."""
    t = Tensor(z, requires_grad=True)
    return np.conj(gradients(ops.real(f(t)), [t])[0].item())


@pytest.mark.parametrize("below", [False, True])
@pytest.mark.parametrize(
    ("f", "z", "outward"),
    [
        (np.arcsin, 2.0, 1), (np.arcsin, -2.0, 1), (np.arccos, 2.0, 1), (np.arccos, -2.0, 1),
        (np.arctanh, 2.0, 1), (np.arccosh, -2.0, 1), (np.arccosh, 0.5, 1), (np.arcsinh, 2.0, 1j),
        (np.arcsinh, -2.0, 1j), (np.sqrt, -2.0, 1), (np.log, -2.0, 1), (np.log1p, -2.0, 1),
    ],
)  # fmt: skip
def test_slopes_on_branch_cuts_are_those_of_the_side_that_the_sign_of_zero_says(f, z, outward, below):
    zero = -0.0 if below else 0.0
    at, step = complex(z, zero), 1e-5
    if outward == 1j:
        at = complex(zero, z)

    def along(t):
        value = f(np.complex128(complex(at.real + t, zero) if outward == 1 else complex(zero, at.imag + t)))
        return value / outward

    difference = (along(step) - along(-step)) / (2 * step)
    assert holomorphic_slope(f, at) == pytest.approx(difference, rel=1e-7)


def test_arccosh_in_the_left_half_plane():
    """The root of (z - 1) (z + 1) has the wrong sign there; the product of the roots is right."""
    z = -2 + 0.5j
    assert holomorphic_slope(np.arccosh, z) == pytest.approx(1 / cmath.sinh(cmath.acosh(z)))


def test_the_sign_of_a_complex_number_turns_with_it():
    """Along the number itself z / |z| does not move; across it, by the angle."""
    z = 3 + 4j
    t = Tensor(z, requires_grad=True)
    re, im = (gradients(part(np.sign(t)), [t])[0].item() for part in (ops.real, ops.imag))

    def moved(dz):
        return complex((np.conj(re) * dz).real, (np.conj(im) * dz).real)

    assert moved(z) == pytest.approx(0)
    assert moved(1j * z) == pytest.approx(1j * z / abs(z))
    assert slopes(lambda x: ops.real(np.sign(x)), [0j]) == [[0j]]


def test_the_sign_of_a_real_number_is_constant_with_every_keyword():
    x = Tensor([-2.0, 0.0, 3.0], requires_grad=True)
    assert not np.sign(x).requires_grad
    assert np.sign(x, dtype=np.float32).dtype == np.float32
    out = Tensor(np.zeros(3))
    assert np.sign(x, out=out) is out and out.data.tolist() == [-1.0, 0.0, 1.0]


def test_real_if_close_keeps_what_is_complex():
    z = Tensor([1 + 1e-20j, 2.0], requires_grad=True)
    assert np.real_if_close(z).dtype == np.float64
    assert slopes(np.real_if_close, [1 + 1e-20j]) == [[1 + 0j]]
    assert np.real_if_close(Tensor([1 + 1j], requires_grad=True)).dtype == np.complex128
    assert np.real_if_close(Tensor([1.0], requires_grad=True)).requires_grad


def test_emath_leaves_the_real_line_only_where_it_must():
    assert slopes(np.emath.sqrt, [4.0]) == [[0.25]]
    assert slopes(lambda x: ops.imag(np.emath.sqrt(x)), [-4.0, 1.0]) == [[-0.25, 0.0]]
    assert slopes(lambda x: ops.imag(np.emath.log(x)), [-4.0]) == [[0.0]]
    assert np.emath.sqrt(Tensor(np.float32(-1.0), requires_grad=True)).dtype == np.complex64
    assert slopes(lambda x: np.emath.power(x, -1), [2.0]) == [[-0.25]]


# ---------------------------------------------------------------------- parts of numbers
def test_the_parts_of_a_number_take_its_slope():
    x = [2.75, -2.75]
    assert slopes(lambda x: np.modf(x)[0], x) == [[1.0, 1.0]]
    assert slopes(lambda x: np.divmod(x, 2.0)[1], x) == [[1.0, 1.0]]
    assert slopes(lambda x: np.frexp(x)[0], x) == [[0.25, 0.25]]
    t = Tensor(x, requires_grad=True)
    for f in (np.modf, np.frexp):
        for found, expected in zip(f(t), f(t.data), strict=True):
            np.testing.assert_array_equal(found.data, expected)
            assert found.dtype == expected.dtype
    assert [part.data.tolist() for part in divmod(t, 2)] == [[1.0, -2.0], [0.75, 1.25]]
    assert not np.divmod(t, 2.0)[0].requires_grad and not np.frexp(t)[1].requires_grad


def test_frexp_and_ldexp_undo_each_other_to_the_smallest_number():
    x = Tensor([5e-324, 0.0, np.inf, 1e300], requires_grad=True)
    again = np.ldexp(*np.frexp(x))
    np.testing.assert_array_equal(again.data, x.data)
    assert gradients(again[3], [x])[0].data.tolist() == [0.0, 0.0, 0.0, 1.0]
    with pytest.raises(TypeError):
        np.ldexp(x, Tensor([1.0], requires_grad=True))


def test_two_results_go_to_where_out_says():
    x = Tensor([2.75, -2.75], requires_grad=True)
    fraction, whole = Tensor(np.zeros(2)), np.zeros(2)
    first, second = np.modf(x, out=(fraction, whole))
    assert first is fraction and second is whole
    assert fraction.data.tolist() == [0.75, -0.75] and whole.tolist() == [2.0, -2.0]
    assert gradients(fraction.sum(), [x])[0].data.tolist() == [1.0, 1.0]
    with pytest.raises(TypeError, match="would be lost"):
        np.modf(x, out=(np.zeros(2), np.zeros(2)))


def test_degrees_and_radians():
    for f, slope in ((np.degrees, 180 / math.pi), (np.rad2deg, 180 / math.pi), (np.radians, math.pi / 180)):
        np.testing.assert_allclose(slopes(f, [1.0, 2.0]), [[slope, slope]], rtol=1e-15)
