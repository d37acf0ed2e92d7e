"""The feed-forward part of a transformer block."""

from __future__ import annotations

import numpy as np

from autograd import Tensor
from nn import init
from nn.layers.activation import GELU
from nn.layers.dropout import Dropout
from nn.layers.linear import Linear
from nn.module import Module


class FeedForward(Module):
    """Linear to four times the width, GELU, linear back. Vaswani et al., 2017, section 3.3; GPT-2's names.

    Examples
    --------
    >>> import numpy as np
    >>> FeedForward(8, rng=np.random.default_rng(0))(np.ones((1, 5, 8), np.float32)).shape
    (1, 5, 8)
    """

    hook_points = ("hook_pre", "hook_post")

    def __init__(
        self,
        width: int,
        bias: bool = True,
        dropout: float = 0.0,
        approximate: str = "tanh",
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        rng = init.default_rng(rng)
        self.c_fc = Linear(width, 4 * width, bias=bias, rng=rng)
        self.gelu = GELU(approximate)
        self.c_proj = Linear(4 * width, width, bias=bias, rng=rng)
        self.dropout = Dropout(dropout, rng=rng)

    def forward(self, x: Tensor) -> Tensor:
        x = self.point("hook_pre", self.c_fc(x))
        x = self.point("hook_post", self.gelu(x))
        result: Tensor = self.dropout(self.c_proj(x))
        return result
