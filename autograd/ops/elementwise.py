"""Elementwise ops: NumPy's ufunc and, per argument, its slope times the cotangent `g`."""

from __future__ import annotations

import math
import operator

import numpy as np

from autograd.primitive import ABOVE_ONE, NONZERO, POSITIVE, REAL, UNIT, Domain, elementwise, primitive, unbroadcast

__all__ = [
    "absolute", "add", "angle", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh",
    "cbrt", "conjugate", "copysign", "cos", "cosh", "deg2rad", "degrees", "divide", "exp", "exp2", "expm1",
    "fabs", "float_power", "fmax", "fmin", "fmod", "heaviside", "hypot", "imag", "ldexp", "log", "log10",
    "log1p", "log2", "logaddexp", "logaddexp2", "maximum", "minimum", "multiply", "nan_to_num", "negative",
    "nextafter", "positive", "power", "rad2deg", "radians", "real", "reciprocal", "remainder", "sin", "sinc",
    "sinc_slope", "sinh", "sqrt", "square", "subtract", "tan", "tanh",
]  # fmt: skip

LN2 = math.log(2.0)
LN10 = math.log(10.0)
DEGREES = 180 / math.pi


def share(x, y, winner):
    """1 where `x` is the winner alone, 1/2 where `x` and `y` tie, 0 elsewhere, in the dtype of `winner`."""
    won = (x == winner).astype(winner.dtype)
    return won / (won + (y == winner))


# arithmetic
add = elementwise(np.add, operator.add, x=lambda g: g, y=lambda g: g)
subtract = elementwise(np.subtract, operator.sub, x=lambda g: g, y=lambda g: -g)
multiply = elementwise(np.multiply, operator.mul, x=lambda g, y: g * y, y=lambda g, x: g * x)
divide = elementwise(
    np.divide,
    operator.truediv,
    x=lambda g, y: g / y,
    y=lambda g, x, y: -g * x / (y * y),
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
    y=lambda g, out, x, y: -g * np.rint((x - out) / y),
    domain={"x": REAL, "y": NONZERO},
    kink="jump",
)


def _power_base(g, x, y):
    if isinstance(y, (int, float)):
        return g * 2 * x if y == 2 else g * y * x ** (y - 1) if y else g * 0
    # at 0**0 the slope y x**(y - 1) is 0 times infinity: the convention is 0
    return g * y * x ** np.where((x == 0) & (y == 0), 1, y - 1)


def _power_exponent(g, out, x, y):
    # 0**y is flat in y for y > 0; at y = 0 it jumps and the convention is 0
    return g * out * np.log(np.where(x == 0, 1, x))


power = elementwise(
    np.power,
    operator.pow,
    x=_power_base,
    y=_power_exponent,
    domain={"x": POSITIVE, "y": REAL},
)


def _float_power_base(g, x, y):
    return g * y * np.float_power(x, np.where((x == 0) & (y == 0), 1, y - 1))


float_power = elementwise(
    np.float_power,
    x=_float_power_base,
    y=_power_exponent,
    domain={"x": POSITIVE, "y": REAL},
)
square = elementwise(np.square, x=lambda g, x: g * 2 * x)
sqrt = elementwise(np.sqrt, x=lambda g, out: g * 0.5 / out, domain=POSITIVE)
cbrt = elementwise(np.cbrt, x=lambda g, out: g / (3 * out * out), domain=NONZERO)
reciprocal = elementwise(np.reciprocal, x=lambda g, out: -g * out * out, domain=NONZERO)


def _absolute(g, x):
    if x.dtype.kind != "c":
        return g * np.sign(x)
    length = np.abs(x)
    return g * np.conj(x) / np.where(length == 0, 1, length)


absolute = elementwise(np.absolute, x=_absolute, kink="convex")
fabs = elementwise(np.fabs, x=lambda g, x: g * np.sign(x), kink="convex")
conjugate = elementwise(np.conjugate, x=lambda g: np.conj(g))


@primitive(x=lambda g: g, numpy=(np.real,), view=True)
def real(x):
    """The real part."""
    return np.real(x)


@primitive(x=lambda g: g * -1j, numpy=(np.imag,), view=True)
def imag(x):
    """The imaginary part."""
    return np.imag(x)


# exponentials and logarithms
exp = elementwise(np.exp, x=lambda g, out: g * out)
exp2 = elementwise(np.exp2, x=lambda g, out: g * out * LN2)
expm1 = elementwise(np.expm1, x=lambda g, x: g * np.exp(x))
log = elementwise(np.log, x=lambda g, x: g / x, domain=POSITIVE)
log2 = elementwise(np.log2, x=lambda g, x: g / (x * LN2), domain=POSITIVE)
log10 = elementwise(np.log10, x=lambda g, x: g / (x * LN10), domain=POSITIVE)
log1p = elementwise(np.log1p, x=lambda g, x: g / (x + 1), domain=Domain(low=-1.0))


def _softmax_share(g, out, x):
    # both arguments -inf give out = -inf: nothing flows, as in logsumexp
    return g * np.exp(x - np.where(np.isfinite(out), out, 0))


logaddexp = elementwise(
    np.logaddexp,
    x=_softmax_share,
    y=lambda g, out, y: _softmax_share(g, out, y),
)


def _softmax_share2(g, out, x):
    return g * np.exp2(x - np.where(np.isfinite(out), out, 0))


logaddexp2 = elementwise(
    np.logaddexp2,
    x=_softmax_share2,
    y=lambda g, out, y: _softmax_share2(g, out, y),
)

# trigonometry
sin = elementwise(np.sin, x=lambda g, x: g * np.cos(x))
cos = elementwise(np.cos, x=lambda g, x: -g * np.sin(x))
tan = elementwise(np.tan, x=lambda g, out: g * (1 + out * out))
arcsin = elementwise(np.arcsin, x=lambda g, x: g / np.sqrt((1 - x) * (1 + x)), domain=UNIT)
arccos = elementwise(np.arccos, x=lambda g, x: -g / np.sqrt((1 - x) * (1 + x)), domain=UNIT)
arctan = elementwise(np.arctan, x=lambda g, x: g / (1 + x * x))
arctan2 = elementwise(
    np.arctan2,
    x=lambda g, x, y: g * y / (x * x + y * y),
    y=lambda g, x, y: -g * x / (x * x + y * y),
    domain={"x": NONZERO, "y": NONZERO},
)
hypot = elementwise(
    np.hypot,
    x=lambda g, out, x: g * x / np.where(out == 0, 1, out),
    y=lambda g, out, y: g * y / np.where(out == 0, 1, out),
    kink="convex",
)
degrees = elementwise(np.degrees, x=lambda g: g * DEGREES)
rad2deg = elementwise(np.rad2deg, x=lambda g: g * DEGREES)
radians = elementwise(np.radians, x=lambda g: g / DEGREES)
deg2rad = elementwise(np.deg2rad, x=lambda g: g / DEGREES)


@primitive(x=lambda g, x, n: g * sinc_slope(x, n + 1), domain={"x": REAL})
def sinc_slope(x, n=1):
    """The `n`-th derivative of sinc(x) = sin(pi x) / (pi x), to full precision at and near 0 too.

    Near 0 from the power series; elsewhere from x f^(n) + n f^(n-1) = pi^(n-1) sin(pi x + n pi / 2).
    """
    wide = np.asarray(x).astype(complex if np.iscomplexobj(x) else float)
    near = np.abs(wide) < 1
    small, large = np.where(near, wide, 0), np.where(near, 1, wide)
    square, series = small * small, np.zeros_like(wide)
    first = (n + 1) // 2  # the first power x**(2k) that n derivatives leave
    for k in range(first + 20, first - 1, -1):
        series = series * square + (-1) ** k * math.pi ** (2 * k) / ((2 * k + 1) * math.factorial(2 * k - n))
    series = series * small ** (2 * first - n)
    far = np.sinc(large)
    for k in range(1, n + 1):
        wave = (np.sin, np.cos)[k % 2](math.pi * large) * (1, 1, -1, -1)[k % 4]
        far = (math.pi ** (k - 1) * wave - k * far) / large
    return np.where(near, series, far).astype(x.dtype)


# The quotient's own derivative is 0 / 0 at 0 and cancels near it.
sinc = elementwise(np.sinc, x=lambda g, x: g * sinc_slope(x))


def _angle(g, z, deg):
    if z.dtype.kind != "c":
        return g * 0
    slope = -1j * (z != 0) / np.where(z == 0, 1, z)  # of the imaginary part of log(z); at 0 the convention is 0
    return g * slope * (DEGREES if deg else 1)


@primitive(z=_angle, numpy=(np.angle,), domain={"z": NONZERO}, kink="jump")
def angle(z, deg=False):
    """The angle of a complex number from the positive real axis, in radians or degrees; flat at 0 and on reals."""
    return np.angle(z, deg)


# hyperbolic functions
sinh = elementwise(np.sinh, x=lambda g, x: g * np.cosh(x))
cosh = elementwise(np.cosh, x=lambda g, x: g * np.sinh(x))
tanh = elementwise(np.tanh, x=lambda g, out: g * (1 - out * out))
arcsinh = elementwise(np.arcsinh, x=lambda g, x: g / (np.hypot(x, 1) if x.dtype.kind == "f" else np.sqrt(x * x + 1)))
arccosh = elementwise(np.arccosh, x=lambda g, x: g / np.sqrt((x - 1) * (x + 1)), domain=ABOVE_ONE)
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


# parts of numbers
copysign = elementwise(
    np.copysign,
    x=lambda g, x, y: g * np.sign(x) * np.copysign(1, y),
    y=lambda g: g * 0,
    domain=NONZERO,
)
heaviside = elementwise(
    np.heaviside,
    x=lambda g: g * 0,
    y=lambda g, x: g * (x == 0),
    domain={"x": NONZERO, "y": REAL},
)
# one unit in the last place away from x, whichever way: it goes along with x
nextafter = elementwise(np.nextafter, x=lambda g: g, y=lambda g: g * 0)


@primitive(x=lambda g, y, x_like: unbroadcast(np.ldexp(g, y), x_like.shape), numpy=(np.ldexp,), linear="all")
def ldexp(x, y):
    """x 2**y for whole numbers `y`, which have no derivative."""
    return np.ldexp(x, y)


def _finite(g, x):
    if x.dtype.kind != "c":
        return g * np.isfinite(x)
    return np.real(g) * np.isfinite(np.real(x)) + np.imag(g) * np.isfinite(np.imag(x)) * 1j


@primitive(x=_finite, numpy=(np.nan_to_num,), selects=True)
def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    """`x` with numbers in the places of NaN and of infinities; nothing flows through these."""
    if not copy:
        raise TypeError("copy=False would write into the argument; leave it out")
    return np.nan_to_num(x, True, nan, posinf, neginf)
