"""A function with derivatives written by hand: `vjp` and `jvp` beside it, in anybody's arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd.testing.libraries.base import Arrays, Library, Pull, several


class Plain(Library):
    """What `check_vjp` and `check_jvp` differentiate with.

    Parameters
    ----------
    vjp : callable, optional
        `vjp(cotangent, *args)` gives the gradient, or a tuple of one for each argument; where f returns a tuple, the
        cotangents come as one.
    jvp : callable, optional
        `jvp(*tangents, *args)` gives the tangent of the output, or of each as a tuple.
    of : Library, optional
        The library whose arrays all of these take; NumPy's by default.

    >>> import numpy as np
    >>> from autograd.testing.libraries.plain import Plain
    >>> outputs, pull = Plain(vjp=lambda g, x: g * np.cos(x)).vjp(np.sin, [np.zeros(2)])
    >>> pull([np.ones(2)])
    [array([1., 1.])]
    """

    name = "plain"

    def __init__(
        self, vjp: Callable[..., Any] | None = None, jvp: Callable[..., Any] | None = None, of: Library | None = None
    ) -> None:
        self._vjp, self._jvp, self._of = vjp, jvp, of or Library()
        self.modes = frozenset(m for m, rule in (("reverse", vjp), ("forward", jvp)) if rule is not None)

    def constant(self, array: Any) -> Any:
        return self._of.constant(array)

    def numpy(self, value: Any) -> Any:
        return self._of.numpy(value)

    def vjp(self, f: Callable[..., Any], arrays: Arrays) -> tuple[tuple[Any, ...], Pull]:
        rule = self._vjp
        if rule is None:
            return super().vjp(f, arrays)
        args = list(map(self.constant, arrays))
        result = f(*args)

        def pull(cotangents: Any) -> list[Any]:
            given = tuple(map(self.constant, cotangents))
            got = several(rule(given if isinstance(result, (tuple, list)) else given[0], *args))
            if len(got) != len(args):
                raise ValueError(
                    f"the vjp returned {len(got)} gradients for {len(args)} arguments: one for each, or None"
                )
            return [None if g is None else self.numpy(g) for g in got]

        return tuple(map(self.numpy, several(result))), pull

    def jvp(self, f: Callable[..., Any], arrays: Arrays, tangents: Arrays) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        if self._jvp is None:
            return super().jvp(f, arrays, tangents)
        args = list(map(self.constant, arrays))
        outputs, moved = several(f(*args)), several(self._jvp(*map(self.constant, tangents), *args))
        return tuple(map(self.numpy, outputs)), tuple(map(self.numpy, moved))
