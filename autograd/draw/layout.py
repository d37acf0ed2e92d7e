"""Where each box of a view goes: its rank, its cluster, the leaves beside it, the trunk that is drawn straight."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from autograd.draw.blocks import chain
from autograd.draw.fold import Box, View, scopes_of

LONGEST = 8  # ranks: a leaf is drawn again where an edge would be longer


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


def place(view: View) -> Layout:
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


def trunk(view: View) -> set[tuple[Box, Box]]:
    """The longest way from the root back to the first op."""
    length: dict[Box, int] = {}
    for box in view.boxes:
        length[box] = 1 + max((length.get(e.source, 0) for e in box.inputs), default=0)
    found: set[tuple[Box, Box]] = set()
    box = view.boxes[-1]
    while True:
        inputs = [e.source for e in box.inputs if length.get(e.source, 0) < length[box] and e.source.inputs]
        if not inputs:
            return found
        source = max(inputs, key=lambda b: length.get(b, 0))
        found.add((source, box))
        box = source


def short(box: Box, name: str, layout: Layout) -> str:
    """A leaf's name without the part that the module around it says already."""
    prefix, _, last = box.label.rpartition(".")
    scope = layout.home[name]
    caption = layout.caption.get(layout.first[name], "") if name in layout.first else ""
    for said in (caption, str(scope.label) if scope is not None else ""):
        module = said.partition(":")[0]
        if module and (prefix == module or prefix.endswith("." + module)):
            return last
    return box.label
