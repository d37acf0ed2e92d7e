"""Gradients of functions: `grad`, `value_and_grad`, and `gradients` of tensors with respect to tensors."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autograd import tree
from autograd.graph import Node, Variable, propagate, push, topological
from autograd.levels import Batched, Lifted, lift
from autograd.primitive import wrap
from autograd.state import GradError, enable_grad, is_grad_enabled, state
from autograd.tensor import Tensor, owned, seeded


def gradients(
    outputs: Tensor,
    inputs: Sequence[Tensor],
    gradient: Any = None,
    retain_graph: bool = False,
    create_graph: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradient of `outputs` with respect to each of `inputs`, without touching any `.grad`.

    Returns None for an input that `outputs` does not depend on.

    >>> from autograd import Tensor, gradients
    >>> x = Tensor(3.0, requires_grad=True)
    >>> (first,) = gradients(x**3, [x], create_graph=True)
    >>> gradients(first, [x])[0]
    Tensor(18.)
    """
    for i, tensor in enumerate(inputs):
        if tensor._node is None:
            raise GradError(f"input {i} of shape {tensor.shape} does not require a gradient")
    return pull([outputs], inputs, [gradient], retain_graph, create_graph)


def pull(
    outputs: Sequence[Tensor],
    inputs: Sequence[Tensor],
    cotangents: Sequence[Any],
    retain_graph: bool = False,
    create_graph: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of `inputs`, all of which have nodes, for the weights `cotangents` of several outputs."""
    seeds: dict[Node, Any] = {}
    for output, cotangent in zip(outputs, cotangents, strict=True):
        node, seed = seeded(output, cotangent, create_graph)
        seeds[node] = seeds[node] + seed if node in seeds else seed
    starts = [tensor._node for tensor in inputs]
    keep = {start for start in starts if start is not None}
    found = propagate(seeds, keep=keep, retain_graph=retain_graph, create_graph=create_graph)
    result = []
    for start in starts:
        g = None if start is None else found.get(start)
        if g is not None and g.dtype.kind == "c":
            g = np.conj(g)
        result.append(None if g is None else g if create_graph or isinstance(g, Variable) else wrap(owned(g)))
    return tuple(result)


class Run:
    """One recorded run of a function: what it was given to differentiate with respect to, and what came out.

    Arguments and results may be nested structures. `nested` says that an outer derivative, the caller's own tensors or
    a `vmap` look on: then what is derived is recorded, so that they see through it.
    """

    def __init__(
        self, f: Callable[..., Any], args: Sequence[Any], numbers: Iterable[int], kwargs: Any, has_aux: bool = False
    ) -> None:
        values = list(args)
        outside = is_grad_enabled()
        self.numbers = tuple(numbers)
        for i in self.numbers:
            if not -len(values) <= i < len(values):
                raise TypeError(f"there is no argument {i}: the function was called with {len(values)}")
        self.given = [args[i] for i in self.numbers]
        with enable_grad():
            fresh_trees = [tree.rebuild(x, fresh) for x in self.given]
            for i, x in zip(self.numbers, fresh_trees, strict=True):
                values[i] = x
            self.result = f(*values, **kwargs)
        self.aux = None
        if has_aux:
            if not isinstance(self.result, tuple) or len(self.result) != 2:
                raise TypeError("with has_aux the function returns a pair: what is to be differentiated, and the rest")
            self.result, self.aux = self.result
        self.inputs: list[Tensor] = tree.leaves(fresh_trees)
        self.outs = [_result(x) for x in tree.leaves(self.result)]
        mine = {t._node for t in self.inputs}
        roots = [x._node for x in self.outs if x._node is not None]
        self.nested = state.get().level > 0 or (
            outside and any(node.op is None and node not in mine for node in topological(roots))
        )
        self.tensors = any(isinstance(a, Tensor) for a in tree.leaves([args, kwargs]))

    def one(self, what: str) -> Tensor:
        """The result, which has to be a single array."""
        if len(self.outs) != 1 or isinstance(self.result, (list, tuple, dict)):
            raise TypeError(
                f"{what} needs a function that returns one array, this one returned {type(self.result).__name__}"
            )
        return self.outs[0]

    def give(self, x: Any) -> Any:
        """`x` as the caller gets it: tracked within an outer derivative, plain where plain arrays came in."""
        if self.nested or not isinstance(x, Tensor):
            return x
        return x.detach() if self.tensors else untracked(x)

    def results(self) -> Any:
        return tree.like(self.result, [self.give(x) for x in self.outs])

    def pulled(self, cotangents: Sequence[Any]) -> list[Tensor]:
        """The gradients of all inputs, zero where nothing depends on them."""
        pairs = [(x, c) for x, c in zip(self.outs, cotangents, strict=True) if x._node is not None]
        tracked = self.nested or _recorded(cotangents)
        got: Sequence[Tensor | None] = [None] * len(self.inputs)
        if pairs:
            got = pull([x for x, _ in pairs], self.inputs, [c for _, c in pairs], True, tracked)
        return [zeros_like(t) if g is None else g for t, g in zip(self.inputs, got, strict=True)]

    def pushed(self, tangents: Sequence[Any]) -> list[Tensor]:
        """The tangents of all results."""
        tracked = self.nested or _recorded(tangents)
        steps: dict[Any, Any] = {}
        for i, (t, x) in enumerate(zip(tangents, self.inputs, strict=True)):
            step = t if isinstance(t, Tensor) else wrap(np.asarray(t))
            if step.shape != x.shape:
                raise ValueError(f"tangent {i} has shape {step.shape}, its argument has shape {x.shape}")
            step = step.astype(x.dtype, copy=False)
            steps[x._node] = step if tracked or not hasattr(step, "_data") else step._data
        nodes = {x._node for x in self.outs if x._node is not None}
        found = push(steps, nodes, create_graph=tracked)
        return [zeros_like(x) if x._node not in found else _tensor(found[x._node]) for x in self.outs]


def _recorded(given: Sequence[Any]) -> bool:
    return is_grad_enabled() and any(isinstance(t, Tensor) and t.requires_grad for t in given)


def _tensor(x: Any) -> Tensor:
    return x if isinstance(x, Tensor) else Tensor(x)


def _result(x: Any) -> Tensor:
    if not isinstance(x, (Tensor, np.ndarray, np.generic, int, float, complex)):
        raise TypeError(f"the function must return arrays, or structures of them; it returned {type(x).__name__}")
    return _tensor(x)


def zeros_like(x: Tensor) -> Tensor:
    """Zeros of the same shape and dtype."""
    return Tensor(np.zeros(x.shape, x.dtype))


def value_and_grad(
    f: Callable[..., Any], argnum: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., tuple[Any, Any]]:
    """A function that returns f's value and its gradient with respect to argument `argnum` (or several).

    Plain arrays in give plain arrays out; within another `grad` Tensors flow and every order of derivative is there.
    The argument may be a nested structure (lists, tuples, named tuples, dicts, dataclasses): the gradient is one too.

    Parameters
    ----------
    has_aux : bool
        f returns a pair, of which the first is differentiated; the value is then the pair.

    Raises
    ------
    TypeError, GradError
        If f does not return one number, or the argument holds none.

    >>> from autograd import value_and_grad
    >>> value, slope = value_and_grad(lambda x: x * x)(3.0)
    >>> print(value, slope)
    9.0 6.0
    >>> print(value_and_grad(lambda p: p["w"] * p["x"])({"w": 2.0, "x": 3.0})[1]["w"])
    3.0
    """
    numbers = (argnum,) if isinstance(argnum, int) else tuple(argnum)

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        run = Run(f, args, numbers, kwargs, has_aux)
        out = run.one("grad")
        if out.size != 1:
            raise GradError(f"grad needs a function that returns one number, this one returned shape {out.shape}")
        found = [run.give(g) for g in run.pulled([None])]
        value = run.results()
        whole = tree.like(run.given, found)
        return (value, run.aux) if has_aux else value, whole[0] if isinstance(argnum, int) else tuple(whole)

    return wrapped


def fresh(x: Any) -> Tensor:
    """A tensor to differentiate with respect to: its own node, so that an outer derivative sees through it."""
    level = state.get().level
    if isinstance(x, Tensor) and x.requires_grad and (not level or (isinstance(x, Lifted) and x._level == level)):
        return x + 0.0 if x.dtype.kind != "c" else x + 0j
    if isinstance(x, Tensor) and (level or isinstance(x, (Batched, Lifted))):
        value: Any = x
    else:
        value = np.asarray(untracked(x))
        if not value.ndim and value.dtype.kind in "iu":
            value = value.astype(float)
    if value.dtype.kind not in "fc":
        raise TypeError(f"a gradient with respect to {value.dtype} is not defined; pass floats")
    tracked: Tensor = lift(value, None, level) if level else Tensor(value, requires_grad=True)
    return tracked


def untracked(x: Any) -> Any:
    """The array of a Tensor; anything else as it is."""
    return x._data if isinstance(x, Tensor) else x


def grad(f: Callable[..., Any], argnum: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that returns the gradient of `f` with respect to argument `argnum`; nest it for higher orders.

    See `value_and_grad`. With `has_aux` it returns the gradient and what f returned beside its value.

    >>> from autograd import grad
    >>> print(grad(grad(lambda x: x**3))(2.0))
    12.0
    """
    both = value_and_grad(f, argnum, has_aux)

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        value, slope = both(*args, **kwargs)
        return (slope, value[1]) if has_aux else slope

    return wrapped
