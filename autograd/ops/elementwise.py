"""Elementwise ops: NumPy's ufunc and, per argument, its slope times the cotangent `g`.

Conventions where there is no derivative: `sign`, `absolute`, `hypot`, `arctan2`, `angle` and `copysign` have slope 0
at the origin, in every order; `maximum`, `minimum`, `fmax`, `fmin` share a tie equally; `remainder`, `fmod` and `modf`
have at a jump the slope of the pieces beside it.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from autograd.graph import Variable
from autograd.op import store
from autograd.primitive import (
    ABOVE_ONE,
    NONZERO,
    POSITIVE,
    REAL,
    UNIT,
    Domain,
    composite,
    constant,
    elementwise,
    numpy_functions,
    operand,
    plain,
    primitive,
)

__all__ = [
    "absolute", "acos", "acosh", "add", "angle", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2",
    "arctanh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "complex_sign", "conj", "conjugate",
    "copysign", "cos", "cosh", "deg2rad", "degrees", "divide", "divmod", "exp", "exp2", "expm1", "fabs",
    "float_power", "fmax", "fmin", "fmod", "frexp", "heaviside", "hypot", "imag", "ldexp", "log", "log10",
    "log1p", "log2", "logaddexp", "logaddexp2", "maximum", "minimum", "mod", "modf", "multiply", "nan_to_num",
    "negative", "nextafter", "positive", "pow", "power", "rad2deg", "radians", "real", "real_if_close",
    "reciprocal", "remainder", "sign", "sin", "sinc", "sinc_slope", "sinh", "sqrt", "square", "subtract", "tan",
    "tanh", "true_divide",
]  # fmt: skip

LN2 = math.log(2.0)
LN10 = math.log(10.0)


def share(x, y, winner):
    """1 where `x` is the winner alone, 1/2 where `x` and `y` tie, 0 elsewhere, in the dtype of `winner`."""
    won = (x == winner).astype(winner.dtype)
    return won / (won + (y == winner))


def flat(g):
    """Zeros, whatever `g` holds, that still follow from `g` where the pass is recorded."""
    return np.where(False, g, 0)


def no_slope(function: str, argument: str, instead: str):
    """The rule of an argument that has no derivative: an error where its gradient is asked for."""

    def rule(g):
        raise TypeError(f"{function} has no derivative with respect to '{argument}': {instead}")

    return rule


def broadcasting(function: Any) -> Any:
    """Mark an op that has settings as elementwise: its arrays broadcast, and a zero cotangent stays zero."""
    function.op.elementwise = True
    return function


def _constant(function: Any) -> Any:
    """`function` of Tensors, constant by nature."""
    constant(function)
    return numpy_functions[function]


# arithmetic
add = elementwise(np.add, operator.add, x=lambda g: g, y=lambda g: g)
subtract = elementwise(np.subtract, operator.sub, x=lambda g: g, y=lambda g: -g)
multiply = elementwise(np.multiply, operator.mul, x=lambda g, y: g * y, y=lambda g, x: g * x)
divide = elementwise(
    np.divide,
    operator.truediv,
    x=lambda g, y: g / y,
    y=lambda g, out, y: -g * out / y,  # y * y would overflow, or vanish, where the quotient does not
    domain={"x": REAL, "y": NONZERO},
)
negative = elementwise(np.negative, operator.neg, x=lambda g: -g)
positive = elementwise(np.positive, operator.pos, x=lambda g: g)
remainder = elementwise(
    np.remainder,
    operator.mod,
    x=lambda g: g,
    y=lambda g, x, y: -g * np.floor_divide(x, y),
    domain={"x": REAL, "y": NONZERO},
    kink="jump",
)
fmod = elementwise(
    np.fmod,
    x=lambda g: g,
    y=lambda g, out, x, y: -g * np.rint((x - out) / y),  # trunc(x / y) is one off where the quotient rounds up
    domain={"x": REAL, "y": NONZERO},
    kink="jump",
)


def _power_base(g, x, y):
    if isinstance(y, (int, float)):
        return g * 2 * x if y == 2 else g * y * x ** (y - 1) if y else flat(g)
    # at 0**0 the slope y x**(y - 1) is 0 times infinity: the convention is 0
    return g * y * x ** np.where((x == 0) & (y == 0), 1, y - 1)


def _power_exponent(g, out, x, y):
    # 0**y is flat in y for y > 0; at y = 0 it jumps and the convention is 0
    if isinstance(x, (int, float)) and x >= 0:
        return g * out * math.log(x or 1)
    return g * out * np.log(np.where(x == 0, 1, x).astype(out.dtype, copy=False))


power = elementwise(
    np.power,
    operator.pow,
    x=_power_base,
    y=_power_exponent,
    domain={"x": POSITIVE, "y": REAL},
)


float_power = elementwise(  # double precision at least, whatever its arguments are
    np.float_power,
    x=lambda g, x, y: g * y * np.float_power(x, np.where((x == 0) & (y == 0), 1, y - 1)),
    y=_power_exponent,
    domain={"x": POSITIVE, "y": REAL},
)
square = elementwise(np.square, x=lambda g, x: g * 2 * x)
sqrt = elementwise(np.sqrt, x=lambda g, out: g * 0.5 / out, domain=POSITIVE)
cbrt = elementwise(np.cbrt, x=lambda g, out: g / (3 * out * out), domain=NONZERO)
reciprocal = elementwise(np.reciprocal, x=lambda g, out: -g * out * out, domain=NONZERO)


# signs and complex parts
def _sign_slope(g, out, x):
    # of s = z / |z|: ds = (dz - s^2 conj(dz)) / (2 |z|), which is 0 for real numbers
    length = np.abs(x)
    turned = np.conj(out)
    return (g - np.conj(g) * turned * turned) / (2 * np.where(length == 0, np.inf, length))


_real_sign = _constant(np.sign)
complex_sign = elementwise(np.sign, name="complex_sign", x=_sign_slope, holomorphic=False, kink="elementwise")


def sign(x: Any, /, **keywords: Any) -> Any:
    """-1, 0 or 1, constant by nature; of a complex number z / |z|, which turns with it, and 0 at 0."""
    turns = isinstance(x, Variable) and x.dtype.kind == "c"  # type: ignore[attr-defined]
    return complex_sign(x, **keywords) if turns else _real_sign(x, **keywords)


numpy_functions[np.sign] = sign


def _absolute(g, x):
    return g * np.sign(x) if x.dtype.kind != "c" else g * np.conj(np.sign(x))


absolute = elementwise(np.absolute, x=_absolute, kink="convex")
fabs = elementwise(np.fabs, x=lambda g, x: g * np.sign(x), kink="convex")
copysign = elementwise(
    np.copysign,
    x=lambda g, out, x: g * np.sign(x) * np.sign(out),
    y=flat,
    domain={"x": NONZERO, "y": NONZERO},
    kink="elementwise",
)
conjugate = elementwise(np.conjugate, x=lambda g: np.conj(g))


@primitive(x=lambda g: g, numpy=(np.real,), linear="all", view=True, batch="leading")
def real(x):
    """The real part."""
    return np.real(x)


@primitive(x=lambda g: g * -1j, numpy=(np.imag,), linear="all", view=True, batch="leading")
def imag(x):
    """The imaginary part."""
    return np.imag(x)


def _angle(g, z, deg):
    if z.dtype.kind != "c":
        return flat(g)
    length = np.abs(z)
    turn = np.conj(np.sign(z)) * (-180j / math.pi if deg else -1j)
    return g * (turn / np.where(length == 0, np.inf, length))


@broadcasting
@primitive(z=_angle, numpy=(np.angle,), batch="leading")
def angle(z, deg=False):
    """The angle of a complex number with the positive real axis, in radians or degrees; slope 0 at 0."""
    return np.angle(z, deg)


@composite(numpy=(np.real_if_close,))
def real_if_close(a: Any, tol: float = 100) -> Any:
    """The real part, where every imaginary part is within `tol` machine epsilons of 0; else all."""
    a = operand(a)
    keep = a.dtype.kind != "c" or np.real_if_close(plain(a), tol).dtype.kind == "c"
    return a if keep else real(a)


heaviside = elementwise(np.heaviside, x=flat, y=lambda g, x: g * (x == 0), domain={"x": NONZERO, "y": REAL})


def _nan_to_num(g, x):
    if x.dtype.kind == "c":
        kept = np.where(np.isfinite(np.real(x)), np.real(g), 0)
        return kept + 1j * np.where(np.isfinite(np.imag(x)), np.imag(g), 0)
    return np.where(np.isfinite(x), g, 0)


@primitive(x=_nan_to_num, numpy=(np.nan_to_num,), selects=True, batch="leading")
def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    """`x` with NaN and infinities replaced; these get no gradient."""
    if not copy:
        raise TypeError("copy=False would write into its argument; use copy=True and the result")
    return np.nan_to_num(x, True, nan, posinf, neginf)


# parts of a floating-point number
ldexp = elementwise(
    np.ldexp,
    x=lambda g, y: np.ldexp(g, y),
    y=no_slope("ldexp", "x2", "it is an integer"),
)
nextafter = elementwise(np.nextafter, x=lambda g: g, y=flat)


@broadcasting
@primitive(x=lambda g: g, batch="leading")
def fraction(x):
    """`x` without its integral part, with the sign of `x`: the first part of `modf`."""
    return np.modf(x)[0]


def _two(first: Any, second: Any, out: Any) -> tuple[Any, Any]:
    """Two results, each written into its part of `out` where there is one."""
    results = [first, second]
    for i, (target, result) in enumerate(zip(out, results, strict=True)):
        if isinstance(target, Variable):
            results[i] = store(target, result)
        elif target is not None and getattr(result, "_node", None) is not None:
            raise TypeError("out= is a plain array and the result has a gradient, which would be lost; use a Tensor")
        elif target is not None:
            np.copyto(target, plain(result), casting="same_kind")
            results[i] = target
    return results[0], results[1]


@composite(numpy=(np.divmod,))
def divmod(x: Any, y: Any, out: Any = (None, None)) -> tuple[Any, Any]:
    """The floor of x / y, constant by nature, and the remainder."""
    return _two(np.floor_divide(x, y), remainder(x, y), out)


@composite(numpy=(np.modf,))
def modf(x: Any, out: Any = (None, None)) -> tuple[Any, Any]:
    """The fractional part and the integral part, constant by nature, both with the sign of `x`."""
    return _two(fraction(x), np.trunc(x), out)


_exponent = _constant(lambda x: np.frexp(x)[1])


@composite(numpy=(np.frexp,))
def frexp(x: Any, out: Any = (None, None)) -> tuple[Any, Any]:
    """m and the integer n of x = m 2**n with 1/2 <= |m| < 1."""
    exponent = _exponent(x)
    return _two(ldexp(x, -exponent), exponent, out)


# exponentials and logarithms
exp = elementwise(np.exp, x=lambda g, out: g * out)
exp2 = elementwise(np.exp2, x=lambda g, out: g * out * LN2)
expm1 = elementwise(np.expm1, x=lambda g, x: g * np.exp(x))
log = elementwise(np.log, x=lambda g, x: g / x, domain=POSITIVE)
log2 = elementwise(np.log2, x=lambda g, x: g / (x * LN2), domain=POSITIVE)
log10 = elementwise(np.log10, x=lambda g, x: g / (x * LN10), domain=POSITIVE)
log1p = elementwise(np.log1p, x=lambda g, x: g / (x + 1), domain=Domain(low=-1.0))


def _ahead(x, y):
    """y - x; 0 where both are infinite alike."""
    alike = np.isinf(x) & (x == y)
    return np.where(alike, 0, y) - np.where(alike, 0, x)


# The share of x in the sum is 1 / (1 + e^(y - x)), written so that it neither overflows nor loses digits.
# Both arguments -inf give -inf: nothing flows, as in logsumexp.
logaddexp = elementwise(
    np.logaddexp,
    x=lambda g, out, x, y: g * np.where(out == -np.inf, 0, np.exp(-np.logaddexp(0, _ahead(x, y)))),
    y=lambda g, out, x, y: g * np.where(out == -np.inf, 0, np.exp(-np.logaddexp(0, _ahead(y, x)))),
)
logaddexp2 = elementwise(
    np.logaddexp2,
    x=lambda g, out, x, y: g * np.where(out == -np.inf, 0, np.exp2(-np.logaddexp2(0, _ahead(x, y)))),
    y=lambda g, out, x, y: g * np.where(out == -np.inf, 0, np.exp2(-np.logaddexp2(0, _ahead(y, x)))),
)

# trigonometry
sin = elementwise(np.sin, x=lambda g, x: g * np.cos(x))
cos = elementwise(np.cos, x=lambda g, x: -g * np.sin(x))
tan = elementwise(np.tan, x=lambda g, out: g * (1 + out * out))


def _cosine(x):
    """sqrt(1 - x^2), the cosine of the angle whose sine is `x`; `x` may be complex, on the branch cut too."""
    if x.dtype.kind != "c":
        return np.sqrt((1 - x) * (1 + x))
    # 1 - x and 1 + x would lose the sign of an imaginary zero, which says on what side of the cut x lies
    return np.sqrt(-(x - 1)) * np.sqrt(x - -1)


arcsin = elementwise(np.arcsin, x=lambda g, x: g / _cosine(x), domain=UNIT)
arccos = elementwise(np.arccos, x=lambda g, x: -g / _cosine(x), domain=UNIT)
arctan = elementwise(np.arctan, x=lambda g, x: g / (1 + x * x))
degrees = elementwise(np.degrees, x=lambda g: np.degrees(g))
rad2deg = elementwise(np.rad2deg, x=lambda g: np.rad2deg(g))
radians = elementwise(np.radians, x=lambda g: np.radians(g))
deg2rad = elementwise(np.deg2rad, x=lambda g: np.deg2rad(g))


def _infinite_at_zero(length):
    """Lengths to divide by; infinite at the origin, so that slopes are 0 there in every order."""
    return np.where(length == 0, np.inf, length)


def _over_length(g, x, y):
    """g y / (x^2 + y^2), also where the squares would overflow or vanish."""
    length = _infinite_at_zero(np.hypot(x, y))
    return g * (y / length) / length


arctan2 = elementwise(
    np.arctan2,
    x=lambda g, x, y: _over_length(g, x, y),
    y=lambda g, x, y: -_over_length(g, y, x),
    domain={"x": NONZERO, "y": NONZERO},
)
hypot = elementwise(
    np.hypot,
    x=lambda g, out, x: g * (x / _infinite_at_zero(out)),
    y=lambda g, out, y: g * (y / _infinite_at_zero(out)),
    kink="convex",
)


def in_double(x):
    """`x` in double precision, and the dtype of a result."""
    x = np.asarray(x)
    return x.astype(complex if x.dtype.kind == "c" else float), x.dtype if x.dtype.kind in "fc" else np.dtype(float)


def exp_moment(z, n):
    """The integral of t^n e^(z t) over 0 < t < 1: by its power series near 0, by parts elsewhere."""
    near = np.abs(z) < n + 1
    small, large = np.where(near, z, 0), np.where(near, n + 1, z)
    term, total = np.ones_like(small), np.full_like(small, 1 / (n + 1))
    for k in range(1, 3 * n + 28):
        term = term * small / k
        total = total + term / (n + k + 1)
    e = np.exp(large)
    parts = np.expm1(large) / large
    for k in range(1, n + 1):
        parts = np.where(np.isinf(e), e, (e - k * parts) / large)
    return np.where(near, total, parts)


@broadcasting
@primitive(x=lambda g, x, n: g * sinc_slope(x, n + 1), batch="leading")
def sinc_slope(x, n):
    """The n-th derivative of sin(pi x) / (pi x), as a moment: of the cosine that it is the integral of."""
    wide, dtype = in_double(x)
    turned = 1j * math.pi * wide
    if wide.dtype.kind == "c":
        found = (exp_moment(turned, n) + (-1) ** n * exp_moment(-turned, n)) / 2 * 1j**n
    else:
        found = (exp_moment(turned, n) * 1j**n).real
    return (found * math.pi**n).astype(dtype)


sinc = elementwise(np.sinc, x=lambda g, x: g * sinc_slope(x, 1))

# hyperbolic functions
sinh = elementwise(np.sinh, x=lambda g, x: g * np.cosh(x))
cosh = elementwise(np.cosh, x=lambda g, x: g * np.sinh(x))
tanh = elementwise(np.tanh, x=lambda g, out: g * (1 - out * out))
arcsinh = elementwise(np.arcsinh, x=lambda g, x: g / (np.hypot(x, 1) if x.dtype.kind == "f" else np.sqrt(x * x - -1)))
arccosh = elementwise(  # one root of the product would have the wrong sign left of the imaginary axis
    np.arccosh, x=lambda g, x: g / (np.sqrt(x - 1) * np.sqrt(x - -1)), domain=ABOVE_ONE
)
arctanh = elementwise(np.arctanh, x=lambda g, x: g / ((1 - x) * (1 + x)), domain=UNIT)


# the larger and the smaller: ties share equally
def _x_won(g, out, x, y):
    return g * share(x, y, out)


def _y_won(g, out, x, y):
    return g * share(y, x, out)


maximum = elementwise(np.maximum, x=_x_won, y=_y_won, kink="convex", selects=True)
minimum = elementwise(np.minimum, x=_x_won, y=_y_won, kink="concave", selects=True)
fmax = elementwise(np.fmax, x=_x_won, y=_y_won, kink="convex", selects=True)
fmin = elementwise(np.fmin, x=_x_won, y=_y_won, kink="concave", selects=True)


# functions that go over to complex numbers where the real line ends: numpy.emath
def _left_of_zero(x):
    return x < 0


def _beyond_one(x):
    return np.abs(x) > 1


def _widened(x: Any, outside: Any) -> Any:
    """`x` as complex numbers if any element is real and lies `outside`."""
    x = operand(x)
    if x.dtype.kind == "c" or not np.any(outside(plain(x))):
        return x
    return x.astype(np.result_type(x.dtype, np.complex64))


def _emath(function: Any, numpys: Any, outside: Any) -> None:
    def apply(x: Any) -> Any:
        return function(_widened(x, outside))

    apply.__doc__ = f"`{function.__name__}`, of complex numbers where it has no real value."
    composite(numpy=(numpys,), name=f"emath_{function.__name__}")(apply)


for _function, _numpys in ((sqrt, np.emath.sqrt), (log, np.emath.log), (log2, np.emath.log2), (log10, np.emath.log10)):
    _emath(_function, _numpys, _left_of_zero)
for _function, _numpys in ((arcsin, np.emath.arcsin), (arccos, np.emath.arccos), (arctanh, np.emath.arctanh)):
    _emath(_function, _numpys, _beyond_one)


@composite(numpy=(np.emath.logn,), name="emath_logn")
def _emath_logn(n: Any, x: Any) -> Any:
    """The logarithm to base n, of complex numbers where it has no real value."""
    return log(_widened(x, _left_of_zero)) / log(_widened(n, _left_of_zero))


@composite(numpy=(np.emath.power,), name="emath_power")
def _emath_power(x: Any, p: Any) -> Any:
    """x**p, of complex numbers where it has no real value; integers to negative powers are no error."""
    p = operand(p)
    p = p * 1.0 if p.dtype.kind == "i" and np.any(_left_of_zero(plain(p))) else p
    return power(_widened(x, _left_of_zero), p)


# NumPy's other names
acos, acosh, asin, asinh, atan, atan2, atanh = arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh
conj, mod, pow, true_divide = conjugate, remainder, power, divide
