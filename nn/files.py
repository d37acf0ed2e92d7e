"""What a user's file holds, or one line that says why it cannot be had."""

from __future__ import annotations

from pathlib import Path

from nn.errors import DataError


def read_bytes(path: str | Path) -> bytes:
    """All bytes of a file.

    Raises
    ------
    DataError
        If the file is not there, is a folder or cannot be read.
    """
    path = Path(path)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise DataError(f"{path}: is a folder; name one file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error


def read_text(path: str | Path) -> str:
    """The text of a UTF-8 file, line ends as ``\\n``, without a byte-order mark.

    Raises
    ------
    DataError
        If the file is not there, is a folder, cannot be read, is empty or is not UTF-8.

    Examples
    --------
    >>> read_text("no such file")
    Traceback (most recent call last):
    nn.errors.DataError: no such file: there is no such file
    """
    raw = read_bytes(path)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: not UTF-8: byte 0x{raw[error.start]:02x} at position {error.start} ({error.reason}); "
            "save it as UTF-8 first"
        ) from error
    if not text:
        raise DataError(f"{path}: the file is empty")
    return text.replace("\r\n", "\n").replace("\r", "\n")
