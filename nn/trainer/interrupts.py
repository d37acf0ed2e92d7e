"""Ctrl-C as a question asked between steps."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any


class Interrupts:
    """Turns the first Ctrl-C into a question asked between steps, so that no step is left half done."""

    def __init__(self) -> None:
        self.count = 0
        self._before: Any = None

    def __enter__(self) -> Interrupts:
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
