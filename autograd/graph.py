"""The graph: its nodes, their order, and the passes through it. Nothing here knows an op.

A `Variable` is a value with, perhaps, a `Node`; a node says which op made the value and from which nodes. Nodes are
numbered as they are made, so sorting by number is a topological order and nothing ever recurses.

Inside the pass, a cotangent is the transpose convention's (no conjugates), so one rule serves real and complex numbers;
what users see of a complex tensor is its conjugate, the direction of steepest ascent.
"""

from __future__ import annotations

import contextlib
import itertools
import operator
import threading
import weakref
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import numpy as np

from autograd.sparse import dense
from autograd.state import GradError, Pass, Recording, Scope, mode, state

ticks = itertools.count(1)  # one clock for nodes and for writes: a write after a node has a larger number


class Node:
    """One recorded op (or a leaf, whose `op` is None): what a gradient flows through.

    Attributes
    ----------
    seq : int
        Order of creation.
    op : Op or None
        The op's declaration; None for a leaf.
    parents : tuple of (Node or None)
        One entry per array argument; None where that argument is a constant.
    args, out : tuple or None, array or None
        What the rules need of the arguments and the result. `args` is None once the graph has been freed.
    shape, dtype
        Of the value that this node stands for.
    scope : Scope or None
    """

    __slots__ = ("seq", "op", "parents", "args", "out", "shape", "dtype", "scope", "name", "ref", "__weakref__")

    seq: int
    op: Any
    parents: tuple[Node | None, ...]
    args: tuple[Any, ...] | None
    out: Any
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    scope: Scope | None
    name: str | None
    ref: Callable[[], Variable | None]

    @classmethod
    def leaf(cls, variable: Variable, name: str | None = None) -> Node:
        """The node of a tensor that asks for a gradient. It refers back weakly: no cycles."""
        node = cls()
        node.seq = next(ticks)
        node.op = None
        node.parents = ()
        node.args = ()
        node.out = None
        value: Any = variable
        node.shape = value.shape
        node.dtype = value.dtype
        node.scope = None
        node.name = name
        node.ref = weakref.ref(variable)
        return node

    def register_hook(self, hook: Callable[[list[Any], Any], list[Any] | None]) -> Handle:
        """Call `hook(cotangents of the parents, cotangent of the result)` in every backward pass through this node.

        A list that it returns takes the place of the first. Cotangents are those of the transpose convention (of real
        numbers, the gradients); a parent that needs none has None.
        """
        return _add_hook(self, "after", hook)

    def register_prehook(self, hook: Callable[[Any], Any]) -> Handle:
        """Call `hook(cotangent of the result)` before the node's rules run; a result that is not None replaces it."""
        return _add_hook(self, "before", hook)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        size = 1
        for n in self.shape:
            size *= n
        return size

    def value(self) -> Any:
        """The array that this node stands for, or None where it is no longer (or was never) kept."""
        if self.op is None:
            variable = self.ref()
            return None if variable is None else variable._data
        return self.out

    def __repr__(self) -> str:
        what = "leaf" if self.op is None else self.op.name
        return f"<Node {self.seq} {self.name or what} {self.dtype}{list(self.shape)}>"


_kept_args: Any = Node.__dict__["args"].__get__  # what a node holds, without unpacking it: see autograd.saving
scalar_dtypes = {np.dtype(c).type: np.dtype(c) for c in "fdFD"}


class Hooks:
    """The hooks of one node."""

    __slots__ = ("before", "after")

    def __init__(self) -> None:
        self.before: dict[int, Callable[..., Any]] = {}
        self.after: dict[int, Callable[..., Any]] = {}


class Handle:
    """Takes a hook away again: `handle.remove()`."""

    def __init__(self, place: dict[int, Any], key: int) -> None:
        self._place = place
        self._key = key

    def remove(self) -> None:
        """Take the hook away; a second call does nothing."""
        self._place.pop(self._key, None)


_hooks: Any = weakref.WeakKeyDictionary()


def _add_hook(node: Node, when: str, hook: Callable[..., Any]) -> Handle:
    if not callable(hook):
        raise TypeError(f"a hook is a function, not {type(hook).__name__}")
    place: dict[int, Any] = getattr(_hooks.setdefault(node, Hooks()), when)
    key = next(ticks)
    place[key] = hook
    return Handle(place, key)


def _run_before(hooks: Hooks, g: Any) -> Any:
    g = dense(g)
    for hook in list(hooks.before.values()):
        new = hook(g)
        g = g if new is None else new
    return g


def _run_after(hooks: Hooks, node: Node, pulled: Iterable[tuple[Node, Any]], g: Any) -> list[tuple[Node, Any]]:
    pairs = [(parent, dense(r)) for parent, r in pulled]
    for hook in list(hooks.after.values()):
        new = hook([r for _, r in pairs], g)
        if new is not None:
            if len(new) != len(pairs):
                raise GradError(f"a hook of '{node.op.name}' returned {len(new)} cotangents, it was given {len(pairs)}")
            pairs = [(parent, r) for (parent, _), r in zip(pairs, new, strict=True)]
    return pairs


class Variable:
    """A value and its place in the graph: the part of a Tensor that the graph needs to know.

    `_view` and `_views` are there only where memory is shared: the Tensor whose memory this one shows and how, and
    the Tensors that show this one's.
    """

    __slots__ = ("_data", "_node", "_grad", "_label", "_view", "_views", "__weakref__")

    _data: Any
    _node: Node | None
    _grad: Any
    _label: str | None
    _view: tuple[Variable, tuple[Any, ...]] | None
    _views: list[weakref.ref[Variable]]
    _lent = False  # whether somebody outside may write into the memory


def topological(roots: Iterable[Node]) -> list[Node]:
    """Every node that `roots` depend on, each before all that it was made from."""
    seen: set[Node | None] = {None, *roots}
    stack = [node for node in seen if node is not None]
    order = []  # as they are found: nearly in order already, which a sort makes use of
    while stack:
        node = stack.pop()
        order.append(node)
        for parent in node.parents:
            if parent not in seen:
                seen.add(parent)
                stack.append(parent)  # type: ignore[arg-type]
    order.sort(key=operator.attrgetter("seq"), reverse=True)
    return order


def _leading_to(order: list[Node], targets: Collection[Node]) -> set[Node]:
    """The nodes of `order` whose value depends on a target, targets included."""
    useful: set[Node] = set()
    for node in reversed(order):
        if node in targets or any(parent in useful for parent in node.parents):
            useful.add(node)
    return useful


def propagate(
    seeds: Mapping[Node, Any],
    keep: Collection[Node] | None = None,
    *,
    retain_graph: bool = False,
    create_graph: bool = False,
) -> dict[Node, Any]:
    """Run the chain rule backward from `seeds` and return the cotangents of `keep` (of every leaf by default).

    With `create_graph` cotangents are Tensors and the rules are themselves recorded; otherwise they are bare arrays.
    """
    order = topological(seeds)
    useful = None if keep is None else _leading_to(order, keep)
    pending: dict[Node, Any] = dict(seeds)
    owned: set[Node] = set()  # cotangents that this pass made by adding: nobody else holds them
    result: dict[Node, Any] = {}
    shadow = False  # past an op that drops values, a zero cotangent may meet a NaN: see Op.pull
    if not (retain_graph or create_graph) and None in map(_kept_args, order):
        for node in order:
            if _kept_args(node) is None and (useful is None or node in useful):
                raise freed(node)
    now = state.get()
    watch = now.watch
    bare = watch is None and not create_graph
    scoped: Any = contextlib.nullcontext()
    if create_graph:  # pictures tell derivatives from what they are derivatives of
        scoped = mode(scope=Pass(1 + max([getattr(node.scope, "order", 0) for node in order]), now.scope))
    hooked = _hooks.data  # the dictionary beneath: its truth costs no call
    # A NaN born inside a rule raises: that is how zero times infinity is noticed without looking at every array.
    with scoped, np.errstate(all="ignore", invalid="raise"), Recording(create_graph):
        for node in order:
            g = pending.pop(node, None)
            if g is None or (useful is not None and node not in useful):
                continue
            hooks = _hooks.get(node) if hooked else None
            if hooks is not None:
                g = _run_before(hooks, g)
            op = node.op
            if op is None:
                if keep is None or node in keep:
                    result[node] = g
                continue
            if keep is not None and node in keep:
                result[node] = g
            args = node.args
            if args is None:
                raise freed(node)
            if node.seq < writes.last:
                writes.check(node)
            shadow = shadow or op.selects
            if bare and hooks is None and op.plain and not (shadow and op.elementwise):
                out = node.out  # what most nodes need, and no more: the hot loop of `backward`
                rules = op.rules
                for i, parent in enumerate(node.parents):
                    if parent is None or (useful is not None and parent not in useful):
                        continue
                    try:
                        r = rules[i](g, out, args)
                    except FloatingPointError:
                        r = op.quietly(i, g, out, args)
                    dtype = scalar_dtypes.get(r.__class__)  # of a scalar: quicker than to ask it
                    other = parent.shape or dtype is not parent.dtype
                    if other and (r.shape != parent.shape or r.dtype is not parent.dtype):
                        r = op.fit(r, parent)
                    if parent in pending:
                        _add_to(pending, owned, parent, r)
                    else:
                        pending[parent] = r
                if not retain_graph:
                    node.args = node.out = None
                continue
            pulled = op.pull(node, g, args, useful, create_graph, shadow)
            if hooks is not None and hooks.after:
                pulled = _run_after(hooks, node, pulled, g)
            for parent, r in pulled:
                if watch is not None:
                    watch(node, parent, r)
                if parent in pending:
                    _add_to(pending, None if create_graph else owned, parent, r)
                else:
                    pending[parent] = r
            if not (retain_graph or create_graph):
                node.args = node.out = None
    return result


def _add_to(pending: dict[Node, Any], owned: set[Node] | None, parent: Node, r: Any) -> None:
    """Add a cotangent to the one that `parent` has; in place where that is a sum made here, by the nodes in `owned`."""
    before = pending[parent]
    inplace = owned is not None and parent in owned and type(before) is np.ndarray
    try:
        if inplace:
            before += r
        else:
            pending[parent] = before + r
    except FloatingPointError:  # infinities of both signs: the sum is NaN, and in place already written
        if not inplace:
            with np.errstate(all="ignore"):
                pending[parent] = before + r
    if owned is not None:
        owned.add(parent)


def push(tangents: Mapping[Node, Any], outputs: Collection[Node], *, create_graph: bool = False) -> dict[Node, Any]:
    """Run the chain rule forward: the tangents of `outputs`, given those of some nodes that they depend on.

    A node that depends on none of these has no entry. The graph stays as it is.
    """
    moving: dict[Node, Any] = dict(tangents)
    with np.errstate(all="ignore"), Recording(create_graph):
        for node in reversed(topological(outputs)):
            if node in moving or node.op is None:
                continue
            steps = [None if parent is None else moving.get(parent) for parent in node.parents]
            if all(step is None for step in steps):
                continue
            args = node.args
            if args is None:
                raise freed(node)
            if node.seq < writes.last:
                writes.check(node)
            moving[node] = node.op.push(node, steps, args, create_graph)
    return {node: moving[node] for node in outputs if node in moving}


def freed(node: Node) -> GradError:
    """The error for a node whose saved values are gone."""
    return GradError(
        f"backward through '{node.op.name}' a second time: the first pass freed what it had saved. "
        "Pass retain_graph=True to the first backward, or compute the value again."
    )


class _Writes:
    """Which arrays were written in place, and when. Costs one comparison per node while nobody writes."""

    def __init__(self) -> None:
        self.last = 0
        self._stamps: dict[int, tuple[int, Any]] = {}

    def stamp(self, array: Any) -> None:
        """Note that the storage of `array` is being written now."""
        base = storage(array)
        key = id(base)
        self._stamps[key] = (next(ticks), weakref.ref(base, lambda _: self._stamps.pop(key, None)))
        self.last = self._stamps[key][0]

    def check(self, node: Node) -> None:
        """Raise if an array that `node` needs was written after the node was recorded."""
        args = node.args or ()
        for array in (*(args[0] if node.op.variadic and args[0] else ()), *args, node.out):
            if isinstance(array, np.ndarray):
                base = storage(array)
                stamp, ref = self._stamps.get(id(base), (0, None))
                if stamp > node.seq and ref is not None and ref() is base:
                    raise GradError(
                        f"an array of shape {array.shape} that the gradient of '{node.op.name}' needs was written in "
                        "place after the op had read it. Compute the value again after the write, or write to a copy."
                    )


def storage(array: Any) -> Any:
    """The array that owns the memory of `array`."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


writes = _Writes()
_leaf_lock = threading.Lock()  # two threads may add to the same leaf


def accumulate(cotangents: Mapping[Node, Any], finish: Callable[[Any, Any], Any]) -> None:
    """Add each leaf's gradient to its `.grad`, all of them or (on an error before this point) none."""
    with _leaf_lock:
        for node, g in cotangents.items():
            variable = node.ref()
            if variable is not None:
                variable._grad = finish(g, variable._grad)
