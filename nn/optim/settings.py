"""The ranges of optimisers' settings, said once for all that share a name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

NOT_NEGATIVE = ("lr", "eps", "weight_decay", "lr_decay", "initial_accumulator_value", "momentum_decay")
BELOW_ONE = ("momentum", "alpha", "rho", "betas")
COUNTS = ("steps", "split")
SWITCHES = ("amsgrad", "centered", "decoupled_weight_decay", "maximize", "nesterov")


def check_settings(name: str, group: Mapping[str, Any]) -> None:
    """Refuse a setting that is out of its range.

    Raises
    ------
    ValueError
        The message names the optimiser, the setting and its range.
    """
    if "betas" in group:
        _check_pair(name, "betas", group["betas"])
    for setting, value in group.items():
        for one in value if setting == "betas" else (value,):
            wanted = _wanted(setting, one)
            if wanted:
                raise ValueError(f"{name}: {setting} must be {wanted}, got {one!r}")


def _wanted(setting: str, value: Any) -> str:
    """What a setting has to be, if it is not."""
    if setting in SWITCHES:
        return "" if isinstance(value, bool) else "True or False"
    if setting in COUNTS:
        return "" if isinstance(value, int) and value >= 1 else "a whole number above 0"
    number = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    if setting in BELOW_ONE:
        return "" if number and 0 <= value < 1 else "at least 0 and below 1"
    if setting == "dampening":
        return "" if number and 0 <= value <= 1 else "from 0 to 1"
    if setting in NOT_NEGATIVE and not isinstance(value, tuple | list):
        return "" if number and value >= 0 else "a finite number, not negative"
    return ""


def _check_pair(name: str, setting: str, value: Any) -> None:
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise ValueError(f"{name}: {setting} must be two numbers, got {value!r}")
