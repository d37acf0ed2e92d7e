"""Which boxes a picture shows: one per node while there is room, then what repeats as one, then one per module.

A `View` knows nothing of Graphviz; every output (DOT, text) is drawn from it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd.draw.blocks import Group, Level, levels
from autograd.draw.blocks import chain as chain
from autograd.draw.capture import Record, constants, rms
from autograd.draw.stats import Statistics, added

SAVED = 16  # boxes: to fold a loop of ops is not worth less
PARALLEL = 3  # more edges than this between two folded boxes are drawn as one


@dataclass(slots=True, eq=False)
class Edge:
    """From the box `source` into a box: `node` is the value that flows, `size` its gradient's RMS on this way.

    `places` are the arguments, as (op's node, place), where the value goes in: several where a folded module uses it.
    `share` is the part of the node's gradient that comes this way (the shares of a node add up to 1), `statistics`
    that of the part; `split` says whether other boxes take the value too. Where `count` values flow between two folded
    boxes, the edge stands for all of them and `size` is the largest.
    """

    source: Box
    node: Any
    size: float | None = None
    places: list[tuple[Any, int]] = field(default_factory=list)
    share: float | None = None
    statistics: Statistics | None = None
    count: int = 1
    split: bool = False

    @property
    def told(self) -> str:
        """The share in per cent, where there is something to tell."""
        if self.share is None or not self.split:
            return ""
        return f"{100 * self.share:.3g} %".replace("-", "−") if abs(self.share) >= 5e-4 else "0 %"


@dataclass(slots=True, eq=False)
class Box:
    """One visible thing: an op, a leaf, a constant, a folded module, or what was cut.

    A folded module may stand for `count` copies of the same structure; `shared` says whether they use the same
    parameters, `copies` lists the nodes of each, `range` the least and the largest RMS of their gradients.
    `troubles` are those of the nodes inside. `amount` is what `show` asked for: an RMS, bytes or seconds.
    """

    kind: str  # "op", "leaf", "parameter", "constant", "module" or "more"
    nodes: list[Any]
    scope: Any = None
    label: str = ""
    caption: str = ""
    inputs: list[Edge] = field(default_factory=list)
    constant: Any = None  # the kept argument that a constant's box stands for
    count: int = 1
    shared: bool = False
    copies: list[list[Any]] = field(default_factory=list)
    range: tuple[float, float] | None = None
    sizes: list[float] = field(default_factory=list)
    troubles: list[Any] = field(default_factory=list)
    amount: float | None = None

    @property
    def node(self) -> Any:
        """The node whose value leaves the box."""
        return self.nodes[-1] if self.nodes else None

    @property
    def times(self) -> str:
        """Copies with parameters of their own as "12 blocks", with the same ones (or none) as "×12"."""
        if self.count < 2:
            return ""
        return f"×{self.count:,}" if self.shared else f"{self.count:,} blocks"


@dataclass(slots=True)
class Folding:
    """How a view was folded, for who wants to unfold it.

    `groups` has by node the level or group that it folds into (nothing where all is shown), `cut` the nodes that are
    out, `inner` which leaves go inside the one box that uses them: "own" (parameters) or "all", or those of several
    boxes too ("several").
    """

    groups: dict[Any, Any] = field(default_factory=dict)
    inner: str = "own"
    cut: set[Any] = field(default_factory=set)


@dataclass(slots=True)
class View:
    """Boxes in the order of creation; the last one is the root. `show` is what the colours say."""

    boxes: list[Box]
    record: Record
    cut: int = 0
    show: str = "grad"
    top: float = 1.0  # the amount that stands for the deep end of the colours
    folding: Folding = field(default_factory=Folding)

    def nodes(self) -> set[Any]:
        """The nodes whose values and gradients the picture needs."""
        outer = {edge.node for box in self.boxes for edge in box.inputs if edge.node is not None}
        return outer | {box.node for box in self.boxes if box.node is not None}


def fold(record: Record, budget: int, expand: Collection[str] = ()) -> View:
    """Show at most about `budget` boxes.

    Raises
    ------
    ValueError
        If a name in `expand` is that of no module here.
    """
    room = max(budget - len(record.missing), 1)
    folding = _groups(record, room, expand)
    groups = folding.groups
    members: dict[Any, list[Any]] = {}  # by node, level or group, in the order of creation
    for node in record.nodes:
        key = groups.get(node)
        if key is None:
            members[node] = [node]
        else:
            inside = members.pop(key, [])  # put in again: a module stands where its last op does
            inside.append(node)
            members[key] = inside
    kept, cut = _cut(members, groups, record, room)
    folding.cut = {node for key, nodes in members.items() if key not in kept for node in nodes}
    boxes = {key: _box(record, nodes, key) for key, nodes in kept.items()}
    of = {node: box for box in boxes.values() for node in box.nodes}
    for node, trouble in record.marks.items():
        if node in of:
            of[node].troubles.append(trouble)
    more = Box("more", [], None, f"… {cut:,} more")
    for box in boxes.values():
        _connect(box, of, more)
    shown = _constants(list(boxes.values()), room)
    lonely = [
        Box(
            "parameter", [leaf], None, record.names[leaf], troubles=[record.marks[leaf]] if leaf in record.marks else []
        )
        for leaf in record.missing[: max(budget // 4, 1)]
    ]
    return View([*lonely, *([more] if cut else []), *shown], record, cut, folding=folding)


def _box(record: Record, nodes: list[Any], key: Any) -> Box:
    """The box of a node, or of the level or group that `nodes` are folded into."""
    if isinstance(key, Group):
        box = Box("module", nodes, key.level.scope, key.label)
        _copies(box, key, record)
        return box
    if isinstance(key, Level):
        return Box("module", nodes, key.scope.parent, str(key.scope.label))
    if key.op is not None:
        return Box("op", nodes, key.scope, str(getattr(key.op, "label", None) or key.op.name))
    return Box("parameter" if key in record.parameters else "leaf", nodes, None, record.names.get(key, ""))


def inside(items: Iterable[Any]) -> list[Any]:
    """The nodes of these items, oldest first."""
    stack, nodes = list(items)[::-1], []
    while stack:
        item = stack.pop()
        if isinstance(item, Level):
            stack.extend(reversed(item.items))
        else:
            nodes.append(item)
    return nodes


def _copies(box: Box, group: Group, record: Record) -> None:
    box.count = len(group.copies)
    box.copies = [inside(copy) for copy in group.copies]
    box.shared = same_leaves(box.copies, record)


def same_leaves(copies: Sequence[Sequence[Any]], record: Record) -> bool:
    """Whether copies use the same parameters."""
    chosen = record.parameters or record.members
    some = copies[1:3] if len(copies) > 2 else copies  # the first may have the input as well
    leaves = [{p for n in copy for p in n.parents if p is not None and p.op is None and p in chosen} for copy in some]
    return leaves[0] == leaves[1]


# ---- what folds into what


def _groups(record: Record, budget: int, expand: Collection[str]) -> Folding:
    """The level or group that each node folds into: nothing if all fit; else what repeats; else modules too."""
    if len(record.nodes) <= budget and not expand:
        return Folding()
    order = levels(record.nodes, record.parameters)
    opened = _named(order, expand)
    if len(record.nodes) <= budget:
        return Folding()
    users = users_of(record)
    marked = marked_in(record, users)
    hot = find_hot(order, marked, opened)
    deepest = max(level.depth for level in order)
    groups: dict[Any, Any] = {}
    own = {leaf: found for leaf, found in users.items() if leaf in record.parameters}
    attempts = [(hot, own), (hot, users), (opened, own), (opened, users), (set(), users)]
    for forced, inner in attempts if hot != opened else [*attempts[2:]]:
        for depth in range(deepest, -1, -1):
            groups = _assign(order[0], depth, forced, marked)
            _adopt(groups, inner, record, several=False)
            if _count(groups, record) <= budget:
                return Folding(groups, "own" if inner is own else "all")
    _adopt(groups, users, record, several=True)
    return Folding(groups, "several")


def users_of(record: Record) -> dict[Any, list[Any]]:
    """The ops that use each leaf."""
    users: dict[Any, list[Any]] = {}
    for node in record.nodes:
        for parent in node.parents:
            if parent is not None and parent.op is None:
                users.setdefault(parent, []).append(node)
    return users


def marked_in(record: Record, users: dict[Any, list[Any]]) -> set[Any]:
    """The nodes in trouble, and those that use a leaf in trouble."""
    return set(record.marks) | {user for leaf in record.marks for user in users.get(leaf, ())}


def _named(order: list[Level], expand: Collection[str]) -> set[Level]:
    """The levels that `expand` names, by "h.0", "transformer.h.0" or the whole label, with those around them."""
    opened: set[Level] = set()
    for wanted in expand:
        found = [
            level
            for level in order[1:]
            if wanted in (level.name, str(level.scope.label)) or level.name.endswith("." + wanted)
        ]
        if not found:
            names = ", ".join(dict.fromkeys(level.name or str(level.scope.label) for level in order[1:9])) or "none"
            raise ValueError(f"draw: expand names {wanted!r}, but no module here is called so; there are {names}")
        for level in found:
            around: Level | None = level
            while around is not None:
                opened.add(around)
                around = around.outer
    return opened


def find_hot(order: list[Level], marked: set[Any], opened: set[Level]) -> set[Level]:
    """The levels that hold something in trouble, or are asked for; noted in the levels as well."""
    for level in reversed(order):
        level.hot = level in opened or any(
            item.hot if isinstance(item, Level) else item in marked for item in level.items
        )
    return {level for level in order if level.hot}


def _assign(top: Level, depth: int, forced: set[Level], marked: set[Any]) -> dict[Any, Any]:
    """Fold what repeats, and every level deeper than `depth` unless it is `forced` open."""
    groups: dict[Any, Any] = {}
    stack: list[tuple[Level, Any, int]] = [(top, None, 1)]
    while stack:
        level, key, at = stack.pop()
        folded = {} if key is not None else repeats(level, marked)
        for i, item in enumerate(level.items):
            inner = key or folded.get(i)
            if isinstance(item, Level):
                if inner is None and at > depth and item not in forced:
                    inner = item
                stack.append((item, inner, at + 1))
            elif inner is not None:
                groups[item] = inner
    return groups


def repeats(level: Level, marked: set[Any]) -> dict[int, Group]:
    """By the place of an item, the group that it is in. A copy in trouble stands alone.

    Of a loop that no module surrounds, the first and the last time stay to be seen.
    """
    folded: dict[int, Group] = {}
    for run in level.runs:
        parts = [range(run.start + k * run.period, run.start + (k + 1) * run.period) for k in range(run.count)]
        plain = not any(isinstance(level.items[i], Level) for i in parts[0])
        if plain and (run.count - 3) * run.period < SAVED:
            continue
        stretch: list[range] = []
        for k, part in enumerate([*parts, range(0)]):
            items = [level.items[i] for i in part]
            alone = not items or any(item.hot if isinstance(item, Level) else item in marked for item in items)
            if alone or (plain and k in (0, run.count - 1)):
                if len(stretch) > 1:
                    group = Group(level, [[level.items[i] for i in one] for one in stretch])
                    folded.update((i, group) for one in stretch for i in one)
                stretch = []
            else:
                stretch.append(part)
    return folded


def _adopt(groups: dict[Any, Any], users: dict[Any, list[Any]], record: Record, several: bool) -> None:
    """Put each leaf that one folded box alone uses inside it; with `several`, those that only folded boxes use too."""
    for leaf, consumers in users.items():
        if leaf in record.marks and not several:
            continue
        homes = {id(groups.get(c)): groups.get(c) for c in consumers}
        home = next(iter(homes.values()))
        if home is not None and (len(homes) == 1 or (several and None not in homes.values())):
            groups[leaf] = home


def _count(groups: dict[Any, Any], record: Record) -> int:
    return len(record.nodes) - len(groups) + len(set(map(id, groups.values())))


def _cut(
    members: dict[Any, list[Any]], groups: dict[Any, Any], record: Record, budget: int
) -> tuple[dict[Any, list[Any]], int]:
    """Those in trouble and then the newest, each with its leaves, while the budget lasts; how many nodes are out."""
    if len(members) <= budget:
        return members, 0
    keys = list(members)
    hot = {groups.get(node, node) for node in record.marks}
    marked = [key for key in keys if key in hot][-max(budget // 2, 1) :]
    keep: set[Any] = set()
    for key in (keys[-1], *reversed(marked), *reversed(keys)):
        if len(keep) >= budget:
            break
        if isinstance(key, (Level, Group)) or key.op is not None or key in hot:
            keep.add(key)
            leaves = (groups.get(p, p) for n in members[key] for p in n.parents if p is not None and p.op is None)
            for leaf in leaves:
                if len(keep) < budget:
                    keep.add(leaf)
    kept = {key: nodes for key, nodes in members.items() if key in keep}
    return kept, len(record.nodes) - sum(map(len, kept.values()))


def _connect(box: Box, of: dict[Any, Box], more: Box) -> None:
    """Give `box` its inputs: one edge per argument of an op, one per value that enters a module."""
    seen: dict[Any, Edge] = {}
    values: dict[int, int] = {}
    for node in box.nodes:
        for place, parent in enumerate(node.parents):
            source = of.get(parent, more)
            if parent is None or source is box:
                continue
            value = None if source is more else parent
            edge = seen.get(value)
            if edge is None or (box.kind == "op" and source is not more):
                edge = seen[value] = Edge(source, value)
                box.inputs.append(edge)
                values[id(source)] = values.get(id(source), 0) + 1
            edge.places.append((node, place))
    if box.kind == "module" and any(n > PARALLEL for n in values.values()):
        box.inputs = _bundled(box.inputs, values)


def _bundled(inputs: Sequence[Edge], values: dict[int, int]) -> list[Edge]:
    """One edge in the place of many from the same folded box."""
    bundles: dict[int, Edge] = {}
    kept = []
    for edge in inputs:
        if edge.source.kind != "module" or values[id(edge.source)] <= PARALLEL:
            kept.append(edge)
        elif id(edge.source) not in bundles:
            kept.append(bundles.setdefault(id(edge.source), edge))
        else:
            bundle = bundles[id(edge.source)]
            bundle.count += 1
            bundle.places += edge.places
    return kept


def _constants(boxes: list[Box], budget: int) -> list[Box]:
    """`boxes` with one more before each op for every array that it was given from outside the graph, where they fit."""
    given: dict[Box, list[Any]] = {}
    for box in boxes:
        if box.kind == "op":
            given[box] = [value for value in constants(box.node) if getattr(value, "shape", ()) != ()]
    if len(boxes) + sum(map(len, given.values())) > budget:
        return boxes
    result: list[Box] = []
    for box in boxes:
        for value in given.get(box, ()):
            result.append(Box("constant", [], box.scope, constant=value))
            box.inputs.append(Edge(result[-1], None))
        result.append(box)
    return result


# ---- how much flows


def sizes(view: View) -> None:
    """Fill in what flows back along every edge, and the range of it over the copies of a folded block."""
    record = view.record
    flow = record.flow
    if flow is None:
        return
    users: dict[Any, set[int]] = {}
    for box in view.boxes:
        for edge in box.inputs:
            users.setdefault(edge.node, set()).add(id(box))
    for box in view.boxes:
        for edge in box.inputs:
            edge.split = len(users[edge.node]) > 1
            parts = [flow.parts[place] for place in edge.places if place in flow.parts]
            if edge.node is None or len(parts) < len(edge.places) or not parts:
                continue
            for place, part in zip(edge.places, parts, strict=True):
                if place not in record.contributions and len(parts) <= PARALLEL:
                    record.contributions[place] = part.statistics().rms
            if edge.count > 1:
                edge.size = max(part.statistics().rms for part in parts)
                continue
            whole = added(parts)
            edge.statistics = whole.statistics()
            edge.size = edge.statistics.rms
            edge.share = share_of(whole.sample, added(record.into[edge.node]).sample)
        if box.copies:
            box.sizes = [record.statistics(copy[-1]).rms for copy in box.copies]
            box.range = (min(box.sizes), max(box.sizes)) if all(map(math.isfinite, box.sizes)) else None


def amounts(view: View) -> None:
    """Fill in each box's RMS of its value, bytes or seconds, as the view shows."""
    record = view.record
    by_node: dict[Any, float] = {}
    if view.show == "memory":
        if not record.kept:
            record.notes.append("this graph was freed by backward(): what it had kept is not known")
            return
        by_node = {node: float(size) for node, size in record.kept.items()}
    elif view.show == "time" and record.flow is not None:
        by_node = record.flow.seconds
        if not by_node:
            record.notes.append("the flow that was given has no times: use recording(timed=True)")
    for box in view.boxes:
        if view.show == "value":
            value = record.values.get(box.node)
            box.amount = rms(value) if value is not None and value.dtype.kind in "fciub" else None
        elif box.kind in ("op", "module") and by_node:
            box.amount = sum(by_node.get(node, 0.0) for node in box.nodes)
    known = [box.amount for box in view.boxes if box.amount and math.isfinite(box.amount)]
    view.top = max(known, default=1.0)


def share_of(part: Any, whole: Any) -> float | None:
    """How much of `whole` the part is, along `whole`: shares add up to 1, and one that works against it is negative."""
    with np.errstate(all="ignore"):
        top = float(np.abs(whole).max()) if whole.size else 0.0
        if not top or not math.isfinite(top):
            return None
        part, whole = np.ravel(part) / np.float64(top), np.ravel(whole) / np.float64(top)
        share = float(np.real(np.vdot(whole, part)) / np.real(np.vdot(whole, whole)))
    return share if math.isfinite(share) else None


def scopes_of(boxes: Iterable[Box]) -> dict[int, int]:
    """How many boxes stand in each scope, inner scopes included, by the scope's identity."""
    counts: dict[int, int] = {}
    for box in boxes:
        if box.kind in ("op", "module"):
            for scope in chain(box.scope):
                counts[id(scope)] = counts.get(id(scope), 0) + 1
    return counts
