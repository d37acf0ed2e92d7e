"""Reverse-mode automatic differentiation made of glass: a NumPy-shaped `Tensor` that records its graph.

>>> from autograd import Tensor
>>> x = Tensor(3.0, requires_grad=True)
>>> (x * x).backward()
>>> x.grad.item()
6.0
"""

import importlib
from typing import TYPE_CHECKING, Any

from autograd import einops_backend, ops  # noqa: F401  the backend is found by its class alone
from autograd.anomaly import AnomalyError, detect_anomaly
from autograd.custom import custom_jvp, custom_vjp
from autograd.derivatives import elementwise_grad, hessian, hvp, jacobian, jvp, linearize, stop_gradient, vjp
from autograd.primitive import primitive
from autograd.saving import checkpoint, saved_tensors_hooks
from autograd.sparse import RowSparse
from autograd.state import GradError, enable_grad, is_grad_enabled, no_grad, scope
from autograd.tensor import Tensor, asarray, from_dlpack
from autograd.transforms import grad, gradients, value_and_grad
from autograd.vectorize import vmap

if TYPE_CHECKING:
    from autograd import draw
    from autograd.draw.replay import replay

__version__ = "0.1.0"

__all__ = [
    "AnomalyError",
    "GradError",
    "RowSparse",
    "Tensor",
    "asarray",
    "checkpoint",
    "custom_jvp",
    "custom_vjp",
    "detect_anomaly",
    "draw",
    "elementwise_grad",
    "enable_grad",
    "from_dlpack",
    "grad",
    "gradients",
    "hessian",
    "hvp",
    "is_grad_enabled",
    "jacobian",
    "jvp",
    "linearize",
    "no_grad",
    "ops",
    "primitive",
    "replay",
    "saved_tensors_hooks",
    "scope",
    "stop_gradient",
    "value_and_grad",
    "vjp",
    "vmap",
]


def __getattr__(name: str) -> Any:
    if name == "replay":  # pictures are loaded when asked for
        from autograd.draw.replay import replay

        return replay
    if name == "draw":
        return importlib.import_module("autograd.draw")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
