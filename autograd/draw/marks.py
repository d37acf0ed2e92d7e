"""The pieces of which pictures are drawn without Graphviz: marks, heat maps, colours."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence

from autograd.draw.style import DARK, LIGHT, RAMP, RAMP_DARK, STEPS


def mix(low: str, high: str, t: float) -> str:
    """The colour at `t`, from `low` (0) to `high` (1).

    >>> mix("#000000", "#ffffff", 0.5)
    '#808080'
    """
    ends = ([int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in (low, high))
    return "#" + "".join(f"{round(a + (b - a) * t):02x}" for a, b in zip(*ends, strict=True))


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
# Signs: red below zero, blue above, as pale as the ground between them; by the theme, from -1 to 1.
SIGNED, SIGNED_DARK = (
    tuple(mix(middle, low if i < 0 else high, abs(i) / (STEPS // 2)) for i in range(-(STEPS // 2), STEPS // 2 + 1))
    for low, middle, high in (("#a51d16", "#f1f2f6", "#0a4c96"), ("#ff9088", "#262c36", "#78b6ff"))
)
FONT = 'system-ui,"Segoe UI",Helvetica,Arial,sans-serif'


def plain(text: str, limit: int = 0) -> str:
    """What can be printed of a text, the rest replaced; of a long one the first `limit` characters.

    >>> plain("a" + chr(7) + "bc", 3)
    'a�…'
    """
    text = "".join(c if c.isprintable() else "�" for c in text)
    return text if not limit or len(text) <= limit else text[: limit - 1] + "…"


def escaped(text: str) -> str:
    """Safe inside SVG and HTML: markup escaped, control characters replaced.

    >>> escaped("a<b" + chr(7))
    'a&lt;b�'
    """
    return html.escape(plain(text))


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
    """Colours for light and dark: by role, `r0` to `r16` from little to much, `d0` to `d16` from minus to plus."""

    def rules(dark: int) -> str:
        roles = "".join(f"svg.flow .{name}{{fill:{both[dark]};stroke:{both[dark]}}}" for name, both in ROLES.items())
        ramp = "".join(f"svg.flow .r{i}{{fill:{c}}}" for i, c in enumerate((RAMP, RAMP_DARK)[dark]))
        ramp += "".join(f"svg.flow .d{i}{{fill:{c}}}" for i, c in enumerate((SIGNED, SIGNED_DARK)[dark]))
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


def cells(table: Sequence[Sequence[int | None]], x: float, y: float, w: float, h: float, kind: str = "r") -> list[str]:
    """A heat map: a path per colour; `table` holds rows of places on the ramp `kind`, None is left blank."""
    paths: dict[int, list[str]] = {}
    for i, row in enumerate(table):
        start = 0
        for j in range(1, len(row) + 1):
            if j == len(row) or row[j] != row[start]:
                colour = row[start]
                if colour is not None:
                    wide = (j - start) * w
                    run = f"M{_short(x + start * w)} {_short(y + i * h)}h{_short(wide)}v{_short(h)}h{_short(-wide)}z"
                    paths.setdefault(colour, []).append(run)
                start = j
    kinds = {colour: "trouble" if colour == TROUBLE else f"{kind}{colour}" for colour in paths}
    return [
        f'<path class="{kinds[colour]}" d="{"".join(runs)}" shape-rendering="crispEdges"/>'
        for colour, runs in sorted(paths.items())
    ]


def _short(x: float) -> str:
    """A coordinate to two digits, without zeros at the end."""
    return f"{x:.2f}".rstrip("0").rstrip(".") or "0"


def signed(x: float, top: float) -> int:
    """Where on the ramp of signs `x` lies, from -top (0) by zero (8) to top (16).

    >>> signed(-2.0, 2.0), signed(0.0, 2.0), signed(1.0, 2.0), signed(math.nan, 2.0)
    (0, 8, 12, -1)
    """
    if math.isnan(x):
        return TROUBLE
    return round(STEPS // 2 * (1 + (min(max(x / top, -1.0), 1.0) if top else 0.0)))
