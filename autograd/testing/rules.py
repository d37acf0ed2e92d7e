"""Rules written by hand, called with all arguments of a function; their cotangents come shaped as its results."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd import tree
from autograd.testing.arguments import Arguments
from autograd.testing.libraries.base import several


class Rule:
    """A vjp or jvp of the user's own, as a function of the arrays that move alone.

    Parameters
    ----------
    rule : callable
    f : callable
        The function whose derivative it is.
    args, kwargs
        Of `f`; the rule gets those of `kwargs` that its signature has.
    arguments : Arguments
    """

    def __init__(
        self,
        rule: Callable[..., Any],
        f: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        arguments: Arguments,
    ) -> None:
        self.rule, self.f, self.args, self.arguments = rule, f, args, arguments
        self.all_kwargs = kwargs
        self.kwargs = _accepted(rule, kwargs)
        self._like: Any = None

    def vjp(self, cotangents: Any, *free: Any) -> tuple[Any, ...]:
        """The gradients of the free arrays."""
        if self._like is None:
            self._like = (self.f(*self.args, **self.all_kwargs),)
        (result,) = self._like
        given = iter(several(cotangents))
        like = tree.rebuild(result, lambda v: next(given) if _moves(v) else np.zeros_like(v))
        return self._of_free(self.rule(like, *self.arguments.filled(*free), **self.kwargs), len(free))

    def jvp(self, *tangents_and_free: Any) -> tuple[Any, ...]:
        """The tangents of the results that hold floats."""
        n = len(tangents_and_free) // 2
        tangents, free = tangents_and_free[:n], tangents_and_free[n:]
        moved = self.rule(*tangents, *self.arguments.filled(*free), **self.kwargs)
        return tuple(tree.leaves(moved)) if isinstance(moved, (tuple, list, dict)) else (moved,)

    def _of_free(self, returned: Any, free: int) -> tuple[Any, ...]:
        """What the rule returned, one gradient for each free array."""
        args = self.args
        nested = len(args) == 1 and isinstance(args[0], (tuple, list))
        whole = nested and len(several(returned)) == len(args[0])
        got: tuple[Any, ...] = (returned,) if whole else several(returned)
        if len(got) == free != len(args):
            return got
        if len(got) != len(args):
            count = f"{len(got)} gradient{'s' if len(got) != 1 else ''}"
            wanted = f"{len(args)} argument{'s' if len(args) != 1 else ''}"
            raise ValueError(
                f"the vjp returned {count} for {wanted}: return a tuple of one for each, None where there is none"
            )
        flat: list[Any] = []
        for i, (g, arg) in enumerate(zip(got, args, strict=True)):
            leaves = tree.leaves(arg)
            parts = [None] * len(leaves) if g is None else tree.leaves(g) if len(leaves) != 1 else [_one(g)]
            if len(parts) != len(leaves):
                raise ValueError(
                    f"the gradient of argument {i} has {len(parts)} arrays, the argument has {len(leaves)}"
                )
            flat += parts
        return tuple(flat[place] for place in self.arguments.places)


def _one(g: Any) -> Any:
    return g[0] if isinstance(g, (list, tuple)) and len(g) == 1 else g


def _moves(v: Any) -> bool:
    return np.asarray(v).dtype.kind in "fc"


def _accepted(rule: Callable[..., Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `kwargs` that the rule can take."""
    try:
        parameters = inspect.signature(rule).parameters.values()
    except (TypeError, ValueError):
        return dict(kwargs)
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return dict(kwargs)
    names = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    return {key: v for key, v in kwargs.items() if key in names}
