"""JAX. Its derivative of a complex function is the plain one: conjugated here to PyTorch's and our convention."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.testing.libraries.base import Arrays, Library, Pull, moving, required


class Jax(Library):
    """`jax.Array`s. Differences need doubles, so `jax_enable_x64` is switched on, for the whole process."""

    name = "jax"
    modes = frozenset({"reverse", "forward", "second"})

    def __init__(self) -> None:
        self._jax = required("jax", "jax")
        self._jax.config.update("jax_enable_x64", True)

    def constant(self, array: Any) -> Any:
        return self._jax.numpy.asarray(array)

    def vjp(self, f: Callable[..., Any], arrays: Arrays) -> tuple[tuple[Any, ...], Pull]:
        places, g, floats = moving(f, list(map(self.constant, arrays)))
        outputs, back = self._jax.vjp(g, *floats)

        def pull(cotangents: Any) -> list[Any]:
            got: list[Any] = [None] * len(arrays)
            for i, found in zip(places, self._pulled(outputs, back, cotangents), strict=True):
                got[i] = self.numpy(found)
            return got

        return tuple(map(self.numpy, outputs)), pull

    def jvp(self, f: Callable[..., Any], arrays: Arrays, tangents: Arrays) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        places, g, floats = moving(f, list(map(self.constant, arrays)))
        steps = tuple(self._jax.numpy.asarray(tangents[i], x.dtype) for i, x in zip(places, floats, strict=True))
        outputs, slopes = self._jax.jvp(g, floats, steps)
        real = [y.dtype.kind in "fc" for y in outputs]  # the others' slopes are of JAX's dtype float0
        return tuple(map(self.numpy, outputs)), tuple(
            self.numpy(s if r else self._jax.numpy.zeros_like(y)) for y, s, r in zip(outputs, slopes, real, strict=True)
        )

    def gradient(self, f: Callable[..., Any], count: int) -> Callable[..., Any]:
        def first(*values: Any) -> tuple[Any, ...]:
            got = list(map(self._jax.numpy.zeros_like, values[:count]))
            places, g, floats = moving(f, values[:count])
            outputs, back = self._jax.vjp(g, *floats)
            for i, found in zip(places, self._pulled(outputs, back, values[count:]), strict=True):
                got[i] = found
            return tuple(got)

        return first

    def _pulled(self, outputs: Any, back: Any, cotangents: Any) -> list[Any]:
        conj = self._jax.numpy.conj
        seeds = tuple(
            conj(self._jax.numpy.asarray(c, y.dtype))
            if y.dtype.kind in "fc"
            else np.zeros(y.shape, self._jax.dtypes.float0)
            for y, c in zip(outputs, cotangents, strict=True)
        )
        return list(map(conj, back(seeds)))
