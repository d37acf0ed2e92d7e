"""Rotary position embedding."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from autograd import Tensor, ops
from nn.module import Module

Scaling = float | Mapping[str, Any] | None


class RotaryEmbedding(Module):
    """Turns each pair of a query's or key's numbers by an angle that grows with its position (RoPE).

    The pair (a, b) number i at position p becomes (a cos t - b sin t, a sin t + b cos t) with t = p f_i and
    f_i = base^(-2 i / dim): the product of a turned query and a turned key depends on the distance of the two alone.
    Su et al., RoFormer, 2021, section 3.2.2. Angles are computed in float64 and rounded to the input's dtype as cosine
    and sine.

    Parameters
    ----------
    dim : int
        Width of a head; even.
    base : float
    interleaved : bool
        Which numbers are pairs: i and i + dim / 2 (False: Hugging Face's layout, "rotate half"), or neighbours, 2 i
        and 2 i + 1 (True: the paper's and that of Llama's first release).
    scaling : float or mapping, optional
        For contexts longer than those trained on. A number divides all positions (Chen et al., 2023). A mapping is
        Hugging Face's `rope_scaling`; "rope_type" (or "type") is "default", "linear" (`factor`), "llama3" (`factor`,
        `low_freq_factor`, `high_freq_factor`, `original_max_position_embeddings`) or "yarn" (`factor`,
        `original_max_position_embeddings`, and if wanted `beta_fast`, `beta_slow`, `attention_factor`, `mscale` with
        `mscale_all_dim`, `truncate`; Peng et al., 2023).

    Attributes
    ----------
    frequencies : ndarray of shape (dim / 2,)
        f_i, radians a token, float64.
    amplitude : float
        What the turned pairs are multiplied by; 1 except in "yarn".

    Examples
    --------
    >>> import numpy as np
    >>> rope = RotaryEmbedding(2)
    >>> rope(np.array([[1.0, 0.0], [1.0, 0.0]])).data.round(4).tolist()  # 0 and 1 radian
    [[1.0, 0.0], [0.5403, 0.8415]]
    >>> rope(np.array([[1.0, 0.0]]), offset=1).data.round(4).tolist()
    [[0.5403, 0.8415]]
    """

    def __init__(self, dim: int, base: float = 10000.0, interleaved: bool = False, scaling: Scaling = None) -> None:
        super().__init__()
        if dim < 2 or dim % 2:
            raise ValueError(f"RotaryEmbedding: dim must be even and at least 2, got {dim}")
        if not base > 0:
            raise ValueError(f"RotaryEmbedding: base must be positive, got {base}")
        self.dim, self.base, self.interleaved, self.scaling = dim, base, interleaved, scaling
        self.frequencies, self.amplitude = _frequencies(dim, base, scaling)
        self._tables: dict[np.dtype[Any], tuple[Tensor, Tensor]] = {}

    def forward(self, x: Tensor, offset: int = 0, positions: ArrayLike | None = None) -> Tensor:
        """Turn queries or keys.

        Parameters
        ----------
        x : Tensor of shape (..., tokens, dim)
        offset : int
            The position of the first token: how many are in the cache.
        positions : integers, optional
            Each token's position, in a shape that broadcasts with `x.shape[:-1]`; instead of `offset`.

        Raises
        ------
        ValueError
            If the last axis of `x` is not `dim`, or positions are negative or do not fit.
        TypeError
            If positions are not integers.
        """
        shape = self._shape_of(x)
        if len(shape) < 2 or shape[-1] != self.dim:
            raise ValueError(f"{self._label}: input of shape {shape}, wanted (..., tokens, {self.dim})")
        x = x if isinstance(x, Tensor) else Tensor(x)
        where = self._where(shape, offset, positions)
        length = where.stop if isinstance(where, slice) else int(where.max(initial=0)) + 1
        cos, sin = self._table(length, np.result_type(x.dtype, np.float16))
        return x * cos[where] + self._partners(x) * sin[where]

    def _where(self, shape: tuple[int, ...], offset: int, positions: ArrayLike | None) -> Any:
        """The rows of the table that the tokens take."""
        if positions is None:
            if offset < 0:
                raise ValueError(f"{self._label}: offset must be at least 0, got {offset}")
            return slice(offset, offset + shape[-2])
        array = positions.data if isinstance(positions, Tensor) else np.asarray(positions)
        if array.dtype.kind not in "iu":
            raise TypeError(f"{self._label}: positions must be integers, not {array.dtype}")
        if offset or array.min(initial=0) < 0:
            raise ValueError(f"{self._label}: positions must be at least 0 and come without an offset")
        wanted = shape[:-1]
        if array.ndim > len(wanted) or any(n not in (1, m) for n, m in zip(array.shape[::-1], wanted[::-1])):
            raise ValueError(f"{self._label}: positions of shape {array.shape} do not broadcast to {wanted}")
        return array

    def _table(self, length: int, dtype: np.dtype[Any]) -> tuple[Tensor, Tensor]:
        """Cosines, and sines with the sign of their place in the pair, of at least `length` positions."""
        table = self._tables.get(dtype)
        if table is not None and len(table[0]) >= length:
            return table
        rows = 1 << max(6, (length - 1).bit_length())  # growing by doubling: a cache adds a token at a time
        angle = np.arange(rows)[:, None] * self.frequencies
        cos, sin = self.amplitude * np.cos(angle), self.amplitude * np.sin(angle)
        axis = 2 if self.interleaved else 1
        cosines, sines = (np.stack(pair, axis).reshape(rows, self.dim) for pair in ((cos, cos), (-sin, sin)))
        self._tables[dtype] = table = Tensor(cosines.astype(dtype)), Tensor(sines.astype(dtype))
        return table

    def _partners(self, x: Tensor) -> Tensor:
        """Each number's other one in the pair, at its place."""
        pair, axis = ((self.dim // 2, 2), -1) if self.interleaved else ((2, self.dim // 2), -2)
        result: Tensor = ops.reshape(ops.flip(ops.reshape(x, (*x.shape[:-1], *pair)), axis), x.shape)
        return result

    def extra_repr(self) -> str:
        scaling = "" if self.scaling is None else f", scaling={self.scaling}"
        return f"{self.dim}, base={self.base}, interleaved={self.interleaved}{scaling}"


def _frequencies(dim: int, base: float, scaling: Scaling) -> tuple[np.ndarray, float]:
    """f_i of the pairs and the amplitude, scaled."""
    plain = base ** (-np.arange(0, dim, 2) / dim)
    if scaling is None:
        return plain, 1.0
    options: dict[str, Any] = dict(scaling) if isinstance(scaling, Mapping) else {"type": "linear", "factor": scaling}
    kind = options.pop("rope_type", options.pop("type", None))
    if kind not in _SCALINGS:
        raise ValueError(f"RotaryEmbedding: no scaling {kind!r}; there are {', '.join(map(repr, _SCALINGS))}")
    if options.pop("rope_theta", base) != base:
        raise ValueError(f"RotaryEmbedding: the scaling {scaling} is for another base than {base}")
    try:
        return _SCALINGS[kind](plain, base, **options)
    except TypeError as error:  # an option that is missing, or one that there is not
        raise ValueError(f"RotaryEmbedding: scaling {kind!r} got {options}: {error}") from None


def _default(plain: np.ndarray, base: float) -> tuple[np.ndarray, float]:
    return plain, 1.0


def _linear(plain: np.ndarray, base: float, *, factor: float) -> tuple[np.ndarray, float]:
    return plain / _positive(factor), 1.0


def _llama3(
    plain: np.ndarray,
    base: float,
    *,
    factor: float,
    low_freq_factor: float,
    high_freq_factor: float,
    original_max_position_embeddings: int,
) -> tuple[np.ndarray, float]:
    """Slow pairs are slowed by `factor`, quick ones kept, those between mixed by turns in the trained context."""
    turns = plain * original_max_position_embeddings / (2 * math.pi)
    kept = np.clip((turns - low_freq_factor) / (high_freq_factor - low_freq_factor), 0, 1)
    return plain * (kept + (1 - kept) / _positive(factor)), 1.0


def _yarn(
    plain: np.ndarray,
    base: float,
    *,
    factor: float,
    original_max_position_embeddings: int,
    beta_fast: float | None = None,
    beta_slow: float | None = None,
    attention_factor: float | None = None,
    mscale: float | None = None,
    mscale_all_dim: float | None = None,
    truncate: bool = True,
) -> tuple[np.ndarray, float]:
    """As in "llama3", mixed by the pair's number; the amplitude sharpens the softmax (YaRN, section 3)."""
    dim, context = 2 * plain.size, original_max_position_embeddings

    def pair(turns: float) -> float:
        """The pair, as a fractional number, that turns so often in the trained context."""
        return dim * math.log(context / (2 * math.pi * turns)) / (2 * math.log(base))

    def sharper(scale: float) -> float:
        return 0.1 * scale * math.log(factor) + 1 if factor > 1 else 1.0

    first, last = pair(beta_fast or 32), pair(beta_slow or 1)
    if truncate:
        first, last = math.floor(first), math.ceil(last)
    first, last = max(first, 0), min(last, dim - 1)
    slowed = np.clip((np.arange(plain.size) - first) / max(last - first, 1e-3), 0, 1)
    usual = sharper(mscale) / sharper(mscale_all_dim) if mscale and mscale_all_dim else sharper(1)
    return plain * (1 - slowed + slowed / _positive(factor)), float(attention_factor or usual)


def _positive(factor: float) -> float:
    if not factor > 0:
        raise ValueError(f"RotaryEmbedding: the scaling's factor must be positive, got {factor}")
    return factor


_SCALINGS: dict[Any, Callable[..., tuple[np.ndarray, float]]] = {
    "default": _default,
    "linear": _linear,
    "llama3": _llama3,
    "yarn": _yarn,
}
