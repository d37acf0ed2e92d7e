"""Gradients of functions: `grad`, `value_and_grad`, and `gradients` of tensors with respect to tensors."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.graph import GradError, enable_grad, is_grad_enabled, propagate, topological
from autograd.primitive import wrap
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
    nodes = []
    for i, tensor in enumerate(inputs):
        if tensor._node is None:
            raise GradError(f"input {i} of shape {tensor.shape} does not require a gradient")
        nodes.append(tensor._node)
    root, seed = seeded(outputs, gradient, create_graph)
    found = propagate({root: seed}, keep=set(nodes), retain_graph=retain_graph, create_graph=create_graph)
    result = []
    for node in nodes:
        g = found.get(node)
        if g is not None and g.dtype.kind == "c":
            g = np.conj(g)
        result.append(None if g is None else g if create_graph else wrap(owned(g)))
    return tuple(result)


def value_and_grad(f: Callable[..., Any], argnum: int | Sequence[int] = 0) -> Callable[..., tuple[Any, Any]]:
    """A function that returns f's value and its gradient with respect to argument `argnum` (or several).

    Plain arrays in give plain arrays out; within another `grad` Tensors flow and every order of derivative is there.

    >>> from autograd import value_and_grad
    >>> value, slope = value_and_grad(lambda x: x * x)(3.0)
    >>> print(value, slope)
    9.0 6.0
    """
    numbers = (argnum,) if isinstance(argnum, int) else tuple(argnum)

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        values = list(args)
        outside = is_grad_enabled()
        with enable_grad():
            for i in numbers:
                values[i] = fresh(args[i])
            out = f(*values, **kwargs)
        wanted = [values[i] for i in numbers]
        if not isinstance(out, (Tensor, np.ndarray, np.generic, int, float, complex)):
            raise TypeError(f"grad needs a function that returns one number, this one returned {type(out).__name__}")
        nested = False
        got: tuple[Tensor | None, ...] = (None,) * len(wanted)
        if isinstance(out, Tensor) and out._node is not None:
            if out.size != 1:
                raise GradError(f"grad needs a function that returns one number, this one returned shape {out.shape}")
            # other leaves are in the graph: an outer derivative, or the caller's own tensors, must see through this one
            mine = {t._node for t in wanted}
            nested = outside and any(node.op is None and node not in mine for node in topological([out._node]))
            got = gradients(out, wanted, create_graph=nested)
        found: list[Any] = [
            Tensor(np.zeros(t.shape, t.dtype)) if g is None else g for t, g in zip(wanted, got, strict=True)
        ]
        if not nested and not any(isinstance(a, Tensor) for a in args):
            out = untracked(out)
            found = [untracked(g) for g in found]
        elif not nested and isinstance(out, Tensor):
            out = out.detach()
        return out, found[0] if isinstance(argnum, int) else tuple(found)

    return wrapped


def fresh(x: Any) -> Tensor:
    """A tensor to differentiate with respect to: its own node, so that an outer derivative sees through it."""
    if isinstance(x, Tensor) and x.requires_grad:
        return x + 0.0 if x.dtype.kind != "c" else x + 0j
    array = np.asarray(x._data if isinstance(x, Tensor) else x)
    if array.dtype.kind not in "fc":
        if array.ndim or array.dtype.kind == "b":
            raise TypeError(f"a gradient with respect to {array.dtype} is not defined; pass floats")
        array = array.astype(float)
    return Tensor(array, requires_grad=True)


def untracked(x: Any) -> Any:
    """The array of a Tensor; anything else as it is."""
    return x._data if isinstance(x, Tensor) else x


def grad(f: Callable[..., Any], argnum: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that returns the gradient of `f` with respect to argument `argnum`; nest it for higher orders.

    >>> from autograd import grad
    >>> print(grad(grad(lambda x: x**3))(2.0))
    12.0
    """
    both = value_and_grad(f, argnum)

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return wrapped
