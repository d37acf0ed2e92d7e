"""Calls of the ops in `autograd.ops.fft`."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd.ops import fft
from autograd.testing.strategies.base import Call, Draw, axis_of, filled, plain_call, register, shapes

NORMS = (None, "backward", "ortho", "forward")


def _shown(x: Any, out: Any) -> Any:
    """Of real arguments both parts of the result in one real number, which can be tested against differences."""
    return out if x.dtype.kind == "c" or out.dtype.kind != "c" else np.real(out) + 0.7 * np.imag(out)


@register("fft", "ifft", "rfft", "irfft")
def _one(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(1, 3, 2 if name == "irfft" else 1)))
    note = {
        "n": draw(st.sampled_from([None, 1, 2, 3, 4, 5])),
        "axis": axis_of(draw, x.ndim, tuples=False, none=False),
        "norm": draw(st.sampled_from(NORMS)),
    }
    ours, numpys = getattr(fft, name), getattr(np.fft, name)
    return plain_call(name, [x], lambda x: _shown(x, ours(x, **note)), lambda x: _shown(x, numpys(x, **note)), note)


@register("fft2", "ifft2", "fftn", "ifftn")
def _many(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(2, 3, 1)))
    note: dict[str, Any] = {"norm": draw(st.sampled_from(NORMS))}
    if draw(st.booleans()):
        note["axes"] = tuple(draw(st.permutations(range(-x.ndim, 0)))[:2])
        if draw(st.booleans()):
            note["s"] = draw(st.tuples(st.integers(1, 4), st.sampled_from([-1, 1, 2, 4])))
    ours, numpys = getattr(fft, name), getattr(np.fft, name)
    return plain_call(name, [x], lambda x: _shown(x, ours(x, **note)), lambda x: _shown(x, numpys(x, **note)), note)


@register("fftshift", "ifftshift")
def _shift(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(1, 3)))
    axes = axis_of(draw, x.ndim)
    axes = None if axes == () else axes  # NumPy refuses an empty tuple
    ours, numpys = getattr(fft, name), getattr(np.fft, name)
    return plain_call(name, [x], lambda x: ours(x, axes), lambda x: numpys(x, axes), axes)
