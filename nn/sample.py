"""Text from a language model, one token at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd import no_grad
from nn.cache import KVCache
from nn.errors import DataError
from nn.models.gpt import GPT
from nn.module import evaluating
from nn.tokenizers import CharTokenizer
from nn.tokenizers.base import token_row


def probabilities(
    logits: ArrayLike,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
) -> NDArray[np.float64]:
    r"""The distribution to draw the next token from.

    .. math:: p_i = \frac{e^{z_i / T}}{\sum_j e^{z_j / T}}

    over the `top_k` largest logits, and of those over the likeliest that have at least `top_p` together (Holtzman et
    al., 2020, section 3.1); at temperature 0 the largest one (the first of equals) has it all.

    Parameters
    ----------
    logits : array_like, shape (vocabulary,)
    temperature : float
        :math:`T`, 0 or more.
    top_k : int, optional
        At least 1; more than the vocabulary means all of it.
    top_p : float, optional
        Above 0, at most 1; the token that passes it is still in.
    min_p : float, optional
        From 0 to 1; tokens with less than this share of the likeliest one's probability are out (Nguyen et al., 2024).

    Returns
    -------
    array of float64, shape (vocabulary,)

    Raises
    ------
    DataError
        If the temperature is negative, `top_k` below 1, `top_p` or `min_p` out of its range, or a logit is NaN.

    Examples
    --------
    >>> probabilities([0.0, 1.0, 2.0], temperature=0).tolist()
    [0.0, 0.0, 1.0]
    >>> probabilities([0.0, 1.0, 1.0], top_k=2).tolist()
    [0.0, 0.5, 0.5]
    >>> probabilities(np.log([0.5, 0.3, 0.15, 0.05]), top_p=0.7).round(3).tolist()
    [0.625, 0.375, 0.0, 0.0]
    """
    z = np.asarray(logits, dtype=np.float64)
    if not 0 <= temperature < np.inf:
        raise DataError(f"a temperature is 0 (greedy) or more, got {temperature}")
    if top_k is not None and top_k < 1:
        raise DataError(f"top_k keeps at least 1 token, got {top_k}")
    if top_p is not None and not 0 < top_p <= 1:
        raise DataError(f"top_p is above 0 and at most 1, got {top_p}")
    if min_p is not None and not 0 <= min_p <= 1:
        raise DataError(f"min_p is from 0 to 1, got {min_p}")
    if np.isnan(z).any():
        raise DataError(
            "the model's logits are not numbers (NaN): it has not been trained well, or its file is damaged"
        )
    if temperature == 0:
        greedy = np.zeros(len(z))
        greedy[z.argmax()] = 1
        return greedy
    weights: NDArray[np.float64] = np.exp((z - z.max()) / temperature)
    if top_k is not None and top_k < len(z):
        weights[np.argsort(-z, kind="stable")[top_k:]] = 0
    weights /= weights.sum()
    if top_p is not None and top_p < 1:
        order = np.argsort(-weights, kind="stable")
        weights[order[1:][np.cumsum(weights[order])[:-1] >= top_p]] = 0
        weights /= weights.sum()
    if min_p:
        weights[weights < min_p * weights.max()] = 0
        weights /= weights.sum()
    return weights


def stream(
    model: GPT,
    prompt: ArrayLike,
    length: int,
    rng: np.random.Generator,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    cache: KVCache | None = None,
) -> Iterator[int]:
    """Yield `length` tokens that continue a prompt, each drawn by `probabilities` from the last `context` tokens.

    Parameters
    ----------
    model : GPT
        In training mode or not: it predicts in evaluation mode and is left as it was.
    prompt : array_like of int, shape (at least 1,)
    length : int
    rng : numpy.random.Generator
        The only source of chance.
    temperature, top_k, top_p
        See `probabilities`.
    cache : KVCache, optional
        Has read tokens with which the prompt begins, and goes on from there; a new one unless given.

    Raises
    ------
    DataError
        If the prompt is empty, or has what is no token of the model: fractions, or numbers beyond its vocabulary.
    """
    config = model.config
    window: list[int] = token_row(np.ravel(prompt), "the prompt", config.vocab_size).tolist()
    if not window:
        raise DataError("a prompt needs at least one token to continue from")
    moved = len(window) > config.context  # then what a cache has read no longer begins the window
    window = window[-config.context :]
    cache = model.new_cache() if cache is None else cache
    cache.crop(0 if moved else len(window) - 1)  # the last token is always read: what comes after it is asked
    for _ in range(length):
        # places are counted from the first token of the context: once it moves, all its tokens are read anew
        fits = len(window) <= config.context
        unread = window[len(cache) :] if fits else window[-config.context :]
        last = _last_logits(model, unread, cache if fits else None)
        total = np.cumsum(probabilities(last, temperature, top_k, top_p))
        window.append(int(np.searchsorted(total, rng.random() * total[-1], side="right")))
        yield window[-1]


def _last_logits(model: GPT, tokens: list[int], cache: KVCache | None) -> NDArray[Any]:
    with evaluating(model), no_grad():
        last: NDArray[Any] = model(np.array([tokens]), cache=cache).data[0, -1]
        return last


def sample(
    model: GPT,
    tokenizer: CharTokenizer,
    prompt: str,
    length: int,
    rng: np.random.Generator,
    temperature: float = 1.0,
    top_k: int | None = None,
) -> str:
    """The `length` characters that a model puts after a prompt; see `stream`.

    An empty prompt stands for the tokenizer's `default_prompt`.

    Examples
    --------
    >>> from nn.models.gpt import Config
    >>> tokenizer = CharTokenizer("ab")
    >>> model = GPT(Config(vocab_size=2, context=4, layers=1, heads=1, width=8), rng=np.random.default_rng(0))
    >>> len(sample(model, tokenizer, "abba", 5, np.random.default_rng(0)))
    5
    """
    start = tokenizer.encode(prompt or tokenizer.default_prompt)
    return tokenizer.decode(list(stream(model, start, length, rng, temperature, top_k)))
