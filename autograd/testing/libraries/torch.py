"""PyTorch."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.testing.libraries.base import Arrays, Library, Pull, required, several


class Torch(Library):
    """`torch.Tensor`s on the processor."""

    name = "torch"
    modes = frozenset({"reverse", "forward", "second"})

    def __init__(self) -> None:
        self._torch = required("torch", "torch")

    def constant(self, array: Any) -> Any:
        array = np.asarray(array)
        shares = array.flags.writeable and min(array.strides, default=0) >= 0  # what from_numpy takes as it is
        return self._torch.from_numpy(array if shares else array.copy())

    def numpy(self, value: Any) -> Any:
        if not isinstance(value, self._torch.Tensor):
            return np.asarray(value)
        return value.numpy(force=True)

    def vjp(self, f: Callable[..., Any], arrays: Arrays) -> tuple[tuple[Any, ...], Pull]:
        with self._torch.enable_grad():
            leaves = [self._leaf(self.constant(array)) for array in arrays]
            outputs = several(f(*leaves))

        def pull(cotangents: Any) -> list[Any]:
            got = self._pulled(outputs, leaves, map(self.constant, cotangents))
            return [None if g is None else self.numpy(g) for g in got]

        return tuple(map(self.numpy, outputs)), pull

    def jvp(self, f: Callable[..., Any], arrays: Arrays, tangents: Arrays) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        forward = self._forward
        with forward.dual_level():
            inputs = list(map(self.constant, arrays))
            steps = [self.constant(t).to(x.dtype) for t, x in zip(tangents, inputs, strict=True)]
            duals = [forward.make_dual(x, t) if self._moves(x) else x for x, t in zip(inputs, steps)]
            outputs = several(f(*duals))
            slopes = [forward.unpack_dual(y).tangent if self._moves(y) else None for y in outputs]
        values = tuple(map(self.numpy, outputs))
        return values, tuple(np.zeros_like(v) if s is None else self.numpy(s) for s, v in zip(slopes, values))

    def gradient(self, f: Callable[..., Any], count: int) -> Callable[..., Any]:
        def first(*values: Any) -> tuple[Any, ...]:
            with self._torch.enable_grad():
                inputs = [x if x.requires_grad else self._leaf(x.view_as(x)) for x in values[:count]]
                got = self._pulled(several(f(*inputs)), inputs, values[count:], create_graph=True)
            return tuple(self._torch.zeros_like(x) if g is None else g for g, x in zip(got, inputs, strict=True))

        return first

    @functools.cached_property
    def _forward(self) -> Any:
        forward, zero = self._torch.autograd.forward_ad, self._torch.zeros(())
        with warnings.catch_warnings(), forward.dual_level():
            warnings.simplefilter(
                "ignore"
            )  # the rules that PyTorch loads at the first dual number warn about each other
            forward.make_dual(zero, zero)
        return forward

    def _moves(self, x: Any) -> bool:
        return isinstance(x, self._torch.Tensor) and (x.is_floating_point() or x.is_complex())

    def _leaf(self, x: Any) -> Any:
        return x.requires_grad_() if self._moves(x) else x

    def _pulled(self, outputs: Any, inputs: Any, cotangents: Any, create_graph: bool = False) -> list[Any]:
        pairs = [(y, c.to(y.dtype)) for y, c in zip(outputs, cotangents, strict=True) if getattr(y, "requires_grad", 0)]
        places = [i for i, x in enumerate(inputs) if x.requires_grad]
        got: list[Any] = [None] * len(inputs)
        if pairs and places:
            ends, seeds = zip(*pairs, strict=True)
            starts = [inputs[i] for i in places]
            found = self._torch.autograd.grad(
                ends, starts, seeds, retain_graph=True, create_graph=create_graph, allow_unused=True
            )
            for i, g in zip(places, found, strict=True):
                got[i] = g
        return got
