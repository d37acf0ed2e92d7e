"""Dropout."""

from __future__ import annotations

import numpy as np

from autograd import Tensor
from nn import functional, init
from nn.module import Module


class Dropout(Module):
    """In training, each element zero with probability `p` and the rest divided by 1 - p; else nothing.

    Srivastava et al., 2014. The generator is the module's own: a seed gives the same run.

    Examples
    --------
    >>> import numpy as np
    >>> layer = Dropout(0.5, rng=np.random.default_rng(0))
    >>> sorted(set(layer(np.ones(100, np.float32)).data.tolist()))
    [0.0, 2.0]
    """

    def __init__(self, p: float = 0.5, rng: np.random.Generator | None = None) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"Dropout: p must be at least 0 and below 1, got {p}")
        self.p, self.rng = p, init.default_rng(rng)

    def forward(self, x: Tensor) -> Tensor:
        x = x if isinstance(x, Tensor) else Tensor(x)
        return functional.dropout(x, self.p, self.training, self.rng)

    def extra_repr(self) -> str:
        return f"p={self.p}"
