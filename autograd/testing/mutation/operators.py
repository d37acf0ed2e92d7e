"""What can be wrong in a rule: each operator turns a piece of a rule's tree into the pieces that a mistake would leave.

An operator of `pieces` sees one node and where it stands; it yields what replaces it. One of `wholes` sees the rule's
results. Every mutation is one small change, of the kind that people make: a term or a factor forgotten, a sign,
operands in the wrong order, an axis off by one, a guard at zero or at a tie left out, a conjugate or a transpose
missed.
"""

from __future__ import annotations

import ast
import copy
import inspect
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from autograd.testing.mutation.source import Function, replaced

ORDERED = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult)
NEIGHBOURS: dict[type, type] = {
    ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
AXIS_WORDS = {"axis", "axes", "axis1", "axis2", "source", "destination"}
AXIS_CALLS = {
    "swapaxes", "moveaxis", "expand_dims", "squeeze", "flip", "concatenate", "stack", "cumsum", "cumprod", "sum",
    "mean", "roll", "take_along_axis", "repeat",
}  # fmt: skip
CONJUGATES = {"conj", "conjugate"}
TRANSPOSES = {
    "swapaxes", "transpose", "matrix_transpose", "moveaxis", "permute_dims", "flip", "transposed", "adjoint", "_t",
    "_h",
}  # fmt: skip
UNSUMMED = "sum over broadcast axes dropped"
TRANSPOSED = {"T", "mT"}
SIBLINGS = {
    "sin": "cos", "cos": "sin", "sinh": "cosh", "cosh": "sinh", "log": "log1p", "log1p": "log", "exp": "expm1",
    "floor": "ceil", "ceil": "floor", "maximum": "minimum", "minimum": "maximum", "tril": "triu", "triu": "tril",
    "any": "all", "all": "any", "min": "max", "max": "min", "ones_like": "zeros_like", "zeros_like": "ones_like",
    "fft": "ifft", "ifft": "fft", "sqrt": "square", "argmin": "argmax", "argmax": "argmin",
}  # fmt: skip


class Place(NamedTuple):
    """Where a node stands: in an argument that counts axes, or in a new shape."""

    axis: bool = False
    shape: bool = False


class Site(NamedTuple):
    """What an operator may know of the function that it changes."""

    tree: Function
    rule: bool  # else a helper of rules
    parameter: str  # the argument whose cotangent it gives; "" of a joint rule
    results: int  # how many cotangents a joint rule gives, 0 where it is not joint or they vary
    joint: bool
    broadcasts: bool
    settings: dict[str, Any]  # parameters that are no arrays, with their defaults


class Change(NamedTuple):
    """One mutation: the operator's name, the whole new tree, the node that was changed and what stands there now."""

    operator: str
    tree: Function
    old: ast.AST
    new: ast.AST
    injected: dict[str, Any]  # names that the new tree takes as keyword-only arguments, and their values
    fitting: bool = False  # the mistake is not in the rule, but in how its result gets its argument's shape


pieces: dict[str, list[Callable[[Any, Place], Iterator[ast.AST]]]] = {}
wholes: list[tuple[Callable[[Site], Iterator[Change]], bool]] = []  # and whether a helper of rules has it too


def _piece(name: str) -> Callable[[Any], Any]:
    def keep(function: Any) -> Any:
        pieces.setdefault(name, []).append(function)
        return function

    return keep


def _whole(helpers: bool = False) -> Callable[[Any], Any]:
    def keep(function: Any) -> Any:
        wholes.append((function, helpers))
        return function

    return keep


def changes(site: Site) -> Iterator[Change]:
    """Every change of a function, whether it means anything or not."""
    for whole, helpers in wholes:
        if site.rule or helpers:
            yield from whole(site)
    found = list(_walk(site.tree.body, Place()))
    for name, functions in pieces.items():
        for node, place in found:
            for function in functions:
                for new in function(node, place):
                    yield Change(name, replaced(site.tree, node, new), node, new, {})


def _walk(node: Any, place: Place) -> Iterator[tuple[ast.AST, Place]]:
    """The nodes that a mutation may change: no docstring, annotation or error's message, nor what decides on one."""
    if isinstance(node, list):
        for n in node:
            yield from _walk(n, place)
    elif isinstance(node, ast.If) and all(isinstance(s, ast.Raise) for s in node.body):
        yield from _walk(node.orelse, place)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    elif isinstance(node, ast.AST) and not isinstance(node, (ast.arguments, ast.Raise, ast.JoinedStr)):
        yield node, place
        if isinstance(node, ast.UnaryOp) and _whole_number(node) is not None and (place.axis or place.shape):
            return  # the axis operator has changed it; as a length any other negative number means the same
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list"):
                continue
            if isinstance(node, ast.Call) and name == "args" and _called(node) == "reshape":
                yield from _walk(value, Place(shape=True))
            elif isinstance(node, ast.keyword) and node.arg in AXIS_WORDS:
                yield from _walk(value, Place(axis=True))
            elif isinstance(node, ast.Call) and name == "args" and _called(node) in AXIS_CALLS:
                first = 1 if _of_module(node.func) else 0
                yield from _walk(value[:first], place)
                yield from _walk(value[first:], Place(axis=True))
            else:
                yield from _walk(value, place)


def _called(node: Any) -> str:
    """The last name of what is called."""
    f = node.func
    return str(f.attr if isinstance(f, ast.Attribute) else getattr(f, "id", ""))


def _of_module(f: ast.AST) -> bool:
    """Whether a function is called, with its array first, and not a method of the array."""
    return not isinstance(f, ast.Attribute) or (isinstance(f.value, ast.Name) and f.value.id in ("np", "linalg", "fft"))


def _is_array(node: ast.AST) -> bool:
    """Whether a sum may be one of numbers: not of tuples, lists or strings."""
    if isinstance(node, ast.BinOp):
        return _is_array(node.left) and _is_array(node.right)
    text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return not (isinstance(node, (ast.Tuple, ast.List, ast.JoinedStr)) or text)


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _call(name: str, *args: Any) -> ast.Call:
    return ast.Call(_name(name), list(args), [])


# ---------------------------------------------------------------------- pieces of an expression
@_piece("axis off by one")
def _axis(node: Any, place: Place) -> Iterator[ast.AST]:
    value = _whole_number(node) if place.axis else None
    if value is not None:
        other = {0: 1, 1: 0, -1: -2, -2: -1}.get(value, value - 1 if value > 0 else value + 1)
        yield ast.Constant(other) if other >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-other))


def _whole_number(node: Any) -> int | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _whole_number(node.operand)
        return None if value is None else -value
    if isinstance(node, ast.Constant) and isinstance(node.value, int) and not isinstance(node.value, bool):
        return node.value
    return None


@_piece("term dropped")
def _term(node: Any, place: Place) -> Iterator[ast.AST]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)) and _is_array(node):
        yield node.left
        yield node.right if isinstance(node.op, ast.Add) else ast.UnaryOp(ast.USub(), node.right)
    if isinstance(node, ast.AugAssign) and isinstance(node.op, (ast.Add, ast.Sub)):
        yield ast.Pass()


@_piece("sign flipped")
def _sign(node: Any, place: Place) -> Iterator[ast.AST]:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)) and _is_array(node):
        yield ast.BinOp(node.left, ast.Sub() if isinstance(node.op, ast.Add) else ast.Add(), node.right)
    if isinstance(node, ast.AugAssign) and isinstance(node.op, (ast.Add, ast.Sub)):
        yield ast.AugAssign(node.target, ast.Sub() if isinstance(node.op, ast.Add) else ast.Add(), node.value)


@_piece("operands swapped")
def _swapped(node: Any, place: Place) -> Iterator[ast.AST]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ORDERED):
        yield ast.BinOp(node.right, node.op, node.left)
    if isinstance(node, ast.IfExp):
        yield ast.IfExp(node.test, node.orelse, node.body)
    if isinstance(node, ast.Call) and _called(node) == "where" and len(node.args) == 3:
        condition, yes, no = node.args
        yield ast.Call(node.func, [condition, no, yes], node.keywords)
    if (
        isinstance(node, ast.Call)
        and _called(node) in ("matmul", "subtract", "divide", "power")
        and len(node.args) == 2
    ):
        yield ast.Call(node.func, node.args[::-1], node.keywords)


@_piece("factor dropped")
def _factor(node: Any, place: Place) -> Iterator[ast.AST]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div, ast.Pow)) and _is_array(node):
        yield node.left
        if isinstance(node.op, ast.Mult):
            yield node.right
        if isinstance(node.op, ast.Div):
            yield ast.BinOp(ast.Constant(1), ast.Div(), node.right)
    if isinstance(node, ast.AugAssign) and isinstance(node.op, (ast.Mult, ast.Div)):
        yield ast.Pass()


@_piece("guard dropped")
def _guard(node: Any, place: Place) -> Iterator[ast.AST]:
    if isinstance(node, ast.Call) and _called(node) == "where" and len(node.args) == 3:
        yield from node.args[1:]
    if isinstance(node, ast.Call) and _called(node) in ("maximum", "minimum", "fmax", "fmin", "clip", "nan_to_num"):
        yield node.args[0]
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in NEIGHBOURS:
        yield ast.Compare(node.left, [NEIGHBOURS[type(node.ops[0])]()], node.comparators)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.BitAnd, ast.BitOr)):
        yield from (node.left, node.right)
    if isinstance(node, ast.BoolOp):
        for i in range(len(node.values)):
            rest = [*node.values[:i], *node.values[i + 1 :]]
            yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Invert, ast.Not)):
        yield node.operand
    if isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    if isinstance(node, ast.If):
        for answer in (True, False):
            yield ast.If(ast.Constant(answer), node.body, node.orelse)


@_piece("conjugate dropped")
def _conjugate(node: Any, place: Place) -> Iterator[ast.AST]:
    if isinstance(node, ast.Call) and _called(node) in CONJUGATES:
        yield _inner(node)


@_piece("transpose dropped")
def _transpose(node: Any, place: Place) -> Iterator[ast.AST]:
    if isinstance(node, ast.Call) and _called(node) in TRANSPOSES:
        yield _inner(node)
    if isinstance(node, ast.Attribute) and node.attr in TRANSPOSED:
        yield node.value


def _inner(node: Any) -> Any:
    """The array that a function or a method is called for."""
    if isinstance(node.func, ast.Attribute) and not (node.args and _of_module(node.func)):
        return node.func.value
    return node.args[0]


@_piece("sibling function")
def _sibling(node: Any, place: Place) -> Iterator[ast.AST]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SIBLINGS:
        yield ast.Call(ast.Attribute(node.func.value, SIBLINGS[node.func.attr], ast.Load()), node.args, node.keywords)


@_piece("constant off by one")
def _constant(node: Any, place: Place) -> Iterator[ast.AST]:
    if not isinstance(node, ast.Constant) or place.axis:
        return
    value = node.value
    if type(value) is int:
        yield ast.Constant(value - 1 if value >= 2 else value + 1)
    elif isinstance(value, (float, complex)):
        yield ast.Constant(2 * value or 1.0)


# ---------------------------------------------------------------------- the whole result
def _results(tree: Function) -> list[ast.expr]:
    """The expressions whose values the function returns; none of a rule that only refuses."""
    if isinstance(tree, ast.Lambda):
        return [tree.body]
    found: list[ast.expr] = []

    def look(node: Any) -> None:
        if isinstance(node, list):
            for n in node:
                look(n)
        elif isinstance(node, ast.Return) and node.value is not None:
            found.append(node.value)
        elif isinstance(node, ast.stmt) and not isinstance(node, ast.FunctionDef):
            for _, value in ast.iter_fields(node):
                look(value)

    look(tree.body)
    return found


def _wrapped(site: Site, operator: str, name: str, function: Any) -> Iterator[Change]:
    """Each result r as `name(r)`, where `function` goes by that name."""
    for result in _results(site.tree):
        new = _call(name, result)
        made: Any = replaced(site.tree, result, new)
        made = _with_arguments(made, made.args.args, [*made.args.kwonlyargs, ast.arg(name)])
        yield Change(operator, made, result, new, {name: function})


def _with_arguments(tree: Any, args: list[ast.arg], only: list[ast.arg]) -> Any:
    old = tree.args
    made = ast.arguments(old.posonlyargs, args, old.vararg, only, [None] * len(only), old.kwarg, [])
    return replaced(tree, old, made)


@_whole()
def _identity(site: Site) -> Iterator[Change]:
    tree: Any = site.tree
    results = _results(tree)
    if not results or (site.joint and not site.results):
        return
    g = tree.args.args[0].arg
    new: ast.expr = ast.Tuple([_name(g)] * site.results, ast.Load()) if site.joint else _name(g)
    if isinstance(tree, ast.Lambda):
        yield Change("the cotangent itself", replaced(tree, tree.body, new), tree.body, new, {})
    else:
        made = ast.FunctionDef(tree.name, tree.args, [ast.Return(new)], [])
        yield Change("the cotangent itself", ast.copy_location(made, tree), results[-1], new, {})


@_whole()
def _negated(site: Site) -> Iterator[Change]:
    if site.joint:
        yield from _wrapped(site, "result negated", "negated", negated)
        return
    for result in _results(site.tree):
        new = ast.UnaryOp(ast.USub(), result)
        yield Change("result negated", replaced(site.tree, result, new), result, new, {})


@_whole()
def _unsummed(site: Site) -> Iterator[Change]:
    """Where the engine sums: the rule stays as it is, what comes after it changes."""
    if site.broadcasts and not site.joint:
        for change in _wrapped(site, UNSUMMED, "first_slice", first_slice):
            yield change._replace(fitting=True)
            return


@_whole(helpers=True)
def _unsummed_by_hand(site: Site) -> Iterator[Change]:
    for node, _ in _walk(site.tree.body, Place()):
        if isinstance(node, ast.Call) and _called(node) == "unbroadcast":
            new = _call("first_slice", *node.args)
            made: Any = replaced(site.tree, node, new)
            made = _with_arguments(made, made.args.args, [*made.args.kwonlyargs, ast.arg("first_slice")])
            yield Change(UNSUMMED, made, node, new, {"first_slice": first_slice})


@_whole()
def _single(site: Site) -> Iterator[Change]:
    yield from _wrapped(site, "single precision", "single", single)


@_whole()
def _ignored(site: Site) -> Iterator[Change]:
    tree: Any = site.tree
    for name, default in site.settings.items():
        if name not in [a.arg for a in tree.args.args] or default is inspect.Parameter.empty:
            continue
        other = f"default_{name}"
        reads = [n for n, _ in _walk(tree.body, Place()) if isinstance(n, ast.Name) and n.id == name]
        made = tree
        for node in reads:
            made = replaced(made, node, _name(other))
        if reads:
            made = _with_arguments(made, made.args.args, [*made.args.kwonlyargs, ast.arg(other)])
            yield Change("keyword ignored", made, reads[0], _name(other), {other: copy.deepcopy(default)})


# ---------------------------------------------------------------------- what mutants call
def negated(r: Any) -> Any:
    """Minus a cotangent, or each of several; None is no cotangent."""
    return type(r)([negated(p) for p in r]) if isinstance(r, (tuple, list)) else None if r is None else -r


def single(r: Any) -> Any:
    """A cotangent rounded to single precision, or each of several."""
    if isinstance(r, (tuple, list)):
        return type(r)([single(p) for p in r])
    if r is None:
        return None
    dtype = np.dtype(np.complex64 if r.dtype.kind == "c" else np.float32)
    return r if r.dtype.itemsize <= dtype.itemsize else r.astype(dtype)


def first_slice(r: Any, shape: tuple[int, ...]) -> Any:
    """The first of the slices of `r` that the sum over its broadcast axes would add."""
    if not r.size:
        return r
    r = r[(0,) * (r.ndim - len(shape))]
    return r[tuple(slice(0, 1) if n == 1 else slice(None) for n in shape)]
