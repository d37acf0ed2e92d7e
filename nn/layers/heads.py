"""What layers of attention with several heads share."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from autograd import Tensor
from nn import functional
from nn.functional.attention import attention_mix, attention_scores
from nn.layers.dropout import Dropout
from nn.module import Module


class Heads(Module):
    """Base of attention layers: heads side by side, whose pattern is kept or heard when somebody wants it.

    Attributes
    ----------
    record_pattern : bool
        Whether a call keeps its attention pattern; False at first.
    pattern : ndarray of shape (batch, heads, queries, keys), or None
        The last one that was kept, before dropout: row i says how much token i takes from each token.
    """

    hook_points: tuple[str, ...] = ("hook_q", "hook_k", "hook_v", "hook_attn_scores", "hook_pattern", "hook_z")

    def __init__(self) -> None:
        super().__init__()
        self.record_pattern = False
        self.pattern: NDArray[Any] | None = None

    def _split(self, point: str, x: Tensor, heads: int) -> Tensor:
        """(batch, tokens, heads head), heard as (batch, tokens, heads, head), to (batch, heads, tokens, head)."""
        batch, tokens, width = x.shape
        result: Tensor = self.point(point, x.reshape(batch, tokens, heads, width // heads)).swapaxes(1, 2)
        return result

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, drop: Dropout | None = None, **where: Any) -> Tensor:
        """What the heads gather, side by side: (batch, queries, heads head).

        `where` says who looks where, as in `scaled_dot_product_attention`; `drop` is for the pattern.
        """
        if self.record_pattern or self.listened("hook_attn_scores", "hook_pattern"):
            scores = self.point("hook_attn_scores", attention_scores(query, key, **where))
            pattern = self.point("hook_pattern", functional.softmax(scores, -1))
            if self.record_pattern:
                self.pattern = pattern.data
            mixed = attention_mix(pattern if drop is None else drop(pattern), value)
        else:
            p, rng = (drop.p, drop.rng) if drop is not None and drop.training else (0.0, None)
            mixed = functional.scaled_dot_product_attention(query, key, value, dropout_p=p, rng=rng, **where)
        result: Tensor = self.point("hook_z", mixed.swapaxes(1, 2))
        batch, tokens, heads, head = result.shape
        return result.reshape(batch, tokens, heads * head)
