"""Where the arrays of a program lie in memory, and the same memory as values that are never written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

WORD = 8  # bytes: a float64, or half of a complex128


@dataclass(frozen=True)
class Value:
    """What a name stood for at the point: its array, its memory and the places of its elements there.

    A complex number has its imaginary part at the next place. Numbers have no memory.
    """

    name: str
    array: Any
    memory: int | None
    at: Any

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.array)

    @property
    def ndim(self) -> int:
        return np.ndim(self.array)

    @property
    def complex(self) -> bool:
        return bool(self.array.dtype.kind == "c")

    def __str__(self) -> str:
        return self.name


def owner(array: Any) -> Any:
    """The array that owns the memory."""
    base = array
    while getattr(base, "base", None) is not None:  # between a strided view and its array stands what is neither
        base = base.base
        array = base if isinstance(base, np.ndarray) else array
    return array


def located(name: str, array: Any, owners: list[Any]) -> Value:
    """`array` as a value; `owners` gets the owner of its memory, so that memories can be told apart and stay alive."""
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fc":
        return Value(name, array, None, None)
    base = owner(array)
    memory = next((i for i, o in enumerate(owners) if o is base), len(owners))
    if memory == len(owners):
        owners.append(base)
    start = (array.__array_interface__["data"][0] - base.__array_interface__["data"][0]) // WORD
    at = np.full(array.shape, start, int)
    for axis, (n, stride) in enumerate(zip(array.shape, array.strides, strict=True)):
        at += (np.arange(n) * (stride // WORD)).reshape((n, *(1,) * (array.ndim - 1 - axis)))
    return Value(name, array, memory, at)


class Memories:
    """The memories of a run, each a flat array of real numbers of any library with NumPy's `take` and `where`.

    What neither is written nor shares its memory stays as it is.
    """

    def __init__(self, namespace: Any, values: dict[str, Value], written: set[str]) -> None:
        self.np = namespace
        self.values = values
        sharing: dict[int, int] = {}
        for value in values.values():
            if value.memory is not None:
                sharing[value.memory] = sharing.get(value.memory, 0) + 1
        targets = {values[name].memory for name in written}
        self.shared = {m for m, count in sharing.items() if count > 1 or m in targets}
        self.flat: dict[int | None, Any] = {}

    def is_view(self, name: str) -> bool:
        """Whether the memory of `name` is there already."""
        return self.values[name].memory in self.flat

    def bind(self, name: str, made: Any) -> None:
        """Let `made` be the first to lie in the memory of `name`."""
        value = self.values[name]
        if value.memory in self.shared:
            size = int(value.at.max(initial=0)) + 2
            self.flat[value.memory] = self._placed(self.np.zeros(size), value.at, made, value.complex)

    def write(self, target: str, places: Any, written: Any) -> None:
        """A new memory, in which `places` hold what was written; the last that was written there stays."""
        value = self.values[target]
        memory = value.memory
        whole = self.np.broadcast_to(written, np.shape(places))
        self.flat[memory] = self._placed(self.flat[memory], places, whole, value.complex)

    def _placed(self, flat: Any, at: Any, made: Any, is_complex: bool) -> Any:
        np_ = self.np
        parts = [(np_.real(made), at), (np_.imag(made), np.asarray(at) + 1)] if is_complex else [(made, at)]
        for part, places in parts:
            places = np.asarray(places)
            if not places.size:
                continue
            source = np.zeros(flat.shape[0], int)
            source[places.ravel()] = np.arange(places.size)
            taken = np.zeros(flat.shape[0], bool)
            taken[places.ravel()] = True
            flat = np_.where(taken, np_.take(np_.reshape(part, (-1,)), source), flat)
        return flat

    def read_into(self, scope: dict[str, Any], names: Iterable[str]) -> None:
        """Bind those of `names` that lie in a shared memory to what is there now."""
        for name in names:
            value = self.values.get(name)
            if value is None or value.memory not in self.flat:
                continue
            flat = self.flat[value.memory]
            made = self.np.take(flat, value.at)
            scope[name] = made + 1j * self.np.take(flat, value.at + 1) if value.complex else made
