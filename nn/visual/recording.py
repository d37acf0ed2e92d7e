"""Keeping the attention patterns of a forward pass: the weights that the layers themselves computed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nn.module import Module

Array = NDArray[Any]


class Kept(NamedTuple):
    """The pattern of one call of one layer, of shape (batch, heads, queries, keys)."""

    layer: str
    pattern: Array


def attention_layers(model: Module) -> dict[str, Module]:
    """The layers that can keep their pattern, by name: those with `record_pattern` and `pattern`."""
    return {name: module for name, module in model.named_modules() if hasattr(module, "record_pattern")}


@contextlib.contextmanager
def recording(model: Module) -> Iterator[list[Kept]]:
    """Inside, every call of an attention layer adds its pattern to the list, in the order of the calls.

    Outside nothing is kept and nothing costs time; the layers are put back as they were.

    Examples
    --------
    >>> layer = __import__("nn").CausalSelfAttention(8, 2, rng=np.random.default_rng(0))
    >>> with recording(layer) as kept:
    ...     _ = layer(np.ones((1, 3, 8), np.float32))
    >>> kept[0].pattern[0, 1, 2].round(2).tolist(), layer.pattern is None
    ([0.33, 0.33, 0.33], True)
    """
    kept: list[Kept] = []
    with contextlib.ExitStack() as stack:
        for name, layer in attention_layers(model).items():
            stack.callback(_watch(layer, name, kept))
        yield kept


def _watch(layer: Any, name: str, kept: list[Kept]) -> Callable[[], None]:
    """Let a layer keep its pattern after every call; gives what puts it back."""
    forward, own = layer.forward, layer.__dict__.get("forward")
    before = layer.record_pattern, layer.pattern

    def call(*args: Any, **kwargs: Any) -> Any:
        result = forward(*args, **kwargs)
        kept.append(Kept(name, np.array(layer.pattern)))
        return result

    def undo() -> None:
        layer.__dict__.pop("forward", None)
        if own is not None:
            object.__setattr__(layer, "forward", own)
        layer.record_pattern, layer.pattern = before

    object.__setattr__(layer, "forward", call)
    layer.record_pattern = True
    return undo
