"""Calls of the ops in `autograd.ops.fft`.

The tests of real arguments want real results, so that of a complex one its parts are taken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd import ops
from autograd.testing.strategies.base import (
    Call,
    Draw,
    axis_of,
    filled,
    plain_call,
    register,
    register_kinks,
    shapes,
)

NORMS = (None, "backward", "ortho", "forward")
HALF_IN = ("irfft", "irfft2", "irfftn", "hfft")


def _both(part: str, f: Callable[..., Any], module: Any, settings: tuple[Any, ...]) -> Callable[[Any], Any]:
    """The transform `f`, or of its complex values a part, or both parts."""
    if not part:
        return lambda x: f(x, *settings)
    if part != "both":
        return lambda x: getattr(module, part)(f(x, *settings))

    def stacked(x: Any) -> Any:
        y = f(x, *settings)
        return module.stack([module.real(y), module.imag(y)])

    return stacked


def _call(draw: Draw, name: str, shape: tuple[int, ...], settings: tuple[Any, ...]) -> Call:
    part = "" if name in HALF_IN else draw(st.sampled_from(("real", "imag", "both")))
    ours = _both(part, getattr(ops.fft, name), ops, settings)
    theirs = _both(part, getattr(np.fft, name), np, settings)
    return plain_call(name, [filled(draw, shape)], ours, theirs, (*settings, part))


@register("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
def _along_one(draw: Draw, name: str) -> Call:
    # of an empty half spectrum NumPy returns what was in memory
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1 if name in HALF_IN else 0, max_side=4))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    least = 2 if name in HALF_IN else 1
    n = draw(st.integers(1, 6) if shape[axis] < least else st.none() | st.integers(1, 6))
    settings = n, axis, draw(st.sampled_from(NORMS))
    return _call(draw, name, shape, settings)


@register("fftn", "ifftn", "rfftn", "irfftn", "fft2", "ifft2", "rfft2", "irfft2")
def _along_several(draw: Draw, name: str) -> Call:
    two = "2" in name
    least = 2 if name in HALF_IN else 1
    shape = draw(hnp.array_shapes(min_dims=2 if two else 1, max_dims=3, min_side=least, max_side=3))
    axis = st.integers(-len(shape), len(shape) - 1)
    axes = draw(st.lists(axis, min_size=2 if two else 1, max_size=2 if two else 3))
    length = st.just(-1) | st.integers(1, 4)
    s = draw(st.none() | st.lists(length, min_size=len(axes), max_size=len(axes)))
    if s is None and name in HALF_IN:  # an axis that comes twice may have become too short for the default
        axes = list({a % len(shape): a for a in axes}.values()) if not two else [0, -1]
    if s is None and not two and draw(st.booleans()):
        axes = None
    settings = s, axes, draw(st.sampled_from(NORMS))
    return _call(draw, name, shape, settings)


@register("fftshift", "ifftshift")
def _shift(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(1, 3)))
    axes = axis_of(draw, x.ndim)
    f, g = getattr(ops.fft, name), getattr(np.fft, name)
    return plain_call(name, [x], lambda x: f(x, axes), lambda x: g(x, axes), axes)


@register_kinks("fft2", "ifft2", "rfft2", "irfft2")
def _all_axes(draw: Draw, name: str) -> Call:
    """None stands for all axes."""
    least = 2 if name in HALF_IN else 1
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=3, min_side=least, max_side=3))
    return _call(draw, name, shape, (None, None, draw(st.sampled_from(NORMS))))
