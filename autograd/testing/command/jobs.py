"""What `glassgrad fuzz` runs: jobs that can go to another process, and the processes that run them."""

from __future__ import annotations

import importlib
import inspect
import multiprocessing
import multiprocessing.connection
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograd.testing.fuzz import Outcome, Search, fuzz_op
from autograd.testing.fuzz.gradients import Fuzzed
from autograd.testing.fuzz.inputs import Inputs, NoSignature
from autograd.testing.fuzz.names import unknown
from autograd.testing.libraries import Library, library_of
from autograd.testing.report import Report, Verdict

GRACE = 20.0  # seconds after the budget in which a process may still end what it does
MOST_ARGUMENTS = 3


@dataclass(frozen=True)
class Job:
    """One op, one function or a number of programs, with one seed.

    Attributes
    ----------
    kind : str
        "op", "function" (a dotted name), "target" (module:function) or "programs".
    name, library : str
    examples, seed, order, fast
        As in `fuzz_op`.
    until : float
        When to end, as of `time.time`; 0: when it is done.
    blob : tuple of str
        One case that failed before.
    """

    kind: str
    name: str
    library: str = "glassgrad"
    examples: int = 50
    seed: int = 0
    order: int = 2
    fast: bool = False
    until: float = 0.0
    blob: tuple[str, str] = ("", "")

    def run(self) -> Outcome:
        """Do it, in this process."""
        left = self.until - time.time() if self.until else None
        again = self.blob if self.blob[0] else None
        if self.kind == "op":
            return fuzz_op(self.name, self.examples, self.seed, self.order, self.fast, left, blob=again)
        if self.kind == "programs":
            return programs(self, left, again)
        fuzzed = found(self)
        return fuzzed.check(again=again, deadline=left, examples=self.examples, seed=self.seed)


def programs(job: Job, left: float | None, again: tuple[str, str] | None) -> Outcome:
    """Random programs over the table of ops."""
    from autograd.testing.programs import check_program
    from autograd.testing.programs import programs as drawn

    def check(program: Any) -> Report:
        judged = check_program(program, job.seed)
        known = {str(v): v for v in Verdict}
        verdict = known.get(judged.verdict, Verdict.NOTHING_TO_CHECK)  # the engine refused, and said why
        reason = f"{judged.oracle}: {judged.detail}" if judged.detail else ""
        return Report("program", "glassgrad", verdict, reason=reason)

    until = None if left is None else time.monotonic() + left
    search = Search(drawn(), check, examples=job.examples, seed=job.seed, until=until)
    outcome = Outcome(job.name)

    def write(program: Any, report: Report) -> str:
        return check_program(program, job.seed).script()

    return search.run(outcome, write) if again is None else search.again(outcome, again, write)


def found(job: Job) -> Fuzzed:
    """The function of a job, and how it is fuzzed.

    Raises
    ------
    LookupError
        There is no such module, or no such function in it.
    TypeError
        It does not say what it takes, and does not take one to three arrays either.
    ImportError
        The library is not installed.
    """
    options = {"order": job.order, "fast": job.fast}
    library = job.library or None
    if library is not None:
        library_of((), library)  # what is to be installed is told before what is not found without it
    function = target(job.name) if job.kind == "target" else dotted(job.name, job.library)
    if not callable(function):
        raise TypeError(f"{job.name} is no function")
    decorated = getattr(getattr(function, "check", None), "__self__", None)
    if isinstance(decorated, Fuzzed):
        return decorated
    try:
        inputs = Inputs(function)
    except NoSignature:
        inputs = Inputs(function, count=_taken(function, job.name, library_of((), library)))
    fuzzed = Fuzzed(function, inputs, library, options)
    fuzzed.name, fuzzed.origin = job.name, _origin(job)
    return fuzzed


def _origin(job: Job) -> tuple[str, str]:
    """The line that imports a job's function, and what it is called then."""
    if job.kind == "target":
        module, _, path = job.name.partition(":")
    elif job.library == "hips" and job.name.startswith("autograd."):
        return "from autograd.testing.libraries.hips import loaded", "loaded()." + job.name.partition(".")[2]
    else:
        module, path = _module(job.name)
    return f"from {module} import {path.partition('.')[0]}", path


def _module(name: str) -> tuple[str, str]:
    """A dotted name as the longest module that can be imported, and the rest."""
    parts = name.split(".")
    for k in range(len(parts) - 1, 0, -1):
        try:
            importlib.import_module(".".join(parts[:k]))
        except ModuleNotFoundError:
            continue
        return ".".join(parts[:k]), ".".join(parts[k:])
    raise LookupError(f"there is no module {parts[0]!r}: name a function as in torch.special.erf")


def target(name: str) -> Any:
    """What module:function names."""
    module, _, rest = name.partition(":")
    if not rest:
        raise LookupError(f"a target is written package.module:function, got {name!r}")
    if "" not in sys.path:
        sys.path.insert(0, "")  # as with python -m, the working directory comes first
    try:
        value: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise LookupError(f"target {name}: there is no module {error.name!r}") from None
    return _attribute(value, rest, f"target {name}")


def dotted(name: str, library: str) -> Any:
    """What a dotted name such as torch.special.erf names."""
    if library == "hips" and name.partition(".")[0] == "autograd":
        from autograd.testing.libraries.hips import loaded

        return _attribute(loaded(), name.partition(".")[2], name)
    module, path = _module(name)
    return _attribute(importlib.import_module(module), path, name)


def _attribute(value: Any, path: str, said: str) -> Any:
    for part in path.split("."):
        if not hasattr(value, part):
            where = getattr(value, "__name__", said)
            near = unknown(f"function in {where}", part, [n for n in dir(value) if not n.startswith("_")])
            raise LookupError(f"{said}: {near.args[0]}")
        value = getattr(value, part)
    return value


def _taken(function: Callable[..., Any], name: str, library: Library) -> int:
    """How many arrays a function takes that does not say so: the fewest with which it can be called."""
    said = "".join((inspect.getdoc(function) or "").split("\n")[:1])
    error: Exception = TypeError(said)
    for count in range(1, MOST_ARGUMENTS + 1):
        for shape in ((2, 2), ()):
            try:
                function(*(library.constant(np.full(shape, 0.5 + 0.1 * i)) for i in range(count)))
            except Exception as e:  # whatever it raises, it does not take these
                error = e
            else:
                return count
    why = f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"
    raise TypeError(
        f"{name} takes neither one nor two nor three arrays ({why}); "
        "write a function with annotations and name it with --target"
    )


@dataclass
class Done:
    """A job that came back."""

    job: Job
    outcome: Outcome


def in_this_process(jobs: Iterator[Job]) -> Iterator[Done]:
    """Each job's outcome, one after the other."""
    for job in jobs:
        try:
            yield Done(job, _run(job))
        except KeyboardInterrupt as stop:
            partial = getattr(stop, "outcome", None)
            if partial is not None and not partial.ok:
                yield Done(job, partial)
            raise


def _run(job: Job) -> Outcome:
    try:
        return job.run()
    except Exception as error:  # one function's trouble must not end the others' run
        report = Report(job.name, job.library, Verdict.RAISES, reason=f"{type(error).__name__}: {error}")
        return Outcome(job.name, job.library, job.seed, job.examples, report=report)


def in_processes(jobs: Iterator[Job], count: int) -> Iterator[Done]:
    """The same in `count` processes, in the order in which they end; one that dies is a finding, and replaced."""
    context = multiprocessing.get_context("spawn")
    busy: dict[Any, tuple[Any, Job]] = {}
    idle: list[tuple[Any, Any]] = []

    def start() -> tuple[Any, Any]:
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        return ours, process

    def give() -> bool:
        job = next(jobs, None)
        if job is None:
            return False
        if not idle:
            idle.append(start())
            idle[0][0].recv()
        pipe, process = idle.pop()
        pipe.send(job)
        busy[pipe] = process, job
        return True

    try:
        idle += [start() for _ in range(count)]
        for pipe, _ in idle:
            pipe.recv()  # it has imported everything: the time that a budget gives begins with the first job
        while len(busy) < count and give():
            pass
        while busy:
            ready = multiprocessing.connection.wait(list(busy), timeout=1.0)
            late = [p for p, (_, job) in busy.items() if job.until and time.time() > job.until + GRACE]
            for pipe in [*ready, *(p for p in late if p not in ready)]:
                process, job = busy.pop(pipe)
                try:
                    outcome = pipe.recv() if pipe in ready else None
                    idle.append((pipe, process))
                except EOFError:
                    process.join()
                    reason = f"the process ended with code {process.exitcode}"
                    report = Report(job.name, job.library, Verdict.RAISES, reason=reason)
                    outcome = Outcome(job.name, job.library, job.seed, job.examples, report=report)
                if outcome is None:
                    idle.pop()
                    process.terminate()
                    outcome = Outcome(job.name, job.library, job.seed, job.examples, ended=True)
                yield Done(job, outcome)
                give()
    finally:
        for process in [p for p, _ in busy.values()]:
            process.terminate()
        for pipe, _ in idle:
            pipe.close()  # the process reads the end and leaves


def _serve(pipe: Any) -> None:
    """A process: run what comes in, send back what it gave."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that started it
    pipe.send("ready")
    while True:
        try:
            job = pipe.recv()
        except EOFError:
            return
        outcome = _run(job)
        report = None if outcome.report is None else replace(outcome.report, error=None)
        pipe.send(replace(outcome, case=None, report=report))  # what may not be fit for another process stays here
