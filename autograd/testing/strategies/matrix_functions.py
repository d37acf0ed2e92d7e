"""Calls of the ops in `autograd.ops.matrix_functions`; on bare arrays they are SciPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd.ops import matrix_functions
from autograd.testing.strategies.base import (
    Array,
    Call,
    Draw,
    filled,
    plain_call,
    register,
    register_kinks,
    shapes,
)


def _scipys(name: str) -> Any:
    from scipy import linalg

    return getattr(linalg, name)


def _near(draw: Draw, n: int, stack: tuple[int, ...] = ()) -> Array:
    """Matrices near twice the unit matrix, whose eigenvalues have positive real parts."""
    return np.asarray(0.3 * filled(draw, (*stack, n, n), (1.0, 0.0, -1.0, 0.5, -0.37)) + 2 * np.eye(n))


@register("expm", "sqrtm")
def _of_one(draw: Draw, name: str) -> Call:
    a = _near(draw, draw(st.integers(1, 3)), draw(shapes(0, 1, 1)) if name == "expm" else ())
    return plain_call(name, [a], getattr(matrix_functions, name), _scipys(name), most=0.03)


@register("solve_sylvester")
def _sylvester(draw: Draw, name: str) -> Call:
    m, n = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    arrays = [_near(draw, m), _near(draw, n), filled(draw, (m, n))]
    return plain_call(name, arrays, matrix_functions.solve_sylvester, _scipys("solve_sylvester"), most=0.03)


@register("solve_triangular")
def _triangular(draw: Draw, name: str) -> Call:
    n = draw(st.integers(1, 3))
    b = (n,) if draw(st.booleans()) else (n, draw(st.integers(1, 3)))
    note = {
        "trans": draw(st.sampled_from([0, 1, 2, "N", "T", "C"])),
        "lower": draw(st.booleans()),
        "unit_diagonal": draw(st.booleans()),
    }
    return plain_call(
        name,
        [_near(draw, n), filled(draw, b)],
        lambda a, b: matrix_functions.solve_triangular(a, b, **note),
        lambda a, b: _scipys("solve_triangular")(a, b, **note),
        note,
        most=0.03,
    )


@register("block_diag")
def _block_diag(draw: Draw, name: str) -> Call:
    arrays = [filled(draw, draw(shapes(0, 2))) for _ in range(draw(st.integers(1, 3)))]
    return plain_call(name, arrays, matrix_functions.block_diag, _scipys("block_diag"))


@register_kinks("expm")
def _asked_for_nothing(draw: Draw, name: str) -> Call:
    """A cotangent of zeros, and a stack of stacks."""
    a, factor = draw(st.sampled_from(((_near(draw, 2), 0.0), (_near(draw, 3, (1, 2)), 1.0))))
    return plain_call(
        name, [a], lambda a: matrix_functions.expm(a) * factor, lambda a: _scipys("expm")(a) * factor, factor, most=0.03
    )
