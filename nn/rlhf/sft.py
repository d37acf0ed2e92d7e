"""Supervised fine-tuning: a language model learns to answer as the examples do."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograd import Tensor
from nn import init
from nn.models.language import LanguageModel
from nn.optim import Adam
from nn.rlhf.responses import Responses, batches, descend, masked_mean, token_log_probs


def sft_loss(model: LanguageModel, responses: Responses) -> Tensor:
    r"""Mean cross-entropy of the responses' tokens, in nats: prompts and padding teach nothing.

    .. math:: L = -\frac{1}{\sum m_t} \sum_t m_t \log \pi(y_t \mid y_{<t})

    Ouyang et al., 2022, section 3.5.
    """
    return -masked_mean(token_log_probs(model, responses.tokens), responses.predicted)


def sft(
    model: LanguageModel,
    responses: Responses,
    steps: int,
    lr: float = 1e-3,
    batch: int = 64,
    rng: np.random.Generator | None = None,
) -> Iterator[float]:
    """Train on examples; yields each step's loss, and a loop that breaks off ends the training.

    Examples
    --------
    >>> from nn.models import GPT, Config
    >>> model = GPT(Config(vocab_size=4, context=4, layers=0, heads=1, width=8), rng=np.random.default_rng(0))
    >>> losses = list(sft(model, Responses([[1, 2, 3]], [[0, 1, 1]]), steps=60, lr=0.03))
    >>> losses[0] > 1.3 and losses[-1] < 0.1
    True
    """
    rng = init.default_rng(rng)
    parameters = list(model.parameters())
    optimizer = Adam(parameters, lr=lr)
    for rows in batches(len(responses), batch, steps, rng):
        yield descend(sft_loss(model, responses[rows]), optimizer, parameters)
