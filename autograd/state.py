"""What a thread or task is doing: whether ops are recorded, in which scope and how; and the error of the graph."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from autograd.graph import Node

P = ParamSpec("P")
R = TypeVar("R")


class GradError(RuntimeError):
    """A gradient was asked for that this graph cannot give; the message says why and what would work."""


class Scope:
    """A named region of a program, usually one call of a module; `parent` is the region around it."""

    __slots__ = ("label", "parent")

    def __init__(self, label: str, parent: Scope | None) -> None:
        self.label = label
        self.parent = parent

    def path(self) -> tuple[str, ...]:
        """Labels from the outermost region to this one."""
        labels: list[str] = []
        scope: Scope | None = self
        while scope is not None:
            labels.append(scope.label)
            scope = scope.parent
        return tuple(reversed(labels))


class Pass(Scope):
    """A backward pass that is recorded: what it computes are derivatives of order `order`."""

    __slots__ = ("order",)

    def __init__(self, order: int, parent: Scope | None) -> None:
        super().__init__(f"derivative of order {order}", parent)
        self.order = order


class State:
    """What a thread or task is doing. Immutable: a change makes a new one with `outer`, the one before.

    Attributes
    ----------
    recording : bool
        Whether ops are recorded.
    scope : Scope or None
    level : int
        How many `vmap`s surround this program.
    record : callable
        How an op is recorded; modes that look at every op put their own here.
    watch : callable or None
        Called in a backward pass with every node, parent and cotangent: `detect_anomaly`.
    """

    __slots__ = ("recording", "scope", "level", "record", "watch", "outer")

    recording: bool
    scope: Scope | None
    level: int
    record: Callable[..., Any]
    watch: Callable[[Node, Node, Any], None] | None
    outer: State | None

    def but(self, **changes: Any) -> State:
        """The same state with some changes."""
        new = State()
        new.recording, new.scope, new.level = self.recording, self.scope, self.level
        new.record, new.watch, new.outer = self.record, self.watch, self
        for name, value in changes.items():
            setattr(new, name, value)
        return new


_RECORDING = State()
_RECORDING.recording, _RECORDING.scope, _RECORDING.level = True, None, 0
_RECORDING.watch = _RECORDING.outer = None


def adopt_record(record: Callable[..., Any]) -> None:
    """Record ops with `record` where no mode has its own."""
    _RECORDING.record = record


state: ContextVar[State] = ContextVar("autograd.state", default=_RECORDING)


class Recording(contextlib.ContextDecorator):
    """Context manager and decorator that sets the recording flag; reusable and reentrant."""

    def __init__(self, recording: bool) -> None:
        self._recording = recording

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:  # type: ignore[override]
        recording = self._recording

        @functools.wraps(function)
        def inner(*args: P.args, **kwargs: P.kwargs) -> R:
            with Recording(recording):
                return function(*args, **kwargs)

        return inner

    def __enter__(self) -> None:
        state.set(state.get().but(recording=self._recording))

    def __exit__(self, *exc: object) -> None:
        # what to go back to is kept by the thread or task, not by this object, which several may share
        state.set(state.get().outer or _RECORDING)


@contextlib.contextmanager
def mode(**changes: Any) -> Iterator[None]:
    """Change the state of this thread or task inside."""
    token = state.set(state.get().but(**changes))
    try:
        yield
    finally:
        state.reset(token)


def no_grad() -> Recording:
    """Record nothing inside: results are constants. Per thread and per task.

    >>> import autograd as ag
    >>> x = ag.Tensor(3.0, requires_grad=True)
    >>> with ag.no_grad():
    ...     y = x * x
    >>> y.requires_grad
    False
    """
    return Recording(False)


def enable_grad() -> Recording:
    """Record inside, even within `no_grad`."""
    return Recording(True)


def is_grad_enabled() -> bool:
    """Whether ops are being recorded here and now."""
    return state.get().recording


@contextlib.contextmanager
def scope(label: str) -> Iterator[Scope]:
    """Give every node recorded inside the scope `label`: pictures draw it as a cluster."""
    now = state.get()
    inner = Scope(label, now.scope)
    token = state.set(now.but(scope=inner))
    try:
        yield inner
    finally:
        state.reset(token)
