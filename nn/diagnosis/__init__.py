"""Why a network does not learn: `diagnose`."""

from nn.diagnosis.checks import diagnose
from nn.diagnosis.finding import Finding, Findings

__all__ = ["Finding", "Findings", "diagnose"]
