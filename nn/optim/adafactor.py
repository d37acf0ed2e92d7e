"""Adafactor: second moments of matrices kept as one row and one column."""

from __future__ import annotations

import math

import numpy as np

from autograd import Tensor
from nn.optim.clip import squared_norm
from nn.optim.optimizer import Array, Group, Optimizer, Parameters, State, toward


class Adafactor(Optimizer):
    r"""Adaptive steps with a memory smaller than the parameter, and rates relative to its size.

    .. math::
        w_t = t^{\kappa}, \qquad R \leftarrow (1 - w_t) R + w_t \, \overline{g^2}^{\text{columns}}, \qquad
        C \leftarrow (1 - w_t) C + w_t \, \overline{g^2}^{\text{rows}}, \qquad
        \hat V = R C / \max(\overline R, \epsilon_1)

    .. math::
        U = g / \sqrt{\max(\hat V, \epsilon_1^2)}, \qquad
        p \leftarrow p - \max(\epsilon_2, \operatorname{rms} p) \, \min(\eta, t^{-1/2}) \,
        \frac{U}{\max(1, \operatorname{rms} U / d)}

    The last two axes are rows and columns; of a parameter with fewer axes :math:`\hat V` is kept whole.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        See `Optimizer`.
    lr : float
        :math:`\eta`, a bound on the relative step.
    beta2_decay : float
        :math:`\kappa`, not above 0.
    eps : (float or None, float)
        :math:`\epsilon_1` (None: the machine epsilon of the dtype) and :math:`\epsilon_2`.
    d : float
        Bound on the update's root mean square, at least 1.
    weight_decay : float
        Decoupled, as in `AdamW`.
    maximize : bool
        Climb instead: :math:`-g` in place of :math:`g`.

    References
    ----------
    Shazeer and Stern (2018), "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", algorithms 4 and 5, in
    the form of PyTorch.

    Examples
    --------
    >>> from autograd import Tensor
    >>> p = Tensor([[1.0, -1.0], [1.0, -1.0]], requires_grad=True)
    >>> optimizer = Adafactor([p], lr=0.1)
    >>> (1000 * p).sum().backward()
    >>> optimizer.step()
    >>> p.data.round(6).tolist()
    [[0.9, -1.1], [0.9, -1.1]]
    """

    keeps = {"step": "", "row_var": "", "col_var": "", "variance": ""}
    decoupled = True

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params, lr=lr, beta2_decay=beta2_decay, eps=eps, d=d, weight_decay=weight_decay, maximize=maximize
        )

    def _check_group(self, group: Group) -> None:
        eps = group["eps"]
        if not isinstance(eps, tuple | list) or len(eps) != 2:
            raise ValueError(f"Adafactor: eps must be two numbers, of which the first may be None, got {eps!r}")
        if not ((eps[0] is None or eps[0] >= 0) and eps[1] >= 0):
            raise ValueError(f"Adafactor: eps must not be negative, got {eps!r}")
        if not group["beta2_decay"] <= 0:
            raise ValueError(f"Adafactor: beta2_decay must not be above 0, got {group['beta2_decay']}")
        if not group["d"] >= 1:
            raise ValueError(f"Adafactor: d must be at least 1, got {group['d']}")

    def _kept(self, p: Tensor, group: Group) -> list[str]:
        return ["step", "row_var", "col_var"] if p.ndim > 1 else ["step", "variance"]

    def _shape(self, name: str, p: Tensor) -> tuple[int, ...]:
        if name == "row_var":
            return (*p.shape[:-1], 1)
        return (*p.shape[:-2], 1, p.shape[-1]) if name == "col_var" else super()._shape(name, p)

    def _decay(self, values: Array, group: Group) -> None:
        """Not yet: the step is relative to the size before the decay."""

    def _move(self, values: Array, g: Array, state: State, group: Group) -> None:
        lr, t, work = group["lr"], int(state["step"]), self._work(values)
        small, least = group["eps"]
        small = float(np.finfo(values.dtype).eps) if small is None else small
        rate = max(least, _rms(values)) * min(lr, 1 / math.sqrt(t))
        super()._decay(values, group)

        update = self._variance(g, state, t ** group["beta2_decay"], small, work)
        np.maximum(update, small * small, out=update)
        np.sqrt(update, out=update)
        np.divide(g, update, out=update)
        update *= rate / max(1.0, _rms(update) / group["d"])
        values -= update

    @staticmethod
    def _variance(g: Array, state: State, weight: float, small: float, out: Array) -> Array:
        if g.ndim < 2:
            variance = state["variance"]
            toward(variance, weight, np.multiply(g, g, out=out), out)
            out[...] = variance
            return out
        rows, columns = state["row_var"], state["col_var"]
        for kept, axis in ((rows, -1), (columns, -2)):
            squares = np.einsum("...ij,...ij->...i" if axis == -1 else "...ij,...ij->...j", g, g)
            squares /= g.shape[axis]
            mean = np.expand_dims(squares, axis)
            toward(kept, weight, mean, mean)
        np.multiply(rows, columns, out=out)
        out /= np.maximum(rows.mean(axis=-2, keepdims=True), small)
        return out


def _rms(x: Array) -> float:
    return math.sqrt(squared_norm(x) / x.size)
