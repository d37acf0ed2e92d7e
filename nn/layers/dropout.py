"""Dropout: of elements, and of whole channels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograd import Tensor
from nn import functional, init
from nn.functional.dropout import probability
from nn.layers.spatial import Spatial
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

    _function: Callable[..., Tensor] = staticmethod(functional.dropout)

    def __init__(self, p: float = 0.5, rng: np.random.Generator | None = None) -> None:
        super().__init__()
        self.p, self.rng = probability(type(self).__name__, p), init.default_rng(rng)

    def forward(self, x: Tensor) -> Tensor:
        x = x if isinstance(x, Tensor) else Tensor(x)
        return self._function(x, self.p, self.training, self.rng)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class AlphaDropout(Dropout):
    """`Dropout` for networks of SELU: what is dropped takes SELU's lowest value, and mean 0 and variance 1 stay.

    Klambauer et al., 2017, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> layer = AlphaDropout(0.1, rng=np.random.default_rng(0))
    >>> layer(np.random.default_rng(1).normal(size=100_000)).data.var().round(1).item()
    1.0
    """

    _function = staticmethod(functional.alpha_dropout)


class _ChannelDropout(Dropout, Spatial):
    def forward(self, x: Tensor) -> Tensor:
        self._expect(x)
        return super().forward(x)


class Dropout1d(_ChannelDropout):
    """In training, each channel zero as a whole with probability `p`: (N, C, length) or (C, length).

    Neighbours in a channel are alike, so that single zeros would hide nothing. Tompson et al., 2015, section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> layer = Dropout1d(0.5, rng=np.random.default_rng(0))
    >>> layer(np.ones((4, 3), np.float32)).data.tolist()
    [[2.0, 2.0, 2.0], [2.0, 2.0, 2.0], [2.0, 2.0, 2.0], [0.0, 0.0, 0.0]]
    """

    axes = 1
    _function = staticmethod(functional.dropout1d)


class Dropout2d(_ChannelDropout):
    """`Dropout1d` for (N, C, height, width) or (C, height, width).

    Examples
    --------
    >>> import numpy as np
    >>> Dropout2d(1.0)(np.ones((3, 2, 2), np.float32)).data.sum().item()
    0.0
    """

    axes = 2
    _function = staticmethod(functional.dropout2d)


class Dropout3d(_ChannelDropout):
    """`Dropout1d` for (N, C, depth, height, width) or (C, depth, height, width).

    Examples
    --------
    >>> import numpy as np
    >>> Dropout3d().eval()(np.ones((1, 3, 2, 2, 2), np.float32)).data.sum().item()
    24.0
    """

    axes = 3
    _function = staticmethod(functional.dropout3d)
