"""The command ``glassgrad fuzz``."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NoReturn

from autograd.testing.fuzz.names import unknown

FORMAT = 1  # of the files that hold a failure
LIBRARIES = ("glassgrad", "torch", "jax", "hips", "mygrad")
CHUNK = 25  # programs in a job

EPILOG = """\
exit codes:
  0    nothing wrong was found
  1    wrong derivatives were found, or a function that cannot be differentiated
  2    the arguments make no sense
  130  interrupted; what was found until then is told and written

examples:
  glassgrad fuzz --ops linalg,max --budget 60s        ops of the table, a minute long
  glassgrad fuzz --library torch torch.special.erf    a function of another library
  glassgrad fuzz --target mymodule:loss --out found   your own, by its annotations
  glassgrad fuzz --replay found/loss.json             a failure once more
"""


class UsageError(Exception):
    """A mistake in the arguments, in one line."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = _Parser(
        prog="glassgrad fuzz",
        description="Check derivatives at generated inputs, and shrink what is wrong to the smallest case.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("functions", nargs="*", metavar="FUNCTION", help="with --library: names as torch.special.erf")
    p.add_argument("--ops", metavar="NAMES", help="ops of the table or families of them, comma between (default: all)")
    p.add_argument("--library", metavar="NAME", help=f"whose functions: {', '.join(LIBRARIES[1:])}")
    p.add_argument("--target", action="append", default=[], metavar="MODULE:FUNCTION", help="your own; may be repeated")
    p.add_argument("--programs", type=int, metavar="N", help="N random programs over the table of ops")
    p.add_argument("--budget", metavar="TIME", help="run so long, with new inputs: 90, 60s, 10m, 1h")
    p.add_argument("--examples", type=int, metavar="N", help="inputs for each function in a round (default: 50)")
    p.add_argument("--seed", type=int, default=0, help="the same seed gives the same inputs (default: 0)")
    p.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default: 1)")
    p.add_argument("--order", type=int, default=2, metavar="N", help="order of derivatives (default: 2)")
    p.add_argument("--fast", action="store_true", help="one random sum of the derivatives of each input")
    p.add_argument("--out", type=Path, metavar="FOLDER", help="write each failure there, as a script and to replay")
    p.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit's XML, a test case for each function")
    p.add_argument("--json", type=Path, metavar="FILE", help="write everything as JSON; - is standard output")
    p.add_argument("--replay", type=Path, metavar="FILE", help="run a failure from --out again")
    p.add_argument("--list", action="store_true", help="list the ops, by family, and run nothing")
    return p


def seconds(text: str) -> float:
    """A time such as 90, 60s, 10m or 1h.

    >>> seconds("1.5m")
    90.0
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if found is None or float(found[1]) == 0:
        raise UsageError(f"--budget is a time such as 90, 60s, 10m or 1h, got {text!r}")
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]


def families() -> dict[str, list[str]]:
    """The names of all ops, by the file that declares them."""
    from autograd import ops  # noqa: F401  which loads them all
    from autograd.primitive import composites, table

    of: dict[str, str] = {}
    for module in [m for name, m in sorted(sys.modules.items()) if name.startswith("autograd.ops.")]:
        public = set(getattr(module, "__all__", ()))
        family = module.__name__.rpartition(".")[2]
        for name, value in vars(module).items():
            declared = getattr(value, "op", None)
            if declared is not None and (name in public or declared.name not in of):
                of[declared.name] = family
    found: dict[str, list[str]] = {}
    for name in sorted({*table, *composites}):
        found.setdefault(of.get(name, "other"), []).append(name)
    return dict(sorted(found.items()))


def chosen(text: str | None) -> list[str]:
    """The ops that --ops names."""
    by_family = families()
    every = sorted(itertools.chain(*by_family.values()))
    if text is None:
        return every
    names: list[str] = []
    for part in (p.strip() for p in text.split(",")):
        if part in every:
            names.append(part)
        elif part in by_family:
            names += by_family[part]
        else:
            raise UsageError(str(unknown("op or family", part, [*every, *by_family])))
    return list(dict.fromkeys(names))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status.

    >>> main(["--ops", "sine"])  # and one line on standard error
    2
    """
    try:
        given = parser().parse_args(arguments)
        return _run(given)
    except KeyboardInterrupt:  # before there was anything to tell
        print("glassgrad fuzz: stopped", file=sys.stderr)
        return 130
    except UsageError as error:
        print(f"glassgrad fuzz: {' '.join(str(error).split())} (see glassgrad fuzz --help)", file=sys.stderr)
        return 2


def _run(given: argparse.Namespace) -> int:
    try:
        import hypothesis  # noqa: F401
    except ImportError:
        raise UsageError('fuzzing needs Hypothesis, which is not here: pip install "glassgrad[fuzz]"') from None
    if given.list:
        wanted = set(chosen(given.ops))
        for family, names in families().items():
            shown = [n for n in names if n in wanted]
            if shown:
                print(f"{family}: {', '.join(shown)}")
        return 0
    _checked(given)
    jobs = [_replayed(given.replay)] if given.replay else _jobs(given)
    budget = None if given.budget is None or given.replay else seconds(given.budget)
    run = Run(jobs, budget, given.jobs, None if given.replay else given.out)
    interrupted = run.go()
    if given.junit:
        _write(given.junit, run.junit())
    if given.json:
        _write(given.json, run.json(interrupted))
    if str(given.json) != "-":
        print(run.summary(interrupted))
    if interrupted:
        return 130
    return 1 if run.failed else 0


def _checked(given: argparse.Namespace) -> None:
    """Tell now what would fail later."""
    for option in ("examples", "jobs", "order", "programs"):
        value = getattr(given, option)
        if value is not None and value < 1:
            raise UsageError(f"--{option} is at least 1, got {value}")
    if given.budget is not None:
        seconds(given.budget)
    if given.library is not None and given.library not in LIBRARIES:
        raise UsageError(str(unknown("library", given.library, LIBRARIES)) + f"; there are {', '.join(LIBRARIES)}")
    if given.functions and given.library is None:
        raise UsageError(f"whose function is {given.functions[0]}? Say --library {' or '.join(LIBRARIES[1:])}")
    if given.library is not None and not given.functions:
        raise UsageError(f"--library {given.library} needs names of functions")
    if given.replay and (given.functions or given.target or given.programs or given.ops):
        raise UsageError("--replay runs what its file names, and nothing else")
    if given.out is not None:
        try:
            given.out.mkdir(parents=True, exist_ok=True)
            writable = os.access(given.out, os.W_OK)
        except OSError as error:
            raise UsageError(f"--out {given.out}: {error.strerror}") from None
        if not writable:
            raise UsageError(f"--out {given.out}: this folder cannot be written to")
    for option in ("junit", "json"):
        path = getattr(given, option)
        if path is None or str(path) == "-":
            continue
        if path.is_dir() or not path.absolute().parent.is_dir() or not os.access(path.absolute().parent, os.W_OK):
            raise UsageError(f"--{option} {path}: no file can be written there")


def _jobs(given: argparse.Namespace) -> list[Any]:
    from autograd.testing.command.jobs import Job, found

    examples = given.examples or 50
    common: dict[str, Any] = {"examples": examples, "seed": given.seed, "order": given.order, "fast": given.fast}
    jobs = [Job("function", name, given.library, **common) for name in given.functions]
    jobs += [Job("target", name, "", **common) for name in given.target]
    for job in jobs:
        try:
            found(job)
        except (LookupError, TypeError, ImportError) as error:
            raise UsageError(str(error.args[0] if error.args else error)) from None
    if given.programs:
        whole, rest = divmod(given.programs, CHUNK)
        for i, n in enumerate([CHUNK] * whole + [rest] * bool(rest)):
            jobs.append(Job("programs", f"programs {i}", **{**common, "examples": n, "seed": given.seed * 100_003 + i}))
    if given.ops is not None or not jobs:
        jobs += [Job("op", name, **common) for name in chosen(given.ops)]
    return jobs


def _replayed(path: Path) -> Any:
    """The job in a file from --out."""
    from autograd.testing.command.jobs import Job, found

    if path.suffix == ".py":
        raise UsageError(f"--replay {path}: a script runs by itself, python {path}; name the .json beside it")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--replay {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        text = ""
    try:
        held = json.loads(text)
    except ValueError:
        held = None
    if not isinstance(held, dict) or "format" not in held:
        raise UsageError(f"--replay {path}: this is no failure that glassgrad fuzz has written")
    if held["format"] != FORMAT:
        raise UsageError(f"--replay {path}: written in format {held['format']!r}, this version reads format {FORMAT}")
    try:
        job = Job(**{**held["job"], "until": 0.0, "blob": tuple(held["job"]["blob"])})
        whole = [type(getattr(job, k)) is type(v) for k, v in asdict(Job("", "")).items() if k != "until"]
        if not all(whole) or job.kind not in ("op", "function", "target", "programs") or len(job.blob) != 2:
            raise ValueError
    except (TypeError, KeyError, ValueError):
        raise UsageError(f"--replay {path}: the file is damaged: it names no job") from None
    try:
        if job.kind == "op":
            chosen(job.name)
        elif job.kind != "programs":
            found(job)
    except (LookupError, TypeError, ImportError) as error:
        raise UsageError(f"--replay {path}: {error.args[0] if error.args else error}") from None
    return job


def _write(path: Path, text: str) -> None:
    if str(path) == "-":
        print(text)
    else:
        path.write_text(text, encoding="utf-8")


class Run:
    """All jobs of a run, and what they gave, by name."""

    def __init__(self, jobs: Sequence[Any], budget: float | None, count: int, out: Path | None) -> None:
        self.jobs, self.budget, self.count, self.out = list(jobs), budget, min(count, len(jobs)), out
        self.results: dict[str, tuple[Any, Any]] = {}
        self.files: list[Path] = []
        self.seconds = 0.0

    def _given(self) -> Iterator[Any]:
        """Jobs to do, in rounds with new seeds where there is a budget; what has failed is not tried again."""
        until = 0.0 if self.budget is None else time.time() + self.budget
        for turn in itertools.count() if until else (0,):
            done = True
            for job in self.jobs:
                if until and time.time() >= until:
                    return
                before = self.results.get(job.name)
                if before is None or before[1].ok:
                    done = False
                    yield replace(job, seed=job.seed + turn * len(self.jobs), until=until)
            if done:
                return

    def go(self) -> bool:
        """Run; whether it was interrupted."""
        from autograd.testing.command.jobs import in_processes, in_this_process
        from autograd.testing.command.screen import screen

        started = time.monotonic()
        done = in_this_process(self._given()) if self.count == 1 else in_processes(self._given(), self.count)
        try:
            with screen(len(self.jobs)) as show:
                for each in done:
                    self._take(each.job, each.outcome)
                    show(len(self.results), self.cases, len(self.failed), each.job.name)
        except KeyboardInterrupt:
            return True
        finally:
            done.close()  # type: ignore[attr-defined]
            self.seconds = time.monotonic() - started
        return False

    def _take(self, job: Any, outcome: Any) -> None:
        before = self.results.get(job.name)
        if before is not None:
            outcome.tally = before[1].tally + outcome.tally
            outcome.seconds += before[1].seconds
        self.results[job.name] = job, outcome
        if self.out is not None and not outcome.ok:
            name = re.sub(r"[^\w.]+", "_", job.name)
            kept = {**asdict(job), "until": 0.0, "blob": list(outcome.blob)}
            held = {"format": FORMAT, "job": kept, **_plain(outcome.to_dict())}
            self._file(f"{name}.json", json.dumps(held, indent=1))
            if outcome.script:
                self._file(f"{name}.py", outcome.script)

    def _file(self, name: str, text: str) -> None:
        path = self.out / name if self.out else Path(name)
        path.write_text(text, encoding="utf-8")
        self.files.append(path)

    @property
    def failed(self) -> list[Any]:
        """The outcomes of what failed."""
        return [outcome for _, outcome in self.results.values() if not outcome.ok]

    @property
    def cases(self) -> int:
        """How many cases were checked."""
        return sum(outcome.checked for _, outcome in self.results.values())

    def summary(self, interrupted: bool) -> str:
        """What was found, told for a reader."""
        lines = []
        for outcome in self.failed:
            lines += [str(outcome.report), ""]
            if self.out is None and outcome.script:
                lines += ["to see it again:", "", outcome.script]
        lines += [f"written: {path}" for path in self.files]
        counts: dict[str, int] = {}
        for _, outcome in self.results.values():
            for verdict, n in outcome.tally.items():
                counts[str(verdict)] = counts.get(str(verdict), 0) + n
        told = ", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items(), key=lambda c: -c[1]))
        wrong = f"{len(self.failed)} failed" if self.failed else "nothing wrong"
        missing = len(self.jobs) - len(self.results)
        left = f", {missing} not reached" if missing else ""
        stop = "interrupted: " if interrupted else ""
        lines.append(f"{stop}{len(self.results)} checked{left}, {wrong}; {self.seconds:.1f} s")
        lines.append(f"{self.cases} cases: {told}" if told else "no case")
        return "\n".join(lines)

    def json(self, interrupted: bool) -> str:
        """Everything, for programs."""
        results = [{"kind": job.kind, "ok": outcome.ok, **outcome.to_dict()} for job, outcome in self.results.values()]
        whole = {"format": FORMAT, "interrupted": interrupted, "seconds": round(self.seconds, 3), "results": results}
        return json.dumps(_plain(whole), indent=1)

    def junit(self) -> str:
        """A test case for each function."""
        from xml.etree import ElementTree

        total = {"name": "glassgrad fuzz", "time": f"{self.seconds:.3f}", "errors": "0"}
        total |= {"tests": str(len(self.results)), "failures": str(len(self.failed))}
        suite = ElementTree.Element("testsuite", total)
        for job, outcome in self.results.values():
            place = {"classname": f"glassgrad.fuzz.{job.kind}", "name": job.name, "time": f"{outcome.seconds:.3f}"}
            case = ElementTree.SubElement(suite, "testcase", place)
            if not outcome.ok:
                text = _printable(f"{outcome.report}\n\n{outcome.script}")
                message = _printable(str(outcome.report).partition("\n")[0])
                ElementTree.SubElement(case, "failure", message=message, type=str(outcome.report.verdict)).text = text
        return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)


def _printable(text: str) -> str:
    """Without what XML has no way to write."""
    return "".join(c if c in "\n\t" or c.isprintable() else "?" for c in text)


def _plain(value: Any) -> Any:
    """As JSON has it: numbers that are not finite in words."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    return _plain(value.item()) if hasattr(value, "item") else str(value)
