"""Every adapter against the same closed forms, and how one is found."""

import importlib.util
import os
import sys

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from autograd import Tensor
from autograd.testing.libraries import Library, library_of
from autograd.testing.libraries.plain import Plain

X, Y = np.array([0.5, 1.0, 2.0, 3.0])[::2][::-1], np.array(2.0)
G, H = np.array([1.0, -2.0]), np.array(0.5)
NAMES = ("glassgrad", "torch", "jax", "hips", "mygrad")


def hips_is_there():
    return os.path.isdir(os.environ.get("GLASSGRAD_HIPS", ""))


def namespace(name):
    """The library's functions under NumPy's names."""
    if name == "glassgrad":
        return anp
    if name == "hips":
        if not hips_is_there():
            pytest.skip("GLASSGRAD_HIPS names no folder")
        from autograd.testing.libraries.hips import loaded

        return loaded().numpy
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    return importlib.import_module("jax.numpy" if name == "jax" else name)


@pytest.fixture(params=NAMES)
def made(request):
    space = namespace(request.param)
    return library_of((), request.param), space


def both(space):
    return lambda x, y: (space.sin(x) * y, space.sum(x * x) * y)


def test_reverse(made):
    library, space = made
    outputs, pull = library.vjp(both(space), [X, Y])
    np.testing.assert_allclose(outputs[0], np.sin(X) * Y)
    np.testing.assert_allclose(outputs[1], np.sum(X * X) * Y)
    for _ in range(2):  # it may be called again
        dx, dy = pull([G, H])
        np.testing.assert_allclose(dx, G * np.cos(X) * Y + H * 2 * X * Y)
        np.testing.assert_allclose(dy, G @ np.sin(X) + H * np.sum(X * X))
        assert isinstance(dx, np.ndarray) and dx.shape == X.shape


def test_no_path_and_integers(made):
    library, _ = made
    i = np.arange(2)
    _, pull = library.vjp(lambda i, x, y: x * i, [i, X, Y])
    di, dx, dy = pull([G])
    assert di is None
    np.testing.assert_array_equal(dx, G * i)
    assert dy is None or not np.any(dy)


def test_nothing_to_differentiate(made):
    library, _ = made
    outputs, pull = library.vjp(lambda x: library.constant(np.ones(2)), [X])
    np.testing.assert_array_equal(outputs[0], np.ones(2))
    (dx,) = pull([G])
    assert dx is None or not np.any(dx)


def test_forward(made):
    library, space = made
    if "forward" not in library.modes:
        with pytest.raises(NotImplementedError, match=f"{library.name} has no forward mode"):
            library.jvp(both(space), [X, Y], [G, H])
        return
    outputs, slopes = library.jvp(both(space), [X, Y], [G, H])
    np.testing.assert_allclose(outputs[0], np.sin(X) * Y)
    np.testing.assert_allclose(slopes[0], np.cos(X) * G * Y + np.sin(X) * H)
    np.testing.assert_allclose(slopes[1], 2 * X @ G * Y + np.sum(X * X) * H)


def test_second_order(made):
    library, space = made
    if "second" not in library.modes:
        with pytest.raises(NotImplementedError, match=f"{library.name} has no second derivatives"):
            library.gradient(both(space), 2)
        return
    first = library.gradient(both(space), 2)
    at = [X, Y, G, H]
    plain = [library.numpy(v) for v in first(*map(library.constant, at))]
    np.testing.assert_allclose(plain[0], G * np.cos(X) * Y + H * 2 * X * Y)
    _, pull = library.vjp(lambda *v: first(*v)[0], at)
    dx, dy, dg, dh = pull([np.ones(2)])
    np.testing.assert_allclose(dx, -G * np.sin(X) * Y + 2 * H * Y)
    np.testing.assert_allclose(dy, np.sum(G * np.cos(X) + H * 2 * X))
    np.testing.assert_allclose(dg, np.cos(X) * Y)
    np.testing.assert_allclose(dh, np.sum(2 * X * Y))
    _, (slope, _) = library.jvp(first, at, [np.ones(2), np.zeros(()), np.zeros(2), np.zeros(())])
    np.testing.assert_allclose(slope, -G * np.sin(X) * Y + 2 * H * Y)


def test_complex_convention(made):
    """The gradient of the loss Re(conj(g) f(z)) is conj(f'(z)) g; forward is f'(z) t."""
    library, _ = made
    if library.name == "mygrad":
        pytest.skip("MyGrad has no complex numbers")
    z, g, t = np.array([1.0 + 2.0j]), np.array([0.5 - 1.0j]), np.array([2.0 + 1.0j])
    np.testing.assert_allclose(library.vjp(lambda z: z * z, [z])[1]([g])[0], np.conj(2 * z) * g)
    np.testing.assert_allclose(library.jvp(lambda z: z * z, [z], [t])[1][0], 2 * z * t)
    first = library.gradient(lambda z: z * z, 1)
    np.testing.assert_allclose(library.numpy(first(library.constant(z), library.constant(g))[0]), np.conj(2 * z) * g)
    np.testing.assert_allclose(library.vjp(lambda z, g: first(z, g)[0], [z, g])[1]([t])[0], 2 * np.conj(t) * g)


def test_memory_and_layout(made):
    """What cannot be shared is copied: read-only arrays, negative strides, 0-d arrays, empty ones."""
    library, _ = made
    locked = np.arange(3.0)
    locked.flags.writeable = False
    for array in (locked, X, Y, np.zeros((0, 2)), np.arange(6.0).reshape(2, 3).T):
        back = library.numpy(library.constant(array))
        np.testing.assert_array_equal(back, array)
        assert back.shape == array.shape
        np.testing.assert_array_equal(library.vjp(lambda x: x * 2.0, [array])[1]([np.ones(array.shape)])[0], 2.0)


def test_found_by_its_arrays():
    assert library_of([np.ones(2), 1.0, "axis", None]).name == "glassgrad"
    assert library_of([[Tensor(1.0)], {"a": 2}]).name == "glassgrad"
    for name in ("torch", "jax", "mygrad"):
        if importlib.util.find_spec(name):
            array = library_of((), name).constant(np.ones(2))
            assert library_of([1.0, [np.ones(2), array]]) is library_of((), name)
            with pytest.raises(TypeError, match=f"glassgrad and {name}"):
                library_of([Tensor(1.0), array])
            assert library_of([Tensor(1.0), array], "glassgrad").name == "glassgrad"


def test_own_library_is_taken_as_it_is():
    own = Library()
    assert library_of([Tensor(1.0)], own) is own
    with pytest.raises(ValueError, match="no adapter is called 'theano': there are glassgrad, torch"):
        library_of((), "theano")


def test_missing_library_says_what_to_install(monkeypatch):
    from autograd.testing.libraries import hips, jax, mygrad, torch

    for module, kind in (("torch", torch.Torch), ("jax", jax.Jax), ("mygrad", mygrad.Mygrad)):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, module, None)
            with pytest.raises(ImportError, match=f"pip install {module}"):
                kind()
    monkeypatch.setenv("GLASSGRAD_HIPS", "nowhere")
    with pytest.raises(ImportError, match=r"pip install --target FOLDER .*GLASSGRAD_HIPS"):
        hips._folder()


def test_hips_leaves_our_modules_alone():
    namespace("hips")
    from autograd.testing.libraries.hips import loaded

    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "autograd"}
    loaded.cache_clear()
    theirs = loaded()
    assert {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "autograd"} == before
    assert theirs is not autograd and sys.modules["autograd"] is autograd and hasattr(theirs, "make_vjp")


def test_by_hand():
    f, g = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    made = Plain(vjp=lambda c, x, y: (c * y, None), jvp=lambda s, t, x, y: s * y + x * t)
    assert made.modes == {"reverse", "forward"}
    outputs, pull = made.vjp(lambda x, y: x * y, [f, g])
    np.testing.assert_array_equal(outputs[0], f * g)
    dx, dy = pull([np.ones(2)])
    np.testing.assert_array_equal(dx, g)
    assert dy is None
    np.testing.assert_array_equal(made.jvp(lambda x, y: x * y, [f, g], [g, f])[1][0], g * g + f * f)
    with pytest.raises(ValueError, match="the vjp returned 1 gradients for 2 arguments"):
        Plain(vjp=lambda c, x, y: c).vjp(lambda x, y: x * y, [f, g])[1]([g])
    with pytest.raises(NotImplementedError, match="plain has no forward mode"):
        Plain(vjp=lambda c, x: c).jvp(lambda x: x, [f], [g])


def test_by_hand_with_several_outputs_in_a_librarys_arrays():
    """The cotangents come as a tuple, and all arrays are the library's."""
    seen = []

    def vjp(cotangents, x):
        seen.extend([type(x), *map(type, cotangents)])
        return cotangents[0] + 2 * cotangents[1]

    made = Plain(vjp=vjp, of=library_of((), "glassgrad"))
    outputs, pull = made.vjp(lambda x: (x, 2 * x), [X])
    np.testing.assert_array_equal(outputs[1], 2 * X)
    np.testing.assert_array_equal(pull([G, np.ones(2)])[0], G + 2)
    assert set(seen) == {Tensor}
