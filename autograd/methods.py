"""Operators and NumPy's methods of a Tensor, each a call into the table of ops."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import DTypeLike

from autograd import inplace, ops
from autograd.arguments import plain
from autograd.graph import Variable
from autograd.ops.shape import slices
from autograd.primitive import numpy_functions, table, wrap

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def _same(name: str) -> Any:
    """What stands for NumPy's function `name` on Tensors."""
    return numpy_functions[getattr(np, name)]


_less, _less_equal, _greater, _greater_equal = map(_same, ("less", "less_equal", "greater", "greater_equal"))
_equal, _not_equal, _floor_divide, _argsort = map(_same, ("equal", "not_equal", "floor_divide", "argsort"))
_and, _or, _xor, _invert = map(_same, ("bitwise_and", "bitwise_or", "bitwise_xor", "invert"))
_left, _right, _argmax, _argmin = map(_same, ("left_shift", "right_shift", "argmax", "argmin"))
_any, _all, _nonzero, _searchsorted, _round = map(_same, ("any", "all", "nonzero", "searchsorted", "round"))


_getitem = table["getitem"].call


class Methods(Variable):
    """What an array does, by operators and by methods."""

    __slots__ = ()

    # ------------------------------------------------------------------ operators
    def __add__(self, other: Any) -> Tensor:
        return ops.add(self, other)

    def __radd__(self, other: Any) -> Tensor:
        return ops.add(other, self)

    def __iadd__(self, other: Any) -> Self:
        return inplace.update(self, ops.add(self, other), "add")

    def __sub__(self, other: Any) -> Tensor:
        return ops.subtract(self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return ops.subtract(other, self)

    def __isub__(self, other: Any) -> Self:
        return inplace.update(self, ops.subtract(self, other), "subtract")

    def __mul__(self, other: Any) -> Tensor:
        return ops.multiply(self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return ops.multiply(other, self)

    def __imul__(self, other: Any) -> Self:
        return inplace.update(self, ops.multiply(self, other), "multiply")

    def __truediv__(self, other: Any) -> Tensor:
        return ops.divide(self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return ops.divide(other, self)

    def __itruediv__(self, other: Any) -> Self:
        return inplace.update(self, ops.divide(self, other), "divide")

    def __mod__(self, other: Any) -> Tensor:
        return ops.remainder(self, other)

    def __rmod__(self, other: Any) -> Tensor:
        return ops.remainder(other, self)

    def __imod__(self, other: Any) -> Self:
        return inplace.update(self, ops.remainder(self, other), "remainder")

    def __pow__(self, other: Any) -> Tensor:
        return ops.power(self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return ops.power(other, self)

    def __ipow__(self, other: Any) -> Self:
        return inplace.update(self, ops.power(self, other), "power")

    def __matmul__(self, other: Any) -> Tensor:
        return ops.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return ops.matmul(other, self)

    def __imatmul__(self, other: Any) -> Self:
        return inplace.update(self, ops.matmul(self, other), "matmul")

    def __floordiv__(self, other: Any) -> Tensor:
        return _floor_divide(self, other)

    def __rfloordiv__(self, other: Any) -> Tensor:
        return _floor_divide(other, self)

    def __ifloordiv__(self, other: Any) -> Self:
        return inplace.update(self, _floor_divide(self, other), "floor_divide")

    def __and__(self, other: Any) -> Tensor:
        return _and(self, other)

    def __rand__(self, other: Any) -> Tensor:
        return _and(other, self)

    def __iand__(self, other: Any) -> Self:
        return inplace.update(self, _and(self, other), "and")

    def __or__(self, other: Any) -> Tensor:
        return _or(self, other)

    def __ror__(self, other: Any) -> Tensor:
        return _or(other, self)

    def __ior__(self, other: Any) -> Self:
        return inplace.update(self, _or(self, other), "or")

    def __xor__(self, other: Any) -> Tensor:
        return _xor(self, other)

    def __rxor__(self, other: Any) -> Tensor:
        return _xor(other, self)

    def __ixor__(self, other: Any) -> Self:
        return inplace.update(self, _xor(self, other), "xor")

    def __lshift__(self, other: Any) -> Tensor:
        return _left(self, other)

    def __rlshift__(self, other: Any) -> Tensor:
        return _left(other, self)

    def __ilshift__(self, other: Any) -> Self:
        return inplace.update(self, _left(self, other), "left")

    def __rshift__(self, other: Any) -> Tensor:
        return _right(self, other)

    def __rrshift__(self, other: Any) -> Tensor:
        return _right(other, self)

    def __irshift__(self, other: Any) -> Self:
        return inplace.update(self, _right(self, other), "right")

    def __divmod__(self, other: Any) -> tuple[Tensor, Tensor]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Tensor, Tensor]:
        return other // self, other % self

    def __neg__(self) -> Tensor:
        return ops.negative(self)

    def __pos__(self) -> Tensor:
        return ops.positive(self)

    def __abs__(self) -> Tensor:
        return ops.absolute(self)

    def __invert__(self) -> Tensor:
        return _invert(self)

    def __lt__(self, other: Any) -> Tensor:
        return _less(self, other)

    def __le__(self, other: Any) -> Tensor:
        return _less_equal(self, other)

    def __gt__(self, other: Any) -> Tensor:
        return _greater(self, other)

    def __ge__(self, other: Any) -> Tensor:
        return _greater_equal(self, other)

    def __eq__(self, other: object) -> Tensor:  # type: ignore[override]
        return _equal(self, other)

    def __ne__(self, other: object) -> Tensor:  # type: ignore[override]
        return _not_equal(self, other)

    __hash__ = object.__hash__

    # ------------------------------------------------------------------ items
    def __getitem__(self, index: Any) -> Tensor:
        return _getitem([self, index])

    def __setitem__(self, index: Any, value: Any) -> None:
        inplace.setitem(self, index, value)

    def __len__(self) -> int:
        shape = self.shape
        if not shape:
            raise TypeError("a tensor with no axes has no len()")
        return int(shape[0])

    def __iter__(self) -> Iterator[Tensor]:
        if not self.shape:
            raise TypeError("a tensor with no axes cannot be iterated over")
        return slices(self)

    def __contains__(self, value: Any) -> bool:
        return bool(_any(self == value))

    # ------------------------------------------------------------------ reductions
    def sum(self, axis: Any = None, dtype: DTypeLike | None = None, out: Any = None, **options: Any) -> Tensor:
        return ops.sum(self, axis, dtype, out, **options)

    def prod(self, axis: Any = None, dtype: DTypeLike | None = None, out: Any = None, **options: Any) -> Tensor:
        return ops.prod(self, axis, dtype, out, **options)

    def mean(self, axis: Any = None, dtype: DTypeLike | None = None, out: Any = None, **options: Any) -> Tensor:
        return ops.mean(self, axis, dtype, out, **options)

    def var(
        self, axis: Any = None, dtype: DTypeLike | None = None, out: Any = None, ddof: float = 0, **options: Any
    ) -> Tensor:
        return ops.var(self, axis, dtype, out, ddof, **options)

    def std(
        self, axis: Any = None, dtype: DTypeLike | None = None, out: Any = None, ddof: float = 0, **options: Any
    ) -> Tensor:
        return ops.std(self, axis, dtype, out, ddof, **options)

    def max(self, axis: Any = None, out: Any = None, **options: Any) -> Tensor:
        return ops.max(self, axis, out, **options)

    def min(self, axis: Any = None, out: Any = None, **options: Any) -> Tensor:
        return ops.min(self, axis, out, **options)

    def cumsum(self, axis: int | None = None, dtype: DTypeLike | None = None, out: Any = None) -> Tensor:
        return ops.cumsum(self, axis, dtype, out)

    def cumprod(self, axis: int | None = None, dtype: DTypeLike | None = None, out: Any = None) -> Tensor:
        return ops.cumprod(self, axis, dtype, out)

    def any(self, axis: Any = None, **options: Any) -> Tensor:
        return _any(self, axis, **options)

    def all(self, axis: Any = None, **options: Any) -> Tensor:
        return _all(self, axis, **options)

    def argmax(self, axis: int | None = None, **options: Any) -> Tensor:
        return _argmax(self, axis, **options)

    def argmin(self, axis: int | None = None, **options: Any) -> Tensor:
        return _argmin(self, axis, **options)

    # ------------------------------------------------------------------ shapes
    @property
    def T(self) -> Tensor:
        return ops.transpose(self)

    @property
    def mT(self) -> Tensor:
        if len(self.shape) < 2:
            raise ValueError(f"mT: a tensor of shape {self.shape} is no matrix, nor a stack of matrices")
        return ops.swapaxes(self, -1, -2)

    def reshape(self, *shape: Any, order: str = "C") -> Tensor:
        wanted = shape[0] if len(shape) == 1 else shape
        return ops.reshape(self, wanted) if order == "C" else ops.reshape(self, wanted, order=order)

    def transpose(self, *axes: Any) -> Tensor:
        return ops.transpose(self, axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None)

    def swapaxes(self, axis1: int, axis2: int) -> Tensor:
        return ops.swapaxes(self, axis1, axis2)

    def squeeze(self, axis: Any = None) -> Tensor:
        return ops.squeeze(self, axis)

    def ravel(self, order: str = "C") -> Tensor:
        return ops.ravel(self, order)

    def flatten(self, order: str = "C") -> Tensor:
        """All elements in one axis, always in memory of their own."""
        return ops.copy(ops.ravel(self, order))

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
        return ops.diagonal(self, offset, axis1, axis2)

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
        return ops.trace(self, offset, axis1, axis2)

    def repeat(self, repeats: Any, axis: int | None = None) -> Tensor:
        return ops.repeat(self, repeats, axis)

    def take(self, indices: Any, axis: int | None = None, **options: Any) -> Tensor:
        return ops.take(self, indices, axis, **options)

    def choose(self, choices: Any, **options: Any) -> Tensor:
        return ops.choose(self, choices, **options)

    def compress(self, condition: Any, axis: int | None = None) -> Tensor:
        return ops.compress(condition, self, axis)

    def dot(self, b: Any) -> Tensor:
        return ops.dot(self, b)

    def clip(self, min: Any = None, max: Any = None, **options: Any) -> Tensor:
        return ops.clip(self, min, max, **options)

    def round(self, decimals: int = 0) -> Tensor:
        return _round(self, decimals)

    def nonzero(self) -> tuple[Tensor, ...]:
        return _nonzero(self)

    def argsort(self, axis: int | None = -1, **options: Any) -> Tensor:
        return _argsort(self, axis, **options)

    def searchsorted(self, v: Any, side: str = "left", sorter: Any = None) -> Tensor:
        return _searchsorted(self, v, side, sorter)

    def copy(self, order: str = "C") -> Tensor:
        """The same values in memory of their own; the gradient flows through."""
        return ops.copy(self)

    # ------------------------------------------------------------------ writing
    def fill(self, value: Any) -> None:
        """Every element becomes `value`."""
        inplace.setitem(self, Ellipsis, value)

    def put(self, indices: Any, values: Any, mode: str = "raise") -> None:
        """As `numpy.put`."""
        inplace.put(self, indices, values, mode)

    def sort(self, axis: int = -1, **options: Any) -> None:
        """Sort in place, as NumPy's method does; `numpy.sort` gives a sorted copy."""
        inplace.update(self, ops.sort(self, axis, **options), "sort")

    def partition(self, kth: Any, axis: int = -1, **options: Any) -> None:
        """As `numpy.partition`, in place."""
        inplace.update(self, ops.partition(self, kth, axis, **options), "partition")

    # ------------------------------------------------------------------ numbers
    @property
    def real(self) -> Tensor:
        return ops.real(self)

    @property
    def imag(self) -> Tensor:
        return ops.imag(self)

    def conj(self) -> Tensor:
        """The complex conjugates; of real numbers the tensor itself, as NumPy's method."""
        return ops.conjugate(self) if self.dtype.kind == "c" else self  # type: ignore[return-value]

    conjugate = conj

    def astype(self, dtype: DTypeLike, copy: bool = True) -> Tensor:
        """The same values in another dtype; as integers or booleans a constant."""
        if not copy and self.dtype == dtype:
            return self  # type: ignore[return-value]
        if np.dtype(dtype).kind not in "fc":
            return wrap(plain(self).astype(dtype))
        return ops.astype(self, dtype)

    def tolist(self) -> Any:
        """The values as (nested lists of) Python numbers."""
        return plain(self).tolist()

    def item(self, *index: Any) -> Any:
        """The one element, or the one at `index`, as a Python number."""
        data = plain(self)
        if not index and data.size != 1:
            raise ValueError(f"item() needs exactly one element, the tensor has shape {self.shape}")
        return data.item(*index)

    def __bool__(self) -> bool:
        return bool(plain(self))

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __round__(self, digits: int | None = None) -> Any:
        return round(self.item(), digits) if digits is not None else round(self.item())

    def __trunc__(self) -> int:
        return math.trunc(self.item())

    def __floor__(self) -> int:
        return math.floor(self.item())

    def __ceil__(self) -> int:
        return math.ceil(self.item())

    def __index__(self) -> int:
        if self.dtype.kind not in "iu" or self.shape:
            raise TypeError(f"only an integer without axes is an index, not {self.dtype}{list(self.shape)}")
        return int(plain(self))

    @property
    def shape(self) -> tuple[int, ...]:
        shape: tuple[int, ...] = self._data.shape
        return shape

    @property
    def dtype(self) -> np.dtype[Any]:
        dtype: np.dtype[Any] = self._data.dtype
        return dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self.size * self.itemsize

    # ------------------------------------------------------------------ the array API standard
    @property
    def device(self) -> str:
        """Where the memory is: "cpu"."""
        return "cpu"

    def to_device(self, device: Any, /, *, stream: Any = None) -> Self:
        """The tensor itself: "cpu" is the only device."""
        if device != "cpu" or stream is not None:
            raise ValueError(f"a Tensor lives on the device 'cpu', without streams; not on {device!r}, {stream!r}")
        return self

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        """The module `autograd.array_api`: the standard's functions on Tensors."""
        from autograd import array_api

        if api_version is not None and api_version not in ("2021.12", "2022.12", "2023.12", "2024.12"):
            raise ValueError(f"version {api_version} of the array API is not known here; this is 2024.12")
        return array_api

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        """The values for another library: their memory, read-only, or a copy.

        DLPack can say "read-only" since version 1.0. A consumer of an older version gets a copy; one that forbids
        it (copy=False) gets the memory, which counts as a write: see `numpy(writable=True)`.
        """
        if self._node is not None:
            raise BufferError(
                "a Tensor with a gradient is not exported by itself, because the gradient would be lost without a "
                "word: use tensor.detach()"
            )
        if stream is not None:
            raise ValueError(f"a Tensor on the device 'cpu' has no stream, got stream={stream!r}")
        if dl_device is not None and tuple(map(int, dl_device)) != (1, 0):
            raise BufferError(f"a Tensor is exported on the device (1, 0), the processor, not on {dl_device}")
        known = max_version is not None and max_version[0] >= 1
        if copy or (copy is None and not known):
            array = np.array(plain(self))
        elif known:
            if not isinstance(self._data, np.ndarray):  # one of NumPy's scalars, which have no memory to share
                self._data = np.asarray(self._data)
            array = self._data.view()
            array.flags.writeable = False
        else:
            array = self.numpy(writable=True)  # type: ignore[attr-defined]
        return array.__dlpack__(max_version=max_version)


# The operators of most programs are what the ops do, a call less for each.
for _name, _op in {"add": ops.add, "sub": ops.subtract, "mul": ops.multiply, "truediv": ops.divide}.items():
    setattr(Methods, f"__{_name}__", _op.operate)  # type: ignore[attr-defined]
