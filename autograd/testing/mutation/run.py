"""Judge every mutant with a check, in worker processes: which mistakes would be found, and how soon."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import signal
import sys
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from multiprocessing.connection import Connection, wait
from typing import Any

from autograd.testing.mutation.mutants import Mutant, mutants
from autograd.testing.mutation.result import Outcome, Score

Check = Callable[[str, int, int, float], str | None]
CHUNK = 8
HANG = 10  # times the limit, of the processor: one way of checking may take longer than the limit by itself
STUCK = 100  # times the limit, by the clock: a worker that waits for something, or that others keep from working
GRACE = 2  # times the limit, by the clock: what is not judged so long after the budget is spent is left out
MEMORY = 4 << 30  # bytes more than a worker begins with


def score(
    ops: Iterable[str] | None = None,
    *,
    budget: float = 600.0,
    jobs: int = 2,
    seed: int = 0,
    check: Check | None = None,
    examples: int = 60,
    limit: float = 3.0,
    reach: int = 6,
    explained: Mapping[str, str] | None = None,
    progress: bool | None = None,
    among: Iterable[Mutant] | None = None,
) -> Score:
    """How many mistakes in the rules of the table a check finds.

    Parameters
    ----------
    ops : iterable of str, optional
        Whose rules get mistakes; all by default.
    budget : float
        Seconds after which no mutant is begun, and soon after none is waited for; what is left out is counted.
    jobs : int
        Worker processes, made by fork; 0 works in this one, where what never returns to Python is not ended.
    seed : int
        Of the examples.
    check : callable, optional
        ``check(name, rng_seed, examples, deadline)`` says what is wrong with the op `name` as it stands, or None;
        `deadline` is a value of `time.process_time`, as a busy machine is no fault of a mutant's. It may have a method
        ``prepare(name, rng_seed, examples)``, called before a mistake is installed, an attribute ``used``, the number
        of examples it looked at, a method ``confirmed()``, which says, the mistake taken out, whether what it found is
        gone, and an attribute ``spoiled``: the process is of no more use. By default our own checker.
    examples : int
        At most so many for an op.
    limit : float
        Seconds of the processor for a mutant, shared by the ops that have it; ten times that is a hang, which counts as
        found.
    reach : int
        A helper or rule that several ops share is tried through at most so many of them.
    explained : mapping, optional
        For keys of mutants that are no mistakes the reason why.
    progress : bool, optional
        Show what is going on; by default where there is a terminal.
    among : iterable of Mutant, optional
        The mutants to judge, in the place of all of `ops`.

    Returns
    -------
    Score

    Examples
    --------
    >>> from autograd.testing.mutation import score
    >>> found = score(["cos"], jobs=1, examples=8)
    >>> found.killed, found.survived
    (7, 0)
    """
    if check is None:
        from autograd.testing.mutation.checks import CallsCheck

        check = CallsCheck()
    given = mutants(ops) if among is None else list(among)
    began = time.monotonic()
    settings = _Settings(check, seed, examples, limit, reach, began + budget)
    outcomes: dict[int, Outcome] = {}
    with _shown(progress, len(given)) as show:
        crew = _Crew(given, settings, min(jobs, len(given)))
        for i, outcome in crew.run() if jobs else _here(given, settings):
            outcomes[i] = outcome
            show(outcome)
    return Score(
        [(m, outcomes.get(i, Outcome("not run"))) for i, m in enumerate(given)],
        time.monotonic() - began,
        dict(explained or {}),
        sorted(crew.alarms.union(getattr(check, "alarms", ()))),
    )


class _Settings:
    def __init__(self, check: Any, seed: int, examples: int, limit: float, reach: int, until: float) -> None:
        self.check, self.seed, self.examples, self.limit, self.reach = check, seed, examples, limit, reach
        self.until = until
        self.broken = False  # this process was interrupted, or fails with no mistake installed

    @property
    def over(self) -> bool:
        return time.monotonic() > self.until

    @property
    def spoiled(self) -> bool:
        """Whether this process is of no more use."""
        return self.broken or bool(getattr(self.check, "spoiled", False))


# ---------------------------------------------------------------------- one mutant
class _TimeUp(BaseException):
    """Past every `except Exception` of what is being checked."""


def judge(mutant: Mutant, settings: _Settings, begin: Callable[[], object] = lambda: None) -> Outcome:
    """Check the ops that have the mistake, until one of them is found wrong."""
    started = time.process_time()
    used = 0
    names = mutant.ops[: settings.reach]
    for name in names:
        left = settings.limit - (time.process_time() - started)
        share = max(0.0, min(left, settings.limit / min(len(names), 3)))
        for _ in range(6):  # a finding that is no mistake's fault is left out, and the check asked again
            status, found, more = _checked(mutant, name, settings, share, begin)
            used += more
            if status == "survived" or _confirmed(settings, name):
                break
        else:
            status = "survived"
        if status != "survived":
            return Outcome(status, found, name, used, time.process_time() - started)
    return Outcome("survived", "", "", used, time.process_time() - started)


def _checked(
    mutant: Mutant, name: str, settings: _Settings, share: float, begin: Callable[[], object]
) -> tuple[str, str, int]:
    check: Any = settings.check
    if hasattr(check, "prepare"):
        check.prepare(name, settings.seed, settings.examples)
    begin()
    alarm = _Alarm(HANG * settings.limit)
    found: str | None = None
    try:
        with mutant.installed(), alarm:
            found = check(name, settings.seed, settings.examples, time.process_time() + share)
    except _TimeUp:
        pass
    except Exception as error:
        found = f"the check raised {type(error).__name__}: {error}"
    alarm.off()
    if alarm.rang:  # whatever came of it: what was interrupted anywhere may have left anything behind
        settings.broken = True
        return "hang", f"no end after {HANG * settings.limit:.0f} s", 0
    return ("killed" if found else "survived"), found or "", int(getattr(check, "used", 0))


def _confirmed(settings: _Settings, name: str) -> bool:
    """Whether the op without the mistake passes; where that cannot be asked any more, the mistake has done it."""
    confirmed = getattr(settings.check, "confirmed", None)
    try:
        return bool(confirmed()) if confirmed else True
    except Exception:
        settings.broken = True
        return True


class _Alarm:
    """Raise `_TimeUp` in what runs inside, after some seconds of the processor and then every second until it ends.

    One that is raised in a callback is lost, and C code may lose it and raise something else: `rang` tells.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds, self.rang, self.armed = seconds, False, False
        self.before = signal.getsignal(signal.SIGPROF)

    def __enter__(self) -> None:
        self.armed = True
        signal.signal(signal.SIGPROF, self._ring)
        signal.setitimer(signal.ITIMER_PROF, self.seconds, 1.0)

    def __exit__(self, *_: object) -> None:
        self.off()

    def off(self) -> None:
        """Ring no more; once more does no harm, where ringing has kept the first from its end."""
        self.armed = False
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, self.before)

    def _ring(self, *_: object) -> None:
        self.rang = True
        if self.armed:
            raise _TimeUp


def _here(given: list[Mutant], settings: _Settings) -> Iterator[tuple[int, Outcome]]:
    for i, m in enumerate(given):
        if not settings.over:
            yield i, judge(m, settings)


# ---------------------------------------------------------------------- workers
def _work(connection: Connection, given: list[Mutant], settings: _Settings) -> None:
    """What a worker does: judge the mutants whose numbers come in, until None comes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers itself
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        pages = int(open("/proc/self/statm").read().split()[0])  # noqa: SIM115 - closed with the process
        most = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while (numbers := connection.recv()) is not None:
            for i in numbers:
                if settings.over:
                    break
                connection.send(("prepares", i, None))
                outcome = judge(given[i], settings, lambda i=i: connection.send(("begins", i, None)))  # type: ignore[misc]
                connection.send(("done", i, outcome))
                if settings.spoiled:
                    connection.send(("spoiled", None, None))
                    return
            connection.send(("idle", None, list(getattr(settings.check, "alarms", ()))))


class _Worker:
    def __init__(self, context: Any, given: list[Mutant], settings: _Settings) -> None:
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, given, settings), daemon=True)
        with warnings.catch_warnings():  # Python warns of a fork beside threads; what a worker runs waits for none
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", RuntimeWarning)  # so does JAX
            self.process.start()
        theirs.close()
        self.group: deque[int] = deque()  # of the op that it works on: what nobody has begun
        self.chunk: list[int] = []
        self.since: float | None = None  # when the check of the first of the chunk began

    def end(self) -> None:
        """Only this process, which this object started."""
        self.connection.close()
        self.process.kill()
        self.process.join()


class _Crew:
    """Workers that take an op each, and when there is none left, half of what another has before it."""

    def __init__(self, given: list[Mutant], settings: _Settings, jobs: int) -> None:
        self.given, self.settings, self.jobs = given, settings, jobs
        self.alarms: set[str] = set()
        by_op: dict[str, deque[int]] = {}
        for i, m in enumerate(given):
            by_op.setdefault(m.ops[0], deque()).append(i)
        groups = list(by_op.values())
        random.Random(settings.seed).shuffle(groups)  # so that what is left out for want of time is no kind of its own
        self.groups = deque(groups)
        self.context = multiprocessing.get_context("fork")
        self.workers: list[_Worker] = []

    def run(self) -> Iterator[tuple[int, Outcome]]:
        try:
            for _ in range(self.jobs if self.given else 0):
                self._hire()
            while self.workers and time.monotonic() < self.settings.until + GRACE * self.settings.limit:
                ready = wait([w.connection for w in self.workers], timeout=1.0)
                for w in list(self.workers):
                    if w.connection in ready:
                        yield from self._hear(w)
                    elif w.since is not None and time.monotonic() - w.since > STUCK * self.settings.limit:
                        yield from self._lost(w, f"killed after {time.monotonic() - w.since:.0f} s")
        finally:
            for w in self.workers:
                w.end()

    def _hire(self) -> None:
        worker = _Worker(self.context, self.given, self.settings)
        self.workers.append(worker)
        self._give(worker)

    def _give(self, worker: _Worker) -> None:
        """A few more mutants of the op that it has prepared, else another op, else another's work."""
        worker.since = None
        if not worker.group and self.groups:
            worker.group = self.groups.popleft()
        if not worker.group:
            busy = max(self.workers, key=lambda w: len(w.group))
            if len(busy.group) > CHUNK:  # else it is not worth preparing the op once more
                worker.group = deque(busy.group.pop() for _ in range(len(busy.group) // 2))
        if not worker.group or self.settings.over:
            self.workers.remove(worker)
            worker.end()
            return
        worker.chunk = [worker.group.popleft() for _ in range(min(CHUNK, len(worker.group)))]
        worker.connection.send(worker.chunk)

    def _hear(self, worker: _Worker) -> Iterator[tuple[int, Outcome]]:
        try:
            what, number, extra = worker.connection.recv()
        except (EOFError, ConnectionResetError):
            yield from self._lost(worker, "the process ended")
            return
        if what == "begins":
            worker.since = time.monotonic()
        elif what == "done":
            worker.since = None
            worker.chunk.remove(number)
            yield number, extra
        elif what == "spoiled":  # what is left of its chunk was never begun
            self._replace(worker)
        elif what == "idle":
            self.alarms.update(extra)
            self._give(worker)

    def _lost(self, worker: _Worker, why: str) -> Iterator[tuple[int, Outcome]]:
        """A mutant that took its worker with it is found; the rest of the chunk goes to a new one.

        What ends without a mistake installed is none's fault: the mutant before which it does is left out.
        """
        if worker.chunk:
            number = worker.chunk.pop(0)
            begun = worker.since is not None
            yield number, Outcome("hang" if begun else "not run", why, self.given[number].ops[0])
        self._replace(worker)

    def _replace(self, worker: _Worker) -> None:
        """A new process goes on where this one was."""
        self.workers.remove(worker)
        worker.end()
        worker.group.extendleft(reversed(worker.chunk))
        if worker.group:
            self.groups.appendleft(worker.group)
        if self.groups and not self.settings.over:
            self._hire()


# ---------------------------------------------------------------------- progress
@contextlib.contextmanager
def _shown(progress: bool | None, total: int) -> Iterator[Callable[[Outcome], None]]:
    """A line that says how far it is; a bar where `rich` is installed and there is a terminal."""
    terminal = sys.stderr.isatty()
    if not (terminal if progress is None else progress):
        yield lambda outcome: None
        return
    counts = {"killed": 0, "hang": 0, "survived": 0, "not run": 0}
    began = said = time.monotonic()

    def text() -> str:
        return f"{counts['killed'] + counts['hang']} found, {counts['survived']} not"

    try:
        if not terminal or os.environ.get("TERM") == "dumb":
            raise ImportError
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    except ImportError:

        def say(outcome: Outcome) -> None:
            nonlocal said
            counts[outcome.status] += 1
            done, now = sum(counts.values()), time.monotonic()
            if now - said > 15 or done == total:
                said = now
                print(f"{now - began:5.0f} s: {done} of {total} mutants, {text()}", file=sys.stderr, flush=True)

        yield say
        return
    columns = (TextColumn("mutants"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), auto_refresh=False) as bar:
        task = bar.add_task("", total=total)

        def show(outcome: Outcome) -> None:
            nonlocal said
            counts[outcome.status] += 1
            bar.update(task, advance=1, description=text())
            if time.monotonic() - said > 0.2 or sum(counts.values()) == total:
                said = time.monotonic()
                bar.refresh()

        yield show
