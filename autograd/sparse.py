"""RowSparse: a gradient of which only some rows are not zero, as a table of embeddings has it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

NDArray = np.ndarray[Any, np.dtype[Any]]
_SCALARS = (int, float, complex, np.number)


def add_rows(out: Any, rows: Any, values: Any) -> None:
    """out[rows] += values with repeats: summed in runs first, far quicker than np.add.at on each."""
    if rows.size:
        np.add.at(out, *sum_rows(rows, values))


def sum_rows(rows: Any, values: Any) -> tuple[Any, Any]:
    """The distinct `rows`, in order, and for each the sum of its values."""
    if not rows.size:
        return rows, values
    order = np.argsort(rows, kind="stable")
    in_order = rows[order]
    starts = np.flatnonzero(np.concatenate([[True], in_order[1:] != in_order[:-1]]))
    return in_order[starts], np.add.reduceat(values[order], starts, axis=0)


class RowSparse:
    """An array of `shape` that is zero but for some rows: dense[rows[k]] is the sum of all values[k] of that row.

    What `.grad` of a leaf is when all its uses were `embedding(weight, indices, sparse=True)`. NumPy's functions take
    it as the dense array that it stands for; sums with another one and products with a number stay sparse.

    Parameters
    ----------
    rows : array_like of int, shape (n,)
        Row numbers from 0; a row may come several times.
    values : array_like, shape (n, *shape[1:])
    shape : tuple of int

    Raises
    ------
    TypeError
        If `rows` are no integers or `values` no numbers.
    ValueError
        If the shapes do not fit.
    IndexError
        If a row is outside the array.

    Examples
    --------
    >>> g = RowSparse([2, 0, 2], [[1.0], [2.0], [3.0]], (4, 1))
    >>> g.dense().ravel().tolist()
    [2.0, 0.0, 4.0, 0.0]
    >>> g.coalesce().rows.tolist()
    [0, 2]
    """

    __slots__ = ("rows", "values", "shape", "_distinct")

    rows: NDArray
    values: NDArray
    shape: tuple[int, ...]

    def __init__(self, rows: ArrayLike, values: ArrayLike, shape: tuple[int, ...]) -> None:
        self.rows, self.values, self.shape = np.asarray(rows), np.asarray(values), tuple(shape)
        self._distinct = False
        if self.rows.dtype.kind not in "iu" and self.rows.size:
            raise TypeError(f"RowSparse: rows are integers, not {self.rows.dtype}")
        if self.values.dtype.kind not in "biufc":
            raise TypeError(f"RowSparse: values are numbers, not {self.values.dtype}")
        if not self.shape or self.rows.ndim != 1 or self.values.shape != (self.rows.size, *self.shape[1:]):
            raise ValueError(
                f"RowSparse: rows of shape {self.rows.shape} and values of shape {self.values.shape} do not fit an "
                f"array of shape {self.shape}; wanted (n,) and (n, *shape[1:])"
            )
        if self.rows.size and (self.rows.min() < 0 or self.rows.max() >= self.shape[0]):
            raise IndexError(
                f"RowSparse: rows run from {self.rows.min()} to {self.rows.max()}, the array has {self.shape[0]}"
            )
        self.rows = self.rows.astype(np.intp, copy=False)

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.values.dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements of the dense array."""
        return int(np.prod(self.shape, dtype=object))

    @property
    def nbytes(self) -> int:
        """The bytes that are really held."""
        return self.rows.nbytes + self.values.nbytes

    def coalesce(self) -> RowSparse:
        """The same array with every row at most once, in order."""
        if self._distinct:
            return self
        made = _made(*sum_rows(self.rows, self.values), self.shape)
        made._distinct = True
        return made

    def dense(self) -> NDArray:
        """The array itself, all rows of it."""
        out = np.zeros(self.shape, self.dtype)
        add_rows(out, self.rows, self.values)
        return out

    def copy(self) -> RowSparse:
        made = _made(self.rows.copy(), self.values.copy(), self.shape)
        made._distinct = self._distinct
        return made

    def astype(self, dtype: DTypeLike) -> RowSparse:
        return self._with(self.values.astype(dtype))

    def conj(self) -> RowSparse:
        return self._with(self.values.conj())

    def __add__(self, other: Any) -> Any:
        """With another one of its shape: sparse; with a dense array: dense."""
        if not isinstance(other, RowSparse):
            if isinstance(other, np.ndarray):
                return np.add(other, self)
            return NotImplemented
        if other.shape != self.shape:
            raise ValueError(f"RowSparse of shapes {self.shape} and {other.shape} cannot be added")
        both = np.concatenate([self.rows, other.rows]), np.concatenate([self.values, other.values])
        total = _made(*both, self.shape)
        return total.coalesce() if total.rows.size > self.shape[0] else total  # a long sum stays within the dense size

    def __mul__(self, other: Any) -> Any:
        return self._with(self.values * other) if isinstance(other, _SCALARS) else NotImplemented

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return self._with(self.values / other) if isinstance(other, _SCALARS) else NotImplemented

    def __neg__(self) -> RowSparse:
        return self._with(-self.values)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray:
        if copy is False:
            raise ValueError("a RowSparse becomes an array only by a copy")
        dense = self.dense()
        return dense if dtype is None else dense.astype(dtype, copy=False)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__" and not kwargs.keys() - {"out"}:
            out = kwargs.get("out", (None,))[0]
            x, y = inputs if len(inputs) == 2 else (None, None)
            if ufunc is np.add and isinstance(x, np.ndarray) and isinstance(y, RowSparse) and x.shape == y.shape:
                if out is None:
                    total = x.astype(np.result_type(x, y.dtype))
                    add_rows(total, y.rows, y.values)
                    return total
                if out is x:  # x += self
                    add_rows(x, y.rows, y.values)
                    return x
            if ufunc is np.multiply and out is None and isinstance(x, _SCALARS):
                return self * x
        whole = [x.dense() if isinstance(x, RowSparse) else x for x in inputs]
        return getattr(ufunc, method)(*whole, **kwargs)

    def __repr__(self) -> str:
        return f"RowSparse({self.rows.size} rows of an array of shape {self.shape}, dtype={self.dtype})"

    def _with(self, values: NDArray) -> RowSparse:
        made = _made(self.rows, values, self.shape)
        made._distinct = self._distinct
        return made


def _made(rows: NDArray, values: NDArray, shape: tuple[int, ...]) -> RowSparse:
    """One whose parts are known to fit."""
    made = RowSparse.__new__(RowSparse)
    made.rows, made.values, made.shape, made._distinct = rows, values, shape, False
    return made


def dense(g: Any) -> Any:
    """`g`, as an array where it is a RowSparse."""
    return g.dense() if isinstance(g, RowSparse) else g
