"""MyGrad: reverse mode, first derivatives, real numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.testing.libraries.base import Arrays, Library, Pull, required, several


class Mygrad(Library):
    """`mygrad.Tensor`s. Each has one backward pass and clears its graph, so a pull runs the function anew."""

    name = "mygrad"
    modes = frozenset({"reverse"})

    def __init__(self) -> None:
        self._mygrad = required("mygrad", "mygrad")

    def constant(self, array: Any) -> Any:
        return self._mygrad.tensor(array, constant=True)

    def numpy(self, value: Any) -> Any:
        return np.asarray(value.data if isinstance(value, self._mygrad.Tensor) else value)

    def vjp(self, f: Callable[..., Any], arrays: Arrays) -> tuple[tuple[Any, ...], Pull]:
        def run() -> tuple[list[Any], tuple[Any, ...]]:
            leaves = [
                self._mygrad.tensor(a, constant=None if np.asarray(a).dtype.kind == "f" else True) for a in arrays
            ]
            return leaves, several(f(*leaves))

        def pull(cotangents: Any) -> list[Any]:
            leaves, outputs = run()
            if len(outputs) == 1:
                outputs[0].backward(np.asarray(cotangents[0]))
            else:  # one pass for all of them: their sum, weighed
                total: Any = sum((y * c).sum() for y, c in zip(outputs, cotangents, strict=True))
                total.backward()
            return [x.grad for x in leaves]

        return tuple(map(self.numpy, run()[1])), pull
