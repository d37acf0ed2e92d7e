"""Stochastic gradient descent."""

from __future__ import annotations

import numpy as np

from autograd import RowSparse
from nn.optim.optimizer import Array, Group, Optimizer, Parameters, State


class SGD(Optimizer):
    r"""Gradient descent with momentum.

    .. math:: v \leftarrow \mu v + (1 - \delta) (g + \lambda p), \qquad p \leftarrow p - \eta v

    with :math:`v = g + \lambda p` at the first step, and with :math:`g + \lambda p + \mu v` in place of :math:`v` in
    the second formula where `nesterov` is set.

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
    dampening : float
        :math:`\delta`, from 0 to 1.
    weight_decay : float
        :math:`\lambda`, added to the gradient (an L2 penalty of :math:`\lambda/2 \, |p|^2`).
    nesterov : bool
        Needs a momentum, and no dampening.
    maximize : bool
        Climb instead: :math:`-g` in place of :math:`g`.

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

    keeps = {"momentum_buffer": "momentum"}
    sparse = True

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            momentum=momentum,
            dampening=dampening,
            weight_decay=weight_decay,
            nesterov=nesterov,
            maximize=maximize,
        )

    def _check_group(self, group: Group) -> None:
        if group["nesterov"] and (not group["momentum"] or group["dampening"]):
            raise ValueError(
                f"SGD: nesterov needs a momentum above 0 and a dampening of 0, got momentum={group['momentum']}, "
                f"dampening={group['dampening']}"
            )

    def _initial(self, name: str, group: Group) -> float | None:
        return None

    def _move(self, values: Array, g: Array, state: State, group: Group) -> None:
        momentum, work = group["momentum"], self._work(values)
        if momentum:
            velocity = state.get("momentum_buffer")
            if velocity is None:
                velocity = state["momentum_buffer"] = np.array(g)
            else:
                velocity *= momentum
                velocity += np.multiply(g, 1 - group["dampening"], out=work) if group["dampening"] else g
            g = np.add(np.multiply(velocity, momentum, out=work), g, out=work) if group["nesterov"] else velocity
        values -= np.multiply(g, group["lr"], out=work)

    def _move_rows(self, values: Array, g: RowSparse, state: State, group: Group) -> None:
        lr, momentum = group["lr"], group["momentum"]
        if momentum:
            velocity = state.get("momentum_buffer")
            if velocity is None:
                velocity = state["momentum_buffer"] = np.zeros_like(values)
                velocity[g.rows] = g.values
            else:
                velocity *= momentum
                velocity[g.rows] += (1 - group["dampening"]) * g.values
            reach = lr * momentum if group["nesterov"] else lr
            values -= np.multiply(velocity, reach, out=self._work(values))
        if not momentum or group["nesterov"]:
            values[g.rows] -= lr * g.values
