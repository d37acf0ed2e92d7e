"""Embedding."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from autograd import Tensor
from nn import functional, init
from nn.module import Module, Parameter


class Embedding(Module):
    """A vector for each word: row i of `weight` for token i.

    The same weight turned round scores a vector against every word (`unembed`): Press and Wolf, 2017.

    Parameters
    ----------
    num_embeddings, embedding_dim : int
        Words, and the width of their vectors; weights start as standard normals.
    padding_idx : int, optional
        The word whose vector starts at zero and gets no gradient.
    sparse : bool
        `weight.grad` holds only the rows that a batch read (`autograd.RowSparse`), for tables too large for a gradient
        of their size. `SGD`, `Adam` and `AdamW` take it; a weight that is also used otherwise (tied) has a dense one.
    rng : numpy.random.Generator, optional

    Examples
    --------
    >>> import numpy as np
    >>> table = Embedding(10, 4, rng=np.random.default_rng(0))
    >>> table([[1, 2, 3]]).shape, table.unembed(table([1])).shape
    ((1, 3, 4), (1, 10))
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        sparse: bool = False,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ValueError(f"Embedding: padding_idx {padding_idx} is none of {num_embeddings} words")
        self.padding_idx = padding_idx % num_embeddings if padding_idx is not None else None
        self.sparse = sparse
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        vectors = init.default_rng(rng).standard_normal((num_embeddings, embedding_dim))
        if self.padding_idx is not None:
            vectors[self.padding_idx] = 0
        self.weight = Parameter(vectors)

    def forward(self, indices: ArrayLike | Tensor) -> Tensor:
        tokens = indices.data if isinstance(indices, Tensor) else np.asarray(indices)
        if tokens.dtype.kind not in "iu":
            raise TypeError(f"{self._label}: token numbers must be integers, not {tokens.dtype}")
        if tokens.size and (tokens.min() < 0 or tokens.max() >= self.num_embeddings):
            raise IndexError(
                f"{self._label}: token numbers run from {tokens.min()} to {tokens.max()}, "
                f"but there are {self.num_embeddings} words"
            )
        return functional.embedding(tokens, self.weight, self.padding_idx, self.sparse)

    def unembed(self, x: Tensor) -> Tensor:
        """x W^T: a score for every word, with the embedding's own weight."""
        result: Tensor = functional.linear(x, self.weight)
        return result

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}" + (", sparse=True" if self.sparse else "")
