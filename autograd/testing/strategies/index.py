"""Calls of the ops that select."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd import ops
from autograd.testing.strategies.base import (
    GRID,
    TIES,
    Array,
    Call,
    Draw,
    axis_of,
    filled,
    kink_call,
    plain_call,
    register,
    register_kinks,
    shapes,
)


def _index(draw: Draw, shape: tuple[int, ...]) -> Any:
    """Any index that NumPy takes: basic, integers with repeats and negatives, masks, several at once."""
    kind = draw(st.sampled_from(("basic", "integers", "grid", "mask", "list", "mixed", "rows")))
    n = shape[0] if shape else 0
    if kind == "mask":
        return draw(hnp.arrays(np.bool_, shape))
    if n and kind in ("list", "rows", "mixed"):
        rows = draw(st.lists(st.integers(-n, n - 1), min_size=0 if kind == "rows" else 1, max_size=5))
        if kind == "mixed" and len(shape) > 1:
            return (Ellipsis, None, rows, slice(None, None, -1))[1 if len(shape) < 3 else 0 :]
        return np.array(rows, int) if kind == "rows" else rows
    if shape and 0 not in shape and kind in ("integers", "grid"):
        if kind == "integers":
            return draw(hnp.integer_array_indices(shape, dtype=np.dtype(np.int64)))
        return np.array(draw(st.lists(st.integers(-n, n - 1), min_size=4, max_size=4))).reshape(2, 2)
    return draw(hnp.basic_indices(shape, allow_newaxis=True))


def _fits(shape: tuple[int, ...], index: Any) -> bool:
    try:
        np.empty(shape)[index]
    except IndexError:
        return False
    return True


@register("getitem")
def _getitem(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes()))
    index = draw(st.composite(_index_for)(x.shape))
    return plain_call(name, [x], lambda x: ops.getitem(x, index), lambda x: x[index], f"index {index!r}")


def _index_for(draw: Draw, shape: tuple[int, ...]) -> Any:
    index = _index(draw, shape)
    return index if _fits(shape, index) else ()


@register("scatter_add")
def _scatter_add(draw: Draw, name: str) -> Call:
    shape = draw(shapes())
    index = draw(st.composite(_index_for)(shape))
    g = filled(draw, np.empty(shape)[index].shape)

    def expect(g: Array) -> Array:
        out = np.zeros(shape)
        np.add.at(out, index, g)
        return out

    return plain_call(name, [g], lambda g: ops.scatter_add(g, index, shape), expect, f"index {index!r}, shape {shape}")


@register("setitem")
def _setitem(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes()))
    index = draw(st.composite(_index_for)(x.shape))
    place = np.empty(x.shape)[index].shape
    shape = tuple(1 if draw(st.integers(0, 3)) == 0 else n for n in place[draw(st.integers(0, len(place))) :])
    mask = isinstance(index, np.ndarray) and index.dtype == bool  # takes values of at most one axis
    value = filled(draw, shape if draw(st.integers(0, 4)) or not place or mask else (1, *place))

    def expect(x: Array, value: Array) -> Array:
        out = x.copy()
        out[index] = value
        return out

    return plain_call(name, [x, value], lambda x, v: ops.setitem(x, v, index), expect, f"index {index!r}")


@register("full_like")
def _full_like(draw: Draw, name: str) -> Call:
    shape = draw(shapes())
    x = filled(draw, shape[draw(st.integers(0, len(shape))) :])
    return plain_call(
        name,
        [x],
        lambda x: ops.full_like(np.empty(shape), x),
        lambda x: np.full_like(np.empty(shape), x),
        "of an array",
    )


@register("take")
def _take(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(1, 3, 1)))
    axis = axis_of(draw, x.ndim, tuples=False)
    n = x.size if axis is None else x.shape[axis]
    mode = draw(st.sampled_from(("raise", "wrap", "clip")))
    low, high = (-n, n - 1) if mode == "raise" else (-2 * n, 2 * n)
    indices = np.array(draw(st.lists(st.integers(low, high), max_size=4)), int)
    if indices.size == 4 and draw(st.booleans()):
        indices = indices.reshape(2, 2)
    return plain_call(
        name,
        [x],
        lambda x: ops.take(x, indices, axis, mode=mode),
        lambda x: np.take(x, indices, axis, mode=mode),
        (indices, axis, mode),
    )


@register("take_along_axis")
def _take_along_axis(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(1, 3, 1)))
    axis = draw(st.integers(-x.ndim, x.ndim - 1))
    shape = list(x.shape)
    shape[axis] = draw(st.integers(0, 3))
    n = math.prod(shape)
    indices = np.array(draw(st.lists(st.integers(-x.shape[axis], x.shape[axis] - 1), min_size=n, max_size=n)), int)
    indices = indices.reshape(shape)
    return plain_call(
        name,
        [x],
        lambda x: ops.take_along_axis(x, indices, axis),
        lambda x: np.take_along_axis(x, indices, axis),
        (indices, axis),
    )


@register("where")
def _where(draw: Draw, name: str) -> Call:
    a, b, c = draw(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, min_side=0, max_side=3))[0]
    condition = filled(draw, a, (0.0, 1.0)) > 0
    x, y = filled(draw, b), filled(draw, c)
    number = draw(st.sampled_from((None, None, 0, 1.5)))
    if number is not None:
        return plain_call(
            name, [x], lambda x: ops.where(condition, x, number), lambda x: np.where(condition, x, number), condition
        )
    return plain_call(
        name, [x, y], lambda x, y: ops.where(condition, x, y), lambda x, y: np.where(condition, x, y), condition
    )


@register("clip")
def _clip(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes()), GRID)
    low, high = draw(st.sampled_from(((None, 0.7), (-1.2, None), (-1.2, 0.7), (-10.0, 10.0), (0.7, -1.2))))
    note = (low, high)
    if low is not None and high is not None and draw(st.booleans()):  # bounds that have a gradient
        bounds = [np.full(draw(st.sampled_from(((), x.shape, (2, *x.shape)))), v) for v in (low, high)]
        return plain_call(name, [x, *bounds], ops.clip, np.clip, note, most=0.04)
    if low is not None and draw(st.booleans()):
        low = np.full(draw(st.sampled_from(((), x.shape, (2, *x.shape)))), low)
    note = (low, high)
    if draw(st.booleans()):
        return plain_call(
            name, [x], lambda x: ops.clip(x, min=low, max=high), lambda x: np.clip(x, low, high), note, most=0.04
        )
    return plain_call(name, [x], lambda x: ops.clip(x, low, high), lambda x: np.clip(x, low, high), note, most=0.04)


@register("extract")
def _extract(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes()))
    condition = np.asarray(filled(draw, x.shape, (0, 1)).astype(bool))
    return plain_call(
        name, [x], lambda x: ops.extract(condition, x), lambda x: np.extract(condition, x), condition.tolist()
    )


@register("piecewise")
def _piecewise(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(1)))
    conditions = [np.asarray(filled(draw, x.shape, (0, 1)).astype(bool)) for _ in range(draw(st.integers(1, 3)))]
    choices = (lambda v, k=2.0: v * v * k, lambda v, k=2.0: v * k, lambda v, k=2.0: v[::-1] * 1.0, 1.5)
    n = len(conditions) + draw(st.integers(0, 1))
    places = [0, *draw(st.lists(st.integers(0, 3), min_size=n - 1, max_size=n - 1))]
    functions: list[Any] = [choices[i] for i in places]
    note = ([c.tolist() for c in conditions], places)
    return plain_call(
        name,
        [x],
        lambda x: ops.piecewise(x, conditions, functions) + x * 0,
        lambda x: np.piecewise(x, conditions, functions),
        note,
    )


@register("embedding")
def _embedding(draw: Draw, name: str) -> Call:
    rows, width = draw(st.integers(1, 4)), draw(st.integers(0, 3))
    indices = draw(hnp.arrays(np.int64, shapes(0, 2), elements=st.integers(0, rows - 1)))
    weight = filled(draw, (rows, width))
    sparse = draw(st.booleans())
    call = plain_call(
        name, [weight], lambda w: ops.embedding(w, indices, sparse=sparse), lambda w: w[indices], (indices, sparse)
    )
    return replace(call, rows=sparse)


@register_kinks("clip")
def _on_the_bounds(draw: Draw, name: str) -> Call:
    """Elements on a bound, on both where they are equal, and bounds that have a gradient."""
    x = filled(draw, draw(shapes()), (*TIES, 1.0, 2.0))
    low, high = draw(
        st.sampled_from(((0.0, 1.0), (None, 1.0), (0.0, None), (1.0, 1.0), (1.0, 1.0), (1.0, 0.0), (-1.0, 0.5)))
    )
    tracked = [v is not None and draw(st.booleans()) for v in (low, high)]
    bounds = [np.full(draw(st.sampled_from(((), x.shape))), v) for v, t in zip((low, high), tracked, strict=True) if t]

    def call(f: Any) -> Any:
        def clipped(x: Any, *given: Any) -> Any:
            left = list(given)
            return f(x, *(left.pop(0) if t else v for v, t in zip((low, high), tracked, strict=True)))

        return clipped

    def promised(w: Array, x: Array, *given: Array) -> list[Any]:
        """By x within the bounds and on one, by the upper bound above it, by the lower one else."""
        a, b = -np.inf if low is None else low, np.inf if high is None else high
        inside = (x >= a) & (x <= b) & (a != b)
        above = (np.maximum(x, a) > b) | ((x == a) & (x == b))
        shares = [s for s, t in zip((~inside & ~above, above), tracked, strict=True) if t]
        return [w * inside, *(np.sum(w * s) if v.ndim == 0 else w * s for v, s in zip(given, shares, strict=True))]

    return kink_call(name, [x, *bounds], call(ops.clip), call(np.clip), "elementwise", (low, high), convention=promised)


@register_kinks("where")
def _untaken(draw: Draw, name: str) -> Call:
    """What is not taken may be NaN or infinite."""
    y = filled(draw, draw(shapes(1, 2, 1)), (np.nan, np.inf, -np.inf, 1.0, 0.0))
    x = filled(draw, draw(st.sampled_from((y.shape, (), y.shape[-1:]))))
    finite = np.isfinite(y)
    return kink_call(
        name, [x, y], lambda x, y: ops.where(~finite, x, y), lambda x, y: np.where(~finite, x, y), None, finite.tolist()
    )


@register_kinks("nan_to_num")
def _replaced(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes()), (np.nan, np.inf, -np.inf, 0.0, 1.0))
    return kink_call(name, [x], lambda x: ops.nan_to_num(x, posinf=3.0), lambda x: np.nan_to_num(x, posinf=3.0), None)


@register_kinks("getitem", "scatter_add")
def _repeated(draw: Draw, name: str) -> Call:
    """Indices that come several times, negative ones for the same element, so many that they are added in bulk."""
    rows, width = draw(st.integers(1, 3)), draw(st.sampled_from(((), (2,), (2, 2))))
    count = draw(st.sampled_from((2, 7, 70)))
    index: Any = np.array(draw(st.lists(st.integers(-rows, rows - 1), min_size=count, max_size=count)))
    shape = (rows, *width)
    if width and draw(st.booleans()):
        index = (index, index % width[0])
    if name == "getitem":
        x = filled(draw, shape)
        return plain_call(name, [x], lambda x: ops.getitem(x, index), lambda x: x[index], f"index {index!r}")
    g = (
        filled(draw, np.empty(shape)[index].shape, (1.0, -0.5, 2.0))
        if count < 70
        else np.ones(np.empty(shape)[index].shape)
    )

    def expect(g: Array) -> Array:
        out = np.zeros(shape, g.dtype)
        np.add.at(out, index, g)
        return out

    return plain_call(name, [g], lambda g: ops.scatter_add(g, index, shape), expect, f"index {index!r}, shape {shape}")


@register_kinks("embedding")
def _same_row(draw: Draw, name: str) -> Call:
    """One row many times, some rows never, and no index at all."""
    weight = filled(draw, (draw(st.integers(2, 4)), draw(st.integers(1, 3))))
    indices = np.full(draw(st.sampled_from(((0,), (5,), (2, 3)))), draw(st.sampled_from((0, 1))))
    return plain_call(name, [weight], lambda w: ops.embedding(w, indices), lambda w: w[indices], indices)


@register_kinks("clip")
def _one_bound(draw: Draw, name: str) -> Call:
    """A lower or an upper bound alone, that has a gradient; under either of its names."""
    x = filled(draw, draw(shapes()), GRID)
    bound = np.full(draw(st.sampled_from(((), x.shape))), 0.2)
    keys = draw(st.sampled_from((("a_min", "a_max"), ("a_max", "a_min"), ("min", "max"), ("max", "min"))))

    def call(f: Any) -> Any:
        if keys[0].startswith("a_"):
            return lambda x, b: f(x, **{keys[0]: b, keys[1]: None})
        return lambda x, b: f(x, **{keys[0]: b})

    def plainly(x: Array, b: Array) -> Any:
        return np.clip(x, b, None) if "min" in keys[0] else np.clip(x, None, b)

    return plain_call(name, [x, bound], call(ops.clip), plainly, keys, most=0.04)


@register_kinks("embedding")
def _rows_of_a_result(draw: Draw, name: str) -> Call:
    """A gradient is sparse for a leaf alone: this weight is the result of another op."""
    weight = filled(draw, (draw(st.integers(2, 4)), draw(st.integers(1, 3))))
    indices = np.array(draw(st.lists(st.integers(0, 1), max_size=4)), int)
    call = plain_call(
        name, [weight], lambda w: ops.embedding(w * 2.0, indices, sparse=True), lambda w: (w * 2.0)[indices], indices
    )
    return replace(call, rows=False)
