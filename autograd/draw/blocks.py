"""The levels of a graph (modules inside modules) and what repeats in them: blocks of the same structure in a row.

Structure is hashed: a level's token is that of its items in order, an op's is its name, shape, dtype and how far back
its arguments were made. A stretch of items that comes again and again is a `Run`: twelve blocks of a transformer, or
the thousand steps of a loop that no module surrounds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

DEEPEST = 12  # modules inside each other; deeper ones are drawn in the twelfth
LONGEST = 300  # items of one repetition


@dataclass(slots=True, eq=False)
class Level:
    """The inside of one scope: its ops and inner levels in order; the outermost has no scope."""

    scope: Any
    outer: Level | None
    items: list[Any] = field(default_factory=list)
    token: int = 0
    runs: list[Run] = field(default_factory=list)
    hot: bool = False  # holds what must be seen

    @property
    def depth(self) -> int:
        depth, level = 0, self
        while level.outer is not None:
            depth, level = depth + 1, level.outer
        return depth

    @property
    def name(self) -> str:
        """The module's name without its class, with those around it: "transformer.h.0"."""
        names: list[str] = []
        level: Level | None = self
        while level is not None and level.scope is not None:
            name, colon, _ = str(level.scope.label).partition(":")
            if colon or level.outer is None or level.outer.scope is not None:  # the model itself has no name
                names.append(name)
            level = level.outer
        return ".".join(reversed(names))


@dataclass(slots=True)
class Run:
    """`count` times the same `period` items of a level, from the item at `start` on, and `rest` items of one more."""

    start: int
    period: int
    count: int
    rest: int = 0


@dataclass(slots=True, eq=False)
class Group:
    """Neighbouring copies of a run that are drawn as one box."""

    level: Level
    copies: list[list[Any]]  # the items of each

    @property
    def label(self) -> str:
        first, last = self.copies[0], self.copies[-1]
        inner = [item for item in first if isinstance(item, Level)]
        if not inner:
            names = [str(getattr(item.op, "label", None) or item.op.name) for item in first]
            return ", ".join(names[:4]) + (", …" if len(names) > 4 else "")
        if len(inner) == 1:
            start, _, kind = str(inner[0].scope.label).partition(": ")
            end = next(str(item.scope.label).partition(": ")[0] for item in last if isinstance(item, Level))
            span = start if start == end else f"{start} … {end}"
            return f"{span}: {kind}" if kind else span
        kinds = [str(item.scope.label).partition(": ") for item in inner]
        return ", ".join(kind or name for name, _, kind in kinds[:4]) + (", …" if len(kinds) > 4 else "")


def chain(scope: Any) -> list[Any]:
    """The scopes around and including `scope`, outermost first, at most `DEEPEST` of them."""
    scopes: list[Any] = []
    while scope is not None:
        scopes.append(scope)
        scope = scope.parent
    scopes.reverse()
    return scopes[:DEEPEST]


def levels(nodes: Iterable[Any], parameters: set[Any]) -> list[Level]:
    """Every level of the graph, outer before inner, with its runs found; the first is the outermost."""
    top = Level(None, None)
    found: dict[int, Level] = {}  # by scope
    order = [top]
    home: dict[Any, Level] = {}
    for node in nodes:
        if node.op is None:
            continue
        level = found.get(id(node.scope), top) if node.scope is not None else top
        if node.scope is not None and level is top:
            for scope in chain(node.scope):
                inner = found.get(id(scope))
                if inner is None:
                    inner = found[id(scope)] = Level(scope, level)
                    level.items.append(inner)
                    order.append(inner)
                level = inner
            found[id(node.scope)] = level
        level.items.append(node)
        home[node] = level
    _hash(order, home, parameters)
    return order


def _hash(order: list[Level], home: dict[Any, Level], parameters: set[Any]) -> None:
    """Give every level its token and its runs, inner ones first."""
    known: dict[Any, int] = {}

    def token(structure: Any) -> int:
        return known.setdefault(structure, len(known))

    number: dict[Any, int] = {node: i for i, node in enumerate(home)}
    for level in reversed(order):
        tokens = []
        for item in level.items:
            if isinstance(item, Level):
                tokens.append(item.token)
                continue
            origin: list[Any] = []
            for parent in item.parents:
                if parent is None:
                    origin.append(None)
                elif parent.op is None:
                    origin.append((parent.shape,) if parent in parameters else parent.shape)
                elif home[parent] is level:
                    origin.append(number[item] - number[parent])
                else:
                    origin.append(parent.shape)
            tokens.append(token((item.op.name, item.shape, item.dtype, *origin)))
        level.runs = _runs(tokens, [isinstance(item, Level) for item in level.items])
        level.runs = [_turned(run, level.items) for run in level.runs]
        label = "" if level.scope is None else re.sub(r"\d+", "#", str(level.scope.label))
        level.token = token((label, *tokens))


def _runs(tokens: list[int], inner: list[bool]) -> list[Run]:
    """Stretches that repeat: two inner levels alike are a run, or three times the same ops; the longest come first."""
    t = np.array(tokens)
    within = np.concatenate([[0], np.cumsum(inner)])  # how many inner levels stand before each place
    found: list[Run] = []
    for period in range(1, min(LONGEST, len(t) // 2) + 1):
        same = t[period:] == t[:-period]
        if not same.any():
            continue
        edges = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]]).astype(np.int8)))
        starts, lengths = edges[::2], edges[1::2] - edges[::2]
        counts = lengths // period + 1
        enough = (counts >= 3) | ((counts == 2) & (within[starts + period] > within[starts]))
        for start, length in zip(starts[enough].tolist(), lengths[enough].tolist(), strict=True):
            found.append(Run(start, period, length // period + 1, length % period))
    found.sort(key=lambda run: (-run.period * run.count, run.period, run.start))
    taken = np.zeros(len(t), bool)
    runs = []
    for run in found:
        span = slice(run.start, run.start + run.period * run.count)
        if not taken[span].any():
            taken[span] = True
            runs.append(run)
    return sorted(runs, key=lambda run: run.start)


def _turned(run: Run, items: list[Any]) -> Run:
    """A run of plain ops, begun where the fewest values go over from one copy to the next: at the head of the loop."""
    end = run.start + run.period * run.count + run.rest
    if any(isinstance(item, Level) for item in items[run.start : run.start + run.period]) or run.count < 4:
        return run
    place = {item: i for i, item in enumerate(items[run.start : min(run.start + 4 * run.period, end)])}
    crossing = [set() for _ in range(run.period)]  # type: list[set[Any]]
    for item, i in place.items():
        for parent in item.parents:
            if parent in place:
                for border in range(max(place[parent] + 1, run.period), min(i, 2 * run.period - 1) + 1):
                    crossing[border - run.period].add(parent)
    turn = min(range(run.period), key=lambda k: (len(crossing[k]), k != run.rest, k))  # a loop ends with its last op
    return Run(run.start + turn, run.period, (end - run.start - turn) // run.period)
