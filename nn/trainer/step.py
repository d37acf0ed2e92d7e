"""One step: batches to a gradient, a gradient to a move."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from autograd import Tensor
from nn.errors import TrainingError
from nn.module import Module
from nn.optim import GradScaler, Optimizer, clip_grad_norm_
from nn.optim.clip import squared_norm
from nn.optim.optimizer import stored
from nn.trainer.advice import cause
from nn.trainer.history import History

if TYPE_CHECKING:
    from nn.flows import FlowRecorder

OVERFLOWS = 50  # steps in a row that a scaler may leave out: a scale of 65536 is 6e-11 by then


class Step:
    """What a step needs, and how it is taken.

    Parameters
    ----------
    model, loss, optimizers, scaler, clip
        See `Trainer`.
    record_gradients : bool
        Whether to fill `History.gradients`.
    recorder : FlowRecorder, optional
        Told when the gradients are there.
    """

    def __init__(
        self,
        model: Module,
        loss: Callable[..., Tensor],
        optimizers: Sequence[Optimizer],
        scaler: GradScaler | None = None,
        clip: float | None = None,
        record_gradients: bool = False,
        recorder: FlowRecorder | None = None,
    ) -> None:
        self.model, self.loss, self.optimizers = model, loss, optimizers
        self.scaler, self.clip, self.recorder = scaler, clip, recorder
        self.parameters = [p for optimizer in optimizers for p in optimizer.parameters()]
        self.layers = _layers(model) if record_gradients else {}
        self.gradient: float | None = None  # the last length of the whole gradient, where it was needed
        self.overflows = 0  # steps left out in a row

    def take(self, batches: Sequence[Any], history: History) -> float:
        """Move once along the mean gradient of some batches; gives the mean loss.

        Raises
        ------
        TrainingError
            If the loss or a gradient to be clipped is not finite, or a scaler finds no scale. No parameter has moved.
        """
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        total = 0.0
        for batch in batches:
            value = one_number(of_batch(self.loss, batch))
            now = float(value)
            if not math.isfinite(now) and self.scaler is None:
                raise TrainingError(
                    f"the loss is {now} at step {history.steps + 1}: {self._cause(value, batch, history)}"
                )
            total += now
            part = value / len(batches) if len(batches) > 1 else value
            (self.scaler.scale(part) if self.scaler else part).backward()
        if self.scaler:
            for optimizer in self.optimizers:
                self.scaler.unscale_(optimizer)
        self._measure(history)
        if self.recorder is not None:
            self.recorder.after_backward()
        if self.clip is not None:
            self.gradient = clip_grad_norm_(self.parameters, self.clip, error_if_nonfinite=self.scaler is None)
        self._move(history)
        return total / len(batches)

    def _move(self, history: History) -> None:
        if self.scaler is None:
            for optimizer in self.optimizers:
                optimizer.step()
            return
        taken = [self.scaler.step(optimizer) for optimizer in self.optimizers]
        self.scaler.update()
        self.overflows = 0 if all(taken) else self.overflows + 1
        history.skipped += not all(taken)
        if self.overflows >= OVERFLOWS:
            raise TrainingError(
                f"no step of the last {self.overflows} had a finite gradient, down to a scale of "
                f"{self.scaler.get_scale():.3g}: the loss itself is not finite, or a value in float16 overflows in the "
                "forward pass; lower the learning rate, or compute that part in float32"
            )

    def _measure(self, history: History) -> None:
        for name, members in self.layers.items():
            squares = (squared_norm(stored(p.grad)) for p in members if p.grad is not None)
            history.gradients[name].append(math.sqrt(sum(squares)))

    def _cause(self, value: Tensor, batch: Any, history: History) -> str:
        named = dict(self.model.named_parameters())
        return cause(value, batch, history, named, self.model, self.optimizers[0])


def of_batch(function: Callable[..., Any], batch: Any) -> Any:
    """A function of a batch: of its parts, where it is a tuple or list of them."""
    return function(*batch) if isinstance(batch, tuple | list) else function(batch)


def one_number(value: Any) -> Tensor:
    """The loss, if it is one that a gradient can be taken of."""
    if not isinstance(value, Tensor) or value.size != 1:
        what = f"a Tensor of shape {value.shape}" if isinstance(value, Tensor) else type(value).__name__
        raise TypeError(f"the loss is a Tensor with one element, got {what}; reduce it with .mean()")
    return value


def _layers(model: Module) -> dict[str, list[Tensor]]:
    """Parameters by the layer that holds them, in the model's order."""
    layers: dict[str, list[Tensor]] = {}
    for name, p in model.named_parameters():
        layers.setdefault(name.rpartition(".")[0] or name, []).append(p)
    return layers
