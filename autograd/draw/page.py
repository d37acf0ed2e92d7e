"""A picture as one page: boxes that open and fold, a card for each, search, and all of it readable without scripts."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib import resources
from string import Template
from typing import Any

from autograd.draw import style
from autograd.draw.data import as_json
from autograd.draw.dot import clean
from autograd.draw.fold import View
from autograd.draw.text import MOST

SCRIPTS = ("layout.js", "graph.js", "picture.js", "page.js")


@cache
def asset(name: str) -> str:
    """The text of a file beside this one."""
    return resources.files("autograd.draw").joinpath("assets", name).read_text("utf-8")


def page(told: dict[str, Any], view: View, svg: str, text: str, theme: str) -> str:
    """The whole page; `svg` is what is seen without scripts, or a line that says why there is none."""
    found = view.record.troubles
    lines = "".join(
        f'<li data-node="{trouble["node"]}"><b>{escape(clean(trouble["word"], 400))}</b> '
        f"{escape(clean(trouble['name'], 200))}<span>{escape(clean(trouble['said'], 400))}</span></li>"
        for trouble in told["troubles"][:MOST]
    )
    more = f"<p>and {len(found) - MOST:,} more</p>" if len(found) > MOST else ""
    return Template(asset("page.html")).substitute(
        theme="" if theme == "auto" else f' data-theme="{theme}"',
        title=escape(told["caption"][:1].upper() + told["caption"][1:]),
        style=style.variables() + asset("base.css") + asset("page.css"),
        notes="".join(f'<p class="note">Note: {escape(clean(note, 400))}</p>' for note in told["notes"]),
        picture=svg,
        legend=_legend(view),
        count=_count(len(found)),
        troubles=f"<ol>{lines}</ol>{more}" if found else "<p>Nothing vanishes, explodes or is lost.</p>",
        unfolded="" if svg.startswith("<svg") else " open",
        text=escape(text),
        data=as_json(told).replace("<", "\\u003c"),
        script="\n".join(map(asset, SCRIPTS)),
    )


def _count(troubles: int) -> str:
    return "No trouble found" if not troubles else "One trouble" if troubles == 1 else f"{troubles:,} troubles"


def _legend(view: View) -> str:
    """The fixed scale of eight decades, or what the colours say instead."""
    if view.show != "grad":
        said = style.SAID[view.show]
        return f'<ul class="legend"><li><i class="ramp" aria-hidden="true"></i> {escape(said)}</li></ul>'
    ticks = "".join(
        f'<i class="r{place}">10{power}</i>'
        for place, power in zip((0, 4, 8, 12, 16), ("⁻⁸", "⁻⁶", "⁻⁴", "⁻²", "⁰"), strict=True)
    )
    return (
        f'<ul class="legend"><li><span class="ticks">{ticks}</span> gradient’s RMS over the root’s; '
        "wider: more of it</li>"
        '<li>a number’s: <i class="sign plus">+</i> grows, <i class="sign minus">−</i> shrinks</li>'
        "<li>dotted: zero</li></ul>"
    )
