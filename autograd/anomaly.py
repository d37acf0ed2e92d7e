"""Which op, on which line of the program, first made a NaN or an infinity."""

from __future__ import annotations

import contextlib
import linecache
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from autograd.graph import Node, Variable
from autograd.sparse import RowSparse
from autograd.state import GradError, mode, state

_HERE = (str(Path(__file__).parent), str(Path(np.__file__).parent))


class AnomalyError(GradError):
    """A NaN or an infinity was made; the message names the op and the line of the program."""


def _line() -> str:
    """Where the program called the engine."""
    frame: Any = sys._getframe(1)
    while frame is not None and (frame.f_code.co_filename.startswith(_HERE) or frame.f_code.co_filename[0] == "<"):
        frame = frame.f_back
    if frame is None:
        return "an unknown line"
    name, number = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(name, number).strip()
    return f"{name}:{number}" + (f": {text}" if text else "")


def _bad(x: Any) -> str:
    """What is wrong with an array: "", "NaN" or "an infinity"."""
    x = x._data if isinstance(x, Variable) else x.values if isinstance(x, RowSparse) else x
    if not isinstance(x, (np.ndarray, np.generic)) or x.dtype.kind not in "fc" or np.isfinite(x).all():
        return ""
    return "NaN" if np.isnan(x).any() else "an infinity"


@contextlib.contextmanager
def detect_anomaly() -> Iterator[None]:
    """Raise at the first op that makes a NaN or an infinity out of finite numbers, in forward and in backward.

    Every recorded result is looked at and the line that made it is noted: several times slower, for finding a fault.
    A backward pass must run inside too, and names the line on which the op ran forward.

    Raises
    ------
    AnomalyError

    >>> import autograd.numpy as np
    >>> from autograd import Tensor, detect_anomaly
    >>> x = Tensor([1.0, 0.0], requires_grad=True)
    >>> with detect_anomaly():
    ...     np.sqrt(x).sum().backward()
    Traceback (most recent call last):
        ...
    autograd.anomaly.AnomalyError: backward of 'sqrt' made an infinity in the gradient of its argument 0 ...
    """
    before = state.get().record
    lines: WeakKeyDictionary[Node, str] = WeakKeyDictionary()

    def record(op: Any, out: Any, args: Any, parents: Any, keep_out: bool, now: Any) -> Any:
        made = before(op, out, args, parents, keep_out, now)
        line = lines[made._node] = _line()
        wrong = _bad(out)
        if wrong:
            raise AnomalyError(f"'{op.name}' made {wrong} in a result of shape {out.shape}, at {line}")
        return made

    def watch(node: Node, parent: Node, r: Any) -> None:
        wrong = _bad(r)
        if wrong:
            line = lines.get(node, "a line that ran outside detect_anomaly()")
            raise AnomalyError(
                f"backward of '{node.op.name}' made {wrong} in the gradient of its argument "
                f"{node.parents.index(parent)} of shape {parent.shape}; the op ran at {line}"
            )

    with mode(record=record, watch=watch):
        yield
