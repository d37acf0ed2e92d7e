"""Batches without end from a loader, and where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nn.errors import DataError


class Feed:
    """The next batch, epoch after epoch, from where a state says.

    Parameters
    ----------
    source : iterable, or callable
        A `DataLoader`, or anything that gives the same batches each time that it is gone through; or a function that
        returns the next batch.
    """

    def __init__(self, source: Any) -> None:
        if not hasattr(source, "__iter__") and not callable(source):
            raise DataError(f"the data is a DataLoader, an iterable or a function, got {type(source).__name__}")
        self.source = source
        self.next: Callable[[], Any] = self._from_loop if hasattr(source, "__iter__") else source
        self._loop: Iterator[Any] | None = None
        self._given = 0  # batches of this pass, and of all
        self._ever = 0

    def __len__(self) -> int:
        """Batches in an epoch; 0 if nobody knows."""
        return len(self.source) if hasattr(self.source, "__len__") else 0

    def _from_loop(self) -> Any:
        for _ in range(3):  # the rest of an epoch may be empty, the one after that not
            if self._loop is None:
                self._loop = self._begin()
            for batch in self._loop:
                self._given += 1
                self._ever += 1
                return batch
            self._loop, self._given = None, 0
        after = f" after {self._ever} batches: it can be gone through only once" if self._ever else ""
        raise DataError(f"the data gives no batch{after}; give a DataLoader, a list of batches or a function")

    def _begin(self) -> Iterator[Any]:
        loop: Iterator[Any] = iter(self.source)
        if not hasattr(self.source, "state_dict"):
            for _ in range(self._given):  # of a pass that was broken off
                next(loop, None)
        return loop

    def state_dict(self) -> dict[str, Any]:
        """Where it stands; of a function only the function's owner knows."""
        loader = self.source.state_dict() if hasattr(self.source, "state_dict") else None
        return {"loader": loader, "given": self._given}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on with the batch after the last one given."""
        own = hasattr(self.source, "state_dict")
        if own != (state["loader"] is not None):
            raise DataError("the state is of other data: " + ("no loader's" if own else "a loader's"))
        if own:
            self.source.load_state_dict(state["loader"])
        self._loop, self._given = None, state["given"]

    def rest(self) -> None:
        """Leave the loop, so that nothing works on in the background; the next batch is the same all the same."""
        loop, self._loop = self._loop, None
        if loop is not None and hasattr(loop, "close"):
            state = self.state_dict()
            loop.close()
            if state["loader"] is not None:
                self.source.load_state_dict(state["loader"])
