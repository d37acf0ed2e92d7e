"""Gated feed-forward layers: SwiGLU and GeGLU."""

from __future__ import annotations

import numpy as np

from autograd import Tensor
from nn import functional, init
from nn.layers.linear import Linear
from nn.module import Module


class SwiGLU(Module):
    """down(silu(gate(x)) * up(x)): the feed-forward part of Llama, under its names.

    Shazeer, GLU variants improve transformer, 2020, equation 6.

    Parameters
    ----------
    width : int
        Of what comes in and goes out.
    hidden : int, optional
        Of what is between; 8 width / 3, rounded up, unless given: three matrices of that size have as many numbers as
        the two of a feed-forward four times as wide.
    bias : bool
    rng : numpy.random.Generator, optional

    Attributes
    ----------
    gate_proj, up_proj : Linear
        From `width` to `hidden`.
    down_proj : Linear
        From `hidden` to `width`.

    Examples
    --------
    >>> import numpy as np
    >>> layer = SwiGLU(6, rng=np.random.default_rng(0))
    >>> list(layer.state_dict())
    ['gate_proj.weight', 'up_proj.weight', 'down_proj.weight']
    >>> layer.hidden, layer(np.ones((1, 5, 6), np.float32)).shape
    (16, (1, 5, 6))
    """

    hook_points = ("hook_pre", "hook_pre_linear", "hook_post")

    def __init__(
        self, width: int, hidden: int | None = None, bias: bool = False, rng: np.random.Generator | None = None
    ) -> None:
        super().__init__()
        rng = init.default_rng(rng)
        self.width, self.hidden = width, -(-8 * width // 3) if hidden is None else hidden
        self.gate_proj = Linear(width, self.hidden, bias=bias, rng=rng)
        self.up_proj = Linear(width, self.hidden, bias=bias, rng=rng)
        self.down_proj = Linear(self.hidden, width, bias=bias, rng=rng)

    def forward(self, x: Tensor) -> Tensor:
        self._expect_width(x, self.width)
        gate, up = self.point("hook_pre", self.gate_proj(x)), self.point("hook_pre_linear", self.up_proj(x))
        result: Tensor = self.down_proj(self.point("hook_post", self.activate(gate) * up))
        return result

    def activate(self, gate: Tensor) -> Tensor:
        """How far the gate is open: silu."""
        return functional.silu(gate)

    def extra_repr(self) -> str:
        return f"{self.width}, hidden={self.hidden}"


class GeGLU(SwiGLU):
    """down(gelu(gate(x)) * up(x)), with SwiGLU's names and defaults. Shazeer, 2020, equation 6.

    Parameters
    ----------
    width, hidden, bias, rng
        Those of `SwiGLU`.
    approximate : str
        GELU's form: "tanh" (that of T5 1.1 and Gemma) or "none" (exact).

    Examples
    --------
    >>> import numpy as np
    >>> GeGLU(6, 4, rng=np.random.default_rng(0))(np.ones((5, 6), np.float32)).shape
    (5, 6)
    """

    def __init__(
        self,
        width: int,
        hidden: int | None = None,
        bias: bool = False,
        approximate: str = "tanh",
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__(width, hidden, bias, rng)
        if approximate not in ("none", "tanh"):
            raise ValueError(f"GeGLU: approximate is 'none' or 'tanh', not {approximate!r}")
        self.approximate = approximate

    def activate(self, gate: Tensor) -> Tensor:
        """How far the gate is open: gelu."""
        result: Tensor = functional.gelu(gate, self.approximate)
        return result

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, approximate={self.approximate!r}"
