"""Position embeddings that are added: learned ones and sinusoids."""

from __future__ import annotations

import numpy as np

from autograd import Tensor
from nn import init
from nn.module import Module, Parameter


class LearnedPositionalEmbedding(Module):
    """x + weight[p], p each token's position: a learned vector for every one. Gehring et al., 2017; GPT's and BERT's.

    Parameters
    ----------
    num_embeddings, embedding_dim : int
        The most positions, and the width of their vectors; weights start as standard normals, as in `Embedding`.
    rng : numpy.random.Generator, optional

    Attributes
    ----------
    weight : Parameter of shape (num_embeddings, embedding_dim)

    Examples
    --------
    >>> import numpy as np
    >>> layer = LearnedPositionalEmbedding(4, 2, rng=np.random.default_rng(0))
    >>> np.array_equal(layer(np.zeros((1, 2, 2)), offset=1).data[0], layer.weight.data[1:3])
    True
    """

    def __init__(self, num_embeddings: int, embedding_dim: int, rng: np.random.Generator | None = None) -> None:
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.weight = Parameter(init.default_rng(rng).standard_normal((num_embeddings, embedding_dim)))

    def forward(self, x: Tensor, offset: int = 0) -> Tensor:
        """`x` of shape (..., tokens, embedding_dim), whose first token stands at `offset`.

        Raises
        ------
        ValueError
            If the last axis differs, or there are more positions than vectors.
        """
        tokens = _tokens(self, x, self.embedding_dim, offset)
        if offset + tokens > self.num_embeddings:
            raise ValueError(
                f"{self._label}: {tokens} tokens from position {offset} on, but only {self.num_embeddings} positions"
            )
        return x + self.weight[offset : offset + tokens]

    def extra_repr(self) -> str:
        return f"{self.num_embeddings}, {self.embedding_dim}"


class SinusoidalPositionalEmbedding(Module):
    """x + s[p], p each token's position: s[p, 2 i] = sin(p f), s[p, 2 i + 1] = cos(p f) with f = base^(-2 i / d).

    Vaswani et al., 2017, section 3.5; nothing is learned, and there is no last position.

    Parameters
    ----------
    embedding_dim : int
        d, the width of the vectors.
    base : float

    Examples
    --------
    >>> import numpy as np
    >>> SinusoidalPositionalEmbedding(2)(np.zeros((2, 2))).data.round(4).tolist()
    [[0.0, 1.0], [0.8415, 0.5403]]
    """

    def __init__(self, embedding_dim: int, base: float = 10000.0) -> None:
        super().__init__()
        self.embedding_dim, self.base = embedding_dim, base

    def forward(self, x: Tensor, offset: int = 0) -> Tensor:
        """`x` of shape (..., tokens, embedding_dim), whose first token stands at `offset`."""
        tokens = _tokens(self, x, self.embedding_dim, offset)
        dtype = np.result_type(x.dtype, np.float16)  # integers become floats
        return x + Tensor(self.table(tokens, offset).astype(dtype))

    def table(self, tokens: int, offset: int = 0) -> np.ndarray:
        """s of so many positions from `offset` on: float64, of shape (tokens, embedding_dim)."""
        pair = np.arange(self.embedding_dim) // 2
        angle = np.arange(offset, offset + tokens)[:, None] * self.base ** (-2 * pair / self.embedding_dim)
        return np.where(np.arange(self.embedding_dim) % 2, np.cos(angle), np.sin(angle))

    def extra_repr(self) -> str:
        return f"{self.embedding_dim}, base={self.base}"


def _tokens(module: Module, x: Tensor, width: int, offset: int) -> int:
    """How many tokens `x` has; raise if it does not fit."""
    shape = module._shape_of(x)
    if len(shape) < 2 or shape[-1] != width:
        raise ValueError(f"{module._label}: input of shape {shape}, wanted (..., tokens, {width})")
    if offset < 0:
        raise ValueError(f"{module._label}: offset must be at least 0, got {offset}")
    return shape[-2]
