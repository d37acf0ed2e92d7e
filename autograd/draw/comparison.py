"""Two runs compared: where gradients and values of the same graph have grown or shrunk, and what else has changed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from autograd.draw import marks, style
from autograd.draw.capture import Record, measure_gradients, record
from autograd.draw.marks import escaped, label, plain, rect, short
from autograd.draw.matching import match, path_of
from autograd.draw.seen import shorten
from autograd.draw.sheet import Sheet, aligned, as_json, document
from autograd.draw.stats import Flow

if TYPE_CHECKING:
    from autograd.draw import Drawing

SHOWN = 60  # rows of the picture, and of the text
ALIKE = 1.05  # times: less is no change worth a word
DECADES = 3.0  # of the bars, to each side
LEAST = 0.5  # share of the nodes that has to match


@dataclass(frozen=True, slots=True)
class Change:
    """A node in both runs.

    Attributes
    ----------
    name : str
        Its modules and op with its number there, or a leaf's name.
    gradient, value : tuple of (float or None, float or None)
        RMS in the first and in the second run; None where it is not known.
    """

    name: str
    gradient: tuple[float | None, float | None]
    value: tuple[float | None, float | None]

    @property
    def gradient_ratio(self) -> float | None:
        """Second over first: infinite where only the first is zero; None where it cannot be told."""
        return ratio(*self.gradient)

    @property
    def value_ratio(self) -> float | None:
        """The same of the value."""
        return ratio(*self.value)

    @property
    def size(self) -> float:
        """How far the ratios are from one, in decades: the larger of the two."""
        return max(decades(self.gradient_ratio), decades(self.value_ratio))


def ratio(before: float | None, after: float | None) -> float | None:
    """How many times as large; NaN where one of the two has become, or has ceased to be, a number.

    >>> ratio(2.0, 1.0), ratio(0.0, 0.0), ratio(0.0, 1.0), ratio(None, 1.0)
    (0.5, 1.0, inf, None)
    """
    if before is None or after is None:
        return None
    if before == after or (not math.isfinite(before) and not math.isfinite(after)):
        return 1.0
    if not math.isfinite(before) or not math.isfinite(after):
        return math.nan
    return math.inf if before == 0 else after / before


def decades(times: float | None) -> float:
    """The distance of a ratio from one: infinite where something appears, vanishes or is no number."""
    if times is None:
        return 0.0
    return math.inf if math.isnan(times) or times in (0.0, math.inf) else abs(math.log10(times))


def said(times: float | None, before: float | None, after: float | None) -> str:
    """A change in words, with a glyph for its direction.

    >>> said(2.0, 1.0, 2.0), said(0.01, 1.0, 0.01), said(0.0, 1.0, 0.0)
    ('▲ ×2', '▼ ÷100', '▼ now zero')
    """
    if times is None:
        return "not known"
    if math.isnan(times):
        return "⚠ no longer finite" if after is None or not math.isfinite(after) else "✓ finite again"
    if times == 0 or math.isinf(times):
        return "▼ now zero" if times == 0 else "▲ was zero"
    if 1 / ALIKE <= times <= ALIKE:
        return "= alike"
    sign, size = ("▲ ×", times) if times > 1 else ("▼ ÷", 1 / times)
    return sign + (f"{size:.3g}" if size < 1e3 else f"{float(f'{size:.3g}'):,.0f}" if size < 1e6 else f"{size:.0e}")


class Comparison(Sheet):
    """What has changed from one run to another of the same graph; shown by itself in a notebook.

    Attributes
    ----------
    changes : tuple of Change
        All nodes that both have, in the order of the graph; a leaf stands before what uses it first.
    added, removed : tuple of str
        Nodes that only the second, or only the first, has.
    new, solved : tuple of str
        Troubles of the second run alone, and of the first alone.
    html, svg, text, json : str
    """

    name = "a comparison"

    def __init__(
        self,
        changes: Sequence[Change],
        added: Sequence[str],
        removed: Sequence[str],
        new: Sequence[str],
        solved: Sequence[str],
        notes: Sequence[str] = (),
    ) -> None:
        self.changes = tuple(changes)
        self.added, self.removed = tuple(added), tuple(removed)
        self.new, self.solved = tuple(new), tuple(solved)
        self.notes = tuple(notes)

    @property
    def ranked(self) -> list[Change]:
        """The changes, the largest first."""
        return sorted(self.changes, key=lambda change: -change.size)

    @property
    def title(self) -> str:
        """What has changed, in a line."""
        changed = sum(change.size > math.log10(ALIKE) for change in self.changes)
        parts = [f"{changed:,} of {len(self.changes):,} nodes have changed"]
        parts += [f"{len(self.added):,} added"] if self.added else []
        parts += [f"{len(self.removed):,} removed"] if self.removed else []
        parts += [f"{len(self.new):,} new trouble{'s' * (len(self.new) > 1)}"] if self.new else []
        parts += [f"{len(self.solved):,} solved"] if self.solved else []
        return "Two runs compared: " + ", ".join(parts)

    def _lists(self) -> list[tuple[str, tuple[str, ...]]]:
        return [
            ("New troubles", self.new),
            ("Solved troubles", self.solved),
            ("Only in the second", self.added),
            ("Only in the first", self.removed),
        ]

    @cached_property
    def text(self) -> str:
        """What is new and solved, then a line for each node, the largest change first."""
        lines = [self.title, *(f"note: {note}" for note in self.notes)]
        for head, names in self._lists():
            if names:
                lines += ["", f"{head}:", *(f"  {name}" for name in names[:SHOWN])]
                lines += [f"  … and {len(names) - SHOWN:,} more"] if len(names) > SHOWN else []
        rows = [("node", "gradient", "", "value", "")]
        rows += [(change.name, *_told(change.gradient), *_told(change.value)) for change in self.ranked]
        lines += ["", *aligned(rows)]
        return "\n".join(lines) + "\n"

    @cached_property
    def json(self) -> str:
        """All nodes with their sizes and ratios."""
        changes = [
            {**asdict(one), "gradient_ratio": one.gradient_ratio, "value_ratio": one.value_ratio}
            for one in self.changes
        ]
        lists = {key: getattr(self, key) for key in ("added", "removed", "new", "solved", "notes")}
        return as_json({"changes": changes, **lists})

    @cached_property
    def svg(self) -> str:
        """A row for each node in the order of the graph: bars to the right have grown, bars to the left shrunk."""
        return _picture(self)

    @cached_property
    def html(self) -> str:
        """A page: troubles, what was added and removed, and the picture."""
        lists = "".join(
            f"<section><h2>{head}</h2><ul>{''.join(f'<li>{escaped(name)}</li>' for name in names)}</ul></section>"
            for head, names in self._lists()
            if names
        )
        notes = "".join(f"<p>Note: {escaped(note)}</p>" for note in self.notes)
        body = (
            f"{notes}{lists}<section><h2>Node by node</h2><p>From the first node on top to the loss at the bottom; "
            f"{escaped(_left_out(self))}</p>"
            f'<div class="pane" tabindex="0" role="group" aria-label="Node by node">{self.svg}</div></section>\n'
        )
        intro = (
            "Ratios of the root mean square, second run over first. Blue bars to the right (▲ ×) have grown, red ones "
            "to the left (▼ ÷) have shrunk, on a fixed scale of three decades each way."
        )
        return document(self.title, intro, body, self.text)


def compare(a: Drawing | Flow, b: Drawing | Flow) -> Comparison:
    """Compare two runs of the same graph: two drawings, or two flows that `recording` has noted.

    Nodes are matched by module, op and order; leaves by name. Of each, the RMS of its gradient and of its value in
    the second run is divided by that in the first. Values are those at the time of drawing; a flow holds none.

    Parameters
    ----------
    a, b : Drawing or Flow
        Before and after.

    Returns
    -------
    Comparison
        With `.html`, `.svg`, `.text`, `.json`, `.save(path)`, `.changes`, `.added`, `.removed`, `.new` and `.solved`.

    Raises
    ------
    TypeError
        If one is neither, or they are not the same kind.
    ValueError
        If a flow is empty, or fewer than half of the nodes match: it says what differs.

    Examples
    --------
    >>> from autograd import Tensor
    >>> from autograd.draw import compare, draw
    >>> w, x = Tensor(2.0, requires_grad=True, name="w"), Tensor(3.0, requires_grad=True, name="x")
    >>> before = draw(w * x)
    >>> w.data = 4.0
    >>> seen = compare(before, draw(w * x))
    >>> [(change.name, change.gradient_ratio, change.value_ratio) for change in seen.ranked]
    [('w', 1.0, 2.0), ('x', 2.0, 1.0), ('multiply', 1.0, 2.0)]
    """
    from autograd.draw import Drawing

    for given in (a, b):
        if not isinstance(given, (Drawing, Flow)):
            raise TypeError(f"compare needs two drawings or two flows, got {type(given).__name__}")
    if isinstance(a, Flow) != isinstance(b, Flow):
        raise TypeError("compare needs two drawings or two flows, got one of each")
    first, second = (_record(x) for x in (a, b))
    matched = match(first, second)
    names_a, names_b = names(first), names(second)
    removed, added = [names_a[n] for n in matched.removed], [names_b[n] for n in matched.added]
    if len(matched.pairs) < LEAST * max(len(first.nodes), len(second.nodes)):
        raise ValueError(
            f"compare: these are different graphs: of {len(first.nodes):,} and {len(second.nodes):,} nodes only "
            f"{len(matched.pairs):,} match; only in the first: {_few(removed)}; only in the second: {_few(added)}"
        )
    place = _places(first)
    changes = [
        Change(names_a[n], (_gradient(first, n), _gradient(second, m)), (_value(first, n), _value(second, m)))
        for n, m in sorted(matched.pairs, key=lambda pair: place[pair[0]])
    ]
    partner = {names_b[m]: names_a[n] for n, m in matched.pairs}
    before = [(one.kind, names_a.get(one.node, one.name), plain(str(one))) for one in first.troubles]
    after = [
        (one.kind, partner.get(name := names_b.get(one.node, one.name), name), plain(str(one)))
        for one in second.troubles
    ]
    old, now = {key[:2] for key in before}, {key[:2] for key in after}
    return Comparison(
        changes,
        added,
        removed,
        [told for kind, name, told in after if (kind, name) not in old],
        [told for kind, name, told in before if (kind, name) not in now],
        list(dict.fromkeys([*first.notes, *second.notes])),
    )


def _record(x: Any) -> Record:
    if not isinstance(x, Flow):
        found: Record = x.view.record
        return found
    if not x.parts:
        raise ValueError("compare: a flow is empty; run backward() inside recording()")
    root = next(iter(x.parts))[0]
    found = record(root)
    measure_gradients(found, None, x)
    return found


def names(found: Record) -> dict[Any, str]:
    """A name for every node: the modules around it and its op, numbered where a module has several; a leaf's own."""
    counts: dict[str, int] = {}
    told: dict[Any, str] = {}
    for node in found.nodes:
        if node.op is None:
            told[node] = shorten(found.names.get(node, "a leaf without a name"), 80)
            continue
        name = ".".join([part.partition(":")[0] for part in path_of(node)[1:]] + [node.op.name])
        counts[name] = counts.get(name, 0) + 1
        told[node] = shorten(name, 80) + (f" ({counts[name]})" if counts[name] > 1 else "")
    told |= {node: found.names[node] for node in found.missing}
    return {node: plain(name) for node, name in told.items()}


def _places(found: Record) -> dict[Any, float]:
    """Where each node stands in the picture: ops in their order, a leaf just before what uses it first."""
    places = {node: float(i) for i, node in enumerate(found.nodes)}
    for node in reversed(found.nodes):
        for parent in node.parents:
            if parent is not None and parent.op is None:
                places[parent] = places[node] - 0.5
    return places


def _gradient(found: Record, node: Any) -> float | None:
    return found.statistics(node).rms if found.flow is not None else None


def _value(found: Record, node: Any) -> float | None:
    noted = found.noted.get(node)
    return None if noted is None else noted.statistics().rms


def _few(of: Sequence[str], most: int = 4) -> str:
    more = f" and {len(of) - most:,} more" if len(of) > most else ""
    return (", ".join(of[:most]) or "nothing") + more


def _told(sizes: tuple[float | None, float | None]) -> tuple[str, str]:
    """A change, and the two sizes."""
    if sizes[0] is None or sizes[1] is None:
        return "", ""
    return said(ratio(*sizes), *sizes), f"{style.size_text(sizes[0])} → {style.size_text(sizes[1])}"


# ---- the picture

NAMES, BAR, ROW, TOP = 320.0, 150.0, 20.0, 64.0


def _picture(seen: Comparison) -> str:
    kept = sorted(seen.ranked[:SHOWN], key=seen.changes.index) if len(seen.changes) > SHOWN else list(seen.changes)
    panels = [("gradient", NAMES + BAR), ("value", NAMES + BAR * 3 + 150)]
    bottom = TOP + ROW * len(kept)
    width = panels[1][1] + BAR + 110
    parts = [rect(8, TOP + i * ROW, width - 16, ROW, "row") for i in range(0, len(kept), 2)]
    for title, middle in panels:
        parts.append(label(middle, 20, title, anchor="middle", size=13.5))
        for k in range(-3, 4):
            x = middle + k / DECADES * BAR
            parts.append(marks.line(x, TOP - 6, x, bottom))
            tick = "same" if k == 0 else f"{'×' if k > 0 else '÷'}{10 ** abs(k):,}"
            parts.append(label(x, TOP - 12, tick, "muted", "middle", 10.5))
    for i, change in enumerate(kept):
        y = TOP + i * ROW
        parts.append(label(NAMES - 12, y + 14, short(change.name, 44), anchor="end", size=11.5))
        for (_, middle), sizes in zip(panels, (change.gradient, change.value), strict=True):
            parts += _bar(change.name, middle, y, sizes)
    parts.append(label(16, bottom + 22, _left_out(seen), "muted", size=11.5))
    return marks.picture(width, bottom + 36, parts, seen.title, seen.text)


def _bar(name: str, middle: float, y: float, sizes: tuple[float | None, float | None]) -> Iterable[str]:
    """A bar from the line of what has not changed, and the change in words."""
    times = ratio(*sizes)
    words, numbers = _told(sizes)
    if times is None:
        return
    reach = min(decades(times), DECADES)
    grown = times > 1 or (math.isnan(times) and words.startswith("⚠"))
    kind = "trouble" if math.isnan(times) else f"d{_shade(reach, grown)}"
    wide = reach / DECADES * BAR
    if wide >= 1:
        yield rect(middle if grown else middle - wide, y + 4, wide, ROW - 8, kind, 2, f"{name}: {words}, {numbers}")
    yield label(middle + BAR + 8, y + 14, words, "trouble" if kind == "trouble" else "text", size=11)


def _shade(reach: float, grown: bool) -> int:
    """A place on the ramp of signs, strong enough to be seen however short the bar."""
    far = max(3, round(reach / DECADES * (style.STEPS // 2)))
    return style.STEPS // 2 + (far if grown else -far)


def _left_out(seen: Comparison) -> str:
    rest = len(seen.changes) - SHOWN
    if rest <= 0:
        return "all nodes are shown"
    return f"the {SHOWN} that changed most are shown; the other {rest:,} are in the text"
