"""Checks of derivatives, of any library: differences with an error bound, generated calls, random programs.

`check_grads`, `check_vjp` and `check_jvp` need NumPy alone. What generates inputs needs Hypothesis, the `[fuzz]` extra.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from autograd.testing.check import check_grads, check_jvp, check_vjp
from autograd.testing.oracle import Slope, slope
from autograd.testing.report import Finding, Report, Verdict

if TYPE_CHECKING:
    from autograd.testing.fuzz import Outcome as Outcome
    from autograd.testing.fuzz import fuzz_op as fuzz_op
    from autograd.testing.fuzz.gradients import fuzz_gradients as fuzz_gradients
    from autograd.testing.fuzz.inputs import arrays_like as arrays_like

__all__ = ["Finding", "Report", "Slope", "Verdict", "check_grads", "check_jvp", "check_vjp", "slope"]

_WITH_HYPOTHESIS = {
    "Outcome": "fuzz",
    "fuzz_op": "fuzz",
    "fuzz_gradients": "fuzz.gradients",
    "arrays_like": "fuzz.inputs",
}


def __getattr__(name: str) -> Any:
    if name not in _WITH_HYPOTHESIS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(f"{__name__}.{_WITH_HYPOTHESIS[name]}"), name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "hypothesis":
            raise
        raise ImportError(
            f'autograd.testing.{name} needs Hypothesis, which is not here: pip install "glassgrad[fuzz]"',
            name=error.name,
        ) from error


def __dir__() -> list[str]:
    return sorted({*globals(), *_WITH_HYPOTHESIS})
