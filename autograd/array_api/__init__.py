"""The array API standard, version 2024.12, on Tensors: what `x.__array_namespace__()` gives.

Code written for the standard runs on Tensors without knowing them, and its gradients flow. Functions that make arrays
make constant Tensors; ask for a gradient with `requires_grad_()`. See https://data-apis.org/array-api/2024.12.

>>> from autograd import Tensor
>>> def softplus(x):
...     xp = x.__array_namespace__()
...     return xp.logaddexp(x, xp.zeros_like(x))
>>> x = Tensor([0.0], requires_grad=True)
>>> softplus(x).sum().backward()
>>> x.grad
Tensor([0.5])
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import (
    bool,
    complex64,
    complex128,
    e,
    float32,
    float64,
    inf,
    int8,
    int16,
    int32,
    int64,
    nan,
    newaxis,
    pi,
    uint8,
    uint16,
    uint32,
    uint64,
)  # fmt: skip

from autograd import numpy as _numpy
from autograd.array_api import _creation, _functions, fft, linalg
from autograd.array_api._creation import *
from autograd.array_api._functions import *
from autograd.array_api.linalg import matmul, matrix_transpose, tensordot, vecdot

__array_api_version__ = "2024.12"

# Elementwise functions have no keywords: they are autograd.numpy's, under the standard's names.
_ELEMENTWISE = [
    "abs", "acos", "acosh", "add", "asin", "asinh", "atan", "atan2", "atanh", "bitwise_and", "bitwise_invert",
    "bitwise_left_shift", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "ceil", "conj", "copysign", "cos",
    "cosh", "divide", "equal", "exp", "expm1", "floor", "floor_divide", "greater", "greater_equal", "hypot", "imag",
    "isfinite", "isinf", "isnan", "less", "less_equal", "log", "log10", "log1p", "log2", "logaddexp", "logical_and",
    "logical_not", "logical_or", "logical_xor", "maximum", "minimum", "multiply", "negative", "nextafter",
    "not_equal", "positive", "pow", "real", "reciprocal", "remainder", "round", "sign", "signbit", "sin", "sinh",
    "sqrt", "square", "subtract", "tan", "tanh", "trunc",
]  # fmt: skip
globals().update({name: getattr(_numpy, name) for name in _ELEMENTWISE})

_REST = [
    "__array_api_version__", "__array_namespace_info__", "bool", "complex64", "complex128", "e", "fft", "float32",
    "float64", "inf", "int8", "int16", "int32", "int64", "linalg", "matmul", "matrix_transpose", "nan", "newaxis",
    "pi", "tensordot", "uint8", "uint16", "uint32", "uint64", "vecdot",
]  # fmt: skip
__all__ = sorted(_creation.__all__ + _functions.__all__ + _ELEMENTWISE + _REST)


def __array_namespace_info__() -> Any:
    """What this namespace can do: its devices, dtypes and capabilities, which are NumPy's."""
    return np.__array_namespace_info__()
