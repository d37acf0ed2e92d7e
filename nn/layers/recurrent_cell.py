"""One step of a recurrent network: RNNCell, LSTMCell, GRUCell, and the formulas that `RNN`, `LSTM` and `GRU` repeat."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import Tensor, ops
from nn import functional, init
from nn.module import Module, Parameter

State = tuple[Tensor, ...]  # the hidden state first
Step = Callable[[Tensor, State, Tensor, "Tensor | None"], State]


def _simple(activation: Any) -> Step:
    def step(inputs: Tensor, state: State, weight: Tensor, bias: Tensor | None) -> State:
        return (activation(inputs + functional.linear(state[0], weight, bias)),)

    return step


def lstm_step(inputs: Tensor, state: State, weight: Tensor, bias: Tensor | None) -> State:
    """c' = f c + i g and h' = o tanh(c'), with gates i, f, o between 0 and 1. Gers et al., 2000, equations 1 to 7."""
    hidden, cell = state
    i, f, g, o = ops.split(inputs + functional.linear(hidden, weight, bias), 4, axis=-1)
    cell = functional.sigmoid(f) * cell + functional.sigmoid(i) * functional.tanh(g)
    return functional.sigmoid(o) * functional.tanh(cell), cell


def gru_step(inputs: Tensor, state: State, weight: Tensor, bias: Tensor | None) -> State:
    """h' = (1 - z) n + z h, n = tanh(W x + b + r (U h + d)). Cho et al., 2014, with the reset after the product."""
    (hidden,) = state
    xr, xz, xn = ops.split(inputs, 3, axis=-1)
    hr, hz, hn = ops.split(functional.linear(hidden, weight, bias), 3, axis=-1)
    r, z = functional.sigmoid(xr + hr), functional.sigmoid(xz + hz)
    n = functional.tanh(xn + r * hn)
    return (n + z * (hidden - n),)


STEPS: dict[str, Step] = {
    "tanh": _simple(functional.tanh),
    "relu": _simple(functional.relu),
    "lstm": lstm_step,
    "gru": gru_step,
}


def nonlinear(name: str, nonlinearity: str) -> str:
    """`nonlinearity`, if a plain recurrent network has it."""
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(f"{name}: nonlinearity is 'tanh' or 'relu', not {nonlinearity!r}")
    return nonlinearity


def weights(shapes: dict[str, tuple[int, ...]], hidden: int, rng: np.random.Generator) -> dict[str, Parameter]:
    """Parameters of these shapes, uniform within 1 / sqrt(hidden): PyTorch's default."""
    bound = 1 / math.sqrt(max(1, hidden))
    return {name: Parameter(rng.uniform(-bound, bound, shape)) for name, shape in shapes.items()}


class _Cell(Module):
    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def _build(
        self, input_size: int, hidden_size: int, bias: bool, kind: str, gates: int, rng: np.random.Generator | None
    ) -> None:
        self.input_size, self.hidden_size, self.kind = input_size, hidden_size, kind
        rows = gates * hidden_size
        self.bias_ih = self.bias_hh = None
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, input_size), "weight_hh": (rows, hidden_size)}
        shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)} if bias else {}
        for name, parameter in weights(shapes, hidden_size, init.default_rng(rng)).items():
            setattr(self, name, parameter)

    def _step(self, x: Any, state: tuple[Any, ...] | None, count: int) -> State:
        shape = self._shape_of(x)
        if len(shape) not in (1, 2) or shape[-1] != self.input_size:
            raise ValueError(
                f"{self._label}: input of shape {shape}, wanted (N, {self.input_size}) or ({self.input_size},)"
            )
        x = x if isinstance(x, Tensor) else Tensor(x)
        wanted = (*shape[:-1], self.hidden_size)
        if state is None:
            state = (Tensor(np.zeros(wanted), dtype=x.dtype),) * count
        given = [tuple(np.shape(s)) for s in state]
        if given != [wanted] * count:
            raise ValueError(f"{self._label}: state of shapes {given}, wanted {[wanted] * count}")
        return STEPS[self.kind](functional.linear(x, self.weight_ih, self.bias_ih), state, self.weight_hh, self.bias_hh)

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}, bias={self.bias_ih is not None}"


class RNNCell(_Cell):
    """h' = tanh(W x + b + U h + d), or with relu. Elman, 1990.

    Parameters
    ----------
    input_size, hidden_size : int
    bias : bool
    nonlinearity : "tanh" or "relu"
    rng : numpy.random.Generator, optional
        For the weights: uniform within 1 / sqrt(hidden_size), PyTorch's default.

    Attributes
    ----------
    weight_ih, weight_hh : Parameter of shape (hidden_size, input_size), (hidden_size, hidden_size)
    bias_ih, bias_hh : Parameter of shape (hidden_size,), or None

    Examples
    --------
    >>> import numpy as np
    >>> RNNCell(3, 4, rng=np.random.default_rng(0))(np.zeros((2, 3), np.float32)).shape
    (2, 4)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        self._build(input_size, hidden_size, bias, nonlinear("RNNCell", nonlinearity), 1, rng)

    def forward(self, x: Tensor, hx: Tensor | None = None) -> Tensor:
        return self._step(x, None if hx is None else (hx,), 1)[0]


class GRUCell(_Cell):
    """One step of `GRU`; the gates reset, update and new stand one below the other in the weights.

    Examples
    --------
    >>> import numpy as np
    >>> GRUCell(3, 4, rng=np.random.default_rng(0))(np.zeros((2, 3), np.float32)).shape
    (2, 4)
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, rng: np.random.Generator | None = None
    ) -> None:
        super().__init__()
        self._build(input_size, hidden_size, bias, "gru", 3, rng)

    def forward(self, x: Tensor, hx: Tensor | None = None) -> Tensor:
        return self._step(x, None if hx is None else (hx,), 1)[0]


class LSTMCell(_Cell):
    """One step of `LSTM`: input, hidden and cell state to hidden and cell state; gates in the order i, f, g, o.

    Examples
    --------
    >>> import numpy as np
    >>> hidden, cell = LSTMCell(3, 4, rng=np.random.default_rng(0))(np.zeros((2, 3), np.float32))
    >>> hidden.shape, cell.shape
    ((2, 4), (2, 4))
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, rng: np.random.Generator | None = None
    ) -> None:
        super().__init__()
        self._build(input_size, hidden_size, bias, "lstm", 4, rng)

    def forward(self, x: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        hidden, cell = self._step(x, hx, 2)
        return hidden, cell
