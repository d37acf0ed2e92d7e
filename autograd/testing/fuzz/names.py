"""Names that somebody mistyped."""

from __future__ import annotations

import difflib
from collections.abc import Collection


def unknown(kind: str, name: str, known: Collection[str]) -> LookupError:
    """The error for a name that is not `known`, with those that are near it.

    >>> print(unknown("op", "exq", ["exp", "log"]))
    there is no op called 'exq'; did you mean exp?
    """
    near = difflib.get_close_matches(name, known, n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return LookupError(f"there is no {kind} called {name!r}{hint}")
