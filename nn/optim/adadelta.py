"""Adadelta: steps as large as the steps before, whatever the gradient's unit."""

from __future__ import annotations

import numpy as np

from nn.optim.optimizer import Array, Group, Optimizer, Parameters, State, pieces, toward_square


class Adadelta(Optimizer):
    r"""Adaptive steps without a unit.

    .. math::
        v \leftarrow \rho v + (1 - \rho) g^2, \qquad \Delta = \frac{\sqrt{u + \epsilon}}{\sqrt{v + \epsilon}} \, g,
        \qquad u \leftarrow \rho u + (1 - \rho) \Delta^2, \qquad p \leftarrow p - \eta \Delta

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        See `Optimizer`.
    lr : float
        :math:`\eta`; the paper has 1.
    rho : float
        :math:`\rho`, from 0 to below 1.
    eps : float
        :math:`\epsilon`.
    weight_decay : float
        :math:`\lambda`; :math:`\lambda p` is added to the gradient.
    maximize : bool
        Climb instead: :math:`-g` in place of :math:`g`.

    References
    ----------
    Zeiler (2012), "ADADELTA: An Adaptive Learning Rate Method", algorithm 1.

    Examples
    --------
    >>> from autograd import Tensor
    >>> p = Tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = Adadelta([p], rho=0.75, eps=1e-4)
    >>> (1000 * p).sum().backward()
    >>> optimizer.step()
    >>> p.data.round(6).tolist()
    [0.98, -2.02]
    """

    keeps = {"step": "", "square_avg": "", "acc_delta": ""}

    def __init__(
        self,
        params: Parameters,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr=lr, rho=rho, eps=eps, weight_decay=weight_decay, maximize=maximize)

    def _move(self, values: Array, g: Array, state: State, group: Group) -> None:
        rho, eps = group["rho"], group["eps"]
        for p, grad, square, steps in pieces(values, g, state["square_avg"], state["acc_delta"]):
            work, delta = self._work(p), self._work(p, "delta")
            toward_square(square, 1 - rho, grad, work)
            np.add(square, eps, out=work)
            np.add(steps, eps, out=delta)
            np.sqrt(work, out=work)
            np.sqrt(delta, out=delta)
            delta /= work
            delta *= grad
            toward_square(steps, 1 - rho, delta, work)
            delta *= group["lr"]
            p -= delta
