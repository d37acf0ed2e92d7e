"""Optimisers, learning-rate schedules and gradient clipping, named as in PyTorch."""

from nn.optim.adam import Adam, AdamW
from nn.optim.clip import clip_grad_norm_, clip_grad_value_
from nn.optim.groups import decay_groups, muon_groups
from nn.optim.muon import Muon, orthogonalize
from nn.optim.optimizer import Optimizer
from nn.optim.schedule import CosineSchedule, cosine
from nn.optim.sgd import SGD

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "CosineSchedule",
    "Muon",
    "Optimizer",
    "clip_grad_norm_",
    "clip_grad_value_",
    "cosine",
    "decay_groups",
    "muon_groups",
    "orthogonalize",
]
