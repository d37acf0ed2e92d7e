"""Weights drawn: an image or bars for each neuron, and a page on which one of them is large."""

from __future__ import annotations

import math
from collections.abc import Iterator
from string import Template
from typing import TYPE_CHECKING

import numpy as np

from autograd.draw import marks
from autograd.draw.marks import escaped, label, plain, rect
from autograd.draw.sheet import document
from autograd.draw.style import STEPS
from nn.visual.assets import asset
from nn.visual.tables import packed

if TYPE_CHECKING:
    from nn.visual.weights import WeightImages, WeightLayer

SHOWN = 256  # neurons of a layer that are drawn; the numbers have all
BARS = "a bar for each neuron before: up is plus, down is minus"
SIDE, GAP, ACROSS = 108.0, 18.0, 8  # of the small pictures, and how many stand in a row


def picture(seen: WeightImages) -> str:
    """All neurons, a layer below the other."""
    parts: list[str] = []
    y = 20.0
    for layer in seen.layers:
        parts += [label(20, y + 14, plain(layer.name, 60), size=13.5), *_legend(layer, 20, y + 24)]
        y += 52
        wide, high = _size(layer)
        for i, neuron in enumerate(layer.neurons[:SHOWN]):
            if i and i % ACROSS == 0:
                y += high + 30
            x = 20 + (i % ACROSS) * (SIDE + GAP)
            parts.append(f"<g><title>{escaped(f'{neuron}: {layer.told(i)}')}</title>")
            parts.append(rect(x - 1, y - 1, wide + 2, high + 2, "line", 2))
            parts += [rect(x, y, wide, high, "page"), *_drawn(layer, i, x, y), "</g>"]
            parts.append(label(x, y + high + 14, plain(neuron, 17), size=11))
        y += high + 44
        if len(layer.neurons) > SHOWN:
            parts.append(label(20, y - 16, seen.rest(layer), "muted", size=11))
    most = max(min(len(layer.neurons), ACROSS) for layer in seen.layers)
    return marks.picture(max(40 + most * (SIDE + GAP), 480), y, parts, seen.title, seen.text)


def _size(layer: WeightLayer) -> tuple[float, float]:
    if layer.shape is None:
        return SIDE, 64.0
    cell = SIDE / max(layer.shape)
    return layer.shape[1] * cell, layer.shape[0] * cell


def _drawn(layer: WeightLayer, neuron: int, x: float, y: float) -> Iterator[str]:
    """A neuron's weights: an image, or a bar for each, upward above zero."""
    row = layer.weights[neuron].tolist()
    wide, high = _size(layer)
    if layer.shape is not None:
        rows, columns = layer.shape
        table = [[marks.signed(w, layer.scale) for w in row[i * columns : (i + 1) * columns]] for i in range(rows)]
        yield from marks.cells(table, x, y, wide / columns, high / rows, "d")
        return
    step, middle = wide / len(row), y + high / 2
    for i, w in enumerate(row):
        if not math.isfinite(w):
            yield rect(x + i * step, y, step * 0.8, high, "trouble")
        elif w:
            tall = abs(w) / layer.scale * (high / 2 - 3)
            kind = f"d{STEPS - 1}" if w > 0 else "d0"
            yield rect(x + (i + 0.1) * step, middle - tall if w > 0 else middle, step * 0.8, tall, kind)
    yield marks.line(x, middle, x + wide, middle, "muted")


def _legend(layer: WeightLayer, x: float, y: float) -> list[str]:
    unit, top = 8.0, f"{layer.scale:.3g}"
    start = x + 12 + 6.2 * len(top)
    parts = [label(start - 6, y + 10, f"−{top}", "muted", "end", 11)]
    parts += [rect(start + i * unit, y, unit + 0.2, 12, f"d{i}") for i in range(STEPS)]
    parts.append(label(start + STEPS * unit + 6, y + 10, f"+{top}", "muted", size=11))
    if layer.shape is None:
        parts.append(label(start + STEPS * unit + 24 + 6.4 * len(top), y + 10, BARS, "muted", size=11))
    return parts


# ---- the page


def page(seen: WeightImages) -> str:
    """One file: all neurons, and with scripts one of them large."""
    rows = "".join(_row(number, layer, seen) for number, layer in enumerate(seen.layers))
    intro = (
        "Each picture is one neuron: the weights by which it multiplies what comes in. Blue adds to it (+), red takes "
        "away (−). Choose a neuron to see every number."
    )
    body = (
        f'<div class="both"><section class="overview" aria-label="All neurons">{rows}</section>\n'
        f'<section class="large" aria-label="One neuron">{asset("weights.html")}</section></div>\n'
    )
    style = asset("attention.css") + asset("weights.css") + _classes()
    finite = np.where(np.isfinite(seen.layers[0].weights[:SHOWN]), seen.layers[0].weights[:SHOWN], 0)
    start = int(np.square(finite, dtype=np.float64).sum(axis=1).argmax())  # the neuron with most to see
    data = {"start": start, "layers": [_numbers(layer) for layer in seen.layers]}
    return document(seen.title, intro, body, seen.text, style, asset("cards.js") + asset("weights.js"), data)


def _classes() -> str:
    signs = "".join(f".small .d{i}{{fill:var(--d{i})}}.s{i}{{background:var(--d{i})}}" for i in range(STEPS))
    return f"{signs}.small .page{{fill:none}}.small .muted{{stroke:var(--muted)}}.small .trouble{{fill:var(--trouble)}}"


_CARD = Template(
    '<button type="button" class="head" data-layer="$layer" data-neuron="$neuron" aria-pressed="false" title="$said">'
    '<svg class="small" viewBox="0 0 $wide $high" aria-hidden="true">$drawn</svg><b>$name</b></button>'
)


def _row(number: int, layer: WeightLayer, seen: WeightImages) -> str:
    wide, high = _size(layer)
    cards = "".join(
        _CARD.substitute(
            layer=number, neuron=i, said=escaped(layer.told(i)), wide=f"{wide:g}", high=f"{high:g}",
            drawn="".join(_drawn(layer, i, 0, 0)), name=escaped(plain(neuron, 24)),
        )
        for i, neuron in enumerate(layer.neurons[:SHOWN])
    )  # fmt: skip
    boxes = "".join(f'<i class="s{i}"></i>' for i in range(STEPS))
    top = f"{layer.scale:.3g}"
    said = f"; {BARS}" if layer.shape is None else ""
    more = f"<p>{escaped(seen.rest(layer))}</p>" if len(layer.neurons) > SHOWN else ""
    return (
        f'<h2>{escaped(plain(layer.name, 80))}</h2><p class="scale"><span>−{top} <span class="ramp" '
        f'aria-hidden="true">{boxes}</span> +{top}{said}</span></p><div class="heads">{cards}</div>{more}\n'
    )


def _numbers(layer: WeightLayer) -> dict[str, object]:
    """A layer for the script: its weights exactly."""
    shown = layer.weights[:SHOWN]
    weights, size = packed(shown)
    return {
        "name": plain(layer.name, 80),
        "shape": layer.shape,
        "scale": layer.scale,
        "inputs": shown.shape[1],
        "bytes": size,
        "neurons": [plain(neuron, 60) for neuron in layer.neurons[:SHOWN]],
        "told": [layer.told(i) for i in range(len(shown))],
        "weights": weights,
    }
