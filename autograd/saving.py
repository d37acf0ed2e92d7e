"""What a graph saves for its backward pass: hooks that pack it (to offload, to compress) and `checkpoint`."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd.graph import Node, Variable
from autograd.primitive import wrap
from autograd.state import GradError, enable_grad, is_grad_enabled, mode, no_grad, state


class _Packed:
    """Saved values of a node in the form that a `pack` function gave them."""

    __slots__ = ("value", "unpack")

    def __init__(self, value: Any, unpack: Callable[[Any], Any]) -> None:
        self.value = value
        self.unpack = unpack


def _open(x: Any) -> Any:
    if isinstance(x, _Packed):
        array = x.unpack(x.value)
        if not isinstance(array, (np.ndarray, np.generic)):
            raise GradError(f"unpack must return the array that pack was given, it returned {type(array).__name__}")
        return array
    return tuple(_open(v) for v in x) if type(x) is tuple else x


_ARGS: Any = Node.__dict__["args"]  # the slots beneath the properties of a packed node
_OUT: Any = Node.__dict__["out"]


class _PackedNode(Node):
    """A node whose saved arrays are packed; whoever reads `args` or `out` gets them unpacked."""

    __slots__ = ()

    @property
    def args(self) -> Any:
        return _open(_ARGS.__get__(self))

    @args.setter
    def args(self, value: Any) -> None:
        _ARGS.__set__(self, value)

    @property
    def out(self) -> Any:
        return _open(_OUT.__get__(self))

    @out.setter
    def out(self, value: Any) -> None:
        _OUT.__set__(self, value)


@contextlib.contextmanager
def saved_tensors_hooks(pack: Callable[[Any], Any], unpack: Callable[[Any], Any]) -> Iterator[None]:
    """Inside, every array that the graph saves goes through `pack`, and comes back through `unpack` in backward.

    Parameters
    ----------
    pack : callable
        Takes an array, which it must not write into; returns anything: a file's name, a smaller array.
    unpack : callable
        Takes what `pack` returned and gives an array of the same shape and dtype.

    >>> import numpy as np
    >>> from autograd import Tensor, saved_tensors_hooks
    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> with saved_tensors_hooks(lambda a: a.astype(np.float16), lambda h: h.astype(float)):
    ...     y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    Tensor([2., 4.])
    """
    before = state.get().record

    def close(x: Any) -> Any:
        if isinstance(x, np.ndarray) and x.dtype.kind in "fc":
            return _Packed(pack(x), unpack)
        return tuple(close(v) for v in x) if type(x) is tuple else x

    def record(op: Any, out: Any, args: Any, parents: Any, keep_out: bool, now: Any) -> Any:
        made = before(op, out, args, parents, keep_out, now)
        node = made._node
        node.args, node.out = close(node.args), close(node.out)
        node.__class__ = _PackedNode
        return made

    with mode(record=record):
        yield


class _Segment:
    """One checkpointed call: what to run again, and what came out of running it again."""

    def __init__(self, f: Callable[..., Any], args: Any, kwargs: Any, rng: Any) -> None:
        self.f = f
        self.args = [wrap(a._data, a._node) if isinstance(a, Variable) else a for a in args]
        self.kwargs = kwargs
        self.rng = rng
        self.start = None if rng is None else rng.bit_generator.state
        self.count = 0
        self.again: list[Any] | None = None
        self.digest = 0

    def pack(self, array: Any) -> int:
        self.digest = zlib.crc32(array.tobytes(), self.digest)
        self.count += 1
        return self.count - 1

    def unpack(self, place: int) -> Any:
        if self.again is None:
            self._run()
        return self.again[place]  # type: ignore[index]

    def _run(self) -> None:
        found: list[Any] = []
        digest = 0

        def keep(array: Any) -> int:
            nonlocal digest
            digest = zlib.crc32(array.tobytes(), digest)
            found.append(array)
            return len(found) - 1

        now = None if self.rng is None else self.rng.bit_generator.state
        if self.rng is not None:
            self.rng.bit_generator.state = self.start
        with np.errstate(all="ignore"), enable_grad(), saved_tensors_hooks(keep, found.__getitem__):
            self.f(*self.args, **self.kwargs)
        if self.rng is not None:
            self.rng.bit_generator.state = now
        if (len(found), digest) != (self.count, self.digest):
            raise GradError(
                "checkpoint: the function gave other values when it ran again. It must depend on nothing that changes "
                "between forward and backward: weights updated meanwhile, random numbers (pass the generator as rng=)"
            )
        self.again = found


def checkpoint(f: Callable[..., Any], *args: Any, rng: Any = None, **kwargs: Any) -> Any:
    """f(*args, **kwargs), whose inner values are computed again in backward instead of being saved.

    Chen, Xu, Zhang and Guestrin, Training Deep Nets with Sublinear Memory Cost, 2016. Gradients, of every order, are
    those of the plain call, also for tensors that `f` uses without being given them.

    Parameters
    ----------
    rng : numpy.random.Generator, optional
        The source of f's random numbers: it is set back for the second run.

    Raises
    ------
    GradError
        In backward, if the second run gave other values than the first.

    >>> from autograd import Tensor, checkpoint
    >>> import autograd.numpy as np
    >>> x = Tensor(2.0, requires_grad=True)
    >>> checkpoint(lambda x: np.exp(x) * x, x).backward()
    >>> print(f"{x.grad.item():.4f}")
    22.1672
    """
    if not is_grad_enabled():
        with no_grad():
            return f(*args, **kwargs)
    segment = _Segment(f, args, kwargs, rng)
    with saved_tensors_hooks(segment.pack, segment.unpack):
        return f(*args, **kwargs)
