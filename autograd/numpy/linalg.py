"""NumPy's `numpy.linalg`, differentiable."""

from typing import Any

from numpy import linalg as _numpy

from autograd.ops.linalg import *
from autograd.primitive import numpy_functions as _functions


def __getattr__(name: str) -> Any:
    value = getattr(_numpy, name)
    return _functions.get(value, value) if callable(value) and getattr(value, "__hash__", None) else value
