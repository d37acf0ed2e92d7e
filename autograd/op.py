"""Op: one entry of the table, and how its rules run in a backward pass."""

from __future__ import annotations

import functools
import inspect
import itertools
import math
from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple

import numpy as np

from autograd.graph import Node, Variable, propagate
from autograd.state import GradError, enable_grad, state

Rule = Callable[..., Any]


class Domain(NamedTuple):
    """Where an argument may lie: the open interval (low, high) without the points `avoid`."""

    low: float = -np.inf
    high: float = np.inf
    avoid: tuple[float, ...] = ()


REAL = Domain()
POSITIVE = Domain(low=0.0)
NONZERO = Domain(avoid=(0.0,))
UNIT = Domain(-1.0, 1.0)
ABOVE_ONE = Domain(low=1.0)
table: dict[str, Op] = {}  # every op by name
composites: dict[str, Declared] = {}  # every differentiable function that is made of ops, by name
tensor: Any = None  # the class that results are wrapped in; tensor.py gives it, standing above
_store: Any = None


def adopt(tensor_class: type, store: Callable[[Any, Any], Any]) -> None:
    """Wrap results in `tensor_class` from now on; `store(out, result)` is what `out=` does with a Tensor."""
    global tensor, _store
    tensor, _store = tensor_class, store


_lift: Any = None  # how a value is tracked inside `vmap`; batching.py gives it


def adopt_levels(lift: Callable[[Any, Node | None, int], Any]) -> None:
    """Let `lift(data, node, level)` make the tracked values of a level of `vmap`; without a node, a leaf."""
    global _lift
    _lift = lift


def standing(data: Any, node: Node) -> Any:
    """`data` where `node` stands in its graph."""
    level = getattr(node, "level", 0)
    return _lift(data, node, level) if level else wrap(data, node)


def new_leaf(data: Any) -> Any:
    """`data` as something to differentiate with respect to, here and now."""
    level = state.get().level
    if level:
        return _lift(data, None, level)
    leaf = wrap(data)
    leaf._node = Node.leaf(leaf)
    return leaf


def store(out: Any, result: Any) -> Any:
    """Write `result` into the Tensor `out` and return it: what `out=` asks for."""
    return _store(out, result)


def wrap(data: Any, node: Node | None = None) -> Any:
    """A Tensor around `data` without a copy."""
    made = tensor.__new__(tensor)
    made._data = data
    made._node = node
    made._grad = None
    return made


class Declared:
    """A differentiable function under its name: an op of the table, or one made of ops.

    Attributes
    ----------
    name, doc : str
    names, defaults : tuple
        The parameters of the function that was declared.
    numpy : callable or None
        NumPy's function of the same meaning. Calls then follow its signature: its order, and its names as well as ours.
    domain : dict
        Where each array argument may lie.
    kink : str
        What it is where it has no derivative: "smooth", "elementwise", "convex", "concave", "selection" or "jump".
    """

    __slots__ = ("name", "doc", "names", "defaults", "numpy", "domain", "kink", "function", "_order", "_aliases")

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        names: tuple[str, ...] | None,
        numpy: Any,
        domain: dict[str, Domain],
        kink: str,
    ) -> None:
        parameters = {} if names else inspect.signature(forward).parameters
        self.name = name
        self.doc = inspect.getdoc(forward) or ""
        self.names = names or tuple(parameters)
        self.defaults = tuple(p.default for p in parameters.values())
        self.numpy = numpy
        self.domain = domain
        self.kink = kink
        self.function: Callable[..., Any] = forward
        self._order: tuple[str, ...] | None = None
        self._aliases: dict[str, str] = {}

    def order(self) -> tuple[str, ...]:
        """The parameters that may be given by position, in NumPy's order where it has this function.

        Where NumPy calls a parameter otherwise (`a` for `x`), the place in the order decides which it is.
        """
        if self._order is None:
            self._read_numpys_signature()
        return self._order or self.names

    def alias(self, key: str) -> str:
        """Our name of the parameter that NumPy calls `key`."""
        if self._order is None:
            self._read_numpys_signature()
        return self._aliases.get(key, key)

    def _read_numpys_signature(self) -> None:
        """Once, at the first call that needs it: reading a signature is slow."""
        try:
            theirs = list(inspect.signature(self.numpy).parameters.values())
        except (TypeError, ValueError):  # none, or a function in C that does not tell
            theirs = []
        named = {p.name for p in theirs}
        places = [p for p in theirs if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        order = []
        for p, ours in itertools.zip_longest(places, self.names):
            if p is not None:
                alike = ours is not None and p.name not in self.names and ours not in named
                order.append(ours if alike else p.name)
        self._order = tuple(order)
        self._aliases = {p.name: ours for p, ours in zip(places, order, strict=True) if p.name not in self.names}


class Op(Declared):
    """One entry of the table, with the attributes of `Declared` and these.

    Attributes
    ----------
    positions : tuple of int
        Which of them are differentiable arrays.
    rules : tuple
        For each of these, a function of (g, out, args); or one joint function that gives them all.
    plain : bool
        One rule for each array argument: neither joint nor variadic.
    variadic : bool
        The single array parameter is a sequence of arrays and its rule takes the index `i` as well.
    elementwise : bool
        NumPy broadcasting holds, and so does: a zero cotangent times any slope is zero.
    selects : bool
        The op may drop some of its argument's elements, so that their cotangents are exact zeros.
    linear : str
        "" (not), "all" (in its array arguments together: a sum, a reshape) or "each" (in each alone: a product). The
        forward derivative is then the op itself.
    holomorphic : bool
        An elementwise op whose derivative at complex numbers is a factor; else its rule is no forward derivative there.
    view : bool
        The result may share its argument's memory, so that a write into one is seen in the other.
    batch : callable, str or None
        How `vmap` runs the op on a whole batch: see `autograd.transforms.vmap`. None: an example at a time.
    call : callable
        The op on values in the order of `names`.
    """

    __slots__ = (
        "forward", "positions", "rules", "joint", "plain", "variadic", "elementwise", "selects", "linear",
        "holomorphic", "view", "batch", "call", "_needs", "_plans",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        rules: dict[str, Rule],
        *,
        names: tuple[str, ...] | None = None,
        joint: Rule | None = None,
        arrays: tuple[str, ...] | None = None,
        variadic: bool = False,
        elementwise: bool = False,
        selects: bool = False,
        linear: str = "",
        holomorphic: bool = True,
        view: bool = False,
        batch: Any = None,
        numpy: Any = None,
        domain: dict[str, Domain] | None = None,
        kink: str = "smooth",
        listed: bool = True,
    ) -> None:
        if listed and name in table:
            raise ValueError(f"an op called '{name}' is declared already")
        arrays = arrays or tuple(rules)
        super().__init__(name, forward, names, numpy, {n: (domain or {}).get(n, REAL) for n in arrays}, kink)
        self.forward = forward
        self.positions = tuple(self.names.index(n) for n in arrays)
        self.variadic = variadic
        self.elementwise = elementwise
        self.selects = selects
        self.linear = linear
        self.holomorphic = holomorphic
        self.view = view
        self.batch = batch
        self.joint = joint is not None
        self.plain = joint is None and not variadic
        declared = [joint] * len(arrays) if joint is not None else [rules[n] for n in arrays]
        compiled = [self._compile(rule) for rule in declared]
        self.rules = tuple(call for call, _ in compiled)
        self._needs = tuple(needs for _, needs in compiled)
        self._plans: dict[int, tuple[tuple[int, ...], bool]] = {}
        self.call: Callable[..., Any] = forward
        if listed:
            table[name] = self

    def _compile(self, rule: Rule) -> tuple[Rule, frozenset[str]]:
        """`rule`, called by its parameters' names, as a function of (g, out, args); and these names."""
        code = getattr(rule, "__code__", None)  # quicker than inspect.signature, which counts at import
        wanted = code.co_varnames[: code.co_argcount] if code is not None else tuple(inspect.signature(rule).parameters)
        terms = ["g"]
        for name in wanted[1:]:
            base = name.removesuffix("_like")
            if name == "out" or (name == "i" and self.variadic):
                terms.append(name)
            elif base in self.names:
                terms.append(f"args[{self.names.index(base)}]")
            else:
                raise TypeError(f"a rule of '{self.name}' asks for '{name}', which is none of {self.names} nor 'out'")
        head = "g, out, args, i" if self.variadic and not self.joint else "g, out, args"
        make = _caller(f"lambda rule: lambda {head}: rule({', '.join(terms)})")
        return make(rule), frozenset(wanted[1:])

    def plan(self, mask: int) -> tuple[tuple[int, ...], bool]:
        """What the graph keeps when the arguments of `mask` need gradients.

        Per parameter 0 (nothing), 1 (all of it) or 2 (a stand-in with shape and dtype); and whether to keep the result.
        """
        plan = self._plans.get(mask)
        if plan is None:
            needs: set[str] = set()
            for bit, need in enumerate(self._needs):
                if self.variadic or mask >> bit & 1:
                    needs |= need
            arrays = {self.names[i] for i in self.positions}
            how = tuple(
                1 if n in needs or n not in arrays else 2 if n + "_like" in needs or self.linear == "all" else 0
                for n in self.names
            )
            plan = self._plans[mask] = (how, "out" in needs)
        return plan

    def pull(
        self, node: Node, g: Any, args: tuple[Any, ...], useful: Collection[Node] | None, graph: bool, shadow: bool
    ) -> Iterator[tuple[Node, Any]]:
        """The cotangents of the node's parents, given `g`, the node's own."""
        out = node.out
        if graph:
            args, out = self._tracked(node, args, out)
        together: Any = None
        for i, parent in enumerate(node.parents):
            if parent is None or (useful is not None and parent not in useful):
                continue
            born = False
            try:
                if self.joint:
                    together = self.rules[0](g, out, args) if together is None else together
                    r = together[i]
                elif self.variadic:
                    r = self.rules[0](g, out, args, i)
                else:
                    r = self.rules[i](g, out, args)
            except FloatingPointError:  # a NaN was born: compute it again quietly, then look at it
                with np.errstate(all="ignore"):
                    if self.joint:
                        together = self.rules[0](g, out, args)
                        r = together[i]
                    else:
                        r = self.rules[0](g, out, args, i) if self.variadic else self.rules[i](g, out, args)
                born = True
            if self.elementwise and (born or shadow):
                r = _zero_stays_zero(g, r)
            if r.shape != parent.shape or r.dtype != parent.dtype:
                r = self.fit(r, parent)
            yield parent, r

    def quietly(self, i: int, g: Any, out: Any, args: tuple[Any, ...]) -> Any:
        """A rule of a plain op run again where a NaN was born in it, without complaint; zero stays zero."""
        with np.errstate(all="ignore"):
            r = self.rules[i](g, out, args)
        return _zero_stays_zero(g, r) if self.elementwise else r

    def fit(self, r: Any, parent: Node) -> Any:
        """A cotangent in its tensor's shape and dtype."""
        try:
            return self._fit(r, parent)
        except FloatingPointError:  # infinities of both signs meet in the sum over broadcast axes
            with np.errstate(all="ignore"):
                return self._fit(r, parent)

    def push(self, node: Node, steps: list[Any], args: tuple[Any, ...], graph: bool) -> Any:
        """The tangent of the node's value, given those of its parents (None: zero)."""
        out = node.out
        if graph:
            args, out = self._tracked(node, args, out)
        if self.elementwise and (self.holomorphic or node.dtype.kind != "c"):
            parts = [_wide(self._slope(i, t, out, args), node) for i, t in enumerate(steps) if t is not None]
        elif self.linear == "all":
            parts = [self._apply(self._instead(node, args, steps))]
        elif self.linear == "each":
            parts = [self._apply(self._instead(node, args, [t], i)) for i, t in enumerate(steps) if t is not None]
        else:
            return self._transposed(node, steps, out, args, graph)
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total if total.dtype == node.dtype else _as_dtype(total, node.dtype)

    def _slope(self, i: int, t: Any, out: Any, args: tuple[Any, ...]) -> Any:
        """An elementwise rule is its own forward derivative: a slope times what moves."""
        r = self.rules[0](t, out, args)[i] if self.joint else self.rules[i](t, out, args)
        return _zero_stays_zero(t, r)

    def _instead(self, node: Node, args: tuple[Any, ...], steps: list[Any], only: int | None = None) -> list[Any]:
        """The arguments with tangents in the place of the arrays: of all, zero where None; or `only` of one."""
        values = list(args)
        given = list(args[self.positions[0]]) if self.variadic else [args[i] for i in self.positions]
        if only is None:
            given = [
                t if t is not None else None if a is None else np.zeros(a.shape, a.dtype)
                for t, a in zip(steps, given, strict=True)
            ]
        else:
            given[only] = steps[0]
        if self.variadic:
            values[self.positions[0]] = tuple(given)
        else:
            for i, v in zip(self.positions, given, strict=True):
                values[i] = v
        return values

    def _apply(self, values: list[Any]) -> Any:
        arrays = values[self.positions[0]] if self.variadic else values
        if any(isinstance(v, Variable) for v in arrays):
            return self.call(values)
        return self.forward(*values)

    def _transposed(self, node: Node, steps: list[Any], out: Any, args: tuple[Any, ...], graph: bool) -> Any:
        """The forward derivative of any op: its rules are linear in the cotangent; their own transpose pushes."""
        seed = new_leaf(np.ones(node.shape, node.dtype))
        if not graph:
            args, out = self._constants(args), None if out is None else wrap(out)
        seeds: dict[Node, Any] = {}
        with enable_grad():
            found: Any = self.rules[0](seed, out, args) if self.joint else None
            for i, (t, parent) in enumerate(zip(steps, node.parents, strict=True)):
                if t is None or parent is None:
                    continue
                if self.variadic and not self.joint:
                    r = self.rules[0](seed, out, args, i)
                else:
                    r = found[i] if self.joint else self.rules[i](seed, out, args)
                if r.shape != parent.shape or r.dtype != parent.dtype:
                    r = self._fit(r, parent)
                if r._node is not None:
                    seeds[r._node] = seeds[r._node] + t if r._node in seeds else t
        pushed = propagate(seeds, {seed._node}, create_graph=graph).get(seed._node) if seeds else None
        if pushed is None:
            return np.zeros(node.shape, node.dtype)
        return pushed if pushed.dtype == node.dtype else _as_dtype(pushed, node.dtype)

    def _constants(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        values = list(args)
        if self.variadic:
            first = self.positions[0]
            values[first] = tuple(_constant(a) for a in args[first]) if args[first] else args[first]
        else:
            for i in self.positions:
                values[i] = _constant(values[i])
        return tuple(values)

    def _tracked(self, node: Node, args: tuple[Any, ...], out: Any) -> tuple[tuple[Any, ...], Any]:
        """The saved values as Tensors that stand where they stood in the graph."""
        if self.variadic:
            inner = tuple(_track(a, p) for a, p in zip(args[0], node.parents, strict=True)) if args[0] else args[0]
            tracked = (inner, *args[1:])
        else:
            listed = list(args)
            for position, parent in zip(self.positions, node.parents, strict=True):
                listed[position] = _track(listed[position], parent)
            tracked = tuple(listed)
        return tracked, None if out is None else standing(out, node)

    def _fit(self, r: Any, parent: Node) -> Any:
        """Give a cotangent its tensor's shape (summing over broadcast axes) and dtype."""
        if r.shape != parent.shape:
            if not self.elementwise:
                raise GradError(
                    f"the derivative of '{self.name}' gave shape {r.shape} for an argument of shape {parent.shape}: "
                    "the rule is wrong"
                )
            r = unbroadcast(r, parent.shape)
        return r if r.dtype == parent.dtype else _as_dtype(r, parent.dtype)


@functools.cache
def _caller(source: str) -> Callable[[Rule], Rule]:
    """What calls a rule with the values that it names; few sources serve all rules."""
    make: Callable[[Rule], Rule] = eval(source)
    return make


class Like(NamedTuple):
    """Shape and dtype of a constant whose values no rule needs."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)


def _constant(arg: Any) -> Any:
    return wrap(arg) if isinstance(arg, (np.ndarray, np.generic)) else arg


def _as_dtype(r: Any, dtype: np.dtype[Any]) -> Any:
    return (r.real if r.dtype.kind == "c" and dtype.kind != "c" else r).astype(dtype)


def _wide(r: Any, node: Node) -> Any:
    """A tangent in its node's shape: that of an argument that was broadcast is broadcast too."""
    return r if r.shape == node.shape else np.broadcast_to(r, node.shape)


def _track(arg: Any, parent: Node | None) -> Any:
    return arg if arg is None or parent is None or isinstance(arg, Node) else standing(arg, parent)


def _zero_stays_zero(g: Any, r: Any) -> Any:
    """`r` with zeros where the cotangent was zero, so that an untaken branch cannot poison the gradient."""
    values = getattr(r, "_data", None) if isinstance(r, Variable) else r
    if values is None or np.isnan(values).any():  # a batch inside vmap has no values to look at
        seed = getattr(g, "_data", g) if isinstance(g, Variable) else g
        r = np.where(seed == 0, r.dtype.type(0), r)
    return r


def conj(x: Any) -> Any:
    """The conjugate of `x`; real numbers as they are, which costs and records nothing."""
    return np.conj(x) if x.dtype.kind == "c" else x


def unbroadcast(r: Any, shape: tuple[int, ...]) -> Any:
    """Sum `r` over the axes along which an array of `shape` was broadcast."""
    extra = r.ndim - len(shape)
    if extra > 0:
        r = r.sum(axis=tuple(range(extra)))
    if r.shape != shape:
        stretched = tuple(i for i, n in enumerate(shape) if n == 1 and r.shape[i] != 1)
        r = r.sum(axis=stretched, keepdims=True) if stretched else r
        r = np.broadcast_to(r, shape) if r.shape != shape else r
    return r
