"""States of optimisers in PyTorch's shape: parameters numbered group after group, settings beside them."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import Tensor

Arrays = dict[str, NDArray[Any]]
Group = dict[str, Any]

# What PyTorch's groups hold besides settings of a formula: switches between its implementations, notes of schedules.
FOREIGN = {"capturable", "differentiable", "foreach", "fused", "param_names"}
NOTES = {"base_momentum", "max_lr", "max_momentum", "min_lr"}


def packed(param_groups: Sequence[Group], state: Mapping[int, Arrays]) -> dict[str, Any]:
    """Settings and a copy of the state, by number."""
    numbers = {id(p): i for i, p in enumerate(p for group in param_groups for p in group["params"])}
    groups = []
    for group in param_groups:
        settings = {k: copy.deepcopy(v) for k, v in group.items() if k != "params"}
        groups.append({**settings, "params": [numbers[id(p)] for p in group["params"]]})
    kept = {i: {k: a.copy() for k, a in state[key].items()} for key, i in numbers.items() if state.get(key)}
    return {"state": kept, "param_groups": groups}


def groups(name: str, own: Sequence[Group], state_dict: Mapping[str, Any]) -> list[Group]:
    """The own groups with the settings of a state."""
    if not isinstance(state_dict, Mapping) or "state" not in state_dict or "param_groups" not in state_dict:
        raise ValueError(f"{name}: a state has entries 'state' and 'param_groups', got {_words(state_dict)}")
    saved = state_dict["param_groups"]
    if not all("params" in group for group in saved):
        raise ValueError(f"{name}: every group of a state needs its 'params', the numbers of its parameters")
    sizes, wanted = [len(g["params"]) for g in saved], [len(g["params"]) for g in own]
    if sizes != wanted:
        raise ValueError(f"{name}: the state has groups of {sizes} parameters, the optimiser of {wanted}")
    return [_with_settings(name, group, given) for group, given in zip(own, saved)]


def _words(given: Any) -> str:
    return str(sorted(map(str, given))) if isinstance(given, Mapping) else type(given).__name__


def _with_settings(name: str, group: Group, given: Mapping[str, Any]) -> Group:
    unknown = sorted(set(given) - set(group) - FOREIGN - NOTES - {"params", "initial_lr"})
    if unknown:
        raise ValueError(f"{name} has no setting {unknown[0]!r}, which the state has: is it of another optimiser?")
    taken = {k: copy.deepcopy(v) for k, v in given.items() if k in group or k == "initial_lr"}
    return {**group, **taken, "params": group["params"]}


def members(
    own: Sequence[Group], state_dict: Mapping[str, Any]
) -> Iterator[tuple[int, Tensor, Group, Mapping[str, Any]]]:
    """Each parameter of which there is a state: its number there, itself, its group and what is kept."""
    numbers = [number for given in state_dict["param_groups"] for number in given["params"]]
    parameters = [(p, group) for group in own for p in group["params"]]
    for number, (p, group) in zip(numbers, parameters):
        if number in state_dict["state"]:
            yield number, p, group, state_dict["state"][number]


def named(
    name: str, number: int, given: Mapping[str, Any], wanted: Collection[str], known: Collection[str]
) -> dict[str, Any]:
    """What of a state is to be taken: entries that are None stand for none."""
    found = {key: value for key, value in given.items() if value is not None}
    unknown = [key for key in found if key not in known]
    if unknown:
        raise ValueError(
            f"{name}: the state of parameter {number} has {unknown[0]!r}; it keeps {', '.join(wanted) or 'nothing'}"
        )
    return found


def arrays(
    name: str,
    number: int,
    given: Mapping[str, Any],
    shapes: Mapping[str, tuple[int, ...]],
    dtypes: Mapping[str, np.dtype[Any]],
) -> Arrays:
    """Copies of what is given, each of its shape and dtype."""
    taken: Arrays = {}
    for key, shape in shapes.items():
        if key not in given:
            raise ValueError(f"{name}: the state of parameter {number} has no {key!r}")
        array = np.array(np.asarray(given[key]), dtype=dtypes[key])
        if array.shape != shape:
            raise ValueError(
                f"{name}: {key} of parameter {number} has shape {array.shape} in the state, the optimiser needs {shape}"
            )
        taken[key] = array
    return taken
