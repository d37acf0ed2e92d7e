"""The flow through a model at one moment: how large activations, gradients and updates are, layer by layer."""

from __future__ import annotations

import contextlib
import copy
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograd.draw import marks, sheet
from autograd.files import write
from nn.errors import DataError
from nn.flows.statistics import SAMPLE, Stats
from nn.flows.watch import Layer, Watch, piece
from nn.module import Module
from nn.optim import Optimizer

# panel: title, colour, the fixed axis in decades
PANELS = (
    ("activations", "activation", -8, 4),
    ("their gradient", "gradient", -12, 4),
    ("parameters' gradient", "gradient", -12, 4),
    ("update / weight", "update", -8, 0),
)
DECADE, LINE, TOP, NAMES, GAP = 13.5, 19.0, 62.0, 330.0, 62.0
NOTE = (
    "log10 of sizes: the RMS, and in brackets the 5th and 95th percentile of |x|; percentiles, zeros and updates of "
    f"more than {SAMPLE:,} elements come from a sample at seeded places"
)


class Flow:
    """What `flow` saw; shown by itself in a notebook.

    Attributes
    ----------
    rows : tuple of Layer
        Plain values, in the order in which layers gave their results.
    """

    def __init__(self, model: Module, optimizer: Optimizer | None = None) -> None:
        self._watch = Watch(model)
        self._optimizer = optimizer
        self.rows: tuple[Layer, ...] = ()
        self._measure_now()

    def _measure_now(self) -> None:
        self._watch.see_gradients()
        self._finish(self._watch.gradients != {})

    def _finish(self, try_step: bool) -> None:
        if try_step and self._optimizer is not None:
            _try(self._optimizer, self._watch)
        self.rows = self._watch.layers()

    def __enter__(self) -> Flow:
        self._watch.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._watch.__exit__(*exc)
        self._finish(all(moved is None for moved, _ in self._watch.updates().values()))

    @property
    def table(self) -> str:
        """The flow as text: needs nothing installed."""
        head = (
            "layer",
            "module",
            "activations",
            "zeros",
            "their gradient",
            "parameter",
            "its gradient",
            "update/weight",
        )
        rows: list[tuple[str, ...]] = [head]
        for row in self.rows:
            first = (
                marks.short(_clean(row.name), 40),
                _clean(row.kind),
                _words(row.activation) if row.calls else "not called",
                _percent(row.activation),
                _words(row.gradient),
            )
            weights = [
                (_clean(w.name), _words(w.gradient, "none"), "" if w.update is None else _words(w.update))
                for w in row.weights
            ] or [("", "", "")]
            rows += [(*(first if i == 0 else ("",) * 5), *weight) for i, weight in enumerate(weights)]
        text = "\n".join(sheet.aligned(rows))
        return f"{text}\n{NOTE}\n"

    @property
    def svg(self) -> str:
        """A picture: a row per layer, the band from the 5th to the 95th percentile and a dot at the RMS."""
        return _draw(self.rows, self.table)

    @property
    def html(self) -> str:
        """A page with the picture and the table: one file, no scripts, nothing from elsewhere."""
        words = (
            "Each row is a layer, in the order in which they ran. The bar holds the middle 90 % of the sizes, the dot "
            "is their RMS, on fixed logarithmic axes: two healthy networks look alike. Point at a mark for its numbers."
        )
        return sheet.page("Gradient flow", words, [("Layer by layer", "", self.svg)], self.table)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the flow in the format that the suffix names: .svg .html .txt.

        Raises
        ------
        DataError
            If it is none of these.
        """
        return save(self, path, {".svg": "svg", ".html": "html", ".txt": "table"})

    def _repr_svg_(self) -> str:
        return self.svg

    def __str__(self) -> str:
        return self.table

    def __repr__(self) -> str:
        return f"<Flow: {len(self.rows)} layers>"


def flow(model: Module, optimizer: Optimizer | None = None) -> Flow:
    """Look at how large the numbers are that flow through a model, layer by layer.

    As a context manager around a forward and backward pass it sees activations, their gradients and the parameters'
    gradients; with a step of the optimiser inside, also the updates. Called after them, it sees only what the
    parameters hold. The model runs as it would without, and nothing is left behind.

    Parameters
    ----------
    model : Module
    optimizer : Optimizer, optional
        Where no step was taken inside, the step that it would take now is tried and taken back: for the
        update-to-weight ratio, RMS(change) / RMS(weight). About 1e-3 is usual.

    Returns
    -------
    Flow

    Examples
    --------
    >>> import numpy as np
    >>> import nn
    >>> model = nn.models.MLP([4, 8, 2], rng=np.random.default_rng(0))
    >>> with nn.flow(model) as seen:
    ...     (model(np.ones((3, 4), np.float32)) ** 2).mean().backward()
    >>> [row.name for row in seen.rows]
    ['layers.0', 'layers.1', 'layers.2']
    >>> seen.rows[1].activation.zeros > 0  # a ReLU
    True
    """
    return Flow(model, optimizer)


def save(shown: Any, path: str | os.PathLike[str], kinds: dict[str, str]) -> Path:
    """Write one of the forms of `shown`, by the suffix of `path`."""
    path = Path(path)
    if path.suffix.lower() not in kinds:
        raise DataError(f"cannot save a flow as '{path.name}': the suffix must be {' '.join(kinds)}")
    return write(path, str(getattr(shown, kinds[path.suffix.lower()])))


def _try(optimizer: Optimizer, watch: Watch) -> None:
    """Let the optimiser take a step, see how far it goes, and take it back."""
    with stepped(optimizer) as before:
        watch.see_updates({name: before[id(p)] for name, p in watch.model.named_parameters() if id(p) in before})


@contextlib.contextmanager
def stepped(optimizer: Optimizer) -> Iterator[dict[int, Any]]:
    """Inside, the optimiser has taken a step; afterwards all is as it was. Gives the followed values from before."""
    parameters = optimizer.parameters()
    old = [p.data for p in parameters]
    groups = [{k: copy.deepcopy(v) for k, v in g.items() if k != "params"} for g in optimizer.param_groups]
    rest = {k: copy.deepcopy(v) for k, v in vars(optimizer).items() if k != "param_groups"}
    for p, values in zip(parameters, old):
        p.data = values  # a copy: the step writes into it, and a graph that is still kept holds the old array
    try:
        pieces = {id(p): piece(p) for p in parameters}
        optimizer.step()
        yield pieces
    finally:
        for p, values in zip(parameters, old):
            p.data = values
        for group, settings in zip(optimizer.param_groups, groups):
            group.update(settings)
        vars(optimizer).update(rest)


# ---- words


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in text)


def logarithm(x: float) -> str:
    """log10 with one digit; "0" of zero.

    >>> logarithm(1e-3), logarithm(0.0)
    ('-3.0', '0')
    """
    return "0" if x == 0 else f"{math.log10(x):.1f}" if x > 0 and math.isfinite(x) else "?"


def _words(stats: Stats | None, missing: str = "") -> str:
    if stats is None:
        return missing
    wrong = trouble(stats)
    if stats.rms == 0:
        return wrong or "all zero"
    if not math.isfinite(stats.rms):
        return wrong
    text = f"{logarithm(stats.rms)} [{logarithm(stats.low)}, {logarithm(stats.high)}]"
    return f"{text} {wrong}".rstrip()


def _percent(stats: Stats | None) -> str:
    return "" if stats is None or not stats.zeros else f"{100 * stats.zeros:.0f} %"


def trouble(stats: Stats) -> str:
    """How many elements are NaN or infinite, in words."""
    parts = [f"{stats.nan:,} NaN"] * bool(stats.nan) + [f"{stats.infinite:,} infinite"] * bool(stats.infinite)
    return ", ".join(parts)


# ---- the picture


def _draw(rows: tuple[Layer, ...], description: str) -> str:
    starts, x = [], NAMES
    for _, _, low, high in PANELS:
        starts.append(x)
        x += (high - low) * DECADE + GAP
    width = x - GAP + 34
    heights = [LINE * max(1, len(row.weights)) + 10 for row in rows]
    bottom = TOP + sum(heights)
    parts: list[str] = []
    y = TOP
    for i, h in enumerate(heights):
        parts += [marks.rect(8, y, width - 16, h, "row", 5)] if i % 2 == 0 else []
        y += h
    for start, (title, colour, low, high) in zip(starts, PANELS):
        parts.append(marks.label(start, 24, title, colour, size=13))
        for decade in range(low, high + 1, 2):
            at = start + (decade - low) * DECADE
            parts.append(marks.line(at, TOP - 8, at, bottom))
            if (decade - low) % 4 == 0:
                parts.append(marks.label(at, TOP - 14, power(decade), "muted", "middle", 10.5))
    trails: dict[int, list[tuple[float, float]]] = {}
    drawn: list[str] = []
    y = TOP
    for row, h in zip(rows, heights):
        drawn += _row(row, y, h, starts, trails)
        y += h
    for i, points in trails.items():
        if len(points) > 1:
            path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
            parts.append(f'<polyline class="{PANELS[i][1]} trail" points="{path}"/>')
    return marks.picture(width, bottom + 16, parts + drawn, "Gradient flow, layer by layer", description)


def _row(
    row: Layer, y: float, h: float, starts: list[float], trails: dict[int, list[tuple[float, float]]]
) -> list[str]:
    middle = y + h / 2
    name = marks.short(row.name, 30)
    parts = [marks.label(18, middle + 4, name)]
    parts.append(marks.label(NAMES - 22, middle + 4, marks.short(row.kind, 18), "muted", "end", 11))
    if not row.calls:
        parts.append(marks.label(starts[0], middle + 4, "not called", "muted", size=11))
    for i, stats in ((0, row.activation), (1, row.gradient)):
        if stats is not None:
            parts += _mark(f"{row.name}: {PANELS[i][0]}", stats, i, starts[i], middle, trails)
        elif row.calls and row.activation is not None and i == 1:
            parts.append(marks.label(starts[i], middle + 4, "none", "muted", size=11))
    for j, weight in enumerate(row.weights):
        at = y + 5 + LINE * (j + 0.5)
        one = f"{row.name}.{weight.name}"
        parts.append(marks.label(starts[2] - 8, at + 4, marks.short(weight.name, 9), "muted", "end", 10))
        first = trails if j == 0 else {}
        if weight.gradient is None:
            parts.append(marks.label(starts[2] + 4, at + 4, "no gradient", "trouble", size=11))
        else:
            parts += _mark(f"{one}: gradient", weight.gradient, 2, starts[2], at, first)
        if weight.update is not None:
            parts += _mark(f"{one}: update / weight", weight.update, 3, starts[3], at, first)
    return parts


def _mark(
    what: str, stats: Stats, panel: int, start: float, y: float, trails: dict[int, list[tuple[float, float]]]
) -> list[str]:
    """The band and the dot; in words what cannot be placed."""
    _, colour, low, high = PANELS[panel]
    end = start + (high - low) * DECADE

    def at(size: float) -> float:
        return start + (min(max(math.log10(size), low), high) - low) * DECADE

    said = f"{what}: rms {stats.rms:.2g}, 5th to 95th percentile {stats.low:.2g} to {stats.high:.2g}"
    said += f", {100 * stats.zeros:.0f} % zeros" if stats.zeros else ""
    wrong = trouble(stats)
    if wrong:
        return [marks.label(start + 4, y + 4, f"⚠ {wrong}", "trouble", size=11)]
    if stats.rms == 0:
        return [marks.label(start + 4, y + 4, "all zero", "trouble", size=11)]
    parts = []
    if stats.high > 0:
        left = start if stats.low == 0 else at(stats.low)
        parts.append(marks.rect(left, y - 4, max(at(stats.high) - left, 2), 8, f"{colour} band", 4, said))
    parts.append(marks.dot(at(stats.rms), y, colour, said))
    trails.setdefault(panel, []).append((at(stats.rms), y))
    if math.log10(stats.rms) < low:
        parts.append(marks.label(start + 8, y + 4, f"◂ {power(round(math.log10(stats.rms)))}", "trouble", size=10.5))
    if math.log10(stats.rms) > high:
        parts.append(marks.label(end - 8, y + 4, f"{power(round(math.log10(stats.rms)))} ▸", "trouble", "end", 10.5))
    elif panel == 0 and stats.zeros >= 0.005:
        parts.append(marks.label(end, y + 4, f"{100 * stats.zeros:.0f} % zero", "muted", "end", 10))
    return parts


def power(decade: int) -> str:
    """A power of ten.

    >>> power(-12)
    '10⁻¹²'
    """
    return "10" + str(decade).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
