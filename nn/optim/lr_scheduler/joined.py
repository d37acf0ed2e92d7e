"""Schedules made of schedules: one after another, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from nn.optim.lr_scheduler.base import LRScheduler, whole
from nn.optim.optimizer import Optimizer


class _Joined(LRScheduler):
    """What both share: schedules of one optimiser, saved together."""

    def __init__(self, name: str, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None) -> None:
        self._name, self._schedulers = name, list(schedulers)
        if not self._schedulers:
            raise ValueError(f"{name} needs at least one schedule")
        for scheduler in self._schedulers:
            if not isinstance(scheduler, LRScheduler):
                raise TypeError(f"{name} cannot hold a {type(scheduler).__name__}: its step needs more than the count")
        self.optimizer = self._schedulers[0].optimizer if optimizer is None else optimizer
        if any(scheduler.optimizer is not self.optimizer for scheduler in self._schedulers):
            raise ValueError(f"{name} needs schedules of one optimiser")
        self.base_lrs = self._schedulers[0].base_lrs
        self.last_epoch = 0

    def state_dict(self) -> dict[str, Any]:
        """The place in the schedule, and the states of all."""
        return {"last_epoch": self.last_epoch, "_schedulers": [s.state_dict() for s in self._schedulers]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where such a schedule was saved. Load the optimiser's state too, before or after.

        Raises
        ------
        ValueError
            If it holds other schedules.
        """
        states = state_dict.get("_schedulers")
        if states is None or len(states) != len(self._schedulers):
            raise ValueError(
                f"{self._name}: the state holds {len(states or ())} schedules, this one {len(self._schedulers)}"
            )
        for scheduler, state in zip(self._schedulers, states):
            scheduler.load_state_dict(state)
        self.last_epoch = state_dict.get("last_epoch", max(s.last_epoch for s in self._schedulers))


class SequentialLR(_Joined):
    """One schedule after another, each from its own step 0 at its milestone.

    Parameters
    ----------
    optimizer : Optimizer
    schedulers : sequence of LRScheduler
        All of that optimiser.
    milestones : sequence of int
        The steps at which the second begins, the third, and so on; rising.

    Examples
    --------
    >>> from autograd import Tensor
    >>> from nn.optim import SGD
    >>> from nn.optim.lr_scheduler import ConstantLR, ExponentialLR
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> parts = [ConstantLR(optimizer, factor=0.1, total_iters=9), ExponentialLR(optimizer, gamma=0.5)]
    >>> schedule = SequentialLR(optimizer, parts, milestones=[2])
    >>> rates = []
    >>> for _ in range(4):
    ...     rates += schedule.get_last_lr()
    ...     schedule.step()
    >>> rates
    [0.1, 0.1, 1.0, 0.5]
    """

    def __init__(self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int]) -> None:
        super().__init__("SequentialLR", schedulers, optimizer)
        self._milestones = list(milestones)
        if len(self._milestones) != len(self._schedulers) - 1:
            raise ValueError(
                f"SequentialLR: {len(self._schedulers)} schedules need {len(self._schedulers) - 1} milestones, got "
                f"{len(self._milestones)}"
            )
        for milestone in self._milestones:
            whole("SequentialLR", "a milestone", milestone)
        if sorted(set(self._milestones)) != self._milestones:
            raise ValueError(f"SequentialLR: milestones must rise, got {self._milestones}")
        self._start()

    def _start(self) -> None:
        self.last_epoch = 0
        self._begin(self._schedulers[0])

    @staticmethod
    def _begin(scheduler: LRScheduler) -> None:
        """Step 0, from the rates to start from."""
        for group, base in zip(scheduler.optimizer.param_groups, scheduler.base_lrs):
            group["lr"] = base
        scheduler._start()

    def step(self) -> None:
        """Set the rates of the next step."""
        self.last_epoch += 1
        scheduler = self._schedulers[bisect_right(self._milestones, self.last_epoch)]
        if self.last_epoch in self._milestones:
            self._begin(scheduler)
        else:
            scheduler.step()


class ChainedScheduler(_Joined):
    """Several schedules at once: the factors of all are multiplied.

    Parameters
    ----------
    schedulers : sequence of LRScheduler
        Of one optimiser.
    optimizer : Optimizer, optional
        Theirs.

    Examples
    --------
    >>> from autograd import Tensor
    >>> from nn.optim import SGD
    >>> from nn.optim.lr_scheduler import ConstantLR, ExponentialLR
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> parts = [ConstantLR(optimizer, factor=0.25, total_iters=2), ExponentialLR(optimizer, gamma=0.5)]
    >>> schedule = ChainedScheduler(parts)
    >>> rates = []
    >>> for _ in range(4):
    ...     rates += schedule.get_last_lr()
    ...     schedule.step()
    >>> rates
    [0.25, 0.125, 0.25, 0.125]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        super().__init__("ChainedScheduler", schedulers, optimizer)

    def _start(self) -> None:
        self.last_epoch = 0
        for scheduler in self._schedulers:
            scheduler._start()

    def step(self) -> None:
        """Set the rates of the next step."""
        self.last_epoch += 1
        for scheduler in self._schedulers:
            scheduler.step()
