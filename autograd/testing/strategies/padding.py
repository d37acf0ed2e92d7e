"""Calls of `pad`, in every mode."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd import ops
from autograd.testing.strategies.base import (
    TIES,
    Array,
    Call,
    Draw,
    distinct,
    filled,
    kink_call,
    plain_call,
    register,
    register_kinks,
    shapes,
)

MODES = ("constant", "edge", "reflect", "symmetric", "wrap", "linear_ramp", "mean", "maximum", "minimum", "median")


def _options(draw: Draw, mode: str, ndim: int) -> dict[str, Any]:
    values = st.sampled_from((0, 1.5, (2.0, -1.0), [[0.5, 1.0]] * ndim))
    if mode == "constant":
        return {"constant_values": draw(values)}
    if mode == "linear_ramp":
        return {"end_values": draw(values)}
    if mode in ("reflect", "symmetric"):
        return {"reflect_type": draw(st.sampled_from(("even", "odd")))}
    if mode in ("mean", "maximum", "minimum", "median"):
        return {"stat_length": draw(st.sampled_from((None, 1, 2, (3, 1), [[1, 2]] * ndim)))}
    return {}


@register("pad")
def _pad(draw: Draw, name: str) -> Call:
    mode = draw(st.sampled_from(MODES))
    shape = draw(shapes(1, 3, 0 if mode == "constant" else 1))
    choice = mode in ("maximum", "minimum", "median")
    x = distinct(draw, shape) if choice else filled(draw, shape)
    pair = st.tuples(st.integers(0, 5), st.integers(0, 5))
    width: Any = draw(st.integers(0, 3) | pair | st.lists(pair, min_size=x.ndim, max_size=x.ndim))
    options = _options(draw, mode, x.ndim)
    if mode in ("constant", "linear_ramp") and draw(st.booleans()):  # the values have a gradient too
        key = "constant_values" if mode == "constant" else "end_values"
        given = filled(draw, draw(st.sampled_from(((), (1,), (2,), (x.ndim, 2)))))

        def padded(f: Any, x: Array, v: Array) -> Any:
            return f(x, width, mode, **{key: v})

        note = (width, mode, key)
        return plain_call(name, [x, given], lambda *a: padded(ops.pad, *a), lambda *a: padded(np.pad, *a), note)
    return plain_call(
        name,
        [x],
        lambda x: ops.pad(x, width, mode, **options),
        lambda x: np.pad(x, width, mode, **options),
        (width, mode, options),
        most=0.02 if choice else 0.1,
    )


@register_kinks("pad")
def _tied(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(1, 2, 1)), TIES)
    mode = draw(st.sampled_from(("maximum", "minimum", "median")))
    width, options = draw(st.sampled_from((1, (0, 2)))), _options(draw, mode, x.ndim)
    return kink_call(
        name,
        [x],
        lambda x: ops.pad(x, width, mode, **options),
        lambda x: np.pad(x, width, mode, **options),
        "selection",
        (width, mode, options),
    )
