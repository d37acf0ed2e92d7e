"""ALiBi: attention with linear biases."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from autograd import Tensor
from nn.module import Module


class ALiBi(Module):
    """A bias for attention's scores that falls with distance: -m_h |i - j| for head h, nothing else says positions.

    With n heads, n a power of two, m_h = 2^(-8 h / n), h = 1, ..., n; other numbers take the slopes of the power below,
    then every second one of the power above. Press, Smith and Lewis, Train short, test long, 2022, section 3.

    Parameters
    ----------
    num_heads : int

    Attributes
    ----------
    slopes : ndarray of shape (num_heads,)
        m_h, float64.

    Examples
    --------
    >>> alibi = ALiBi(2)
    >>> alibi.slopes.tolist()
    [0.0625, 0.00390625]
    >>> alibi(3).data[0].tolist()
    [[-0.0, -0.0625, -0.125], [-0.0625, -0.0, -0.0625], [-0.125, -0.0625, -0.0]]
    """

    def __init__(self, num_heads: int) -> None:
        super().__init__()
        if num_heads < 1:
            raise ValueError(f"ALiBi: num_heads must be at least 1, got {num_heads}")
        self.num_heads = num_heads
        below = 1 << (num_heads.bit_length() - 1)
        above = _geometric(2 * below)[::2]
        self.slopes = np.concatenate([_geometric(below), above[: num_heads - below]])

    def forward(self, queries: int, keys: int | None = None, dtype: DTypeLike = np.float32) -> Tensor:
        """The bias, of shape (num_heads, queries, keys): give it to attention as `attn_mask`.

        With more keys than queries the queries are the last ones; `keys` is `queries` unless given.
        """
        keys = queries if keys is None else keys
        if not 0 <= queries <= keys:
            raise ValueError(f"{self._label}: {queries} queries and {keys} keys; wanted at least as many keys")
        distance = abs(np.arange(keys - queries, keys)[:, None] - np.arange(keys))
        return Tensor((-self.slopes[:, None, None] * distance).astype(dtype))

    def extra_repr(self) -> str:
        return f"{self.num_heads}"


def _geometric(heads: int) -> np.ndarray:
    """2^(-8 h / heads) of h = 1, ..., heads."""
    slopes: np.ndarray = 2.0 ** (-8 * np.arange(1, heads + 1) / heads)
    return slopes
