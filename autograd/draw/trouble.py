"""What is wrong with a graph: gradients that vanish, explode or are no numbers, units that cannot learn."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.draw import stats
from autograd.draw.capture import Record, again, constants, recorded

SMALL = 1e-6  # of the root's gradient, or of the largest nearer to the loss: a parameter's below it has vanished ...
SHRUNK = 1e-3  # ... where what reaches its op has shrunk that much on the way from the loss
LARGE = 1e5  # times the root's gradient: above it a gradient has exploded
JUMP = 1e3  # an op that multiplies a gradient that much is where it explodes
MOST = 0.9  # share of the units that are dead, or of the elements that are flat
FEW = 32  # elements: fewer may all be zero by chance


@dataclass(frozen=True, slots=True)
class Trouble:
    """One finding.

    Attributes
    ----------
    kind : str
        A key of `KINDS`.
    node : Node
        Where it is to be seen.
    name : str
        The parameter's name, or the op's with the modules around it.
    said : str
        What was measured.
    share : float or None
        Of the units or elements, where only some are affected.
    """

    kind: str
    node: Any
    name: str
    said: str
    share: float | None = None

    @property
    def word(self) -> str:
        """The glyph and the word that stand in the picture."""
        glyph, word = KINDS[self.kind]
        return f"{glyph} {word}" + ("" if self.share is None else f" {math.floor(100 * self.share)} %")

    def __str__(self) -> str:
        return f"{self.word}: {self.name}: {self.said}"


KINDS = {
    "nan": ("⚠", "NaN starts here"),
    "infinite": ("⚠", "infinite from here"),
    "exploding": ("▲", "exploding"),
    "vanishing": ("▽", "vanishing"),
    "dead": ("✕", "dead"),
    "saturated": ("◐", "saturated"),
    "disconnected": ("∅", "disconnected"),
    "unused": ("○", "unused"),
}


def find(record: Record, root_value: Any) -> list[Trouble]:
    """All findings, the gravest first and each kind from the loss backward or in the order of the model."""
    found = _not_finite(record, root_value)
    if record.flow is not None and not found:
        sizes = _sizes(record)
        found += _exploding(record, sizes)
        found += _vanishing(record, sizes)
    found += _flat(record)
    found += _unreached(record)
    order = list(KINDS)
    return sorted(found, key=lambda trouble: order.index(trouble.kind))


def place(node: Any) -> str:
    """The op's name with the modules around it."""
    path = [str(label) for label in (node.scope.path()[:12] if node.scope is not None else ())]
    return " / ".join([*path, str(node.op.name) if node.op is not None else str(node.name or "leaf")])


# ---- NaN and infinity


def _not_finite(record: Record, root_value: Any) -> list[Trouble]:
    """Where the first NaN or infinity comes from, in the values and else in the gradients."""
    flow = record.flow
    broken = flow.broken if flow is not None else []
    broken = [edge for edge in broken if edge[0] in record.members]
    value = np.asarray(root_value)
    fine = value.dtype.kind not in "fc" or bool(np.isfinite(value).all())
    if fine and not broken:
        return []
    known = recorded(record.nodes)
    bad = {node for node in record.nodes if node.op is not None and node.args is not None for node in stats.lost(node)}
    bad |= {node for node in (flow.lost if flow is not None else ()) if node in record.members}
    if stats.has_nan(value):
        bad.add(record.root)
    if bad:
        node = _born(min(bad, key=lambda n: int(n.seq)), known)
        found = [Trouble("nan", node, place(node), "the first value that is not a number")]
        overflow = _first_infinity(node, known)
        if overflow is not None:
            found.append(Trouble("infinite", overflow, place(overflow), "finite numbers give an infinity"))
        return found
    if not fine:
        overflow = _first_infinity(record.root, {**known, record.root: value})
        node = record.root if overflow is None else overflow
        return [Trouble("infinite", node, place(node), "finite numbers give an infinity")]
    node, at = broken[0]
    part = flow.parts[node, at].statistics() if flow is not None else None
    nan = part is None or part.nans or math.isnan(part.rms)
    said = f"its values are finite, but the gradient of argument {at} is {'NaN' if nan else 'infinite'}"
    return [Trouble("nan" if nan else "infinite", node, place(node), said)]


def _born(node: Any, known: dict[Any, Any]) -> Any:
    """The op that made the NaN of `node`, the first that is known to hold one.

    Values that no rule needed are not kept. Those before `node` are computed again where that costs little. Where one
    had a constant for an argument that was not kept, the NaN came with that: nothing else there makes one of numbers.
    """
    stack, before = [node], []
    seen = {node}
    while stack:
        fresh = [p for p in stack.pop().parents if p is not None and p.op is not None and p.args is not None]
        fresh = [p for p in fresh if p not in known and p not in seen]
        seen.update(fresh)
        stack.extend(fresh)
        before += fresh
    values = dict(known)
    for at in sorted(before, key=lambda n: int(n.seq)):
        value = again(at, values)
        if value is not None and stats.has_nan(value):
            return at
        values |= {at: value} if value is not None else {}
    for at in before:
        if any(p is None and not _kept(at, i) for i, p in enumerate(at.parents)):
            return at
    return node


def _kept(node: Any, at: int) -> bool:
    """Whether the constant at this place was kept, so that a NaN in it would have been seen."""
    args = node.args or ()
    given = args[node.op.positions[0]] if node.op.variadic and args else [args[i] for i in node.op.positions if args]
    return bool(given) and at < len(given) and isinstance(given[at], (np.ndarray, np.generic, int, float, complex))


def _first_infinity(node: Any, known: dict[Any, Any]) -> Any:
    """Where the infinities that reach `node` come from: an op that made them out of finite numbers; or None."""
    result = None
    seen = {node}
    while node is not None:
        value = known.get(node)
        infinite = isinstance(value, (np.ndarray, np.generic)) and not np.isfinite(value).all()
        if infinite and not stats.has_nan(value):
            if any(np.isinf(c).any() for c in constants(node) if isinstance(c, (np.ndarray, np.generic, float))):
                return None  # asked for: a mask
            result = node
        before = [p for p in node.parents if p is not None and p.op is not None and p not in seen]
        seen.update(before)
        node = next((p for p in before if not _finite(known.get(p))), None)
    return result


def _finite(value: Any) -> bool:
    return not isinstance(value, (np.ndarray, np.generic)) or bool(np.isfinite(value).all())


# ---- too small, too large


class Sizes:
    """RMS of the gradients at parameters, and of what reaches the ops that use them.

    Parameters
    ----------
    seed : float
        RMS of the gradient at the root.
    leaves : dict
        By parameter: its gradient's RMS, the largest of what reaches the ops that use it, and its earliest use.
    """

    def __init__(self, seed: float, leaves: Mapping[Any, tuple[float, float, int]]) -> None:
        self.seed = seed
        self.own = {leaf: own for leaf, (own, _, _) in leaves.items()}
        self.above = {leaf: above for leaf, (_, above, _) in leaves.items()}
        self.order = sorted(leaves, key=lambda leaf: -leaves[leaf][2])  # from the loss backward

    def nearer(self) -> Iterator[tuple[Any, float, float, float]]:
        """Each leaf with the largest own and above, and the least above, of those nearer to the loss."""
        own, above, least = 0.0, 0.0, math.inf
        for leaf in self.order:
            yield leaf, own, above, least
            own, above = max(own, self.own[leaf]), max(above, self.above[leaf])
            least = min(least, self.above[leaf]) if self.above[leaf] else least

    def vanishing(self) -> Iterator[tuple[Any, float, float]]:
        """The parameters whose gradient has vanished on its way, each with its RMS and the largest nearer to the loss.

        An exact zero counts behind one that is about to underflow.
        """
        underflow = False
        for leaf, own, above, _ in self.nearer():
            size, largest = self.own[leaf], max(self.seed, own)
            shrunk = self.above[leaf] < SHRUNK * above
            if shrunk and ((0.0 < size < SMALL * largest) or (size == 0.0 and underflow)):
                underflow = underflow or size < 1e-20 * largest
                yield leaf, size, largest

    def exploding(self) -> list[Any]:
        """The parameters that a gradient reaches which has grown too large."""
        return [
            leaf
            for leaf, _, _, least in self.nearer()
            if min(self.own[leaf], self.above[leaf]) > LARGE * self.seed
            or (self.above[leaf] > LARGE * least and self.own[leaf] > 100 * self.seed)
        ]


def _sizes(record: Record) -> Sizes:
    users: dict[Any, list[Any]] = {}
    for node in record.nodes:
        for parent in node.parents:
            if parent is not None and parent.op is None:
                users.setdefault(parent, []).append(node)
    chosen = record.parameters or {n for n in record.nodes if n.op is None}
    return Sizes(
        record.seed,
        {
            leaf: (
                record.statistics(leaf).rms,
                max(record.statistics(user).rms for user in users[leaf]),
                min(int(user.seq) for user in users[leaf]),
            )
            for leaf in record.nodes
            if leaf in chosen and leaf in users and leaf in record.into
        },
    )


def _name(record: Record, leaf: Any) -> str:
    return record.names.get(leaf) or "a leaf without a name"


def _vanishing(record: Record, sizes: Sizes) -> list[Trouble]:
    return [
        Trouble(
            "vanishing", leaf, _name(record, leaf),
            f"the gradient’s RMS is {size:.1e}, {size / largest:.0e} of "
            + ("the root’s" if largest == sizes.seed else "the largest nearer to the loss"),
        )
        for leaf, size, largest in sizes.vanishing()
    ]  # fmt: skip


def _exploding(record: Record, sizes: Sizes) -> list[Trouble]:
    """One finding: where the gradient grows most, with what it reaches."""
    large = sizes.exploding()
    if not large:
        return []
    worst = max(large, key=sizes.own.__getitem__)
    node = _steepest(record, sizes.above[large[0]])
    said = f"the gradient’s RMS grows to {sizes.own[worst]:.1e} at {_name(record, worst)}" + (
        f" and is as bad at {len(large) - 1} more" if len(large) > 1 else ""
    )
    return [Trouble("exploding", node, place(node), said)]


def _steepest(record: Record, reached: float) -> Any:
    """The op that multiplies the gradient most, if by `JUMP`; else the first that sends on as much as `reached`."""
    flow = record.flow
    edges = [edge for edge in flow.parts if edge[0] in record.members]  # type: ignore[union-attr]
    first, steepest, most = record.root, None, JUMP
    met = False
    for node, at in edges:
        before, after = record.statistics(node).rms, flow[node, at].rms  # type: ignore[index]
        parent = node.parents[at]
        if not met and parent.op is not None and after >= 0.99 * reached:
            first, met = node, True
        if parent.op is not None and before and after / before > most:
            steepest, most = node, after / before
    return steepest if steepest is not None else first


# ---- units that cannot learn


def _flat(record: Record) -> list[Trouble]:
    """ReLUs that are dead and sigmoids that are saturated; not those that have nothing but dead ones before them."""
    found = []
    silent: set[Any] = set()  # dead, or made of what is silent alone
    for node in record.nodes:
        fact = record.facts.get(node)
        before = [parent for parent in node.parents if parent is not None and parent.op is not None]
        fed = bool(before) and silent.issuperset(before)
        if fed or (fact is not None and fact.kind == "dead" and fact.share == 1.0):
            silent.add(node)
        if fed or fact is None or fact.share < MOST or fact.size < (FEW if fact.kind == "dead" else 1):
            continue
        said = {
            "dead": "of the units are zero for every example: no gradient passes",
            "saturated": "of the outputs lie where the slope is under a fiftieth of the steepest",
        }[fact.kind]
        found.append(Trouble(fact.kind, node, place(node), f"{fact.share:.0%} {said}".replace("%", " %"), fact.share))
    return found


# ---- parameters that the loss does not reach


def _unreached(record: Record) -> list[Trouble]:
    reached = {record.names[leaf].rpartition(".")[0] for leaf in record.parameters if leaf in record.members}
    if any(node.scope is not None for node in record.nodes):
        reached.add("")  # the model itself was called
    found = []
    for leaf in record.missing:
        name = record.names[leaf]
        if name.rpartition(".")[0] in reached:
            said = "its module takes part, but the loss does not depend on it: not used, or what it gave was detached"
            found.append(Trouble("unused", leaf, name, said))
        else:
            said = "the loss does not depend on it: its module was not called, or its result was detached"
            found.append(Trouble("disconnected", leaf, name, said))
    return found
