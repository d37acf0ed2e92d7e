"""What networks are made of: activations, softmax, normalisation, embedding, cross-entropy."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from autograd.graph import Variable
from autograd.ops.index import scatter_add
from autograd.ops.product import matmul
from autograd.primitive import elementwise, primitive
from autograd.sparse import RowSparse

__all__ = [
    "cross_entropy", "embedding", "gelu", "layer_norm", "linear", "log_softmax", "normal_cdf", "relu", "rms_norm",
    "sigmoid", "softmax",
]  # fmt: skip

SQRT_2_OVER_PI = math.sqrt(2.0 / math.pi)
SQRT_HALF = math.sqrt(0.5)


@functools.cache
def _erf() -> Any:
    """SciPy's error function where it is installed; else the standard library's, a number at a time.

    Imported at its first use: SciPy takes longer to load than this whole package.
    """
    try:
        from scipy.special import erf
    except ImportError:
        return np.frompyfunc(math.erf, 1, 1)
    return erf


def _relu(x: Any) -> Any:
    return np.maximum(x, 0)


def _sigmoid(x: Any) -> Any:
    if np.iscomplexobj(x):
        raise TypeError("complex numbers are not supported")
    e = np.exp(-np.abs(x))
    return np.where(np.greater_equal(x, 0), 1, e) / (1 + e)


relu = elementwise(_relu, name="relu", x=lambda g, out: g * (out > 0), kink="convex", selects=True)
relu.__doc__ = "max(x, 0); at 0 the slope is 0."
sigmoid = elementwise(_sigmoid, name="sigmoid", x=lambda g, out: g * out * (1 - out))
sigmoid.__doc__ = "1 / (1 + exp(-x)), without overflow."


# gelu(x) = x (1 + t) / 2 with t = tanh(x (C + D x^2)), evaluated a block at a time, so that temporaries stay in cache
C, D = SQRT_2_OVER_PI, SQRT_2_OVER_PI * 0.044715
BLOCK = 8192


def _blocks(x: Any) -> tuple[Any, Any]:
    """The result array to fill and an iterator over flat pieces of it and of `x`."""
    x = np.ascontiguousarray(x)
    out = np.empty_like(x)
    source, target = x.reshape(-1), out.reshape(-1)
    pieces = ((source[i : i + BLOCK], target[i : i + BLOCK]) for i in range(0, x.size, BLOCK))
    return out, pieces


def _gelu_tanh(x: Any) -> Any:
    out, pieces = _blocks(x)
    for a, o in pieces:
        np.multiply(a, a, o)
        o *= D
        o += C
        o *= a
        np.tanh(o, o)
        o += 1
        o *= a
        o *= 0.5
    return out.reshape(np.shape(x))


def _gelu_tanh_curvature(g: Any, x: Any) -> Any:
    t = np.tanh(x * (C + D * x * x))
    rise = C + 3 * D * x * x  # of the argument of tanh
    return g * (1 - t * t) * (rise + 3 * D * x * x - t * x * rise * rise)


@primitive(x=_gelu_tanh_curvature)
def gelu_tanh_slope(x):
    """The derivative of gelu's tanh form: (1 + t) (1 + (1 - t) x (C + 3 D x^2)) / 2."""
    out, pieces = _blocks(x)
    t = np.empty(min(BLOCK, out.size), out.dtype)
    for a, o in pieces:
        t = t[: a.size]
        np.multiply(a, a, o)
        np.multiply(o, D, t)
        t += C
        t *= a
        np.tanh(t, t)
        o *= 3 * D
        o += C
        o *= a
        o *= 1 - t
        o += 1
        t += 1
        o *= t
        o *= 0.5
    return out.reshape(np.shape(x))


def _gelu_slope(g: Any, x: Any, approximate: str) -> Any:
    if approximate == "tanh":
        return g * gelu_tanh_slope(x)
    return g * (normal_cdf(x) + x * np.exp(x * x * -0.5) * (1 / math.sqrt(2 * math.pi)))


@primitive(x=lambda g, x: g * np.exp(x * x * -0.5) * (1 / math.sqrt(2 * math.pi)))
def normal_cdf(x):
    """The standard normal distribution function, (1 + erf(x / sqrt 2)) / 2."""
    x = np.asarray(x)
    if x.dtype.kind == "c":
        raise TypeError("complex numbers are not supported")
    return (0.5 * (1 + np.asarray(_erf()(x * SQRT_HALF), dtype=float))).astype(x.dtype)


@primitive(x=_gelu_slope)
def gelu(x, approximate="none"):
    """x Phi(x), Phi the normal distribution function; `approximate="tanh"` is the usual quick form.

    Hendrycks and Gimpel, Gaussian Error Linear Units, 2016, equation 2.
    """
    if approximate == "tanh":
        return _gelu_tanh(x)
    if approximate != "none":
        raise ValueError(f"approximate is 'none' or 'tanh', not {approximate!r}")
    return x * normal_cdf(x)


def _shifted(x: Any, axis: int) -> Any:
    """`x` minus its largest along `axis`, where a row of nothing but -inf stays as it is."""
    x = x if x.dtype.kind in "fc" else x.astype(float)
    top = np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    return x - np.where(np.isfinite(top), top, 0).astype(x.dtype)


@primitive(x=lambda g, out, axis: out * (g - (g * out).sum(axis=axis, keepdims=True)))
def softmax(x, axis=-1):
    """exp(x) / sum(exp(x)) along `axis`; a row of nothing but -inf gives zeros (nothing to attend to)."""
    e = np.exp(_shifted(x, axis))
    total = np.add.reduce(e, axis=axis, keepdims=True)
    total[total == 0] = 1
    e /= total
    return e


@primitive(x=lambda g, out, axis: g - np.exp(out) * g.sum(axis=axis, keepdims=True))
def log_softmax(x, axis=-1):
    """log(softmax(x)) along `axis`, without overflow."""
    z = _shifted(x, axis)
    with np.errstate(divide="ignore"):
        total = np.log(np.add.reduce(np.exp(z), axis=axis, keepdims=True))
    return z - np.where(np.isfinite(total), total, 0).astype(z.dtype)


@primitive(
    x=lambda g, x_like, weight: matmul(g.reshape((math.prod(g.shape[:-1]), g.shape[-1])), weight).reshape(x_like.shape),
    weight=lambda g, x: matmul(
        np.swapaxes(g.reshape((math.prod(g.shape[:-1]), g.shape[-1])), 0, 1),
        x.reshape((math.prod(x.shape[:-1]), x.shape[-1])),
    ),
    bias=lambda g: g.sum(axis=tuple(range(g.ndim - 1))),
)
def linear(x, weight, bias=None):
    """x W^T + b, with `weight` of shape (out, in): every leading axis of `x` in one matrix product."""
    if weight.ndim != 2 or x.ndim < 1 or x.shape[-1] != weight.shape[1]:
        raise ValueError(f"the last axis of x must be {weight.shape[-1]}, the input width of the weight")
    out = np.matmul(x.reshape(math.prod(x.shape[:-1]), x.shape[-1]), weight.T)
    if bias is not None:
        out = _inplace(np.add, out, bias)
    return out.reshape(*x.shape[:-1], weight.shape[0])


def _inplace(ufunc: Any, out: Any, other: Any) -> Any:
    """The ufunc of both, written into `out` where its dtype can hold the result."""
    return ufunc(out, other, out if np.result_type(out, other) == out.dtype else None)


def _whiten(x: Any, eps: float) -> tuple[Any, Any]:
    centred = x - x.mean(axis=-1, keepdims=True)
    rate = 1 / np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + eps)
    return centred * rate, rate


def _layer_norm(g: Any, x: Any, weight: Any, bias: Any, eps: float) -> Any:
    whitened, rate = _whiten(x, eps)
    lead = tuple(range(x.ndim - 1))
    gy = g if weight is None else g * weight
    gx = gy - gy.mean(axis=-1, keepdims=True)
    gx = rate * (gx - whitened * (gy * whitened).mean(axis=-1, keepdims=True))
    return gx, None if weight is None else (g * whitened).sum(axis=lead), None if bias is None else g.sum(axis=lead)


@primitive(_layer_norm, arrays=("x", "weight", "bias"))
def layer_norm(x, weight=None, bias=None, eps=1e-5):
    """(x - mean) / sqrt(var + eps) * weight + bias over the last axis. Ba, Kiros and Hinton, 2016, equation 4."""
    out, _ = _whiten(x, x.dtype.type(eps))
    if weight is not None:
        out = _inplace(np.multiply, out, weight)
    return out if bias is None else _inplace(np.add, out, bias)


def _rms_norm(g: Any, x: Any, weight: Any, eps: float) -> Any:
    rate = 1 / np.sqrt((x * x).mean(axis=-1, keepdims=True) + eps)
    scaled = x * rate
    gy = g if weight is None else g * weight
    gx = rate * (gy - scaled * (gy * scaled).mean(axis=-1, keepdims=True))
    return gx, None if weight is None else (g * scaled).sum(axis=tuple(range(x.ndim - 1)))


@primitive(_rms_norm, arrays=("x", "weight"))
def rms_norm(x, weight=None, eps=1e-6):
    """x / sqrt(mean(x^2) + eps) * weight over the last axis. Zhang and Sennrich, 2019, equation 4."""
    out = x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + x.dtype.type(eps))
    return out if weight is None else out * weight


def _embedding(g: Any, weight_like: Any, indices: Any, sparse: Any) -> Any:
    """Only a leaf's gradient is kept sparse, since no other rule takes one: a leaf stands in for itself as its node."""
    shape = weight_like.shape
    if sparse and not isinstance(g, Variable) and getattr(weight_like, "op", sparse) is None:
        rows = np.asarray(indices).ravel()
        return RowSparse(rows, np.reshape(g, (rows.size, *shape[1:])), shape)
    return scatter_add(g, indices, shape)


@primitive(weight=_embedding, selects=True)
def embedding(weight, indices, sparse=False):
    """Rows of `weight` at integer `indices`: the vector of each token.

    With `sparse` the `.grad` that `backward` gives a leaf `weight` is a `RowSparse`, which holds only the rows that
    were read; a dense gradient from another use of `weight` makes the sum dense. `gradients`, `grad`, hooks and
    `create_graph` give the dense array.
    """
    indices = np.asarray(indices)
    if indices.dtype.kind not in "iu":
        raise TypeError(f"indices must be integers, not {indices.dtype}")
    if indices.size and (indices.min() < 0 or indices.max() >= weight.shape[0]):
        raise IndexError(
            f"indices run from {indices.min()} to {indices.max()}, the table has rows 0 to {len(weight) - 1}"
        )
    return weight[indices]


def _cross_entropy(g: Any, logits: Any, targets: Any) -> Any:
    classes = logits.shape[-1]
    rows = math.prod(logits.shape[:-1])
    hot = np.zeros((rows, classes), logits.dtype)
    hot[np.arange(rows), np.asarray(targets).ravel()] = 1
    slope = softmax(logits.reshape((rows, classes))) - hot
    return (slope * (g / logits.dtype.type(rows))).reshape(logits.shape)


@primitive(logits=_cross_entropy)
def cross_entropy(logits, targets):
    """-mean(log softmax(logits)[target]) in nats, over all leading axes; `targets` holds class numbers.

    >>> import numpy as np
    >>> from autograd import Tensor, ops
    >>> round(ops.cross_entropy(Tensor([[0.0, 0.0]]), np.array([1])).item(), 4)
    0.6931
    """
    targets = np.asarray(targets)
    if targets.dtype.kind not in "iu":
        raise TypeError(f"targets must be integers, not {targets.dtype}")
    if targets.shape != logits.shape[:-1]:
        raise ValueError(f"targets must have shape {logits.shape[:-1]}")
    classes = logits.shape[-1]
    if not targets.size:
        raise ValueError("a mean over no targets is not defined")
    if targets.min() < 0 or targets.max() >= classes:
        raise IndexError(f"targets run from {targets.min()} to {targets.max()}, classes from 0 to {classes - 1}")
    z = _shifted(logits.reshape(-1, classes), -1)
    total = np.log(np.add.reduce(np.exp(z), axis=-1))
    picked = z[np.arange(len(z)), targets.ravel()]
    return np.mean(total - picked)
