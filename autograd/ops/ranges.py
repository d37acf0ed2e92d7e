"""Evenly spaced numbers between ends that have gradients: linspace, logspace, geomspace."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autograd.graph import Variable
from autograd.ops.axes import two_ways
from autograd.ops.index import setitem
from autograd.ops.shape import expand_dims, moveaxis, reshape
from autograd.primitive import composite, operand, primitive, unbroadcast

__all__ = ["geomspace", "linspace", "logspace"]


def _weighed(g: Any, like: Any, share: Any) -> Any:
    """The sum of `g` over the numbers, each times the share that an end has in it."""
    return unbroadcast((g * share.astype(g.dtype).reshape((-1, *[1] * (g.ndim - 1)))).sum(axis=0), like.shape)


def _way(num: int, endpoint: bool) -> Any:
    """How far each number lies on the way from start to stop, 0 to 1."""
    return np.linspace(0.0, 1.0, num, endpoint)


@primitive(
    start=lambda g, start_like, num, endpoint: _weighed(g, start_like, 1 - _way(num, endpoint)),
    stop=lambda g, stop_like, num, endpoint: _weighed(g, stop_like, _way(num, endpoint)),
    numpy=(np.linspace,),
    name="linspace",
    linear="all",
)
def _linspace(start, stop, num=50, endpoint=True):
    """`num` numbers, evenly spaced from `start` to `stop`, which is the last one if `endpoint`; along a new first axis.

    start + (stop - start) * i / (num - 1), or / num without the endpoint.
    """
    return np.linspace(start, stop, num, endpoint)


@composite(numpy=(np.linspace,), name="linspace")
def _linspace_of(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    device: Any = None,
) -> Any:
    """Evenly spaced numbers from `start` to `stop` along a new `axis`; with their distance if `retstep`."""
    if device not in (None, "cpu"):
        raise ValueError(f"linspace: device must be 'cpu' or None, not {device!r}")
    num = operator.index(num)
    found = _linspace(start, stop, num, endpoint)
    found = _finished(found if axis == 0 else moveaxis(found, 0, axis), dtype)
    steps = num - 1 if endpoint else num
    return (found, (operand(stop) - operand(start)) / steps if steps > 0 else np.nan) if retstep else found


def _finished(found: Any, dtype: Any) -> Any:
    """`found` in the dtype that was asked for; integers are rounded down."""
    if dtype is None or found.dtype == dtype:
        return found
    return (np.floor(found) if np.dtype(dtype).kind in "iu" else found).astype(dtype)


linspace = two_ways(_linspace, _linspace_of, ("retstep", "dtype", "axis", "device"))


@composite(numpy=(np.logspace,))
def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None, axis: int = 0
) -> Any:
    """base ** linspace(start, stop): `num` numbers, evenly spaced on a logarithmic scale, along a new `axis`."""
    start, stop = operand(start), operand(stop)
    if np.ndim(base):
        base = operand(base)
        ndim = len(np.broadcast_shapes(start.shape, stop.shape, base.shape))
        start, stop, base = (reshape(v, (1,) * (ndim - v.ndim) + v.shape) for v in (start, stop, base))
        base = expand_dims(base, axis)
    found = base ** linspace(start, stop, num, endpoint, axis=axis)
    return found if dtype is None else found.astype(dtype)


@composite(numpy=(np.geomspace,))
def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    """start * (stop / start) ** (i / (num - 1)): `num` numbers, each the same multiple of the one before."""
    start, stop = operand(start), operand(stop)
    for end in (start, stop):
        values = getattr(end, "_data", None) if isinstance(end, Variable) else end  # inside vmap it has none
        if values is not None and not np.all(values):
            raise ValueError("geomspace: a geometric sequence cannot include zero")
    kind = np.result_type(start.dtype, stop.dtype, float(num), np.zeros((), dtype))
    start, stop = start.astype(kind), stop.astype(kind)
    sign = np.sign(start)
    low, high = start / sign, stop / sign
    found = 10.0 ** linspace(np.log10(low), np.log10(high), num, endpoint)
    if num > 0:
        found = setitem(found, low, 0)  # the ends exactly
    if num > 1 and endpoint:
        found = setitem(found, high, -1)
    found = found * sign
    found = found if axis == 0 else moveaxis(found, 0, axis)
    return found if dtype is None or found.dtype == dtype else found.astype(dtype)
