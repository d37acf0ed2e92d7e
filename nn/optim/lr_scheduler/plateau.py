"""Rates that fall when a measure stops improving."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, SupportsFloat

from nn.optim.lr_scheduler.base import FOREIGN, checked_optimizer, number, per_group, whole
from nn.optim.optimizer import Optimizer


class ReduceLROnPlateau:
    """Multiply the rates by `factor` where a measure has not improved for more than `patience` steps.

    A NaN counts as no improvement.

    Parameters
    ----------
    optimizer : Optimizer
    mode : str
        ``"min"`` or ``"max"``: which way is better.
    factor : float
        Below 1.
    patience : int
        How many steps without improvement are let pass.
    threshold, threshold_mode
        How much better counts: by a share of the best (``"rel"``), or as a difference (``"abs"``).
    cooldown : int
        Steps after a reduction that are not counted.
    min_lr : float, or sequence of float
        No rate falls below it.
    eps : float
        A rate that would fall by no more is left.

    Examples
    --------
    >>> from autograd import Tensor
    >>> from nn.optim import SGD
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> for loss in (3.0, 2.0, 2.0, 2.5):
    ...     schedule.step(loss)
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        name = "ReduceLROnPlateau"
        self.optimizer = checked_optimizer(name, optimizer)
        if mode not in ("min", "max"):
            raise ValueError(f"{name}: mode must be min or max, got {mode!r}")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"{name}: threshold_mode must be rel or abs, got {threshold_mode!r}")
        number(name, "factor", factor, 0, 1)
        if factor == 1:
            raise ValueError(f"{name}: factor must be below 1, got {factor}")
        whole(name, "patience", patience, 0)
        whole(name, "cooldown", cooldown, 0)
        number(name, "threshold", threshold)
        number(name, "eps", eps)
        self.mode, self.factor, self.patience, self.cooldown = mode, factor, patience, cooldown
        self.threshold, self.threshold_mode, self.eps = threshold, threshold_mode, eps
        self.min_lrs = per_group(name, "min_lr", min_lr, optimizer)
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = self.last_epoch = 0

    def step(self, metrics: SupportsFloat) -> None:
        """Say the measure of one more step; lowers the rates if it is time."""
        now = float(metrics)
        self.last_epoch += 1
        if self._better(now):
            self.best, self.num_bad_epochs = now, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0

    def _better(self, now: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        if self.threshold_mode == "abs":
            return sign * now > sign * self.best + self.threshold
        return sign * now > sign * self.best * (1 + sign * self.threshold)

    def _reduce(self) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            raise ValueError(
                f"ReduceLROnPlateau was made for {len(self.min_lrs)} groups, the optimiser has {len(groups)}: make the "
                "schedule after the last group"
            )
        for group, least in zip(groups, self.min_lrs):
            new = max(group["lr"] * self.factor, least)
            if group["lr"] - new > self.eps:
                group["lr"] = new

    def get_last_lr(self) -> list[float]:
        """The rates that the groups have now."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Settings and what has been seen; the rates are in the optimiser's state."""
        return {k: list(v) if k == "min_lrs" else v for k, v in vars(self).items() if k != "optimizer"}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where a schedule was saved, here or in PyTorch.

        Raises
        ------
        ValueError
            If it is of another kind of schedule, or for another number of groups; nothing is changed then.
        """
        skipped = FOREIGN | {"default_min_lr", "mode_worse"}
        given = {k: v for k, v in state_dict.items() if k not in skipped}
        different = sorted(given.keys() ^ self.state_dict().keys())
        if different:
            raise ValueError(f"ReduceLROnPlateau: the state differs in {different[0]!r}; is it of another schedule?")
        if len(given["min_lrs"]) != len(self.min_lrs):
            raise ValueError(
                f"ReduceLROnPlateau: the state has {len(given['min_lrs'])} groups, the optimiser {len(self.min_lrs)}"
            )
        vars(self).update({**given, "min_lrs": list(given["min_lrs"])})
