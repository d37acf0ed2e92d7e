"""Fourier transforms: their transposes as matrices, real gradients of real input, and the calls that NumPy refuses."""

import warnings

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import Tensor, gradients
from autograd.op import table

NORMS = (None, "backward", "ortho", "forward")
COMPLEX = ("fft", "ifft")


def matrix(f, n, length, dtype):
    """The matrix of a transform of `length` elements, column by column."""
    return np.stack([f(column) for column in np.eye(length, dtype=dtype)], axis=1)


def gradient(f, x, weight):
    """That of Re(sum(weight f(x)))."""
    t = Tensor(x, requires_grad=True)
    out = f(t)
    (g,) = gradients(out, [t], gradient=np.conj(weight))
    return g.data


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("n", [None, 1, 4, 5, 8, 9])
@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "ihfft"])
def test_the_gradient_of_real_input_is_the_real_part_of_the_transpose(name, n, norm, rng):
    x = rng.standard_normal(6)
    f = getattr(np.fft, name)
    m = matrix(lambda column: f(column, n, norm=norm), n, 6, float)
    w = rng.standard_normal(len(m)) + 1j * rng.standard_normal(len(m))
    g = gradient(lambda t: f(t, n, norm=norm), x, w)
    assert g.dtype == np.float64
    np.testing.assert_allclose(g, np.real(m.T @ w), atol=1e-13)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("n", [None, 1, 2, 4, 5, 8, 9])
@pytest.mark.parametrize("name", ["irfft", "hfft"])
def test_the_gradient_of_a_half_spectrum_has_both_its_parts(name, n, norm, rng):
    x = rng.standard_normal(4) + 1j * rng.standard_normal(4)
    f = getattr(np.fft, name)
    columns = matrix(lambda column: f(column, n, norm=norm), n, 4, complex)
    turned = np.stack([f(1j * column, n, norm=norm) for column in np.eye(4)], axis=1)
    w = rng.standard_normal(len(columns))
    g = gradient(lambda t: f(t, n, norm=norm), x, w)
    np.testing.assert_allclose(g, columns.T @ w + 1j * (turned.T @ w), atol=1e-13)


def test_imaginary_parts_that_are_not_looked_at_get_nothing():
    for n, blind in ((6, [0, 3]), (5, [0])):
        g = gradient(lambda t, n=n: np.fft.irfft(t, n), np.ones(n // 2 + 1, complex), np.arange(1.0, n + 1))
        assert np.flatnonzero(g.imag == 0).tolist() == blind


def test_parseval():
    x = Tensor([1.0, -2.0, 0.5], requires_grad=True)
    (anp.abs(np.fft.fft(x)) ** 2).sum().backward()
    np.testing.assert_allclose(x.grad.data, 2 * 3 * x.data, rtol=1e-14)


def test_an_axis_that_comes_twice_is_transformed_twice(rng):
    x = rng.standard_normal((4, 3))
    for s, axes in (((5, 2), (0, 0)), ((2, 6), (0, -2)), ((3, 4, 2), (0, 1, 0))):
        w = rng.standard_normal(np.fft.fftn(x, s, axes).shape)
        g = gradient(lambda t, s=s, axes=axes: np.fft.fftn(t, s, axes), x, w)
        expected = [np.sum(w * np.fft.fftn(e.reshape(4, 3), s, axes)).real for e in np.eye(12)]
        np.testing.assert_allclose(g.ravel(), expected, atol=1e-13)


@pytest.mark.parametrize("name", ["fftn", "ifftn", "rfftn", "fft2", "rfft2"])
def test_lengths_of_minus_one_take_the_whole_axis(name, rng):
    x = rng.standard_normal((4, 5))
    f = getattr(np.fft, name)
    out = f(Tensor(x, requires_grad=True), s=(-1, 3), axes=(0, 1))
    np.testing.assert_allclose(out.data, f(x, s=(-1, 3), axes=(0, 1)))


def test_a_round_trip_is_the_identity(rng):
    w = rng.standard_normal((3, 5))
    for there, back, arguments in (
        (np.fft.rfft2, np.fft.irfft2, {"s": (3, 5)}),
        (np.fft.rfftn, np.fft.irfftn, {"s": (3, 5), "axes": (0, 1), "norm": "ortho"}),
        (np.fft.fftshift, np.fft.ifftshift, {}),
        (np.fft.ihfft, np.fft.hfft, {"n": 5}),
    ):
        g = gradient(lambda t, there=there, back=back, k=arguments: back(there(t, **k), **k), np.ones((3, 5)), w)
        np.testing.assert_allclose(g, w, atol=1e-14)


def test_the_second_derivative_of_a_power_spectrum_is_constant():
    x = Tensor([1.0, 3.0, -1.0, 2.0], requires_grad=True)
    (first,) = gradients((anp.abs(np.fft.rfft(x)) ** 2).sum(), [x], create_graph=True)
    rows = [gradients(first[i], [x], retain_graph=True)[0].data for i in range(4)]
    # |X_0|^2 + |X_1|^2 + |X_2|^2 = 2 sum x^2 + ((sum x)^2 + (sum (-1)^j x)^2) / 2
    signs = (-1.0) ** np.arange(4)
    np.testing.assert_allclose(rows, 4 * np.eye(4) + 1 + np.outer(signs, signs), atol=1e-13)


def test_no_warning_and_no_double_precision_in_single():
    x = Tensor([1.0, 3.0, -1.0], requires_grad=True, dtype=np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = np.fft.fft(x)
        assert y.dtype == np.complex64
        (first,) = gradients((y.real**2).sum(), [x], create_graph=True)
        (second,) = gradients(first.sum(), [x])
        assert first.dtype == second.dtype == np.float32
        assert gradients(np.fft.irfft(np.fft.rfft(x), 3).sum(), [x])[0].dtype == np.float32


def test_every_rule_is_a_transform_of_the_cotangent():
    """A rule that built a matrix would show its size: here it would have 2^40 elements."""
    n = 1 << 20
    for name in ("fft", "rfft"):
        x = Tensor(np.ones(n), requires_grad=True)
        out = getattr(np.fft, name)(x)
        (g,) = gradients(out, [x], gradient=np.eye(1, out.size, dtype=complex)[0])
        np.testing.assert_array_equal(g.data, np.ones(n))


def test_frequencies_are_constants():
    assert isinstance(anp.fft.fftfreq(4), np.ndarray)
    d = Tensor(0.5, requires_grad=True)
    np.fft.rfftfreq(4, d).sum().backward()
    assert d.grad.item() == -(0 + 1 + 2) / (4 * 0.25)


def test_names_and_results_as_in_numpy():
    x = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    for name in ("fft", "ifft", "rfft", "ihfft", "fft2", "ifftn", "rfftn"):
        assert getattr(anp.fft, name) is not getattr(np.fft, name)
        np.testing.assert_allclose(getattr(anp.fft, name)(a=x).data, getattr(np.fft, name)(x.data))
        assert isinstance(getattr(anp.fft, name)(x.data), np.ndarray)
    out = Tensor(np.zeros((2, 2), complex))
    assert np.fft.fft(x, out=out) is out
    np.testing.assert_allclose(out.data, np.fft.fft(x.data))
    (g,) = gradients(out.real.sum(), [x])
    np.testing.assert_allclose(g.data, [[2.0, 0.0], [2.0, 0.0]])


def test_no_axes_change_nothing():
    x = Tensor([1.0, 2.0], requires_grad=True)
    (g,) = gradients((np.fft.fftn(x, axes=()) * [3.0, 4.0]).sum(), [x])
    assert g.data.tolist() == [3.0, 4.0]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: np.fft.fft(x, axis=2), np.exceptions.AxisError, "fft.*axis 2"),
        (lambda x: np.fft.fft(x[0, 0]), IndexError, "fft"),
        (lambda x: np.fft.fft(x, 0), ValueError, "fft.*0"),
        (lambda x: np.fft.fft(x, norm="both"), ValueError, "both"),
        (lambda x: np.fft.hfft(x, norm="both"), ValueError, "hfft.*'ortho'"),
        (lambda x: np.fft.rfft(x * 1j), TypeError, "rfft"),
        (lambda x: np.fft.irfft(x[:, :1]), ValueError, "irfft.*give n"),
        (lambda x: np.fft.fftn(x, s=(2,), axes=(0, 1)), ValueError, "1 lengths for 2 axes"),
        (lambda x: np.fft.rfftn(x, axes=()), IndexError, "at least one axis"),
        (lambda x: np.fft.fftn(x, axes=(0, 5)), np.exceptions.AxisError, "axis 5"),
        (lambda x: np.fft.fft(x, n=Tensor(2.0, requires_grad=True)), TypeError, "'n'"),
    ],
)
def test_what_numpy_refuses_is_refused_in_its_class(call, error, words):
    with pytest.raises(error, match=words):
        call(Tensor(np.ones((2, 3)), requires_grad=True))


def test_all_of_numpys_transforms_are_there():
    from autograd.primitive import numpy_functions

    missing = [n for n in np.fft.__all__ if getattr(np.fft, n) not in numpy_functions]
    assert sorted(missing) == ["fftfreq", "rfftfreq"]
    assert all(table[name].linear == "all" for name in ("fft", "ifft", "rfft", "irfft", "fftshift", "ifftshift"))


def test_an_empty_half_spectrum_is_that_of_zeros():
    """numpy.fft.irfft of an empty axis returns uninitialised memory."""
    x = Tensor(np.zeros((2, 0)), requires_grad=True)
    for f in (np.fft.irfft, np.fft.hfft):
        out = f(x, 3)
        assert out.data.tolist() == [[0.0] * 3] * 2
        assert gradients(out.sum(), [x])[0].shape == (2, 0)
    assert np.fft.irfft(Tensor(np.zeros((0, 2)), requires_grad=True), 3, axis=0).data.tolist() == [[0.0, 0.0]] * 3
