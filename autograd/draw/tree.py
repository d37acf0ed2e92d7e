"""What a page can open and close: modules, what repeats, long stretches. Every part opens into a few others.

At the start exactly those parts are closed that the folded view shows as one box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograd.draw.blocks import Group, Level, levels
from autograd.draw.fold import View, find_hot, inside, marked_in, repeats, same_leaves, users_of

MANY = 12  # pieces that a part opens into, where what is in it can be divided
LONG = 40  # items of a closed module: more open as stretches


@dataclass(slots=True)
class Part:
    """Something that can be one box.

    Attributes
    ----------
    kind : str
        "graph" (everything), "module", "run" (copies of the same structure), "copy" (one of them, of several items) or
        "stretch" (a piece of what is long), "more" (one that the view leaves out).
    label : str
        A module's name and class; of others the ops.
    outer : int
        The place of the part around it; -1 for the graph.
    open : bool
        Whether it is so at the start.
    count : int
        Copies.
    shared : bool
        Whether copies use the same parameters.
    name : str
        A module's full name.
    """

    kind: str
    label: str
    outer: int
    open: bool
    count: int = 1
    shared: bool = False
    name: str = ""


class Tree:
    """The parts of a view, outer before inner, and by op's node the innermost that holds it."""

    def __init__(self, view: View) -> None:
        self._record = record = view.record
        self._folding = view.folding
        order = levels(record.nodes, record.parameters)
        self._marked = marked_in(record, users_of(record))
        find_hot(order, self._marked, set())
        self.parts = [Part("graph", "", -1, True)]
        self.home: dict[Any, int] = {}
        self._work: list[tuple[Any, int]] = [(order[0], 0)]
        while self._work:
            what, at = self._work.pop()
            if isinstance(what, Level):
                self._level(what, at)
            elif isinstance(what, Group):
                self._run(what, at)
            else:
                self._stretch(what, at)

    def _add(self, part: Part, what: Any) -> None:
        self.parts.append(part)
        self._work.append((what, len(self.parts) - 1))

    def _put(self, unit: Any, at: int) -> None:
        """A node, or a level or group as a part of its own, into the part `at`."""
        if isinstance(unit, Level):
            label = str(unit.scope.label)
            self._add(Part("module", label, at, self._opens(unit.items, at), name=unit.name), unit)
        elif isinstance(unit, Group):
            copies = [inside(copy) for copy in unit.copies]
            shared = same_leaves(copies, self._record)
            opens = self._opens(unit.copies[0], at)
            self._add(Part("run", unit.label, at, opens, len(copies), shared), unit)
        else:
            self.home[unit] = at

    def _opens(self, items: Sequence[Any], at: int) -> bool:
        return self.parts[at].open and inside(items)[0] not in self._folding.groups

    def _level(self, level: Level, at: int) -> None:
        folded = repeats(level, self._marked)
        units = list(dict.fromkeys(folded.get(i, item) for i, item in enumerate(level.items)))
        closed = not self.parts[at].open
        if closed and len(units) > LONG:
            self._divide(units, at, "stretch")
        elif closed or not self._folding.cut:
            for unit in units:
                self._put(unit, at)
        else:
            self._around_the_cut(units, at)

    def _around_the_cut(self, units: list[Any], at: int) -> None:
        """What the view leaves out becomes closed parts; the rest stays as it is."""
        stretch: list[Any] = []
        for unit in [*units, None]:
            if unit is not None and all(node in self._folding.cut for node in _nodes([unit])):
                stretch.append(unit)
                continue
            if len(stretch) == 1:  # it takes a box either way
                self._put(stretch[0], at)
            elif stretch:
                self._add(Part("more", _label(stretch), at, False), stretch)
            stretch = []
            if unit is not None:
                self._put(unit, at)

    def _stretch(self, units: list[Any], at: int) -> None:
        if len(units) > LONG:
            self._divide(units, at, "stretch")
        else:
            for unit in units:
                self._put(unit, at)

    def _divide(self, units: list[Any], at: int, kind: str) -> None:
        """Into at most `MANY` closed pieces of equal length: a power of it, so that no piece is a poor one."""
        for piece in _pieces(units):
            self._add(Part(kind, _label(piece), at, False), piece)

    def _run(self, group: Group, at: int) -> None:
        copies = group.copies
        for piece in _pieces(copies):
            copy = piece[0]
            if len(piece) > 1:
                self._put(Group(group.level, piece), at)
            elif len(copy) == 1:
                self._put(copy[0], at)
            else:
                self._add(Part("copy", Group(group.level, [copy]).label, at, self.parts[at].open), copy)


def _pieces(items: list[Any]) -> list[list[Any]]:
    size = 1
    while size * MANY < len(items):
        size *= MANY
    return [items[i : i + size] for i in range(0, len(items), size)]


def _nodes(units: Sequence[Any]) -> list[Any]:
    return [
        node
        for unit in units
        for node in (inside([i for copy in unit.copies for i in copy]) if isinstance(unit, Group) else inside([unit]))
    ]


def _label(units: Sequence[Any]) -> str:
    """The first and the last of a stretch."""
    names = []
    for unit in (units[0], units[-1]):
        if isinstance(unit, Level):
            names.append(str(unit.scope.label))
        elif isinstance(unit, Group):
            names.append(unit.label)
        else:
            names.append(str(getattr(unit.op, "label", None) or unit.op.name))
    return " … ".join(names) if len(units) > 1 else names[0]
