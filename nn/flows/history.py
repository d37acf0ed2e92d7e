"""A recorded training, read back: heat maps of layer by step, and how histograms moved."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograd.draw import marks, sheet
from autograd.draw.style import STEPS
from nn.errors import DataError
from nn.flows.live import BARS
from nn.flows.snapshot import logarithm, power, save
from nn.flows.statistics import BINS, FIRST, PER_DECADE, Array

FILE = "flow.jsonl"
# key, title, the colour's fixed scale: eight decades, two steps of colour each
MAPS = (
    ("activations", "activations", -5, 3),
    ("flowing", "gradient of the activations", -8, 0),
    ("gradients", "gradient of the parameters", -8, 0),
    ("updates", "update / weight", -8, 0),
)
SPREAD = 2  # decades that a histogram shows beyond each end of the colour's scale
COLUMNS, STRIP = 160, 48  # of a heat map, and of a strip of histograms: more steps share one
NAMES, WIDTH, ROW = 250.0, 880.0, 15.0


@dataclass(frozen=True)
class FlowHistory:
    """What a `FlowRecorder` wrote.

    Attributes
    ----------
    steps : tuple of int
    layers, kinds : tuple of str
        Names and classes, in forward order.
    activations, flowing, gradients, updates : array of shape (steps, layers)
        RMS of the results, of the gradients with respect to them, of the gradient of the layer's largest parameter, and
        of that one's change over its size. NaN where there is none, infinity where an element was not finite.
    histograms : dict of str to array of shape (steps, layers, bins)
        By the first three of these names: each bin's share of the largest one, in 35ths.
    """

    steps: tuple[int, ...]
    layers: tuple[str, ...]
    kinds: tuple[str, ...]
    activations: Array
    flowing: Array
    gradients: Array
    updates: Array
    histograms: dict[str, Array]

    @property
    def text(self) -> str:
        """A line a layer: the course of its sizes as bars of eight heights, and log10 of the last."""
        heads = [("layer", *(title for _, title, _, _ in MAPS))]
        lines = [
            (
                marks.short("".join(c if c.isprintable() else "�" for c in name), 40),
                *(_course(getattr(self, key)[:, i], low, high) for key, _, low, high in MAPS),
            )
            for i, name in enumerate(self.layers)
        ]
        widths = [max(map(len, column)) for column in zip(*heads, *lines)]
        rows = ["  ".join(f"{c:<{w}}" for c, w in zip(row, widths)).rstrip() for row in [*heads, *lines]]
        return "\n".join([f"flow over steps {self._span()}, log10 of the RMS at the end of each line", *rows]) + "\n"

    def _span(self) -> str:
        return f"{self.steps[0]:,} to {self.steps[-1]:,} ({len(self.steps):,} recorded)" if self.steps else "none"

    @property
    def svg(self) -> str:
        """Heat maps, layer by step: activations, their gradients, parameters' gradients, updates over weights."""
        groups = list(columns(len(self.steps), COLUMNS))
        parts: list[str] = []
        y = 16.0
        for key, title, low, high in MAPS:
            table = _pooled(getattr(self, key), groups)
            keep = [i for i in range(len(self.layers)) if not np.isnan(table[:, i]).all()]
            if keep:
                drawn, y = self._map(table[:, keep], [self.layers[i] for i in keep], title, (low, high), y)
                parts += drawn
        return marks.picture(NAMES + WIDTH + 34, y, parts, "Flow over training", self.text)

    def _map(
        self, table: Array, names: list[str], title: str, ends: tuple[int, int], y: float
    ) -> tuple[list[str], float]:
        low, high = ends
        parts = [marks.label(NAMES, y + 14, title, "text", size=13.5)]
        right = NAMES + WIDTH
        unit = 9.0  # of the legend
        for i in range(STEPS):
            parts.append(marks.rect(right - (STEPS - i) * unit, y + 4, unit, 10, f"r{i}"))
        parts.append(marks.label(right - STEPS * unit - 6, y + 13, power(low), "muted", "end", 10.5))
        parts.append(marks.label(right + 5, y + 13, power(high), "muted", size=10.5))
        top = y + 24
        rows = [[_place(size, low, high) for size in table[:, i]] for i in range(len(names))]
        parts += marks.cells(rows, NAMES, top, WIDTH / len(table), ROW)
        for i, name in enumerate(names):
            parts.append(marks.label(NAMES - 8, top + i * ROW + 11, marks.short(name, 38), "text", "end", 10.5))
        bottom = top + len(names) * ROW
        for at, step in self._ticks():
            parts.append(marks.line(NAMES + at * WIDTH, bottom, NAMES + at * WIDTH, bottom + 4))
            parts.append(marks.label(NAMES + at * WIDTH, bottom + 16, f"{step:,}", "muted", "middle", 10.5))
        parts.append(marks.label(NAMES - 8, bottom + 16, "step", "muted", "end", 10.5))
        return parts, bottom + 40

    def _ticks(self) -> Iterator[tuple[float, int]]:
        """Where steps are written: as a share of the width, at most nine of them."""
        count = len(self.steps)
        for i in range(0, count, max(1, math.ceil(count / 8))):
            yield (i + 0.5) / count, self.steps[i]

    @property
    def spreads(self) -> str:
        """A picture: of every layer, how the histogram of sizes moved with the steps, darkest where most are."""
        groups = list(columns(len(self.steps), STRIP))
        shown = [(key, title, low - SPREAD, high + SPREAD) for key, title, low, high in MAPS if key in self.histograms]
        wide, tall, left = 250.0, 54.0, NAMES
        parts = [
            marks.label(left + j * (wide + 56), 24, title, "text", size=13.5)
            for j, (_, title, _, _) in enumerate(shown)
        ]
        for i, name in enumerate(self.layers):
            y = 40 + i * (tall + 14)
            parts.append(marks.label(left - 44, y + tall / 2 + 4, marks.short(name, 34), "text", "end", 11))
            for j, (key, title, low, high) in enumerate(shown):
                x = left + j * (wide + 56)
                lowest, highest = (low - FIRST) * PER_DECADE, (high - FIRST) * PER_DECADE
                bins = np.array([self.histograms[key][g, i].max(axis=0) for g in groups])[:, lowest:highest]
                if not bins.any():
                    continue
                parts.append(marks.rect(x, y, wide, tall, "row", 3, f"{name}: {title}"))
                rows = [[round(int(n) * (STEPS - 1) / 35) if n else None for n in line] for line in bins.T[::-1]]
                parts += marks.cells(rows, x, y, wide / len(groups), tall / len(rows))
                for at, decade in ((y + 8, high), (y + tall, low)):
                    parts.append(marks.label(x - 5, at, power(decade), "muted", "end", 9.5))
        return marks.picture(
            left + len(shown) * (wide + 56), 40 + len(self.layers) * (tall + 14), parts, "Histograms over training", ""
        )

    @property
    def html(self) -> str:
        """A page with the heat maps, the histograms and the text: one file, nothing from elsewhere."""
        words = (
            f"Steps {self._span()}. Colours stand for log10 of the RMS on fixed scales; red cells hold NaN or "
            "infinity, empty ones nothing. Layers run from the first, on top, to the last."
        )
        sections = [
            ("Layer by step", "A column is a recorded step (or the mean of several neighbours).", self.svg),
            (
                "Histograms",
                "How the sizes of single elements are spread: log10 |x| upward, steps to the right.",
                self.spreads,
            ),
        ]
        return sheet.page("Gradient flow over training", words, sections, self.text)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the history in the format that the suffix names: .svg .html .txt."""
        return save(self, path, {".svg": "svg", ".html": "html", ".txt": "text"})

    def _repr_svg_(self) -> str:
        return self.svg

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<FlowHistory: {len(self.layers)} layers, steps {self._span()}>"


def columns(count: int, most: int) -> Iterator[slice]:
    """Neighbours that share a column, so that there are at most so many."""
    number = min(count, most)
    for i in range(number):
        yield slice(i * count // number, (i + 1) * count // number)


def _pooled(table: Array, groups: Sequence[slice]) -> Array:
    """The geometric mean of each group; infinity where one of it is, NaN where there is none."""
    out = np.full((len(groups), table.shape[1]), np.nan)
    for i, group in enumerate(groups):
        for j, values in enumerate(table[group].T):
            known = values[~np.isnan(values)]
            if known.size:
                with np.errstate(divide="ignore"):
                    out[i, j] = np.inf if np.isinf(known).any() else 10 ** np.log10(known).mean()
    return out


def _place(size: float, low: float, high: float) -> int | None:
    return None if np.isnan(size) else marks.TROUBLE if np.isinf(size) else marks.place(size, low, high)


def _course(values: Array, low: int, high: int, most: int = 24) -> str:
    if not len(values) or np.isnan(values).all():
        return ""
    signs = ""
    for size in _pooled(values[:, None], list(columns(len(values), most)))[:, 0]:
        place = _place(size, low, high)
        signs += (
            " " if place is None else "!" if place == marks.TROUBLE else BARS[place * (len(BARS) - 1) // (STEPS - 1)]
        )
    last = values[~np.isnan(values)][-1]
    return f"{signs} {'not finite' if np.isinf(last) else logarithm(last)}"


def read(path: Path) -> FlowHistory:
    """Read a recording; a last line that is not whole is left out."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise DataError(f"{path}: there is no recording of a flow to be read ({error.strerror})") from None
    order: dict[str, tuple[str, list[str]]] = {}
    now: list[Any] = []
    found: list[tuple[int, list[Any], list[Any]]] = []
    for number, line in enumerate(lines[:-1], 1):  # after the last newline there is nothing, or a torn line
        try:
            entry = json.loads(line)
            if "layers" in entry:
                now = [(str(name), str(kind), [str(w) for w in weights]) for name, kind, weights in entry["layers"]]
                order.update({name: (kind, weights) for name, kind, weights in now if name not in order})
            else:
                step = int(entry["step"])
                if found and found[-1][0] >= step:  # a training that went on from an earlier step
                    found = [one for one in found if one[0] < step]
                found.append((step, now, entry["rows"]))
        except (ValueError, TypeError, KeyError) as error:
            raise DataError(f"{path}: line {number} is not one of a recorded flow ({error})") from None
    names = list(order)
    shape = (len(found), len(names))
    tables = {key: np.full(shape, np.nan) for key, _, _, _ in MAPS}
    bins = {key: np.zeros((*shape, BINS), np.uint8) for key, _, _, _ in MAPS[:3]}
    index = {name: i for i, name in enumerate(names)}
    try:
        for s, (_, layers, rows) in enumerate(found):
            for (name, _, _), (activation, gradient, weights) in zip(layers, rows):
                j = index[name]
                main = max(weights, key=lambda w: w[3], default=[None] * 4)
                for key, stats in zip(tables, (activation, gradient, main[0], main[2])):
                    if stats is not None:
                        tables[key][s, j] = (
                            math.inf if stats[4] or stats[5] else math.nan if stats[0] is None else stats[0]
                        )
                        if key in bins:
                            digits = [int(c, 36) for c in stats[7]]
                            bins[key][s, j, stats[6] : stats[6] + len(digits)] = digits
    except (ValueError, TypeError, IndexError) as error:
        raise DataError(f"{path}: step {found[s][0]} is not whole ({error})") from None
    kinds = tuple(order[name][0] for name in names)
    return FlowHistory(tuple(step for step, _, _ in found), tuple(names), kinds, **tables, histograms=bins)
