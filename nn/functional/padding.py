"""Elements around the last axes, and windows as columns."""

from __future__ import annotations

from collections.abc import Sequence

from autograd import Tensor, ops
from nn.functional.conv import Sizes

MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}  # NumPy's names


def pad(x: Tensor, pad: Sequence[int], mode: str = "constant", value: float = 0.0) -> Tensor:
    """Elements around the last axes of `x`.

    Parameters
    ----------
    pad : sequence of int
        How many elements before and after the last axis, then before and after the one before it, and so on. Less than
        zero cuts elements off.
    mode : "constant", "reflect", "replicate" or "circular"
        `value`; the elements mirrored at the outermost one; the outermost one; those of the other end.

    Raises
    ------
    ValueError
        If there are more pairs than axes, more is cut off than there is, or an axis has too few elements to mirror or
        to go round.

    >>> pad(Tensor([1.0, 2.0, 3.0]), (1, -1), mode="reflect").data.tolist()
    [2.0, 1.0, 2.0]
    """
    if mode not in MODES:
        raise ValueError(f"pad: mode is one of {', '.join(MODES)}, not {mode!r}")
    if len(pad) % 2 or len(pad) > 2 * x.ndim:
        raise ValueError(
            f"pad: input of shape {x.shape}, wanted two numbers for each of its last axes, not {tuple(pad)}"
        )
    lead = x.ndim - len(pad) // 2
    around = [(0, 0)] * lead + [(pad[i], pad[i + 1]) for i in range(len(pad) - 2, -1, -2)]
    most = {"reflect": -1, "circular": 0}
    for n, (before, after) in zip(x.shape, around, strict=True):
        if n + min(before, 0) + min(after, 0) < 0:
            raise ValueError(f"pad: input of shape {x.shape} has fewer elements than {tuple(pad)} cuts off")
        if mode in most and max(before, after) > n + most[mode]:
            raise ValueError(f"pad: input of shape {x.shape} has too few elements for {tuple(pad)} in mode {mode!r}")
    x = x[tuple(slice(max(-before, 0), n - max(-after, 0)) for n, (before, after) in zip(x.shape, around, strict=True))]
    widths = [(max(before, 0), max(after, 0)) for before, after in around]
    settings = {"constant_values": value} if mode == "constant" else {}
    result: Tensor = ops.pad(x, widths, mode=MODES[mode], **settings)
    return result


def unfold(x: Tensor, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> Tensor:
    """Every window of (N, C, *size) as a column: (N, C times the elements of a window, windows)."""
    result: Tensor = ops.unfold(x, kernel_size, dilation, padding, stride)
    return result


def fold(
    x: Tensor,
    output_size: tuple[int, ...],
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Tensor:
    """Columns added up where their windows overlap: the transpose of `unfold`, (N, C, *output_size)."""
    result: Tensor = ops.fold(x, output_size, kernel_size, dilation, padding, stride)
    return result
