"""Models that read like the paper's figure."""

from nn.models.gpt import GPT, Config
from nn.models.mlp import MLP

__all__ = ["GPT", "MLP", "Config"]
