"""Derivatives by differences, with a bound on their error: the judge of every rule.

Central differences at steps that shrink from several starts, each table extrapolated to step zero; the tables must
agree. One-sided slopes come from the same evaluations. A function that is analytic has the complex step, which has no
truncation error at all.

Ridders, Accurate computation of F'(x) and F'(x)F''(x), Advances in Engineering Software 4 (1982), 75-76.
Squire and Trapp, Using complex variables to estimate derivatives of real functions, SIAM Review 40 (1998), 110-112.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

# Steps shrink by an irrational ratio: with powers of two, periodic functions and floor alias at integers.
RATIO = (1 + 5**0.5) / 2
STEPS = np.array([0.9, 0.093, 0.0097, 0.00101])[:, None] / RATIO ** np.arange(7)
FAST_STEPS = STEPS[:2, :5]
NOISE = 64  # roundings of f that a difference may hold
SINGLE = float(np.finfo(np.float32).eps)
DEGREE = 3  # of the polynomial that a function follows over the smallest steps; what is left is its noise
SAFETY = 30  # an extrapolation's own estimate is no bound; this many times it is
CLEAR = 1e-9  # what a fast look may leave open, beside the slope and the function; else the full tables are made
COMPLEX_STEP = 1e-30


class Slope(NamedTuple):
    """A derivative and a bound on its error, element by element."""

    value: Any
    error: Any


class Slopes(NamedTuple):
    """The derivatives of M numbers along K directions: arrays of shape (K, M).

    Attributes
    ----------
    value, error
        Of the two-sided derivative; the error is infinite where the tables do not agree.
    left, right : Slope
        The one-sided derivatives; where nothing hints at a kink these are `value` and `error`.
    kink : array of bool
        The one-sided slopes are both known and differ.
    size : array
        The usual size of each of the numbers near the point; there may be a pole.
    evaluations : int
    """

    value: Array
    error: Array
    left: Slope
    right: Slope
    kink: Array
    size: Array
    evaluations: int


def every(where: Array) -> bool:
    """`where.all()`, which takes a few numbers ten times as long."""
    return int(np.count_nonzero(where)) == where.size


def _extrapolated(rows: Array, noise: Array, power: int) -> Slope:
    """Step zero of tables of shape (starts, levels, ...), whose error series goes in steps of `power`."""
    entries, steps, far, finest = _table(rows.shape[1], power, rows.dtype)
    tables = rows.reshape(*rows.shape[:2], -1)
    known = np.isfinite(tables)
    whole = every(known)
    if not whole:
        tables = np.where(known, tables, 0)
    value, error = entries @ tables, np.abs(steps @ tables) * far
    error += noise.reshape(tables.shape)[:, finest]
    if not whole:
        lost = (entries != 0).astype(float) @ ~known > 0
        value[lost] = error[lost] = np.nan
    np.fmin(error, np.inf, out=error)
    starts, levels, count = value.shape
    best = (error.argmin(axis=1) + _starts(starts, levels)) * count + np.arange(count)
    found = _agreed(value.take(best), error.take(best))
    return Slope(*(x.reshape(rows.shape[2:]) for x in found))


@functools.cache
def _starts(starts: int, levels: int) -> Array:
    """Where the entries of each table begin among those of all."""
    return levels * np.arange(starts)[:, None]


@functools.cache
def _table(levels: int, power: int, dtype: Any) -> tuple[Array, Array, Array, Array]:
    """What an extrapolation does with the slopes at each level, since it is linear in them.

    For each entry of its table, column after column: its weights; those of the step to it from the finer of the two
    that it is made of; how much further the coarser is; the finest level that is in it.
    """
    column, entries, steps, far = np.eye(levels, dtype=dtype), [], [], []
    for order in range(1, levels):
        factor = RATIO ** (power * order)
        step = (column[1:] - column[:-1]) / (factor - 1)
        column = column[1:] + step
        entries.append(column)
        steps.append(step)
        far += len(column) * [[factor]]
    finest = np.concatenate([np.arange(order, levels) for order in range(1, levels)])
    return np.concatenate(entries), np.concatenate(steps), np.array(far), finest


def _agreed(value: Array, error: Array) -> Slope:
    """One answer of several tables: the most accurate of those that agree with the one of the smallest steps.

    One table alone overstates its accuracy now and then, so the second best must agree as well.
    """
    off = np.abs(value - value[-1])
    agreed = np.where(off <= error + error[-1], error, np.inf)
    two_best = agreed.argsort(axis=0, kind="stable")[:2] * value.shape[1] + np.arange(value.shape[1])
    (first, second), (e, e2) = value.take(two_best), agreed.take(two_best)
    apart = np.abs(first - second)
    bound, two = np.where(apart <= e + e2, e, apart), np.isfinite(e2)
    if not every(two):  # they do not agree, as when f is all rounding
        finite = np.isfinite(error)
        spread = np.max(off + error, axis=0, initial=0.0, where=finite)
        bound = np.where(two, bound, np.where(finite[-1] & (finite.sum(axis=0) > 1), spread, np.inf))
    return Slope(first, bound)


def slopes(
    f: Callable[[int, float], Array],
    count: int,
    base: Array,
    *,
    fast: bool = False,
    jitter: Array | float = 0.0,
) -> Slopes:
    """The derivatives at t = 0 of the vectors f(k, t), for directions k = 0 to `count` - 1.

    Parameters
    ----------
    f : callable
        Gives a vector of M real numbers; called with steps of at most 0.9 in size: choose its unit to suit the scale
        on which it varies.
    base : array
        f(k, 0), the same for every direction.
    fast : bool
        Two tables of five steps in the place of four of seven.
    jitter : float or array of shape (count,)
        The rounding of what f moves, in the unit of t.

    Returns
    -------
    Slopes

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.testing.oracle import slopes
    >>> found = slopes(lambda k, t: np.abs(np.array([t, t + 2.0])), 1, np.array([0.0, 2.0]))
    >>> found.kink
    array([[ True, False]])
    >>> np.round(found.left.value), np.round(found.right.value)
    (array([[-1.,  1.]]), array([[1., 1.]]))
    """
    steps = FAST_STEPS if fast else STEPS
    kind: Any = base.dtype if base.dtype.kind == "f" else np.dtype(float)
    eps = float(np.finfo(kind).eps)
    made = [f(k, t) for t in (*steps.flat, *(-steps).flat) for k in range(count)]
    with np.errstate(all="ignore"):
        values = np.array(made, np.promote_types(kind, float)).reshape(2, *steps.shape, count, base.size)
        up, down = values
        h = steps[:, :, None, None]
        finite = every(np.isfinite(values))
        minus = np.subtract if finite else _minus
        forth, back = minus(up, base), minus(base, down)
        rows = minus(up, down) / (2 * h)
        size = np.fmax.reduce(np.abs(values), axis=0)  # one side may have no values
        size = size if finite else np.where(np.isfinite(size), size, 0)
        most = np.sort(np.concatenate(size[-2:]), axis=0)[steps.shape[1]]
        moved = np.fmax(np.abs(forth), np.abs(back)) / h
        noise = (NOISE * eps * size + 8 * np.reshape(jitter, (-1, 1)) * moved) / h
        if not fast:  # what a fast look finds is looked into in full
            noise += _roughness(np.concatenate([back[-1], forth[-1]], axis=1)) / h
            noise *= np.where(_single(up) & _single(down) & moved.any(axis=(0, 1)), SINGLE / eps, 1)
        value, error = _extrapolated(rows, noise, 2)
        # At a kink the second difference does not shrink with the step.
        bend = np.abs(forth - back) / h
        suspect = ~(bend[-1, -1] <= 0.03 * bend[0, 0] + 4 * noise[-1, -1])
        if not fast:  # one that is nearer than the smallest steps looks like noise to them
            suspect |= bend[2, 0] > 0.5 * bend[1, 0] + 4 * noise[2, 0]
        if not np.count_nonzero(suspect):
            both = Slope(value, error)
            return Slopes(value, error, both, both, suspect, most, len(made))
        left = _extrapolated(back / h, 2 * noise, 1)
        right = _extrapolated(forth / h, 2 * noise, 1)
        apart = np.abs(right.value - left.value)
        known = np.isfinite(left.error) & np.isfinite(right.error)
        kink = suspect & known & (apart > SAFETY * (left.error + right.error))
        kink &= apart > 1e-5 * (np.abs(left.value) + np.abs(right.value))
        error = np.where(suspect & ~kink, np.inf, error)  # a pole, a jump, or a kink that is nearer than any step
        left = Slope(*(np.where(suspect, a, b) for a, b in zip(left, (value, error), strict=True)))
        right = Slope(*(np.where(suspect, a, b) for a, b in zip(right, (value, error), strict=True)))
    return Slopes(value, error, left, right, kink, most, len(made))


def joined(one: Slopes, other: Slopes) -> Slopes:
    """The slopes of the same numbers along the directions of both."""

    def both(a: Array, b: Array) -> Array:
        return np.concatenate([a, b])

    return Slopes(
        both(one.value, other.value),
        both(one.error, other.error),
        Slope(*map(both, one.left, other.left)),
        Slope(*map(both, one.right, other.right)),
        both(one.kink, other.kink),
        both(one.size, other.size),
        one.evaluations + other.evaluations,
    )


def _single(values: Array) -> Array:
    """Which of the last two axes hold numbers of single precision alone: computed in it, whatever their dtype."""
    same: Array = (values.astype(np.float32) == values).all(axis=(0, 1))
    return same


def _roughness(differences: Array) -> Array:
    """The noise of functions, beyond their rounding: what a polynomial leaves of f(h) on either side of 0."""
    left = np.where(np.isfinite(differences), differences, 0)
    left = left - np.tensordot(_polynomial(), left, 1)
    k = left.shape[1] // 2
    most = np.abs(left).max(axis=0)
    noise: Array = 4 * np.maximum(most[:k], most[k:])
    return noise


@functools.cache
def _polynomial() -> Array:
    """Projects values at the smallest steps onto those of a polynomial."""
    basis, _ = np.linalg.qr((STEPS[-1] / STEPS[-1, 0])[:, None] ** np.arange(DEGREE + 1))
    onto: Array = basis @ basis.T
    return onto


def _minus(a: Array, b: Array) -> Array:
    """a - b, where equal infinities differ by nothing."""
    return np.where(a == b, 0, a - b)


def complex_step(f: Callable[[int, complex], Array], count: int) -> Array:
    """The derivatives at t = 0 of analytic functions: the imaginary part of f(k, ih) over h, exact but for rounding.

    >>> import numpy as np
    >>> from autograd.testing.oracle import complex_step
    >>> float(abs(complex_step(lambda k, t: np.exp(np.array([2 * t])), 1)[0, 0] - 2)) < 1e-15
    True
    """
    return np.array([np.imag(f(k, 1j * COMPLEX_STEP)) for k in range(count)]) / COMPLEX_STEP


def slope(f: Callable[[float], Any]) -> Slope:
    """The derivative of `f` at 0, where `f` maps a number to an array and is smooth between -1 and 1.

    Parameters
    ----------
    f : callable
        Called with steps of at most 0.9; choose its unit to suit the scale of what it moves.

    Returns
    -------
    Slope
        The value and an error bound, which is infinite at a kink and where tables with different steps do not agree.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.testing import slope
    >>> found = slope(lambda t: np.exp(2 * t))
    >>> bool(abs(found.value - 2) <= 30 * found.error < 1e-8)
    True
    """
    base = np.asarray(f(0.0))
    is_complex = base.dtype.kind == "c"

    def flat(_: int, t: float) -> Array:
        out = np.ascontiguousarray(f(t)).ravel()
        if is_complex:
            return out.view(out.real.dtype)
        return out if out.dtype.kind != "c" else np.where(out.imag == 0, out.real, np.nan)

    start = flat(0, 0.0)
    found = slopes(flat, 1, start, fast=True)
    size = np.abs(found.value) + np.max(np.abs(found.value), initial=0.0)
    if found.kink.any() or not np.all(SAFETY * found.error <= CLEAR * (size + np.max(found.size, initial=0.0))):
        found = slopes(flat, 1, start)

    def shaped(x: Array) -> Any:
        parts = x[0].reshape(*base.shape, 2) if is_complex else x[0].reshape(base.shape)
        return parts[..., 0] + 1j * parts[..., 1] if is_complex else parts[()]

    error = shaped(np.where(found.kink, np.inf, found.error))
    return Slope(shaped(found.value), np.abs(error) if is_complex else error)
