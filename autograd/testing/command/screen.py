"""How far a run is: a bar where standard error is a terminal and rich is there, else a line now and then."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

PAUSE = 5.0  # seconds between two lines

Show = Callable[[int, int, int, str], None]


@contextlib.contextmanager
def screen(total: int) -> Iterator[Show]:
    """Gives `show(done, cases, failed, name)`."""
    if sys.stderr.isatty() and importlib.util.find_spec("rich") is not None:
        with _bar(total) as show:
            yield show
    else:
        yield _lines(total)


def told(done: int, total: int, cases: int, failed: int) -> str:
    """How far, in a few words.

    >>> told(3, 12, 150, 1)
    '3 of 12, 150 cases, 1 failed'
    """
    return f"{done} of {total}, {cases} cases, {failed} failed"


def _lines(total: int) -> Show:
    last = time.monotonic()

    def show(done: int, cases: int, failed: int, name: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= PAUSE:
            last = now
            print(f"glassgrad fuzz: {told(done, total, cases, failed)}, {name}", file=sys.stderr, flush=True)

    return show


@contextlib.contextmanager
def _bar(total: int) -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns: list[Any] = [
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
    ]
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(told(0, total, 0, 0), total=total)

        def show(done: int, cases: int, failed: int, name: str) -> None:
            progress.update(task, completed=done, description=f"{told(done, total, cases, failed)}, {name}")

        yield show
