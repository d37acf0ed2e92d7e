"""What every benchmark says of its machine, and where it finds its data."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

DATA = Path(os.environ.get("GLASSGRAD_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


def header(title: str, *packages: str) -> None:
    """Print the title, the machine and the versions."""
    import importlib.metadata as metadata

    versions = []
    for package in ("numpy", *packages):
        try:
            versions.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            versions.append(f"{package} not installed")
    print(f"# {title}")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {', '.join(versions)}")


def need(name: str) -> Path:
    """The path of a data file, or stop and say what is missing."""
    path = DATA / name
    if not path.exists():
        print(f"skipped: {path} is not there; set GLASSGRAD_DATA to the folder that holds {name}")
        sys.exit(0)
    return path


def mnist() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training images and labels, test images and labels; pixels in 0..1 as float32, one row an image."""
    from nn.data import read_idx  # here: most benchmarks have no need of nn

    def part(prefix: str) -> tuple[np.ndarray, np.ndarray]:
        images, labels = (read_idx(need(f"{prefix}-{kind}-ubyte.gz")) for kind in ("images-idx3", "labels-idx1"))
        return images.reshape(len(images), -1) / np.float32(255), labels.astype(np.int64)

    return (*part("train"), *part("t10k"))


def times(work: Callable[[], object], runs: int = 30) -> float:
    """Median seconds of one call, the first left out."""
    work()
    spent = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return median(spent)
