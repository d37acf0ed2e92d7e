"""What happens in a training, written down as it happens: lines of JSON, and event files for TensorBoard."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from nn.errors import CheckpointError, DataError, need
from nn.files import read_bytes

MEASURES = ("loss", "lr", "gradient", "rate", "scale", "validation")


class Log(Protocol):
    """Somewhere that events go."""

    def write(self, event: str, step: int, entries: Mapping[str, Any]) -> None: ...

    def close(self) -> None: ...


class JSONLog:
    """A line for every event, there at once: ``{"event": "step", "step": 10, "time": ..., "loss": ...}``.

    A number that is not finite is null. A last line that a crash has torn is cut off.

    Parameters
    ----------
    path : Path

    Raises
    ------
    CheckpointError
        If it cannot be written, also later.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            _mend(path)
            self._file = open(path, "ab", buffering=0)  # noqa: SIM115 -- closed by close
        except OSError as error:
            raise self._fault(error) from error

    def write(self, event: str, step: int, entries: Mapping[str, Any]) -> None:
        line = {"event": event, "step": step, "time": round(time.time(), 3)}
        line |= {key: None if isinstance(v, float) and not math.isfinite(v) else v for key, v in entries.items()}
        raw = json.dumps(line).encode() + b"\n"
        try:
            if self._file.write(raw) != len(raw):
                raise OSError(28, "No space left on device")
        except OSError as error:
            raise self._fault(error) from error

    def close(self) -> None:
        self._file.close()

    def _fault(self, error: OSError) -> CheckpointError:
        return CheckpointError(f"{self.path}: cannot be written: {error.strerror or error}")


def _mend(path: Path) -> None:
    """Cut off a last line that was torn."""
    if not path.exists():
        return
    raw = path.read_bytes()
    whole = raw.rfind(b"\n") + 1
    if whole < len(raw):
        with open(path, "r+b") as file:
            file.truncate(whole)


def read_log(path: str | Path) -> list[dict[str, Any]]:
    """The events of a log, in order.

    Where a training was taken up again from a checkpoint, what it did after that checkpoint the first time is left out:
    each step is there once.

    Raises
    ------
    DataError
        If the file cannot be read, or a line is not one of a log; a torn last one is left out.

    Examples
    --------
    >>> import tempfile
    >>> log = JSONLog(Path(tempfile.mkdtemp()) / "log.jsonl")
    >>> for step in (1, 2, 3):
    ...     log.write("step", step, {"loss": 1 / step})
    >>> log.write("resume", 1, {})
    >>> log.write("step", 2, {"loss": 0.4})
    >>> [(e["event"], e["step"]) for e in read_log(log.path)]
    [('step', 1), ('resume', 1), ('step', 2)]
    """
    events: list[dict[str, Any]] = []
    for number, line in enumerate(read_bytes(path).split(b"\n")[:-1], 1):
        try:
            event = json.loads(line)
            if event["event"] == "resume":
                events = [e for e in events if e["step"] <= event["step"]]
            events.append(event)
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path}: line {number} is not one of a training's log") from error
    return events


class TensorBoardLog:
    """Scalars for TensorBoard.

    Parameters
    ----------
    folder : Path
    step : int
        Where the training begins; what an earlier one wrote after that is hidden.

    Raises
    ------
    MissingExtra
        Without tensorboardX, which the extra ``tensorboard`` brings.
    """

    def __init__(self, folder: Path, step: int) -> None:
        library = need("tensorboardX", "tensorboard", "a log for TensorBoard")
        try:
            self._writer = library.SummaryWriter(logdir=str(folder), purge_step=step + 1 if step else None)
        except OSError as error:
            raise CheckpointError(f"{folder}: cannot be written: {error.strerror or error}") from error

    def write(self, event: str, step: int, entries: Mapping[str, Any]) -> None:
        for name in MEASURES:
            value = entries.get(name)
            for i, one in enumerate(value if isinstance(value, list) else [] if value is None else [value]):
                self._writer.add_scalar(f"{name}/{i}" if isinstance(value, list) else name, one, step)
        if event == "warning":
            self._writer.add_text("warnings", entries["text"], step)
        if event in ("checkpoint", "end"):
            self._writer.flush()

    def close(self) -> None:
        self._writer.close()
