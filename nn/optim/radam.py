"""RAdam: Adam that waits with its second moment until there is enough of it."""

from __future__ import annotations

import math

import numpy as np

from nn.optim.optimizer import Array, Group, Optimizer, Parameters, State, pieces, toward, toward_square


class RAdam(Optimizer):
    r"""Rectified Adam.

    .. math::
        \rho_\infty = \frac{2}{1 - \beta_2} - 1, \qquad
        \rho_t = \rho_\infty - \frac{2 t \beta_2^t}{1 - \beta_2^t}, \qquad
        r_t = \sqrt{\frac{(\rho_t - 4)(\rho_t - 2) \rho_\infty}{(\rho_\infty - 4)(\rho_\infty - 2) \rho_t}}

    .. math::
        p \leftarrow p - \eta \, \frac{m}{1 - \beta_1^t} \cdot
        \begin{cases} r_t \sqrt{1 - \beta_2^t} / (\sqrt{v} + \epsilon) & \rho_t > 5 \\ 1 & \text{else} \end{cases}

    with the moments :math:`m, v` of `Adam`.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        See `Optimizer`.
    lr : float
        :math:`\eta`.
    betas : (float, float)
        :math:`\beta_1, \beta_2`, from 0 to below 1.
    eps : float
        :math:`\epsilon`.
    weight_decay : float
        :math:`\lambda`; :math:`\lambda p` is added to the gradient.
    decoupled_weight_decay : bool
        Shrink the parameter instead, as `AdamW` does.
    maximize : bool
        Climb instead: :math:`-g` in place of :math:`g`.

    References
    ----------
    Liu et al. (2020), "On the Variance of the Adaptive Learning Rate and Beyond", algorithm 2, with PyTorch's bound of
    5 in place of 4.

    Examples
    --------
    At first the step is that of momentum alone:

    >>> from autograd import Tensor
    >>> p = Tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = RAdam([p], lr=0.1)
    >>> (2 * p).sum().backward()
    >>> optimizer.step()
    >>> p.data.round(6).tolist()
    [0.8, -2.2]
    """

    keeps = {"step": "", "exp_avg": "", "exp_avg_sq": ""}

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            decoupled_weight_decay=decoupled_weight_decay,
            maximize=maximize,
        )

    def _move(self, values: Array, g: Array, state: State, group: Group) -> None:
        (beta1, beta2), t = group["betas"], int(state["step"])
        rate, seen = group["lr"] / (1 - beta1**t), 1 - beta2**t
        top = 2 / (1 - beta2) - 1
        rho = top - 2 * t * beta2**t / seen
        if rho > 5:
            rate *= math.sqrt(seen * (rho - 4) * (rho - 2) * top / ((top - 4) * (top - 2) * rho))
        for p, grad, m, v in pieces(values, g, state["exp_avg"], state["exp_avg_sq"]):
            work = self._work(p)
            toward(m, 1 - beta1, grad, work)
            toward_square(v, 1 - beta2, grad, work)
            if rho > 5:
                np.sqrt(v, out=work)
                work += group["eps"]
                np.divide(m, work, out=work)
                work *= rate
            else:
                np.multiply(m, rate, out=work)
            p -= work
