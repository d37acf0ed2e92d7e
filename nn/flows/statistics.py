"""How large the numbers of an array are: what is measured of every activation, gradient and update."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
SAMPLE = 1024  # elements of which percentiles, zeros and histograms are taken; of larger arrays at seeded places
FIRST, LAST, PER_DECADE = -16, 8, 2  # the histogram's bins: decades from the first to the last
BINS = (LAST - FIRST) * PER_DECADE
_EDGES = 10.0 ** (FIRST + np.arange(BINS + 1) / PER_DECADE)
_TINY = 1e-30  # a sum of squares below this may have lost what squares to less than float32 holds


@dataclass(frozen=True, slots=True)
class Stats:
    """What is known of an array's sizes.

    Attributes
    ----------
    rms : float
        Root of the mean square of the finite elements.
    low, high : float
        The 5th and 95th percentile of |x|.
    zeros : float
        The share of exact zeros.
    nan, infinite : int
        How many elements are NaN or infinite: always exact.
    count : int
        How many elements there are.
    sampled : bool
        Whether percentiles and zeros come from a sample of `SAMPLE` elements at seeded places; the RMS never does.
    bins : tuple of int
        A histogram of |x| (of the sample): `PER_DECADE` bins a decade from 10^FIRST to 10^LAST; what lies
        beyond is in the outermost bins, zeros are left out.
    """

    rms: float
    low: float
    high: float
    zeros: float
    nan: int
    infinite: int
    count: int
    sampled: bool
    bins: tuple[int, ...]

    @property
    def finite(self) -> bool:
        """Whether every element is."""
        return not (self.nan or self.infinite)


@dataclass(slots=True)
class Measure:
    """Sums that several arrays add to, such as the results of one layer that is called many times."""

    count: int
    squares: float
    nan: int
    infinite: int
    sample: Array
    sampled: bool

    @property
    def rms(self) -> float:
        """Of the finite elements."""
        finite = self.count - self.nan - self.infinite
        return math.sqrt(self.squares / finite) if finite else math.nan

    @property
    def finite(self) -> bool:
        """Whether every element is."""
        return not (self.nan or self.infinite)

    def __add__(self, other: Measure) -> Measure:
        sample = np.concatenate([self.sample, other.sample])
        if sample.size > 4 * SAMPLE:  # of a thousand calls too, only so much is kept
            sample = sample[places(sample.size)]
        return Measure(
            self.count + other.count,
            self.squares + other.squares,
            self.nan + other.nan,
            self.infinite + other.infinite,
            sample,
            self.sampled or other.sampled,
        )

    def stats(self, unit: float = 1.0) -> Stats:
        """The figures, in units of `unit`."""
        size = np.sort(self.sample)  # NaN at the end
        known = size[: np.searchsorted(size, np.inf)].astype(np.float64) / unit
        whole = known.size
        zeros = int(np.searchsorted(known, 0.0, side="right"))
        counts = np.bincount(np.searchsorted(_EDGES, known[zeros:], side="right"), minlength=BINS + 2)
        counts[1] += counts[0]  # what lies beyond the edges
        counts[BINS] += counts[BINS + 1]
        return Stats(
            rms=self.rms / unit,
            low=float(known[round(0.05 * (whole - 1))]) if whole else math.nan,
            high=float(known[round(0.95 * (whole - 1))]) if whole else math.nan,
            zeros=zeros / size.size if size.size else 0.0,
            nan=self.nan,
            infinite=self.infinite,
            count=self.count,
            sampled=self.sampled,
            bins=tuple(counts[1:-1].tolist()),
        )


def measure(x: Any) -> Measure | None:
    """Look at an array once; None where it has no sizes to speak of (integers, nothing).

    >>> stats = measure(np.array([3.0, -4.0, 0.0, 0.0])).stats()
    >>> stats.rms, stats.high, stats.zeros
    (2.5, 4.0, 0.5)
    """
    array = np.asarray(x)
    if array.dtype.kind not in "fc" or not array.size:
        return None
    flat = array.ravel(order="K")
    if array.dtype.kind == "c":
        flat = np.abs(flat)
    if flat.dtype == np.float16:
        flat = flat.astype(np.float32)
    nan = infinite = 0
    with np.errstate(all="ignore"):
        squares = float(np.vdot(flat, flat))
        if not (_TINY < squares < math.inf):  # too large or too small for its dtype, or not finite
            wide = flat.astype(np.float64)
            top = float(np.max(np.abs(wide)))
            if not math.isfinite(top):
                nan, infinite = int(np.isnan(wide).sum()), int(np.isinf(wide).sum())
                wide = np.where(np.isfinite(wide), wide, 0.0)
                top = float(np.max(np.abs(wide)))
            squares = float(np.vdot(wide / top, wide / top)) * top * top if top else 0.0
        sample = np.abs(flat[places(flat.size)] if flat.size > SAMPLE else flat)
    return Measure(array.size, squares, nan, infinite, sample, flat.size > SAMPLE)


@functools.lru_cache(maxsize=256)
def places(size: int, count: int = SAMPLE) -> Array:
    """One seeded place in each of `count` equal slices of an array of `size` elements: the same at every step."""
    rng = np.random.default_rng(size)
    found = ((np.arange(count) + rng.random(count)) * (size / count)).astype(np.int64)
    found.flags.writeable = False
    return found
