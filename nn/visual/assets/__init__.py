"""What the pages hold besides the numbers: their styles and scripts."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def asset(name: str) -> str:
    """The text of a file beside this one."""
    return resources.files("nn.visual.assets").joinpath(name).read_text("utf-8")
