"""Models that read like the paper's figure."""

from nn.models.bert import Bert, BertConfig, SentenceEncoder, minilm
from nn.models.gpt import GPT, Config
from nn.models.llama import Llama, LlamaConfig, smollm2
from nn.models.mlp import MLP

__all__ = [
    "GPT", "MLP", "Bert", "BertConfig", "Config", "Llama", "LlamaConfig", "SentenceEncoder", "minilm", "smollm2",
]  # fmt: skip
