"""Optimisers, learning-rate schedules, averages of weights, loss scaling and gradient clipping, named as in PyTorch."""

from nn.optim.adadelta import Adadelta
from nn.optim.adafactor import Adafactor
from nn.optim.adagrad import Adagrad
from nn.optim.adam import Adam, AdamW
from nn.optim.adamax import Adamax
from nn.optim.average import AveragedModel
from nn.optim.clip import clip_grad_norm_, clip_grad_value_
from nn.optim.groups import decay_groups, muon_groups
from nn.optim.lion import Lion
from nn.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CosineSchedule,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
    WarmupStableDecayLR,
    cosine,
)
from nn.optim.muon import Muon, orthogonalize
from nn.optim.nadam import NAdam
from nn.optim.optimizer import Optimizer
from nn.optim.radam import RAdam
from nn.optim.rmsprop import RMSprop
from nn.optim.scaler import GradScaler
from nn.optim.sgd import SGD

__all__ = [
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "AveragedModel",
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CosineSchedule",
    "CyclicLR",
    "ExponentialLR",
    "GradScaler",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "Lion",
    "MultiStepLR",
    "Muon",
    "NAdam",
    "OneCycleLR",
    "Optimizer",
    "PolynomialLR",
    "RAdam",
    "RMSprop",
    "ReduceLROnPlateau",
    "SGD",
    "SequentialLR",
    "StepLR",
    "WarmupStableDecayLR",
    "clip_grad_norm_",
    "clip_grad_value_",
    "cosine",
    "decay_groups",
    "muon_groups",
    "orthogonalize",
]
