"""Functions that make Tensors, and what dtypes can do."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autograd import numpy as anp
from autograd import tensor as _tensor
from autograd.arguments import operand, plain
from autograd.graph import Variable
from autograd.methods import Methods
from autograd.primitive import wrap

DEVICE = "cpu"
Tensor = _tensor.Tensor
__all__ = [
    "arange", "asarray", "astype", "can_cast", "empty", "empty_like", "eye", "finfo", "from_dlpack", "full",
    "full_like", "iinfo", "isdtype", "linspace", "meshgrid", "ones", "ones_like", "result_type", "tril", "triu",
    "zeros", "zeros_like",
]  # fmt: skip


def on_cpu(device: Any) -> None:
    """Refuse every device but the processor's memory."""
    if device is not None and device != DEVICE:
        raise ValueError(f"a Tensor lives on the device 'cpu', not on {device!r}")


def made(array: Any, device: Any = None) -> Any:
    """A Tensor around a new array."""
    on_cpu(device)
    if isinstance(array, Variable):
        return array
    return wrap(array if array.ndim else array[()])


# ---------------------------------------------------------------------- creation
def arange(start: Any, /, stop: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Numbers from `start` (0 if alone) to `stop`, which is left out, `step` apart."""
    first, last = (0, start) if stop is None else (start, stop)
    made_of: Any = plain((first, last, step))
    return made(np.arange(*made_of, dtype=dtype), device)


def asarray(obj: Any, /, *, dtype: Any = None, device: Any = None, copy: bool | None = None) -> Tensor:
    """`obj` as a Tensor: what `autograd.asarray` makes of it, or a copy.

    The gradient of a Tensor, or of Tensors in lists, flows through.

    Raises
    ------
    ValueError
        If `copy` is False and one is needed.
    """
    on_cpu(device)
    result = _tensor.asarray(obj, dtype)
    if copy is False and not (result is obj or result._data is obj):
        raise ValueError(f"asarray: {type(obj).__name__} cannot be a Tensor of dtype {result.dtype} without a copy")
    if copy and (result is obj or result._lent):
        return result.copy()
    return result


def empty(shape: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """A Tensor of any values."""
    return made(np.empty(shape, dtype or float), device)


def empty_like(x: Any, /, *, dtype: Any = None, device: Any = None) -> Tensor:
    """A Tensor of any values, in the shape of `x`."""
    return made(anp.empty_like(x, dtype), device)


def eye(n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: Any = None, device: Any = None) -> Tensor:
    """Ones on the k-th diagonal, zeros elsewhere."""
    return made(np.eye(n_rows, n_cols, k, dtype or float), device)


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """An array of another library as a Tensor: `autograd.from_dlpack`."""
    return _tensor.from_dlpack(x, device=device, copy=copy)


def full(shape: Any, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """A Tensor of `fill_value`, whose gradient flows through where it is a Tensor with one."""
    if isinstance(fill_value, Variable):
        on_cpu(device)
        value: Any = fill_value
        return anp.broadcast_to(value.astype(dtype or value.dtype), shape)
    return made(np.full(shape, fill_value, dtype), device)


def full_like(x: Any, /, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """A Tensor of `fill_value`, in the shape and dtype of `x`."""
    return full(operand(x).shape, fill_value, dtype=dtype or operand(x).dtype, device=device)


def linspace(
    start: Any, stop: Any, /, num: int, *, dtype: Any = None, device: Any = None, endpoint: bool = True
) -> Tensor:
    """`num` numbers evenly apart from `start` to `stop`."""
    on_cpu(device)
    return made(anp.linspace(start, stop, num, endpoint=endpoint, dtype=dtype))


def meshgrid(*arrays: Any, indexing: str = "xy") -> list[Tensor]:
    """Coordinates of a grid, from those along its axes."""
    return list(anp.meshgrid(*arrays, indexing=indexing))


def ones(shape: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """A Tensor of ones."""
    return made(np.ones(shape, dtype or float), device)


def ones_like(x: Any, /, *, dtype: Any = None, device: Any = None) -> Tensor:
    """A Tensor of ones, in the shape of `x`."""
    return made(anp.ones_like(x, dtype), device)


def tril(x: Any, /, *, k: int = 0) -> Tensor:
    """The lower triangle of matrices, zeros elsewhere."""
    return anp.tril(x, k)


def triu(x: Any, /, *, k: int = 0) -> Tensor:
    """The upper triangle of matrices, zeros elsewhere."""
    return anp.triu(x, k)


def zeros(shape: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """A Tensor of zeros."""
    return made(np.zeros(shape, dtype or float), device)


def zeros_like(x: Any, /, *, dtype: Any = None, device: Any = None) -> Tensor:
    """A Tensor of zeros, in the shape of `x`."""
    return made(anp.zeros_like(x, dtype), device)


# ---------------------------------------------------------------------- dtypes
class FloatInfo(NamedTuple):
    """Limits of a floating dtype, as Python's numbers."""

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: Any


class IntegerInfo(NamedTuple):
    """Limits of an integer dtype, as Python's numbers."""

    bits: int
    max: int
    min: int
    dtype: Any


def _dtype(x: Any) -> Any:
    return x.dtype if isinstance(x, (Methods, np.ndarray, np.generic)) else x


def astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Tensor:
    """`x` in another dtype."""
    on_cpu(device)
    return operand(x).astype(dtype, copy=copy)


def can_cast(from_: Any, to: Any, /) -> bool:
    """Whether every value of one dtype (or array) has a place in another."""
    return np.can_cast(_dtype(from_), to)


def finfo(type: Any, /) -> FloatInfo:
    """Limits of a floating dtype, or of the real and imaginary parts of a complex one."""
    info = np.finfo(_dtype(type))
    eps, most, least, normal = map(float, (info.eps, info.max, info.min, info.smallest_normal))
    return FloatInfo(info.bits, eps, most, least, normal, info.dtype)


def iinfo(type: Any, /) -> IntegerInfo:
    """Limits of an integer dtype."""
    info = np.iinfo(_dtype(type))
    return IntegerInfo(info.bits, int(info.max), int(info.min), info.dtype)


def isdtype(dtype: Any, kind: Any) -> bool:
    """Whether `dtype` is of a kind: "bool", "integral", "real floating", a dtype, or one of several."""
    return np.isdtype(dtype, kind)


def result_type(*arrays_and_dtypes: Any) -> Any:
    """The dtype that the arguments have together; Python's numbers are weak."""
    return np.result_type(*map(_dtype, arrays_and_dtypes))


def add_up(function: Any, x: Any, dtype: Any, **options: Any) -> Tensor:
    """A sum or product in another dtype; the standard casts the elements first, whatever they are."""
    return function(x, **options) if dtype is None else function(operand(x).astype(dtype), dtype=dtype, **options)
