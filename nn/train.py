"""Training as one function, and measures of a trained model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from autograd import Tensor, no_grad
from nn.data import TextDataset
from nn.models.language import LanguageModel
from nn.module import Module, evaluating
from nn.optim import CosineSchedule, LRScheduler, Optimizer
from nn.trainer import History, Hook, Trainer

if TYPE_CHECKING:
    from nn.flows import FlowRecorder

Array = NDArray[Any]
Batch = tuple[Array, Array]


def train(
    model: Module,
    optimizers: Sequence[Optimizer],
    batches: Callable[[], Batch],
    steps: int,
    *,
    loss: Callable[[Array, Array], Tensor],
    schedule: CosineSchedule | LRScheduler | None = None,
    clip: float | None = None,
    validate: Callable[[], float] | None = None,
    validate_every: int = 0,
    hooks: Sequence[Hook] = (),
    save: Callable[[int], Path] | None = None,
    record_gradients: bool = True,
    recorder: FlowRecorder | None = None,
    console: Any = None,
    title: str = "training",
    unit: str = "tokens",
) -> History:
    """Take `steps` steps down the loss: what `Trainer` does, for a training that need not be resumed.

    Parameters
    ----------
    model : Module
        Put into training mode, and left in it.
    optimizers : sequence of Optimizer
        Between them they should hold each parameter once.
    batches : callable
        Returns the next inputs and targets.
    steps : int
    loss : callable
        Of inputs and targets; a tensor with one element.
    schedule : CosineSchedule or LRScheduler, optional
        Moved on after every step.
    clip : float, optional
        Bound on the length of the whole gradient.
    validate : callable, optional
        Returns the validation loss; called every `validate_every` steps (0: never) and after the last one.
    hooks : sequence of (int, callable)
        Each is called with the number of steps taken, every so many steps.
    save : callable, optional
        Called with the number of steps taken where Ctrl-C ends the training; writes a checkpoint, says where.
    record_gradients : bool
        Whether to fill `History.gradients`.
    recorder : FlowRecorder, optional
        Looks at every step; shown below the progress bar.
    console : rich.console.Console, optional
        Where the progress bar goes; none without one.
    title, unit : str
        For the progress bar.

    Returns
    -------
    History
        Ctrl-C does not raise: the step in progress is finished, `save` called, and `interrupted` set. A second Ctrl-C
        raises at once.

    Raises
    ------
    TrainingError
        If the loss or a gradient to be clipped is not finite. The parameters are those before that step.
    MissingExtra
        With a console but without rich.

    Examples
    --------
    >>> import numpy as np
    >>> from nn.functional import mse_loss
    >>> from nn.layers import Linear
    >>> from nn.optim import SGD
    >>> layer, x = Linear(1, 1, rng=np.random.default_rng(0)), np.array([[-1.0], [1.0]], np.float32)
    >>> fit = train(
    ...     layer, [SGD(layer.parameters(), lr=0.3)], lambda: (x, 3 * x), 50, loss=lambda x, y: mse_loss(layer(x), y)
    ... )
    >>> fit.steps, fit.losses[-1] < 1e-6
    (50, True)
    """
    trainer = Trainer(
        model,
        optimizers,
        batches,
        loss,
        schedule=schedule,
        clip=clip,
        validate=validate,
        validate_every=validate_every,
        keep_best=False,
        hooks=hooks,
        record_gradients=record_gradients,
        recorder=recorder,
        console=console,
        title=title,
        unit=unit,
    )
    history = trainer.fit(steps)
    if history.interrupted and save is not None:
        history.saved = save(history.steps)
    return history


def evaluate(model: LanguageModel, data: TextDataset, batch: int = 64) -> float:
    """The mean cross-entropy, in nats per token, of one full pass over a text: every token but the first, once.

    Parameters
    ----------
    model : LanguageModel
        Evaluated without dropout, and left in the mode it was in.
    data : TextDataset
    batch : int
        Windows at once; does not change the value.

    Examples
    --------
    >>> import numpy as np
    >>> from nn.models.gpt import GPT, Config
    >>> model = GPT(Config(vocab_size=7, context=4, layers=1, heads=1, width=8), rng=np.random.default_rng(0))
    >>> bool(abs(evaluate(model, TextDataset(np.arange(50) % 7, 4)) - np.log(7)) < 0.2)
    True
    """
    total = count = 0.0
    with evaluating(model), no_grad():
        for x, y in data.windows(batch):
            total += float(model.loss(x, y)) * y.size
            count += y.size
    return total / count


def accuracy(model: Module, inputs: Array, labels: Array) -> float:
    """The share of examples whose largest logit is the label's; without dropout.

    Examples
    --------
    >>> import numpy as np
    >>> from nn.layers import Linear
    >>> layer = Linear(2, 2, bias=False)
    >>> layer.weight.data = np.eye(2)
    >>> accuracy(layer, np.array([[2.0, 1.0], [0.0, 1.0]], np.float32), np.array([0, 0]))
    0.5
    """
    with evaluating(model), no_grad():
        guesses = model(inputs).data.argmax(axis=-1)
    return float((guesses == labels).mean())
