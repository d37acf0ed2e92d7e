"""The local slope of one recorded op, in numbers: what multiplies the gradient that comes in."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from autograd.draw.capture import SMALL, rms
from autograd.op import unbroadcast
from autograd.sparse import dense

COSTLY = 1 << 16  # elements: the slopes of larger arrays are not computed for a picture


def tracked(node: Any) -> list[tuple[int, Any]]:
    """The arguments that are part of the graph, with their places."""
    return [(i, parent) for i, parent in enumerate(node.parents) if parent is not None]


def mixes(node: Any) -> bool:
    """Whether each element of the result may depend on every element of an argument, so that a slope is a matrix."""
    return node.size != 1 and not node.op.elementwise


def slopes(node: Any, args: Any) -> dict[int, Any]:
    """By argument: the slope of each element; the Jacobian where elements mix; nothing where that would cost much."""
    parents = tracked(node)
    largest = max((parent.size for _, parent in parents), default=0)
    try:
        if node.size == 1:
            if largest > COSTLY:
                return {}
            pulled = node.op.pull(node, np.ones(node.shape, node.dtype)[()], args, None, False, False)
            return {i: np.asarray(dense(r)) for (i, _), (_, r) in zip(parents, pulled, strict=True)}
        if node.op.elementwise:
            return _factors(node, args) if node.size <= COSTLY else {}
        if not 1 < node.size <= SMALL or largest > COSTLY:
            return {}
        return _jacobians(node, args, [i for i, parent in parents if 0 < parent.size <= SMALL])
    except Exception:  # a step without its slope is better than none
        return {}


def _factors(node: Any, args: Any) -> dict[int, Any]:
    """The slopes of an elementwise op, in the shape of the result: before anything is summed over broadcast axes."""
    ones = np.ones(node.shape, node.dtype)
    together = node.op.rules[0](ones, node.out, args) if node.op.joint else None
    slopes = {}
    for i, _ in tracked(node):
        slope = together[i] if together is not None else node.op.rules[i](ones, node.out, args)
        slopes[i] = np.broadcast_to(slope, node.shape)
    return slopes


def _jacobians(node: Any, args: Any, places: Collection[int]) -> dict[int, Any]:
    """Of a small op: one pull for each element of the result gives a row of every Jacobian."""
    if not places:
        return {}
    rows: dict[int, list[Any]] = {i: [] for i in places}
    for k in range(node.size):
        basis = np.zeros(node.size, node.dtype)
        basis[k] = 1
        pulled = node.op.pull(node, basis.reshape(node.shape), args, None, False, False)
        for (i, _), (_, r) in zip(tracked(node), pulled, strict=True):
            if i in rows:
                rows[i].append(np.asarray(dense(r)).reshape(-1))
    return {i: np.stack(found) for i, found in rows.items()}


def agrees(g: Any, slope: Any, r: Any, matrix: bool) -> bool:
    """Whether what goes out is what came in times the slope, in these numbers."""
    r, g = np.asarray(r), np.asarray(g)
    with np.errstate(all="ignore"):
        product = (g.reshape(-1) @ slope).reshape(r.shape) if matrix else g * slope
        product = product if product.shape == r.shape else unbroadcast(product, r.shape)
        tolerance = 1e-3 if r.dtype.itemsize <= 2 else 1e-5
        return bool(np.allclose(product, r, rtol=tolerance, atol=tolerance * rms(r), equal_nan=True))
