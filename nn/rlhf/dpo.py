"""Direct preference optimisation: a policy learns from pairs without a reward model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from autograd import Tensor, asarray, no_grad
from nn import init
from nn.models.language import LanguageModel
from nn.optim import Adam
from nn.rlhf.responses import Responses, batches, check_pairs, check_vocabulary, descend, sequence_log_probs
from nn.rlhf.reward import preference_loss


def dpo_loss(
    chosen: Tensor | ArrayLike,
    rejected: Tensor | ArrayLike,
    reference_chosen: ArrayLike,
    reference_rejected: ArrayLike,
    beta: float = 0.1,
) -> Tensor:
    r"""The Bradley-Terry loss of the reward that a policy implies.

    .. math::
        r(y) = \beta \log \frac{\pi(y)}{\pi_\mathrm{ref}(y)}, \qquad
        L = -\overline{\log \sigma(r(y_\mathrm{chosen}) - r(y_\mathrm{rejected}))}

    Rafailov et al., 2023, equation 7.

    Parameters
    ----------
    chosen, rejected : Tensor or array_like, shape (pairs,)
        Log-probabilities of whole responses under the policy.
    reference_chosen, reference_rejected : array_like, shape (pairs,)
        The same under the reference.
    beta : float
        What moving away from the reference costs.

    Examples
    --------
    >>> round(dpo_loss([-3.0], [-2.0], [-3.0], [-2.0]).item(), 4)  # where the policy is the reference: log 2
    0.6931
    """
    better = beta * (asarray(chosen) - reference_chosen)
    worse = beta * (asarray(rejected) - reference_rejected)
    return preference_loss(better, worse)


def dpo(
    policy: LanguageModel,
    reference: LanguageModel,
    chosen: Responses,
    rejected: Responses,
    steps: int,
    beta: float = 0.1,
    lr: float = 1e-3,
    batch: int = 64,
    rng: np.random.Generator | None = None,
) -> Iterator[float]:
    """Train a policy on pairs; yields each step's `dpo_loss`.

    Parameters
    ----------
    policy, reference : LanguageModel
        The policy learns; the reference, where it began, stays.
    chosen, rejected : Responses
        Row by row to the same prompt.

    Raises
    ------
    DataError
        If the vocabularies or a pair's prompts differ.

    Examples
    --------
    >>> import copy
    >>> from nn.models import GPT, Config
    >>> policy = GPT(Config(vocab_size=4, context=4, layers=0, heads=1, width=8), rng=np.random.default_rng(0))
    >>> good, bad = Responses([[1, 2]], [[0, 1]]), Responses([[1, 3]], [[0, 1]])
    >>> losses = list(dpo(policy, copy.deepcopy(policy), good, bad, steps=40, lr=0.02))
    >>> losses[-1] < losses[0]
    True
    """
    check_vocabulary(policy, reference)
    check_pairs(chosen, rejected)
    with no_grad():
        fixed = [sequence_log_probs(reference, side).data for side in (chosen, rejected)]
    parameters = list(policy.parameters())
    optimizer = Adam(parameters, lr=lr)
    for rows in batches(len(chosen), batch, steps, init.default_rng(rng)):
        better, worse = (sequence_log_probs(policy, side[rows]) for side in (chosen, rejected))
        loss = dpo_loss(better, worse, fixed[0][rows], fixed[1][rows], beta)
        yield descend(loss, optimizer, parameters)
