"""Hypothesis strategies of programs."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd.testing.programs import lines as every_maker  # noqa: F401  they register themselves
from autograd.testing.programs.build import build, makers
from autograd.testing.programs.lines.arithmetic import ONE, OPERATORS, TWO
from autograd.testing.programs.program import Program

SHAPES = ((2,), (3,), (), (2, 2), (1,), (2, 3), (3, 2), (3, 1), (2, 2, 2), (4,), (3, 3), (0, 2))
POOL = (1.0, 0.5, -1.0, 2.0, 0.37, -0.81, 1.23, -0.5, 0.0, 1.7, -2.61, 3.0, 1e-3)
CHOICES = 10  # bytes for a line

WRITES = ("assign", "update", "whole", "out", "copyto", "scatter", "fill_diagonal", "put")
VIEWS = ("getitem", "reshape", "ravel", "transpose", "flip", "diagonal", "swapaxes", "real", "imag", "expand_dims")
NESTED = ("grad", "jvp", "vjp", "hvp", "vmap", "linearize", "jacobian", "checkpoint", "grad_of_grad")
MANNERS = ("constant", "stop_gradient", "for", "if", "fill", "list")
BASIC = ("multiply", "add", "sin", "subtract", "tanh", "exp", "square", "sum", "divide")


def weighted(ops: Collection[str] | None = None) -> list[str]:
    """The names that lines are drawn from, those that do more harm several times."""
    known = set(makers)
    if ops is not None:
        unknown = set(ops) - known
        if unknown:
            raise LookupError(f"no line is made for {sorted(unknown)}; there are {sorted(known)}")
        return sorted(ops) if isinstance(ops, (set, frozenset)) else list(ops)
    special = {*WRITES, *VIEWS, *NESTED, *MANNERS}
    others = sorted(known - special - set(BASIC))
    elementwise = [n for n in others if n in {*ONE, *TWO, *OPERATORS}]
    return [
        *BASIC * 5, *others, *(n for n in others if n not in elementwise),
        *VIEWS * 6, *WRITES * 9, *NESTED * 3, *MANNERS * 4,
    ]  # fmt: skip


def recipe(
    ops: Collection[str] | None = None, lines: int = 12, inputs: int = 3
) -> st.SearchStrategy[tuple[list[Any], list[tuple[str, bytes]], bool]]:
    """What `build` takes: arrays, lines as names and bytes, and whether the last value alone counts."""
    array = st.builds(_array, st.sampled_from(SHAPES), st.binary(min_size=9, max_size=9))
    line = st.tuples(st.sampled_from(weighted(ops)), st.binary(min_size=CHOICES, max_size=CHOICES))
    return st.tuples(
        st.lists(array, min_size=1, max_size=inputs),
        st.lists(line, min_size=1, max_size=lines),
        st.integers(0, 3).map(lambda k: k == 0),
    )


def _array(shape: tuple[int, ...], choices: bytes) -> Any:
    return np.array([POOL[c % len(POOL)] for c in choices[: math.prod(shape)]], float).reshape(shape)


def programs(ops: Collection[str] | None = None, lines: int = 12, inputs: int = 3) -> st.SearchStrategy[Program]:
    """Straight-line programs on one to `inputs` small arrays, of at most about `lines` lines.

    Lines that make no sense where they stand are left out, so that a failing program shrinks by deleting lines.

    Parameters
    ----------
    ops : collection of str, optional
        The names of `makers` to draw lines from, the simplest first: ops of the table and manners of writing. Default
        all.
    lines, inputs : int
        The most of each.

    Examples
    --------
    >>> from hypothesis import given
    >>> from autograd.testing.programs import check_program, programs
    >>> @given(programs(lines=8))
    ... def test_the_engine(program):
    ...     judgement = check_program(program)
    ...     assert judgement.ok, judgement
    """
    return recipe(ops, lines, inputs).map(lambda drawn: build(*drawn))
