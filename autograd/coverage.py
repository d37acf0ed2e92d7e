"""What of NumPy is differentiable here, counted at run time: `python -m autograd coverage`.

Every public function of NumPy's is one of these: differentiable; constant by nature, which takes Tensors and gives
Tensors without a gradient; not done; or no function of arrays of numbers, so that there is nothing to be done. The last
two are declared here, each with its reason. A function that NumPy adds and nobody has looked at is none of these, and a
test fails.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

import autograd  # noqa: F401  all families declare their ops
from autograd.primitive import numpy_functions, table

NAMESPACES: dict[str, Any] = {
    "numpy": np,
    "numpy.linalg": np.linalg,
    "numpy.fft": np.fft,
    "numpy.emath": np.emath,
    "numpy.lib.stride_tricks": np.lib.stride_tricks,
}

DIFFERENTIABLE, CONSTANT, NOT_DONE, OTHER, UNKNOWN = (
    "differentiable", "constant by nature", "not done", "no function of arrays", "not accounted for",
)  # fmt: skip
KINDS = (DIFFERENTIABLE, CONSTANT, NOT_DONE, OTHER, UNKNOWN)

# What could have a derivative and has none here. A call with a Tensor raises a TypeError that says so.
_NOT_DONE = {
    "numpy.asmatrix": "NumPy advises against its matrices; a Tensor has @",
    "numpy.bmat": "NumPy advises against its matrices; `block` is differentiable",
    "numpy.kaiser": "makes its window from bare numbers; `i0`, of which it is made, is differentiable",
    "numpy.lib.stride_tricks.as_strided": "reads any memory; `sliding_window_view` and indexing are differentiable",
    "numpy.matrix": "NumPy advises against its matrices; a Tensor has @",
    "numpy.vectorize": "runs a Python function on one number after another, outside the graph; write it with ops",
}

# What takes no array of numbers, or only asks about one: the reason, and the names.
_OTHER = {
    "makes an array from a shape, a length or numbers": """
        arange bartlett blackman empty eye fromiter full hamming hanning identity indices ones tri zeros
        """,
    "makes a bare array, which holds no gradient, of what it is given: a Tensor that has one raises": """
        array asanyarray asarray asarray_chkfinite ascontiguousarray asfortranarray from_dlpack require
        """,
    "is differentiable by the functions that it calls": "fft.fftfreq fft.rfftfreq fromfunction poly1d row_stack",
    "makes a ufunc of a Python function": "frompyfunc",
    "reads text or files": "frombuffer fromfile fromregex fromstring genfromtxt load loadtxt",
    "writes numbers as text": "base_repr binary_repr format_float_positional format_float_scientific info typename",
    "about dtypes": "datetime_data isdtype issubdtype mintypecode promote_types",
    "about shapes, indices or objects": """
        broadcast_shapes diag_indices isfortran isscalar iterable mask_indices nested_iters tril_indices triu_indices
        """,
    "about dates": "busday_count busday_offset datetime_as_string is_busday",
    "NumPy's settings and itself": """
        get_include get_printoptions getbufsize geterr geterrcall printoptions set_printoptions setbufsize seterr
        seterrcall show_config show_runtime test
        """,
    "a class": "",  # every class that is not named above
}


class Entry(NamedTuple):
    """One public name of NumPy's: in full, what it is here, why or how, and its function."""

    name: str
    kind: str
    note: str
    function: Any = None


def entries() -> list[Entry]:
    """All public functions and classes of NumPy's namespaces, in order of their names."""
    return [Entry(name, *_kind(name, function), function) for name, function in _public()]


def declared() -> dict[str, Entry]:
    """What this file says, by full name: not done, or no function of arrays."""
    found = {name: Entry(name, NOT_DONE, why) for name, why in _NOT_DONE.items()}
    for why, names in _OTHER.items():
        for name in names.split():
            found[f"numpy.{name}"] = Entry(f"numpy.{name}", OTHER, why)
    return found


def _public() -> Iterator[tuple[str, Any]]:
    for prefix, module in NAMESPACES.items():
        for name in sorted(getattr(module, "__all__", None) or [n for n in dir(module) if not n.startswith("_")]):
            function = getattr(module, name)
            scalar = isinstance(function, type) and issubclass(function, np.generic)
            if callable(function) and not scalar and not name.startswith("_"):
                yield f"{prefix}.{name}", function


def _kind(name: str, function: Any) -> tuple[str, str]:
    ours = numpy_functions.get(function)
    if ours is not None and not getattr(ours, "constant", False):
        return DIFFERENTIABLE, _how(ours)
    if ours is not None:
        return CONSTANT, "zero derivative, or none that means anything"
    if name in (said := declared()):
        return said[name].kind, said[name].note
    if isinstance(function, type):
        return OTHER, "a class"
    return UNKNOWN, "neither in the table of ops nor declared in autograd/coverage.py"


def _how(ours: Any) -> str:
    """One op, or made of several; and where it has kinks."""
    op = getattr(ours, "op", None)
    if op is None:
        return "made of ops"
    kink = {"smooth": "", "jump": ", jumps", "selection": ", selects"}.get(op.kink, ", kinks")
    return ("one op" if op.name in table else "made of ops") + kink


# ---------------------------------------------------------------------- as text
def counts(rows: Sequence[Entry]) -> str:
    """How many of each kind; a function may have two names, as `arccos` has."""
    lines = []
    for kind in KINDS:
        mine = [row for row in rows if row.kind == kind]
        functions = len({id(row.function) for row in mine})
        lines.append(f"{len(mine):5d}  {kind}" + (f", {functions} different ones" if functions < len(mine) else ""))
    return "\n".join([*lines, f"{len(rows):5d}  names in all, NumPy {np.__version__}"])


def missing(rows: Sequence[Entry]) -> str:
    """What is not done and what is not accounted for, a line each with its reason."""
    left = [row for row in rows if row.kind in (NOT_DONE, UNKNOWN)]
    width = max((len(row.name) for row in left), default=0)
    return "\n".join(f"{row.name:{width}}  {row.kind}: {row.note}" for row in left)


def text(rows: Sequence[Entry], width: int = 100) -> str:
    """Kind by kind and reason by reason, the names; the counts last."""
    parts = []
    for kind in KINDS:
        mine = [row for row in rows if row.kind == kind]
        if not mine:
            continue
        parts.append(f"{kind} ({len(mine)})")
        for note in sorted({row.note for row in mine}):
            names = ", ".join(row.name.removeprefix("numpy.") for row in mine if row.note == note)
            body = textwrap.fill(names, width, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)
            parts.append(f"  {note}:\n{body}")
        parts.append("")
    return "\n".join([*parts, counts(rows)])


def markdown(rows: Sequence[Entry]) -> str:
    """A table of all functions that are not of the kind "no function of arrays", and the counts."""
    lines = ["| function | here | how, or why not |", "| --- | --- | --- |"]
    lines += [f"| `{row.name}` | {row.kind} | {row.note} |" for row in rows if row.kind != OTHER]
    said = ["- " + line.strip().replace("  ", " ") for line in counts(rows).splitlines()]
    return "\n".join([*lines, "", *said])
