"""Pictures of graphs: what was computed, from what, how much gradient flows where, and what is wrong with it.

`draw` captures the graph, folds it to a readable size and gives a `Drawing`, which renders when asked. The module
itself can be called as well: `autograd.draw(loss)`.
"""

from __future__ import annotations

import html
import os
import sys
import types
from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from autograd.draw import capture, data, dot, fold, page, render, style, text, trouble
from autograd.draw.comparison import Comparison, compare
from autograd.draw.fold import View
from autograd.draw.render import RenderError, renderer
from autograd.draw.stats import Flow, Statistics, recording
from autograd.draw.trouble import Trouble
from autograd.files import write

__all__ = [
    "Comparison", "Drawing", "Flow", "RenderError", "Statistics", "Trouble", "compare", "draw", "recording", "renderer",
]  # fmt: skip

BUDGET = 150  # boxes: more cannot be read
Show = Literal["grad", "value", "memory", "time"]
Theme = Literal["auto", "light", "dark"]


class Drawing:
    """A picture of a graph as a page, SVG, PNG, PDF, DOT, JSON or text; shown by itself in a notebook.

    Attributes
    ----------
    dot : str
        Graphviz source.
    text : str
        A tree of the modules with one line per op: needs nothing installed.
    html : str
        One page on which modules open and fold: needs nothing installed either.
    json : str
        The same as data; docs/pictures.md has the schema.
    notes : tuple of str
        What the picture could not show, and why.
    troubles : tuple of Trouble
        What is wrong with the graph, the gravest first: each with `kind`, `name`, `said` and `node`.
    caption : str
    view : View
        The boxes and edges that are shown, with all that was measured.
    """

    def __init__(self, view: View, theme: Theme = "auto") -> None:
        source, self._titles = dot.build(view)
        self.dot = style.recoloured(source.source) if theme == "dark" else source.source
        self.text = text.tree(view)
        self.view = view
        self.notes = tuple(view.record.notes)
        self.troubles: tuple[Trouble, ...] = tuple(view.record.troubles)
        self.caption = f"graph of {len(view.record.nodes):,} nodes"
        self._theme = theme

    @cached_property
    def svg(self) -> str:
        """Scalable, selectable, with light and dark colours. Raises `RenderError` where there is no Graphviz."""
        return render.render_svg(self.dot, self._titles, self.caption, self.text, self._theme == "auto")

    @cached_property
    def _told(self) -> dict[str, Any]:
        return data.build(self.view, self.caption)

    @property
    def json(self) -> str:
        """The whole graph as data: nodes, what flows between them, what folds; the schema is in docs/pictures.md."""
        return data.as_json(self._told)

    @cached_property
    def html(self) -> str:
        """One page on which boxes open and fold. It asks nothing of a network, and needs no Graphviz."""
        try:
            svg = self.svg
        except RenderError as error:
            svg = f'<p class="quiet">{html.escape(str(error))}</p>'
        return page.page(self._told, self.view, svg, self.text, self._theme)

    @cached_property
    def png(self) -> bytes:
        """Pixels at 144 dots per inch. Raises `RenderError` where there is no Graphviz."""
        return render.render(self.dot.replace("{\n", "{\n\tdpi=144\n", 1), "png")

    @cached_property
    def pdf(self) -> bytes:
        """One page as large as the graph. Raises `RenderError` where there is no Graphviz."""
        return render.render(self.dot, "pdf")

    def save(self, path: str | os.PathLike[str]) -> tuple[Path, ...]:
        """Write the picture in the format that the suffix names: .html .svg .png .pdf .dot .json .txt.

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
        if kind not in ("html", "svg", "png", "pdf", "dot", "gv", "json", "txt"):
            known = ".html .svg .png .pdf .dot .json or .txt"
            raise ValueError(f"cannot save a drawing as '{path.name}': the suffix must be {known}")
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
    x: Any,
    model: Any = None,
    show: Show = "grad",
    budget: int = BUDGET,
    expand: str | Collection[str] = (),
    theme: Theme = "auto",
    gradient: Any = None,
    *,
    flow: Flow | None = None,
) -> Drawing:
    """Draw the graph that made `x`: ops, shapes, dtypes, values and the gradient that flows along every edge.

    The forward graph runs left to right. Colour and line width give log10 of a gradient's RMS relative to the root's,
    over a fixed range of eight decades; scalars show their value and gradient as numbers, with the sign in colour.
    What is wrong (a gradient that vanishes, explodes or is no number; dead and saturated units; parameters that the
    root does not depend on) has an outline, a glyph and a word.

    Parameters
    ----------
    x : Tensor
        The root. Its graph is left as it is: nothing is freed, no `.grad` changes.
    model : Module, optional
        Gives parameters their names, and tells which of them the root does not reach.
    show : "grad", "value", "memory" or "time"
        What the colours say: gradients, RMS of the values, bytes kept for the backward pass, time of backward.
    budget : int
        About as many boxes are shown at most: blocks that repeat fold to one box ("12 blocks" with parameters of their
        own, "×12" with the same ones), then modules, then the oldest nodes are cut. Trouble is never folded away.
    expand : str or collection of str
        Modules to open, by name: "h.0".
    theme : "auto", "light" or "dark"
        "auto" is light, and in SVG dark where the reader prefers it.
    gradient : array, optional
        What flows into a root that has more than one element.
    flow : Flow, optional
        What `recording` noted while backward ran; without it a backward pass is run here.

    Raises
    ------
    TypeError
        If `x` is not a Tensor.
    ValueError
        If `x` has no graph, an argument is none of those above, or `gradient` has another shape than `x`.

    Examples
    --------
    >>> from autograd import Tensor
    >>> from autograd.draw import draw
    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> print(draw(x * x).text, end="")
    %0 x  scalar f64  = 3  ∂ +6
    %1 multiply(%0, %0)  scalar f64  = 9  ∂ +1
    """
    if not hasattr(x, "_node"):
        raise TypeError(f"draw needs a Tensor, got {type(x).__name__}")
    if budget < 1:
        raise ValueError(f"draw: budget is {budget}; it must be at least 1")
    for name, given, known in (("show", show, Show), ("theme", theme, Theme)):
        if given not in known.__args__:  # type: ignore[attr-defined]
            raise ValueError(f"draw: {name} is {given!r}; it must be one of {', '.join(known.__args__)}")  # type: ignore[attr-defined]
    if x._node is None:
        raise ValueError(
            "draw: this tensor has no graph; it must depend on a tensor with requires_grad=True, outside no_grad()"
        )
    record = capture.record(x._node, model)
    value = np.asarray(x._data)
    if show in ("grad", "time") or flow is not None:
        capture.measure_gradients(record, gradient, flow, timed=show == "time")
    capture.look(record)
    record.troubles = trouble.find(record, value)
    for found in record.troubles:
        record.marks.setdefault(found.node, found)
    view = fold.fold(record, budget, (expand,) if isinstance(expand, str) else expand)
    view.show = show
    shown = view.nodes()
    capture.measure_values(record, shown, value)
    if show == "grad":
        capture.show_gradients(record, shown)
        fold.sizes(view)
    else:
        fold.amounts(view)
    return Drawing(view, theme)


class _Callable(types.ModuleType):
    """A module that is its own main function."""

    def __call__(self, x: Any, *args: Any, **options: Any) -> Drawing:
        return draw(x, *args, **options)


_Callable.__call__.__doc__ = draw.__doc__
sys.modules[__name__].__class__ = _Callable
