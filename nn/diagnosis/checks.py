"""What to look for in a network that does not learn."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograd import Tensor
from autograd.graph import Node
from autograd.tensor import seeded
from nn.diagnosis import sizes as size
from nn.diagnosis.evidence import Evidence, arguments, built_in, lines_of, mentions, source
from nn.diagnosis.finding import Finding, Findings
from nn.flows.snapshot import stepped
from nn.flows.statistics import measure
from nn.flows.watch import Watch
from nn.module import Module
from nn.optim import Optimizer

FAST, SLOW = 0.3, 1e-6  # median update / weight of a step: beyond, the learning rate is at fault
CUTS = frozenset(  # what passes no gradient on
    {
        "detach",
        "no_grad",
        "stop_gradient",
        "data",
        "numpy",
        "round",
        "rint",
        "floor",
        "ceil",
        "sign",
        "argmax",
        "argmin",
    }
)


def diagnose(loss: Tensor, model: Module, optimizer: Optimizer | None = None) -> Findings:
    """Say what keeps a network from learning: each finding with module, source line and remedy, the gravest first.

    The graph of `loss` is read and one backward pass run through it; no `.grad` changes and nothing is freed.

    Parameters
    ----------
    loss : Tensor
        As the model has made it; call before `backward()`.
    model : Module
    optimizer : Optimizer, optional
        The step that it would take is tried and taken back, to judge the learning rate.

    Returns
    -------
    Findings
        A list, empty for a healthy network; `print` it.

    Raises
    ------
    TypeError
        If `loss` is no Tensor.
    GradError
        If the graph of `loss` has been freed.

    Examples
    --------
    >>> import numpy as np
    >>> import nn
    >>> rng = np.random.default_rng(0)
    >>> layers = [layer for _ in range(12) for layer in (nn.Linear(16, 16, rng=rng), nn.Sigmoid())]
    >>> model = nn.Sequential(*layers)
    >>> x = rng.standard_normal((32, 16)).astype(np.float32)
    >>> found = nn.diagnose((model(x) ** 2).mean(), model)
    >>> found[0].kind, found[0].module
    ('vanishing gradient', '0')
    """
    if not isinstance(loss, Tensor):
        raise TypeError(f"diagnose needs the loss as a Tensor, got {type(loss).__name__}")
    found = Findings()
    if not loss.requires_grad:
        sentence = "The loss does not depend on any parameter that asks for a gradient."
        found.append(Finding("no graph", "", "", _cut(model, list(model.named_modules())), sentence))
        return found
    if loss.size != 1:
        sentence = f"The loss has shape {loss.shape}; a gradient needs one number."
        found.append(Finding("not a scalar", "", "", "", sentence, {"elements": loss.size}))
    node, seed = seeded(loss, np.full(loss.shape, 1 / max(loss.size, 1)), False)
    evidence = Evidence(node, seed, model)
    value = float(np.mean(np.abs(loss.data))) if loss.size else 0.0
    broken = list(_not_finite(evidence, value))
    found += broken
    found += _unreached(evidence)
    found += _labels(evidence)
    if not broken:
        sizes, dead = size.sizes_of(evidence), set[Node]()
        found += size.exploding(evidence, sizes, value)
        found += size.flat(evidence, value, dead)
        found += size.zero(evidence, dead) if value else []  # at a loss of zero there is nothing to learn
        found += size.vanishing(evidence, sizes)
        found += size.symmetric(evidence)
        found += _rate(evidence, optimizer)
    return found.ordered()


# ---- NaN and infinity


def _not_finite(evidence: Evidence, loss: float) -> Iterator[Finding]:
    """Where the first NaN or infinity comes from: in the values, or else in the gradients."""
    for name, p in evidence.parameters.items():
        seen = measure(p.data)
        if seen is not None and not seen.finite:
            module = evidence.owner(name)
            sentence = f"The parameter itself holds {seen.nan} NaN and {seen.infinite} infinities."
            numbers = {"nan": seen.nan, "infinite": seen.infinite}
            yield Finding("not finite forward", module, name, evidence.where(module), sentence, numbers)
            return
    if not math.isfinite(loss):
        node, sentence = _origin(evidence)
        yield _at(evidence, node, "not finite forward", sentence, {"loss": loss})
        return
    for node, parts in evidence.parts:
        seen = evidence.into.get(node)
        wrong = [part for _, part in parts if not part.finite]
        if wrong and (seen is None or seen.finite):
            what = "NaN" if wrong[0].nan else "infinite"
            sentence = (
                f"All values are finite, but '{node.op.name}' gets a finite gradient and sends back one that is {what} "
                f"in {wrong[0].nan + wrong[0].infinite} of {wrong[0].count} elements."
            )
            numbers = {"nan": wrong[0].nan, "infinite": wrong[0].infinite}
            yield _at(evidence, node, "not finite backward", sentence, numbers)
            return


def _at(evidence: Evidence, node: Node, kind: str, sentence: str, numbers: Mapping[str, float]) -> Finding:
    module = evidence.module(node)
    parameter = next((evidence.leaves[p] for p in node.parents if p in evidence.leaves), "")
    return Finding(kind, module, parameter, evidence.where(module, node.op.name if node.op else ""), sentence, numbers)


def _origin(evidence: Evidence) -> tuple[Node, str]:
    """The op that made the first NaN, or the infinity that led to it; and what it did."""
    infinite: set[Node] = set()
    known: dict[Node, bool] = {}  # whether the value of a node is finite
    overflow: Node | None = None
    for node, value in evidence.values():
        seen = measure(value) if value is not None else None
        constants = [measure(a) for a, p in zip(arguments(node), node.parents) if p is None and _array(a)]
        given = next((c for c in constants if c is not None and c.nan), None)
        if given is not None:
            return node, f"'{node.op.name}' is given an array with {given.nan} NaN: it came from outside the model."
        if seen is None:
            continue
        known[node] = seen.finite
        sound = all(p is None or known.get(p, False) for p in node.parents)
        masked = any(c is not None and c.infinite for c in constants)
        if seen.infinite and node.op is not None and sound and not masked and not seen.nan:
            infinite.add(node)
            overflow = overflow or node
        if seen.nan:
            if overflow is not None and overflow in _behind(node):
                break
            born = _unseen(node, known)
            return born, f"'{born.op.name}' makes {seen.nan} NaN out of {seen.count} elements."
    if overflow is not None:
        return overflow, f"'{overflow.op.name}' makes an infinity out of finite numbers; the loss follows."
    return evidence.root, f"'{evidence.root.op.name}' makes a value that is not finite."


def _array(x: Any) -> bool:
    return isinstance(x, (np.ndarray, np.generic))


def _behind(node: Node) -> set[Node]:
    stack, seen = [node], {node}
    while stack:
        fresh = [p for p in stack.pop().parents if p is not None and p not in seen]
        seen.update(fresh)
        stack += fresh
    return seen


def _unseen(node: Node, known: dict[Node, bool]) -> Node:
    """The op whose unkept constant brought the NaN of `node`, where values in between were not kept; else `node`."""
    stack, seen = [node], {node}
    while stack:
        at = stack.pop()
        kept = arguments(at)
        if at is not node and any(p is None and not _array(a) for a, p in zip(kept or (None,) * 9, at.parents)):
            return at
        fresh = [p for p in at.parents if p is not None and p.op is not None and p not in known and p not in seen]
        seen.update(fresh)
        stack += fresh
    return node


# ---- parameters that the loss does not reach


def _unreached(evidence: Evidence) -> Iterator[Finding]:
    reached = set(evidence.leaves.values())
    owners = list(dict.fromkeys(evidence.owner(name) for name in evidence.parameters))
    lost = {owner: [n for n in evidence.parameters if evidence.owner(n) == owner] for owner in owners}
    run: list[str] = []
    last = max((i for i, owner in enumerate(owners) if any(name in reached for name in lost[owner])), default=-1)
    for i, owner in enumerate([*owners, None]):
        if owner is not None and not any(name in reached for name in lost[owner]):
            run.append(owner)
            continue
        if run:
            names = [name for module in run for name in lost[module]]
            yield _disconnected(evidence, run, names, run[0] == owners[0], i - 1 < last)
            run = []
        for name in lost.get(owner, []) if owner is not None else []:
            if name not in reached:
                sentence = f"{name} had no part in this loss; other parameters of its module had."
                where = evidence.where(owner or "")
                yield Finding("unused parameter", owner or "", name, where, sentence)


def _disconnected(evidence: Evidence, run: list[str], names: list[str], first: bool, before: bool) -> Finding:
    """Modules one after the other that the loss does not reach: cut off at the last one, or never called.

    Only where they stand `before` one that it does reach can something on the way have cut them off.
    """
    places = list(evidence.modules)
    start = places.index(run[-1])
    after = []
    for name in places[start + 1 :]:
        if any(parameter.startswith(f"{name}.") for parameter in evidence.leaves.values()):
            break
        after.append(name)
    around = [name for name in places if name == "" or run[-1] == name or run[-1].startswith(f"{name}.")]
    module, where = run[-1], ""
    for name in [*after, *reversed(around)] if before else []:
        part = evidence.modules[name]
        if not built_in(part) and mentions(part, CUTS):
            module = name if name in after else module
            where = source(part, lambda tree: lines_of(tree, CUTS))
            break
    told = f"{len(names)} parameter{'s' * (len(names) > 1)} ({names[0]}" + (f" to {names[-1]})" if names[1:] else ")")
    cut = bool(where) or first
    why = "this line passes no gradient on." if where else "was the module called, and its result used?"
    return Finding(
        "disconnected" if cut else "unused parameter",
        module,
        names[-1],
        where or evidence.where(module),
        f"The loss does not depend on {told}: {why}",
        {"parameters": len(names)},
    )


def _cut(model: Module, modules: list[tuple[str, Module]]) -> str:
    """The line on which something in the model is cut off from the graph, or ""."""
    for _, module in modules:
        if not built_in(module) and mentions(module, CUTS):
            return source(module, lambda tree: lines_of(tree, CUTS))
    return ""


# ---- labels and the learning rate


def _labels(evidence: Evidence) -> Iterator[Finding]:
    """Negative class numbers in scores[arange(n), labels]: NumPy counts them from the end."""
    for node in evidence.order:
        if node.op is None or node.op.name != "getitem" or node.args is None:
            continue
        index = node.args[node.op.names.index("index")]
        if not isinstance(index, tuple) or len(index) != 2 or not all(isinstance(i, np.ndarray) for i in index):
            continue
        rows, labels = index
        counted = rows.ndim == 1 and rows.dtype.kind in "iu" and np.array_equal(rows, np.arange(rows.size))
        if counted and labels.dtype.kind == "i" and labels.size and labels.min() < 0:
            wrong = int((labels < 0).sum())
            sentence = (
                f"{wrong} of {labels.size} labels are negative (the least is {labels.min()}): NumPy reads them as the "
                "last classes."
            )
            yield _at(evidence, node, "suspicious labels", sentence, {"negative": wrong})


def _rate(evidence: Evidence, optimizer: Optimizer | None) -> Iterator[Finding]:
    """Whether a step would move the weights by a sensible share of their size."""
    if optimizer is None:
        return
    held = {id(p) for p in optimizer.parameters()}
    names = [name for name, p in evidence.parameters.items() if id(p) in held and name in evidence.gradients]
    before = {name: evidence.parameters[name].grad for name in names}
    try:
        for name in names:
            evidence.parameters[name].grad = evidence.gradients[name]
        watch = Watch(evidence.model)
        with stepped(optimizer) as old:
            watch.see_updates({name: old[id(evidence.parameters[name])] for name in names})
    finally:
        for name, g in before.items():
            evidence.parameters[name].grad = g
    ratios = {
        name: moved.rms / rms
        for name, (moved, rms) in watch.updates().items()
        if moved is not None and rms and evidence.parameters[name].ndim >= 2
    }
    if not ratios:
        return
    middle = float(np.median(list(ratios.values())))
    worst = max(ratios, key=ratios.__getitem__) if middle > FAST else min(ratios, key=ratios.__getitem__)
    if middle > FAST or not math.isfinite(middle) or middle < SLOW:
        kind = "learning rate too low" if middle < SLOW else "learning rate too high"
        sentence = (
            f"The next step changes a weight by {middle:.1e} of its size (median over matrices; {worst}: "
            f"{ratios[worst]:.1e}); 1e-3 is usual."
        )
        yield Finding(kind, "", worst, "", sentence, {"ratio": middle})
