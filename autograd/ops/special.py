"""Special functions: the error function, gamma and beta functions and their kin.

The values are SciPy's, which is imported at the first call: it takes longer to load than this whole package.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.primitive import POSITIVE, REAL, Domain, elementwise, primitive

__all__ = [
    "betaln", "digamma", "entr", "erf", "erfc", "erfcx", "gammaln", "log_ndtr", "logit", "ndtr", "polygamma", "xlogy",
]  # fmt: skip

TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)
NO_POLE = Domain(avoid=tuple(-float(k) for k in range(13)))  # the gamma function has poles at 0, -1, -2, ...
ROOT_HALF = math.sqrt(0.5)
ROOT_TWO_OVER_PI = math.sqrt(2 / math.pi)
HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


@functools.cache
def _scipy(name: str) -> Any:
    """SciPy's function; where it is not installed, the standard library's of a number, if it has one."""
    try:
        from scipy import special
    except ImportError as error:
        one = {"erf": math.erf, "erfc": math.erfc, "gammaln": _log_gamma}.get(name)
        if one is None:
            raise ImportError(f"{name} needs SciPy: pip install scipy, or pip install 'glassgrad[scipy]'") from error
        return _each(one)
    return getattr(special, name)


def _log_gamma(x: float) -> float:
    try:
        return math.lgamma(x)
    except ValueError:  # a pole
        return math.inf


def _each(one: Callable[[float], float]) -> Callable[[Any], Any]:
    each = np.frompyfunc(one, 1, 1)

    def apply(x: Any) -> Any:
        x = np.asarray(x)
        if x.dtype.kind == "c":
            raise TypeError("complex numbers need SciPy")
        return np.asarray(each(x), dtype=x.dtype if x.dtype.kind == "f" else float)

    return apply


def _values(name: str) -> Callable[..., Any]:
    """What computes the values of SciPy's real function `name`."""

    def forward(*args: Any) -> Any:
        if any(np.iscomplexobj(a) for a in args):
            raise TypeError("complex numbers are not supported")
        args = tuple(np.asarray(a) if isinstance(a, (list, tuple)) else a for a in args)
        dtype = np.result_type(*args)  # to NumPy a Python number has no dtype of its own; to SciPy it is a float64
        if dtype.kind == "f":
            args = tuple(np.asarray(a, dtype) for a in args)
        return _scipy(name)(*args)

    forward.__name__ = name
    return forward


def _special(name: str, doc: str, domain: Any = REAL, **rules: Any) -> Callable[..., Any]:
    function = elementwise(_values(name), name=name, domain=domain, **rules)
    function.__doc__ = doc + f" The values are those of `scipy.special.{name}`."
    return function


erf = _special(
    "erf",
    "The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.",
    x=lambda g, x: g * TWO_OVER_ROOT_PI * np.exp(-x * x),
)
erfc = _special(
    "erfc",
    "1 - erf(x), without loss of precision for large x.",
    x=lambda g, x: -g * TWO_OVER_ROOT_PI * np.exp(-x * x),
)


def _erfcx_slope(g, x, out):
    # the two terms of 2 x out - 2 / sqrt(pi) cancel for large x: there the asymptotic series
    far = x > 100
    s = 1 / np.where(far, x, 100) ** 2
    series = -0.5 * TWO_OVER_ROOT_PI * s * (1 - s * (1.5 - s * (3.75 - s * 13.125)))
    return g * np.where(far, series, 2 * x * out - TWO_OVER_ROOT_PI)


erfcx = _special("erfcx", "exp(x^2) erfc(x), which neither overflows nor vanishes for large x.", x=_erfcx_slope)
gammaln = _special(
    "gammaln",
    "log |Gamma(x)|.",
    domain=NO_POLE,
    x=lambda g, x: g * digamma(x),
)
digamma: Callable[..., Any] = _special(
    "digamma",
    "The derivative of log Gamma(x).",
    domain=NO_POLE,
    x=lambda g, x: g * polygamma(1, x),
)


@primitive(x=lambda g, n, x: g * polygamma(n + 1, x), domain={"x": NO_POLE})
def polygamma(n, x):
    """The `n`-th derivative of digamma(x), for whole `n`, as `scipy.special.polygamma`."""
    if np.ndim(n) or n != int(n) or n < 0:
        raise ValueError(f"n is a whole number from 0 on, not {n!r}")
    x = np.asarray(x)
    if x.dtype.kind == "c":
        raise TypeError("complex numbers are not supported")
    return np.asarray(_scipy("polygamma")(int(n), x)).astype(x.dtype if x.dtype.kind == "f" else float)


betaln = _special(
    "betaln",
    "log |B(x, y)|, B(x, y) = Gamma(x) Gamma(y) / Gamma(x + y).",
    domain=POSITIVE,
    x=lambda g, x, y: g * (digamma(x) - digamma(x + y)),
    y=lambda g, x, y: g * (digamma(y) - digamma(x + y)),
)
logit = _special(
    "logit",
    "log(x / (1 - x)).",
    domain=Domain(0.0, 1.0),
    x=lambda g, x: g / (x * (1 - x)),
)


def _xlogy_x(g, x, y):
    # 0 log(0) is 0 whatever y does; the slope in x there is that of x log(1)
    return g * np.log(np.where((x == 0) & (y == 0), 1, y))


xlogy = _special(
    "xlogy",
    "x log(y), and 0 where x = 0.",
    domain={"x": REAL, "y": POSITIVE},
    x=_xlogy_x,
    y=lambda g, x, y: g * x / np.where((x == 0) & (y == 0), 1, y),
)
entr = _special(
    "entr",
    "-x log(x), 0 at 0 and -inf below.",
    domain=POSITIVE,
    x=lambda g, x: -g * (np.log(x) + 1),
)
ndtr = _special(
    "ndtr",
    "The normal distribution function.",
    x=lambda g, x: g * np.exp(-0.5 * x * x - HALF_LOG_TWO_PI),
)
log_ndtr = _special(
    "log_ndtr",
    "The logarithm of the normal distribution function, finite far to the left too.",
    x=lambda g, x: g * ROOT_TWO_OVER_PI / erfcx(x * -ROOT_HALF),
)
