"""Learning rates over time, under PyTorch's names."""

from nn.optim.schedules.base import LRScheduler
from nn.optim.schedules.cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts, CosineSchedule, cosine
from nn.optim.schedules.cycle import CyclicLR, OneCycleLR
from nn.optim.schedules.decay import (
    ConstantLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
    WarmupStableDecayLR,
)
from nn.optim.schedules.joined import ChainedScheduler, SequentialLR
from nn.optim.schedules.plateau import ReduceLROnPlateau

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CosineSchedule",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
    "WarmupStableDecayLR",
    "cosine",
]
