"""Attention patterns drawn: all heads as small pictures, and a page on which one of them is large.

Strength is the square root of the weight on a fixed scale from 0 to 1, so that a hundredth can still be seen. What a
token cannot see is blank; what it could see and gives no weight to is tinted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.draw import marks
from autograd.draw.marks import TROUBLE, escaped, label, rect, short
from autograd.draw.sheet import document
from autograd.draw.style import STEPS
from nn.pictures import visible
from nn.visual.assets import asset
from nn.visual.tables import packed

if TYPE_CHECKING:
    from nn.visual.attention import Array, AttentionLayer, AttentionPatterns
    from nn.visual.heads import Head

FINE, COARSE, FEW = 64, 32, 40  # cells along the side of a small picture where there are at most so many heads, or more
SIDE, GAP, ACROSS = 132.0, 20.0, 9  # of the small pictures, and how many stand in a row


def place(weight: float) -> int:
    """Where on the colour ramp a weight lies.

    >>> place(0.0), place(0.25), place(1.0), place(math.nan)
    (0, 8, 16, -1)
    """
    return round(math.sqrt(min(max(weight, 0.0), 1.0)) * (STEPS - 1)) if math.isfinite(weight) else TROUBLE


def small(weights: Array, causal: bool, most: int) -> tuple[list[list[int | None]], int]:
    """Places on the ramp for a picture of at most `most` cells along its side, each the largest of a block."""
    size = len(weights)
    block = -(-size // most)
    side = -(-size // block)
    filled = np.full((side * block, side * block), -1.0)
    filled[:size, :size] = np.where(np.isnan(weights), np.inf, weights)
    if causal:
        filled[np.triu_indices(len(filled), 1)] = -1.0
    pooled = filled.reshape(side, block, side, block).max(axis=(1, 3))
    return [[None if w < 0 else place(w) for w in row] for row in pooled.tolist()], block


def _all(seen: AttentionPatterns) -> int:
    """How fine the small pictures are: as fine as the number of heads allows."""
    return FINE if sum(len(layer.heads) for layer in seen.layers) <= FEW else COARSE


def _heads(layer: AttentionLayer) -> Iterator[tuple[str, Head, Array]]:
    """What a row shows: each head, and their mean where there are several."""
    for number, head in enumerate(layer.heads):
        yield f"head {number}", head, layer.weights[number]
    if len(layer.heads) > 1:
        yield "mean", layer.mean, layer.weights.astype(np.float64).mean(axis=0)


# ---- one SVG


def picture(seen: AttentionPatterns) -> str:
    """All heads, a layer a row."""
    parts: list[str] = []
    y, right = 20.0, 560.0
    fine = _all(seen)
    for layer in seen.layers:
        parts.append(label(20, y + 14, short(visible(layer.name), 70), size=13.5))
        y += 26
        for k, (name, head, weights) in enumerate(_heads(layer)):
            if k and k % ACROSS == 0:
                y += SIDE + 42
            x = 20 + (k % ACROSS) * (SIDE + GAP)
            right = max(right, x + SIDE)
            table, _ = small(weights, layer.causal, fine)
            cell = SIDE / len(table)
            said = f"{layer.name}, {name}: {head.kind}: {head.said}"
            parts.append(f"<g><title>{escaped(said)}</title>")
            parts.append(rect(x - 1, y - 1, SIDE + 2, SIDE + 2, "line", 2))
            parts.append(rect(x, y, SIDE, SIDE, "page"))
            parts += marks.cells(table, x, y, cell, cell)
            parts.append("</g>")
            parts.append(label(x, y + SIDE + 14, name, size=11))
            parts.append(label(x + SIDE, y + SIDE + 14, head.kind, "muted", "end", 11))
        y += SIDE + 38
    return marks.picture(right + 20, y + 40, [*parts, *_legend(20, y)], seen.title, seen.text)


def _legend(x: float, y: float) -> list[str]:
    parts = [label(x, y + 10, "weight", "muted", size=11)]
    start, unit = x + 48, 9.0
    parts += [rect(start + i * unit, y, unit + 0.2, 12, f"r{i}") for i in range(STEPS)]
    for weight, said in ((0.0, "0"), (0.0625, "1/16"), (0.25, "1/4"), (1.0, "1")):
        parts.append(label(start + math.sqrt(weight) * STEPS * unit, y + 25, said, "muted", "middle", 10))
    start += STEPS * unit + 20
    parts += [rect(start - 1, y - 1, 14, 14, "line", 2), rect(start, y, 12, 12, "page")]
    return [*parts, label(start + 20, y + 10, "cannot be seen: it comes later", "muted", size=11)]


# ---- the page


def page(seen: AttentionPatterns) -> str:
    """One file: small pictures, the text, and with scripts one head large and what a token looks at."""
    fine = _all(seen)
    blocks = -(-len(seen.labels) // fine)
    note = f" A cell of a small picture is the largest of {blocks} × {blocks} weights." if blocks > 1 else ""
    intro = (
        f"Row i of a pattern says how token i shares out its attention: the weights of a row add up to 1.{note} "
        "Choose a head to see it large."
    )
    tokens = "".join(map(_token, seen.labels))
    rows = "".join(_row(number, layer, fine) for number, layer in enumerate(seen.layers))
    body = (
        f'<div class="both"><section class="overview" aria-label="All heads">{_scale(seen)}{rows}</section>\n'
        f'<section class="large" aria-label="One head">{Template(asset("attention.html")).substitute(tokens=tokens)}'
        "</section></div>\n"
    )
    data = {
        "labels": [visible(token, 200) for token in seen.labels],
        "layers": [_numbers(layer) for layer in seen.layers],
    }
    style, script = asset("attention.css") + _classes(), asset("cards.js") + asset("attention.js")
    return document(seen.title, intro, body, seen.text, style, script, data)


def _classes() -> str:
    return "".join(
        f".small .r{i}{{fill:var(--r{i})}}.w{i}{{background:var(--r{i});color:var(--i{i})}}" for i in range(STEPS)
    )


def _scale(seen: AttentionPatterns) -> str:
    boxes = "".join(f'<i class="w{i}"></i>' for i in range(STEPS))
    later = '<span><i class="never"></i> cannot be seen: it comes later</span>'
    return (
        f'<p class="scale"><span>weight 0 <span class="ramp" aria-hidden="true">{boxes}</span> 1</span>'
        f"{later if any(layer.causal for layer in seen.layers) else ''}</p>"
    )


def _row(number: int, layer: AttentionLayer, fine: int) -> str:
    cards = ""
    for k, (name, head, weights) in enumerate(_heads(layer)):
        table, _ = small(weights, layer.causal, fine)
        drawn = "".join(_small(table))
        cards += (
            f'<button type="button" class="head" data-layer="{number}" data-head="{k}" aria-pressed="false" '
            f'title="{escaped(head.said)}"><svg class="small" viewBox="0 0 {len(table)} {len(table)}" '
            f'aria-hidden="true" shape-rendering="crispEdges">{drawn}</svg><b>{name}</b><span>{escaped(head.kind)}'
            "</span></button>"
        )
    return f'<h2>{escaped(visible(layer.name, 80))}</h2><div class="heads">{cards}</div>\n'


def _small(table: Sequence[Sequence[int | None]]) -> Iterator[str]:
    """A path per colour, in whole numbers: the smallest that a heat map can be."""
    return (path.replace(' shape-rendering="crispEdges"', "") for path in marks.cells(table, 0, 0, 1, 1))


def _token(token: str) -> str:
    shown = visible(token, 40)
    broken = "<br>" if token.endswith("\n") else ""
    return f'<button type="button" class="token" tabindex="-1">{escaped(shown) or "&#8709;"}</button>{broken}'


def _numbers(layer: AttentionLayer) -> dict[str, Any]:
    """A layer's weights, exactly, for the script: of a causal layer only those that can be."""
    heads, size = [], 0
    for head, weights in zip(layer.heads, layer.weights, strict=True):
        kept = weights[np.tril_indices(len(weights))] if layer.causal else weights.ravel()
        numbers, size = packed(kept)
        heads.append({"kind": head.kind, "said": head.said, "weights": numbers})
    return {
        "name": visible(layer.name, 80),
        "causal": layer.causal,
        "bytes": size,
        "heads": heads,
        "mean": {"kind": layer.mean.kind, "said": layer.mean.said},
    }
