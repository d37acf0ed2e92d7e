"""The graph beside a replay, as SVG: boxes with values, and on each edge the gradient as it arrives."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from autograd.draw import style
from autograd.draw.capture import format_number, format_shape
from autograd.draw.dot import SYMBOLS
from autograd.draw.layers import arrange
from autograd.draw.seen import shorten

if TYPE_CHECKING:
    from autograd.draw.replay import Argument, Replay, Step
    from autograd.draw.seen import Seen

FAR = 8  # columns: a leaf is drawn again where an edge would be longer
FEW = 60  # steps: up to so many, every leaf is drawn once
MARGIN = 26.0


@dataclass(slots=True)
class Item:
    """A box: its step (0 of a constant), its three lines and its kind."""

    step: int
    kind: str
    title: str
    aside: str
    value: str
    width: float


def _short(x: float, digits: int = 3) -> float:
    """`x` to so many digits, and no minus before a zero."""
    return float(f"{x:.{digits}g}") + 0.0


def brief(seen: Seen | None) -> str:
    """A value for a box: numbers where up to three fit, else the shape."""
    if seen is None:
        return ""
    if seen.scalar:
        return format_number(seen.numbers[0])
    if 0 < len(seen.numbers) <= 3 and len(seen.shape) == 1 and seen.low is not None:
        return "[" + ", ".join(format_number(_short(x)) for x in seen.numbers) + "]"
    return f"{format_shape(seen.shape)} {seen.dtype}"


def flow(seen: Seen) -> str:
    """A gradient for an edge: a number with its sign, else its RMS."""
    if seen.scalar:
        x = seen.numbers[0]
        return format_number(_short(x, 4), sign=x != 0) if isinstance(x, float) else format_number(x)
    return style.size_text(seen.rms)


def inside(seen: Seen) -> str:
    """A gradient for a box, where the numbers of a short vector fit too."""
    if seen.scalar or not math.isfinite(seen.rms):
        return flow(seen)
    numbers = brief(seen)
    return numbers if numbers.startswith("[") else f"rms {flow(seen)}"


def colour(seen: Seen, seed: float) -> str:
    """The class that says a gradient's sign, or its size where it has no one sign."""
    if not math.isfinite(seen.rms):
        return "bad"
    if seen.rms == 0:
        return "zero"
    if seen.scalar and isinstance(seen.numbers[0], float):
        return "plus" if seen.numbers[0] > 0 else "minus"
    return f"size r{style.step(seen.rms, seed)}"


class Picture:
    """Boxes and edges of a replay, placed."""

    def __init__(self, told: Replay) -> None:
        self.told = told
        self.seed = told.steps[0].gradient.rms or 1.0
        self.items: list[Item] = []
        self.edges: list[tuple[int, int, int, Argument]] = []  # tail, head, of how many, what flows
        self._collect()
        self.beside: dict[int, list[int]] = {}  # the edges of each head
        for k, edge in enumerate(self.edges):
            self.beside.setdefault(edge[1], []).append(k)
        heights = [58.0 if item.step else 40.0 for item in self.items]
        self.sizes = [(item.width, high) for item, high in zip(self.items, heights, strict=True)]
        self.layout = arrange(self.sizes, [edge[:2] for edge in self.edges])

    def _collect(self) -> None:
        """The boxes in the order in which they were computed, each constant before the op that uses it."""
        many = len(self.told.steps) > FEW
        depth: dict[int, int] = {}
        drawn: dict[int, tuple[int, int]] = {}  # by step: the newest box, and the depth of its first user
        for step in reversed(self.told.steps):
            depth[step.number] = 1 + max((depth.get(a.step, 0) for a in step.arguments), default=-1)
            if not step.op:
                continue
            tails = []
            for argument in step.arguments:
                source = self.told.steps[argument.step - 1] if argument.step else None
                if source is not None:
                    box, first = drawn.get(argument.step, (-1, 0))
                    if box < 0 or (many and not source.op and depth[step.number] - first > FAR):
                        box = self._add(source)
                        drawn[argument.step] = box, depth[step.number]
                    tails.append((box, argument))
                elif argument.constant and argument.name == "constant" and argument.value is not None:
                    self.items.append(_item(0, "constant", "constant", "", brief(argument.value)))
                    tails.append((len(self.items) - 1, argument))
                elif not argument.constant:
                    self.items.append(_item(0, "more", argument.name, "", brief(argument.value) or "left out"))
                    tails.append((len(self.items) - 1, argument))
            drawn[step.number] = self._add(step), 0
            head = drawn[step.number][0]
            self.edges += [(tail, head, len(tails), argument) for tail, argument in tails]
        if not self.items:
            self._add(self.told.steps[0])

    def _add(self, step: Step) -> int:
        title, aside = (_symbol(step), step.name) if step.op else (step.name, "")
        item = _item(step.number, "op" if step.op else "leaf", title, aside, brief(step.value))
        longest = max(len(inside(a.total)) for a in step.arrived) + (4 if len(step.arrived) > 1 else 2)
        item.width = max(item.width, 7.0 * longest + 20)
        self.items.append(item)
        return len(self.items) - 1

    def svg(self) -> str:
        """The drawing: every gradient is in it, with the step at which it comes."""
        wide, high = self.layout.width + 2 * MARGIN, self.layout.height + 2 * MARGIN
        edges = "\n".join(self._edge(k) for k in range(len(self.edges)))
        boxes = "\n".join(self._box(k) for k in range(len(self.items)))
        label = f"Graph of {len(self.told.steps)} nodes; the steps beside it say the same in words."
        return (
            f'<svg id="graph" role="img" aria-label="{label}" viewBox="{-MARGIN:g} {-MARGIN:g} {wide:.1f} {high:.1f}" '
            f'width="{wide:.0f}" height="{high:.0f}">\n<g>{edges}</g>\n<g>{boxes}</g>\n</svg>'
        )

    def _box(self, k: int) -> str:
        item = self.items[k]
        (x, y), (wide, high) = self.layout.centres[k], self.sizes[k]
        top = y - high / 2
        told = f'<tspan class="title">{escape(item.title)}</tspan>'
        if item.aside:
            told += f'<tspan class="aside" dx="7">{escape(item.aside)}</tspan>'
        lines = [f'<text x="{x:.1f}" y="{top + 17:.1f}">{told}</text>']
        lines.append(f'<text class="value" x="{x:.1f}" y="{top + 33:.1f}">{escape(item.value)}</text>')
        data = ""
        hint = f"<title>{escape(item.title)}</title>"
        if item.step:
            step = self.told.steps[item.step - 1]
            sums = [
                [
                    max(a.step, 1),
                    inside(a.total) + (" …" if i < len(step.arrived) - 1 else ""),
                    colour(a.total, self.seed),
                ]
                for i, a in enumerate(step.arrived)
            ]
            data = f' data-step="{item.step}" data-sums="{escape(json.dumps(sums))}"'
            final = f"∂ {inside(step.gradient)}"
            shade = colour(step.gradient, self.seed)
            lines.append(f'<text class="grad {shade}" x="{x:.1f}" y="{top + 50:.1f}">{escape(final)}</text>')
            hint = f"<title>{escape(step.name)}: {escape(step.op or 'leaf')}, step {step.number}</title>"
        root = " root" if item.step == 1 else ""
        return (
            f'<g class="box {item.kind}{root}"{data}>{hint}<rect x="{x - wide / 2:.1f}" y="{top:.1f}" '
            f'width="{wide:.1f}" height="{high:g}" rx="9"/>{"".join(lines)}</g>'
        )

    def _port(self, k: int) -> int:
        """Which of its head's edges this one is, counted from the top as they come in: so none cross at the box."""
        head = self.edges[k][1]

        def height(j: int) -> tuple[float, int]:
            route = self.layout.routes[j] or [self.layout.centres[self.edges[j][0]]]
            return route[-1][1], j

        return sorted(self.beside[head], key=height).index(k)

    def _edge(self, k: int) -> str:
        tail, head, count, argument = self.edges[k]
        (x0, y0), (x1, y1) = self.layout.centres[tail], self.layout.centres[head]
        x0 += self.sizes[tail][0] / 2
        x1 -= self.sizes[head][0] / 2
        y1 += (self._port(k) - (count - 1) / 2) * min(18.0, 40.0 / count)
        twins = [j for j in self.beside[head] if self.edges[j][0] == tail]
        bulge = (twins.index(k) - (len(twins) - 1) / 2) * 34.0
        points = [(x0, y0), *self.layout.routes[k], (x1, y1)]
        d = f"M{x0:.1f} {y0:.1f}"
        for i, ((a, b), (c, e)) in enumerate(zip(points, points[1:], strict=False)):
            middle, bend = (a + c) / 2, bulge if i == len(points) - 2 else 0.0
            straight = i % 2 == 1
            d += (
                f"L{c:.1f} {e:.1f}"
                if straight
                else (f"C{middle:.1f} {b + bend * 4 / 3:.1f} {middle:.1f} {e + bend * 4 / 3:.1f} {c:.1f} {e:.1f}")
            )
        arrow = f'<path class="tip" d="M{x1:.1f} {y1:.1f}l-7 -3.2v6.4z"/>'
        forward = f'<path class="wire" d="{d}"/>{arrow}'
        if argument.gradient is None or not self.items[head].step:
            return f'<g class="edge">{forward}</g>'
        shade, size = colour(argument.gradient, self.seed), argument.gradient.rms
        thick = style.width(size, self.seed) if 0 < size < math.inf else 1.2
        (a, b), (c, e) = points[-2:]
        label = flow(argument.gradient)
        length = ' pathLength="1"' if size else ""  # in units of the whole, so that it can run along; a zero is dotted
        wide = 7.0 * len(label) + 10
        at = (a + c) / 2, (b + e) / 2 + bulge
        return (
            f'<g class="edge" data-step="{self.items[head].step}">{forward}<g class="flow {shade}">'
            f'<path class="back"{length} style="stroke-width:{thick:.2f}px" d="{d}"/>'
            f'<path class="end" d="M{x0 + 1:.1f} {y0:.1f}l11 {-(3.5 + thick / 1.6):.1f}v{7 + thick / 0.8:.1f}z"/>'
            f'<rect class="pill" x="{at[0] - wide / 2:.1f}" y="{at[1] - 8.5:.1f}" width="{wide:.1f}" height="17"/>'
            f'<text class="label" x="{at[0]:.1f}" y="{at[1] + 4:.1f}">{escape(label)}</text></g></g>'
        )


def _symbol(step: Step) -> str:
    """The op's sign, with a number that it was given."""
    symbol = {"maximum": "max", "minimum": "min"}.get(step.op) or SYMBOLS.get(step.op, step.op)
    numbers = [a.constant and a.name != "constant" for a in step.arguments]
    if step.op == "power" and numbers[1:] == [True]:
        return {"2": "x²", "3": "x³"}.get(step.arguments[1].name, f"x ^ {step.arguments[1].name}")
    for place, argument in enumerate(step.arguments[:2]):
        if numbers[place]:
            symbol = f"{argument.name} {symbol}" if place == 0 and len(numbers) > 1 else f"{symbol} {argument.name}"
    return symbol


def _item(step: int, kind: str, title: str, aside: str, value: str) -> Item:
    title = shorten(title, 22)
    first = 9.0 * len(title) + (7.0 * len(aside) + 7 if aside else 0)
    return Item(step, kind, title, aside, value, max(74.0, first + 24, 6.9 * len(value) + 22))
