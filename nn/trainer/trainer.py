"""Trainer: the one training loop; what is underway can be broken off at any moment and goes on bit for bit."""

from __future__ import annotations

import contextlib
import math
import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import Tensor, no_grad
from autograd.machine import keep_memory
from nn.checkpoint import read, write
from nn.errors import CheckpointError, DataError, TrainingError
from nn.module import Module, evaluating
from nn.optim import AveragedModel, GradScaler, Optimizer, ReduceLROnPlateau
from nn.trainer import state as states_of
from nn.trainer.advice import COUNTED, EVERY, Advisor, TrainingWarning
from nn.trainer.feed import Feed
from nn.trainer.folder import BEST, LOG, RunFolder
from nn.trainer.history import History
from nn.trainer.interrupts import Interrupts
from nn.trainer.logs import JSONLog, Log, TensorBoardLog
from nn.trainer.progress import progress
from nn.trainer.step import Step, of_batch, one_number

if TYPE_CHECKING:
    from nn.flows import FlowRecorder

Hook = tuple[int, Callable[[int], None]]


class Trainer:
    """Trains a model, watches it, and keeps what is needed to go on after any end.

    With a `folder`, checkpoints ``step-00000100.safetensors`` go there, the best weights (``best.safetensors``) and a
    log (``log.jsonl``, see `read_log`). A training that ends at any moment, by Ctrl-C, ``kill -9`` or a power cut, goes
    on from the newest checkpoint and ends with the bits that it would have had: a checkpoint holds parameters and
    buffers, optimisers, schedules, scaler, average, the place in the data, the random generators of layers, NumPy's own
    and those in `states`, and the history.

    Parameters
    ----------
    model : Module
        Put into training mode, and left in it.
    optimizers : Optimizer or sequence of Optimizer
        Between them they should hold each parameter once.
    data : DataLoader, iterable of batches, or callable
        Gone through again and again; a callable returns the next batch, and what it draws from belongs in `states`.
    loss : callable
        Of a batch, or of its parts where it is a tuple: a Tensor with one element.
    schedule : schedule or sequence of schedules, optional
        Moved on after every step; a `ReduceLROnPlateau` after every validation.
    clip : float, optional
        Bound on the length of the whole gradient.
    accumulate : int
        Batches a step, whose gradients are averaged.
    scaler : GradScaler, optional
        Of the loss, for float16; a step whose gradient overflows is left out.
    average : AveragedModel, optional
        Updated after every step; its weights are the ones that are validated, and the best ones.
    validate : callable, or DataLoader or other iterable, optional
        Returns the validation loss; of batches it is the mean of `loss` over them, each with the weight of its targets,
        in evaluation mode.
    validate_every : int, optional
        Steps between validations; once an epoch unless given, where the data have a length; 0 is never. There is always
        one after the last step.
    patience : int, optional
        End after so many validations in a row without a new best one.
    keep_best : bool
        Whether the weights of the best validation are kept, for `load_best`.
    folder : path, optional
        Where the run is kept. One training at a time.
    save_every : int
        Steps between checkpoints; 0: by time alone.
    save_seconds : float
        Time between checkpoints; 0: by steps alone. There is always one at the end and at Ctrl-C.
    keep : int
        How many checkpoints are kept.
    metadata : mapping of str to str, optional
        Written into the best weights' file.
    states : mapping, optional
        By name, what else changes from step to step: a `numpy.random.Generator`, or an object with ``state_dict`` and
        ``load_state_dict``.
    log_every : int
        Steps between two lines in the log; 0: no steps.
    tensorboard : bool
        Whether event files for TensorBoard go to the folder as well.
    hooks : sequence of (int, callable)
        Each is called with the number of steps taken, every so many steps.
    record_gradients : bool
        Whether to fill `History.gradients`: the length of each layer's gradient at every step.
    recorder : FlowRecorder, optional
        Looks at every step; shown below the progress bar.
    advise : bool
        Whether to look for what goes wrong (a loss that does not move, overfitting, and so on).
    tell : callable, optional
        Called with each sentence of warning; `warnings.warn` with `TrainingWarning` unless given.
    console : rich.console.Console, optional
        Where the progress bar goes; none without one.
    title, unit : str
        For the progress bar.

    Attributes
    ----------
    history : History

    Raises
    ------
    DataError
        If a setting is out of its range, or would have no effect for lack of another one.

    Examples
    --------
    >>> import tempfile
    >>> import nn
    >>> def trainer(folder):
    ...     rng = np.random.default_rng(0)
    ...     x = rng.normal(size=(64, 3)).astype(np.float32)
    ...     model = nn.Linear(3, 1, rng=rng)
    ...     data = nn.data.DataLoader(nn.data.ArrayDataset(x, x.sum(1, keepdims=True)), batch_size=8)
    ...     optimizer = nn.optim.Adam(model.parameters(), lr=0.1)
    ...     return nn.Trainer(model, optimizer, data, lambda a, b: ((model(a) - b) ** 2).mean(), folder=folder)
    >>> folder = tempfile.mkdtemp()
    >>> first, second = trainer(folder), trainer(folder)
    >>> first.fit(steps=60).steps
    60
    >>> second.resume(), second.fit(epochs=20).steps
    (60, 160)
    >>> second.history.losses[-1] < 1e-4
    True
    """

    def __init__(
        self,
        model: Module,
        optimizers: Optimizer | Sequence[Optimizer],
        data: Any,
        loss: Callable[..., Tensor],
        *,
        schedule: Any = None,
        clip: float | None = None,
        accumulate: int = 1,
        scaler: GradScaler | None = None,
        average: AveragedModel | None = None,
        validate: Any = None,
        validate_every: int | None = None,
        patience: int | None = None,
        keep_best: bool = True,
        folder: str | os.PathLike[str] | None = None,
        save_every: int = 0,
        save_seconds: float = 300.0,
        keep: int = 3,
        metadata: Mapping[str, str] | None = None,
        states: Mapping[str, Any] | None = None,
        log_every: int = 10,
        tensorboard: bool = False,
        hooks: Sequence[Hook] = (),
        record_gradients: bool = False,
        recorder: FlowRecorder | None = None,
        advise: bool = True,
        tell: Callable[[str], None] | None = None,
        console: Any = None,
        title: str = "training",
        unit: str = "examples",
    ) -> None:
        _at_least(1, accumulate=accumulate, keep=keep, patience=patience)
        _at_least(
            0, validate_every=validate_every, save_every=save_every, save_seconds=save_seconds, log_every=log_every
        )
        if clip is not None and not clip > 0:
            raise DataError(f"clip is above 0, got {clip}")
        if patience is not None and validate is None:
            raise DataError("patience counts validations: give validate=")
        if tensorboard and folder is None:
            raise DataError("event files for TensorBoard need a folder=")
        self.model = model
        self.optimizers = [optimizers] if isinstance(optimizers, Optimizer) else list(optimizers)
        if not self.optimizers:
            raise DataError("a training needs at least one optimiser")
        self.schedules = _listed(schedule)
        self.accumulate, self.scaler, self.average = accumulate, scaler, average
        self.validate, self.patience, self.keep_best = validate, patience, keep_best
        self.folder = None if folder is None else RunFolder(Path(folder), keep)
        self.save_every, self.save_seconds = save_every, save_seconds
        self.metadata, self.states = dict(metadata or {}), states_of.check_states(states or {})
        self.log_every, self.tensorboard, self.hooks = log_every, tensorboard, list(hooks)
        self.recorder, self.advise = recorder, advise
        self._say = tell or (lambda text: warnings.warn(text, TrainingWarning, stacklevel=3))
        self.console, self.title, self.unit = console, title, unit
        self.feed, self.history, self.advisor = Feed(data), History(), Advisor()
        self.step = Step(model, loss, self.optimizers, scaler, clip, record_gradients, recorder)
        self.history.gradients = {name: [] for name in self.step.layers}
        self._named = dict(model.named_parameters())
        epoch = math.ceil(len(self.feed) / accumulate)
        self.validate_every = epoch if validate_every is None else validate_every
        self._logs: list[Log] = []
        self._best: dict[str, Any] = {}  # the best weights, where there is no folder
        self._saved_at, self._saved_time = -1, 0.0
        self._whole = True  # whether everything stands between two steps

    # ------------------------------------------------------------------ the loop
    def fit(self, steps: int | None = None, *, epochs: float | None = None, resume: bool = False) -> History:
        """Go on until so many steps have been taken, those before a `resume` counted.

        Parameters
        ----------
        steps : int, optional
        epochs : float, optional
            The same in passes over the data; one of the two is given.
        resume : bool
            Begin with `resume` if the folder holds a run: a program that is started again goes on.

        Returns
        -------
        History
            Ctrl-C does not raise: the step in progress is finished, a checkpoint written, and `interrupted` set. A
            second Ctrl-C raises at once.

        Raises
        ------
        TrainingError
            If the loss or a gradient to be clipped is not finite; the message gives the likely cause. The parameters
            are those before that step.
        CheckpointError
            If another training runs in the folder, it holds a run that this one does not go on with, or something
            cannot be written there.
        MissingExtra
            If a package is missing for the progress bar, checkpoints or TensorBoard.
        """
        total, history = self._total(steps, epochs), self.history
        history.interrupted = history.stopped_early = False
        keep_memory()
        self.model.train()
        with self._place(resume, total), Interrupts() as interrupts:
            with progress(self.console, self.title, self.unit, total, self.recorder) as show:
                try:
                    while history.steps < total and not self._patience_is_over():
                        self._take_step()
                        show(history)
                        self._between(total)
                        interrupts.check()
                except KeyboardInterrupt:
                    history.interrupted = True
                    if interrupts.urgent:
                        raise
            self._finish()
        return history

    def _take_step(self) -> None:
        """One step and all that belongs to it; nothing is saved of one that was broken off."""
        history, began = self.history, time.perf_counter()
        self._whole = False
        batches = [self.feed.next() for _ in range(self.accumulate)]
        with self.recorder or contextlib.nullcontext():
            history.losses.append(self.step.take(batches, history))
        for schedule in self.schedules:
            if not isinstance(schedule, ReduceLROnPlateau):
                schedule.step()
        if self.average is not None:
            self.average.update()
        for batch in batches:
            targets = _targets(batch)
            history.targets += int(np.size(targets))
            if self.advise and history.steps <= COUNTED:
                self.advisor.count(targets)
        history.seconds += time.perf_counter() - began

    def _between(self, total: int) -> None:
        """What happens between two steps."""
        done, history = self.history.steps, self.history
        if self.log_every and done % self.log_every == 0:
            self._log("step", self._measures())
        if self.advise and done % EVERY == 0:
            self._warn(self.advisor.look(history, total, self._named))
        if self.validate is not None and (done == total or (self.validate_every and done % self.validate_every == 0)):
            self._validated()
        self._whole = True
        for every, hook in self.hooks:
            if done % every == 0:
                hook(done)
        self.model.train()
        if self.folder is not None and self._is_due(done):
            self.save()

    def _finish(self) -> None:
        """The end of a training, however it came."""
        history = self.history
        history.stopped_early = not history.interrupted and self._patience_is_over()
        if self.folder is not None and self._whole and self._saved_at != history.steps and history.steps:
            self.save()
        why = "interrupted" if history.interrupted else "stopped early" if history.stopped_early else "done"
        self._log("end", {"why": why})

    def _total(self, steps: int | None, epochs: float | None) -> int:
        if (steps is None) == (epochs is None):
            raise DataError("fit takes steps or epochs, one of the two")
        if steps is not None:
            _at_least(0, steps=steps)
            return steps
        if not len(self.feed):
            raise DataError("nobody knows how long an epoch of these data is: say how many steps")
        _at_least(0, epochs=epochs)
        return math.ceil((epochs or 0) * len(self.feed) / self.accumulate)

    # ------------------------------------------------------------------ validation
    def _validated(self) -> None:
        """Measure the validation loss, keep the weights if they are the best, let plateau schedules know."""
        history = self.history
        average = self.average.swap() if self.average is not None else contextlib.nullcontext()
        with average:
            loss = float(self.validate() if callable(self.validate) else self._mean_loss(self.validate))
            history.validation.append((history.steps, loss))
            if self.keep_best and history.best == (history.steps, loss):
                self._keep_best(loss)
        for schedule in self.schedules:
            if isinstance(schedule, ReduceLROnPlateau):
                schedule.step(loss)
        self._log("validation", {"validation": loss})
        if self.advise:
            self._warn(self.advisor.look_at_validation(history))

    def _mean_loss(self, batches: Any) -> float:
        total = weight = 0.0
        with evaluating(self.model), no_grad():
            for batch in batches:
                size = max(int(np.size(_targets(batch))), 1)
                total += float(one_number(of_batch(self.step.loss, batch))) * size
                weight += size
        if not weight:
            raise DataError("the data to validate on give no batch; a loop can be gone through only once, give a list")
        return total / weight

    def _patience_is_over(self) -> bool:
        return self.patience is not None and self.history.since_best >= self.patience

    def _keep_best(self, loss: float) -> None:
        weights = self.model.state_dict()
        self._best = {"step": self.history.steps, "loss": loss, "weights": weights if self.folder is None else None}
        if self.folder is not None:
            notes = {"step": str(self.history.steps), "loss": repr(loss)}
            write(self.folder.path / BEST, weights, {**self.metadata, **notes})

    def load_best(self) -> tuple[int, float]:
        """Put the weights of the best validation into the model; gives the steps taken then, and the loss.

        Raises
        ------
        CheckpointError
            If there are none, or the file cannot be read or does not fit.
        """
        if self.folder is None:
            if not self._best:
                raise CheckpointError("there are no best weights yet: none was validated, or keep_best is not set")
            self.model.load_state_dict(self._best["weights"])
            return self._best["step"], self._best["loss"]
        file = read(self.folder.path / BEST)
        try:
            self.model.load_state_dict(file.arrays)
            return int(file.metadata["step"]), float(file.metadata["loss"])
        except (ValueError, KeyError) as error:
            raise CheckpointError(f"{file.path}: does not fit: {' '.join(str(error).split())}") from error

    # ------------------------------------------------------------------ the folder
    def save(self) -> Path:
        """Write a checkpoint now.

        Raises
        ------
        CheckpointError
            If there is no folder, or it cannot be written: what was there still is.
        TrainingError
            If a parameter is not finite: there is nothing to go on from.
        """
        if self.folder is None:
            raise CheckpointError("a checkpoint needs a place: give folder=")
        for name, p in self._named.items():
            if not np.isfinite(p.data).all():
                raise TrainingError(
                    f"the parameter {name} is not finite after step {self.history.steps}, and nothing is saved of "
                    "that: lower the learning rate, or clip the gradient (clip=1.0); resume from the last checkpoint"
                )
        state = {"training": states_of.save(self), "seconds": self.history.seconds}
        with self.folder.locked():
            self.history.saved = self.folder.save(self.history.steps, state)
        self._saved_at, self._saved_time = self.history.steps, time.monotonic()
        self._log("checkpoint", {"file": self.history.saved.name})
        return self.history.saved

    def resume(self, folder: str | os.PathLike[str] | None = None) -> int:
        """Take the state of the newest whole checkpoint; gives the steps taken. `fit` then goes on.

        A checkpoint that is torn is passed over, with a warning.

        Parameters
        ----------
        folder : path, optional
            Of another run, whose checkpoints stay as they are; the trainer's own unless given.

        Raises
        ------
        CheckpointError
            If there is none, or it is of a training made otherwise; nothing is changed then.
        """
        place = self.folder if folder is None else RunFolder(Path(folder))
        if place is None:
            raise CheckpointError("there is nothing to resume from: give folder=")
        found = place.newest(self._say)
        if found is None:
            raise CheckpointError(f"{place.path}: there is no checkpoint")
        self._take(*found, own=folder is None)
        return self.history.steps

    def _take(self, path: Path, state: Mapping[str, Any], own: bool) -> None:
        states_of.load(self, state["training"], str(path))
        self.history.seconds = state["seconds"]
        if self.recorder is not None:
            self.recorder.step = self.history.steps
        if own:
            self._saved_at, self.history.saved = self.history.steps, path

    @contextlib.contextmanager
    def _place(self, resume: bool, total: int) -> Iterator[None]:
        """The folder locked and the logs open, where there is one; the data left at the end."""
        if resume and self.folder is None:
            raise DataError("resume=True needs a folder=")
        try:
            with contextlib.nullcontext() if self.folder is None else self.folder.locked():
                if self.folder is not None:
                    self._begin(self.folder, resume, total)
                yield
        except (TrainingError, DataError) as error:
            self._log("error", {"text": str(error)})
            raise
        finally:
            for log in self._logs:
                log.close()
            self._logs = []
            self.feed.rest()

    def _begin(self, folder: RunFolder, resume: bool, total: int) -> None:
        if next(iter(folder.checkpoints()), self._saved_at) != self._saved_at:
            self._look_for_others(folder, resume)
        self._saved_time = time.monotonic()
        self._logs = [JSONLog(folder.path / LOG)]
        if self.tensorboard:
            self._logs.append(TensorBoardLog(folder.path / "tensorboard", self.history.steps))
        parameters = sum(p.size for p in self._named.values())
        event = "resume" if self.history.steps else "start"
        self._log(event, {"until": total, "parameters": parameters, "process": os.getpid()})

    def _look_for_others(self, folder: RunFolder, resume: bool) -> None:
        """Take up, or refuse to write over, what somebody else has left in the folder."""
        found = folder.newest(self._say if self._saved_at < 0 else lambda text: None)
        if found is None or _steps(found) == self._saved_at:
            return
        if not resume:
            raise CheckpointError(
                f"{folder.path}: holds a run of {_steps(found)} steps already: go on with it (resume()), or name "
                "another folder"
            )
        self._take(*found, own=True)

    def _is_due(self, done: int) -> bool:
        by_steps = bool(self.save_every) and done % self.save_every == 0
        return by_steps or bool(self.save_seconds and time.monotonic() - self._saved_time >= self.save_seconds)

    # ------------------------------------------------------------------ what is said
    def _measures(self) -> dict[str, Any]:
        """What the log says of a step."""
        recent = self.history.losses[-self.log_every :]
        measures: dict[str, Any] = {"loss": sum(recent) / len(recent), "rate": round(self.history.rate, 1)}
        measures["lr"] = [group["lr"] for optimizer in self.optimizers for group in optimizer.param_groups]
        if self.step.gradient is not None:
            measures["gradient"] = self.step.gradient
        if self.scaler is not None:
            measures["scale"] = self.scaler.get_scale()
        return measures

    def _warn(self, found: Iterator[tuple[str, str]]) -> None:
        for kind, text in found:
            self.history.warnings.append((self.history.steps, text))
            self._log("warning", {"kind": kind, "text": text})
            self._say(text)

    def _log(self, event: str, entries: Mapping[str, Any]) -> None:
        for log in self._logs:
            log.write(event, self.history.steps, entries)


def _steps(found: tuple[Path, Mapping[str, Any]]) -> int:
    return len(found[1]["training"]["history"]["losses"])


def _targets(batch: Any) -> Any:
    """The last part of a batch."""
    return batch[-1] if isinstance(batch, tuple | list) else batch


def _listed(schedule: Any) -> list[Any]:
    if schedule is None:
        return []
    return list(schedule) if isinstance(schedule, list | tuple) else [schedule]


def _at_least(least: int, **settings: Any) -> None:
    for name, value in settings.items():
        if value is not None and not value >= least:
            raise DataError(f"{name} is at least {least}, got {value}")
