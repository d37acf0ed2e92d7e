"""How large the numbers are that flow through a model: at one moment (`flow`)."""

from nn.flows.snapshot import Flow, flow
from nn.flows.statistics import Stats
from nn.flows.watch import Layer, Weight

__all__ = ["Flow", "Layer", "Stats", "Weight", "flow"]
