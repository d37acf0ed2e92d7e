"""Functions of networks, under PyTorch's names; all of them differentiable to every order."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from autograd import Tensor, ops
from autograd.ops import (
    cross_entropy,
    gelu,
    layer_norm,
    linear,
    log_softmax,
    relu,
    rms_norm,
    sigmoid,
    softmax,
    tanh,
)
from nn.init import default_rng
from nn.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    nll_loss,
    smooth_l1_loss,
)

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "causal_mask", "cross_entropy", "dropout", "elu",
    "embedding", "gelu", "huber_loss", "kl_div", "l1_loss", "layer_norm", "leaky_relu", "linear", "log_softmax",
    "logsigmoid", "mish", "mse_loss", "nll_loss", "relu", "rms_norm", "scaled_dot_product_attention", "sigmoid", "silu",
    "smooth_l1_loss", "softmax", "softplus", "softsign", "tanh",
]  # fmt: skip


def leaky_relu(x: Tensor, negative_slope: float = 0.01) -> Tensor:
    """x above zero, negative_slope x elsewhere. Maas, Hannun and Ng, 2013."""
    result: Tensor = ops.where(x > 0, x, x * negative_slope)
    return result


def elu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """x above zero, alpha (exp(x) - 1) elsewhere. Clevert, Unterthiner and Hochreiter, 2016, equation 15."""
    below = ops.where(x > 0, x * 0, x)  # what is not taken does not overflow
    result: Tensor = ops.where(x > 0, x, ops.expm1(below) * alpha)
    return result


def silu(x: Tensor) -> Tensor:
    """x sigmoid(x), also called swish. Ramachandran, Zoph and Le, 2017."""
    result: Tensor = x * sigmoid(x)
    return result


def softplus(x: Tensor, beta: float = 1.0) -> Tensor:
    """log(1 + exp(beta x)) / beta, without overflow."""
    result: Tensor = ops.logaddexp(x * beta, 0.0) * (1 / beta)
    return result


def logsigmoid(x: Tensor) -> Tensor:
    """log(sigmoid(x)) = -softplus(-x), without overflow."""
    return -softplus(-x)


def mish(x: Tensor) -> Tensor:
    """x tanh(softplus(x)). Misra, 2019."""
    result: Tensor = x * tanh(softplus(x))
    return result


def softsign(x: Tensor) -> Tensor:
    """x / (1 + |x|)."""
    result: Tensor = x / (1 + ops.absolute(x))
    return result


def embedding(indices: ArrayLike, weight: Tensor, sparse: bool = False) -> Tensor:
    """Rows of `weight`, shape (words, width), at integer `indices` of any shape: shape (*indices, width).

    With `sparse` the gradient of a leaf `weight` holds only the rows that were read: `autograd.RowSparse`.
    """
    result: Tensor = ops.embedding(weight, getattr(indices, "data", indices), sparse=sparse)
    return result


def dropout(x: Tensor, p: float = 0.5, training: bool = True, rng: np.random.Generator | None = None) -> Tensor:
    """Each element zero with probability `p`, the others divided by 1 - p. Srivastava et al., 2014."""
    if not 0 <= p < 1:
        raise ValueError(f"dropout: p must be at least 0 and below 1, got {p}")
    if not training or p == 0:
        return x
    kept = default_rng(rng).random(x.shape, dtype=np.float32) >= p
    return x * Tensor(kept, dtype=x.dtype) * (1 / (1 - p))


@functools.lru_cache(maxsize=64)  # sampling meets every length up to the context
def causal_mask(queries: int, keys: int, dtype: np.dtype[Any]) -> Tensor:
    """0 where a query may look (at itself and before), -inf where not: shape (queries, keys).

    With more keys than queries the queries are the last ones.

    >>> import numpy as np
    >>> causal_mask(2, 2, np.dtype("f4")).data.tolist()
    [[0.0, -inf], [0.0, 0.0]]
    """
    return Tensor(np.triu(np.full((queries, keys), -np.inf, dtype), keys - queries + 1))


def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, is_causal: bool = False) -> Tensor:
    """softmax(Q K^T / sqrt(d) + mask) V; all of shape (..., tokens, d). Vaswani et al., 2017, equation 1.

    With `is_causal` the mask is -inf above the diagonal, before the softmax: no token sees a later one. With more keys
    than queries the queries are the last ones.

    Raises
    ------
    ValueError
        If the shapes do not fit, or with `is_causal` some query has no key that it may see.

    >>> import numpy as np
    >>> x = Tensor(np.eye(2))
    >>> scaled_dot_product_attention(0 * x, x, x, is_causal=True).data.tolist()
    [[1.0, 0.0], [0.5, 0.5]]
    """
    shapes = f"query {query.shape}, key {key.shape}, value {value.shape}"
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise ValueError(f"attention: {shapes}; wanted (..., tokens, width) each")
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise ValueError(f"attention: {shapes}; query and key must have one width, key and value as many tokens")
    if is_causal and query.shape[-2] > key.shape[-2]:
        raise ValueError(f"attention: {shapes}; with more queries than keys the first ones have nothing to look at")
    scores = (query * (1 / math.sqrt(query.shape[-1]))) @ key.mT
    if is_causal:
        scores = scores + causal_mask(query.shape[-2], key.shape[-2], scores.dtype)
    result: Tensor = softmax(scores) @ value
    return result
