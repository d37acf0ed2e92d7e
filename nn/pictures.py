"""Pictures of a training: an attention pattern, the size of gradients per layer, and one page that shows them all.

They are drawn with matplotlib (the extra `draw`) as SVG with text as text; every picture has a plain-text form too.
"""

from __future__ import annotations

import html
import io
import itertools
import math
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from autograd.files import write
from nn.errors import DataError, need

HUE = "#8b5cf6"  # readable on white and on black: strength is opacity, so the page shows through
TEXT, MUTED, GRID = "#1c2430", "#5b6675", "#d3dae4"
DARK = {TEXT: "#e7ecf3", MUTED: "#9fabba", GRID: "#2f3a47"}
DECADES = 8.0  # of a gradient heat map, down from the largest


class Fact(NamedTuple):
    """A figure with its target; `met` is None where there is no target."""

    what: str
    reached: str
    target: str = ""
    met: bool | None = None


def attention_image(
    pattern: Any, tokens: Sequence[str], path: str | os.PathLike[str], title: str = "Attention pattern", limit: int = 64
) -> Path:
    """Write one head's attention pattern as a heat map (SVG): row i says what token i looks at.

    Parameters
    ----------
    pattern : array of shape (T, T)
        Weights after the softmax: each row sums to 1.
    tokens : sequence of T str
    path : path of the file to write, ending in .svg
    title : str
        Read aloud, and shown when pointed at.
    limit : int
        Only the first so many tokens are drawn.

    Raises
    ------
    DataError
        If the pattern is not square, does not fit the tokens, or holds NaN or infinity; or the path is not an SVG's.
    MissingExtra
        If matplotlib is missing.
    """
    weights = np.asarray(pattern, dtype=np.float64)
    if weights.ndim != 2 or weights.shape != (len(tokens), len(tokens)) or not len(tokens):
        raise DataError(
            f"an attention pattern has shape (T, T) with T = {len(tokens)} tokens, at least one; got {weights.shape}"
        )
    if not np.isfinite(weights).all():
        raise DataError("an attention pattern must be finite; this one holds NaN or infinity")
    weights, shown = weights[:limit, :limit], [visible(token, 12) for token in tokens[:limit]]
    count = len(shown)
    inches = min(max(2.4 + 0.145 * count, 4.0), 12.0)
    figure, axes = _figure(inches + 0.7, inches)
    image = axes.imshow(weights, cmap=_opacity(), vmin=0.0, vmax=1.0, interpolation="nearest")
    size = float(np.clip(480.0 / count, 6.0, 11.0))
    axes.set_xticks(range(count), shown, fontsize=size, family="monospace", parse_math=False)
    axes.set_yticks(range(count), shown, fontsize=size, family="monospace", parse_math=False)
    axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False)
    if max(map(len, shown)) > 2:
        axes.tick_params(axis="x", rotation=90)
    axes.xaxis.set_label_position("top")
    axes.set_xlabel("looks at", color=MUTED)
    axes.set_ylabel("token", color=MUTED)
    _bar(figure, image, axes, "weight")
    lines = [f"{i:>4} {token!r:<8} -> {_looks(row, shown)}" for i, (token, row) in enumerate(zip(shown, weights))]
    return _save(figure, path, title, "\n".join(lines) + "\n")


def _looks(row: Any, tokens: Sequence[str], most: int = 3) -> str:
    """The tokens that a row looks at most."""
    order = np.argsort(-row, kind="stable")[:most]
    return ", ".join(f"{tokens[j]!r} (at {j}) {row[j]:.2f}" for j in order if row[j] > 0)


def gradient_flow_image(
    sizes: Mapping[str, Sequence[float]],
    path: str | os.PathLike[str],
    steps: Sequence[int] | None = None,
    title: str = "Gradient size per layer over training",
    measure: str = "length of the gradient",
) -> Path:
    """Write gradient sizes per layer over training (SVG): a heat map, layer by step, and the same as lines.

    The colour's scale is the decimal logarithm over a fixed eight decades, so that healthy layers look alike.

    Parameters
    ----------
    sizes : mapping of str to sequence of n float
        By layer, from the first to the last. Zero, NaN and infinity are left blank.
    path : path of the file to write, ending in .svg
    steps : sequence of n int, optional
        The steps at which sizes were taken; 1, 2, 3, ... by default.
    title, measure : str
        What is shown when pointed at, and what the sizes are.

    Raises
    ------
    DataError
        If there is nothing to draw, the lengths differ, steps do not increase, or the path is not an SVG's.
    MissingExtra
        If matplotlib is missing.
    """
    steps = list(range(1, 1 + len(next(iter(sizes.values()), ())))) if steps is None else list(steps)
    if not sizes or not steps:
        raise DataError("gradient sizes: nothing to draw; give at least one layer and one step")
    if any(a >= b for a, b in itertools.pairwise(steps)):
        raise DataError("gradient sizes: steps must increase")
    for layer, values in sizes.items():
        if len(values) != len(steps):
            raise DataError(f"gradient sizes of {layer!r}: {len(values)} values for {len(steps)} steps")
    table = np.array([np.asarray(values, dtype=np.float64) for values in sizes.values()])
    with np.errstate(divide="ignore", invalid="ignore"):
        known = np.where(np.isfinite(table) & (table > 0), np.log10(table), np.nan)
    top = math.ceil(np.nanmax(known)) if np.isfinite(known).any() else 0
    layers = [_printable(layer)[:40] for layer in sizes]
    height = max(0.23 * len(layers), 1.6)
    figure, (heat, lines) = _figure(10.0, height + 4.0, rows=(height, 2.6))
    edges = _edges(steps)
    image = heat.pcolormesh(
        edges,
        np.arange(len(layers) + 1),
        np.ma.masked_invalid(known),
        cmap=_opacity(),
        vmin=top - DECADES,
        vmax=top,
        rasterized=True,
    )
    heat.set_yticks(np.arange(len(layers)) + 0.5, layers, fontsize=8.5, parse_math=False)
    heat.invert_yaxis()
    heat.tick_params(labelbottom=False)
    _bar(figure, image, heat, f"log₁₀ {measure}")
    shades = need("matplotlib", "draw", "this picture").colormaps["plasma"](np.linspace(0.28, 0.78, len(layers)))
    window = max(1, len(steps) // 60)
    for layer, row, shade in zip(layers, known, shades):
        marker = "o" if len(steps) == 1 else None
        lines.plot(steps, 10.0 ** _smooth(row, window), color=shade, linewidth=1.3, label=layer, marker=marker)
    lines.set_yscale("log")
    lines.set_xlim(edges[0], edges[-1])
    lines.set_xlabel("step", color=MUTED)
    lines.set_ylabel(measure + (f"\n(geometric mean of {window} steps)" if window > 1 else ""), color=MUTED)
    lines.grid(color=GRID, linewidth=0.6)
    if len(layers) <= 24:
        legend = lines.legend(
            loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=7.5, labelcolor=TEXT
        )
        for entry in legend.get_texts():
            entry.set_parse_math(False)
    return _save(figure, path, title, _table(steps, layers, table))


def _smooth(row: Any, window: int) -> Any:
    """The running mean of the last `window` values that are known; blank where the value itself is."""
    known = np.isfinite(row)
    total = np.cumsum(np.concatenate([np.zeros(window), np.where(known, row, 0.0)]))
    count = np.cumsum(np.concatenate([np.zeros(window), known]))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (total[window:] - total[:-window]) / (count[window:] - count[:-window])
    return np.where(known, mean, np.nan)


def _edges(steps: Sequence[int]) -> Any:
    """Borders of the columns of a heat map: half way between the steps."""
    x = np.asarray(steps, dtype=np.float64)
    if len(x) == 1:
        return np.array([x[0] - 0.5, x[0] + 0.5])
    middle = (x[1:] + x[:-1]) / 2
    return np.concatenate([[2 * x[0] - middle[0]], middle, [2 * x[-1] - middle[-1]]])


def _table(steps: Sequence[int], layers: Sequence[str], table: Any) -> str:
    """First, middle and last column as text."""
    columns = sorted({0, len(steps) // 2, len(steps) - 1})
    wide = max(map(len, layers))
    head = " " * wide + "".join(f"{f'step {steps[c]}':>14}" for c in columns)
    rows = [f"{layer:<{wide}}" + "".join(f"{row[c]:>14.3g}" for c in columns) for layer, row in zip(layers, table)]
    return "\n".join([head, *rows]) + "\n"


def visible(token: str, limit: int = 40) -> str:
    """A token with its spaces and control characters made visible.

    >>> visible(" a"), visible(chr(10))
    ('␣a', '↵')
    """
    named = {" ": "␣", "\n": "↵", "\t": "⇥", "\r": "␍"}
    text = "".join(named.get(c, c if c.isprintable() else "�") for c in token)
    return text if len(text) <= limit else text[: limit - 1] + "…"


# ---- matplotlib, without its global state


def _figure(width: float, height: float, rows: tuple[float, ...] = ()) -> tuple[Any, Any]:
    matplotlib = need("matplotlib", "draw", "this picture")
    with matplotlib.rc_context({"font.family": ["sans-serif"], "axes.edgecolor": GRID, "text.color": TEXT}):
        figure = need("matplotlib.figure", "draw", "this picture").Figure(figsize=(width, height), layout="constrained")
        figure.patch.set_alpha(0.0)
        axes = figure.subplots(len(rows), 1, height_ratios=rows, sharex=True) if rows else figure.subplots()
        for one in np.ravel(axes):
            one.patch.set_alpha(0.0)
            one.tick_params(colors=MUTED, labelcolor=TEXT, length=2.5)
            one.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _opacity() -> Any:
    """From nearly clear to the full hue."""
    colors = need("matplotlib.colors", "draw", "this picture")
    red, green, blue = colors.to_rgb(HUE)
    return colors.LinearSegmentedColormap.from_list("hue", [(red, green, blue, 0.04), (red, green, blue, 1.0)])


def _bar(figure: Any, image: Any, axes: Any, label: str) -> None:
    bar = figure.colorbar(image, ax=axes, shrink=0.7, aspect=24, pad=0.02)
    bar.set_label(label, color=MUTED)
    bar.ax.tick_params(colors=MUTED, labelcolor=TEXT, length=2.5)
    bar.ax.patch.set_alpha(0.0)
    bar.outline.set_edgecolor(GRID)


def _save(figure: Any, path: str | os.PathLike[str], title: str, text: str) -> Path:
    """Write the figure as SVG that follows the reader's light or dark, the same bytes every time, with `text` in it."""
    path = Path(path)
    if path.suffix.lower() != ".svg":
        raise DataError(f"this picture is written as SVG: the path must end in .svg, got '{path.name}'")
    matplotlib = need("matplotlib", "draw", "this picture")
    out = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": path.stem}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # text stays text: the reader's fonts draw it
        figure.savefig(out, format="svg", dpi=144, metadata={"Date": None, "Creator": None})
    drawn = out.getvalue()
    drawn = re.sub(r"\s*<metadata>.*?</metadata>", "", drawn[drawn.index("<svg") :], flags=re.DOTALL)
    head, rest = drawn.split(">", 1)
    rules = "".join(
        f'svg.plot [style*="fill: {light}"]{{fill:{dark}!important}}'
        f'svg.plot [style*="stroke: {light}"]{{stroke:{dark}!important}}'
        for light, dark in DARK.items()
    )
    head = head.replace("<svg", '<svg class="plot" role="img"', 1)
    style = f"<style>@media (prefers-color-scheme: dark){{{rules}}}</style>"
    said = f"<title>{html.escape(_printable(title))}</title>\n<desc>{html.escape(_printable(text))}</desc>\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    return write(path, f"{head}>\n{said}{style}{rest}")


# ---- the page

_CSS = """
:root { color-scheme: light dark; --page: #f4f5f8; --card: #fefefe; --text: #1c2430; --muted: #5b6675; --line: #d3dae4;
  --good: #12703c; --bad: #a3261d; --hue: #6d3fd1; }
@media (prefers-color-scheme: dark) { :root { --page: #090d12; --card: #0f141b; --text: #e7ecf3; --muted: #9fabba;
  --line: #2f3a47; --good: #5fcf8d; --bad: #ff8d85; --hue: #b9a0ff; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 2.5rem clamp(1rem, 4vw, 4rem) 4rem; background: var(--page); color: var(--text);
  font: 16px/1.55 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
header, main { max-width: 96rem; margin: 0 auto; }
h1 { font-size: 2rem; line-height: 1.2; letter-spacing: -.02em; margin: 0 0 .3rem; }
h2 { font-size: 1.2rem; letter-spacing: -.01em; margin: 0; }
p { margin: .3rem 0 0; color: var(--muted); max-width: 75ch; }
nav { display: flex; flex-wrap: wrap; gap: .4rem 1.2rem; margin: 1.1rem 0 0; }
a { color: var(--hue); text-decoration-thickness: 1px; text-underline-offset: .2em; }
table { border-collapse: collapse; margin: 1.4rem 0 0; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .4rem 1.6rem .4rem 0; border-bottom: 1px solid var(--line); font-weight: 400; }
thead th { color: var(--muted); font-size: .85rem; }
td.yes { color: var(--good); } td.no { color: var(--bad); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 14px; margin: 1.6rem 0 0;
  padding: 1.3rem 1.5rem; scroll-margin-top: 1rem; }
.pane { overflow: auto; margin: 1rem -.5rem 0; padding: .5rem; border-radius: 8px; }
.pane:focus-visible, a:focus-visible, summary:focus-visible, input:focus-visible { outline: 2px solid var(--hue);
  outline-offset: 2px; }
.pane svg { display: block; margin: 0 auto; max-width: none; }
.bar { display: flex; flex-wrap: wrap; gap: .2rem 1rem; align-items: baseline; justify-content: space-between; }
label { color: var(--muted); font-size: .9rem; cursor: pointer; white-space: nowrap; }
section:has(.fit:checked) .pane svg { width: 100%; height: auto; max-height: 88vh; }
pre { overflow: auto; max-height: 30rem; font: 12.5px/1.45 ui-monospace, Menlo, Consolas, monospace; margin: .8rem 0 0;
  padding: 1rem; background: var(--page); border-radius: 8px; }
details { margin: .8rem 0 0; } summary { color: var(--muted); cursor: pointer; font-size: .9rem; }
@media print { body { background: #fff; } section { break-inside: avoid; } label, details { display: none; } }
"""


def write_index(
    folder: str | os.PathLike[str],
    entries: Sequence[tuple[str, Path] | tuple[str, Path, str]],
    title: str = "What the network learned",
    intro: str = "",
    facts: Sequence[Fact] = (),
) -> Path:
    """Write `index.html`, one page that holds all pictures.

    The page needs no other file, no network and no scripts, and follows the reader's light or dark.

    Parameters
    ----------
    folder : path
    entries : sequence of (title, path) or (title, path, caption)
        An .svg is shown with the text in its `<desc>` below it; of a .dot or .txt (what is written where there is no
        Graphviz) the text is shown.
    title, intro : str
    facts : sequence of Fact
        Figures for the table on top.

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    DataError
        If a picture's file is missing or of another kind.
    """
    sections = [_section(f"picture-{i}", *entry) for i, entry in enumerate(entries, 1)]
    links = "".join(
        f'<a href="#picture-{i}">{html.escape(_printable(entry[0]))}</a>' for i, entry in enumerate(entries, 1)
    )
    heading = html.escape(_printable(title))
    page = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{heading}</title>\n<style>{_CSS}</style>\n</head>\n<body>\n<header>\n<h1>{heading}</h1>\n"
        + (f"<p>{html.escape(_printable(intro))}</p>\n" if intro else "")
        + (_facts(facts) if facts else "")
        + (f'<nav aria-label="Pictures">{links}</nav>\n' if links else "")
        + f"</header>\n<main>\n{''.join(sections)}</main>\n</body>\n</html>\n"
    )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return write(folder / "index.html", page)


def _facts(facts: Sequence[Fact]) -> str:
    rows = []
    for fact in facts:
        mark = {None: "", True: " ✓", False: " ✗ not reached"}[fact.met]
        kind = {None: "", True: ' class="yes"', False: ' class="no"'}[fact.met]
        cells = f"<td>{html.escape(fact.target)}</td><td{kind}>{html.escape(fact.reached)}{mark}</td>"
        rows.append(f'<tr><th scope="row">{html.escape(fact.what)}</th>{cells}</tr>')
    head = '<tr><th scope="col">figure</th><th scope="col">target</th><th scope="col">reached</th></tr>'
    return f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>\n"


def _section(name: str, title: str, path: Path, caption: str = "") -> str:
    title = html.escape(_printable(title))
    svg, text = _content(Path(path))
    said = f"<pre>{html.escape(_printable(text))}</pre>" if text else ""
    fit = ""
    if svg:
        fit = '<label><input type="checkbox" class="fit"> fit to the page</label>'
        body = f'<div class="pane" tabindex="0" role="group" aria-label="{title}">{_inline(svg, name)}</div>'
        body += f"\n<details><summary>The same as text</summary>{said}</details>" if said else ""
    else:
        body = f"<p>As text: Graphviz was not found (pip install 'glassgrad[draw]' brings it).</p>{said}"
    words = f"<p>{html.escape(_printable(caption))}</p>\n" if caption else ""
    return f'<section id="{name}">\n<div class="bar"><h2>{title}</h2>{fit}</div>\n{words}{body}\n</section>\n'


def _content(path: Path) -> tuple[str, str]:
    """A picture's SVG, if it is one, and its text."""
    kind = path.suffix.lower()
    if kind not in (".svg", ".dot", ".txt"):
        raise DataError(f"a page can show .svg, .dot and .txt files, got '{path.name}'")
    try:
        if kind != ".svg":
            return "", path.with_suffix(".txt").read_text(encoding="utf-8")
        svg = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"the picture '{path}' cannot be read: {error.strerror}") from None
    found = re.search(r"<desc>(.*?)</desc>", svg, re.DOTALL)
    return svg, html.unescape(found[1]) if found else ""


def _inline(svg: str, name: str) -> str:
    """An SVG inside a page: its ids made its own."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'(\sid=")', rf"\g<1>{name}-", svg)
    return re.sub(r'((?:url\(|href=")#)', rf"\g<1>{name}-", svg)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in text)
