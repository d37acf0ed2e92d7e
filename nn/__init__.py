"""Networks on `autograd`: modules with PyTorch's names and state dicts, models, optimisers, training."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from nn import data, functional, init, layers, losses, models, optim, tokenizers
from nn.layers import (
    ELU,
    GELU,
    AvgPool1d,
    AvgPool2d,
    AvgPool3d,
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    Block,
    CausalSelfAttention,
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
    Dropout,
    Embedding,
    FeedForward,
    Flatten,
    GeGLU,
    GroupNorm,
    Identity,
    LayerNorm,
    LeakyReLU,
    Linear,
    LogSigmoid,
    MaxPool1d,
    MaxPool2d,
    MaxPool3d,
    Mish,
    ModuleList,
    ReLU,
    RMSNorm,
    RotaryEmbedding,
    Sequential,
    Sigmoid,
    SiLU,
    Softplus,
    Softsign,
    SwiGLU,
    Tanh,
    Unflatten,
)
from nn.losses import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
)
from nn.module import Module, Parameter

if TYPE_CHECKING:
    from nn.diagnosis import diagnose
    from nn.flows import FlowRecorder, compare_flows, flow
    from nn.visual import attention_patterns, embedding_map, weight_images

__all__ = [
    "AvgPool1d", "AvgPool2d", "AvgPool3d", "BCELoss", "BCEWithLogitsLoss", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d",
    "Block", "CausalSelfAttention", "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d",
    "ConvTranspose3d", "CrossEntropyLoss", "Dropout", "ELU", "Embedding", "FeedForward", "Flatten", "FlowRecorder",
    "GELU", "GeGLU", "GroupNorm", "HuberLoss", "Identity", "KLDivLoss", "L1Loss", "LayerNorm", "LeakyReLU", "Linear",
    "LogSigmoid", "MSELoss", "MaxPool1d", "MaxPool2d", "MaxPool3d", "Mish", "Module", "ModuleList", "NLLLoss",
    "Parameter", "RMSNorm", "ReLU", "RotaryEmbedding", "Sequential", "SiLU", "Sigmoid", "SmoothL1Loss", "Softplus",
    "Softsign", "SwiGLU", "Tanh", "Unflatten", "attention_patterns", "compare_flows", "data", "diagnose",
    "embedding_map", "flow", "functional", "init", "layers", "losses", "models", "optim", "tokenizers", "weight_images",
]  # fmt: skip

_PICTURES = {
    "FlowRecorder": "nn.flows",
    "attention_patterns": "nn.visual",
    "compare_flows": "nn.flows",
    "diagnose": "nn.diagnosis",
    "embedding_map": "nn.visual",
    "flow": "nn.flows",
    "weight_images": "nn.visual",
}


def __getattr__(name: str) -> Any:
    """What draws is imported when it is asked for: a model needs NumPy alone."""
    if name not in _PICTURES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PICTURES[name]), name)
