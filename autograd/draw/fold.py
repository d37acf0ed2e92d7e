"""Which boxes a picture shows: one per node while there is room, then one per module, then only the newest.

A `View` knows nothing of Graphviz; every output (DOT, text) is drawn from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from autograd.draw.capture import Record, constants, rms

DEEPEST = 12  # module boxes inside each other; deeper ones are drawn in the twelfth


@dataclass(slots=True, eq=False)
class Edge:
    """From the box `source` into a box: `node` is the value that flows, `size` its gradient's RMS on this way.

    `places` are the arguments, as (op's node, place), where the value goes in: several where a folded module uses it.
    """

    source: Box
    node: Any
    size: float | None = None
    places: list[tuple[Any, int]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Box:
    """One visible thing: an op, a leaf, a constant, a folded module, or what was cut."""

    kind: str  # "op", "leaf", "parameter", "constant", "module" or "more"
    nodes: list[Any]
    scope: Any = None
    label: str = ""
    caption: str = ""
    inputs: list[Edge] = field(default_factory=list)
    constant: Any = None  # the kept argument that a constant's box stands for

    @property
    def node(self) -> Any:
        """The node whose value leaves the box."""
        return self.nodes[-1] if self.nodes else None


@dataclass(slots=True)
class View:
    """Boxes in the order of creation; the last one is the root."""

    boxes: list[Box]
    record: Record
    cut: int = 0

    def nodes(self) -> set[Any]:
        """The nodes whose values and gradients the picture needs."""
        outer = {edge.node for box in self.boxes for edge in box.inputs if edge.node is not None}
        return outer | {box.node for box in self.boxes if box.node is not None}

    def joint(self) -> set[tuple[Any, int]]:
        """The places whose gradients are parts of one edge's."""
        edges = (edge for box in self.boxes for edge in box.inputs if len(edge.places) > 1)
        return {place for edge in edges for place in edge.places}

    def consumers(self) -> set[Any]:
        """The nodes at the ends of the edges."""
        return {node for box in self.boxes for edge in box.inputs for node, _ in edge.places}


def chain(scope: Any) -> list[Any]:
    """The scopes around and including `scope`, outermost first, at most `DEEPEST` of them."""
    scopes: list[Any] = []
    while scope is not None:
        scopes.append(scope)
        scope = scope.parent
    scopes.reverse()
    return scopes[:DEEPEST]


def fold(record: Record, budget: int) -> View:
    """Show at most about `budget` boxes."""
    groups = _groups(record, budget)
    boxes: dict[Any, Box] = {}  # by node or scope, in the order of creation
    of: dict[Any, Box] = {}  # by node
    for node in record.nodes:
        key = groups.get(node, node)
        box = boxes.pop(key, None)  # put in again: a module stands where its last op does
        if box is None:
            box = Box(
                _kind(record, node, key), [], node.scope if key is node else key.parent, _label(record, node, key)
            )
        box.nodes.append(node)
        boxes[key] = of[node] = box
    shown = list(boxes.values())
    shown, cut = _cut(shown, of, record, budget)
    visible = set(map(id, shown))
    more = Box("more", [], None, f"… {cut:,} more")
    for box in shown:
        _connect(box, of, visible, more)
    shown = _constants(shown)
    return View([more, *shown] if cut else shown, record, cut)


def _kind(record: Record, node: Any, key: Any) -> str:
    if key is not node:
        return "module"
    if node.op is not None:
        return "op"
    return "parameter" if node in record.parameters else "leaf"


def _label(record: Record, node: Any, key: Any) -> str:
    if key is not node:
        return str(key.label)
    if node.op is not None:
        return str(getattr(node.op, "label", None) or node.op.name)
    return record.names.get(node, "")


def _groups(record: Record, budget: int) -> dict[Any, Any]:
    """The scope that each node folds into: none if all fit, else the deepest level of modules that makes it fit."""
    nodes = record.nodes
    if len(nodes) <= budget:
        return {}
    chains = {id(n.scope): chain(n.scope) for n in nodes if n.scope is not None}
    users: dict[Any, list[Any]] = {}
    for node in nodes:
        for parent in node.parents:
            if parent is not None and parent.op is None:
                users.setdefault(parent, []).append(node)
    groups: dict[Any, Any] = {}
    owned = {leaf: consumers for leaf, consumers in users.items() if leaf in record.parameters}
    for inner in (owned, users):  # a parameter that one folded module alone uses is inside it; at last any leaf
        for depth in range(max(map(len, chains.values()), default=0), 0, -1):
            groups = {n: chains[id(n.scope)][depth - 1] for n in nodes if len(chains.get(id(n.scope), ())) >= depth}
            for leaf, consumers in inner.items():
                homes = {id(groups.get(c)): groups.get(c) for c in consumers}
                home = next(iter(homes.values()))
                if len(homes) == 1 and home is not None:
                    groups[leaf] = home
            if len({id(groups.get(n, n)) for n in nodes}) <= budget:
                return groups
    return groups


def _cut(boxes: list[Box], of: dict[Any, Box], record: Record, budget: int) -> tuple[list[Box], int]:
    """The newest boxes, each with its leaves, while the budget lasts; and how many nodes are left out."""
    if len(boxes) <= budget:
        return boxes, 0
    keep: set[int] = set()
    for box in reversed(boxes):
        if len(keep) >= budget:
            break
        if box.kind in ("op", "module"):
            keep.add(id(box))
            leaves = (of[p] for n in box.nodes for p in n.parents if p is not None and p.op is None)
            for leaf in leaves:
                if len(keep) < budget:
                    keep.add(id(leaf))
    shown = [box for box in boxes if id(box) in keep]
    return shown, len(record.nodes) - sum(len(box.nodes) for box in shown)


def _connect(box: Box, of: dict[Any, Box], visible: set[int], more: Box) -> None:
    """Give `box` its inputs: one edge per argument of an op, one per value that enters a module."""
    seen: dict[Any, Edge] = {}
    for node in box.nodes:
        for place, parent in enumerate(node.parents):
            if parent is None or of[parent] is box:
                continue
            source = of[parent] if id(of[parent]) in visible else more
            value = None if source is more else parent
            edge = seen.get(value)
            if edge is None or (box.kind == "op" and source is not more):
                edge = seen[value] = Edge(source, value)
                box.inputs.append(edge)
            edge.places.append((node, place))


def _constants(boxes: list[Box]) -> list[Box]:
    """`boxes` with one more before each op for every array that it was given from outside the graph."""
    result: list[Box] = []
    for box in boxes:
        if box.kind == "op":
            for value in constants(box.node):
                if getattr(value, "shape", ()) != ():
                    result.append(Box("constant", [], box.scope, constant=value))
                    box.inputs.append(Edge(result[-1], None))
        result.append(box)
    return result


def sizes(view: View) -> None:
    """Fill in what flows back along every edge, once gradients are measured."""
    record = view.record
    for box in view.boxes:
        for edge in box.inputs:
            if edge.node is None or not all(place in record.contributions for place in edge.places):
                continue
            if len(edge.places) == 1:
                edge.size = record.contributions[edge.places[0]]
            else:
                edge.size = rms(sum(record.parts[place] for place in edge.places))
    record.parts.clear()


def scopes_of(boxes: Iterable[Box]) -> dict[int, int]:
    """How many boxes stand in each scope, inner scopes included, by the scope's identity."""
    counts: dict[int, int] = {}
    for box in boxes:
        if box.kind in ("op", "module"):
            for scope in chain(box.scope):
                counts[id(scope)] = counts.get(id(scope), 0) + 1
    return counts
