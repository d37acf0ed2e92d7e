"""Initialisers, under PyTorch's names. Each fills a tensor in place from an explicit random generator."""

from __future__ import annotations

import math

import numpy as np

from autograd import Tensor

GAINS = {
    "linear": 1.0,
    "conv1d": 1.0,
    "conv2d": 1.0,
    "conv3d": 1.0,
    "conv_transpose1d": 1.0,
    "conv_transpose2d": 1.0,
    "conv_transpose3d": 1.0,
    "sigmoid": 1.0,
    "tanh": 5 / 3,
    "relu": math.sqrt(2.0),
    "selu": 3 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """What an activation takes from the spread, as PyTorch gives it; `param` is the slope of "leaky_relu", or 0.01.

    >>> calculate_gain("leaky_relu", 1.0)
    1.0
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        return math.sqrt(2 / (1 + slope * slope))
    if nonlinearity not in GAINS:
        known = ", ".join([*GAINS, "leaky_relu"])
        raise ValueError(f"no gain is known for {nonlinearity!r}; wanted one of {known}")
    return GAINS[nonlinearity]


def default_rng(rng: np.random.Generator | None) -> np.random.Generator:
    """`rng` itself, or a fresh unseeded generator."""
    return np.random.default_rng() if rng is None else rng


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Inputs and outputs that meet in a weight of shape (out, in, ...).

    >>> fans((3, 5, 2, 2))
    (20, 12)
    """
    if len(shape) < 2:
        raise ValueError(f"fan in and fan out need a weight with at least two axes, not shape {shape}")
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def _fill(tensor: Tensor, values: np.ndarray) -> Tensor:
    tensor.data = values.astype(tensor.dtype)
    return tensor


def _matrix(name: str, tensor: Tensor) -> tuple[int, int]:
    """Rows and columns of a tensor of two axes."""
    if tensor.ndim != 2:
        raise ValueError(f"{name}: a tensor of two axes is wanted, not shape {tensor.shape}")
    return tensor.shape[0], tensor.shape[1]


# ---------------------------------------------------------------------- constants
def constant_(tensor: Tensor, val: float) -> Tensor:
    """Every element `val`."""
    return _fill(tensor, np.full(tensor.shape, val))


def zeros_(tensor: Tensor) -> Tensor:
    """Every element 0."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Every element 1."""
    return constant_(tensor, 1.0)


def eye_(tensor: Tensor) -> Tensor:
    """1 on the diagonal of a matrix, 0 elsewhere: a linear layer that keeps what it can.

    >>> eye_(Tensor([[5.0, 5.0, 5.0], [5.0, 5.0, 5.0]])).data.tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    return _fill(tensor, np.eye(*_matrix("eye_", tensor)))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """A convolution that keeps as many channels as it can, in each of `groups`: 1 in the middle of their kernels.

    >>> dirac_(Tensor([[[5.0, 5.0, 5.0]]])).data.tolist()
    [[[0.0, 1.0, 0.0]]]
    """
    shape = tensor.shape
    if not 3 <= len(shape) <= 5:
        raise ValueError(f"dirac_: a tensor of three to five axes is wanted, not shape {shape}")
    if groups < 1 or shape[0] % groups:
        raise ValueError(f"dirac_: {shape[0]} output channels do not fall into {groups} groups")
    values, each = np.zeros(shape), shape[0] // groups
    middle = tuple(n // 2 for n in shape[2:])
    for group in range(groups):
        for i in range(min(each, shape[1])):
            values[(group * each + i, i, *middle)] = 1
    return _fill(tensor, values)


# ---------------------------------------------------------------------- one spread
def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, rng: np.random.Generator | None = None) -> Tensor:
    """Normal with `mean` and standard deviation `std`."""
    return _fill(tensor, default_rng(rng).normal(mean, std, tensor.shape))


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, rng: np.random.Generator | None = None) -> Tensor:
    """Uniform from `a` to `b`."""
    return _fill(tensor, default_rng(rng).uniform(a, b, tensor.shape))


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    rng: np.random.Generator | None = None,
) -> Tensor:
    """Normal with `mean` and `std`, drawn again where it lies outside `a` to `b`: numbers, not deviations.

    Raises
    ------
    ValueError
        If fewer than one draw in a thousand would lie inside.

    >>> trunc_normal_(Tensor([0.0] * 100), rng=np.random.default_rng(0)).data.max().round(1).item()
    2.0
    """
    low, high = ((bound - mean) / std for bound in (a, b))
    inside = (math.erf(high / math.sqrt(2)) - math.erf(low / math.sqrt(2))) / 2
    if not inside >= 1e-3:
        raise ValueError(f"trunc_normal_: from {a} to {b} there is next to nothing of a normal of {mean} and {std}")
    rng = default_rng(rng)
    values = rng.normal(mean, std, tensor.shape)
    while (outside := (values < a) | (values > b)).any():
        values[outside] = rng.normal(mean, std, int(outside.sum()))
    return _fill(tensor, values)


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, rng: np.random.Generator | None = None) -> Tensor:
    """A matrix of normals with deviation `std`; in each column the part `sparsity` of the rows is 0. Martens, 2010."""
    rows, columns = _matrix("sparse_", tensor)
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparse_: sparsity must lie between 0 and 1, not {sparsity}")
    rng = default_rng(rng)
    values, zeros = rng.normal(0.0, std, (rows, columns)), math.ceil(sparsity * rows)
    for column in range(columns):
        values[rng.permutation(rows)[:zeros], column] = 0
    return _fill(tensor, values)


def orthogonal_(tensor: Tensor, gain: float = 1.0, rng: np.random.Generator | None = None) -> Tensor:
    """`gain` times a random matrix with orthonormal rows, or columns if these are fewer; later axes count as one.

    Saxe, McClelland and Ganguli, 2014; uniform among all such matrices by the signs of R (Mezzadri, 2007).

    >>> w = orthogonal_(Tensor([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]), rng=np.random.default_rng(0)).data
    >>> (w @ w.T).round(6).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    if tensor.ndim < 2:
        raise ValueError(f"orthogonal_: a tensor of at least two axes is wanted, not shape {tensor.shape}")
    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    q, r = np.linalg.qr(default_rng(rng).standard_normal((max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))
    return _fill(tensor, gain * (q.T if rows < columns else q).reshape(tensor.shape))


# ---------------------------------------------------------------------- a spread that layers keep
def xavier_uniform_(tensor: Tensor, gain: float = 1.0, rng: np.random.Generator | None = None) -> Tensor:
    """Uniform within gain sqrt(6 / (fan_in + fan_out)). Glorot and Bengio, 2010, equation 16."""
    bound = gain * math.sqrt(6 / max(1, sum(fans(tensor.shape))))
    return uniform_(tensor, -bound, bound, rng)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, rng: np.random.Generator | None = None) -> Tensor:
    """Normal with standard deviation gain sqrt(2 / (fan_in + fan_out)). Glorot and Bengio, 2010, equation 12."""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / max(1, sum(fans(tensor.shape)))), rng)


def _kaiming(shape: tuple[int, ...], a: float, mode: str, nonlinearity: str) -> float:
    """gain / sqrt(fan): the deviation that keeps the spread forward ("fan_in") or backward ("fan_out")."""
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode is 'fan_in' or 'fan_out', not {mode!r}")
    fan = fans(shape)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(max(1, fan))


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    rng: np.random.Generator | None = None,
) -> Tensor:
    """Uniform within gain sqrt(3 / fan). He et al., 2015, equations 10 and 15; `a` is the slope below zero.

    a = sqrt(5) gives the bound 1 / sqrt(fan_in) of PyTorch's `Linear`.
    """
    bound = math.sqrt(3) * _kaiming(tensor.shape, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, rng)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    rng: np.random.Generator | None = None,
) -> Tensor:
    """Normal with standard deviation gain / sqrt(fan). He et al., 2015, equations 10 and 15."""
    return normal_(tensor, 0.0, _kaiming(tensor.shape, a, mode, nonlinearity), rng)
