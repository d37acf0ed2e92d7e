"""Derivatives along directions and in full: jvp, vjp, linearize, jacobian, hessian, hvp. They nest in any order.

Forward mode pushes tangents through the recorded graph, so one recording serves any number of directions, and a whole
batch of them goes through at once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import ops, tree
from autograd.graph import propagate, push
from autograd.levels import Batched
from autograd.primitive import wrap
from autograd.state import GradError, state
from autograd.state import mode as in_mode
from autograd.tensor import Tensor
from autograd.transforms import Run, value_and_grad, zeros_like

# how many numbers a batch of basis vectors may hold at once in a Jacobian: above that it goes in pieces
_AT_ONCE = 1 << 24


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """f's value at `primals` and its derivative along `tangents`, which have the same shapes: J t.

    >>> from autograd import jvp
    >>> value, slope = jvp(lambda x: x**3, (2.0,), (1.0,))
    >>> print(value, slope)
    8.0 12.0
    """
    primals, tangents = _both(primals, tangents)
    run = Run(f, primals, range(len(primals)), {})
    run.tensors = run.tensors or any(isinstance(t, Tensor) for t in tree.leaves(tangents))
    return run.results(), _pushed(run, tangents)


def _pushed(run: Run, tangents: tuple[Any, ...]) -> Any:
    steps = tree.leaves(tangents)
    if len(steps) != len(run.inputs):
        raise ValueError(f"the tangents hold {len(steps)} arrays, the arguments {len(run.inputs)}: one for each")
    return tree.like(run.result, [_given(run, t) for t in run.pushed(steps)])


def _given(run: Run, x: Tensor) -> Any:
    return x if x.requires_grad else run.give(x)


def _both(primals: Any, tangents: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (tuple, list)):
            raise TypeError(f"{name} is a tuple with an entry for each argument, got {type(given).__name__}")
    if len(primals) != len(tangents):
        raise ValueError(f"{len(primals)} primals and {len(tangents)} tangents: each argument needs one of both")
    return tuple(primals), tuple(tangents)


def linearize(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """f's value, and the linear function that maps tangents to f's derivative along them; f runs only once.

    >>> from autograd import linearize
    >>> value, along = linearize(lambda x, y: x * y, 2.0, 3.0)
    >>> print(along(1.0, 0.0), along(0.0, 1.0))
    3.0 2.0
    """
    run = Run(f, primals, range(len(primals)), {})

    def along(*tangents: Any) -> Any:
        _both(primals, tangents)
        return _pushed(run, tangents)

    return run.results(), along


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """f's value, and the function that maps weights of its elements to the gradients of all arguments; f runs once.

    >>> from autograd import vjp
    >>> value, pull = vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> print(*pull(1.0))
    3.0 2.0
    """
    run = Run(f, primals, range(len(primals)), {})

    def pull(cotangent: Any) -> tuple[Any, ...]:
        weights = tree.leaves(cotangent)
        if len(weights) != len(run.outs):
            raise ValueError(f"the weights hold {len(weights)} arrays, the result {len(run.outs)}: one for each")
        return tuple(tree.like(run.given, [_given(run, g) for g in run.pulled(weights)]))

    return run.results(), pull


def jacobian(f: Callable[..., Any], argnum: int = 0, mode: str | None = None) -> Callable[..., Any]:
    """A function that returns all derivatives of f's result: shape `result.shape + argument.shape`.

    All rows (or columns) go through the graph at once, as a batch. An argument that is a nested structure gives a
    structure of Jacobians.

    Parameters
    ----------
    mode : "forward", "reverse" or None
        A batch of one vector for each element of the argument, or for each of the result; None takes the fewer.

    Raises
    ------
    TypeError
        For complex numbers, whose derivative is no one matrix: take `vjp` or `jvp`.

    >>> import numpy as np
    >>> from autograd import jacobian
    >>> jacobian(lambda x: x * x)(np.array([1.0, 2.0])).tolist()
    [[2.0, 0.0], [0.0, 4.0]]
    """
    if mode not in (None, "forward", "reverse"):
        raise ValueError(f"mode is 'forward', 'reverse' or None, not {mode!r}")

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        run = Run(f, args, (argnum,), kwargs)
        out = run.one("jacobian")
        whole = [_jacobian(run, out, x, mode) for x in run.inputs]
        return tree.like(run.given[0], [run.give(w) for w in whole])

    return wrapped


def _jacobian(run: Run, out: Tensor, x: Tensor, direction: str | None) -> Tensor:
    if "c" in (x.dtype.kind, out.dtype.kind):
        raise TypeError("jacobian of complex numbers: the derivative is no one matrix; use vjp or jvp")
    shape = (*out.shape, *x.shape)
    node, start = out._node, x._node
    if node is None or start is None or not x.size or not out.size:
        return Tensor(np.zeros(shape, out.dtype))
    forward = direction == "forward" or (direction is None and x.size < out.size)
    moves = x if forward else out
    step = max(1, _AT_ONCE // max(x.size, out.size))
    pieces = []
    for first in range(0, moves.size, step):
        basis = np.eye(min(step, moves.size - first), moves.size, first, dtype=moves.dtype)
        pieces.append(_along_all(node, start, basis.reshape((-1, *moves.shape)), forward, run.nested))
    if all(p is None for p in pieces):
        return zeros_like(Tensor(np.empty(shape, out.dtype)))
    whole = pieces[0] if len(pieces) == 1 else ops.concatenate(pieces, 0)
    if forward:
        whole = ops.moveaxis(ops.reshape(whole, (x.size, *out.shape)), 0, -1)
    made = ops.reshape(whole, shape)
    return made if isinstance(made, Tensor) else wrap(made)


def _along_all(out: Any, x: Any, basis: Any, forward: bool, tracked: bool) -> Any:
    """The derivatives along all vectors of `basis` in one pass, the vectors counted along the first axis."""
    level = state.get().level + 1
    with in_mode(level=level):
        vectors = Batched.of(basis, level)
        if forward:
            found = push({x: vectors}, [out], create_graph=tracked).get(out)
        else:
            found = propagate({out: vectors}, {x}, retain_graph=True, create_graph=tracked).get(x)
    if found is None:
        return None
    if isinstance(found, Batched) and found._level == level:
        return found._value
    return ops.broadcast_to(found, (len(basis), *found.shape))


def hessian(f: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    """A function that returns all second derivatives of f's one number: shape `argument.shape` twice.

    Forward over reverse: the gradient is recorded once, then pushed along every axis.

    >>> import numpy as np
    >>> from autograd import hessian
    >>> hessian(lambda x: (x**3).sum())(np.array([1.0, 2.0])).tolist()
    [[6.0, 0.0], [0.0, 12.0]]
    """

    @functools.wraps(f)
    def first(*args: Any, **kwargs: Any) -> Any:
        return value_and_grad(f, argnum)(*args, **kwargs)[1]

    return jacobian(first, argnum, mode="forward")


def hvp(f: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    """A function of f's arguments and a vector `v` that returns f's Hessian times `v`, without making the Hessian.

    Pearlmutter, Fast exact multiplication by the Hessian, Neural Computation 6 (1994), 147-160.

    >>> from autograd import hvp
    >>> print(hvp(lambda x: x**3)(2.0, 1.0))
    12.0
    """

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        *given, v = args
        if not -len(given) <= argnum < len(given):
            raise TypeError("hvp: call it with f's arguments and then the vector")

        def first(x: Any) -> Any:
            values = list(given)
            values[argnum] = x
            return value_and_grad(f, argnum)(*values, **kwargs)[1]

        return jvp(first, (given[argnum],), (v,))[1]

    return wrapped


def elementwise_grad(f: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    """The derivative of a function that works on each element by itself, at every element at once.

    >>> import numpy as np
    >>> from autograd import elementwise_grad
    >>> elementwise_grad(lambda x: x**2)(np.array([1.0, 2.0])).tolist()
    [2.0, 4.0]
    """

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        run = Run(f, args, (argnum,), kwargs)
        out = run.one("elementwise_grad")
        if out.shape != run.inputs[0].shape:
            raise GradError(
                f"elementwise_grad: the function gave shape {out.shape} for an argument of shape "
                f"{run.inputs[0].shape}, so it does not work on each element by itself; use jacobian"
            )
        return run.give(run.pulled([np.ones(out.shape, out.dtype)])[0])

    return wrapped


def stop_gradient(x: Any) -> Any:
    """`x` as a constant: no gradient flows through.

    >>> from autograd import grad, stop_gradient
    >>> print(grad(lambda x: x * stop_gradient(x))(3.0))
    3.0
    """
    return x.detach() if isinstance(x, Tensor) else x
