"""What language models share: they read token numbers and predict the next ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd import Tensor
from nn import functional
from nn.cache import KVCache
from nn.module import Module


def check_sizes(config: Any, *fields: str) -> None:
    """Refuse a configuration of which one of these fields is no number of things; of layers there may be none."""
    for field in fields:
        value, least = getattr(config, field), int(field != "layers")
        if not isinstance(value, (int, np.integer)) or value < least:
            name = type(config).__name__
            raise ValueError(f"{name}: {field} must be an integer of at least {least}, got {value!r}")


class LanguageModel(Module):
    """Base of models whose `config` has `layers`, a `vocab_size` and a `context`."""

    config: Any

    def _tokens(self, tokens: ArrayLike | Tensor, seen: int = 0) -> NDArray[Any]:
        """Token numbers as an array of shape (batch, tokens) that fits in the context behind `seen` earlier ones."""
        array = tokens.data if isinstance(tokens, Tensor) else np.asarray(tokens)
        if array.ndim != 2:
            raise ValueError(f"{self._label}: tokens of shape {array.shape}, wanted (batch, tokens)")
        if seen + array.shape[1] > self.config.context:
            before = f" after {seen} in the cache" if seen else ""
            raise ValueError(
                f"{self._label}: {array.shape[1]} tokens{before}, but the context is {self.config.context}"
            )
        return array

    def new_cache(self) -> KVCache:
        """An empty cache of keys and values, for reading each token once inside `no_grad()`."""
        return KVCache(self.config.layers, limit=self.config.context)

    def loss(self, tokens: ArrayLike | Tensor, targets: ArrayLike | Tensor) -> Tensor:
        """Mean cross-entropy of the next tokens, in nats; `targets` has the shape of `tokens`."""
        logits, numbers = self(tokens), np.asarray(getattr(targets, "data", targets))
        if numbers.shape != logits.shape[:2]:
            raise ValueError(f"{self._label}: targets of shape {numbers.shape}, wanted {logits.shape[:2]}")
        result: Tensor = functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), numbers.ravel())
        return result
