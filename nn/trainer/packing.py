"""Nested states as a file can hold them: arrays by name, and JSON for all else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nn.errors import CheckpointError

Arrays = dict[str, NDArray[Any]]
MARKS = ("array", "tuple", "items")  # what stands in JSON for what it does not have


def pack(tree: Any) -> tuple[Any, Arrays]:
    """A nested state as JSON, and the arrays that it refers to.

    Dicts (with keys of any simple kind), lists, tuples, numbers, texts and arrays come back from `unpack` as they were;
    a number keeps every digit.

    Raises
    ------
    CheckpointError
        If something else is in it; the message names the place.

    Examples
    --------
    >>> text, arrays = pack({"lr": 0.1, "state": {0: np.zeros(2)}})
    >>> text
    {'lr': 0.1, 'state': {'items': [[0, {'array': 'state.0'}]]}}
    >>> unpack(text, arrays)
    {'lr': 0.1, 'state': {0: array([0., 0.])}}
    """
    arrays: Arrays = {}
    return _pack(tree, "", arrays), arrays


def _pack(value: Any, place: str, arrays: Arrays) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.ndarray):
        arrays[place] = value
        return {"array": place}
    if isinstance(value, Mapping):
        entries = {key: _pack(v, _inside(place, key), arrays) for key, v in value.items()}
        plain = all(isinstance(key, str) for key in entries) and not (len(entries) == 1 and set(entries) & set(MARKS))
        return entries if plain else {"items": [[key, v] for key, v in entries.items()]}
    if isinstance(value, list | tuple):
        listed = [_pack(v, _inside(place, i), arrays) for i, v in enumerate(value)]
        return listed if isinstance(value, list) else {"tuple": listed}
    raise CheckpointError(f"a checkpoint cannot hold {place}: it is a {type(value).__name__}, no number, text or array")


def _inside(place: str, key: Any) -> str:
    return f"{place}.{key}" if place else str(key)


def unpack(value: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    """The nested state that `pack` was given."""
    if isinstance(value, list):
        return [unpack(v, arrays) for v in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((key, inner),) = value.items()
        if key == "array":
            return arrays[inner]
        if key == "tuple":
            return tuple(unpack(v, arrays) for v in inner)
        if key == "items":
            return {k: unpack(v, arrays) for k, v in inner}
    return {key: unpack(v, arrays) for key, v in value.items()}
