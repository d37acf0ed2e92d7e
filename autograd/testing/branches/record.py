"""What of the derivatives a run has exercised: rules by argument, keywords by branch, branches of the rules' code.

The universe is read from the declarations, so that a new op, argument or keyword is a gap until something calls it.
Nothing here is in the way of an ordinary call: rules are wrapped, and code traced, only inside `recording`.

>>> from autograd import Tensor, ops
>>> from autograd.testing.branches import recording
>>> with recording() as seen:
...     ops.max(Tensor([1.0, 2.0], requires_grad=True)).backward()
>>> print(seen.gaps(["max"])[0])
max: axis never '>= 0'
"""

from __future__ import annotations

import sys
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import CodeType, FrameType
from typing import Any, NamedTuple

import numpy as np

from autograd import GradError, Tensor, grad, gradients, vmap
from autograd.graph import Variable, push
from autograd.primitive import composites, table
from autograd.testing.branches.rulecode import Edge, described, edges_of, original, prefixes_of, refuses, rule_codes
from autograd.testing.branches.universe import branch_of, branches_of

__all__ = ["Gap", "Seen", "exercise", "recording"]


class Gap(NamedTuple):
    """Something of an op's derivative that was never exercised."""

    op: str
    what: str

    def __str__(self) -> str:
        return f"{self.op}: {self.what}"


def _arguments(name: str) -> tuple[str, ...]:
    """The array arguments that have a rule which does not only refuse."""
    op = table.get(name)
    return tuple(op.names[i] for n, i in enumerate(op.positions) if not refuses(name, n)) if op is not None else ()


class Seen:
    """What was exercised while it was recorded.

    Attributes
    ----------
    rules : dict
        How often the rule of (op, argument) ran.
    branches : set
        Each (op, parameter, branch) with which a rule or a function made of ops ran.
    edges : dict
        For each code object of a rule and of its helpers, the branches that it took.
    """

    def __init__(self) -> None:
        self.rules: dict[tuple[str, str], int] = defaultdict(int)
        self.branches: set[tuple[str, str, str]] = set()
        self.edges: dict[CodeType, set[Edge]] = {}

    def _universe(self, names: Iterable[str]) -> Iterator[tuple[Gap, bool]]:
        told: set[CodeType] = set()  # code that ops share counts once
        for name in names:
            for argument in _arguments(name):
                yield Gap(name, f"the rule of '{argument}' never ran"), (name, argument) in self.rules
            for parameter, branches in branches_of(name).items():
                for branch in branches:
                    yield Gap(name, f"{parameter} never '{branch}'"), (name, parameter, branch) in self.branches
            for code in rule_codes(name):
                if code in told:
                    continue
                told.add(code)
                taken = self.edges.get(code)
                yield Gap(name, f"{described(code)} never ran"), taken is not None
                for edge in edges_of(code):
                    yield Gap(name, f"{described(code, edge)}"), edge in (taken or ())

    def gaps(self, names: Iterable[str] | None = None) -> list[Gap]:
        """What was never exercised, of the ops `names`; of all without it."""
        return [gap for gap, seen in self._universe(_all(names)) if not seen]

    def percent(self, names: Iterable[str] | None = None) -> float:
        """How much of the universe was exercised, in percent."""
        found = [seen for _, seen in self._universe(_all(names))]
        return 100.0 * sum(found) / len(found) if found else 100.0

    def table(self, names: Iterable[str] | None = None) -> str:
        """A line for each op, and one for all: how many of its branches were exercised, and in percent."""
        counts: dict[str, list[bool]] = {name: [] for name in _all(names)}
        for gap, seen in self._universe(list(counts)):
            counts[gap.op].append(seen)
        width = max((len(name) for name in counts), default=0) + 2
        lines = [_line(name, found, width) for name, found in counts.items() if found]
        return "\n".join([*lines, _line("all", [seen for found in counts.values() for seen in found], width)])


def _all(names: Iterable[str] | None) -> list[str]:
    return sorted({*table, *composites}) if names is None else list(names)


def _line(name: str, found: list[bool], width: int) -> str:
    return f"{name:{width}}{sum(found):5} of {len(found):5}{100.0 * sum(found) / max(1, len(found)):8.1f} %"


class _Recorder:
    """Wrapped rules and a trace function that write into `seen`."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.inside = 0  # a rule: what it calls is not what somebody called
        self.codes = {code for name in _all(None) for code in rule_codes(name)}
        self.functions = {original(name).__code__: name for name in composites}

    def rule(self, name: str, arguments: tuple[str, ...], run: Callable[..., Any]) -> Callable[..., Any]:
        op, full = table[name], composites.get(name)
        # a function of two ways goes straight to the op where the keywords that only the longer one has are left out
        defaults = dict(zip(full.names, full.defaults, strict=True)) if full is not None else {}
        left_out = {
            (name, p, branch)
            for p, d in defaults.items()
            if p not in op.names and (branch := branch_of(name, p, d)) is not None
        }

        def noted(g: Any, out: Any, args: Any, *i: Any) -> Any:
            for argument in arguments:
                if op.variadic or args[op.names.index(argument)] is not None or not op.joint:
                    self.seen.rules[name, argument] += 1
            for parameter, value in zip(op.names, args, strict=True):
                self.note(name, parameter, value)
            self.seen.branches.update(left_out)
            self.inside += 1
            try:
                return run(g, out, args, *i)
            finally:
                self.inside -= 1

        noted.__wrapped__ = run  # type: ignore[attr-defined]
        return noted

    def note(self, name: str, parameter: str, value: Any) -> None:
        branch = branch_of(name, parameter, value)
        if branch is not None:
            self.seen.branches.add((name, parameter, branch))

    def trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        """What `sys.settrace` calls for every function."""
        code = frame.f_code
        if code in self.codes:
            return self.edges(frame) if self.inside else None
        name = self.functions.get(code)
        if name is not None and not self.inside and _tracked(frame.f_locals.values()):
            for parameter in composites[name].names:
                if parameter in frame.f_locals:
                    self.note(name, parameter, frame.f_locals[parameter])
        return None

    def edges(self, frame: FrameType) -> Any:
        taken = self.seen.edges.setdefault(frame.f_code, set())
        branching = {edge.at for edge in edges_of(frame.f_code)}
        if not branching:
            return None
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        prefixed, last = prefixes_of(frame.f_code), -1

        def local(frame: FrameType, event: str, arg: Any) -> Any:
            nonlocal last
            if event == "opcode":
                at = prefixed.get(frame.f_lasti, frame.f_lasti)
                if last in branching and at != last:
                    taken.add(Edge(last, at))
                last = at
            return local

        return local


def _tracked(values: Iterable[Any]) -> bool:
    """Whether a gradient is asked for somewhere among `values`."""
    for value in values:
        if isinstance(value, Variable):
            if getattr(value, "_node", None) is not None:
                return True
        elif type(value) in (list, tuple) and _tracked(value):
            return True
    return False


@contextmanager
def recording() -> Iterator[Seen]:
    """Note which rules run inside, with which keywords, and which branches of their code.

    Yields
    ------
    Seen
        What was exercised: `gaps()`, `table()` and `percent()` tell.

    Notes
    -----
    Rules are noted in every thread, code in the one that records. While it records, a debugger's trace function rests.

    >>> from autograd import Tensor, ops
    >>> with recording() as seen:
    ...     ops.sin(Tensor(1.0, requires_grad=True)).backward()
    >>> seen.percent(["sin"]), seen.gaps(["sin"])
    (100.0, [])
    """
    seen = Seen()
    recorder = _Recorder(seen)
    before = sys.gettrace()
    kept = {name: op.rules for name, op in table.items()}
    for name, op in table.items():
        arguments = tuple(op.names[i] for i in op.positions)
        op.rules = tuple(
            recorder.rule(name, arguments if op.joint or op.variadic else (argument,), run)
            for argument, run in zip(arguments, op.rules, strict=True)
        )
    sys.settrace(recorder.trace)
    try:
        yield seen
    finally:
        sys.settrace(before)
        for name, rules in kept.items():
            table[name].rules = rules


def exercise(apply: Callable[..., Any], *arrays: Any) -> None:
    """Run the derivatives of `apply` at `arrays` in every way that its rules tell apart.

    Backward on bare arrays and recorded, forward, inside `vmap`; each argument alone and all together; in double and
    single precision and, where the op takes them, of complex numbers. What is refused is no matter here: others judge
    values, this only runs.
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _differentiated(apply, arrays)
        for i in range(len(arrays) if len(arrays) > 1 else 0):
            _differentiated(apply, arrays, only=i)
        for change in (_single, _complex):
            with suppress(*REFUSED):
                _differentiated(apply, [change(a) for a in arrays])
        with suppress(*REFUSED):
            vmap(grad(lambda *a: np.real(apply(*a)).sum(), tuple(range(len(arrays)))))(
                *(np.stack([a, a]) for a in arrays)
            )


REFUSED = (TypeError, ValueError, IndexError, GradError, np.linalg.LinAlgError)


def _single(a: Any) -> Any:
    return np.asarray(a, np.float32)


def _complex(a: Any) -> Any:
    return a + 0.3j * np.cos(np.arange(a.size)).reshape(a.shape)


def _differentiated(apply: Callable[..., Any], arrays: Any, only: int | None = None) -> None:
    leaves = [Tensor(a, requires_grad=True) for a in arrays]
    out = apply(*(leaf if only in (None, i) else a for i, (leaf, a) in enumerate(zip(leaves, arrays, strict=True))))
    if getattr(out, "_node", None) is None:
        return
    wanted: list[Any] = leaves if only is None else [leaves[only]]
    ones = np.ones(out.shape, out.dtype)
    seed = Tensor(ones, requires_grad=True)
    for cotangent in (ones, ones * 0):
        gradients(out, wanted, gradient=cotangent, retain_graph=True)
    recorded = gradients(out, wanted, gradient=seed, create_graph=True)
    with suppress(*REFUSED):  # a point may have a first derivative only
        again: Any = sum(np.real(g).sum() for g in recorded if g is not None)
        gradients(again, [seed, *wanted], create_graph=True)
    push({t._node: np.ones(t.shape, t.dtype) for t in wanted}, [out._node])
