"""Pictures of graphs: what it costs to record a backward pass, and how long graphs of any size take to draw.

python benchmarks/draw.py            everything
python benchmarks/draw.py record     recording alone
python benchmarks/draw.py size       drawing alone
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable
from statistics import median
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from _common import header

import autograd as ag
import autograd.numpy as anp
from autograd import Tensor
from autograd.draw import draw, recording, renderer
from nn import functional
from nn.models import GPT, MLP, Config

RNG = np.random.default_rng(0)


class Named:
    """A model that is nothing but its parameters' names."""

    def __init__(self, **parameters: Tensor) -> None:
        self.parameters = parameters

    def named_parameters(self) -> Any:
        return iter(self.parameters.items())


# ---- recording


def gpt_loss() -> Callable[[], Tensor]:
    model = GPT(Config(vocab_size=65, context=64, layers=4, heads=4, width=128), rng=RNG)
    tokens = RNG.integers(0, 65, (12, 64))
    return lambda: model.loss(tokens, tokens)


def mlp_loss() -> Callable[[], Tensor]:
    model = MLP([784, 512, 256, 10], rng=RNG)
    x, y = RNG.normal(size=(128, 784)).astype(np.float32), RNG.integers(0, 10, 128)
    return lambda: functional.cross_entropy(model(x), y)


def small_loss() -> Callable[[], Tensor]:
    model = MLP([784, 128, 64, 10], rng=RNG)
    x, y = RNG.normal(size=(100, 784)).astype(np.float32), RNG.integers(0, 10, 100)
    return lambda: functional.cross_entropy(model(x), y)


def ratio(loss: Callable[[], Tensor], runs: int) -> tuple[float, float]:
    """Milliseconds of a backward pass, and by how much recording lengthens it: pairs, in turn first and second."""

    def plain() -> float:
        root = loss()
        began = time.process_time()
        root.backward()
        return time.process_time() - began

    def recorded() -> float:
        root = loss()
        began = time.process_time()
        with recording():
            root.backward()
        return time.process_time() - began

    plain(), recorded()
    pairs = []
    for run in range(runs):
        pairs.append((plain(), recorded()) if run % 2 else (recorded(), plain())[::-1])
    return median(a for a, _ in pairs) * 1e3, median(b / a for a, b in pairs) - 1.0


# ---- drawing


def doubled(count: int) -> tuple[Tensor, Any, Any]:
    x = y = Tensor(1e-300, requires_grad=True, name="x")
    for _ in range(count):
        y = y + y
    return y, None, x


def mixed(count: int) -> tuple[Tensor, Any, Any]:
    """A graph without any order: sums, products and tangents of what was made shortly before."""
    pool = [Tensor(0.5, requires_grad=True, name=f"x{i}") for i in range(20)]
    leaves = list(pool)
    total: Any = 0.0
    while True:
        a, b = (pool[int(RNG.integers(len(pool) - 20, len(pool)))] for _ in range(2))
        kind = RNG.random()
        pool.append(anp.tanh(a) if kind < 0.4 else a * b if kind < 0.7 else a + b)
        total = total + pool[-1]
        if len(pool) * 2 >= count:
            return total, None, leaves


def unrolled(steps: int) -> tuple[Tensor, Any, Any]:
    shapes = {"wx": (8, 16), "wh": (16, 16), "b": (16,)}
    p = {name: Tensor(0.2 * RNG.normal(size=shape), requires_grad=True) for name, shape in shapes.items()}
    h: Any = np.zeros((4, 16))
    for x in RNG.normal(size=(steps, 4, 8)):
        h = anp.tanh(x @ p["wx"] + h @ p["wh"] + p["b"])
    return (h * h).sum(), Named(**p), None


def penalised(count: int) -> tuple[Tensor, Any, Any]:
    p = {f"{i}.weight": Tensor(0.5 * RNG.normal(size=(4, 4)), requires_grad=True) for i in range(count)}
    h: Any = np.ones((2, 4))
    for i, w in enumerate(p.values()):
        with ag.scope(f"{i}: Linear"):
            h = anp.tanh(h @ w)
    penalty: Any = 0.0
    for w in p.values():
        penalty = penalty + (w * w).sum()
    return (h * h).sum() + 0.01 * penalty, Named(**p), None


def transformer(layers: int) -> tuple[Tensor, Any, Any]:
    model = GPT(Config(vocab_size=65, context=16, layers=layers, heads=2, width=16), rng=RNG)
    tokens = RNG.integers(0, 65, (1, 16))
    return model.loss(tokens, tokens), model, None


GRAPHS: list[tuple[str, Callable[[], tuple[Tensor, Any, Any]], float]] = [
    ("y = y + y, 1,000 times", lambda: doubled(1000), 3.0),
    ("RNN of 1,000 steps, shared weights", lambda: unrolled(1000), 3.0),
    ("1,000 layers and an L2 penalty on each", lambda: penalised(1000), 3.0),
    ("GPT of 350 blocks", lambda: transformer(350), 3.0),
    ("without order, 10,000 nodes", lambda: mixed(10_000), 3.0),
    ("without order, 100,000 nodes", lambda: mixed(100_000), 10.0),
    ("RNN of 20,000 steps", lambda: unrolled(20_000), 10.0),
]


def main(what: str) -> None:
    header("draw", "graphviz", "pygraphviz")
    if what in ("all", "record"):
        print("recording: how much longer a backward pass takes (target: under 10 %; off, there is nothing to run)")
        for name, make, runs in (
            ("GPT, 4 layers, width 128, batch 12 x 64", gpt_loss, 25),
            ("MLP 784-512-256-10, batch 128", mlp_loss, 100),
            ("MLP 784-128-64-10, batch 100", small_loss, 300),
        ):
            spent, more = ratio(make(), runs)
            print(f"  {name:42} {spent:7.2f} ms  {more:+6.1%}")
    if what in ("all", "size"):
        print(f"drawing: seconds to a Drawing (with a backward pass), and from there to SVG with {renderer()}")
        for name, build, target in GRAPHS:
            with warnings.catch_warnings(action="ignore"):
                loss, model, held = build()
                began = time.perf_counter()
                drawing = draw(loss, model)
                drawn = time.perf_counter()
                size = len(drawing.svg) if renderer() else 0
                done = time.perf_counter()
            nodes, boxes = len(drawing.view.record.nodes), sum(box.kind != "more" for box in drawing.view.boxes)
            print(
                f"  {name:42} {nodes:8,} nodes {boxes:4} boxes {drawn - began:6.2f} s + {done - drawn:5.2f} s"
                f"  (target {target:g} s)  {size // 1024:4} KiB"
            )
            del loss, model, held


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "all")
