"""Where a training step of the small GPT spends its time: in NumPy, or in the engine around it.

The same model is run with everything tiny (batch 1, context 1, width 4): as many ops, next to no arithmetic. What that
takes bounds the engine's own share from above, since it still contains the fixed cost of every NumPy call.

    python benchmarks/step_profile.py
"""

from __future__ import annotations

import cProfile
import pstats

import numpy as np
from _common import header, times

from autograd.machine import keep_memory
from nn.models.gpt import GPT, Config
from nn.optim import AdamW
from nn.optim.groups import decay_groups


def step(vocabulary: int, context: int, width: int, batch: int):  # type: ignore[no-untyped-def]
    """One training step (forward, backward, AdamW) of a 4-layer, 4-head GPT, as a function without arguments."""
    rng = np.random.default_rng(0)
    model = GPT(
        Config(vocab_size=vocabulary, context=context, layers=4, heads=4, width=width, dropout=0.0, bias=False), rng=rng
    )
    optimizer = AdamW(decay_groups(model, 0.1), lr=1e-3)
    x, y = rng.integers(0, vocabulary, (2, batch, context))

    def run() -> None:
        optimizer.zero_grad()
        model.loss(x, y).backward()
        optimizer.step()

    return run


def main() -> None:
    header("one GPT step: 4 layers, 4 heads, width 128, context 64, batch 12")
    keep_memory()
    full = step(65, 64, 128, 12)
    whole, tiny = times(full), times(step(2, 1, 4, 1))
    share = tiny / whole
    print(f"step {1000 * whole:.1f} ms; the same ops on next to no data {1000 * tiny:.1f} ms")
    verdict = "reached" if share <= 0.1 else "missed"
    print(f"outside NumPy's arithmetic: at most {100 * share:.1f} % (target 10 %: {verdict})")
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(10):
        full()
    profile.disable()
    pstats.Stats(profile).sort_stats("tottime").print_stats(15)


if __name__ == "__main__":
    main()
