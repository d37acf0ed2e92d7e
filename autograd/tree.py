"""Nested structures of arrays: lists, tuples, named tuples, dicts and dataclasses, taken apart and put together."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any


def leaves(x: Any) -> list[Any]:
    """All that is in `x` and no structure itself, in order; None holds nothing.

    >>> from autograd.tree import leaves
    >>> leaves({"b": [1, (2, None)], "a": 3})
    [1, 2, 3]
    """
    found: list[Any] = []
    rebuild(x, lambda leaf: found.append(leaf))
    return found


def rebuild(x: Any, f: Callable[[Any], Any]) -> Any:
    """The same structure with f of every leaf."""
    if x is None:
        return None
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*[rebuild(v, f) for v in x])
    if isinstance(x, (list, tuple)):
        return type(x)([rebuild(v, f) for v in x])
    if isinstance(x, dict):
        made = {k: rebuild(v, f) for k, v in x.items()}
        return made if type(x) is dict else type(x)(made)
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        return dataclasses.replace(
            x, **{d.name: rebuild(getattr(x, d.name), f) for d in dataclasses.fields(x) if d.init}
        )
    return f(x)


def like(x: Any, values: list[Any]) -> Any:
    """The structure of `x` with other leaves."""
    rest = iter(values)
    return rebuild(x, lambda _: next(rest))
