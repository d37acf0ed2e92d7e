"""Hypothesis strategies: for every op of the table, calls whose derivative exists at the point drawn.

Elementwise ops need nothing here: their declaration says where they are defined and what kind of kinks they have.
Every other op registers a strategy of `Call` under its name; `calls` knows no op without one.
"""

from __future__ import annotations

from hypothesis import strategies as st

from autograd.primitive import table
from autograd.testing.strategies import (  # noqa: F401  they register themselves
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
from autograd.testing.strategies.base import LAYOUTS, Call, laid_out, register, registered
from autograd.testing.strategies.elementwise import elementwise_call

__all__ = ["LAYOUTS", "Call", "calls", "laid_out", "register", "registered"]


def calls(name: str) -> st.SearchStrategy[Call]:
    """Calls of the op `name`: the strategy registered for it, or one made from an elementwise declaration."""
    if name in registered:
        return registered[name]
    if name in table and table[name].elementwise:
        return st.composite(elementwise_call)(name)
    raise LookupError(f"op '{name}' has no test: register a strategy for it in autograd/testing/strategies/")
