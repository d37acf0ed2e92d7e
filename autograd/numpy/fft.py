"""NumPy's `numpy.fft`, differentiable."""

from typing import Any

from numpy import fft as _numpy

from autograd.ops.fft import *
from autograd.primitive import counterpart as _counterpart


def __getattr__(name: str) -> Any:
    return _counterpart(getattr(_numpy, name))
