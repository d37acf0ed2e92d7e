"""Stochastic gradient descent."""

from __future__ import annotations

from autograd import RowSparse, Tensor
from nn.optim.optimizer import Group, Optimizer, Parameters, gradient, moving, rows_of


class SGD(Optimizer):
    r"""Gradient descent with momentum.

    .. math:: v \leftarrow \mu v + g + \lambda p, \qquad p \leftarrow p - \eta v

    with :math:`g + \lambda p + \mu v` in place of :math:`v` in the second step where `nesterov` is set.

    A sparse gradient (`autograd.RowSparse`) moves only its rows. With momentum it gives the same steps as the dense
    one: rows that once had a gradient go on moving, and the velocity is as large as the parameter. It excludes weight
    decay.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        See `Optimizer`.
    lr : float
        :math:`\eta`.
    momentum : float
        :math:`\mu`, from 0 to below 1.
    weight_decay : float
        :math:`\lambda`, added to the gradient (an L2 penalty of :math:`\lambda/2 \, |p|^2`).
    nesterov : bool

    References
    ----------
    Sutskever, Martens, Dahl and Hinton (2013), "On the importance of initialization and momentum in deep learning",
    in the form of PyTorch, where the learning rate multiplies the velocity.

    Examples
    --------
    >>> from autograd import Tensor
    >>> p = Tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = SGD([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p.data.tolist()
    [0.8, -1.6]
    """

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(params, lr=lr, momentum=momentum, weight_decay=weight_decay, nesterov=nesterov)
        for group in self.param_groups:
            if group["nesterov"] and not group["momentum"]:
                raise ValueError("SGD: nesterov needs a momentum above 0")

    def _step_group(self, group: Group) -> None:
        lr, momentum, decay = group["lr"], group["momentum"], group["weight_decay"]
        for p in moving(group):
            sparse = rows_of(p, "SGD", decay)
            if sparse is not None:
                self._step_rows(p, sparse, group)
                continue
            values, g = p.numpy(writable=True), gradient(p)
            if decay:
                g = g + decay * values
            if momentum:
                (velocity,) = self._arrays(p, "velocity")
                velocity *= momentum
                velocity += g
                g = g + momentum * velocity if group["nesterov"] else velocity
            values -= lr * g

    def _step_rows(self, p: Tensor, g: RowSparse, group: Group) -> None:
        lr, momentum = group["lr"], group["momentum"]
        values = p.numpy(writable=True)
        if momentum:
            (velocity,) = self._arrays(p, "velocity")
            velocity *= momentum
            velocity[g.rows] += g.values
            values -= lr * (momentum * velocity if group["nesterov"] else velocity)
        if not momentum or group["nesterov"]:
            values[g.rows] -= lr * g.values
