"""What all optimisers share: groups of parameters, each with its own settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import RowSparse, Tensor

Array = NDArray[Any]
Group = dict[str, Any]
Parameters = Iterable[Tensor] | Iterable[Mapping[str, Any]]


class Optimizer:
    """Base of the optimisers: keeps parameter groups and the arrays that belong to each parameter.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        Tensors, or groups such as ``{"params": tensors, "lr": 1e-4}`` whose other entries replace the defaults.
    **defaults
        Settings of groups that do not bring their own.

    Raises
    ------
    ValueError
        If there is no parameter, one stands in two places, or a setting is unknown or out of its range.
    TypeError
        If a parameter is not a real floating tensor that requires a gradient.
    """

    def __init__(self, params: Parameters, **defaults: Any) -> None:
        self._name = type(self).__name__
        self.param_groups: list[Group] = [self._group(entry, defaults) for entry in _as_groups(params, self._name)]
        self._check_parameters()
        self.state: dict[int, dict[str, Array]] = {}  # by id of the parameter, which the groups keep alive

    def _group(self, entry: Mapping[str, Any], defaults: Mapping[str, Any]) -> Group:
        unknown = sorted(set(entry) - set(defaults) - {"params"})
        if unknown:
            raise ValueError(f"{self._name} has no setting {unknown[0]!r}; it has {', '.join(defaults)}")
        group = {**defaults, **entry, "params": list(entry["params"])}
        for name in ("lr", "eps", "weight_decay"):
            if name in group and not group[name] >= 0:
                raise ValueError(f"{self._name}: {name} must not be negative, got {group[name]}")
        for name, value in (("momentum", group.get("momentum", 0.0)), *(("betas", b) for b in group.get("betas", ()))):
            if not 0 <= value < 1:
                raise ValueError(f"{self._name}: {name} must be at least 0 and below 1, got {value}")
        return group

    def _check_parameters(self) -> None:
        seen: set[int] = set()
        for p in self.parameters():
            if not isinstance(p, Tensor):
                raise TypeError(f"{self._name} optimises tensors, got {type(p).__name__}")
            if p.dtype.kind != "f" or not p.requires_grad or not p.is_leaf:
                raise TypeError(
                    f"{self._name} optimises real floating leaves that require a gradient; a tensor of shape {p.shape} "
                    f"has dtype {p.dtype}, requires_grad={p.requires_grad}, is_leaf={p.is_leaf}"
                )
            if id(p) in seen:
                raise ValueError(
                    f"{self._name}: a parameter of shape {p.shape} is given twice; it would be moved twice"
                )
            seen.add(id(p))
        if not seen:
            raise ValueError(f"{self._name} was given no parameters")

    def parameters(self) -> list[Tensor]:
        """All parameters, group after group."""
        return [p for group in self.param_groups for p in group["params"]]

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for p in self.parameters():
            p.grad = None

    def step(self) -> None:
        """Move every parameter that has a gradient."""
        for group in self.param_groups:
            self._step_group(group)

    def _step_group(self, group: Group) -> None:
        raise NotImplementedError(f"{self._name} does not say how to move its parameters")

    def _arrays(self, p: Tensor, *names: str) -> list[Array]:
        """The arrays kept for a parameter under these names, zero at first."""
        kept = self.state.setdefault(id(p), {})
        for name in names:
            if name not in kept:
                kept[name] = np.zeros(p.shape, p.dtype)
        return [kept[name] for name in names]


def moving(group: Group) -> list[Tensor]:
    """The parameters of a group that have a gradient."""
    return [p for p in group["params"] if p.grad is not None]


def gradient(p: Tensor) -> Array:
    """The gradient's values, read-only.

    Raises
    ------
    TypeError
        If the gradient is sparse: only optimisers that say so take those.
    """
    if p.grad is None:
        raise ValueError(f"a parameter of shape {p.shape} has no gradient: call backward() first")
    if isinstance(p.grad, RowSparse):
        raise TypeError(
            f"the gradient of a parameter of shape {p.shape} is sparse, which this optimiser cannot use: give the "
            "parameter to SGD, Adam or AdamW, or make its Embedding with sparse=False"
        )
    return p.grad.data


def rows_of(p: Tensor, name: str, decay: float) -> RowSparse | None:
    """The gradient with every row once where it is sparse; else None.

    Raises
    ------
    TypeError
        If a weight decay would be added to it, which moves every row.
    """
    if not isinstance(p.grad, RowSparse):
        return None
    if decay:
        raise TypeError(
            f"{name}: weight_decay adds to every row of a gradient, and that of a parameter of shape {p.shape} is "
            "sparse; give it a group with weight_decay=0, use AdamW, or make its Embedding with sparse=False"
        )
    return p.grad.coalesce()


def stored(g: Tensor | RowSparse) -> Array:
    """The numbers that a gradient holds, read-only; of a sparse one those of its rows."""
    return g.coalesce().values if isinstance(g, RowSparse) else g.data


def _as_groups(params: Parameters, name: str) -> list[Mapping[str, Any]]:
    if isinstance(params, Tensor | Mapping):
        raise TypeError(f"{name} takes an iterable of tensors or of groups; put the {type(params).__name__} in a list")
    entries = list(params)
    groups = [entry for entry in entries if isinstance(entry, Mapping)]
    if not groups:
        return [{"params": entries}]
    if len(groups) < len(entries):
        raise TypeError(f"{name} takes tensors or groups, not both at once")
    for group in groups:
        if "params" not in group:
            raise ValueError(f"{name}: a parameter group needs an entry 'params', this one has {sorted(group)}")
    return groups
