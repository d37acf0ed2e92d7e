"""Scaled dot-product attention."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from autograd import Tensor, asarray, ops
from autograd.ops.attention import visible
from nn.functional.dropout import dropout


def sight(queries: int, keys: int, is_causal: bool, window: int | None) -> np.ndarray[Any, Any]:
    """Whether a query may look at a key, shape (queries, keys): the queries are the last ones of the keys."""
    result: np.ndarray[Any, Any] = visible(np.arange(keys - queries, keys), np.arange(keys), is_causal, window)
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

    Notes
    -----
    From 512 queries and keys on, the weights are computed a block at a time, forward and backward, in memory linear in
    the number of tokens: see `autograd.ops.attention`. Dropout and a mask that requires a gradient need the whole
    matrix at any length.

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
    mask = _as_mask(attn_mask)
    _check(query, key, value, mask, is_causal, enable_gqa, window)
    if _in_blocks(query, key, mask, dropout_p):
        return _blockwise(query, key, value, mask, is_causal, scale, enable_gqa, window)
    scores = attention_scores(query, key, mask, is_causal, scale, enable_gqa, window)
    return attention_mix(dropout(ops.softmax(scores), dropout_p, rng=rng), value)


def attention_scores(
    query: Tensor,
    key: Tensor,
    attn_mask: Tensor | ArrayLike | None = None,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
    window: int | None = None,
) -> Tensor:
    """scale Q K^T + mask, with -inf for what is not seen: (..., heads, queries, keys).

    The softmax over the last axis is the attention pattern. Parameters as in `scaled_dot_product_attention`.
    """
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    queries, keys = query.shape[-2], key.shape[-2]
    scores = _grouped(query * scale, key.mT) if enable_gqa else (query * scale) @ key.mT
    if window is not None or (is_causal and queries > 1):
        scores = scores + _bias(queries, keys, scores.dtype, is_causal, window)
    mask = _as_mask(attn_mask)
    return scores if mask is None else scores + _added(mask, scores.dtype)


def attention_mix(pattern: Tensor, value: Tensor) -> Tensor:
    """What each query gathers, (..., heads, queries, width): `pattern` V. V may have fewer heads, as with groups."""
    same = min(pattern.ndim, value.ndim) < 3 or value.shape[-3] in (1, pattern.shape[-3])
    result: Tensor = pattern @ value if same else _grouped(pattern, value)
    return result


def _grouped(x: Tensor, y: Tensor) -> Tensor:
    """x @ y where so many consecutive heads of `x` share one of `y` as there are for each."""
    heads, groups = x.shape[-3], y.shape[-3]
    if groups == heads:
        return x @ y
    rows = heads // groups * x.shape[-2]  # of all heads that share, below each other: one product for them
    parted = x.reshape(*x.shape[:-3], groups, rows, x.shape[-1]) @ y
    result: Tensor = parted.reshape(*parted.shape[:-3], heads, x.shape[-2], parted.shape[-1])
    return result


# ---------------------------------------------------------------------- a block at a time
MANY = 2**18  # weights a head: with fewer, the whole matrix is quicker


def _in_blocks(query: Tensor, key: Tensor, mask: Tensor | None, dropout_p: float) -> bool:
    """Whether the matrix of weights is so large that it had better never be there, and the op knows the case."""
    large = query.shape[-2] > 1 and query.shape[-2] * key.shape[-2] >= MANY
    learned = mask is not None and mask.requires_grad
    return large and not dropout_p and not learned and query.dtype.kind == "f"


def _blockwise(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    is_causal: bool,
    scale: float | None,
    enable_gqa: bool,
    window: int | None,
) -> Tensor:
    heads = 3 if enable_gqa else 2  # the axes that do not broadcast
    lead = np.broadcast_shapes(*(x.shape[:-heads] for x in (query, key, value, mask) if x is not None))
    query, key, value = (
        x if x.shape[:-heads] == lead else ops.broadcast_to(x, (*lead, *x.shape[-heads:])) for x in (query, key, value)
    )
    found: Tensor = ops.attention(query, key, value, mask, is_causal, window, scale)[..., :-2]
    return found


def _bias(queries: int, keys: int, dtype: np.dtype[Any], is_causal: bool, window: int | None) -> Tensor:
    """What hides keys by their place, as something to add to the scores."""
    if is_causal:
        make = causal_mask if queries * keys < MANY else causal_mask.__wrapped__  # large ones are not kept
        return make(queries, keys, dtype, window)
    return Tensor(np.where(sight(queries, keys, False, window), 0, -np.inf).astype(dtype))


def _as_mask(mask: Tensor | ArrayLike | None) -> Tensor | None:
    """A mask as a Tensor of booleans or floats, without a copy."""
    if mask is None or (isinstance(mask, Tensor) and mask.dtype.kind in "bf"):
        return mask
    tensor = mask if isinstance(mask, Tensor) else asarray(np.asarray(mask))
    if tensor.dtype.kind not in "bf":
        raise TypeError(f"attention: attn_mask holds booleans or floats, not {tensor.dtype}")
    return tensor


def _added(mask: Tensor, dtype: np.dtype[Any]) -> Tensor:
    """A mask as something to add to the scores."""
    if mask.dtype.kind == "b":
        return Tensor(np.where(mask.data, 0, -np.inf).astype(dtype))
    return mask if mask.dtype == dtype else mask.astype(dtype)


def _check(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, is_causal: bool, grouped: bool, window: int | None
) -> None:
    shapes = f"query {query.shape}, key {key.shape}, value {value.shape}"
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise ValueError(f"attention: {shapes}; wanted (..., tokens, width) each")
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise ValueError(f"attention: {shapes}; query and key must have one width, key and value as many tokens")
    if is_causal and query.shape[-2] > key.shape[-2]:
        raise ValueError(f"attention: {shapes}; with more queries than keys the first ones have nothing to look at")
    if window is not None and window < 1:
        raise ValueError(f"attention: a window holds at least 1 key, got {window}")
    wanted = (query.shape[-2], key.shape[-2])
    given = () if mask is None else mask.shape
    if any(n not in (1, m) for n, m in zip(given[::-1], wanted[::-1], strict=False)):
        raise ValueError(
            f"attention: {shapes}; attn_mask of shape {given}, wanted (..., heads, {wanted[0]}, {wanted[1]})"
        )
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
