"""What one small op costs, forward and backward, beside micrograd, MyGrad, PyTorch and HIPS autograd; and importing.

Each library runs in a process of its own with one thread; the processes take turns, and time is the processor's, so
that a busy machine is as busy for all of them. The program is a chain of additions and products, `y = (y + x) * c`.
HIPS autograd has our import name: it is installed into a temporary folder (or found in the folder that GLASSGRAD_HIPS
names).

    python benchmarks/ops_cost.py
"""

from __future__ import annotations

import os

THREADS = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
os.environ.update(THREADS)

import gc  # noqa: E402 - threads are set before NumPy loads
import json  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402
from statistics import median, quantiles  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402
from _common import header  # noqa: E402

STEPS = 400  # of two ops each
ROUNDS = 60
IMPORTS = 11
C = 1.0001
Chain = Callable[[], tuple[float, float]]


def chain(y: Any, x: Any) -> Any:
    for _ in range(STEPS):
        y = (y + x) * C
    return y


def taped(leaf: Callable[[], Any], backward: Callable[[Any], object]) -> Chain:
    """Seconds of the forward part and of both, for a library that records as it runs."""

    def run() -> tuple[float, float]:
        x = leaf()
        began = time.process_time()
        y = chain(x, x)
        middle = time.process_time()
        backward(y)
        return middle - began, time.process_time() - began

    return run


def glassgrad() -> dict[str, Chain]:
    from autograd import Tensor

    return {
        "scalar": taped(lambda: Tensor(1.0, requires_grad=True), lambda y: y.backward()),
        "size 4": taped(lambda: Tensor(np.ones(4), requires_grad=True), lambda y: y.sum().backward()),
    }


def micrograd() -> dict[str, Chain]:
    from micrograd.engine import Value

    sys.setrecursionlimit(100_000)
    return {"scalar": taped(lambda: Value(1.0), lambda y: y.backward())}


def mygrad() -> dict[str, Chain]:
    import mygrad

    return {
        "scalar": taped(lambda: mygrad.tensor(1.0), lambda y: y.backward()),
        "size 4": taped(lambda: mygrad.tensor(np.ones(4)), lambda y: y.sum().backward()),
    }


def torch() -> dict[str, Chain]:
    import torch

    torch.set_num_threads(1)
    return {
        "scalar": taped(lambda: torch.tensor(1.0, dtype=torch.float64, requires_grad=True), lambda y: y.backward()),
        "size 4": taped(lambda: torch.ones(4, dtype=torch.float64, requires_grad=True), lambda y: y.sum().backward()),
    }


def hips() -> dict[str, Chain]:
    import autograd.numpy as anp  # type: ignore[import-not-found,unused-ignore]
    from autograd import grad

    if hasattr(anp, "Tensor") or not hasattr(sys.modules["autograd"], "make_vjp"):
        raise ImportError("the folder holds no HIPS autograd")

    def whole(f: Callable[..., Any], x: Any) -> Chain:
        slope = grad(f)

        def run() -> tuple[float, float]:
            began = time.process_time()
            slope(x)
            return float("nan"), time.process_time() - began

        return run

    return {
        "scalar": whole(lambda x: chain(x, x), 1.0),
        "size 4": whole(lambda x: anp.sum(chain(x, x)), np.ones(4)),
    }


PEERS = {"glassgrad": glassgrad, "micrograd": micrograd, "mygrad": mygrad, "torch": torch, "hips autograd": hips}


def work(name: str) -> None:
    """The other end of `Worker`: run what each line of the input names."""
    try:
        chains = PEERS[name]()
    except ImportError as error:
        print(json.dumps(f"{error}"), flush=True)
        return
    for run in chains.values():
        run()
    print(json.dumps(list(chains)), flush=True)
    for line in sys.stdin:
        gc.collect()
        gc.disable()
        times = chains[line.strip()]()
        gc.enable()
        print(json.dumps(times), flush=True)


class Worker:
    """A process that runs one library."""

    def __init__(self, name: str, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--worker", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        self.sizes = self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        return json.loads(line) if line else "its process ended"

    def run(self, size: str) -> tuple[float, float]:
        """Microseconds an op: forward, and forward with backward."""
        assert self._process.stdin is not None
        self._process.stdin.write(size + "\n")
        self._process.stdin.flush()
        forward, both = self._answer()
        return 1e6 * forward / (2 * STEPS), 1e6 * both / (2 * STEPS)

    def close(self) -> None:
        self._process.communicate()


def hips_folder(scratch: str) -> str:
    """Where HIPS autograd is, installed first if need be."""
    given = os.environ.get("GLASSGRAD_HIPS")
    if given:
        return given
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--target", scratch, "autograd"], check=False, capture_output=True)
    return scratch


def show(size: str, found: dict[str, list[tuple[float, float]]]) -> None:
    print(f"\n{size}: microseconds an op, forward / forward and backward; ratio to glassgrad in the same round")
    ours = [both for _, both in found["glassgrad"]]
    for name, rounds in found.items():
        forward, both = ([r[i] for r in rounds] for i in (0, 1))
        ratios = quantiles([b / o for b, o in zip(both, ours, strict=True)], n=4)
        ahead = "    -" if np.isnan(forward[0]) else f"{median(forward):5.2f}"
        print(
            f"  {name:14} {ahead} / {median(both):6.2f} (least {min(both):6.2f})   "
            f"x {ratios[1]:.2f} (quartiles {ratios[0]:.2f} to {ratios[2]:.2f})"
        )


def imports(folders: dict[str, str], scratch: str) -> None:
    """Time of the first import in a new process, bytecode cached; NumPy's own is part of all but micrograd's."""
    cached = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | {"PYTHONPYCACHEPREFIX": scratch}
    modules = {"numpy": "numpy", "glassgrad": "autograd", "micrograd": "micrograd.engine", "mygrad": "mygrad"}
    modules |= {"torch": "torch", "hips autograd": "autograd"}
    spent: dict[str, list[float]] = {name: [] for name in modules if name == "numpy" or name in folders}
    for turn in range(IMPORTS + 1):
        for name, times in spent.items():
            code = f"import time; t = time.process_time(); import {modules[name]}; print(time.process_time() - t)"
            environment = {**cached, **({"PYTHONPATH": folders[name]} if folders.get(name) else {})}
            done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, env=environment)
            if turn and done.returncode == 0:
                times.append(1000 * float(done.stdout))
    print(f"\nimport, ms of processor time (median of {IMPORTS}, least, most)")
    for name, times in spent.items():
        if times:
            print(f"  {name:14} {median(times):7.1f} ({min(times):.1f} to {max(times):.1f})")


def main() -> None:
    header("one small op, forward and backward", "glassgrad", "micrograd", "mygrad", "torch")
    print(f"{', '.join(f'{k}={v}' for k, v in THREADS.items())}; {2 * STEPS} ops a run, {ROUNDS} rounds in turn")
    with tempfile.TemporaryDirectory() as scratch:
        folders = dict.fromkeys(PEERS, "")
        folders["hips autograd"] = hips_folder(scratch)
        for metadata in Path(folders["hips autograd"]).glob("autograd-*.dist-info"):
            print(f"HIPS {metadata.name.removesuffix('.dist-info').replace('-', ' ')}, in a process of its own")
        workers: dict[str, Worker] = {}
        for name in PEERS:
            given = {"PYTHONPATH": folders[name]} if folders[name] else {}
            worker = Worker(name, {**os.environ, **given})
            if isinstance(worker.sizes, str):
                print(f"not run: {name} ({worker.sizes})")
                del folders[name]
            else:
                workers[name] = worker
        for size in ("scalar", "size 4"):
            found: dict[str, list[tuple[float, float]]] = {n: [] for n, w in workers.items() if size in w.sizes}
            for _ in range(ROUNDS):
                for name, rounds in found.items():
                    rounds.append(workers[name].run(size))
            show(size, found)
        for worker in workers.values():
            worker.close()
        imports(folders, scratch)


if __name__ == "__main__":
    work(sys.argv[2]) if sys.argv[1:2] == ["--worker"] else main()
