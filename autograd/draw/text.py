"""A view as text: a tree of modules, and in it the ops in order, each with the places its inputs come from."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.draw import style
from autograd.draw.blocks import chain
from autograd.draw.capture import constants, detail, format_dtype, format_number, format_shape, format_values
from autograd.draw.dot import clean
from autograd.draw.fold import Box, Edge, View

BARS = " ▁▂▃▄▅▆▇█"
MOST = 30  # findings: the others are counted


def tree(view: View) -> str:
    """One line per box, oldest first; modules as branches.

    Each line says: its number, the op and its inputs, shape and dtype, the value where it is small, and the gradient
    (numbers where it is small, else its RMS and a bar of the same eight decades as in the picture).
    """
    lines: list[tuple[int, str]] = []
    ordered = _ordered(view)
    numbers = {box: f"%{i}" for i, (box, _) in enumerate(ordered)}
    open_: list[Any] = []
    for box, scope in ordered:
        scopes = chain(scope)
        common = 0
        while common < min(len(scopes), len(open_)) and scopes[common] is open_[common]:
            common += 1
        for depth, opened in enumerate(scopes[common:], common):
            lines.append((depth, clean(str(opened.label))))
        open_ = scopes
        lines.append((len(scopes), _line(box, numbers, view)))
    notes = [f"note: {clean(note, 400)}" for note in view.record.notes]
    if view.cut:
        notes.append(f"note: {view.cut:,} older nodes are not shown")
    troubles = view.record.troubles
    notes += [f"trouble: {clean(str(found), 400)}" for found in troubles[:MOST]]
    notes += [f"trouble: {len(troubles) - MOST:,} more"] if len(troubles) > MOST else []
    return "\n".join([*_branches(lines), *notes]) + "\n"


def _ordered(view: View) -> list[tuple[Box, Any]]:
    """The boxes with their scopes; a leaf comes just before its first use and stands where that does."""
    ordered: dict[Box, Any] = {}
    for box in view.boxes:
        if box.kind in ("op", "module"):
            for edge in box.inputs:
                ordered.setdefault(edge.source, box.scope)
            ordered[box] = box.scope
    for box in view.boxes:  # a root that is a leaf, and parameters that the root does not reach
        if box.kind != "more":
            ordered.setdefault(box, box.scope)
    return list(ordered.items())


def _branches(lines: list[tuple[int, str]]) -> list[str]:
    """The lines with branches drawn before them; read backward, so that each knows what follows at its depth."""
    follows: list[bool] = []
    drawn: list[str] = []
    for depth, text in reversed(lines):
        follows = (follows + [False] * (depth + 1 - len(follows)))[: depth + 1]
        bars = "".join("│  " if follows[level] else "   " for level in range(1, depth))
        drawn.append((bars + ("├─ " if follows[depth] else "└─ ") if depth else "") + text)
        follows[depth] = True
    return drawn[::-1]


def _line(box: Box, numbers: dict[Box, str], view: View) -> str:
    name = clean(box.label) if box.label else box.kind
    inputs = [_input(edge, numbers, view) for edge in box.inputs]
    if box.kind == "op":
        inputs += [clean(told)] if (told := detail(box.node)) else []
        inputs += [format_number(c) for c in constants(box.node) if isinstance(c, (int, float, complex, np.number))]
    words = [f"{numbers[box]} {name}" + (f"({', '.join(inputs)})" if box.kind in ("op", "module") else "")]
    if box.kind == "module":
        words += [box.times] if box.count > 1 else []
        words.append(f"[{len(box.nodes):,} nodes]")
    of = box.constant if box.kind == "constant" else box.node
    if of is not None:
        words.append(f"{format_shape(tuple(of.shape))} {format_dtype(of.dtype)}")
    value = box.constant if box.kind == "constant" else view.record.values.get(box.node)
    text = format_values(value) if isinstance(value, (np.ndarray, np.generic)) else ""
    words += [f"= {text}"] if text else []
    words += _told(box, view)
    words += list(dict.fromkeys(found.word for found in box.troubles))
    return "  ".join(words)


def _input(edge: Edge, numbers: dict[Box, str], view: View) -> str:
    """The number of an input, with the part of its gradient that comes this way where there are several."""
    words = numbers[edge.source]
    if edge.count > 1:
        words += f" ×{edge.count:,}"
    return words + (f" ∂ {edge.told}" if edge.told and view.show == "grad" else "")


def _told(box: Box, view: View) -> list[str]:
    """What the picture shows of a box: its gradient, over its copies too, and how it is shared; or an amount."""
    record = view.record
    if view.show != "grad":
        return [style.amount_text(box.amount, view.show)] if box.amount is not None else []
    gradient = record.gradients.get(box.node)
    words = [] if gradient is None else [_gradient(gradient, record.statistics(box.node).rms, record.seed)]
    if box.range is not None:
        bars = "".join(BARS[_bar(size, record.seed)] for size in box.sizes) if len(box.sizes) <= 32 else ""
        words.append(f"each {' to '.join(dict.fromkeys(map(style.size_text, box.range)))} {bars}".rstrip())
    return words


def _bar(size: float, seed: float) -> int:
    return max(style.step(size, seed) // 2, 1) if size else 0


def _gradient(gradient: Any, size: float, seed: float) -> str:
    text = format_values(gradient, sign=gradient.size == 1) if np.isfinite(size) else style.size_text(size)
    bar = BARS[_bar(size, seed)] if np.isfinite(size) and size else ""
    return f"∂ {text}" if text else f"∂ rms {style.size_text(size)} {bar}".rstrip()
