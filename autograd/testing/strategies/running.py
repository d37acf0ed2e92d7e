"""Calls of the ops in `autograd.ops.running`."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd import ops
from autograd.testing.strategies.base import Call, Draw, axis_of, filled, plain_call, register, shapes


@register("diff")
def _diff(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(1)))
    n, axis = draw(st.integers(0, 3)), draw(st.integers(-x.ndim, x.ndim - 1))
    keys = draw(st.sampled_from(({}, {"prepend": 1.5}, {"append": -1.0}, {"prepend": 0.5, "append": 2.0})))
    return plain_call(
        name, [x], lambda x: ops.diff(x, n, axis, **keys), lambda x: np.diff(x, n, axis, **keys), (n, axis, keys)
    )


@register("ediff1d")
def _ediff1d(draw: Draw, name: str) -> Call:
    given = [filled(draw, draw(shapes())) for _ in range(draw(st.integers(1, 3)))]
    return plain_call(name, given, ops.ediff1d, np.ediff1d)


@register("trapezoid")
def _trapezoid(draw: Draw, name: str) -> Call:
    y = filled(draw, draw(shapes(1)))
    axis = draw(st.integers(-y.ndim, y.ndim - 1))
    points = draw(st.sampled_from(("none", "vector", "full")))
    if points == "none":
        dx = draw(st.sampled_from((1.0, 0.5)))
        return plain_call(
            name, [y], lambda y: ops.trapezoid(y, dx=dx, axis=axis), lambda y: np.trapezoid(y, dx=dx, axis=axis), dx
        )
    x = filled(draw, (y.shape[axis],) if points == "vector" else y.shape)
    return plain_call(
        name, [y, x], lambda y, x: ops.trapezoid(y, x, axis=axis), lambda y, x: np.trapezoid(y, x, axis=axis), axis
    )


@register("gradient")
def _gradient(draw: Draw, name: str) -> Call:
    order = draw(st.sampled_from((1, 2)))
    f = filled(draw, draw(shapes(1, 2, order + 1)))
    axis = draw(st.integers(-f.ndim, f.ndim - 1))
    keys: dict[str, Any] = {"axis": axis, "edge_order": order}
    given = [f]
    if draw(st.booleans()):
        given.append(np.cumsum(filled(draw, (f.shape[axis],), (0.5, 1.0, 1.3))))
    steps = (0.5,) if len(given) == 1 and draw(st.booleans()) else ()
    if len(given) == 1 and draw(st.booleans()):

        def total(g: Any, f: Any) -> Any:
            found = g(f, *steps, edge_order=order)
            return found[0] - 2 * found[1] if isinstance(found, (tuple, list)) else found

        return plain_call(
            name, given, lambda f: total(ops.gradient, f), lambda f: total(np.gradient, f), (steps, order)
        )
    return plain_call(
        name, given, lambda *a: ops.gradient(*a, *steps, **keys), lambda *a: np.gradient(*a, *steps, **keys), keys
    )


@register("interp")
def _interp(draw: Draw, name: str) -> Call:
    n = draw(st.integers(1, 4))
    xp = np.cumsum(filled(draw, (n,), (0.5, 1.0, 1.5)))
    fp = filled(draw, (n,))
    x = filled(draw, draw(shapes()), (-1.3, 0.2, 0.77, 1.22, 1.74, 2.27, 3.3, 9.0))
    ends: dict[str, Any] = draw(st.sampled_from(({}, {"left": 2.0}, {"right": -1.0})))
    return plain_call(
        name, [x, xp, fp], lambda *a: ops.interp(*a, **ends), lambda *a: np.interp(*a, **ends), ends, most=0.02
    )


@register("cumsum", "cumprod")
def _running(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes()))
    axis = axis_of(draw, x.ndim, tuples=False)
    f, g = getattr(ops, name), getattr(np, name)
    return plain_call(name, [x], lambda x: f(x, axis), lambda x: g(x, axis), axis)
