"""Checkpoints: one safetensors file with a model's weights, its configuration and its vocabulary.

Nothing in such a file can run code when it is loaded, and a file is replaced only once the new one is complete on disk.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nn.errors import CheckpointError, need
from nn.models.gpt import GPT, Config
from nn.module import Module
from nn.tokenizers import CharTokenizer

Arrays = dict[str, NDArray[Any]]
FORMAT = "glassgrad 1"


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """What a file holds: arrays by name, and texts by name."""

    path: Path
    arrays: Arrays
    metadata: dict[str, str]


def write(path: str | Path, arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, str] | None = None) -> Path:
    """Write arrays and texts to a safetensors file; the file is there in full or not at all.

    Goes to a temporary name in the same folder, waits for the disk, then takes the name over: a failure at any moment
    leaves what was there before.

    Raises
    ------
    CheckpointError
        If the file cannot be written.
    MissingExtra
        Without safetensors, which the extra ``train`` brings.
    """
    safetensors = need("safetensors.numpy", "train", "writing a checkpoint")
    path = Path(path)
    solid = {name: np.ascontiguousarray(a).reshape(a.shape) for name, a in arrays.items()}
    raw: bytes = safetensors.save(solid, metadata=dict(metadata or {}))
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    return path


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where the system can do that for folders."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read(path: str | Path) -> Checkpoint:
    """Read a safetensors file; bfloat16, which NumPy lacks, comes as float32.

    Raises
    ------
    CheckpointError
        If the file is not there, is no safetensors file, has been cut short, or holds a dtype that NumPy lacks.
    MissingExtra
        Without safetensors, which the extra ``train`` brings.
    """
    safetensors = need("safetensors", "train", "reading a checkpoint")
    path = Path(path)
    try:
        size = path.stat().st_size
        with open(path, "rb") as file:
            head = file.read(8)
            header = file.read(min(int.from_bytes(head, "little"), size)) if len(head) == 8 else b""
    except FileNotFoundError:
        raise CheckpointError(f"{path}: there is no such checkpoint") from None
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            names, metadata = list(file.keys()), dict(file.metadata() or {})
            short = {name for name in names if file.get_slice(name).get_dtype() == "BF16"}
            arrays = {name: file.get_tensor(name) for name in names if name not in short}
        arrays |= _widened(safetensors.deserialize(path.read_bytes()), short) if short else {}
        return Checkpoint(path, {name: arrays[name] for name in names}, metadata)
    except (safetensors.SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: {_fault(head, header, size)} ({error})") from error
    except (AttributeError, TypeError) as error:
        raise CheckpointError(f"{path}: holds a dtype that NumPy does not have ({error})") from error


def _widened(entries: list[tuple[str, dict[str, Any]]], names: set[str]) -> Arrays:
    """Arrays of bfloat16 as float32, of which it is the upper half."""
    return {
        name: (np.frombuffer(entry["data"], "<u2").astype(np.uint32) << 16).view(np.float32).reshape(entry["shape"])
        for name, entry in entries
        if name in names
    }


def _fault(head: bytes, header: bytes, size: int) -> str:
    """Why a file could not be read: whether it ever was safetensors, and whether its end is missing."""
    if size == 0:
        return "the file is empty"
    length = int.from_bytes(head, "little")
    if len(head) < 8 or not header.startswith(b"{"):
        return "not a safetensors file"
    if size < 8 + length:
        return f"cut short: the header alone needs {8 + length} bytes, the file has {size}"
    try:
        entries = json.loads(header)
        needed = 8 + length + max(e["data_offsets"][1] for name, e in entries.items() if name != "__metadata__")
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return "not a safetensors file: its header is damaged"
    if size < needed:
        return f"cut short: its tensors need {needed} bytes, the file has {size}"
    return "a damaged safetensors file"


def load_weights(model: Module, checkpoint: Checkpoint) -> None:
    """Fill a model with a checkpoint's arrays; all of them fit, or nothing is changed.

    Raises
    ------
    CheckpointError
        If names or shapes differ; the message gives the first difference and counts the rest.
    """
    expected = {name: array.shape for name, array in model.state_dict().items()}
    found = {name: array.shape for name, array in checkpoint.arrays.items()}
    faults = [f"{name} is missing" for name in expected if name not in found]
    faults += [
        f"{name} has shape {found[name]}, the model needs {shape}"
        for name, shape in expected.items()
        if name in found and found[name] != shape
    ]
    faults += [f"{name} is not in the model" for name in found if name not in expected]
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise CheckpointError(f"{checkpoint.path}: does not fit the model: {faults[0]}{more}")
    model.load_state_dict(checkpoint.arrays)


def save_gpt(path: str | Path, model: GPT, tokenizer: CharTokenizer, **notes: str | int | float) -> Path:
    """Write a GPT with its configuration, its tokenizer's vocabulary and some notes (steps, losses)."""
    metadata = {
        "format": FORMAT,
        "model": "gpt",
        "config": json.dumps(dataclasses.asdict(model.config)),
        "vocabulary": json.dumps(tokenizer.vocabulary),
        "notes": json.dumps(notes),
    }
    return write(path, model.state_dict(), metadata)


def load_gpt(path: str | Path, rng: np.random.Generator | None = None) -> tuple[GPT, CharTokenizer, dict[str, Any]]:
    """Read what `save_gpt` wrote: the model, the tokenizer and the notes.

    Raises
    ------
    CheckpointError
        If the file cannot be read (see `read`), is of another program, or its parts do not fit together.
    """
    checkpoint = read(path)
    metadata = checkpoint.metadata
    if metadata.get("format") != FORMAT or metadata.get("model") != "gpt":
        raise CheckpointError(
            f"{path}: a safetensors file, but not one that glassgrad train wrote (its format is "
            f"{metadata.get('format')!r}, expected {FORMAT!r})"
        )
    try:
        config = Config(**json.loads(metadata["config"]))
        tokenizer = CharTokenizer(json.loads(metadata["vocabulary"]))
        notes = dict(json.loads(metadata.get("notes", "{}")))
        embedding = checkpoint.arrays["transformer.wte.weight"].shape
        if (config.vocab_size, config.width) != embedding or config.vocab_size != len(tokenizer):
            raise ValueError(
                f"{config.vocab_size} tokens of width {config.width} in the configuration, {len(tokenizer)} characters "
                f"in the vocabulary, an embedding of shape {embedding}"
            )
        if config.layers * config.context > sum(a.size for a in checkpoint.arrays.values()):
            raise ValueError(f"{config.layers} layers with a context of {config.context} are more than its weights")
        model = GPT(config, rng=rng or np.random.default_rng(0))
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path}: its configuration is damaged or does not fit its weights: {error}") from error
    load_weights(model, checkpoint)
    return model, tokenizer, notes
