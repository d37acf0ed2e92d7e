"""Counts and histograms: linear in the weights, constant in what is counted."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.graph import Variable
from autograd.ops.index import scatter_add
from autograd.ops.reduce import max, min
from autograd.primitive import composite, operand, plain, primitive, wrap

__all__ = ["bincount", "histogram", "histogram2d", "histogram_bin_edges", "histogramdd"]


def tracked(x: Any) -> bool:
    """Whether a gradient is asked for `x`."""
    return getattr(x, "_node", None) is not None


@primitive(weights=lambda g, x: g[x], arrays=("weights",), numpy=(np.bincount,), linear="all")
def bincount(x, weights=None, minlength=0):
    """How often each integer comes in `x`, or the sum of the `weights` where it does: linear in these, float64."""
    return np.bincount(x, weights, minlength)


def _edges_of(a: Any, edges: Any, bins: Any, given_range: Any) -> Any:
    """The edges as a function of what they were made from: the data's ends, or the edges given."""
    if np.ndim(bins):
        return bins if isinstance(bins, Variable) else edges
    if given_range is not None or not tracked(a) or not a.size:
        return edges
    low, high = min(a), max(a)
    part = np.linspace(0, 1, len(edges))
    return (low + (high - low) * part if low != high else low - 0.5 + part).astype(edges.dtype)


def _within(a: Any, edges: Any) -> tuple[Any, Any]:
    """For each element its bin, and whether it has one; the last bin has its right edge."""
    n = len(edges) - 1
    place = np.where(a == edges[-1], n - 1, np.searchsorted(edges, a, "right") - 1)
    return place, (a >= edges[0]) & (a <= edges[-1])


@composite(numpy=(np.histogram_bin_edges,), kink="selection")
def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Any:
    """The edges of the bins: linear in the smallest and the largest element where they come from the data."""
    edges = np.histogram_bin_edges(plain(a), plain(bins), plain(range), plain(weights))
    return _wrapped(_edges_of(operand(a), edges, bins, range))


def _wrapped(x: Any) -> Any:
    return x if isinstance(x, Variable) else wrap(x)


@composite(numpy=(np.histogram,), kink="jump")
def histogram(a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> tuple[Any, Any]:
    """The sum of the `weights` (their number, without) of the elements in each bin; and the edges of the bins.

    It is linear in `weights` and constant in `a`, except for edges that follow the smallest and the largest element.
    """
    found, edges = np.histogram(plain(a), plain(bins), plain(range), weights=plain(weights))
    if tracked(weights):
        place, inside = _within(np.asarray(plain(a)).reshape(-1), edges)
        found = scatter_add(weights.reshape((-1,))[inside], place[inside], (len(edges) - 1,))
    found, edges = _wrapped(found), _wrapped(_edges_of(operand(a), edges, bins, range))
    return (found / np.diff(edges).astype(float) / found.sum() if density else found), edges


def _columns(sample: Any) -> list[Any]:
    """The coordinates of the points, one vector for each."""
    if hasattr(sample, "ndim"):
        if sample.ndim == 2:
            return [sample[:, i] for i in np.arange(sample.shape[1])]
        return [sample.reshape((-1,))]
    return [operand(x) for x in sample] if np.ndim(plain(sample)) > 1 else [operand(sample)]


@composite(numpy=(np.histogramdd,), kink="jump")
def histogramdd(
    sample: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> tuple[Any, Any]:
    """The sum of the `weights` of the points in each box, as float64; and the edges. As `histogram` it is linear."""
    columns = _columns(sample)
    points = np.stack([np.asarray(plain(c)) for c in columns], axis=-1)
    found, edges = np.histogramdd(points, plain(bins), plain(range), weights=plain(weights))
    if tracked(weights):
        placed = [_within(points[:, i], e) for i, e in enumerate(edges)]
        inside = np.logical_and.reduce([p[1] for p in placed])
        box = np.ravel_multi_index(tuple(p[0][inside] for p in placed), found.shape)
        found = scatter_add(weights.astype(float)[inside], box, (found.size,)).reshape(found.shape)
    found = _wrapped(found)
    each = [bins] * len(columns) if np.ndim(plain(bins)) == 0 else bins
    ranges = [None] * len(columns) if range is None else range
    made = [_wrapped(_edges_of(c, e, b, r)) for c, e, b, r in zip(columns, edges, each, ranges, strict=True)]
    if density:
        total = found.sum()
        for i, e in enumerate(made):
            found = found / np.diff(e).reshape(tuple(-1 if j == i else 1 for j in np.arange(len(made))))
        found = found / total
    return found, tuple(made) if isinstance(edges, tuple) else made


@composite(numpy=(np.histogram2d,), kink="jump")
def histogram2d(
    x: Any, y: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> tuple[Any, Any, Any]:
    """`histogramdd` of the points (x, y)."""
    x, y = operand(x), operand(y)
    if len(x) != len(y):
        raise ValueError(f"x and y are of one length, not {len(x)} and {len(y)}")
    if np.ndim(plain(bins)) == 1 and len(bins) not in (1, 2):
        bins = [bins, bins]
    found, (first, second) = histogramdd([x, y], bins, range, density, weights)
    return found, first, second
