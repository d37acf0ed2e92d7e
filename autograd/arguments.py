"""The arguments of a call: which are Tensors, in which order NumPy takes them, and how an error names them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd.graph import Variable
from autograd.op import Declared

SCALARS = frozenset({int, float, complex, bool})
# what NumPy's functions take besides their own parameters, and what it is if it is not given
IDLE = {"out": None, "dtype": None, "where": True, "casting": "same_kind", "order": "K", "subok": True, "like": None}


def variables(x: Any) -> Iterator[Any]:
    """The Tensors in `x`, inside lists, tuples, dicts and slices too."""
    if isinstance(x, Variable):
        yield x
    elif isinstance(x, (list, tuple)):
        for v in x:
            yield from variables(v)
    elif isinstance(x, dict):
        yield from variables(list(x.values()))
    elif isinstance(x, slice):
        yield from variables((x.start, x.stop, x.step))


def holds_tensor(x: Any) -> bool:
    """Whether a Tensor is in `x`, inside lists, tuples, dicts and slices too."""
    return next(variables(x), None) is not None


def quick_binder(declared: Declared) -> Callable[[tuple[Any, ...], dict[str, Any]], list[Any] | None]:
    """What binds most calls: arguments in the places where NumPy's order is ours, or by our names; else None."""
    names, defaults = declared.names, declared.defaults
    place = {n: i for i, n in enumerate(names)}
    needed = sum(d is inspect.Parameter.empty for d in defaults) if defaults else len(names)
    alike: list[int] = []

    def quickly(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any] | None:
        if not alike:  # at the first call: NumPy's signatures take long to read
            differ = [ours != theirs for ours, theirs in zip(names, declared.order(), strict=False)]
            alike.append(differ.index(True) if True in differ else len(differ))
        n = len(args)
        if not needed <= n <= alike[0]:
            return None
        values = [*args, *defaults[n:]]
        for key, v in kwargs.items():
            i = place.get(key, -1)
            if i < n:
                return None
            values[i] = v
        for v in values:
            if v is np._NoValue:
                return None
        return values

    return quickly


def bind(declared: Declared, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """The arguments in the order of the declared parameters, defaults filled in; and those that it does not have."""
    names, order = declared.names, declared.order()
    if len(args) > len(order):
        raise TypeError(
            f"{declared.name} takes at most {len(order)} positional arguments ({', '.join(order)}), got {len(args)}"
        )
    values = list(declared.defaults) or [inspect.Parameter.empty] * len(names)
    extras: dict[str, Any] = {}
    seen = set()
    for key, value in (*zip(order, args, strict=False), *kwargs.items()):
        key = key if key in names else declared.alias(key)
        if key in seen:
            raise TypeError(f"{declared.name} got '{key}' twice")
        seen.add(key)
        if key in names:
            if value is not np._NoValue:
                values[names.index(key)] = value
        elif value is np._NoValue or (key == "where" and value is True) or (key in IDLE and key != "where"):
            if value is not np._NoValue and value is not IDLE[key]:
                extras[key] = value
        else:
            raise unknown(declared, key)
    for key, value in zip(names, values, strict=True):
        if value is inspect.Parameter.empty:
            raise TypeError(f"{declared.name} needs the argument '{key}'")
    return values, extras


def unknown(declared: Declared, key: str) -> TypeError:
    return TypeError(f"{declared.name} has no argument '{key}' on Tensors; it takes {', '.join(declared.names)}")


def lent(x: Any) -> bool:
    """Whether somebody outside can write into the memory of `x` unseen: a caller's array, or a Tensor on one."""
    return not isinstance(x, Variable) or x._lent


def frozen(x: Any) -> Any:
    """A copy of a caller's array (or list of them) that a rule will need later: the caller may write into it."""
    if isinstance(x, np.ndarray):
        return x.copy()
    return type(x)([frozen(v) for v in x]) if type(x) in (list, tuple) else x


def constant_operand(x: Any) -> Any:
    """A constant argument as NumPy takes it: Python's numbers stay as they are (weak), other things become arrays."""
    return x if type(x) in SCALARS else numbers_only(x if isinstance(x, (np.ndarray, np.generic)) else np.asarray(x))


def numbers_only(array: Any) -> Any:
    if array.dtype.kind not in "biufc":
        raise TypeError(f"an argument is of dtype {array.dtype}, numbers are needed")
    return array


def operand(x: Any) -> Any:
    """`x` as something with a shape: a Tensor stays one, all else becomes an array."""
    return x if isinstance(x, Variable) else numbers_only(np.asarray(x))


def plain(x: Any) -> Any:
    """`x` without Tensors: bare arrays, inside lists, tuples, dicts and slices too."""
    if isinstance(x, Variable):
        return x._data
    if isinstance(x, (list, tuple)) and not hasattr(x, "_fields"):
        return type(x)(plain(v) for v in x)
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    return x


def described(x: Any) -> str:
    if isinstance(x, (list, tuple)):
        return "[" + ", ".join(described(v) for v in x[:8]) + (", ..." if len(x) > 8 else "") + "]"
    x = plain(x)
    return f"{x.dtype}{list(x.shape)}" if isinstance(x, (np.ndarray, np.generic)) else repr(x)


def refuse(op: str, names: tuple[str, ...], args: tuple[Any, ...], error: Exception) -> Exception:
    """NumPy's complaint in its own exception class, with the op and its arguments named."""
    shown = [(n, a) for n, a in zip(names, args, strict=False) if not n.startswith("_")]  # what a caller can give
    given = ", ".join(f"{n}={described(a)}" for n, a in shown)
    message = f"{op}({given}): {error}"
    for kind in (np.exceptions.AxisError, np.linalg.LinAlgError, IndexError, TypeError, ValueError):
        if isinstance(error, kind):
            return kind(message)
    return error
