"""Polynomials by their coefficients, the highest power first, as NumPy's `polyval` and its kin have them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from autograd.graph import Variable
from autograd.ops.conv import convolve
from autograd.ops.linalg import inv, pinv
from autograd.ops.matrices import is_probe
from autograd.primitive import composite, conj, operand, plain, primitive, unbroadcast, wrap
from autograd.state import GradError

__all__ = [
    "characteristic", "horner", "poly", "poly_of_roots", "polyadd", "polyder", "polydiv", "polyfit", "polyint",
    "polymul", "polysub", "polyval", "roots", "series_divide",
]  # fmt: skip


# ---------------------------------------------------------------------- values
def _derivative(p: Any) -> Any:
    """The coefficients of the derivative, in the dtype of `p`; `p` may have more axes behind."""
    powers = np.arange(len(p) - 1, 0, -1).astype(p.dtype)
    return p[:-1] * powers.reshape((-1,) + (1,) * (p.ndim - 1))


def _zeros(shape: tuple[int, ...], g: Any) -> Any:
    """Zeros for a cotangent like `g`: a Tensor where it is one."""
    zeros = np.zeros(shape, g.dtype)
    return wrap(zeros) if isinstance(g, Variable) else zeros


def _moments(g: Any, x: Any, n: int, shape: tuple[int, ...]) -> Any:
    """sum g x^k, each summed to `shape`, for k from n - 1 down to 0."""
    if n == 0:
        return _zeros((0, *shape), g)
    terms = []
    for k in range(n):
        g = g if k == 0 else g * x
        terms.append(unbroadcast(g, shape))
    return np.stack(terms[::-1])


@primitive(
    p=lambda g, p_like, x: _moments(g, x, p_like.shape[0], p_like.shape[1:]),
    x=lambda g, p, x: unbroadcast(g * horner(_derivative(p), x), x.shape),
)
def horner(p, x):
    """p[0] x^(n-1) + ... + p[n-1], by Horner's scheme."""
    return np.polyval(p, x)


@composite(numpy=(np.polyval,))
def polyval(p: Any, x: Any) -> Any:
    """p[0] x^(n-1) + ... + p[n-1] for every element of `x`."""
    if isinstance(x, np.poly1d):
        raise TypeError("a polynomial in a polynomial gives a poly1d, which no Tensor can be in")
    return horner(_vector(p), operand(x))


def _vector(p: Any) -> Any:
    p = operand(p)
    return p.reshape((1,)) if p.ndim == 0 else p


# ---------------------------------------------------------------------- arithmetic
def _aligned(a: Any, b: Any) -> tuple[Any, Any]:
    """Both with as many coefficients, zeros put before the shorter one."""
    a, b = _vector(a), _vector(b)
    missing = len(b) - len(a)
    if missing > 0:
        a = np.concatenate([np.zeros(missing, a.dtype), a])
    elif missing < 0:
        b = np.concatenate([np.zeros(-missing, b.dtype), b])
    return a, b


@composite(numpy=(np.polyadd,))
def polyadd(a1: Any, a2: Any) -> Any:
    """The coefficients of the sum."""
    a, b = _aligned(a1, a2)
    return a + b


@composite(numpy=(np.polysub,))
def polysub(a1: Any, a2: Any) -> Any:
    """The coefficients of the difference."""
    a, b = _aligned(a1, a2)
    return a - b


@composite(numpy=(np.polymul,))
def polymul(a1: Any, a2: Any) -> Any:
    """The coefficients of the product, without those for the leading zeros of either, as in NumPy."""
    a, b = (_vector(x) for x in (a1, a2))
    if a.ndim > 1 or b.ndim > 1:
        raise ValueError("the coefficients of a polynomial have one axis")
    a, b = (x if x.size else np.zeros(1) for x in (a, b))
    length = sum(max(1, len(np.trim_zeros(plain(x), "f"))) for x in (a, b)) - 1
    product = convolve(a, b)
    return product[product.shape[0] - length :]


def _over_series(g: Any, out: Any, u_like: Any, v: Any) -> tuple[Any, Any]:
    """With T the triangular matrix of `v`, T q = u: T' h = g, and h against q for the coefficients of `v`."""
    h = np.flip(series_divide(np.flip(g), v))
    n, m = out.shape[0], v.shape[0]
    slopes = -convolve(h, np.flip(out))[n - 1 : n - 1 + m]
    return h, np.concatenate([slopes, np.zeros(max(m - n, 0), slopes.dtype)])


@primitive(_over_series, arrays=("u", "v"))
def series_divide(u, v):
    """The first len(u) coefficients of the power series u / v, the constant first."""
    rest = u.astype(np.result_type(u, v, 1.0))
    out = np.zeros_like(rest)
    for k in range(len(u)):
        out[k] = rest[k] / v[0]
        taken = v[: len(u) - k]
        rest[k : k + len(taken)] -= out[k] * taken
    return out


@composite(numpy=(np.polydiv,))
def polydiv(u: Any, v: Any) -> tuple[Any, Any]:
    """The quotient and the remainder; of the remainder's coefficients as many as NumPy gives."""
    u, v = _vector(u) + 0.0, _vector(v) + 0.0
    if u.ndim > 1 or v.ndim > 1 or not u.shape[0] or not v.shape[0]:
        raise ValueError(f"needs two vectors of coefficients, not shapes {u.shape} and {v.shape}")
    _, rest = np.polydiv(plain(u), plain(v))
    steps = u.shape[0] - v.shape[0] + 1
    if steps <= 0:
        u = u.astype(rest.dtype)
        return wrap(np.zeros(1, rest.dtype)), u[u.shape[0] - len(rest) :]
    quotient = series_divide(u[:steps], v)
    return quotient, (u - convolve(v, quotient))[u.shape[0] - len(rest) :]


@composite(numpy=(np.polyder,))
def polyder(p: Any, m: int = 1) -> Any:
    """The coefficients of the `m`-th derivative."""
    if m < 0:
        raise ValueError("the order of a derivative is not negative; see polyint")
    p = operand(p)
    for _ in range(int(m)):
        powers = np.arange(len(p) - 1, 0, -1)
        p = p[:-1] * powers
    return p


@composite(numpy=(np.polyint,))
def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    """The coefficients of the `m`-th integral, with the constants of integration `k`, one for each step."""
    m = int(m)
    if m < 0:
        raise ValueError("the order of an integral is not negative; see polyder")
    k = _vector(np.zeros(m) if k is None else k)
    if len(k) == 1 and m > 1:
        k = np.broadcast_to(k, (m,))
    if len(k) < m:
        raise ValueError(f"k needs one constant, or one for each of {m} steps, not {len(k)}")
    p = operand(p)
    for i in range(m):
        p = np.concatenate([p / np.arange(len(p), 0, -1), k[i : i + 1]])
    return p


# ---------------------------------------------------------------------- roots
def _times_root(p: Any, z: Any) -> Any:
    zero = np.zeros(1, p.dtype)
    return np.concatenate([p, zero]) - z * np.concatenate([zero, p])


def _of_roots(g: Any, x: Any) -> Any:
    """Backwards through the products with one root after the other."""
    n = x.shape[0]
    before = [np.ones(1, x.dtype)]
    for k in range(n):
        before.append(_times_root(before[k], x[k]))
    slopes: list[Any] = []
    for k in reversed(range(n)):
        slopes.append(-(g[1:] * before[k]).sum())
        g = g[:-1] - x[k] * g[1:]
    return np.stack(slopes[::-1])


@primitive(x=_of_roots)
def poly_of_roots(x):
    """The coefficients of the product of z - x_i."""
    return np.float64(1.0) if not x.size else np.poly(x)


def _of_matrix(g: Any, out: Any, x: Any) -> Any:
    """The adjugate of z - x is a polynomial in z: N_0 = 1, N_k = x N_(k-1) + out_k. And d out_k = -tr(N_(k-1) dx)."""
    n = len(x)
    unit = np.eye(n, dtype=x.dtype)
    adjugate, total = unit, g[1] * unit
    for k in range(1, n):
        adjugate = np.matmul(x, adjugate) + out[k] * unit
        total = total + g[k + 1] * adjugate
    return -np.transpose(total)


@primitive(x=_of_matrix)
def characteristic(x):
    """The coefficients of det(z - x); its derivative exists where eigenvalues coincide, too."""
    return np.poly(x)


@composite(numpy=(np.poly,))
def poly(seq_of_zeros: Any) -> Any:
    """The coefficients of the polynomial with these roots, or of a square matrix's characteristic polynomial."""
    x = _vector(seq_of_zeros)
    if x.ndim == 2 and x.shape[0] == x.shape[1] != 0:
        return characteristic(x)
    if x.ndim != 1:
        raise ValueError("needs roots, along one axis, or a square matrix that is not empty")
    return poly_of_roots(x) if x.size else wrap(np.float64(1.0))


def _repeated(z: Any) -> Any:
    """Which roots have another so near that rounding cannot tell whether they are one."""
    near = np.abs(z[:, None] - z) <= 2 * np.cbrt(np.finfo(z.dtype).eps) * np.abs(z)
    return near.sum(axis=1) > 1


def _roots(g: Any, out: Any, p: Any) -> Any:
    """dz = -sum z^k dp_k / p'(z), by the theorem on implicit functions."""
    repeated, probing = _repeated(plain(out)), is_probe(g)
    if not probing and (repeated & (plain(g) != 0)).any():
        raise GradError(f"roots: a repeated root has no derivative, and {plain(out)[repeated]} cannot be told apart")
    slope = horner(_derivative(p), out)
    return _moments(
        -g / np.where(repeated, slope.dtype.type(np.nan if probing else np.inf), slope), out, p.shape[0], ()
    )


@primitive(p=_roots, numpy=(np.roots,))
def roots(p):
    """The roots of p[0] x^(n-1) + ... + p[n-1]; a repeated one has no derivative: a GradError, NaN in forward mode."""
    return np.roots(p)


# ---------------------------------------------------------------------- least squares
def _checked(x: Any, y: Any, deg: Any, w: Any) -> tuple[Any, Any, Any]:
    x, y = operand(x) + 0.0, operand(y) + 0.0
    w = None if w is None else operand(w) + 0.0
    if deg < 0:
        raise ValueError(f"the degree is not negative, as {deg} is")
    if x.ndim != 1 or x.size == 0 or y.ndim not in (1, 2) or y.shape[0] != x.shape[0]:
        raise TypeError(f"needs x with n > 0 elements and y of shape (n,) or (n, k), not {x.shape} and {y.shape}")
    if w is not None and w.shape != x.shape:
        raise TypeError(f"w needs one weight for each of {x.shape[0]} points, not shape {w.shape}")
    return x, y, w


def _design(x: Any, order: int) -> Any:
    """x^(order-1), ..., x, 1 in columns."""
    columns = [np.ones_like(x)]
    for _ in range(order - 1):
        columns.append(columns[-1] * x)
    return np.stack(columns[::-1], axis=1)


@composite(numpy=(np.polyfit,))
def polyfit(
    x: Any, y: Any, deg: int, rcond: float | None = None, full: bool = False, w: Any = None, cov: bool | str = False
) -> Any:
    """The coefficients c of degree `deg` with the least sum of w^2 (y - polyval(c, x))^2; differentiable in x, y and w.

    A fit that the points do not determine warns, as in NumPy; its derivative is that among such fits. Of `full=True`
    the rank and the singular values are constants.
    """
    x, y, w = _checked(x, y, deg, w)
    order = int(deg) + 1
    rcond = x.shape[0] * np.finfo(x.dtype).eps if rcond is None else rcond
    left, right = _design(x, order), y
    if w is not None:
        left, right = left * w[:, None], right * (w[:, None] if y.ndim == 2 else w)
    scale = np.sqrt((left * left).sum(axis=0))
    left = left / scale
    fit = np.matmul(pinv(left, rcond), right)
    c = fit / (scale[:, None] if y.ndim == 2 else scale)

    values = np.linalg.svd(plain(left), compute_uv=False)
    rank = int((values > rcond * values[0]).sum())
    if rank != order and not full:
        warnings.warn("Polyfit may be poorly conditioned", np.exceptions.RankWarning, stacklevel=4)
    if not full and not cov:
        return c
    if rank != order or x.shape[0] <= order:
        squares: Any = np.zeros(0, fit.dtype)
    else:
        off = right - np.matmul(left, fit)
        squares = (off * conj(off)).sum(axis=0)
        squares = np.real(squares.reshape((1,)) if y.ndim == 1 else squares)
    if full:
        return c, squares, rank, values, rcond
    base = inv(np.matmul(np.transpose(left), left)) / (scale[:, None] * scale)
    if cov != "unscaled":
        if x.shape[0] <= order:
            raise ValueError(f"a scaled covariance needs more than {order} points")
        base = (base if y.ndim == 1 else base[:, :, None]) * (squares / (x.shape[0] - order))
    elif y.ndim == 2:
        base = base[:, :, None] * 1
    return c, base
