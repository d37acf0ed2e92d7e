"""Products: matrices, stacks of matrices, Einstein sums."""

from __future__ import annotations

import functools
import math
from operator import index
from typing import Any

import numpy as np

from autograd.calls import binary
from autograd.primitive import composite, conj, numpy_functions, operand, primitive, unbroadcast

__all__ = [
    "cross", "dot", "einsum", "inner", "kron", "matmul", "matvec", "outer", "tensordot", "vdot", "vecdot", "vecmat",
]  # fmt: skip


def _matmul_x(g: Any, x_like: Any, y: Any) -> Any:
    if y.ndim == 1:  # (..., n) @ (n,) -> (...)
        return np.expand_dims(g, -1) * y if x_like.ndim > 1 else g * y
    if x_like.ndim == 1:  # (k,) @ (..., k, n) -> (..., n)
        g = np.expand_dims(g, -2)
        return unbroadcast(np.matmul(g, np.swapaxes(y, -1, -2))[..., 0, :], x_like.shape)
    return unbroadcast(matmul(g, np.swapaxes(y, -1, -2)), x_like.shape)


def _matmul_y(g: Any, x: Any, y_like: Any) -> Any:
    if x.ndim == 1:
        return (
            np.expand_dims(x, -1) * np.expand_dims(g, -2)
            if y_like.ndim > 2
            else (np.expand_dims(x, -1) * g if y_like.ndim == 2 else g * x)
        )
    if y_like.ndim == 1:
        flat = x.reshape((math.prod(x.shape[:-1]), x.shape[-1]))
        return np.matmul(g.reshape((flat.shape[0],)), flat)
    if y_like.ndim == 2 and x.ndim > 2:  # one product instead of a stack of them to be summed
        flat = x.reshape((math.prod(x.shape[:-1]), x.shape[-1]))
        return np.matmul(np.swapaxes(flat, 0, 1), g.reshape((flat.shape[0], g.shape[-1])))
    return unbroadcast(np.matmul(np.swapaxes(x, -1, -2), g), y_like.shape)


@primitive(x=_matmul_x, y=_matmul_y, numpy=(np.matmul,), linear="each")
def matmul(x, y):
    """Matrix product; leading axes are stacks that broadcast, vectors are rows or columns as they fit."""
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        raise ValueError("a number is no matrix: use * with it")
    if y.ndim == 2 and x.ndim > 2 and x.flags.c_contiguous and x.shape[-1] == y.shape[0]:
        return (
            np.matmul(x.reshape(-1, x.shape[-1]), y).reshape(*x.shape[:-1], y.shape[1]) if x.size else np.matmul(x, y)
        )
    return np.matmul(x, y)


_short = binary(matmul.op, np.matmul)  # type: ignore[attr-defined]  # products are hot: they take the quick path
_short.__name__, _short.__doc__, _short.op = "matmul", matmul.__doc__, matmul.op  # type: ignore[attr-defined]
matmul.op.function = numpy_functions[np.matmul] = matmul = _short  # type: ignore[attr-defined]


@composite(numpy=(np.dot,))
def dot(x: Any, y: Any) -> Any:
    """NumPy's dot: the product of numbers, of vectors, or over the last axis of x and the last but one of y."""
    x, y = operand(x), operand(y)
    if x.ndim == 0 or y.ndim == 0:
        return x * y
    if x.ndim <= 2 and y.ndim <= 2 or y.ndim == 1:
        return matmul(x, y)
    return tensordot(x, y, axes=((x.ndim - 1,), (y.ndim - 2,)))


@composite(numpy=(np.outer,))
def outer(x: Any, y: Any) -> Any:
    """All products of one element of `x` and one of `y`, both flattened."""
    x, y = operand(x), operand(y)
    return x.reshape((x.size, 1)) * y.reshape((1, y.size))


@composite(numpy=(np.tensordot, np.linalg.tensordot))
def tensordot(x: Any, y: Any, axes: Any = 2) -> Any:
    """Sum of products over pairs of axes: the last so many of `x` with the first of `y`, or (axes of x, axes of y)."""
    x, y = operand(x), operand(y)
    ax: list[Any]
    ay: list[Any]
    if isinstance(axes, (int, np.integer)):
        ax, ay = list(range(x.ndim - int(axes), x.ndim)), list(range(int(axes)))
    else:
        ax, ay = ([a] if isinstance(a, (int, np.integer)) else list(a) for a in axes)
    for given, z in ((ax, x), (ay, y)):
        if any(not -z.ndim <= i < z.ndim for i in given) or len({i % z.ndim for i in given}) < len(given):
            raise ValueError(f"tensordot: axes {axes} do not exist, or come twice, in shapes {x.shape} and {y.shape}")
    ax, ay = [i % x.ndim for i in ax], [j % y.ndim for j in ay]
    if len(ax) != len(ay) or any(x.shape[i] != y.shape[j] for i, j in zip(ax, ay, strict=True)):
        raise ValueError(f"tensordot: axes {ax} of shape {x.shape} do not match axes {ay} of shape {y.shape}")
    left = [i for i in range(x.ndim) if i not in ax]
    right = [j for j in range(y.ndim) if j not in ay]
    n = math.prod(x.shape[i] for i in ax)
    shape = tuple(x.shape[i] for i in left) + tuple(y.shape[j] for j in right)
    a = np.transpose(x, (*left, *ax)).reshape((math.prod(x.shape[i] for i in left), n))
    b = np.transpose(y, (*ay, *right)).reshape((n, math.prod(y.shape[j] for j in right)))
    return matmul(a, b).reshape(shape)


@composite(numpy=(np.inner,))
def inner(a: Any, b: Any) -> Any:
    """Sum of products over the last axes of `a` and `b`."""
    a, b = operand(a), operand(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return tensordot(a, b, axes=((a.ndim - 1,), (b.ndim - 1,)))


@composite(numpy=(np.vdot,))
def vdot(a: Any, b: Any) -> Any:
    """Sum of `conj(a) * b`, both flattened."""
    a, b = operand(a), operand(b)
    return matmul(conj(a).reshape((a.size,)), b.reshape((b.size,)))


@composite(numpy=(np.vecdot, np.linalg.vecdot))
def vecdot(x1: Any, x2: Any, axis: int = -1) -> Any:
    """Sum of `conj(x1) * x2` along `axis`; the others broadcast."""
    x1, x2 = conj(np.moveaxis(operand(x1), axis, -1)), np.moveaxis(operand(x2), axis, -1)
    if x1.shape[-1] != x2.shape[-1]:
        raise ValueError(f"vectors of {x1.shape[-1]} and {x2.shape[-1]} elements have no product")
    if np.result_type(x1.dtype, x2.dtype).kind in "fc":
        return np.sum(x1 * x2, axis=-1)
    return matmul(x1[..., None, :], x2[..., None])[..., 0, 0]  # integers keep their dtype, which a sum would widen


@composite(numpy=(np.matvec,))
def matvec(x1: Any, x2: Any) -> Any:
    """Each matrix of `x1` times the vector of `x2`; leading axes broadcast."""
    x1, x2 = operand(x1), operand(x2)
    if x1.ndim < 2 or x2.ndim < 1:
        raise ValueError(f"matvec is of matrices and vectors, not of shapes {x1.shape} and {x2.shape}")
    return matmul(x1, np.expand_dims(x2, -1))[..., 0]


@composite(numpy=(np.vecmat,))
def vecmat(x1: Any, x2: Any) -> Any:
    """The conjugate of each vector of `x1` times the matrix of `x2`; leading axes broadcast."""
    x1, x2 = operand(x1), operand(x2)
    if x1.ndim < 1 or x2.ndim < 2:
        raise ValueError(f"vecmat is of vectors and matrices, not of shapes {x1.shape} and {x2.shape}")
    return matmul(np.expand_dims(conj(x1), -2), x2)[..., 0, :]


@composite(numpy=(np.kron,))
def kron(a: Any, b: Any) -> Any:
    """Kronecker's product: blocks of `b`, each times an element of `a`."""
    a, b = operand(a), operand(b)
    rank = max(a.ndim, b.ndim)
    left = (1,) * (rank - a.ndim) + a.shape
    right = (1,) * (rank - b.ndim) + b.shape
    x = a.reshape(tuple(k for n in left for k in (n, 1)))
    y = b.reshape(tuple(k for n in right for k in (1, n)))
    return (x * y).reshape(tuple(m * n for m, n in zip(left, right, strict=True)))


@composite(numpy=(np.cross,))
def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """Vector product along an axis of three elements; with two the third is zero, and of two such it is a number."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np.moveaxis(operand(a), axisa, -1), np.moveaxis(operand(b), axisb, -1)
    if a.shape[-1] not in (2, 3) or b.shape[-1] not in (2, 3):
        raise ValueError(f"vectors have 2 or 3 elements here, not {a.shape[-1]} and {b.shape[-1]}")
    third = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    if a.shape[-1] == b.shape[-1] == 2:
        return third
    x = [a[..., i] for i in range(a.shape[-1])]
    y = [b[..., i] for i in range(b.shape[-1])]
    if len(x) == 2:
        first, second = x[1] * y[2], -(x[0] * y[2])
    elif len(y) == 2:
        first, second = -(x[2] * y[1]), x[2] * y[0]
    else:
        first, second = x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2]
    return np.stack([first, second, third], axis=axisc)


def explicit(subscripts: str, ranks: list[int]) -> tuple[list[str], str]:
    """The terms and the result of an einsum pattern, with the ellipsis and an implied result spelled out in letters."""
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        raise ValueError(f"einsum: '{subscripts}' has {len(terms)} terms for {len(ranks)} arrays")
    free = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in text]
    depths = [
        rank - len(term.replace("...", "")) if "..." in term else 0 for term, rank in zip(terms, ranks, strict=True)
    ]
    dots = "".join(free[: max(depths, default=0)])
    spelled = [t.replace("...", dots[len(dots) - d :]) for t, d in zip(terms, depths, strict=True)]
    if arrow:
        return spelled, right.replace("...", dots)
    joined = left.replace(",", "").replace("...", "")
    return spelled, dots + "".join(sorted(c for c in set(joined) if joined.count(c) == 1))


def _einsum(g: Any, operands: Any, subscripts: str, i: int) -> Any:
    terms, result = explicit(subscripts, [a.ndim for a in operands])
    mine, shape = terms[i], operands[i].shape
    sizes = dict(zip(mine, shape, strict=True))
    others = [(t, a) for j, (t, a) in enumerate(zip(terms, operands, strict=True)) if j != i]
    once = "".join(dict.fromkeys(mine))  # a letter that comes twice takes a diagonal
    known = set(result).union(*(t for t, _ in others))
    bare = "".join(c for c in once if c not in known)  # summed over, in this argument alone
    pattern = ",".join([result, *(t for t, _ in others)]) + "->" + "".join(c for c in once if c in known)
    part = np.einsum(pattern, g, *(a for _, a in others), optimize=_worth_it([g, *(a for _, a in others)]))
    order = "".join(c for c in once if c in known) + bare
    part = np.broadcast_to(part.reshape(part.shape + (1,) * len(bare)), part.shape + tuple(sizes[c] for c in bare))
    part = np.transpose(part, tuple(order.index(c) for c in once))
    part = unbroadcast(part, tuple(sizes[c] for c in once))
    if len(once) == len(mine):
        return part
    from autograd.ops.index import scatter_add

    grid = dict(zip(once, np.ogrid[tuple(slice(sizes[c]) for c in once)], strict=True))
    return scatter_add(part, tuple(grid[c] for c in mine), shape)


@primitive(operands=_einsum, arrays=("operands",), variadic=True, name="einsum", linear="each")
def _einsum_op(operands, subscripts):
    """Einstein's sum: products over the letters of `subscripts`, summed over those that the result lacks."""
    return np.einsum(subscripts, *operands, optimize=_worth_it(operands))


def _worth_it(operands: Any) -> bool:
    """Whether to have NumPy look for matrix products in an einsum: that takes as long as a thousand products."""
    return len(operands) > 1 and sum(a.size for a in operands) > 2000


@functools.lru_cache(maxsize=256)
def _path(subscripts: str, shapes: tuple[tuple[int, ...], ...], optimize: Any) -> tuple[tuple[int, ...], ...]:
    """Which operands to join, one pair after another, so that the least is multiplied."""
    stand_ins = [np.broadcast_to(0.0, shape) for shape in shapes]
    given = list(optimize) if isinstance(optimize, tuple) and optimize[:1] == ("einsum_path",) else optimize or "greedy"
    return tuple(np.einsum_path(subscripts, *stand_ins, optimize=given)[0][1:])


def _pairwise(subscripts: str, operands: list[Any], optimize: Any) -> Any:
    """An einsum of many arrays as a chain of einsums of two: then its derivatives cost as little as itself.

    A rule for all arrays at once would go through all products of all letters for each of them.
    """
    optimize = tuple(optimize) if isinstance(optimize, list) else optimize
    steps = _path(subscripts, tuple(a.shape for a in operands), optimize)
    terms, result = explicit(subscripts, [a.ndim for a in operands])
    for n, step in enumerate(steps):
        picked = [(terms[i], operands[i]) for i in step]
        terms = [t for i, t in enumerate(terms) if i not in step]
        operands = [a for i, a in enumerate(operands) if i not in step]
        wanted = set(result).union(*terms)
        letters = "".join(dict.fromkeys(c for t, _ in picked for c in t if c in wanted))
        made = result if n == len(steps) - 1 else letters
        operands.append(_einsum_op([a for _, a in picked], ",".join(t for t, _ in picked) + "->" + made))
        terms.append(made)
    return operands[0]


@composite(numpy=(np.einsum,))
def einsum(subscripts: Any, *operands: Any, optimize: Any = False, **options: Any) -> Any:
    """Einstein's sum: products over the letters of `subscripts`, summed over those that the result lacks.

    >>> import autograd.numpy as np
    >>> from autograd import Tensor
    >>> float(np.einsum("ii->", Tensor([[1.0, 2.0], [3.0, 4.0]])))
    5.0
    """
    if not isinstance(subscripts, str):
        subscripts, operands = _spelled((subscripts, *operands))
    options = {key: value for key, value in options.items() if value is not None}
    if len(operands) > 2 and not options:
        return _pairwise(subscripts, [operand(a) for a in operands], optimize)
    if len(operands) == 1 and not options:
        x = operand(operands[0])
        (term,), result = explicit(subscripts, [x.ndim])
        sizes = set(zip(term, x.shape, strict=False))
        if len(term) == x.ndim and len(result) == len(sizes) == len(set(term)) and set(result) == set(term):
            return _shown(x, term, result)
    return _einsum_op(operands, subscripts, **options)


def _shown(x: Any, term: str, result: str) -> Any:
    """What a pattern that sums nothing shows of `x`, diagonals and another order of axes: a view, as NumPy's."""
    for letter in dict.fromkeys(term):
        while term.count(letter) > 1:
            i = term.index(letter)
            j = term.index(letter, i + 1)
            x = np.diagonal(x, 0, i, j)
            term = term[:i] + term[i + 1 : j] + term[j + 1 :] + letter
    return np.transpose(x, [term.index(letter) for letter in result])


def _spelled(given: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """The pattern and the arrays of einsum's other form: array, axes, array, axes, ..., perhaps the result's axes."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

    def term(axes: Any) -> str:
        return "".join("..." if i is Ellipsis else letters[index(i)] for i in axes)

    pairs = len(given) // 2
    left = ",".join(term(axes) for axes in given[1 : 2 * pairs : 2])
    return (f"{left}->{term(given[-1])}" if len(given) % 2 else left), given[: 2 * pairs : 2]
