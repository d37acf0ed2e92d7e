"""What it costs to record the flow of gradients: a training step of the small GPT with and without a FlowRecorder.

Steps are interleaved, so that a busy machine is as busy for each; ratios are medians of neighbours.

    python benchmarks/flow.py [runs]
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from _common import header

import nn
from autograd.machine import keep_memory
from nn.optim import AdamW, decay_groups


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    header("recording the flow: one GPT step, 4 layers, 4 heads, width 128, context 64, batch 12, AdamW")
    keep_memory()
    rng = np.random.default_rng(0)
    model = nn.models.GPT(nn.models.Config(vocab_size=65, context=64, layers=4, heads=4, width=128), rng=rng)
    optimizer = AdamW(decay_groups(model, 0.1), lr=1e-3)
    x, y = rng.integers(0, 65, (2, 12, 64))

    def step() -> None:
        optimizer.zero_grad()
        model.loss(x, y).backward()
        optimizer.step()

    def recorded(recorder: nn.FlowRecorder) -> Callable[[], None]:
        def run() -> None:
            with recorder:
                step()

        return run

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        never = nn.FlowRecorder(model, every=10**9, folder=path / "never")
        with never:  # the first step is always recorded
            step()
        always = nn.FlowRecorder(model, every=1, folder=path / "always")
        works = {"without": step, "between recorded steps": recorded(never), "every step recorded": recorded(always)}
        spent: dict[str, list[float]] = {name: [] for name in works}
        for run in range(runs + 2):
            for name, work in works.items():
                began = time.process_time()
                work()
                if run > 1:
                    spent[name].append(time.process_time() - began)
        size = (path / "always" / "flow.jsonl").stat().st_size / always.step
    plain = spent["without"]
    print(f"{'without':<24} median {1000 * median(plain):6.1f} ms, least {1000 * min(plain):6.1f} ms of processor time")
    for name, target in (("between recorded steps", 1.01), ("every step recorded", 1.10)):
        ratio = median(b / a for a, b in zip(plain, spent[name]))
        verdict = "reached" if ratio <= target else "missed"
        print(
            f"{name:<24} median {1000 * median(spent[name]):6.1f} ms, least {1000 * min(spent[name]):6.1f} ms; "
            f"x {ratio:.3f}, of the least {min(spent[name]) / min(plain):.3f} (target {target}: {verdict})"
        )
    print(f"on disk {size:,.0f} bytes a recorded step, {len(always.rows)} layers")


if __name__ == "__main__":
    main()
