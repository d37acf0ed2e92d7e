"""What all tests share: Hypothesis profiles, seeded random numbers and the folder of real data."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

# Tests multiply small matrices: threads that spin for them only stand in each other's way. Before NumPy loads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import hypothesis
import numpy
import pytest

ROOT = Path(__file__).resolve().parent.parent

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "ci")
SEED = int(os.environ.get("GLASSGRAD_SEED", "0"))

# `ci` gives every machine the same examples; `nightly` looks for new ones and prints how to see a failure again.
hypothesis.settings.register_profile("ci", derandomize=True, database=None, deadline=None, max_examples=50)
hypothesis.settings.register_profile("nightly", deadline=None, max_examples=2000, print_blob=True)
hypothesis.settings.load_profile(PROFILE)

# Pictures are written to files; no test may need a screen.
os.environ["MPLBACKEND"] = "Agg"


def pytest_report_header() -> str:
    return f"glassgrad: HYPOTHESIS_PROFILE={PROFILE} GLASSGRAD_SEED={SEED}"


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> numpy.random.Generator:
    """Random numbers that depend on GLASSGRAD_SEED and the test's name, not on which tests ran before it."""
    seed = [SEED, zlib.crc32(request.node.nodeid.encode())]
    print(f"rng: numpy.random.default_rng({seed})")  # pytest shows it when the test fails
    return numpy.random.default_rng(seed)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder with MNIST, tinyshakespeare and names.txt, which the project itself does not carry."""
    folder = Path(os.environ.get("GLASSGRAD_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"needs real data that the project does not carry: no folder {folder}; set GLASSGRAD_DATA to one")
    return folder


@pytest.fixture
def real_file(data_dir: Path) -> Callable[[str], Path]:
    """The path of a file in the folder of real data; without it the test is skipped and says so."""

    def find(name: str) -> Path:
        if not (data_dir / name).is_file():
            pytest.skip(f"needs real data that the project does not carry: no file {data_dir / name}")
        return data_dir / name

    return find


@pytest.fixture(autouse=True)
def _table() -> Iterator[None]:
    """The table of ops as it was: what a test declares is its own."""
    from autograd.primitive import composites, table

    declared = [(names, set(names)) for names in (table, composites)]
    yield
    for names, before in declared:
        for name in names.keys() - before:
            del names[name]
