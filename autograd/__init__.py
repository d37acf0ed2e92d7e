"""Reverse-mode automatic differentiation made of glass: a NumPy-shaped `Tensor` that records its graph.

>>> from autograd import Tensor
>>> x = Tensor(3.0, requires_grad=True)
>>> (x * x).backward()
>>> x.grad.item()
6.0
"""

from autograd import ops
from autograd.graph import GradError, enable_grad, is_grad_enabled, no_grad, scope
from autograd.primitive import primitive
from autograd.tensor import Tensor
from autograd.transforms import grad, gradients, value_and_grad

__version__ = "0.1.0"

__all__ = [
    "GradError",
    "Tensor",
    "enable_grad",
    "grad",
    "gradients",
    "is_grad_enabled",
    "no_grad",
    "ops",
    "primitive",
    "scope",
    "value_and_grad",
]
