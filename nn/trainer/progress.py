"""The progress bar of a training."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any

from nn.errors import need
from nn.trainer.history import History


@contextlib.contextmanager
def progress(console: Any, title: str, unit: str, steps: int, below: Any = None) -> Iterator[Callable[[History], None]]:
    """A progress bar on a rich console, with what `below` shows of itself under it; without one, nothing."""
    if console is None:
        yield lambda history: None
        return
    rich = need("rich.progress", "train", "the progress bar")
    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(bar_width=24),
        rich.MofNCompleteColumn(),
        rich.TextColumn("loss {task.fields[loss]:.3f}  {task.fields[rate]:,.0f} {task.fields[unit]}/s"),
        rich.TextColumn("{task.fields[validated]}"),
        rich.TimeRemainingColumn(),
    )

    class Screen(rich.Progress):  # type: ignore[misc, name-defined]
        def get_renderables(self) -> Iterator[Any]:
            yield from super().get_renderables()
            if below is not None and console.is_terminal:
                yield below

    with Screen(*columns, console=console, refresh_per_second=4) as bar:
        task = bar.add_task(title, total=steps, loss=math.nan, rate=0.0, unit=unit, validated="")

        def show(history: History) -> None:
            recent = history.losses[-20:]
            validated = f"validation {history.validation[-1][1]:.3f}" if history.validation else ""
            mean = sum(recent) / len(recent)
            bar.update(task, completed=history.steps, loss=mean, rate=history.rate, validated=validated)

        yield show
