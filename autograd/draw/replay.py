"""The chain rule, one node after another: what came in, the local slope, what goes out, and where gradients add."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from autograd import graph
from autograd.draw import capture
from autograd.draw.capture import SMALL
from autograd.draw.dot import clean
from autograd.draw.lecture import Words, words
from autograd.draw.seen import Seen, look, shorten
from autograd.draw.slopes import agrees, mixes, slopes, tracked
from autograd.files import write
from autograd.primitive import conj
from autograd.sparse import dense
from autograd.state import GradError, no_grad
from autograd.tensor import seeded

__all__ = ["Argument", "Arrival", "Replay", "Seen", "Step", "replay"]

LIMIT = 300  # steps: nobody reads more
NAME = 40  # characters
RATE = 0.1  # of the update that a leaf's step shows


@dataclass(frozen=True, slots=True)
class Arrival:
    """A gradient that came to a node: from which step (0: the seed), how much, and the sum with it."""

    step: int
    source: str
    gradient: Seen
    total: Seen


@dataclass(frozen=True, slots=True)
class Argument:
    """One array argument of an op, and what goes back to it.

    Attributes
    ----------
    name : str
    step : int
        The step at which this argument has its turn; 0 of a constant, or where the replay ends before.
    value : Seen or None
        None where the graph no longer has it.
    constant : bool
    local : str
        What the slope is called: the derivative of the result by this argument, of complex numbers its conjugate.
    formula, filled : str
        The same where a formula is short; and with numbers put in.
    back : str
        What goes back as a formula, where that says more than the slope.
    slope : Seen or None
        The slope in numbers, element by element: in the shape of the result, or of the argument if the result is one
        number.
    jacobian : tuple of tuple
        The same where elements mix: a row for each element of the result.
    gradient : Seen or None
        What goes back; None to a constant.
    product : bool
        Whether `gradient` is what came in times `slope` (summed over axes that were broadcast) in these numbers: not
        where a zero met an infinite slope.
    shared : bool
        Whether this is one of several gradients that add at the argument.
    """

    name: str
    step: int
    value: Seen | None
    constant: bool
    local: str = ""
    formula: str = ""
    filled: str = ""
    back: str = ""
    slope: Seen | None = None
    jacobian: tuple[tuple[Any, ...], ...] = ()
    gradient: Seen | None = None
    product: bool = False
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One node's turn in the backward pass.

    Attributes
    ----------
    number : int
        From 1, the root.
    name, op : str
        `op` is "" at a leaf.
    scope : tuple of str
        The modules around it, outermost first.
    formula, filled : str
        How the value came about; and with numbers put in, where all are single.
    rule : str
        What the op does with a gradient, in words.
    value : Seen or None
    arrived : tuple of Arrival
    gradient : Seen
        Their sum: the derivative of the root by this value.
    arguments : tuple of Argument
    updated : Seen or None
        At a small leaf: its value after one step of size 0.1 downhill.
    """

    number: int
    name: str
    op: str
    scope: tuple[str, ...]
    formula: str
    filled: str
    rule: str
    value: Seen | None
    arrived: tuple[Arrival, ...]
    gradient: Seen
    arguments: tuple[Argument, ...] = ()
    updated: Seen | None = None


class Replay:
    """A backward pass to step through; shown by itself in a notebook.

    Attributes
    ----------
    steps : tuple of Step
    top : str
        What the gradients are gradients of: the root, or what `gradient=` makes of it.
    notes : tuple of str
        What is not shown, and why.
    """

    def __init__(self, steps: tuple[Step, ...], top: str, total: int, notes: tuple[str, ...]) -> None:
        self.steps = steps
        self.top = top
        self.total = total
        self.notes = notes

    @cached_property
    def text(self) -> str:
        """Every step in words and numbers."""
        from autograd.draw.replay_text import whole

        return whole(self)

    @cached_property
    def html(self) -> str:
        """One page with all it needs: the graph, a slider, each step as arithmetic. Readable with scripts off."""
        from autograd.draw.replay_page import page

        return page(self)

    @cached_property
    def json(self) -> str:
        """Everything as JSON. Numbers are exact; complex ones are [re, im]; NaN and infinities are words."""
        told = {"top": self.top, "nodes": self.total, "notes": self.notes, "steps": [asdict(s) for s in self.steps]}
        return json.dumps(_plain(told), ensure_ascii=True, allow_nan=False, indent=1) + "\n"

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page, the text or the numbers, as the suffix says: .html .txt .json.

        Raises
        ------
        ValueError
            If the suffix is none of these.
        """
        path = Path(path)
        kinds = {".html": "html", ".htm": "html", ".txt": "text", ".json": "json"}
        kind = kinds.get(path.suffix.lower())
        if kind is None:
            raise ValueError(f"cannot save a replay as '{path.name}': the suffix must be .html .txt or .json")
        return write(path, getattr(self, kind))

    def _repr_html_(self) -> str:
        return (
            '<iframe title="backpropagation, step by step" sandbox="allow-scripts" width="100%" height="700" '
            f'style="border:0" srcdoc="{escape(self.html)}"></iframe>'
        )

    def __repr__(self) -> str:
        return f"<Replay: {len(self.steps):,} of {self.total:,} steps>"

    def __str__(self) -> str:
        return self.text


def replay(loss: Any, model: Any = None, gradient: Any = None, *, limit: int = LIMIT) -> Replay:
    """Step through the backward pass of `loss`: at every node what came in, the local slope and what goes out.

    The chain rule is run from the root, with the numbers that `gradients` gives; the graph is left as it is: nothing
    is freed and no `.grad` changes. Hooks are not called.

    Parameters
    ----------
    loss : Tensor
        The root.
    model : Module, optional
        Gives parameters their names.
    gradient : array_like, optional
        The weight of each element of a root that has several.
    limit : int
        The replay ends after so many steps, and says so.

    Returns
    -------
    Replay
        With `.html`, `.text`, `.json`, `.steps` and `.save(path)`.

    Raises
    ------
    GradError
        If there is no graph, it has been freed, or the root has several elements and there is no `gradient`.
    TypeError
        If `loss` is not a Tensor.
    ValueError
        If `gradient` has another shape than `loss`, or `limit` is below 1.

    Examples
    --------
    >>> from autograd import Tensor, replay
    >>> a = Tensor(-2.0, requires_grad=True, name="a")
    >>> b = Tensor(6.0, requires_grad=True, name="b")
    >>> print(replay(a * b).text)  # doctest: +ELLIPSIS
    L = −12, and back from it in 3 steps
    ...
    """
    if not hasattr(loss, "_node"):
        raise TypeError(f"replay needs a Tensor, got {type(loss).__name__}")
    if limit < 1:
        raise ValueError(f"replay: limit is {limit}; it must be at least 1")
    if not hasattr(loss, "_data"):
        raise GradError("replay: inside vmap a tensor has no numbers to show; replay one example outside")
    root, seed = seeded(loss, gradient, False)
    found = capture.record(root, model)
    order = found.nodes[::-1]
    for node in order:
        if node.op is not None and graph._kept_args(node) is None:
            raise graph.freed(node)
    shown = order[:limit]
    around = set(shown).union(p for node in shown for p in node.parents if p is not None)
    capture.measure_values(found, around, np.asarray(loss._data))
    names, top = _names(found, loss.name, gradient is not None)
    notes = list(found.notes)
    if len(order) > limit:
        notes.append(
            f"{len(order) - limit:,} older nodes are left out: the replay ends after {limit:,} steps (limit={limit})"
        )
    hooked = sum(graph._hooks.get(node) is not None for node in order) if graph._hooks.data else 0
    if hooked:
        notes.append(f"{hooked:,} of the nodes have hooks, which were not called: backward() may give other gradients")
    run = _Run(found, shown, names, top)
    with np.errstate(all="ignore", invalid="raise"), no_grad():
        steps = tuple(run.steps(root, seed))
    return Replay(steps, top, len(order), tuple(notes))


def _names(found: capture.Record, root_name: str | None, weighted: bool) -> tuple[dict[Any, str], str]:
    """A name for every node, each another one, and one for what the gradients are gradients of."""
    names: dict[Any, str] = {}
    used: set[str] = set()

    def take(node: Any, wanted: str) -> None:
        name, again = wanted, 1
        while name in used:
            again += 1
            name = f"{wanted} ({again})"
        used.add(name)
        names[node] = name

    given = {node: told for node, name in found.names.items() if (told := shorten(name, NAME)).strip()}
    if root_name is not None and shorten(root_name, NAME).strip():
        given.setdefault(found.root, shorten(root_name, NAME))
    for node in found.nodes:
        if node in given:
            take(node, given[node])
    if not weighted and found.root not in names:
        take(found.root, "L")
    counts = {"v": 0, "x": 0}
    for node in found.nodes:
        if node in names:
            continue
        letter = "x" if node.op is None else "v"
        counts[letter] += 1
        while f"{letter}{counts[letter]}" in used:
            counts[letter] += 1
        take(node, f"{letter}{counts[letter]}")
    if not weighted:
        return names, names[found.root]
    top = "L"
    while top in used:
        top += "′"
    return names, top


class _Run:
    """The pass itself."""

    def __init__(self, found: capture.Record, shown: list[Any], names: dict[Any, str], top: str) -> None:
        self.top = top
        self.found = found
        self.shown = shown
        self.names = names
        self.number = {node: i for i, node in enumerate(shown, 1)}
        self.uses: dict[Any, int] = {}
        for node in found.nodes:
            for parent in node.parents:
                if parent is not None:
                    self.uses[parent] = self.uses.get(parent, 0) + 1

    def steps(self, root: Any, seed: Any) -> Iterator[Step]:
        pending: dict[Any, Any] = {root: seed}
        came: dict[Any, list[Arrival]] = {}
        came[root] = [Arrival(0, "", look(_outer(seed, root)), look(_outer(seed, root)))]
        shadow = False
        for node in self.shown:
            g = dense(pending.pop(node))
            arrived = tuple(came.pop(node))
            if node.op is None:
                yield self._leaf(node, g, arrived)
                continue
            if node.seq < graph.writes.last:
                graph.writes.check(node)
            shadow = shadow or node.op.selects
            args = node.args
            pulled = [dense(r) for _, r in node.op.pull(node, g, args, None, False, shadow)]
            for (_, parent), r in zip(tracked(node), pulled, strict=True):
                if parent not in self.number:
                    continue
                part = whole = look(_outer(r, parent))
                if parent in pending:
                    with np.errstate(all="ignore"):
                        pending[parent] = pending[parent] + r
                    whole = look(_outer(pending[parent], parent))
                else:
                    pending[parent] = r
                came.setdefault(parent, []).append(Arrival(self.number[node], self.names[node], part, whole))
            yield self._op(node, g, args, pulled, arrived)

    def _leaf(self, node: Any, g: Any, arrived: tuple[Arrival, ...]) -> Step:
        value = self.found.values.get(node)
        outer = _outer(g, node)
        updated = None
        if value is not None and value.size <= SMALL and (not self.found.parameters or node in self.found.parameters):
            with np.errstate(all="ignore"):
                updated = look(value - RATE * outer)
        seen = None if value is None else look(value)
        return Step(self.number[node], self.names[node], "", (), "", "", "", seen, arrived, look(outer), (), updated)

    def _value(self, parent: Any, kept: Any) -> Any:
        """An argument's value: a node's, or a constant's where the rule kept it."""
        if parent is not None:
            return self.found.values.get(parent)
        return kept if isinstance(kept, (np.ndarray, np.generic, int, float, complex)) else None

    def _local(self, node: Any, i: int, told: Words, called: list[str], values: list[Any]) -> tuple[str, str, str]:
        """The slope by argument `i`: what it is called, its formula, and this with numbers put in."""
        local = f"∂{self.names[node]}/∂{called[i]}"
        formula = told.slopes[i] if i < len(told.slopes) else ""
        if called[1:] == ["2"]:
            formula = formula.replace("^({1} − 1)", "")
        named = formula.format(*called, out=self.names[node])
        if "c" not in (node.dtype.kind, node.parents[i].dtype.kind):
            return local, named, _filled(formula, values[:-1], values[-1])
        if node.dtype.kind != "c" or not node.op.holomorphic:
            return "the slope", named, ""
        return f"conj({local})", f"conj({named})" if named and named not in ("1", "−1") else named, ""

    def _op(self, node: Any, g: Any, args: Any, pulled: list[Any], arrived: tuple[Arrival, ...]) -> Step:
        told = words(node.op, len(node.parents))
        kept = capture._arguments(node)
        kept = kept if len(kept) == len(node.parents) else (None,) * len(node.parents)
        called = _called(node, kept, self.names)
        value = self.found.values.get(node)
        with np.errstate(all="ignore"):
            found = slopes(node, args)
        flowing = dict(zip((i for i, _ in tracked(node)), pulled, strict=True))
        values = [self._value(parent, kept[i]) for i, parent in enumerate(node.parents)]
        arguments = []
        for i, parent in enumerate(node.parents):
            seen = None if values[i] is None else look(values[i])
            if parent is None:
                arguments.append(Argument(called[i], 0, seen, True))
                continue
            slope = found.get(i)
            matrix = slope is not None and slope.ndim == 2 and mixes(node)
            local, slope_formula, slope_filled = self._local(node, i, told, called, [*values, value])
            back = told.back[i] if i < len(told.back) else ""
            back = back.format(*called, out=self.names[node], g=f"d{self.top}/d{self.names[node]}")
            arguments.append(
                Argument(
                    called[i],
                    self.number.get(parent, 0),
                    seen,
                    False,
                    local,
                    slope_formula,
                    slope_filled,
                    back,
                    None if slope is None or matrix else look(conj(slope)),
                    tuple(tuple(row) for row in conj(slope).tolist()) if matrix else (),
                    look(_outer(flowing[i], parent)),
                    slope is not None and agrees(g, slope, flowing[i], matrix),
                    self.uses[parent] > 1,
                )
            )
        scope = () if node.scope is None else tuple(clean(str(label)) for label in node.scope.path())
        detail = capture.detail(node)
        formula = told.formula.replace("[index]", detail.replace("{", "{{").replace("}", "}}") or "[index]")
        filled = _filled(formula, [*values, *("…",) * 3], value) if node.size == 1 else ""
        formula = formula.format(*called, *("…",) * 3, out=self.names[node])
        if detail.startswith("axis"):
            formula += f" over {detail}"
        return Step(
            self.number[node], self.names[node], node.op.name, scope, clean(formula, 160), filled, told.rule,
            None if value is None else look(value), arrived, look(_outer(g, node)), tuple(arguments),
        )  # fmt: skip


def _called(node: Any, kept: tuple[Any, ...], names: dict[Any, str]) -> list[str]:
    """What each argument is called in a formula: its name, or a constant's number."""
    called = []
    for parent, value in zip(node.parents, kept, strict=True):
        single = isinstance(value, (int, float, complex, np.generic)) or getattr(value, "shape", None) == ()
        if parent is not None:
            called.append(names[parent])
        elif single and isinstance(value, (int, float, complex, np.generic, np.ndarray)):
            called.append(capture.format_number(np.asarray(value)[()]))
        else:
            called.append("constant")
    return called


def _filled(formula: str, arguments: list[Any], out: Any) -> str:
    """`formula` with numbers in the place of names, where all of them are single numbers."""
    values = [*arguments, out]
    if not formula or any(v is None or np.size(v) != 1 for v in values):
        return ""
    numbers = [v if isinstance(v, str) else capture.format_number(np.asarray(v).reshape(-1)[0]) for v in values]
    numbers = [f"({n})" if n.startswith("−") or "j" in n or "e" in n else n for n in numbers]
    filled = formula.format(*numbers[:-1], out=numbers[-1])
    if formula.startswith("{0} ") and numbers[0].startswith("(−") and "j" not in numbers[0]:
        return numbers[0].strip("()") + filled[len(numbers[0]) :]  # what comes first needs no brackets
    return filled


def _outer(g: Any, node: Any) -> Any:
    """A cotangent as users see it: of complex numbers the conjugate."""
    return np.conj(g) if node.dtype.kind == "c" else np.asarray(g)


def _plain(x: Any) -> Any:
    """`x` in what JSON has; it is nested no deeper than the classes above."""
    if isinstance(x, dict):
        return {key: _plain(value) for key, value in x.items()}
    if isinstance(x, (list, tuple)):
        return [_plain(value) for value in x]
    if isinstance(x, complex):
        return [_plain(x.real), _plain(x.imag)]
    if isinstance(x, float) and not math.isfinite(x):
        return "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"
    return x
