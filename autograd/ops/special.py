"""Special functions: error, gamma, beta and Bessel functions, logarithms that are safe at 0, and their kin.

At 0 times infinity (`xlogy` and its kin, where both arguments are 0) slopes are those of x log(1). A derivative by the
order of a Bessel function, or by the exponents of an incomplete function, is not declared and says so when asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.ops.elementwise import broadcasting, cbrt, exp2, exp_moment, expm1, in_double, log1p, no_slope, sinc
from autograd.ops.neural import sigmoid
from autograd.ops.scipys import adopt_scipys, forward, ours, special, values
from autograd.primitive import (
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
    primitive,
)

__all__ = [
    "beta", "betainc", "betaln", "cosm1", "digamma", "entr", "erf", "erfc", "erfcinv", "erfcx", "erfcx_slope",
    "erfi", "erfinv", "exp1", "exp10", "expi", "expit", "exprel", "exprel_slope", "gamma", "gammainc", "gammaincc",
    "gammaln", "gammasgn", "i0", "i0e", "i1", "i1e", "iv", "ive", "j0", "j1", "jn", "jv", "k0", "k0e", "k1", "k1e",
    "kl_div", "kv", "kve", "lambertw", "log_expit", "log_ndtr", "loggamma", "logit", "multigammaln", "ndtr",
    "ndtri", "polygamma", "psi", "rel_entr", "rgamma", "xlog1py", "xlogy", "y0", "y1", "yn", "yv",
]  # fmt: skip

TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)
ROOT_HALF = math.sqrt(0.5)
ROOT_TWO_PI = math.sqrt(2 * math.pi)
LN10 = math.log(10.0)
NO_POLE = Domain(avoid=tuple(-float(k) for k in range(13)))  # the gamma function has poles at 0, -1, -2, ...


def order(name: str) -> Any:
    return no_slope(name, "v", "the derivative of a Bessel function by its order is not declared; pass v.data")


# ---------------------------------------------------------------------- the error function and the normal distribution
erf = special(
    "erf",
    "The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.",
    complex_too=True,
    x=lambda g, x: g * TWO_OVER_ROOT_PI * np.exp(-x * x),
)
erfc = special(
    "erfc",
    "1 - erf(x), without loss of precision for large x.",
    complex_too=True,
    x=lambda g, x: -g * TWO_OVER_ROOT_PI * np.exp(-x * x),
)
erfi = special(
    "erfi",
    "-i erf(i x), 2 / sqrt(pi) times the integral of exp(t^2) from 0 to x.",
    complex_too=True,
    x=lambda g, x: g * TWO_OVER_ROOT_PI * np.exp(x * x),
)


erfcx = special(
    "erfcx",
    "exp(x^2) erfc(x), which neither overflows nor vanishes for large x.",
    x=lambda g, x: g * erfcx_slope(x, 1),
)


@broadcasting
@primitive(x=lambda g, x, n: g * erfcx_slope(x, n + 1), batch="leading")
def erfcx_slope(x, n=1):
    """The n-th derivative of exp(x^2) erfc(x): 2 / sqrt(pi) times the integral of (-2t)^n exp(-t^2 - 2xt) over t > 0.

    By parts these integrals are F_k = ((k - 1) F_(k-2) - 2x F_(k-1)) / 2, with 1 for F_(-1) times 0; for large x that
    cancels, and the series in 1 / (2x) that comes from the one of exp(-t^2) is exact.
    """
    wide, dtype = in_double(x)
    if dtype.kind == "c":
        raise TypeError("complex numbers are not supported")
    far = wide > 7
    near, inverse = np.where(far, 0, wide), 1 / (2 * np.where(far, wide, 7))
    before, parts = np.ones_like(near), forward("erfcx")(near) / TWO_OVER_ROOT_PI
    for k in range(1, n + 1):
        before, parts = parts, 0.5 * ((k - 1 or 1) * before - 2 * near * parts)
    term = series = math.factorial(n) * inverse ** (n + 1)
    for k in range(1, 36):
        term = term * inverse**2 * (-(n + 2 * k - 1) * (n + 2 * k) / k)
        series = series + term
    found = TWO_OVER_ROOT_PI * (-2) ** n * np.where(far, series, parts)
    return found.astype(dtype)


erfinv = special(
    "erfinv",
    "The number whose error function is x.",
    UNIT,
    x=lambda g, out: g * (np.exp(out * out) / TWO_OVER_ROOT_PI),
)
erfcinv = special(
    "erfcinv",
    "The number whose complementary error function is x.",
    Domain(0.0, 2.0),
    x=lambda g, out: -g * (np.exp(out * out) / TWO_OVER_ROOT_PI),
)
ndtr = special(
    "ndtr",
    "The normal distribution function.",
    complex_too=True,
    x=lambda g, x: g * (np.exp(-0.5 * x * x) / ROOT_TWO_PI),
)


def _density_over_ndtr(g: Any, out: Any, x: Any) -> Any:
    """Far to the left by `erfcx`, which overflows far to the right."""
    left = np.where(x > 0, 0.0, x)
    slope = np.where(x > 0, np.exp(-0.5 * x * x - out) / ROOT_TWO_PI, (2 / ROOT_TWO_PI) / erfcx(left * -ROOT_HALF))
    return g * slope


log_ndtr = special(
    "log_ndtr",
    "The logarithm of the normal distribution function, finite far to the left too.",
    x=_density_over_ndtr,
)
ndtri = special(
    "ndtri",
    "The number at which the normal distribution function is x.",
    Domain(0.0, 1.0),
    x=lambda g, out: g * (np.exp(0.5 * out * out) * ROOT_TWO_PI),
)

# ---------------------------------------------------------------------- the gamma function
gamma = special(
    "gamma",
    "The gamma function, (x - 1)! for whole x.",
    NO_POLE,
    x=lambda g, out, x: g * out * digamma(x),
)
gammaln = special("gammaln", "log |gamma(x)|.", NO_POLE, x=lambda g, x: g * digamma(x))
loggamma = special("loggamma", "log gamma(x) of positive x; NaN elsewhere.", POSITIVE, x=lambda g, x: g * digamma(x))
digamma: Callable[..., Any] = special(
    "digamma",
    "The derivative of log gamma(x).",
    NO_POLE,
    x=lambda g, x: g * polygamma(1, x),
)


def _rgamma_slope(g, out, x):
    # at the poles of gamma its reciprocal is 0 and digamma infinite: left of 1/2 by 1 / gamma(x) = sin(pi x) / pi
    # times gamma(1 - x), which is smooth
    left = x < 0.5
    mirror = np.where(left, 1 - x, 1)
    turn = math.pi * np.where(left, x, 0)
    slope = gamma(mirror) * (np.cos(turn) - np.sin(turn) / math.pi * digamma(mirror))
    return g * np.where(left, slope, -out * digamma(np.where(left, 1, x)))


rgamma = special("rgamma", "1 / gamma(x), 0 at the poles of gamma.", x=_rgamma_slope)


@broadcasting
@primitive(x=lambda g, n, x: g * polygamma(n + 1, x), domain={"x": NO_POLE}, batch="leading")
def polygamma(n, x):
    """The `n`-th derivative of digamma(x), for whole `n`, as `scipy.special.polygamma`."""
    if np.ndim(n) or n != int(n) or n < 0:
        raise ValueError(f"n is a whole number from 0 on, not {n!r}")
    x = np.asarray(x)
    if x.dtype.kind == "c":
        raise TypeError("complex numbers are not supported")
    return np.asarray(values("polygamma")(int(n), x)).astype(x.dtype if x.dtype.kind == "f" else float)


@composite()
def multigammaln(a: Any, d: Any) -> Any:
    """log of the multivariate gamma function of dimension `d`: sum of gammaln(a - i / 2) for i < d, and a constant."""
    if np.ndim(d) or d != int(d) or d < 1:
        raise ValueError(f"d is a whole number from 1 on, not {d!r}")
    a = operand(a)
    total = gammaln(a)
    for i in range(1, int(d)):
        total = total + gammaln(a - 0.5 * i)
    return total + 0.25 * d * (d - 1) * math.log(math.pi)


_gammasgn = forward("gammasgn")
constant(_gammasgn)
gammasgn = numpy_functions[_gammasgn]


# ---------------------------------------------------------------------- beta and incomplete functions
def _digamma_step(x, y):
    """digamma(x) - digamma(x + y), in double precision, as the two may be close."""
    wide = operand(x).astype(float)
    return digamma(wide) - digamma(wide + y)


beta = special(
    "beta",
    "gamma(x) gamma(y) / gamma(x + y).",
    POSITIVE,
    x=lambda g, out, x, y: g * out * _digamma_step(x, y),
    y=lambda g, out, x, y: g * out * _digamma_step(y, x),
)
betaln = special(
    "betaln",
    "log |beta(x, y)|.",
    POSITIVE,
    x=lambda g, x, y: g * _digamma_step(x, y),
    y=lambda g, x, y: g * _digamma_step(y, x),
)


def _gamma_density(a, x):
    return np.exp(xlogy(a - 1, x) - x - gammaln(a))


gammainc = special(
    "gammainc",
    "The regularised lower incomplete gamma function; its derivative by the exponent `a` is not declared.",
    POSITIVE,
    a=no_slope("gammainc", "a", "pass a.data"),
    x=lambda g, a, x: g * _gamma_density(a, x),
)
gammaincc = special(
    "gammaincc",
    "1 - gammainc(a, x), without loss of precision.",
    POSITIVE,
    a=no_slope("gammaincc", "a", "pass a.data"),
    x=lambda g, a, x: -g * _gamma_density(a, x),
)


def _beta_density(a, b, x):
    return np.exp(xlogy(a - 1, x) + xlog1py(b - 1, -x) - betaln(a, b))


@broadcasting
@primitive(
    a=no_slope("betainc", "a", "pass a.data"),
    b=no_slope("betainc", "b", "pass b.data"),
    x=lambda g, a, b, x: g * _beta_density(a, b, x),
    domain={"a": POSITIVE, "b": POSITIVE, "x": Domain(0.0, 1.0)},
)
def betainc(a, b, x):
    """The regularised incomplete beta function; its derivatives by `a` and `b` are not declared."""
    return forward("betainc")(a, b, x)


# ---------------------------------------------------------------------- exponentials and logarithms, safe at their ends
expit = sigmoid
log_expit = elementwise(lambda x: -np.logaddexp(0, np.negative(x)), name="log_expit", x=lambda g, x: g * sigmoid(-x))
log_expit.__doc__ = log_expit.op.doc = "log(1 / (1 + exp(-x))), without overflow or loss of precision."  # type: ignore[attr-defined]
logit = special("logit", "log(x / (1 - x)).", Domain(0.0, 1.0), x=lambda g, x: g / (x * (1 - x)))
exp10 = special("exp10", "10**x.", x=lambda g, out: g * out * LN10)
cosm1 = special("cosm1", "cos(x) - 1, without loss of precision near 0.", x=lambda g, x: -g * np.sin(x))


@broadcasting
@primitive(x=lambda g, x, n: g * exprel_slope(x, n + 1), batch="leading")
def exprel_slope(x, n=1):
    """The n-th derivative of (exp(x) - 1) / x: the integral of t^n exp(x t) over 0 < t < 1."""
    wide, dtype = in_double(x)
    return exp_moment(wide, n).astype(dtype)


exprel = elementwise(lambda x: exprel_slope(x, 0), name="exprel", x=lambda g, x: g * exprel_slope(x, 1))
exprel.__doc__ = exprel.op.doc = "(exp(x) - 1) / x, 1 at 0."  # type: ignore[attr-defined]


def _beside_zero(x, y):
    """`y`, and 1 where both are 0: there x log(y) is 0 times minus infinity."""
    return np.where((x == 0) & (y == 0), 1, y)


xlogy = special(
    "xlogy",
    "x log(y), and 0 where x = 0.",
    {"x": REAL, "y": POSITIVE},
    complex_too=True,
    x=lambda g, x, y: g * np.log(_beside_zero(x, y)),
    y=lambda g, x, y: g * x / _beside_zero(x, y),
)
xlog1py = special(
    "xlog1py",
    "x log(1 + y), and 0 where x = 0.",
    {"x": REAL, "y": Domain(low=-1.0)},
    complex_too=True,
    x=lambda g, x, y: g * np.log1p(np.where((x == 0) & (y == -1), 0, y)),
    y=lambda g, x, y: g * x / (1 + np.where((x == 0) & (y == -1), 0, y)),
)
entr = special("entr", "-x log(x), 0 at 0 and -inf below.", POSITIVE, x=lambda g, x: -g * (np.log(x) + 1))


def _ratio(x, y):
    """x / y, and 1 where both are 0."""
    return _beside_zero(y, x) / _beside_zero(x, y)


rel_entr = special(
    "rel_entr",
    "x log(x / y), 0 where x = 0 and y >= 0, infinite where either is negative.",
    POSITIVE,
    x=lambda g, x, y: g * (np.log(_ratio(x, y)) + 1),
    y=lambda g, x, y: -g * (x / _beside_zero(x, y)),
)
kl_div = special(
    "kl_div",
    "x log(x / y) - x + y, y where x = 0 and y >= 0, infinite where either is negative.",
    POSITIVE,
    x=lambda g, x, y: g * np.log(_ratio(x, y)),
    y=lambda g, x, y: g * (1 - x / _beside_zero(x, y)),
)
exp1 = special(
    "exp1",
    "The integral of exp(-t) / t from x to infinity.",
    POSITIVE,
    complex_too=True,
    x=lambda g, x: -g * (np.exp(-x) / x),
)
expi = special(
    "expi",
    "The integral of exp(t) / t from minus infinity to x, past 0 its principal value.",
    NONZERO,
    complex_too=True,
    x=lambda g, x: g * (np.exp(x) / x),
)


@broadcasting
@primitive(z=lambda g, out: g * (np.exp(-out) / (1 + out)), batch="leading")
def lambertw(z, k=0, tol=1e-8):
    """The complex w with w exp(w) = z, on branch `k`, as `scipy.special.lambertw`."""
    return values("lambertw")(z, k, tol)


# ---------------------------------------------------------------------- Bessel functions
jv: Callable[..., Any] = special(
    "jv",
    "The Bessel function of the first kind, of constant order `v`.",
    complex_too=True,
    v=order("jv"),
    z=lambda g, v, z: g * (0.5 * (jv(v - 1, z) - jv(v + 1, z))),
)
yv: Callable[..., Any] = special(
    "yv",
    "The Bessel function of the second kind, of constant order `v`.",
    POSITIVE,
    complex_too=True,
    v=order("yv"),
    z=lambda g, v, z: g * (0.5 * (yv(v - 1, z) - yv(v + 1, z))),
)
iv: Callable[..., Any] = special(
    "iv",
    "The modified Bessel function of the first kind, of constant order `v`.",
    complex_too=True,
    v=order("iv"),
    z=lambda g, v, z: g * (0.5 * (iv(v - 1, z) + iv(v + 1, z))),
)
kv: Callable[..., Any] = special(
    "kv",
    "The modified Bessel function of the second kind, of constant order `v`.",
    POSITIVE,
    complex_too=True,
    v=order("kv"),
    z=lambda g, v, z: -g * (0.5 * (kv(v - 1, z) + kv(v + 1, z))),
)
ive: Callable[..., Any] = special(
    "ive",
    "exp(-|z|) iv(v, z), of constant order `v`; at its kink at 0 the factor has slope 0.",
    kink="elementwise",
    v=order("ive"),
    z=lambda g, out, v, z: g * (0.5 * (ive(v - 1, z) + ive(v + 1, z)) - np.sign(z) * out),
)
kve: Callable[..., Any] = special(
    "kve",
    "exp(z) kv(v, z), of constant order `v`.",
    POSITIVE,
    v=order("kve"),
    z=lambda g, out, v, z: g * (out - 0.5 * (kve(v - 1, z) + kve(v + 1, z))),
)
jn, yn = jv, yv

j0 = special("j0", "jv(0, x).", x=lambda g, x: -g * j1(x))
j1: Callable[..., Any] = special("j1", "jv(1, x).", x=lambda g, x: g * (0.5 * (j0(x) - jv(2, x))))
y0 = special("y0", "yv(0, x).", POSITIVE, x=lambda g, x: -g * y1(x))
y1: Callable[..., Any] = special("y1", "yv(1, x).", POSITIVE, x=lambda g, x: g * (0.5 * (y0(x) - yv(2, x))))
i0 = elementwise(np.i0, x=lambda g, x: g * i1(x))
i1: Callable[..., Any] = special("i1", "iv(1, x).", x=lambda g, x: g * (0.5 * (i0(x) + iv(2, x))))
k0 = special("k0", "kv(0, x).", POSITIVE, x=lambda g, x: -g * k1(x))
k1: Callable[..., Any] = special("k1", "kv(1, x).", POSITIVE, x=lambda g, x: -g * (0.5 * (k0(x) + kv(2, x))))
i0e = special("i0e", "ive(0, x).", kink="elementwise", x=lambda g, out, x: g * (i1e(x) - np.sign(x) * out))
i1e: Callable[..., Any] = special(
    "i1e",
    "ive(1, x).",
    kink="elementwise",
    x=lambda g, out, x: g * (0.5 * (i0e(x) + ive(2, x)) - np.sign(x) * out),
)
k0e = special("k0e", "kve(0, x).", POSITIVE, x=lambda g, out, x: g * (out - k1e(x)))
k1e: Callable[..., Any] = special(
    "k1e", "kve(1, x).", POSITIVE, x=lambda g, out, x: g * (out - 0.5 * (k0e(x) + kve(2, x)))
)
psi = digamma

# SciPy's names for what NumPy has, or has under another name
ours.update(
    betainc=betainc, cbrt=cbrt, exp2=exp2, expit=expit, expm1=expm1, exprel=exprel, gammasgn=gammasgn, i0=i0,
    kn=kv, lambertw=lambertw, log1p=log1p, log_expit=log_expit, multigammaln=multigammaln, polygamma=polygamma,
    psi=psi, sinc=sinc, yn=yv,
)  # fmt: skip
adopt_scipys()
