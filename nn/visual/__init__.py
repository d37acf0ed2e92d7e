"""What a network has learned, as pictures: attention patterns, an embedding's map, the images in its weights."""

from nn.visual.attention import AttentionPatterns, attention_patterns

__all__ = ["AttentionPatterns", "attention_patterns"]
