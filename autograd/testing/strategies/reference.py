"""Functions that NumPy lacks, written out in the plainest way: what the ops are compared with."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.testing.strategies.base import Array


def erf(x: Array) -> Array:
    return np.vectorize(math.erf, otypes=[float])(x) if x.size else x


def softmax(x: Array, axis: Any = -1) -> Any:
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


def normal(x: Array) -> Any:
    return (1 + erf(x / math.sqrt(2))) / 2


def tanh_slope(x: Array) -> Any:
    a, b = math.sqrt(2 / math.pi), 0.044715
    t = np.tanh(a * (x + b * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t**2) * a * (1 + 3 * b * x**2)


def exp_moment(x: Array, n: int) -> Any:
    """The integral of s^n exp(x s) for s from 0 to 1."""
    s, weight = np.polynomial.legendre.leggauss(60)
    s = (s + 1) / 2
    return (s**n * np.exp(x[..., None] * s)) @ weight / 2


def erfcx_slope(x: Array, n: int) -> Any:
    """The integral of 2 / sqrt(pi) (-2 s)^n exp(-s^2 - 2 x s) for s from 0 to 12."""
    s, weight = np.polynomial.legendre.leggauss(200)
    s = 6 * (s + 1)
    integrand = (-2 * s) ** n * np.exp(-s * s - 2 * x[..., None] * s)
    return integrand @ weight * (12 / math.sqrt(math.pi))


def sinc_slope(x: Array, n: int) -> Any:
    """From sinc(x) = integral of cos(pi x s) for s from 0 to 1."""
    s, weight = np.polynomial.legendre.leggauss(60)
    s = math.pi * (s + 1) / 2
    return (s**n * np.cos(x[..., None] * s + n * math.pi / 2)) @ weight / 2
