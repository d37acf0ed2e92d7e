"""What all optimisers share: groups of parameters with settings of their own, and the state of each parameter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from autograd import RowSparse, Tensor
from nn.optim import saving
from nn.optim.settings import check_settings

Array = NDArray[Any]
Group = dict[str, Any]
State = dict[str, Array]
Parameters = Iterable[Tensor] | Iterable[Mapping[str, Any]]

# Elements of an array that go through a formula together: few enough for the processor's cache, enough for NumPy.
PIECE = 65536

# Numbers that are kept once for a whole parameter: in PyTorch's shape, in a dtype that does not round them.
SCALARS = {"step": np.dtype(np.int64), "mu_product": np.dtype(np.float64)}


class Optimizer:
    """Base of the optimisers: each says what it keeps for a parameter (`keeps`) and how a step moves it (`_move`).

    A NaN or an infinity in a gradient goes into the parameter and into its state, as in PyTorch: `clip_grad_norm_`
    raises before that, `GradScaler` leaves the step out. For float16 parameters a step computes in float32: so is the
    state, and so is a copy of the values, ``"master"``, for what a step adds is often too little for float16 to
    notice. Where someone else has changed the parameter, its copy is taken anew.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        Tensors, or groups such as ``{"params": tensors, "lr": 1e-4}`` whose other entries replace the defaults.
    **defaults
        Settings of groups that do not bring their own.

    Attributes
    ----------
    param_groups : list of dict
        ``"params"`` and the settings of each group; settings may be changed between steps.
    state : dict
        What is kept, by id of the parameter and name.

    Raises
    ------
    ValueError
        If there is no parameter, one stands in two places, or a setting is unknown or out of its range.
    TypeError
        If a parameter is not a real floating tensor that requires a gradient.
    """

    keeps: ClassVar[dict[str, str]] = {}  # PyTorch's name of what is kept: the setting that asks for it, "" if always
    decoupled: ClassVar[bool] = False  # whether weight decay shrinks the parameter, rather than join the gradient
    sparse: ClassVar[bool] = False  # whether there is a `_move_rows`

    def __init__(self, params: Parameters, **defaults: Any) -> None:
        self._name = type(self).__name__
        self.defaults = defaults
        self.param_groups: list[Group] = []
        self.state: dict[int, State] = {}  # the groups keep the parameters alive, so that ids stay theirs
        self._scratch: dict[tuple[np.dtype[Any], str], Array] = {}
        for entry in _as_groups(params, self._name):
            self.add_param_group(entry)
        if not self.parameters():
            raise ValueError(f"{self._name} was given no parameters")

    # ------------------------------------------------------------------ what an optimiser says
    def _kept(self, p: Tensor, group: Group) -> list[str]:
        return [name for name, setting in self.keeps.items() if not setting or group[setting]]

    def _shape(self, name: str, p: Tensor) -> tuple[int, ...]:
        return () if name in SCALARS else p.shape

    def _initial(self, name: str, group: Group) -> float | None:
        """What stands there before the first step; None if that step makes it."""
        return 0.0

    def _check_group(self, group: Group) -> None:
        """Refuse what `check_settings` cannot see: settings that exclude each other, parameters of a wrong shape."""

    def _move(self, values: Array, g: Array, state: State, group: Group) -> None:
        """Change `values` in place; `g`, `values` and what is kept have one dtype, and `g` is only read."""
        raise NotImplementedError(f"{self._name} does not say how to move its parameters")

    def _move_rows(self, values: Array, g: RowSparse, state: State, group: Group) -> None:
        """The same for a gradient with some rows only, each once."""
        raise NotImplementedError(f"{self._name} does not say how to move rows")

    # ------------------------------------------------------------------ groups
    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """One more group of parameters, such as ``{"params": tensors, "lr": 1e-4}``; the defaults fill the rest.

        Raises
        ------
        ValueError, TypeError
            As at construction; then nothing is added.

        Examples
        --------
        >>> from nn.optim import SGD
        >>> a, b = Tensor([1.0], requires_grad=True), Tensor([2.0], requires_grad=True)
        >>> optimizer = SGD([a], lr=0.1)
        >>> optimizer.add_param_group({"params": b, "lr": 0.5})
        >>> [group["lr"] for group in optimizer.param_groups]
        [0.1, 0.5]
        """
        if "params" not in param_group:
            raise ValueError(f"{self._name}: a parameter group needs an entry 'params', it has {sorted(param_group)}")
        unknown = sorted(set(param_group) - set(self.defaults) - {"params", "initial_lr"})
        if unknown:
            raise ValueError(f"{self._name} has no setting {unknown[0]!r}; it has {', '.join(self.defaults)}")
        given = param_group["params"]
        group = {**self.defaults, **param_group, "params": [given] if isinstance(given, Tensor) else list(given)}
        self._check_parameters(group["params"])
        self._checked(group)
        self.param_groups.append(group)
        self._scratch.clear()

    def _checked(self, group: Group) -> Group:
        check_settings(self._name, group)
        self._check_group(group)
        return group

    def _check_parameters(self, added: list[Tensor]) -> None:
        seen = {id(p) for p in self.parameters()}
        for p in added:
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

    def parameters(self) -> list[Tensor]:
        """All parameters, group after group."""
        return [p for group in self.param_groups for p in group["params"]]

    # ------------------------------------------------------------------ steps
    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for p in self.parameters():
            p.grad = None

    def step(self) -> None:
        """Move every parameter that has a gradient.

        Raises
        ------
        TypeError
            If a gradient is sparse and this optimiser cannot use it; no parameter has moved then.
        """
        for p, group in self._due():
            state, values = self._begin(p, group)
            g = p.grad
            if isinstance(g, RowSparse):
                rows = self._adjusted_rows(g, values, group)
                self._decay(values, group)
                self._move_rows(values, rows, state, group)
            else:
                dense = self._adjusted(gradient(p), values, group)
                if group["weight_decay"]:
                    self._decay(values, group)
                self._move(values, dense, state, group)
            if "master" in state:
                self._finish(p, state)

    def _due(self) -> list[tuple[Tensor, Group]]:
        """What has a gradient; all gradients are looked at before any parameter moves."""
        due = []
        for group in self.param_groups:
            for p in group["params"]:
                g = p.grad
                if g is not None and p.size:
                    due.append((p, group))
                    if isinstance(g, RowSparse):
                        self._check_rows(p, group)
        return due

    def _check_rows(self, p: Tensor, group: Group) -> None:
        """Refuse a sparse gradient that this optimiser cannot use."""
        head = f"{self._name}: the gradient of a parameter of shape {p.shape} is sparse, which "
        if not self.sparse:
            fault, remedy = "this optimiser cannot use", "give the parameter to SGD, Adagrad, Adam or AdamW"
        elif group["weight_decay"] and not self._decouples(group):
            fault, remedy = "weight_decay excludes: it adds to every row", "use weight_decay=0 in its group, or AdamW"
        elif group.get("amsgrad"):
            fault, remedy = "amsgrad excludes", "use amsgrad=False in its group"
        else:
            return
        raise TypeError(f"{head}{fault}; {remedy}, or make its Embedding with sparse=False")

    def _begin(self, p: Tensor, group: Group) -> tuple[State, Array]:
        """The state of a parameter, its step counted, and the values to change."""
        state = self.state.setdefault(id(p), {})
        for name in self._kept(p, group):
            if name not in state:
                value = self._initial(name, group)
                if value is not None:
                    state[name] = _filled(self._shape(name, p), value, SCALARS.get(name, working(p.dtype)))
        if "step" in state:
            state["step"] += 1
        if p.dtype.itemsize > 2:
            state.pop("master", None)  # of a parameter that was float16 once
            return state, p.numpy(writable=True)
        master = state.get("master")
        if master is None or not np.array_equal(master.astype(p.dtype), p.data):
            master = state["master"] = np.array(p.data, working(p.dtype))
        return state, master

    @staticmethod
    def _finish(p: Tensor, state: State) -> None:
        """Round the float32 values to the parameter's own float16."""
        with np.errstate(over="ignore"):  # beyond its range is infinity there
            p.numpy(writable=True)[...] = state["master"]

    def _decouples(self, group: Group) -> bool:
        decoupled: bool = group.get("decoupled_weight_decay", self.decoupled)
        return decoupled

    def _decay(self, values: Array, group: Group) -> None:
        """Shrink the values, where the decay is decoupled from the gradient."""
        if group["weight_decay"] and self._decouples(group):
            values *= 1 - group["lr"] * group["weight_decay"]

    def _adjusted(self, g: Array, values: Array, group: Group) -> Array:
        """The gradient that the formula sees; `g` itself where there is nothing to change."""
        maximize = group.get("maximize")
        if maximize or g.dtype is not values.dtype:
            g = np.multiply(g, -1.0 if maximize else 1.0, out=self._work(values, "gradient"), dtype=values.dtype)
        if group["weight_decay"] and not self._decouples(group):
            pulled = np.multiply(values, group["weight_decay"], out=self._work(values, "decay"))
            pulled += g
            g = pulled
        return g

    @staticmethod
    def _adjusted_rows(g: RowSparse, values: Array, group: Group) -> RowSparse:
        g = g.coalesce()
        g = -g if group.get("maximize") else g
        return g if g.dtype == values.dtype else g.astype(values.dtype)

    def _work(self, like: Array, name: str = "") -> Array:
        """Scratch memory of an array's shape and dtype, shared by all parameters."""
        scratch = self._scratch.get((like.dtype, name))
        if scratch is None:
            sizes = [p.size for p in self.parameters() if working(p.dtype) == like.dtype]
            scratch = self._scratch[like.dtype, name] = np.empty(max(sizes), like.dtype)
        return scratch[: like.size].reshape(like.shape)

    # ------------------------------------------------------------------ saving
    def state_dict(self) -> dict[str, Any]:
        """Settings and a copy of the state, as PyTorch lays them out: parameters are numbered, group after group.

        Returns
        -------
        dict
            ``{"state": {number: {name: array}}, "param_groups": [{"lr": ..., "params": [number, ...]}, ...]}``.

        Examples
        --------
        >>> from nn.optim import Adam
        >>> p = Tensor([1.0], requires_grad=True)
        >>> optimizer = Adam([p])
        >>> p.grad = [2.0]
        >>> optimizer.step()
        >>> saved = optimizer.state_dict()
        >>> saved["state"][0]["exp_avg"].round(6).tolist(), saved["param_groups"][0]["params"]
        ([0.2], [0])
        """
        return saving.packed(self.param_groups, self.state)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take settings and state from `state_dict`: this class's, or that of PyTorch's optimiser of the same name.

        The steps that follow are, bit for bit, those that would have followed where it was saved.

        Raises
        ------
        ValueError
            If groups, settings, names or shapes do not fit; nothing is changed then.
        """
        groups = [self._checked(group) for group in saving.groups(self._name, self.param_groups, state_dict)]
        state: dict[int, State] = {}
        for number, p, group, arrays in saving.members(groups, state_dict):
            wanted = self._kept(p, group)
            given = saving.named(self._name, number, arrays, wanted, (*self.keeps, "master"))
            needed = [name for name in wanted if self._initial(name, group) is not None]
            shapes = {name: self._shape(name, p) for name in (*needed, *given)}
            dtypes = {name: SCALARS.get(name, working(p.dtype)) for name in shapes}
            state[id(p)] = saving.arrays(self._name, number, given, shapes, dtypes)
        for group, new in zip(self.param_groups, groups):
            group.update(new)
        self.state = state

    def __getstate__(self) -> dict[str, Any]:
        """For copies: the state in the order of the parameters, for copied ones have another id."""
        return {**vars(self), "state": [self.state.get(id(p)) for p in self.parameters()], "_scratch": {}}

    def __setstate__(self, given: dict[str, Any]) -> None:
        vars(self).update(given)
        self.state = {id(p): kept for p, kept in zip(self.parameters(), given["state"]) if kept is not None}


def working(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype to compute in: float16 is too narrow for squares and for small steps."""
    return dtype if dtype.itemsize > 2 else np.dtype(np.float32)


def gradient(p: Tensor) -> Array:
    """The values of a dense gradient, read-only."""
    if not isinstance(p.grad, Tensor):
        raise TypeError(f"a parameter of shape {p.shape} has no dense gradient, but {type(p.grad).__name__}")
    return p.grad.data


def stored(g: Tensor | RowSparse) -> Array:
    """The numbers that a gradient holds, read-only; of a sparse one those of its rows."""
    return g.coalesce().values if isinstance(g, RowSparse) else g.data


def pieces(*arrays: Array) -> Iterator[tuple[Array, ...]]:
    """Large arrays of one shape cut alike; others as they are.

    A formula of a dozen passes over memory then takes one: half the time, from a million elements on.
    """
    if arrays[0].size <= PIECE or not all(a.flags.c_contiguous for a in arrays):
        yield arrays
        return
    flat = [a.reshape(-1) for a in arrays]
    for start in range(0, flat[0].size, PIECE):
        yield tuple(a[start : start + PIECE] for a in flat)


def toward(average: Array, weight: float, new: Array, work: Array) -> None:
    """average <- (1 - weight) average + weight new, in place."""
    average *= 1 - weight
    average += np.multiply(new, weight, out=work)


def toward_square(average: Array, weight: float, new: Array, work: Array) -> None:
    """The same with new^2."""
    average *= 1 - weight
    np.multiply(new, new, out=work)
    work *= weight
    average += work


def _filled(shape: tuple[int, ...], value: float, dtype: np.dtype[Any]) -> Array:
    return np.full(shape, value, dtype) if value else np.zeros(shape, dtype)  # zeros cost nothing before they are used


def _as_groups(params: Parameters, name: str) -> list[Mapping[str, Any]]:
    if isinstance(params, Tensor | Mapping):
        raise TypeError(f"{name} takes an iterable of tensors or of groups; put the {type(params).__name__} in a list")
    entries = list(params)
    groups = [entry for entry in entries if isinstance(entry, Mapping)]
    if not groups:
        return [{"params": entries}]
    if len(groups) < len(entries):
        raise TypeError(f"{name} takes tensors or groups, not both at once")
    return groups
