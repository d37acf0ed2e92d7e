"""Work done ahead, in a thread beside the one that uses it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

From = TypeVar("From")
To = TypeVar("To")


def prefetched(work: Callable[[From], To], items: Iterable[From], ahead: int) -> Generator[To, None, None]:
    """``map(work, items)``, with at most `ahead` results made before they are asked for.

    One thread makes them one after the other. What it raises is raised where the result would have come. The thread
    ends with the iterator: at its end, at an error, or when it is closed or forgotten.

    Examples
    --------
    >>> list(prefetched(abs, [-1, 2, -3], ahead=2))
    [1, 2, 3]
    """
    waiting: deque[Future[To]] = deque()
    pool = ThreadPoolExecutor(1, thread_name_prefix="glassgrad-prefetch")
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
