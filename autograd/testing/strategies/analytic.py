"""Where a complex step gives the derivative: of a function that is analytic, x + ih has f'(x) h for its imaginary part.

Squire and Trapp, Using complex variables to estimate derivatives of real functions, SIAM Review 40 (1998), 110-112.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from autograd.primitive import table
from autograd.testing.strategies.base import Call

STEP, TINY = 1e-5, 1e-20


def is_analytic(call: Call) -> bool:
    """Whether `call` is of an op that is declared so, and a complex step gives its slope here.

    Declared so are elementwise ops without kinks whose derivative is a factor at complex numbers too, and linear ones.
    Among these are some of which the call shows a part only (the real part of a transform), that take no complex
    numbers, or whose values at complex ones have no digits left for a small imaginary part: a trial tells.
    """
    op = table.get(call.name)
    if op is None or call.kink is not None:
        return False
    if not op.linear and not (op.elementwise and op.holomorphic and op.kink == "smooth"):
        return False
    return any(a.size for a in call.arrays) and _tried(call)


def _tried(call: Call) -> bool:
    """Whether a complex step and a central difference agree to what the difference is worth."""
    # no two elements move alike, so that none makes up for another
    steps = [r * (1 + np.arange(r.size).reshape(r.shape) % 7 / 10) for r in call.reach]

    def moved(t: complex) -> Any:
        return np.asarray(call.apply(*(a + t * s for a, s in zip(call.arrays, steps, strict=True))))

    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            stepped = moved(TINY * 1j)
            above, below = moved(STEP), moved(-STEP)
        except (TypeError, ValueError):  # no complex numbers taken
            return False
    if above.dtype.kind == "c" or stepped.dtype.kind != "c":
        return False
    plainly = (above - below) / (2 * STEP)
    size = np.max(np.abs(plainly), initial=0.0) + 1e-3 * np.max(np.abs(above), initial=0.0)
    return bool(size < np.inf and np.all(np.abs(stepped.imag / TINY - plainly) <= 1e-5 * size + 1e-12))
