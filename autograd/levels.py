"""What stands inside `vmap` in the place of a Tensor.

Every `vmap` has a level, the outermost 1. Of level n there are `Batched`, which looks like one example and holds all
of them along a first axis, and `Lifted`, a value that a derivative taken inside that `vmap` tracks. Neither has an
array of its own, so an op's ordinary call fails on them and comes here, at no cost to all other calls.

Of an op's arguments the innermost decide: those of the highest level, Lifted before Batched. They are opened, all
others are constants to them, and the op is called again on what was inside.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.graph import Node, Variable
from autograd.op import adopt_levels
from autograd.primitive import wrap
from autograd.state import GradError
from autograd.tensor import Tensor


class NoValues(GradError, AttributeError):
    """Inside `vmap` a value was asked for, and a tensor there stands for a whole batch of them."""


class Level(Tensor):
    """A Tensor of one level of `vmap`."""

    __slots__ = ("_value", "_level")

    _value: Any
    _level: int

    def __getattr__(self, name: str) -> Any:
        if name == "_data":
            raise NoValues(
                "inside vmap a tensor stands for a whole batch: it has no values to be read, converted, printed or "
                "decided upon (if, while, float(), .data), and cannot be written. Use np.where instead of if, and "
                "functions of NumPy's that give new arrays"
            )
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    @property
    def dtype(self) -> np.dtype[Any]:
        dtype: np.dtype[Any] = self._value.dtype
        return dtype

    def detach(self) -> Any:
        value = self._value
        return type(self).of(value.detach() if isinstance(value, Tensor) else value, self._level)

    @classmethod
    def of(cls, value: Any, level: int) -> Any:
        """The constant of this kind around `value`."""
        made = cls.__new__(cls)
        made._value = value
        made._level = level
        made._node = None
        made._grad = None
        return made


class Batched(Level):
    """One example, as it seems; the whole batch along the first axis of `_value`."""

    __slots__ = ()

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self._value.shape[1:])

    def __repr__(self) -> str:
        return f"Batched({self._value.shape[0]} of {self.dtype}{list(self.shape)}, level {self._level})"


class Lifted(Level):
    """A value that a derivative inside a `vmap` tracks."""

    __slots__ = ()

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self._value.shape)

    def detach(self) -> Any:
        return self._value if isinstance(self._value, Variable) else wrap(self._value)

    def __repr__(self) -> str:
        return f"Lifted({self._value!r}, level {self._level})"


class LevelNode(Node):
    """A node of a graph inside `vmap`."""

    __slots__ = ("level",)


def lift(data: Any, node: Node | None, level: int) -> Any:
    """`data`, tracked by `node` at `level`; a new leaf where there is no node."""
    made = Lifted.of(data, level)
    if node is None:
        leaf = LevelNode.leaf(made)
        leaf.level = level  # type: ignore[attr-defined]
        node = leaf
    made._node = node
    return made


adopt_levels(lift)
