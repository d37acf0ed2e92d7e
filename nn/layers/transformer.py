"""The transformer of Vaswani et al., 2017: encoder and decoder, layer by layer, under PyTorch's names."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from autograd import Tensor
from nn import functional, init
from nn.layers.container import ModuleList
from nn.layers.dropout import Dropout
from nn.layers.layer_norm import LayerNorm
from nn.layers.linear import Linear
from nn.layers.multihead_attention import MultiheadAttention
from nn.module import Module

Mask = ArrayLike | Tensor | None
Activation = str | Callable[[Tensor], Tensor]
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"relu": functional.relu, "gelu": functional.gelu}


class _Layer(Module):
    """What the layers of encoder and decoder have in common: residual parts, each with its norm and dropout."""

    hook_names: Mapping[str, str] = {
        "self_attn": "attn", "multihead_attn": "cross_attn", "norm1": "ln1", "norm2": "ln2", "norm3": "ln3",
    }  # fmt: skip
    parts: int  # 2, or 3 with attention to a memory

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        if isinstance(activation, str) and activation not in ACTIVATIONS:
            known = " or ".join(map(repr, ACTIVATIONS))
            raise ValueError(f"{self._label}: activation is {known} or a function, not {activation!r}")
        self.d_model, self.norm_first = d_model, norm_first
        self.activation = ACTIVATIONS[activation] if isinstance(activation, str) else activation
        rng = init.default_rng(rng)
        for name in ("self_attn", "multihead_attn")[: self.parts - 1]:
            setattr(self, name, MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, rng=rng))
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, rng=rng)
        self.dropout = Dropout(dropout, rng=rng)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, rng=rng)
        for part in range(1, self.parts + 1):
            setattr(self, f"norm{part}", LayerNorm(d_model, eps=layer_norm_eps, bias=bias))
            setattr(self, f"dropout{part}", Dropout(dropout, rng=rng))

    def _part(self, number: int, name: str, x: Tensor, part: Callable[[Tensor], Tensor]) -> Tensor:
        """x + part(norm(x)) with `norm_first`, else norm(x + part(x)); `name` is that of the part's result."""
        norm, dropout = getattr(self, f"norm{number}"), getattr(self, f"dropout{number}")
        moved = self.point(name, dropout(part(norm(x) if self.norm_first else x)))
        result: Tensor = x + moved if self.norm_first else norm(x + moved)
        return result

    def _feed(self, x: Tensor) -> Tensor:
        x = self.point("mlp.hook_pre", self.linear1(x))
        x = self.point("mlp.hook_post", self.activation(x))
        result: Tensor = self.linear2(self.dropout(x))
        return result

    def extra_repr(self) -> str:
        return f"norm_first={self.norm_first}"


class TransformerEncoderLayer(_Layer):
    """Self-attention and a feed-forward, each with dropout, a residual connection and a norm.

    norm(x + part(x)) for each part (Vaswani et al., 2017, section 3.1), or x + part(norm(x)) with `norm_first`
    (Xiong et al., 2020).

    Parameters
    ----------
    d_model, nhead, dim_feedforward : int
        Width, heads, and width inside the feed-forward.
    dropout : float
    activation : str or callable
        "relu", "gelu", or a function of a Tensor.
    layer_norm_eps : float
    batch_first : bool
        Whether inputs are (batch, tokens, width); by default, as in PyTorch, they are (tokens, batch, width).
    norm_first, bias : bool
    rng : numpy.random.Generator, optional

    Examples
    --------
    >>> import numpy as np
    >>> layer = TransformerEncoderLayer(8, 2, 16, batch_first=True, rng=np.random.default_rng(0))
    >>> layer(np.ones((1, 5, 8), np.float32)).shape
    (1, 5, 8)
    """

    hook_points = (
        "hook_resid_pre", "hook_attn_out", "hook_resid_mid", "mlp.hook_pre", "mlp.hook_post", "hook_mlp_out",
        "hook_resid_post",
    )  # fmt: skip
    parts = 2
    self_attn: MultiheadAttention

    def forward(
        self, src: Tensor, src_mask: Mask = None, src_key_padding_mask: Mask = None, is_causal: bool = False
    ) -> Tensor:
        """`src` through both parts; masks are those of `MultiheadAttention`."""
        self._expect_width(src, self.d_model)

        def attend(x: Tensor) -> Any:
            return self.self_attn(x, x, x, src_key_padding_mask, False, src_mask, is_causal=is_causal)[0]

        x = self.point("hook_resid_pre", src if isinstance(src, Tensor) else Tensor(src))
        x = self.point("hook_resid_mid", self._part(1, "hook_attn_out", x, attend))
        return self.point("hook_resid_post", self._part(2, "hook_mlp_out", x, self._feed))


class TransformerDecoderLayer(_Layer):
    """Self-attention, attention to the encoder's result, and a feed-forward; each as in `TransformerEncoderLayer`.

    Parameters
    ----------
    d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, rng
        Those of `TransformerEncoderLayer`.

    Examples
    --------
    >>> import numpy as np
    >>> layer = TransformerDecoderLayer(8, 2, 16, batch_first=True, rng=np.random.default_rng(0))
    >>> layer(np.ones((1, 5, 8), np.float32), np.ones((1, 3, 8), np.float32), tgt_is_causal=True).shape
    (1, 5, 8)
    """

    hook_points = (
        "hook_resid_pre", "hook_attn_out", "hook_resid_mid", "hook_cross_attn_out", "hook_resid_mid_cross",
        "mlp.hook_pre", "mlp.hook_post", "hook_mlp_out", "hook_resid_post",
    )  # fmt: skip
    parts = 3
    self_attn: MultiheadAttention
    multihead_attn: MultiheadAttention

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Mask = None,
        memory_mask: Mask = None,
        tgt_key_padding_mask: Mask = None,
        memory_key_padding_mask: Mask = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """`tgt` through all three parts; `memory` is the encoder's result, masks are those of `MultiheadAttention`."""
        self._expect_width(tgt, self.d_model)
        self._expect_width(memory, self.d_model)

        def attend(x: Tensor) -> Any:
            return self.self_attn(x, x, x, tgt_key_padding_mask, False, tgt_mask, is_causal=tgt_is_causal)[0]

        def consult(x: Tensor) -> Any:
            masks = (memory_key_padding_mask, False, memory_mask)
            return self.multihead_attn(x, memory, memory, *masks, is_causal=memory_is_causal)[0]

        x = self.point("hook_resid_pre", tgt if isinstance(tgt, Tensor) else Tensor(tgt))
        x = self.point("hook_resid_mid", self._part(1, "hook_attn_out", x, attend))
        x = self.point("hook_resid_mid_cross", self._part(2, "hook_cross_attn_out", x, consult))
        return self.point("hook_resid_post", self._part(3, "hook_mlp_out", x, self._feed))


class _Stack(Module):
    """A layer's copies and a last norm: what encoder and decoder are."""

    hook_names: Mapping[str, str] = {"layers": "blocks", "norm": "ln_final"}

    def __init__(self, layer: Module, num_layers: int, norm: Module | None) -> None:
        super().__init__()
        self.layers, self.num_layers, self.norm = _copies(layer, num_layers), num_layers, norm

    def _through(self, x: Tensor, *given: Any) -> Tensor:
        """`x` through all layers, each with what is given, and the norm."""
        for layer in self.layers:
            x = layer(x, *given)
        return x if self.norm is None else self.norm(x)


class TransformerEncoder(_Stack):
    """A layer's copies, one after the other, and a last norm.

    Parameters
    ----------
    encoder_layer : Module
        Copied `num_layers` times: as in PyTorch, all copies start with its weights. They draw from its generators.
    num_layers : int
    norm : Module, optional

    Examples
    --------
    >>> import numpy as np
    >>> layer = TransformerEncoderLayer(8, 2, 16, batch_first=True, rng=np.random.default_rng(0))
    >>> TransformerEncoder(layer, 3)(np.ones((1, 5, 8), np.float32), is_causal=True).shape
    (1, 5, 8)
    """

    def __init__(self, encoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__(encoder_layer, num_layers, norm)

    def forward(
        self, src: Tensor, mask: Mask = None, src_key_padding_mask: Mask = None, is_causal: bool | None = None
    ) -> Tensor:
        """`src` through all layers, each with these masks."""
        return self._through(src, mask, src_key_padding_mask, bool(is_causal))


class TransformerDecoder(_Stack):
    """A layer's copies, one after the other, and a last norm.

    Parameters
    ----------
    decoder_layer : Module
        Copied `num_layers` times: as in PyTorch, all copies start with its weights. They draw from its generators.
    num_layers : int
    norm : Module, optional

    Examples
    --------
    >>> import numpy as np
    >>> layer = TransformerDecoderLayer(8, 2, 16, batch_first=True, rng=np.random.default_rng(0))
    >>> TransformerDecoder(layer, 3)(np.ones((1, 5, 8), np.float32), np.ones((1, 2, 8), np.float32)).shape
    (1, 5, 8)
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__(decoder_layer, num_layers, norm)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Mask = None,
        memory_mask: Mask = None,
        tgt_key_padding_mask: Mask = None,
        memory_key_padding_mask: Mask = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """`tgt` through all layers, each with `memory` and these masks."""
        masks = (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
        return self._through(tgt, memory, *masks, bool(tgt_is_causal), memory_is_causal)


class Transformer(Module):
    """An encoder reads `src`; a decoder attends to its result and makes vectors for `tgt`. Without embeddings.

    Vaswani et al., 2017, figure 1; each of the two has a last norm, as in PyTorch. Matrices start uniform as Glorot and
    Bengio have them (`init.xavier_uniform_`).

    Parameters
    ----------
    d_model, nhead, num_encoder_layers, num_decoder_layers, dim_feedforward : int
    dropout : float
    activation : str or callable
    custom_encoder, custom_decoder : Module, optional
        Instead of those that are made.
    layer_norm_eps : float
    batch_first, norm_first, bias : bool
    rng : numpy.random.Generator, optional

    Examples
    --------
    >>> import numpy as np
    >>> model = Transformer(8, 2, 1, 1, 16, batch_first=True, rng=np.random.default_rng(0))
    >>> model(np.ones((1, 5, 8), np.float32), np.ones((1, 3, 8), np.float32), tgt_is_causal=True).shape
    (1, 3, 8)
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = "relu",
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        rng = init.default_rng(rng)
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first
        common: dict[str, Any] = {"batch_first": batch_first, "norm_first": norm_first, "bias": bias, "rng": rng}
        sizes = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps)

        def norm() -> LayerNorm:
            return LayerNorm(d_model, eps=layer_norm_eps, bias=bias)

        self.encoder = custom_encoder or TransformerEncoder(
            TransformerEncoderLayer(*sizes, **common), num_encoder_layers, norm()
        )
        self.decoder = custom_decoder or TransformerDecoder(
            TransformerDecoderLayer(*sizes, **common), num_decoder_layers, norm()
        )
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter, rng=rng)

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Mask = None,
        tgt_mask: Mask = None,
        memory_mask: Mask = None,
        src_key_padding_mask: Mask = None,
        tgt_key_padding_mask: Mask = None,
        memory_key_padding_mask: Mask = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Vectors for `tgt`, in its shape; masks are those of `MultiheadAttention`."""
        self._expect_width(src, self.d_model)
        self._expect_width(tgt, self.d_model)
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        masks = (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
        result: Tensor = self.decoder(tgt, memory, *masks, tgt_is_causal, memory_is_causal)
        return result

    @staticmethod
    def generate_square_subsequent_mask(sz: int) -> Tensor:
        """0 where a token may look (at itself and before), -inf where not: float32, of shape (sz, sz)."""
        return functional.causal_mask(sz, sz, np.dtype(np.float32))

    def extra_repr(self) -> str:
        return f"{self.d_model}, {self.nhead}, batch_first={self.batch_first}"


def _copies(layer: Module, count: int) -> ModuleList:
    """Copies with parameters of their own; generators are shared, lest every copy drop out the same."""
    if count < 0:
        raise ValueError(f"{type(layer).__name__}: num_layers must be at least 0, got {count}")
    shared = {id(v): v for m in layer.modules() for v in vars(m).values() if isinstance(v, np.random.Generator)}
    return ModuleList(copy.deepcopy(layer, dict(shared)) for _ in range(count))
