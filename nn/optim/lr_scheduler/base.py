"""What all schedules share: a rate for each group as a function of the step, and how it is set."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from nn.optim.optimizer import Optimizer

# What PyTorch's states hold besides settings and the place in the schedule.
FOREIGN = {"lr_lambdas", "_get_lr_called_within_step", "_is_initial", "_last_lr", "_step_count", "verbose"}


class LRScheduler:
    """Base of the schedules: a subclass says the rate of a step (`_rate`), from which the rate is set as a whole.

    Where someone else has changed a group's rate since the last step (by hand, or a second schedule), it is multiplied
    by what this schedule multiplies its own by, as in PyTorch: `ChainedScheduler` rests on that.

    Parameters
    ----------
    optimizer : Optimizer
        The rates of its groups are those to start from; that of step 0 is set at once.

    Attributes
    ----------
    base_lrs : list of float
        The rates to start from, also kept in each group as ``"initial_lr"``.
    last_epoch : int
        How often `step` was called.
    """

    chains: ClassVar[bool] = True  # whether a rate changed by others is scaled; else it is replaced

    def __init__(self, optimizer: Optimizer) -> None:
        self._name = type(self).__name__
        self.optimizer = checked_optimizer(self._name, optimizer)
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = 0
        self._start()

    def _rate(self, base: float, step: int) -> float:
        """The rate of a step, counted from 0."""
        raise NotImplementedError(f"{self._name} does not say its rates")

    def _floor(self) -> float:
        """The rate above which a rate is scaled."""
        return 0.0

    def _rates(self, step: int) -> list[float]:
        """The rates of all groups."""
        return [self._rate(base, step) for base in self.base_lrs]

    def _start(self) -> None:
        """Set the rates of step 0."""
        self.last_epoch = 0
        self._apply(self._rates(0), self.base_lrs)

    def step(self) -> None:
        """Set the rates of the next step."""
        if len(self.optimizer.param_groups) != len(self.base_lrs):
            raise ValueError(
                f"{self._name} was made for {len(self.base_lrs)} groups, the optimiser has "
                f"{len(self.optimizer.param_groups)}: make the schedule after the last group"
            )
        before = self._rates(self.last_epoch) if self.chains else self.base_lrs
        self.last_epoch += 1
        self._apply(self._rates(self.last_epoch), before)

    def _apply(self, rates: Sequence[float], before: Sequence[float]) -> None:
        """Set rates; where a group's was not the one from before, it is scaled as that is."""
        floor = self._floor()
        for group, rate, old in zip(self.optimizer.param_groups, rates, before):
            if self.chains and group["lr"] != old and old != floor:
                rate = floor + (group["lr"] - floor) * (rate - floor) / (old - floor)
            group["lr"] = rate

    def get_last_lr(self) -> list[float]:
        """The rates that the groups have now."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Settings and the place in the schedule; functions are left out. The rates are in the optimiser's state."""
        return {k: copy.deepcopy(v) for k, v in self._saved().items()}

    def _saved(self) -> dict[str, Any]:
        skipped = ("optimizer", "_name")
        return {k: v for k, v in vars(self).items() if k not in skipped and not holds_functions(v)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where a schedule of the same kind was saved. Load the optimiser's state too, before or after.

        Raises
        ------
        ValueError
            If it is of another kind of schedule, or for another number of groups; nothing is changed then.
        """
        own, given = self._saved(), {k: v for k, v in state_dict.items() if k not in FOREIGN}
        different = sorted(own.keys() ^ given.keys())
        if different:
            where = "the state lacks" if different[0] in own else "it does not know"
            raise ValueError(f"{self._name}: {where} {different[0]!r}; is it of another schedule?")
        if len(given["base_lrs"]) != len(self.base_lrs):
            raise ValueError(
                f"{self._name}: the state has {len(given['base_lrs'])} groups, the optimiser {len(self.base_lrs)}"
            )
        vars(self).update({k: self._loaded(k, copy.deepcopy(v)) for k, v in given.items()})

    def _loaded(self, name: str, value: Any) -> Any:
        """A value of a state, in the form that it has here."""
        return value


def holds_functions(value: Any) -> bool:
    """Whether a value is a function, or a list of them."""
    return callable(value) or (isinstance(value, list) and bool(value) and all(callable(v) for v in value))


def checked_optimizer(name: str, optimizer: Any) -> Optimizer:
    """The optimiser, if it is one."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{name} sets the rates of an optimiser, got {type(optimizer).__name__}")
    return optimizer


def per_group(name: str, setting: str, value: float | Sequence[float], optimizer: Optimizer) -> list[float]:
    """A setting for each group: one number for all, or one each."""
    count = len(optimizer.param_groups)
    values: list[float] = list(value) if isinstance(value, Sequence) else [value] * count
    if len(values) != count:
        raise ValueError(f"{name}: {setting} has {len(values)} values for {count} groups")
    for one in values:
        number(name, setting, one)
    return values


def number(name: str, setting: str, value: Any, low: float = 0.0, high: float = math.inf) -> None:
    """Refuse what is no finite number of a range."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.floating) or not math.isfinite(value):
        raise ValueError(f"{name}: {setting} must be a finite number, got {value!r}")
    if not low <= value <= high:
        wanted = f"from {low:g} to {high:g}" if math.isfinite(high) else f"at least {low:g}"
        raise ValueError(f"{name}: {setting} must be {wanted}, got {value!r}")


def whole(name: str, setting: str, value: Any, low: int = 1) -> None:
    """Refuse what is no count."""
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise ValueError(f"{name}: {setting} must be a whole number, at least {low}, got {value!r}")
