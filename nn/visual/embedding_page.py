"""An embedding's map drawn: labels where they have room, and a page on which a point shows its nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from autograd.draw import marks
from autograd.draw.marks import escaped, label, line, rect
from autograd.draw.sheet import document
from nn.pictures import visible
from nn.visual.assets import asset

if TYPE_CHECKING:
    from nn.visual.embedding import Array, EmbeddingMap

WIDE, HIGH, EDGE = 980.0, 680.0, 46.0
FONT, LETTER = 12.0, 7.3  # of a label, and how wide a letter of it is
RADIUS = 3.2


def place(points: Array) -> Array:
    """Points on paper: one unit for both axes, so that distances are true, centred."""
    low, high = points.min(axis=0), points.max(axis=0)
    reach = np.where(high > low, high - low, 1.0)
    unit = min((WIDE - 2 * EDGE - 60) / reach[0], (HIGH - 2 * EDGE) / reach[1])
    middle = (low + high) / 2
    at: Array = np.round((points - middle) * [unit, -unit] + [WIDE / 2, HIGH / 2], 1)
    return at


def labels(at: Array, names: list[str]) -> list[tuple[float, float] | None]:
    """Where each label begins (left, base line), so that none lies over another or over a point; None without room.

    Points in the open are labelled first: they are the ones a reader looks up.
    """
    widths = np.array([sum(2 if ord(c) > 0x2E80 else 1 for c in name) for name in names]) * LETTER
    apart = np.hypot(*(at[:, None] - at).transpose(2, 0, 1)) + np.eye(len(at)) * 1e9
    order = np.argsort(-apart.min(axis=1), kind="stable")
    taken = np.zeros((0, 4))
    found: list[tuple[float, float] | None] = [None] * len(at)
    for i in order:
        x, y = at[i]
        w, gap = widths[i], RADIUS + 3
        for left, base in (
            (x + gap, y + 4), (x - gap - w, y + 4), (x - w / 2, y - gap - 1), (x - w / 2, y + gap + FONT - 2),
            (x + gap - 1, y - gap + 1), (x - gap + 1 - w, y - gap + 1),
            (x + gap - 1, y + gap + 9), (x - gap + 1 - w, y + gap + 9),
        ):  # fmt: skip
            box = np.array([left - 1, base - FONT + 1, left + w + 1, base + 3])
            if box[0] < 4 or box[2] > WIDE - 4 or box[1] < 4 or box[3] > HIGH - 26:
                continue
            near = np.clip(at, box[:2], box[2:]) - at
            near[i] = 1e9
            over = (taken[:, :2] < box[2:]).all(axis=1) & (taken[:, 2:] > box[:2]).all(axis=1)
            if not over.any() and (np.hypot(*near.T) > RADIUS).all():
                taken = np.vstack([taken, box])
                found[i] = (float(left), float(base))
                break
    return found


def _drawn(seen: EmbeddingMap, interactive: bool) -> tuple[list[str], int]:
    """The marks, and how many labels had no room."""
    at = place(seen.points)
    names = [visible(name, 16) or "∅" for name in seen.labels]
    places = labels(at, names)
    x0, y0 = place(np.vstack([seen.points, np.zeros((1, 2))]))[-1]  # the mean: inside, so that the frame is the same
    parts = []
    if 0 < y0 < HIGH:
        parts.append(line(16, y0, WIDE - 16, y0))
    if 0 < x0 < WIDE:
        parts.append(line(x0, 16, x0, HIGH - 30))
    parts.append(label(WIDE - 16, HIGH - 10, f"→ {seen.axis(0)}", "muted", "end", 11.5))
    parts.append(label(16, HIGH - 10, f"↑ {seen.axis(1)}", "muted", size=11.5))
    for i, (name, where) in enumerate(zip(names, places, strict=True)):
        x, y = at[i]
        said = escaped(f"{visible(seen.labels[i], 60)}: nearest by cosine {seen.near(i) or 'none'}")
        role = f' data-row="{i}" tabindex="-1" role="img" aria-label="{said}"' if interactive else ""
        title = "" if interactive else f"<title>{said}</title>"
        parts.append(f'<g class="point"{role}>{title}')
        parts.append(f'<circle class="gradient dot" cx="{x:g}" cy="{y:g}" r="{RADIUS}"/>')
        if where is not None:
            parts.append(label(where[0], where[1], name, size=FONT))
        parts.append("</g>")
    return parts, sum(where is None for where in places)


def picture(seen: EmbeddingMap) -> str:
    """The map alone."""
    parts, lost = _drawn(seen, False)
    if lost:
        parts.append(rect(10, 8, 16 + 6.2 * len(_lost(lost)), 20, "page"))
        parts.append(label(16, 22, _lost(lost), "muted", size=11.5))
    return marks.picture(WIDE, HIGH, parts, seen.title, seen.text)


def _lost(count: int) -> str:
    return f"{count:,} label{'s have' if count > 1 else ' has'} no room; point at a dot for its name"


def page(seen: EmbeddingMap) -> str:
    """One file: the map, and with scripts the nearest rows of the one that is pointed at."""
    parts, lost = _drawn(seen, True)
    notes = "".join(f'<p class="note">Note: {escaped(note)}</p>' for note in seen.notes)
    intro = (
        "Every dot is a row of the table, seen in the plane that holds most of their variance. Rows far apart here are "
        "far apart in the table; rows close together need not be: the nearest by cosine are those of the table itself."
        + (f" {_lost(lost)}." if lost else "")
    )
    drawn = (
        f'<svg class="flow map" role="group" aria-label="{escaped(seen.title)}" viewBox="0 0 {WIDE:g} {HIGH:g}">'
        f'<g id="ties"></g>{"".join(parts)}<g id="over"></g></svg>'
    )
    body = (
        f'{notes}<div class="both"><div class="pane">{drawn}</div>'
        '<section class="near" aria-label="The nearest rows"><h2 id="which">The nearest by cosine</h2>'
        '<p id="where">Point at a dot, or go from dot to dot with the arrow keys, for the rows that are nearest to '
        "it.</p>"
        '<ol id="most" class="most" aria-live="polite"></ol></section></div>\n'
    )
    at = place(seen.points)
    data = {
        "labels": [visible(name, 60) or "∅" for name in seen.labels],
        "places": at.tolist(),
        "points": [[float(f"{v:.4g}") for v in point] for point in seen.points.tolist()],
        "nearest": [[[j, cosine] for j, cosine in near] for near in seen.nearest],
    }
    style = marks.stylesheet() + asset("embedding.css")
    return document(seen.title, intro, body, seen.text, style, asset("embedding.js"), data)
