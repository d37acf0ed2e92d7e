"""How large the numbers of an array are: what is measured of every activation, gradient and update."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
SAMPLE = 512  # elements of which percentiles, zeros and histograms are taken; of larger arrays at seeded places
FIRST, LAST, PER_DECADE = -16, 8, 2  # the histogram's bins: decades from the first to the last
BINS = (LAST - FIRST) * PER_DECADE
RUN = 8  # neighbours that are sampled together
_TINY = 1e-30  # a sum of squares below this may have lost what squares to less than float32 holds


class Stats(NamedTuple):
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
    size : int
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
    size: int
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
        whole = size.size if self.finite else int(size.searchsorted(np.inf))
        edges = _edges(size.dtype)
        below = size[:whole].searchsorted(edges if unit == 1 else edges * size.dtype.type(unit))
        zeros = int(size.searchsorted(0.0, side="right")) if whole and size[0] == 0 else 0
        below[0], below[-1] = zeros, whole  # what lies beyond the edges is in the outermost bins
        return Stats(
            rms=self.rms / unit,
            low=float(size[round(0.05 * (whole - 1))]) / unit if whole else math.nan,
            high=float(size[round(0.95 * (whole - 1))]) / unit if whole else math.nan,
            zeros=zeros / size.size if size.size else 0.0,
            nan=self.nan,
            infinite=self.infinite,
            size=self.count,
            sampled=self.sampled,
            bins=tuple((below[1:] - below[:-1]).tolist()),
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
    squares, nan, infinite = float(np.vdot(flat, flat)), 0, 0
    if not (_TINY < squares < math.inf):
        squares, nan, infinite = _carefully(flat)
    sample = np.abs(flat.take(places(flat.size)) if flat.size > SAMPLE else flat)
    return Measure(array.size, squares, nan, infinite, sample, flat.size > SAMPLE)


def _carefully(flat: Array) -> tuple[float, int, int]:
    """The sum of squares, the NaN and the infinities, where it is too large or small for its dtype, or not finite."""
    nan = infinite = 0
    with np.errstate(all="ignore"):
        wide = np.abs(flat.astype(np.float64))
        if not math.isfinite(float(wide.max())):
            nan, infinite = int(np.isnan(wide).sum()), int(np.isinf(wide).sum())
            wide = np.where(np.isfinite(wide), wide, 0.0)
        top = float(wide.max())
        return float(np.vdot(wide / top, wide / top)) * top * top if top else 0.0, nan, infinite


@functools.lru_cache(maxsize=256)
def places(size: int) -> Array:
    """The places of `SAMPLE` elements of an array of `size`, the same at every step.

    One seeded run of `RUN` neighbours in each of equal slices: an eighth of the cache lines that single ones cost.
    """
    slices = SAMPLE // RUN
    rng = np.random.default_rng(size)
    starts = ((np.arange(slices) + rng.random(slices)) * ((size - RUN) / slices)).astype(np.int64)
    found = (starts[:, None] + np.arange(RUN)).ravel()
    found.flags.writeable = False
    return found


@functools.lru_cache(maxsize=8)
def _edges(dtype: np.dtype[Any]) -> Array:
    return (10.0 ** (FIRST + np.arange(BINS + 1) / PER_DECADE)).astype(dtype)
