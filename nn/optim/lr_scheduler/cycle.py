"""Rates that go up and down between bounds, momentum against them: CyclicLR and OneCycleLR."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from nn.optim.lr_scheduler.base import LRScheduler, checked_optimizer, number, per_group, whole
from nn.optim.optimizer import Group, Optimizer

Rates = float | Sequence[float]


class _Cycling(LRScheduler):
    """A schedule that may also set the momentum, or Adam's first beta."""

    chains = False

    def __init__(self, optimizer: Optimizer, cycle_momentum: bool, base_momentum: Rates, max_momentum: Rates) -> None:
        name = type(self).__name__
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            if not {"momentum", "betas"} & optimizer.defaults.keys():
                raise ValueError(
                    f"{name}: {type(optimizer).__name__} has neither momentum nor betas; use cycle_momentum=False"
                )
            self.base_momentums = per_group(name, "base_momentum", base_momentum, optimizer)
            self.max_momentums = per_group(name, "max_momentum", max_momentum, optimizer)
            for value in (*self.base_momentums, *self.max_momentums):
                if value >= 1:
                    raise ValueError(f"{name}: momentum must be below 1, got {value}")
        super().__init__(optimizer)

    def _momentums(self, step: int) -> list[float]:
        raise NotImplementedError(f"{self._name} does not say its momentum")

    def _apply(self, rates: Sequence[float], before: Sequence[float]) -> None:
        super()._apply(rates, before)
        if self.cycle_momentum:
            for group, momentum in zip(self.optimizer.param_groups, self._momentums(self.last_epoch)):
                _set_momentum(group, momentum)


def _set_momentum(group: Group, momentum: float) -> None:
    if "betas" in group:
        group["betas"] = (momentum, *group["betas"][1:])
    else:
        group["momentum"] = momentum


class CyclicLR(_Cycling):
    r"""Up and down in lines between two rates, again and again.

    .. math:: \eta_t = \eta_{base} + (\eta_{max} - \eta_{base}) \, h(t) \, s(c)

    with :math:`h` from 0 up to 1 over `step_size_up` steps and back over `step_size_down`, and :math:`s` the scale of
    cycle :math:`c = 1, 2, \dots`: 1 for ``"triangular"``, :math:`2^{1 - c}` for ``"triangular2"``, and
    :math:`\gamma^t` for ``"exp_range"``.

    Parameters
    ----------
    optimizer : Optimizer
    base_lr, max_lr : float, or sequence of float
        One for all groups, or one for each.
    step_size_up, step_size_down : int
        Without the second, both halves have the same length.
    mode : str
        ``"triangular"``, ``"triangular2"`` or ``"exp_range"``.
    gamma : float
        :math:`\gamma`.
    scale_fn : callable, optional
        :math:`s` itself, in place of `mode`. A state dict leaves it out.
    scale_mode : str
        Whether `scale_fn` is of the ``"cycle"`` or of the ``"iterations"`` (steps).
    cycle_momentum : bool
        Let the momentum (Adam's :math:`\beta_1`) go from `max_momentum` to `base_momentum` where the rate goes up.
    base_momentum, max_momentum : float, or sequence of float

    References
    ----------
    Smith (2017), "Cyclical Learning Rates for Training Neural Networks".

    Examples
    --------
    >>> from autograd import Tensor
    >>> from nn.optim import SGD
    >>> schedule = CyclicLR(SGD([Tensor([1.0], requires_grad=True)]), 0.5, 1.5, step_size_up=2)
    >>> rates = []
    >>> for _ in range(5):
    ...     rates += schedule.get_last_lr()
    ...     schedule.step()
    >>> rates
    [0.5, 1.0, 1.5, 1.0, 0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: Rates,
        max_lr: Rates,
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: Rates = 0.8,
        max_momentum: Rates = 0.9,
    ) -> None:
        name = "CyclicLR"
        checked_optimizer(name, optimizer)
        whole(name, "step_size_up", step_size_up)
        whole(name, "step_size_down", step_size_up if step_size_down is None else step_size_down)
        number(name, "gamma", gamma)
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError(f"{name}: mode must be triangular, triangular2 or exp_range, got {mode!r}")
        if scale_mode not in ("cycle", "iterations"):
            raise ValueError(f"{name}: scale_mode must be cycle or iterations, got {scale_mode!r}")
        self.step_size_up = step_size_up
        self.step_size_down = step_size_up if step_size_down is None else step_size_down
        self.mode, self.gamma, self.scale_mode, self._scale_fn = mode, gamma, scale_mode, scale_fn
        lowest = per_group(name, "base_lr", base_lr, optimizer)
        self.max_lrs = per_group(name, "max_lr", max_lr, optimizer)
        for group, lr in zip(optimizer.param_groups, lowest):
            group["lr"] = group["initial_lr"] = lr
        super().__init__(optimizer, cycle_momentum, base_momentum, max_momentum)

    def _height(self, step: int) -> float:
        """How far up a step is, scaled."""
        length = self.step_size_up + self.step_size_down
        cycle, place = divmod(step, length)
        up = place / self.step_size_up
        share = up if up <= 1 else (length - place) / self.step_size_down
        if self._scale_fn is not None:
            return share * self._scale_fn(cycle + 1 if self.scale_mode == "cycle" else step)
        if self.mode == "exp_range":
            return float(share * self.gamma**step)
        return share / 2.0**cycle if self.mode == "triangular2" else share

    def _rates(self, step: int) -> list[float]:
        height = self._height(step)
        return [low + (high - low) * height for low, high in zip(self.base_lrs, self.max_lrs)]

    def _momentums(self, step: int) -> list[float]:
        height = self._height(step)
        return [high - (high - low) * height for low, high in zip(self.base_momentums, self.max_momentums)]


class OneCycleLR(_Cycling):
    r"""One rise to a large rate, and a fall to a very small one.

    From :math:`\eta_{max} / \text{div\_factor}` up to :math:`\eta_{max}` over the first `pct_start` of all steps, then
    down to the first rate divided by `final_div_factor`; with `three_phase`, first down as long as up, to the first
    rate, then on to the last one.

    Parameters
    ----------
    optimizer : Optimizer
    max_lr : float, or sequence of float
        One for all groups, or one for each.
    total_steps : int, optional
        Or give `epochs` and `steps_per_epoch`, whose product it is. One more step is an error.
    pct_start : float
        From 0 to 1.
    anneal_strategy : str
        ``"cos"`` or ``"linear"``.
    cycle_momentum : bool
        Let the momentum (Adam's :math:`\beta_1`) go from `max_momentum` to `base_momentum` where the rate goes up.
    base_momentum, max_momentum : float, or sequence of float
    div_factor, final_div_factor : float
    three_phase : bool

    References
    ----------
    Smith and Topin (2018), "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates".

    Examples
    --------
    >>> from autograd import Tensor
    >>> from nn.optim import SGD
    >>> schedule = OneCycleLR(SGD([Tensor([1.0], requires_grad=True)]), 1.0, total_steps=10, div_factor=4.0)
    >>> rates = []
    >>> for _ in range(3):
    ...     rates += schedule.get_last_lr()
    ...     schedule.step()
    >>> [round(rate, 3) for rate in rates]
    [0.25, 0.625, 1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: Rates,
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: Rates = 0.85,
        max_momentum: Rates = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
    ) -> None:
        name = "OneCycleLR"
        checked_optimizer(name, optimizer)
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError(f"{name} needs total_steps, or epochs and steps_per_epoch")
            whole(name, "epochs", epochs)
            whole(name, "steps_per_epoch", steps_per_epoch)
            total_steps = epochs * steps_per_epoch
        whole(name, "total_steps", total_steps)
        number(name, "pct_start", pct_start, 0, 1)
        for setting, value in (("div_factor", div_factor), ("final_div_factor", final_div_factor)):
            number(name, setting, value)
            if not value:
                raise ValueError(f"{name}: {setting} must be above 0, got 0")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"{name}: anneal_strategy must be cos or linear, got {anneal_strategy!r}")
        self.total_steps, self.pct_start, self.anneal_strategy = total_steps, pct_start, anneal_strategy
        self.three_phase = three_phase
        self.max_lrs = per_group(name, "max_lr", max_lr, optimizer)
        self.min_lrs = [lr / div_factor / final_div_factor for lr in self.max_lrs]
        for group, lr in zip(optimizer.param_groups, self.max_lrs):
            group["lr"] = group["initial_lr"] = lr / div_factor
        super().__init__(optimizer, cycle_momentum, base_momentum, max_momentum)

    def step(self) -> None:
        """Set the rates of the next step.

        Raises
        ------
        ValueError
            After `total_steps`.
        """
        if self.last_epoch >= self.total_steps:
            raise ValueError(f"OneCycleLR ends after {self.total_steps} steps")
        super().step()

    def _phase(self, step: int) -> tuple[int, float]:
        """Which phase a step is in, and how far."""
        rise = self.pct_start * self.total_steps
        ends = [0.0, rise - 1, *([2 * rise - 2] if self.three_phase else []), self.total_steps - 1.0]
        i = next((i for i in range(1, len(ends)) if step <= ends[i]), len(ends) - 1)
        start, end = ends[i - 1], ends[i]
        return i - 1, (step - start) / (end - start) if end != start else 1.0

    def _between(self, values: Sequence[float], step: int) -> float:
        """From each value to the next, a phase each."""
        i, share = self._phase(step)
        start, end = values[i], values[i + 1]
        if self.anneal_strategy == "linear":
            return start + (end - start) * share
        return end + (start - end) * 0.5 * (1 + math.cos(math.pi * share))

    def _rates(self, step: int) -> list[float]:
        turns = zip(self.base_lrs, self.max_lrs, self.min_lrs)
        return [
            self._between((first, top, first, last) if self.three_phase else (first, top, last), step)
            for first, top, last in turns
        ]

    def _momentums(self, step: int) -> list[float]:
        return [
            self._between((high, low, high, high) if self.three_phase else (high, low, high), step)
            for low, high in zip(self.base_momentums, self.max_momentums)
        ]
