"""What flows along every edge of a backward pass, noted while it runs: cheap then, turned into numbers when asked.

Of every cotangent, before its parent adds it to the others, two things are taken: the sum of its squares (one pass at
the speed of memory) and, where it is large, `SAMPLE` elements at even distances. All edges into one parent are sampled
at the same places, so their samples add up to that of the whole gradient.
"""

from __future__ import annotations

import contextlib
import functools
import math
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from autograd.sparse import dense
from autograd.state import mode, state

SAMPLE = 1024  # elements
_HERE = Path(__file__).parent.parent  # what is here, in NumPy and among the layers is no line of the program
_ENGINE = tuple(str(folder) + os.sep for folder in (_HERE, Path(np.__file__).parent))
_LAYERS = str(_HERE.with_name("nn")) + os.sep
_TINY = 1e-30  # a sum of squares below it may have lost what was smaller


class Statistics(NamedTuple):
    """Numbers of one array.

    Attributes
    ----------
    rms, max : float
        Root of the mean square; the largest magnitude. NaN where a NaN is among the elements.
    zeros : float
        Share of exact zeros, from 0 to 1.
    nans, infinities : int
        How many.
    size : int
        Number of elements.
    sampled : bool
        Whether `max`, `zeros`, `nans` and `infinities` are those of a sample, scaled up; `rms` is of all elements as
        long as these are finite, except where a gradient was added up from several edges.
    """

    rms: float
    max: float
    zeros: float
    nans: int
    infinities: int
    size: int
    sampled: bool

    @property
    def finite(self) -> bool:
        return math.isfinite(self.rms)


class Part:
    """What was noted of one array: a sample of its elements, the sum of its squares (or None) and its size."""

    __slots__ = ("sample", "square", "size")

    def __init__(self, sample: Any, square: float | None, size: int) -> None:
        self.sample = sample
        self.square = square
        self.size = size

    @property
    def whole(self) -> bool:
        """Whether the sample is everything."""
        return bool(self.sample.size == self.size)

    @property
    def finite(self) -> bool:
        """Whether every element is finite (of a sum over several edges: every element of the sample)."""
        if self.square is not None and math.isfinite(self.square):
            return True
        if self.size == 1:  # the quick way for graphs of scalars
            return math.isfinite(abs(self.sample.item()))
        return bool(np.isfinite(self.sample).all()) and (self.square is None or not math.isnan(self.square))

    def statistics(self) -> Statistics:
        size = np.abs(self.sample).astype(np.float64).ravel()
        if not size.size:
            return Statistics(0.0, 0.0, 0.0, 0, 0, self.size, False)
        nans, infinities = int(np.isnan(size).sum()), int(np.isinf(size).sum())
        top = float(size.max())
        rms = top
        if math.isfinite(top) and top:
            rms = top * math.sqrt(float(np.mean((size / top) ** 2)))
        if self.square is not None and not self.whole:
            if math.isnan(self.square):  # one that the sample has missed
                rms, nans = math.nan, max(nans, 1)
            elif math.isfinite(self.square) and (self.square > _TINY or top == 0.0):
                rms = math.sqrt(self.square / self.size)
        scale = self.size / size.size
        return Statistics(
            rms, top, float(np.mean(size == 0)), round(nans * scale), round(infinities * scale), self.size,
            not self.whole,
        )  # fmt: skip


@functools.lru_cache(1024)
def _places(shape: tuple[int, ...]) -> tuple[Any, ...]:
    """Where an array of this shape is sampled, for one that does not lie in memory in one piece."""
    size = math.prod(shape)
    return np.unravel_index(np.arange(0, size, _stride(size)), shape)


def _stride(size: int) -> int:
    """The distance of the samples: odd, so that it does not keep step with the axes, most of which are even."""
    return -(-size // SAMPLE) | 1


def note(r: Any, square: float | None = None) -> Part:
    """What to keep of the array `r`: a copy, for the array itself may be written to later.

    `square` is the sum of its squares where that is known already. To be called where NumPy is told not to warn.
    """
    size = r.size
    if size <= SAMPLE:
        sample = r.copy()
        flat = sample.reshape(-1)
        return Part(sample, float(flat.dot(flat)) if size > 1 and r.dtype.kind == "f" else None, size)
    if r.flags.c_contiguous:
        flat = r.reshape(-1)
        sample = flat[:: _stride(size)].copy()
    else:
        sample = r[_places(r.shape)]
        if square is not None:
            return Part(sample, square, size)
        flat = _in_one_piece(r)
    if square is not None:
        return Part(sample, square, size)
    square = float(np.vdot(flat, flat).real if r.dtype.kind == "c" else flat.dot(flat))
    return Part(sample, square * (size / flat.size), size)


def _in_one_piece(r: Any) -> Any:
    """The elements of `r` in the order of memory, each as often as any other: without a copy where that can be."""
    if 0 in r.strides:  # broadcast: all that stands along such an axis is alike
        r = r[tuple([slice(0, 1) if stride == 0 else slice(None) for stride in r.strides])]
    return r.transpose(sorted(range(r.ndim), key=lambda axis: -r.strides[axis])).reshape(-1)


def added(parts: list[Part]) -> Part:
    """The whole of what arrives over several edges: exact where it is small, else known where it was sampled."""
    if len(parts) == 1:
        return parts[0]
    with np.errstate(all="ignore"):
        return Part(functools.reduce(np.add, [part.sample for part in parts]), None, parts[0].size)


class Fact(NamedTuple):
    """What the values of an op say that backward will free: `share` of its units are dead, or of its elements flat."""

    kind: str  # "dead" or "saturated"
    share: float
    size: int


class Flow:
    """What a backward pass sent along each edge, by (consumer's node, place among its arguments).

    A mapping in the order of the pass: `flow[node, place]` gives `Statistics`. It holds no array of more than
    `SAMPLE` elements, and nodes but none of what the graph has saved. A second pass through a node replaces the first.

    Attributes
    ----------
    parts : dict
        A `Part` for every edge.
    facts : dict
        By node, a `Fact` about the values that backward frees.
    lost : set
        Nodes whose values hold a NaN, found where a gradient was not finite.
    broken : list
        Edges that are not finite, in the order of the pass.
    seconds : dict
        By node, the time that its rules took; empty unless asked for.
    lines : mapping
        By node, the file and line of the program that made it; empty unless asked for.
    """

    def __init__(self, timed: bool = False) -> None:
        self.parts: dict[tuple[Any, int], Part] = {}
        self.facts: dict[Any, Fact] = {}
        self.lost: set[Any] = set()
        self.broken: list[tuple[Any, int]] = []
        self.seconds: dict[Any, float] = {}
        self.lines: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
        self._timed = timed
        self._clock = time.perf_counter() if timed else 0.0
        self._last: Any = None
        self._place = -1
        self._array: Any = None
        self._part: Any = None

    def watch(self, node: Any, parent: Any, r: Any) -> None:
        """Note what `node` sends to `parent`; an argument that comes twice is met in the order of the places."""
        if self._timed:
            now = time.perf_counter()
            self.seconds[node] = self.seconds.get(node, 0.0) + now - self._clock
        parents = node.parents
        if node is self._last:
            place = self._place + 1
            while place < len(parents) and parents[place] is not parent:
                place += 1
            if place == len(parents):  # another pass through the same node
                place = parents.index(parent)
        else:
            place = parents.index(parent)
            self._last = node
            if node.op.name in TELLING:
                fact = fact_of(node)
                if fact is not None:
                    self.facts[node] = fact
        self._place = place
        if r is not self._array:
            values: Any = r
            if not isinstance(r, (np.ndarray, np.generic)):
                values = dense(getattr(r, "_data", r))
            before, self._array = self._array, r
            alike = before is not None and values.base is before and values.size == before.size  # a reshape of it
            self._part = note(values, self._part.square if alike else None)
        part = self.parts[node, place] = self._part
        if not part.finite:
            self.broken.append((node, place))
            self.lost.update(lost(node))
        if self._timed:
            self._clock = time.perf_counter()

    def close(self) -> None:
        """Let go of the last array."""
        self._array = self._last = None

    def __getitem__(self, edge: tuple[Any, int]) -> Statistics:
        return self.parts[edge].statistics()

    def __iter__(self) -> Iterator[tuple[Any, int]]:
        return iter(self.parts)

    def __len__(self) -> int:
        return len(self.parts)


@contextlib.contextmanager
def recording(*, timed: bool = False, lines: bool = False) -> Iterator[Flow]:
    """Note what flows along every edge in the backward passes inside, for `draw(loss, flow=flow)` afterwards.

    It costs less than a tenth of the pass and works although backward frees the graph.

    Parameters
    ----------
    timed : bool
        Whether to note the time of each op's rules.
    lines : bool
        Whether to note the line of the program that made each node, for the page of a picture. The forward pass must
        then run inside too, and costs a few microseconds more for each op.

    Examples
    --------
    >>> from autograd import Tensor
    >>> from autograd.draw import recording
    >>> x = Tensor([3.0, 4.0], requires_grad=True, name="x")
    >>> loss = (x * x).sum()
    >>> with recording() as flow:
    ...     loss.backward()
    >>> [float(round(flow[edge].rms, 3)) for edge in flow]
    [1.0, 3.536, 3.536]
    >>> print(loss.draw(flow=flow).text.splitlines()[0])
    %0 x  2 f64  = [3, 4]  ∂ [6, 8]
    """
    flow = Flow(timed)
    before = state.get().watch

    def both(node: Any, parent: Any, r: Any) -> None:
        before(node, parent, r)  # type: ignore[misc]
        flow.watch(node, parent, r)

    changes: dict[str, Any] = {"watch": flow.watch if before is None else both}
    if lines:
        changes["record"] = _recorder(flow, state.get().record)
    with mode(**changes):
        try:
            yield flow
        finally:
            flow.close()


def _recorder(flow: Flow, before: Any) -> Any:
    """Records as `before` does, and notes the line."""

    def record(op: Any, out: Any, args: Any, parents: Any, keep_out: bool, now: Any) -> Any:
        made = before(op, out, args, parents, keep_out, now)
        flow.lines[made._node] = _line()
        return made

    return record


def _line() -> str:
    """Where the program called: outside of the engine and, where it can be, of the layers beside it."""
    frame: Any = sys._getframe(1)
    layer = ""
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith(_ENGINE) and name[0] != "<":
            here = f"{name}:{frame.f_lineno}"
            if not name.startswith(_LAYERS):
                return here
            layer = layer or here
        frame = frame.f_back
    return layer or "an unknown line"


# ---- what values say

TELLING = frozenset(["relu", "sigmoid", "tanh"])
_FLAT = {"tanh": (-0.99, 0.99), "sigmoid": (0.005, 0.995)}  # beyond: the slope is under a fiftieth of the steepest


def fact_of(node: Any) -> Fact | None:
    """The share of dead units of a ReLU (zero for every example), or of flat elements of a sigmoid or tanh.

    None where it is plain that most units are alive.
    """
    out: Any = node.out
    if out is None or out.dtype.kind != "f" or not out.size:
        return None
    if node.op.name == "relu":
        if out.ndim > 1 and not _channels(node):
            row = out[(0,) * (out.ndim - 1)]
            if np.count_nonzero(row) > 0.2 * row.size:  # one example is enough to tell that most units are alive
                return None
        largest = _largest(node, out)
        return Fact("dead", 1.0 - np.count_nonzero(largest) / largest.size, out.size)
    low, high = _FLAT[node.op.name]
    if out.ndim == 0:
        value = out.item()
        return Fact("saturated", float(value < low or value > high), 1)
    if out.size > 16 * SAMPLE:
        out = out.reshape(-1)[:: _stride(out.size)]
    return Fact("saturated", float(np.mean((out < low) | (out > high))), out.size)


def _largest(node: Any, out: Any) -> Any:
    """The largest output of each unit: of a channel after a convolution, else of a place on the last axis."""
    if out.ndim < 2:
        return out
    unit = 1 if _channels(node) else out.ndim - 1
    return out.max(axis=tuple(axis for axis in range(out.ndim) if axis != unit))


def _channels(node: Any) -> bool:
    """Whether the units of a ReLU are channels, on the second axis: after a convolution."""
    parent = node.parents[0]
    return parent is not None and parent.op is not None and parent.op.name.startswith("conv")


def has_nan(x: Any) -> bool:
    if isinstance(x, np.ndarray):
        return x.dtype.kind in "fc" and bool(np.isnan(x).any())
    return isinstance(x, (np.inexact, float, complex)) and bool(x != x)


def lost(node: Any) -> list[Any]:
    """`node` where its value holds a NaN (or a constant that it was given does), and the parents whose values do."""
    found = []
    args = node.args or ()
    given = args[node.op.positions[0]] if node.op.variadic and args else [args[i] for i in node.op.positions if args]
    for parent, value in zip(node.parents, given or (), strict=False):
        if has_nan(value):
            found.append(node if parent is None else parent)
    if has_nan(node.out):
        found.append(node)
    return found
