"""vmap: a function of one example as a function of a batch."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import batchrules, ops, tree  # noqa: F401  the rules register themselves
from autograd.levels import Batched, Lifted
from autograd.primitive import wrap
from autograd.state import mode, state
from autograd.tensor import Tensor

Axes = int | None | Sequence[int | None]


def vmap(f: Callable[..., Any], in_axes: Axes = 0, out_axes: Axes = 0) -> Callable[..., Any]:
    """The function that maps f over an axis of its arguments, all examples at once.

    `f` is written for one example. It runs once, on tensors that stand for the whole batch, so it must not decide by
    their values. Most ops go through the batch in one call; the others run an example at a time. Functions that order,
    count or decide by values (`sort`, `median`, `unique`, `interp`, `histogram`) have no derivative *inside* a vmap.

    Parameters
    ----------
    in_axes : int, None or a sequence of these
        The axis of each argument that counts the examples; None for one that all examples share. Within an argument
        that is a nested structure all arrays have the same. Keyword arguments have axis 0.
    out_axes : int, None or a sequence of these
        Where the examples are counted in the result, or in each if there are several. None asks for a result that is
        the same in all examples.

    Raises
    ------
    ValueError
        If no argument has a batch, if two have different sizes, or one is empty.
    NoValues
        If f asks for values: in an `if`, by `float()`, by a write.

    Examples
    --------
    The gradient of each example's loss:

    >>> import numpy as np
    >>> from autograd import grad, vmap
    >>> x = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> vmap(grad(lambda w, x: (w @ x) ** 2), in_axes=(None, 0))(np.array([1.0, 0.0]), x).tolist()
    [[2.0, 4.0], [18.0, 24.0], [50.0, 60.0]]
    """

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        level = state.get().level + 1
        axes = list(in_axes) if isinstance(in_axes, (tuple, list)) else [in_axes] * len(args)
        if len(axes) != len(args):
            raise ValueError(f"vmap: in_axes has {len(axes)} entries for {len(args)} arguments")
        sizes: set[int] = set()

        def enter(x: Any, axis: Any) -> Any:
            if axis is None:
                return x
            x = x if isinstance(x, Tensor) else np.asarray(x)
            if not -x.ndim <= axis < x.ndim:
                raise ValueError(f"vmap: an argument of shape {x.shape} has no axis {axis} to be mapped over")
            sizes.add(x.shape[axis])
            return Batched.of(ops.moveaxis(x, axis, 0) if axis % x.ndim else x, level)

        given = [tree.rebuild(a, functools.partial(enter, axis=n)) for a, n in zip(args, axes, strict=True)]
        named = {k: tree.rebuild(v, functools.partial(enter, axis=0)) for k, v in kwargs.items()}
        if len(sizes) != 1 or 0 in sizes:
            raise ValueError(
                f"vmap: the mapped axes must have one size, and not 0; they have {sorted(sizes) or 'none at all'}"
            )
        (size,) = sizes
        with mode(level=level):
            out = f(*given, **named)
        tensors = any(isinstance(v, Tensor) for v in tree.leaves([args, kwargs]))

        def leave(x: Any, axis: Any) -> Any:
            if isinstance(x, Lifted) and x._level == level:
                x = x._value
            batched = isinstance(x, Batched) and x._level == level
            value = x._value if batched else x if isinstance(x, Tensor) else np.asarray(x)
            if axis is None:
                if batched:
                    raise ValueError("vmap: out_axes is None for a result that differs from example to example")
            else:
                value = value if batched else ops.broadcast_to(value, (size, *value.shape))
                value = ops.moveaxis(value, 0, axis) if axis else value
            if isinstance(value, Tensor):
                return value if tensors or value.requires_grad or not hasattr(value, "_data") else value.data
            return wrap(value) if tensors else value

        if isinstance(out_axes, (tuple, list)):
            if not isinstance(out, (tuple, list)) or len(out) != len(out_axes):
                raise ValueError(f"vmap: out_axes has {len(out_axes)} entries, the result is a {type(out).__name__}")
            parts = [tree.rebuild(o, functools.partial(leave, axis=n)) for o, n in zip(out, out_axes, strict=True)]
            return tree.like(out, tree.leaves(parts))
        return tree.rebuild(out, functools.partial(leave, axis=out_axes))

    return wrapped
