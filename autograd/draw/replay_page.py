"""A replay as one page: the graph, a slider over the steps, and each step as a sentence and as arithmetic.

Without scripts the page shows the whole graph with every gradient, and all steps below one another.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape
from string import Template
from typing import TYPE_CHECKING

from autograd.draw import style
from autograd.draw.capture import format_shape
from autograd.draw.page import asset
from autograd.draw.replay_graph import Picture
from autograd.draw.replay_text import (
    MANY,
    Line,
    Number,
    came_in,
    downhill,
    goes_out,
    number,
    plain,
    sentence,
    several,
    total,
    value,
)

if TYPE_CHECKING:
    from autograd.draw.replay import Argument, Replay, Step
    from autograd.draw.seen import Seen

SIGNS = {1: "plus", -1: "minus", 0: "zero", None: "complex"}


def page(told: Replay) -> str:
    """The whole page."""
    root = told.steps[0]
    return Template(asset("replay.html")).substitute(
        title=escape(f"Backpropagation, step by step: {told.top}"),
        style=style.variables() + asset("base.css") + asset("replay.css"),
        root=escape(root.name),
        reached=f" = {escape(plain(several(root.value)))}" if root.value is not None else "",
        notes="".join(f'<p class="note">Note: {escape(note)}</p>' for note in told.notes),
        picture=Picture(told).svg(),
        last=len(told.steps),
        value=_line(value(root)),
        top=escape(told.top),
        steps="\n".join(_step(step, told) for step in told.steps),
        script=asset("replay.js"),
    )


def _step(step: Step, told: Replay) -> str:
    spoken = sentence(step, told.top)
    parts = [
        f'<li id="s{step.number}" class="step" data-said="{escape(f"Step {step.number}: {spoken}")}">',
        f'<p class="count">Step {step.number} of {len(told.steps)}'
        + (f' · <span class="scope">{escape(" / ".join(step.scope))}</span>' if step.scope else "")
        + "</p>",
        f"<h2>{escape(step.name)} <small>{escape(step.op or 'leaf')}</small></h2>",
        f'<p class="said">{escape(spoken)}</p>',
        f"<h3>{'Its value' if not step.op else 'How it was made'}</h3>",
        f'<p class="math">{_line(value(step))}</p>',
        "<h3>What comes in</h3>",
        _arrivals(step, told.top),
    ]
    out = [_argument(argument, step, told.top) for argument in step.arguments if argument.gradient is not None]
    if out:
        parts += ["<h3>What goes out</h3>", *out]
    if step.updated is not None:
        parts += ["<h3>One small step downhill</h3>", f'<p class="math">{_line(downhill(step))}</p>']
    return "\n".join([*parts, "</li>"])


def _line(line: Iterable[str | Number]) -> str:
    """A line of arithmetic, its numbers in the colour of their sign."""
    return "".join(
        escape(piece) if isinstance(piece, str) else f'<b class="{SIGNS[piece.sign]}">{escape(piece.text)}</b>'
        for piece in line
    )


def _halves(line: Line) -> str:
    """An equation in letters and in numbers: where it has to be broken, between the two."""
    ends = [i for i, piece in enumerate(line) if piece == " = "]
    if len(ends) < 3:
        return _line(line)
    return f'{_line(line[: ends[1]])} <span class="whole">{_line(line[ends[1] :])}</span>'


def _arrivals(step: Step, top: str) -> str:
    lines = came_in(step, top)
    name = total(top, step.name)
    head = f'<p class="math{" big" if len(lines) > 1 else ""}">{_line(lines[0])}</p>'
    if len(lines) == 1:
        return head + _heat(step.gradient, name)
    if len(step.gradient.numbers) > 1 and len(step.arrived) <= MANY:
        rows = [("", [escape(place) for place in _places(step.gradient.shape)], "head")]
        for k, arrival in enumerate(step.arrived):
            rows.append((f"{'+ ' if k else ''}from {arrival.source}", _cells(arrival.gradient.numbers), ""))
        rows.append((f"= {name}", _cells(step.gradient.numbers), "sum"))
        return head + _table(rows)
    rest = "".join(f"<li>{_line(line)}</li>" for line in lines[1:])
    maps = [_heat(arrival.gradient, f"from {arrival.source}") for arrival in step.arrived[:MANY]]
    shown = "".join([*maps, _heat(step.gradient, f"the sum, {name}")])
    return f'{head}<ul class="parts">{rest}</ul>' + (f'<div class="maps">{shown}</div>' if shown else "")


def _argument(argument: Argument, step: Step, top: str) -> str:
    """What goes out to one argument: arithmetic for numbers, a table for a few, heat maps for many."""
    twins = [a for a in step.arguments if a.name == argument.name]
    which = f", argument {1 + [a is argument for a in step.arguments].index(True)}" if len(twins) > 1 else ""
    head = f"<h4>to {escape(argument.name)}{which}</h4>"
    goal = ("a part of " if argument.shared else "") + total(top, argument.name)
    came = total(top, step.name)
    slope, gradient = argument.slope, argument.gradient
    single = slope is not None and slope.scalar and step.gradient.scalar
    if argument.jacobian and argument.product and gradient is not None and step.gradient.numbers:
        told = f'<p class="math">{_line(_back(argument, goal))}</p>' if argument.back else ""
        return f'<div class="arg">{head}{told}{_jacobian(argument, step, goal, came)}</div>'
    if slope is not None and argument.product and not single and slope.numbers and step.gradient.numbers:
        return f'<div class="arg">{head}{_product(argument, step, goal, came)}</div>'
    lines = goes_out(argument, step, top)
    said = "".join(
        f'<p class="math{" big" if i == len(lines) - 1 and single else ""}">{_halves(line)}</p>'
        for i, line in enumerate(lines)
    )
    maps = [_heat(slope, argument.local)] if slope is not None else []
    maps += [_heat(gradient, goal)] if gradient is not None else []
    shown = "".join(maps)
    shown = f'<div class="maps">{shown}</div>' if shown else ""
    return f'<div class="arg">{head}{said}{shown}</div>'


def _back(argument: Argument, goal: str) -> Line:
    return [goal, " = ", argument.back]


def _product(argument: Argument, step: Step, goal: str, came: str) -> str:
    """Element by element: what came in, times the slope, is what goes out."""
    slope, gradient = argument.slope, argument.gradient
    if slope is None or gradient is None:
        return ""
    count = len(slope.numbers)
    incoming = step.gradient.numbers * count if step.gradient.scalar else step.gradient.numbers
    products = [g * s for g, s in zip(incoming, slope.numbers, strict=True)]
    shape = slope.shape
    summed = len(gradient.numbers) != count
    named = f"{argument.local} = {argument.formula}" if argument.formula not in ("", "1", "−1") else argument.local
    rows = [("", [escape(place) for place in _places(shape)], "head"), (came, _cells(incoming), "")]
    rows += [(f"× {named}", _cells(slope.numbers), "")]
    rows += [("= product" if summed else f"= {goal}", _cells(products if summed else gradient.numbers), "sum")]
    after = ""
    if summed:
        after = (
            f'<p class="math">{_line([goal, " = ", *several(gradient)])} <small>(summed over the copies)</small></p>'
        )
    line: Line = [goal, " = ", argument.back or f"{came} · {argument.local}"]
    line += [", element by element"] if count > 1 and not argument.back else []
    return f'<p class="math">{_line(line)}</p>{_table(rows)}{after}'


def _jacobian(argument: Argument, step: Step, goal: str, came: str) -> str:
    """Each row of the Jacobian times what came in at it; the columns added are what goes out."""
    gradient = argument.gradient
    if gradient is None:
        return ""
    rows = [(f"{came}", ["×"] + [escape(f"{argument.name}{p}") for p in _places(gradient.shape)], "head")]
    for g, row, place in zip(step.gradient.numbers, argument.jacobian, _places(step.gradient.shape), strict=True):
        rows.append((f"{step.name}{place}", [_line([number(g)])] + _cells(row), ""))
    rows.append((f"= {goal}", ["Σ"] + _cells(gradient.numbers), "sum"))
    return (
        f'<p class="quiet">{escape(argument.local)} has a row for each element of {escape(step.name)}: each row, times '
        f"what came in at it, added up:</p>{_table(rows)}"
    )


def _places(shape: tuple[int, ...]) -> list[str]:
    """The index of each element, in order."""
    places = [""]
    for n in shape:
        places = [f"{p},{i}" if p else str(i) for p in places for i in range(n)]
    return [f"[{p}]" if p else "" for p in places]


def _cells(numbers: Iterable[object]) -> list[str]:
    return [_line([number(x)]) for x in numbers]


def _table(rows: list[tuple[str, list[str], str]]) -> str:
    body = ""
    for name, cells, kind in rows:
        tag = "th" if kind == "head" else "td"
        line = "".join(f"<{tag}>{cell}</{tag}>" for cell in cells)
        body += f'<tr class="{kind}"><th scope="row">{escape(name)}</th>{line}</tr>'
    return f'<div class="scroll" tabindex="0" role="group" aria-label="numbers"><table>{body}</table></div>'


def _heat(seen: Seen, name: str) -> str:
    """The heat map of a larger array: blue above zero, red below, paler towards zero."""
    if not seen.cells or seen.constant:
        return ""
    wide, high = len(seen.cells[0]), len(seen.cells)
    paths: dict[str, list[str]] = {}
    for y, row in enumerate(seen.cells):
        for x, cell in enumerate(row):
            level = "n" if math.isnan(cell) else f"{round(max(-1.0, min(1.0, cell)) * 4)}".replace("-", "m")
            if level != "0":
                paths.setdefault(level, []).append(f"M{x} {y}h1v1h-1z")
    drawn = "".join(f'<path class="h{level}" d="{"".join(d)}"/>' for level, d in sorted(paths.items()))
    size = 12 if wide <= 16 else 8
    rows, columns = seen.block
    means = f"; a cell is the mean of {rows}×{columns}" if seen.block != (1, 1) else ""
    text = f"{name}: {plain(several(seen))}"
    return (
        f'<figure class="heat"><svg role="img" aria-label="{escape(text)}" viewBox="0 0 {wide} {high}" '
        f'width="{wide * size}" height="{high * size}" shape-rendering="crispEdges">{drawn}</svg>'
        f'<figcaption>{escape(name)}, {format_shape(seen.shape)} <span class="quiet"><i class="sign minus">−</i>'
        f'<i class="scale" aria-hidden="true"></i><i class="sign plus">+</i>{means}</span></figcaption></figure>'
    )
