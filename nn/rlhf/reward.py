"""A reward model: a transformer that learns from pairs which response people prefer."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd import Tensor, asarray, no_grad, ops
from nn import functional, init
from nn.layers import Linear
from nn.models.gpt import GPT
from nn.module import Module
from nn.optim import Adam
from nn.rlhf.responses import Responses, batches, check_pairs, descend


def preference_loss(chosen: Tensor | ArrayLike, rejected: Tensor | ArrayLike) -> Tensor:
    r"""The Bradley-Terry model's negative log-likelihood that the chosen responses win.

    .. math:: L = -\overline{\log \sigma(r_\mathrm{chosen} - r_\mathrm{rejected})}

    Bradley and Terry, 1952; Stiennon et al., 2020, section 3.4.

    Parameters
    ----------
    chosen, rejected : Tensor or array_like, shape (pairs,)

    Examples
    --------
    >>> round(preference_loss([1.0], [1.0]).item(), 4)  # a coin's throw: log 2
    0.6931
    """
    return -functional.logsigmoid(asarray(chosen) - asarray(rejected)).mean()


class RewardModel(Module):
    """A GPT's trunk with one number as output in place of the next token's scores.

    The trunk is a copy of a language model's, the head a normal of variance 1 / (width + 1) (Stiennon et al., 2020,
    appendix B.1).

    Parameters
    ----------
    model : GPT
        Copied, not changed.
    rng : numpy.random.Generator, optional

    Examples
    --------
    >>> from nn.models import GPT, Config
    >>> model = GPT(Config(vocab_size=4, context=4, layers=1, heads=1, width=8), rng=np.random.default_rng(0))
    >>> reward = RewardModel(model, rng=np.random.default_rng(0))
    >>> reward.score(Responses([[1, 2, 0], [1, 0, 0]], [[0, 1, 1], [0, 1, 0]])).shape
    (2,)
    """

    def __init__(self, model: GPT, rng: np.random.Generator | None = None) -> None:
        super().__init__()
        self.config = model.config
        self.transformer = copy.deepcopy(model.transformer)
        rng = init.default_rng(rng)
        # Bradley-Terry sees differences alone: a bias would learn nothing
        self.score_head = Linear(model.config.width, 1, bias=False, rng=rng)
        init.normal_(self.score_head.weight, std=1 / math.sqrt(model.config.width + 1), rng=rng)

    def forward(self, tokens: NDArray[np.int64]) -> Tensor:
        """A number at each token: integers (batch, tokens) to a Tensor (batch, tokens)."""
        result: Tensor = self.score_head(self.transformer(tokens))[..., 0]
        return result

    def score(self, responses: Responses) -> Tensor:
        """The reward of each response, read at its last token: shape (batch,)."""
        scores: Tensor = ops.take_along_axis(self(responses.tokens), responses.last[:, None], axis=1)[:, 0]
        return scores

    def reward(self, responses: Responses) -> NDArray[np.float32]:
        """`score` without a gradient."""
        with no_grad():
            scores: NDArray[np.float32] = self.score(responses).data
        return scores

    def accuracy(self, chosen: Responses, rejected: Responses) -> float:
        """The share of pairs in which the chosen response has the higher reward."""
        check_pairs(chosen, rejected)
        return float((self.reward(chosen) > self.reward(rejected)).mean())

    def fit(
        self,
        chosen: Responses,
        rejected: Responses,
        steps: int,
        lr: float = 1e-3,
        batch: int = 64,
        rng: np.random.Generator | None = None,
    ) -> Iterator[float]:
        """Learn from pairs; yields each step's `preference_loss`."""
        check_pairs(chosen, rejected)
        parameters = list(self.parameters())
        optimizer = Adam(parameters, lr=lr)
        for rows in batches(len(chosen), batch, steps, init.default_rng(rng)):
            loss = preference_loss(self.score(chosen[rows]), self.score(rejected[rows]))
            yield descend(loss, optimizer, parameters)
