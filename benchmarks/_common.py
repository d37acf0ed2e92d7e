"""What every benchmark says of its machine, and where it finds its data."""

from __future__ import annotations

import gzip
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


def idx(name: str) -> np.ndarray:
    """An array from a gzipped IDX file (LeCun's format: magic, sizes, bytes)."""
    raw = gzip.decompress(need(name).read_bytes())
    rank = raw[3]
    shape = np.frombuffer(raw, ">u4", rank, 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(shape)


def mnist() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training images and labels, test images and labels; pixels in 0..1 as float32, one row an image."""
    train, test = idx("train-images-idx3-ubyte.gz"), idx("t10k-images-idx3-ubyte.gz")
    flat = [(images.reshape(len(images), -1) / np.float32(255)).astype(np.float32) for images in (train, test)]
    labels = [idx(name).astype(np.int64) for name in ("train-labels-idx1-ubyte.gz", "t10k-labels-idx1-ubyte.gz")]
    return flat[0], labels[0], flat[1], labels[1]


def times(work: Callable[[], object], runs: int = 30) -> float:
    """Median seconds of one call, the first left out."""
    work()
    spent = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return median(spent)
