"""What a derivative must keep to whatever its value: shapes, dtypes, memory, layouts, linearity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.testing.oracle import Array
from autograd.testing.report import Finding

ROUNDED = 1e-5  # a rule may compute in single precision inside; what is not linear is further off
WEIGHTS = (-2.0, -0.7, 0.4, 1.3)  # of cotangents: none is a whole multiple of another
Pull = Callable[[Sequence[Any]], list[Any]]


def layouts(array: Array) -> list[tuple[str, Array]]:
    """The same values, differently laid out in memory; and where nobody may write into them."""
    made = []
    if array.ndim > 1:
        made.append(("in Fortran order", np.asfortranarray(array)))
    if array.ndim and array.size > 1:
        wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
        wide[..., ::2] = array
        made.append(("not contiguous", wide[..., ::2]))
        made.append(("with negative strides", np.flip(np.ascontiguousarray(np.flip(array)))))
    frozen = array.copy()
    frozen.flags.writeable = False
    made.append(("read-only", frozen))
    return made


def identical(a: Array, b: Array) -> bool:
    """The same numbers; NaN is NaN. Most often they are the same bytes, which is quick to tell."""
    if a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes():
        return True
    return np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")


def drawn(rng: np.random.Generator, numbers: Sequence[float], like: Sequence[Array]) -> list[Array]:
    """Arrays of the shapes and dtypes of `like`, of these numbers."""
    values = np.array(numbers)
    return [np.asarray(values[rng.integers(len(values), size=a.shape)], a.dtype) for a in like]


def close(a: Array, b: Array, eps: float, weight: float = 0.0) -> bool:
    """Equal but for the rounding of numbers up to `weight`; NaN equals NaN, and an infinity itself."""
    if a.shape != b.shape:
        return False
    if a.dtype == b.dtype and a.tobytes() == b.tobytes():
        return True
    with np.errstate(all="ignore"):
        scale = max(weight, np.max(np.abs(np.where(np.isfinite(b), b, 0)), initial=0.0))
        same = (np.abs(a - b) <= 200 * eps * (np.abs(b) + scale)) | (a == b) | (np.isnan(a) & np.isnan(b))
    return bool(same.all())


def largest(*arrays: Any) -> float:
    """The largest size of all elements; 0 of none."""
    return max((float(np.max(np.abs(a), initial=0.0)) for a in arrays), default=0.0)


def lost(found: Array, exact: Array, weights: Sequence[Array]) -> tuple[Array, float]:
    """How far a gradient in low precision is from that in doubles, and the scale of numbers that it was made of."""
    with np.errstate(all="ignore"):
        off = np.where((found == exact) | ~np.isfinite(exact), 0, np.abs(found - exact))
    return off, largest(np.where(np.isfinite(exact), exact, 0)) + largest(*weights)


def broken(
    pull: Pull,
    arrays: list[Array],
    names: list[str],
    outputs: list[Array],
    rng: np.random.Generator,
    aliasing: bool,
    thorough: bool,
) -> list[Finding]:
    """The promises that a pullback at `arrays` breaks.

    Parameters
    ----------
    pull : callable
        Maps cotangents of `outputs` to gradients of `arrays` (None: no path).
    aliasing : bool
        Whether gradients must own their memory.
    thorough : bool
        Layouts and linearity too.
    """
    found: list[Finding] = []
    w = drawn(rng, WEIGHTS, outputs)
    w = [np.asarray(c + 0.3j * rng.choice([-1.0, 1.0], c.shape), c.dtype) if c.dtype.kind == "c" else c for c in w]
    held = [a.copy() for a in (*arrays, *w)]
    got = pull(w)
    for name, a, g in zip(names, arrays, got, strict=True):
        if g is None:
            continue
        if g.shape != a.shape:
            guess = ""
            if len(outputs) == 1 and g.shape == outputs[0].shape:
                guess = "missing unbroadcast: the gradient has the result's shape; sum it over the axes that were added"
                if g.size <= a.size:
                    guess = "missing broadcast: the gradient has the result's shape; spread it over the argument's"
            detail = f"{g.shape}, the argument has {a.shape}"
            found.append(Finding("shape of the gradient", name, guess=guess, detail=detail))
        elif g.dtype != a.dtype:
            found.append(Finding("dtype of the gradient", name, detail=f"{g.dtype}, the argument has {a.dtype}"))
    what = [*names, *(f"the cotangent {i}" if len(w) > 1 else "the cotangent" for i in range(len(w)))]
    for name, a, before in zip(what, (*arrays, *w), held, strict=True):
        if not identical(a, before):
            found.append(Finding("mutation", name, detail="the backward pass wrote into it"))
    if found:
        return found
    if aliasing:
        found += _aliases(got, arrays, w, names)
    if thorough:
        kinds = [x.dtype for x in (*arrays, *outputs)]
        found += _consistent(pull, got, w, names, max(float(np.finfo(kind).eps) for kind in kinds), rng)
    return found


def _aliases(got: list[Any], arrays: list[Array], w: list[Array], names: list[str]) -> list[Finding]:
    found = []
    for i, g in enumerate(got):
        if g is None or not g.size:
            continue
        for other, what in (
            *((a, "an argument") for a in arrays),
            *((c, "the cotangent") for c in w),
            *((h, f"the gradient of {names[j]}") for j, h in enumerate(got) if h is not None and j < i),
        ):
            if np.shares_memory(g, other):
                found.append(Finding("aliasing", names[i], detail=f"its gradient shares memory with {what}"))
                break
    return found


def _consistent(
    pull: Pull, got: list[Any], w: list[Array], names: list[str], eps: float, rng: np.random.Generator
) -> list[Finding]:
    """The same cotangents again, in other layouts, and in linear combination."""
    weight = largest(*w)
    found = []

    def compare(what: str, again: list[Any], expected: list[Any], detail: str) -> bool:
        for name, g, h in zip(names, again, expected, strict=True):
            a, b = (np.zeros(()) if x is None else x for x in (g, h))
            if (g is None) != (h is None) or not close(a, b, eps, weight):
                found.append(Finding(what, name, detail=detail))
                return False
        return True

    with np.errstate(all="ignore"):
        if not compare("determinism", pull([c.copy() for c in w]), got, "the same cotangent gave another gradient"):
            return found
        for i, c in enumerate(w):
            for layout, other in layouts(c):
                again = pull([other if j == i else d for j, d in enumerate(w)])
                compare("layout", again, got, f"a cotangent that is {layout} gave another gradient")
        if all(g is None or np.isfinite(g).all() for g in got):
            second = drawn(rng, (-1.0, 0.5, 2.0), w)
            both = pull([np.asarray(2 * c - 3 * d, c.dtype) for c, d in zip(w, second, strict=True)])
            apart = pull(second)
            expected = [None if g is None else 2 * g - 3 * h for g, h in zip(got, apart, strict=True)]
            size = [max(weight, largest(g, h)) if g is not None else 0.0 for g, h in zip(got, apart, strict=True)]
            for name, g, h, s in zip(names, both, expected, size, strict=True):
                within = max(1000 * eps, ROUNDED) * (s + np.abs(h)) if h is not None else 0.0
                if g is not None and h is not None and np.any(np.abs(g - h) > within):
                    detail = (
                        "it is not linear in the cotangent: 2 w - 3 v gives another than 2 times w's less 3 times v's"
                    )
                    found.append(Finding("linearity", name, detail=detail))
    return found
