"""Calls of the ops in `autograd.ops.joining`."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd import ops
from autograd.testing.strategies.base import Call, Draw, axis_of, filled, plain_call, register, shapes


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


@register("pad")
def _pad(draw: Draw, name: str) -> Call:
    mode = draw(st.sampled_from(("constant", "edge", "reflect", "symmetric", "wrap")))
    x = filled(draw, draw(shapes(1, 3, 0 if mode == "constant" else 1)))
    pair = st.tuples(st.integers(0, 3), st.integers(0, 3))
    width: Any = draw(st.integers(0, 3) | pair | st.lists(pair, min_size=x.ndim, max_size=x.ndim))
    options = {"constant_values": draw(st.sampled_from((0, 1.5, (2.0, -1.0))))} if mode == "constant" else {}
    return _with(name, x, width, mode=mode, **options)
