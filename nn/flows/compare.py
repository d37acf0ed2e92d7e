"""Two recorded trainings compared: layer by layer, by how much their sizes differ, and at which step they part."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from autograd.draw import marks
from autograd.draw.comparison import DECADES, said
from autograd.draw.marks import escaped, label, rect, short
from autograd.draw.sheet import Sheet, aligned, as_json, document
from autograd.draw.style import STEPS
from nn.flows.history import COLUMNS, MAPS, NAMES, ROW, WIDTH, FlowHistory, columns
from nn.flows.recorder import FlowRecorder
from nn.flows.statistics import Array

FACTOR = 2.0  # times: a size that differs by more has parted


@dataclass(frozen=True, slots=True)
class Parting:
    """A layer in both trainings.

    Attributes
    ----------
    layer : str
    differs, parts : int or None
        The first recorded step at which any size is another, and at which one is so by more than the factor; None
        where there is none.
    measure : str
        Which size parted first: "activations", "gradient of the activations", ...; "" where none did.
    last : float or None
        The ratio, second over first, of that size at the last step (of the one that is furthest apart, where none
        parted).
    """

    layer: str
    differs: int | None
    parts: int | None
    measure: str
    last: float | None


class FlowComparison(Sheet):
    """How two recorded trainings differ; shown by itself in a notebook.

    Attributes
    ----------
    steps : tuple of int
        That both have recorded.
    layers : tuple of str
        That both have; `added` and `removed` are those of the second, or of the first, alone.
    ratios : dict of str to array of shape (steps, layers)
        Second over first, of "activations", "flowing", "gradients" and "updates" (see `FlowHistory`); NaN where one of
        them has none, infinity or 0 where one of them alone is not finite.
    partings : tuple of Parting
        A layer each.
    differs, parts : int or None
        The first over all layers.
    html, svg, text, json : str
    """

    name = "a comparison of trainings"

    def __init__(self, a: FlowHistory, b: FlowHistory, factor: float) -> None:
        self.factor = factor
        self.steps = tuple(step for step in a.steps if step in set(b.steps))
        self.layers = tuple(name for name in a.layers if name in set(b.layers))
        self.removed = tuple(name for name in a.layers if name not in self.layers)
        self.added = tuple(name for name in b.layers if name not in self.layers)
        self.ratios = {key: _ratios(self._table(a, key), self._table(b, key)) for key, *_ in MAPS}
        self.partings = tuple(self._parting(i) for i in range(len(self.layers)))
        self.differs = min((one.differs for one in self.partings if one.differs is not None), default=None)
        self.parts = min((one.parts for one in self.partings if one.parts is not None), default=None)

    def _table(self, history: FlowHistory, key: str) -> Array:
        rows = [history.steps.index(step) for step in self.steps]
        columns = [history.layers.index(name) for name in self.layers]
        table: Array = getattr(history, key)[np.ix_(rows, columns)]
        return table

    def _parting(self, i: int) -> Parting:
        far = np.array([_decades(self.ratios[key][:, i]) for key, *_ in MAPS])
        other, parted = (far > 0).any(axis=0), (far > math.log10(self.factor)).any(axis=0)
        differs = self.steps[int(other.argmax())] if other.any() else None
        if parted.any():
            at = int(parted.argmax())
            which = int(far[:, at].argmax())
        else:
            at, which = -1, int(far[:, -1].argmax())
        key, title, *_ = MAPS[which]
        last = float(self.ratios[key][-1, i])
        parts = self.steps[at] if parted.any() else None
        return Parting(
            self.layers[i], differs, parts, title if parted.any() else "", None if math.isnan(last) else last
        )

    @property
    def title(self) -> str:
        """Where they part, in a line."""
        if self.differs is None:
            return f"Two trainings compared: the same in all {len(self.steps):,} steps that both recorded"
        if self.parts is None:
            told = f"they differ from step {self.differs:,} on, nowhere by more than {self.factor:g} times"
            return f"Two trainings compared: {told}"
        first = next(one for one in self.partings if one.parts == self.parts)
        told = f"they part at step {self.parts:,}, in {short(first.layer, 60)} ({first.measure})"
        before = f"; the first difference is at step {self.differs:,}" if self.differs < self.parts else ""
        return f"Two trainings compared: {told}{before}"

    @cached_property
    def text(self) -> str:
        """A line for each layer, the first to part on top."""
        lines = [self.title, f"steps {self.steps[0]:,} to {self.steps[-1]:,}, {len(self.steps):,} in both"]
        for head, names in (("only in the first", self.removed), ("only in the second", self.added)):
            lines += [f"{head}: {', '.join(short(name, 60) for name in names)}"] if names else []
        never = self.steps[-1] + 1
        rows = [("layer", "differs at", f"parts at (×{self.factor:g})", "by its", "at the end")]
        for one in sorted(self.partings, key=lambda p: (p.parts or never, p.differs or never)):
            rows.append(
                (
                    short(one.layer, 60),
                    "never" if one.differs is None else f"step {one.differs:,}",
                    "never" if one.parts is None else f"step {one.parts:,}",
                    one.measure,
                    "" if one.last is None else said(one.last, 1.0, one.last),
                )
            )
        lines += ["", *aligned(rows)]
        return "\n".join(map(marks.plain, lines)) + "\n"

    @cached_property
    def json(self) -> str:
        """Steps, layers, every ratio and where each layer parts."""
        partings = [
            {"layer": p.layer, "differs": p.differs, "parts": p.parts, "measure": p.measure, "last": p.last}
            for p in self.partings
        ]
        return as_json(
            {
                "steps": self.steps, "factor": self.factor, "differs": self.differs, "parts": self.parts,
                "added": self.added, "removed": self.removed, "layers": partings,
                "ratios": {key: table.tolist() for key, table in self.ratios.items()},
            }
        )  # fmt: skip

    @cached_property
    def svg(self) -> str:
        """Heat maps, layer by step: blue where the second is larger, red where it is smaller."""
        groups = list(columns(len(self.steps), COLUMNS))
        parts, y = _legend(), 52.0
        for key, title, *_ in MAPS:
            table = np.array([_pooled(self.ratios[key][group]) for group in groups])
            keep = [i for i in range(len(self.layers)) if not np.isnan(table[:, i]).all()]
            if not keep:
                continue
            parts.append(label(NAMES, y + 14, title, size=13.5))
            y += 24
            rows = [[_place(times) for times in table[:, i]] for i in keep]
            parts += marks.cells(rows, NAMES, y, WIDTH / len(groups), ROW, "d")
            for k, i in enumerate(keep):
                parts.append(label(NAMES - 8, y + k * ROW + 11, short(self.layers[i], 38), anchor="end", size=10.5))
                last = float(self.ratios[key][-1, i])
                if not math.isnan(last):
                    parts.append(label(NAMES + WIDTH + 8, y + k * ROW + 11, said(last, 1.0, last), size=10.5))
                at = next((c for c, group in enumerate(groups) if self._inside(self.partings[i].parts, group)), None)
                if at is not None and self.partings[i].measure == title:
                    x = NAMES + at * WIDTH / len(groups)
                    parts.append(label(x, y + k * ROW + 11, "▸", size=11))
            y += len(keep) * ROW
            for c in range(0, len(groups), max(1, math.ceil(len(groups) / 8))):
                x = NAMES + (c + 0.5) * WIDTH / len(groups)
                parts.append(label(x, y + 15, f"{self.steps[groups[c].start]:,}", "muted", "middle", 10.5))
            parts.append(label(NAMES - 8, y + 15, "step", "muted", "end", 10.5))
            y += 40
        return marks.picture(NAMES + WIDTH + 110, y, parts, self.title, self.text)

    def _inside(self, step: int | None, group: slice) -> bool:
        return step is not None and step in self.steps[group]

    @cached_property
    def html(self) -> str:
        """A page with the heat maps and the text."""
        only = "".join(
            f"<p>Only in the {which}: {escaped(', '.join(names))}</p>"
            for which, names in (("first", self.removed), ("second", self.added))
            if names
        )
        pane = f'<div class="pane" tabindex="0" role="group" aria-label="Layer by step">{self.svg}</div>'
        intro = (
            "Ratios of the sizes, second training over first. Blue cells are larger in the second, red ones smaller, "
            "on a fixed scale of three decades each way; "
            f"▸ marks where a layer first differs by {self.factor:g} times. In words at the right: the last step."
        )
        body = f"{only}<section><h2>Layer by step</h2>{pane}</section>\n"
        return document(self.title, intro, body, self.text)


def compare_flows(
    a: FlowHistory | FlowRecorder, b: FlowHistory | FlowRecorder, factor: float = FACTOR
) -> FlowComparison:
    """Compare two recorded trainings: layer by layer, how their sizes differ and at which step they part.

    Layers are matched by name and steps by number; what only one of them has is told.

    Parameters
    ----------
    a, b : FlowHistory or FlowRecorder
        The first and the second training.
    factor : float
        A layer has parted where one of its sizes is more than so many times as large or small.

    Returns
    -------
    FlowComparison
        With `.html`, `.svg`, `.text`, `.json`, `.save(path)`, `.partings`, `.parts` and `.differs`.

    Raises
    ------
    TypeError
        If one is no recorded flow.
    ValueError
        If they have no layer or no step in common, or `factor` is not above 1.

    Examples
    --------
    >>> import nn
    >>> def training(lr):
    ...     model = nn.models.MLP([4, 8, 2], rng=np.random.default_rng(0))
    ...     optimizer, recorder = nn.optim.SGD(model.parameters(), lr=lr), nn.FlowRecorder(model, every=1)
    ...     for _ in range(4):
    ...         with recorder:
    ...             optimizer.zero_grad()
    ...             (model(np.ones((3, 4), np.float32)) ** 2).mean().backward()
    ...             optimizer.step()
    ...     return recorder
    >>> seen = nn.compare_flows(training(0.01), training(0.02), factor=1.5)
    >>> seen.parts, nn.compare_flows(training(0.01), training(0.01)).differs
    (1, None)
    """
    histories = []
    for given in (a, b):
        if not isinstance(given, (FlowHistory, FlowRecorder)):
            raise TypeError(f"compare_flows needs recorded flows, got {type(given).__name__}")
        histories.append(given.history if isinstance(given, FlowRecorder) else given)
    if not factor > 1:
        raise ValueError(f"compare_flows: factor is {factor}; it must be above 1")
    first, second = histories
    if not set(first.layers) & set(second.layers):
        told = f"the first has {_few(first.layers)}, the second {_few(second.layers)}"
        raise ValueError(f"compare_flows: these are different models, without a layer of the same name: {told}")
    if not set(first.steps) & set(second.steps):
        told = f"the first has {_few(first.steps)}, the second {_few(second.steps)}"
        raise ValueError(f"compare_flows: no step was recorded in both: {told}")
    return FlowComparison(first, second, factor)


def _few(of: Sequence[object], most: int = 4) -> str:
    return (", ".join(map(str, of[:most])) or "none") + (" …" if len(of) > most else "")


def _ratios(a: Array, b: Array) -> Array:
    """b / a; 1 where both are zero or both are not finite, infinity or 0 where one of them alone is."""
    with np.errstate(all="ignore"):
        times = np.where(a == b, 1.0, b / a)
    return np.where(np.isnan(a) | np.isnan(b), np.nan, times)


def _decades(times: Array) -> Array:
    """How far ratios are from one; 0 where there is none."""
    with np.errstate(divide="ignore"):
        return np.nan_to_num(np.abs(np.log10(times)), nan=0.0, posinf=np.inf)


def _pooled(rows: Array) -> Array:
    """Of each layer the ratio that is furthest from one."""
    far = np.where(np.isnan(rows), -1.0, _decades(rows))
    picked: Array = rows[far.argmax(axis=0), np.arange(rows.shape[1])]
    return picked


def _place(times: float) -> int | None:
    """Where on the ramp of signs a ratio lies; None where there is none."""
    if math.isnan(times):
        return None
    return marks.signed(DECADES if math.isinf(times) else math.log10(times) if times else -DECADES, DECADES)


def _legend() -> list[str]:
    unit, x, y = 12.0, NAMES, 20.0
    parts = [rect(x + i * unit, y, unit + 0.2, 12, f"d{i}") for i in range(STEPS)]
    for k, told in ((-3, "÷1,000"), (0, "same"), (3, "×1,000")):
        at = x + (k / DECADES * (STEPS // 2) + STEPS / 2) * unit
        parts.append(label(at, y - 5, told, "muted", "middle", 10.5))
    return [*parts, label(x + STEPS * unit + 34, y + 10, "second over first", "muted", size=11)]
