"""How large the numbers are that flow through a model: at one moment (`flow`), and over a training (`FlowRecorder`)."""

from nn.flows.compare import FlowComparison, compare_flows
from nn.flows.history import FlowHistory
from nn.flows.recorder import FlowRecorder
from nn.flows.snapshot import Flow, flow
from nn.flows.statistics import Stats
from nn.flows.watch import Layer, Weight

__all__ = [
    "Flow", "FlowComparison", "FlowHistory", "FlowRecorder", "Layer", "Stats", "Weight", "compare_flows", "flow",
]  # fmt: skip
