"""Calls of the ops in `autograd.ops.sets`: values that are equal only where the derivative knows it."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd import ops
from autograd.testing.strategies.base import (
    Array,
    Call,
    Draw,
    distinct,
    kink_call,
    plain_call,
    register,
    register_kinks,
    shapes,
)

WHAT = ("index", "inverse", "counts")


@register("distinct", "unique", "unique_all", "unique_counts", "unique_inverse", "unique_values")
def _unique(draw: Draw, name: str) -> Call:
    x = distinct(draw, draw(shapes(0 if name != "distinct" else 1)))
    if name == "distinct":
        axis = draw(st.sampled_from((None, *range(-x.ndim, x.ndim)))) if x.size else None
        return plain_call(
            name, [x], lambda x: ops.distinct(x, axis), lambda x: np.unique(x, axis=axis), axis, most=0.05
        )
    flags = {}
    if name == "unique":
        flags = {f"return_{what}": draw(st.booleans()) for what in WHAT}
        flags["equal_nan"] = draw(st.booleans())
    f, g = getattr(ops, name), getattr(np, name)
    only = name == "unique_values" or not any(flags.get(f"return_{what}", name != "unique") for what in WHAT)

    def first(found: Any) -> Any:
        return found if only else found[0] + sum(part.sum() for part in found[1:])

    note = f"{flags}, with arrays of integers"
    return plain_call(name, [x], lambda x: first(f(x, **flags)), lambda x: first(g(x, **flags)), note, most=0.05)


@register("union1d", "intersect1d", "setdiff1d", "setxor1d")
def _of_two(draw: Draw, name: str) -> Call:
    """One of them holds some constants that the other one must not come near."""
    x = distinct(draw, draw(shapes()))
    other = np.array(draw(st.lists(st.sampled_from((0.3, 40.0, -40.0)), max_size=3, unique=True)), float)
    swapped = name != "setdiff1d" and draw(st.booleans())
    f, g = getattr(ops, name), getattr(np, name)
    return plain_call(
        name,
        [x],
        lambda x: f(other, x) if swapped else f(x, other),
        lambda x: g(other, x) if swapped else g(x, other),
        (other, swapped),
        most=0.05,
    )


@register("sort_complex")
def _sort_complex(draw: Draw, name: str) -> Call:
    x = distinct(draw, draw(shapes(1, 3)))
    f = np.sort_complex
    return plain_call(name, [x], lambda x: ops.real(f(x)), lambda x: np.real(f(x)), "an array of complex128", most=0.05)


@register("trim_zeros")
def _trim_zeros(draw: Draw, name: str) -> Call:
    """Its zeros are constants."""
    x = distinct(draw, draw(shapes(1, 2, 1)))
    front, back = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    trim = draw(st.sampled_from(("f", "b", "fb")))
    return plain_call(
        name,
        [x],
        lambda x: ops.trim_zeros(ops.pad(x, (front, back)), trim),
        lambda x: np.trim_zeros(np.pad(x, (front, back)), trim),
        (front, back, trim),
        most=0.05,
    )


@register_kinks("unique", "distinct")
def _along_an_axis(draw: Draw, name: str) -> Call:
    """Rows and columns that differ; NaNs, each of them a value of its own or all of them one."""
    x = distinct(draw, (draw(st.integers(1, 3)), draw(st.integers(1, 3))))
    given: dict[str, Any] = {"axis": draw(st.integers(-2, 1)), "equal_nan": draw(st.booleans())}
    if draw(st.booleans()):
        x, given["axis"] = np.append(x.ravel(), [np.nan, np.nan]), None
    if name == "distinct":
        f: Any = ops.distinct
    else:
        f = ops.unique
        given |= {"sorted": draw(st.booleans())} if "sorted" in inspect.signature(np.unique).parameters else {}
    known = {k: v for k, v in given.items() if k != "sorted"}
    return kink_call(name, [x], lambda x: f(x, **given), lambda x: np.unique(x, **known), None, given, most=0.05)


@register_kinks("distinct")
def _equal_rows(draw: Draw, name: str) -> Call:
    """Rows that are equal share alike."""
    rows = distinct(draw, (2, draw(st.integers(1, 2))))[draw(st.lists(st.integers(0, 1), min_size=1, max_size=4))]
    axis = draw(st.sampled_from((0, 1, -1)))
    x = rows if axis == 0 else rows.T

    def promised(w: Array, x: Array) -> list[Array]:
        given = x if axis == 0 else x.T
        alike = (given[:, None] == given).all(axis=2)
        which = (given[:, None] == np.unique(given, axis=0)).all(axis=2).argmax(axis=1)
        found = (w if axis == 0 else w.T)[which] / alike.sum(axis=1)[:, None]
        return [found if axis == 0 else found.T]

    return kink_call(
        name, [x], lambda x: ops.distinct(x, axis), lambda x: np.unique(x, axis=axis), "jump", axis, convention=promised
    )


@register_kinks("intersect1d", "setdiff1d", "setxor1d")
def _assumed(draw: Draw, name: str) -> Call:
    """Without repeats in either, which the caller says."""
    x = distinct(draw, (draw(st.integers(0, 3)),))
    other = np.array(draw(st.sampled_from(([], [40.0], [-40.0, 40.0]))))
    f, g = getattr(ops, name), getattr(np, name)
    given: dict[str, Any] = {"assume_unique": draw(st.booleans())}
    note = (given, "with an array of float64")
    if name == "intersect1d" and draw(st.booleans()):
        given["return_indices"] = True
        return plain_call(
            name, [x], lambda x: f(x, other, **given)[0], lambda x: g(x, other, **given)[0], note, most=0.05
        )
    return plain_call(name, [x], lambda x: f(x, other, **given), lambda x: g(x, other, **given), note, most=0.05)


@register_kinks("trim_zeros")
def _trimmed_along(draw: Draw, name: str) -> Call:
    x, axis = distinct(draw, (2, 3)), draw(st.sampled_from((0, -1, (0, 1))))

    def call(trim: Any, pad: Any) -> Any:
        return lambda x: trim(pad(x, 1), axis=axis)

    def plainly(x: Any) -> Any:
        padded = np.pad(x, 1)
        for a in axis if isinstance(axis, tuple) else (axis,):
            padded = np.take(padded, range(1, padded.shape[a] - 1), axis=a)
        return padded

    return plain_call(name, [x], call(ops.trim_zeros, ops.pad), plainly, axis, most=0.05)
