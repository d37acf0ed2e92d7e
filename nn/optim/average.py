"""Averages of a model's weights over a training, to be used in their place."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nn.module import Module
from nn.optim.lr_scheduler.base import number
from nn.optim.optimizer import working


class AveragedModel:
    r"""A running average of a model's parameters.

    .. math:: \bar p \leftarrow \beta \bar p + (1 - \beta) p

    starting from the parameters of the first `update`; without a decay :math:`\beta = n / (n + 1)` at update n, counted
    from 0: the plain mean (stochastic weight averaging). Averages of float16 parameters are float32.

    Parameters
    ----------
    model : Module
        Parameters that it gets later are not averaged.
    decay : float, optional
        :math:`\beta`, from 0 to below 1; about 1 - 10 / steps.

    Attributes
    ----------
    n_averaged : int
        How many updates there were.

    References
    ----------
    Polyak and Juditsky (1992), "Acceleration of Stochastic Approximation by Averaging"; Izmailov et al. (2018),
    "Averaging Weights Leads to Wider Optima and Better Generalization".

    Examples
    --------
    >>> from nn.layers import Linear
    >>> model = Linear(1, 1, bias=False)
    >>> average = AveragedModel(model, decay=0.5)
    >>> for value in (0.0, 8.0, 8.0):
    ...     model.weight.data = [[value]]
    ...     average.update()
    >>> with average.swap():
    ...     print(model.weight.data)
    [[6.]]
    >>> model.weight.data
    array([[8.]], dtype=float32)
    """

    def __init__(self, model: Module, decay: float | None = 0.999) -> None:
        if decay is not None:
            number("AveragedModel", "decay", decay)
            if not decay < 1:
                raise ValueError(f"AveragedModel: decay must be at least 0 and below 1, got {decay}")
        self.model, self.decay, self.n_averaged = model, decay, 0
        self._parameters = dict(model.named_parameters())
        self._averages = {name: np.array(p.data, working(p.dtype)) for name, p in self._parameters.items()}
        self._swapped = False

    def update(self) -> None:
        """Take the parameters as they are now into the average.

        Raises
        ------
        ValueError
            Inside `swap`, where the parameters are the averages.
        """
        if self._swapped:
            raise ValueError("AveragedModel: inside swap() the model has the averages; update after it")
        decay = self.n_averaged / (self.n_averaged + 1) if self.decay is None else self.decay
        for name, average in self._averages.items():
            values = self._parameters[name].data
            if self.n_averaged:
                average *= decay
                average += (1 - decay) * values.astype(average.dtype, copy=False)
            else:
                average[...] = values
        self.n_averaged += 1

    @contextlib.contextmanager
    def swap(self) -> Iterator[Module]:
        """Inside, the model has the averages; afterwards its own values again, whatever was done to them inside.

        Buffers, such as the running statistics of BatchNorm, stay the model's own.

        Raises
        ------
        ValueError
            If it is entered a second time, or before the first `update`.
        """
        if self._swapped or not self.n_averaged:
            fault = "the averages are in the model already" if self._swapped else "there is no update to average yet"
            raise ValueError(f"AveragedModel: {fault}")
        own = {name: p.data.copy() for name, p in self._parameters.items()}
        self._swapped = True
        try:
            self._write(self._averages)
            yield self.model
        finally:
            self._write(own)
            self._swapped = False

    def _write(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        for name, p in self._parameters.items():
            p.numpy(writable=True)[...] = arrays[name]

    def state_dict(self) -> dict[str, Any]:
        """The averages by the parameters' names, the count and the decay."""
        averages = {name: average.copy() for name, average in self._averages.items()}
        return {"n_averaged": self.n_averaged, "decay": self.decay, "averages": averages}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on with the averages of another one.

        Raises
        ------
        ValueError
            If names or shapes do not fit; nothing is changed then.
        """
        missing = [key for key in ("n_averaged", "decay", "averages") if key not in state_dict]
        if missing:
            raise ValueError(f"AveragedModel: the state lacks {missing[0]!r}")
        given = state_dict["averages"]
        different = sorted(given.keys() ^ self._averages.keys())
        if different:
            raise ValueError(f"AveragedModel: {different[0]!r} is not in both the state and the model")
        for name, average in self._averages.items():
            shape = np.shape(given[name])
            if shape != average.shape:
                raise ValueError(f"AveragedModel: {name} has shape {shape} in the state, {average.shape} in the model")
        for name, average in self._averages.items():
            average[...] = given[name]
        self.n_averaged, self.decay = state_dict["n_averaged"], state_dict["decay"]
