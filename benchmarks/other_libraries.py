"""Which gradients of other libraries are not what mathematics says: `check_grads` over special points.

Each library runs in a process of its own. A verdict is about the library and differences, never about us. Tables go to
`other_libraries/README.md`, with a script of a few lines for each finding that shows it without us.

    python benchmarks/other_libraries.py               # all that are installed; all four: writes the tables
    python benchmarks/other_libraries.py torch hips    # these, printed only

HIPS autograd has our import name: GLASSGRAD_HIPS names the folder that holds it. The run takes a quarter of an hour;
GLASSGRAD_RUN may name a folder that keeps what each library's process said, so that a run goes on where one stopped.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import ast
import collections
import contextlib
import importlib
import io
import json
import runpy
import subprocess
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from _common import header

HERE = Path(__file__).resolve().parent / "other_libraries"
sys.path[:0] = [str(HERE)]

LIBRARIES = {"torch": "torch", "jax": "jax", "hips": "autograd", "mygrad": "mygrad"}

TRIES = [(2, ("reverse", "forward")), (2, ("reverse",)), (1, ("reverse", "forward")), (1, ("reverse",))]
JAX_TRIES = TRIES[3:]  # its two modes come from one rule, and compiling each shape anew is slow
LACKS = (  # of an error's text: the library has no derivative there, and says so, or does not know the function
    "NotImplementedError",
    "not implemented",
    "cannot involve non-constant",
    "no attribute",
    "no callable",
    "Only constant mode",
    "is not diff",
    "differentiation does not work",
    "ufunc 'isnan'",
)
VERDICTS = {"not finite": "not defined", "not differentiable": "not there", "nothing to check": "not there"}

TITLES = {"torch": "PyTorch", "jax": "JAX", "hips": "HIPS autograd", "mygrad": "MyGrad"}
COUNTED = ("right", "wrong", "not finite", "raises", "convention", "kink", "inconclusive")
INTRODUCTION = """# Gradients of other libraries at special points

Written by `python benchmarks/other_libraries.py`; what is checked stands in `_cases.py` and `_cases_more.py`.
`check_grads` compares each library's own derivatives (reverse mode, forward mode and second order, where it has it; of
JAX reverse mode alone) with differences whose error is known, at zeros, ties, repeats, size-1 and empty axes,
broadcasts, duplicate indices and memory that is not contiguous.

- *wrong*: a number that is not the derivative, or outside of the one-sided slopes at a kink.
- *not finite*: NaN or infinite where the derivative, or the slope to each side, is finite.
- *raises*: the function has a gradient in this library, and raises here.
- *convention*: right; the point is a kink, where the library's choice lies between the slopes (listed below, no fault).
- *kink*: right, but for a kink of no declared kind, where nothing was judged.
- *inconclusive*: differences are not accurate enough to tell.
"""
CONVENTIONS = """## Conventions at kinks

Gradients of the sum of all results, all of them allowed; empty where the library lacks the function or is listed above.
"""
FLAGGED = """## Every function that was flagged

One row a function; several may have the same cause. What a script above shows was verified by hand. That vectors of
equal eigenvalues and singular values have no reliable derivative is said in the libraries' own documentation, though
the functions here do not depend on the choice of the vectors.
"""


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
    lacks = any(word in report.reason for word in LACKS)
    if verdict == "raises" and (lacks or "derivative raised" not in report.reason):
        verdict = "not there"
    elif verdict == "wrong":
        blown = [not np.isfinite(x.analytic) and not x.detail for x in report.findings]
        verdict = "not finite" if all(blown) else verdict
    elif verdict == "right" and (kink or report.kinks):
        plain = check_grads(f, *args, library=library, modes=["reverse"], order=1) if kink else report
        verdict = ("convention" if kink else "kink") if plain.kinks else verdict
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


def show(library: str) -> None:
    """Run the library's scripts in this process; a line of JSON for each."""
    warnings.simplefilter("ignore")
    for script in sorted(HERE.glob(f"{library}_*.py")):
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            runpy.run_path(str(script))
        gives, true = (line.partition(" ")[2].strip() for line in told.getvalue().strip().split("\n"))
        about = ast.get_docstring(ast.parse(script.read_text())) or ""
        print(json.dumps({"script": script.name, "about": about, "gives": gives, "true": true}), flush=True)


def lines_of(*command: str) -> list[dict[str, Any]]:
    """What another process of this program prints; kept in, and taken from, the folder that GLASSGRAD_RUN names."""
    kept = Path(os.environ.get("GLASSGRAD_RUN", "nowhere"), "".join(command).lstrip("-") + ".jsonl")
    if kept.exists():
        return [json.loads(line) for line in kept.read_text().splitlines()]
    folders = [os.environ.get("GLASSGRAD_HIPS", "")] if command[:2] == ("--show", "hips") else []
    paths = os.pathsep.join([*folders, os.environ.get("PYTHONPATH", "")])
    run = subprocess.run(
        [sys.executable, __file__, *command], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": paths}
    )
    if run.returncode:
        print(f"{' '.join(command)}: {run.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
    elif kept.parent.exists():
        kept.write_text(run.stdout)
    return [json.loads(line) for line in run.stdout.splitlines()]


def cell(text: str) -> str:
    """Text for a cell of a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")


def tables(results: dict[str, list[dict[str, Any]]], shown: dict[str, list[dict[str, Any]]]) -> str:
    """The Markdown page."""
    out = [
        INTRODUCTION,
        "| library | functions | points | " + " | ".join(COUNTED) + " |",
        "|---" * (3 + len(COUNTED)) + "|",
    ]
    for library, rows in results.items():
        there = [r for r in rows if r["verdict"] not in ("not there", "not defined")]
        count = collections.Counter(r["verdict"] for r in there)
        name = f"{TITLES[library]} {metadata.version(LIBRARIES[library]) if library != 'hips' else hips_version()}"
        functions = len({r["function"] for r in there})
        out.append(f"| {name} | {functions} | {len(there)} | " + " | ".join(str(count[v]) for v in COUNTED) + " |")
    for library, scripts in shown.items():
        out += ["", f"## {TITLES[library]}", "", "| what | gives | true | script |", "|---|---|---|---|"]
        for s in scripts:
            link = f"[{s['script']}]({s['script']})"
            out.append(f"| {cell(s['about'])} | {cell(s['gives'])} | {cell(s['true'])} | {link} |")
    out += ["", CONVENTIONS, "| function | point | " + " | ".join(TITLES[name] for name in results) + " |"]
    out.append("|---" * (2 + len(results)) + "|")
    kinks: dict[tuple[str, str], dict[str, str]] = {}
    for library, rows in results.items():
        for r in rows:
            if r["verdict"] == "convention" and "(not" not in r["point"]:
                kinks.setdefault((r["function"], r["point"]), {})[library] = r.get("gradient", "")
    for (function, point), told in kinks.items():
        given = " | ".join(cell(textwrap.shorten(told.get(library, ""), 120)) for library in results)
        out.append(f"| `{cell(function)}` | `{point}` | {given} |")
    out += ["", FLAGGED, "| library | function | points | first finding |", "|---|---|---|---|"]
    for library, rows in results.items():
        flagged: dict[str, list[dict[str, Any]]] = {}
        for r in rows:
            if r["verdict"] in ("wrong", "not finite", "raises") and "(not" not in r["point"]:
                flagged.setdefault(r["function"], []).append(r)
        for function, found in flagged.items():
            first = (found[0]["findings"] or [found[0]["reason"]])[0]
            points = ", ".join(f"`{r['point']}`" for r in found[:3]) + (" ..." if len(found) > 3 else "")
            out.append(f"| {TITLES[library]} | `{cell(function)}` | {points} | {cell(first[:160])} |")
    return "\n".join(out) + "\n"


def hips_version() -> str:
    """From the folder that holds it."""
    found = sorted(Path(os.environ.get("GLASSGRAD_HIPS", ".")).glob("autograd-*.dist-info"))
    return found[-1].name.split("-")[1].removesuffix(".dist") if found else ""


def main(chosen: list[str]) -> None:
    header("gradients of other libraries at special points", *(LIBRARIES[name] for name in LIBRARIES if name != "hips"))
    results, shown = {}, {}
    for library in chosen or LIBRARIES:
        rows = lines_of("--work", library)
        if rows:
            results[library], shown[library] = rows, lines_of("--show", library)
    page = tables(results, shown)
    print(page)
    if len(results) == len(LIBRARIES):
        (HERE / "README.md").write_text(page)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "")
    elif sys.argv[1:2] == ["--show"]:
        show(sys.argv[2])
    else:
        main(sys.argv[1:])
