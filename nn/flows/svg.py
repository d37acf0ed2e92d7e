"""The pieces of which pictures of flow are drawn: marks, axes, colours, and the page around them."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence

from autograd.draw.style import DARK, LIGHT, RAMP, RAMP_DARK, STEPS, Theme

# colour by role: light, dark
ROLES = {
    "page": (LIGHT.page, DARK.page),
    "text": (LIGHT.text, DARK.text),
    "muted": (LIGHT.muted, DARK.muted),
    "row": (LIGHT.cluster, DARK.cluster_alternate),
    "line": (LIGHT.cluster_line, DARK.cluster_line),
    "trouble": (LIGHT.trouble, DARK.trouble),
    "activation": ("#2f7a55", "#6cc295"),
    "gradient": ("#6d3fd1", "#b9a0ff"),
    "update": ("#8f6408", "#d9ae4e"),
}
TROUBLE = -1  # the place of a cell that holds NaN or infinity
FONT = 'system-ui,"Segoe UI",Helvetica,Arial,sans-serif'


def escaped(text: str) -> str:
    """Safe inside SVG and HTML: markup escaped, control characters replaced.

    >>> escaped("a<b" + chr(7))
    'a&lt;b�'
    """
    return html.escape("".join(c if c.isprintable() else "�" for c in text))


def short(text: str, limit: int) -> str:
    """At most `limit` characters; the end of a layer's name tells more than its beginning."""
    return text if len(text) <= limit else "…" + text[1 - limit :]


def rect(x: float, y: float, w: float, h: float, kind: str, round_: float = 0, title: str = "") -> str:
    corner = f' rx="{round_:g}"' if round_ else ""
    head = f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{max(w, 0):.1f}" height="{h:.1f}"{corner}'
    return f"{head}><title>{escaped(title)}</title></rect>" if title else head + "/>"


def line(x1: float, y1: float, x2: float, y2: float, kind: str = "line") -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def label(x: float, y: float, text: str, kind: str = "text", anchor: str = "start", size: float = 12) -> str:
    where = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" font-size="{size:g}"{where}>{escaped(text)}</text>'


def dot(x: float, y: float, kind: str, title: str) -> str:
    return f'<circle class="{kind} dot" cx="{x:.1f}" cy="{y:.1f}" r="4"><title>{escaped(title)}</title></circle>'


def stylesheet() -> str:
    """Colours for light and dark."""

    def rules(dark: int) -> str:
        roles = "".join(f"svg.flow .{name}{{fill:{both[dark]};stroke:{both[dark]}}}" for name, both in ROLES.items())
        ramp = "".join(f"svg.flow .r{i}{{fill:{c}}}" for i, c in enumerate((RAMP, RAMP_DARK)[dark]))
        return roles + ramp

    shapes = (
        "svg.flow text,svg.flow rect,svg.flow path{stroke:none!important}svg.flow .band{fill-opacity:.34}"
        "svg.flow .dot{stroke:none!important}"
        "svg.flow line{stroke-width:1}svg.flow .trail{fill:none!important;stroke-opacity:.45;stroke-width:1.2}"
        "svg.flow .trouble{font-weight:600}"
    )
    return f"{rules(0)}@media (prefers-color-scheme:dark){{{rules(1)}}}{shapes}"


def picture(width: float, height: float, parts: Iterable[str], title: str, description: str) -> str:
    """A whole SVG with its title and the same as text."""
    return (
        f'<svg class="flow" xmlns="http://www.w3.org/2000/svg" role="img" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="{html.escape(FONT)}">\n<title>{escaped(title)}</title>\n'
        f"<desc>{lines(description)}</desc>\n<style>{stylesheet()}</style>\n"
        + rect(0, 0, width, height, "page")
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def lines(text: str) -> str:
    """Text of several lines, escaped."""
    return "\n".join(escaped(one) for one in text.split("\n"))


def place(size: float, low: float, high: float) -> int:
    """Where on the colour ramp a size lies, from 10^low (0) to 10^high (the last).

    >>> place(1e-8, -16, 0), place(0.0, -16, 0)
    (8, 0)
    """
    if not size > 0 or not math.isfinite(size):
        return STEPS - 1 if size > 0 else 0
    return round(min(max((math.log10(size) - low) / (high - low), 0.0), 1.0) * (STEPS - 1))


def cells(table: Sequence[Sequence[int | None]], x: float, y: float, w: float, h: float) -> list[str]:
    """A heat map: a path per colour; `table` holds rows of places on the ramp, None is left blank."""
    paths: dict[int, list[str]] = {}
    for i, row in enumerate(table):
        start = 0
        for j in range(1, len(row) + 1):
            if j == len(row) or row[j] != row[start]:
                colour = row[start]
                if colour is not None:
                    run = f"M{x + start * w:.1f} {y + i * h:.1f}h{(j - start) * w:.1f}v{h:.1f}h{(start - j) * w:.1f}z"
                    paths.setdefault(colour, []).append(run)
                start = j
    kinds = {colour: "trouble" if colour == TROUBLE else f"r{colour}" for colour in paths}
    return [
        f'<path class="{kinds[colour]}" d="{"".join(runs)}" shape-rendering="crispEdges"/>'
        for colour, runs in sorted(paths.items())
    ]


_PAGE = """
*{box-sizing:border-box}body{margin:0;padding:2rem clamp(1rem,3vw,3rem) 4rem;background:var(--page);color:var(--text);
font:16px/1.55 system-ui,"Segoe UI",Helvetica,Arial,sans-serif}
main,header{max-width:100rem;margin:0 auto}h1{font-size:1.7rem;letter-spacing:-.02em;margin:0 0 .3rem}
h2{font-size:1.15rem;margin:2rem 0 .3rem}p{color:var(--muted);max-width:80ch;margin:.2rem 0 .8rem}
.pane{overflow-x:auto;border:1px solid var(--line);border-radius:12px;padding:.8rem;background:var(--card)}
.pane svg{display:block}.pane:focus-visible,summary:focus-visible{outline:2px solid var(--hue);outline-offset:2px}
details{margin:1rem 0}summary{cursor:pointer;color:var(--muted)}
pre{overflow:auto;font:12.5px/1.45 ui-monospace,Menlo,Consolas,monospace;padding:1rem;border:1px solid var(--line);
border-radius:8px;background:var(--card)}
"""


def _css() -> str:
    """The page's stylesheet: the colours of both themes, then the rest."""

    def colours(theme: Theme, hue: str) -> str:
        return (
            f"--page:{theme.cluster};--text:{theme.text};--muted:{theme.muted};--line:{theme.cluster_line};"
            f"--card:{theme.page};--hue:{hue}"
        )

    light, dark = (colours(theme, ROLES["gradient"][i]) for i, theme in enumerate((LIGHT, DARK)))
    return f":root{{color-scheme:light dark;{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}{_PAGE}"


def page(title: str, intro: str, sections: Iterable[tuple[str, str, str]], text: str) -> str:
    """One HTML file that needs nothing else: sections of (heading, words, SVG), and the same as text."""
    body = "".join(
        f"<section><h2>{escaped(heading)}</h2><p>{escaped(words)}</p>"
        f'<div class="pane" tabindex="0" role="group" aria-label="{escaped(heading)}">{svg}</div></section>\n'
        for heading, words, svg in sections
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escaped(title)}</title>\n<style>{_css()}</style>\n</head>\n<body>\n<header><h1>{escaped(title)}</h1>"
        f"<p>{escaped(intro)}</p></header>\n<main>\n{body}"
        f"<details><summary>The same as text</summary><pre>{lines(text)}</pre></details>\n</main>\n</body>\n</html>\n"
    )
