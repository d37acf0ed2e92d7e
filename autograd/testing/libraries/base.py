"""What a check asks of a library that differentiates: a `Library`, and `library_of`, which finds it.

A further library needs one subclass and no more: say what it can do (`modes`), how a NumPy array goes in and comes out,
and how it differentiates. Here an engine of its own, dual numbers for forward mode, and a check with it:

>>> import numpy as np
>>> from autograd.testing.libraries import Library
>>> class Dual:
...     def __init__(self, value, slope):
...         self.value, self.slope = value, slope
...     def __mul__(self, other):
...         return Dual(self.value * other.value, self.slope * other.value + self.value * other.slope)
>>> class Duals(Library):
...     name, modes = "duals", frozenset({"forward"})
...     def constant(self, array):
...         return Dual(array, np.zeros_like(array))
...     def numpy(self, value):
...         return value.value
...     def jvp(self, f, arrays, tangents):
...         out = f(*map(Dual, arrays, tangents))
...         return (out.value,), (out.slope,)
>>> from autograd.testing import check_grads
>>> print(check_grads(lambda x, y: x * y, np.array([2.0, 0.0]), np.array([3.0, 5.0]), library=Duals(), name="times"))
times (duals): right, ... derivatives (forward) in ... evaluations
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import tree

Arrays = Sequence[np.ndarray[Any, Any]]
Pull = Callable[[Sequence[Any]], list[Any]]


class Library:
    """An adapter to a library that differentiates.

    The functions `f` take the library's arrays by position and return one of them or a tuple. All other arrays here are
    NumPy's. Complex numbers are as in PyTorch: the gradient of a real loss L is dL/dRe + i dL/dIm, and a cotangent is
    one of the output; an adapter to a library with another convention conjugates. Integer arrays are constants.

    Attributes
    ----------
    name : str
    modes : frozenset of str
        What it can do, of "reverse" (`vjp`), "forward" (`jvp`) and "second" (`gradient`).
    """

    name: str
    modes: frozenset[str] = frozenset()

    def constant(self, array: Any) -> Any:
        """A NumPy array as the library's own, no gradient asked; on the same memory where the library can."""
        return array

    def numpy(self, value: Any) -> Any:
        """An array of the library as a NumPy array."""
        return np.asarray(value)

    def vjp(self, f: Callable[..., Any], arrays: Arrays) -> tuple[tuple[Any, ...], Pull]:
        """f's outputs at `arrays`, and the function that pulls a cotangent for each output back to the arrays.

        That function may be called again. It gives None for an array that no output depends on.
        """
        raise NotImplementedError(f"{self.name} has no reverse mode here")

    def jvp(self, f: Callable[..., Any], arrays: Arrays, tangents: Arrays) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """f's outputs at `arrays`, and their derivatives along `tangents`."""
        raise NotImplementedError(f"{self.name} has no forward mode here")

    def gradient(self, f: Callable[..., Any], count: int) -> Callable[..., Any]:
        """f's pullback as a function that can itself be differentiated.

        It takes the library's arrays: `count` arguments of f, then a cotangent for each output. It returns a tuple of
        `count` gradients, zeros where there is no path.
        """
        raise NotImplementedError(f"{self.name} has no second derivatives here")


def several(outputs: Any) -> tuple[Any, ...]:
    """A function's outputs as a tuple, one or many."""
    return tuple(outputs) if isinstance(outputs, (tuple, list)) else (outputs,)


def moving(f: Callable[..., Any], arrays: Sequence[Any]) -> tuple[list[int], Callable[..., Any], tuple[Any, ...]]:
    """The places of the arrays of floats, f as a function of these alone that returns a tuple, and these.

    For libraries that refuse to differentiate with respect to integers.
    """
    places = [i for i, x in enumerate(arrays) if x.dtype.kind in "fc"]

    def g(*values: Any) -> tuple[Any, ...]:
        args = list(arrays)
        for i, value in zip(places, values, strict=True):
            args[i] = value
        return several(f(*args))

    return places, g, tuple(arrays[i] for i in places)


def required(module: str, package: str) -> Any:
    """The module, or an error that says what to install."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"checking with {module} needs it installed: pip install {package} ({error})") from None


# name: the adapter's class, and the first part of the names of the modules that its arrays' types come from
_ADAPTERS = {
    "glassgrad": ("Glassgrad", ("autograd",)),
    "torch": ("Torch", ("torch",)),
    "jax": ("Jax", ("jax", "jaxlib")),
    "hips": ("Hips", ()),
    "mygrad": ("Mygrad", ("mygrad",)),
}
_OF_MODULE = {root: name for name, (_, roots) in _ADAPTERS.items() for root in roots}


@functools.cache
def _named(name: str) -> Library:
    if name not in _ADAPTERS:
        raise ValueError(f"no adapter is called {name!r}: there are {', '.join(_ADAPTERS)}; or pass a Library")
    module = importlib.import_module(f"autograd.testing.libraries.{name}")
    made: Library = getattr(module, _ADAPTERS[name][0])()
    return made


@functools.cache
def _of_type(kind: Any) -> str:
    roots = (base.__module__.partition(".")[0] for base in kind.__mro__)
    return next((_OF_MODULE[root] for root in roots if root in _OF_MODULE), "")


def library_of(args: Any, name: str | Library | None = None) -> Library:
    """The adapter called `name`, or that of the library whose arrays are among `args`: glassgrad's if there are none.

    HIPS autograd works on NumPy's own arrays, so it has to be named.

    Raises
    ------
    TypeError
        If `args` mix arrays of several libraries.
    ImportError
        If the library is not installed; the message says what to install.

    >>> from autograd import Tensor
    >>> from autograd.testing.libraries import library_of
    >>> library_of([Tensor(1.0)]).name
    'glassgrad'
    """
    if name is not None:
        return _named(name) if isinstance(name, str) else name
    kinds: set[Any] = {type(leaf) for leaf in tree.leaves(args)}
    found = set(map(_of_type, kinds)) - {""}
    if len(found) > 1:
        raise TypeError(f"the arguments mix arrays of {' and '.join(sorted(found))}: say which with library=")
    return _named(found.pop() if found else "glassgrad")
