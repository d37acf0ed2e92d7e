"""Calls of what makes evenly spaced numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd import ops
from autograd.testing.strategies.base import POOL, SMALL, Call, Draw, filled, plain_call, register, register_kinks


@register("linspace", "logspace", "geomspace")
def _spaced(draw: Draw, name: str) -> Call:
    sizes = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=2, min_side=0, max_side=3))[0]
    pool: Any = SMALL if name != "geomspace" else tuple(v for v in POOL if v > 0.1)
    if name == "logspace":
        pool = tuple(v for v in SMALL if abs(v) < 2)
    given = [filled(draw, s, pool) for s in sizes]
    if name == "geomspace" and draw(st.booleans()):
        given = [-a for a in given]
    ndim = len(np.broadcast_shapes(*sizes))
    keys: dict[str, Any] = {"num": draw(st.integers(0, 4)), "endpoint": draw(st.booleans())}
    if draw(st.booleans()):
        keys["axis"] = draw(st.integers(-ndim - 1, ndim))
    if draw(st.integers(0, 7)) == 0:
        del keys["num"]
    if name == "logspace" and draw(st.booleans()):
        given.append(filled(draw, draw(st.sampled_from(((), given[1].shape))), (0.5, 2.0, 3.0)))

    def call(f: Any, *a: Any) -> Any:
        return f(*a[:2], **keys, **({"base": a[2]} if len(a) > 2 else {}))

    f, g = getattr(ops, name), getattr(np, name)
    note = (keys, "an array of float32 becomes one of float64" if name == "geomspace" else "")
    return plain_call(name, given, lambda *a: call(f, *a), lambda *a: call(g, *a), note, most=0.03)


@register_kinks("linspace")
def _with_its_step(draw: Draw, name: str) -> Call:
    given = [filled(draw, ()), filled(draw, draw(st.sampled_from(((), (2,)))))]

    def both(f: Any) -> Any:
        def call(start: Any, stop: Any) -> Any:
            samples, step = f(start, stop, 4, retstep=True)
            return samples + step

        return call

    return plain_call(name, given, both(ops.linspace), both(np.linspace), "with the step")
