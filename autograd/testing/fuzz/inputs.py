"""Arguments for a function that is to be checked: from its annotations, or from strategies given by name."""

from __future__ import annotations

import inspect
import math
import types
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd.testing.strategies.base import LAYOUTS, POOL, laid_out

# the first part of a module's name, and whose arrays its classes of these names are; "" is NumPy's
_ROOTS = {"numpy": "", "autograd": "glassgrad", "torch": "torch", "jax": "jax", "jaxlib": "jax", "mygrad": "mygrad"}
_CLASSES = ("ndarray", "Tensor", "Array", "ArrayLike", "Parameter", "_SupportsArray")
# as they stand in source whose annotations are not evaluated, or cannot be
_TEXTS = {
    "np.ndarray": "", "numpy.ndarray": "", "ndarray": "", "NDArray": "", "npt.NDArray": "", "ArrayLike": "",
    "Tensor": "glassgrad", "autograd.Tensor": "glassgrad", "torch.Tensor": "torch", "jax.Array": "jax",
    "jnp.ndarray": "jax", "jax.numpy.ndarray": "jax", "mygrad.Tensor": "mygrad", "mg.Tensor": "mygrad",
}  # fmt: skip

Strategy = st.SearchStrategy[Any]
MOST_AXES, SIDE = 2, 3


class NoSignature(TypeError):
    """A function does not say what it takes."""


@dataclass(frozen=True)
class Arguments:
    """The arguments of one call, in the order of the function's parameters."""

    names: tuple[str, ...]
    values: tuple[Any, ...]

    def __repr__(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in zip(self.names, self.values, strict=True))


def arrays_like(
    like: Any = None,
    *,
    dtype: Any = None,
    low: float = -math.inf,
    high: float = math.inf,
    avoid: Sequence[float] = (),
    empty: bool = False,
) -> Strategy:
    """Arrays of values that find faults: zeros, ones, halves, repeats, small and large ones, in any memory layout.

    Parameters
    ----------
    like : array or tuple of int or strategy of shapes, optional
        Whose shape (and dtype) they have, or their shape; by default up to two axes of up to three elements.
    dtype : dtype, optional
        By default that of `like`, or float64. Of complex numbers the bounds hold for the real and imaginary parts.
    low, high : float
        Bounds, which the values may not reach but for integers.
    avoid : sequence of float
        Values that are left out.
    empty : bool
        Shapes without elements too, where `like` gives none.

    Examples
    --------
    >>> from hypothesis import find
    >>> from autograd.testing import arrays_like
    >>> find(arrays_like((2,), low=0), lambda x: True)
    array([1., 1.])
    """
    if isinstance(like, st.SearchStrategy):
        shape: Strategy = like
    elif isinstance(like, tuple):
        shape = st.just(like)
    elif like is not None:
        array = np.asarray(like)
        shape, dtype = st.just(array.shape), dtype or array.dtype
    else:
        shape = hnp.array_shapes(min_dims=0, max_dims=MOST_AXES, min_side=0 if empty else 1, max_side=SIDE)
    kind = np.dtype(dtype or float)
    elements = numbers(low, high, avoid, kind)
    return shape.flatmap(lambda s: _array(s, elements, kind))


def numbers(low: float, high: float, avoid: Sequence[float], dtype: np.dtype[Any]) -> Strategy:
    """Numbers between bounds: those where mistakes show, and any others."""
    if not low < high:
        raise ValueError(f"low is less than high, got {low} and {high}")
    if dtype.kind == "b":
        return st.booleans()
    if dtype.kind in "iu":
        least = max(low, np.iinfo(dtype).min, -5 if dtype.kind == "i" else 0)
        return st.integers(math.ceil(least), math.floor(min(high, least + 10)))
    if dtype.kind == "c":
        part = numbers(low, high, avoid, np.dtype(float))
        return st.builds(complex, part, part)
    # ones first, then larger numbers, fractions, negative ones and zeros: so they shrink
    pool = sorted(POOL, key=lambda v: (v == 0, v < 0, abs(v) < 1, abs(v)))
    inside = [v for v in pool if low < v < high and v not in avoid]
    a = low if math.isfinite(low) else min(high, 10.0) - 20
    b = high if math.isfinite(high) else max(low, -10.0) + 20
    middle, digits = min(max(0.0, a), b) if a * b <= 0 else (a + b) / 2, 3 - math.floor(math.log10(b - a))
    inside += [] if inside else [a + (b - a) * t for t in (0.5, 0.25, 0.9)]
    # in steps of the range's thousandth, from the middle outwards: so they shrink
    least, most = (round((end - middle) * 1000 / (b - a)) for end in (a, b))
    steps = st.integers(least, most).map(lambda k: round(middle + (b - a) * k / 1000, digits))
    return st.sampled_from(inside) | steps.filter(lambda v: low < v < high and v not in avoid)


@st.composite
def _array(draw: Any, shape: tuple[int, ...], elements: Strategy, dtype: np.dtype[Any]) -> Any:
    n = math.prod(shape)
    values = draw(st.lists(elements, min_size=n, max_size=n))
    return laid_out(np.array(values, dtype).reshape(shape), draw(st.sampled_from(LAYOUTS)))


class Inputs:
    """How the arguments of a function are drawn.

    Parameters
    ----------
    function : callable
    positional, named
        Strategies by position and by name; the other parameters' annotations say what they are.
    shapes : str
        "broadcast": the shapes of all arrays without a strategy broadcast to each other; "same": they have one shape.
    count : int, optional
        How many arrays the function takes, where its signature does not say.

    Attributes
    ----------
    library : str
        Whose arrays the annotations name; empty where they are NumPy's.
    strategy : strategy of Arguments
    """

    def __init__(
        self,
        function: Callable[..., Any],
        positional: Sequence[Any] = (),
        named: dict[str, Any] | None = None,
        shapes: str = "broadcast",
        empty: bool = False,
        dtype: Any = float,
        count: int | None = None,
    ) -> None:
        if shapes not in ("broadcast", "same"):
            raise ValueError(f"shapes is 'broadcast' or 'same', got {shapes!r}")
        self.library = ""
        self.shapes, self.empty, self.dtype = shapes, empty, np.dtype(dtype)
        called = getattr(function, "__name__", type(function).__name__)
        given: dict[str, Any] = {}
        if count is not None:
            given = {f"x{i}" if count > 1 else "x": None for i in range(count)}
        else:
            given = self._given(function, called, list(positional), dict(named or {}))
        if not given:
            raise NoSignature(f"{called} has no arguments to draw")
        self.keyword_only: frozenset[str] = getattr(self, "keyword_only", frozenset())
        self.strategy = self._drawn(given)

    def _given(self, function: Any, called: str, positional: list[Any], named: dict[str, Any]) -> dict[str, Any]:
        """By name a strategy for each argument, None for an array whose shape goes with the others'."""
        try:
            parameters = list(signature(function).parameters.values())
        except (TypeError, ValueError) as error:
            raise NoSignature(f"{called} does not say which arguments it takes: {error}") from None
        if parameters and parameters[0].name == "self":
            parameters = parameters[1:]
        hints = _hints(function)
        places = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        if len(positional) > len(places):
            raise TypeError(
                f"{called} takes {len(places)} positional arguments, {len(positional)} strategies were given"
            )
        known = {p.name for p in parameters}
        for name in named:
            if name not in known:
                raise TypeError(f"{called} has no argument {name!r}; it has {', '.join(known) or 'none'}")
        strategies = {p.name: s for p, s in zip(places, positional, strict=False)} | named
        self.keyword_only = frozenset(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)
        given: dict[str, Any] = {}
        skipped = False
        for p in parameters:
            if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
                continue
            optional = p.default is not p.empty
            if p.name in strategies:
                if skipped and p.name not in self.keyword_only:
                    raise TypeError(f"{called}: {p.name!r} comes after an argument that is left at its default")
                given[p.name] = _strategy(strategies[p.name])
            elif optional:
                skipped = skipped or p.name not in self.keyword_only
            else:
                given[p.name] = self._annotated(hints.get(p.name, np.ndarray), p.name, called)
        return given

    def _annotated(self, hint: Any, name: str, called: str) -> Any:
        """A strategy for a parameter's annotation; None for an array."""
        if typing.get_origin(hint) is typing.Annotated:
            kind, *notes = typing.get_args(hint)
            found = [n for n in notes if isinstance(n, (st.SearchStrategy, tuple, np.ndarray))]
            self._annotated(kind, name, called)
            if found:
                return _strategy(found[0])
            hint = kind
        library = _library(hint)
        if library is not None:
            if library and self.library and library != self.library:
                raise TypeError(f"{called}: its annotations mix arrays of {self.library} and {library}")
            self.library = self.library or library
            return None
        scalars: dict[Any, Strategy] = {
            float: numbers(-math.inf, math.inf, (), np.dtype(float)).map(np.float64),
            complex: numbers(-math.inf, math.inf, (), np.dtype(complex)).map(np.complex128),
            int: st.integers(0, 3),
            bool: st.booleans(),
        }
        kind = next((k for k in scalars if hint in (k, k.__name__)), None)
        if kind is not None:
            return scalars[kind]
        shown = hint if isinstance(hint, str) else getattr(hint, "__qualname__", repr(hint))
        raise TypeError(
            f"{called}: nothing is known of how to draw {name!r}, of type {shown}; give a strategy: "
            f"fuzz_gradients({name}=arrays_like(...))"
        )

    def _drawn(self, given: dict[str, Any]) -> Strategy:
        names = tuple(given)
        free = [name for name, s in given.items() if s is None]
        elements = numbers(-math.inf, math.inf, (), self.dtype)
        low = 0 if self.empty else 1

        @st.composite
        def draw_all(draw: Any) -> Arguments:
            if self.shapes == "same" or len(free) < 2:
                one = draw(hnp.array_shapes(min_dims=0, max_dims=MOST_AXES, min_side=low, max_side=SIDE))
                shapes = [one] * len(free)
            else:
                shapes = draw(
                    hnp.mutually_broadcastable_shapes(
                        num_shapes=len(free), max_dims=MOST_AXES, min_side=low, max_side=SIDE
                    )
                ).input_shapes
            of = dict(zip(free, shapes, strict=True))
            values = [draw(_array(of[n], elements, self.dtype) if s is None else s) for n, s in given.items()]
            return Arguments(names, tuple(values))

        return draw_all()


def _strategy(given: Any) -> Strategy:
    """A strategy as it is; of an array its like, of a shape arrays of it, and of any other value that value."""
    if isinstance(given, st.SearchStrategy):
        return given
    if isinstance(given, np.ndarray) or (isinstance(given, tuple) and all(isinstance(n, int) for n in given)):
        return arrays_like(given)
    return st.just(given)


def signature(function: Any) -> inspect.Signature:
    """A function's signature; of an op of ours the one that it was declared with."""
    declared: Any = getattr(function, "op", None)
    if not hasattr(declared, "names") or "kwargs" not in inspect.signature(function).parameters:
        return inspect.signature(function)
    given = dict(zip(declared.names, declared.defaults, strict=False))
    kind, empty = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.empty
    return inspect.Signature([inspect.Parameter(n, kind, default=given.get(n, empty)) for n in declared.names])


def _hints(function: Any) -> dict[str, Any]:
    """The annotations, evaluated where they can be."""
    try:
        return typing.get_type_hints(function, include_extras=True)
    except Exception:  # an annotation may name what is imported for type checkers only: its text has to do
        return dict(getattr(function, "__annotations__", {}))


def _library(hint: Any) -> str | None:
    """Whose arrays an annotation names, among others maybe; None where it names none."""
    if isinstance(hint, str):
        texts = [text.strip("'\" ").partition("[")[0] for text in hint.split("|")]
        found = [_TEXTS[text] for text in texts if text in _TEXTS]
    elif hint is Any:
        found = [""]
    else:
        origin = typing.get_origin(hint)
        kinds = typing.get_args(hint) if origin in (typing.Union, types.UnionType) else (hint,)
        kinds = tuple(typing.get_origin(kind) or kind for kind in kinds)
        kinds = tuple(getattr(kind, "array_type", kind) for kind in kinds)  # jaxtyping's Float[Array, "n"]
        roots = [
            str(k.__module__).partition(".")[0]
            for k in kinds
            if getattr(k, "__qualname__", "").rpartition(".")[2] in _CLASSES
        ]
        found = [_ROOTS[root] for root in roots if root in _ROOTS]
    return max(found, default=None)  # a library's name rather than NumPy's
