"""Hypothesis strategies: for every op of the table, calls whose derivative exists at the point drawn.

Elementwise ops need nothing here: their declaration says where they are defined and what kind of kinks they have.
Every other op registers a strategy of `Call` under its name; `calls` knows no op without one.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from autograd.primitive import table
from autograd.testing.strategies import (  # noqa: F401  they register themselves
    attention,
    conv,
    decompositions,
    fft,
    index,
    joining,
    linalg,
    matrix_functions,
    neural,
    padding,
    polynomial,
    pooling,
    product,
    ranges,
    reduce,
    running,
    sets,
    shape,
    sorting,
    special,
    statistics,
    windows,
)
from autograd.testing.strategies.analytic import is_analytic
from autograd.testing.strategies.base import (
    LAYOUTS,
    Call,
    kinked,
    laid_out,
    register,
    register_kinks,
    registered,
)
from autograd.testing.strategies.elementwise import elementwise_call, elementwise_kinks
from autograd.testing.strategies.tensors import tensors

__all__ = [
    "LAYOUTS", "Call", "calls", "kinked", "laid_out", "op_calls", "register", "register_kinks", "registered",
    "tensors",
]  # fmt: skip


def calls(name: str) -> st.SearchStrategy[Call]:
    """Calls of the op `name`: the strategy registered for it, or one made from an elementwise declaration."""
    if name in registered:
        return registered[name]
    if name in table and table[name].elementwise:
        return st.composite(elementwise_call)(name)
    raise LookupError(f"op '{name}' has no test: register a strategy for it in autograd/testing/strategies/")


def op_calls(name: str, kinks: bool = True) -> st.SearchStrategy[Call]:
    """Calls of the op `name`, at kinks, zeros, ties, bounds and large values too.

    Parameters
    ----------
    name : str
        An op of the table or a function that is made of ops.
    kinks : bool
        False gives the points of `calls` alone, where the derivative exists.

    Returns
    -------
    strategy of Call
        `Call.kink` says what a gradient must satisfy at the point (None: it is the derivative), `Call.analytic` whether
        a complex step gives it.

    Examples
    --------
    >>> from hypothesis import find
    >>> from autograd.testing.strategies import op_calls
    >>> find(op_calls("relu"), lambda call: call.kink is not None and 0.0 in call.arrays[0]).kink
    'convex'
    """
    both = [calls(name)]
    if kinks:
        both += kinked.get(name, ())
        # where an op is at home in one file with its own points of interest, that file registers them
        if name in table and table[name].elementwise and name not in registered and name not in SIGNS:
            both.append(st.composite(elementwise_kinks)(name))
    return st.one_of(both).map(lambda call: replace(call, analytic=is_analytic(call)))


SIGNS = {"complex_sign"}  # at 0 it jumps
