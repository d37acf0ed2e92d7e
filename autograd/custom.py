"""Functions with a derivative of their own: `custom_vjp` and `custom_jvp`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import ops, tree
from autograd.calls import general
from autograd.graph import Variable, propagate
from autograd.op import Op, new_leaf
from autograd.primitive import conj, wrap
from autograd.state import GradError, enable_grad
from autograd.tensor import Tensor
from autograd.vectorize import vmap


class _Call:
    """One call: the function, and the structures of its arguments and of its result.

    Its op has one result, so several arrays travel in one flat array, `packed`.
    """

    def __init__(self, owner: _Function, args: tuple[Any, ...]) -> None:
        self.owner = owner
        self.args = args
        self.others = [None if _is_array(v) else v for v in tree.leaves(args)]
        self.result: Any = None
        self.shapes: list[tuple[int, ...]] | None = None
        self.dtypes: list[Any] = []

    def arguments(self, arrays: Sequence[Any]) -> Any:
        """The arguments of the call, with these arrays."""
        rest = iter(arrays)
        return tree.like(self.args, [next(rest) if v is None else v for v in self.others])

    def flat(self, found: Any, arrays: Sequence[Any]) -> list[Any]:
        """For each array what `found` has for it, an entry for each argument; None is zero."""
        name = self.owner.__name__
        if not isinstance(found, (tuple, list)) or len(found) != len(self.args):
            raise GradError(
                f"the derivative of '{name}' returns a tuple, an entry for each argument ({len(self.args)})"
            )
        parts: list[Any] = []
        for arg, part in zip(self.args, found, strict=True):
            entries = [None] * len(tree.leaves(arg)) if part is None else tree.leaves(part)
            if len(entries) != len(tree.leaves(arg)):
                raise GradError(f"the derivative of '{name}' does not have its arguments' structure")
            parts += entries
        parts = [p for p, other in zip(parts, self.others, strict=True) if other is None]
        made = [_tensor(np.zeros(a.shape, a.dtype) if p is None else p) for p, a in zip(parts, arrays, strict=True)]
        for p, a in zip(made, arrays, strict=True):
            if p.shape != tuple(a.shape):
                shape = tuple(a.shape)
                raise GradError(f"the derivative of '{name}' has shape {p.shape} for an argument of shape {shape}")
        return made

    def packed(self, result: Any) -> Any:
        """The result as one array, whose parts' shapes are noted."""
        parts = [_tensor(v) for v in tree.leaves(result)]
        if not parts:
            raise TypeError(f"'{self.owner.__name__}' returned no array")
        self.result = tree.rebuild(result, lambda _: 0)
        self.shapes = [p.shape for p in parts]
        self.dtypes = [p.dtype for p in parts]
        if _is_array(result):
            return parts[0]
        return ops.concatenate([p.reshape((-1,)) for p in parts])

    def unpacked(self, whole: Any) -> Any:
        """The inverse of `packed`, for a result, its tangent or its cotangent."""
        if self.result == 0 and not isinstance(self.result, (list, tuple, dict)):
            return whole
        parts, start = [], 0
        for shape, dtype in zip(self.shapes or [], self.dtypes, strict=True):
            n = int(np.prod(shape))
            part = whole[start : start + n].reshape(shape)
            parts.append(part.real.astype(dtype) if part.dtype.kind == "c" != dtype.kind else part.astype(dtype))
            start += n
        return tree.like(self.result, parts)


def _is_array(x: Any) -> bool:
    return isinstance(x, (Variable, np.ndarray, np.generic, float, complex))


def _tensor(x: Any) -> Any:
    return x if isinstance(x, Tensor) else wrap(np.asarray(x)[()])


def _bare(x: Any, like: Any) -> Any:
    """`x` as a rule gives it: an array where the cotangent is one."""
    return x if isinstance(like, Variable) or not hasattr(x, "_data") else x._data


class _Function:
    """What `custom_vjp` and `custom_jvp` share: a call is an op that is in no table."""

    __name__: str

    def __init__(self, f: Callable[..., Any]) -> None:
        functools.update_wrapper(self, f)
        self._f = f

        def forward(arrays: Any, call: Any) -> Any:
            return call.packed(self._f(*call.arguments([_tensor(a) for a in arrays])))._data

        def rule(g: Any, arrays: Any, call: Any) -> Any:
            inputs = [_tensor(a) for a in arrays]
            found = self._pulled(call, inputs, _tensor(g))
            return [_bare(r, g) for r in found]

        self._op = self._kind(
            self.__name__, forward, {}, joint=rule, arrays=("arrays",), variadic=True, selects=True, batch=self._batch,
            listed=False,
        )  # fmt: skip
        general(self._op)

    _kind: type[Op] = Op

    def __call__(self, *args: Any) -> Any:
        """f(*args); arrays may be in nested structures, everything else is a setting."""
        self._ready()
        leaves = tree.leaves(args)
        if not any(isinstance(v, Variable) for v in leaves):
            return self._f(*args)
        call = _Call(self, args)
        whole = self._op.call([tuple(v for v in leaves if _is_array(v)), call])
        return call.unpacked(whole)

    def _batch(self, op: Op, values: list[Any], batch: Any) -> Any:
        """All examples of a `vmap` at once; below it the derivative is this function's own again."""
        arrays, call = values
        axes = tuple(0 if batch.mine(a) else None for a in arrays)
        below = self._over(call, axes)
        return below(*[batch.open(a) for a in arrays])

    def _ready(self) -> None:
        raise GradError(f"'{self.__name__}' has no derivative yet")

    def _pulled(self, call: _Call, inputs: list[Any], g: Any) -> list[Any]:
        raise GradError(f"'{self.__name__}' has no derivative yet")

    def _over(self, call: _Call, axes: tuple[int | None, ...]) -> _Function:
        raise GradError(f"'{self.__name__}' has no derivative yet")

    def _packed_over(self, call: _Call, axes: Any) -> Callable[..., Any]:
        """f of all examples, each result packed."""
        return vmap(lambda *a: call.packed(self._f(*call.arguments(a))), axes)


class custom_vjp(_Function):
    """Decorate a function whose reverse derivative is given by hand: more stable, cheaper, or another one.

    Then `f.defvjp(forward, backward)`: `forward(*args)` returns f's result and what `backward` needs;
    `backward(saved, g)` returns a tuple with the gradient for each argument (None for zero), where `g` is that of the
    result, of its structure. Both run in backward, with NumPy's functions on Tensors. Higher orders differentiate them;
    forward mode transposes `backward`, which must be linear in `g`. Inside `vmap` they run on a whole batch.

    Raises
    ------
    GradError
        If a derivative has not its argument's shape or structure, or `defvjp` was not called.

    Examples
    --------
    >>> import autograd.numpy as np
    >>> from autograd import custom_vjp, grad
    >>> @custom_vjp
    ... def log1pexp(x):
    ...     return np.log(1 + np.exp(x))
    >>> log1pexp.defvjp(lambda x: (log1pexp(x), x), lambda x, g: (g * (1 - 1 / (1 + np.exp(x))),))
    >>> print(grad(log1pexp)(0.0))
    0.5
    """

    _forward: Callable[..., Any] | None = None
    _backward: Callable[..., Any]

    def defvjp(self, forward: Callable[..., Any], backward: Callable[..., Any]) -> None:
        """Set the two functions."""
        self._forward, self._backward = forward, backward

    def _ready(self) -> None:
        if self._forward is None:
            raise GradError(f"'{self.__name__}' has no derivative yet: call {self.__name__}.defvjp(forward, backward)")

    def _pulled(self, call: _Call, inputs: list[Any], g: Any) -> list[Any]:
        pair = self._forward(*call.arguments(inputs))  # type: ignore[misc]
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise GradError(f"the forward function of '{self.__name__}' returns a pair: the result, and what to save")
        weights = call.unpacked(conj(g))
        return [conj(r) for r in call.flat(self._backward(pair[1], weights), inputs)]

    def _over(self, call: _Call, axes: tuple[int | None, ...]) -> _Function:
        below = custom_vjp(functools.wraps(self._f)(self._packed_over(call, axes)))

        def backward(arrays: Any, g: Any) -> Any:
            one = vmap(lambda g, *a: tuple(conj(r) for r in self._pulled(call, list(a), conj(g))), (0, *axes))
            return _shared(one(g, *arrays), axes)

        below.defvjp(lambda *arrays: (None, arrays), backward)
        return below


def _shared(found: Any, axes: Any) -> tuple[Any, ...]:
    """The gradients of arguments that all examples share are summed over the examples."""
    return tuple(r if axis == 0 else ops.sum(r, axis=0) for r, axis in zip(found, axes, strict=True))


class _JvpOp(Op):
    """An op whose forward derivative is given; the reverse one is its transpose."""

    __slots__ = ()

    def push(self, node: Any, steps: list[Any], args: tuple[Any, ...], graph: bool) -> Any:
        arrays, call = self._tracked(node, args, None)[0] if graph else args
        inputs = [_tensor(a) for a in arrays]
        tangents = [_tensor(np.zeros(a.shape, a.dtype) if t is None else t) for t, a in zip(steps, inputs, strict=True)]
        found = call.owner._pushed(call, inputs, tangents)
        return found if graph or not hasattr(found, "_data") else found._data


class custom_jvp(_Function):
    """Decorate a function whose forward derivative is given by hand; reverse mode transposes it.

    Then `f.defjvp(rule)`: `rule(primals, tangents)` takes two tuples and returns f's result and its tangent, which is
    linear in the tangents.

    Raises
    ------
    GradError
        If the tangent has not the result's structure and shape, or `defjvp` was not called.

    Examples
    --------
    >>> import autograd.numpy as np
    >>> from autograd import custom_jvp, grad, jvp
    >>> @custom_jvp
    ... def clipped(x):
    ...     return np.clip(x, 0.0, 1.0)
    >>> clipped.defjvp(lambda primals, tangents: (clipped(*primals), tangents[0]))  # straight through
    >>> print(grad(clipped)(3.0), jvp(clipped, (3.0,), (2.0,))[1])
    1.0 2.0
    """

    _kind = _JvpOp
    _rule: Callable[..., Any] | None = None

    def defjvp(self, rule: Callable[..., Any]) -> None:
        """Set the rule."""
        self._rule = rule

    def _ready(self) -> None:
        if self._rule is None:
            raise GradError(f"'{self.__name__}' has no derivative yet: call {self.__name__}.defjvp(rule)")

    def _pushed(self, call: _Call, inputs: list[Any], tangents: list[Any]) -> Any:
        pair = self._rule(tuple(call.arguments(inputs)), tuple(call.arguments(tangents)))  # type: ignore[misc]
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise GradError(f"the rule of '{self.__name__}' returns a pair: the result and its tangent")
        value, slope = (_Call(self, call.args) for _ in range(2))
        value.packed(pair[0])
        found = slope.packed(pair[1])
        if slope.shapes != value.shapes:
            raise GradError(f"the tangent of '{self.__name__}' has shapes {slope.shapes}, its result {value.shapes}")
        return found

    def _pulled(self, call: _Call, inputs: list[Any], g: Any) -> list[Any]:
        with enable_grad():
            seeds = [new_leaf(np.ones(a.shape, a.dtype)) for a in inputs]
            found = self._pushed(call, inputs, seeds)
        if found._node is None:
            return [np.zeros(a.shape, a.dtype) for a in inputs]
        tracked = g.requires_grad or any(a.requires_grad for a in inputs) or not hasattr(g, "_data")
        way = g if tracked else g._data
        pulled = propagate({found._node: way}, {s._node for s in seeds}, create_graph=tracked)
        return [pulled.get(s._node, np.zeros(s.shape, s.dtype)) for s in seeds]

    def _over(self, call: _Call, axes: tuple[int | None, ...]) -> _Function:
        below = custom_jvp(functools.wraps(self._f)(self._packed_over(call, axes)))

        def rule(primals: Any, tangents: Any) -> Any:
            n = len(primals)

            def one(*both: Any) -> Any:
                return self._pushed(call, list(both[:n]), list(both[n:]))

            return below(*primals), vmap(one, (*axes, *axes))(*primals, *tangents)

        below.defjvp(rule)
        return below
