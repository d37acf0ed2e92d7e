"""What a check differentiates with respect to: the arrays among a function's arguments, by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograd import tree
from autograd.op import Declared
from autograd.testing.libraries import Library
from autograd.testing.oracle import Array


class Arguments:
    """The arguments of a call, of which some arrays are free to move.

    Attributes
    ----------
    arrays : list of array
        Those that are free, NumPy's.
    names : list of str
        What each is called.
    places : list of int
        Where they stand among the leaves of all arguments.
    others : str
        What else there is, of numbers without derivatives, in words.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        wrt: int | Sequence[int] | None,
        library: Library,
    ) -> None:
        given = range(len(args)) if wrt is None else [wrt] if isinstance(wrt, int) else wrt
        if any(not -len(args) <= i < len(args) for i in given):
            raise ValueError(f"wrt={wrt!r}: there are {len(args)} arguments")
        chosen = {i % len(args) for i in given}
        kind = type(library.constant(np.zeros(())))
        leaves = [[(v, path) for v, path in _walk(arg, name)] for arg, name in zip(args, _names(f, args), strict=True)]
        some = any(isinstance(v, (np.ndarray, np.generic, kind)) for i in chosen for v, _ in leaves[i])
        free = (np.ndarray, np.generic, kind) if some else (float, complex)
        self._f, self._args, self._kwargs = f, args, kwargs
        self._values: list[Any] = []
        self.places: list[int] = []
        self.arrays: list[Array] = []
        self.names: list[str] = []
        for i, of_one in enumerate(leaves):
            for v, path in of_one:
                if i in chosen and isinstance(v, free):
                    array = np.asarray(library.numpy(v) if isinstance(v, kind) else v)
                    if array.dtype.kind in "fc":
                        self.places.append(len(self._values))
                        self.arrays.append(array)
                        self.names.append(path)
                self._values.append(v)
        numbers = [(v, path) for of_one in leaves for v, path in of_one if getattr(v, "dtype", None) is not None]
        fixed = [f"{path} is {v.dtype}" for v, path in numbers if path not in self.names]
        self.others = f" ({', '.join(fixed)}: give floats, as x.astype(float))" if fixed else ""
        self._bare = all(v is arg for v, arg in zip(self._values, args, strict=False)) and len(args) == len(self.arrays)

    def __call__(self, *free: Any) -> Any:
        """The function with other arrays in the place of those that are free."""
        return self._f(*(free if self._bare else self.filled(*free)), **self._kwargs)

    def filled(self, *free: Any) -> tuple[Any, ...]:
        """All arguments, with other arrays in the place of those that are free."""
        values = list(self._values)
        for place, v in zip(self.places, free, strict=True):
            values[place] = v
        return tuple(tree.like(self._args, values))


def _names(f: Callable[..., Any], args: tuple[Any, ...]) -> list[str]:
    declared = getattr(f, "op", None)
    names: list[str] = list(declared.order()) if isinstance(declared, Declared) else []
    try:
        parameters = list(inspect.signature(f).parameters.values()) if not names else []
    except (TypeError, ValueError):
        parameters = []
    for p in parameters:
        if p.kind is p.VAR_POSITIONAL:
            names += [f"{p.name}[{i}]" for i in range(len(args) - len(names))]
        elif p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD):
            names.append(p.name)
    return [names[i] if i < len(names) else f"args[{i}]" for i in range(len(args))]


def _walk(x: Any, path: str) -> Iterator[tuple[Any, str]]:
    """The leaves of `x` in the order of `tree.leaves`, each with the path to it."""
    if isinstance(x, dict):
        for key, v in x.items():
            yield from _walk(v, f"{path}[{key!r}]")
    elif isinstance(x, tuple) and hasattr(x, "_fields"):
        for key, v in zip(x._fields, x, strict=True):
            yield from _walk(v, f"{path}.{key}")
    elif isinstance(x, (list, tuple)):
        for i, v in enumerate(x):
            yield from _walk(v, f"{path}[{i}]")
    else:  # a leaf, or a dataclass, whose leaves share its path
        yield from ((v, path) for v in tree.leaves(x))
