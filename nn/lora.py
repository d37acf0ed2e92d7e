"""LoRA: a large model is taught by small matrices beside its own, which stay as they are.

Hu et al., LoRA: low-rank adaptation of large language models, 2022.
"""

from __future__ import annotations

import fnmatch
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import Tensor
from nn import checkpoint, functional, init
from nn.errors import CheckpointError
from nn.layers import Linear
from nn.models.pretrained import Unset
from nn.module import Module, Parameter

FORMAT = "glassgrad lora 1"


class LoRALinear(Module):
    r"""A linear layer with a learned change of low rank beside it.

    .. math:: y = W x + b + \frac{\alpha}{r} B A x

    A starts as PyTorch's uniforms and B as zeros: at first nothing changes. Hu et al., 2022, section 4.1. The layer
    keeps the names of the one that it stands for: its state dict has ``weight`` and ``bias`` as before, and
    ``lora_A`` (r, in) and ``lora_B`` (out, r).

    Parameters
    ----------
    base : Linear
        Its weight and bias are held, not copied, and no longer learned.
    rank : int
    alpha : float
    rng : numpy.random.Generator, optional

    Attributes
    ----------
    merged : bool
        Whether the change has been added into `weight`.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> base = Linear(3, 2, rng=rng)
    >>> x = np.ones((1, 3), np.float32)
    >>> layer = LoRALinear(base, rank=1, alpha=2, rng=rng)
    >>> bool((layer(x).data == base(x).data).all()), [name for name, p in layer.named_parameters() if p.requires_grad]
    (True, ['lora_A', 'lora_B'])
    """

    def __init__(self, base: Linear, rank: int, alpha: float, rng: np.random.Generator | None = None) -> None:
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(
                f"LoRALinear: a change of a {base.out_features} by {base.in_features} weight has a rank from 1 to "
                f"{min(base.in_features, base.out_features)}, got {rank}"
            )
        self.in_features, self.out_features = base.in_features, base.out_features
        self.rank, self.alpha = rank, alpha
        self.weight, self.bias = base.weight, base.bias
        for parameter in (self.weight, self.bias):
            if parameter is not None:
                parameter.requires_grad_(False)
        bound = 1 / math.sqrt(base.in_features)
        draws = init.default_rng(rng).uniform(-bound, bound, (rank, base.in_features))
        self.lora_A = Parameter(draws, dtype=base.weight.dtype)
        self.lora_B = Parameter(np.zeros((base.out_features, rank)), dtype=base.weight.dtype)
        self._plain: NDArray[Any] | None = None  # the weight before it was merged

    @property
    def merged(self) -> bool:
        return self._plain is not None

    def forward(self, x: Tensor) -> Tensor:
        self._expect_width(x, self.in_features)
        y: Tensor = functional.linear(x, self.weight, self.bias)
        if self.merged:
            return y
        return y + functional.linear(functional.linear(x, self.lora_A), self.lora_B) * (self.alpha / self.rank)  # type: ignore[no-any-return]

    def change(self) -> NDArray[Any]:
        """alpha / r B A, of the weight's shape."""
        result: NDArray[Any] = (self.alpha / self.rank) * (self.lora_B.data @ self.lora_A.data)
        return result.astype(self.weight.dtype, copy=False)

    def merge(self) -> None:
        """Add the change into the weight: the layer then costs what a plain one does."""
        if self._plain is None:
            self._plain = self.weight.data.copy()
            self.weight.data = self._plain + self.change()

    def unmerge(self) -> None:
        """Put the weight back, to the last bit."""
        if self._plain is not None:
            self.weight.data, self._plain = self._plain, None

    def extra_repr(self) -> str:
        shape = f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"
        return f"{shape}, rank={self.rank}, alpha={self.alpha}"


def add(
    model: Module,
    rank: int = 8,
    alpha: float = 16.0,
    targets: Sequence[str] = ("*q_proj", "*v_proj"),
    rng: np.random.Generator | None = None,
) -> list[str]:
    """Put a change of low rank beside a model's linear layers, and freeze all that the model had.

    Parameters
    ----------
    model : Module
        Changed in place. An optimiser for it takes the parameters that still learn:
        ``[p for p in model.parameters() if p.requires_grad]``.
    rank : int
        Of the changes.
    alpha : float
        The changes are multiplied by alpha / rank.
    targets : sequence of str
        Which layers, by name; ``*`` stands for anything. Queries and values of a Llama unless given, as in the paper.
    rng : numpy.random.Generator, optional

    Returns
    -------
    list of str
        The names of the layers.

    Raises
    ------
    ValueError
        If a target fits no linear layer, a layer's weight is tied to another one, or has a change already.

    Examples
    --------
    >>> import numpy as np
    >>> from nn.models import MLP
    >>> model = MLP([8, 16, 4], rng=np.random.default_rng(0))
    >>> add(model, rank=2, targets=["*0"], rng=np.random.default_rng(0))
    ['layers.0']
    >>> sum(p.size for p in model.parameters() if p.requires_grad)  # 2 (8 + 16)
    48
    """
    if any(True for _ in _layers(model)):
        raise ValueError("LoRA: the model has adapters already; merge them, or take them away with remove")
    linear = {name: module for name, module in model.named_modules() if type(module) is Linear}
    missed = [target for target in targets if not fnmatch.filter(linear, target)]
    if missed or not targets:
        known = ", ".join(sorted({name.rpartition(".")[2] for name in linear}))
        raise ValueError(f"LoRA: no linear layer is called {', '.join(missed) or 'nothing'}; there are {known}")
    chosen = [name for name in linear if any(fnmatch.fnmatchcase(name, target) for target in targets)]
    _refuse_ties(model, {name: linear[name] for name in chosen})
    rng = init.default_rng(rng)
    made = {name: LoRALinear(linear[name], rank, alpha, rng=rng) for name in chosen}
    model.requires_grad_(False)
    for name, layer in made.items():
        layer.train(linear[name].training)
        _put(model, name, layer)
    return chosen


def remove(model: Module) -> None:
    """Take all adapters away: the model is what it was, and learns again; what has been merged stays merged."""
    for name, layer in list(_layers(model)):
        plain = Linear.__new__(Linear)
        Module.__init__(plain)
        plain.in_features, plain.out_features = layer.in_features, layer.out_features
        plain.weight, plain.bias = layer.weight, layer.bias
        plain.train(layer.training)
        _put(model, name, plain)
    model.requires_grad_(True)


def merge(model: Module) -> None:
    """Add every change into its weight; the model then costs what it did without adapters."""
    for _, layer in _layers(model, some=True):
        layer.merge()


def unmerge(model: Module) -> None:
    """Put every weight back as it was before `merge`, to the last bit."""
    for _, layer in _layers(model, some=True):
        layer.unmerge()


def state_dict(model: Module) -> dict[str, NDArray[Any]]:
    """A copy of the adapters alone, by name."""
    return {
        f"{name}.{part}": np.array(getattr(layer, part).data)
        for name, layer in _layers(model, some=True)
        for part in ("lora_A", "lora_B")
    }


def save(path: str | Path, model: Module) -> Path:
    """Write the adapters alone to a safetensors file, with their rank and alpha.

    Raises
    ------
    CheckpointError
        If the file cannot be written.
    ValueError
        If the model has no adapters.
    """
    settings = {name: [layer.rank, layer.alpha] for name, layer in _layers(model, some=True)}
    return checkpoint.write(path, state_dict(model), {"format": FORMAT, "layers": json.dumps(settings)})


def load(path: str | Path, model: Module) -> list[str]:
    """Give a model the adapters that `save` wrote; adapters that it has already are replaced.

    Returns
    -------
    list of str
        The names of the layers.

    Raises
    ------
    CheckpointError
        If the file cannot be read, is none of adapters, or does not fit the model: every difference is listed, and
        the model is as it was.
    """
    file = checkpoint.read(path)
    if file.metadata.get("format") != FORMAT:
        raise CheckpointError(f"{path}: a safetensors file, but not one that nn.lora.save wrote")
    try:
        settings: dict[str, tuple[int, float]] = dict(json.loads(file.metadata["layers"]))
        made = _made(model, settings)
        wrong = _differences(made, file.arrays)
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path}: its adapters do not fit the model: {error}") from error
    if wrong:
        raise CheckpointError(f"{path}: its adapters do not fit the model:\n  " + "\n  ".join(wrong))
    if any(True for _ in _layers(model)):
        remove(model)
    model.requires_grad_(False)
    for name, layer in made.items():
        for part in ("lora_A", "lora_B"):
            getattr(layer, part).data = file.arrays[f"{name}.{part}"].astype(layer.weight.dtype)
            getattr(layer, part).requires_grad_(True)
        _put(model, name, layer)
    return list(made)


def _made(model: Module, settings: dict[str, tuple[int, float]]) -> dict[str, LoRALinear]:
    """The layers that a file speaks of, not yet in the model."""
    modules = dict(model.named_modules())
    unknown = [name for name in settings if not isinstance(modules.get(name), (Linear, LoRALinear))]
    if unknown:
        raise ValueError(f"it has no linear layer called {', '.join(unknown)}")
    learned = {id(p): p.requires_grad for p in model.parameters()}
    made = {}
    for name, (rank, alpha) in settings.items():
        base: Any = modules[name]
        made[name] = LoRALinear(base, rank, alpha, rng=Unset())
        for parameter in (base.weight, base.bias):
            if parameter is not None:
                parameter.requires_grad_(learned[id(parameter)])
        made[name].train(base.training)
    return made


def _differences(made: dict[str, LoRALinear], arrays: dict[str, NDArray[Any]]) -> list[str]:
    wanted = {f"{name}.{part}": getattr(made[name], part).shape for name in made for part in ("lora_A", "lora_B")}
    wrong = [f"missing: {name} {list(shape)}" for name, shape in wanted.items() if name not in arrays]
    wrong += [f"unknown: {name} {list(array.shape)}" for name, array in arrays.items() if name not in wanted]
    return wrong + [
        f"shape of {name}: {list(arrays[name].shape)} given, {list(shape)} wanted"
        for name, shape in wanted.items()
        if name in arrays and arrays[name].shape != shape
    ]


def _layers(model: Module, some: bool = False) -> Iterator[tuple[str, LoRALinear]]:
    """The adapters by name; raises if there are none and there should be `some`."""
    found = [(name, module) for name, module in model.named_modules() if isinstance(module, LoRALinear)]
    if some and not found:
        raise ValueError("LoRA: the model has no adapters; nn.lora.add(model) makes some")
    return iter(found)


def _refuse_ties(model: Module, chosen: dict[str, Linear]) -> None:
    """A change of a weight that stands in two places would be a change in one of them only."""
    places: dict[int, list[str]] = {}
    for name, module in model.named_modules():
        for key, parameter in module._parameters.items():
            places.setdefault(id(parameter), []).append(f"{name}.{key}")
    for layer in chosen.values():
        if len(names := places[id(layer.weight)]) > 1:
            raise ValueError(f"LoRA: {' and '.join(names)} are one (tied) weight; leave this layer out of the targets")


def _put(model: Module, name: str, layer: Module) -> None:
    """Set the module called `name`, which may stand in a list."""
    parent, _, key = name.rpartition(".")
    home = dict(model.named_modules())[parent]
    if not key:
        raise ValueError("LoRA: the model is a linear layer itself; put it into a model")
    setattr(home, key, layer)
