"""Text to numbers and back."""

from nn.tokenizers.base import Tokenizer
from nn.tokenizers.byte_pair import BPETokenizer
from nn.tokenizers.character import CharTokenizer

__all__ = ["BPETokenizer", "CharTokenizer", "Tokenizer"]
