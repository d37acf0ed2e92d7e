"""A transformer block."""

from __future__ import annotations

import numpy as np

from autograd import Tensor
from nn import init
from nn.layers.attention import CausalSelfAttention
from nn.layers.layer_norm import LayerNorm
from nn.layers.mlp import FeedForward
from nn.module import Module


class Block(Module):
    """x + attention(norm(x)), then x + mlp(norm(x)): the pre-norm block of GPT-2 (Radford et al., 2019, section 2.3).

    Examples
    --------
    >>> import numpy as np
    >>> Block(8, 2, rng=np.random.default_rng(0))(np.ones((1, 5, 8), np.float32)).shape
    (1, 5, 8)
    """

    def __init__(
        self,
        width: int,
        heads: int,
        bias: bool = True,
        dropout: float = 0.0,
        approximate: str = "tanh",
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        rng = init.default_rng(rng)
        self.ln_1 = LayerNorm(width, bias=bias)
        self.attn = CausalSelfAttention(width, heads, bias=bias, dropout=dropout, rng=rng)
        self.ln_2 = LayerNorm(width, bias=bias)
        self.mlp = FeedForward(width, bias=bias, dropout=dropout, approximate=approximate, rng=rng)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))  # type: ignore[no-any-return]
