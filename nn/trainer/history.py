"""What happened in a training."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


@dataclasses.dataclass
class History:
    """What happened in training.

    Attributes
    ----------
    losses : list of float
        The batch loss of every step.
    validation : list of (int, float)
        Steps taken, and the validation loss after them.
    gradients : dict of str to list of float
        For every layer, the length of its gradient (before clipping) at every step.
    warnings : list of (int, str)
        Steps taken, and what was warned of after them.
    seconds : float
        Spent on steps alone.
    targets : int
        How many predictions were made: tokens, or labels.
    skipped : int
        Steps left out because a gradient overflowed (with a `GradScaler`).
    interrupted : bool
        Whether Ctrl-C ended it.
    stopped_early : bool
        Whether the validation loss had not improved for too long.
    saved : Path or None
        Where the training was saved last.
    """

    losses: list[float] = dataclasses.field(default_factory=list)
    validation: list[tuple[int, float]] = dataclasses.field(default_factory=list)
    gradients: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    warnings: list[tuple[int, str]] = dataclasses.field(default_factory=list)
    seconds: float = 0.0
    targets: int = 0
    skipped: int = 0
    interrupted: bool = False
    stopped_early: bool = False
    saved: Path | None = None

    @property
    def steps(self) -> int:
        """Steps taken."""
        return len(self.losses)

    @property
    def rate(self) -> float:
        """Predictions per second of training."""
        return self.targets / self.seconds if self.seconds else 0.0

    @property
    def best(self) -> tuple[int, float] | None:
        """Steps taken and loss of the best validation, the first of equals; None if none was finite."""
        finite = [entry for entry in self.validation if math.isfinite(entry[1])]
        return min(finite, key=lambda entry: entry[1], default=None)

    @property
    def since_best(self) -> int:
        """How many validations there were after the best one."""
        best = self.best
        return len(self.validation) - (self.validation.index(best) + 1 if best else 0)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps; the time spent stands apart, for it is not the same in every run."""
        return {
            "losses": np.array(self.losses, np.float64),
            "validation": [list(entry) for entry in self.validation],
            "gradients": {name: np.array(sizes, np.float64) for name, sizes in self.gradients.items()},
            "warnings": [list(entry) for entry in self.warnings],
            "targets": self.targets,
            "skipped": self.skipped,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on with another one's record.

        Raises
        ------
        ValueError
            If that one recorded the gradients of other layers, or none.
        """
        if state["gradients"].keys() != self.gradients.keys():
            raise ValueError("it has the gradients of other layers: is record_gradients the same?")
        self.losses = state["losses"].tolist()
        self.validation = [(step, loss) for step, loss in state["validation"]]
        self.gradients = {name: sizes.tolist() for name, sizes in state["gradients"].items()}
        self.warnings = [(step, text) for step, text in state["warnings"]]
        self.targets, self.skipped = state["targets"], state["skipped"]
