"""From a view to Graphviz's language: left to right, a straight trunk, modules as clusters, gradients as colour."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass, field
from typing import Any

import graphviz
import numpy as np

from autograd.draw import style
from autograd.draw.capture import constants, detail, format_dtype, format_number, format_shape, format_values, rms
from autograd.draw.fold import Box, Edge, View, chain, scopes_of

LONGEST = 8  # ranks: a leaf is drawn again where an edge would be longer
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


@dataclass(slots=True)
class Layout:
    """Where each box goes: its name in the source, its rank and its innermost cluster."""

    view: View
    rank: dict[Box, int] = field(default_factory=dict)
    names: dict[Any, str] = field(default_factory=dict)  # by box; by (leaf's box, consumer) for leaves
    home: dict[str, Any] = field(default_factory=dict)  # name -> scope
    members: dict[str, Box] = field(default_factory=dict)
    beside: dict[str, list[str]] = field(default_factory=dict)  # op -> leaves in its own column
    caption: dict[Box, str] = field(default_factory=dict)
    first: dict[str, Box] = field(default_factory=dict)  # leaf -> its first consumer
    stacks: dict[str, list[Box]] = field(default_factory=dict)  # parameters of one op, drawn as one box


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
    layout = _place(view)
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
    trunk = _trunk(view)
    for box in view.boxes:
        stacked: dict[str, Edge] = {}  # one line for a stack, as strong as the strongest in it
        for edge in box.inputs:
            tail = layout.names[(edge.source, box) if (edge.source, box) in layout.names else edge.source]
            if tail not in layout.stacks:
                dot.edge(tail, layout.names[box], **_edge(edge, (edge.source, box) in trunk, view))
            elif tail not in stacked or (edge.size or 0.0) > (stacked[tail].size or 0.0):
                stacked[tail] = edge
        for tail, edge in stacked.items():
            dot.edge(tail, layout.names[box], **_edge(edge, False, view))
    return dot, titles


def _place(view: View) -> Layout:
    layout = Layout(view)
    counts = scopes_of(view.boxes)
    uses: dict[Box, list[Box]] = {}
    for box in view.boxes:
        for edge in box.inputs:
            uses.setdefault(edge.source, []).append(box)
        layout.rank[box] = 1 + max((layout.rank.get(e.source, 0) for e in box.inputs), default=-1)
        if box.kind in ("op", "module"):
            name = f"n{len(layout.members)}"
            layout.names[box], layout.members[name] = name, box
            layout.home[name], layout.caption[box] = _home(box, counts)
    for box in view.boxes:
        if box.kind not in ("op", "module"):
            _place_leaf(box, list(dict.fromkeys(uses.get(box, []))), layout)
    _stack(layout)
    return layout


def _stack(layout: Layout) -> None:
    """Draw the parameters that one op alone uses (a weight and its bias) as one box with a line each."""
    users: dict[str, int] = {}
    for key, name in layout.names.items():
        if isinstance(key, tuple):
            users[name] = users.get(name, 0) + 1
    for consumer, beside in layout.beside.items():
        own = [n for n in beside if users[n] == 1 and layout.members[n].kind == "parameter"]
        if len(own) < 2:
            continue
        layout.stacks[own[0]] = [layout.members[n] for n in own]
        op = layout.members[consumer]
        for name in own[1:]:
            layout.names[layout.members.pop(name), op] = own[0]
            del layout.home[name]
        layout.beside[consumer] = [n for n in beside if n not in own[1:]]


def _home(box: Box, counts: dict[int, int]) -> tuple[Any, str]:
    """The scope to draw `box` in: one that would hold this box alone becomes a caption on it instead."""
    scope, caption = box.scope, ""
    for outer in reversed(chain(box.scope)):
        scope = outer
        if counts[id(outer)] > 1 or box.kind == "module":
            return scope, caption
        caption = caption or str(outer.label)
    return None, caption


def _place_leaf(box: Box, consumers: list[Box], layout: Layout) -> None:
    """Draw a leaf once for each cluster and stretch of ranks in which it is used."""
    copies: dict[int, tuple[int, str]] = {}  # by scope: the rank of the newest copy's first use, and its name
    for consumer in sorted(consumers, key=layout.rank.__getitem__):
        rank, scope = layout.rank[consumer], layout.home[layout.names[consumer]]
        first, name = copies.get(id(scope), (-LONGEST - 1, ""))
        if rank - first > LONGEST:
            name = f"n{len(layout.members)}"
            copies[id(scope)] = rank, name
            layout.members[name] = box
            layout.home[name] = scope
            layout.first[name] = consumer
            others = {e.source.kind for e in consumer.inputs} - {"parameter"}
            if others and (box.kind == "parameter" or (box.kind == "constant" and others - {"constant", "leaf"})):
                layout.beside.setdefault(layout.names[consumer], []).append(name)
        layout.names[box, consumer] = name
    if not consumers:  # the root itself is a leaf
        name = f"n{len(layout.members)}"
        layout.names[box] = name
        layout.members[name] = box
        layout.home[name] = None


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
    for key, names in inside.items():
        _members(parts[key], names, layout)
    for key, scope in sorted(order.items(), key=lambda item: -len(chain(item[1]))):
        outer = chain(scope)[-2:-1]
        parts[id(outer[0]) if outer else id(None)].subgraph(parts[key])


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
    record = layout.view.record
    lines = []
    trouble = False
    for box in layout.stacks[name]:
        shape, dtype = _type(box)
        label = f"<B>{escape(_short(box, name, layout))}</B>"
        cells = [_font(label, 9, COLORS.text), _font(f"{shape} {dtype}", 8, COLORS.muted)]
        gradient = record.gradients.get(box.node)
        if gradient is not None:
            size = rms(gradient)
            trouble = trouble or not math.isfinite(size)
            cells.append(_gradient(gradient, size, record.seed))
        lines.append("<TR>" + "".join(f'<TD ALIGN="LEFT">{cell}</TD>' for cell in cells) + "</TR>")
    fill, line = _FILLS["parameter"]
    return {
        "fillcolor": fill,
        "color": COLORS.trouble if trouble else line,
        "penwidth": "2.4" if trouble else "1",
        "label": f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2">{"".join(lines)}</TABLE>>',
    }


def _short(box: Box, name: str, layout: Layout) -> str:
    """A leaf's name without the part that the module around it says already."""
    prefix, _, last = box.label.rpartition(".")
    scope = layout.home[name]
    for said in (layout.caption.get(layout.first[name], ""), str(scope.label) if scope is not None else ""):
        module = said.partition(":")[0]
        if module and (prefix == module or prefix.endswith("." + module)):
            return last
    return box.label


def _node(box: Box, name: str, layout: Layout) -> dict[str, str]:
    view = layout.view
    record = view.record
    fill, line = _FILLS[box.kind]
    attributes = {"fillcolor": fill, "color": line, "penwidth": "1"}
    label = _short(box, name, layout) if box.kind == "parameter" else box.label
    rows = _rows(box, label, view, layout.caption.get(box, ""))
    gradient = record.gradients.get(box.node)
    if gradient is not None:
        size = rms(gradient)
        if not math.isfinite(size):
            attributes |= {"color": COLORS.trouble, "penwidth": "2.4", "fillcolor": COLORS.trouble_fill}
        rows.append(_gradient(gradient, size, record.seed))
    if box.node is record.root and box.node is not None and attributes["penwidth"] == "1":
        attributes |= {"color": COLORS.root_line, "penwidth": "1.8"}
    if box.kind in ("constant", "more"):
        attributes["style"] = "rounded,filled,dashed"
    body = "".join(f"<TR><TD>{row}</TD></TR>" for row in rows)
    attributes["label"] = f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{body}</TABLE>>'
    return attributes


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
    if box.kind == "module":
        rows.append(_font(f"{len(box.nodes)} nodes", 8, COLORS.muted))
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


def _gradient(gradient: Any, size: float, seed: float) -> str:
    """A scalar's gradient with its sign in blue or red; that of others as a field of the ramp's colour."""
    place = style.step(size, seed)
    if gradient.size == 1 and gradient.dtype.kind == "f" and math.isfinite(size) and size:
        number = gradient.reshape(-1)[0]
        color = COLORS.plus if number > 0 else COLORS.minus
        return _font(f"∂ {escape(format_number(number, sign=True))}", 10, color)
    if not math.isfinite(size):
        return _font(f"<B>∂ {style.size_text(size)}</B>", 10, COLORS.trouble)
    text = format_values(gradient) or style.size_text(size)
    return (
        f'<TABLE BORDER="0" CELLBORDER="0" CELLPADDING="2" CELLSPACING="0" STYLE="ROUNDED" '
        f'BGCOLOR="{style.RAMP[place]}"><TR><TD>{_font("∂ " + escape(text, 80), 9, style.ink(place))}</TD></TR></TABLE>'
    )


def _edge(edge: Edge, trunk: bool, view: View) -> dict[str, str]:
    attributes: dict[str, str] = {"weight": "100"} if trunk else {}
    if edge.size is None:
        return attributes
    if not math.isfinite(edge.size):
        return attributes | {"color": COLORS.trouble, "penwidth": "2.4", "style": "dashed"}
    if edge.size == 0.0:
        return attributes | {"style": "dotted"}  # connected, and yet nothing comes through
    place, width = style.step(edge.size, view.record.seed), style.width(edge.size, view.record.seed)
    return attributes | {
        "color": style.RAMP[place],
        "penwidth": f"{width:.2f}",
        "arrowsize": f"{0.22 + 0.6 / (1 + width):.2f}",  # the head grows with the line by itself
    }


def _trunk(view: View) -> set[tuple[Box, Box]]:
    """The longest way from the root back to the first op."""
    length: dict[Box, int] = {}
    for box in view.boxes:
        length[box] = 1 + max((length.get(e.source, 0) for e in box.inputs), default=0)
    trunk: set[tuple[Box, Box]] = set()
    box = view.boxes[-1]
    while True:
        inputs = [e.source for e in box.inputs if length.get(e.source, 0) < length[box] and e.source.inputs]
        if not inputs:
            return trunk
        source = max(inputs, key=lambda b: length.get(b, 0))
        trunk.add((source, box))
        box = source


def _title(box: Box, view: View) -> str:
    """What a box says when pointed at."""
    shape, dtype = _type(box)
    label = box.label or ("constant" if box.kind == "constant" else "")
    words = [
        f"{box.kind} {label}" if box.kind != label else label,
        f"{shape} {dtype}".strip() if shape is not None else "",
    ]
    gradient = view.record.gradients.get(box.node)
    if gradient is not None:
        words.append(f"gradient RMS {style.size_text(rms(gradient))}")
    path = " / ".join(str(s.label) for s in chain(box.scope))
    return " · ".join(word for word in (*words, path) if word)


def _legend(view: View) -> str:
    """What the colours mean, and what the picture cannot show."""
    rows: list[str] = []
    if view.record.gradients:
        fields = "".join(
            f'<TD BGCOLOR="{style.RAMP[i]}">{_font(f"10{power}", 8, style.ink(i))}</TD>'
            for i, power in zip((0, 4, 8, 12, 16), ("⁻⁸", "⁻⁶", "⁻⁴", "⁻²", "⁰"), strict=True)
        )
        said = _font("∂ gradient’s RMS relative to the root’s; edges: the part that flows this way", 8, COLORS.muted)
        rows.append(f"<TR>{fields}<TD>{said}</TD></TR>")
        rows = [f'<TR><TD ALIGN="LEFT"><TABLE BORDER="0" CELLBORDER="0" CELLSPACING="2">{rows[0]}</TABLE></TD></TR>']
    notes = list(view.record.notes)
    if view.cut:
        notes.append(f"{view.cut:,} older nodes are not shown")
    rows += [f'<TR><TD ALIGN="LEFT">{_font("Note: " + escape(n, 160), 9, COLORS.text)}</TD></TR>' for n in notes]
    if not rows:
        return ""
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0">{"".join(rows)}</TABLE>>'
