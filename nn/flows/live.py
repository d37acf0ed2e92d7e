"""The flow in a terminal: a line a layer while a model trains, or one line for all."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from autograd.draw import marks
from nn.flows.statistics import Stats
from nn.flows.watch import Layer, Weight

BARS = "▁▂▃▄▅▆▇█"
MOST = 18  # layers on the screen
AXES = ((-6, 3), (-9, 2), (-7, 0))  # decades of activations, gradients and updates: a character each


def main_weight(row: Layer) -> Weight | None:
    """The parameter that stands for its layer: the largest."""
    return max(row.weights, key=lambda weight: math.prod(weight.shape), default=None)


def summary(rows: Sequence[Layer], step: int) -> str:
    """One line: the gradient of every layer as a bar of eight heights, and the update of the middle one."""
    weights = [weight for row in rows if (weight := main_weight(row)) is not None]
    gradients = [w.gradient.rms for w in weights if w.gradient is not None]
    if not gradients:
        return f"step {step}: no gradients yet"
    bars = "".join(bar(w.gradient, *AXES[1]) for w in weights)
    text = f"step {step}: gradient {bars} {gradients[0]:.0e} first, {gradients[-1]:.0e} last layer"
    updates = [w.update.rms for w in weights if w.update is not None]
    return text + (f"; update/weight {float(np.median(updates)):.0e}" if updates else "")


def bar(stats: Stats | None, low: int, high: int) -> str:
    """A size as one of eight heights over fixed decades; what has none as a sign.

    >>> bar(None, -8, 0)
    '·'
    """
    if stats is None:
        return "·"
    if not stats.finite:
        return "!"
    if stats.rms == 0:
        return "0"
    share = (math.log10(stats.rms) - low) / (high - low)
    return BARS[min(max(int(share * len(BARS)), 0), len(BARS) - 1)]


def panel(rows: Sequence[Layer], step: int) -> str:
    """A line a layer: bands and RMS of activations, gradients and updates on fixed logarithmic axes."""
    if not rows:
        return ""
    shown = list(rows) if len(rows) <= MOST else [rows[i * (len(rows) - 1) // (MOST - 1)] for i in range(MOST)]
    names = [marks.short("".join(c if c.isprintable() else "�" for c in row.name), 26) for row in shown]
    wide = max(map(len, names))
    titles = ("activations", "gradient", "update")
    head = "  ".join(f"{title[: hi - lo + 1]:<{hi - lo + 1}}" for title, (lo, hi) in zip(titles, AXES))
    lines = [f"{f'step {step}':<{wide}}  {head}"]
    for name, row in zip(names, shown):
        weight = main_weight(row)
        three = (
            row.activation,
            row.gradient if weight is None else weight.gradient,
            None if weight is None else weight.update,
        )
        lines.append(f"{name:<{wide}}  " + "  ".join(axis(stats, *ends) for stats, ends in zip(three, AXES)))
    if len(shown) < len(rows):
        lines.append(f"{len(rows) - len(shown)} of {len(rows)} layers are not shown")
    return "\n".join(lines)


def axis(stats: Stats | None, low: int, high: int) -> str:
    """A size on an axis of a character a decade: the band as a line, the RMS as a dot.

    >>> from nn.flows.statistics import measure
    >>> axis(measure(np.array([1e-3, 1e-1])).stats(), -4, 1)
    '·──●··'
    """
    cells = ["·"] * (high - low + 1)
    if stats is None:
        return " " * len(cells)
    if not stats.finite:
        return f"{'NaN' if stats.nan else 'infinite':<{len(cells)}}"
    if stats.rms == 0:
        return f"{'zero':<{len(cells)}}"

    def at(size: float) -> int:
        return min(max(math.floor(math.log10(size) - low + 0.5), 0), high - low) if size > 0 else 0

    for i in range(at(stats.low), at(stats.high) + 1):
        cells[i] = "─"
    cells[at(stats.rms)] = "●"
    return "".join(cells)
