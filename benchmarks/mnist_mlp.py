"""MNIST with plain networks: 784-128-64-10 (ReLU, Adam), and Nielsen's 784-30-10 (sigmoid, quadratic cost, plain SGD).

Target for the first: at least 98.0 % of the test set after 10 epochs, mean of three seeds. The second is reported as it
comes out over five seeds; Nielsen prints 95.42 % for his `network.py` (30 epochs, batch 10, eta 3).

    python benchmarks/mnist_mlp.py [relu] [nielsen]
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from _common import header, mnist

import autograd.numpy as anp
from autograd import Tensor, no_grad, ops
from autograd.machine import keep_memory
from nn.models.mlp import MLP
from nn.optim import Adam

Data = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def relu(data: Data, seed: int, epochs: int = 10, batch: int = 64) -> float:
    """Test accuracy of 784-128-64-10 with Adam, whose rate falls linearly from 2e-3 to 0."""
    x, y, test_x, test_y = data
    rng = np.random.default_rng(seed)
    model = MLP([784, 128, 64, 10], rng=rng)
    optimizer = Adam(model.parameters(), lr=2e-3)
    steps, step = epochs * (len(x) // batch), 0
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for i in range(0, len(x) - batch + 1, batch):
            rows = order[i : i + batch]
            optimizer.param_groups[0]["lr"] = 2e-3 * (1 - step / steps)
            loss = ops.cross_entropy(model(Tensor(x[rows])), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
    with no_grad():
        return float((model(Tensor(test_x)).data.argmax(-1) == test_y).mean())


def nielsen(data: Data, seed: int, epochs: int = 30, batch: int = 10, eta: float = 3.0) -> tuple[float, float]:
    """Test accuracy of 784-30-10 after the last epoch, and the best of all epochs (the one that Nielsen quotes).

    Weights start as standard normals; the cost is |a - y|^2 / 2, averaged over the batch (chapter 1, equation 6).
    """
    x, y, test_x, test_y = data
    rng = np.random.default_rng(seed)
    hot = np.eye(10, dtype=np.float32)[y]
    sizes = [(784, 30), (30, 10)]
    parameters = [
        Tensor(rng.standard_normal(shape).astype(np.float32), requires_grad=True)
        for pair in sizes
        for shape in (pair, pair[1:])
    ]

    def network(inputs: object) -> Tensor:
        hidden = ops.sigmoid(anp.matmul(inputs, parameters[0]) + parameters[1])
        return ops.sigmoid(hidden @ parameters[2] + parameters[3])

    scores = []
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for i in range(0, len(x), batch):
            rows = order[i : i + batch]
            loss = ((network(Tensor(x[rows])) - Tensor(hot[rows])) ** 2).sum() * (0.5 / batch)
            loss.backward()
            for p in parameters:
                weights = p.numpy(writable=True)
                weights -= np.float32(eta) * p.grad.data
                p.grad = None
        with no_grad():
            scores.append(float((network(Tensor(test_x)).data.argmax(-1) == test_y).mean()))
    return scores[-1], max(scores)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", nargs="*", default=["relu", "nielsen"])
    which = parser.parse_args().which
    header("MNIST, plain networks")
    keep_memory()
    data = mnist()
    if "relu" in which:
        began = time.perf_counter()
        scores = [relu(data, seed) for seed in range(3)]
        mean = 100 * float(np.mean(scores))
        print(
            f"784-128-64-10 ReLU, Adam, 10 epochs, seeds 0-2: {', '.join(f'{100 * s:.2f} %' for s in scores)}; "
            f"mean {mean:.2f} % (target 98.0 %: {'reached' if mean >= 98 else 'missed'}), "
            f"{(time.perf_counter() - began) / 3:.1f} s a seed",
            flush=True,
        )
    if "nielsen" in which:
        for seed in range(5):
            began = time.perf_counter()
            last, best = nielsen(data, seed)
            print(
                f"784-30-10 sigmoid, quadratic cost, SGD, 30 epochs, seed {seed}: last {100 * last:.2f} %, "
                f"best epoch {100 * best:.2f} % (Nielsen: 95.42 %), {time.perf_counter() - began:.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
