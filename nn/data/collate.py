"""Single examples put together to a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nn.errors import DataError


class Dataset(Protocol):
    """Anything with a length that gives its examples by number.

    A data set that can do so faster than one example after another also has a method `batch`, which takes an array of
    numbers and returns the finished batch.
    """

    def __len__(self) -> int: ...

    def __getitem__(self, index: Any, /) -> Any: ...


def gather(dataset: Dataset, indices: NDArray[np.int64]) -> Any:
    """The examples of these numbers as one batch."""
    batch = getattr(dataset, "batch", None)
    return batch(indices) if batch else collate([dataset[i] for i in indices.tolist()])


def collate(examples: Sequence[Any]) -> Any:
    """One batch of examples that are made alike.

    Numbers and arrays are stacked along a new first axis; tuples and dicts keep their form and are stacked entry by
    entry; strings become a list.

    Parameters
    ----------
    examples : sequence
        At least one.

    Raises
    ------
    DataError
        If the examples are not made alike; the message names the entry and what differs.

    Examples
    --------
    >>> x, y = collate([([1.0, 2.0], 0), ([3.0, 4.0], 1)])
    >>> x.tolist(), y.tolist()
    ([[1.0, 2.0], [3.0, 4.0]], [0, 1])
    >>> collate([{"n": 1, "word": "a"}, {"n": 2, "word": "b"}])
    {'n': array([1, 2]), 'word': ['a', 'b']}
    """
    return _collate(examples, "an example")


def _collate(examples: Sequence[Any], place: str) -> Any:
    if not examples:
        raise DataError("a batch needs at least one example")
    first = examples[0]
    if isinstance(first, tuple | dict | str):
        others = {type(e).__name__ for e in examples if type(e) is not type(first)}
        if others:
            raise _differ(place, "kinds", [type(first).__name__, *sorted(others)])
    if isinstance(first, str):
        return list(examples)
    if isinstance(first, dict):
        if any(e.keys() != first.keys() for e in examples):
            raise _differ(place, "keys", [str(list(e)) for e in examples])
        return {key: _collate([e[key] for e in examples], f"{place}'s {key!r}") for key in first}
    if isinstance(first, tuple):
        if any(len(e) != len(first) for e in examples):
            raise _differ(place, "lengths", [str(len(e)) for e in examples])
        parts = [_collate([e[i] for e in examples], f"{place}'s entry {i}") for i in range(len(first))]
        return type(first)(*parts) if hasattr(first, "_fields") else tuple(parts)
    return _stack(examples, place)


def _stack(examples: Sequence[Any], place: str) -> NDArray[Any]:
    try:
        arrays = [np.asarray(e) for e in examples]
    except ValueError:
        raise DataError(f"{place} is no array: its rows have different lengths") from None
    if any(a.dtype.kind in "OUSMm" for a in arrays):
        raise DataError(
            f"{place} is neither numbers, a string, a tuple nor a dict but {type(examples[0]).__name__}: give collate="
        )
    if any(a.shape != arrays[0].shape for a in arrays):
        raise _differ(place, "shapes", [str(a.shape) for a in arrays])
    return np.stack(arrays)


def _differ(place: str, what: str, found: list[str]) -> DataError:
    kinds = ", ".join(dict.fromkeys(found))
    return DataError(f"{place} has different {what} in one batch: {kinds}; make them alike, or give collate=")
