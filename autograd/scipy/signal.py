"""Convolution of arrays of any rank, `autograd.scipy.signal.convolve`, with the arguments that HIPS autograd has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.ops.conv import conv
from autograd.ops.fft import fftn, ifftn, irfftn, rfftn
from autograd.primitive import operand

__all__ = ["convolve", "correlate", "fftconvolve"]

Axes = Sequence[Sequence[int]] | None


def _named(A: Any, B: Any, axes: Axes, dot_axes: Axes) -> tuple[list[int], ...]:
    """For each array its axes that are convolved, multiplied and left alone, all from zero up."""
    if axes is None:
        axes = [range(A.ndim), range(B.ndim)]
    dots: Sequence[Sequence[int]] = ((), ()) if dot_axes is None else dot_axes
    found = []
    for x, slid, dotted in zip((A, B), axes, dots, strict=True):
        used = [*slid, *dotted]
        if any(not -x.ndim <= a < x.ndim for a in used) or len({a % x.ndim for a in used}) < len(used):
            raise ValueError(f"convolve: axes {used} do not exist, or come twice, in shape {x.shape}")
        along, over = [a % x.ndim for a in slid], [a % x.ndim for a in dotted]
        found.append((along, over, [a for a in range(x.ndim) if a not in along + over]))
    (a_along, a_over, a_rest), (b_along, b_over, b_rest) = found
    if len(a_along) != len(b_along) or len(a_over) != len(b_over):
        raise ValueError(f"convolve: axes {axes} and dot_axes {dots} need as many axes for one array as for the other")
    if [A.shape[a] for a in a_over] != [B.shape[b] for b in b_over]:
        raise ValueError(f"convolve: shapes {A.shape} and {B.shape} differ along dot_axes {dots}")
    return a_along, a_over, a_rest, b_along, b_over, b_rest


def _size(x: Any, axes: list[int]) -> int:
    return math.prod(x.shape[a] for a in axes)


def convolve(A: Any, B: Any, axes: Axes = None, dot_axes: Axes = ((), ()), mode: str = "full") -> Any:
    """out[a, b, k] = sum over d, j of A[a, d, j] B[b, d, k - j]: a convolution along some axes, products over others.

    Parameters
    ----------
    A, B : array or Tensor
    axes : pair of sequences, optional
        The axes of `A` and of `B` that are convolved; by default all of them.
    dot_axes : pair of sequences
        Axes of equal size that are multiplied and summed over.
    mode : "full", "valid" or "same"
        All results; those where one array lies wholly within the other; or as many as `A` has, from the middle.

    Returns
    -------
    array or Tensor
        Axes: those of `A` alone, those of `B` alone, then the convolved ones.

    Raises
    ------
    ValueError
        If the axes do not fit, an array is empty along one, or "valid" finds neither array within the other.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.scipy.signal import convolve
    >>> convolve(np.array([1.0, 2.0]), np.array([1.0, 1.0, 1.0]))
    array([1., 3., 3., 2.])
    """
    A, B = operand(A), operand(B)
    a_along, a_over, a_rest, b_along, b_over, b_rest = _named(A, B, axes, dot_axes)
    a_size, b_size = [A.shape[a] for a in a_along], [B.shape[b] for b in b_along]
    _check(mode, a_size, b_size)
    swap = mode == "valid" and any(n < m for n, m in zip(a_size, b_size, strict=True))
    if mode != "valid" and math.prod(b_size) > math.prod(a_size):
        swap = True
    # the larger is the image, (its own axes, dotted, convolved), the smaller the reversed kernel
    image = np.transpose(A, (*a_rest, *a_over, *a_along)).reshape((_size(A, a_rest), _size(A, a_over), *a_size))
    kernel = np.transpose(B, (*b_rest, *b_over, *b_along)).reshape((_size(B, b_rest), _size(B, b_over), *b_size))
    if swap:
        image, kernel = kernel, image
    kernel = np.flip(kernel, tuple(range(2, kernel.ndim)))
    if a_along:
        out = conv(image, kernel, None, 1, _margins(mode, a_size, b_size, kernel.shape[2:]))
    else:  # nothing slides
        out = np.tensordot(image, kernel, ((1,), (1,)))
    out = np.swapaxes(out, 0, 1) if swap else out
    if mode == "same":
        out = out[(..., *_middle(a_size, b_size, kernel.shape[2:]))]
    return out.reshape((*(A.shape[a] for a in a_rest), *(B.shape[b] for b in b_rest), *out.shape[2:]))


def _check(mode: str, a_size: list[int], b_size: list[int]) -> None:
    if mode not in ("full", "valid", "same"):
        raise ValueError(f"convolve: mode is 'full', 'valid' or 'same', not {mode!r}")
    if 0 in a_size or 0 in b_size:
        raise ValueError("convolve: an array has no elements along a convolved axis")
    above = [n >= m for n, m in zip(a_size, b_size, strict=True)]
    below = [n <= m for n, m in zip(a_size, b_size, strict=True)]
    if mode == "valid" and not (all(above) or all(below)):
        raise ValueError(
            f"convolve: of sizes {a_size} and {b_size} neither lies within the other: mode 'valid' is empty"
        )


def _margins(mode: str, a_size: list[int], b_size: list[int], taps: tuple[int, ...]) -> Any:
    """The padding of the image: enough for all results, or for as many as `A` has, from the middle."""
    if mode == "valid":
        return "valid"
    if mode == "full":
        return [(k - 1, k - 1) for k in taps]
    pairs = []
    for m, k in zip(b_size, taps, strict=True):
        first = (m - 1) // 2  # of all n + m - 1 results, the first that is kept
        pairs.append((max(0, k - 1 - first), max(0, k - m + first)))
    return pairs


def _middle(a_size: list[int], b_size: list[int], taps: tuple[int, ...]) -> list[slice]:
    """What is kept for "same" where not even an image without padding has few enough results."""
    starts = [max(0, (m - 1) // 2 - (k - 1)) for m, k in zip(b_size, taps, strict=True)]
    return [slice(i, i + n) for i, n in zip(starts, a_size, strict=True)]


def correlate(A: Any, B: Any, mode: str = "full") -> Any:
    """out[k] = sum over j of A[j + k] conj(B[j]), along all axes; modes as in `convolve`. SciPy's `correlate`."""
    B = operand(B)
    return convolve(A, np.flip(np.conj(B) if B.dtype.kind == "c" else B), mode=mode)


def _smooth(n: int) -> int:
    """The next number without prime factors above 5, whose Fourier transform is quick."""
    while True:
        rest = n
        for p in (2, 3, 5):
            while rest % p == 0:
                rest //= p
        if rest == 1:
            return n
        n += 1


def fftconvolve(in1: Any, in2: Any, mode: str = "full", axes: int | Sequence[int] | None = None) -> Any:
    """What `convolve` gives along `axes` (all by default), by Fourier transforms: O(n log n) for large kernels.

    Along other axes the arrays broadcast. SciPy's `fftconvolve`; rounding errors are relative to the largest result.
    """
    in1, in2 = operand(in1), operand(in2)
    if in1.ndim != in2.ndim:
        raise ValueError(f"fftconvolve: shapes {in1.shape} and {in2.shape} have different ranks")
    along = range(in1.ndim) if axes is None else [axes] if isinstance(axes, (int, np.integer)) else axes
    along = sorted(a % in1.ndim for a in along)
    n, m = [in1.shape[a] for a in along], [in2.shape[a] for a in along]
    _check(mode, n, m)
    if not along:
        return in1 * in2
    lengths = [_smooth(i + j - 1) for i, j in zip(n, m, strict=True)]
    if in1.dtype.kind == "c" or in2.dtype.kind == "c":
        out = ifftn(fftn(in1, lengths, along) * fftn(in2, lengths, along), lengths, along)
    else:
        out = irfftn(rfftn(in1, lengths, along) * rfftn(in2, lengths, along), lengths, along)
    index = [slice(None)] * in1.ndim
    for a, i, j in zip(along, n, m, strict=True):
        start = {"full": 0, "same": (j - 1) // 2, "valid": min(i, j) - 1}[mode]
        size = {"full": i + j - 1, "same": i, "valid": abs(i - j) + 1}[mode]
        index[a] = slice(start, start + size)
    return out[tuple(index)]
