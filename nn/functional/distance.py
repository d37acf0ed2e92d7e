"""Bilinear forms, lengths, angles and distances."""

from __future__ import annotations

from autograd import Tensor, ops
from autograd.ops import linalg


def bilinear(x1: Tensor, x2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y[o] = x1 W[o] x2 + b[o] over the last axes, with `weight` of shape (out, in1, in2)."""
    outputs, first, second = weight.shape
    if x1.shape[:-1] != x2.shape[:-1] or (x1.shape[-1:], x2.shape[-1:]) != ((first,), (second,)):
        raise ValueError(
            f"bilinear: inputs of shapes {x1.shape} and {x2.shape}, wanted (..., {first}), (..., {second})"
        )
    rows = ops.reshape(ops.swapaxes(weight, 1, 2), (outputs * second, first))
    turned = ops.reshape(ops.linear(x1, rows), (*x1.shape[:-1], outputs, second))
    result: Tensor = ops.matvec(turned, x2)
    return result if bias is None else result + bias


def normalize(x: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """x / max(|x|, eps) with the p-norm along `dim`."""
    length = linalg.norm(x, p, axis=dim, keepdims=True)
    result: Tensor = x / ops.maximum(length, eps)
    return result


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """x1 . x2 / (max(|x1|, eps) max(|x2|, eps)) along `dim`; the shapes broadcast.

    >>> cosine_similarity(Tensor([[1.0, 0.0]]), Tensor([[2.0, 0.0]])).data.tolist()
    [1.0]
    """
    result: Tensor = (normalize(x1, 2.0, dim, eps) * normalize(x2, 2.0, dim, eps)).sum(axis=dim)
    return result


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The p-norm of x1 - x2 + eps over the last axis.

    >>> round(pairwise_distance(Tensor([[0.0, 0.0]]), Tensor([[3.0, 4.0]])).item(), 3)
    5.0
    """
    result: Tensor = linalg.norm(x1 - x2 + eps, p, axis=-1, keepdims=keepdim)
    return result
