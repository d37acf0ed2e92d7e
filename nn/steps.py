"""Tensors of one step after the other."""

from __future__ import annotations

from autograd import Tensor


def unstacked(x: Tensor) -> list[Tensor]:
    """x[0], x[1], ..., by halving: the gradient of each cut is as large as what was cut, not as all of `x`.

    >>> [step.item() for step in unstacked(Tensor([1.0, 2.0, 3.0]))]
    [1.0, 2.0, 3.0]
    """
    pieces = [x]
    while len(pieces) < x.shape[0]:
        cuts = [(piece, len(piece) // 2) for piece in pieces]
        pieces = [part for piece, n in cuts for part in ((piece[:n], piece[n:]) if n else (piece,))]
    return [piece[0] for piece in pieces]
