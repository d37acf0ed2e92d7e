"""Writing into Tensors: NumPy's values, views included, and the true gradients.

A write never touches memory that a graph may need. The written Tensor gets new memory, with a node that says how its
value came about, and every Tensor that shows the same memory is made anew from it; a graph recorded before goes on
with the old arrays. Memory that nobody else holds is written where it is.

What raises: a leaf that asks for a gradient (its gradient would have no place to go) outside `no_grad`, an inner
Tensor inside `no_grad` (its node would tell an old story), and what NumPy itself refuses.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import ops
from autograd.arguments import holds_tensor, operand, plain, refuse, variables
from autograd.graph import Variable
from autograd.primitive import numpy_functions, wrap
from autograd.state import GradError, is_grad_enabled


def _root(target: Any) -> Any:
    """The Tensor whose memory `target` shows: itself, mostly."""
    shown = getattr(target, "_view", None)
    return target if shown is None else shown[0]


def _views(root: Any) -> list[Any]:
    return [v for ref in getattr(root, "_views", ()) if (v := ref()) is not None]


def _allow(target: Any, what: str) -> None:
    root = _root(target)
    for tensor in (target, root):
        node = tensor._node
        if node is None:
            continue
        name = f" '{tensor.name}'" if tensor.name else ""
        if node.op is None and is_grad_enabled():
            raise GradError(
                f"{what}: the tensor{name} of shape {tensor.shape} is a leaf that requires a gradient, and a recorded "
                "write would leave its .grad without meaning. Write inside no_grad() to change the value itself, as an "
                "optimiser does, or into a copy (np.copy(x)) to record the write."
            )
        if node.op is not None and not is_grad_enabled():
            raise GradError(
                f"{what}: the tensor{name} of shape {tensor.shape} was computed with a gradient, and inside no_grad() "
                "the write would not be recorded: its gradient would be wrong. Write into detach(), or outside."
            )
    if isinstance(root._data, np.ndarray) and not root._data.flags.writeable:
        if root._lent:
            raise ValueError(f"{what}: the destination of shape {target.shape} shows read-only memory; copy it first")
        _own(root)  # somebody else's memory, as after detach(): a write gets memory of its own anyway
    if isinstance(target._data, np.ndarray) and not target._data.flags.writeable:
        raise ValueError(f"{what}: the destination of shape {target.shape} is read-only; copy it first")


def _references(tensor: Any) -> int:
    """References to the array of `tensor`, counted where the caller holds none."""
    return sys.getrefcount(tensor._data)


class _Holder:
    _data = np.empty(1)


_ALONE = _references(_Holder())  # what the count is when one holder has the array; measured, since it is CPython's


def _exclusive(root: Any) -> bool:
    """Whether only `root` and its live views hold its memory, so that a write in place disturbs no graph."""
    if root._data.base is not None:  # part of other memory, as what was detached from a view is
        return False
    others = _references(root) - _ALONE
    for view in _views(root):
        if _references(view) > _ALONE:
            return False
        others -= view._data.base is root._data
    return others <= 0


def _own(root: Any) -> None:
    """Give `root`, and the views that show it, memory that nobody else has."""
    root._data = root._data.copy(order="K")
    for view in _views(root):
        _again(view, root, False)


def _again(view: Any, root: Any, record: bool) -> None:
    """Make `view` anew from `root`, whose memory has changed."""
    shown: Any = root if record else wrap(root._data)
    for op, values in view._view[1]:
        shown = op.call([shown, *values[1:]])
    view._data = shown._data
    if record:
        view._node = shown._node


def _put_back(op: Any, values: list[Any], source: Any, new: Any) -> Any:
    """`source` with what its view `op(source)` shows replaced by `new`."""
    if op.name == "getitem":
        return ops.setitem(source, new, values[1])
    if op.name == "real":
        return new + 1j * ops.imag(source) if source.dtype.kind == "c" else new
    if op.name == "imag":
        return ops.real(source) + 1j * new
    places = op.forward(np.arange(source.size).reshape(source.shape), *values[1:])
    flat = ops.setitem(ops.reshape(source, (-1,)), ops.reshape(new, (-1,)), np.ravel(places))
    return ops.reshape(flat, source.shape)


def _adopt(tensor: Any, new: Any) -> None:
    """Let `tensor` be `new`, in its old order in memory (which decides what is a view); a leaf stays the leaf it is."""
    data, old = new._data, tensor._data
    if data.ndim > 1 and data.strides != old.strides:
        data = np.empty_like(old)
        data[...] = new._data
    tensor._data = data
    if tensor._node is None or tensor._node.op is not None:
        tensor._node = new._node


def replace(target: Any, new: Any) -> None:
    """Let the whole of `target` have the value and the history of the Tensor `new`, of its shape and dtype."""
    if target._lent:
        if new._node is not None:
            raise GradError(
                "a value with a gradient cannot be written into memory that is shared with an array outside "
                "(autograd.asarray, from_dlpack): make a Tensor of its own first, Tensor(x)"
            )
        np.copyto(target._data, new._data)
        return
    root = _root(target)
    if root is not target:
        path = [root]
        chain = target._view[1]
        for op, values in chain[:-1]:
            path.append(op.call([path[-1], *values[1:]]))
        for (op, values), source in zip(reversed(chain), reversed(path)):
            new = _put_back(op, values, source, new)
    _adopt(root, new)
    record = root._node is not None and root._node.op is not None
    for view in _views(root):
        _again(view, root, record or root._node is None)


def _cast(what: str, target: Any, value: Any, casting: str) -> Any:
    """`value` in the dtype of `target`, as NumPy would store it."""
    value = operand(value)
    if value.dtype != target.dtype:
        if not np.can_cast(value.dtype, target.dtype, casting):  # type: ignore[arg-type]
            raise TypeError(f"{what}: cannot cast {value.dtype} to {target.dtype} by the rule '{casting}'")
        value = value.astype(target.dtype)
    return value


def setitem(target: Any, index: Any, value: Any) -> None:
    """target[index] = value."""
    _allow(target, "setitem")
    index = plain(index)
    if isinstance(value, Variable) and value._data.dtype.kind == "c" and target.dtype.kind != "c":
        raise TypeError(f"setitem: a complex value does not fit a tensor of dtype {target.dtype}; use np.real")
    if getattr(value, "_node", None) is not None and target.dtype.kind not in "fc":
        raise TypeError(
            f"setitem: the elements of a tensor of dtype {target.dtype} are constants, and the value has a gradient"
        )
    tracked = is_grad_enabled() and (target._node is not None or getattr(value, "_node", None) is not None)
    if tracked:
        new = ops.setitem(target, value, index)
        replace(target, new)
        return
    value = plain(value)
    try:
        _write(target, lambda array: array.__setitem__(index, value))
    except (IndexError, ValueError, TypeError) as error:
        raise refuse("setitem", ("x", "index", "value"), (target, index, value), error) from None


def _write(target: Any, write: Callable[[Any], Any]) -> None:
    """Let `write` change the array of `target`, of which no graph records anything."""
    root = _root(target)
    if not isinstance(root._data, np.ndarray):  # a number: NumPy's scalars cannot be written
        array = np.array(target._data)
        write(array)
        replace(target, wrap(array if array.ndim else array[()]))
        return
    if not target._lent and not _exclusive(root):
        _own(root)
    write(target._data)


def overwrite(target: Any, result: Any, what: str = "out") -> Any:
    """Store `result` in `target` (what `out=` and `x += y` do) and return `target`."""
    _allow(target, what)
    result = result if isinstance(result, Variable) else wrap(np.asarray(result))
    result = _cast(what, target, result, "same_kind")
    if result.shape != target.shape:
        if what != "out" or np.broadcast_shapes(result.shape, target.shape) != target.shape:
            raise ValueError(
                f"{what}: a result of shape {result.shape} cannot be written into a tensor of shape {target.shape}"
            )
        result = ops.broadcast_to(result, target.shape)
    replace(target, wrap(np.array(result._data)[()], result._node) if _shared(result) else result)
    return target


def update(target: Any, result: Any, what: str) -> Any:
    """What `x += y` does, given x + y: store it in x."""
    return overwrite(target, result, what)


def part(target: Any) -> None:
    """Let `target`, that has got memory of its own, show nobody else's any more."""
    if hasattr(target, "_view"):
        root = target._view[0]
        root._views = [ref for ref in root._views if ref() is not target]
        del target._view


def _shared(result: Any) -> bool:
    """Whether the memory of `result` may be somebody else's, or read-only as what was broadcast is."""
    if not isinstance(result._data, np.ndarray):
        return hasattr(result, "_view")
    return _references(result) > _ALONE or not result._data.flags.writeable or hasattr(result, "_view")


# ---------------------------------------------------------------------- NumPy's functions that write
def _writes(*functions: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let the decorated function stand for NumPy's; a plain array takes no gradient."""

    def declare(ours: Callable[..., None]) -> Callable[..., None]:
        def apply(target: Any, *args: Any, **kwargs: Any) -> None:
            if isinstance(target, Variable):
                _allow(target, functions[0].__name__)
                return ours(target, *args, **kwargs)
            if is_grad_enabled() and any(v._node is not None for v in variables((args, kwargs))):
                raise TypeError(
                    f"{functions[0].__name__}: the destination is a plain array and the value has a gradient, which "
                    "would be lost; make it a Tensor"
                )
            return functions[0](target, *plain(args), **plain(kwargs))  # type: ignore[no-any-return]

        apply.__name__ = functions[0].__name__
        apply.__doc__ = ours.__doc__
        apply.writes = True  # type: ignore[attr-defined]
        for f in functions:
            numpy_functions[f] = apply
        return apply

    return declare


@_writes(np.copyto)
def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    """dst[where] = src."""
    src = _cast("copyto", dst, src, casting)
    if where is not True:
        mask = np.broadcast_to(plain(where), dst.shape)
        src = ops.where(mask, src, dst)
    overwrite(dst, ops.broadcast_to(src, dst.shape), "copyto")


@_writes(np.put)
def put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    """a.flat[ind] = v, with `v` repeated as needed."""
    places = np.arange(a.size)
    flat = np.asarray(plain(ind)).ravel()
    if flat.size:
        _put_flat(a, np.take(places, flat, mode=mode), v, "put")  # type: ignore[call-overload]


def _put_flat(a: Any, places: Any, v: Any, what: str) -> None:
    v = ops.reshape(operand(v), (-1,))
    if not v.size:
        return
    values = ops.getitem(v, np.arange(len(places)) % v.size) if v.size != len(places) else v
    values = _cast(what, a, values, "unsafe" if a.dtype.kind == "c" or values.dtype.kind != "c" else "same_kind")
    if a.ndim:
        setitem(a, np.unravel_index(places, a.shape), values)
    else:
        setitem(a, (), values[-1])


@_writes(np.putmask)
def putmask(a: Any, mask: Any, values: Any) -> None:
    """a.flat[n] = values[n] for each n where mask.flat[n]; `values` is repeated as needed."""
    flat = np.asarray(plain(mask)).astype(bool).ravel()
    if flat.size != a.size:
        raise ValueError(f"putmask: mask and data must be the same size, {flat.size} is not {a.size}")
    v = ops.reshape(operand(values), (-1,))
    places = np.flatnonzero(flat)
    if places.size and v.size:
        _put_flat(a, places, ops.getitem(v, places % v.size), "putmask")


@_writes(np.place)
def place(arr: Any, mask: Any, vals: Any) -> None:
    """The first values of `vals`, repeated as needed, where `mask` holds."""
    flat = np.asarray(plain(mask)).astype(bool).ravel()
    if flat.size != arr.size:
        raise ValueError(f"place: mask and data must be the same size, {flat.size} is not {arr.size}")
    places = np.flatnonzero(flat)
    if places.size:
        if not operand(vals).size:
            raise ValueError("place: cannot insert from an empty array")
        _put_flat(arr, places, vals, "place")


@_writes(np.fill_diagonal)
def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """The main diagonal (all indices alike) becomes `val`."""
    probe = np.zeros(a.shape, bool)
    np.fill_diagonal(probe, True, wrap)
    places = np.flatnonzero(probe)
    if places.size:
        _put_flat(a, places, val, "fill_diagonal")


@_writes(np.put_along_axis)
def put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None) -> None:
    """The elements that `take_along_axis` with the same indices gives become `values`."""
    places = np.arange(arr.size).reshape(arr.shape)
    chosen = np.take_along_axis(places.ravel() if axis is None else places, np.asarray(plain(indices)), axis)
    values = ops.broadcast_to(operand(values), chosen.shape)
    _put_flat(arr, chosen.ravel(), values, "put_along_axis")


def at(ufunc: Any, target: Any, indices: Any, *operands: Any) -> None:
    """ufunc.at: each index once for every time that it is named, one after the other."""
    if not holds_tensor(target):
        raise TypeError(f"{ufunc.__name__}.at: the destination is a plain array; make it a Tensor to keep the gradient")
    indices = plain(indices)
    places = np.arange(target.size).reshape(target.shape)[indices]
    if ufunc in (np.add, np.subtract):
        values = operand(operands[0])
        values = ops.broadcast_to(values if ufunc is np.add else -values, np.shape(places))
        spread = ops.scatter_add(_cast(f"{ufunc.__name__}.at", target, values, "same_kind"), indices, target.shape)
        overwrite(target, target + spread, f"{ufunc.__name__}.at")
        return
    function = numpy_functions.get(ufunc)
    if function is None:
        raise TypeError(f"numpy.{ufunc.__name__}.at has no derivative declared for Tensors")
    flat = np.ravel(places)
    values = [ops.reshape(ops.broadcast_to(operand(v), np.shape(places)), (-1,)) for v in operands]
    turn = _turns(flat)  # repeats take turns
    turns: list[Any] = [np.flatnonzero(turn == i) for i in range(int(turn.max(initial=-1)) + 1)]
    turns = turns if target.ndim else [now[0] for now in turns]
    given = [[v[now] for v in values] for now in turns]  # before the target, which they may show, is written
    for now, parts in zip(turns, given, strict=True):
        where = np.unravel_index(flat[now], target.shape) if target.ndim else ()
        setitem(target, where, function(target[where], *parts))


def _turns(flat: Any) -> Any:
    """For each element how often it came before."""
    order = np.argsort(flat, kind="stable")
    ordered = flat[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if flat.size else np.zeros(0, int)
    run = np.arange(flat.size) - np.repeat(starts, np.diff([*starts, flat.size]))
    turns = np.empty(flat.size, int)
    turns[order] = run
    return turns
