"""Calls of the ops in `autograd.ops.special`: most from their declarations alone, compared with SciPy's values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd import ops
from autograd.ops.special import NO_POLE
from autograd.testing.strategies.base import Call, Draw, filled, inside, reach_of, register, shapes
from autograd.testing.strategies.elementwise import references

NAMES = ("betaln", "digamma", "entr", "erf", "erfc", "erfcx", "gammaln", "log_ndtr", "logit", "ndtr", "xlogy")


def scipys(name: str) -> Callable[..., Any]:
    """SciPy's function, looked up at its first call: the other ops are tested where SciPy is not installed."""

    def call(*args: Any) -> Any:
        from scipy import special

        return getattr(special, name)(*args)

    return call


references.update({name: scipys(name) for name in NAMES})


@register("polygamma")
def _polygamma(draw: Draw, name: str) -> Call:
    n = draw(st.integers(0, 3))
    x = filled(draw, draw(shapes()), tuple(v for v in inside(NO_POLE) if abs(v) > 0.1))
    return Call(
        name,
        (x,),
        lambda x: ops.polygamma(n, x),
        lambda x: np.asarray(scipys("polygamma")(n, x)),
        (reach_of(x, NO_POLE),),
        f"n = {n}",
    )
