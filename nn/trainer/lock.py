"""One training a folder: a file that its process holds locked."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import IO

from nn.errors import CheckpointError


class Lock:
    """Held by one process at a time; the system lets go of it when that process ends, however it ends.

    The file holds the number of the process, for the message, and stays where it is: only who holds it counts.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds it."""
        return self._file is not None

    def acquire(self) -> None:
        """Take the lock.

        Raises
        ------
        CheckpointError
            If another training holds it, or the file cannot be written.
        """
        try:
            file = open(self.path, "a+")  # noqa: SIM115 -- closed by release
        except OSError as error:
            raise CheckpointError(f"{self.path}: cannot be written: {error.strerror or error}") from error
        try:
            _hold(file)
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another"
            file.close()
            raise CheckpointError(
                f"{self.path.parent}: process {holder} is training there: wait for it, or name another folder"
            ) from None
        except OSError as error:
            file.close()
            raise CheckpointError(f"{self.path}: cannot be locked: {error.strerror or error}") from error
        self._file = file

    def release(self) -> None:
        """Let go of it."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):  # a full disk keeps nobody from letting go
                file.truncate(0)
            file.close()


def _hold(file: IO[str]) -> None:
    """Lock an open file, or raise BlockingIOError."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError as error:
            raise BlockingIOError from error
        return
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
