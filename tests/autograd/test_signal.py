"""`autograd.scipy.signal`: SciPy's results, and HIPS autograd's axes."""

import numpy as np
import pytest

from autograd import Tensor, gradients
from autograd.scipy.signal import convolve, correlate, fftconvolve

SHAPES = [((4,), (3,)), ((2,), (5,)), ((3,), (4,)), ((4, 5), (3, 2)), ((4, 2), (3, 5)), ((1, 1), (3, 4)), ((5,), (5,))]


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize("name", ["convolve", "correlate", "fftconvolve"])
def test_as_in_scipy(name, shapes, mode, rng):
    signal = pytest.importorskip("scipy.signal")
    f, g = {"convolve": convolve, "correlate": correlate, "fftconvolve": fftconvolve}[name], getattr(signal, name)
    for scale in (1, 1j):
        a, b = rng.standard_normal(shapes[0]), rng.standard_normal(shapes[1]) * scale
        try:
            expected = g(a, b, mode)
        except ValueError:
            with pytest.raises(ValueError, match="neither lies within the other"):
                f(a, b, mode=mode)
            return
        np.testing.assert_allclose(f(a, b, mode=mode), expected, atol=1e-13)


@pytest.mark.parametrize("mode", ["full", "valid"])
def test_axes_as_in_hips(mode, rng):
    """out[a, b, k] = sum over d, i + j = k of A[a, i, d] B[j, d, b], the smaller one within the larger one."""
    A, B = rng.standard_normal((2, 3, 4)), rng.standard_normal((5, 4, 6))
    full = np.zeros((2, 6, 7))
    for i in range(3):
        for j in range(5):
            full[:, :, i + j] += np.einsum("ad,db->ab", A[:, i], B[j])
    found = convolve(A, B, axes=[(1,), (0,)], dot_axes=[(2,), (1,)], mode=mode)
    np.testing.assert_allclose(found, full if mode == "full" else full[:, :, 2:5], atol=1e-13)


def test_nothing_that_slides_is_a_product(rng):
    A, B = rng.standard_normal((2, 3)), rng.standard_normal((3, 4))
    np.testing.assert_allclose(convolve(A, B, axes=[(), ()], dot_axes=[(1,), (0,)]), A @ B)


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("f", [convolve, correlate, fftconvolve])
def test_gradients_are_transposes(f, mode, rng):
    A, B = rng.standard_normal((5, 4)), rng.standard_normal((2, 3))
    a, b = Tensor(A, requires_grad=True), Tensor(B, requires_grad=True)
    out = f(a, b, mode=mode)
    weight = rng.standard_normal(out.shape)
    ga, gb = gradients(out, [a, b], gradient=weight)
    by_a = [np.sum(weight * f(e.reshape(5, 4), B, mode=mode)) for e in np.eye(20)]
    by_b = [np.sum(weight * f(A, e.reshape(2, 3), mode=mode)) for e in np.eye(6)]
    np.testing.assert_allclose(ga.data.ravel(), by_a, atol=1e-13)
    np.testing.assert_allclose(gb.data.ravel(), by_b, atol=1e-13)


def test_transforms_along_some_axes_broadcast_over_the_others(rng):
    a, b = rng.standard_normal((3, 7)), rng.standard_normal((1, 4))
    expected = [np.convolve(row, b[0], "same") for row in a]
    np.testing.assert_allclose(fftconvolve(a, b, "same", axes=-1), expected, atol=1e-14)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda a: convolve(a, a, mode="middle"), "'full', 'valid' or 'same'"),
        (lambda a: convolve(a, a, axes=[(0,), (0, 1)]), "as many axes"),
        (lambda a: convolve(a, a, axes=[(0, 0), (0, 1)]), "come twice"),
        (lambda a: convolve(a, a[:, :1], axes=[(0,), (0,)], dot_axes=[(1,), (1,)]), "differ along"),
        (lambda a: convolve(a, a[:0]), "no elements"),
        (lambda a: fftconvolve(a, a[0]), "ranks"),
    ],
)
def test_what_does_not_fit(call, words):
    with pytest.raises(ValueError, match=words):
        call(Tensor(np.ones((2, 3)), requires_grad=True))
