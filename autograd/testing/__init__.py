"""Checks of derivatives, of any library: differences with an error bound, generated calls, random programs.

`check_grads`, `check_vjp` and `check_jvp` need NumPy alone. What generates inputs needs Hypothesis, the `[fuzz]` extra.
"""

from autograd.testing.check import check_grads, check_jvp, check_vjp
from autograd.testing.oracle import Slope, slope
from autograd.testing.report import Finding, Report, Verdict

__all__ = ["Finding", "Report", "Slope", "Verdict", "check_grads", "check_jvp", "check_vjp", "slope"]
