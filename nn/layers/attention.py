"""Causal multi-head self-attention."""

from __future__ import annotations

import numpy as np

from autograd import Tensor
from nn import init
from nn.cache import LayerCache
from nn.layers.dropout import Dropout
from nn.layers.heads import Heads
from nn.layers.linear import Linear


class CausalSelfAttention(Heads):
    """Every token asks (query) all tokens up to itself (key) and gathers what they offer (value).

    Per head softmax(Q K^T / sqrt(d) + mask) V, with a mask of -inf above the diagonal; the heads side by side, then
    one linear map. Vaswani et al., 2017, section 3.2.

    Parameters
    ----------
    width, heads : int
        `heads` divides `width`.
    bias : bool
    dropout : float
        On the pattern and on the result.
    rng : numpy.random.Generator, optional

    A call takes the new tokens alone where a `cache` of `nn.KVCache` has the keys and values of those before them.

    Attributes
    ----------
    c_attn, c_proj : Linear
        Query, key and value in one weight of shape (3 width, width); the output. GPT-2's names.
    record_pattern, pattern
        See `Heads`.

    Examples
    --------
    >>> import numpy as np
    >>> attention = CausalSelfAttention(8, 2, rng=np.random.default_rng(0))
    >>> attention(np.ones((1, 5, 8), np.float32)).shape
    (1, 5, 8)
    >>> attention.record_pattern = True
    >>> _ = attention(np.ones((1, 5, 8), np.float32))
    >>> attention.pattern[0, 0, 1].tolist()
    [0.5, 0.5, 0.0, 0.0, 0.0]
    """

    def __init__(
        self,
        width: int,
        heads: int,
        bias: bool = True,
        dropout: float = 0.0,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        if heads < 1 or width % heads:
            raise ValueError(f"CausalSelfAttention: a width of {width} does not divide into {heads} heads")
        rng = init.default_rng(rng)
        self.width, self.heads = width, heads
        self.c_attn = Linear(width, 3 * width, bias=bias, rng=rng)
        self.c_proj = Linear(width, width, bias=bias, rng=rng)
        self.attn_dropout = Dropout(dropout, rng=rng)
        self.resid_dropout = Dropout(dropout, rng=rng)

    def forward(self, x: Tensor, cache: LayerCache | None = None) -> Tensor:
        if len(np.shape(x)) != 3 or x.shape[-1] != self.width:
            raise ValueError(f"{self._label}: input of shape {np.shape(x)}, wanted (batch, tokens, {self.width})")
        batch, tokens, _ = x.shape
        head = self.width // self.heads
        # (batch, tokens, 3 width) -> three of (batch, heads, tokens, head)
        qkv = self.c_attn(x).reshape(batch, tokens, 3, self.heads, head).transpose(2, 0, 3, 1, 4)
        query, key, value = (self._by_token(name, qkv[i]) for i, name in enumerate(("hook_q", "hook_k", "hook_v")))
        if cache is not None:
            key, value = cache.extend(key, value)
        mixed = self._attend(query, key, value, self.attn_dropout, is_causal=True)
        result: Tensor = self.resid_dropout(self.c_proj(mixed))
        return result

    def _by_token(self, name: str, x: Tensor) -> Tensor:
        """Report (batch, heads, tokens, head) as (batch, tokens, heads, head)."""
        return self.point(name, x.swapaxes(1, 2)).swapaxes(1, 2) if self.listened(name) else x

    def extra_repr(self) -> str:
        return f"width={self.width}, heads={self.heads}"
