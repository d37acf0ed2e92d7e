"""HIPS autograd, beside ours in one process though it has the same import name.

`loaded().numpy` is what `import autograd.numpy` gives where only theirs is there.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import importlib.util
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from autograd.testing.libraries.base import Arrays, Library, Pull, moving

OURS = "autograd"
PARTS = ("numpy", "scipy", "scipy.special", "scipy.linalg", "scipy.signal", "scipy.stats", "builtins")


@functools.cache
def loaded() -> Any:
    """The package, from the folder that GLASSGRAD_HIPS names or else from where the distribution is installed."""
    start = _folder() / OURS / "__init__.py"
    ours = _taken()
    try:
        spec = importlib.util.spec_from_file_location(OURS, start, submodule_search_locations=[str(start.parent)])
        if spec is None or spec.loader is None:
            raise ImportError(f"{start} cannot be imported")
        package = sys.modules[OURS] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(package)
        for part in PARTS:
            if part.partition(".")[0] != "scipy" or importlib.util.find_spec("scipy"):
                importlib.import_module(f"{OURS}.{part}")
    finally:
        _taken()
        sys.modules.update(ours)
    return package


def _taken() -> dict[str, Any]:
    """Take all modules of the name out of Python's table."""
    names = [name for name in sys.modules if name.partition(".")[0] == OURS]
    return {name: sys.modules.pop(name) for name in names}


def _folder() -> Path:
    named = os.environ.get("GLASSGRAD_HIPS")
    found = None
    if named is None:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found = importlib.metadata.distribution("autograd").locate_file("")
    folder = Path(str(named or found or ""))
    if not (folder / OURS / "differential_operators.py").is_file():
        raise ImportError(
            "HIPS autograd has to be in a folder of its own: pip install --target FOLDER --no-deps autograd, "
            f"and in the environment GLASSGRAD_HIPS=FOLDER (now {named!r})"
        )
    return folder


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without HIPS's warning that an output is constant: a check may well ask for that."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Output seems independent of input")
        yield


class Hips(Library):
    """NumPy arrays. Its derivative of a complex function is the plain one, as JAX's: conjugated here."""

    name = "hips"
    modes = frozenset({"reverse", "forward", "second"})

    def __init__(self) -> None:
        self._hips = loaded()

    def vjp(self, f: Callable[..., Any], arrays: Arrays) -> tuple[tuple[Any, ...], Pull]:
        places, outputs, back = self._run(f, arrays)

        def pull(cotangents: Any) -> list[Any]:
            got: list[Any] = [None] * len(arrays)
            for i, found in zip(places, back(cotangents), strict=True):
                got[i] = self.numpy(found)
            return got

        return tuple(map(self.numpy, outputs)), pull

    def jvp(self, f: Callable[..., Any], arrays: Arrays, tangents: Arrays) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        places, g, floats = moving(f, arrays)
        along = self._hips.make_jvp(lambda *x: self._hips.builtins.tuple(g(*x)), tuple(range(len(floats))))(*floats)
        with _quiet():
            outputs, slopes = along(tuple(tangents[i] for i in places))
        return tuple(map(self.numpy, outputs)), tuple(map(self.numpy, slopes))

    def gradient(self, f: Callable[..., Any], count: int) -> Callable[..., Any]:
        def first(*values: Any) -> tuple[Any, ...]:
            got = [self._hips.numpy.zeros(x.shape, x.dtype) for x in values[:count]]
            places, _, back = self._run(f, values[:count])
            for i, found in zip(places, back(values[count:]), strict=True):
                got[i] = found
            return tuple(got)

        return first

    def _run(self, f: Callable[..., Any], arrays: Any) -> tuple[list[int], Any, Callable[..., list[Any]]]:
        places, g, floats = moving(f, arrays)
        numbers = tuple(range(len(floats)))
        with _quiet():
            back, outputs = self._hips.make_vjp(lambda *x: self._hips.builtins.tuple(g(*x)), numbers)(*floats)
        conj = self._hips.numpy.conj

        def pulled(cotangents: Any) -> list[Any]:
            return [conj(found) for found in back(self._hips.builtins.tuple(map(conj, cotangents)))]

        return places, outputs, pulled
