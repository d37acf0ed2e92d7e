"""A picture in all its forms (page, SVG, text, numbers), and the page: one file that asks nothing of a network."""

from __future__ import annotations

import html
import json
import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from autograd.draw.marks import ROLES, SIGNED, SIGNED_DARK, escaped, lines
from autograd.draw.style import DARK, LIGHT, RAMP, RAMP_DARK, shades
from autograd.files import write

KINDS = {".html": "html", ".htm": "html", ".svg": "svg", ".txt": "text", ".json": "json"}


class Sheet:
    """A picture that is a page, an SVG, text and numbers; shown by itself in a notebook.

    Attributes
    ----------
    html, svg, text, json : str
        Each the same bytes from run to run.
    """

    name = "picture"  # what an error and a notebook call it

    @property
    def title(self) -> str:
        """What is seen, in a line."""
        raise NotImplementedError

    @property
    def svg(self) -> str:
        """The picture alone, with the text in its description."""
        raise NotImplementedError

    @property
    def html(self) -> str:
        """One page with all it needs; readable with scripts off."""
        raise NotImplementedError

    @property
    def text(self) -> str:
        """The same in words."""
        raise NotImplementedError

    @property
    def json(self) -> str:
        """The same as numbers."""
        raise NotImplementedError

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it in the form that the suffix names: .html .svg .txt .json.

        Raises
        ------
        ValueError
            If the suffix is none of these.
        """
        path = Path(path)
        kind = KINDS.get(path.suffix.lower())
        if kind is None:
            raise ValueError(f"cannot save {self.name} as '{path.name}': the suffix must be .html .svg .txt or .json")
        return write(path, getattr(self, kind))

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_html_(self) -> str:
        return (
            f'<iframe title="{html.escape(self.name)}" sandbox="allow-scripts" width="100%" height="720" '
            f'style="border:0" srcdoc="{html.escape(self.html)}"></iframe>'
        )

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.title}>"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """A line for each row, its cells below one another."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]


def as_json(x: Any) -> str:
    """`x` as JSON; NaN and infinities are the words "NaN", "Infinity", "-Infinity"."""
    return json.dumps(_plain(x), allow_nan=False, separators=(",", ":")) + "\n"


def _plain(x: Any) -> Any:
    if isinstance(x, dict):
        return {key: _plain(value) for key, value in x.items()}
    if isinstance(x, (list, tuple)):
        return [_plain(value) for value in x]
    if isinstance(x, float) and not math.isfinite(x):
        return wrong(x)
    return x


def wrong(x: float) -> str:
    """The word for what JSON has no number for."""
    return "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"


_STYLE = """
*{box-sizing:border-box}body{margin:0;padding:2rem clamp(1rem,3vw,3rem) 4rem;background:var(--page);color:var(--text);
font:16px/1.55 system-ui,"Segoe UI",Helvetica,Arial,sans-serif;font-variant-numeric:tabular-nums}
main,header{max-width:100rem;margin:0 auto}h1{font-size:1.7rem;line-height:1.25;letter-spacing:-.02em;margin:0 0 .3rem}
h2{font-size:1.15rem;margin:2rem 0 .3rem}p{color:var(--muted);max-width:80ch;margin:.2rem 0 .8rem}
.pane{overflow-x:auto;border:1px solid var(--line);border-radius:12px;padding:.8rem;background:var(--card)}
.pane svg{display:block}:focus-visible{outline:2px solid var(--hue);outline-offset:2px}
details{margin:1rem 0}summary{cursor:pointer;color:var(--muted)}[hidden]{display:none!important}
pre{overflow:auto;font:12.5px/1.45 ui-monospace,Menlo,Consolas,monospace;padding:1rem;border:1px solid var(--line);
border-radius:8px;background:var(--card)}
"""


def colours() -> str:
    """Both themes as variables: roles, `--r0` to `--r16` with the ink that reads on each, `--d0` to `--d16`."""

    def theme(dark: int) -> str:
        roles, ramp = (LIGHT, DARK)[dark], (RAMP, RAMP_DARK)[dark]
        named = {
            "page": roles.cluster, "card": roles.page, "text": roles.text, "muted": roles.muted,
            "line": roles.cluster_line, "edge": roles.edge, "plus": roles.plus, "minus": roles.minus,
            "trouble": roles.trouble, "trouble-fill": roles.trouble_fill, "hue": ROLES["gradient"][dark],
        }  # fmt: skip
        named |= shades(ramp)
        named |= {f"d{i}": c for i, c in enumerate((SIGNED, SIGNED_DARK)[dark])}
        return "".join(f"--{name}:{colour};" for name, colour in named.items())

    return f":root{{color-scheme:light dark;{theme(0)}}}@media (prefers-color-scheme:dark){{:root{{{theme(1)}}}}}"


def document(title: str, intro: str, body: str, text: str, style: str = "", script: str = "", data: Any = None) -> str:
    """One HTML file that needs nothing else, with the same as text at its end.

    Parameters
    ----------
    title, intro, text : str
        Plain; `body`, `style` and `script` are taken as they are.
    data : nested lists, dicts and numbers, optional
        What the script reads from the element `data`.
    """
    held = as_json(data).replace("<", "\\u003c") if data is not None else ""
    held = f'<script type="application/json" id="data">{held}</script>\n' if held else ""
    run = f"<script>\n{script}</script>\n" if script else ""
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>{escaped(title)}</title>\n<style>{colours()}{_STYLE}{style}</style>\n</head>\n<body>\n"
        f"<header><h1>{escaped(title)}</h1><p>{escaped(intro)}</p></header>\n<main>\n{body}"
        f'<details class="as-text"><summary>The same as text</summary><pre tabindex="0">{lines(text)}</pre></details>\n'
        f"</main>\n{held}{run}</body>\n</html>\n"
    )


def page(title: str, intro: str, sections: Iterable[tuple[str, str, str]], text: str) -> str:
    """A page of sections: heading, words, SVG."""
    body = "".join(
        f"<section><h2>{escaped(heading)}</h2><p>{escaped(words)}</p>"
        f'<div class="pane" tabindex="0" role="group" aria-label="{escaped(heading)}">{svg}</div></section>\n'
        for heading, words, svg in sections
    )
    return document(title, intro, body, text)
