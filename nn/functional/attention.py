"""Scaled dot-product attention."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from autograd import Tensor, ops
from nn.functional.dropout import dropout


def sight(queries: int, keys: int, is_causal: bool, window: int | None) -> np.ndarray[Any, Any]:
    """Whether a query may look at a key, shape (queries, keys): the queries are the last ones of the keys."""
    distance = np.arange(keys - queries, keys)[:, None] - np.arange(keys)
    seen = distance >= 0 if is_causal else np.ones(distance.shape, bool)
    result: np.ndarray[Any, Any] = seen if window is None else seen & (abs(distance) < window)
    return result


@functools.lru_cache(maxsize=64)  # sampling meets every length up to the context
def causal_mask(queries: int, keys: int, dtype: np.dtype[Any], window: int | None = None) -> Tensor:
    """0 where a query may look (at itself and before), -inf where not: shape (queries, keys).

    With more keys than queries the queries are the last ones. With a `window` a query looks at so many keys, itself
    included.

    >>> import numpy as np
    >>> causal_mask(2, 2, np.dtype("f4")).data.tolist()
    [[0.0, -inf], [0.0, 0.0]]
    """
    return Tensor(np.where(sight(queries, keys, True, window), 0, -np.inf).astype(dtype))


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | ArrayLike | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
    window: int | None = None,
    rng: np.random.Generator | None = None,
) -> Tensor:
    """softmax(scale Q K^T + mask) V. Vaswani et al., 2017, equation 1. As PyTorch's, but for what is said below.

    Parameters
    ----------
    query : Tensor of shape (..., heads, queries, width)
    key, value : Tensor of shape (..., heads, keys, width)
        The width of `value` may be another. Axes before the tokens broadcast.
    attn_mask : array_like that broadcasts to (..., heads, queries, keys), optional
        Of bool: True where a query may look. Of floats: what is added to the scores, -inf where it may not; it may
        require a gradient.
    dropout_p : float
        Each weight becomes zero with this probability, and the others larger; also in evaluation mode, as in PyTorch.
    is_causal : bool
        No query sees a later key. With more keys than queries the queries are the last ones, as in generation with a
        cache (PyTorch takes them for the first ones). Together with `attn_mask` both hold.
    scale : float, optional
        1 / sqrt(width) unless given.
    enable_gqa : bool
        Key and value may have fewer heads: consecutive heads of the query share one (Ainslie et al., 2023).
    window : int, optional
        A query sees only keys nearer than this, so with `is_causal` the last `window` ones, itself included (Beltagy
        et al., 2020). Not in PyTorch.
    rng : numpy.random.Generator, optional
        For the dropout.

    Returns
    -------
    Tensor of shape (..., heads, queries, width of `value`)
        A query that sees nothing gets zeros.

    Raises
    ------
    ValueError
        If the shapes do not fit, or with `is_causal` some query has no key that it may see.

    Examples
    --------
    >>> import numpy as np
    >>> x = Tensor(np.eye(2))
    >>> scaled_dot_product_attention(0 * x, x, x, is_causal=True).data.tolist()
    [[1.0, 0.0], [0.5, 0.5]]
    """
    query, key, value = (x if isinstance(x, Tensor) else Tensor(x) for x in (query, key, value))
    _check(query, key, value, is_causal, enable_gqa, window)
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    queries, keys = query.shape[-2], key.shape[-2]
    mask = _added(attn_mask, query.dtype)
    grouped = enable_gqa and query.shape[-3] != key.shape[-3]
    if grouped:
        query, key, value = _grouped(query, key.shape[-3]), ops.expand_dims(key, -3), ops.expand_dims(value, -3)
        mask = mask if mask is None else _grouped(mask, key.shape[-4])
    scores = (query * scale) @ key.mT
    if window is not None or (is_causal and queries > 1):
        scores = scores + _bias(queries, keys, scores.dtype, is_causal, window)
    if mask is not None:
        scores = scores + mask
    result: Tensor = dropout(ops.softmax(scores), dropout_p, rng=rng) @ value
    return result.reshape(*result.shape[:-4], -1, *result.shape[-2:]) if grouped else result


def _bias(queries: int, keys: int, dtype: np.dtype[Any], is_causal: bool, window: int | None) -> Tensor:
    """What hides keys by their place, as something to add to the scores."""
    if is_causal:
        return causal_mask(queries, keys, dtype, window)
    return Tensor(np.where(sight(queries, keys, False, window), 0, -np.inf).astype(dtype))


def _added(mask: Tensor | ArrayLike | None, dtype: np.dtype[Any]) -> Tensor | None:
    """A mask as something to add to the scores."""
    if mask is None:
        return None
    tensor = mask if isinstance(mask, Tensor) else Tensor(np.asarray(mask))
    if tensor.dtype.kind == "b":
        return Tensor(np.where(tensor.data, 0, -np.inf).astype(dtype))
    if tensor.dtype.kind != "f":
        raise TypeError(f"attention: attn_mask holds booleans or floats, not {tensor.dtype}")
    return tensor if tensor.dtype == dtype else tensor.astype(dtype)


def _grouped(x: Tensor, groups: int) -> Tensor:
    """The axis of heads as two: groups, and the heads of one; what broadcasts over heads goes on doing so."""
    if x.ndim < 3:
        return x
    if x.shape[-3] == 1:
        return x.reshape(*x.shape[:-3], 1, 1, *x.shape[-2:])
    return x.reshape(*x.shape[:-3], groups, x.shape[-3] // groups, *x.shape[-2:])


def _check(query: Tensor, key: Tensor, value: Tensor, is_causal: bool, grouped: bool, window: int | None) -> None:
    shapes = f"query {query.shape}, key {key.shape}, value {value.shape}"
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise ValueError(f"attention: {shapes}; wanted (..., tokens, width) each")
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise ValueError(f"attention: {shapes}; query and key must have one width, key and value as many tokens")
    if is_causal and query.shape[-2] > key.shape[-2]:
        raise ValueError(f"attention: {shapes}; with more queries than keys the first ones have nothing to look at")
    if window is not None and window < 1:
        raise ValueError(f"attention: a window holds at least 1 key, got {window}")
    if grouped:
        heads = [x.shape[-3] if x.ndim > 2 else 0 for x in (query, key, value)]
        if 0 in heads or heads[1] != heads[2] or heads[0] % heads[1]:
            raise ValueError(f"attention: {shapes}; with enable_gqa key and value have heads that divide the query's")
        return
    try:
        np.broadcast_shapes(query.shape[:-2], key.shape[:-2], value.shape[:-2])
    except ValueError:
        hint = "; for fewer heads of key and value say enable_gqa=True"
        raise ValueError(f"attention: {shapes}; the axes before the tokens must broadcast{hint}") from None
