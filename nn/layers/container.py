"""Modules that hold modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from nn.module import Module


def _expect_module(where: str, position: int, given: object) -> None:
    # a plain function would be an ordinary attribute: never called, never learned
    if not isinstance(given, Module):
        raise TypeError(f"{where}: item {position} is a {type(given).__name__}, wanted a Module")


class Sequential(Module):
    """Modules one after the other, named "0", "1", ... as in PyTorch.

    Examples
    --------
    >>> import numpy as np
    >>> from nn import Linear, ReLU
    >>> Sequential(Linear(2, 3), ReLU())(np.ones((4, 2), np.float32)).shape
    (4, 3)
    """

    def __init__(self, *modules: Module) -> None:
        super().__init__()
        for i, module in enumerate(modules):
            _expect_module("Sequential", i, module)
            setattr(self, str(i), module)

    def forward(self, x: Any) -> Any:
        for module in self._modules.values():
            x = module(x)
        return x

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __getitem__(self, index: int) -> Module:
        return list(self._modules.values())[index]


class ModuleList(Module):
    """A list of modules that are registered under "0", "1", ...; call them yourself.

    Examples
    --------
    >>> from nn import ReLU
    >>> len(ModuleList([ReLU(), ReLU()]))
    2
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__()
        for module in modules:
            self.append(module)

    # The list itself is never called: its modules carry its name in pictures.
    _name = ""

    def _name_inside(self, key: str) -> str:
        return f"{self._name}.{key}" if self._name else key

    def _named(self, name: str) -> None:
        lists: list[tuple[str, ModuleList]] = [(name, self)]
        while lists:
            name, module = lists.pop()
            object.__setattr__(module, "_name", name)
            Module._named(module, name)
            for key, child in module._modules.items():
                if isinstance(child, ModuleList):
                    lists.append((f"{name}.{key}", child))
                else:
                    child._named(f"{name}.{key}")

    def append(self, module: Module) -> None:
        """Add a module at the end."""
        _expect_module("ModuleList", len(self), module)
        setattr(self, str(len(self._modules)), module)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __getitem__(self, index: int) -> Module:
        return list(self._modules.values())[index]
