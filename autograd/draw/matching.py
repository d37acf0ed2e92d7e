"""Which node of one graph is which of another: by module, op, order, and by what uses it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from autograd.draw.blocks import chain
from autograd.draw.capture import Record

LONGEST = 2000  # nodes of one module that are aligned; of more, the n-th of an op is the n-th


class Matched(NamedTuple):
    """Pairs of nodes in the order of the first graph, and what only one of the graphs has."""

    pairs: list[tuple[Any, Any]]
    removed: list[Any]
    added: list[Any]


def match(a: Record, b: Record) -> Matched:
    """The nodes of two graphs in pairs.

    Ops are aligned within each module, named leaves by name, and leaves without one by the argument that they are.
    """
    inside_a, inside_b = _modules(a), _modules(b)
    found: dict[Any, Any] = {}
    for path, nodes in inside_a.items():
        found.update(_aligned(nodes, inside_b.get(path, [])))
    names = {name: leaf for leaf, name in b.names.items() if leaf in b.members}
    for leaf, name in a.names.items():
        if leaf in a.members and name in names:
            found[leaf] = names[name]
    taken = set(found.values())
    for node, other in list(found.items()):
        for left, right in zip(node.parents, other.parents, strict=False):
            fresh = left is not None and right is not None and left not in found and right not in taken
            if fresh and left.op is None and right.op is None and left not in a.names and right not in b.names:
                found[left] = right
                taken.add(right)
    pairs = [(node, found[node]) for node in a.nodes if node in found]
    removed = [node for node in a.nodes if node not in found]
    return Matched(pairs, removed, [node for node in b.nodes if node not in taken])


def path_of(node: Any) -> tuple[str, ...]:
    """The labels of the modules around a node."""
    return tuple(str(scope.label) for scope in chain(node.scope))


def _modules(record: Record) -> dict[tuple[str, ...], list[Any]]:
    """The ops of each module in their order; of a module that was called several times, all together."""
    inside: dict[tuple[str, ...], list[Any]] = {}
    paths: dict[int, tuple[str, ...]] = {}
    for node in record.nodes:
        if node.op is not None:
            path = paths.get(id(node.scope))
            if path is None:
                path = paths[id(node.scope)] = path_of(node)
            inside.setdefault(path, []).append(node)
    return inside


def _aligned(a: Sequence[Any], b: Sequence[Any]) -> dict[Any, Any]:
    """Ops of the same name in the same order."""
    names_a, names_b = [node.op.name for node in a], [node.op.name for node in b]
    if names_a == names_b:
        return dict(zip(a, b, strict=True))
    if max(len(a), len(b)) > LONGEST:
        return _counted(a, b, names_a, names_b)
    found: dict[Any, Any] = {}
    for start_a, start_b, size in SequenceMatcher(None, names_a, names_b, autojunk=False).get_matching_blocks():
        found.update(zip(a[start_a : start_a + size], b[start_b : start_b + size], strict=True))
    return found


def _counted(a: Sequence[Any], b: Sequence[Any], names_a: Sequence[str], names_b: Sequence[str]) -> dict[Any, Any]:
    """The n-th op of a name with the n-th of that name."""

    def numbered(names: Sequence[str]) -> list[Hashable]:
        counts: dict[str, int] = {}
        keys: list[Hashable] = []
        for name in names:
            counts[name] = counts.get(name, 0) + 1
            keys.append((name, counts[name]))
        return keys

    there = dict(zip(numbered(names_b), b, strict=True))
    return {node: there[key] for node, key in zip(a, numbered(names_a), strict=True) if key in there}
