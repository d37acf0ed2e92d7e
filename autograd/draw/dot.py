"""From a view to Graphviz's language: left to right, a straight trunk, modules as clusters, gradients as colour."""

from __future__ import annotations

import html
import math
from typing import Any

import graphviz
import numpy as np

from autograd.draw import style
from autograd.draw.blocks import chain
from autograd.draw.capture import constants, detail, format_dtype, format_number, format_shape, format_values
from autograd.draw.fold import Box, Edge, View
from autograd.draw.layout import Layout, place, short, trunk
from autograd.draw.stats import SAMPLE, Statistics

IN_ORDER = 60  # boxes: so small a formula is drawn with its arguments in order, the first on top
FONT = "Helvetica,Arial,sans-serif"
SYMBOLS = {
    "add": "+", "subtract": "−", "multiply": "×", "divide": "÷", "true_divide": "÷", "power": "xʸ", "matmul": "@",
    "negative": "−x", "square": "x²", "sqrt": "√x", "exp": "eˣ", "sum": "Σ sum", "absolute": "|x|", "prod": "Π prod",
}  # fmt: skip
COLORS = style.LIGHT
_FILLS = {
    "op": (COLORS.op, COLORS.op_line),
    "leaf": (COLORS.leaf, COLORS.leaf_line),
    "parameter": (COLORS.parameter, COLORS.parameter_line),
    "constant": (COLORS.constant, COLORS.constant_line),
    "module": (COLORS.module, COLORS.module_line),
    "more": (COLORS.constant, COLORS.constant_line),
}


def clean(text: str, limit: int = 40) -> str:
    """`text` with control characters made visible, what XML forbids replaced, and at most `limit` characters."""
    text = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(_visible(ord(c)) for c in text)


def _visible(code: int) -> str:
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F or 0x80 <= code < 0xA0 or 0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE:
        return "\N{REPLACEMENT CHARACTER}"
    return chr(code)


def escape(text: str, limit: int = 40) -> str:
    """`text` for an HTML-like label; every `&` is kept from being read as an entity a second time."""
    return html.escape(clean(text, limit)).replace("&amp;", "&amp;&#8288;") or "&#8203;"


def build(view: View) -> tuple[graphviz.Digraph, dict[str, str]]:
    """The drawing's source, and a title for every box by its name in the source."""
    layout = place(view)
    titles = {name: clean(_title(box, view), 400) for name, box in layout.members.items()}
    for name, stack in layout.stacks.items():
        titles[name] = "\n".join(clean(_title(box, view), 400) for box in stack)
    dot = graphviz.Digraph("glassgrad")
    dot.attr("graph", rankdir="LR", bgcolor=COLORS.page, fontname=FONT, fontsize="10", pad="0.14", nodesep="0.22",
             ranksep="0.42", labeljust="l", labelloc="b", label=_legend(view), charset="UTF-8")  # fmt: skip
    dot.attr("node", shape="box", style="rounded,filled", fontname=FONT, fontsize="11", fontcolor=COLORS.text,
             margin="0.11,0.05", height="0.3", width="0.62")  # fmt: skip
    dot.attr("edge", color=COLORS.edge, arrowsize="0.5", penwidth="0.8", fontname=FONT)
    if len(view.boxes) <= IN_ORDER and not layout.beside and not any(layout.home.values()):
        dot.attr("graph", ordering="in")
    _clusters(dot, layout)
    straight = trunk(view)
    for box in view.boxes:
        stacked: dict[str, Edge] = {}  # one line for a stack, as strong as the strongest in it
        for edge in box.inputs:
            tail = layout.names[(edge.source, box) if (edge.source, box) in layout.names else edge.source]
            if tail not in layout.stacks:
                dot.edge(tail, layout.names[box], **_edge(edge, (edge.source, box) in straight, view))
            elif tail not in stacked or (edge.size or 0.0) > (stacked[tail].size or 0.0):
                stacked[tail] = edge
            if edge.statistics is not None:
                key = f"{tail}&#45;&gt;{layout.names[box]}"  # as Graphviz writes an edge's name in SVG
                titles[key] = f"{titles[key]}\n{flow_text(edge)}" if key in titles else flow_text(edge)
        for tail, edge in stacked.items():
            dot.edge(tail, layout.names[box], **_edge(edge, False, view))
    return dot, titles


def _clusters(dot: graphviz.Digraph, layout: Layout) -> None:
    """Write the boxes, inner clusters first, each into the one around it."""
    inside: dict[int, list[str]] = {}
    order: dict[int, Any] = {}  # every scope to draw, outer before inner, in the order of the boxes
    for name in sorted(layout.members, key=lambda n: int(n[1:])):
        scope = layout.home[name]
        inside.setdefault(id(scope), []).append(name)
        for outer in chain(scope):
            order.setdefault(id(outer), outer)
    parts = {id(None): dot}
    for number, (key, scope) in enumerate(order.items()):
        part = parts[key] = graphviz.Digraph(f"cluster_{number}")
        depth = len(chain(scope))
        part.attr(label=f'<<FONT COLOR="{COLORS.muted}" POINT-SIZE="10">{escape(str(scope.label))}</FONT>>',
                  style="rounded,filled", color=COLORS.cluster_line, labeljust="l", labelloc="t", margin="10",
                  fillcolor=COLORS.cluster_alternate if depth % 2 else COLORS.cluster)  # fmt: skip
    lost = [name for name in inside.get(id(None), ()) if _unreached(layout.members[name], layout.view)]
    for key, names in inside.items():
        _members(parts[key], [name for name in names if name not in lost], layout)
    if lost:
        with dot.subgraph(name="cluster_unreached") as part:
            said = _font("parameters that the root does not reach", 10, COLORS.muted)
            part.attr(label=f"<{said}>", style="rounded,dashed", color=COLORS.cluster_line, labeljust="l", labelloc="t")
            _members(part, lost, layout)
    for key, scope in sorted(order.items(), key=lambda item: -len(chain(item[1]))):
        outer = chain(scope)[-2:-1]
        parts[id(outer[0]) if outer else id(None)].subgraph(parts[key])


def _unreached(box: Box, view: View) -> bool:
    return box.kind == "parameter" and box.node not in view.record.members


def _members(part: graphviz.Digraph, names: list[str], layout: Layout) -> None:
    for name in names:
        box = layout.members[name]
        part.node(name, **(_stack_node(name, layout) if name in layout.stacks else _node(box, name, layout)))
    for name in names:
        if name in layout.beside:
            with part.subgraph() as column:
                column.attr(rank="same")
                for member in (name, *layout.beside[name]):
                    column.node(member)


def _stack_node(name: str, layout: Layout) -> dict[str, str]:
    view = layout.view
    lines = []
    trouble = False
    for box in layout.stacks[name]:
        shape, dtype = _type(box)
        label = f"<B>{escape(short(box, name, layout))}</B>"
        cells = [_font(label, 9, COLORS.text), _font(f"{shape} {dtype}", 8, COLORS.muted)]
        trouble = trouble or bool(box.troubles) or not _finite(box, view)
        if (chip := _chip(box, view)) is not None:
            cells.append(chip)
        cells += [_word(found.word) for found in box.troubles[:1]]
        lines.append("<TR>" + "".join(f'<TD ALIGN="LEFT">{cell}</TD>' for cell in cells) + "</TR>")
    fill, line = _FILLS["parameter"]
    return {
        "fillcolor": fill,
        "color": COLORS.trouble if trouble else line,
        "penwidth": "2.4" if trouble else "1",
        "label": f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2">{"".join(lines)}</TABLE>>',
    }


def _node(box: Box, name: str, layout: Layout) -> dict[str, str]:
    view = layout.view
    fill, line = _FILLS[box.kind]
    attributes = {"fillcolor": fill, "color": line, "penwidth": "1"}
    label = short(box, name, layout) if box.kind == "parameter" else box.label
    rows = _rows(box, label, view, layout.caption.get(box, ""))
    if box.troubles or not _finite(box, view):
        attributes |= {"color": COLORS.trouble, "penwidth": "2.4", "fillcolor": COLORS.trouble_fill}
    if (chip := _chip(box, view)) is not None:
        rows.append(chip)
    if box.range is not None and view.show == "grad":
        rows.append(_font(f"each {_range(box)}", 8, COLORS.text))
    words = dict.fromkeys(found.word for found in box.troubles)
    rows += [_word(word) for word in list(words)[:3]]
    if box.node is view.record.root and box.node is not None and attributes["penwidth"] == "1":
        attributes |= {"color": COLORS.root_line, "penwidth": "1.8"}
    if box.count > 1:
        attributes["peripheries"] = "2"
    if box.kind in ("constant", "more") or _unreached(box, view):
        attributes["style"] = "rounded,filled,dashed"
    body = "".join(f"<TR><TD>{row}</TD></TR>" for row in rows)
    attributes["label"] = f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{body}</TABLE>>'
    return attributes


def _finite(box: Box, view: View) -> bool:
    return box.node not in view.record.gradients or view.record.statistics(box.node).finite


def _word(text: str) -> str:
    return _font(f"<B>{escape(text)}</B>", 9, COLORS.trouble)


def _range(box: Box) -> str:
    """From the least to the largest gradient of the copies of a folded block."""
    low, high = box.range or (0.0, 0.0)
    return style.size_text(low) if low == high else f"{style.size_text(low)} to {style.size_text(high)}"


def _font(text: str, size: int, color: str) -> str:
    return f'<FONT POINT-SIZE="{size}" COLOR="{color}">{text}</FONT>'


def _rows(box: Box, label: str, view: View, caption: str) -> list[str]:
    """The lines of text in a box, its gradient apart."""
    rows = [_font(escape(caption), 8, COLORS.muted)] if caption else []
    if box.kind == "op":
        numbers = [c for c in constants(box.node) if getattr(c, "shape", ()) == () and not hasattr(c, "ndim")]
        numbers += [c for c in constants(box.node) if isinstance(c, (np.ndarray, np.generic)) and c.shape == ()]
        tail = "".join(f" {format_number(c)}" for c in numbers)
        symbol = SYMBOLS.get(box.label, box.label)
        rows.append(f"<B>{escape(symbol + tail)}</B>")
        told = detail(box.node)
        if told:
            rows.append(_font(escape(told, 30), 9, COLORS.text))
    elif box.kind == "constant":
        rows.append(_font("constant", 9, COLORS.muted))
    elif label:
        rows.append(f"<B>{escape(label)}</B>")
    if box.count > 1:
        rows.append(f"<B>{escape(box.times)}</B>")
    if box.kind == "module":
        rows.append(_font(f"{len(box.nodes):,} nodes", 8, COLORS.muted))
    shape, dtype = _type(box)
    if shape is not None:
        rows.append(_font(f"{shape} {dtype}".strip(), 8, COLORS.muted))
    value = box.constant if box.kind == "constant" else view.record.values.get(box.node)
    text = format_values(value) if isinstance(value, (np.ndarray, np.generic)) else ""
    if text:
        rows.append(_font(f"= {escape(text, 80)}", 10, COLORS.text))
    return rows


def _type(box: Box) -> tuple[str | None, str]:
    of = box.constant if box.kind == "constant" else box.node
    if of is None:
        return None, ""
    shape = tuple(of.shape)
    return format_shape(shape) if shape else "", format_dtype(of.dtype)


def _chip(box: Box, view: View) -> str | None:
    """What the picture shows of a box: its gradient, or the RMS of its value, its memory, its time; None if unknown."""
    record = view.record
    if view.show == "grad":
        gradient = record.gradients.get(box.node)
        return None if gradient is None else _gradient(gradient, record.statistics(box.node).rms, record.seed)
    if box.amount is None:
        return None
    if not math.isfinite(box.amount):
        return _font(f"<B>{style.size_text(box.amount)}</B>", 10, COLORS.trouble)
    return _field(style.amount_text(box.amount, view.show), style.step(box.amount, view.top, style.RANGE[view.show]))


def _gradient(gradient: Any, size: float, seed: float) -> str:
    """A scalar's gradient with its sign in blue or red; that of others as a field of the ramp's colour."""
    if gradient.size == 1 and gradient.dtype.kind == "f" and math.isfinite(size) and size:
        number = gradient.reshape(-1)[0]
        color = COLORS.plus if number > 0 else COLORS.minus
        return _font(f"∂ {escape(format_number(number, sign=True))}", 10, color)
    if not math.isfinite(size):
        return _font(f"<B>∂ {style.size_text(size)}</B>", 10, COLORS.trouble)
    return _field(f"∂ {format_values(gradient) or style.size_text(size)}", style.step(size, seed))


def _field(text: str, place: int) -> str:
    return (
        f'<TABLE BORDER="0" CELLBORDER="0" CELLPADDING="2" CELLSPACING="0" STYLE="ROUNDED" '
        f'BGCOLOR="{style.RAMP[place]}"><TR><TD>{_font(escape(text, 80), 9, style.ink(place))}</TD></TR></TABLE>'
    )


def _edge(edge: Edge, trunk: bool, view: View) -> dict[str, str]:
    attributes: dict[str, str] = {"weight": "100"} if trunk else {}
    if edge.size is None or view.show != "grad":
        return attributes
    if not math.isfinite(edge.size):
        return attributes | {"color": COLORS.trouble, "penwidth": "2.4", "style": "dashed"}
    if edge.size == 0.0:
        return attributes | {"style": "dotted"}  # connected, and yet nothing comes through
    if edge.told and edge.source.kind in ("op", "module"):  # which of several ways carries the gradient
        above = _font("&#160;", 9, COLORS.text)  # a line under the text keeps it off the edge
        attributes |= {"label": f"<{_font(edge.told, 8, COLORS.text)}<BR/>{above}>"}
    place, width = style.step(edge.size, view.record.seed), style.width(edge.size, view.record.seed)
    return attributes | {
        "color": style.RAMP[place],
        "penwidth": f"{width:.2f}",
        "arrowsize": f"{0.22 + 0.6 / (1 + width):.2f}",  # the head grows with the line by itself
    }


def _title(box: Box, view: View) -> str:
    """What a box says when pointed at."""
    shape, dtype = _type(box)
    label = box.label or ("constant" if box.kind == "constant" else "")
    words = [
        f"{box.kind} {label}" if box.kind != label else label,
        f"{shape} {dtype}".strip() if shape is not None else "",
    ]
    if box.count > 1:
        words.append(box.times)
    if box.node in view.record.gradients:
        words.append("gradient " + statistics_text(view.record.statistics(box.node)))
    if box.amount is not None and view.show != "grad":
        words.append(f"{view.show} {style.amount_text(box.amount, view.show)}")
    words += [str(found) for found in box.troubles[:3]]
    path = " / ".join(str(s.label) for s in chain(box.scope))
    return " · ".join(word for word in (*words, path) if word)


def statistics_text(told: Statistics) -> str:
    """RMS, maximum, zeros, NaN and infinities in words."""
    words = [f"RMS {style.size_text(told.rms)}"]
    if told.size > 1:
        words.append(f"max {style.size_text(told.max)}")
        words += [f"{told.zeros:.0%} zeros".replace("%", " %")] if told.zeros else []
    words += [f"{told.nans:,} NaN"] if told.nans else []
    words += [f"{told.infinities:,} infinite"] if told.infinities else []
    return ", ".join(words) + (f" (max and zeros of {SAMPLE:,} elements of {told.size:,})" if told.sampled else "")


def flow_text(edge: Edge) -> str:
    """What flows back along an edge, and how much of its value's gradient that is."""
    words = statistics_text(edge.statistics) if edge.statistics is not None else ""
    return words + (f"; {edge.told} of the gradient comes this way" if edge.told else "")


def _legend(view: View) -> str:
    """What the colours mean, and what the picture cannot show."""
    rows: list[str] = []
    if view.record.gradients and view.show == "grad":
        fields = "".join(
            f'<TD BGCOLOR="{style.RAMP[i]}">{_font(f"10{power}", 8, style.ink(i))}</TD>'
            for i, power in zip((0, 4, 8, 12, 16), ("⁻⁸", "⁻⁶", "⁻⁴", "⁻²", "⁰"), strict=True)
        )
        said = _font("∂ gradient’s RMS relative to the root’s; edges: the part that flows this way", 8, COLORS.muted)
        rows.append(f"<TR>{fields}<TD>{said}</TD></TR>")
        rows = [f'<TR><TD ALIGN="LEFT"><TABLE BORDER="0" CELLBORDER="0" CELLSPACING="2">{rows[0]}</TABLE></TD></TR>']
    elif view.show != "grad":
        rows.append(f'<TR><TD ALIGN="LEFT">{_font(style.SAID[view.show], 8, COLORS.muted)}</TD></TR>')
    notes = list(view.record.notes)
    hidden = len(view.record.missing) - sum(_unreached(box, view) for box in view.boxes)
    if hidden > 0:
        notes.append(f"{hidden:,} more parameters are not reached")
    if view.cut:
        notes.append(f"{view.cut:,} older nodes are not shown")
    rows += [f'<TR><TD ALIGN="LEFT">{_font("Note: " + escape(n, 160), 9, COLORS.text)}</TD></TR>' for n in notes]
    if not rows:
        return ""
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0">{"".join(rows)}</TABLE>>'
