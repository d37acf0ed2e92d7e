"""What a network has learned, as pictures: attention patterns, an embedding's map, the images in its weights."""

from nn.visual.attention import AttentionPatterns, attention_patterns
from nn.visual.embedding import EmbeddingMap, embedding_map
from nn.visual.weights import WeightImages, weight_images

__all__ = [
    "AttentionPatterns", "EmbeddingMap", "WeightImages", "attention_patterns", "embedding_map", "weight_images",
]  # fmt: skip
