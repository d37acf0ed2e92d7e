"""What the machine can do for an array program, and is not asked to by default."""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h
_KEEP = 1 << 30


def keep_memory() -> bool:
    """Ask the C library to keep freed memory for the next array instead of giving it back to the system.

    Every large temporary otherwise costs a page fault per 4 KiB, each time: a GPT's training step spends 40 % of its
    time there. Holds for the whole process; freed memory stays with it, up to 1 GiB. The training loop calls this.

    Returns
    -------
    bool
        Whether the C library took it (glibc does; on other systems nothing changes).

    >>> from autograd.machine import keep_memory
    >>> keep_memory() in (True, False)
    True
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _KEEP)) and bool(mallopt(_M_TRIM_THRESHOLD, _KEEP))
