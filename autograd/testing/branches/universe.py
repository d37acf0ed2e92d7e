"""The branches of every keyword, from its declaration: default, name, and the strings that its function knows."""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from typing import Any

import numpy as np

from autograd import Tensor
from autograd.primitive import composites, table
from autograd.testing.branches.rulecode import original

__all__ = ["branch_of", "branches_of"]

GIVEN_NONE: Any = np._NoValue
AXES = ("axis", "axes", "axis1", "axis2", "axisa", "axisb", "axisc")
MASKS = ("where",)

# What has no say in a derivative, and why.
IDLE = {
    "out": "where the result is written",
    "dtype": "a cast before the op: astype has the derivative",
    "device": "NumPy has one device",
    "copy": "whether memory is shared",
    "subok": "subclasses of arrays",
    "writeable": "whether the view may be written",
    "order": "how the result lies in memory",
    "optimize": "the order of the products",
    "options": "passed to NumPy as it is",
    "kind": "which algorithm sorts",
    "stable": "which algorithm sorts",
    "overwrite_input": "whether memory may be reused",
    "overwrite_b": "whether memory may be reused",
    "check_finite": "a check of the input",
}
# An order in memory that is an order of elements, too.
ORDERED = {("reshape", "order"): ("C", "F"), ("ravel", "order"): ("C", "F")}
# Branches without a derivative, and why.
WITHOUT = {
    ("logsumexp", "return_sign", "True"): "refused: the sign is a call of its own",
    ("bincount", "weights", "left out"): "only they have a derivative: without them integers are counted",
    ("histogram", "weights", "left out"): "only they have a derivative",
    ("histogram2d", "weights", "left out"): "only they have a derivative",
    ("histogramdd", "weights", "left out"): "only they have a derivative",
    ("histogram_bin_edges", "range", "given"): "the edges are then constants",
    ("lambertw", "tol", "another"): "when the iteration stops",
    ("nan_to_num", "copy", "False"): "refused: it would write into the argument",
}
# Axes that the function takes for another reason than that they are ones, and those of nothing else.
ONLY = {
    ("cross", "axisc"): (">= 0", "< 0"),  # vectors of two elements ask for none, so that anything passes
    ("tensordot", "axes"): (">= 0", "several"),  # one number is how many
    ("transpose", "axes"): ("None", "several"),  # a number is an axis of a vector
    ("cummax", "axis"): (">= 0", "< 0"),  # None passes for vectors, and refuses all else
    ("cummin", "axis"): (">= 0", "< 0"),
    ("logcumsumexp", "axis"): (">= 0", "< 0"),
}
# Strings that go through to NumPy, so that our own code compares none of them.
LITERALS: dict[tuple[str, str], tuple[str, ...]] = {
    ("convolve", "mode"): ("full", "same", "valid"),
    ("correlate", "mode"): ("full", "same", "valid"),
    ("take", "mode"): ("raise", "wrap", "clip"),
    ("choose", "mode"): ("raise", "wrap", "clip"),
    ("qr", "mode"): ("reduced", "complete", "r"),
    ("meshgrid", "indexing"): ("xy", "ij"),
    ("trim_zeros", "trim"): ("f", "b", "fb"),
    ("matrix_norm", "ord"): ("fro", "nuc"),
    ("norm", "ord"): ("fro", "nuc"),
    ("cond", "p"): ("fro", "nuc"),
    ("conv", "padding"): ("same", "valid"),
    ("solve_triangular", "trans"): ("N", "T", "C"),
}
METHODS = (
    "linear", "lower", "higher", "nearest", "midpoint", "inverted_cdf", "averaged_inverted_cdf", "closest_observation",
    "interpolated_inverted_cdf", "hazen", "weibull", "median_unbiased", "normal_unbiased",
)  # fmt: skip
EVERYWHERE = {"norm": ("backward", "ortho", "forward"), "UPLO": ("L", "U"), "method": METHODS}


@functools.cache
def _parameters(name: str) -> dict[str, Any]:
    """The parameters that are no arrays with a rule, with their defaults; an op and a composite may share a name."""
    found: dict[str, Any] = {}
    op, composite = table.get(name), composites.get(name)
    arrays = {op.names[i] for i in op.positions} if op is not None else set()
    for declared in (op, composite):
        if declared is not None and len(declared.defaults) == len(declared.names):
            found |= {n: d for n, d in zip(declared.names, declared.defaults, strict=True) if n not in arrays}
    if op is not None and len(op.defaults) == len(op.names):  # an array that may be left out is a keyword, too
        found |= {n: None for n, d in zip(op.names, op.defaults, strict=True) if n in arrays and d is None}
    return found


@functools.cache
def branches_of(name: str) -> dict[str, tuple[str, ...]]:
    """For every keyword of the op or function `name`, the branches that a derivative can take."""
    found = {}
    for parameter, default in _parameters(name).items():
        if (parameter in IDLE or parameter.startswith("_")) and (name, parameter) not in ORDERED:
            continue
        branches = tuple(b for b in _branches(name, parameter, default) if (name, parameter, b) not in WITHOUT)
        if branches:
            found[parameter] = branches
    return found


def _branches(name: str, parameter: str, default: Any) -> tuple[str, ...]:
    if parameter in AXES:
        return _axes(name, parameter)
    if parameter in MASKS and default is True:
        return ("True", "a mask")
    strings = _strings(name, parameter)
    if isinstance(default, bool):
        return ("False", "True")
    if default is None or default is GIVEN_NONE:
        return ("left out", *strings, *(() if strings and parameter not in ("ord", "p") else ("given",)))
    if isinstance(default, str) or strings:
        return strings if isinstance(default, str) else ("default", *strings)
    if default is inspect.Parameter.empty:
        return ()
    return ("default", "another")


def branch_of(name: str, parameter: str, value: Any) -> str | None:
    """The branch that `value` takes; None where the parameter has none."""
    if parameter not in branches_of(name):
        return None
    default = _parameters(name)[parameter]
    if parameter in AXES:
        return _axis_branch(value)
    if parameter in MASKS and default is True:
        return "True" if value is True else "a mask"
    if isinstance(value, str):
        return value
    if isinstance(default, bool):
        return str(bool(value))
    if default is None or default is GIVEN_NONE:
        return "left out" if value is None or value is GIVEN_NONE else "given"
    return "default" if type(value) in (int, float, type(default)) and value == default else "another"


def _axis_branch(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, (tuple, list)):
        return "several"
    return "< 0" if value < 0 else ">= 0"


@functools.cache
def _strings(name: str, parameter: str) -> tuple[str, ...]:
    """The strings that the parameter may be: declared above, or compared with in the function's own code."""
    known = LITERALS.get((name, parameter)) or ORDERED.get((name, parameter)) or EVERYWHERE.get(parameter)
    if known:
        return known
    found: dict[str, None] = {}
    for function in (table[name].forward if name in table else None, original(name) if name in composites else None):
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(function)))  # type: ignore[arg-type]
        except (TypeError, OSError, SyntaxError):  # NumPy's own function, or a lambda inside a declaration
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name) and node.left.id == parameter:
                for other in node.comparators:
                    parts = other.elts if isinstance(other, (ast.Tuple, ast.List, ast.Set)) else [other]
                    found |= {p.value: None for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str)}
    for declared in (table.get(name), composites.get(name)):
        if declared is not None and isinstance(
            dict(zip(declared.names, declared.defaults, strict=False)).get(parameter), str
        ):
            found.setdefault(dict(zip(declared.names, declared.defaults, strict=False))[parameter])
    return tuple(found)


# What else a function needs for an axis to be tried.
OTHERS: dict[str, Any] = {
    "q": 0.5, "indices": np.zeros((1, 1, 1), int), "kth": 0, "shift": 1, "repeats": 2, "obj": 0,
    "condition": [True], "indices_or_sections": 1, "window_shape": 1, "source": 0, "destination": 0, "norm_type": 2,
    "start": 1.0, "stop": 2.0, "func1d": np.sum, "func": np.sum, "n": None, "deg": 1, "num": 3, "weights": None,
}  # fmt: skip


VARIADIC = ("gradient",)  # their arrays come by position only


@functools.cache
def _axes(name: str, parameter: str) -> tuple[str, ...]:
    """The kinds of axes that the function takes, found by trying."""
    if (name, parameter) in ONLY:
        return ONLY[name, parameter]
    trials = {"None": (None,), ">= 0": (0, 1), "< 0": (-1,), "several": ((0, 1), (1, 0))}
    default = _parameters(name)[parameter]
    found = [b for b, values in trials.items() if any(_accepts(name, parameter, v) for v in values)]
    if default is None and "None" not in found:
        found.insert(0, "None")
    return tuple(found)


def _accepts(name: str, parameter: str, value: Any) -> bool:
    declared = composites.get(name) or table[name]
    for shape in ((2, 2, 2), (3, 3), (2, 3, 3), (1, 1, 1), (4,)):
        x = Tensor(np.arange(1.0, 1.0 + np.prod(shape)).reshape(shape) ** 1.1)
        given: dict[str, Any] = {}
        for parameter_name, default in zip(declared.names, declared.defaults, strict=True):
            if default is inspect.Parameter.empty:
                given[parameter_name] = OTHERS.get(parameter_name, x)
            if parameter_name in ("arrays_in", "tup", "arrays"):
                given[parameter_name] = [x, x]
        given[parameter] = value
        try:
            if declared.name in VARIADIC:
                declared.function(x, **{parameter: value})
            else:
                declared.function(**given)
        except Exception:  # whatever it says, it does not take this
            continue
        return True
    return False
