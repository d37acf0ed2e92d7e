"""All that a training has to know to go on as if nothing had happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from nn.errors import CheckpointError, DataError
from nn.module import Module

if TYPE_CHECKING:
    from nn.trainer.trainer import Trainer

_BAD = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)


def save(trainer: Trainer) -> dict[str, Any]:
    """The state of everything that changes from step to step."""
    return {name: get() for name, (get, _) in _parts(trainer).items()}


def load(trainer: Trainer, state: Mapping[str, Any], name: str) -> None:
    """Put everything into a saved state, or leave everything as it was.

    Raises
    ------
    CheckpointError
        If it is of a training made otherwise; the message begins with `name` and says which part does not fit.
    """
    parts = _parts(trainer)
    different = sorted(parts.keys() ^ state.keys())
    if different:
        where = "it lacks" if different[0] in parts else "it has"
        raise CheckpointError(f"{name}: is of a training made otherwise: {where} a state of the {different[0]}")
    before = save(trainer)
    for part, (_, put) in parts.items():
        try:
            put(state[part])
        except _BAD as error:
            for again, (_, back) in parts.items():
                back(before[again])
            fault = f"no {error}" if isinstance(error, KeyError) else str(error)
            raise CheckpointError(f"{name}: the {part} does not fit: {' '.join(fault.split())}") from error


Part = tuple[Callable[[], Any], Callable[[Any], object]]


def _parts(trainer: Trainer) -> dict[str, Part]:
    """For each part of a training, how to read its state and how to set it."""
    parts: dict[str, Part] = {}

    def add(name: str, thing: Any) -> None:
        if isinstance(thing, np.random.Generator):
            parts[name] = (lambda: thing.bit_generator.state, lambda state: _set(thing.bit_generator, state))
        elif thing is not None:
            parts[name] = (thing.state_dict, thing.load_state_dict)

    add("model", trainer.model)
    for i, optimizer in enumerate(trainer.optimizers):
        add(f"optimizer {i}", optimizer)
    for i, schedule in enumerate(trainer.schedules):
        add(f"schedule {i}", schedule)
    add("scaler", trainer.scaler)
    add("average", trainer.average)
    add("data", trainer.feed)
    validation = trainer.validate
    add("validation data", validation if hasattr(validation, "load_state_dict") else None)
    for name, generator in generators(trainer.model):
        add(f"generator {name}", generator)
    parts["generator of NumPy"] = (lambda: np.random.get_state(legacy=False), np.random.set_state)  # noqa: NPY002
    for name, thing in trainer.states.items():
        add(f"state {name!r}", thing)
    add("history", trainer.history)
    add("advice", trainer.advisor)
    parts["overflows"] = (lambda: trainer.step.overflows, lambda n: setattr(trainer.step, "overflows", n))
    return parts


def generators(model: Module) -> Iterator[tuple[str, np.random.Generator]]:
    """The random generators of a model's layers, each once."""
    seen: set[int] = set()
    for name, module in model.named_modules():
        for key, value in vars(module).items():
            if isinstance(value, np.random.Generator) and id(value) not in seen:
                seen.add(id(value))
                yield f"{name}.{key}" if name else key, value


def check_states(states: Mapping[str, Any]) -> dict[str, Any]:
    """What else is to be saved, if it can be."""
    for name, thing in states.items():
        if not isinstance(thing, np.random.Generator) and not (
            hasattr(thing, "state_dict") and hasattr(thing, "load_state_dict")
        ):
            raise DataError(
                f"states holds numpy.random.Generators and what has state_dict and load_state_dict; {name!r} is "
                f"{type(thing).__name__}"
            )
    return dict(states)


def _set(bits: Any, state: Any) -> None:
    bits.state = state
