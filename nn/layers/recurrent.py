"""Recurrent networks over whole sequences: RNN, LSTM, GRU."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor, ops
from nn import functional, init
from nn.functional.dropout import probability
from nn.layers.recurrent_cell import STEPS, State, nonlinear, weights
from nn.module import Module
from nn.steps import unstacked


class _Recurrent(Module):
    kind: str
    gates: int
    proj_size = 0

    def _build(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        bias: bool,
        batch_first: bool,
        dropout: float,
        bidirectional: bool,
        rng: np.random.Generator | None,
    ) -> None:
        name = type(self).__name__
        if num_layers < 1:
            raise ValueError(f"{name}: num_layers must be at least 1, not {num_layers}")
        if not 0 <= self.proj_size < hidden_size:
            raise ValueError(f"{name}: proj_size must be at least 0 and below hidden_size, not {self.proj_size}")
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.bidirectional = bias, batch_first, bidirectional
        self.dropout, self.rng = probability(name, dropout), init.default_rng(rng)
        for layer in range(num_layers):
            width = self._width * self._directions if layer else input_size
            for suffix in self._suffixes(layer):
                shapes = {key + suffix: shape for key, shape in self._shapes(width).items()}
                for key, parameter in weights(shapes, hidden_size, self.rng).items():
                    setattr(self, key, parameter)

    @property
    def _width(self) -> int:
        """Of the hidden state."""
        return self.proj_size or self.hidden_size

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    def _suffixes(self, layer: int) -> list[str]:
        return [f"_l{layer}", f"_l{layer}_reverse"][: self._directions]

    def _shapes(self, width: int) -> dict[str, tuple[int, ...]]:
        rows = self.gates * self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, width), "weight_hh": (rows, self._width)}
        shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)} if self.bias else {}
        return shapes | ({"weight_hr": (self.proj_size, self.hidden_size)} if self.proj_size else {})

    # ------------------------------------------------------------------ shapes
    def _sequence(self, x: Any) -> tuple[Tensor, bool]:
        """The input as (time, batch, input_size), and whether it came with a batch."""
        shape, size = self._shape_of(x), self.input_size
        if len(shape) not in (2, 3) or shape[-1] != size or 0 in shape:
            order = f"(N, time, {size})" if self.batch_first else f"(time, N, {size})"
            raise ValueError(f"{self._label}: input of shape {shape}, wanted {order} or (time, {size}), not empty")
        x = x if isinstance(x, Tensor) else Tensor(x)
        if len(shape) == 2:
            return ops.expand_dims(x, 1), False
        return (ops.swapaxes(x, 0, 1) if self.batch_first else x), True

    def _states(self, given: tuple[Any, ...] | None, widths: tuple[int, ...], x: Tensor, batched: bool) -> State:
        """The first states, each (layers times directions, batch, width): zeros unless given."""
        count = self.num_layers * self._directions
        wanted = [(count, x.shape[1], width) if batched else (count, width) for width in widths]
        if given is None:
            return tuple(Tensor(np.zeros((count, x.shape[1], width)), dtype=x.dtype) for width in widths)
        shapes = [self._shape_of(s) for s in given]
        if shapes != wanted:
            raise ValueError(f"{self._label}: first states of shapes {shapes}, wanted {wanted}")
        states = tuple(s if isinstance(s, Tensor) else Tensor(s) for s in given)
        return states if batched else tuple(ops.expand_dims(s, 1) for s in states)

    # ------------------------------------------------------------------ the passes over time
    def _run(self, x: Any, given: tuple[Any, ...] | None, widths: tuple[int, ...]) -> tuple[Tensor, State]:
        sequence, batched = self._sequence(x)
        first = self._states(given, widths, sequence, batched)
        last: list[State] = []
        for layer in range(self.num_layers):
            if layer and self.dropout:
                sequence = functional.dropout(sequence, self.dropout, self.training, self.rng)
            passes = [
                self._pass(sequence, suffix, tuple(s[layer * self._directions + i] for s in first))
                for i, suffix in enumerate(self._suffixes(layer))
            ]
            last += [state for _, state in passes]
            sequence = ops.concatenate([out for out, _ in passes], axis=-1) if self.bidirectional else passes[0][0]
        states = tuple(ops.stack(list(each)) for each in zip(*last, strict=True))
        if not batched:
            return ops.squeeze(sequence, axis=1), tuple(ops.squeeze(s, axis=1) for s in states)
        return (ops.swapaxes(sequence, 0, 1) if self.batch_first else sequence), states

    def _pass(self, sequence: Tensor, suffix: str, state: State) -> tuple[Tensor, State]:
        """One layer in one direction: all hidden states in the order of time, and the last state."""
        ih, hh, b_ih, b_hh, hr = (
            self._parameters.get(key + suffix) for key in ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
        )
        steps = unstacked(functional.linear(sequence, ih, b_ih))  # all products with the input at once
        backwards = suffix.endswith("_reverse")
        hidden = []
        for inputs in reversed(steps) if backwards else steps:
            state = STEPS[self.kind](inputs, state, hh, b_hh)  # type: ignore[arg-type]
            if hr is not None:
                state = (functional.linear(state[0], hr), *state[1:])
            hidden.append(state[0])
        return ops.stack(hidden[::-1] if backwards else hidden), state

    def extra_repr(self) -> str:
        return (
            f"{self.input_size}, {self.hidden_size}, num_layers={self.num_layers}, bias={self.bias}, "
            f"batch_first={self.batch_first}, dropout={self.dropout}, bidirectional={self.bidirectional}"
        )


class RNN(_Recurrent):
    """h[t] = tanh(W x[t] + b + U h[t - 1] + d), or with relu, in one or several layers. Elman, 1990.

    Parameters
    ----------
    input_size, hidden_size : int
    num_layers : int
        Each layer reads the hidden states of the one below.
    nonlinearity : "tanh" or "relu"
    bias : bool
    batch_first : bool
        Whether input and output are (N, time, width) in place of (time, N, width); without a batch (time, width). The
        states are not turned.
    dropout : float
        On the hidden states between layers, in training.
    bidirectional : bool
        Whether each layer also reads the sequence backwards; the two hidden states stand side by side.
    rng : numpy.random.Generator, optional
        For dropout, and for the weights: uniform within 1 / sqrt(hidden_size), PyTorch's default.

    Attributes
    ----------
    weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 : Parameter
        Of layer 0, and so on; of the way back weight_ih_l0_reverse, ...

    Examples
    --------
    >>> import numpy as np
    >>> output, last = RNN(3, 4, num_layers=2, rng=np.random.default_rng(0))(np.zeros((7, 2, 3), np.float32))
    >>> output.shape, last.shape
    ((7, 2, 4), (2, 2, 4))
    """

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        self.kind = self.nonlinearity = nonlinear("RNN", nonlinearity)
        self._build(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, rng)

    def forward(self, x: Tensor, hx: Tensor | None = None) -> tuple[Tensor, Tensor]:
        output, last = self._run(x, None if hx is None else (hx,), (self.hidden_size,))
        return output, last[0]


class GRU(_Recurrent):
    """h[t] = (1 - z) n + z h[t - 1] with a reset gate r in n = tanh(W x[t] + b + r (U h[t - 1] + d)). Cho et al., 2014.

    r and z are sigmoids of other such sums. Arguments as `RNN`'s; in the weights the gates stand as r, z, n.

    Examples
    --------
    >>> import numpy as np
    >>> output, last = GRU(3, 4, bidirectional=True, rng=np.random.default_rng(0))(np.zeros((7, 2, 3), np.float32))
    >>> output.shape, last.shape
    ((7, 2, 8), (2, 2, 4))
    """

    kind, gates = "gru", 3

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        self._build(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, rng)

    def forward(self, x: Tensor, hx: Tensor | None = None) -> tuple[Tensor, Tensor]:
        output, last = self._run(x, None if hx is None else (hx,), (self.hidden_size,))
        return output, last[0]


class LSTM(_Recurrent):
    """c[t] = f c[t - 1] + i g and h[t] = o tanh(c[t]). Hochreiter and Schmidhuber, 1997; Gers et al., 2000.

    The gates i, f, o are sigmoids of sums W x[t] + b + U h[t - 1] + d, and g is a tanh of one; in the weights they
    stand as i, f, g, o. Arguments as `RNN`'s, and:

    Parameters
    ----------
    proj_size : int
        If not 0 the hidden state is a product of `weight_hr` with o tanh(c), of this width. Sak et al., 2014.

    Examples
    --------
    >>> import numpy as np
    >>> output, (h, c) = LSTM(3, 4, batch_first=True, rng=np.random.default_rng(0))(np.zeros((2, 7, 3), np.float32))
    >>> output.shape, h.shape, c.shape
    ((2, 7, 4), (1, 2, 4), (1, 2, 4))
    """

    kind, gates = "lstm", 4

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        self.proj_size = proj_size
        self._build(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, rng)

    def forward(self, x: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        output, (hidden, cell) = self._run(x, hx, (self._width, self.hidden_size))
        return output, (hidden, cell)
