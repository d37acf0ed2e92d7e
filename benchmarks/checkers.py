"""Checkers of gradients beside each other: what a check costs, and how many planted mistakes it finds.

    python benchmarks/checkers.py time             # of a small function, each checker in its own library
    python benchmarks/checkers.py mistakes [N]     # N mutants of our rules under each checker's published algorithm

The algorithms are written down here from their libraries' documentation, with its steps and tolerances, and run on our
ops: what is compared is the way of checking, not the engine. HIPS autograd has our import name: GLASSGRAD_HIPS names
the folder that holds it.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import contextlib
import random
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import hypothesis
import numpy as np
from _common import header
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd.numpy as anp
from autograd.primitive import composites, table
from autograd.testing import check_grads
from autograd.testing.libraries import library_of
from autograd.testing.mutation import mutants, score
from autograd.testing.strategies import Call, calls

X = np.array([0.3, -0.7, 1.1, 0.9])
ROUNDS = 30


# ---------------------------------------------------------------------- what a check costs
def ours(fast: bool) -> dict[str, Callable[[], object]]:
    options: dict[str, Any] = {"fast": True, "order": 1} if fast else {}
    return {
        "sin": lambda: check_grads(anp.sin, X, **options),
        "multiply": lambda: check_grads(anp.multiply, X, X[::-1], **options),
        "sum": lambda: check_grads(anp.sum, X, **options),
    }


def torchs(fast: bool) -> dict[str, Callable[[], object]]:
    import torch

    x, y = (torch.tensor(a.copy(), requires_grad=True) for a in (X, X[::-1]))
    options = {"fast_mode": fast, "check_forward_ad": not fast}

    def both(f: Any, *args: Any) -> Callable[[], object]:
        def run() -> None:
            torch.autograd.gradcheck(f, args, **options)
            if not fast:
                torch.autograd.gradgradcheck(f, args)

        return run

    return {"sin": both(torch.sin, x), "multiply": both(torch.mul, x, y), "sum": both(torch.sum, x)}


def jaxs() -> dict[str, Callable[[], object]]:
    import jax
    from jax.test_util import check_grads as check

    jax.config.update("jax_enable_x64", True)
    x, y = jax.numpy.array(X), jax.numpy.array(X[::-1])
    made = {"sin": (jax.numpy.sin, (x,)), "multiply": (jax.numpy.multiply, (x, y)), "sum": (jax.numpy.sum, (x,))}
    return {name: lambda f=f, args=args: check(f, args, order=2) for name, (f, args) in made.items()}


HIPS = """
import time, numpy as onp
import autograd.numpy as np
from autograd.test_util import check_grads
x = onp.array([0.3, -0.7, 1.1, 0.9])
for name, f, args in (("sin", np.sin, (x,)), ("multiply", np.multiply, (x, x[::-1])), ("sum", np.sum, (x,))):
    run = check_grads(f, modes=["rev", "fwd"], order=2)
    spent = []
    for _ in range(ROUNDS + 1):
        began = time.process_time()
        run(*args)
        spent.append(time.process_time() - began)
    print(name, sorted(spent[1:])[ROUNDS // 2])
"""


def hips() -> dict[str, float]:
    """In a process of its own: it cannot be imported beside us."""
    folder = os.environ.get("GLASSGRAD_HIPS")
    if not folder:
        raise ImportError("set GLASSGRAD_HIPS to the folder that holds HIPS autograd")
    code = HIPS.replace("ROUNDS", str(ROUNDS))
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {folder!r})\n{code}"],
        capture_output=True, text=True, check=True, cwd=folder,
    )  # fmt: skip
    return {name: float(spent) for name, spent in map(str.split, done.stdout.splitlines())}


def calibration() -> float:
    """The processor's seconds for a fixed loop: how busy the machine is."""
    began, total = time.process_time(), 0
    for i in range(100_000):
        total += i
    return time.process_time() - began


def cost() -> None:
    header("A check of a function of four elements, processor time", "torch", "jax", "hypothesis")
    checkers: dict[str, dict[str, Callable[[], object]]] = {}
    for name, make in (
        ("ours, order 2, both modes", lambda: ours(False)),
        ("ours, fast, order 1", lambda: ours(True)),
        ("torch gradcheck + gradgradcheck, both modes", lambda: torchs(False)),
        ("torch gradcheck, fast_mode", lambda: torchs(True)),
        ("jax check_grads, order 2, both modes", jaxs),
    ):
        try:
            checkers[name] = make()
        except ImportError as error:
            print(f"not run: {name}: {error}")
    spent: dict[tuple[str, str], list[float]] = {}
    loops = []
    for turn in range(ROUNDS + 1):
        loops.append(calibration())
        for name, functions in checkers.items():
            for function, run in functions.items():
                began = time.process_time()
                run()
                if turn:
                    spent.setdefault((name, function), []).append(time.process_time() - began)
    print(f"a loop of 100,000 additions: median {1e3 * median(loops):.1f} ms, least {1e3 * min(loops):.1f}")
    rows = {n: {f: (median(spent[n, f]), min(spent[n, f])) for f in fs} for n, fs in checkers.items()}
    for name, row in rows.items():
        print(f"{name:46s}", *(f"{f} {1e3 * m:.2f} ms (least {1e3 * least:.2f})" for f, (m, least) in row.items()))
    try:
        print(f"{'HIPS check_grads, order 2, both modes':46s}", *(f"{f} {1e3 * s:.2f} ms" for f, s in hips().items()))
    except (ImportError, subprocess.CalledProcessError) as error:
        print(f"not run: HIPS: {error}")


# ---------------------------------------------------------------------- the algorithms
def flat(arrays: Any) -> Any:
    return np.concatenate([np.ravel(a) for a in arrays]) if len(arrays) else np.zeros(0)


class Function:
    """A call of one of our ops as a function of one vector."""

    def __init__(self, call: Call, arrays: list[Any]) -> None:
        self.library, self.call, self.arrays = library_of((), "glassgrad"), call, arrays
        self.outputs, self.pull = self.library.vjp(call.apply, arrays)
        self.usable = all(o.dtype == float for o in self.outputs) and np.isfinite(flat(self.outputs)).all()

    def parts(self, x: Any, like: Any) -> list[Any]:
        cut = np.split(x, np.cumsum([np.size(a) for a in like])[:-1])
        return [c.reshape(np.shape(a)) for c, a in zip(cut, like, strict=True)]

    def value(self, x: Any) -> Any:
        return flat(self.library.vjp(self.call.apply, self.parts(x, self.arrays))[0])

    def back(self, w: Any) -> Any:
        got = self.pull(self.parts(w, self.outputs))
        return flat([np.zeros(np.shape(a)) if g is None else g for g, a in zip(got, self.arrays, strict=True)])

    def forth(self, v: Any) -> Any:
        return flat(self.library.jvp(self.call.apply, self.arrays, self.parts(v, self.arrays))[1])

    def slope(self, v: Any, step: float) -> Any:
        x = flat(self.arrays)
        return (self.value(x + step * v) - self.value(x - step * v)) / (2 * step)


def torch_full(f: Function, rng: Any) -> bool:
    """torch.autograd.gradcheck: the whole Jacobian, eps 1e-6, atol 1e-5, rtol 1e-3."""
    n, m = flat(f.arrays).size, flat(f.outputs).size
    numeric = np.array([f.slope(v, 1e-6) for v in np.eye(n)]).reshape(n, m)
    analytic = np.array([f.back(w) for w in np.eye(m)]).reshape(m, n).T
    return np.allclose(analytic, numeric, rtol=1e-3, atol=1e-5)


def torch_fast(f: Function, rng: Any) -> bool:
    """gradcheck(fast_mode=True): one projection by random unit vectors, the same tolerances."""
    u, v = rng.normal(size=flat(f.arrays).size), rng.normal(size=flat(f.outputs).size)
    u, v = u / max(np.linalg.norm(u), 1e-300), v / max(np.linalg.norm(v), 1e-300)
    return np.allclose(f.back(v) @ u, f.slope(u, 1e-6) @ v, rtol=1e-3, atol=1e-5)


def jax_way(f: Function, rng: Any) -> bool:
    """jax.test_util.check_grads in both modes: random projections, eps 1e-4, tolerances 1e-5 for doubles."""
    u, v = rng.normal(size=flat(f.arrays).size), rng.normal(size=flat(f.outputs).size)
    numeric = f.slope(u, 1e-4)
    forward = np.allclose(f.forth(u), numeric, rtol=1e-5, atol=1e-5)
    return forward and np.allclose(f.back(v) @ u, numeric @ v, rtol=1e-5, atol=1e-5)


def hips_way(f: Function, rng: Any) -> bool:
    """autograd.test_util.check_grads: a random projection, step 1e-6, within 1e-6 or relatively 1e-6."""
    u, v = rng.normal(size=flat(f.arrays).size), rng.normal(size=flat(f.outputs).size)

    def near(a: Any, b: Any) -> bool:
        return bool(np.all((np.abs(a - b) < 1e-6) | (np.abs(a - b) < 1e-6 * (np.abs(a) + np.abs(b)))))

    numeric = f.slope(u, 1e-6)
    return near(f.forth(u), numeric) and near(f.back(v) @ u, numeric @ v)


def plain(f: Function, rng: Any) -> bool:
    """Central differences with one step, as somebody writes them in a test: 1e-6, relative tolerance 1e-4."""
    n, m = flat(f.arrays).size, flat(f.outputs).size
    numeric = np.array([f.slope(v, 1e-6) for v in np.eye(n)]).reshape(n, m)
    analytic = np.array([f.back(w) for w in np.eye(m)]).reshape(m, n).T
    return np.allclose(analytic, numeric, rtol=1e-4, atol=1e-6)


def normal(call: Call, rng: Any) -> list[Any]:
    """The call's shapes and keywords with normal numbers, taken into the op's domain."""
    domains = list((table.get(call.name) or composites[call.name]).domain.values())
    made = []
    for i, a in enumerate(call.arrays):
        x = rng.normal(size=a.shape)
        low, high, _ = domains[i] if i < len(domains) else (-np.inf, np.inf, ())
        if np.isfinite(low) and np.isfinite(high):
            x = low + (high - low) * (0.5 + 0.45 * np.tanh(x))
        elif np.isfinite(low):
            x = low + np.abs(x) + 0.05
        made.append(x)
    return made


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class Peer:
    """A checker as `mutation.score` takes it; points at which it rejects the right rule are false alarms."""

    def __init__(self, way: Callable[[Function, Any], bool], floats: bool = False) -> None:
        self.way, self.floats, self.used = way, floats, 0
        self.alarms: list[str] = []
        self._points: dict[str, list[tuple[Call, list[Any], int]]] = {}

    def prepare(self, name: str, seed: int, examples: int) -> None:
        if name in self._points:
            return
        points = self._points[name] = []

        @hypothesis.seed(seed)
        @hypothesis.settings(max_examples=examples, database=None, deadline=None, phases=[hypothesis.Phase.generate],
                             suppress_health_check=list(hypothesis.HealthCheck))  # fmt: skip
        @hypothesis.given(calls(name), st.data())
        def draw(call: Call, data: Any) -> None:
            arrays = normal(call, np.random.default_rng([seed, len(points)]))
            if self.floats:
                arrays = [data.draw(hnp.arrays(float, a.shape, elements=st.floats(-10, 10))) for a in call.arrays]
            points.append((call, arrays, len(points)))

        with quiet():
            draw()
        right = [self.wrong(point) for point in points]
        self.alarms += [f"{name}: {len(points)} points"] if True in right else []
        self._points[name] = [p for p, alarm in zip(points, right, strict=True) if alarm is False]

    def wrong(self, point: tuple[Call, list[Any], int]) -> bool | None:
        """Whether the checker rejects it; None where it raises."""
        call, arrays, number = point
        with quiet():
            try:
                f = Function(call, arrays)
                return bool(f.usable) and not self.way(f, np.random.default_rng(number))
            except Exception:  # of the right rule: no point of the function; of a wrong one: found
                return None

    def __call__(self, name: str, seed: int, examples: int, deadline: float) -> str | None:
        self.used = 0
        for point in self._points[name]:
            self.used += 1
            if self.wrong(point) is not False:
                return "gradient"
            if time.process_time() > deadline:
                return None
        return None


PEERS: dict[str, Callable[[], Any]] = {
    "torch gradcheck": lambda: Peer(torch_full),
    "torch gradcheck, fast_mode": lambda: Peer(torch_fast),
    "jax check_grads": lambda: Peer(jax_way),
    "HIPS check_grads": lambda: Peer(hips_way),
    "Hypothesis floats in (-10, 10), plain differences": lambda: Peer(plain, floats=True),
    "ours": lambda: None,
}


def mistakes(count: int) -> None:
    header(f"{count} mutants of our rules, 100 samples for each op", "hypothesis")
    every = mutants()
    sample = random.Random(0).sample(every, count)
    ops = len({name for m in sample for name in m.ops[:1]})
    print(f"a sample of {count} of {len(every)} mutants, of {ops} ops")
    print("| checker | found | false alarms on the right rules | seconds |\n| --- | --- | --- | --- |")
    for name, make in PEERS.items():  # on the same sample
        found = score(among=sample, check=make(), examples=100, jobs=1, reach=1, budget=1200, progress=False)
        alarms = len({a.partition(":")[0] for a in found.alarms})
        judged = found.killed + found.survived
        print(f"| {name} | {found.killed} of {judged} | {alarms} ops | {found.seconds:.0f} |", flush=True)


if __name__ == "__main__":
    what = sys.argv[1:] or ["time", "mistakes"]
    if "time" in what:
        cost()
    if "mistakes" in what:
        mistakes(next((int(a) for a in what if a.isdigit()), 100))
