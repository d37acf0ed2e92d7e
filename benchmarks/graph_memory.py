"""What the graph takes of memory: for each op, in a deep backward pass, in a chain of a million ops, in many graphs.

python benchmarks/graph_memory.py
"""

from __future__ import annotations

import gc
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import time
import tracemalloc
from pathlib import Path

import numpy as np
from _common import header

import autograd.numpy as anp
from autograd import Tensor

MIB = 2**20


def resident() -> float:
    """MiB of this process in memory, now; NaN where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return float("nan")
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


def chain(x: Tensor, ops: int) -> Tensor:
    y = x
    for _ in range(ops // 2):
        y = (y + x) * 0.999999
    return y


def per_op(ops: int = 100_000) -> None:
    """Bytes that stay allocated for each recorded op while the graph lives."""
    for name, data in (("scalar", 1.0), ("size 4", np.ones(4))):
        x = Tensor(data, requires_grad=True)
        tracemalloc.start()
        y = chain(x, ops)
        taken = tracemalloc.get_traced_memory()[0] / ops
        tracemalloc.stop()
        y.sum().backward()  # takes the graph apart
        print(f"recorded op, {name}: {taken:.0f} bytes, value and saved arguments included")


def deep(layers: int = 200, size: int = 131_072) -> None:
    """The peak of a backward pass through ops that each saved an array, and what is still held halfway."""
    x = Tensor(np.full(size, 0.5), requires_grad=True)
    array = x.nbytes / MIB
    held = []
    tracemalloc.start()
    y = x
    for layer in range(layers):
        y = anp.sin(y)
        if layer == layers // 2:
            y.register_hook(lambda g: held.append(tracemalloc.get_traced_memory()[0]))
    loss = y.sum()
    del y
    saved = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    loss.backward()
    now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(
        f"{layers} layers of sin on {array:.0f} MiB: {saved / MIB:.0f} MiB saved by forward; backward adds at most "
        f"{(peak - saved) / MIB:.1f}; held halfway {held[0] / MIB:.0f}, afterwards {now / MIB:.1f} (the gradient)"
    )


def million(ops: int = 1_000_000) -> None:
    """A chain of a million ops, forward and backward, without and with Python's garbage collector; processor time.

    The collector looks at all objects again and again as they become more: no reference cycle is there to be found.
    """
    for collecting in (False, True):
        if not collecting:
            gc.disable()
        x = Tensor(1.0, requires_grad=True)
        before, began = resident(), time.process_time()
        y = chain(x, ops)
        forward, full = time.process_time(), resident()
        y.backward()
        backward = time.process_time()
        del y
        freed = time.process_time()
        gc.enable()
        print(
            f"{ops:,} scalar ops, collector {'on' if collecting else 'off'}: forward {forward - began:.2f} s, backward "
            f"{backward - forward:.2f} s, letting go {freed - backward:.2f} s; the process grew by "
            f"{full - before:.0f} MiB and kept {resident() - before:.0f} of it"
        )


def many(graphs: int = 10_000) -> None:
    """Small graphs one after the other, with the garbage collector off: only reference cycles could stay."""
    x = Tensor(np.ones(4), requires_grad=True)

    def one() -> None:
        x.grad = None
        (anp.exp(x) * x + 1.0).sum().backward()
        anp.exp(x).sum()  # recorded, never differentiated

    gc.collect()
    gc.disable()
    tracemalloc.start()
    for _ in range(graphs):  # free lists fill up first
        one()
    first = tracemalloc.get_traced_memory()[0]
    for _ in range(graphs):
        one()
    last = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    gc.enable()
    print(f"{graphs:,} small graphs: {last - first:+d} bytes held, against after as many before, garbage collector off")


def main() -> None:
    header("memory of the graph")
    per_op()
    deep()
    million()
    many()


if __name__ == "__main__":
    main()
