"""What came of it: how many mistakes were found, which were not, and why some of these are none."""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from autograd.testing.mutation.mutants import Mutant


@dataclass(frozen=True)
class Outcome:
    """What a check said of one mutant.

    Attributes
    ----------
    status : str
        "killed" (found), "hang" (found, as it does not end), "survived" or "not run".
    found : str
        What was found, through the op `through`.
    used : int
        Examples looked at.
    seconds : float
        Of the processor.
    """

    status: str
    found: str = ""
    through: str = ""
    used: int = 0
    seconds: float = 0.0

    @property
    def caught(self) -> bool:
        return self.status in ("killed", "hang")


@dataclass
class Score:
    """Every mutant with what a check said of it.

    Attributes
    ----------
    outcomes : list of (Mutant, Outcome)
    seconds : float
        For all of them, by the clock.
    explained : dict
        Keys of mutants that are no mistakes, and why.
    alarms : list of str
        What the check said of the rules without a mistake.
    """

    outcomes: list[tuple[Mutant, Outcome]]
    seconds: float
    explained: dict[str, str]
    alarms: list[str]

    def _count(self, wanted: Callable[[Outcome], bool]) -> int:
        return sum(wanted(o) for _, o in self.outcomes)

    @property
    def killed(self) -> int:
        """Mutants that were found, hangs among them."""
        return self._count(lambda o: o.caught)

    @property
    def survived(self) -> int:
        """Mutants that were not found, the explained ones among them."""
        return self._count(lambda o: o.status == "survived")

    @property
    def left_out(self) -> int:
        """Mutants for which there was no time."""
        return self._count(lambda o: o.status == "not run")

    @property
    def equivalent(self) -> list[Mutant]:
        """Survivors with a reason why they are no mistakes."""
        return [m for m, o in self.outcomes if o.status == "survived" and m.key in self.explained]

    @property
    def open(self) -> list[Mutant]:
        """Survivors that nobody has explained."""
        return [m for m, o in self.outcomes if o.status == "survived" and m.key not in self.explained]

    @property
    def stale(self) -> list[str]:
        """Explanations of what was found after all."""
        return [m.key for m, o in self.outcomes if o.caught and m.key in self.explained]

    @property
    def rate(self) -> float:
        """The part of the mistakes that was found: of the mutants judged, without the explained ones."""
        return self.killed / max(1, self.killed + len(self.open))

    @property
    def examples_to_kill(self) -> list[int]:
        """For each mutant found, how many examples it took."""
        return [o.used for _, o in self.outcomes if o.status == "killed" and o.used]

    def by(self, attribute: str) -> dict[str, dict[str, int]]:
        """Counts by an attribute of mutants, such as "operator" or "family"."""
        found: dict[str, dict[str, int]] = {}
        for m, o in self.outcomes:
            row = found.setdefault(getattr(m, attribute), {"mutants": 0, "found": 0, "equivalent": 0, "open": 0})
            row["mutants"] += 1
            row["found"] += o.caught
            row["equivalent"] += o.status == "survived" and m.key in self.explained
            row["open"] += o.status == "survived" and m.key not in self.explained
        return dict(sorted(found.items(), key=lambda item: -item[1]["mutants"]))

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain data for JSON."""
        return {
            "mutants": len(self.outcomes),
            "found": self.killed,
            "hangs": self._count(lambda o: o.status == "hang"),
            "equivalent": len(self.equivalent),
            "open": len(self.open),
            "not run": self.left_out,
            "rate": self.rate,
            "seconds": self.seconds,
            "median examples": median(self.examples_to_kill) if self.examples_to_kill else None,
            "by operator": self.by("operator"),
            "by family": self.by("family"),
            "alarms": self.alarms,
            "stale": self.stale,
            "survivors": [
                {"key": m.key, "place": _place(m), "ops": list(m.ops), "why": self.explained.get(m.key, "")}
                for m in (*self.open, *self.equivalent)
            ],
            "killed": [
                {"key": m.key, "through": o.through, "found": o.found, "examples": o.used, "seconds": o.seconds}
                for m, o in self.outcomes
                if o.caught
            ],
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write `to_dict` as JSON."""
        Path(path).write_text(json.dumps(self.to_dict(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def __str__(self) -> str:
        took = self.examples_to_kill
        lines = [
            f"{self.killed} of {self.killed + len(self.open)} mistakes found ({100 * self.rate:.1f} %) in "
            f"{self.seconds:.0f} s; {len(self.equivalent)} more mutants are no mistakes"
            + (f"; {self.left_out} were not run" if self.left_out else ""),
        ]
        if took:
            lines.append(f"examples to find one: median {median(took):.0f}, at most {max(took)}")
        for attribute in ("operator", "family"):
            lines += ["", f"{attribute:<32} mutants   found  no mistake    open"]
            for name, row in self.by(attribute).items():
                lines.append(f"{name:<32} {row['mutants']:7} {row['found']:7} {row['equivalent']:11} {row['open']:7}")
        if self.open:
            lines += ["", "not found:"]
            for m in sorted(self.open, key=lambda m: (m.family, m.line)):
                lines.append(f"  {_place(m)} {m.ops[0]}{' by ' + m.parameter if m.parameter else ''}: {m.operator}")
                lines += textwrap.wrap(
                    f"{m.before}  ->  {m.after}", 116, initial_indent=" " * 6, subsequent_indent=" " * 8
                )
        lines += [f"said to be no mistake, yet found: {key}" for key in self.stale]
        lines += [f"an alarm without a mistake: {alarm}" for alarm in self.alarms]
        return "\n".join(lines)


def explanations(path: str | os.PathLike[str]) -> dict[str, str]:
    """Keys of mutants that are no mistakes, and why: a JSON file of one object."""
    found: dict[str, str] = json.loads(Path(path).read_text(encoding="utf-8"))
    return found


def _place(m: Mutant) -> str:
    return f"{m.family}.py:{m.line}"
