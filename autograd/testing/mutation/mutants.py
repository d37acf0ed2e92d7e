"""All mutants of the table: every rule of every op, and what only rules call, each with one small mistake."""

from __future__ import annotations

import ast
import contextlib
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from autograd.op import Op, table
from autograd.testing.mutation.calls import PACKAGE, called_by_rules_alone, reach
from autograd.testing.mutation.operators import Change, Site, changes, first_slice
from autograd.testing.mutation.source import code_of, function_of, identity, tree_of


@dataclass(frozen=True, eq=False)
class Use:
    """Where a function is a rule: of which op, of which of its array arguments (a joint rule: of all)."""

    op: Op
    index: int
    function: types.FunctionType

    @property
    def parameter(self) -> str:
        return self.op.names[self.op.positions[self.index]]


@dataclass(eq=False)
class Origin:
    """A function of the source that is mutated: a rule, a helper that only rules reach, or both.

    A function that is made several times, by a function around it, is one origin with several objects.
    """

    functions: list[types.FunctionType]
    uses: list[Use] = field(default_factory=list)
    called: bool = False  # by other rules, by name
    ops: list[Op] = field(default_factory=list)  # whose rules are or reach it

    @property
    def first(self) -> Any:
        return self.functions[0]


@dataclass(frozen=True, eq=False)
class Mutant:
    """One mistake in one function.

    Attributes
    ----------
    key : str
        The same in every run, until the text of what was changed changes.
    ops : tuple of str
        The ops whose rules have the mistake while it is installed.
    parameter : str
        The argument whose gradient is wrong; "" of a joint rule and of a helper.
    operator : str
        The kind of mistake.
    family, function, file, line
        Where in the source.
    before, after : str
        The statement (of a lambda, its whole body) without and with the mistake.
    """

    key: str
    ops: tuple[str, ...]
    parameter: str
    operator: str
    family: str
    function: str
    file: str
    line: int
    before: str
    after: str
    code: types.CodeType
    injected: dict[str, Any]
    fitting: bool
    origin: Origin

    def __str__(self) -> str:
        what = f"{self.ops[0]}" + (f" by {self.parameter}" if self.parameter else f", {self.function}")
        return f"{self.family}.py:{self.line}: {what}: {self.operator}: {self.before} -> {self.after}"

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """The engine with this mistake, inside a `with` block."""
        with contextlib.ExitStack() as undo:
            if self.fitting:
                undo.enter_context(_first_slices(self.origin.uses))
            else:
                for use in self.origin.uses:
                    made = function_of(self.code, use.function, self.injected)
                    undo.enter_context(_with_rule(use, use.op._compile(made)[0]))
                for f in self.origin.functions if self.origin.called else ():
                    undo.callback(_recode, f, f.__code__, f.__kwdefaults__)
                    _recode(f, self.code, {**(f.__kwdefaults__ or {}), **self.injected} or None)
            yield


def _recode(f: Any, code: types.CodeType, defaults: dict[str, Any] | None) -> None:
    """Other code in the same function object, so that whoever holds it runs that."""
    f.__code__, f.__kwdefaults__ = code, defaults


@contextlib.contextmanager
def _with_rule(use: Use, rule: Any) -> Iterator[None]:
    """An op with another rule for one argument, or another joint rule; of the same parameters, so it needs the same."""
    op, before = use.op, use.op.rules
    op.rules = tuple(rule if op.joint or i == use.index else old for i, old in enumerate(before))
    try:
        yield
    finally:
        op.rules = before


@contextlib.contextmanager
def _first_slices(uses: list[Use]) -> Iterator[None]:
    """The engine takes the first slice of what `uses` gave, where it would sum over broadcast axes."""
    last: list[Use | None] = [None]  # the rule that ran last: what is fitted next is its result
    right = Op._fit

    def fit(op: Op, r: Any, parent: Any) -> Any:
        use = last[0]
        return right(op, first_slice(r, parent.shape) if use and use.op is op else r, parent)

    def noting(rule: Any, use: Use | None) -> Any:
        def noted(*args: Any) -> Any:
            last[0] = use
            return rule(*args)

        return noted

    by_op: dict[str, list[Use]] = {}
    for use in uses:
        by_op.setdefault(use.op.name, []).append(use)
    with contextlib.ExitStack() as undo:
        for same in by_op.values():
            op = same[0].op
            for i, rule in enumerate(op.rules):
                mine = next((u for u in same if u.index == i), None)
                undo.enter_context(_with_rule(Use(op, i, same[0].function), noting(rule, mine)))
        undo.enter_context(mock.patch.object(Op, "_fit", fit))
        yield


def rule_of(op: Op, index: int) -> Any:
    """The function that was declared as the rule of an op's array argument."""
    compiled: Any = op.rules[index]
    return compiled.__closure__[0].cell_contents


def origins(ops: Iterable[str] | None = None) -> list[Origin]:
    """The functions to mutate: of all ops of the table, or of those named."""
    by_code: dict[int, Origin] = {}
    reached: dict[types.FunctionType, list[Op]] = {}
    wanted = set(table if ops is None else ops)
    for op in table.values():
        for i in range(1 if op.joint else len(op.positions)):
            rule = rule_of(op, i)
            if not isinstance(rule, types.FunctionType):
                continue
            origin = by_code.setdefault(id(rule.__code__), Origin([]))
            if rule not in origin.functions:
                origin.functions.append(rule)
            origin.uses.append(Use(op, i, rule))
            if op not in origin.ops:
                origin.ops.append(op)
            for f in reach(rule):
                there = reached.setdefault(f, [])
                if op not in there:
                    there.append(op)
    alone = called_by_rules_alone(set(reached), [o.first for o in by_code.values()])
    for f, callers in reached.items():
        if f not in alone:
            continue
        origin = by_code.setdefault(id(f.__code__), Origin([f]))
        if f in origin.functions:
            origin.called = True
            origin.ops += [op for op in callers if op not in origin.ops]
    return [o for o in by_code.values() if any(op.name in wanted for op in o.ops)]


def mutants(ops: Iterable[str] | None = None) -> list[Mutant]:
    """Every mutant of the rules of the table, or of the ops named.

    Each differs from the function it was made of, and from the others, by what it compiles to.

    Examples
    --------
    >>> from autograd.testing.mutation import mutants
    >>> for m in mutants(["cos"]):
    ...     print(f"{m.operator}: {m.after}")
    the cotangent itself: g
    result negated: -(-g * np.sin(x))
    single precision: single(-g * np.sin(x))
    sign flipped: g * np.sin(x)
    factor dropped: -g
    factor dropped: np.sin(x)
    sibling function: -g * np.cos(x)
    """
    wanted = None if ops is None else set(ops)
    return [m for origin in origins(wanted) for m in _of(origin, wanted)]


def _of(origin: Origin, wanted: set[str] | None) -> Iterator[Mutant]:
    function = origin.first
    tree = tree_of(function)
    if tree is None:
        return
    use = origin.uses[0] if origin.uses else None
    op = use.op if use else origin.ops[0]
    arrays = {op.names[i] for i in op.positions}
    site = Site(
        tree,
        rule=use is not None,
        parameter=use.parameter if use and not op.joint else "",
        results=len(op.positions) if op.joint and not op.variadic else 0,
        joint=op.joint,
        broadcasts=any(u.op.elementwise and len(u.op.positions) > 1 for u in origin.uses),
        settings={
            n: d for n, d in zip(op.names, op.defaults, strict=False) if n not in arrays | {"out"} and n[0] != "_"
        }
        if use
        else {},
    )
    free = function.__code__.co_freevars
    file = function.__code__.co_filename
    seen = {identity(code_of(tree, free, file))}
    keys: dict[str, int] = {}
    family = function.__module__.removeprefix(PACKAGE + ".")
    name = function.__qualname__.replace(".<locals>", "").replace("<lambda>", f"{op.name}.{site.parameter}")
    ordered = sorted(origin.ops, key=lambda o: wanted is not None and o.name not in wanted)
    for change in changes(site):
        try:
            code = code_of(change.tree, free, file)
        except (SyntaxError, ValueError):  # what cannot be written is no mistake that anybody makes
            continue
        if identity(code) in seen or (origin.called and len(code.co_freevars) != len(free)):
            continue
        seen.add(identity(code))
        before, after = _texts(tree, change)
        key = f"{family}.{name}: {change.operator}: {before} -> {after}"
        keys[key] = keys.get(key, 0) + 1
        yield Mutant(
            key=key if keys[key] == 1 else f"{key} #{keys[key]}",
            ops=tuple(o.name for o in ordered),
            parameter=site.parameter,
            operator=change.operator,
            family=family,
            function=name,
            file=file,
            line=getattr(change.old, "lineno", tree.lineno),
            before=before,
            after=after,
            code=code,
            injected=change.injected,
            fitting=change.fitting,
            origin=origin,
        )


def _texts(tree: Any, change: Change) -> tuple[str, str]:
    """What stood there and what stands there now, with as much around it as makes a statement."""
    if isinstance(tree, ast.Lambda):
        return ast.unparse(tree.body), ast.unparse(_placed(change.tree).body)
    pairs = [(tree.body, _placed(change.tree).body)]
    while pairs:
        old, new = pairs.pop()
        if len(old) != len(new):
            break
        differing = [(a, b) for a, b in zip(old, new, strict=True) if ast.dump(a) != ast.dump(b)]
        if len(differing) != 1:
            break
        a, b = differing[0]
        bodies = [n for n in ("body", "orelse") if hasattr(a, n) and hasattr(b, n) and isinstance(getattr(a, n), list)]
        inner = [(getattr(a, n), getattr(b, n)) for n in bodies if ast.dump(_listed(a, n)) != ast.dump(_listed(b, n))]
        if type(a) is type(b) and len(inner) == 1 and _head(a) == _head(b):
            pairs.append(inner[0])
            continue
        return _head(a), _head(b)
    before, after = ast.unparse(change.old), ast.unparse(_placed(change.new))
    return (before if before != after else "the whole body"), after


def _placed(node: Any) -> Any:
    return ast.fix_missing_locations(node)


def _listed(node: Any, name: str) -> ast.Module:
    return ast.Module(getattr(node, name), [])


def _head(node: Any) -> str:
    """A statement's text, of a compound one the first line."""
    return ast.unparse(_placed(node)).split("\n")[0] if hasattr(node, "body") else ast.unparse(_placed(node))
