"""Which gradients of other libraries are not what mathematics says: `check_grads` over special points.

Each library runs in a process of its own. A verdict is about the library and differences, never about us. Tables go to
`other_libraries/README.md`, with a script of a few lines for each finding that shows it without us.

    python benchmarks/other_libraries.py                     # all that are installed, and writes the tables
    python benchmarks/other_libraries.py torch hips          # these, and only prints
    GLASSGRAD_HIPS=FOLDER python benchmarks/other_libraries.py   # HIPS autograd has our import name: see the error
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import importlib  # noqa: E402 - threads are set before NumPy loads
import json  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import warnings  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

HERE = Path(__file__).resolve().parent / "other_libraries"
sys.path[:0] = [str(HERE)]

LIBRARIES = {"torch": "torch", "jax": "jax", "hips": "autograd", "mygrad": "mygrad"}

TRIES = [(2, ("reverse", "forward")), (2, ("reverse",)), (1, ("reverse", "forward")), (1, ("reverse",))]
JAX_TRIES = TRIES[3:]  # its two modes come from one rule, and compiling each shape anew is slow
VERDICTS = {"not finite": "not defined", "not differentiable": "not there", "nothing to check": "not there"}


class Names:
    """A module's names, and a few more."""

    def __init__(self, module: Any, **more: Any) -> None:
        self._module = module
        vars(self).update(more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def names_of(library: str) -> tuple[dict[str, Any], list[Any]]:
    """What the expressions may name, and the lines of `_cases` that are for this library."""
    cases, more = importlib.import_module("_cases"), importlib.import_module("_cases_more")
    if library == "torch":
        torch = importlib.import_module("torch")
        torch.set_num_threads(1)
        names = {"np": Names(torch, array=torch.tensor), "torch": torch, "F": torch.nn.functional}
        return names, cases.COMMON + more.TORCH
    if library == "jax":
        jax, scipy = importlib.import_module("jax"), importlib.import_module("jax.scipy")
        for part in ("special", "linalg", "signal", "stats", "ndimage", "integrate"):
            importlib.import_module(f"jax.scipy.{part}")
        names = {"np": jax.numpy, "jax": jax, "special": scipy.special, "linalg": scipy.linalg, "stats": scipy.stats}
        return names | {"signal": scipy.signal}, cases.COMMON + more.SPECIAL + more.SCIPY + more.JAX
    if library == "hips":
        from autograd.testing.libraries.hips import loaded

        hips = loaded()
        names = {part: getattr(hips.scipy, part) for part in ("special", "linalg", "signal", "stats")}
        return names | {"np": hips.numpy}, cases.COMMON + more.SPECIAL + more.SCIPY + more.HIPS
    mygrad, nnet = importlib.import_module("mygrad"), importlib.import_module("mygrad.nnet")
    parts = [importlib.import_module(f"mygrad.nnet.{part}") for part in ("activations", "losses", "layers")]
    together = {name: value for part in (nnet, *parts) for name, value in vars(part).items()}
    names = {"np": Names(mygrad, array=np.array, inf=np.inf), "nnet": Names(nnet, **together)}
    return names, cases.COMMON + more.MYGRAD


def arrays(point: str) -> list[np.ndarray[Any, Any]]:
    """The arguments that a point's text names."""
    known = {"inf": np.inf, "nan": np.nan, "zeros": lambda *shape: np.zeros(shape)}
    return [np.array(eval(part, known)) for part in point.split(";")]


def layouts(library: str, args: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    """The arguments, and again on memory that is not contiguous."""
    yield "", args
    if library != "jax" and any(a.ndim for a in args):  # JAX copies
        yield " (not contiguous)", [np.repeat(a, 2, axis=-1)[..., ::2] if a.ndim else a for a in args]


def checked(library: str, f: Callable[..., Any], args: list[Any], kink: str, name: str) -> dict[str, Any]:
    """The verdict at one point, with the findings in words."""
    from autograd.testing import check_grads, libraries

    for order, modes in JAX_TRIES if library == "jax" else TRIES:  # what a library lacks is left out
        report = check_grads(f, *args, library=library, kink=kink or None, name=name, order=order, modes=modes)
        verdict = VERDICTS.get(report.verdict, str(report.verdict))
        if verdict != "raises":
            break
    if verdict == "raises" and "derivative raised" not in report.reason:
        verdict = "not there"
    elif verdict == "wrong":
        blown = [not np.isfinite(x.analytic) and not x.detail for x in report.findings]
        verdict = "not finite" if all(blown) else verdict
    elif verdict == "right" and (kink or report.kinks):
        plain = check_grads(f, *args, library=library, modes=["reverse"], order=1) if kink else report
        verdict = "convention" if plain.kinks else verdict
    found = {"verdict": verdict, "reason": report.reason, "findings": [str(x) for x in report.findings]}
    if verdict == "convention":
        outputs, pull = libraries.library_of((), library).vjp(f, [a for a in args if a.dtype.kind in "fc"])
        got = pull([np.ones(out.shape, out.dtype) for out in outputs])
        found["gradient"] = "; ".join("none" if g is None else np.array2string(g + 0.0, precision=4) for g in got)
    return found | {"order": order, "modes": list(modes)}


def work(library: str, only: str) -> None:
    """Run in a process of its own: a line of JSON for each point."""
    warnings.simplefilter("ignore")
    names, lines = names_of(library)
    for expression, kink, points in lines:
        if only not in expression:
            continue
        f = eval(f"lambda x, y=None, z=None: {expression}", dict(names))
        for i, point in enumerate([points] if isinstance(points, str) else points):
            for layout, args in layouts(library, arrays(point)):
                if layout and i:
                    continue  # one point a function
                found = checked(library, f, args, kink, expression)
                print(json.dumps({"function": expression, "kink": kink, "point": point + layout, **found}), flush=True)
                if found["verdict"] == "not there":
                    break


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "")
