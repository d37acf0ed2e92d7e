"""Calls of products."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd import ops
from autograd.testing.strategies.base import (
    Call,
    Draw,
    filled,
    plain_call,
    register,
    register_kinks,
    shapes,
)


@register("matmul", "dot")
def _matmul(draw: Draw, name: str) -> Call:
    if name == "matmul":
        signature = "(m?,n),(n,p?)->(m?,p?)"
        (a, b), _ = draw(hnp.mutually_broadcastable_shapes(signature=signature, max_dims=2, min_side=0, max_side=3))
    else:
        a = draw(shapes())
        b = draw(shapes())
        if a and b:
            b = (*b[:-2], a[-1], *b[-1:]) if len(b) > 1 else (a[-1],)
    return plain_call(name, [filled(draw, a), filled(draw, b)], getattr(ops, name), getattr(np, name))


@register("outer")
def _outer(draw: Draw, name: str) -> Call:
    return plain_call(name, [filled(draw, draw(shapes(0, 2))), filled(draw, draw(shapes(0, 2)))], ops.outer, np.outer)


@register("tensordot")
def _tensordot(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(1, 3)))
    count = draw(st.integers(0, x.ndim))
    if draw(st.booleans()):
        y = filled(draw, (*x.shape[x.ndim - count :], *draw(shapes(0, 1))))
        axes: Any = count
    else:
        ax = draw(st.permutations(range(x.ndim)))[:count]
        free = draw(shapes(0, 1))
        order = draw(st.permutations(range(count + len(free))))
        y = filled(draw, tuple((*(x.shape[i] for i in ax), *free)[i] for i in order))
        ay = [order.index(i) for i in range(count)]
        axes = ([a - x.ndim * draw(st.integers(0, 1)) for a in ax], [a - y.ndim * draw(st.integers(0, 1)) for a in ay])
        if count == 1 and draw(st.booleans()):
            axes = (axes[0][0], axes[1][0])
    return plain_call(name, [x, y], lambda x, y: ops.tensordot(x, y, axes), lambda x, y: np.tensordot(x, y, axes), axes)


EINSUMS = (
    "ij,jk->ik", "ij,jk", "i,i->", "i,j->ij", "ii->i", "ii->", "ii", "iij->j", "ij->ji", "ij->", "ij->j", "ba",
    "ij,j->i", "bij,bjk->bik", "...ij,...jk->...ik", "...i,...i->...", "...,...", "ij,kl->", "ijk,jk->i", "i,i,i->i",
    "ij,jk,kl->il", "ij,ij->", "...ii->...i", "...ij->...ji", "ii,i->i", "ii,ii->", "i...->...", ",i->i", "iji->j",
    " i j , j -> i ", "ij,jk,kl,lm->im", "ij,ij,jk,k", "a...,...b,bc->...c", "ii,i,ij->j",
)  # fmt: skip


@register("einsum")
def _einsum(draw: Draw, name: str) -> Call:
    pattern = draw(st.sampled_from(EINSUMS))
    sizes = {c: draw(st.integers(0, 3)) for c in sorted({c for c in pattern if c.isalpha()})}
    dots = draw(shapes(0, 2)) if "..." in pattern else ()
    arrays = []
    for term in pattern.replace(" ", "").partition("->")[0].split(","):
        lead = dots[draw(st.integers(0, len(dots))) :]
        lead = tuple(1 if draw(st.integers(0, 4)) == 0 else n for n in lead)
        named = [1 if term.count(c) == 1 and draw(st.integers(0, 6)) == 0 else sizes[c] for c in term if c != "."]
        where = term.replace("...", ".").find(".")
        shape = (*named[:where], *lead, *named[where:]) if where >= 0 else tuple(named)
        arrays.append(filled(draw, shape))
    if draw(st.booleans()):
        return plain_call(
            name, arrays, lambda *a: ops.einsum(pattern, *a), lambda *a: np.einsum(pattern, *a), repr(pattern)
        )
    left, arrow, right = pattern.replace(" ", "").partition("->")
    terms = [_numbered(t) for t in left.split(",")]
    result = [_numbered(right)] if arrow else []

    def other(f: Any) -> Any:
        return lambda *a: f(*(v for pair in zip(a, terms, strict=True) for v in pair), *result)

    return plain_call(name, arrays, other(ops.einsum), other(np.einsum), repr((terms, result)))


def _numbered(term: str) -> list[Any]:
    """The axes of an einsum term as numbers."""
    return [Ellipsis if c == "." else ord(c) - ord("a") for c in term.replace("...", ".")]


@register("inner", "kron", "vdot")
def _pair(draw: Draw, name: str) -> Call:
    a, b = draw(shapes()), draw(shapes())
    if name == "inner" and a and b:
        b = (*b[:-1], a[-1])
    if name == "vdot":
        b = draw(st.sampled_from([a, (int(np.prod(a, dtype=int)),)]))
    return plain_call(name, [filled(draw, a), filled(draw, b)], getattr(ops, name), getattr(np, name))


@register("vecdot", "matvec", "vecmat")
def _stacked(draw: Draw, name: str) -> Call:
    signature = {"vecdot": "(n),(n)->()", "matvec": "(m,n),(n)->(m)", "vecmat": "(n),(n,m)->(m)"}[name]
    (a, b), _ = draw(hnp.mutually_broadcastable_shapes(signature=signature, max_dims=2, min_side=0, max_side=3))
    return plain_call(name, [filled(draw, a), filled(draw, b)], getattr(ops, name), getattr(np, name))


@register("cross")
def _cross(draw: Draw, name: str) -> Call:
    (a, b), _ = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=2, min_side=0, max_side=3))
    m, n = draw(st.sampled_from([(3, 3), (3, 3), (2, 3), (3, 2), (2, 2)]))
    i, j = draw(st.integers(0, len(a))), draw(st.integers(0, len(b)))
    given: dict[str, Any] = {"axisa": i, "axisb": j - draw(st.sampled_from((0, len(b) + 1)))}
    if (m, n) != (2, 2):
        given["axisc"] = draw(st.integers(-1, max(len(a), len(b))))

    def quiet(cross: Callable[..., Any]) -> Callable[..., Any]:
        def call(a: Any, b: Any) -> Any:
            with warnings.catch_warnings():  # NumPy deprecates vectors of two elements, and still takes them
                warnings.simplefilter("ignore", DeprecationWarning)
                return cross(a, b, **given)

        return call

    arrays = [filled(draw, (*a[:i], m, *a[i:])), filled(draw, (*b[:j], n, *b[j:]))]
    return plain_call(name, arrays, quiet(ops.cross), quiet(np.cross), given)


@register_kinks("cross")
def _cross_along(draw: Draw, name: str) -> Call:
    """Vectors along one axis of both and of the result; or along axes counted from either end."""
    i, ndim = draw(st.integers(0, 2)), 3
    x, y = (filled(draw, tuple(3 if a == i else 2 for a in range(ndim))) for _ in range(2))
    at = draw(st.sampled_from((i, i - ndim)))
    given: dict[str, Any] = {"axis": at} if draw(st.booleans()) else {"axisa": at, "axisb": at, "axisc": at}
    return plain_call(name, [x, y], lambda x, y: ops.cross(x, y, **given), lambda x, y: np.cross(x, y, **given), given)


@register_kinks("vecdot")
def _along(draw: Draw, name: str) -> Call:
    """Along another axis than the last."""
    x = filled(draw, draw(shapes(1, 3)))
    y, axis = filled(draw, x.shape), draw(st.integers(-x.ndim, x.ndim - 1))
    return plain_call(
        name, [x, y], lambda x, y: ops.vecdot(x, y, axis=axis), lambda x, y: np.sum(x * y, axis=axis), axis
    )


@register_kinks("matmul")
def _of_all_ranks(draw: Draw, name: str) -> Call:
    """Every pair of ranks from vectors to stacks of stacks, without an axis of one element but in the stacks."""
    m, n, p = (draw(st.integers(2, 3)) for _ in range(3))
    left, right = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    stack = draw(st.sampled_from(((2, 3), (3, 2))))

    def lead(rank: int) -> tuple[int, ...]:
        return tuple(1 if draw(st.integers(0, 3)) == 0 else k for k in stack[max(0, 4 - rank) :])

    a = (n,) if left == 1 else (*lead(left), m, n)
    b = (n,) if right == 1 else (*lead(right), n, p)
    arrays = [filled(draw, s, (1.0, -0.5, 2.0, 0.37)) for s in (a, b)]
    return plain_call(name, arrays, ops.matmul, np.matmul)
