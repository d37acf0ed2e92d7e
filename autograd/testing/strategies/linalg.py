"""Calls of the ops in `autograd.ops.linalg`."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd.ops import linalg
from autograd.testing.strategies import decompositions
from autograd.testing.strategies.base import (
    TIES,
    Array,
    Call,
    Draw,
    axis_of,
    distinct,
    filled,
    kink_call,
    plain_call,
    reach_of,
    refused_call,
    register,
    register_kinks,
    register_refused,
    shapes,
)

ORDERS = (2, 1, 3, 0.5, 1.7, np.inf, -np.inf, 0, -1, -2.5)


def regular(draw: Draw, n: int, stack: tuple[int, ...] = ()) -> Array:
    """Matrices that are far from singular: their diagonals dominate."""
    return 0.3 * filled(draw, (*stack, n, n), (1.0, 0.0, -1.0, 0.5, -0.37)) + 1.7 * np.eye(n)


def _unlike(draw: Draw, shape: tuple[int, ...]) -> Array:
    """Elements whose absolute values differ, none of them zero."""
    return distinct(draw, shape) * 1.1 + 0.02


def _norm_call(name: str, x: Array, note: dict[str, Any]) -> Call:
    if name == "norm":
        return Call(
            name, (x,), lambda x: linalg.norm(x, **note), lambda x: np.linalg.norm(x, **note), (_near(x),), str(note)
        )
    return Call(
        name,
        (x,),
        lambda x: linalg.vector_norm(x, **note),
        lambda x: np.linalg.vector_norm(x, **note),
        (_near(x),),
        str(note),
    )


def _near(x: Array) -> Array:
    """How far elements move before two absolute values meet, or one meets zero."""
    sizes = np.sort(np.append(np.abs(x).ravel(), 0.0))
    return np.full(x.shape, min(0.1, 0.2 * float(np.min(np.diff(sizes), initial=1.0))))


@register("vector_norm")
def _vector_norm(draw: Draw, name: str) -> Call:
    x = _unlike(draw, draw(shapes(0, 3, 1)))
    axis = axis_of(draw, x.ndim)
    note = {"axis": None if axis == () else axis, "keepdims": draw(st.booleans()), "ord": draw(st.sampled_from(ORDERS))}
    return _norm_call(name, x, note)


@register("norm", "matrix_norm")
def _norm(draw: Draw, name: str) -> Call:
    x = _unlike(draw, draw(shapes(2 if name == "matrix_norm" else 0, 3, 1)))
    note: dict[str, Any] = {"keepdims": draw(st.booleans())}
    if name == "matrix_norm":
        return _of_matrices(draw, name, x, note)
    if x.ndim and draw(st.booleans()):
        note |= {"axis": axis_of(draw, x.ndim, tuples=False, none=False), "ord": draw(st.sampled_from(ORDERS))}
    elif x.ndim > 1 and draw(st.booleans()):
        note |= {"axis": tuple(draw(st.permutations(range(x.ndim)))[:2])}
        return _of_matrices(draw, name, x, note)
    return _norm_call(name, x, note)


def _of_matrices(draw: Draw, name: str, x: Array, note: dict[str, Any]) -> Call:
    note["ord"] = draw(st.sampled_from(["fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf]))
    i, j = note.get("axis", (-2, -1))
    if note["ord"] in ("nuc", 2, -2):  # singular values apart, and none of them zero
        moved = np.moveaxis(x, (i, j), (-2, -1))
        x = 0.05 * x + np.moveaxis(np.broadcast_to(_scales(*moved.shape[-2:]), moved.shape), (-2, -1), (i, j))
        reach = reach_of(x, most=0.02)
    else:  # no sums of absolute values as large as another: each row and column is larger than the one before
        grow = np.arange(1.0, x.size + 1).reshape(x.shape) ** 1.5
        x, reach = np.sign(x) * grow, np.full(x.shape, 0.1)
    ours, numpys = getattr(linalg, name), getattr(np.linalg, name)
    return Call(name, (x,), lambda x: ours(x, **note), lambda x: numpys(x, **note), (reach,), str(note))


def _scales(m: int, n: int) -> Array:
    return np.asarray(np.eye(m, n) * np.array([1.0, 2.0, 3.2])[:n])


@register("cond")
def _cond(draw: Draw, name: str) -> Call:
    p = draw(st.sampled_from([None, 2, -2, "fro", "nuc", 1, -1, np.inf, -np.inf]))
    n = draw(st.integers(1, 3))
    a = decompositions.apart(draw, n, n) + 0.01 * np.arange(n * n).reshape(n, n) ** 1.5
    return plain_call(name, [a], lambda a: linalg.cond(a, p), lambda a: np.linalg.cond(a, p), p, most=0.003)


@register("inv")
def _inv(draw: Draw, name: str) -> Call:
    a = regular(draw, draw(st.integers(0, 3)), draw(shapes(0, 1)))
    return Call(name, (a,), getattr(linalg, name), getattr(np.linalg, name), (reach_of(a, most=0.03),))


@register("solve")
def _solve(draw: Draw, name: str) -> Call:
    n = draw(st.integers(1, 3))
    stack = draw(shapes(0, 1, 1))
    b = (n,) if draw(st.booleans()) else (*draw(st.sampled_from([(), stack, (1,)])), n, draw(st.integers(0, 2)))
    return plain_call(name, [regular(draw, n, stack), filled(draw, b)], linalg.solve, np.linalg.solve, most=0.03)


@register("det", "cofactor", "logabsdet", "slogdet", "detsign")
def _det(draw: Draw, name: str) -> Call:
    a = regular(draw, draw(st.integers(1 if name == "cofactor" else 0, 3)), draw(shapes(0, 1)))
    f, reach = getattr(linalg, name), (reach_of(a, most=0.03),)
    if name == "slogdet":
        return Call(name, (a,), lambda a: f(a)[1], lambda a: np.linalg.slogdet(a)[1], reach)
    if name == "logabsdet":
        return Call(name, (a,), f, lambda a: np.linalg.slogdet(a)[1], reach)
    if name == "detsign":
        return Call(name, (a,), f, lambda a: np.linalg.slogdet(a)[0], reach)
    if name == "cofactor":
        return Call(name, (a,), f, _by_inverse, reach)
    return Call(name, (a,), f, np.linalg.det, reach)


def _by_inverse(a: Array) -> Any:
    return np.linalg.det(a)[..., None, None] * np.swapaxes(np.linalg.inv(a), -1, -2)


@register("cofactor_along")
def _along(draw: Draw, name: str) -> Call:
    a = regular(draw, draw(st.integers(1, 3)), draw(shapes(0, 1)))

    return plain_call(name, [a, filled(draw, a.shape)], linalg.cofactor_along, _derivative_of_cofactor, most=0.03)


@register("pinv")
def _pinv(draw: Draw, name: str) -> Call:
    note: dict[str, Any] = draw(st.sampled_from([{}, {"rcond": 1e-12}, {"rtol": 1e-11}]))
    a = regular(draw, 3, draw(shapes(0, 1)))
    if draw(st.booleans()):
        note = note | {"hermitian": True}
        of = decompositions.hermitian
        return plain_call(
            name, [a], lambda a: linalg.pinv(of(a), **note), lambda a: np.linalg.pinv(of(a), **note), note, most=0.03
        )
    a = a[..., : draw(st.integers(1, 3)), : draw(st.integers(1, 3))]
    return plain_call(name, [a], lambda a: linalg.pinv(a, **note), lambda a: np.linalg.pinv(a, **note), note, most=0.03)


@register("lstsq")
def _lstsq(draw: Draw, name: str) -> Call:
    a = decompositions.apart(draw, draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    a = a[(0,) * (a.ndim - 2)]
    b = filled(draw, (a.shape[0], draw(st.integers(1, 2)))[: draw(st.integers(1, 2))])
    rcond, i = (
        draw(st.sampled_from([None, -1, 1e-10])),
        draw(st.sampled_from([0, 1, 3] if a.shape[0] > a.shape[1] else [0, 3])),
    )
    return plain_call(
        name,
        [a, b] if i < 2 else [a],
        lambda a, b=b: linalg.lstsq(a, b, rcond)[i],
        lambda a, b=b: np.linalg.lstsq(a, b, rcond)[i],
        (rcond, i),
        most=0.02,
    )


@register("tensorinv", "tensorsolve")
def _tensors(draw: Draw, name: str) -> Call:
    left, right = draw(st.sampled_from([((2,), (2,)), ((2, 2), (4,)), ((4,), (2, 2)), ((2, 3), (3, 2)), ((3,), (3,))]))
    a = regular(draw, int(np.prod(left))).reshape(left + right)
    if name == "tensorinv":
        ind = len(left)
        return plain_call(
            name, [a], lambda a: linalg.tensorinv(a, ind), lambda a: np.linalg.tensorinv(a, ind), ind, most=0.02
        )
    b, axes = filled(draw, left), None
    if draw(st.booleans()):  # the axes of the unknown come first
        a = np.moveaxis(a, range(len(left)), range(-len(left), 0))
        axes = tuple(range(len(right)))
    return plain_call(
        name,
        [a, b],
        lambda a, b: linalg.tensorsolve(a, b, axes),
        lambda a, b: np.linalg.tensorsolve(a, b, axes),
        axes,
        most=0.02,
    )


@register("matrix_transpose")
def _turned(draw: Draw, name: str) -> Call:
    return plain_call(name, [filled(draw, draw(shapes(2, 3)))], linalg.matrix_transpose, np.linalg.matrix_transpose)


@register("linalg_diagonal", "linalg_trace")
def _diagonal(draw: Draw, name: str) -> Call:
    offset, short = draw(st.integers(-2, 2)), name.removeprefix("linalg_")
    ours, numpys = getattr(linalg, short), getattr(np.linalg, short)
    return plain_call(
        name,
        [filled(draw, draw(shapes(2, 3)))],
        lambda x: ours(x, offset=offset),
        lambda x: numpys(x, offset=offset),
        offset,
    )


@register("linalg_outer")
def _outer(draw: Draw, name: str) -> Call:
    return plain_call(
        name, [filled(draw, draw(shapes(1, 1))), filled(draw, draw(shapes(1, 1)))], linalg.outer, np.linalg.outer
    )


@register("linalg_cross")
def _cross(draw: Draw, name: str) -> Call:
    stack = draw(shapes(0, 2))
    i = draw(st.integers(0, len(stack)))
    shape, axis = (*stack[:i], 3, *stack[i:]), draw(st.sampled_from([i, i - len(stack) - 1]))
    return plain_call(
        name,
        [filled(draw, shape), filled(draw, shape)],
        lambda a, b: linalg.cross(a, b, axis=axis),
        lambda a, b: np.linalg.cross(a, b, axis=axis),
        axis,
    )


@register("matrix_power")
def _matrix_power(draw: Draw, name: str) -> Call:
    n = draw(st.integers(-3, 5))
    a = regular(draw, draw(st.integers(1, 3)), draw(shapes(0, 1)))
    return plain_call(
        name, [a], lambda a: linalg.matrix_power(a, n), lambda a: np.linalg.matrix_power(a, n), n, most=0.03
    )


@register("multi_dot")
def _multi_dot(draw: Draw, name: str) -> Call:
    sizes = draw(st.lists(st.integers(1, 3), min_size=3, max_size=5))
    arrays = [filled(draw, (sizes[i], sizes[i + 1])) for i in range(len(sizes) - 1)]
    if draw(st.booleans()):
        arrays[0] = arrays[0][0]
    if draw(st.booleans()):
        arrays[-1] = arrays[-1][:, 0]
    return plain_call(name, arrays, lambda *a: linalg.multi_dot(a), lambda *a: np.linalg.multi_dot(a))


CONVEX = (1, 2, 3, 1.7, np.inf)


@register_kinks("vector_norm", "norm")
def _norm_at_zero(draw: Draw, name: str) -> Call:
    """Vectors and rows of zeros, zeros among others, and ties of the largest."""
    x = filled(draw, draw(shapes(1, 3, 1)), draw(st.sampled_from(((0.0, -0.0), TIES, (0.0, 2.0, 800.0)))))
    axis = axis_of(draw, x.ndim, tuples=name == "vector_norm", none=name == "vector_norm")
    note = {"axis": None if axis == () else axis, "keepdims": draw(st.booleans()), "ord": draw(st.sampled_from(CONVEX))}
    if name == "norm" and draw(st.integers(0, 3)) == 0:
        note = {"keepdims": note["keepdims"]}  # of all elements, whatever their number of axes
    f, g = getattr(linalg, name), getattr(np.linalg, name)
    return kink_call(name, [x], lambda x: f(x, **note), lambda x: g(x, **note), "convex", note)


@register_kinks("norm", "matrix_norm")
def _matrix_norm_at_zero(draw: Draw, name: str) -> Call:
    """Matrices of zeros, of equal rows and columns, of equal singular values."""
    m, n = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    x: Any = draw(st.sampled_from(("zeros", "ones", "unit", "any")))
    made = {"zeros": np.zeros((m, n)), "ones": np.ones((m, n)), "unit": np.eye(m, n), "any": None}[x]
    a = filled(draw, (m, n), TIES) if made is None else made
    order: Any = draw(st.sampled_from(("fro", 1, np.inf, 2, "nuc")))
    f, g = getattr(linalg, name), getattr(np.linalg, name)
    return kink_call(name, [a], lambda a: f(a, ord=order), lambda a: g(a, ord=order), "convex", order)


@register_kinks("det")
def _singular(draw: Draw, name: str) -> Call:
    """A determinant is a polynomial, at matrices without an inverse too; its second derivative is that of cofactors."""
    n = draw(st.integers(1, 3))
    a = filled(draw, (n, n), draw(st.sampled_from(((0.0,), (1.0,), (0.0, 1.0, 0.0, 2.0)))))
    return plain_call(name, [a], linalg.det, np.linalg.det)


@register_kinks("matrix_power")
def _power_of_singular(draw: Draw, name: str) -> Call:
    n, m = draw(st.integers(0, 4)), draw(st.integers(1, 3))
    a = filled(draw, (m, m), (0.0, 1.0, 0.0))
    return plain_call(name, [a], lambda a: linalg.matrix_power(a, n), lambda a: np.linalg.matrix_power(a, n), n)


@register_kinks("vector_norm", "norm")
def _norm_of_ties(draw: Draw, name: str) -> Call:
    """The largest several times, with both signs; and nothing but zeros, for powers that are no short cut."""
    order = draw(st.sampled_from((np.inf, 3, 1.7)))
    pool = (2.0, -2.0, 0.5) if order == np.inf else (0.0, -0.0)
    x = filled(draw, (draw(st.integers(1, 2)), draw(st.integers(2, 3))), pool)
    note: dict[str, Any] = {"ord": order, "axis": draw(st.sampled_from((0, 1, -1)))}
    if name == "vector_norm" and order == np.inf and draw(st.integers(0, 3)) == 0:
        x, note = filled(draw, (), (2.0, -2.0)), {"ord": order}
    f, g = getattr(linalg, name), getattr(np.linalg, name)
    if not x.ndim:
        return kink_call(name, [x], lambda x: linalg.vector_norm(x, **note), lambda x: np.abs(x), "convex", note)
    return kink_call(name, [x], lambda x: f(x, **note), lambda x: g(x, **note), "convex", note)


@register_kinks("solve", "cofactor_along")
def _one_for_many(draw: Draw, name: str) -> Call:
    """One matrix and many right sides, many matrices and one, none of them symmetric."""
    n, many = draw(st.integers(2, 3)), draw(st.sampled_from(((), (1,))))
    stacks = draw(st.sampled_from(((many, (2,)), ((2,), many))))
    a = regular(draw, n, stacks[0]) + 0.1 * np.triu(np.ones((n, n)), 1)
    if name == "solve":
        return plain_call(name, [a, filled(draw, (*stacks[1], n, 2))], linalg.solve, np.linalg.solve, most=0.03)
    return plain_call(
        name, [a, filled(draw, (*stacks[1], n, n))], linalg.cofactor_along, _derivative_of_cofactor, most=0.03
    )


def _derivative_of_cofactor(a: Array, w: Array) -> Any:
    x = np.swapaxes(np.linalg.inv(a), -1, -2)
    along = np.sum(w * x, axis=(-2, -1), keepdims=True) * x - x @ np.swapaxes(w, -1, -2) @ x
    return np.linalg.det(a)[..., None, None] * along


@register_kinks("cofactor_along")
def _along_four(draw: Draw, name: str) -> Call:
    """Of four rows the third derivative of a determinant still hangs on the matrix."""
    a, w = regular(draw, 4) + 0.1 * np.triu(np.ones((4, 4)), 1), filled(draw, (4, 4))
    return plain_call(name, [a, w], linalg.cofactor_along, _derivative_of_cofactor, most=0.03)


@register_kinks("logabsdet")
def _beside_a_singular_one(draw: Draw, name: str) -> Call:
    """A stack with a singular matrix of which nothing is asked, and a stack of stacks."""
    a = np.array([[2.0, 0.3, 0.1], [0.4, 1.0, -0.4], [0.2, 0.5, -1.0]])
    a = draw(st.sampled_from((np.stack([np.ones((3, 3)), a]), np.stack([a, 2 * a])[None])))
    return plain_call(name, [a], lambda a: linalg.logabsdet(a)[-1:], lambda a: np.linalg.slogdet(a)[1][-1:], most=0.03)


@register_refused("logabsdet")
def _log_of_zero(draw: Draw, name: str) -> Call:
    a = draw(
        st.sampled_from((np.zeros((2, 2)), np.array([[1.0, 2.0], [2.0, 4.0]]), np.stack([np.ones((2, 2)), np.eye(2)])))
    )
    return refused_call(name, [a], linalg.logabsdet)


@register_kinks("detsign")
def _sign_of_complex(draw: Draw, name: str) -> Call:
    """The sign of a complex determinant turns, at the unit matrix too."""
    a = np.eye(2) + draw(st.sampled_from((0.0, 0.3))) * np.array([[1.0j, 0.5], [-1.0, 2.0 - 1.0j]])
    return plain_call(name, [a], linalg.detsign, lambda a: np.linalg.slogdet(a)[0], most=0.03)


@register_kinks("pinv")
def _pinv_of_symmetric(draw: Draw, name: str) -> Call:
    """Of `hermitian` matrices the gradient is Hermitian: its elements are slopes along Hermitian steps."""
    a = np.array([[2.0, 0.5, -0.3], [0.5, 1.0, 0.2], [-0.3, 0.2, -1.5]]) * draw(st.sampled_from((1.0, -2.0)))

    def convention(g: Array, a: Array) -> list[Array]:
        p = np.linalg.inv(a)
        return [decompositions.symmetric_slopes(lambda step: -p @ step @ p, g, len(a))]

    return Call(
        name,
        (a,),
        lambda a: linalg.pinv(a, hermitian=True),
        lambda a: np.linalg.pinv(a, hermitian=True),
        (np.zeros(a.shape),),
        "hermitian",
        convention=convention,
    )


@register_kinks("vector_norm")
def _norm_of_little(draw: Draw, name: str) -> Call:
    """Complex zeros; powers that underflow; orders below one, whose slope at zero is infinite and taken as zero."""
    order: Any = draw(st.sampled_from((1, 2, 3, np.inf, "little", 0.5, 0, -1)))
    if order == "little":
        x, order, most = np.array([1e-120, -2e-120, 0.0]), 3, 1e-121
    elif order in (0.5, 0, -1):
        x, most = np.array([0.0, 1.3, -2.0]), 0.1
    else:
        x, most = np.array([0.0, 1.0 + 2.0j, -0.5j]), 0.1

    def convention(g: Array, x: Array) -> list[Array]:
        slope = np.sign(x) * (np.abs(x) / np.linalg.norm(x, order)) ** (order - 1)
        return [g * np.where((x == 0) | (order == 0), 0, slope)]

    return kink_call(
        name,
        [x],
        lambda x: linalg.vector_norm(x, ord=order),
        lambda x: np.linalg.vector_norm(x, ord=order),
        "jump" if order in (0.5, 0) else "convex",
        order,
        most,
        convention if order in (0.5, 0) else None,
    )
