"""Adam, and AdamW whose weight decay is decoupled from the gradient."""

from __future__ import annotations

import math

import numpy as np

from autograd import RowSparse
from nn.optim.optimizer import Array, Group, Optimizer, Parameters, State, pieces, toward, toward_square


class Adam(Optimizer):
    r"""Adaptive moments.

    .. math::
        m \leftarrow \beta_1 m + (1 - \beta_1) g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \qquad
        p \leftarrow p - \eta \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}

    Of a sparse gradient (`autograd.RowSparse`) only the rows that it has are moved, and only their moments change: the
    lazy form of PyTorch's `SparseAdam`, with its :math:`\sqrt{1 - \beta_2^t} / (\sqrt{v} + \epsilon)`. It excludes
    `amsgrad` and the weight decay of `Adam`; that of `AdamW` shrinks all rows.

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
        :math:`\lambda`; here :math:`\lambda p` is added to the gradient. See `AdamW` for the decoupled form.
    amsgrad : bool
        Divide by the largest :math:`v` so far, as Reddi, Kale and Kumar (2018) do.
    maximize : bool
        Climb instead: :math:`-g` in place of :math:`g`.
    decoupled_weight_decay : bool
        Whether to decay as `AdamW` does.

    References
    ----------
    Kingma and Ba (2015), "Adam: A Method for Stochastic Optimization", algorithm 1.

    Examples
    --------
    The first step has the size `lr` whatever the gradient's scale:

    >>> from autograd import Tensor
    >>> p = Tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = Adam([p], lr=0.1)
    >>> (1000 * p).sum().backward()
    >>> optimizer.step()
    >>> p.data.round(6).tolist()
    [0.9, -2.1]
    """

    keeps = {"step": "", "exp_avg": "", "exp_avg_sq": "", "max_exp_avg_sq": "amsgrad"}
    sparse = True

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            amsgrad=amsgrad,
            maximize=maximize,
            decoupled_weight_decay=decoupled_weight_decay,
        )

    def _move(self, values: Array, g: Array, state: State, group: Group) -> None:
        (beta1, beta2), t = group["betas"], int(state["step"])
        seen = math.sqrt(1 - beta2**t)  # sqrt(v) / seen + eps, times seen: one pass less
        second = state["exp_avg_sq"]
        largest = state["max_exp_avg_sq"] if group["amsgrad"] else second
        for p, grad, m, v, top in pieces(values, g, state["exp_avg"], second, largest):
            work = self._work(p)
            toward(m, 1 - beta1, grad, work)
            toward_square(v, 1 - beta2, grad, work)
            if group["amsgrad"]:
                np.maximum(top, v, out=top)
            np.sqrt(top, out=work)
            work += group["eps"] * seen
            np.divide(m, work, out=work)
            work *= group["lr"] * seen / (1 - beta1**t)
            p -= work

    def _move_rows(self, values: Array, g: RowSparse, state: State, group: Group) -> None:
        (beta1, beta2), t, rows = group["betas"], int(state["step"]), g.rows
        m, v = state["exp_avg"], state["exp_avg_sq"]
        first = m[rows] = beta1 * m[rows] + (1 - beta1) * g.values
        second = v[rows] = beta2 * v[rows] + (1 - beta2) * g.values**2
        rate = group["lr"] * math.sqrt(1 - beta2**t) / (1 - beta1**t)
        values[rows] -= rate * first / (np.sqrt(second) + group["eps"])


class AdamW(Adam):
    r"""Adam with decoupled weight decay: :math:`p \leftarrow (1 - \eta \lambda) p` before each of Adam's steps.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        See `Optimizer`, and `decay_groups` for groups that leave out norms, biases and embeddings.
    lr, betas, eps, amsgrad, maximize
        As in `Adam`.
    weight_decay : float
        :math:`\lambda`.

    References
    ----------
    Loshchilov and Hutter (2019), "Decoupled Weight Decay Regularization", algorithm 2, with the decay multiplied by the
    learning rate as in PyTorch.

    Examples
    --------
    >>> from autograd import Tensor
    >>> p = Tensor([1.0], requires_grad=True)
    >>> optimizer = AdamW([p], lr=0.1, weight_decay=0.5)
    >>> (0 * p).sum().backward()
    >>> optimizer.step()
    >>> p.data.tolist()
    [0.95]
    """

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True)
