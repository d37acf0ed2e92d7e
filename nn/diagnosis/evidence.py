"""What a graph and a model tell: which module an op belongs to, what flows back through it, which values it had."""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd import GradError
from autograd.graph import Node, propagate, topological
from nn.flows.statistics import Measure, measure
from nn.module import Module

_OPERATORS: dict[str, tuple[type[ast.AST], ...]] = {
    "add": (ast.Add,),
    "subtract": (ast.Sub,),
    "multiply": (ast.Mult,),
    "divide": (ast.Div,),
    "true_divide": (ast.Div,),
    "power": (ast.Pow,),
    "square": (ast.Pow,),
    "matmul": (ast.MatMult,),
    "negative": (ast.USub,),
    "getitem": (ast.Subscript,),
}


class Evidence:
    """A graph, the model that made it, and one backward pass through it that changes nothing.

    Attributes
    ----------
    order : list of Node
        Oldest first.
    into : dict of Node to Measure
        Of the whole gradient that arrives at a node.
    parts : list of (Node, list of (Node, Measure))
        In the order of the backward pass, what each op sends to each of its parents.
    parameters : dict of str to Tensor
        Those that ask for a gradient.
    leaves : dict of Node to str
        The names of those that the loss depends on.
    gradients : dict of str to array
        Of these.
    """

    def __init__(self, root: Node, seed: Any, model: Module) -> None:
        self.root, self.model = root, model
        self.order = sorted(topological([root]), key=lambda node: node.seq)
        if any(node.op is not None and node.args is None for node in self.order):
            raise GradError(
                "diagnose: the graph of this loss was freed by backward(); diagnose first, or pass retain_graph=True"
            )
        self.modules = dict(model.named_modules())
        self.parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
        names = {id(p): name for name, p in self.parameters.items()}
        self.leaves = {
            node: names[id(node.ref())] for node in self.order if node.op is None and id(node.ref()) in names
        }
        self.users: dict[Node, list[Node]] = {}
        for node in self.order:
            for parent in node.parents:
                if parent is not None:
                    self.users.setdefault(parent, []).append(node)
        self.into: dict[Node, Measure] = {}
        self.parts: list[tuple[Node, list[tuple[Node, Measure]]]] = []
        self._paths: dict[Any, str] = {}
        self._backward(seed)

    def _backward(self, seed: Any) -> None:
        handles = []
        for node in self.order:
            handles.append(node.register_prehook(functools.partial(self._arrive, node)))
            if node.op is not None:
                handles.append(node.register_hook(functools.partial(self._send, node)))
        try:
            found = propagate({self.root: seed}, retain_graph=True)
            self.gradients = {name: np.asarray(found[leaf]) for leaf, name in self.leaves.items() if leaf in found}
        finally:
            for handle in handles:
                handle.remove()

    def _arrive(self, node: Node, g: Any) -> None:
        seen = measure(g)
        if seen is not None:
            self.into[node] = seen

    def _send(self, node: Node, sent: list[Any], g: Any) -> None:
        parents = [parent for parent in node.parents if parent is not None]
        looked = [(parent, measure(r)) for parent, r in zip(parents, sent)]
        self.parts.append((node, [(parent, seen) for parent, seen in looked if seen is not None]))

    # ------------------------------------------------------------------ modules
    def module(self, node: Node) -> str:
        """The name of the module in whose forward a node was recorded."""
        scope = node.scope
        if scope not in self._paths:
            self._paths[scope] = self._find(() if scope is None else scope.path())
        return self._paths[scope]

    def _find(self, labels: tuple[str, ...]) -> str:
        keys = [label.rpartition(": ")[0] for label in labels]
        while keys:
            start = next((i for i, key in enumerate(keys) if key), len(keys))
            name = ".".join(keys[start:])
            if name in self.modules:
                return name
            ends = [known for known in self.modules if name and known.endswith(f".{name}")]
            if len(ends) == 1:
                return ends[0]
            keys.pop()
        return ""

    def owner(self, parameter: str) -> str:
        """The name of the module that holds a parameter."""
        return parameter.rpartition(".")[0]

    def fed_by(self, node: Node) -> str:
        """The parameter nearest before a node: that of the layer which feeds it."""
        level: list[Node] = [node]
        for _ in range(5):
            level = [parent for at in level for parent in at.parents if parent is not None]
            for parent in level:
                if parent in self.leaves:
                    return self.leaves[parent]
        return ""

    # ------------------------------------------------------------------ values
    def values(self) -> Iterator[tuple[Node, Any]]:
        """Every node's value, oldest first; None where it was not kept and cannot be computed again."""
        known: dict[Node, Any] = {}
        for node in self.order:
            if node.op is not None:
                for parent, arg in zip(node.parents, arguments(node)):
                    if parent is not None and isinstance(arg, (np.ndarray, np.generic)) and arg.shape == parent.shape:
                        known[parent] = arg
        for node in self.order:
            value = node.value()
            if value is None:
                value = known.get(node)
            if value is None and node.op is not None:
                value = _again(node, known)
            if value is not None:
                known[node] = value
            yield node, value

    # ------------------------------------------------------------------ source
    def where(self, module: str, op: str = "") -> str:
        """File and line of an op in a module's forward, or of the forward where it cannot be told.

        For a layer of this package, the line of the user's forward that calls it, where there is one.
        """
        if not module and built_in(self.model):
            return ""  # made outside of every module
        name, attribute = module, ""
        while name and built_in(self.modules[name]):
            name, _, attribute = name.rpartition(".")
            outer = self.modules[name]
            if not built_in(outer) and mentions(outer, frozenset({attribute})):
                return source(outer, functools.partial(lines_of, names=frozenset({attribute})))
        return source(self.modules[module], lambda tree: _uses(tree, op))


def built_in(module: Module) -> bool:
    """Whether a module's class is one of this package, not the user's."""
    return type(module).__module__.partition(".")[0] == __name__.partition(".")[0]


def arguments(node: Node) -> tuple[Any, ...]:
    """What was kept of the array arguments, one entry per parent."""
    if node.args is None or node.op is None:
        return ()
    if node.op.variadic:
        kept = node.args[node.op.positions[0]]
        return tuple(kept) if isinstance(kept, (tuple, list)) else ()
    return tuple(node.args[i] if i < len(node.args) else None for i in node.op.positions)


def _again(node: Node, known: dict[Node, Any]) -> Any:
    arrays = [arg if parent is None else known.get(parent) for parent, arg in zip(node.parents, arguments(node))]
    if len(arrays) != len(node.parents) or any(
        not isinstance(a, (np.ndarray, np.generic, int, float, complex)) for a in arrays
    ):
        return None
    args = list(node.args or ())
    if node.op.variadic:
        args[node.op.positions[0]] = tuple(arrays)
    else:
        for i, value in zip(node.op.positions, arrays):
            args[i] = value
    try:
        with np.errstate(all="ignore"):
            value = np.asarray(node.op.forward(*args))
    except Exception:  # an op that needs more than was kept
        return None
    return value if value.shape == node.shape else None


def source(module: Module, find: Callable[[ast.AST], list[int]]) -> str:
    """File and line in a module's forward where `find` finds something; else the forward's first line."""
    try:
        function = inspect.unwrap(type(module).forward)
        lines, start = inspect.getsourcelines(function)
        file = inspect.getsourcefile(function)
    except (OSError, TypeError):
        return f"class {type(module).__module__}.{type(module).__qualname__}"
    found = _parsed("".join(lines), find)
    return f"{file}:{start + (found[0] - 1 if found else 0)}"


def mentions(module: Module, names: frozenset[str]) -> bool:
    """Whether a module's forward says one of `names`."""
    try:
        return bool(_parsed(inspect.getsource(type(module).forward), lambda tree: lines_of(tree, names)))
    except (OSError, TypeError):
        return False


def _parsed(text: str, find: Callable[[ast.AST], list[int]]) -> list[int]:
    try:
        return find(ast.parse(textwrap.dedent(text)))
    except SyntaxError:  # a lambda in the middle of an expression
        return []


def lines_of(tree: ast.AST, names: frozenset[str]) -> list[int]:
    """The lines on which one of `names` is used as a function or an attribute."""
    found = [at.lineno for at in ast.walk(tree) if isinstance(at, ast.Attribute) and at.attr in names]
    return sorted(found + [at.lineno for at in ast.walk(tree) if isinstance(at, ast.Name) and at.id in names])


def _uses(tree: ast.AST, op: str) -> list[int]:
    found = lines_of(tree, frozenset({op})) if op else []
    for at in ast.walk(tree):
        sign = getattr(at, "op", at)
        if isinstance(sign, _OPERATORS.get(op, ())) and isinstance(at, ast.expr):
            found.append(at.lineno)
    return sorted(found)
