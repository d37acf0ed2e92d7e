"""Prompts with what a model answered, where the answer's tokens stand, and how likely a model finds them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd import Tensor, no_grad, ops
from nn import functional
from nn.errors import DataError
from nn.models.language import LanguageModel
from nn.module import evaluating
from nn.optim import Optimizer, clip_grad_norm_


@dataclass(frozen=True)
class Responses:
    """A batch of prompts, each followed by its response and padding.

    Parameters
    ----------
    tokens : array_like of int, shape (batch, tokens)
    mask : array_like of bool, shape (batch, tokens)
        True where a token belongs to the response (its stop token too): neither prompt nor padding.

    Raises
    ------
    DataError
        If the shapes differ, a response is empty, or one has no prompt before it.

    Examples
    --------
    >>> batch = Responses([[5, 1, 2, 0], [5, 3, 0, 0]], [[0, 1, 1, 1], [0, 1, 1, 0]])
    >>> len(batch), batch.last.tolist()
    (2, [3, 2])
    """

    tokens: NDArray[np.int64]
    mask: NDArray[np.bool_]

    def __init__(self, tokens: ArrayLike, mask: ArrayLike) -> None:
        numbers, inside = np.asarray(tokens), np.asarray(mask, dtype=bool)
        if numbers.ndim != 2 or numbers.shape != inside.shape or numbers.dtype.kind not in "iu":
            raise DataError(
                f"tokens are integers of shape (batch, tokens) with a mask like them, got {numbers.dtype} of shape "
                f"{numbers.shape} and a mask of shape {inside.shape}"
            )
        empty = np.flatnonzero(~inside.any(axis=1))
        if len(empty) or not len(numbers):
            raise DataError(f"a response needs at least one token: {len(empty) or 'all'} of {len(numbers)} are empty")
        if inside[:, 0].any():
            raise DataError("a response comes after a prompt of at least one token: the mask's first column is False")
        object.__setattr__(self, "tokens", numbers.astype(np.int64))
        object.__setattr__(self, "mask", inside)

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, rows: Any) -> Responses:
        """The responses of some rows: a slice, or an array of row numbers."""
        return Responses(self.tokens[rows], self.mask[rows])

    @property
    def last(self) -> NDArray[np.intp]:
        """The place of each response's last token, shape (batch,)."""
        backwards: NDArray[np.intp] = self.mask[:, ::-1].argmax(axis=1)
        last: NDArray[np.intp] = self.mask.shape[1] - 1 - backwards
        return last

    @property
    def predicted(self) -> NDArray[np.bool_]:
        """The mask of `token_log_probs`, shape (batch, tokens - 1)."""
        return self.mask[:, 1:]

    def prompts(self) -> list[list[int]]:
        """The tokens before each response."""
        return [row[:start].tolist() for row, start in zip(self.tokens, self.mask.argmax(axis=1))]


def check_pairs(chosen: Responses, rejected: Responses) -> None:
    """Raise DataError unless row by row both answer the same prompt."""
    if len(chosen) != len(rejected):
        raise DataError(f"a pair has two responses, got {len(chosen)} chosen and {len(rejected)} rejected ones")
    for row, (left, right) in enumerate(zip(chosen.prompts(), rejected.prompts())):
        if left != right:
            raise DataError(f"the responses of a pair answer one prompt, but pair {row} has {left} and {right}")


def check_vocabulary(model: LanguageModel, *others: LanguageModel) -> None:
    """Raise DataError unless all models know the same number of tokens."""
    sizes = [each.config.vocab_size for each in (model, *others)]
    if len(set(sizes)) > 1:
        raise DataError(f"policy and reference must share one vocabulary, got sizes {sizes}")


def token_log_probs(model: LanguageModel, tokens: ArrayLike) -> Tensor:
    r"""The log-probability that a model gives each token after those before it.

    .. math:: \log \pi(y_t \mid y_{<t}), \qquad t = 1 \dots T - 1

    Parameters
    ----------
    model : LanguageModel
        As it is: with dropout off it is the policy that `rollout` draws from.
    tokens : array_like of int, shape (batch, T)

    Returns
    -------
    Tensor, shape (batch, T - 1)
        The first token has none.

    Raises
    ------
    DataError
        If a token is none of the model's vocabulary.

    Examples
    --------
    >>> from nn.models import GPT, Config
    >>> model = GPT(Config(vocab_size=4, context=4, layers=0, heads=1, width=4), rng=np.random.default_rng(0))
    >>> token_log_probs(model, [[0, 1, 2]]).data.round(1).tolist()  # log 1/4, untrained
    [[-1.4, -1.4]]
    """
    numbers = np.asarray(tokens)
    if numbers.min() < 0 or numbers.max() >= model.config.vocab_size:
        raise DataError(f"tokens must lie from 0 to {model.config.vocab_size - 1}, got up to {numbers.max()}")
    logs = functional.log_softmax(model(numbers[:, :-1]), -1)
    found: Tensor = ops.take_along_axis(logs, numbers[:, 1:, None], axis=-1)[..., 0]
    return found


def sequence_log_probs(model: LanguageModel, responses: Responses) -> Tensor:
    """The log-probability of each whole response given its prompt, shape (batch,)."""
    return (token_log_probs(model, responses.tokens) * responses.predicted).sum(axis=1)


def masked_mean(values: Tensor, mask: NDArray[np.bool_]) -> Tensor:
    """The mean over the places where the mask is True."""
    return (values * mask).sum() / int(mask.sum())


def kl(policy: LanguageModel, reference: LanguageModel, responses: Responses) -> float:
    r"""How far a policy has moved from a reference, estimated on responses that the policy has drawn.

    .. math:: \mathrm{KL}(\pi \,\|\, \pi_\mathrm{ref}) = \mathbb{E}_{y \sim \pi} \log \frac{\pi(y)}{\pi_\mathrm{ref}(y)}

    in nats a response. Ziegler et al., 2019, section 2.2.
    """
    check_vocabulary(policy, reference)
    with no_grad():
        ratio = sequence_log_probs(policy, responses).data - sequence_log_probs(reference, responses).data
    return float(ratio.mean())


def rollout(
    model: LanguageModel, prompts: ArrayLike, length: int, rng: np.random.Generator, stop: int | None = None
) -> Responses:
    """Draw a response to each prompt from the model's own distribution, all at once with a KV cache.

    Parameters
    ----------
    model : LanguageModel
        In training mode or not: it answers in evaluation mode and is left as it was.
    prompts : array_like of int, shape (batch, prompt's tokens)
    length : int
        The most tokens of a response, at least 1.
    rng : numpy.random.Generator
    stop : int, optional
        The token that ends a response; it also pads.

    Raises
    ------
    DataError
        If the responses would be empty, a prompt is, or the model's scores are no numbers.

    Examples
    --------
    >>> from nn.models import GPT, Config
    >>> model = GPT(Config(vocab_size=4, context=8, layers=1, heads=1, width=4), rng=np.random.default_rng(0))
    >>> drawn = rollout(model, [[1], [2]], 5, np.random.default_rng(0), stop=0)
    >>> drawn.tokens.shape, drawn.prompts()
    ((2, 6), [[1], [2]])
    """
    starts = np.asarray(prompts)
    if length < 1 or starts.ndim != 2 or not starts.size:
        raise DataError(
            f"prompts have shape (batch, at least 1 token) and responses at least 1 token: {starts.shape}, {length}"
        )
    batch, begin = starts.shape
    tokens = np.full((batch, begin + length), 0 if stop is None else stop, dtype=np.int64)
    tokens[:, :begin] = starts
    mask = np.zeros(tokens.shape, dtype=bool)
    going = np.ones(batch, dtype=bool)
    cache, unread = model.new_cache(), tokens[:, :begin]
    with evaluating(model), no_grad():
        for place in range(begin, begin + length):
            drawn = _draw(model(unread, cache=cache).data[:, -1], rng)
            tokens[going, place] = drawn[going]
            mask[:, place] = going
            going &= drawn != stop
            unread = tokens[:, place : place + 1]
            if not going.any():
                break
    return Responses(tokens, mask)


def _draw(logits: NDArray[Any], rng: np.random.Generator) -> NDArray[np.intp]:
    if not np.isfinite(logits).all():
        raise DataError("the policy's logits are not finite: a lower learning rate keeps it from diverging")
    weights = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    total = weights.cumsum(axis=1)
    drawn: NDArray[np.intp] = (total <= rng.random((len(logits), 1)) * total[:, -1:]).sum(axis=1)
    return drawn


def batches(count: int, size: int, steps: int, rng: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    """The row numbers of `steps` batches, each row as often as any other but for one."""
    order = np.empty(0, dtype=np.intp)
    for _ in range(steps):
        while len(order) < min(size, count):
            order = np.concatenate([order, rng.permutation(count)])
        rows, order = order[:size], order[size:]
        yield rows


def descend(loss: Tensor, optimizer: Optimizer, parameters: list[Tensor], max_norm: float = 1.0) -> float:
    """One step down a loss, the gradient's norm clipped; the loss."""
    optimizer.zero_grad()
    loss.backward()
    clip_grad_norm_(parameters, max_norm)
    optimizer.step()
    return float(loss.item())
