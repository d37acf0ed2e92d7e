"""Weights as images: what each neuron of the first layer looks for, and how later neurons weigh the ones before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd import Tensor
from autograd.draw.marks import plain
from autograd.draw.sheet import Sheet, as_json
from nn.layers import Linear
from nn.module import Module
from nn.visual import weights_page
from nn.visual.tables import exact, first, names_of, table_of, with_sign
from nn.visual.weights_page import SHOWN

Array = NDArray[Any]
WHO = "weight_images"
WIDE = 40  # characters of an image in the text
MARKS = "=− +#"  # in the text: much below zero, below, near it, above, much above


@dataclass(frozen=True, slots=True)
class WeightLayer:
    """The incoming weights of a layer's neurons.

    Attributes
    ----------
    name : str
    weights : ndarray of shape (neurons, inputs)
    bias : ndarray of shape (neurons,), or None
    shape : (int, int) or None
        Rows and columns of the inputs as an image; None where the inputs are neurons: they are drawn as bars.
    scale : float
        The largest |w| that is finite: where the colours (or bars) end, on both sides of zero.
    neurons : tuple of str
        What the neurons are called.
    """

    name: str
    weights: Array
    bias: Array | None
    shape: tuple[int, int] | None
    scale: float
    neurons: tuple[str, ...]

    def told(self, neuron: int) -> str:
        """The strongest weights of a neuron, and its bias, in words."""
        row = self.weights[neuron].astype(np.float64)
        parts = []
        if not np.isfinite(row).all():
            parts.append(f"{int((~np.isfinite(row)).sum()):,} of {row.size:,} weights are NaN or infinite")
        finite = np.where(np.isfinite(row), row, 0.0)
        for i in (int(finite.argmax()), int(finite.argmin())):
            if finite[i]:
                said = f"{with_sign(finite[i])} {self.place(i)}"
                parts += [] if said in parts else [said]
        if not parts:
            parts.append("all weights are zero")
        if self.bias is not None:
            parts.append(f"bias {with_sign(float(self.bias[neuron]))}")
        return ", ".join(parts)

    def place(self, i: int) -> str:
        """Where an input stands."""
        if self.shape is None:
            return f"from neuron {i}"
        return f"at row {i // self.shape[1]}, column {i % self.shape[1]}"


class WeightImages(Sheet):
    """The incoming weights of every neuron of some layers: images of the first layer's, bars of the others'.

    Attributes
    ----------
    layers : tuple of WeightLayer
    html, svg, text, json : str
    """

    name = "weight images"

    def __init__(self, layers: tuple[WeightLayer, ...], model: str) -> None:
        self.layers = layers
        self.model = model

    @property
    def title(self) -> str:
        """What is seen, in a line."""
        sizes = "-".join(str(n) for n in (self.layers[0].weights.shape[1], *(len(one.weights) for one in self.layers)))
        return f"Weights of {self.model}: {sizes}"

    @cached_property
    def text(self) -> str:
        """Each neuron in a line; images also in characters, # and + above zero, = and − below it."""
        lines = [self.title]
        for layer in self.layers:
            lines += ["", f"{plain(layer.name, 60)}: {self.scaled(layer)}"]
            for i, neuron in enumerate(layer.neurons[:SHOWN]):
                lines.append(f"  {plain(neuron, 40)}: {layer.told(i)}")
                if layer.shape is not None and layer.shape[1] <= WIDE:
                    lines += _characters(layer, i)
            lines += [f"  {self.rest(layer)}"] if len(layer.neurons) > SHOWN else []
        return "\n".join(lines) + "\n"

    def scaled(self, layer: WeightLayer) -> str:
        """How the scale of a layer is to be read."""
        top = f"{layer.scale:.3g}"
        kind = "colours" if layer.shape is not None else "bars"
        inputs = "×".join(map(str, layer.shape)) if layer.shape is not None else str(layer.weights.shape[1])
        return f"{len(layer.weights)} neurons of {inputs} weights; {kind} from −{top} (red) to +{top} (blue)"

    def rest(self, layer: WeightLayer) -> str:
        """What is not drawn."""
        return f"… {len(layer.neurons) - SHOWN:,} more neurons are not drawn"

    @cached_property
    def json(self) -> str:
        """All weights, to the last digit."""
        layers = [
            {
                "name": layer.name,
                "shape": layer.shape,
                "scale": layer.scale,
                "neurons": layer.neurons,
                "weights": exact(layer.weights),
                "bias": None if layer.bias is None else exact(layer.bias),
            }
            for layer in self.layers
        ]
        return as_json({"model": self.model, "layers": layers})

    @cached_property
    def svg(self) -> str:
        """All neurons, a layer below the other."""
        return weights_page.picture(self)

    @cached_property
    def html(self) -> str:
        """A page: all neurons, and with scripts one of them large with every weight's number."""
        return weights_page.page(self)


def weight_images(
    model: Module | Tensor | ArrayLike, shape: tuple[int, int] | None = None, labels: Sequence[str] | None = None
) -> WeightImages:
    """The incoming weights of each neuron: of the first layer as images of the input, of later ones as bars.

    Blue is above zero and red below, from minus to plus the largest |w| of the layer.

    Parameters
    ----------
    model : Module, Tensor or array_like of shape (neurons, inputs)
        Of a module, all `Linear` layers in its order.
    shape : (rows, columns), optional
        Of the input as an image; a square where it is not given.
    labels : sequence of str, optional
        What the last layer's neurons stand for.

    Returns
    -------
    WeightImages
        With `.html`, `.svg`, `.text`, `.json`, `.save(path)` and `.layers`.

    Raises
    ------
    TypeError
        If there are no numbers, or the shape or the labels are not what is said above.
    ValueError
        If a module has no `Linear` layer, the shape does not hold the inputs, or the labels are not as many as the
        neurons.

    References
    ----------
    The pictures of weights in 3Blue1Brown (2017), "Gradient descent, how neural networks learn".

    Examples
    --------
    >>> import nn
    >>> model = nn.models.MLP([64, 16, 10], rng=np.random.default_rng(0))
    >>> seen = nn.weight_images(model, labels="0123456789")
    >>> [(one.name, one.weights.shape, one.shape) for one in seen.layers]
    [('layers.0', (16, 64), (8, 8)), ('layers.2', (10, 16), None)]
    """
    if isinstance(model, Module):
        found = first(model, Linear)
        if not found:
            kinds = ", ".join(dict.fromkeys(type(module).__name__ for module in model.modules()))
            raise ValueError(f"{WHO}: the model has no Linear layer; it is made of {kinds}")
        tables = [(name, one.weight, one.bias) for name, one in found]
    else:
        tables = [("weights", model, None)]
    layers = []
    for k, (name, weights, bias) in enumerate(tables):
        table = table_of(weights, WHO)
        finite = np.abs(table[np.isfinite(table)])
        called = names_of(labels, range(len(table)), WHO) if k == len(tables) - 1 and labels is not None else ()
        layers.append(
            WeightLayer(
                name,
                table,
                None if bias is None else np.array(bias.data),
                _shape(shape, table.shape[1]) if k == 0 else None,
                float(finite.max()) if finite.size else 0.0,
                called or tuple(f"neuron {i}" for i in range(len(table))),
            )
        )
    return WeightImages(tuple(layers), type(model).__name__ if isinstance(model, Module) else "an array")


def _shape(shape: Any, inputs: int) -> tuple[int, int]:
    if shape is None:
        side = math.isqrt(inputs)
        if side * side != inputs:
            raise ValueError(f"{WHO}: {inputs} inputs are no square; give shape=(rows, columns)")
        return side, side
    if (
        not isinstance(shape, (tuple, list))
        or len(shape) != 2
        or not all(isinstance(n, (int, np.integer)) for n in shape)
    ):
        raise TypeError(f"{WHO}: shape is (rows, columns), two whole numbers; got {shape!r}")
    rows, columns = int(shape[0]), int(shape[1])
    if rows < 1 or columns < 1 or rows * columns != inputs:
        raise ValueError(f"{WHO}: shape {rows}×{columns} holds {rows * columns} inputs, but there are {inputs}")
    return rows, columns


def _characters(layer: WeightLayer, neuron: int) -> list[str]:
    """An image in characters."""
    rows, columns = layer.shape or (1, 1)
    top = layer.scale or 1.0
    lines = []
    for row in layer.weights[neuron].reshape(rows, columns):
        signs = (MARKS[round(2 + 2 * max(-1.0, min(1.0, w / top)))] if math.isfinite(w) else "?" for w in row.tolist())
        lines.append(f"    |{''.join(signs)}|")
    return lines
