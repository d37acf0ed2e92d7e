"""How an op is declared: what it computes, its derivative, where it is defined and what kind of kinks it has.

A rule is plain NumPy. Its first parameter is the cotangent `g` of the result; the others name what it needs: an
argument of the op by its name, `out` for the result, or an argument's name with `_like` where only shape and dtype
matter. What no rule names is not kept. In an ordinary backward pass a rule gets bare arrays; under `create_graph` it
gets Tensors and NumPy's protocols record it, so that one rule serves every order of derivative.

>>> import numpy as np
>>> from autograd import Tensor
>>> from autograd.primitive import primitive
>>> @primitive(x=lambda g, x: g * 3 * x**2)
... def cubed(x):
...     return x**3
>>> x = Tensor(2.0, requires_grad=True)
>>> cubed(x).backward()
>>> x.grad.item()
12.0
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.arguments import holds_tensor, operand, plain, variables
from autograd.calls import binary, general, lifted, made_of_ops, unary
from autograd.graph import Variable
from autograd.op import (
    ABOVE_ONE,
    NONZERO,
    POSITIVE,
    REAL,
    UNIT,
    Declared,
    Domain,
    Op,
    Rule,
    adopt,
    composites,
    conj,
    store,
    table,
    unbroadcast,
    wrap,
)

__all__ = [
    "ABOVE_ONE", "NONZERO", "POSITIVE", "REAL", "UNIT", "Domain", "Op", "adopt", "composite", "composites", "conj",
    "constant", "counterpart", "elementwise", "numpy_functions", "operand", "plain", "primitive", "table",
    "unbroadcast", "wrap",
]  # fmt: skip

numpy_functions: dict[Any, Callable[..., Any]] = {}  # NumPy's function or ufunc -> ours, for its dispatch protocols


def counterpart(value: Any) -> Any:
    """Ours of one of NumPy's functions; whatever has none stays what it is."""
    return numpy_functions.get(value, value) if callable(value) and getattr(value, "__hash__", None) else value


def elementwise(
    ufunc: Any,
    forward: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    domain: Domain | dict[str, Domain] = REAL,
    kink: str = "smooth",
    selects: bool = False,
    holomorphic: bool = True,
    **rules: Rule,
) -> Callable[..., Any]:
    """Declare an elementwise op of one or two arguments, `x` and `y`, from NumPy's ufunc and its slopes' rules.

    `forward` may give a quicker way to compute the same (an operator is quicker than its ufunc on scalars).
    `holomorphic=False` where the derivative at complex numbers is no factor (as of `z / |z|`).
    """
    arrays = tuple(rules)
    domains = domain if isinstance(domain, dict) else dict.fromkeys(arrays, domain)
    op = Op(
        name or ufunc.__name__,
        forward or ufunc,
        rules,
        names=arrays,
        elementwise=True,
        selects=selects,
        holomorphic=holomorphic,
        numpy=ufunc,
        domain=domains,
        kink=kink,
    )
    op.doc = f"Elementwise, NumPy's `{ufunc.__name__}`, differentiable; arguments broadcast."
    op.function = unary(op, ufunc) if len(arrays) == 1 else binary(op, ufunc)
    return _publish(op, (ufunc,))


def primitive(
    joint: Rule | None = None,
    *,
    name: str | None = None,
    arrays: tuple[str, ...] | None = None,
    variadic: bool = False,
    numpy: tuple[Any, ...] = (),
    selects: bool = False,
    linear: str = "",
    view: bool = False,
    batch: Any = None,
    domain: dict[str, Domain] | None = None,
    kink: str = "smooth",
    **rules: Rule,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare an op: decorate its forward function (plain NumPy on bare arrays) with a rule for each array argument.

    Calls follow the signature of NumPy's function (the first of `numpy`), whose `out` and `dtype` are taken care of:
    the forward function need not have them. It writes its own parameters in any order; the first are the arrays.

    Parameters
    ----------
    joint : callable, optional
        One rule that gives the cotangents of all `arrays` as a tuple, where they share work.
    variadic : bool
        The one array argument is a sequence of arrays; its rule also takes `i`, the place in the sequence.
    numpy : tuple
        NumPy's functions that this op stands for when they are called on Tensors.
    selects, linear, view, batch, domain, kink
        See `Op`.
    **rules : callable
        By the argument's name.
    """

    def declare(forward: Callable[..., Any]) -> Callable[..., Any]:
        op = Op(
            name or forward.__name__,
            forward,
            rules,
            joint=joint,
            arrays=arrays,
            variadic=variadic,
            selects=selects,
            linear=linear,
            view=view,
            batch=batch,
            numpy=numpy[0] if numpy else None,
            domain=domain,
            kink=kink,
        )
        op.function = general(op)
        return _publish(op, numpy)

    return declare


def composite(
    *,
    numpy: tuple[Any, ...] = (),
    name: str | None = None,
    domain: dict[str, Domain] | None = None,
    kink: str = "smooth",
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a function that is made of ops, and so has its derivative from them.

    On plain arrays it is the first function of `numpy`; the decorated function is called where a Tensor is among the
    arguments, with NumPy's signature, `out` and `dtype` as in `primitive`. Its errors name it and its arguments.
    """

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        declared = Declared(name or function.__name__, function, None, numpy[0] if numpy else None, domain or {}, kink)
        if declared.name in composites:
            raise ValueError(f"a function called '{declared.name}' is declared already")
        composites[declared.name] = declared
        declared.function = made_of_ops(declared)
        return _publish(declared, numpy)

    return declare


def _publish(declared: Declared, functions: tuple[Any, ...]) -> Callable[..., Any]:
    function = declared.function
    function.__name__ = function.__qualname__ = declared.name
    function.__doc__ = declared.doc
    function.op = declared  # type: ignore[attr-defined]
    for f in functions:
        numpy_functions[f] = function
    return function


def constant(*functions: Any, real: bool = False) -> None:
    """Declare NumPy's `functions` constant by nature: on Tensors they give Tensors without a gradient.

    `real` says that they are so of real numbers only.
    """

    def make(f: Any) -> Callable[..., Any]:
        def apply(*args: Any, **kwargs: Any) -> Any:
            if not holds_tensor((args, kwargs)):
                return f(*args, **kwargs)
            if real and any(v._node is not None and v._data.dtype.kind == "c" for v in variables(args)):
                raise TypeError(f"numpy.{f.__name__} of complex numbers has no derivative; use tensor.data")
            target = kwargs.pop("out", None)
            if isinstance(target, tuple):
                (target,) = target
            try:
                given = plain(kwargs)
                if target is not None and isinstance(f, np.ufunc):  # where= leaves the others of `out` as they are
                    given["out"] = np.array(plain(target))
                out = f(*plain(args), **given)
            except AttributeError:
                return lifted(f, [args, kwargs])
            if isinstance(target, Variable):
                return store(target, out)
            if target is not None:
                np.copyto(target, out, casting="same_kind")
                return target
            return _wrapped(out)

        apply.__name__ = f.__name__
        apply.__doc__ = f.__doc__
        apply.constant = True  # type: ignore[attr-defined]
        return apply

    for f in functions:
        numpy_functions[f] = make(f)


def _wrapped(out: Any) -> Any:
    """Arrays of numbers as constant Tensors, inside tuples and lists too."""
    if isinstance(out, (np.ndarray, np.generic)) and out.dtype.kind in "biufc":
        return wrap(out)
    return type(out)([_wrapped(v) for v in out]) if type(out) in (tuple, list) else out
