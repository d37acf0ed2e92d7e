"""An embedding's map: its rows in the plane of their first two principal components, with their nearest by cosine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd import Tensor
from autograd.draw.sheet import Sheet, as_json
from nn.layers import Embedding
from nn.module import Module
from nn.pictures import visible
from nn.visual import embedding_page
from nn.visual.tables import exact, first, names_of, table_of

Array = NDArray[Any]
WHO = "embedding_map"
LIMIT = 2000  # rows on one map
NEAREST = 6


class EmbeddingMap(Sheet):
    """Rows of a table as points; shown by itself in a notebook.

    Attributes
    ----------
    points : ndarray of shape (rows, 2)
        Each row less the mean, along the first two principal components.
    shares : (float, float)
        Of the variance, that each component holds.
    labels : tuple of str
    nearest : tuple of tuple of (int, float)
        By row, the others with the largest cosine, the nearest first.
    notes : tuple of str
        What is not shown, and why.
    html, svg, text, json : str
    """

    name = "an embedding's map"

    def __init__(
        self,
        points: Array,
        shares: tuple[float, float],
        labels: tuple[str, ...],
        nearest: tuple[tuple[tuple[int, float], ...], ...],
        source: str,
        notes: tuple[str, ...],
    ) -> None:
        self.points = points
        self.shares = shares
        self.labels = labels
        self.nearest = nearest
        self.source = source
        self.notes = notes

    @property
    def title(self) -> str:
        """What is seen, in a line."""
        return f"Map of {self.source}: {len(self.labels):,} rows, {sum(self.shares):.0%} of the variance".replace(
            "%", " %"
        )

    def axis(self, k: int) -> str:
        """What an axis is called, with its share of the variance."""
        return f"{('first', 'second')[k]} principal component: {100 * self.shares[k]:.1f} % of the variance"

    def near(self, i: int) -> str:
        """The nearest of a row in words."""
        return ", ".join(
            f"{visible(self.labels[j], 24)} {cosine:.2f}".replace("-", "−") for j, cosine in self.nearest[i]
        )

    @cached_property
    def text(self) -> str:
        """A line for each row: where it lies, and its nearest by cosine."""
        lines = [self.title, *(f"note: {note}" for note in self.notes)]
        lines += [f"x: {self.axis(0)}", f"y: {self.axis(1)}", ""]
        names = [visible(one, 24) for one in self.labels]
        wide = max(map(len, names))
        for i, name in enumerate(names):
            x, y = self.points[i]
            lines.append(f"{name:<{wide}}  {x:>9.3g} {y:>9.3g}  {self.near(i)}".replace("-", "−").rstrip())
        return "\n".join(lines) + "\n"

    @cached_property
    def json(self) -> str:
        """Points, shares and nearest rows."""
        rows = [
            {"label": name, "x": x, "y": y, "nearest": [{"row": j, "cosine": c} for j, c in near]}
            for name, (x, y), near in zip(self.labels, exact(self.points), self.nearest, strict=True)
        ]
        return as_json({"of": self.source, "variance": self.shares, "notes": self.notes, "rows": rows})

    @cached_property
    def svg(self) -> str:
        """The map, with as many labels as have room."""
        return embedding_page.picture(self)

    @cached_property
    def html(self) -> str:
        """A page: the map, and with scripts the nearest rows of the one that is pointed at."""
        return embedding_page.page(self)


def embedding_map(
    embedding: Module | Tensor | ArrayLike,
    labels: Sequence[str] | Any = None,
    rows: ArrayLike | None = None,
) -> EmbeddingMap:
    r"""Draw the rows of an embedding in the plane that holds most of their variance.

    With the table less its mean as :math:`X = U S V^T`, row i lies at :math:`(U S)_{i,1..2}`, and component k holds
    :math:`s_k^2 / \sum_j s_j^2` of the variance. Distances on the map are at most those in the table; the nearest rows
    are those of the table itself, by cosine.

    Parameters
    ----------
    embedding : Module, Tensor or array_like of shape (rows, width)
        Of a module, its first `Embedding`.
    labels : sequence of str, or a tokenizer, optional
        What each row of the table is called; a tokenizer is asked with `decode([number])`. Their numbers without it.
    rows : array_like of int, optional
        Which rows to show; all, or the first 2,000.

    Returns
    -------
    EmbeddingMap
        With `.html`, `.svg`, `.text`, `.json`, `.save(path)`, `.points`, `.shares` and `.nearest`.

    Raises
    ------
    TypeError
        If there are no numbers, or labels or rows are not what is said above.
    ValueError
        If a module has no `Embedding`, no row is finite, labels are not as many as the rows, or `rows` names one that
        is not there or more than 2,000.

    References
    ----------
    Pearson (1901), "On Lines and Planes of Closest Fit to Systems of Points in Space".

    Examples
    --------
    >>> import nn
    >>> seen = nn.embedding_map([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]], labels="abcd")
    >>> np.abs(seen.points[0]).tolist(), seen.shares
    ([2.0, 0.0], (0.8, 0.2))
    >>> seen.nearest[0][-1]
    (1, -1.0)
    """
    source = "an array"
    table: Any = embedding
    if isinstance(embedding, Module):
        found = first(embedding, Embedding)
        if not found:
            kinds = ", ".join(dict.fromkeys(type(module).__name__ for module in embedding.modules()))
            raise ValueError(f"{WHO}: the model has no Embedding; it is made of {kinds}")
        source, table = ("an Embedding" if found[0][0] == "(root)" else found[0][0]), found[0][1].weight
    whole = table_of(table, WHO).astype(np.float64)
    names = names_of(labels, range(len(whole)), WHO)
    notes = []
    chosen = _rows(rows, len(whole))
    if rows is None and len(whole) > LIMIT:
        notes.append(f"the first {LIMIT:,} of {len(whole):,} rows are shown; rows= chooses others")
    finite = np.isfinite(whole[chosen]).all(axis=1)
    if not finite.all():
        notes.append(f"{int((~finite).sum()):,} rows hold NaN or infinity and are left out")
        chosen = chosen[finite]
    if not len(chosen):
        raise ValueError(f"{WHO}: no row is finite")
    shown = whole[chosen]
    points, shares = _plane(shown)
    return EmbeddingMap(points, shares, tuple(names[i] for i in chosen), _nearest(shown), source, tuple(notes))


def _rows(rows: ArrayLike | None, count: int) -> Array:
    if rows is None:
        return np.arange(min(count, LIMIT))
    chosen = np.asarray(rows)
    if chosen.dtype.kind not in "iu" or chosen.ndim != 1:
        raise TypeError(f"{WHO}: rows are whole numbers on one axis; got {chosen.dtype} of shape {chosen.shape}")
    if not 1 <= len(chosen) <= LIMIT:
        raise ValueError(f"{WHO}: {len(chosen):,} rows; there must be from 1 to {LIMIT:,}")
    if chosen.min() < 0 or chosen.max() >= count:
        raise ValueError(f"{WHO}: rows run from {chosen.min()} to {chosen.max()}, but there are {count:,}")
    return chosen


def _plane(x: Array) -> tuple[Array, tuple[float, float]]:
    """Where the rows lie along their first two principal components, and these components' shares."""
    x = x - x.mean(axis=0)
    scale = np.abs(x).max()
    if not scale:
        return np.zeros((len(x), 2)), (0.0, 0.0)
    _, sizes, directions = np.linalg.svd(np.linalg.qr(x / scale, mode="r"), full_matrices=False)
    kept = directions[:2]
    largest = np.abs(kept).argmax(axis=1)  # a component has no sign of its own: its largest part is positive
    kept = kept * np.sign(kept[np.arange(len(kept)), largest])[:, None]
    shares = np.zeros(2)
    shares[: len(kept)] = sizes[:2] ** 2 / np.sum(sizes**2)
    points = np.zeros((len(x), 2))
    points[:, : len(kept)] = x @ kept.T
    return points, (float(shares[0]), float(shares[1]))


def _nearest(x: Array) -> tuple[tuple[tuple[int, float], ...], ...]:
    """By row, the others by cosine; a row of zeros has none, and is none's."""
    top = np.abs(x).max(axis=1, keepdims=True)
    x = x / np.where(top, top, 1.0)
    length = np.sqrt((x * x).sum(axis=1, keepdims=True))
    unit = x / np.where(length, length, 1.0)
    cosine = np.clip(unit @ unit.T, -1.0, 1.0)
    zero = length[:, 0] == 0
    cosine[:, zero] = cosine[zero] = -np.inf
    np.fill_diagonal(cosine, -np.inf)
    order = np.argsort(-cosine, axis=1, kind="stable")[:, :NEAREST]
    return tuple(
        tuple((int(j), round(float(cosine[i, j]), 6) + 0.0) for j in row if np.isfinite(cosine[i, j]))
        for i, row in enumerate(order)
    )
