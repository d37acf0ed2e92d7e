"""Attention patterns: which token looks at which, in every layer and head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd import Tensor, no_grad
from autograd.draw.marks import short
from autograd.draw.sheet import Sheet, aligned, as_json
from nn.module import Module, evaluating
from nn.pictures import visible
from nn.visual import attention_page
from nn.visual.heads import Head, judge, targets_of
from nn.visual.recording import attention_layers, recording
from nn.visual.tables import exact, names_of

Array = NDArray[Any]
MOST = 512  # tokens
TOLD = 64  # tokens that the text speaks of; the numbers have all


@dataclass(frozen=True, slots=True)
class AttentionLayer:
    """One call of one layer.

    Attributes
    ----------
    name : str
        Its place in the model.
    weights : ndarray of shape (heads, T, T)
        Row i says how much token i takes from each token; every row adds up to 1.
    causal : bool
        Whether no token can look at a later one: those weights are exactly zero, and drawn blank.
    heads : tuple of Head
    mean : Head
        Of the mean over the heads.
    """

    name: str
    weights: Array
    causal: bool
    heads: tuple[Head, ...]
    mean: Head


class AttentionPatterns(Sheet):
    """Every layer's and head's attention pattern over some tokens; shown by itself in a notebook.

    Attributes
    ----------
    layers : tuple of AttentionLayer
        In the order in which they ran.
    labels : tuple of str
        What the tokens are called.
    html, svg, text, json : str
    """

    name = "attention patterns"

    def __init__(self, layers: tuple[AttentionLayer, ...], labels: tuple[str, ...], model: str) -> None:
        self.layers = layers
        self.labels = labels
        self.model = model

    @property
    def title(self) -> str:
        """What is seen, in a line."""
        heads = sum(len(layer.heads) for layer in self.layers)
        tokens = f"{len(self.labels):,} token{'s' * (len(self.labels) > 1)}"
        return f"Attention patterns of {self.model}: {_several(len(self.layers), 'layer')}, {heads} heads, {tokens}"

    @cached_property
    def text(self) -> str:
        """A line for each head, then what each token looks at, in the mean over a layer's heads."""
        rows = [("layer", "head", "kind", "what it does")]
        for layer in self.layers:
            for number, head in (*enumerate(layer.heads), ("mean", layer.mean)):
                rows.append((short(visible(layer.name), 40), str(number), head.kind, head.said))
        lines = aligned(rows)
        for layer in self.layers:
            lines += ["", f"{visible(layer.name)}: what each token looks at most, mean over {len(layer.heads)} heads"]
            mean = layer.weights.astype(np.float64).mean(axis=0)
            lines += [self._looks(i, row) for i, row in enumerate(mean[:TOLD])]
            lines += [f"  … and {len(mean) - TOLD:,} more tokens"] if len(mean) > TOLD else []
        return "\n".join([self.title, "", *lines]) + "\n"

    def _looks(self, i: int, row: Array, most: int = 4) -> str:
        """The tokens that one token looks at most."""
        order = np.argsort(-row, kind="stable")[:most]
        shown = [f"{visible(self.labels[j], 16)} ({j}) {row[j]:.3f}" for j in order if row[j] > 0]
        return f"  {i:>4} {visible(self.labels[i], 16):<8} → {', '.join(shown) or 'no number'}"

    @cached_property
    def json(self) -> str:
        """All weights, to the last digit; of a causal layer, row i has the i + 1 weights that can be."""
        layers = [
            {
                "name": layer.name,
                "causal": layer.causal,
                "heads": [
                    {**asdict(head), "weights": _rows(weights, layer.causal)}
                    for head, weights in zip(layer.heads, layer.weights, strict=True)
                ],
                "mean": asdict(layer.mean),
            }
            for layer in self.layers
        ]
        return as_json({"model": self.model, "tokens": list(self.labels), "layers": layers})

    @cached_property
    def svg(self) -> str:
        """All heads as small pictures, a layer a row."""
        return attention_page.picture(self)

    @cached_property
    def html(self) -> str:
        """A page: all heads as small pictures, one of them large, and the text with what a token looks at."""
        return attention_page.page(self)


def attention_patterns(
    model: Module, tokens: ArrayLike | Tensor, labels: Sequence[str] | Any = None
) -> AttentionPatterns:
    """Every layer's and head's attention pattern as a model reads some tokens: pictures, text and numbers.

    The weights are those of one forward pass in evaluation mode: softmax(Q K^T / sqrt(d) + mask), before dropout. The
    model is left as it was.

    Parameters
    ----------
    model : Module
        With at least one attention layer: one that has `record_pattern`, as `CausalSelfAttention` does.
    tokens : array_like
        Token numbers of shape (T,) or (1, T); or, for a model of vectors, floats of shape (T, width) or (1, T, width).
    labels : sequence of T str, or a tokenizer
        What to call the tokens; a tokenizer is asked with `decode([number])`. Their numbers without it.

    Returns
    -------
    AttentionPatterns
        With `.html`, `.svg`, `.text`, `.json`, `.save(path)` and `.layers`.

    Raises
    ------
    TypeError
        If `model` is no Module, or the tokens or labels are not what is said above.
    ValueError
        If there is no attention layer or it was not called, the shape is another, there are no tokens or more than
        512, a number is out of the model's range, or the labels are not as many as the tokens.

    References
    ----------
    Vaswani et al. (2017), "Attention Is All You Need", equation 1; Elhage et al. (2021), "A Mathematical Framework for
    Transformer Circuits", for the name.

    Examples
    --------
    >>> import nn
    >>> config = nn.models.Config(vocab_size=5, context=8, layers=1, heads=2, width=8)
    >>> model = nn.models.GPT(config, rng=np.random.default_rng(0))
    >>> seen = nn.attention_patterns(model, [0, 1, 2, 1], labels="abcb")
    >>> seen.layers[0].name, seen.layers[0].weights.shape, seen.layers[0].causal
    ('transformer.h.0.attn', (2, 4, 4), True)
    """
    if not isinstance(model, Module):
        raise TypeError(f"attention_patterns needs a Module, got {type(model).__name__}")
    if not attention_layers(model):
        kinds = ", ".join(dict.fromkeys(type(module).__name__ for module in model.modules()))
        raise ValueError(f"attention_patterns: the model has no attention layer; it is made of {kinds}")
    given = _tokens(tokens)
    names = _labels(labels, given)
    with evaluating(model), no_grad(), recording(model) as kept:
        try:
            model(given[None])
        except IndexError as error:  # a table of embeddings names the numbers and its size
            raise ValueError(f"attention_patterns: {error}") from error
    if not kept:
        found = ", ".join(attention_layers(model))
        raise ValueError(f"attention_patterns: the model called none of its attention layers ({found})")
    numbers = given if given.ndim == 1 else np.unique(given, axis=0, return_inverse=True)[1].ravel()
    calls: dict[str, int] = {}
    layers = []
    for name, pattern in kept:
        if pattern.ndim != 4 or pattern.shape[0] != 1 or pattern.shape[2:] != (len(names), len(names)):
            raise ValueError(
                f"attention_patterns: layer {name!r} has a pattern of shape {pattern.shape}, wanted "
                f"(1, heads, {len(names)}, {len(names)})"
            )
        calls[name] = calls.get(name, 0) + 1
        called = f"{name} (call {calls[name]})" if calls[name] > 1 else name
        layers.append(_layer(called or "(root)", pattern[0], numbers))
    return AttentionPatterns(tuple(layers), names, type(model).__name__)


def _layer(name: str, weights: Array, numbers: Array) -> AttentionLayer:
    causal = not np.triu(weights, 1).any()  # NaN counts as something
    targets = targets_of(numbers, causal)
    heads = tuple(judge(one, targets, causal) for one in weights)
    return AttentionLayer(name, weights, causal, heads, judge(weights.mean(axis=0), targets, causal))


def _tokens(tokens: ArrayLike | Tensor) -> Array:
    """One sequence, without the axis of the batch."""
    given = np.asarray(tokens.data if isinstance(tokens, Tensor) else tokens)
    if given.dtype.kind not in "iuf":
        raise TypeError(f"attention_patterns: tokens are numbers; got {given.dtype} (a text goes through a tokenizer)")
    single = 2 if given.dtype.kind == "f" else 1
    if given.ndim == single + 1 and len(given) == 1:
        given = given[0]
    if given.ndim != single:
        wanted = "(T, width) or (1, T, width)" if single == 2 else "(T,) or (1, T)"
        raise ValueError(f"attention_patterns: tokens of shape {given.shape}; wanted one sequence, of shape {wanted}")
    if not 1 <= len(given) <= MOST:
        raise ValueError(f"attention_patterns: {len(given):,} tokens; there must be from 1 to {MOST}")
    return given


def _labels(labels: Any, tokens: Array) -> tuple[str, ...]:
    numbers = tokens.tolist() if tokens.ndim == 1 else range(len(tokens))
    if labels is not None and tokens.ndim != 1 and hasattr(labels, "decode"):
        raise TypeError("attention_patterns: a tokenizer has no names for vectors; give labels as text")
    return names_of(labels, numbers, "attention_patterns", "token")


def _rows(weights: Array, causal: bool) -> list[list[float]]:
    """As numbers with no more digits than they have."""
    return [row[: i + 1] if causal else row for i, row in enumerate(exact(weights))]


def _several(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
