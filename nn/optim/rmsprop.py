"""RMSprop: gradients divided by a running mean of their size."""

from __future__ import annotations

import numpy as np

from nn.optim.optimizer import Array, Group, Optimizer, Parameters, State, pieces, toward, toward_square


class RMSprop(Optimizer):
    r"""Gradients divided by their root mean square.

    .. math::
        v \leftarrow \alpha v + (1 - \alpha) g^2, \qquad
        b \leftarrow \mu b + \frac{g}{\sqrt{v} + \epsilon}, \qquad p \leftarrow p - \eta b

    With `centered`, :math:`v - \bar g^2` stands in place of :math:`v` in the second formula, where
    :math:`\bar g \leftarrow \alpha \bar g + (1 - \alpha) g`: an estimate of the variance. Where rounding makes that
    negative it counts as 0.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        See `Optimizer`.
    lr : float
        :math:`\eta`.
    alpha : float
        :math:`\alpha`, from 0 to below 1.
    eps : float
        :math:`\epsilon`.
    weight_decay : float
        :math:`\lambda`; :math:`\lambda p` is added to the gradient.
    momentum : float
        :math:`\mu`, from 0 to below 1.
    centered : bool
    maximize : bool
        Climb instead: :math:`-g` in place of :math:`g`.

    References
    ----------
    Tieleman and Hinton (2012), "Lecture 6.5: RMSProp"; Graves (2013), "Generating Sequences With Recurrent Neural
    Networks", equations 38 to 41, for the centred form; with :math:`\epsilon` outside the root, as in PyTorch.

    Examples
    --------
    >>> from autograd import Tensor
    >>> p = Tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = RMSprop([p], lr=0.1, alpha=0.75)
    >>> (1000 * p).sum().backward()
    >>> optimizer.step()
    >>> p.data.round(6).tolist()
    [0.8, -2.2]
    """

    keeps = {"step": "", "square_avg": "", "momentum_buffer": "momentum", "grad_avg": "centered"}

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            alpha=alpha,
            eps=eps,
            weight_decay=weight_decay,
            momentum=momentum,
            centered=centered,
            maximize=maximize,
        )

    def _move(self, values: Array, g: Array, state: State, group: Group) -> None:
        kept = [state.get(name, values) for name in ("square_avg", "grad_avg", "momentum_buffer")]
        for p, grad, square, mean, velocity in pieces(values, g, *kept):
            work, weight = self._work(p), 1 - group["alpha"]
            toward_square(square, weight, grad, work)
            if group["centered"]:
                toward(mean, weight, grad, work)
                np.multiply(mean, mean, out=work)
                np.subtract(square, work, out=work)
                np.maximum(work, 0, out=work)
                np.sqrt(work, out=work)
            else:
                np.sqrt(square, out=work)
            work += group["eps"]
            np.divide(grad, work, out=work)
            if group["momentum"]:
                velocity *= group["momentum"]
                velocity += work
                np.multiply(velocity, group["lr"], out=work)
            else:
                work *= group["lr"]
            p -= work
