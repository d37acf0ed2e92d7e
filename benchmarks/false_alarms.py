"""How often a right rule is called wrong, and how often the differences cannot tell: generated calls of every op.

`python benchmarks/false_alarms.py [examples in all] [seed] [fast]`, 100,000 by default, in two processes. Each call is
checked in full: values, reverse and forward mode, second order, contracts, single precision; `fast`: of each call one
random sum of its derivatives in both modes and both orders, looked into in full where that is off or unclear.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import multiprocessing
import sys
import time
import warnings
from collections import Counter

from _common import header

from autograd.primitive import composites, table
from autograd.testing import Outcome, fuzz_op

JOBS = 2


def one(job: tuple[str, int, int, bool]) -> Outcome:
    """One op's share."""
    name, examples, seed, fast = job
    warnings.simplefilter("ignore")
    outcome = fuzz_op(name, examples=examples, seed=seed, fast=fast)
    outcome.case = None  # it holds functions, which stay here
    if outcome.report is not None:
        outcome.report.error = None
    return outcome


def main(examples: str = "100000", seed: str = "0", mode: str = "full") -> None:
    """Run, and tell what was found."""
    names = sorted({*table, *composites})
    header(f"false alarms: {examples} calls of {len(names)} ops, {mode}, seed {seed}", "glassgrad", "hypothesis")
    jobs = [(name, -(-int(examples) // len(names)), int(seed), mode == "fast") for name in names]
    tally: Counter[str] = Counter()
    began, wrong, unclear = time.perf_counter(), [], Counter[str]()
    with multiprocessing.Pool(JOBS) as pool:
        for outcome in pool.imap_unordered(one, jobs):
            tally.update({str(verdict): n for verdict, n in outcome.tally.items()})
            unclear[outcome.name] = sum(n for verdict, n in outcome.tally.items() if str(verdict) == "inconclusive")
            if not outcome.ok:
                wrong.append(outcome.name)
                print(outcome, flush=True)
    total = sum(tally.values())
    print(f"{total:,} calls in {time.perf_counter() - began:.0f} s, {JOBS} processes")
    for verdict, n in tally.most_common():
        print(f"  {verdict:18} {n:7,}  {100 * n / total:.3f} %")
    print("most often inconclusive:", ", ".join(f"{name} {n}" for name, n in unclear.most_common(8) if n) or "none")
    print("called wrong:", ", ".join(sorted(wrong)) or "none")


if __name__ == "__main__":
    main(*sys.argv[1:])
