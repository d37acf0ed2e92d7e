"""The keys and values of earlier tokens, so that a language model reads each token once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autograd import Tensor, asarray

FEWEST = 64  # tokens for which the first arrays have room


class LayerCache:
    """The keys and values of one layer, in arrays that double when they are full.

    Attributes
    ----------
    seen : int
        How many tokens this layer has been given.
    """

    def __init__(self, owner: KVCache) -> None:
        self.owner = owner
        self.seen = 0
        self._dropped = 0  # tokens at the front that no window reaches any more
        self._arrays: list[NDArray[np.floating]] = []

    def extend(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Take the keys and values of new tokens; give those of all tokens that the new ones may look at.

        Parameters
        ----------
        key, value : Tensor of shape (batch, heads, tokens, width)

        Returns
        -------
        Tensor, Tensor of shape (batch, heads, earlier and new tokens, width)

        Raises
        ------
        ValueError
            If the tokens do not fit in the cache, or their shape does not fit to those before.
        RuntimeError
            If a gradient is recorded: it would not reach the earlier tokens.
        """
        if key.requires_grad or value.requires_grad:
            raise RuntimeError("a KVCache keeps values without gradients: call the model inside no_grad()")
        start, new = len(self.owner), key.shape[-2]  # of a pass that failed halfway nothing is left
        self.owner.check(new)
        if not start:
            self._arrays, self._dropped = [], 0
        held = start - self._dropped
        for i, x in enumerate((key.data, value.data)):
            shape = (*x.shape[:-2], x.shape[-1])
            if i == len(self._arrays):
                self._arrays.append(np.empty((*x.shape[:-2], 0, x.shape[-1]), x.dtype))
            known = self._arrays[i]
            if shape != (*known.shape[:-2], known.shape[-1]):
                raise ValueError(f"KVCache: tokens of shape {x.shape} after arrays of shape {known.shape}")
        kept = held if self.owner.window is None else min(held, self.owner.window - 1)
        if held + new > self._arrays[0].shape[-2]:
            self._arrays = [self._roomy(x, held, kept, new) for x in self._arrays]
            self._dropped, held = start - kept, kept
        for array, x in zip(self._arrays, (key.data, value.data), strict=True):
            array[..., held : held + new, :] = x
        self.seen = start + new
        first, second = (asarray(x[..., held - kept : held + new, :]) for x in self._arrays)
        return first, second

    def _roomy(self, x: NDArray[np.floating], held: int, kept: int, new: int) -> NDArray[np.floating]:
        """The last `kept` of the `held` tokens, in a larger array."""
        room = max(FEWEST, 2 * (kept + new))
        if self.owner.window is None and self.owner.limit is not None:
            room = max(kept + new, min(room, self.owner.limit))
        larger = np.empty((*x.shape[:-2], room, x.shape[-1]), x.dtype)
        larger[..., :kept, :] = x[..., held - kept : held, :]
        return larger


class KVCache:
    """Keys and values of the tokens that a model has read: `model(tokens, cache=cache)` reads only new ones.

    `cache[i]` is that of layer i, `len(cache)` the number of tokens that all layers have seen. A model makes its own
    with `model.new_cache()`.

    Parameters
    ----------
    layers : int
    limit : int, optional
        How many tokens there may be: the model's context.
    window : int, optional
        How many keys a query sees, itself included: older ones are let go.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import no_grad
    >>> from nn.models import GPT, Config
    >>> model = GPT(Config(vocab_size=11, context=8, layers=2, heads=2, width=16), rng=np.random.default_rng(0))
    >>> cache = model.new_cache()
    >>> with no_grad():
    ...     _ = model([[1, 2, 3]], cache=cache)
    ...     logits = model([[4]], cache=cache)
    >>> len(cache), bool(np.allclose(logits.data[:, 0], model([[1, 2, 3, 4]]).data[:, 3], atol=1e-6))
    (4, True)
    """

    def __init__(self, layers: int, limit: int | None = None, window: int | None = None) -> None:
        if window is not None and window < 1:
            raise ValueError(f"KVCache: a window holds at least 1 key, got {window}")
        self.limit, self.window = limit, window
        self._layers = tuple(LayerCache(self) for _ in range(layers))

    def __len__(self) -> int:
        return min((layer.seen for layer in self._layers), default=0)

    def __bool__(self) -> bool:
        return True  # an empty cache is one all the same

    def __getitem__(self, layer: int) -> LayerCache:
        return self._layers[layer]

    def check(self, new: int) -> None:
        """Raise unless `new` tokens more fit."""
        if self.limit is not None and len(self) + new > self.limit:
            raise ValueError(
                f"KVCache: {new} tokens after {len(self)}, but it holds {self.limit}, the model's context: read the "
                "last ones again with a new cache"
            )

    def crop(self, tokens: int) -> None:
        """Forget all but the first `tokens` tokens."""
        if self.window is not None:
            raise ValueError("KVCache: with a window earlier tokens are gone; there is no way back")
        for layer in self._layers:
            layer.seen = min(layer.seen, tokens)

    def __repr__(self) -> str:
        limit = "" if self.limit is None else f" of at most {self.limit}"
        return f"KVCache({len(self._layers)} layers, {len(self)} tokens{limit})"
