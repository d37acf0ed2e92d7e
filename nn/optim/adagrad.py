"""Adagrad: a rate for each element, which falls with all the squares that it has seen."""

from __future__ import annotations

import numpy as np

from autograd import RowSparse
from nn.optim.optimizer import Array, Group, Optimizer, Parameters, State, pieces


class Adagrad(Optimizer):
    r"""Adaptive subgradients.

    .. math::
        s \leftarrow s + g^2, \qquad p \leftarrow p - \frac{\eta}{1 + (t - 1) \gamma} \, \frac{g}{\sqrt{s} + \epsilon}

    Of a sparse gradient (`autograd.RowSparse`) only its rows and their sums change: the same steps as with the dense
    one. It excludes weight decay.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        See `Optimizer`.
    lr : float
        :math:`\eta`.
    lr_decay : float
        :math:`\gamma`.
    weight_decay : float
        :math:`\lambda`; :math:`\lambda p` is added to the gradient.
    initial_accumulator_value : float
        :math:`s` before the first step.
    eps : float
        :math:`\epsilon`.
    maximize : bool
        Climb instead: :math:`-g` in place of :math:`g`.

    References
    ----------
    Duchi, Hazan and Singer (2011), "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization",
    section 1.1 with a diagonal matrix.

    Examples
    --------
    >>> from autograd import Tensor
    >>> p = Tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = Adagrad([p], lr=0.1)
    >>> (1000 * p).sum().backward()
    >>> optimizer.step()
    >>> p.data.round(6).tolist()
    [0.9, -2.1]
    """

    keeps = {"step": "", "sum": ""}
    sparse = True

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
            maximize=maximize,
        )

    def _initial(self, name: str, group: Group) -> float | None:
        return float(group["initial_accumulator_value"]) if name == "sum" else 0.0

    @staticmethod
    def _rate(state: State, group: Group) -> float:
        rate: float = group["lr"] / (1 + (int(state["step"]) - 1) * group["lr_decay"])
        return rate

    def _move(self, values: Array, g: Array, state: State, group: Group) -> None:
        for p, grad, total in pieces(values, g, state["sum"]):
            work = self._work(p)
            total += np.multiply(grad, grad, out=work)
            np.sqrt(total, out=work)
            work += group["eps"]
            np.divide(grad, work, out=work)
            work *= self._rate(state, group)
            p -= work

    def _move_rows(self, values: Array, g: RowSparse, state: State, group: Group) -> None:
        total = state["sum"][g.rows] = state["sum"][g.rows] + g.values**2
        values[g.rows] -= self._rate(state, group) * g.values / (np.sqrt(total) + group["eps"])
