"""Gradients that are too small or too large, and units that cannot learn.

Thresholds are relative: to the gradient of the loss, which is one, and to what is nearer to the loss. So a small
gradient is no finding by itself, only one that has shrunk on its way.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import numpy as np

from autograd.draw.trouble import FEW, JUMP, MOST, Sizes  # what a picture marks is found here too
from autograd.graph import Node
from nn.diagnosis.evidence import Evidence, arguments
from nn.diagnosis.finding import Finding
from nn.flows.statistics import measure

HIGH, LOST = 1e4, 1e8  # a loss above the first has exploded if some op made a JUMP; above the second in any case
ALIKE = 1e-5  # relative difference of two units' weights or gradients: below it they are the same


def sizes_of(evidence: Evidence) -> Sizes:
    """RMS of the gradients at parameters, and of what reaches the ops that use them."""
    seed = evidence.into.get(evidence.root)
    leaves = {}
    for leaf in evidence.leaves:
        users = [user for user in evidence.users.get(leaf, []) if user in evidence.into]
        if leaf in evidence.into and users:
            above = max(evidence.into[user].rms for user in users)
            leaves[leaf] = (evidence.into[leaf].rms, above, min(user.seq for user in users))
    return Sizes(seed.rms if seed is not None else 1.0, leaves)


def vanishing(evidence: Evidence, sizes: Sizes) -> Iterator[Finding]:
    """One finding for neighbouring modules, at the parameter whose gradient is smallest; the smallest of all first."""
    worst: dict[str, tuple[float, float, str]] = {}
    for leaf, size, largest in sizes.vanishing():
        name = evidence.leaves[leaf]
        before = worst.get(evidence.owner(name))
        if before is None or size < before[0]:
            worst[evidence.owner(name)] = (size, largest, name)
    owners = dict.fromkeys(evidence.owner(name) for name in evidence.parameters)
    for run in sorted(_runs(owners, worst), key=lambda run: min(worst[module] for module in run)):
        module = min(run, key=worst.__getitem__)
        size, largest, name = worst[module]
        sentence = f"The gradient's RMS is {size:.1e} here, {size / largest:.0e} times the largest nearer to the loss"
        if len(run) > 1:
            sentence += (
                f"; it has vanished in {len(run)} layers in a row, {run[0]} to {run[-1]}, and is least at {module}"
            )
        numbers = {"rms": size, "largest": largest, "layers": len(run)}
        yield Finding("vanishing gradient", module, name, evidence.where(module), f"{sentence}.", numbers)


def _runs(order: Iterable[str], chosen: Collection[str]) -> list[list[str]]:
    """The chosen ones in their order, neighbours together."""
    runs: list[list[str]] = []
    follows = False
    for one in order:
        if one in chosen:
            if not follows:
                runs.append([])
            runs[-1].append(one)
        follows = one in chosen
    return runs


def exploding(evidence: Evidence, sizes: Sizes, loss: float) -> Iterator[Finding]:
    """One finding, at the op that multiplies sizes most."""
    large = sizes.exploding()
    if not large and abs(loss) <= HIGH:
        return
    node, growth = _steepest(evidence)
    if not large and abs(loss) <= LOST and growth <= JUMP:
        return
    module = "" if node is None else evidence.module(node)
    parameter = "" if node is None else next((evidence.leaves[p] for p in node.parents if p in evidence.leaves), "")
    module = evidence.owner(parameter) if parameter else module
    where = evidence.where(module, "" if node is None else node.op.name)
    grows = "" if node is None else f" '{node.op.name}' multiplies sizes by {growth:.0e}."
    if large:
        worst = max(large, key=sizes.own.__getitem__)
        size, name = sizes.own[worst], evidence.leaves[worst]
        sentence = f"The gradient's RMS grows to {size:.1e}, at {name}.{grows}"
        numbers = {"rms": size, "growth": growth, "loss": loss}
        yield Finding("exploding gradient", module, parameter or name, where, sentence, numbers)
    else:
        sentence = f"The loss is {loss:.3g}.{grows}"
        yield Finding("exploded loss", module, parameter, where, sentence, {"loss": loss, "growth": growth})


def _steepest(evidence: Evidence) -> tuple[Node | None, float]:
    """The op that multiplies gradients or values most, if by `JUMP`; else the one that multiplies gradients most."""
    best: tuple[Node | None, float] = (None, 1.0)
    for node, parts in evidence.parts:
        before = evidence.into[node].rms if node in evidence.into else 0.0
        for parent, seen in parts:
            if parent.op is not None and before and seen.rms / before > best[1]:
                best = (node, seen.rms / before)
    sizes: dict[Node, float] = {}
    for node, value in evidence.values():
        size = _rms(value)
        if node.op is not None and evidence.leaves.keys() & {p for p in node.parents if p is not None}:
            given = [_rms(a) for a, p in zip(_inputs(node), node.parents) if p not in evidence.leaves]
            given += [sizes[p] for p in node.parents if p is not None and p in sizes and p not in evidence.leaves]
            top = max(given, default=0.0)
            if size and top and size / top > max(best[1], JUMP):
                best = (node, size / top)
        sizes[node] = size
    return best


def _inputs(node: Node) -> tuple[Any, ...]:
    return arguments(node) or (None,) * len(node.parents)


def _rms(value: Any) -> float:
    seen = measure(value) if isinstance(value, (np.ndarray, np.generic)) else None
    return 0.0 if seen is None or not seen.finite else seen.rms


# ---- gradients that are zero


def zero(evidence: Evidence, dead: set[Node]) -> Iterator[Finding]:
    """Parameters whose gradient is zero everywhere, by the op that lets nothing pass.

    Not for dead ReLUs, which have a finding of their own; nor where the weights that stop it are zero only for now, as
    in a residual branch that starts closed: they have a gradient, and let it pass after the next step.
    """
    stopped: dict[Node, list[str]] = {}
    for leaf, name in evidence.leaves.items():
        seen = evidence.into.get(leaf)
        if seen is not None and (seen.squares or not seen.finite):
            continue
        level, met, blocks = [leaf], {leaf}, []
        while level:
            node = level.pop()
            for user in evidence.users.get(node, []):
                there = evidence.into.get(user)
                if there is not None and there.squares:
                    blocks.append(user)
                elif user not in met:
                    met.add(user)
                    level.append(user)
        if blocks and not any(_dead_behind(block, dead) for block in blocks):
            stopped.setdefault(min(blocks, key=lambda node: node.seq), []).append(name)
    for node, names in stopped.items():
        if any(
            p in evidence.leaves and p.ndim >= 2 and evidence.into[p].squares
            for p in node.parents
            if p in evidence.into
        ):
            continue
        own = next((evidence.leaves[p] for p in node.parents if p in evidence.leaves), "")
        module = evidence.module(node)
        sentence = (
            f"'{node.op.name}' gets a gradient of RMS {evidence.into[node].rms:.1e} and passes none on: that of "
            f"{_listed(names)} is zero for every example."
        )
        where = evidence.where(module, node.op.name)
        yield Finding("zero gradient", module, own or names[0], where, sentence, {"parameters": len(names)})


def _dead_behind(node: Node, dead: set[Node]) -> bool:
    """Whether a dead ReLU is this op, or gives it its zeros."""
    level = [node]
    for _ in range(4):
        if any(at in dead for at in level):
            return True
        level = [p for at in level for p in at.parents if p is not None]
    return False


def _listed(names: list[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


# ---- units that cannot learn


def flat(evidence: Evidence, loss: float, dead: set[Node]) -> Iterator[Finding]:
    """Dead ReLUs and saturated activations; adds to `dead` the ops all of whose units are."""
    calls: dict[tuple[str, str, str], list[Node]] = {}
    for node in evidence.order:
        if node.op is not None and node.op.name in ("relu", "sigmoid", "tanh", "softmax") and node.out is not None:
            calls.setdefault((node.op.name, evidence.module(node), evidence.fed_by(node)), []).append(node)
    last = max((user.seq for leaf in evidence.leaves for user in evidence.users.get(leaf, [])), default=0)
    for (op, module, parameter), nodes in calls.items():
        outs = [np.asarray(node.out) for node in nodes]
        if sum(out.size for out in outs) < FEW or any(out.ndim == 0 for out in outs):
            continue
        where = evidence.where(module, op)
        if op == "relu":
            share, units = _dead(outs)
            if share == 1 and any(_dead_behind(node, dead) for node in nodes):
                dead.update(nodes)  # it gets nothing but zeros from one that is dead: a consequence
                continue
            if share == 1:
                dead.update(nodes)
            if share >= MOST and units * sum(len(out) for out in outs) >= FEW:
                sentence = (
                    f"{math.floor(100 * share)} % of {units} units are zero for every example: no gradient passes them"
                    + (f"; {parameter} feeds them." if parameter else ".")
                )
                numbers = {"percent": 100 * share, "units": units}
                yield Finding("dead ReLU", module, parameter, where, sentence, numbers)
        else:
            share = float(np.mean([_saturated(op, out) for out in outs]))
            finished = (
                min(node.seq for node in nodes) > last and abs(loss) < 0.1
            )  # a classifier that is sure, and right
            if share >= MOST and not finished:
                what = (
                    "rows have one entry above 0.999" if op == "softmax" else "outputs lie where the slope is next to 0"
                )
                sentence = f"{math.floor(100 * share)} % of the {op}'s {what}" + (
                    f"; {parameter} feeds it." if parameter else "."
                )
                yield Finding("saturated", module, parameter, where, sentence, {"percent": 100 * share})


def _dead(outs: list[Any]) -> tuple[float, int]:
    """The share of units that are zero for every example in every call, and how many units there are."""
    axis = 1 if outs[0].ndim == 4 else outs[0].ndim - 1  # channels of images come second
    alive = [(out > 0).any(axis=tuple(i for i in range(out.ndim) if i != axis)) for out in outs]
    if len({a.shape for a in alive}) > 1:
        return float(np.mean([1 - a.mean() for a in alive])), alive[0].size
    return 1 - float(np.logical_or.reduce(alive).mean()), alive[0].size


def _saturated(op: str, out: Any) -> float:
    """The share of outputs where the slope is under a fiftieth of the steepest; of a softmax, of sure rows."""
    if op == "softmax":
        return 0.0 if out.shape[-1] < 2 else float((out.max(axis=-1) > 0.999).mean())
    slope = out * (1 - out) * 4 if op == "sigmoid" else 1 - out * out
    return float((slope < 0.02).mean())


def symmetric(evidence: Evidence) -> Iterator[Finding]:
    """Matrices whose rows (units) are equal and get equal gradients."""
    for name, p in evidence.parameters.items():
        g = evidence.gradients.get(name)
        if g is None or p.ndim < 2 or p.shape[0] < 2 or not np.isfinite(g).all():
            continue
        if np.any(g) and _rows_alike(p.data) and _rows_alike(g):
            module = evidence.owner(name)
            sentence = f"All {p.shape[0]} units of {name} have the same weights and get the same gradient."
            where = evidence.where(module)
            yield Finding("symmetric weights", module, name, where, sentence, {"units": p.shape[0]})


def _rows_alike(x: Any) -> bool:
    return bool(np.abs(x - x[:1]).max() <= ALIKE * np.abs(x).max())
