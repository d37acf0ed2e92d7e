"""Where the values of special functions come from: SciPy, if it is installed.

It is imported at the first call, because it takes longer to load than this whole package. Where it is not installed,
the functions of `_alone` still work and the others say what to install.
"""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.primitive import REAL, elementwise, numpy_functions

ROOT_HALF = math.sqrt(0.5)
ours: dict[str, Callable[..., Any]] = {}  # SciPy's name -> our function


@functools.cache
def values(name: str) -> Any:
    """SciPy's function; where it is not installed, one that does without, if there is one."""
    try:
        from scipy import special as scipys
    except ImportError as error:
        one = _alone().get(name)
        if one is None:
            raise ImportError(f"{name} needs SciPy: pip install scipy, or pip install 'glassgrad[scipy]'") from error
        return one
    adopt_scipys()
    return getattr(scipys, name)


def _alone() -> dict[str, Callable[..., Any]]:
    """What there is without SciPy: the standard library's functions of one number, formulas, and power series."""
    return {
        "erf": _each(math.erf),
        "erfc": _each(math.erfc),
        "gamma": _each(lambda x: math.gamma(x) if x else math.copysign(math.inf, x)),
        "gammaln": _each(math.lgamma, at_pole=math.inf),
        "ndtr": lambda x: 0.5 * _each(math.erfc)(x * -ROOT_HALF),
        "logit": lambda x: np.log(x) - np.log1p(-x),
        "entr": lambda x: np.where(x < 0, -np.inf, -x * np.log(np.where(x > 0, x, 1))),
        "xlogy": lambda x, y: x * np.log(np.where((x == 0) & (y == y), 1, y)),
        "xlog1py": lambda x, y: x * np.log1p(np.where((x == 0) & (y == y), 0, y)),
        "i1": lambda x: _bessel_series(1, x),
        "iv": _bessel_series,
    }


def _each(one: Callable[[float], float], at_pole: float = math.nan) -> Callable[[Any], Any]:
    """A function of one number for arrays; where it has no value, or too large a one, as SciPy has it."""

    def safe(x: float) -> float:
        try:
            return one(x)
        except ValueError:
            return at_pole
        except OverflowError:
            return math.inf

    each = np.frompyfunc(safe, 1, 1)

    def apply(x: Any) -> Any:
        return np.asarray(each(x), dtype=x.dtype if x.dtype.kind == "f" else float)

    return apply


def _bessel_series(n: Any, x: Any) -> Any:
    """I_n(x) for whole n: the sum over k of (x/2)^(2k + n) / (k! (k + n)!), whose terms have one sign."""
    if np.ndim(n) or n != int(n):
        raise ImportError("iv of an order that is no whole number needs SciPy: pip install 'glassgrad[scipy]'")
    n, k = abs(int(n)), 0
    term = np.asarray((x / 2) ** n / math.factorial(n))
    total = term
    while np.any(np.abs(term) > np.finfo(term.dtype).eps * np.abs(total)):
        k += 1
        term = term * (x / 2) ** 2 / (k * (k + n))
        total = total + term
    return total


def forward(name: str, complex_too: bool = False) -> Callable[..., Any]:
    """SciPy's function `name` of arrays, lists and numbers, in the arrays' precision."""

    def apply(*args: Any, **keywords: Any) -> Any:
        arrays = tuple(np.asarray(a) if isinstance(a, (list, tuple)) else a for a in args)
        dtype = np.result_type(*arrays)  # to NumPy a Python number has no dtype of its own; to SciPy it is a float64
        if dtype.kind == "c" and not complex_too:
            raise TypeError("complex numbers are not supported")
        if dtype.kind == "f":
            arrays = tuple(np.asarray(a, dtype) for a in arrays)
        elif dtype.kind != "c":
            arrays = tuple(np.asarray(a, float) for a in arrays)
        return values(name)(*arrays, **keywords)

    apply.__name__ = name
    return apply


def special(
    name: str, doc: str, domain: Any = REAL, *, kink: str = "smooth", complex_too: bool = False, **rules: Any
) -> Callable[..., Any]:
    """Declare an elementwise op whose values are those of SciPy's function `name`."""
    function = elementwise(forward(name, complex_too), name=name, domain=domain, kink=kink, **rules)
    function.__doc__ = function.op.doc = doc + f" The values are those of `scipy.special.{name}`."  # type: ignore[attr-defined]
    ours[name] = function
    return function


def adopt_scipys() -> None:
    """Let SciPy's own functions, if they are loaded, take Tensors: they do what ours of the same name do."""
    scipys = sys.modules.get("scipy.special")
    for name, function in ours.items():
        if hasattr(scipys, name):
            numpy_functions.setdefault(getattr(scipys, name), function)
