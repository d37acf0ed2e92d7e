"""Files of known content, from the cache or from the network."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import sys
import threading
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from nn.errors import DataError

TRIES = 8  # for one mirror, as long as each brings more of the file
CHUNK = 1 << 20


def data_folder() -> Path:
    """Where data sets are kept: the folder that GLASSGRAD_DATA names, else the system's place for caches.

    That is ``~/.cache/glassgrad`` on Linux (or below XDG_CACHE_HOME), ``~/Library/Caches/glassgrad`` on macOS and
    ``%LOCALAPPDATA%\\glassgrad\\Cache`` on Windows.

    Examples
    --------
    >>> data_folder().is_absolute()
    True
    """
    chosen = os.environ.get("GLASSGRAD_DATA")
    if chosen:
        return Path(chosen).expanduser().absolute()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "glassgrad" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "glassgrad"
    cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (cache if cache.is_absolute() else Path.home() / ".cache") / "glassgrad"


def fetch(name: str, urls: Sequence[str], digest: str, folder: str | Path | None = None, timeout: float = 30.0) -> Path:
    """The path of a file with known content, which is downloaded where it is not there yet.

    A file that is there is used, packed (`name`) or not (`name` without ``.gz``), once its digest has been found right.
    A download that breaks off goes on where it was, now or with the next call; the file gets its name when it is
    complete and right, so that it is there in full or not at all.

    Parameters
    ----------
    name : str
        The file's name in the folder.
    urls : sequence of str
        Mirrors, http or https, tried in this order.
    digest : str
        ``"sha256:..."`` or another algorithm of `hashlib`: of the file, or of what gzip unpacks from it.
    folder : str or Path, optional
        `data_folder()` unless given.
    timeout : float
        Seconds without an answer after which a mirror is given up.

    Raises
    ------
    DataError
        If the file there is another one, no mirror gives the right one, or the folder cannot be written; the message
        says what to do.

    Examples
    --------
    >>> import tempfile
    >>> digest = "sha256:" + hashlib.sha256(b"abc").hexdigest()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "letters").write_bytes(b"abc")
    ...     fetch("letters", [], digest, folder).name
    'letters'
    """
    path = Path(data_folder() if folder is None else folder) / name
    for found in (path, path.with_name(path.name.removesuffix(".gz"))):
        if found.is_file():
            if not _holds(found, digest):
                raise DataError(f"{found}: not the file that is wanted ({digest}): delete it, or move it away")
            return found
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _part(path) as part:
            _from_mirrors(urls, digest, part, path, timeout)
            os.replace(part, path)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be written: {error.strerror or error}; set GLASSGRAD_DATA to a folder that can"
        ) from error
    return path


@contextlib.contextmanager
def _part(path: Path) -> Iterator[Path]:
    """A file of this call alone; it begins with what an earlier one has left, and a later one gets what is left."""
    left = path.with_name(f".{path.name}.part")
    own = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    with contextlib.suppress(FileNotFoundError):
        os.replace(left, own)  # of several calls at once, one gets it
    try:
        yield own
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.replace(own, left)


def _from_mirrors(urls: Sequence[str], digest: str, part: Path, path: Path, timeout: float) -> None:
    faults = []
    for url in urls:
        try:
            return _right(url, digest, part, timeout)
        except _Broken as fault:
            faults.append(f"{url}: {fault}")
    tried = "; ".join(faults) or "there is no address to get it from"
    raise DataError(
        f"{path.name} cannot be downloaded ({tried}): try again with a network, or put the file there: {path}"
    )


class _Broken(Exception):
    """A download that did not come to its end."""


def _right(url: str, digest: str, part: Path, timeout: float) -> None:
    """Download the file with this digest; from the start, if what an earlier download left was none of it."""
    while True:
        began = _size(part)
        _complete(url, part, timeout)
        if _holds(part, digest):
            return
        part.unlink()
        if not began:
            raise _Broken(f"gave another file than {digest}")


def _complete(url: str, part: Path, timeout: float) -> None:
    """Download until the file is complete, going on where the connection broke off."""
    for last in [False] * (TRIES - 1) + [True]:
        before = _size(part)
        try:
            return _receive(url, part, timeout)
        except _Broken:
            if last or _size(part) <= before:
                raise


def _receive(url: str, part: Path, timeout: float) -> None:
    """One request, for what is not there yet."""
    from http.client import HTTPException  # with what it brings, a tenth of what `import nn` takes
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    if not url.startswith(("http://", "https://")):
        raise _Broken("is neither http nor https")
    have = _size(part)
    headers = {"User-Agent": "glassgrad", **({"Range": f"bytes={have}-"} if have else {})}
    try:
        with urlopen(Request(url, headers=headers), timeout=timeout) as answer:
            goes_on = answer.status == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")
            length = answer.headers.get("Content-Length")
            came = _append(answer, part, "ab" if goes_on else "wb")
    except HTTPError as error:
        error.close()
        if error.code == 416:  # there is nothing behind what we have: it is complete, or of another file
            return
        raise _Broken(f"answered {error.code} {error.reason}") from None
    except (OSError, HTTPException) as error:
        raise _Broken(str(getattr(error, "reason", error)) or type(error).__name__) from error
    if length is not None and came < int(length):
        raise _Broken(f"broke off after {came} of {length} bytes")


def _append(answer: IO[bytes], part: Path, mode: str) -> int:
    """Write what comes to the file; how many bytes it was."""
    came = 0
    with open(part, mode) as file:
        while chunk := answer.read(CHUNK):
            file.write(chunk)
            came += len(chunk)
    return came


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _holds(path: Path, digest: str) -> bool:
    """Whether the file, or what gzip unpacks from it, has this digest."""
    algorithm, _, wanted = digest.partition(":")
    with open(path, "rb") as file:
        if _digest(file, algorithm) == wanted:
            return True
    with gzip.open(path) as file, contextlib.suppress(EOFError, gzip.BadGzipFile, zlib.error):
        return _digest(file, algorithm) == wanted
    return False


def _digest(file: Any, algorithm: str) -> str:
    summed = hashlib.new(algorithm, usedforsecurity=False)
    while chunk := file.read(CHUNK):
        summed.update(chunk)
    return summed.hexdigest()
