"""What goes wrong in a training, in plain words: what was seen, the likely cause, and what to do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import GradError, Tensor
from nn.module import Module
from nn.optim import Optimizer
from nn.optim.optimizer import stored
from nn.trainer.history import History

Array = NDArray[Any]

EVERY = 50  # steps between two looks
COUNTED = 200  # steps whose targets are counted
WINDOW = 50  # steps that a mean of losses is taken over
SINCE = 4  # validations in a row that have to be worse before it is overfit


class TrainingWarning(UserWarning):
    """Something in a training that looks wrong."""


class Advisor:
    """Watches a training; says each thing once.

    It judges what is plain only: a loss that has never moved, that stands where guessing by frequency alone stands,
    that has risen above its beginning, a validation loss that rises while the training's falls, parameters that no
    gradient reaches. What a healthy training does now and then is no matter for a warning.
    """

    def __init__(self) -> None:
        self.counts = np.zeros(0, np.int64)  # how often each class was a target
        self.idle: dict[str, int] = {}  # looks in a row at which a parameter had no gradient
        self.said: list[str] = []

    def state_dict(self) -> dict[str, Any]:
        """What has been seen and said."""
        return {"counts": self.counts, "idle": dict(self.idle), "said": list(self.said)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on with what another one has seen and said."""
        self.counts, self.idle, self.said = state["counts"].copy(), dict(state["idle"]), list(state["said"])

    def count(self, targets: Any) -> None:
        """Take targets into the statistics, if they are classes."""
        if isinstance(targets, np.ndarray) and targets.dtype.kind in "iu" and targets.size:
            seen = targets.ravel()
            seen = seen[(seen >= 0) & (seen < 2**20)]  # negative ones are no classes but a mask
            counts = np.bincount(seen, minlength=len(self.counts))
            counts[: len(self.counts)] += self.counts
            self.counts = counts

    def look(self, history: History, total: int, parameters: Mapping[str, Tensor]) -> Iterator[tuple[str, str]]:
        """Kinds and sentences of what is wrong now; `total` steps are planned."""
        losses = history.losses
        checks = [
            ("dead", self._dead(losses, parameters)),
            ("stuck", _stuck(losses, total)),
            ("guessing", self._guessing(losses, total)),
            ("diverging", _diverging(losses)),
        ]
        return self._new(checks)

    def look_at_validation(self, history: History) -> Iterator[tuple[str, str]]:
        """The same after a validation."""
        return self._new([("overfit", _overfit(history))])

    def _new(self, checks: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        for kind, sentence in checks:
            if sentence and kind not in self.said:
                self.said.append(kind)
                yield kind, sentence

    def _dead(self, losses: Sequence[float], parameters: Mapping[str, Tensor]) -> str:
        """Parameters that no gradient has reached at three looks in a row."""
        for name, p in parameters.items():
            if not p.requires_grad:
                continue
            moved = losses[-1] == 0 or (p.grad is not None and bool(stored(p.grad).any()))
            self.idle[name] = 0 if moved else self.idle.get(name, 0) + 1
        dead = [name for name, looks in self.idle.items() if looks >= 3]
        if not dead:
            return ""
        more = f" and {len(dead) - 1} more" if len(dead) > 1 else ""
        return (
            f"no gradient has reached {dead[0]}{more} for {2 * EVERY} steps: the parameter is not used in the loss, a "
            "detach() or no_grad() stands between, or all units after it are dead (ReLUs that give 0 for every "
            "example). nn.diagnose(loss, model) says where; lower the learning rate if it was well at first"
        )

    def _guessing(self, losses: Sequence[float], total: int) -> str:
        """A loss that is no lower than that of the classes' frequencies, when it should long be."""
        steps = len(losses)
        if steps < max(200, total // 4) or np.count_nonzero(self.counts) < 2:
            return ""
        share = self.counts[self.counts > 0] / self.counts.sum()
        known, uniform = float(-(share * np.log(share)).sum()), math.log(len(share))
        now, before = fmean(losses[-WINDOW:]), fmean(losses[-2 * WINDOW : -WINDOW])
        if known < 0.1 or not 0.97 * known < now < 1.25 * uniform or now < 0.99 * before:
            return ""
        return (
            f"after {steps} steps the loss is {now:.3f}, no better than guessing each target by how frequent it is "
            f"({known:.3f}; all alike: {uniform:.3f}): the model has learned nothing from its inputs. Look whether "
            "inputs and targets belong together and are shifted by one where they should be, whether attention sees "
            "only earlier tokens, and try another learning rate, ten times lower and ten times higher"
        )


def _stuck(losses: Sequence[float], total: int) -> str:
    """A loss that has not moved since the first step."""
    if len(losses) < max(200, total // 4):
        return ""
    first, now = fmean(losses[:20]), fmean(losses[-WINDOW:])
    spread = float(np.std(losses[:20])) + 1e-12
    if not first - now < min(0.005 * abs(first), spread) or now > 1.05 * first or abs(first) < 1e-6:
        return ""
    return (
        f"the loss has not fallen in {len(losses)} steps: {first:.4g} at first, {now:.4g} now. The learning rate is "
        "too low or far too high, the parameters are not those that the loss depends on, or no gradient flows: "
        "nn.diagnose(loss, model, optimizer) says which"
    )


def _diverging(losses: Sequence[float]) -> str:
    """A loss above where it began, though it was lower before."""
    if len(losses) < 3 * WINDOW:
        return ""
    now = fmean(losses[-WINDOW:])
    means = [fmean(losses[i : i + WINDOW]) for i in range(0, len(losses) - WINDOW, WINDOW)]
    best, first = min(means), fmean(losses[:20])
    if not now > max(2 * best, 1.2 * first) or best < 0:
        return ""
    return (
        f"the loss has risen to {now:.4g}, from {best:.4g} at its lowest and {first:.4g} at first: the learning rate "
        "is too high. Divide it by three to ten, warm it up, or clip the gradient (clip=1.0)"
    )


def _overfit(history: History) -> str:
    """A validation loss that rises while the training loss falls."""
    best = history.best
    if best is None or history.since_best < SINCE or best[0] < 1:
        return ""
    later = [loss for _, loss in history.validation[-SINCE:]]
    now, losses = later[-1], history.losses
    risen = min(later) > best[1] + 0.03 * abs(best[1]) and now > best[1] + 0.1 * abs(best[1])
    span = min(WINDOW, best[0])
    then, train = fmean(losses[best[0] - span : best[0]]), fmean(losses[-span:])
    # close to zero everything is noise: what counts is a rise that the beginning would notice
    if not (risen and train < 0.95 * then and now - best[1] > 0.02 * abs(fmean(losses[:5]))):
        return ""
    return (
        f"the model overfits: since step {best[0]} the validation loss has risen from {best[1]:.4g} to {now:.4g}, "
        f"while the training loss fell from {then:.4g} to {train:.4g}. Stop here (patience=...) and take the best "
        "weights (load_best()), or use more data, weight decay, dropout or a smaller model"
    )


def cause(
    loss: Tensor, batch: Any, history: History, parameters: Mapping[str, Tensor], model: Module, optimizer: Optimizer
) -> str:
    """Why a loss is not finite, and what to do."""
    for i, array in enumerate(batch if isinstance(batch, tuple | list) else [batch]):
        if isinstance(array, np.ndarray) and array.dtype.kind == "f" and not np.isfinite(array).all():
            bad = array.size - np.count_nonzero(np.isfinite(array))
            return f"array {i} of the batch has {bad} elements that are not finite: remove or fill those examples"
    for name, p in parameters.items():
        if not np.isfinite(p.data).all():
            return (
                f"the parameter {name} is not finite since an earlier step: lower the learning rate, or clip the "
                "gradient (clip=1.0), and resume from the last checkpoint"
            )
    recent = [x for x in history.losses[-20:] if math.isfinite(x)]
    if len(recent) > 1 and recent[-1] > 3 * abs(min(recent)):
        return (
            f"it had risen from {min(recent):.4g} to {recent[-1]:.4g} in the steps before: lower the learning rate "
            "(divide it by ten), warm it up, or clip the gradient (clip=1.0)"
        )
    return f"lower the learning rate, or clip the gradient{_found(loss, model, optimizer)}"


def _found(loss: Tensor, model: Module, optimizer: Optimizer) -> str:
    """What `nn.diagnose` says of a loss that is not finite."""
    from nn.diagnosis import diagnose

    try:
        found = [f for f in diagnose(loss, model, optimizer) if f.kind.startswith("not finite")]
    except GradError:  # a loss that cannot be gone through has nothing to say
        return ""
    return f"; {found[0].module or 'the model'}: {found[0].sentence} {found[0].remedy}" if found else ""
