"""Gradients kept within bounds."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from autograd import RowSparse, Tensor
from nn.errors import TrainingError
from nn.optim.optimizer import Array, stored


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = True,
) -> float:
    r"""Scale all gradients together so that their common length is at most `max_norm`.

    .. math:: g \leftarrow g \cdot \min(1, \text{max\_norm} / (|g| + 10^{-6})), \qquad |g|^p = \sum_i |g_i|^p

    Parameters
    ----------
    parameters : Tensor, or iterable of Tensor
        Those without a gradient are passed over.
    max_norm : float
        Above 0.
    norm_type : float
        p, above 0; `math.inf` for the largest element.
    error_if_nonfinite : bool
        Raise, rather than scale by nothing or by NaN, where a gradient is not finite.

    Returns
    -------
    float
        The length before clipping.

    Raises
    ------
    ValueError
        If `max_norm` or `norm_type` is not above 0.
    TrainingError
        If the length is not finite: the message names the first gradient at fault. Nothing has been scaled then.

    References
    ----------
    Pascanu, Mikolov and Bengio (2013), "On the difficulty of training recurrent neural networks", algorithm 1.

    Examples
    --------
    >>> p = Tensor([3.0, 4.0], requires_grad=True)
    >>> (0.5 * p * p).sum().backward()
    >>> clip_grad_norm_([p], 1.0)
    5.0
    >>> p.grad.data.round(4).tolist()
    [0.6, 0.8]
    """
    if not max_norm > 0:
        raise ValueError(f"clip_grad_norm_ needs a max_norm above 0, got {max_norm}")
    if not norm_type > 0:
        raise ValueError(f"clip_grad_norm_ needs a norm_type above 0, got {norm_type}")
    gradients = _gradients(parameters)
    norm = _length([stored(g) for _, g in gradients], norm_type)
    if not math.isfinite(norm) and error_if_nonfinite:
        where, g = next((i, g) for i, g in gradients if not np.isfinite(stored(g)).all())
        raise TrainingError(
            f"the gradient of parameter {where}, of shape {g.shape}, is not finite: lower the learning rate, or look "
            "for a division by zero or a logarithm of zero in the loss"
        )
    scale = max_norm / (norm + 1e-6)
    if not scale >= 1:  # a NaN is passed on, not hidden
        with np.errstate(invalid="ignore"):
            for g in {id(g): g for _, g in gradients}.values():  # one that stands in two places is scaled once
                values = _writable(g)
                values *= scale
    return norm


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Cut every element of every gradient to the range from -`clip_value` to `clip_value`.

    Raises
    ------
    ValueError
        If `clip_value` is not above 0.

    Examples
    --------
    >>> p = Tensor([3.0, -0.5], requires_grad=True)
    >>> (0.5 * p * p).sum().backward()
    >>> clip_grad_value_([p], 1.0)
    >>> p.grad.data.tolist()
    [1.0, -0.5]
    """
    if not clip_value > 0:
        raise ValueError(f"clip_grad_value_ needs a clip_value above 0, got {clip_value}")
    for _, g in _gradients(parameters):
        values = _writable(g)
        np.clip(values, -clip_value, clip_value, out=values)


def _length(arrays: list[Array], p: float) -> float:
    """The p-norm of all elements of all arrays."""
    if p == 2:
        return math.sqrt(sum(squared_norm(a) for a in arrays))
    if math.isinf(p):
        return float(np.max([np.abs(a).max(initial=0.0) for a in arrays], initial=0.0))
    return float(sum(float((np.abs(a.astype(np.float64)) ** p).sum()) for a in arrays) ** (1 / p))


def squared_norm(g: Array) -> float:
    """The sum of squares; in float64 only where the array's own dtype is too narrow for it."""
    flat = g.ravel(order="K")
    flat = flat.astype(np.float32) if flat.dtype == np.float16 else flat
    total = float(np.vdot(flat, flat))
    if not math.isfinite(total) and flat.dtype != np.float64:
        flat = flat.astype(np.float64)
        total = float(np.vdot(flat, flat))
    return total


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[tuple[int, Tensor | RowSparse]]:
    """The gradients, the rows of sparse ones summed: what is clipped is the sum."""
    found: list[tuple[int, Tensor | RowSparse]] = []
    for i, p in enumerate([parameters] if isinstance(parameters, Tensor) else parameters):
        if isinstance(p.grad, RowSparse):
            p.grad = p.grad.coalesce()
        if p.grad is not None:
            found.append((i, p.grad))
    return found


def _writable(g: Tensor | RowSparse) -> Array:
    return g.values if isinstance(g, RowSparse) else g.numpy(writable=True)
