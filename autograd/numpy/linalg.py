"""NumPy's `numpy.linalg`, differentiable."""

from typing import Any

from numpy import linalg as _numpy

from autograd.ops.linalg import *
from autograd.primitive import counterpart as _counterpart


def __getattr__(name: str) -> Any:
    return _counterpart(getattr(_numpy, name))
