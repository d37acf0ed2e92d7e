"""Ready-made trainings: a character GPT on any text, and the bigram model to compare it with."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nn.checkpoint import save_gpt
from nn.data import TextDataset, split_tokens
from nn.errors import DataError
from nn.models.gpt import GPT, Config
from nn.optim import AdamW, CosineSchedule, Muon, Optimizer, decay_groups, muon_groups
from nn.tokenizers import CharTokenizer
from nn.train import evaluate, train
from nn.trainer import History, Hook

if TYPE_CHECKING:
    from nn.flows import FlowRecorder


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Settings of a training; the shape is nanoGPT's for a CPU.

    Attributes
    ----------
    layers, heads, width, context, dropout
        Of the model.
    batch, steps, seed
        Of the training: windows in a step, steps, and the seed of weights and windows.
    optimizer : str
        ``"muon"`` for the hidden matrices with AdamW for the rest, or ``"adamw"`` for all.
    lr : float, optional
        The rate of Muon's matrices (default 0.03), or of AdamW (default 0.003); with Muon the rest has a rate of 0.01.
    warmup, final, weight_decay, clip
        Of the schedule (see `cosine`) and of the optimisers.
    """

    layers: int = 4
    heads: int = 4
    width: int = 128
    context: int = 64
    dropout: float = 0.0
    batch: int = 12
    steps: int = 600
    seed: int = 0
    optimizer: str = "muon"
    lr: float | None = None
    warmup: int = 20
    final: float = 0.0
    weight_decay: float = 0.1
    clip: float = 1.0

    def __post_init__(self) -> None:
        for name in ("layers", "heads", "width", "context", "batch", "steps"):
            if getattr(self, name) < 1:
                raise DataError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.width % self.heads:
            raise DataError(f"the width must be a multiple of the heads, got width {self.width} and {self.heads} heads")
        if not 0 <= self.dropout < 1:
            raise DataError(f"dropout must be at least 0 and below 1, got {self.dropout}")
        if self.lr is not None and not self.lr > 0:
            raise DataError(f"lr, the learning rate, must be above 0, got {self.lr}")
        if self.optimizer not in ("muon", "adamw"):
            raise DataError(f"the optimizer is 'muon' or 'adamw', got {self.optimizer!r}")


class TextTraining:
    """A character GPT and the text that it learns: the first 90 % to learn from, the rest to validate on.

    Parameters
    ----------
    text : str
    recipe : Recipe

    Raises
    ------
    DataError
        If the text is too short for the context: both parts need at least one window and its targets.

    Examples
    --------
    >>> text = "the cat sat on the mat. " * 20
    >>> run = TextTraining(text, Recipe(layers=1, heads=2, width=16, context=8, batch=4, steps=3))
    >>> run.train().steps
    3
    """

    def __init__(self, text: str, recipe: Recipe) -> None:
        r = self.recipe = recipe
        shortest = 10 * (r.context + 1)
        if len(text) < shortest:
            raise DataError(
                f"the text has {len(text)} characters; with a context of {r.context} and a tenth kept for validation "
                f"it needs at least {shortest}: take a longer text or a shorter context"
            )
        self.tokenizer = CharTokenizer.from_text(text)
        learn, validate = split_tokens(self.tokenizer.encode(text))
        self.learn = TextDataset(learn, r.context, "the part to learn from")
        self.validation = TextDataset(validate, r.context, "the part to validate on")
        self._rng = np.random.default_rng([r.seed, 1])
        config = Config(
            vocab_size=len(self.tokenizer),
            context=r.context,
            layers=r.layers,
            heads=r.heads,
            width=r.width,
            dropout=r.dropout,
        )
        self.model = GPT(config, rng=np.random.default_rng([r.seed, 0]))
        self.optimizers = optimizers(self.model, r)
        self.schedule = CosineSchedule(self.optimizers, r.steps, min(r.warmup, r.steps), r.final)
        self.history = History()

    def train(
        self,
        checkpoint: str | Path | None = None,
        console: Any = None,
        hooks: Sequence[Hook] = (),
        validate_every: int = 0,
        recorder: FlowRecorder | None = None,
    ) -> History:
        """Take the recipe's steps, then measure the validation loss; write a checkpoint at the end or at Ctrl-C."""
        r = self.recipe

        def save(step: int) -> Path:
            if checkpoint is None:
                raise DataError("there is no path to save to")
            return save_gpt(checkpoint, self.model, self.tokenizer, steps=step, seed=r.seed)

        self.history = train(
            self.model,
            self.optimizers,
            lambda: self.learn.sample(r.batch, self._rng),
            r.steps,
            loss=self.model.loss,
            schedule=self.schedule,
            clip=r.clip,
            validate=self.validate,
            validate_every=validate_every,
            hooks=hooks,
            save=save if checkpoint is not None else None,
            recorder=recorder,
            console=console,
        )
        if checkpoint is not None and not self.history.interrupted:
            self.history.saved = save(self.history.steps)
        return self.history

    def validate(self) -> float:
        """The validation loss: nats per character over the whole validation text."""
        return evaluate(self.model, self.validation)

    def baseline(self) -> float:
        """The bigram model's loss on the same predictions."""
        return bigram_loss(self.learn.tokens, self.validation.tokens, len(self.tokenizer))


def optimizers(model: GPT, recipe: Recipe) -> list[Optimizer]:
    """Muon and AdamW, or AdamW alone, as the recipe says."""
    r = recipe
    if r.optimizer == "adamw":
        return [AdamW(decay_groups(model, r.weight_decay), lr=r.lr or 3e-3, betas=(0.9, 0.99))]
    matrices, rest = muon_groups(model)
    return [
        Muon(matrices, lr=r.lr or 0.03, weight_decay=r.weight_decay),
        AdamW(rest, lr=1e-2, betas=(0.9, 0.99), weight_decay=0.0),
    ]


def bigram_loss(learn: NDArray[np.int64], validation: NDArray[np.int64], vocab_size: int) -> float:
    r"""The cross-entropy, in nats per token, of guessing each token from the one before it by counted pairs.

    .. math:: p(b \mid a) = \frac{n_{ab} + 1}{\sum_{b'} n_{ab'} + V}

    Parameters
    ----------
    learn, validation : array of int, shape (length,)
        Tokens to count, and tokens to predict (all but the first).
    vocab_size : int
        :math:`V`; adding one to every count leaves no pair impossible.

    Examples
    --------
    >>> round(bigram_loss(np.array([0, 1, 0, 1]), np.array([0, 1]), 2), 4)  # ln of (2 + 2) / (2 + 1)
    0.2877
    """
    counts = np.ones((vocab_size, vocab_size))
    np.add.at(counts, (learn[:-1], learn[1:]), 1)
    log_p = np.log(counts / counts.sum(axis=1, keepdims=True))
    return float(-log_p[validation[:-1], validation[1:]].mean())
