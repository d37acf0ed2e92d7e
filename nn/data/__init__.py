"""Data sets and mini-batches."""

from nn.data.arrays import ArrayDataset, DataLoader
from nn.data.digits import digits
from nn.data.text import TextDataset, read_text, split_tokens, topics

__all__ = ["ArrayDataset", "DataLoader", "TextDataset", "digits", "read_text", "split_tokens", "topics"]
