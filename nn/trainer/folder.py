"""The folder of a run: checkpoints that survive a crash at any moment."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from nn.checkpoint import read, write
from nn.errors import CheckpointError
from nn.trainer.lock import Lock
from nn.trainer.packing import Arrays, pack, unpack

FORMAT = "glassgrad run 1"
BEST, LOG, LOCK = "best.safetensors", "log.jsonl", "lock"
_NAME = re.compile(r"step-(\d+)\.safetensors")


class RunFolder:
    """Checkpoints ``step-00000100.safetensors``, of which the last `keep` are kept.

    Each is written to another name, forced to the disk and then renamed, before an older one is removed: whatever
    happens, the newest whole one is there.

    Parameters
    ----------
    path : path
        Made when it is locked.
    keep : int
        At least 1.
    """

    def __init__(self, path: str | Path, keep: int = 3) -> None:
        self.path, self.keep = Path(path), keep
        self._lock = Lock(self.path / LOCK)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep others from training here; what writers that were killed have left is cleared away.

        Raises
        ------
        CheckpointError
            If another training runs here, or the folder cannot be made or written to.
        """
        if self._lock.held:
            yield
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CheckpointError(f"{self.path}: no folder can be made there: {error.strerror or error}") from error
        self._lock.acquire()
        try:
            for part in self.path.glob(".*.safetensors.*.part"):
                with contextlib.suppress(OSError):  # only room is lost
                    part.unlink()
            yield
        finally:
            self._lock.release()

    def checkpoints(self) -> dict[int, Path]:
        """The checkpoints by their steps, the newest first; not yet looked into."""
        try:
            names = [entry.name for entry in self.path.iterdir()] if self.path.is_dir() else []
        except OSError as error:
            raise CheckpointError(f"{self.path}: cannot be read: {error.strerror or error}") from error
        found = [(int(match[1]), self.path / match[0]) for name in names if (match := _NAME.fullmatch(name))]
        return dict(sorted(found, reverse=True))

    def save(self, step: int, state: Mapping[str, Any]) -> Path:
        """Write the state after a step, then remove what is older than the last `keep`.

        Raises
        ------
        CheckpointError
            If it cannot be written; all that was there still is.
        """
        tree, arrays = pack(state)
        text = json.dumps(tree)
        run = json.dumps({"format": FORMAT, "digest": _digest(text, arrays), "state": text})
        path = write(self.path / f"step-{step:08d}.safetensors", arrays, {"run": run})
        older = [other for at, other in self.checkpoints().items() if at <= step]
        for other in older[self.keep :]:
            with contextlib.suppress(OSError):  # it is only room that is lost
                other.unlink()
        return path

    def newest(self, tell: Callable[[str], None]) -> tuple[Path, dict[str, Any]] | None:
        """The newest whole checkpoint; `tell` is called with a sentence for each one that is not.

        Raises
        ------
        CheckpointError
            If there are checkpoints, but no whole one.
        """
        found = self.checkpoints()
        for path in found.values():
            try:
                return path, load(path)
            except CheckpointError as error:
                tell(f"{error}: this checkpoint is passed over")
        if found:
            raise CheckpointError(f"{self.path}: none of its {len(found)} checkpoints is whole")
        return None


def load(path: str | Path) -> dict[str, Any]:
    """The state that a checkpoint holds.

    Raises
    ------
    CheckpointError
        If the file cannot be read, is of another program, or is damaged.
    """
    file = read(path)
    try:
        run = json.loads(file.metadata["run"])
        if run["format"] != FORMAT:
            raise KeyError(run["format"])
        text, digest = run["state"], run["digest"]
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path}: a safetensors file, but not a checkpoint of a Trainer") from error
    if _digest(text, file.arrays) != digest:
        raise CheckpointError(f"{path}: damaged: its content is not what was written")
    state: dict[str, Any] = unpack(json.loads(text), file.arrays)
    return state


def _digest(text: str, arrays: Arrays) -> str:
    """A sum over all that a checkpoint holds."""
    total = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16)
    for name in sorted(arrays):
        total.update(arrays[name].tobytes())
    return total.hexdigest()
