"""Our own engine. A check of a small op has a millisecond in all, so arrays go in and out without a copy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.graph import Variable, push
from autograd.primitive import wrap
from autograd.state import enable_grad
from autograd.tensor import Tensor
from autograd.testing.libraries.base import Arrays, Library, Pull, several
from autograd.transforms import pull, zeros_like


class Glassgrad(Library):
    """`Tensor`s, and NumPy's own functions on them."""

    name = "glassgrad"
    modes = frozenset({"reverse", "forward", "second"})

    def constant(self, array: Any) -> Any:
        return wrap(np.asarray(array)[()])

    def numpy(self, value: Any) -> Any:
        return np.asarray(value._data if isinstance(value, Variable) else value)

    def vjp(self, f: Callable[..., Any], arrays: Arrays) -> tuple[tuple[Any, ...], Pull]:
        leaves, outputs = _recorded(f, arrays)
        found = [i for i, out in enumerate(outputs) if getattr(out, "_node", None) is not None]
        ends = [outputs[i] for i in found]

        def back(cotangents: Any) -> list[Any]:
            if not ends:
                return [None] * len(leaves)
            got = pull(ends, leaves, [cotangents[i] for i in found], retain_graph=True)
            return [None if g is None else self.numpy(g) for g in got]

        return tuple(map(self.numpy, outputs)), back

    def jvp(self, f: Callable[..., Any], arrays: Arrays, tangents: Arrays) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        leaves, outputs = _recorded(f, arrays)
        steps = {x._node: np.asarray(t, x.dtype)[()] for x, t in zip(leaves, tangents, strict=True) if x._node}
        nodes = [getattr(out, "_node", None) for out in outputs]
        moved = push(steps, {node for node in nodes if node is not None})
        values = tuple(map(self.numpy, outputs))
        slopes = (moved.get(node) if node is not None else None for node in nodes)
        return values, tuple(np.zeros_like(v) if s is None else self.numpy(s) for v, s in zip(values, slopes))

    def gradient(self, f: Callable[..., Any], count: int) -> Callable[..., Any]:
        def first(*values: Any) -> tuple[Any, ...]:
            with enable_grad():
                inputs = [x if x._node is not None else _leaf(x._data) for x in values[:count]]
                pairs = zip(several(f(*inputs)), values[count:], strict=True)
                ends = [(out, c) for out, c in pairs if getattr(out, "_node", None) is not None]
                got: Any = [None] * count
                if ends:
                    got = pull([out for out, _ in ends], inputs, [c for _, c in ends], create_graph=True)
            return tuple(zeros_like(x) if g is None else g for g, x in zip(got, inputs, strict=True))

        return first


def _leaf(array: Any) -> Tensor:
    """A tensor on the memory of `array`, to differentiate with respect to if it holds floats."""
    leaf: Tensor = wrap(array[()])
    return leaf.requires_grad_() if leaf.dtype.kind in "fc" else leaf


def _recorded(f: Callable[..., Any], arrays: Arrays) -> tuple[list[Tensor], tuple[Any, ...]]:
    with enable_grad():
        leaves = [_leaf(array) for array in arrays]
        return leaves, several(f(*leaves))
