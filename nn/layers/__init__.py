"""Layers, one a file, under PyTorch's names."""

from nn.layers.activation import ELU, GELU, LeakyReLU, LogSigmoid, Mish, ReLU, Sigmoid, SiLU, Softplus, Softsign, Tanh
from nn.layers.attention import CausalSelfAttention
from nn.layers.block import Block
from nn.layers.container import ModuleList, Sequential
from nn.layers.dropout import Dropout
from nn.layers.embedding import Embedding
from nn.layers.layer_norm import LayerNorm
from nn.layers.linear import Linear
from nn.layers.mlp import FeedForward
from nn.layers.rms_norm import RMSNorm

__all__ = [
    "ELU",
    "LeakyReLU",
    "LogSigmoid",
    "Mish",
    "SiLU",
    "Softplus",
    "Softsign",
    "GELU",
    "Block",
    "CausalSelfAttention",
    "Dropout",
    "Embedding",
    "FeedForward",
    "LayerNorm",
    "Linear",
    "ModuleList",
    "RMSNorm",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Tanh",
]
