"""The flow through a model over a training: a line of a file for every recorded step."""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any

from nn.errors import DataError, need
from nn.flows.history import FILE, FlowHistory, read
from nn.flows.live import panel, summary
from nn.flows.snapshot import save
from nn.flows.statistics import Stats
from nn.flows.watch import Layer, Watch
from nn.module import Module

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"  # a bin's share of the largest bin, in 35ths


class FlowRecorder:
    """Records how large activations, gradients and updates are at every so many steps of a training.

    Put each step inside `with recorder:`, the optimiser's step included; where gradients are clipped, call
    `after_backward()` before that. Records are appended to a file, a line a step: memory stays as it is however long
    the training, and what was recorded is there after a crash.

    Parameters
    ----------
    model : Module
    every : int
        Steps 1, 1 + every, 1 + 2 every, ... are recorded; the others cost nothing.
    folder : path, optional
        Where `flow.jsonl` is written; a temporary folder without one.
    resume : bool
        Go on after the last step of a recording that is there already.

    Attributes
    ----------
    step : int
        Steps taken.
    rows : tuple of Layer
        What was seen at the last recorded step.

    Raises
    ------
    DataError
        If `every` is below 1, or the folder holds a recording and `resume` is not set.

    Examples
    --------
    >>> import numpy as np
    >>> import nn
    >>> model = nn.models.MLP([4, 8, 2], rng=np.random.default_rng(0))
    >>> optimizer, recorder = nn.optim.SGD(model.parameters(), lr=0.1), nn.FlowRecorder(model, every=2)
    >>> for _ in range(5):
    ...     with recorder:
    ...         optimizer.zero_grad()
    ...         (model(np.ones((3, 4), np.float32)) ** 2).mean().backward()
    ...         optimizer.step()
    >>> recorder.history.steps
    (1, 3, 5)
    """

    def __init__(
        self, model: Module, every: int = 10, folder: str | os.PathLike[str] | None = None, resume: bool = False
    ) -> None:
        if every < 1:
            raise DataError(f"FlowRecorder: every is at least 1, got {every}")
        self.model, self.every, self.step, self._seen = model, every, 0, 0
        self.rows: tuple[Layer, ...] = ()
        if folder is None:
            folder = tempfile.mkdtemp(prefix="flow-")
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.folder = Path(folder)
        self._path, self._watch = self.folder / FILE, None
        self._layers: list[Any] = []
        if self._path.exists():
            if not resume:
                raise DataError(f"{self._path}: is there already; name another folder, or go on with it by resume=True")
            self.step = _mend(self._path)
        self.folder.mkdir(parents=True, exist_ok=True)

    _watch: Watch | None

    def __enter__(self) -> FlowRecorder:
        self.step += 1
        if (self.step - 1) % self.every == 0:
            self._watch = Watch(self.model, only_recorded=True)
            self._watch.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.__exit__(*exc)
            self.rows, self._seen = watch.layers(), self.step
            self._append()

    def after_backward(self) -> None:
        """Look at the parameters' gradients now, before they are clipped."""
        if self._watch is not None:
            self._watch.see_gradients()

    def _append(self) -> None:
        layers = [[row.name, row.kind, [weight.name for weight in row.weights]] for row in self.rows]
        text = f'{{"step":{self.step},"rows":[{",".join(map(_row, self.rows))}]}}\n'
        if layers != self._layers:
            self._layers = layers
            text = json.dumps({"layers": layers}) + "\n" + text
        with open(self._path, "ab") as file:  # one write: a line is there as a whole, or is the torn last one
            file.write(text.encode())

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> FlowHistory:
        """What was recorded in a folder, also by another process that still runs or was killed.

        Raises
        ------
        DataError
            If there is no recording, or it is not one.
        """
        return read(Path(folder) / FILE)

    @property
    def history(self) -> FlowHistory:
        """All that was recorded so far."""
        return read(self._path)

    @property
    def line(self) -> str:
        """The last recorded step on one line."""
        return summary(self.rows, self._seen)

    @property
    def text(self) -> str:
        """The history as text."""
        return self.history.text

    @property
    def svg(self) -> str:
        """The history as heat maps."""
        return self.history.svg

    @property
    def html(self) -> str:
        """The history as a page."""
        return self.history.html

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the history in the format that the suffix names: .svg .html .txt."""
        return save(self, path, {".svg": "svg", ".html": "html", ".txt": "text"})

    def _repr_svg_(self) -> str | None:
        return self.svg if self._path.exists() else None

    def __rich__(self) -> Any:
        """What rich shows of it: the last recorded step, layer by layer."""
        return need("rich.text", "train", "the live view").Text(panel(self.rows, self._seen))

    def __repr__(self) -> str:
        return f"<FlowRecorder: step {self.step}, every {self.every}, {self._path}>"


def _packed(stats: Stats | None) -> str:
    """Statistics as JSON: sizes with four digits, the histogram as digits from its first bin on."""
    if stats is None:
        return "null"
    top = max(stats.bins)
    first = next((i for i, n in enumerate(stats.bins) if n), 0)
    digits = "".join([_DIGITS[-(-35 * n // top)] for n in stats.bins[first:]]).rstrip("0") if top else ""  # rounded up
    sizes = f"{stats.rms:.4g},{stats.low:.4g},{stats.high:.4g},{stats.zeros:.4g}".replace("nan", "null")
    return f'[{sizes},{stats.nan},{stats.infinite},{first},"{digits}"]'


def _row(row: Layer) -> str:
    weights = ",".join(
        f"[{_packed(w.gradient)},{w.rms:.4g},{_packed(w.update)},{math.prod(w.shape)}]" for w in row.weights
    )
    return f"[{_packed(row.activation)},{_packed(row.gradient)},[{weights}]]"


def _mend(path: Path) -> int:
    """Cut off a last line that was torn by a crash; the last step that was recorded."""
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        with open(path, "r+b") as file:
            file.truncate(len(whole))
    with contextlib.suppress(DataError):
        return max(read(path).steps, default=0)
    return 0
