"""Loss scaling: gradients that float16 can hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd import RowSparse, Tensor
from nn.errors import TrainingError
from nn.optim.clip import squared_norm
from nn.optim.lr_scheduler.base import number, whole
from nn.optim.optimizer import Optimizer, stored, working


class GradScaler:
    r"""Multiplies the loss, so that small gradients do not vanish in float16, and finds the largest factor that works.

    The gradients of ``scale(loss)`` are divided by the scale again before the step. Where one is not finite the step
    is left out and the scale multiplied by `backoff_factor`; after `growth_interval` steps without one it is multiplied
    by `growth_factor`.

    Parameters
    ----------
    init_scale : float
        The scale to start with.
    growth_factor : float
        Above 1.
    backoff_factor : float
        Between 0 and 1.
    growth_interval : int
    enabled : bool
        If not, `scale` gives the loss back and `step` is the optimiser's.

    References
    ----------
    Micikevicius et al. (2018), "Mixed Precision Training", section 3.2; the methods are PyTorch's.

    Examples
    --------
    A gradient of 1e-8 is zero in float16, its multiple is not:

    >>> from nn.optim import SGD
    >>> p = Tensor([1.0], dtype="float16", requires_grad=True)
    >>> optimizer, scaler = SGD([p], lr=1e7), GradScaler(init_scale=2.0**10)
    >>> loss = (p.astype("float32") * 1e-8).sum()
    >>> scaler.scale(loss).backward()
    >>> scaler.step(optimizer)
    True
    >>> scaler.update()
    >>> p.data.round(2).tolist()
    [0.9]
    """

    def __init__(
        self,
        init_scale: float = 65536.0,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        for setting, value in (("init_scale", init_scale), ("backoff_factor", backoff_factor)):
            number("GradScaler", setting, value)
        number("GradScaler", "growth_factor", growth_factor)
        if not init_scale > 0:
            raise ValueError(f"GradScaler: init_scale must be above 0, got {init_scale}")
        if not growth_factor > 1:
            raise ValueError(f"GradScaler: growth_factor must be above 1, got {growth_factor}")
        if not 0 < backoff_factor < 1:
            raise ValueError(f"GradScaler: backoff_factor must be between 0 and 1, got {backoff_factor}")
        whole("GradScaler", "growth_interval", growth_interval)
        self.enabled = enabled
        self._scale, self._growth_tracker = float(init_scale), 0
        self._growth_factor, self._backoff_factor = growth_factor, backoff_factor
        self._growth_interval = growth_interval
        # The optimisers unscaled since the last update: were all gradients finite, and has it stepped?
        self._seen: dict[int, tuple[Optimizer, bool, bool]] = {}

    def scale(self, loss: Tensor) -> Tensor:
        """The loss times the scale; one of float16 becomes float32 first, so that the product fits."""
        if not self.enabled:
            return loss
        wide: Tensor = loss.astype(working(loss.dtype)) if loss.dtype.itemsize < 4 else loss
        product: Tensor = wide * self._scale
        return product

    def unscale_(self, optimizer: Optimizer) -> None:
        """Divide the gradients of an optimiser by the scale, before they are clipped, say; `step` does it otherwise.

        Those of float16 parameters become float32: in float16 what the scale has saved would be lost again.

        Raises
        ------
        TrainingError
            If it was done already since the last `update`.
        """
        if not self.enabled:
            return
        if id(optimizer) in self._seen:
            raise TrainingError("GradScaler: these gradients are unscaled already; call update() after the step")
        factor, finite = 1 / self._scale, True
        unscaled: dict[int, Tensor | RowSparse] = {}  # a gradient may stand in two places
        for p in optimizer.parameters():
            g = p.grad
            if g is None:
                continue
            if id(g) not in unscaled:
                finite = finite and math.isfinite(_probe(stored(g)))
                unscaled[id(g)] = _multiplied(g, factor)
            p.grad = unscaled[id(g)]
        self._seen[id(optimizer)] = (optimizer, finite, False)

    def step(self, optimizer: Optimizer) -> bool:
        """Let the optimiser take its step with unscaled gradients, unless one of them is not finite.

        Returns
        -------
        bool
            Whether the step was taken.

        Raises
        ------
        TrainingError
            If it has stepped already since the last `update`.
        """
        if not self.enabled:
            optimizer.step()
            return True
        if id(optimizer) not in self._seen:
            self.unscale_(optimizer)
        _, finite, stepped = self._seen[id(optimizer)]
        if stepped:
            raise TrainingError("GradScaler: this optimiser has stepped already; call update() after the step")
        if finite:
            optimizer.step()
        self._seen[id(optimizer)] = (optimizer, finite, True)
        return finite

    def update(self, new_scale: float | None = None) -> None:
        """Set the scale of the next step: `new_scale`, or what the gradients since the last update ask for.

        Raises
        ------
        TrainingError
            If no gradient was unscaled since then.
        """
        if not self.enabled:
            return
        if new_scale is not None:
            number("GradScaler", "new_scale", new_scale)
            self._scale = float(new_scale)
        elif not self._seen:
            raise TrainingError("GradScaler: update() comes after step()")
        elif not all(finite for _, finite, _ in self._seen.values()):
            self._scale, self._growth_tracker = self._scale * self._backoff_factor, 0
        else:
            self._growth_tracker += 1
            if self._growth_tracker == self._growth_interval:
                grown = self._scale * self._growth_factor
                self._scale, self._growth_tracker = grown if math.isfinite(grown) else self._scale, 0
        self._seen.clear()

    def get_scale(self) -> float:
        """The scale; 1 if not enabled."""
        return self._scale if self.enabled else 1.0

    def is_enabled(self) -> bool:
        """Whether losses are scaled."""
        return self.enabled

    def state_dict(self) -> dict[str, Any]:
        """Scale and settings, under PyTorch's names; empty if not enabled."""
        if not self.enabled:
            return {}
        return {name: getattr(self, attribute) for name, attribute in _SAVED.items()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on with the scale and settings of another one, here or in PyTorch.

        Raises
        ------
        ValueError
            If the state lacks one of them.
        """
        if not self.enabled:
            return
        missing = [name for name in _SAVED if name not in state_dict]
        if missing:
            raise ValueError(f"GradScaler: the state lacks {missing[0]!r}; was it of one that is not enabled?")
        for name, attribute in _SAVED.items():
            setattr(self, attribute, state_dict[name])


_SAVED = {
    "scale": "_scale",
    "growth_factor": "_growth_factor",
    "backoff_factor": "_backoff_factor",
    "growth_interval": "_growth_interval",
    "_growth_tracker": "_growth_tracker",
}


def _probe(values: Any) -> float:
    """Finite if all values are, in one pass without a temporary in the usual case."""
    total = squared_norm(values)
    return total if math.isfinite(total) or not np.isfinite(values).all() else 0.0


def _multiplied(g: Tensor | RowSparse, factor: float) -> Tensor | RowSparse:
    """The gradient times a factor: in place, unless it becomes wider."""
    dtype = working(g.dtype)
    if isinstance(g, RowSparse):
        product: RowSparse = g.astype(dtype) * factor
        return product
    if g.dtype is not dtype:
        return Tensor(g.data.astype(dtype) * factor)
    values = g.numpy(writable=True)
    values *= factor
    return g
