"""Learning rates over time."""

from __future__ import annotations

import math
from collections.abc import Iterable

from nn.optim.optimizer import Optimizer


def cosine(step: int, steps: int, warmup: int = 0, final: float = 0.0) -> float:
    r"""The share of the full learning rate at a step, from 0 to 1.

    Rises in a line over `warmup` steps, then falls along half a cosine to `final` at step `steps`:

    .. math:: f + (1 - f) \tfrac12 (1 + \cos \pi \tau), \qquad \tau = (t - w) / (T - w)

    Parameters
    ----------
    step : int
        :math:`t`, counted from 0; past `steps` the value stays at `final`.
    steps : int
        :math:`T`.
    warmup : int
        :math:`w`; step t of it has the share (t + 1) / (w + 1), so that no step is lost on a rate of zero.
    final : float
        :math:`f`.

    Raises
    ------
    ValueError
        If `warmup` is not in the range 0 to `steps` or `final` not in 0 to 1.

    References
    ----------
    Loshchilov and Hutter (2017), "SGDR", equation 5, without restarts.

    Examples
    --------
    >>> [round(cosine(t, 10, warmup=1, final=0.1), 3) for t in (0, 1, 10, 99)]
    [0.5, 1.0, 0.1, 0.1]
    """
    if not 0 <= warmup <= steps or not 0 <= final <= 1:
        raise ValueError(
            f"a cosine schedule needs 0 <= warmup <= steps and 0 <= final <= 1, got warmup={warmup}, steps={steps}, "
            f"final={final}"
        )
    if step < warmup:
        return (step + 1) / (warmup + 1)
    if step >= steps:
        return final
    progress = (step - warmup) / (steps - warmup)
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * progress))


class CosineSchedule:
    """Moves the learning rates of optimisers along `cosine`, each from the rate that it was made with.

    Parameters
    ----------
    optimizers : Optimizer or iterable of Optimizer
    steps, warmup, final
        See `cosine`. The rate of step 0 is set at once.

    Examples
    --------
    >>> from autograd import Tensor
    >>> from nn.optim import SGD
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=0.5)
    >>> schedule = CosineSchedule(optimizer, steps=2)
    >>> rates = []
    >>> for _ in range(3):
    ...     rates.append(round(optimizer.param_groups[0]["lr"], 3))
    ...     schedule.step()
    >>> rates
    [0.5, 0.25, 0.0]
    """

    def __init__(
        self, optimizers: Optimizer | Iterable[Optimizer], steps: int, warmup: int = 0, final: float = 0.0
    ) -> None:
        listed = [optimizers] if isinstance(optimizers, Optimizer) else list(optimizers)
        self._full = [(group, group["lr"]) for optimizer in listed for group in optimizer.param_groups]
        self._settings = (steps, warmup, final)
        self.last_step = -1
        self.step()

    def step(self) -> None:
        """Set the rates of the next step."""
        self.last_step += 1
        share = cosine(self.last_step, *self._settings)
        for group, full in self._full:
            group["lr"] = full * share
