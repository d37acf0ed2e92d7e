"""What a check differentiates with respect to: the arrays among a function's arguments, by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograd import tree
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
        self._places: list[int] = []
        self.arrays: list[Array] = []
        self.names: list[str] = []
        for i, of_one in enumerate(leaves):
            for v, path in of_one:
                if i in chosen and isinstance(v, free):
                    array = np.asarray(library.numpy(v) if isinstance(v, kind) else v)
                    if array.dtype.kind in "fc":
                        self._places.append(len(self._values))
                        self.arrays.append(array)
                        self.names.append(path)
                self._values.append(v)
        self._bare = all(v is arg for v, arg in zip(self._values, args, strict=False)) and len(args) == len(self.arrays)

    def __call__(self, *free: Any) -> Any:
        """The function with other arrays in the place of those that are free."""
        if self._bare:
            return self._f(*free, **self._kwargs)
        values = list(self._values)
        for place, v in zip(self._places, free, strict=True):
            values[place] = v
        return self._f(*tree.like(self._args, values), **self._kwargs)


def _names(f: Callable[..., Any], args: tuple[Any, ...]) -> list[str]:
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    names: list[str] = []
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
