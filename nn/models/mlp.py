"""A multilayer perceptron."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograd import Tensor
from nn import init
from nn.layers import Linear, ReLU, Sequential
from nn.module import Module


class MLP(Module):
    """Linear layers with an activation between them: sizes [64, 16, 16, 10] are the lectures' network for digits.

    Parameters
    ----------
    sizes : sequence of int
        Width of the input, of each hidden layer and of the output.
    activation : type of Module
    rng : numpy.random.Generator, optional
        Weights are He's normals (He et al., 2015, equation 10), biases zero.

    Examples
    --------
    >>> import numpy as np
    >>> model = MLP([64, 16, 16, 10], rng=np.random.default_rng(0))
    >>> model(np.zeros((5, 64), np.float32)).shape, model.num_parameters()
    ((5, 10), 1482)
    """

    def __init__(
        self, sizes: Sequence[int], activation: type[Module] = ReLU, rng: np.random.Generator | None = None
    ) -> None:
        super().__init__()
        if len(sizes) < 2:
            raise ValueError(f"MLP: sizes needs at least an input and an output width, got {list(sizes)}")
        rng = init.default_rng(rng)
        layers: list[Module] = []
        for i, (n, m) in enumerate(zip(sizes, sizes[1:], strict=False)):
            layer = Linear(n, m, rng=rng)
            init.kaiming_normal_(layer.weight, rng=rng)
            if layer.bias is not None:
                init.zeros_(layer.bias)
            layers += [layer, activation()] if i < len(sizes) - 2 else [layer]
        self.layers = Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.layers(x)
        return result
