"""Networks on `autograd`: modules with PyTorch's names and state dicts, models, optimisers, training."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from nn import data, functional, init, layers, lora, losses, models, optim, tokenizers
from nn.layers import (
    CELU,
    ELU,
    GELU,
    GLU,
    GRU,
    LSTM,
    RNN,
    SELU,
    AdaptiveAvgPool1d,
    AdaptiveAvgPool2d,
    AdaptiveAvgPool3d,
    AdaptiveMaxPool1d,
    AdaptiveMaxPool2d,
    AdaptiveMaxPool3d,
    ALiBi,
    AvgPool1d,
    AvgPool2d,
    AvgPool3d,
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    Bilinear,
    Block,
    CausalSelfAttention,
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
    CosineSimilarity,
    Dropout,
    Dropout1d,
    Dropout2d,
    Dropout3d,
    Embedding,
    FeedForward,
    Flatten,
    GeGLU,
    GroupNorm,
    GRUCell,
    Hardshrink,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    Identity,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
    LayerNorm,
    LeakyReLU,
    LearnedPositionalEmbedding,
    Linear,
    LogSigmoid,
    LogSoftmax,
    LSTMCell,
    MaxPool1d,
    MaxPool2d,
    MaxPool3d,
    Mish,
    ModuleDict,
    ModuleList,
    MultiheadAttention,
    PairwiseDistance,
    ParameterDict,
    ParameterList,
    PixelShuffle,
    PixelUnshuffle,
    PReLU,
    ReLU,
    ReLU6,
    RMSNorm,
    RNNCell,
    RotaryEmbedding,
    Sequential,
    Sigmoid,
    SiLU,
    SinusoidalPositionalEmbedding,
    Softmax,
    Softmin,
    Softplus,
    Softshrink,
    Softsign,
    SwiGLU,
    Tanh,
    Tanhshrink,
    Threshold,
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
    Unflatten,
    Upsample,
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
    "ALiBi", "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d", "BCELoss", "BCEWithLogitsLoss", "BatchNorm1d",
    "BatchNorm2d", "BatchNorm3d", "Bilinear", "Block", "CELU", "CausalSelfAttention", "Conv1d", "Conv2d", "Conv3d",
    "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d", "CosineSimilarity", "CrossEntropyLoss", "Dropout",
    "Dropout1d", "Dropout2d", "Dropout3d", "ELU", "Embedding", "FeedForward", "Flatten", "FlowRecorder", "GELU", "GLU",
    "GRU", "GRUCell", "GeGLU", "GroupNorm", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "HuberLoss",
    "Identity", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "KLDivLoss", "L1Loss", "LSTM", "LSTMCell",
    "LayerNorm", "LeakyReLU", "LearnedPositionalEmbedding", "Linear", "LogSigmoid", "LogSoftmax", "MSELoss",
    "MaxPool1d", "MaxPool2d", "MaxPool3d", "Mish", "Module", "ModuleDict", "ModuleList", "MultiheadAttention",
    "NLLLoss", "PReLU", "PairwiseDistance", "Parameter", "ParameterDict", "ParameterList", "PixelShuffle",
    "PixelUnshuffle", "RMSNorm", "RNN", "RNNCell", "ReLU", "ReLU6", "RotaryEmbedding", "SELU", "Sequential", "SiLU",
    "Sigmoid", "SinusoidalPositionalEmbedding", "SmoothL1Loss", "Softmax", "Softmin", "Softplus", "Softshrink",
    "Softsign", "SwiGLU", "Tanh", "Tanhshrink", "Threshold", "Transformer", "TransformerDecoder",
    "TransformerDecoderLayer", "TransformerEncoder", "TransformerEncoderLayer", "Unflatten", "Upsample",
    "attention_patterns", "compare_flows", "data", "diagnose", "embedding_map", "flow", "functional", "init", "layers",
    "lora", "losses", "models", "optim", "tokenizers", "weight_images",
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
