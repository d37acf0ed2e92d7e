"""What a check found, told so that one can act on it."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field
from typing import Any


class Verdict(enum.StrEnum):
    """The outcome of a check, in one word or two."""

    RIGHT = "right"
    WRONG = "wrong"
    INCONCLUSIVE = "inconclusive"  # the differences are not accurate enough to tell: no failure
    NONDETERMINISTIC = "nondeterministic"
    NOT_DIFFERENTIABLE = "not differentiable"
    MUTATES = "mutates"
    NOTHING_TO_CHECK = "nothing to check"
    NOT_FINITE = "not finite"
    RAISES = "raises"


FINE = frozenset({Verdict.RIGHT, Verdict.INCONCLUSIVE})
SHOWN = 5  # findings that are printed


@dataclass
class Finding:
    """One number, or one promise, that is not what it should be.

    Attributes
    ----------
    what : str
        "gradient", "forward derivative", "second derivative", or the promise that was broken: "shape", "dtype",
        "aliasing", "linearity", "layout" and so on.
    argument : str
        The argument's name, with the path to it inside a structure.
    at, out : tuple of int or None
        Index of the element of the argument, and of the element of the result.
    analytic, numeric, bound : float
        What the rule gives, what differences give, and how far these may be off.
    left, right : float
        The one-sided slopes; equal to `numeric` where there is no kink.
    guess : str
        What kind of mistake it looks like.
    detail : str
        The finding in words, where there are no numbers to compare.
    result : str
        What is differentiated: "out", or which of several results, or a gradient.
    """

    what: str
    argument: str = ""
    at: tuple[int, ...] | None = None
    out: tuple[int, ...] | None = None
    analytic: float = math.nan
    numeric: float = math.nan
    bound: float = math.nan
    left: float = math.nan
    right: float = math.nan
    guess: str = ""
    detail: str = ""
    result: str = "out"

    @property
    def size(self) -> float:
        """By how many times its bound the number is off."""
        if self.detail or not math.isfinite(self.analytic):
            return math.inf
        low, high = min(self.numeric, self.left, self.right), max(self.numeric, self.left, self.right)
        return max(low - self.analytic, self.analytic - high) / max(self.bound, 1e-300)

    def __str__(self) -> str:
        if self.detail:
            return f"{self.what}{f' of {self.argument}' if self.argument else ''}: {self.detail}"
        place = f"d {self.result}{_index(self.out)} / d {self.argument}{_index(self.at)}"
        numeric = f"{self.numeric:.10g} within {self.bound:.1g}"
        if self.left != self.right:
            numeric = f"{self.left:.10g} from the left and {self.right:.10g} from the right"
        return f"{self.what}: {place} is {self.analytic:.10g}, differences say {numeric}"


def _index(at: tuple[int, ...] | None) -> str:
    return f"[{', '.join(map(str, at))}]" if at else ""


@dataclass
class Report:
    """What `check_grads` and its kin return; true in a condition where nothing wrong was found.

    Attributes
    ----------
    name, library : str
        What was checked, and whose derivatives.
    verdict : Verdict
    findings : list of Finding
        The worst first.
    reason : str
        Why, where the verdict is neither "right" nor "wrong".
    elements, inconclusive, kinks : int
        How many derivatives were compared; for how many the differences were not accurate enough; how many lay at a
        kink of no declared kind, where nothing can be said.
    evaluations : int
        Calls of the function.
    point : str
        The arguments, abbreviated.
    seed : int
    error : Exception or None
        What the function raised.
    """

    name: str
    library: str = ""
    verdict: Verdict = Verdict.RIGHT
    findings: list[Finding] = field(default_factory=list)
    reason: str = ""
    elements: int = 0
    inconclusive: int = 0
    kinks: int = 0
    evaluations: int = 0
    point: str = ""
    seed: int = 0
    modes: tuple[str, ...] = ()
    error: BaseException | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing wrong was found; an inconclusive check is no failure."""
        return self.verdict in FINE

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        lines = [f"{self.name}{f' ({self.library})' if self.library else ''}: {self.verdict}"]
        if self.reason:
            lines[0] += f": {self.reason}"
        elif self.verdict is Verdict.RIGHT:
            lines[0] += f", {self.elements} derivatives ({', '.join(self.modes)}) in {self.evaluations} evaluations"
        if self.kinks:
            lines.append(f"  {self.kinks} more lie at a kink, of a kind that was not declared, and were not judged")
        for guess in dict.fromkeys(f.guess for f in self.findings if f.guess):
            lines.append(f"  looks like: {guess}")
        lines += [f"  {finding}" for finding in self.findings[:SHOWN]]
        if len(self.findings) > SHOWN:
            lines.append(f"  and {len(self.findings) - SHOWN} more")
        if self.point and not self.ok:
            lines.append(f"  at {self.point}")
        return "\n".join(lines)

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values, for JSON."""
        kept = ("name", "library", "reason", "elements", "inconclusive", "kinks", "evaluations", "point", "seed")
        return {
            **{key: getattr(self, key) for key in kept},
            "verdict": str(self.verdict),
            "findings": [{**vars(f), "text": str(f)} for f in self.findings],
        }
