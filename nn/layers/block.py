"""A transformer block."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from autograd import Tensor
from nn import init
from nn.cache import LayerCache
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

    hook_points = ("hook_resid_pre", "hook_attn_out", "hook_resid_mid", "hook_mlp_out", "hook_resid_post")
    hook_names: Mapping[str, str] = {"ln_1": "ln1", "ln_2": "ln2"}

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

    def forward(self, x: Tensor, cache: LayerCache | None = None) -> Tensor:
        x = self.point("hook_resid_pre", x)
        x = self.point("hook_resid_mid", x + self.point("hook_attn_out", self.attn(self.ln_1(x), cache)))
        return self.point("hook_resid_post", x + self.point("hook_mlp_out", self.mlp(self.ln_2(x))))
