"""Schedules that multiply the rate by a factor: constant, in lines, in steps, exponential, polynomial, any."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from nn.optim.lr_scheduler.base import LRScheduler, number, whole
from nn.optim.optimizer import Optimizer

# How the rate falls from 1 to 0.
SHAPES: dict[str, Callable[[float], float]] = {
    "linear": lambda share: 1 - share,
    "sqrt": lambda share: 1 - math.sqrt(share),
    "cosine": lambda share: 0.5 * (1 + math.cos(math.pi * share)),
}


class LambdaLR(LRScheduler):
    r"""Any factor: :math:`\eta_t = \eta_0 f(t)`.

    Parameters
    ----------
    optimizer : Optimizer
    lr_lambda : callable, or sequence of callable
        :math:`f`, of the step; one for all groups, or one for each. A state dict leaves it out.

    Raises
    ------
    ValueError
        If there are not as many functions as groups.

    Examples
    --------
    >>> from autograd import Tensor
    >>> from nn.optim import SGD
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = LambdaLR(optimizer, lambda step: 1 / (1 + step))
    >>> schedule.step()
    >>> optimizer.param_groups[0]["lr"]
    0.5
    """

    chains = False

    def __init__(
        self, optimizer: Optimizer, lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]]
    ) -> None:
        given = list(lr_lambda) if isinstance(lr_lambda, Sequence) else None
        groups = len(optimizer.param_groups) if isinstance(optimizer, Optimizer) else 0
        self.lr_lambdas: list[Callable[[int], float]] = [lr_lambda] * groups if given is None else given  # type: ignore[list-item]
        if given is not None and len(given) != groups:
            raise ValueError(f"LambdaLR: {len(given)} functions for {groups} groups")
        for function in self.lr_lambdas:
            if not callable(function):
                raise TypeError(f"LambdaLR: lr_lambda must be a function of the step, got {function!r}")
        super().__init__(optimizer)

    def _rates(self, step: int) -> list[float]:
        return [base * function(step) for base, function in zip(self.base_lrs, self.lr_lambdas)]


class ConstantLR(LRScheduler):
    r"""A constant factor for some steps: :math:`\eta_t = \eta_0 \cdot f` where :math:`t < T`, then :math:`\eta_0`.

    Parameters
    ----------
    optimizer : Optimizer
    factor : float
        :math:`f`, from 0 to 1.
    total_iters : int
        :math:`T`.

    Examples
    --------
    >>> from autograd import Tensor
    >>> from nn.optim import SGD
    >>> schedule = ConstantLR(SGD([Tensor([1.0], requires_grad=True)], lr=1.0), factor=0.5, total_iters=1)
    >>> schedule.get_last_lr(), schedule.step(), schedule.get_last_lr()
    ([0.5], None, [1.0])
    """

    def __init__(self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5) -> None:
        number("ConstantLR", "factor", factor, 0, 1)
        whole("ConstantLR", "total_iters", total_iters, 0)
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer)

    def _rate(self, base: float, step: int) -> float:
        return base * self.factor if step < self.total_iters else base


class LinearLR(LRScheduler):
    r"""A line from one factor to another: :math:`\eta_t = \eta_0 (a + (b - a) \min(t, T) / T)`.

    Parameters
    ----------
    optimizer : Optimizer
    start_factor, end_factor : float
        :math:`a`, above 0, and :math:`b`; both at most 1.
    total_iters : int
        :math:`T`.

    Examples
    --------
    >>> from autograd import Tensor
    >>> from nn.optim import SGD
    >>> schedule = LinearLR(SGD([Tensor([1.0], requires_grad=True)], lr=1.0), start_factor=0.5, total_iters=2)
    >>> schedule.get_last_lr(), schedule.step(), schedule.get_last_lr()
    ([0.5], None, [0.75])
    """

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1.0 / 3, end_factor: float = 1.0, total_iters: int = 5
    ) -> None:
        number("LinearLR", "start_factor", start_factor, 0, 1)
        if not start_factor:
            raise ValueError("LinearLR: start_factor must be above 0, got 0")
        number("LinearLR", "end_factor", end_factor, 0, 1)
        whole("LinearLR", "total_iters", total_iters)
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer)

    def _rate(self, base: float, step: int) -> float:
        share = min(step, self.total_iters) / self.total_iters
        return base * (self.start_factor + (self.end_factor - self.start_factor) * share)


class StepLR(LRScheduler):
    r"""A factor every so many steps: :math:`\eta_t = \eta_0 \gamma^{\lfloor t / s \rfloor}`.

    Parameters
    ----------
    optimizer : Optimizer
    step_size : int
        :math:`s`.
    gamma : float
        :math:`\gamma`.

    Examples
    --------
    >>> from autograd import Tensor
    >>> from nn.optim import SGD
    >>> schedule = StepLR(SGD([Tensor([1.0], requires_grad=True)], lr=1.0), step_size=1, gamma=0.5)
    >>> schedule.get_last_lr(), schedule.step(), schedule.get_last_lr()
    ([1.0], None, [0.5])
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        whole("StepLR", "step_size", step_size)
        number("StepLR", "gamma", gamma)
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer)

    def _rate(self, base: float, step: int) -> float:
        return float(base * self.gamma ** (step // self.step_size))


class MultiStepLR(LRScheduler):
    r"""A factor at each milestone: :math:`\eta_t = \eta_0 \gamma^n`, with n milestones not after t.

    Parameters
    ----------
    optimizer : Optimizer
    milestones : iterable of int
        One that stands there twice counts twice.
    gamma : float
        :math:`\gamma`.

    Examples
    --------
    >>> from autograd import Tensor
    >>> from nn.optim import SGD
    >>> schedule = MultiStepLR(SGD([Tensor([1.0], requires_grad=True)], lr=1.0), milestones=[1, 9], gamma=0.5)
    >>> schedule.get_last_lr(), schedule.step(), schedule.get_last_lr()
    ([1.0], None, [0.5])
    """

    def __init__(self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1) -> None:
        self.milestones = sorted(milestones)
        for milestone in self.milestones:
            whole("MultiStepLR", "a milestone", milestone, 0)
        number("MultiStepLR", "gamma", gamma)
        self.gamma = gamma
        super().__init__(optimizer)

    def _rate(self, base: float, step: int) -> float:
        return float(base * self.gamma ** bisect_right(self.milestones, step))

    def _loaded(self, name: str, value: Any) -> Any:
        return sorted(value.elements()) if isinstance(value, Counter) else value  # PyTorch's form


class ExponentialLR(LRScheduler):
    r"""A factor at every step: :math:`\eta_t = \eta_0 \gamma^t`.

    Parameters
    ----------
    optimizer : Optimizer
    gamma : float
        :math:`\gamma`.

    Examples
    --------
    >>> from autograd import Tensor
    >>> from nn.optim import SGD
    >>> schedule = ExponentialLR(SGD([Tensor([1.0], requires_grad=True)], lr=1.0), gamma=0.5)
    >>> schedule.get_last_lr(), schedule.step(), schedule.get_last_lr()
    ([1.0], None, [0.5])
    """

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        number("ExponentialLR", "gamma", gamma)
        self.gamma = gamma
        super().__init__(optimizer)

    def _rate(self, base: float, step: int) -> float:
        return float(base * self.gamma**step)


class PolynomialLR(LRScheduler):
    r"""A power of what is left: :math:`\eta_t = \eta_0 (1 - \min(t, T) / T)^p`.

    Parameters
    ----------
    optimizer : Optimizer
    total_iters : int
        :math:`T`.
    power : float
        :math:`p`.

    Examples
    --------
    >>> from autograd import Tensor
    >>> from nn.optim import SGD
    >>> schedule = PolynomialLR(SGD([Tensor([1.0], requires_grad=True)], lr=1.0), total_iters=2, power=2.0)
    >>> schedule.get_last_lr(), schedule.step(), schedule.get_last_lr()
    ([1.0], None, [0.25])
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0) -> None:
        whole("PolynomialLR", "total_iters", total_iters)
        number("PolynomialLR", "power", power)
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer)

    def _rate(self, base: float, step: int) -> float:
        return float(base * (1 - min(step, self.total_iters) / self.total_iters) ** self.power)


class WarmupStableDecayLR(LRScheduler):
    r"""Warm-up, a long constant part, and a short decay at the end.

    Rises in a line over w steps, from :math:`\eta_0 / (w + 1)` as `cosine` does, stays at :math:`\eta_0` for s steps,
    then falls over d steps to :math:`f \eta_0`:

    .. math:: \eta_t = \eta_0 (f + (1 - f) \, h(\tau)), \qquad \tau = (t - w - s) / d

    with :math:`h(\tau) = 1 - \tau`, :math:`1 - \sqrt \tau` or :math:`\tfrac12 (1 + \cos \pi \tau)`. Training can be
    prolonged, or the decay begun, from any checkpoint of the constant part.

    Parameters
    ----------
    optimizer : Optimizer
    warmup, stable, decay : int
        w, s and d.
    final : float
        f, from 0 to 1.
    shape : str
        ``"linear"``, ``"sqrt"`` or ``"cosine"``.

    References
    ----------
    Hu et al. (2024), "MiniCPM", section 4; Hägele et al. (2024), "Scaling Laws and Compute-Optimal Training Beyond
    Fixed Training Durations", section 3, for the form with the root.

    Examples
    --------
    >>> from autograd import Tensor
    >>> from nn.optim import SGD
    >>> schedule = WarmupStableDecayLR(SGD([Tensor([1.0], requires_grad=True)], lr=1.0), warmup=1, stable=1, decay=2)
    >>> rates = []
    >>> for _ in range(5):
    ...     rates += schedule.get_last_lr()
    ...     schedule.step()
    >>> rates
    [0.5, 1.0, 1.0, 0.5, 0.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        warmup: int,
        stable: int,
        decay: int,
        final: float = 0.0,
        shape: str = "linear",
    ) -> None:
        for setting, value in (("warmup", warmup), ("stable", stable), ("decay", decay)):
            whole("WarmupStableDecayLR", setting, value, 0)
        number("WarmupStableDecayLR", "final", final, 0, 1)
        if shape not in SHAPES:
            raise ValueError(f"WarmupStableDecayLR: shape must be one of {', '.join(SHAPES)}, got {shape!r}")
        self.warmup, self.stable, self.decay, self.final, self.shape = warmup, stable, decay, final, shape
        super().__init__(optimizer)

    def _rate(self, base: float, step: int) -> float:
        if step < self.warmup:
            return base * (step + 1) / (self.warmup + 1)
        past = step - self.warmup - self.stable
        if past < 0:
            return base
        share = min(past / self.decay, 1.0) if self.decay else 1.0
        return base * (self.final + (1 - self.final) * SHAPES[self.shape](share))
