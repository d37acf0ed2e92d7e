"""Rates along a cosine: once, again and again, or with a warm-up for several optimisers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from nn.optim.lr_scheduler.base import LRScheduler, number, whole
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

    def state_dict(self) -> dict[str, int]:
        """The place in the schedule."""
        return {"last_step": self.last_step}

    def load_state_dict(self, state_dict: Mapping[str, int]) -> None:
        """Go on where a schedule with the same settings was saved; sets the rates of that step.

        Raises
        ------
        ValueError
            If there is no ``"last_step"``.
        """
        if state_dict.keys() != {"last_step"}:
            raise ValueError(f"CosineSchedule: a state has the entry 'last_step', got {sorted(state_dict)}")
        self.last_step = state_dict["last_step"] - 1
        self.step()


class CosineAnnealingLR(LRScheduler):
    r"""Half a cosine: :math:`\eta_t = \eta_{min} + \tfrac12 (\eta_0 - \eta_{min}) (1 + \cos(\pi t / T))`.

    After T steps it rises again, as in PyTorch; `CosineSchedule` stays at the end.

    Parameters
    ----------
    optimizer : Optimizer
    T_max : int
        :math:`T`.
    eta_min : float
        :math:`\eta_{min}`.

    References
    ----------
    Loshchilov and Hutter (2017), "SGDR", equation 5, without restarts.

    Examples
    --------
    >>> from autograd import Tensor
    >>> from nn.optim import SGD
    >>> schedule = CosineAnnealingLR(SGD([Tensor([1.0], requires_grad=True)], lr=1.0), T_max=2, eta_min=0.5)
    >>> schedule.get_last_lr(), schedule.step(), schedule.get_last_lr()
    ([1.0], None, [0.75])
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:
        whole("CosineAnnealingLR", "T_max", T_max)
        number("CosineAnnealingLR", "eta_min", eta_min)
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer)

    def _floor(self) -> float:
        return self.eta_min

    def _rate(self, base: float, step: int) -> float:
        return self.eta_min + (base - self.eta_min) * 0.5 * (1 + math.cos(math.pi * step / self.T_max))


class CosineAnnealingWarmRestarts(LRScheduler):
    r"""Half a cosine again and again, each longer than the last.

    .. math:: \eta_t = \eta_{min} + \tfrac12 (\eta_0 - \eta_{min}) (1 + \cos(\pi T_{cur} / T_i))

    Parameters
    ----------
    optimizer : Optimizer
    T_0 : int
        Steps of the first :math:`T_i`.
    T_mult : int
        How many times longer each is than the one before.
    eta_min : float
        :math:`\eta_{min}`.

    References
    ----------
    Loshchilov and Hutter (2017), "SGDR: Stochastic Gradient Descent with Warm Restarts", equation 5.

    Examples
    --------
    >>> from autograd import Tensor
    >>> from nn.optim import SGD
    >>> schedule = CosineAnnealingWarmRestarts(SGD([Tensor([1.0], requires_grad=True)], lr=1.0), T_0=2)
    >>> rates = []
    >>> for _ in range(4):
    ...     rates += schedule.get_last_lr()
    ...     schedule.step()
    >>> rates
    [1.0, 0.5, 1.0, 0.5]
    """

    chains = False

    def __init__(self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0) -> None:
        whole("CosineAnnealingWarmRestarts", "T_0", T_0)
        whole("CosineAnnealingWarmRestarts", "T_mult", T_mult)
        number("CosineAnnealingWarmRestarts", "eta_min", eta_min)
        self.T_0, self.T_i, self.T_mult, self.eta_min = T_0, T_0, T_mult, eta_min
        self.T_cur: float = 0
        super().__init__(optimizer)

    def _start(self) -> None:
        self.T_cur, self.T_i = 0, self.T_0
        super()._start()

    def step(self, epoch: float | None = None) -> None:
        """Set the rates of the next step, or those of `epoch`, which may lie between two."""
        if epoch is not None:
            number(self._name, "epoch", epoch)
            self.T_cur, self.T_i, self.last_epoch = epoch, self.T_0, math.floor(epoch) - 1
        else:
            self.T_cur += 1
        while self.T_cur >= self.T_i:
            self.T_cur -= self.T_i
            self.T_i *= self.T_mult
        super().step()

    def _rate(self, base: float, step: int) -> float:
        return self.eta_min + (base - self.eta_min) * 0.5 * (1 + math.cos(math.pi * self.T_cur / self.T_i))
