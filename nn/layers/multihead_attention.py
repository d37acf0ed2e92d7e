"""MultiheadAttention."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from autograd import Tensor, ops
from nn import functional, init
from nn.functional.attention import attention_mix, attention_scores
from nn.layers.linear import Linear
from nn.layers.rotary import RotaryEmbedding
from nn.module import Module, Parameter


class MultiheadAttention(Module):
    """Heads of softmax(Q K^T / sqrt(d) + mask) V side by side, then one linear map: PyTorch's layer, with its keys.

    Vaswani et al., 2017, section 3.2. A query whose keys are all masked gives zeros, and gradients that are zero, where
    PyTorch gives NaN. Activations have TransformerLens's names (`hook_q`, `hook_pattern`, ...; see `nn.hooks`).

    Parameters
    ----------
    embed_dim, num_heads : int
        Width of queries and of what comes out; `num_heads` divides it, and d is the quotient.
    dropout : float
        On the pattern, in training.
    bias : bool
    kdim, vdim : int, optional
        Widths of keys and values; `embed_dim` unless given.
    batch_first : bool
        Whether inputs are (batch, tokens, width); by default, as in PyTorch, they are (tokens, batch, width).
    num_kv_heads : int, optional
        Fewer heads of keys and values, each for as many consecutive heads of queries (grouped queries, Ainslie et al.,
        2023; 1 is Shazeer's multi-query attention). `in_proj_weight` is then so much shorter. Not in PyTorch.
    window : int, optional
        A query sees only keys nearer than this; with `is_causal` the last `window` ones, itself included (Beltagy et
        al., 2020). Not in PyTorch.
    rotary : RotaryEmbedding, optional
        Turns queries and keys of each head, the last query and the last key by the same angle. Not in PyTorch.
    rng : numpy.random.Generator, optional

    Attributes
    ----------
    in_proj_weight : Parameter of shape (embed_dim + 2 num_kv_heads d, embed_dim), or None
        The weights of query, key and value over each other.
    q_proj_weight, k_proj_weight, v_proj_weight : Parameter, or None
        The same three where `kdim` or `vdim` is not `embed_dim`.
    in_proj_bias : Parameter, or None
    out_proj : Linear
    record_pattern : bool
        Whether a call keeps its attention pattern; False at first.
    pattern : ndarray of shape (batch, num_heads, queries, keys), or None
        The last one that was kept, before dropout.

    Examples
    --------
    >>> import numpy as np
    >>> attention = MultiheadAttention(8, 2, batch_first=True, rng=np.random.default_rng(0))
    >>> x = np.ones((1, 5, 8), np.float32)
    >>> y, weights = attention(x, x, x, is_causal=True)
    >>> y.shape, weights.shape
    ((1, 5, 8), (1, 5, 5))
    >>> weights.data[0, 1].tolist()
    [0.5, 0.5, 0.0, 0.0, 0.0]
    """

    hook_points: tuple[str, ...] = ("hook_q", "hook_k", "hook_v", "hook_attn_scores", "hook_pattern", "hook_z")

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        *,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        num_kv_heads: int | None = None,
        window: int | None = None,
        rotary: RotaryEmbedding | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        self.embed_dim, self.num_heads = embed_dim, num_heads
        self.kdim, self.vdim = embed_dim if kdim is None else kdim, embed_dim if vdim is None else vdim
        self.num_kv_heads = num_heads if num_kv_heads is None else num_kv_heads
        self.dropout, self.batch_first, self.window, self.rotary = dropout, batch_first, window, rotary
        self._check_options()
        self.head_dim = embed_dim // num_heads
        self.rng = rng = init.default_rng(rng)
        narrow = self.num_kv_heads * self.head_dim
        self.in_proj_weight = self.q_proj_weight = self.k_proj_weight = self.v_proj_weight = None
        if self.kdim == self.vdim == embed_dim:
            self.in_proj_weight = _weight(embed_dim + 2 * narrow, embed_dim, rng)
        else:
            self.q_proj_weight = _weight(embed_dim, embed_dim, rng)
            self.k_proj_weight = _weight(narrow, self.kdim, rng)
            self.v_proj_weight = _weight(narrow, self.vdim, rng)
        self.in_proj_bias = Parameter(np.zeros(embed_dim + 2 * narrow)) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias=bias, rng=rng)
        if self.out_proj.bias is not None:
            init.zeros_(self.out_proj.bias)
        if rotary is not None:
            self.hook_points += ("hook_rot_q", "hook_rot_k")
        self.record_pattern = False
        self.pattern: np.ndarray | None = None

    def _check_options(self) -> None:
        if self.num_heads < 1 or self.embed_dim % self.num_heads:
            raise ValueError(
                f"MultiheadAttention: embed_dim {self.embed_dim} does not divide into {self.num_heads} heads"
            )
        if self.num_kv_heads < 1 or self.num_heads % self.num_kv_heads:
            raise ValueError(
                f"MultiheadAttention: {self.num_heads} heads do not fall into num_kv_heads={self.num_kv_heads} groups"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"MultiheadAttention: dropout must be at least 0 and below 1, got {self.dropout}")
        if self.window is not None and self.window < 1:
            raise ValueError(f"MultiheadAttention: window must be at least 1, got {self.window}")
        if self.rotary is not None and self.rotary.dim != self.embed_dim // self.num_heads:
            raise ValueError(
                f"MultiheadAttention: rotary is for heads of width {self.rotary.dim}, but they have "
                f"{self.embed_dim // self.num_heads}"
            )

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: ArrayLike | Tensor | None = None,
        need_weights: bool = True,
        attn_mask: ArrayLike | Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Attend.

        Parameters
        ----------
        query : Tensor of shape (queries, batch, embed_dim)
        key, value : Tensor of shape (keys, batch, kdim) and (keys, batch, vdim)
            All with `batch_first` the other way round; all three may come without a batch.
        key_padding_mask : array_like of shape (batch, keys), optional
            Of bool: True where a key is not to be seen, as in PyTorch; of floats: added to the scores.
        need_weights : bool
            Whether the pattern is returned too. Without it `functional.scaled_dot_product_attention` does the work,
            which takes long inputs in blocks, in memory that grows with queries plus keys.
        attn_mask : array_like, optional
            Of shape (queries, keys), (batch num_heads, queries, keys), or any that broadcasts to (batch, num_heads,
            queries, keys). Of bool: True where a query may not look, as in PyTorch; of floats: added to the scores, and
            it may require a gradient.
        average_attn_weights : bool
            Whether the pattern is the mean over heads.
        is_causal : bool
            No query sees a later key; with more keys the queries are the last ones. In PyTorch it is a hint that wants
            `attn_mask` too; here both hold.

        Returns
        -------
        Tensor
            Of the query's shape.
        Tensor of shape (batch, queries, keys) or (batch, num_heads, queries, keys), or None
            The pattern, before dropout.

        Raises
        ------
        ValueError
            If shapes do not fit, or with `is_causal` there are more queries than keys.
        TypeError
            If a mask holds neither booleans nor floats.
        """
        batch = self._check(query, key, value, is_causal)
        q, k, v = self._projected(query, key, value)
        q, k, v = self._heads(q, self.num_heads), self._heads(k, self.num_kv_heads), self._heads(v, self.num_kv_heads)
        q, k, v = (self._by_token(f"hook_{name}", x) for name, x in (("q", q), ("k", k), ("v", v)))
        if self.rotary is not None:
            later = k.shape[-2] - q.shape[-2]
            q = self._by_token("hook_rot_q", self.rotary(q, max(later, 0)))
            k = self._by_token("hook_rot_k", self.rotary(k, max(-later, 0)))
        shape = (*batch, self.num_heads, q.shape[-2], k.shape[-2])
        mask = self._spread("attn_mask", attn_mask, shape)
        mask = _both(mask, self._spread("key_padding_mask", key_padding_mask, shape), q.dtype)
        mixed, pattern = self._mixed(q, k, v, mask, is_causal, need_weights)
        mixed = ops.swapaxes(self._by_token("hook_z", mixed), -3, -2)
        y = self.out_proj(mixed.reshape(*mixed.shape[:-2], self.embed_dim))
        y = y if self.batch_first or not batch else ops.swapaxes(y, 0, 1)
        if pattern is None or not need_weights:
            return y, None
        return y, ops.mean(pattern, axis=-3) if average_attn_weights else pattern

    # ------------------------------------------------------------------ parts
    def _projected(self, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        narrow = self.num_kv_heads * self.head_dim
        cuts = [self.embed_dim, self.embed_dim + narrow]
        bias = self.in_proj_bias
        if self.in_proj_weight is not None and query is key and key is value:
            q, k, v = ops.split(functional.linear(query, self.in_proj_weight, bias), cuts, axis=-1)
            return q, k, v
        if self.in_proj_weight is not None:
            weights = ops.split(self.in_proj_weight, cuts)
        else:
            weights = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
        biases = (None, None, None) if bias is None else ops.split(bias, cuts)
        q, k, v = (functional.linear(*part) for part in zip((query, key, value), weights, biases, strict=True))
        return q, k, v

    def _heads(self, x: Tensor, heads: int) -> Tensor:
        """To (batch, heads, tokens, head_dim)."""
        x = x if self.batch_first or x.ndim == 2 else ops.swapaxes(x, 0, 1)
        result: Tensor = ops.swapaxes(x.reshape(*x.shape[:-1], heads, self.head_dim), -3, -2)
        return result

    def _mixed(
        self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, is_causal: bool, need_weights: bool
    ) -> tuple[Tensor, Tensor | None]:
        """What each query gathers, and the pattern if somebody wants to see it."""
        p = self.dropout if self.training else 0.0
        where: dict[str, Any] = {"attn_mask": mask, "is_causal": is_causal, "window": self.window, "enable_gqa": True}
        if not (need_weights or self.record_pattern or self.listened("hook_attn_scores", "hook_pattern")):
            return functional.scaled_dot_product_attention(q, k, v, dropout_p=p, rng=self.rng, **where), None
        scores = self.point("hook_attn_scores", attention_scores(q, k, **where))
        pattern = self.point("hook_pattern", functional.softmax(scores, -1))
        if self.record_pattern:
            self.pattern = pattern.data.reshape(-1, *pattern.shape[-3:])
        return attention_mix(functional.dropout(pattern, p, rng=self.rng), v), pattern

    def _by_token(self, name: str, x: Tensor) -> Tensor:
        """Report (batch, heads, tokens, head_dim) as (batch, tokens, heads, head_dim)."""
        if not self.listened(name):
            return x
        result: Tensor = ops.swapaxes(self.point(name, ops.swapaxes(x, -3, -2)), -3, -2)
        return result

    # ------------------------------------------------------------------ checks
    def _check(self, query: Tensor, key: Tensor, value: Tensor, is_causal: bool) -> tuple[int, ...]:
        """The batch as a shape: () without one; raise if shapes do not fit."""
        shapes = [self._shape_of(x) for x in (query, key, value)]
        widths = (self.embed_dim, self.kdim, self.vdim)
        fit = {len(s) for s in shapes} in ({2}, {3}) and all(s[-1] == w for s, w in zip(shapes, widths, strict=True))
        tokens = 1 if self.batch_first and len(shapes[0]) == 3 else 0
        batches = {s[1 - tokens : 2 - tokens] for s in shapes} if fit and len(shapes[0]) == 3 else {()}
        if not fit or len(batches) > 1 or shapes[1][tokens] != shapes[2][tokens]:
            order = "batch, {}, {}" if self.batch_first else "{}, batch, {}"
            names = ("queries", "keys", "keys")
            wanted = ", ".join(f"({order.format(n, w)})" for n, w in zip(names, widths, strict=True))
            raise ValueError(
                f"{self._label}: query, key and value of shapes {shapes[0]}, {shapes[1]}, {shapes[2]}; "
                f"wanted {wanted}, or all without batch"
            )
        if is_causal and shapes[0][tokens] > shapes[1][tokens]:
            raise ValueError(
                f"{self._label}: {shapes[0][tokens]} queries and {shapes[1][tokens]} keys; with is_causal the first "
                "queries have nothing to look at"
            )
        return batches.pop()

    def _spread(self, name: str, mask: ArrayLike | Tensor | None, shape: tuple[int, ...]) -> Tensor | None:
        """A mask that broadcasts to `shape`, (batch, heads, queries, keys); booleans now say where one may look."""
        if mask is None:
            return None
        array = mask if isinstance(mask, Tensor) else np.asarray(mask)
        if array.dtype.kind not in "bf":
            raise TypeError(f"{self._label}: {name} holds booleans or floats, not {array.dtype}")
        tensor, given = array if isinstance(array, Tensor) else Tensor(array), array.shape
        if name == "key_padding_mask":
            wanted = (*shape[:-3], shape[-1])
            fit = given == wanted
            tensor = tensor.reshape(*shape[:-3], 1, 1, shape[-1]) if fit else tensor
        else:
            wanted = shape
            if len(given) == 3 and len(shape) == 4 and given == (shape[0] * shape[1], *shape[2:]):
                tensor = tensor.reshape(*shape)
            pairs = zip(tensor.shape[::-1], shape[::-1], strict=False)
            fit = tensor.ndim <= len(shape) and all(n in (1, m) for n, m in pairs)
        if not fit:
            raise ValueError(f"{self._label}: {name} of shape {given}, wanted {wanted}")
        return Tensor(~tensor.data) if tensor.dtype.kind == "b" else tensor

    def extra_repr(self) -> str:
        extra = "" if self.num_kv_heads == self.num_heads else f", num_kv_heads={self.num_kv_heads}"
        extra += "" if self.window is None else f", window={self.window}"
        return f"{self.embed_dim}, {self.num_heads}, dropout={self.dropout}, batch_first={self.batch_first}{extra}"


def _weight(out_features: int, in_features: int, rng: np.random.Generator) -> Parameter:
    weight = Parameter(np.zeros((out_features, in_features)))
    init.xavier_uniform_(weight, rng=rng)
    return weight


def _added(mask: Tensor, dtype: np.dtype[Any]) -> Tensor:
    """A mask as what is added to the scores."""
    if mask.dtype.kind == "b":
        return Tensor(np.where(mask.data, 0, -np.inf).astype(dtype))
    return mask.astype(dtype)


def _both(a: Tensor | None, b: Tensor | None, dtype: np.dtype[Any]) -> Tensor | None:
    """The mask that says what two say."""
    if a is None or b is None:
        return b if a is None else a
    if a.dtype.kind == b.dtype.kind == "b":
        return Tensor(a.data & b.data)
    return _added(a, dtype) + _added(b, dtype)
