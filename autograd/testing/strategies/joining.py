"""Calls of the ops in `autograd.ops.joining`."""

from __future__ import annotations

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


def _with(name: str, x: Any, *args: Any, **options: Any) -> Call:
    """A call with settings after its one array."""
    f, g = getattr(ops, name), getattr(np, name)
    note = (args, options)
    return plain_call(name, [x], lambda x: f(x, *args, **options), lambda x: g(x, *args, **options), note)


@register("hstack", "vstack", "dstack", "column_stack")
def _stacks(draw: Draw, name: str) -> Call:
    low = {"hstack": 0, "vstack": 0, "dstack": 0, "column_stack": 1}[name]
    shape = draw(shapes(low, 3 if name != "column_stack" else 2))
    given = [filled(draw, shape) for _ in range(draw(st.integers(1, 3)))]
    f, g = getattr(ops, name), getattr(np, name)
    return plain_call(name, given, lambda *a: f(a), lambda *a: g(a))


@register("append")
def _append(draw: Draw, name: str) -> Call:
    shape = draw(shapes(1))
    axis = axis_of(draw, len(shape), tuples=False)
    other = draw(shapes()) if axis is None else shape
    given = [filled(draw, shape), filled(draw, other)]
    return plain_call(name, given, lambda x, y: ops.append(x, y, axis), lambda x, y: np.append(x, y, axis), axis)


def _weighed(pieces: Any) -> Any:
    return pieces[0].sum() * 2 + sum((p * (i + 1)).sum() for i, p in enumerate(pieces))


@register("array_split", "hsplit", "vsplit", "dsplit")
def _splits(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes({"vsplit": 2, "dsplit": 3}.get(name, 1), 3, 1)))
    axis = draw(st.integers(-x.ndim, x.ndim - 1)) if name == "array_split" else None
    args = () if axis is None else (axis,)
    parts: Any = draw(st.sampled_from((1, [1], [0, 2], [-1], *((2, 5) if args else ()))))
    f, g = getattr(ops, name), getattr(np, name)
    return plain_call(
        name, [x], lambda x: _weighed(f(x, parts, *args)), lambda x: _weighed(g(x, parts, *args)), (parts, axis)
    )


@register("tile")
def _tile(draw: Draw, name: str) -> Call:
    reps = draw(st.integers(0, 3) | st.lists(st.integers(0, 2), min_size=1, max_size=3).map(tuple))
    return _with(name, filled(draw, draw(shapes(0, 2))), reps)


@register("repeat")
def _repeat(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes()))
    axis = axis_of(draw, x.ndim, tuples=False)
    n = x.size if axis is None else x.shape[axis]
    each = st.lists(st.integers(0, 3), min_size=n, max_size=n)
    repeats = draw(st.integers(0, 3) | each if n else st.integers(0, 3))
    return _with(name, x, repeats, axis)


@register("roll")
def _roll(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes()))
    return _with(name, x, draw(st.integers(-4, 4)), None if (axis := axis_of(draw, x.ndim)) == () else axis)


@register("broadcast_arrays")
def _broadcast_arrays(draw: Draw, name: str) -> Call:
    sizes = draw(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, min_side=0, max_side=3))[0]
    given = [filled(draw, s) for s in sizes]

    def one(f: Any, a: Any) -> Any:
        x, y, z = f(*a)
        return x * 2 + y * 3 + z

    return plain_call(name, given, lambda *a: one(ops.broadcast_arrays, a), lambda *a: one(np.broadcast_arrays, a))


@register("rollaxis")
def _rollaxis(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(1)))
    return _with(name, x, draw(st.integers(-x.ndim, x.ndim - 1)), draw(st.integers(-x.ndim, x.ndim)))


@register("rot90")
def _rot90(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(2)))
    axes = draw(st.permutations(range(x.ndim)))[:2]
    return _with(name, x, draw(st.integers(-4, 4)), tuple(axes))


@register("fliplr", "flipud")
def _flips(draw: Draw, name: str) -> Call:
    return _with(name, filled(draw, draw(shapes(2 if name == "fliplr" else 1))))


@register("atleast_1d", "atleast_2d", "atleast_3d")
def _at_least(draw: Draw, name: str) -> Call:
    return _with(name, filled(draw, draw(shapes())))


@register("diagonal", "trace")
def _diagonal(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(2)))
    axes = draw(st.permutations([i - x.ndim * (i % 2) for i in range(x.ndim)]))[:2]
    return _with(name, x, draw(st.integers(-3, 3)), *axes)


@register_kinks("diagonal", "trace")
def _beside_the_diagonal(draw: Draw, name: str) -> Call:
    x = filled(draw, (draw(st.integers(3, 4)), draw(st.integers(2, 4))))
    return _with(name, x, draw(st.sampled_from((-2, -1, 1))))


@register("delete")
def _delete(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(1, 3, 1)))
    axis = axis_of(draw, x.ndim, tuples=False)
    n = x.size if axis is None else x.shape[axis]
    one = st.integers(-n, n - 1)
    several = st.lists(one, max_size=3).map(lambda v: np.array(v, int))
    mask = st.lists(st.booleans(), min_size=n, max_size=n).map(lambda v: np.array(v, bool))
    return _with(name, x, draw(one | several | mask | st.just(slice(None, None, 2))), axis)


@register("diagflat")
def _diagflat(draw: Draw, name: str) -> Call:
    return _with(name, filled(draw, draw(shapes(0, 2))), draw(st.integers(-3, 3)))


@register("diag")
def _diag(draw: Draw, name: str) -> Call:
    return _with(name, filled(draw, draw(shapes(1, 2))), draw(st.integers(-3, 3)))


@register("meshgrid")
def _meshgrid(draw: Draw, name: str) -> Call:
    given = [filled(draw, draw(shapes(0, 1))) for _ in range(draw(st.integers(1, 3)))]
    keys = {
        "copy": draw(st.booleans()),
        "sparse": draw(st.booleans()),
        "indexing": draw(st.sampled_from(("xy", "ij"))),
    }
    which = draw(st.integers(0, len(given) - 1))

    def one(f: Any, a: Any) -> Any:
        grids = f(*a, **keys)
        return sum(((g * (i + 1)).sum() for i, g in enumerate(grids)), grids[which] * 1)

    return plain_call(name, given, lambda *a: one(ops.meshgrid, a), lambda *a: one(np.meshgrid, a), keys)


@register("block")
def _block(draw: Draw, name: str) -> Call:
    h, w = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    kind = draw(st.sampled_from(("row", "square", "one", "deep")))
    if kind == "row":
        given = [filled(draw, (h, n)) for n in (1, w)]
        return plain_call(
            name, given, lambda a, b: ops.block([a, b, 1.0]) if h == 1 else ops.block([a, b]), _row(h), "array"
        )
    if kind == "one":
        return _with(name, filled(draw, (h, w)))
    if kind == "deep":
        given = [filled(draw, (h,)), filled(draw, (1, h))]
        return plain_call(name, given, lambda a, b: ops.block([[[a]], [[b]]]), lambda a, b: np.block([[[a]], [[b]]]))
    given = [filled(draw, s) for s in ((h, w), (h, 1), (2, w), (2, 1))]
    return plain_call(
        name, given, lambda a, b, c, d: ops.block([[a, b], [c, d]]), lambda a, b, c, d: np.block([[a, b], [c, d]])
    )


def _row(h: int) -> Any:
    return lambda a, b: np.block([a, b, 1.0]) if h == 1 else np.block([a, b])


@register("insert")
def _insert(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(1, 3, 1)))
    axis = axis_of(draw, x.ndim, tuples=False)
    n = x.size if axis is None else x.shape[axis]
    where = draw(st.integers(-n, n) | st.lists(st.integers(-n, n), min_size=2, max_size=2) | st.just(slice(0, 1)))
    several = 2 if isinstance(where, list) else 1
    shape: tuple[int, ...] = (several,) if axis is None or x.ndim == 1 else ()
    if axis is not None and x.ndim > 1 and draw(st.booleans()):
        place = axis % x.ndim
        shape = (*x.shape[:place], several, *x.shape[place + 1 :])
        if isinstance(where, int):
            shape = (*shape[:place], *shape[place + 1 :])
    value = filled(draw, shape)
    f, g = ops.insert, np.insert
    note = (where, axis)
    return plain_call(name, [x, value], lambda x, v: f(x, where, v, axis), lambda x, v: g(x, where, v, axis), note)


@register("resize")
def _resize(draw: Draw, name: str) -> Call:
    return _with(name, filled(draw, draw(shapes())), draw(shapes() | st.integers(0, 7)))


@register("vander")
def _vander(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(1, 1)))
    n, increasing = draw(st.sampled_from((None, 0, 1, 2, 4))), draw(st.booleans())
    note = (n, increasing, "an array of float32 becomes one of float64")
    return plain_call(
        name, [x], lambda x: ops.vander(x, n, increasing), lambda x: np.vander(x, n, increasing), note, most=0.05
    )


@register("apply_along_axis")
def _apply_along_axis(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(1, 3, 1)))
    axis = draw(st.integers(-x.ndim, x.ndim - 1))
    functions = (
        lambda v: (v * v).sum(),
        lambda v: v[::-1] * v,
        lambda v: np.reshape(v * 2.0, (1, -1)),
        lambda v, k=1.0: v[:1] * k,
    )
    f = draw(st.sampled_from(functions))
    return plain_call(
        name, [x], lambda x: ops.apply_along_axis(f, axis, x), lambda x: np.apply_along_axis(f, axis, x), axis
    )


@register("apply_over_axes")
def _apply_over_axes(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(1, 3)))
    axes = draw(st.integers(-x.ndim, x.ndim - 1) | hnp.valid_tuple_axes(x.ndim, min_size=1))
    f = draw(st.sampled_from((np.sum, np.cumsum)))
    return plain_call(
        name, [x], lambda x: ops.apply_over_axes(f, x, axes), lambda x: np.apply_over_axes(f, x, axes), axes
    )
