"""GPT: a decoder-only transformer language model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from autograd import Tensor, ops
from nn import init
from nn.cache import KVCache
from nn.layers import Block, Dropout, Embedding, LayerNorm, Linear, ModuleList
from nn.models.language import LanguageModel, check_sizes
from nn.module import Module


@dataclass(frozen=True)
class Config:
    """The shape of a GPT.

    Attributes
    ----------
    vocab_size, context : int
        Different tokens, and the most of them at a time.
    layers, heads, width : int
    dropout : float
    bias : bool
        Biases in the linear layers and norms.
    approximate : str
        GELU's form: "tanh" (GPT-2's, quick) or "none" (exact).
    """

    vocab_size: int
    context: int = 64
    layers: int = 4
    heads: int = 4
    width: int = 128
    dropout: float = 0.0
    bias: bool = False
    approximate: str = "tanh"

    def __post_init__(self) -> None:
        check_sizes(self, "vocab_size", "context", "layers", "heads", "width")


class Transformer(Module):
    """The trunk: token and position embeddings, blocks, a last norm."""

    hook_points = ("hook_embed", "hook_pos_embed")
    hook_names: Mapping[str, str] = {"h": "blocks", "ln_f": "ln_final"}

    def __init__(self, config: Config, rng: np.random.Generator) -> None:
        super().__init__()
        c = config
        self.wte = Embedding(c.vocab_size, c.width, rng=rng)
        self.wpe = Embedding(c.context, c.width, rng=rng)
        self.drop = Dropout(c.dropout, rng=rng)
        self.h = ModuleList(
            Block(c.width, c.heads, bias=c.bias, dropout=c.dropout, approximate=c.approximate, rng=rng)
            for _ in range(c.layers)
        )
        self.ln_f = LayerNorm(c.width, bias=c.bias)

    def forward(self, tokens: np.ndarray, cache: KVCache | None = None) -> Tensor:
        seen = 0 if cache is None else len(cache)
        x = self.point("hook_embed", self.wte(tokens)) + self._positions(tokens.shape, seen)
        x = self.drop(x)
        for i, block in enumerate(self.h):
            x = block(x, None if cache is None else cache[i])
        result: Tensor = self.ln_f(x)
        return result

    def _positions(self, shape: tuple[int, ...], seen: int) -> Tensor:
        """The vectors of the places behind `seen` tokens: (tokens, width), for each example of its own if heard."""
        places: Tensor = self.wpe(np.arange(seen, seen + shape[1]))
        if not self.listened("hook_pos_embed"):
            return places
        return self.point("hook_pos_embed", ops.broadcast_to(places, (*shape, places.shape[-1])))


class GPT(LanguageModel):
    """A GPT with GPT-2's layout and nanoGPT's state-dict names; the unembedding is the embedding's weight.

    Weights start as normals of deviation 0.02, those that write into the residual stream divided by
    sqrt(2 layers) (Radford et al., 2019, section 2.3).

    Parameters
    ----------
    config : Config
    rng : numpy.random.Generator, optional

    Examples
    --------
    >>> import numpy as np
    >>> model = GPT(Config(vocab_size=11, context=8, layers=2, heads=2, width=16), rng=np.random.default_rng(0))
    >>> tokens = np.array([[1, 2, 3]])
    >>> model(tokens).shape
    (1, 3, 11)
    >>> 2.2 < model.loss(tokens, tokens).item() < 2.6  # log(11) = 2.398
    True
    """

    hook_names: Mapping[str, str] = {"transformer": ""}

    def __init__(self, config: Config, rng: np.random.Generator | None = None) -> None:
        super().__init__()
        rng = init.default_rng(rng)
        self.config = config
        self.transformer = Transformer(config, rng)
        self.lm_head = Linear(config.width, config.vocab_size, bias=False, rng=rng)
        self.lm_head.weight = self.transformer.wte.weight
        for name, parameter in self.named_parameters():
            if name.endswith(".bias"):
                init.zeros_(parameter)
            elif parameter.ndim == 2:
                scale = math.sqrt(2 * config.layers) if name.endswith("c_proj.weight") else 1.0
                init.normal_(parameter, std=0.02 / scale, rng=rng)

    def forward(self, tokens: ArrayLike | Tensor, cache: KVCache | None = None) -> Tensor:
        """Scores of every next token: integers of shape (batch, tokens) to logits (batch, tokens, vocab_size).

        With a `cache` of `new_cache()` the tokens are those that come after the ones it has seen.
        """
        array = self._tokens(tokens, 0 if cache is None else len(cache))
        result: Tensor = self.lm_head(self.transformer(array, cache))
        return result
