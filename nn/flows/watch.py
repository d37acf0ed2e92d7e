"""Looking at a model's layers while it runs: what each gives, and what gradient comes back to it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd import RowSparse, Tensor, is_grad_enabled
from nn.flows.statistics import SAMPLE, Array, Measure, Stats, measure, places
from nn.module import Module


@dataclass(frozen=True, slots=True)
class Weight:
    """A parameter: its gradient, its size, and how far a step moved it.

    Attributes
    ----------
    name : str
        Within its layer.
    shape : tuple of int
    gradient : Stats or None
        None where backward() gave it none.
    rms : float
        Of its values.
    update : Stats or None
        |change| over `rms`; None where no step was taken.
    """

    name: str
    shape: tuple[int, ...]
    gradient: Stats | None
    rms: float
    update: Stats | None


@dataclass(frozen=True, slots=True)
class Layer:
    """A module that has parameters of its own, or no modules inside.

    Attributes
    ----------
    name, kind : str
        Its place in the model ("(root)" for the model itself), and its class.
    calls : int
        How often it was called.
    shape : tuple of int or None
        Of its last result.
    activation, gradient : Stats or None
        Of its results, and of the gradient with respect to them.
    weights : tuple of Weight
    """

    name: str
    kind: str
    calls: int
    shape: tuple[int, ...] | None
    activation: Stats | None
    gradient: Stats | None
    weights: tuple[Weight, ...]


@dataclass(slots=True)
class _Seen:
    """What one module gave."""

    calls: int = 0
    shape: tuple[int, ...] | None = None
    activation: Measure | None = None
    gradient: Measure | None = None


@dataclass(slots=True)
class Watch:
    """Context manager in which a model's layers are looked at.

    Nothing is left behind: the layers' `forward` and the graph's hooks are put back at the end.

    Parameters
    ----------
    model : Module
    only_recorded : bool
        Whether to pass over calls inside no_grad(), such as those of a validation.
    """

    model: Module
    only_recorded: bool = False
    seen: dict[str, _Seen] = field(default_factory=dict)
    gradients: dict[str, Measure | None] = field(default_factory=dict)
    _before: dict[str, Array] = field(default_factory=dict)
    _updates: dict[str, tuple[Measure | None, float]] = field(default_factory=dict)
    _undo: list[Callable[[], None]] = field(default_factory=list)
    _modules: dict[str, Module] = field(default_factory=dict)
    _parameters: dict[str, Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._modules = {name: module for name, module in self.model.named_modules() if watched(module)}
        self._parameters = dict(self.model.named_parameters())

    def __enter__(self) -> Watch:
        self.seen, self.gradients, self._updates = {}, {}, {}
        for name, module in self._modules.items():
            self._wrap(name, module)
        self._before = {name: piece(p) for name, p in self._parameters.items()}
        return self

    def __exit__(self, *exc: object) -> None:
        for undo in reversed(self._undo):
            undo()
        self._undo = []
        if not self.gradients:
            self.see_gradients()
        self.see_updates(self._before)
        self._before = {}

    def _wrap(self, name: str, module: Module) -> None:
        forward, own = module.forward, module.__dict__.get("forward")

        def call(*args: Any, **kwargs: Any) -> Any:
            result = forward(*args, **kwargs)
            if not (self.only_recorded and not is_grad_enabled()):
                for tensor in _tensors(result):
                    if not any(tensor is given for given in args):  # what is passed on as it is, is no layer's work
                        self._see(name, tensor)
            return result

        def undo() -> None:
            module.__dict__.pop("forward", None)
            if own is not None:
                object.__setattr__(module, "forward", own)

        object.__setattr__(module, "forward", call)
        self._undo.append(undo)

    def _see(self, name: str, tensor: Tensor) -> None:
        seen = self.seen.setdefault(name, _Seen())
        seen.calls += 1
        seen.shape = tensor.shape
        seen.activation = _sum(seen.activation, measure(tensor.detach().data))
        if not tensor.requires_grad or tensor.is_leaf:
            return

        def look(g: Tensor) -> None:
            seen.gradient = _sum(seen.gradient, measure(g.detach().data))

        self._undo.append(tensor.register_hook(look).remove)

    def see_gradients(self) -> None:
        """Look at the parameters' gradients now: before they are clipped, say."""
        self.gradients = {name: _gradient(p) for name, p in self._parameters.items()}

    def see_updates(self, before: dict[str, Array]) -> None:
        """Look at how far parameters moved since `before`; nothing where none did."""
        stepped = False
        for name, p in self._parameters.items():
            old, now = before.get(name), piece(p)
            was = now if old is None else old
            size = math.sqrt(float(np.vdot(was, was).real) / was.size) if was.size else 0.0
            moved = None if old is None or old.shape != now.shape else measure(now - old)
            stepped = stepped or (moved is not None and not np.array_equal(was, now, equal_nan=True))
            self._updates[name] = (moved, size if math.isfinite(size) else 0.0)
        if not stepped:
            self._updates = {name: (None, size) for name, (_, size) in self._updates.items()}

    def updates(self) -> dict[str, tuple[Measure | None, float]]:
        """How far each parameter moved (None: no step was taken), and the RMS of its values before."""
        return self._updates

    def layers(self) -> tuple[Layer, ...]:
        """What was seen: layers in the order in which they gave their results; then those that were not called."""
        modules = self._modules
        weights: dict[str, list[Weight]] = {}
        for full, p in self._parameters.items():
            layer, _, name = full.rpartition(".")
            moved, size = self._updates.get(full, (None, 0.0))
            g = self.gradients.get(full)
            update = None if moved is None or not size else moved.stats(size)
            weights.setdefault(layer, []).append(Weight(name, p.shape, None if g is None else g.stats(), size, update))
        order = [*(name for name in self.seen if name in modules), *(name for name in modules if name not in self.seen)]
        rows = []
        for name in order:
            seen, own = self.seen.get(name, _Seen()), tuple(weights.get(name, ()))
            if not seen.calls and not own:
                continue
            rows.append(
                Layer(
                    name or "(root)",
                    type(modules[name]).__name__,
                    seen.calls,
                    seen.shape,
                    None if seen.activation is None else seen.activation.stats(),
                    None if seen.gradient is None else seen.gradient.stats(),
                    own,
                )
            )
        return tuple(rows)


def watched(module: Module) -> bool:
    """Whether a module is a layer: it has parameters of its own, or no modules inside."""
    return bool(module._parameters) or not module._modules


def _tensors(result: Any) -> list[Tensor]:
    """The Tensors that a call gave; what stands for a whole batch inside vmap has no values to look at."""
    inner = result.values() if isinstance(result, dict) else result if isinstance(result, (tuple, list)) else (result,)
    return [x for x in inner if isinstance(x, Tensor) and hasattr(x, "data")]


def _sum(before: Measure | None, new: Measure | None) -> Measure | None:
    return new if before is None else before if new is None else before + new


def _gradient(p: Tensor) -> Measure | None:
    g = p.grad
    return None if g is None else measure(g.coalesce().values if isinstance(g, RowSparse) else g.data)


def piece(p: Tensor) -> Array:
    """The values of a parameter that are followed: all, or those at seeded places of a large one."""
    flat = p.data.ravel(order="K")
    return np.array(flat.take(places(flat.size)) if flat.size > SAMPLE else flat)
