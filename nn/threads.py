"""How many threads the matrix products may use."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Iterator

_ASKED = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Inside, each matrix product runs in one thread, unless the user's environment says otherwise.

    The products of a small model take microseconds: a second thread gains little there, and where another program wants
    its core, every product waits for it; a training step has been seen to take eight times as long.

    Does nothing where threadpoolctl, which scikit-learn brings, is missing.

    Examples
    --------
    >>> with one_thread():
    ...     pass
    """
    if any(name in os.environ for name in _ASKED):
        yield
        return
    try:
        limits = importlib.import_module("threadpoolctl").threadpool_limits
    except ImportError:
        yield
        return
    with limits(limits=1, user_api="blas"):
        yield
