"""A failing case as Python: arrays as literals with dtype and layout, the call, and the check that shows it."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import ops
from autograd.graph import Variable
from autograd.primitive import composites, table
from autograd.testing.libraries import library_of
from autograd.testing.report import Report

SPACES = (
    ("ops.", ops),
    ("ops.linalg.", ops.linalg),
    ("ops.fft.", ops.fft),
    ("ops.matrix_functions.", ops.matrix_functions),
)
# what every call of an op goes through: its own function, an operator, or the short way of a reduction
DOORS = {("calls.py", "apply"), ("calls.py", "operate"), ("axes.py", "short")}
SEARCH = """\
from autograd.testing import fuzz_op

outcome = {again}  # the same calls once more, shrunk
print(outcome)
raise SystemExit(0 if outcome else 1)
"""
_DOOR_NAMES = {name for _, name in DOORS}


def literal(array: Any) -> str:
    """Python for an array: its values, dtype and order in memory.

    >>> import numpy as np
    >>> from autograd.testing.fuzz.script import literal
    >>> literal(np.array([1.0, -0.0])[::-1])
    'np.array([1.0, -0.0])[::-1]'
    >>> literal(np.array([[1, 2]], np.int8, order="F"))
    "np.array([[1, 2]], 'int8')"
    """
    array = np.asarray(array)
    dtype = f", {array.dtype.name!r}"
    if array.size == 0:
        return f"np.zeros({array.shape}{'' if array.dtype == float else dtype})"
    if array.dtype in (float, complex, int, bool):  # which the values say
        dtype = ""
    flip = tuple(slice(None, None, -1) if s < 0 else slice(None) for s in array.strides)
    turned = array[flip] if array.ndim else array
    index = f"[{', '.join('::-1' if s.step else ':' for s in flip)}]" if any(s.step for s in flip) else ""
    if turned.flags.c_contiguous:
        return f"np.array({turned.tolist()!r}{dtype}){index}"
    if turned.flags.f_contiguous:
        return f'np.array({turned.tolist()!r}{dtype}, order="F"){index}'
    return f"np.repeat(np.array({turned.tolist()!r}{dtype}), 2, axis=-1)[..., ::2]{index}"


class Untold(Exception):
    """The value has no literal."""


def expression(value: Any, names: dict[int, str] | None = None) -> str:
    """Python for a value; `names` by the identity of those that have one."""
    known = names or {}
    if id(value) in known:
        return known[id(value)]
    if isinstance(value, Variable):
        return expression(value._data)
    if value is None or value is Ellipsis or type(value) in (bool, int, float, complex, str, bytes):
        return "..." if value is Ellipsis else repr(value)
    if isinstance(value, np.ndarray):
        return literal(value)
    if isinstance(value, np.generic):
        return f"np.{type(value).__name__}({value.item()!r})"
    if isinstance(value, np.dtype):
        return f"np.dtype({value.name!r})"
    if isinstance(value, slice):
        return f"slice({', '.join(expression(v, known) for v in (value.start, value.stop, value.step))})"
    if type(value) is list:
        return f"[{', '.join(expression(v, known) for v in value)}]"
    if type(value) is tuple:
        return f"({', '.join(expression(v, known) for v in value)}{',' if len(value) == 1 else ''})"
    if type(value) is dict:
        return f"{{{', '.join(f'{k!r}: {expression(v, known)}' for k, v in value.items())}}}"
    if isinstance(value, type) and issubclass(value, np.generic):
        return f"np.{value.__name__}"
    if value in (bool, int, float, complex):
        return str(value.__name__)
    raise Untold(repr(value))


def of_call(call: Any, report: Report, order: int, seed: int, again: str) -> str:
    """A script that shows what is wrong with a `Call`.

    Where the lines of the call alone do not show it, as with a check that needs the op's definition, the script draws
    the same calls once more: `again`.
    """
    names = [f"x{i}" for i in range(len(call.arrays))]
    with contextlib.suppress(Exception):  # a call that cannot be told as lines, or that fails in another way when it is
        lines = body(call.apply, call.arrays, names)
        scope: dict[str, Any] = {"np": np, "ops": ops, "table": table, "composites": composites}
        exec("from numpy import inf, nan\n" + lines, scope)  # noqa: S102  lines that were written here
        options = {
            "order": order,
            "kink": call.kink,
            "analytic": call.analytic,
            "reach": list(call.reach),
            "seed": seed,
        }
        from autograd.testing.check import check_grads

        seen = check_grads(scope["f"], *call.arrays, **options)
        if seen.verdict == report.verdict:
            return written(lines, call.arrays, names, options)
    return SEARCH.format(again=again)


def written(
    lines: str,
    values: Sequence[Any],
    names: Sequence[str],
    options: dict[str, Any],
    imports: Sequence[str] = (),
) -> str:
    """The whole script: imports, values, `lines`, which define `f`, and the check."""
    told = [f"{name} = {expression(v)}" for name, v in zip(names, values, strict=True)]
    if isinstance(options.get("reach"), list):
        options = {**options, "reach": list(map(_filled, options["reach"]))}
    given = [f"{key}={_option(v)}" for key, v in options.items() if v not in (None, False, 0, ())]
    check = f"report = check_grads({', '.join(['f', *names, *given])})"
    text = "\n".join([*told, lines, check])
    standard = [line for line in imports if line.startswith("import ")]
    first = [*standard, *([""] if standard else []), "import numpy as np"]
    if re.search(r"\b(inf|nan)\b", text):
        first.append("from numpy import inf, nan")
    first += ["", *(line for line in imports if line not in standard)]
    if "ops." in lines:
        first.append("from autograd import ops")
    if "table[" in lines or "composites[" in lines:
        first.append("from autograd.primitive import composites, table")
    first.append("from autograd.testing import check_grads")
    gap = ["", ""] if lines.startswith("def ") else []
    end = [check, "print(report)", "raise SystemExit(0 if report else 1)", ""]
    return "\n".join([*first, "", *told, *gap, lines, *gap, *end])


class _Source(str):
    """Text that is Python already."""


def _filled(array: Any) -> Any:
    """An array of one value in a few words."""
    array = np.asarray(array)
    if array.ndim and array.size > 1 and np.all(array == array.flat[0]):
        return _Source(f"np.full({array.shape}, {array.flat[0].item()!r})")
    return array


def _option(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_option, value))}]"
    return str(value) if isinstance(value, _Source) else expression(value)


def body(apply: Callable[..., Any], arrays: Sequence[Any], names: Sequence[str]) -> str:
    """`apply` as lines of the ops that it calls on `arrays`: the source of a function `f`."""
    constant = library_of((), "glassgrad").constant
    given = [constant(a) for a in arrays]
    known = {id(v): name for v, name in zip(given, names, strict=True)}
    with _Trace() as trace, np.errstate(all="ignore"):
        result = apply(*given)
    lines = []
    for i, (called, args, kwargs, out) in enumerate(trace.calls):
        told = [expression(v, known) for v in args]
        told += [f"{key}={expression(v, known)}" for key, v in kwargs.items()]
        lines.append(f"    y{i} = {_named(called)}({', '.join(told)})")
        known[id(out)] = f"y{i}"
        if isinstance(out, (tuple, list)):
            known |= {id(v): f"y{i}[{k}]" for k, v in enumerate(out)}
    final = expression(result, known)
    if lines and final == f"y{len(lines) - 1}":
        lines[-1] = lines[-1].replace(f"    {final} = ", "    return ")
    else:
        lines.append(f"    return {final}")
    return "\n".join([f"def f({', '.join(names)}):", *lines])


def _named(declared: Any) -> str:
    for prefix, space in SPACES:
        if getattr(space, declared.name, None) is declared.function:
            return f"{prefix}{declared.name}"
    where = "table" if table.get(declared.name) is declared else "composites"
    return f"{where}[{declared.name!r}].function"


class _Trace:
    """Which ops are called, with what, and what comes out; an op that another one calls is part of that one."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self._open: list[types.FrameType] = []

    def __enter__(self) -> _Trace:
        self._before = sys.getprofile()
        sys.setprofile(self._see)
        return self

    def __exit__(self, *_: Any) -> None:
        sys.setprofile(self._before)

    def _see(self, frame: types.FrameType, event: str, value: Any) -> None:
        code = frame.f_code
        if code.co_name not in _DOOR_NAMES or (os.path.basename(code.co_filename), code.co_name) not in DOORS:
            return
        if event == "call" and not self._open:
            local = dict(frame.f_locals)
            declared = local.get("op") or local.get("declared")
            self._open.append(frame)
            self.calls.append([declared, *_given(local), None])
        elif event == "return" and self._open and self._open[-1] is frame:
            self._open.pop()
            self.calls[-1][3] = value


def _given(local: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    if "args" in local:
        return list(local["args"]), dict(local["kwargs"])
    kwargs = dict(local.get("kwargs", {}))
    kwargs |= {key: local[key] for key in ("out", "axis", "keepdims") if local.get(key) not in (None, False)}
    return [local[name] for name in ("x", "y") if name in local], kwargs
