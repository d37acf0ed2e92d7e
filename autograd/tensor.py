"""Tensor: an array with NumPy's manners that remembers how it was made."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from autograd import inplace, ops
from autograd.arguments import holds_tensor, plain
from autograd.graph import Handle, Node, Variable, accumulate, propagate, writes
from autograd.methods import Methods
from autograd.ops.scipys import adopt_scipys
from autograd.primitive import adopt, numpy_functions, wrap
from autograd.sparse import RowSparse
from autograd.state import GradError, no_grad
from autograd.ufuncs import call_method

if TYPE_CHECKING:
    from autograd.draw import Drawing

NDArray = np.ndarray[Any, np.dtype[Any]]


class Tensor(Methods):
    """An n-dimensional array that records what is done to it, so that gradients can flow back.

    Parameters
    ----------
    data : array_like
        Copied. Python numbers and lists become NumPy's default dtypes.
    requires_grad : bool
        Whether `backward` should fill `.grad`. Only floating and complex tensors can.
    dtype : dtype, optional
    name : str, optional
        Shown in pictures and error messages.

    Raises
    ------
    TypeError
        If `data` is no array of numbers, or a gradient is asked for integers or booleans.

    Examples
    --------
    >>> from autograd import Tensor
    >>> x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> (x**2).sum().backward()
    >>> x.grad
    Tensor([2., 4., 6.])
    """

    __slots__ = ()
    __array_priority__ = 1000

    def __init__(
        self, data: ArrayLike, requires_grad: bool = False, dtype: DTypeLike | None = None, name: str | None = None
    ) -> None:
        array = np.array(_untracked(data), dtype=dtype)
        if array.dtype.kind not in "biufc":
            raise TypeError(f"Tensor holds numbers, not {array.dtype}; got {type(data).__name__}")
        self._data = array if array.ndim else array[()]
        self._node = None
        self._grad = None
        self._label = name
        if requires_grad:
            self.requires_grad_()

    # ------------------------------------------------------------------ what it is
    @property
    def data(self) -> NDArray:
        """The values, as a read-only view; assigning copies (leaves only), and the graph keeps the old array."""
        return self.numpy()

    @data.setter
    def data(self, value: ArrayLike) -> None:
        if not self.is_leaf:
            raise GradError("data of a computed tensor cannot be replaced: its gradient would be wrong")
        array = np.array(plain(value), dtype=self.dtype)
        if array.shape != self.shape:
            raise ValueError(f"data of shape {self.shape} cannot be replaced by one of shape {array.shape}")
        array = array if array.ndim else array[()]
        if self._lent or hasattr(self, "_view") or hasattr(self, "_views"):
            with no_grad():
                inplace.replace(self, wrap(array))
        else:
            self._data = array

    def numpy(self, writable: bool = False) -> NDArray:
        """The values as an array that shares this tensor's memory.

        Read-only unless `writable`; asking for a writable one counts as a write, so that a graph recorded before it
        raises rather than give a gradient at the new values. Write at once, not later.
        """
        if writable:
            if not isinstance(self._data, np.ndarray):
                self._data = np.asarray(self._data)
            writes.stamp(self._data)
            array: NDArray = self._data
            return array
        view = np.asarray(self._data).view()
        view.flags.writeable = False
        return view

    @property
    def grad(self) -> Tensor | RowSparse | None:
        """What `backward` has added up so far; None before. Sparse only where `embedding` was asked for that."""
        grad: Tensor | RowSparse | None = self._grad
        return grad

    @grad.setter
    def grad(self, value: Tensor | RowSparse | ArrayLike | None) -> None:
        if value is not None:
            value = value if isinstance(value, (Tensor, RowSparse)) else Tensor(value, dtype=self.dtype)
            if value.shape != self.shape:
                raise ValueError(f"a gradient of shape {value.shape} does not fit a tensor of shape {self.shape}")
        self._grad = value

    @property
    def name(self) -> str | None:
        """The name given at construction, if any."""
        return getattr(self, "_label", None)

    @name.setter
    def name(self, value: str | None) -> None:
        self._label = value
        if self._node is not None and self._node.op is None:
            self._node.name = value

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to or through this tensor."""
        return self._node is not None

    @requires_grad.setter
    def requires_grad(self, flag: bool) -> None:
        self.requires_grad_(flag)

    def requires_grad_(self, flag: bool = True) -> Self:
        """Ask (or stop asking) for a gradient; leaves only. Returns the tensor."""
        if not self.is_leaf:
            if flag:
                return self
            raise GradError("requires_grad of a computed tensor cannot be switched off; use detach()")
        if flag and self.dtype.kind not in "fc":
            raise TypeError(
                f"a tensor of dtype {self.dtype} has no gradient: integers and booleans are constants. "
                "Use a floating dtype, such as Tensor(data, dtype=float, requires_grad=True)."
            )
        if flag and self._node is None:
            if self._lent or hasattr(self, "_view"):  # a leaf owns its memory
                self._data = np.array(self._data)[()]
                inplace.part(self)
            self._node = Node.leaf(self, self.name)
        elif not flag:
            self._node = None
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether it was made by the user rather than by an op."""
        return self._node is None or self._node.op is None

    def detach(self) -> Tensor:
        """The same values as a constant; memory is shared until either is written."""
        return wrap(self._data)

    def draw(self, model: Any = None, **options: Any) -> Drawing:
        """A picture of the graph behind this tensor: see `autograd.draw.draw`."""
        from autograd.draw import draw

        return draw(self, model, **options)

    # ------------------------------------------------------------------ gradients
    def backward(
        self, gradient: ArrayLike | Tensor | None = None, retain_graph: bool = False, create_graph: bool = False
    ) -> None:
        """Add the gradient of this tensor to `.grad` of every leaf that it depends on.

        Parameters
        ----------
        gradient : array_like, optional
            The weight of each element, of this tensor's shape; may be left out for a single element.
        retain_graph : bool
            Keep what the graph has saved, for another backward pass.
        create_graph : bool
            Record the pass itself, so that gradients can be differentiated again.

        Raises
        ------
        GradError
            If nothing requires a gradient, if a tensor of several elements comes without `gradient`, or if the graph
            has been freed.
        """
        node, seed = seeded(self, gradient, create_graph)
        found = propagate({node: seed}, retain_graph=retain_graph, create_graph=create_graph)
        accumulate(found, lambda g, before: _add_gradient(g, before, create_graph))

    def retain_grad(self) -> None:
        """Let `backward` fill `.grad` of this computed tensor too, as it does for leaves."""
        if self._node is None:
            raise GradError("retain_grad: this tensor does not require a gradient")
        if self._node.op is None:
            return
        ref = weakref.ref(self)

        def keep(g: Any) -> None:
            tensor = ref()
            if tensor is not None:
                tensor._grad = _add_gradient(g, tensor._grad, isinstance(g, Variable))

        self._node.register_prehook(keep)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> Handle:
        """Call `hook(gradient)` whenever the gradient of this tensor has been computed.

        What it returns, unless None, takes the gradient's place: to clip it, to scale it, to look at it. It must have
        the same shape.

        >>> x = Tensor(2.0, requires_grad=True)
        >>> handle = x.register_hook(lambda g: g * 10)
        >>> (x * x).backward()
        >>> x.grad.item()
        40.0
        """
        if self._node is None:
            raise GradError("register_hook: this tensor does not require a gradient")

        def run(g: Any) -> Any:
            given: Any = g if isinstance(g, Variable) else wrap(g)
            new: Any = hook(np.conj(given) if given.dtype.kind == "c" else given)
            if new is None:
                return None
            new = new if isinstance(new, Tensor) else wrap(np.asarray(new))
            if new.shape != g.shape:
                raise GradError(f"a hook returned a gradient of shape {new.shape} for a tensor of shape {g.shape}")
            new = new.astype(g.dtype, copy=False)
            new = np.conj(new) if new.dtype.kind == "c" else new
            return new if isinstance(g, Variable) else new._data

        return self._node.register_prehook(run)

    # ------------------------------------------------------------------ copies and words
    def __reduce__(self) -> Any:
        """Copies and pickles of a leaf are leaves of their own."""
        if not self.is_leaf:
            raise GradError("a computed tensor's graph is neither copied nor pickled: use detach() first")
        grad = getattr(self._grad, "_data", self._grad)
        kind = Tensor if self._lent else type(self)
        return _restored, (kind, self._data, self.requires_grad, self.name, grad)

    def __repr__(self) -> str:
        array = np.asarray(self._data)
        threshold = np.get_printoptions()["threshold"]
        tail = ""
        if not array.size and array.shape != (0,) or array.size > threshold:  # where the values do not tell the shape
            tail += f", shape={array.shape}"
        if self.dtype not in (np.float64, np.int64, np.bool_):
            tail += f", dtype={self.dtype}"
        if self._node is not None:
            tail += ", requires_grad=True" if self._node.op is None else f", op={self._node.op.name}"
        body = np.array2string(array, separator=", ", prefix="Tensor(", suffix=f"{tail})")
        return f"Tensor({body}{tail})"

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        if self.size != 1:
            raise TypeError(
                f"a tensor of shape {self.shape} takes no format '{spec}', only one number does: format its elements, "
                "or set digits for all with numpy.printoptions(precision=...)"
            )
        return format(self.item(), spec)

    # ------------------------------------------------------------------ NumPy's protocols
    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray:
        if self._node is not None:
            raise TypeError(
                "a Tensor with a gradient does not turn into an array by itself, because the gradient would be lost "
                "without a word; use tensor.data, or tensor.detach()"
            )
        return np.array(self._data, dtype=dtype, copy=True if copy is None else copy)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        function = numpy_functions.get(ufunc)
        if function is None:
            adopt_scipys()  # SciPy may have been imported after this package
            function = numpy_functions.get(ufunc)
        if function is None:
            raise TypeError(_no_rule(ufunc.__name__))
        if method == "__call__":
            return function(*inputs, **kwargs)
        return call_method(ufunc, method, *inputs, **kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        function = numpy_functions.get(func)
        if function is None:
            raise TypeError(_no_rule(func.__name__))
        return function(*args, **kwargs)


class Shared(Tensor):
    """A constant Tensor on memory that somebody outside may write: what a derivative needs of it is copied."""

    __slots__ = ()
    _lent = True


def asarray(x: Any, dtype: DTypeLike | None = None) -> Tensor:
    """`x` as a Tensor, without a copy where `x` is an array or a Tensor of that dtype.

    A write into the array is seen in the Tensor, and a write into the Tensor in the array. A graph that needs the
    values keeps a copy of its own, so that a later write never changes a gradient.

    Raises
    ------
    TypeError
        If `x` holds no numbers.

    >>> import numpy as np
    >>> from autograd import asarray
    >>> a = np.array([1.0, 2.0])
    >>> t = asarray(a)
    >>> a[0] = 5.0
    >>> t
    Tensor([5., 2.])
    """
    if isinstance(x, Tensor):
        return x if dtype is None else x.astype(dtype, copy=False)
    if type(x) in (list, tuple) and holds_tensor(x):
        return asarray(ops.stack([asarray(v) for v in x]), dtype)
    array = np.asarray(x, dtype)
    if array.dtype.kind not in "biufc":
        raise TypeError(f"a Tensor holds numbers, not {array.dtype}; got {type(x).__name__}")
    if array is not x or not array.ndim:
        return Tensor(array)
    return _shared(array)


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """An array of another library as a Tensor, by the DLPack protocol, without a copy where `copy` is not True.

    The memory is shared as by `asarray`: a graph that needs the values keeps a copy of its own.

    Raises
    ------
    TypeError
        If `x` has no `__dlpack__`.
    BufferError
        If its memory cannot be shared: it is not on the processor, has a dtype that NumPy lacks, or has a gradient.

    >>> import numpy as np
    >>> from autograd import from_dlpack
    >>> a = np.array([1.0, 2.0])
    >>> t = from_dlpack(a)
    >>> a[0] = 5.0
    >>> t
    Tensor([5., 2.])
    """
    if device not in (None, "cpu"):
        raise ValueError(f"from_dlpack: a Tensor lives on the device 'cpu', not on {device!r}")
    if not hasattr(x, "__dlpack__"):
        raise TypeError(f"from_dlpack: a {type(x).__name__} has no __dlpack__; use autograd.asarray or Tensor(...)")
    if isinstance(x, Tensor) and x._node is None:
        return Tensor(x) if copy else x.detach()
    try:
        array = np.from_dlpack(x, device=device, copy=copy)
    except RuntimeError as error:  # NumPy's word for a dtype or a device that it lacks
        raise BufferError(
            f"from_dlpack: the memory of this {type(x).__name__} cannot be shared: {error} Convert it first, to a "
            "dtype that NumPy has, on the processor."
        ) from None
    return wrap(array) if copy else _shared(array)


def _shared(array: NDArray) -> Tensor:
    tensor = Shared.__new__(Shared)
    tensor._data = array
    tensor._node = None
    tensor._grad = None
    return tensor


def _untracked(data: Any) -> Any:
    """`data` for a new tensor; a Tensor in it that has a gradient would lose it without a word."""
    if isinstance(data, Tensor):
        if data._node is not None:
            raise TypeError(
                "Tensor(x) makes a new leaf, and x has a gradient that would be lost: use x.detach(), or np.stack for "
                "a list of tensors"
            )
        return data._data
    return type(data)([_untracked(v) for v in data]) if type(data) in (list, tuple) else data


def _restored(kind: type[Tensor], data: Any, requires_grad: bool, name: str | None, grad: Any) -> Tensor:
    tensor = kind.__new__(kind)
    Tensor.__init__(tensor, data, requires_grad, name=name)
    tensor._grad = grad if grad is None or isinstance(grad, RowSparse) else Tensor(grad)
    return tensor


def _no_rule(name: str) -> str:
    return (
        f"numpy.{name} has no derivative declared for Tensors. Use tensor.data if the result is to be a constant, "
        "or declare one with autograd.primitive."
    )


def _add_gradient(g: Any, before: Any, create_graph: bool) -> Any:
    """The new `.grad`: the conjugate cotangent (see graph.py), in memory that nobody else holds."""
    if isinstance(before, RowSparse) or isinstance(g, RowSparse):
        return _add_sparse(g, before)
    if create_graph:
        total: Tensor = g if g.dtype.kind != "c" else np.conj(g)
        return wrap(np.array(total._data)[()], total._node) if before is None else before + total
    if g.dtype.kind == "c":
        g = np.conj(g)
    if before is not None:
        return wrap(before._data + g)
    return wrap(owned(g))


def _add_sparse(g: Any, before: Any) -> Any:
    """As `_add_gradient` where one of them is sparse: the sum is so if both are."""
    if isinstance(before, RowSparse) and isinstance(g, RowSparse):
        return before + g.conj() if g.dtype.kind == "c" else before + g
    if before is None:
        return (g.conj() if g.dtype.kind == "c" else g).copy()
    if isinstance(before, RowSparse):
        return _add_gradient(g, wrap(before.dense()), isinstance(g, Variable))
    return _add_gradient(g.dense(), before, False)


def owned(g: Any) -> Any:
    """A copy in memory that nobody else holds; without axes one of NumPy's scalars."""
    return np.array(g)[()]


def seeded(output: Tensor, gradient: Any, create_graph: bool) -> tuple[Node, Any]:
    """The node to start from and its cotangent."""
    node = output._node
    if node is None:
        raise GradError(
            "no tensor that this one was made from requires a gradient: make one with requires_grad=True, and compute "
            "outside no_grad()"
        )
    if gradient is None:
        if output.size != 1:
            raise GradError(
                f"a tensor of shape {output.shape} has a gradient only along a direction: reduce it to one number "
                "(.sum(), .mean()), or pass gradient= with its shape"
            )
        seed: Any = np.ones(output.shape, output.dtype)
        seed = seed if seed.ndim else seed[()]
    else:
        given: Any = gradient if isinstance(gradient, Tensor) else np.asarray(gradient)
        if given.shape != output.shape:
            raise ValueError(f"gradient has shape {given.shape}, the tensor has shape {output.shape}")
        if isinstance(given, Tensor) and ((create_graph and given.requires_grad) or not hasattr(given, "_data")):
            tracked: Any = given.astype(output.dtype, copy=False)
            return node, np.conj(tracked) if output.dtype.kind == "c" else tracked
        seed = (given._data if isinstance(given, Tensor) else given).astype(output.dtype)
        if output.dtype.kind == "c":
            seed = np.conj(seed)
    return node, wrap(seed) if create_graph else seed


adopt(Tensor, inplace.overwrite)
