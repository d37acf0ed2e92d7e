"""The training loop: forward, backward, step; with a progress bar, a record of what happened, and a safe Ctrl-C."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from autograd import Tensor, no_grad
from autograd.machine import keep_memory
from nn.data import TextDataset
from nn.errors import TrainingError, need
from nn.models.gpt import GPT
from nn.module import Module
from nn.optim import CosineSchedule, LRScheduler, Optimizer, clip_grad_norm_
from nn.optim.clip import squared_norm
from nn.optim.optimizer import stored

if TYPE_CHECKING:
    from nn.flows import FlowRecorder

Array = NDArray[Any]
Batch = tuple[Array, Array]
Hook = tuple[int, Callable[[int], None]]


@dataclasses.dataclass
class History:
    """What happened in training.

    Attributes
    ----------
    losses : list of float
        The batch loss of every step.
    validation : list of (int, float)
        Steps taken, and the validation loss after them.
    gradients : dict of str to list of float
        For every layer, the length of its gradient (before clipping) at every step.
    seconds : float
        Spent on steps alone.
    targets : int
        How many predictions were made: tokens, or labels.
    interrupted : bool
        Whether Ctrl-C ended it.
    saved : Path or None
        Where an interrupted training was saved.
    """

    losses: list[float] = dataclasses.field(default_factory=list)
    validation: list[tuple[int, float]] = dataclasses.field(default_factory=list)
    gradients: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    seconds: float = 0.0
    targets: int = 0
    interrupted: bool = False
    saved: Path | None = None

    @property
    def steps(self) -> int:
        """Steps taken."""
        return len(self.losses)

    @property
    def rate(self) -> float:
        """Predictions per second of training."""
        return self.targets / self.seconds if self.seconds else 0.0


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
    """Take `steps` steps down the loss.

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
    keep_memory()
    history = History()
    layers = _layers(model) if record_gradients else {}
    history.gradients = {name: [] for name in layers}
    parameters = [p for optimizer in optimizers for p in optimizer.parameters()]
    model.train()
    with _Interrupts() as interrupts, _progress(console, title, unit, steps, recorder) as show:
        try:
            for _ in range(steps):
                began = time.perf_counter()
                x, y = batches()
                with recorder or contextlib.nullcontext():
                    history.losses.append(_step(loss, x, y, optimizers, parameters, layers, clip, history, recorder))
                if schedule:
                    schedule.step()
                history.targets += y.size
                history.seconds += time.perf_counter() - began
                show(history)
                _between(history, steps, validate, validate_every, hooks)
                model.train()
                interrupts.check()
        except KeyboardInterrupt:
            history.interrupted = True
            if interrupts.urgent:
                raise
            if save is not None:
                history.saved = save(history.steps)
    return history


def _step(
    loss: Callable[[Array, Array], Tensor],
    x: Array,
    y: Array,
    optimizers: Sequence[Optimizer],
    parameters: list[Tensor],
    layers: dict[str, list[Tensor]],
    clip: float | None,
    history: History,
    recorder: FlowRecorder | None,
) -> float:
    value = loss(x, y)
    now = float(value)
    if not math.isfinite(now):
        raise TrainingError(
            f"the loss is {now} at step {history.steps + 1}: lower the learning rate, or clip the gradient"
        )
    for optimizer in optimizers:
        optimizer.zero_grad()
    value.backward()
    for name, members in layers.items():
        squares = (squared_norm(stored(p.grad)) for p in members if p.grad is not None)
        history.gradients[name].append(math.sqrt(sum(squares)))
    if recorder is not None:
        recorder.after_backward()
    if clip is not None:
        clip_grad_norm_(parameters, clip)
    for optimizer in optimizers:
        optimizer.step()
    return now


def _between(
    history: History,
    steps: int,
    validate: Callable[[], float] | None,
    validate_every: int,
    hooks: Sequence[Hook],
) -> None:
    """What happens between two steps."""
    done = history.steps
    if validate is not None and (done == steps or (validate_every and done % validate_every == 0)):
        history.validation.append((done, validate()))
    for every, hook in hooks:
        if done % every == 0:
            hook(done)


def _layers(model: Module) -> dict[str, list[Tensor]]:
    """Parameters by the layer that holds them, in the model's order."""
    layers: dict[str, list[Tensor]] = {}
    for name, p in model.named_parameters():
        layers.setdefault(name.rpartition(".")[0] or name, []).append(p)
    return layers


class _Interrupts:
    """Turns the first Ctrl-C into a question asked between steps, so that no step is left half done."""

    def __init__(self) -> None:
        self.count = 0
        self._before: Any = None

    def __enter__(self) -> _Interrupts:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.urgent:
            raise KeyboardInterrupt

    @property
    def urgent(self) -> bool:
        """Whether the user has asked more than once."""
        return self.count > 1

    def check(self) -> None:
        """Stop here if asked to."""
        if self.count:
            raise KeyboardInterrupt


@contextlib.contextmanager
def _progress(
    console: Any, title: str, unit: str, steps: int, below: Any = None
) -> Iterator[Callable[[History], None]]:
    """A progress bar on a rich console, with what `below` shows of itself under it; without one, nothing."""
    if console is None:
        yield lambda history: None
        return
    rich = need("rich.progress", "train", "the progress bar")
    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(bar_width=24),
        rich.MofNCompleteColumn(),
        rich.TextColumn("loss {task.fields[loss]:.3f}  {task.fields[rate]:,.0f} {task.fields[unit]}/s"),
        rich.TimeRemainingColumn(),
    )

    class Screen(rich.Progress):  # type: ignore[misc, name-defined]
        def get_renderables(self) -> Iterator[Any]:
            yield from super().get_renderables()
            if below is not None and console.is_terminal:
                yield below

    with Screen(*columns, console=console, refresh_per_second=4) as progress:
        task = progress.add_task(title, total=steps, loss=math.nan, rate=0.0, unit=unit)

        def show(history: History) -> None:
            recent = history.losses[-20:]
            progress.update(task, completed=history.steps, loss=sum(recent) / len(recent), rate=history.rate)

        yield show


def evaluate(model: GPT, data: TextDataset, batch: int = 64) -> float:
    """The mean cross-entropy, in nats per token, of one full pass over a text: every token but the first, once.

    Parameters
    ----------
    model : GPT
        Evaluated without dropout, and left in the mode it was in.
    data : TextDataset
    batch : int
        Windows at once; does not change the value.

    Examples
    --------
    >>> import numpy as np
    >>> from nn.models.gpt import Config
    >>> model = GPT(Config(vocab_size=7, context=4, layers=1, heads=1, width=8), rng=np.random.default_rng(0))
    >>> bool(abs(evaluate(model, TextDataset(np.arange(50) % 7, 4)) - np.log(7)) < 0.2)
    True
    """
    training = model.training
    model.eval()
    total = count = 0.0
    try:
        with no_grad():
            for x, y in data.windows(batch):
                total += float(model.loss(x, y)) * y.size
                count += y.size
    finally:
        model.train(training)
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
    training = model.training
    model.eval()
    try:
        with no_grad():
            guesses = model(inputs).data.argmax(axis=-1)
    finally:
        model.train(training)
    return float((guesses == labels).mean())
