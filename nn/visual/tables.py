"""What was given as a table of weights: a module's, a tensor's or an array's."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import Tensor
from nn.module import Module

Array = NDArray[Any]


def first(model: Module, kind: type[Module]) -> list[tuple[str, Any]]:
    """The modules of a kind in a model, by name, in the model's order."""
    return [(name or "(root)", module) for name, module in model.named_modules() if isinstance(module, kind)]


def table_of(x: Any, who: str) -> Array:
    """A copy of `x` as an array of two axes.

    Raises
    ------
    TypeError
        If it holds no real floats or integers.
    ValueError
        If it has other axes, or no elements.
    """
    table = np.array(x.data if isinstance(x, Tensor) else x)
    if table.dtype.kind not in "fiu":
        raise TypeError(f"{who}: weights are real numbers; got {type(x).__name__} of {table.dtype}")
    if table.ndim != 2 or not table.size:
        raise ValueError(f"{who}: weights of shape {table.shape}; wanted two axes with at least one element")
    return table.astype(np.float64) if table.dtype.kind in "iu" else table


def names_of(labels: Any, numbers: Sequence[int], who: str, what: str = "row") -> tuple[str, ...]:
    """A name for each: its label, what a tokenizer calls its number, or the number."""
    if labels is None:
        return tuple(map(str, numbers))
    if hasattr(labels, "decode") and not isinstance(labels, bytes):
        return tuple(str(labels.decode([number])) for number in numbers)
    if isinstance(labels, bytes) or not hasattr(labels, "__len__") or not all(isinstance(one, str) for one in labels):
        raise TypeError(f"{who}: labels must be a text for each {what}, or a tokenizer with decode()")
    if len(labels) != len(numbers):
        raise ValueError(f"{who}: {len(labels):,} labels for {len(numbers):,} {what}s")
    return tuple(labels)


def exact(x: Array) -> list[Any]:
    """Nested lists of numbers with no more digits than the dtype has."""
    if x.ndim > 1:
        return [exact(row) for row in x]
    return [float(one) for one in x.astype("U32")]


def packed(x: Array) -> tuple[str, int]:
    """The numbers of `x` exactly, for a script: in base64, and the bytes of each."""
    wide = "<f8" if x.dtype == np.float64 else "<f4"
    return base64.b64encode(np.ascontiguousarray(x, wide).tobytes()).decode(), int(wide[-1])


def with_sign(x: float) -> str:
    """Three digits and always a sign.

    >>> with_sign(0.12345), with_sign(-2.0)
    ('+0.123', '−2')
    """
    return format(x, "+.3g").replace("-", "−")
