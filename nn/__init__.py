"""Networks on `autograd`: modules with PyTorch's names and state dicts, models, optimisers, training."""

from nn import data, functional, init, layers, models, optim, tokenizers
from nn.diagnosis import diagnose
from nn.flows import FlowRecorder, flow
from nn.layers import (
    GELU,
    Block,
    CausalSelfAttention,
    Dropout,
    Embedding,
    FeedForward,
    LayerNorm,
    Linear,
    ModuleList,
    ReLU,
    RMSNorm,
    Sequential,
    Sigmoid,
    Tanh,
)
from nn.module import Module, Parameter

__all__ = [
    "GELU", "Block", "CausalSelfAttention", "Dropout", "Embedding", "FeedForward", "FlowRecorder", "LayerNorm",
    "Linear", "Module", "ModuleList", "Parameter", "RMSNorm", "ReLU", "Sequential", "Sigmoid", "Tanh", "data",
    "diagnose", "flow", "functional", "init", "layers", "models", "optim", "tokenizers",
]  # fmt: skip
