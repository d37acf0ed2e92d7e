"""Lion: the sign of a momentum."""

from __future__ import annotations

import numpy as np

from nn.optim.optimizer import Array, Group, Optimizer, Parameters, State, pieces, toward


class Lion(Optimizer):
    r"""Evolved sign momentum: every element moves by the rate, up or down.

    .. math::
        p \leftarrow (1 - \eta \lambda) p - \eta \operatorname{sign}(\beta_1 m + (1 - \beta_1) g), \qquad
        m \leftarrow \beta_2 m + (1 - \beta_2) g

    One array is kept for a parameter, half of Adam's. Its authors take a rate 3 to 10 times smaller than Adam's and a
    weight decay as many times larger.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        See `Optimizer`.
    lr : float
        :math:`\eta`.
    betas : (float, float)
        :math:`\beta_1, \beta_2`, from 0 to below 1.
    weight_decay : float
        :math:`\lambda`, decoupled.
    maximize : bool
        Climb instead: :math:`-g` in place of :math:`g`.

    References
    ----------
    Chen et al. (2023), "Symbolic Discovery of Optimization Algorithms", algorithm 2.

    Examples
    --------
    >>> from autograd import Tensor
    >>> p = Tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = Lion([p], lr=0.1)
    >>> (1000 * p).sum().backward()
    >>> optimizer.step()
    >>> p.data.round(6).tolist()
    [0.9, -2.1]
    """

    keeps = {"exp_avg": ""}
    decoupled = True

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, weight_decay=weight_decay, maximize=maximize)

    def _move(self, values: Array, g: Array, state: State, group: Group) -> None:
        beta1, beta2 = group["betas"]
        for p, grad, m in pieces(values, g, state["exp_avg"]):
            work, direction = self._work(p), self._work(p, "direction")
            np.multiply(m, beta1, out=direction)
            direction += np.multiply(grad, 1 - beta1, out=work)
            np.sign(direction, out=direction)
            direction *= group["lr"]
            p -= direction
            toward(m, 1 - beta2, grad, work)
