"""First derivatives of one function at one point: what a library gives beside what differences say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np

from autograd.testing.contracts import WEIGHTS, identical
from autograd.testing.coordinates import Coordinates, Step, flat, place, unflat, width
from autograd.testing.diagnosis import diagnose
from autograd.testing.judge import Judged, judge, selected, weighted
from autograd.testing.oracle import Array, Slope, Slopes, complex_step, every, joined, slopes
from autograd.testing.report import Finding

ALL = 64  # up to so many numbers each is moved, and each is asked for, by itself; above, a sample
SAMPLE = 16
MIXED = np.array([-1.0, -0.6, 0.3, 0.8])  # parts of their reach that all numbers move together
CLOSER = 0.01  # where differences fail, they try again with steps so much smaller
ROUNDING = 1e-10  # of the terms of a sum


class FirstOrder:
    """A comparison of first derivatives.

    Parameters
    ----------
    function : Coordinates
    names : list of str
        Of its arguments.
    kink, fast, analytic
        As in `check_grads`.
    label : str
        What the findings' names begin with.
    results : list of str, optional
        What the function's results are called.

    Attributes
    ----------
    findings : list of Finding
    elements, inconclusive, kinks : int
        See `Report`.
    """

    def __init__(
        self,
        function: Coordinates,
        names: list[str],
        rng: np.random.Generator,
        *,
        kink: str | None = None,
        fast: bool = False,
        analytic: bool = False,
        label: str = "",
        results: list[str] | None = None,
    ) -> None:
        self.function, self.names, self.rng = function, names, rng
        several = len(function.outputs) > 1
        self.results = results or [f"out{i}" if several else "out" for i in range(len(function.outputs))]
        self.kink, self.analytic, self.label = kink, analytic, label
        self.backward_only = False  # forward mode was found not to be there
        self._clear(fast)

    def _clear(self, fast: bool) -> None:
        self.fast = fast
        self.findings: list[Finding] = []
        self.elements = self.inconclusive = self.kinks = 0

    def run(self, modes: tuple[str, ...], pulled: Any = None) -> None:
        """Compare in each of `modes`; what a fast look finds is looked into in full.

        `pulled` is what the library's `vjp` gave, if it was called before.
        """
        self._pulled = pulled
        self.short = not self.fast and self.kink is None
        if not (self.function.count and self.function.base.size):
            return
        self._compare(modes)
        if (self.fast or self.short or self.analytic) and (self.findings or self.inconclusive or self.kinks):
            self._clear(fast=False)
            self.short = False
            self.analytic = False  # what was said to be analytic may not be
            self._compare(modes)

    def _compare(self, modes: tuple[str, ...]) -> None:
        f, m = self.function, self.function.base.size
        self.coordinates, self.directions = self._directions()
        steps = f.steps(self.directions)
        if m > ALL:
            self._sample(steps, modes)
            return
        judged = self._judged(steps, f.base)
        alone = [] if self.fast else range(m)
        finite = np.isfinite(f.base)
        if not every(finite):  # a derivative of what is infinite is judged only where it has one
            alone = [i for i in alone if finite[i] or judged.finite[:, i].all()]
        sums = np.array(WEIGHTS)[self.rng.integers(4, size=(1, m))] * finite
        sums[:, ~(judged.known | judged.kink).all(axis=0)] = 0  # of these nothing is known
        weights = np.concatenate([np.eye(m)[alone], sums]) if alone else sums
        self.rows = [*alone, None]
        if "reverse" in modes:
            gradient = self._reverse(weights)
            self._tell("gradient", *self._along(gradient), weighted(judged, weights))
        if "forward" in modes:
            self.rows = list(range(m))
            self._tell_forward(steps, judged, "reverse" in modes)

    def _sample(self, steps: list[Step], modes: tuple[str, ...]) -> None:
        """Of many results some by themselves, and random sums of all."""
        f, m = self.function, self.function.base.size
        finite = np.isfinite(f.base)
        alone = [] if self.fast else self.rng.choice(np.flatnonzero(finite), min(SAMPLE, finite.sum()), replace=False)
        sums = np.array(WEIGHTS)[self.rng.integers(4, size=(3, m))] * finite

        def read(out: Array) -> Array:
            return np.concatenate([out[alone], sums @ np.where(finite, out, 0)])

        alone = np.sort(np.asarray(alone, int))
        judged = self._judged(steps, read(f.base), read)
        self.rows = [*alone.tolist(), None, None, None]
        if "reverse" in modes:
            single = np.zeros((len(alone), m))
            single[range(len(alone)), alone] = 1
            self._tell("gradient", *self._along(self._reverse(np.concatenate([single, sums]))), judged)
        if "forward" in modes:
            self._tell_forward(steps, judged, "reverse" in modes, read)

    def _directions(self) -> tuple[list[int], Array]:
        """The coordinates that move alone; and all directions: these, random ones, and all that move alike."""
        f, n = self.function, self.function.count
        mixed = MIXED[self.rng.integers(4, size=(1 if n <= ALL else 3, n))] * f.distance
        if self.fast:
            return [], mixed
        coordinates = movable = np.flatnonzero(f.distance > 0)
        if len(coordinates) > ALL:
            coordinates = np.sort(self.rng.choice(movable, SAMPLE, replace=False))
        single = np.zeros((len(coordinates), n))
        single[range(len(coordinates)), coordinates] = f.distance[coordinates]
        real = flat([np.ones(a.shape, a.dtype) for a in f.arrays])
        least = f.distance[movable].min(initial=np.inf)
        alike = real * np.where(f.distance > 0, least, 0)[None]
        return list(map(int, coordinates)), np.concatenate([single, mixed, alike])

    # ------------------------------------------------------------------ what the differences say
    def _judged(self, steps: list[Step], base: Array, read: Callable[[Array], Array] = lambda out: out) -> Judged:
        """Of what `read` makes of the outputs, `base` at the point."""
        f = self.function
        alone = np.arange(len(steps)) < len(self.coordinates)
        found = self._complex_slopes(steps) if self.analytic and not self.kink and base is f.base else None
        if found is None:
            found = self._differences(steps, base, read)
        judged = judge(found, self.kink, alone, base)
        if not self.fast and not self.short and judged.unclear.any():
            judged = self._closer(judged, steps, alone, base, read)
        if self.kink == "selection" and self.coordinates:
            judged = selected(judged, len(self.coordinates), f.distance[self.coordinates])
        return judged

    def _differences(self, steps: list[Step], base: Array, read: Callable[[Array], Array]) -> Slopes:
        """Random sums in full; single coordinates too, unless a short look at them has found nothing strange so far."""
        f, single = self.function, len(self.coordinates) if self.short else 0
        jitter = f.jitter(self.directions)

        def along(k: int, t: float) -> Array:
            return read(f.along(steps[k], t))

        if not single:
            return slopes(along, len(steps), base, fast=self.fast, jitter=jitter)
        first = slopes(along, single, base, fast=True, jitter=jitter[:single])
        rest = slopes(lambda k, t: along(single + k, t), len(steps) - single, base, jitter=jitter[single:])
        return joined(first, rest)

    def _closer(
        self, judged: Judged, steps: list[Step], alone: Array, base: Array, read: Callable[[Array], Array]
    ) -> Judged:
        """Try again near the point, where a kink or the end of the domain may not be in the way."""
        f = self.function
        rows = np.flatnonzero(judged.unclear.any(axis=1))
        near = [[None if s is None else (CLOSER * s[0], s[1]) for s in steps[k]] for k in rows]
        jitter = f.jitter(CLOSER * self.directions[rows])
        found = slopes(lambda k, t: read(f.along(near[k], t)), len(near), base, jitter=jitter)
        again = judge(found, self.kink, alone[rows], base).scaled(np.full(len(rows), 1 / CLOSER))
        better = judged.unclear[rows] & ~again.unclear
        made = {}
        for field in fields(Judged):
            made[field.name] = getattr(judged, field.name).copy()
            made[field.name][rows] = np.where(better, getattr(again, field.name), made[field.name][rows])
        return Judged(**made)

    def _complex_slopes(self, steps: list[Step]) -> Slopes | None:
        """By the complex step, where the function is real here and takes complex numbers."""
        f, m = self.function, self.function.base.size
        if any(a.dtype.kind == "c" for a in (*f.arrays, *f.outputs)):
            return None

        def parts(k: int, t: complex) -> Array:
            out = f.along(steps[k], t)
            return out.reshape(-1, 2) @ np.array([1, 1j]) if out.size == 2 * m else np.full(m, np.nan)

        value = complex_step(parts, len(steps))
        if not np.isfinite(value).all():
            return None
        eps = float(np.finfo(f.base.dtype).eps)
        one = Slope(value, 4 * eps * (np.abs(value) + np.max(np.abs(value), axis=1, initial=0.0)[:, None]))
        return Slopes(*one, one, one, np.zeros(value.shape, bool), np.abs(value), len(steps))

    # ------------------------------------------------------------------ what the library says
    def _reverse(self, weights: Array) -> Array:
        """The gradient of each weighted sum of the outputs: shape (sums, coordinates)."""
        f = self.function
        outputs, pull = self._pulled or f.library.vjp(f.f, f.arrays)
        self._same_values(outputs)
        rows = []
        for w in weights:
            got = pull(unflat(w, f.outputs))
            rows.append(flat([_as(g, a) for g, a in zip(got, f.arrays, strict=True)]))
        return np.array(rows)

    def _along(self, gradient: Array) -> tuple[Array, Array]:
        """The derivatives along the directions that gradients stand for, and the size of the terms of each."""
        if every(np.isfinite(gradient)):
            return self.directions @ gradient.T, np.abs(self.directions) @ np.abs(gradient).T
        parts, sizes = [], []
        for k, d in enumerate(self.directions):
            moved = [self.coordinates[k]] if k < len(self.coordinates) else np.flatnonzero(d)
            parts.append(gradient[:, moved] @ d[moved])
            sizes.append(np.abs(gradient[:, moved]) @ np.abs(d[moved]))
        return np.array(parts), np.array(sizes)

    def _tell_forward(
        self, steps: list[Step], judged: Judged, optional: bool, read: Callable[[Array], Array] = lambda out: out
    ) -> None:
        try:
            pushed = np.array([read(self._forward(step)) for step in steps])
        except NotImplementedError:  # as of functions of a library's user, who wrote the one mode alone
            if not optional:
                raise
            self.backward_only = True
            return
        self._tell("forward derivative", pushed, np.abs(pushed), judged)

    def _forward(self, step: Step) -> Array:
        f = self.function
        tangents = [np.zeros_like(a) if s is None else s[0] for s, a in zip(step, f.arrays, strict=True)]
        outputs, moved = f.library.jvp(f.f, f.arrays, tangents)
        self._same_values(outputs)
        for i, (out, t) in enumerate(zip(f.outputs, moved, strict=True)):
            if np.shape(t) != out.shape:
                detail = f"{np.shape(t)}, the result has {out.shape}"
                self.findings.append(Finding(f"{self.label}shape of the tangent", f"out {i}", detail=detail))
                return np.full(f.base.shape, np.nan)
        return flat([_as(t, out) for t, out in zip(moved, f.outputs, strict=True)])

    def _same_values(self, outputs: Any) -> None:
        f = self.function
        got = flat(outputs)
        if identical(got, f.base):
            return
        eps = float(np.finfo(f.base.dtype).eps)
        same = got.shape == f.base.shape and np.all(
            (np.abs(got - f.base) <= 100 * eps * np.max(np.abs(f.base), initial=0.0))
            | (got == f.base)
            | np.isnan(f.base)
        )
        if not same and not any(x.what == "value" for x in self.findings):
            detail = "the function's result is another when derivatives are recorded"
            self.findings.append(Finding("value", detail=detail))

    # ------------------------------------------------------------------ the comparison
    def _tell(self, what: str, rule: Array, terms: Array, bounds: Judged) -> None:
        """Note where derivatives along the directions, shape (K, R), are out of bounds."""
        slack = ROUNDING * np.where(np.isfinite(terms), terms, 0)
        inside = (rule >= bounds.low - slack) & (rule <= bounds.high + slack)
        number = np.isfinite(rule)
        if every(bounds.known & inside & number):
            self.elements += rule.size
            return
        bad = (bounds.known & ~inside) | (~number & bounds.finite)
        over = np.array([row is not None and bool(np.isinf(self.function.base[row])) for row in self.rows])
        bad &= ~(np.isinf(rule) & over)  # what overflowed has an infinite slope as well as none
        self.elements += int(np.count_nonzero(bounds.known))
        self.inconclusive += int(np.count_nonzero(bounds.unclear & ~bad & number))
        # of an elementwise function only the elements are judged, so that sums of them are not left out
        counted = bounds.kink[: len(self.coordinates)] if self.kink == "elementwise" else bounds.kink
        self.kinks += int(np.count_nonzero(counted))
        if not bad.any():
            return
        guesses = self._guesses(rule, bounds, bad) if not self.label else {}
        single = len(self.coordinates)
        whole = np.array([row is not None for row in self.rows])
        told = bad & False
        told[:single, whole] = True
        if not (told & bad).any() and not self.fast:  # each element may be right and their sum wrong: as at ties
            told[-1, whole] = True
        if not (told & bad).any():
            told[:] = True
        for k, r in np.argwhere(bad & told).tolist():
            numbers = [float(x[k, r]) for x in (rule, bounds.value, bounds.error, bounds.left, bounds.right)]
            if k < single:
                i, at, name = self._named(self.coordinates[k], self.names, self.function.arrays)
                unit = self.function.distance[self.coordinates[k]]
                self._note(what, name, at, self.rows[r], [float(x / unit) for x in numbers], guesses.get(i, ""))
            elif not self.fast and k == len(self.directions) - 1:
                self._note_alike(what, r, numbers, bounds)
            else:
                self._note(what, "a random sum of elements", None, self.rows[r], numbers, "")

    @staticmethod
    def _named(coordinate: int, names: list[str], arrays: list[Array]) -> tuple[int, tuple[int, ...], str]:
        """Which array a coordinate belongs to, which element, and what to call it: a complex number has two parts."""
        i, at = place(coordinate, arrays)
        if arrays[i].dtype.kind != "c":
            return i, at, names[i]
        before = sum(a.size * width(a) for a in arrays[:i])
        return i, at, f"{('Re', 'Im')[(coordinate - before) % 2]} {names[i]}"

    def _note(self, what: str, name: str, at: Any, row: int | None, numbers: list[float], guess: str) -> None:
        out, result = None, "a random sum of results"
        if row is not None:
            _, out, result = self._named(row, self.results, self.function.outputs)
        analytic, numeric, bound, left, right = numbers
        self.findings.append(
            Finding(f"{self.label}{what}", name, at, out, analytic, numeric, bound, left, right, guess, result=result)
        )

    def _note_alike(self, what: str, r: int, numbers: list[float], bounds: Judged) -> None:
        """Of all elements moved alike."""
        single, guess = slice(0, len(self.coordinates)), ""
        if np.any(bounds.kink[single, r] | (bounds.left[single, r] != bounds.right[single, r])) and numbers[1]:
            times = numbers[0] / numbers[1]
            guess = f"ties: moved alike, equal elements together get {times:.4g} times what is due"
        movable = self.function.distance[self.function.distance > 0]
        self._note(what, "all elements alike", None, self.rows[r], [float(x / movable.min()) for x in numbers], guess)

    def _conjugated(self, rule: Array, truth: Array) -> dict[int, str]:
        """The mistake that complex numbers invite."""
        f = self.function
        turned = truth * _parts(f.arrays)[:, None] * _parts(f.outputs)
        if not np.allclose(rule, turned, rtol=1e-6, atol=1e-9):
            return {}
        guess = "the complex conjugate: with a real loss L the gradient is dL/dRe + i dL/dIm"
        return dict.fromkeys(range(len(f.arrays)), guess)

    def _guesses(self, rule: Array, bounds: Judged, bad: Array) -> dict[int, str]:
        """What kind of mistake it looks like, for each argument, where the whole Jacobian was computed."""
        f = self.function
        rows = [i for i, r in enumerate(self.rows) if r is not None]
        whole = len(self.coordinates) == f.count and len(rows) == f.base.size
        if not whole:
            return {}
        if any(a.dtype.kind == "c" for a in (*f.arrays, *f.outputs)):
            return self._conjugated(rule[: f.count, rows], bounds.value[: f.count, rows])
        jacobians, at = [], 0
        for a in f.arrays:
            part = np.ix_(range(at, at + a.size), rows)
            unit = f.distance[at : at + a.size, None]
            jacobians.append((rule[part] / unit, np.where(bounds.known, bounds.value, np.nan)[part] / unit, bad[part]))
            at += a.size
        return {
            i: diagnose(g, n, wrong, np.ravel(f.arrays[i]), f.arrays[i].shape,
                        [other for j, (_, other, _) in enumerate(jacobians) if j != i],
                        f.outputs[0].shape if len(f.outputs) == 1 and len(rows) == f.base.size else ())
            for i, (g, n, wrong) in enumerate(jacobians) if wrong.any()
        }  # fmt: skip


def _parts(arrays: list[Array]) -> Array:
    """1 for real parts, -1 for imaginary ones."""
    return flat([np.full(a.shape, 1 - 1j if a.dtype.kind == "c" else 1, a.dtype) for a in arrays])


def _as(given: Any, like: Array) -> Array:
    """A gradient, None for zero, as numbers of the kind of `like`."""
    g: Array = np.zeros_like(like) if given is None else np.asarray(given)
    if g.dtype.kind == "c" and like.dtype.kind != "c":
        g = g.real
    return g if g.dtype.kind == like.dtype.kind else g.astype(like.dtype)
