"""What attention costs as the context grows: the whole matrix of weights, and a block at a time; beside PyTorch.

Causal attention, one head of width 64, float32, forward and backward. Each form runs in a process of its own, and says
its time and by how much the process grew at most over its arguments.

    python benchmarks/attention.py [--tokens 1024 2048 4096 8192 16384] [--threads 2] [--picture out/attention.svg]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from _common import header

WIDTH, ROUNDS, RUNS = 64, 2, 4  # so many processes, taking turns, each with so many runs
MATRIX = 16384  # tokens; the whole matrix of more takes gigabytes
FORMS = {
    "glassgrad, whole matrix": "matrix",
    "glassgrad, blocks": "blocks",
    "PyTorch, whole matrix": "torch_matrix",
    "PyTorch, scaled_dot_product_attention": "torch",
}


def ours(tokens: int, many: int) -> Callable[[], None]:
    import numpy as np

    import nn.functional.attention as form
    from autograd import Tensor

    form.MANY = many
    rng = np.random.default_rng(0)
    q, k, v, g = (rng.normal(size=(1, 1, tokens, WIDTH)).astype(np.float32) for _ in range(4))
    leaves = [Tensor(x, requires_grad=True) for x in (q, k, v)]

    def run() -> None:
        for x in leaves:
            x.grad = None
        form.causal_mask.cache_clear()
        form.scaled_dot_product_attention(*leaves, is_causal=True).backward(gradient=g)

    return run


def theirs(tokens: int, whole: bool, threads: int) -> Callable[[], None]:
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    q, k, v = (torch.randn(1, 1, tokens, WIDTH, requires_grad=True) for _ in range(3))
    g = torch.randn(1, 1, tokens, WIDTH)

    def run() -> None:
        for x in (q, k, v):
            x.grad = None
        if whole:
            mask = torch.full((tokens, tokens), -torch.inf).triu(1)
            out = torch.softmax(q @ k.mT * WIDTH**-0.5 + mask, -1) @ v
        else:
            out = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        out.backward(g)

    return run


def one(form: str, tokens: int, threads: int) -> None:
    """One form at one length, in this process: prints seconds and MiB."""
    if form.startswith("torch"):
        run = theirs(tokens, form == "torch_matrix", threads)
    else:
        run = ours(tokens, 1 if form == "blocks" else 1 << 62)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spent = []
    for _ in range(RUNS):
        began = time.perf_counter()
        run()
        spent.append(time.perf_counter() - began)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps({"seconds": min(spent), "mib": grown / 1024}))


def measured(form: str, tokens: int, threads: int) -> dict[str, float] | None:
    """Seconds and MiB of a process of its own; None where it cannot run."""
    environment = {**os.environ, **{f"{name}_NUM_THREADS": str(threads) for name in ("OMP", "OPENBLAS", "MKL")}}
    command = [sys.executable, __file__, "--form", form, "--tokens", str(tokens), "--threads", str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        print(f"  {form} at {tokens:,} tokens did not run: {done.stderr.strip().splitlines()[-1:]}")
        return None
    result: dict[str, float] = json.loads(done.stdout)
    return result


def table(found: dict[str, dict[int, dict[str, float]]], lengths: list[int]) -> None:
    print(f"{f'least of {ROUNDS * RUNS} runs':38}" + "".join(f"{n:>18,}" for n in lengths))
    for name, row in found.items():
        cells = (f"{row[n]['seconds']:8.3f} s {row[n]['mib']:5,.0f} MiB" if n in row else "-" for n in lengths)
        print(f"{name:38}" + "".join(f"{c:>18}" for c in cells))


def picture(found: dict[str, dict[int, dict[str, float]]], path: Path) -> None:
    """Time and memory against the context, both axes logarithmic."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for axis, what, label in zip(
        axes, ("seconds", "mib"), ("seconds, forward and backward", "MiB at most"), strict=True
    ):
        for name, row in found.items():
            axis.plot(list(row), [max(r[what], 0.5 if what == "mib" else 0) for r in row.values()], "o-", label=name)
        axis.set(xscale="log", yscale="log", xlabel="tokens", ylabel=label)
        lengths = sorted({n for row in found.values() for n in row})
        axis.set_xticks(lengths, [f"{n:,}" for n in lengths])
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    axes[0].legend(fontsize=8)
    figure.suptitle("Causal attention, one head of width 64, float32")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    print(f"picture: {path}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, nargs="+", default=[1024, 2048, 4096, 8192, 16384])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--picture", type=Path, default=Path("out/attention.svg"))
    parser.add_argument("--form", choices=list(FORMS.values()), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.form:
        one(args.form, args.tokens[0], args.threads)
        return
    header(f"attention against context, {args.threads} threads", "torch")
    found: dict[str, dict[int, dict[str, float]]] = {name: {} for name in FORMS}
    for tokens in args.tokens:
        for name, form in [*FORMS.items()] * ROUNDS:
            if "matrix" in form and tokens >= MATRIX:
                continue
            result = measured(form, tokens, args.threads)
            if result is not None:
                best = found[name].setdefault(tokens, result)
                best["seconds"] = min(best["seconds"], result["seconds"])
    table(found, args.tokens)
    picture({name: row for name, row in found.items() if row}, args.picture)


if __name__ == "__main__":
    main()
