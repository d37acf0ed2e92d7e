"""Colours of the pictures, light and dark. One hue says how large a gradient is; blue and red say a sign."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from autograd.draw.capture import format_number

DECADES = 8.0  # the fixed scale: from the root's gradient down
STEPS = 17  # of the ramp: two per decade
THIN, THICK = 0.6, 6.0  # points
RANGE = {"value": DECADES, "memory": 4.0, "time": 4.0}  # decades below the largest
SAID = {
    "value": "RMS of the values; the colour falls over eight decades from the largest",
    "memory": "memory that the graph keeps for the backward pass; the colour falls over four decades from the largest",
    "time": "time of the backward rules; the colour falls over four decades from the longest",
}


class Theme(NamedTuple):
    """One hex per role; the dark theme gives the same roles, so a stylesheet can exchange them."""

    page: str
    text: str
    muted: str
    op: str
    op_line: str
    parameter: str
    parameter_line: str
    leaf: str
    leaf_line: str
    constant: str
    constant_line: str
    module: str
    module_line: str
    cluster: str
    cluster_alternate: str
    cluster_line: str
    root_line: str
    edge: str
    plus: str
    minus: str
    trouble: str
    trouble_fill: str


LIGHT = Theme(
    page="#fefefe", text="#1c2430", muted="#5b6675", op="#ffffff", op_line="#aeb8c4",
    parameter="#fff4d6", parameter_line="#c9962b", leaf="#e6f4ec", leaf_line="#4f9a73",
    constant="#f1f2f5", constant_line="#a3abb6", module="#e9effa", module_line="#7f99c9",
    cluster="#f6f7fa", cluster_alternate="#eceff5", cluster_line="#d3dae4", root_line="#1d2531",
    edge="#9aa5b2", plus="#0b5cad", minus="#b3261e", trouble="#b0201a", trouble_fill="#fdeceb",
)  # fmt: skip
DARK = Theme(
    page="#0f141b", text="#e7ecf3", muted="#9fabba", op="#1a212b", op_line="#465263",
    parameter="#3a2f14", parameter_line="#c69a3a", leaf="#16301f", leaf_line="#5aa67e",
    constant="#20262e", constant_line="#5c6774", module="#1c2940", module_line="#6f8cc4",
    cluster="#141a22", cluster_alternate="#1a222d", cluster_line="#2f3a47", root_line="#e6ebf2",
    edge="#66727f", plus="#6fb1ff", minus="#ff8d85", trouble="#ff8a83", trouble_fill="#3a1715",
)  # fmt: skip

_PALE, _DEEP = (0xEC, 0xE6, 0xF8), (0x43, 0x14, 0x8F)
_DIM, _BRIGHT = (0x2B, 0x24, 0x3F), (0xCB, 0xA8, 0xFF)
# On the ramp, text is black or white, whichever reads better; four near-equal hexes name the choice in both themes.
_INK = {(0, 0): "#07030d", (0, 1): "#07030e", (1, 0): "#fdfbff", (1, 1): "#fdfbfe"}
_INKS = ("#07030d", "#fdfbff")


def _mix(low: tuple[int, int, int], high: tuple[int, int, int], t: float) -> str:
    return "#" + "".join(f"{round(a + (b - a) * t):02x}" for a, b in zip(low, high, strict=True))


RAMP = tuple(_mix(_PALE, _DEEP, i / (STEPS - 1)) for i in range(STEPS))
RAMP_DARK = tuple(_mix(_DIM, _BRIGHT, i / (STEPS - 1)) for i in range(STEPS))


def contrast(a: str, b: str) -> float:
    """WCAG contrast ratio of two hex colours."""
    bright, dim = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def step(size: float, seed: float, decades: float = DECADES) -> int:
    """Place on the ramp of a gradient of RMS `size`: 0 (8 decades below the root's, or zero) to 16 (the root's).

    >>> step(1e-4, 1.0)
    8
    """
    if size == 0.0 or not math.isfinite(size):
        return 0 if size == 0.0 else STEPS - 1
    below = math.log10(size) - math.log10(seed)
    return round(min(max(1.0 + below / decades, 0.0), 1.0) * (STEPS - 1))


def width(size: float, seed: float) -> float:
    """Line width in points for a gradient of RMS `size`."""
    return THIN + (THICK - THIN) * step(size, seed) / (STEPS - 1)


def _on(ground: str) -> str:
    """The ink that reads better on this colour."""
    return max(_INKS, key=lambda colour: contrast(colour, ground))


def ink(place: int) -> str:
    """Colour of text on the ramp at `place`."""
    return _INK[_INKS.index(_on(RAMP[place])), _INKS.index(_on(RAMP_DARK[place]))]


def exchange() -> dict[str, str]:
    """Every colour of the light theme and what it becomes in the dark."""
    table = dict(zip(LIGHT, DARK, strict=True)) | dict(zip(RAMP, RAMP_DARK, strict=True))
    return table | {hex_: _INKS[dark] for (_, dark), hex_ in _INK.items()}


def stylesheet(selector: str = "svg.glassgrad") -> str:
    """CSS that exchanges the colours of an SVG where the reader prefers dark."""
    rules = "".join(
        f'{selector} [fill="{light}"]{{fill:{dark}}}{selector} [stroke="{light}"]{{stroke:{dark}}}'
        for light, dark in exchange().items()
    )
    return f"@media (prefers-color-scheme: dark){{{rules}}}"


def shades(ramp: tuple[str, ...]) -> dict[str, str]:
    """The ramp (`r0` ...) and the ink that reads on it (`i0` ...)."""
    return {f"r{i}": colour for i, colour in enumerate(ramp)} | {f"i{i}": _on(colour) for i, colour in enumerate(ramp)}


def variables() -> str:
    """Both themes as CSS variables, for a page: the roles, the ramp (`--r0` ...) and the ink on it (`--i0` ...).

    The class `r5` gives them as `--c` and `--i`. What the reader prefers holds unless `data-theme` on the root says
    "light" or "dark".
    """

    def named(theme: Theme, ramp: tuple[str, ...]) -> str:
        colours = {key.replace("_", "-"): colour for key, colour in theme._asdict().items()}
        colours |= shades(ramp)
        return "".join(f"--{key}:{colour};" for key, colour in colours.items())

    light, dark = f"color-scheme:light;{named(LIGHT, RAMP)}", f"color-scheme:dark;{named(DARK, RAMP_DARK)}"
    classes = "".join(f".r{i}{{--c:var(--r{i});--i:var(--i{i})}}" for i in range(STEPS))
    return (
        f":root{{{light}}}\n@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}\n"
        f":root[data-theme=dark]{{{dark}}}\n{classes}\n"
    )


def size_text(size: float) -> str:
    """A gradient's RMS in words: two digits, or what is wrong with it."""
    if math.isnan(size):
        return "⚠ NaN"
    if math.isinf(size):
        return "⚠ infinite"
    if size == 0.0:
        return "0"
    return format_number(float(f"{size:.2g}"))


def amount_text(amount: float, show: str) -> str:
    """An RMS, bytes or seconds with its unit.

    >>> amount_text(2048, "memory"), amount_text(0.0015, "time")
    ('2 KiB', '1.5 ms')
    """
    if show == "memory":
        for unit in ("B", "KiB", "MiB"):
            if amount < 1024:
                return f"{amount:.3g} {unit}"
            amount /= 1024
        return f"{amount:.3g} GiB"
    if show == "time":
        for unit, seconds in (("s", 1.0), ("ms", 1e-3)):
            if amount >= seconds:
                return f"{amount / seconds:.2g} {unit}"
        return f"{amount / 1e-6:.2g} µs"
    return size_text(amount)


def recoloured(text: str) -> str:
    """`text` with every colour of the light theme exchanged for that of the dark one."""
    table = exchange()
    return re.sub(r"#[0-9a-f]{6}\b", lambda match: table.get(match[0], match[0]), text)
