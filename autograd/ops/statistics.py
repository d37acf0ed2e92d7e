"""Statistics: order statistics, averages, covariances, counts and histograms."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autograd.ops.axes import count, flattened, unflattened
from autograd.ops.elementwise import flat
from autograd.ops.histograms import bincount, histogram, histogram2d, histogram_bin_edges, histogramdd, tracked
from autograd.ops.index import scatter_add
from autograd.ops.reduce import mean, sum
from autograd.primitive import composite, operand, plain, primitive, wrap

__all__ = [
    "average", "bincount", "corrcoef", "cov", "histogram", "histogram2d", "histogram_bin_edges", "histogramdd",
    "median", "nanmedian", "nanpercentile", "nanquantile", "percentile", "quantile",
]  # fmt: skip


# ---------------------------------------------------------------------- order statistics
class _Order:
    """Which elements have which rank, in the rows of an array, and who shares it with them.

    Attributes
    ----------
    run : array
        For each element the number of its run: the elements of its row that are equal to it. NaNs are equal.
    ranked : array
        The same for each rank, from the smallest element of a row to the largest, NaN after that.
    size : array
        How many elements a run has.
    valid : array
        How many elements of a row are no NaN, as a column.
    """

    def __init__(self, rows: Any) -> None:
        order = np.argsort(rows, axis=1, kind="stable")
        self.sorted = np.take_along_axis(rows, order, 1)
        before, now = self.sorted[:, :-1], self.sorted[:, 1:]
        first = np.ones((len(rows), 1), bool)
        new = np.concatenate([first, (now != before) & (before == before)], axis=1)
        self.ranked = (np.cumsum(new.reshape(-1)) - 1).reshape(rows.shape)
        self.run = np.empty_like(self.ranked)
        np.put_along_axis(self.run, order, self.ranked, 1)
        self.size = np.bincount(self.ranked.reshape(-1))
        self.valid = np.sum(rows == rows, axis=1, keepdims=True)

    def spread(self, g: Any, rank: Any) -> Any:
        """`g`, of the elements of `rank` in each row, given to these in equal parts to all of a run."""
        runs = np.take_along_axis(self.ranked, rank, 1)
        sums = scatter_add(g.reshape((-1,)), runs.reshape(-1), self.size.shape)
        return (sums / self.size.astype(g.dtype))[self.run]

    def values(self, rows: Any, rank: Any) -> Any:
        """The transpose of `spread`: the elements of `rank`, as a function of all elements."""
        sums = scatter_add(rows.reshape((-1,)), self.run.reshape(-1), self.size.shape)
        return (sums / self.size.astype(rows.dtype))[np.take_along_axis(self.ranked, rank, 1)]


def _rows(x: Any, axis: Any) -> Any:
    """`x` as a matrix whose rows are what is reduced."""
    flat = flattened(x, axis)
    return flat.reshape((flat.size // flat.shape[-1], flat.shape[-1]))


# the virtual index of a quantile is n q + alpha + q (1 - alpha - beta) - 1
# Hyndman and Fan, Sample quantiles in statistical packages, The American Statistician 50 (1996), 361-365
_CONTINUOUS = {
    "interpolated_inverted_cdf": (0.0, 1.0),
    "hazen": (0.5, 0.5),
    "weibull": (0.0, 0.0),
    "linear": (1.0, 1.0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}


def _steps(n: Any, q: Any, method: str) -> tuple[Any, Any, Any]:
    """The methods that jump: the ranks below and above, and the part of the way between them."""
    whole = (n - 1) * q
    if method == "midpoint":
        low, high = np.floor(whole), np.ceil(whole)
    elif method == "averaged_inverted_cdf":
        low, high = np.ceil(n * q) - 1, np.floor(n * q)
    elif method == "inverted_cdf":
        low = high = np.ceil(n * q) - 1
    elif method == "closest_observation":
        low = high = np.around(n * q) - 1
    else:
        rounded: dict[str, Any] = {"lower": np.floor, "higher": np.ceil, "nearest": np.around}
        low = high = rounded[method](whole)
    return low, high, np.full(np.shape(low), 0.5)


def _places(n: Any, q: Any, method: str) -> tuple[Any, Any, Any, Any]:
    """Ranks below and above the quantile `q` of `n` elements, the part of the way, and by how much `q` moves it.

    Between two ranks it moves evenly; at one it is the segment above that counts, at the last the one below.
    """
    top = n - 1
    if method not in _CONTINUOUS:
        low, high, part = _steps(n, q, method)
        return np.clip(low, 0, top).astype(int), np.clip(high, 0, top).astype(int), part, np.zeros(np.shape(low))
    alpha, beta = _CONTINUOUS[method]
    place = (n - 1) * q if method == "linear" else n * q + (alpha + q * (1 - alpha - beta)) - 1
    low = np.clip(np.floor(place), 0, np.maximum(n - 2, 0))
    speed = np.where((place >= 0) & (place <= n - 1), n + 1 - alpha - beta, 0)
    return low.astype(int), np.minimum(low + 1, top).astype(int), np.clip(place - low, 0, 1), speed


class _Quantiles:
    """The two ranks and the part of the way between them for every row (first axis) and quantile (second)."""

    def __init__(
        self, a: Any, q: Any, axis: Any, method: str, ignore: bool, weights: Any = None, out: Any = None
    ) -> None:
        rows = _rows(plain(a), axis)
        at = np.asarray(plain(q)).reshape(1, -1)
        self.order = _Order(rows)
        n = self.order.valid if ignore else np.full((len(rows), 1), rows.shape[1])
        if weights is None:
            self.low, self.high, self.part, self.speed = _places(n, at, method)
        else:  # an element, so its value tells its rank
            values = plain(out).reshape((at.size, -1)).T
            ranks = [np.searchsorted(row, v) for row, v in zip(self.order.sorted, values, strict=True)]
            self.low = self.high = np.asarray(ranks, int).reshape(values.shape)
            self.part = self.speed = np.zeros(self.low.shape)
        self.there = n > 0  # of nothing but NaN there is no quantile
        missing = self.order.valid < n  # a NaN is the quantile of its row, unless it is ignored
        self.low, self.high = np.where(missing, -1, self.low), np.where(missing, -1, self.high)
        if hasattr(q, "_node"):  # a Tensor: the part as a function of it, for derivatives in both
            self.part = self.part + self.speed * (q.reshape((1, -1)) - at)

    def in_rows(self, g: Any) -> Any:
        """The cotangent, quantiles first, with a row for each row."""
        m = self.low.shape[1]
        return np.where(self.there, np.swapaxes(g.reshape((m, len(self.low))), 0, 1), 0)

    def at_a(self, g: Any, a: Any, axis: Any) -> Any:
        g = self.in_rows(g)
        found = self.order.spread(g * (1 - self.part), self.low) + self.order.spread(g * self.part, self.high)
        return unflattened(found, a, axis)

    def at_q(self, g: Any, a: Any, q: Any, axis: Any) -> Any:
        rows = _rows(a, axis)
        rise = self.order.values(rows, self.high) - self.order.values(rows, self.low)
        rise = np.where(rise == rise, rise, 0)  # from NaN to NaN, and from one infinity to the next, it does not move
        return (self.in_rows(g) * rise * self.speed).sum(axis=0).reshape(q.shape)


def _nothing(g: Any, like: Any) -> Any:
    return np.broadcast_to(flat(g).sum(), like.shape)


def _rule_a(ignore: bool) -> Callable[..., Any]:
    def rule(g: Any, out: Any, a: Any, q: Any, axis: Any, method: str, weights: Any) -> Any:
        if a.size == 0:
            return _nothing(g, a)
        return _Quantiles(a, q, axis, method, ignore, weights, out).at_a(g, a, axis)

    return rule


def _rule_q(ignore: bool) -> Callable[..., Any]:
    def rule(g: Any, a: Any, q: Any, axis: Any, method: str) -> Any:
        return _nothing(g, q) if a.size == 0 else _Quantiles(a, q, axis, method, ignore).at_q(g, a, q, axis)

    return rule


@primitive(
    a=_rule_a(False),
    q=_rule_q(False),
    numpy=(np.quantile,),
    name="quantile",
    kink="selection",
    selects=True,
)
def _quantile(a, q, axis=None, method="linear", keepdims=False, weights=None):
    """The value below which a part `q` of the elements lies."""
    return np.quantile(a, q, axis=axis, method=method, keepdims=keepdims, weights=weights)


@primitive(
    a=_rule_a(True),
    q=_rule_q(True),
    numpy=(np.nanquantile,),
    name="nanquantile",
    kink="selection",
    selects=True,
)
def _nanquantile(a, q, axis=None, method="linear", keepdims=False, weights=None):
    """The value below which a part `q` of the elements that are no NaN lies."""
    at = np.ravel(q) if np.ndim(q) > 1 and np.size(a) else q  # NumPy 2.4 mixes up several axes of q and a negative axis
    found = np.nanquantile(a, at, axis=axis, method=method, keepdims=keepdims, weights=weights)
    return found if at is q else found.reshape(np.shape(q) + found.shape[1:])


def _checked(q: Any, method: str) -> Any:
    """`q`, if the method's result moves with it or nobody asks how much."""
    if tracked(q) and method not in _CONTINUOUS:
        raise TypeError(
            f"method='{method}' has no derivative with respect to q, in which it jumps: pass q.data, or use one of "
            + ", ".join(_CONTINUOUS)
        )
    return q


def _of_hundred(q: Any) -> Any:
    given = np.asarray(plain(q))
    if given.size and not (given.min() >= 0 and given.max() <= 100):
        raise ValueError("percentiles lie between 0 and 100")
    return q / 100 if isinstance(q, (int, float)) else np.true_divide(operand(q), 100)


@composite(numpy=(np.quantile,), name="quantile", kink="selection")
def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    weights: Any = None,
) -> Any:
    """The value below which a part `q` of the elements lies; the axes of `q` come first.

    All of NumPy's methods. Equal elements share the gradient equally. Where there is a NaN it is the quantile.
    Differentiable in `q` too for the methods that are continuous in it: between two elements it moves evenly; at one
    the slope is that above, at the largest that below.

    Raises
    ------
    TypeError
        If `q` has a gradient and the method jumps; if `weights` has one.

    Examples
    --------
    >>> import autograd.numpy as np
    >>> from autograd import Tensor
    >>> x = Tensor([3.0, 1.0, 2.0], requires_grad=True)
    >>> np.quantile(x, 0.25).backward()
    >>> x.grad
    Tensor([0. , 0.5, 0.5])
    """
    return _quantile(a, _checked(q, method), axis=axis, method=method, keepdims=keepdims, weights=weights)


@composite(numpy=(np.nanquantile,), name="nanquantile", kink="selection")
def nanquantile(
    a: Any,
    q: Any,
    axis: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    weights: Any = None,
) -> Any:
    """As `quantile`, of the elements that are no NaN; of none it is NaN, with gradient 0."""
    return _nanquantile(a, _checked(q, method), axis=axis, method=method, keepdims=keepdims, weights=weights)


@composite(numpy=(np.percentile,), kink="selection")
def percentile(
    a: Any,
    q: Any,
    axis: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    weights: Any = None,
) -> Any:
    """The value below which `q` percent of the elements lie; as `quantile`."""
    q = _of_hundred(_checked(q, method))
    return _quantile(a, q, axis=axis, method=method, keepdims=keepdims, weights=weights)


@composite(numpy=(np.nanpercentile,), kink="selection")
def nanpercentile(
    a: Any,
    q: Any,
    axis: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    weights: Any = None,
) -> Any:
    """As `percentile`, of the elements that are no NaN."""
    q = _of_hundred(_checked(q, method))
    return _nanquantile(a, q, axis=axis, method=method, keepdims=keepdims, weights=weights)


def _median_rule(ignore: bool) -> Callable[..., Any]:
    def rule(g: Any, a: Any, axis: Any, keepdims: bool) -> Any:
        if a.size == 0:
            return _nothing(g, a)
        return _Quantiles(a, 0.5, axis, "midpoint", ignore).at_a(g.reshape((-1,)), a, axis)

    return rule


@primitive(a=_median_rule(False), numpy=(np.median,), kink="selection", selects=True, batch="axis")
def median(a, axis=None, overwrite_input=False, keepdims=False):
    """The middle element in order, or the mean of the middle two; equal elements share. If there is a NaN it wins."""
    return np.median(a, axis=axis, keepdims=keepdims)


@primitive(a=_median_rule(True), numpy=(np.nanmedian,), kink="selection", selects=True, batch="axis")
def nanmedian(a, axis=None, overwrite_input=False, keepdims=False):
    """The median of the elements that are no NaN; of none it is NaN, with gradient 0."""
    return np.nanmedian(a, axis=axis, keepdims=keepdims)


# ---------------------------------------------------------------------- averages and covariances
@composite(numpy=(np.average,))
def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, keepdims: bool = False) -> Any:
    """sum(a * weights) / sum(weights) along `axis`, differentiable in both.

    Parameters
    ----------
    a : array_like
    axis : int, tuple of int or None
    weights : array_like, optional
        Of the shape of `a`, or of the reduced axes.
    returned : bool
        Give the sum of the weights as well.
    keepdims : bool

    Raises
    ------
    ZeroDivisionError
        If weights sum to zero.
    """
    a = operand(a)
    if axis is not None:
        axis = normalize_axis_tuple(axis, a.ndim, argname="axis")
    if weights is None:
        found = mean(a, axis=axis, keepdims=keepdims)
        return (found, np.full_like(found, count(a, axis))) if returned else found
    weights = operand(weights)
    dtype = np.result_type(a.dtype, weights.dtype, *([] if a.dtype.kind in "fc" else [np.float64]))
    if weights.shape != a.shape:
        weights = _along(weights, a, axis)
    total = sum(weights.astype(dtype), axis=axis, keepdims=keepdims)
    if np.any(total == 0):
        raise ZeroDivisionError("average: the weights sum to zero")
    found = sum(a.astype(dtype) * weights, axis=axis, keepdims=keepdims) / total
    return (found, np.broadcast_to(total, found.shape)) if returned else found


def _along(weights: Any, a: Any, axis: Any) -> Any:
    """Weights of the axes in `axis`, in this order, so that they broadcast against `a`."""
    if axis is None:
        raise TypeError(f"axis= is needed where the weights' shape {weights.shape} is not the array's {a.shape}")
    if weights.shape != tuple(a.shape[i] for i in axis):
        raise ValueError(f"weights of shape {weights.shape} do not fit axis {axis} of {a.shape}")
    weights = np.transpose(weights, tuple(int(i) for i in np.argsort(axis)))
    return weights.reshape(tuple(n if i in axis else 1 for i, n in enumerate(a.shape)))


def _observations(m: Any, y: Any, rowvar: bool, dtype: Any) -> Any:
    """The variables of `m` and of `y` as the rows of one matrix."""
    m = operand(m)
    y = None if y is None else operand(y)
    for x in (m, y):
        if x is not None and x.ndim > 2:
            raise ValueError(f"a matrix of observations has at most 2 axes, not {x.ndim}")
    if dtype is None:
        dtype = np.result_type(m.dtype, np.float64, *([] if y is None else [y.dtype]))
    rows = (m if m.ndim == 2 else m.reshape((1, m.size))).astype(dtype)
    rows = rows if rowvar or m.ndim == 1 else np.transpose(rows)
    if y is None or not rows.shape[0]:
        return rows
    more = (y if y.ndim == 2 else y.reshape((1, y.size))).astype(dtype)
    more = more if rowvar or more.shape[0] == 1 else np.transpose(more)
    return np.concatenate([rows, more], axis=0)


def _frequencies(weights: Any, n: int, name: str) -> Any:
    """Checked weights of `n` observations, as NumPy wants them."""
    weights = operand(weights)
    weights = weights if weights.dtype == float else weights.astype(float)
    if name == "fweights":
        if tracked(weights):
            raise TypeError("fweights are counts and have no derivative: pass fweights.data, or use aweights")
        if not np.all(plain(weights) == np.around(plain(weights))):
            raise TypeError("fweights must be integers")
    if weights.ndim > 1:
        raise RuntimeError(f"cov: {name} is a vector, not an array of {weights.shape}")
    if weights.shape != (n,):
        raise RuntimeError(f"cov: {n} observations and {name} of shape {weights.shape}")
    if np.any(weights < 0):
        raise ValueError(f"{name} cannot be negative")
    return weights


@composite(numpy=(np.cov,))
def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    dtype: Any = None,
) -> Any:
    """Covariances of the rows of `m` (of its columns unless `rowvar`) and of those of `y`.

    `fweights` says how often each observation comes, `aweights` (differentiable too) how much it counts. As NumPy's the
    result is float64 unless `dtype` says otherwise; with too few observations it is NaN or infinite, with a warning.
    """
    if ddof is not None and ddof != int(ddof):
        raise ValueError(f"ddof must be an integer, not {ddof}")
    ddof = (0 if bias else 1) if ddof is None else ddof
    x = _observations(m, y, rowvar, dtype)
    if not x.shape[0]:
        return wrap(np.empty((0, 0)))
    n = x.shape[1]
    f = None if fweights is None else _frequencies(fweights, n, "fweights")
    a = None if aweights is None else _frequencies(aweights, n, "aweights")
    w = f if a is None else a if f is None else f * a
    centre, total = average(x, axis=1, weights=w, returned=True) if w is not None else (mean(x, axis=1), None)
    free: Any
    if w is None or total is None:
        free = n - ddof
    else:
        total = np.real(total[0]) if total.dtype.kind == "c" else total[0]
        free = total - (0 if ddof == 0 else ddof if a is None else ddof * sum(w * a) / total)
    if free <= 0:
        warnings.warn("cov: degrees of freedom <= 0", RuntimeWarning, stacklevel=4)
        free = 0.0
    x = x - centre.reshape((-1, 1))
    right = np.transpose(x if w is None else x * w)
    with np.errstate(divide="ignore"):
        scale = np.true_divide(1, free)
    return np.squeeze((x @ (np.conj(right) if right.dtype.kind == "c" else right)) * scale)


@primitive(x=lambda g: g, batch="leading")
def bounded_correlation(x):
    """Correlations that rounding took past 1 or -1, put back: its slope is 1, as only rounding is taken off."""
    if x.dtype.kind == "c":
        return np.clip(x.real, -1, 1) + 1j * np.clip(x.imag, -1, 1)
    return np.clip(x, -1, 1)


@composite(numpy=(np.corrcoef,))
def corrcoef(x: Any, y: Any = None, rowvar: bool = True, dtype: Any = None) -> Any:
    """Correlations: the covariances over both standard deviations, within -1 and 1; NaN for what does not vary."""
    c = cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    n = c.shape[0]
    spread = np.sqrt(np.real(c[np.arange(n), np.arange(n)]) if c.dtype.kind == "c" else c[np.arange(n), np.arange(n)])
    c = c / spread.reshape((n, 1)) / spread.reshape((1, n))
    return bounded_correlation(c)
