"""Training: one loop that watches, saves, resumes and warns."""

from nn.trainer.advice import TrainingWarning
from nn.trainer.history import History
from nn.trainer.logs import read_log
from nn.trainer.trainer import Hook, Trainer

__all__ = ["History", "Hook", "Trainer", "TrainingWarning", "read_log"]
