"""Layers that pass elements on: Identity, Flatten, Unflatten."""

from __future__ import annotations

import math
from typing import Any

from autograd import Tensor, ops
from nn.module import Module


class Identity(Module):
    """x itself; takes any arguments, so that it stands in for any layer.

    Examples
    --------
    >>> Identity(54, bias=False)(Tensor([1.0])).data.tolist()
    [1.0]
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        return x


class Flatten(Module):
    """The axes from `start_dim` to `end_dim` become one.

    Examples
    --------
    >>> import numpy as np
    >>> Flatten()(np.zeros((2, 3, 4), np.float32)).shape
    (2, 12)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x: Tensor) -> Tensor:
        shape = self._shape_of(x)
        first, last = (d + len(shape) if d < 0 else d for d in (self.start_dim, self.end_dim))
        if not 0 <= first <= last < len(shape):
            raise ValueError(f"{self._label}: input of shape {shape}, wanted axes {self.start_dim} to {self.end_dim}")
        middle = math.prod(x.shape[first : last + 1])
        result: Tensor = ops.reshape(x, (*x.shape[:first], middle, *x.shape[last + 1 :]))
        return result

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """The axis `dim` becomes several, of sizes `unflattened_size`; one of them may be -1.

    Examples
    --------
    >>> import numpy as np
    >>> Unflatten(1, (3, -1))(np.zeros((2, 12), np.float32)).shape
    (2, 3, 4)
    """

    def __init__(self, dim: int, unflattened_size: tuple[int, ...]) -> None:
        super().__init__()
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, x: Tensor) -> Tensor:
        shape, sizes = self._shape_of(x), self.unflattened_size
        axis = self.dim + len(shape) if self.dim < 0 else self.dim
        known = abs(math.prod(sizes))
        fits = 0 <= axis < len(shape) and (shape[axis] == known or (-1 in sizes and known > 0))
        if not fits or shape[axis] % max(1, known):
            raise ValueError(
                f"{self._label}: input of shape {shape}, wanted an axis {self.dim} that falls into {sizes}"
            )
        result: Tensor = ops.reshape(x, (*shape[:axis], *sizes, *shape[axis + 1 :]))
        return result

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
