"""What kind of head a pattern shows, where that is clear: told in words and as shares of the weight."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]
CLEAR = 0.5  # share of the weight from which a head is of a kind ...
FAIR = 3.0  # ... if that is so many times what even weights would give
EVEN = 0.9  # of the largest entropy: from here a head is diffuse
LEAST = 4  # rows that a kind is judged by at least

SAID = {
    "previous token": "of the weight goes to the token just before",
    "next token": "of the weight goes to the token just after",
    "first token": "of the weight rests on the first token",
    "itself": "of the weight stays at the token itself",
    "induction": "of the weight goes to what followed when the same token came before",
    "duplicate token": "of the weight goes to earlier copies of the same token",
}


@dataclass(frozen=True, slots=True)
class Head:
    """One head in brief.

    Attributes
    ----------
    kind : str
        "previous token", "next token", "first token", "itself", "induction", "duplicate token", "diffuse", "mixed",
        "too short to tell" or "not finite".
    said : str
        The same as a sentence with numbers.
    entropy : float
        Mean over the rows, in bits: -sum w log2(w).
    breadth : float
        2^entropy: as many tokens share the weight as if it were spread evenly over so many.
    distance : float
        How far away what it looks at stands, in tokens: the mean weighted by the weights.
    shares : dict of str to float
        By kind, the share of the weight that goes there, over the rows where it could have gone elsewhere.

    References
    ----------
    Olsson et al. (2022), "In-context Learning and Induction Heads"; Wang et al. (2022), "Interpretability in the Wild"
    (duplicate-token heads); Xiao et al. (2023), "Efficient Streaming Language Models with Attention Sinks" (weight
    that rests on the first token).
    """

    kind: str
    said: str
    entropy: float
    breadth: float
    distance: float
    shares: dict[str, float]


def judge(weights: Array, targets: dict[str, Array], causal: bool) -> Head:
    """The kind of a head by its pattern of shape (T, T), and by what tokens of each kind would look at.

    >>> previous = np.eye(6)[[0, 0, 1, 2, 3, 4]]
    >>> head = judge(previous, targets_of(range(6), causal=True), causal=True)
    >>> head.kind, head.entropy
    ('previous token', 0.0)
    """
    weights = weights.astype(np.float64)
    if not np.isfinite(weights).all():
        wrong = int((~np.isfinite(weights).all(axis=1)).sum())
        said = f"{wrong:,} of {len(weights):,} tokens have weights that are NaN or infinite"
        return Head("not finite", said, math.nan, math.nan, math.nan, {})
    options = np.arange(1, len(weights) + 1) if causal else np.full(len(weights), len(weights))
    rows = np.flatnonzero(options >= 3)  # with one or two to choose from, all kinds look alike
    each = -(weights * np.log2(np.where(weights > 0, weights, 1.0))).sum(axis=1)
    judged = rows if len(rows) else np.arange(len(weights))
    entropy = float(each[judged].mean()) + 0.0
    places = np.arange(len(weights))
    distance = float((weights * np.abs(places[:, None] - places))[judged].sum(axis=1).mean())
    breadth = f"it looks at about {_count(2**entropy)} at a time ({entropy:.1f} bits), {distance:.1f} away on average"
    if len(rows) < LEAST:
        return Head("too short to tell", breadth, entropy, 2**entropy, distance, {})
    shares, fair = {}, {}
    for kind, aim in targets.items():
        there = rows[aim[rows].any(axis=1)]
        if len(there) >= max(LEAST, len(rows) // 10):
            shares[kind] = float((weights * aim)[there].sum(axis=1).mean())
            fair[kind] = float((aim[there].sum(axis=1) / options[there]).mean())
    clear = [kind for kind, share in shares.items() if share >= max(CLEAR, min(FAIR * fair[kind], 0.95))]
    even = float((each[rows] / np.log2(options[rows])).mean())
    if clear:
        kind = max(clear, key=shares.__getitem__)
        said = f"{100 * shares[kind]:.0f} % {SAID[kind]}; {breadth}"
    elif even >= EVEN:
        kind, said = "diffuse", f"the weight is spread nearly evenly; {breadth}"
    else:
        kind, said = "mixed", breadth
    return Head(kind, said, entropy, 2**entropy, distance, shares)


def targets_of(tokens: ArrayLike, causal: bool) -> dict[str, Array]:
    """By kind, which tokens (columns) each token (row) would look at."""
    numbers = np.asarray(tokens)
    size = len(numbers)
    places = np.arange(size)
    back = places[:, None] - places
    same = numbers[:, None] == numbers
    earlier = same & (back > 0)
    followed = np.zeros((size, size), bool)
    followed[:, 1:] = earlier[:, :-1]
    kinds = {
        "previous token": back == 1,
        "next token": back == -1,
        "first token": np.broadcast_to(places == 0, (size, size)),
        "itself": back == 0,
        "induction": followed & (back > 0),
        "duplicate token": earlier,
    }
    return {kind: targets for kind, targets in kinds.items() if not (causal and kind == "next token")}


def _count(breadth: float) -> str:
    return f"{breadth:.1f} tokens" if breadth < 9.95 else f"{breadth:.0f} tokens"
