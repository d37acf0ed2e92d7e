"""Calls of the ops in `autograd.ops.polynomial`."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd import ops
from autograd.testing.strategies.base import (
    SMALL,
    Array,
    Call,
    Draw,
    distinct,
    filled,
    kink_call,
    plain_call,
    refused_call,
    register,
    register_kinks,
    register_refused,
    shapes,
)

LEADING = tuple(v for v in SMALL if abs(v) >= 0.5)


def _coefficients(draw: Draw, least: int = 1, most: int = 4) -> Array:
    """A polynomial whose first coefficient stays away from zero."""
    p = filled(draw, (draw(st.integers(least, most)),))
    if p.size:
        p = p.copy()
        p[0] = draw(st.sampled_from(LEADING))
    return p


@register("polyval", "horner")
def _polyval(draw: Draw, name: str) -> Call:
    p, x = filled(draw, draw(st.sampled_from(((0,), (1,), (2,), (4,), (3, 1), (2, 2))))), filled(draw, draw(shapes()))
    if p.ndim == 2:
        x = filled(draw, draw(st.sampled_from(((), (2,), (3, 2), (1,)))))
    return plain_call(name, [p, x], getattr(ops, name), np.polyval)


@register("polyadd", "polysub", "polymul")
def _arithmetic(draw: Draw, name: str) -> Call:
    a, b = _coefficients(draw), _coefficients(draw)
    if draw(st.integers(0, 4)) == 0:
        a = a[0]
    if name != "polymul" and draw(st.booleans()):
        b = filled(draw, (draw(st.integers(0, 3)),))
    return plain_call(name, [np.asarray(a), b], getattr(ops, name), getattr(np, name))


@register("polydiv")
def _polydiv(draw: Draw, name: str) -> Call:
    """The remainder's shape hangs on its size: it stays away from zero."""
    v = _coefficients(draw, 1, 3)
    u = np.polyadd(np.polymul(_coefficients(draw, 1, 3), v), [draw(st.sampled_from((0.3, -1.0)))])
    rest = np.polydiv(u, v)[1]
    part = draw(st.sampled_from((0, 1))) if np.abs(rest[0]) > 0.05 else 0
    # in single precision more of the remainder is left than rounding's zeros in double
    kept = slice(-len(rest), None) if part else slice(None)
    return plain_call(
        name,
        [u, v],
        lambda u, v: ops.polydiv(u, v)[part][kept],
        lambda u, v: np.asarray(np.polydiv(u, v)[part])[kept],
        part,
        most=1e-3,
    )


@register("series_divide")
def _series_divide(draw: Draw, name: str) -> Call:
    u, v = filled(draw, (draw(st.integers(1, 5)),)), _coefficients(draw, 1, 5)

    def expect(u: Array, v: Array) -> Array:
        n = len(u)
        matrix = np.zeros((n, n), v.dtype)
        for k, c in enumerate(v[:n]):
            matrix += c * np.eye(n, k=-k)
        return np.linalg.solve(matrix, u)

    return plain_call(name, [u, v], ops.series_divide, expect, most=0.03)


@register("polyder", "polyint")
def _calculus(draw: Draw, name: str) -> Call:
    p, m = filled(draw, (draw(st.integers(0, 4)),)), draw(st.integers(1, 3))
    note = ("NumPy multiplies with an integer array", m)
    if name == "polyder":
        return plain_call(name, [p], lambda p: ops.polyder(p, m), lambda p: np.polyder(p, m), note)
    k = filled(draw, draw(st.sampled_from(((), (1,), (3,), (4,)))))
    if m == 0 or draw(st.booleans()):
        return plain_call(name, [p], lambda p: ops.polyint(p, m), lambda p: np.polyint(p, m), note)
    return plain_call(name, [p, k], lambda p, k: ops.polyint(p, m, k), lambda p, k: np.polyint(p, m, k), note)


@register("poly", "poly_of_roots", "characteristic")
def _poly(draw: Draw, name: str) -> Call:
    n = draw(st.integers(1, 4))
    matrix = name == "characteristic" or (name == "poly" and draw(st.booleans()))
    x = distinct(draw, (n, n) if matrix else (n,))
    return plain_call(name, [x], getattr(ops, name), np.poly)


@register("roots")
def _roots(draw: Draw, name: str) -> Call:
    """Sums over all roots, since their order is LAPACK's."""
    spots = draw(st.lists(st.sampled_from((-2.0, -0.7, 0.5, 1.6, 3.0)), min_size=1, max_size=3, unique=True))
    p = np.poly(spots) * draw(st.sampled_from((1.0, -0.5, 2.0)))
    if draw(st.booleans()):
        p = np.convolve(np.atleast_1d(p), draw(st.sampled_from(([1.0, 0.2, 1.0], [1.0, -2.0, 3.0]))))
    zeros = draw(st.sampled_from((0, 0, 1)))
    p = np.concatenate([np.atleast_1d(p), np.zeros(zeros)])
    power = draw(st.sampled_from((1, 2, 3)))

    def ours(p: Any) -> Any:
        return ops.real(ops.sum(ops.roots(p) ** power))

    return plain_call(name, [p], ours, lambda p: np.real(np.sum(np.roots(p) ** power)), power, most=0.01 * np.abs(p[0]))


@register("polyfit")
def _polyfit(draw: Draw, name: str) -> Call:
    deg = draw(st.integers(0, 2))
    n = deg + draw(st.integers(1, 3))
    x = distinct(draw, (n,))
    y = filled(draw, draw(st.sampled_from(((n,), (n, 2), (n, 1)))))
    weights = np.array(draw(st.lists(st.sampled_from((0.5, 1.0, 2.0)), min_size=n, max_size=n)))
    weighted = draw(st.booleans())
    what = draw(
        st.sampled_from(("", "", *(("squares", "cov") if n > deg + 1 else ()), *(("unscaled",) if deg else ())))
    )
    given: Any = {"squares": {"full": True}, "cov": {"cov": True}, "unscaled": {"cov": "unscaled"}}.get(what, {})

    def of(f: Any) -> Any:
        def fit(*arrays: Any) -> Any:
            left = list(arrays)
            at = left.pop(0) if deg else x.astype(left[0].dtype)  # the mean does not hang on x
            values = y.astype(at.dtype) if what == "unscaled" else left.pop(0)
            found = f(at, values, deg, w=left[0] if left else None, **given)
            return found[1] if given else found

        return fit

    arrays = [*([x] if deg else []), *([y] if what != "unscaled" else []), *([weights] if weighted else [])]
    return plain_call(name, arrays, of(ops.polyfit), of(np.polyfit), (deg, what), most=0.02)


@register_kinks("poly", "poly_of_roots", "characteristic")
def _equal_roots(draw: Draw, name: str) -> Call:
    """Coefficients are polynomials of roots and of matrices, where these are equal, zero or singular too."""
    n = draw(st.integers(1, 3))
    matrix = name == "characteristic" or (name == "poly" and draw(st.booleans()))
    x = filled(draw, (n, n) if matrix else (n,), (0.0, 1.0, 1.0, -2.0))
    return plain_call(name, [x], getattr(ops, name), _of_matrix if matrix else np.poly)


def _of_matrix(a: Array) -> Any:
    """The characteristic polynomial by traces of powers (Faddeev and LeVerrier), exact where eigenvalues are equal."""
    n = len(a)
    found, power = [np.ones((), a.dtype)], np.zeros_like(a)
    for k in range(1, n + 1):
        power = a @ power + found[-1] * np.eye(n)
        found.append(-np.trace(a @ power) / k)
    return np.array(found)


@register_kinks("roots")
def _no_roots(draw: Draw, name: str) -> Call:
    """Of a constant there are none, and nothing flows back."""
    p = filled(draw, (1,), (1.0, -2.0))
    return plain_call(
        name,
        [p],
        lambda p: ops.real(ops.sum(ops.roots(p))),
        lambda p: np.real(np.sum(np.roots(p))),
        "no array of float32",
    )


@register_kinks("polyfit")
def _cut_off(draw: Draw, name: str) -> Call:
    """With the limit below which singular values count as zero."""
    x, y = distinct(draw, (4,)), filled(draw, (4,))
    given = {"rcond": draw(st.sampled_from((1e-14, 1e-10))), "full": False}
    return plain_call(
        name, [x, y], lambda x, y: ops.polyfit(x, y, 1, **given), lambda x, y: np.polyfit(x, y, 1, **given), given, 0.02
    )


@register_kinks("roots")
def _beside_a_repeated_one(draw: Draw, name: str) -> Call:
    """Of x^2 (x - 1) the root that is no repeated one."""
    p = np.array([1.0, -1.0, 0.0, 0.0]) * draw(st.sampled_from((1.0, -2.0)))
    return kink_call(
        name,
        [p],
        lambda p: ops.real(ops.roots(p))[0],
        lambda p: np.real(np.roots(p))[0],
        "convex",
        most=1e-3,
    )


@register_refused("roots")
def _repeated(draw: Draw, name: str) -> Call:
    """Roots that are equal, or apart by a little less than what rounding can do to a double one."""
    both = draw(st.sampled_from(([0.0, 0.0, 1.0], [1.0, 1.0 + 9e-6], [1024.0, 1024.0 * (1 + 9e-6)])))
    return refused_call(name, [np.poly(both)], lambda p: ops.real(ops.roots(p)), both)
