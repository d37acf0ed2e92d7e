"""numpy.pad: borders around an array, in every one of its modes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.arguments import variables
from autograd.graph import Variable
from autograd.ops.index import getitem, setitem, take
from autograd.ops.joining import gathered
from autograd.ops.reduce import max, mean, min
from autograd.ops.shape import broadcast_to, concatenate, moveaxis, stack
from autograd.ops.shape import copy as _duplicate
from autograd.ops.statistics import median
from autograd.primitive import composite, operand, plain, wrap
from autograd.state import is_grad_enabled

__all__ = ["pad"]

Pairs = list[tuple[int, int]]
_STATISTICS: dict[str, Callable[..., Any]] = {"maximum": max, "minimum": min, "mean": mean, "median": median}
_REARRANGE = ("edge", "reflect", "symmetric", "wrap")


@composite(numpy=(np.pad,))
def pad(*args: Any, **options: Any) -> Any:
    """pad(array, pad_width, mode="constant", **options): borders around an array, axis after axis.

    Every mode of NumPy's: constant, linear_ramp, edge, reflect, symmetric, wrap, maximum, mean, median, minimum, empty
    (zeros here), or a function that writes into one vector after another. `constant_values` and `end_values` may have
    gradients.
    """
    out = _padded(*args, **options)
    return out if isinstance(out, Variable) else wrap(out)


def _padded(array: Any, pad_width: Any, mode: Any = "constant", **options: Any) -> Any:
    array = operand(array)
    if array.ndim == 0:
        return _duplicate(array)
    widths = _widths(pad_width, array.ndim)
    if callable(mode):
        return _by_function(array, widths, mode, options)
    np.pad(np.zeros((1,) * array.ndim, complex), 0, mode, **plain(options))  # NumPy's complaints about mode and options
    tracked = is_grad_enabled() and any(v._node is not None for v in variables(options))
    if array.dtype.kind in "biu":
        if tracked:
            raise TypeError(f"pad: a border of dtype {array.dtype} has no gradient; make the array floating-point")
        return np.pad(plain(array), widths, mode, **plain(options))
    if mode in ("constant", "empty") and not tracked:
        return _framed(array, widths, mode, plain(options))
    for axis, (n, width) in enumerate(zip(array.shape, widths, strict=True)):
        if n == 0 and any(width) and mode != "constant":
            raise ValueError(f"pad: axis {axis} is empty, which only the modes constant and empty can extend")
    if not array.size and mode != "constant":
        return _framed(array, widths, "empty", {})
    if mode == "constant":
        return _with_constants(array, widths, options["constant_values"])
    if mode == "linear_ramp":
        return _with_ramps(array, widths, options.get("end_values", 0))
    if mode in _STATISTICS:
        return _with_statistics(array, widths, mode, options.get("stat_length"))
    if options.get("reflect_type") == "odd":
        return _turned_over(array, widths, mode == "symmetric")
    return gathered(array, np.pad, widths, mode)


def _widths(pad_width: Any, ndim: int) -> Pairs:
    """(before, after) for each axis, from all that NumPy takes: one number, a pair, pairs, or some axes' in a dict."""
    if isinstance(pad_width, dict):
        pairs: list[Any] = [(0, 0)] * ndim
        for axis, width in pad_width.items():
            pairs[axis] = (width, width) if isinstance(width, (int, np.integer)) else tuple(width)
        pad_width = pairs
    widths = np.asarray(plain(pad_width))
    if widths.dtype.kind != "i":
        raise TypeError(f"pad: pad_width must be integers, not {widths.dtype}")
    if (widths < 0).any():
        raise ValueError("pad: pad_width cannot be negative")
    return [(int(a), int(b)) for a, b in np.broadcast_to(widths, (ndim, 2))]


def _framed(array: Any, widths: Pairs, mode: str, options: dict[str, Any]) -> Any:
    """`array` written into the middle of constants."""
    around = np.pad(np.zeros(array.shape, array.dtype), widths, "constant", **options if mode == "constant" else {})
    inside = tuple(slice(before, before + n) for (before, _), n in zip(widths, array.shape, strict=True))
    return setitem(around, array, inside)


def _by_function(array: Any, widths: Pairs, function: Callable[..., Any], options: dict[str, Any]) -> Any:
    """Each vector along each axis is handed to `function`, which writes its ends."""
    padded = _framed(array, widths, "empty", {})
    padded = padded if isinstance(padded, Variable) else wrap(padded)
    for axis, width in enumerate(widths):
        shown = moveaxis(padded, axis, -1)
        for place in np.ndindex(shown.shape[:-1]):
            function(getitem(shown, (*place, Ellipsis)), np.array(width), axis, options)
    return padded


# ---------------------------------------------------------------------- one axis after the other
def _part(array: Any, axis: int, start: int, stop: int) -> Any:
    return getitem(array, (*[slice(None)] * axis, slice(start, stop)))


def _along(values: Any, array: Any, axis: int) -> Any:
    """A vector of constants in the dtype of `array`, to be broadcast along its `axis`."""
    return np.asarray(values, array.dtype).reshape((-1, *[1] * (array.ndim - axis - 1)))


def _stretched(border: Any, array: Any, axis: int, n: int) -> Any:
    """`border` repeated `n` times along `axis` of `array`."""
    return broadcast_to(border, (*array.shape[:axis], n, *array.shape[axis + 1 :]))


def _between(before: Any, array: Any, after: Any, axis: int) -> Any:
    return concatenate([v.astype(array.dtype) for v in (before, array, after)], axis)


def _pairs_of_values(given: Any, array: Any) -> Any:
    """(before, after) for each axis, in the array's dtype; Tensors may stand in lists."""

    def assembled(x: Any) -> Any:
        return stack([assembled(v) for v in x]) if isinstance(x, (list, tuple)) else operand(x)

    values = assembled(given)
    if values.dtype.kind == "c" and array.dtype.kind != "c":
        raise TypeError(f"pad: complex values do not fit an array of dtype {array.dtype}")
    return broadcast_to(values.astype(array.dtype), (array.ndim, 2))


def _with_constants(array: Any, widths: Pairs, given: Any) -> Any:
    values = _pairs_of_values(given, array)
    for axis, (left, right) in enumerate(widths):
        before = _stretched(values[axis, 0], array, axis, left)
        array = _between(before, array, _stretched(values[axis, 1], array, axis, right), axis)
    return array


def _with_ramps(array: Any, widths: Pairs, given: Any) -> Any:
    """end + (edge - end) * i / width, from the end towards the edge."""
    ends = _pairs_of_values(given, array)
    for axis, (left, right) in enumerate(widths):
        n = array.shape[axis]
        before = _ramp(ends[axis, 0], _part(array, axis, 0, 1), np.arange(left), left, axis)
        after = _ramp(ends[axis, 1], _part(array, axis, n - 1, n), np.arange(right)[::-1], right, axis)
        array = _between(before, array, after, axis)
    return array


def _ramp(end: Any, edge: Any, steps: Any, width: int, axis: int) -> Any:
    return end + (edge - end) * _along(steps / (width or 1), edge, axis)


def _with_statistics(array: Any, widths: Pairs, mode: str, given: Any) -> Any:
    """The statistic of as many elements next to the border as `given` says, of all where it is None."""
    statistic = _STATISTICS[mode]
    lengths = None if given is None else np.broadcast_to(np.round(plain(given)).astype(int), (array.ndim, 2))
    for axis, (left, right) in enumerate(widths):
        n = array.shape[axis]
        first, last = (n, n) if lengths is None else (int(np.minimum(k, n)) for k in lengths[axis])
        if not (first and last):
            raise ValueError("pad: stat_length of 0 yields no value for padding")
        before = statistic(_part(array, axis, 0, first), axis=axis, keepdims=True)
        after = before if first == last == n else statistic(_part(array, axis, n - last, n), axis=axis, keepdims=True)
        before, after = _stretched(before, array, axis, left), _stretched(after, array, axis, right)
        array = _between(before, array, after, axis)
    return array


def _turned_over(array: Any, widths: Pairs, symmetric: bool) -> Any:
    """The odd reflections: beyond an edge e the array goes on as 2 e minus its mirror image."""
    for axis, (left, right) in enumerate(widths):
        n = array.shape[axis]
        if n == 1:  # nothing to reflect: NumPy repeats the edge
            before, after = _stretched(array, array, axis, left), _stretched(array, array, axis, right)
        else:
            before = _odd(array, axis, np.arange(-left, 0), symmetric)
            after = _odd(array, axis, np.arange(n, n + right), symmetric)
        array = _between(before, array, after, axis)
    return array


def _odd(array: Any, axis: int, places: Any, symmetric: bool) -> Any:
    """Two odd reflections are a shift by one period that adds 2 (last - first): so everywhere from one period."""
    n = array.shape[axis]
    period = 2 * n if symmetric else 2 * (n - 1)
    turns, inside = np.divmod(places, period)
    mirrored = inside >= n
    source = np.where(mirrored, (period - 1 if symmetric else period) - inside, inside)
    first, last = _part(array, axis, 0, 1), _part(array, axis, n - 1, n)
    return (
        take(array, source, axis) * _along(1 - 2 * mirrored, array, axis)
        + last * _along(2 * mirrored + 2 * turns, array, axis)
        - first * _along(2 * turns, array, axis)
    )
