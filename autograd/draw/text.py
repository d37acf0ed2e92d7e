"""A view as text: a tree of modules, and in it the ops in order, each with the places its inputs come from."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.draw import style
from autograd.draw.capture import constants, detail, format_dtype, format_number, format_shape, format_values, rms
from autograd.draw.dot import clean
from autograd.draw.fold import Box, View, chain

BARS = " ▁▂▃▄▅▆▇█"


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
    return "\n".join([*_branches(lines), *notes]) + "\n"


def _ordered(view: View) -> list[tuple[Box, Any]]:
    """The boxes with their scopes; a leaf comes just before its first use and stands where that does."""
    ordered: dict[Box, Any] = {}
    for box in view.boxes:
        if box.kind in ("op", "module"):
            for edge in box.inputs:
                ordered.setdefault(edge.source, box.scope)
            ordered[box] = box.scope
    return list(ordered.items()) or [(box, box.scope) for box in view.boxes]


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
    inputs = [numbers[edge.source] for edge in box.inputs]
    if box.kind == "op":
        inputs += [clean(told)] if (told := detail(box.node)) else []
        inputs += [format_number(c) for c in constants(box.node) if isinstance(c, (int, float, complex, np.number))]
    words = [f"{numbers[box]} {name}" + (f"({', '.join(inputs)})" if box.kind in ("op", "module") else "")]
    if box.kind == "module":
        words.append(f"[{len(box.nodes)} nodes]")
    of = box.constant if box.kind == "constant" else box.node
    if of is not None:
        words.append(f"{format_shape(tuple(of.shape))} {format_dtype(of.dtype)}")
    value = box.constant if box.kind == "constant" else view.record.values.get(box.node)
    text = format_values(value) if isinstance(value, (np.ndarray, np.generic)) else ""
    words += [f"= {text}"] if text else []
    gradient = view.record.gradients.get(box.node)
    return "  ".join(words + ([_gradient(gradient, view.record.seed)] if gradient is not None else []))


def _gradient(gradient: Any, seed: float) -> str:
    size = rms(gradient)
    text = format_values(gradient, sign=gradient.size == 1) if np.isfinite(size) else style.size_text(size)
    bar = BARS[max(style.step(size, seed) // 2, 1)] if np.isfinite(size) and size else ""
    return f"∂ {text}" if text else f"∂ rms {style.size_text(size)} {bar}".rstrip()
