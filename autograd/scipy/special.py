"""SciPy's `scipy.special`, differentiable.

What has no derivative here is SciPy's own, which is imported at its first use.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import ops as _ops
from autograd.ops.scipys import ours as _ours
from autograd.ops.special import *  # noqa: F403
from autograd.primitive import numpy_functions as _functions
from autograd.primitive import operand as _operand
from autograd.primitive import plain as _plain

Axis = int | tuple[int, ...] | None


def logsumexp(a: Any, axis: Axis = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    """log(sum(b exp(a))) over `axis`, without overflow, as `scipy.special.logsumexp`.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int, optional
        All axes by default.
    b : array_like, optional
        Weights, which broadcast against `a`; they may be negative or zero.
    keepdims : bool
    return_sign : bool
        Return the logarithm of the sum's absolute value and its sign.

    >>> import numpy as np
    >>> float(logsumexp(np.array([0.0, 0.0]), b=[1.0, 3.0]))
    1.3862943611198906
    """
    if b is None:
        out = _ops.logsumexp(a, axis, keepdims=keepdims)
        return (out, np.ones_like(_plain(out))) if return_sign else out
    a, b = _operand(a), _operand(b)
    counts = np.where(np.equal(_plain(b), 0), -np.inf, _plain(a))
    top = np.max(counts, axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0)
    total = _ops.sum(b * np.exp(np.where(np.isneginf(counts), -np.inf, a) - top), axis=axis, keepdims=keepdims)
    top = top if keepdims else top.reshape(total.shape)
    if return_sign:
        return np.log(np.abs(total)) + top, np.sign(_plain(total))
    return np.log(total) + top


def softmax(x: Any, axis: Axis = None) -> Any:
    """exp(x) / sum(exp(x)) over `axis`, all axes by default, as `scipy.special.softmax`."""
    if isinstance(axis, int):
        return _ops.softmax(_operand(x), axis)
    return np.exp(log_softmax(x, axis))


def log_softmax(x: Any, axis: Axis = None) -> Any:
    """log(softmax(x)) over `axis`, all axes by default, as `scipy.special.log_softmax`."""
    x = _operand(x)
    if isinstance(axis, int):
        return _ops.log_softmax(x, axis)
    return x - _ops.logsumexp(x, axis, keepdims=True)


def __getattr__(name: str) -> Any:
    if name in _ours:
        return _ours[name]
    if name.startswith("__"):
        raise AttributeError(name)
    try:
        from scipy import special as scipys
    except ImportError as error:
        raise ImportError(f"{name} needs SciPy: pip install scipy, or pip install 'glassgrad[scipy]'") from error
    value = getattr(scipys, name)
    return _functions.get(value, value) if callable(value) and getattr(value, "__hash__", None) else value
