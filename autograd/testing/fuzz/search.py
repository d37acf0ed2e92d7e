"""Generated inputs: one wrong case among many is found, shrunk to the smallest, and told so that it can be run again.

`fuzz_op` draws calls of an op of the table, `fuzz_gradients` (in `gradients.py`) arguments of any function; both run
`search`, which is one run of Hypothesis: the same seed gives the same cases on every machine.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis import strategies as st
from hypothesis.errors import DidNotReproduce, UnsatisfiedAssumption

from autograd.testing.fuzz.names import unknown
from autograd.testing.report import FINE, Report, Verdict

# what a case is rejected for; the other verdicts say that nothing could be compared there
FAILS = frozenset({Verdict.WRONG, Verdict.RAISES, Verdict.MUTATES, Verdict.NONDETERMINISTIC})
SHRINKS = 600  # checks that a search for a smaller case may take
_BLOB = re.compile(r"@reproduce_failure\('([^']+)', b'([^']*)'\)")

Check = Callable[[Any], Report]
Writer = Callable[[Any, Report], str]


@dataclass
class Outcome:
    """What a run over generated cases found; true in a condition where nothing wrong was.

    Attributes
    ----------
    name, library : str
        What was checked, and whose derivatives.
    seed, examples : int
        Of the run: with the same ones it runs again.
    tally : Counter of Verdict
        How many of the cases got each verdict, until the first failure.
    report : Report or None
        Of the smallest case that fails.
    case : object
        That case: a `Call`, or the arguments of a function.
    script : str
        Python that shows it again.
    blob : tuple of str
        Hypothesis's version, and its own word for the case.
    seconds : float
    ended : bool
        The time was up before all examples were run.
    """

    name: str
    library: str = "glassgrad"
    seed: int = 0
    examples: int = 0
    tally: Counter[Verdict] = field(default_factory=Counter)
    report: Report | None = None
    case: Any = None
    script: str = ""
    blob: tuple[str, str] = ("", "")
    seconds: float = 0.0
    ended: bool = False

    @property
    def ok(self) -> bool:
        """Whether nothing wrong was found."""
        return self.report is None

    def __bool__(self) -> bool:
        return self.ok

    @property
    def checked(self) -> int:
        """How many cases were checked."""
        return sum(self.tally.values())

    @property
    def inconclusive(self) -> float:
        """The share of cases of which differences could not tell."""
        return self.tally[Verdict.INCONCLUSIVE] / max(1, self.checked)

    def __str__(self) -> str:
        counts = ", ".join(f"{n} {verdict}" for verdict, n in self.tally.most_common())
        head = (
            f"{self.name}: {counts or 'no case'} in {self.seconds:.1f} s (seed {self.seed}, {self.examples} examples)"
        )
        if self.report is None:
            return head
        told = f"{head}\nthe smallest case:\n{self.report}"
        return f"{told}\nto see it again:\n\n{self.script}" if self.script else told

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """The outcome as plain values, for JSON."""
        return {
            "name": self.name,
            "library": self.library,
            "seed": self.seed,
            "examples": self.examples,
            "tally": {str(verdict): n for verdict, n in self.tally.items()},
            "seconds": round(self.seconds, 3),
            "ended": self.ended,
            "report": None if self.report is None else self.report.to_dict(),
            "text": "" if self.report is None else str(self.report),
            "script": self.script,
            "hypothesis": list(self.blob),
        }


class _Enough(BaseException):
    """Ends a run at once: Hypothesis does not take it for a failure."""


class Failure(AssertionError):
    """A case that a check rejects."""

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report


# one class for each, so that a case of one kind does not shrink to one of another
_KINDS = {verdict: type(f"{verdict.name.title()}Failure", (Failure,), {}) for verdict in FAILS}


class Search:
    """One run over the cases of a strategy.

    Parameters
    ----------
    strategy : strategy
    check : callable
        Gives the `Report` of a case.
    examples, seed : int
    until : float or None
        The time, as of `time.monotonic`, when it ends.
    first : bool
        End at the first failure, however large.
    fails : set of Verdict
        What rejects a case.
    """

    def __init__(
        self,
        strategy: st.SearchStrategy[Any],
        check: Check,
        *,
        examples: int = 50,
        seed: int = 0,
        until: float | None = None,
        first: bool = False,
        fails: frozenset[Verdict] = FAILS,
    ) -> None:
        if examples < 1:
            raise ValueError(f"examples is at least 1, got {examples}")
        self.strategy, self.check, self.fails = strategy, check, fails
        self.examples, self.seed, self.until, self.first = examples, seed, until, first
        self.tally: Counter[Verdict] = Counter()
        self.found: tuple[Any, Report] | None = None
        self.idle: tuple[Any, Report] | None = None  # the smallest case at which nothing could be compared
        self._final: tuple[Any, Report] | None = None
        self._least: tuple[int, int] = (0, 0)
        self._shrinks = 0

    def property(self) -> Any:
        """The function that Hypothesis runs; its `hypothesis.fuzz_one_input` serves other fuzzers."""
        decorate = hypothesis.settings(
            max_examples=self.examples,
            database=None,
            derandomize=True,
            deadline=None,
            report_multiple_bugs=False,
            print_blob=True,
            verbosity=Verbosity.quiet,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate,) if self.first else (Phase.generate, Phase.shrink),
        )
        return hypothesis.seed(self.seed)(decorate(hypothesis.given(case=self.strategy)(self._test)))

    def _test(self, case: Any) -> None:
        if self.until is not None and time.monotonic() > self.until:
            raise _Enough
        if self.found is not None:
            self._shrinks += 1
            if self._shrinks > SHRINKS:
                raise _Enough
        report = checked(self.check, case)
        size = _size(case), len(repr(case))
        if self.found is None:
            self.tally[report.verdict] += 1
            if report.verdict not in FINE and (self.idle is None or size < self._least):
                self.idle, self._least = (case, report), size
        if report.verdict not in self.fails:
            return
        self._final = case, report
        if self.found is None or size <= self._least:
            self.found, self._least = (case, report), size
        if self.first:
            raise _Enough
        raise _KINDS.get(report.verdict, Failure)(report)

    def run(self, outcome: Outcome, write: Writer | None = None) -> Outcome:
        """Search, and put what is found into `outcome`."""
        started = time.monotonic()
        outcome.seed, outcome.examples = self.seed, self.examples
        try:
            self.property()()
        except _Enough:
            outcome.ended = not self.first and self.found is None
        except KeyboardInterrupt as stop:
            stop.outcome = self._told(outcome, write, started)  # type: ignore[attr-defined]  # what was found by then
            raise
        except Failure as failure:
            self.found = self._final  # the smallest, which is run once more at the end
            noted = _BLOB.search(" ".join(getattr(failure, "__notes__", ())))
            outcome.blob = (noted[1], noted[2]) if noted else ("", "")
        return self._told(outcome, write, started)

    def again(self, outcome: Outcome, blob: tuple[str, str], write: Writer | None = None) -> Outcome:
        """Run one case that failed before; where another Hypothesis wrote it down, search for it."""
        if blob[0] != hypothesis.__version__:
            return self.run(outcome, write)
        started = time.monotonic()
        outcome.seed, outcome.examples, outcome.blob = self.seed, 1, blob
        with contextlib.suppress(Failure, DidNotReproduce):  # what the case gave is in the tally
            hypothesis.reproduce_failure(blob[0], blob[1].encode())(self.property())()
        return self._told(outcome, write, started)

    def _told(self, outcome: Outcome, write: Writer | None, started: float) -> Outcome:
        outcome.tally = self.tally
        if self.found is not None:
            outcome.case, outcome.report = self.found
            if write is not None and not self.first:
                outcome.script = write(*self.found)
        outcome.seconds = time.monotonic() - started
        return outcome


def checked(check: Check, case: Any) -> Report:
    """The report of a case; what the check itself raises is one too."""
    try:
        report = check(case)
    except Exception as error:  # an op's own, from a part of the check that expects none: it is reported
        report = Report(repr(case), verdict=Verdict.RAISES, reason=f"{type(error).__name__}: {error}", error=error)
    if isinstance(report.error, UnsatisfiedAssumption):  # the function said by `assume` that the case is none
        raise report.error
    return report


def _size(case: Any) -> int:
    arrays = getattr(case, "arrays", None)
    if arrays is None:
        arrays = [v for v in getattr(case, "values", ()) if hasattr(v, "size")]
    return sum(a.size for a in arrays)


def fuzz_op(
    name: str,
    examples: int = 50,
    seed: int = 0,
    order: int = 2,
    fast: bool = False,
    deadline: float | None = None,
    kinks: bool = True,
    first: bool = False,
    blob: tuple[str, str] | None = None,
) -> Outcome:
    """Check generated calls of an op of the table in every way: values, derivatives, contracts, both precisions.

    Parameters
    ----------
    name : str
        The op, or the function that is made of ops.
    examples, seed : int
        How many calls, and which.
    order : int
        Of the derivatives.
    fast : bool
        Of each call one random sum of its derivatives, and doubles only.
    deadline : float, optional
        Seconds after which it ends with what it has.
    kinks : bool
        At kinks, zeros and ties too, where an op has them.
    first : bool
        End at the first wrong call, and shrink none: what mutation testing needs.
    blob : tuple of str, optional
        The `Outcome.blob` of an earlier run: run that call alone.

    Returns
    -------
    Outcome

    Raises
    ------
    LookupError
        There is no such op; the message names those whose names are near.

    Examples
    --------
    >>> from autograd.testing import fuzz_op
    >>> fuzz_op("sin", examples=5).ok
    True
    """
    from autograd.primitive import composites, table
    from autograd.testing import strategies
    from autograd.testing.fuzz.script import of_call
    from autograd.testing.opcheck import check_call

    if name not in table and name not in composites:
        raise unknown("op", name, [*table, *composites])
    if order < 1:
        raise ValueError(f"order is at least 1, got {order}")
    search = Search(
        strategies.op_calls(name, kinks),
        lambda call: check_call(call, order=order, fast=fast, seed=seed),
        examples=examples,
        seed=seed,
        until=None if deadline is None else time.monotonic() + deadline,
        first=first,
    )
    again = f"fuzz_op({name!r}, examples={examples}, seed={seed}, order={order}, fast={fast}, kinks={kinks})"

    def write(call: Any, report: Report) -> str:
        return of_call(call, report, order, seed, again)

    outcome = Outcome(name)
    return search.run(outcome, write) if blob is None else search.again(outcome, blob, write)
