"""Tensors of every shape, dtype and layout, for tests of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd import Tensor

__all__ = ["tensors"]


def tensors(
    like: Any = None,
    *,
    dtypes: Sequence[Any] = (np.float64, np.float32),
    requires_grad: bool | None = None,
    low: float = -np.inf,
    high: float = np.inf,
    avoid: Sequence[float] = (),
    empty: bool = True,
) -> st.SearchStrategy[Tensor]:
    """Tensors whose values find faults: zeros, ones, repeats, small and large ones; of many shapes and layouts.

    Parameters
    ----------
    like : array, Tensor, tuple of int or strategy of shapes, optional
        Whose shape and dtype they have, or their shape; by default any, without axes and without elements too.
    dtypes : sequence of dtype
        Where `like` has none.
    requires_grad : bool, optional
        By default both; integers and booleans never ask for a gradient.
    low, high, avoid, empty
        As those of `autograd.testing.arrays_like`.

    Examples
    --------
    >>> from hypothesis import find
    >>> from autograd.testing.strategies import tensors
    >>> find(tensors((2,), dtypes=[np.float64], requires_grad=True, low=0), lambda x: True)
    Tensor([1., 1.], requires_grad=True)
    """
    from autograd.testing.fuzz.inputs import arrays_like  # it draws from the pools of this package

    array = like.data if isinstance(like, Tensor) else like
    given = isinstance(array, (np.ndarray, np.generic))
    kinds = [np.dtype(d) for d in ([array.dtype] if given else dtypes)]

    @st.composite
    def draw_one(draw: Any) -> Tensor:
        dtype = draw(st.sampled_from(kinds))
        drawn = draw(arrays_like(array, dtype=dtype, low=low, high=high, avoid=avoid, empty=empty))
        can = dtype.kind in "fc"
        asked = draw(st.booleans()) if requires_grad is None and can else bool(requires_grad) and can
        made = Tensor(drawn, requires_grad=asked)
        made.data = drawn  # its own layout, which a copy need not keep
        return made

    return draw_one()
