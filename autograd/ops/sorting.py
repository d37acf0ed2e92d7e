"""Sorting and choosing: results are elements of the arguments, and their gradients go back to where they came from."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.ops.index import take, take_along_axis, where
from autograd.ops.shape import broadcast_to, copy
from autograd.primitive import composite, operand, plain, primitive

__all__ = ["choose", "compress", "partition", "select", "sort"]


def _put_back(g: Any, order: Any, axis: int | None, like: Any) -> Any:
    """`g` of elements in `order` along `axis`, back in the places they came from."""
    return take_along_axis(g, np.argsort(order, axis=axis), axis).reshape(like.shape)


@primitive(
    a=lambda g, a, axis: _put_back(g, np.argsort(plain(a), axis=axis, kind="stable"), axis, a),
    numpy=(np.sort,),
    kink="selection",
)
def sort(a, axis=-1, kind=None, stable=None):
    """In increasing order along `axis` (None: of all elements), NaNs last; of equal ones the order stays as it was."""
    return np.sort(a, axis, kind=kind, stable=stable)


def _partitioned(a: Any, kth: Any, axis: int | None, kind: Any) -> Any:
    return np.argpartition(plain(a), kth, axis, kind=kind)


@primitive(
    a=lambda g, a, kth, axis, kind: _put_back(g, _partitioned(a, kth, axis, kind), axis, a),
    numpy=(np.partition,),
    kink="selection",
)
def partition(a, kth, axis=-1, kind="introselect"):
    """The `kth` elements along `axis` where sorting puts them, smaller ones before and larger ones after."""
    return np.take_along_axis(a, _partitioned(a, kth, axis, kind), axis)


@composite(numpy=(np.compress,))
def compress(condition: Any, a: Any, axis: int | None = None) -> Any:
    """The elements (or slices along `axis`) where the vector `condition` holds."""
    condition = np.asarray(plain(condition))
    if condition.ndim != 1:
        raise ValueError("compress: the condition must have 1 axis")
    return take(a, np.flatnonzero(condition), axis)


@composite(numpy=(np.choose,))
def choose(a: Any, choices: Any, mode: str = "raise") -> Any:
    """Elementwise, from the array of `choices` that the integer in `a` names; all broadcast."""
    which = np.asarray(plain(a))
    parts = [operand(c) for c in choices]
    if which.dtype.kind not in "iub":
        raise TypeError(f"choose: the numbers of the choices must be integers, not {which.dtype}")
    if mode not in ("raise", "wrap", "clip"):
        raise ValueError(f"choose: mode must be 'raise', 'wrap' or 'clip', not {mode!r}")
    n = len(parts)
    if not n:
        raise ValueError("choose: no choices")
    if mode == "raise" and which.size and (which.min() < 0 or which.max() >= n):
        raise ValueError(f"choose: numbers outside 0 to {n - 1}; use mode='wrap' or 'clip'")
    which = which % n if mode == "wrap" else np.clip(which, 0, n - 1)
    shape = np.broadcast_shapes(which.shape, *(p.shape for p in parts))
    chosen = broadcast_to(parts[0], shape)
    for i in range(1, n):
        chosen = where(which == i, parts[i], chosen)
    return chosen if n > 1 else copy(chosen)


@composite(numpy=(np.select,))
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Elementwise, from the first choice whose condition holds; `default` where none does."""
    if len(condlist) != len(choicelist):
        raise ValueError(f"select: {len(condlist)} conditions for {len(choicelist)} choices")
    if not len(condlist):
        raise ValueError("select: no conditions")
    conditions = [np.asarray(plain(c)) for c in condlist]
    for c in conditions:
        if c.dtype != bool:
            raise TypeError(f"select: conditions must be boolean, not {c.dtype}")
    shape = np.broadcast_shapes(*(c.shape for c in conditions), *(np.shape(plain(c)) for c in choicelist))
    chosen = default
    for condition, choice in zip(reversed(conditions), reversed(list(choicelist)), strict=True):
        chosen = where(condition, choice, chosen)
    return chosen if chosen.shape == shape else broadcast_to(chosen, shape)
