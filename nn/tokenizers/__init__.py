"""Text to numbers and back."""

from nn.tokenizers.character import CharTokenizer

__all__ = ["CharTokenizer"]
