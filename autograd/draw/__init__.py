"""Pictures of graphs: what was computed, from what, and how much gradient flows where.

`draw` captures the graph, folds it to a readable size and gives a `Drawing`, which renders when asked.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from autograd.draw import capture, dot, fold, render, text
from autograd.draw.render import RenderError, renderer
from autograd.files import write

__all__ = ["Drawing", "RenderError", "draw", "renderer"]

BUDGET = 400  # boxes: more cannot be read


class Drawing:
    """A picture of a graph as SVG, PNG, PDF, DOT or text; shown by itself in a notebook.

    Attributes
    ----------
    dot : str
        Graphviz source.
    text : str
        A tree of the modules with one line per op: needs nothing installed.
    notes : tuple of str
        What the picture could not show, and why.
    """

    def __init__(
        self, source: str, tree: str, titles: dict[str, str], caption: str, notes: tuple[str, ...] = ()
    ) -> None:
        self.dot = source
        self.text = tree
        self.caption = caption
        self.notes = notes
        self._titles = titles

    @cached_property
    def svg(self) -> str:
        """Scalable, selectable, with light and dark colours. Raises `RenderError` where there is no Graphviz."""
        return render.render_svg(self.dot, self._titles, self.caption, self.text)

    @cached_property
    def png(self) -> bytes:
        """Pixels at 144 dots per inch. Raises `RenderError` where there is no Graphviz."""
        return render.render(self.dot.replace("{\n", "{\n\tdpi=144\n", 1), "png")

    @cached_property
    def pdf(self) -> bytes:
        """One page as large as the graph. Raises `RenderError` where there is no Graphviz."""
        return render.render(self.dot, "pdf")

    def save(self, path: str | os.PathLike[str]) -> tuple[Path, ...]:
        """Write the picture in the format that the suffix names: .svg .png .pdf .dot .txt.

        Where there is no Graphviz (or it fails), .dot and .txt are written in the place of a picture and one line on
        the standard error stream says what to install (or what went wrong).

        Returns
        -------
        tuple of Path
            The files that were written.

        Raises
        ------
        ValueError
            If the suffix is none of these.
        """
        path = Path(path)
        kind = path.suffix.lower().removeprefix(".")
        if kind not in ("svg", "png", "pdf", "dot", "gv", "txt"):
            raise ValueError(f"cannot save a drawing as '{path.name}': the suffix must be .svg .png .pdf .dot or .txt")
        try:
            content = getattr(self, {"gv": "dot", "txt": "text"}.get(kind, kind))
        except RenderError as error:
            print(error, file=sys.stderr)
            return tuple(write(path.with_suffix(s), d) for s, d in ((".dot", self.dot), (".txt", self.text)))
        return (write(path, content),)

    def _repr_svg_(self) -> str | None:
        try:
            return self.svg
        except RenderError:
            return None

    def _repr_mimebundle_(self, include: Collection[str] = (), exclude: Collection[str] = ()) -> dict[str, str]:
        bundle = {"text/plain": self.text}
        svg = self._repr_svg_()
        if svg is not None:
            bundle["image/svg+xml"] = svg
        return {k: v for k, v in bundle.items() if (not include or k in include) and k not in exclude}

    def __repr__(self) -> str:
        return f"<Drawing: {self.caption}>"

    def __str__(self) -> str:
        return self.text


def draw(
    tensor: Any,
    model: Any = None,
    values: bool = True,
    gradients: bool = True,
    *,
    gradient: Any = None,
    budget: int = BUDGET,
) -> Drawing:
    """Draw the graph that made `tensor`: ops, shapes, dtypes, values and the gradient that flows along every edge.

    The forward graph runs left to right. Colour and line width give log10 of a gradient's RMS relative to the root's,
    over a fixed range of eight decades; scalars show their value and gradient as numbers, with the sign in colour.

    Parameters
    ----------
    tensor : Tensor
        The root. Its graph is left as it is: nothing is freed, no `.grad` changes.
    model : Module, optional
        Gives parameters their names.
    values, gradients : bool
        Whether to show values of small tensors, and gradients. A graph that backward() has freed has none.
    gradient : array, optional
        What flows into a root that has more than one element.
    budget : int
        About as many boxes are shown at most: modules fold to one box each, then the oldest nodes are cut.

    Raises
    ------
    TypeError
        If `tensor` is not a Tensor.
    ValueError
        If `tensor` has no graph, `budget` is below 1, or `gradient` has another shape than `tensor`.

    Examples
    --------
    >>> from autograd import Tensor
    >>> from autograd.draw import draw
    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> print(draw(x * x).text, end="")
    %0 x  scalar f64  = 3  ∂ +6
    %1 multiply(%0, %0)  scalar f64  = 9  ∂ +1
    """
    if not hasattr(tensor, "_node"):
        raise TypeError(f"draw needs a Tensor, got {type(tensor).__name__}")
    if budget < 1:
        raise ValueError(f"draw: budget is {budget}; it must be at least 1")
    if tensor._node is None:
        raise ValueError(
            "draw: this tensor has no graph; it must depend on a tensor with requires_grad=True, outside no_grad()"
        )
    record = capture.record(tensor._node, model)
    view = fold.fold(record, budget)
    shown = view.nodes()
    if gradients:
        capture.measure_gradients(record, shown | view.consumers(), gradient, view.joint())
        fold.sizes(view)
    if values:
        capture.measure_values(record, shown, np.asarray(tensor._data))
    source, titles = dot.build(view)
    caption = f"graph of {len(record.nodes):,} nodes"
    return Drawing(source.source, text.tree(view), titles, caption, tuple(record.notes))
