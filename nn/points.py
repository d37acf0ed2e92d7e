"""Activations by name: read, kept, replaced, while a model runs. It costs nothing when nobody listens.

Names and shapes are TransformerLens's (Nanda and Bloom, 2022): `blocks.0.attn.hook_pattern`.
"""

from __future__ import annotations

import contextlib
import difflib
import fnmatch
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast

from numpy.typing import ArrayLike

from autograd import Tensor

if TYPE_CHECKING:
    from nn.module import Module

Hook = Callable[[Tensor, str], "Tensor | ArrayLike | None"]
Names = str | Iterable[str] | Callable[[str], bool]
Place = tuple[int, str]  # a module, by identity, and one of its points

# What is heard at each place: (name, hook), in the order in which they run. Of this thread and task alone.
_heard: ContextVar[Mapping[Place, list[tuple[str, Hook]]] | None] = ContextVar("heard", default=None)


def report(module: Module, point: str, value: Tensor) -> Tensor:
    """Tell those who listen, and give `value` or what a hook puts in its place."""
    heard = _heard.get()
    if heard is None:
        return value
    if point not in module.hook_points:
        raise ValueError(f"{type(module).__name__}: '{point}' is not among its hook_points {module.hook_points}")
    for name, hook in heard.get((id(module), point), ()):
        new = hook(value, name)
        value = value if new is None else _fitting(name, value, new)
    return value


def listened(module: Module, points: tuple[str, ...]) -> bool:
    """Whether anybody hears one of the `points`."""
    heard = _heard.get()
    return heard is not None and any((id(module), point) in heard for point in points)


def _fitting(name: str, value: Tensor, new: Tensor | ArrayLike) -> Tensor:
    tensor = new if isinstance(new, Tensor) else Tensor(new, dtype=value.dtype)
    if tensor.shape != value.shape or tensor.dtype != value.dtype:
        raise ValueError(
            f"the hook of '{name}' gave {tensor.dtype} of shape {tensor.shape}, wanted {value.dtype} of shape "
            f"{value.shape}"
        )
    return tensor


def _places(model: Module) -> dict[str, Place]:
    """Every name, with its place."""
    places: dict[str, Place] = {}
    seen: set[int] = set()
    stack: list[tuple[str, Module]] = [("", model)]
    while stack:
        prefix, module = stack.pop()
        if id(module) in seen:
            continue
        seen.add(id(module))
        places |= {prefix + point: (id(module), point) for point in module.hook_points}
        inner = [(module.hook_names.get(key, key), child) for key, child in module.named_children()]
        stack.extend((f"{prefix}{name}." if name else prefix, child) for name, child in reversed(inner))
    return places


def activation_names(model: Module) -> list[str]:
    """What can be heard in a model.

    >>> from nn.models import GPT, Config
    >>> activation_names(GPT(Config(vocab_size=5, layers=1, heads=2, width=8)))[:4]
    ['hook_embed', 'hook_pos_embed', 'blocks.0.hook_resid_pre', 'blocks.0.hook_attn_out']
    """
    return list(_places(model))


def _chosen(model: Module, names: Iterable[str]) -> dict[str, dict[str, Place]]:
    """For each name, or pattern of names, what it stands for; raise if that is nothing."""
    places = _places(model)
    found = {name: {n: p for n, p in places.items() if n == name or fnmatch.fnmatchcase(n, name)} for name in names}
    unknown = [_unknown(name, places) for name, chosen in found.items() if not chosen]
    if unknown:
        kind = type(model).__name__
        few = "" if places else "; a Module names its own in `hook_points` and reports them with `self.point`"
        raise ValueError(f"{kind} has no activation {'; none '.join(unknown)}{few}")
    return found


def _unknown(name: str, places: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(places), n=3, cutoff=0.5)
    return f"'{name}'" + (f" (near it: {', '.join(near)})" if near else "")


@contextlib.contextmanager
def hooks(model: Module, functions: Mapping[str, Hook | Iterable[Hook]]) -> Iterator[None]:
    """Inside, call a function at every activation of a name, in training and at inference.

    Parameters
    ----------
    model : Module
    functions : dict
        By name, or pattern of names (`blocks.*.hook_resid_post`), a function or several of (value, name). What it
        returns replaces the value, in the graph too, so that gradients go through it; None leaves it. A Tensor may be
        written into.

    Raises
    ------
    ValueError
        If a name is unknown: all such names, and those near them; or if a function returns another shape or dtype.

    Notes
    -----
    Contexts nest: the outer one's functions come first. Other threads do not hear.

    Examples
    --------
    >>> import numpy as np
    >>> import nn
    >>> model = nn.models.GPT(nn.models.Config(vocab_size=5, layers=1, heads=2, width=8), rng=np.random.default_rng(0))
    >>> with nn.hooks(model, {"blocks.0.attn.hook_pattern": lambda value, name: print(name, value.shape)}):
    ...     _ = model([[1, 2, 3]])
    blocks.0.attn.hook_pattern (1, 2, 3, 3)
    """
    merged = {place: list(known) for place, known in (_heard.get() or {}).items()}
    for name, chosen in _chosen(model, functions).items():
        given = functions[name]
        several = [given] if callable(given) else list(given)
        for full, place in chosen.items():
            merged.setdefault(place, []).extend((full, hook) for hook in several)
    token = _heard.set(merged)
    try:
        yield
    finally:
        _heard.reset(token)


def run_with_cache(
    model: Module, *inputs: Any, names: Names | None = None, **settings: Any
) -> tuple[Any, dict[str, Tensor]]:
    """Call a model and keep its activations: (what it returns, a dict of Tensors by name).

    The Tensors stand in the graph, if one is recorded: gradients flow to them and from them. What `hooks` replaces
    outside is kept as it was replaced. Of what runs several times, the last is kept.

    Parameters
    ----------
    model : Module
    *inputs, **settings
        For the model.
    names : str, sequence of str, or callable, optional
        Names or patterns of them (`blocks.*.hook_resid_post`), or a function that says of a name whether to keep it;
        all unless given. Attention in blocks, which has no matrix of weights, stays where neither scores nor patterns
        are asked for.

    Examples
    --------
    >>> import numpy as np
    >>> import nn
    >>> model = nn.models.GPT(nn.models.Config(vocab_size=5, layers=2, heads=2, width=8), rng=np.random.default_rng(0))
    >>> logits, cache = nn.run_with_cache(model, [[1, 2, 3]], names="blocks.*.hook_resid_post")
    >>> {name: value.shape for name, value in cache.items()}
    {'blocks.0.hook_resid_post': (1, 3, 8), 'blocks.1.hook_resid_post': (1, 3, 8)}
    """
    if names is None:
        wanted: Iterable[str] = activation_names(model)
    elif isinstance(names, str):
        wanted = [names]
    else:
        wanted = [n for n in activation_names(model) if names(n)] if callable(names) else names
    cache: dict[str, Tensor] = {}

    def keep(value: Tensor, name: str) -> None:
        cache[name] = value

    with hooks(model, dict.fromkeys(wanted, cast(Hook, keep))):
        result = model(*inputs, **settings)
    return result, cache
