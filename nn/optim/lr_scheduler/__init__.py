"""Learning rates over time, under PyTorch's names."""

from nn.optim.lr_scheduler.base import LRScheduler
from nn.optim.lr_scheduler.cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts, CosineSchedule, cosine
from nn.optim.lr_scheduler.cycle import CyclicLR, OneCycleLR
from nn.optim.lr_scheduler.decay import (
    ConstantLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
    WarmupStableDecayLR,
)
from nn.optim.lr_scheduler.joined import ChainedScheduler, SequentialLR
from nn.optim.lr_scheduler.plateau import ReduceLROnPlateau

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
