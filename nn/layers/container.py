"""Modules that hold modules or parameters, in a row or by name."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any, overload

from numpy.typing import ArrayLike

from autograd import Tensor
from nn.module import Module, Parameter

Named = Mapping[str, Any] | Iterable[tuple[str, Any]]


def _expect_module(where: str, item: object, given: object) -> Module:
    # a plain function would be an ordinary attribute: never called, never learned
    if not isinstance(given, Module):
        raise TypeError(f"{where}: item {item} is a {type(given).__name__}, wanted a Module")
    return given


def _parameter(value: ArrayLike | Tensor) -> Parameter:
    """`value` itself, or a new parameter of its numbers and dtype."""
    if isinstance(value, Parameter):
        return value
    return Parameter(value, dtype=getattr(value, "dtype", None)) if hasattr(value, "dtype") else Parameter(value)


def _free_key(holder: Module, key: str, register: Mapping[str, object]) -> str:
    """`key`, if state dicts can have it and no attribute is called so."""
    if not isinstance(key, str) or not key or "." in key:
        raise KeyError(f"{type(holder).__name__}: a key is a string without dots, not {key!r}")
    if key not in register and hasattr(holder, key):
        raise KeyError(f"{type(holder).__name__}: {key!r} is an attribute already; take another key")
    return key


def _pairs(named: Named) -> Iterable[tuple[str, Any]]:
    return named.items() if isinstance(named, Mapping) else named


class Sequential(Module):
    """Modules one after the other, named "0", "1", ... as in PyTorch, or by the keys of one mapping.

    Examples
    --------
    >>> import numpy as np
    >>> from nn import Linear, ReLU
    >>> model = Sequential(Linear(2, 3), ReLU(), Linear(3, 1))
    >>> model(np.ones((4, 2), np.float32)).shape, model[:2](np.ones((4, 2), np.float32)).shape
    ((4, 1), (4, 3))
    >>> list(Sequential({"first": Linear(2, 3), "then": ReLU()}).state_dict())
    ['first.weight', 'first.bias']
    """

    def __init__(self, *modules: Any) -> None:
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            for key, module in modules[0].items():
                setattr(self, _free_key(self, key, self._modules), _expect_module("Sequential", repr(key), module))
            return
        for module in modules:
            self.append(module)

    def forward(self, x: Any) -> Any:
        for module in self._modules.values():
            x = module(x)
        return x

    def append(self, module: Module) -> Sequential:
        """Add a module at the end."""
        setattr(self, str(len(self)), _expect_module("Sequential", len(self), module))
        return self

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: int | slice) -> Module:
        if isinstance(index, slice):
            part = Sequential()
            part._modules.update(list(self._modules.items())[index])  # they keep the names that they have here
            return part
        return list(self._modules.values())[index]


class _Holder(Module):
    """Base of what is never called itself: the modules inside carry its name in pictures."""

    _name = ""

    def _name_inside(self, key: str) -> str:
        return f"{self._name}.{key}" if self._name else key

    def _named(self, name: str) -> None:
        holders: list[tuple[str, _Holder]] = [(name, self)]
        while holders:
            name, module = holders.pop()
            object.__setattr__(module, "_name", name)
            Module._named(module, name)
            for key, child in module._modules.items():
                if isinstance(child, _Holder):
                    holders.append((f"{name}.{key}", child))
                else:
                    child._named(f"{name}.{key}")

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(f"{self._label} only holds what is in it: call its items")


class ModuleList(_Holder):
    """A list of modules that are registered under "0", "1", ...; call them yourself.

    Examples
    --------
    >>> from nn import ReLU
    >>> len(ModuleList([ReLU(), ReLU()]))
    2
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__()
        self.extend(modules)

    def append(self, module: Module) -> ModuleList:
        """Add a module at the end."""
        setattr(self, str(len(self)), _expect_module("ModuleList", len(self), module))
        return self

    def extend(self, modules: Iterable[Module]) -> ModuleList:
        """Add modules at the end."""
        for module in modules:
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> None:
        """Put a module before the one at `index`; those behind are numbered anew."""
        items = list(self)
        items.insert(index, _expect_module("ModuleList", index, module))
        for i, item in enumerate(items):
            setattr(self, str(i), item)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> ModuleList: ...
    def __getitem__(self, index: int | slice) -> Module:
        items = list(self._modules.values())
        if isinstance(index, slice):
            part = ModuleList()
            part._modules.update((str(i), item) for i, item in enumerate(items[index]))  # their names stay
            return part
        return items[index]

    def __setitem__(self, index: int, module: Module) -> None:
        key = list(self._modules)[index]
        setattr(self, key, _expect_module("ModuleList", key, module))


class ModuleDict(_Holder):
    """Modules by name, in the order in which they came; call them yourself.

    Examples
    --------
    >>> from nn import Linear, ReLU
    >>> parts = ModuleDict({"lift": Linear(2, 3), "bend": ReLU()})
    >>> list(parts), list(parts.state_dict())
    (['lift', 'bend'], ['lift.weight', 'lift.bias'])
    """

    def __init__(self, modules: Named = ()) -> None:
        super().__init__()
        self.update(modules)

    def update(self, modules: Named) -> None:
        """Add modules, or put others in the places of those that have their names."""
        for key, module in _pairs(modules):
            self[key] = module

    def __getitem__(self, key: str) -> Module:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        setattr(self, _free_key(self, key, self._modules), _expect_module("ModuleDict", repr(key), module))

    def __delitem__(self, key: str) -> None:
        if key not in self._modules:
            raise KeyError(key)
        delattr(self, key)

    def pop(self, key: str) -> Module:
        """Take a module out."""
        module = self[key]
        del self[key]
        return module

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def keys(self) -> KeysView[str]:
        return self._modules.keys()

    def values(self) -> ValuesView[Module]:
        return self._modules.values()

    def items(self) -> ItemsView[str, Module]:
        return self._modules.items()


class _Parameters(_Holder):
    def __len__(self) -> int:
        return len(self._parameters)

    def extra_repr(self) -> str:
        return ", ".join(f"{key}: {list(p.shape)}" for key, p in self._parameters.items())


class ParameterList(_Parameters):
    """A list of parameters that are registered under "0", "1", ...; arrays become parameters of their dtype.

    Examples
    --------
    >>> import numpy as np
    >>> weights = ParameterList([np.zeros((2, 3)), np.ones(3)])
    >>> weights, weights[-1].data.tolist()
    (ParameterList(0: [2, 3], 1: [3]), [1.0, 1.0, 1.0])
    """

    def __init__(self, parameters: Iterable[ArrayLike | Tensor] = ()) -> None:
        super().__init__()
        self.extend(parameters)

    def append(self, parameter: ArrayLike | Tensor) -> ParameterList:
        """Add a parameter at the end."""
        setattr(self, str(len(self)), _parameter(parameter))
        return self

    def extend(self, parameters: Iterable[ArrayLike | Tensor]) -> ParameterList:
        """Add parameters at the end."""
        for parameter in parameters:
            self.append(parameter)
        return self

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self._parameters.values())

    def __getitem__(self, index: int) -> Tensor:
        return list(self._parameters.values())[index]

    def __setitem__(self, index: int, parameter: ArrayLike | Tensor) -> None:
        setattr(self, list(self._parameters)[index], _parameter(parameter))


class ParameterDict(_Parameters):
    """Parameters by name, in the order in which they came; arrays become parameters of their dtype.

    Examples
    --------
    >>> import numpy as np
    >>> weights = ParameterDict({"left": np.zeros(2), "right": np.ones(3)})
    >>> weights["right"].shape, "left" in weights
    ((3,), True)
    """

    def __init__(self, parameters: Named = ()) -> None:
        super().__init__()
        self.update(parameters)

    def update(self, parameters: Named) -> None:
        """Add parameters, or put others in the places of those that have their names."""
        for key, parameter in _pairs(parameters):
            self[key] = parameter

    def __getitem__(self, key: str) -> Tensor:
        return self._parameters[key]

    def __setitem__(self, key: str, parameter: ArrayLike | Tensor) -> None:
        setattr(self, _free_key(self, key, self._parameters), _parameter(parameter))

    def __delitem__(self, key: str) -> None:
        if key not in self._parameters:
            raise KeyError(key)
        delattr(self, key)

    def __contains__(self, key: object) -> bool:
        return key in self._parameters

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def keys(self) -> KeysView[str]:
        return self._parameters.keys()

    def values(self) -> ValuesView[Tensor]:
        return self._parameters.values()

    def items(self) -> ItemsView[str, Tensor]:
        return self._parameters.items()
