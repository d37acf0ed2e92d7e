"""Layers, one a file, under PyTorch's names."""

from nn.layers.activation import ELU, GELU, LeakyReLU, LogSigmoid, Mish, ReLU, Sigmoid, SiLU, Softplus, Softsign, Tanh
from nn.layers.attention import CausalSelfAttention
from nn.layers.batch_norm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from nn.layers.block import Block
from nn.layers.container import ModuleList, Sequential
from nn.layers.conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from nn.layers.dropout import Dropout
from nn.layers.embedding import Embedding
from nn.layers.gated import GeGLU, SwiGLU
from nn.layers.group_norm import GroupNorm
from nn.layers.layer_norm import LayerNorm
from nn.layers.linear import Linear
from nn.layers.mlp import FeedForward
from nn.layers.pool import AvgPool1d, AvgPool2d, AvgPool3d, MaxPool1d, MaxPool2d, MaxPool3d
from nn.layers.rms_norm import RMSNorm
from nn.layers.rotary import RotaryEmbedding
from nn.layers.shaping import Flatten, Identity, Unflatten

__all__ = [
    "AvgPool1d", "AvgPool2d", "AvgPool3d", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "Block", "CausalSelfAttention",
    "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d", "Dropout", "ELU",
    "Embedding", "FeedForward", "Flatten", "GELU", "GeGLU", "GroupNorm", "Identity", "LayerNorm", "LeakyReLU", "Linear",
    "LogSigmoid", "MaxPool1d", "MaxPool2d", "MaxPool3d", "Mish", "ModuleList", "RMSNorm", "ReLU", "RotaryEmbedding",
    "Sequential", "SiLU", "Sigmoid", "Softplus", "Softsign", "SwiGLU", "Tanh", "Unflatten",
]  # fmt: skip
