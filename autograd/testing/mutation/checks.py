"""The check that judges mutants unless another is given: calls drawn once for each op, and our own checker on each."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from unittest import mock

import hypothesis
import numpy as np
from hypothesis import Phase
from hypothesis import strategies as st

from autograd.testing.first import FirstOrder
from autograd.testing.fuzz import FAILS
from autograd.testing.opcheck import check_call
from autograd.testing.report import Verdict
from autograd.testing.strategies import Call, kinked, op_calls
from autograd.testing.strategies.base import refused

FULL = 8  # so many calls, of all sizes, and one of each strategy are checked in every way, all in the quick one
TURNED = 12  # and so many, of all sizes, at complex numbers
KEEN = 6  # looks that are taken before their turn
HANDFUL = 8  # Hypothesis varies what it has drawn, so that handfuls of separate seeds differ more than as many of one
APART = 5  # a fifth of the calls more from each strategy of kinks, bounds and seldom options


def drawn(name: str, count: int, seed: int = 0) -> list[Call]:
    """`count` calls of an op, the smallest first, empty ones last; no database, no shrinking.

    >>> from autograd.testing.mutation.checks import drawn
    >>> len(drawn("sin", 5))
    5
    """
    found = _drawn(op_calls(name), count, seed)
    sizes = [sum(a.size for a in call.arrays) for call in found]
    order = sorted(range(len(found)), key=lambda i: (sizes[i] == 0, sizes[i]))
    return [found[i] for i in order]


def _drawn(strategy: st.SearchStrategy[Call], count: int, seed: int) -> list[Call]:
    """`count` calls, each once; fewer where there are hardly so many."""
    found: dict[str, Call] = {}
    for i in range(2 + 2 * count // HANDFUL):
        if len(found) < count:
            found |= {repr(call): call for call in _handful(strategy, seed + 1000 * i)}
    return list(found.values())[:count]


def _handful(strategy: st.SearchStrategy[Call], seed: int) -> list[Call]:
    found: list[Call] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=HANDFUL,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(strategy)
    def keep(call: Call) -> None:
        found.append(call)

    with _quiet():
        keep()
    return found


Look = Callable[[], str | None]  # at one case, in one way: what is wrong there


class Looks:
    """A check made of looks, which are thought of once for each op: `check(name, rng_seed, examples, deadline)`.

    A class that derives from it says in `looks` what they are. One that finds something with no mistake installed is
    left out and remembered as an alarm.

    Attributes
    ----------
    used : int
        The place of the look that found something, from 1 on: so many are enough. Those that found the most before are
        taken first, since mistakes in one rule are alike.
    alarms : list of str
        What was found with no mistake installed: of the op itself, of the calls drawn, or of the checker.
    spoiled : bool
        A look finds something where it found nothing before: a mistake has left its mark on this process.
    """

    def __init__(self) -> None:
        self.used = 0
        self.spoiled = False
        self.alarms: list[str] = []
        self._looks: dict[tuple[str, int, int], list[Look]] = {}
        self._sound: set[int] = set()
        self._hits: dict[int, int] = {}
        self._last: Look | None = None

    def looks(self, name: str, rng_seed: int, examples: int) -> list[Look]:
        """What to look at, in order."""
        raise NotImplementedError

    def prepare(self, name: str, rng_seed: int, examples: int) -> None:
        """Think of what to look at, before a mistake is installed."""
        key = (name, rng_seed, examples)
        if key not in self._looks:
            self._looks[key] = self.looks(name, rng_seed, examples)

    def __call__(self, name: str, rng_seed: int = 0, examples: int = 60, deadline: float | None = None) -> str | None:
        """What is wrong with the op's gradients, or None."""
        self.prepare(name, rng_seed, examples)
        looks = self._looks[name, rng_seed, examples]
        self.used, self._last = len(looks), None
        keen = sorted((look for look in looks if id(look) in self._hits), key=lambda look: -self._hits[id(look)])[:KEEN]
        first = set(map(id, keen))
        for look in (*keen, *(look for look in looks if id(look) not in first)):
            if deadline is not None and time.process_time() > deadline:
                return None
            found = look()
            if found:
                self._last, self.used = look, 1 + next(i for i, other in enumerate(looks) if other is look)
                self._hits[id(look)] = self._hits.get(id(look), 0) + 1
                return found
        return None

    def sound(self, look: Look) -> bool:
        """With no mistake installed: whether a look finds none."""
        found = look()
        if not found:
            self._sound.add(id(look))
        elif id(look) in self._sound:
            self.spoiled = True
        else:
            self.alarms.append(f"{look}: {found}")
        return not found

    def confirmed(self) -> bool:
        """With no mistake installed: whether the last finding is gone. If not, that look is taken no more."""
        last = self._last
        if last is None or self.sound(last) or self.spoiled:
            return True
        for looks in self._looks.values():
            looks[:] = [other for other in looks if other is not last]
        return False


class CallsCheck(Looks):
    """Our own checker: `check_call` on drawn calls.

    A quick look at every call, at some of them at complex numbers, and now and then every way of checking. The values
    of an op do not change with its rules, so that what differences say of a call is found once for all mutants of it.
    """

    def looks(self, name: str, rng_seed: int, examples: int) -> list[Look]:
        """Quick ones, of drawn calls that the right rule passes, then full ones of some of these."""
        calls = drawn(name, examples, rng_seed)
        rng = np.random.default_rng(rng_seed)
        turned = [c for call in _spread(calls, TURNED) if (c := _turned(call, rng))]
        apart = [_drawn(strategy, examples // APART, rng_seed + 1) for strategy in kinked.get(name, ())]
        never = [c for strategy in refused.get(name, ()) for c in _drawn(strategy, examples // APART, rng_seed + 1)]
        known = set(map(repr, calls))
        more = [c for group in apart for c in group if repr(c) not in known]
        mixed = _alternating(calls, [*turned, *more])
        kept = [look for call in (*never, *mixed) if self.sound(look := _Look(call, fast=True, order=1))]
        real = [k for k in kept if not k.call.refused and all(a.size and a.dtype.kind == "f" for a in k.call.arrays)]
        smooth = {id(k.call): k for k in real if k.call.kink is None}
        each = [smooth[found[0]] for group in apart if (found := [id(c) for c in group if id(c) in smooth])]
        several = _spread([look for look in real if len(look.call.arrays) > 1], FULL // 2)
        others = _spread([look for look in real if look not in several], FULL - len(several))
        full = [
            _Look(look.call, fast=False, order=2, known=look.known)
            for look in dict.fromkeys((*several, *others, *each))
        ]
        return _alternating(kept, full)


def _alternating(first: list[Any], second: list[Any]) -> list[Any]:
    """Both in one, evenly: there may be no time for all of them."""
    places = [(i / len(part), k, item) for k, part in enumerate((first, second)) for i, item in enumerate(part)]
    return [item for *_, item in sorted(places, key=lambda place: place[:2])]


def _spread(ordered: list[Any], count: int) -> list[Any]:
    """At most `count`, from the first to the last alike."""
    return ordered[:: max(1, -(-len(ordered) // count))]


class _Look:
    """One way of checking one call, with the differences that it needed."""

    def __init__(self, call: Call, fast: bool, order: int, known: dict[Any, Any] | None = None) -> None:
        self.call, self.fast, self.order = call, fast, order
        self.known: dict[Any, Any] = {} if known is None else known

    def __repr__(self) -> str:
        return repr(self.call)

    def __call__(self) -> str | None:
        with _quiet(), _remembered(self.known):
            report = check_call(self.call, fast=self.fast, order=self.order)
        if report.verdict not in FAILS:
            return None
        return str(report.findings[0]) if report.findings else f"{report.verdict}: {report.reason}"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _remembered(known: dict[Any, Any]) -> Iterator[None]:
    """What differences say of the op itself, along the same directions, is computed once."""
    judged: Callable[..., Any] = FirstOrder._judged

    def remembering(self: FirstOrder, steps: Any, base: Any, *read: Any) -> Any:
        if self.label or read:  # of the gradient, which a mistake changes; or of random sums
            return judged(self, steps, base, *read)
        key = (self.fast, self.directions.tobytes(), *((a.shape, a.tobytes()) for a in (*self.function.arrays, base)))
        if key not in known:
            known[key] = judged(self, steps, base)
        return known[key]

    with mock.patch.object(FirstOrder, "_judged", remembering):
        yield


def _turned(call: Call, rng: np.random.Generator) -> Call | None:
    """The call at complex numbers, where the op takes them."""
    if call.kink or any(a.dtype.kind != "f" for a in call.arrays) or not all(a.size for a in call.arrays):
        return None
    arrays = tuple(np.asarray(a + 1j * rng.uniform(0.2, 0.6, a.shape)) for a in call.arrays)
    reach = tuple(0.5 * r for r in call.reach)
    moved = replace(call, arrays=arrays, expect=call.apply, reach=reach, analytic=False, convention=None)
    with _quiet():
        try:
            report = check_call(moved, order=1, fast=True)
        except TypeError:  # it takes real numbers only
            return None
    return moved if report.verdict is Verdict.RIGHT else None
