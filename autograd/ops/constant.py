"""Constant by nature: NumPy's functions whose derivative is zero or has no meaning."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd.graph import Variable
from autograd.ops.elementwise import multiply
from autograd.ops.shape import astype, broadcast_to
from autograd.primitive import composite, constant, plain, wrap

__all__ = ["full_like"]

constant(np.round, np.around)
constant(
    np.floor, np.ceil, np.rint, np.trunc, np.floor_divide, np.isfinite, np.isnan, np.isinf, np.signbit,
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal,
    np.logical_and, np.logical_or, np.logical_not, np.logical_xor,
    np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift,
    np.argmax, np.argmin, np.argsort, np.any, np.all, np.nonzero, np.count_nonzero, np.searchsorted, np.flatnonzero,
    np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.empty_like,
    np.allclose, np.isclose, np.array_equal, np.array_repr, np.array_str, np.result_type,
    np.fix, np.spacing, np.gcd, np.lcm, np.bitwise_count, np.isneginf, np.isposinf, np.iscomplex, np.isreal,
    np.iscomplexobj, np.isrealobj, np.isin, np.isnat, np.array_equiv, np.argpartition, np.lexsort, np.argwhere,
    np.nanargmax, np.nanargmin, np.digitize, np.unravel_index, np.ravel_multi_index, np.packbits, np.unpackbits,
    np.diag_indices_from, np.tril_indices_from, np.triu_indices_from, np.array2string, np.can_cast, np.common_type,
    np.min_scalar_type, np.may_share_memory, np.shares_memory, np.ix_, np.einsum_path, np.linalg.matrix_rank,
    np.save, np.savetxt, np.savez, np.savez_compressed,
)  # fmt: skip


@composite(numpy=(np.full_like,))
def full_like(a: Any, fill_value: Any, dtype: DTypeLike | None = None) -> Any:
    """An array of `fill_value`, in the shape and dtype of `a`."""
    if not isinstance(fill_value, Variable):
        filled = np.full_like(plain(a), fill_value, dtype)
        return wrap(filled) if isinstance(a, Variable) else filled
    ones = np.ones_like(plain(a), dtype)  # which lie in memory as `a` does
    return multiply(ones, broadcast_to(astype(fill_value, ones.dtype), ones.shape))
