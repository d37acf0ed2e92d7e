"""Checks of derivatives: numeric differences with an error bound, and generated calls for every op of the table.

The strategies need Hypothesis, the `[fuzz]` extra: `autograd.testing.strategies` imports it, nothing else does.
"""

from autograd.testing.oracle import Slope, slope

__all__ = ["Slope", "slope"]
