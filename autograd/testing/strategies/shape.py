"""Calls of the ops that rearrange and join."""

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
    shapes,
)


@register("reshape")
def _reshape(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes()))
    choices: list[Any] = [(x.size,), (1, x.size, 1), tuple(reversed(x.shape))]
    choices += [-1, (-1, 1)] if x.size else [x.size]
    shape = draw(st.sampled_from(choices))
    keys: dict[str, Any] = draw(st.sampled_from(({}, {"order": "F"}, {"order": "C", "copy": True})))
    note = (shape, keys)
    return plain_call(name, [x], lambda x: ops.reshape(x, shape, **keys), lambda x: _reshaped(x, shape, keys), note)


def _reshaped(x: Any, shape: Any, keys: dict[str, Any]) -> Any:
    keys = {k: v for k, v in keys.items() if k != "copy"}  # an older NumPy does not have it
    return np.reshape(x, shape, **keys)


@register("transpose")
def _transpose(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes()))
    axes = draw(st.none() | st.permutations([i - x.ndim * (i % 2) for i in range(x.ndim)]))
    return plain_call(name, [x], lambda x: ops.transpose(x, axes), lambda x: np.transpose(x, axes), axes)


@register("swapaxes", "moveaxis")
def _two_axes(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(1, 3)))
    axis = st.integers(-x.ndim, x.ndim - 1)
    a, b = draw(axis), draw(axis)
    if name == "moveaxis" and draw(st.booleans()):
        a = draw(hnp.valid_tuple_axes(x.ndim, min_size=1))
        b = draw(hnp.valid_tuple_axes(x.ndim, min_size=len(a), max_size=len(a)))
    f, g = getattr(ops, name), getattr(np, name)
    return plain_call(name, [x], lambda x: f(x, a, b), lambda x: g(x, a, b), (a, b))


@register("expand_dims", "squeeze", "flip")
def _axes(draw: Draw, name: str) -> Call:
    shape = draw(shapes())
    axis: Any
    if name == "expand_dims":
        axis = draw(hnp.valid_tuple_axes(len(shape) + 1, min_size=1, max_size=1) | st.integers(-1, len(shape)))
    elif name == "squeeze":
        ones = [i - len(shape) * (i % 2) for i, n in enumerate(shape) if n == 1]
        axis = draw(st.sampled_from([None, *ones, tuple(ones)]))
    else:
        axis = axis_of(draw, len(shape))
    f, g = getattr(ops, name), getattr(np, name)
    return plain_call(name, [filled(draw, shape)], lambda x: f(x, axis), lambda x: g(x, axis), axis)


@register("ravel")
def _ravel(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes()))
    order = draw(st.sampled_from("CF"))  # A and K mean what the memory says, which differences change
    return plain_call(name, [x], lambda x: ops.ravel(x, order), lambda x: np.ravel(x, order), order)


@register("broadcast_to")
def _broadcast_to(draw: Draw, name: str) -> Call:
    shape = draw(shapes())
    small = draw(hnp.broadcastable_shapes(shape, max_dims=len(shape), min_side=0, max_side=3))
    target = np.broadcast_shapes(shape, small)
    return plain_call(
        name,
        [filled(draw, small)],
        lambda x: ops.broadcast_to(x, target),
        lambda x: np.broadcast_to(x, target),
        target,
    )


@register("tril", "triu")
def _triangle(draw: Draw, name: str) -> Call:
    k = draw(st.integers(-3, 3))
    f, g = getattr(ops, name), getattr(np, name)
    return plain_call(name, [filled(draw, draw(shapes(1, 3)))], lambda x: f(x, k), lambda x: g(x, k), k)


@register("astype")
def _astype(draw: Draw, name: str) -> Call:
    dtype = draw(st.sampled_from((np.float64, np.complex128)))
    return plain_call(
        name, [filled(draw, draw(shapes()))], lambda x: ops.astype(x, dtype), lambda x: x.astype(dtype), dtype
    )


@register("concatenate", "stack")
def _joined(draw: Draw, name: str) -> Call:
    shape = draw(shapes(1 if name == "concatenate" else 0, 3))
    axis: Any
    if name == "stack":
        axis, given = draw(st.integers(-len(shape) - 1, len(shape))), [shape] * draw(st.integers(1, 3))
    elif draw(st.integers(0, 3)) == 0:
        axis, given = None, draw(st.lists(shapes(0, 2), min_size=1, max_size=3))
    else:
        axis = draw(st.integers(-len(shape), len(shape) - 1))
        at = axis % len(shape)
        widths = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
        given = [(*shape[:at], n, *shape[at + 1 :]) for n in widths]
    f, g = getattr(ops, name), getattr(np, name)
    return plain_call(
        name, [filled(draw, s) for s in given], lambda *a: f(a, axis=axis), lambda *a: g(a, axis=axis), axis
    )


@register("split")
def _split(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(1, 3, 1)))
    axis = draw(st.integers(-x.ndim, x.ndim - 1))
    n = x.shape[axis]
    parts: Any = draw(st.sampled_from((1, n, [1], [0, 2], [-1])))

    def joined(pieces: Any) -> Any:
        return pieces[0].sum() * 2 + sum((p * (i + 1)).sum() for i, p in enumerate(pieces))

    return plain_call(
        name,
        [x],
        lambda x: joined(ops.split(x, parts, axis)),
        lambda x: joined(np.split(x, parts, axis)),
        (parts, axis),
    )


@register("ascontiguousarray", "asfortranarray")
def _laid_out(draw: Draw, name: str) -> Call:
    f, g = getattr(ops, name), getattr(np, name)
    return plain_call(name, [filled(draw, draw(shapes()))], lambda x: f(x) * 1, lambda x: g(x) * 1)


@register("unstack")
def _unstack(draw: Draw, name: str) -> Call:
    shape = draw(shapes(1, 3, 1))
    if draw(st.integers(0, 3)) == 0:
        shape = (draw(st.integers(9, 20)),)  # so many that halves are cut first
    x = filled(draw, shape)
    axis = draw(st.integers(-x.ndim, x.ndim - 1))

    def joined(pieces: Any) -> Any:
        return sum((p * (i + 1) for i, p in enumerate(pieces)), pieces[-1] * 1)

    return plain_call(
        name,
        [x],
        lambda x: joined(ops.unstack(x, axis=axis)),
        lambda x: joined(tuple(np.moveaxis(x, axis, 0))),
        axis,
    )


@register("copy")
def _copy(draw: Draw, name: str) -> Call:
    return plain_call(name, [filled(draw, draw(shapes()))], ops.copy, np.copy)
