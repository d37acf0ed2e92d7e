"""A small training with chance everywhere, as a program: ``python resumable.py FOLDER STEPS``; tests kill it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

import nn
from nn.optim import AdamW, AveragedModel, LinearLR, ReduceLROnPlateau

EXAMPLES, BATCH = 90, 8


def trainer(folder: Path | None, **settings: Any) -> nn.Trainer:
    """Dropout, shuffled and noisy batches, two optimisers, schedules, an average, a generator of its own."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(EXAMPLES, 6)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] > 0).astype(np.int64)
    model = nn.Sequential(
        nn.Linear(6, 16, rng=rng),
        nn.BatchNorm1d(16),
        nn.ReLU(),
        nn.Dropout(0.2, rng=np.random.default_rng(1)),
        nn.Linear(16, 2, rng=rng),
    )
    first, last = list(model[0].parameters()), [*model[1].parameters(), *model[4].parameters()]
    optimizers = [AdamW(first, lr=0.01), nn.optim.SGD(last, lr=0.05, momentum=0.9)]
    noise = np.random.default_rng(2)

    def noisy(batch: Any, rng: np.random.Generator) -> Any:
        return batch[0] + 0.1 * rng.standard_normal(batch[0].shape, dtype=np.float32), batch[1]

    def loss(a: Any, b: Any) -> Any:
        jitter = noise.normal(scale=0.01) + 0.01 * np.random.random()  # noqa: NPY002 -- NumPy's own is saved too
        return nn.functional.cross_entropy(model(a + np.float32(jitter)), b)

    learn, test = nn.data.ArrayDataset(x[:70], y[:70]), nn.data.ArrayDataset(x[70:], y[70:])
    np.random.seed(3)  # noqa: NPY002
    given = {
        "schedule": [LinearLR(optimizers[0], 0.1, total_iters=30), ReduceLROnPlateau(optimizers[1], patience=1)],
        "average": AveragedModel(model, 0.9),
        "validate": nn.data.DataLoader(test, batch_size=6, seed=4),
        "validate_every": 7,
        "accumulate": 2,
        "clip": 1.0,
        "states": {"noise": noise},
        "record_gradients": True,
        "log_every": 1,
        "folder": folder,
        "advise": False,
        **settings,
    }
    data = nn.data.DataLoader(learn, batch_size=BATCH, seed=6, transform=noisy, prefetch=1)
    return nn.Trainer(model, optimizers, data, loss, **given)


if __name__ == "__main__":
    trainer(Path(sys.argv[1]), save_every=2, save_seconds=0).fit(int(sys.argv[2]), resume=True)
