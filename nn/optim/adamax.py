"""Adamax: Adam with the largest gradient in place of the mean square."""

from __future__ import annotations

import numpy as np

from nn.optim.optimizer import Array, Group, Optimizer, Parameters, State, pieces, toward


class Adamax(Optimizer):
    r"""Adam with the infinity norm.

    .. math::
        m \leftarrow \beta_1 m + (1 - \beta_1) g, \qquad u \leftarrow \max(\beta_2 u, |g| + \epsilon), \qquad
        p \leftarrow p - \frac{\eta}{1 - \beta_1^t} \, \frac{m}{u}

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        See `Optimizer`.
    lr : float
        :math:`\eta`.
    betas : (float, float)
        :math:`\beta_1, \beta_2`, from 0 to below 1.
    eps : float
        :math:`\epsilon`; with 0, an element whose gradients have all been 0 becomes NaN.
    weight_decay : float
        :math:`\lambda`; :math:`\lambda p` is added to the gradient.
    maximize : bool
        Climb instead: :math:`-g` in place of :math:`g`.

    References
    ----------
    Kingma and Ba (2015), "Adam: A Method for Stochastic Optimization", algorithm 2, with PyTorch's :math:`\epsilon`.

    Examples
    --------
    >>> from autograd import Tensor
    >>> p = Tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = Adamax([p], lr=0.1)
    >>> (1000 * p).sum().backward()
    >>> optimizer.step()
    >>> p.data.round(6).tolist()
    [0.9, -2.1]
    """

    keeps = {"step": "", "exp_avg": "", "exp_inf": ""}

    def __init__(
        self,
        params: Parameters,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, maximize=maximize)

    def _move(self, values: Array, g: Array, state: State, group: Group) -> None:
        beta1, beta2 = group["betas"]
        for p, grad, m, largest in pieces(values, g, state["exp_avg"], state["exp_inf"]):
            work = self._work(p)
            toward(m, 1 - beta1, grad, work)
            largest *= beta2
            np.abs(grad, out=work)
            work += group["eps"]
            np.maximum(largest, work, out=largest)
            np.divide(m, largest, out=work)
            work *= group["lr"] / (1 - beta1 ** int(state["step"]))
            p -= work
