"""Derivatives along directions and in full: jvp, vjp, linearize, jacobian, hessian, hvp. They nest in any order.

Forward mode pushes tangents through the recorded graph, so one recording serves any number of directions.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import ops
from autograd.graph import GradError, enable_grad, is_grad_enabled, push, topological
from autograd.primitive import wrap
from autograd.tensor import Tensor
from autograd.transforms import fresh, gradients, untracked, value_and_grad


class _Run:
    """One recorded run of a function: its result, the tensors to differentiate with respect to, and who looks on."""

    def __init__(self, f: Callable[..., Any], args: Sequence[Any], numbers: Sequence[int], kwargs: Any) -> None:
        values = list(args)
        outside = is_grad_enabled()
        with enable_grad():
            for i in numbers:
                values[i] = fresh(args[i])
            out = f(*values, **kwargs)
        if not isinstance(out, (Tensor, np.ndarray, np.generic, int, float, complex)):
            raise TypeError(f"the function must return one array, this one returned {type(out).__name__}")
        self.out = out if isinstance(out, Tensor) else Tensor(out)
        self.inputs = [values[i] for i in numbers]
        mine = {t._node for t in self.inputs}
        node = self.out._node
        # other leaves are in the graph: an outer derivative, or the caller's own tensors, must see through this one
        self.nested = outside and node is not None and any(n.op is None and n not in mine for n in topological([node]))
        self.tensors = any(isinstance(a, Tensor) for a in args)

    def give(self, x: Tensor) -> Any:
        """`x` as the caller gets it: tracked within an outer derivative, plain where plain arrays came in."""
        if self.nested:
            return x
        return x.detach() if self.tensors else untracked(x)

    def pushed(self, tangents: Sequence[Any]) -> Tensor:
        """The tangent of the result."""
        steps: dict[Any, Any] = {}
        tracked = self.nested
        for i, (t, x) in enumerate(zip(tangents, self.inputs, strict=True)):
            step = t if isinstance(t, Tensor) else wrap(np.asarray(t))
            if step.shape != x.shape:
                raise ValueError(f"tangent {i} has shape {step.shape}, its argument has shape {x.shape}")
            step = step.astype(x.dtype, copy=False)
            tracked = tracked or (step.requires_grad and is_grad_enabled())
            steps[x._node] = step
        node = self.out._node
        if node is None:
            return _zeros(self.out)
        if not tracked:
            steps = {n: s._data for n, s in steps.items()}
        found: Any = push(steps, [node], create_graph=tracked).get(node)
        if found is None:
            return _zeros(self.out)
        return found if isinstance(found, Tensor) else Tensor(found)

    def pulled(self, cotangent: Any) -> tuple[Tensor, ...]:
        """The gradients of the inputs for the weights `cotangent` of the result."""
        if self.out._node is None:
            return tuple(_zeros(t) for t in self.inputs)
        tracked = self.nested or (isinstance(cotangent, Tensor) and cotangent.requires_grad and is_grad_enabled())
        found = gradients(self.out, self.inputs, cotangent, retain_graph=True, create_graph=tracked)
        return tuple(_zeros(t) if g is None else g for g, t in zip(found, self.inputs, strict=True))


def _zeros(like: Tensor) -> Tensor:
    return Tensor(np.zeros(like.shape, like.dtype))


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """f's value at `primals` and its derivative along `tangents`, which have the same shapes: J t.

    >>> from autograd import jvp
    >>> value, slope = jvp(lambda x: x**3, (2.0,), (1.0,))
    >>> print(value, slope)
    8.0 12.0
    """
    primals, tangents = _both(primals, tangents)
    run = _Run(f, primals, range(len(primals)), {})
    run.tensors = run.tensors or any(isinstance(t, Tensor) for t in tangents)
    slope = run.pushed(tangents)
    return run.give(run.out), slope if slope.requires_grad else run.give(slope)


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
    run = _Run(f, primals, range(len(primals)), {})

    def along(*tangents: Any) -> Any:
        _both(primals, tangents)
        slope = run.pushed(tangents)
        return slope if slope.requires_grad else run.give(slope)

    return run.give(run.out), along


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """f's value, and the function that maps weights of its elements to the gradients of all arguments; f runs once.

    >>> from autograd import vjp
    >>> value, pull = vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> print(*pull(1.0))
    3.0 2.0
    """
    run = _Run(f, primals, range(len(primals)), {})

    def pull(cotangent: Any) -> tuple[Any, ...]:
        return tuple(g if g.requires_grad else run.give(g) for g in run.pulled(cotangent))

    return run.give(run.out), pull


def jacobian(f: Callable[..., Any], argnum: int = 0, mode: str | None = None) -> Callable[..., Any]:
    """A function that returns all derivatives of f's result: shape `result.shape + argument.shape`.

    Parameters
    ----------
    mode : "forward", "reverse" or None
        One pass for each element of the argument, or for each of the result; None takes the fewer. A complex argument
        is a TypeError where f is not known to be holomorphic: take `vjp` or `jvp`.

    >>> import numpy as np
    >>> from autograd import jacobian
    >>> jacobian(lambda x: x * x)(np.array([1.0, 2.0])).tolist()
    [[2.0, 0.0], [0.0, 4.0]]
    """
    if mode not in (None, "forward", "reverse"):
        raise ValueError(f"mode is 'forward', 'reverse' or None, not {mode!r}")

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        run = _Run(f, args, (argnum,), kwargs)
        (x,) = run.inputs
        if "c" in (x.dtype.kind, run.out.dtype.kind):
            raise TypeError("jacobian of complex numbers: the derivative is no one matrix; use vjp or jvp")
        forward = mode == "forward" or (mode is None and x.size < run.out.size)
        shape = (*run.out.shape, *x.shape)
        if forward:
            columns = [run.pushed([e]) for e in _basis(x)]
            whole = ops.stack(columns, -1) if columns else wrap(np.zeros(shape, run.out.dtype))
        else:
            rows = [run.pulled(e)[0] for e in _basis(run.out)]
            whole = ops.stack(rows, 0) if rows else wrap(np.zeros(shape, x.dtype))
        return run.give(ops.reshape(whole, shape))

    return wrapped


def _basis(x: Tensor) -> list[Any]:
    """Arrays of the shape of `x`, each with a single one."""
    units = np.eye(x.size, dtype=x.dtype)
    return [unit.reshape(x.shape) for unit in units]


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
        run = _Run(f, args, (argnum,), kwargs)
        if run.out.shape != run.inputs[0].shape:
            raise GradError(
                f"elementwise_grad: the function gave shape {run.out.shape} for an argument of shape "
                f"{run.inputs[0].shape}, so it does not work on each element by itself; use jacobian"
            )
        return run.give(run.pulled(np.ones(run.out.shape, run.out.dtype))[0])

    return wrapped


def stop_gradient(x: Any) -> Any:
    """`x` as a constant: no gradient flows through.

    >>> from autograd import grad, stop_gradient
    >>> print(grad(lambda x: x * stop_gradient(x))(3.0))
    3.0
    """
    return x.detach() if isinstance(x, Tensor) else x
