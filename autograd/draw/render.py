"""From DOT to a picture: with the `dot` program where there is one, else in process with pygraphviz."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
import threading
from html import escape

import graphviz

from autograd.draw import style

MISSING = (
    "no Graphviz found, so only DOT and text can be written; to draw, run: pip install 'glassgrad[draw]' "
    "(or install the program 'dot', e.g. apt-get install graphviz)"
)
_TITLE = re.compile(r"<title>(.*?)</title>\n?", re.DOTALL)
_lock = threading.Lock()  # Graphviz in process is not safe for threads


class RenderError(RuntimeError):
    """A picture cannot be drawn here; the message says what to install."""


def renderer() -> str | None:
    """What draws here: "dot", "pygraphviz" or None."""
    if shutil.which("dot"):
        return "dot"
    try:
        found = importlib.util.find_spec("pygraphviz") is not None
    except ValueError:  # put in, or blocked, by hand
        found = sys.modules.get("pygraphviz") is not None
    return "pygraphviz" if found else None


def render(source: str, kind: str) -> bytes:
    """`source` drawn as "svg", "png" or "pdf".

    Raises
    ------
    RenderError
        If there is no Graphviz here, or it refuses.
    """
    by = renderer()
    if by is None:
        raise RenderError(MISSING)
    try:
        return _with_dot(source, kind) if by == "dot" else _with_pygraphviz(source, kind)
    except (ImportError, graphviz.ExecutableNotFound):
        raise RenderError(MISSING) from None
    except (graphviz.CalledProcessError, OSError, ValueError) as error:
        raise RenderError(f"Graphviz ({by}) could not draw this as {kind}: {' '.join(str(error).split())}") from error


def _with_dot(source: str, kind: str) -> bytes:
    return bytes(graphviz.Source(source).pipe(format=kind, quiet=True))


def _with_pygraphviz(source: str, kind: str) -> bytes:
    import pygraphviz

    with _lock:
        graph = pygraphviz.AGraph(string=source)
        try:
            return bytes(graph.draw(format=kind, prog="dot"))
        finally:
            graph.close()


def render_svg(source: str, titles: dict[str, str], caption: str, text: str, adapts: bool = True) -> str:
    """An SVG that stands alone: the same as text in `<desc>`, titles to point at, dark where the reader prefers it.

    Where it does not adapt, it keeps the colours of `source`.
    """
    drawn = render(source, "svg").decode("utf-8")
    body = re.sub(r"<!--.*?-->\n?", "", drawn[drawn.index("<svg") :], flags=re.DOTALL)

    def title(match: re.Match[str]) -> str:
        text = titles.get(match[1])
        return f"<title>{escape(text)}</title>\n" if text else ""

    head, rest = body.split(">", 1)
    head = head.replace("<svg", '<svg class="glassgrad" role="img"', 1)
    rest = _TITLE.sub(title, rest)
    said = f"<title>{escape(caption)}</title>\n<desc>{escape(text)}</desc>"
    rules = f"<style>{style.stylesheet()}</style>" if adapts else ""
    return f"{head}>\n{said}\n{rules}{rest}"
