"""Adam, and AdamW whose weight decay is decoupled from the gradient."""

from __future__ import annotations

import math

import numpy as np

from autograd import RowSparse, Tensor
from nn.optim.optimizer import Array, Group, Optimizer, Parameters, gradient, moving, rows_of


class Adam(Optimizer):
    r"""Adaptive moments.

    .. math::
        m \leftarrow \beta_1 m + (1 - \beta_1) g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \qquad
        p \leftarrow p - \eta \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}

    Of a sparse gradient (`autograd.RowSparse`) only the rows that it has are moved, and only their moments change: the
    lazy form of PyTorch's `SparseAdam`, with its :math:`\sqrt{1 - \beta_2^t} / (\sqrt{v} + \epsilon)`. It excludes the
    weight decay of `Adam`; that of `AdamW` shrinks all rows.

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

    decoupled = False

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr=lr, betas=tuple(betas), eps=eps, weight_decay=weight_decay)
        self._steps: dict[int, int] = {}  # by id of the parameter: one that had no gradient for a while starts late
        self._scratch: dict[np.dtype[np.floating], Array] = {}

    def _step_group(self, group: Group) -> None:
        lr, (beta1, beta2), eps, decay = group["lr"], group["betas"], group["eps"], group["weight_decay"]
        for p in moving(group):
            sparse = rows_of(p, "Adam", 0.0 if self.decoupled else decay)
            if sparse is not None:
                self._step_rows(p, sparse, group)
                continue
            values, g = p.numpy(writable=True), gradient(p)
            m, v = self._arrays(p, "m", "v")
            t = self._steps[id(p)] = self._steps.get(id(p), 0) + 1
            if decay and self.decoupled:
                values *= 1 - lr * decay
            elif decay:
                g = g + decay * values

            # every line writes into memory that is already there: this loop is bound by memory traffic
            work = self._work(values)
            m *= beta1
            m += np.multiply(g, 1 - beta1, out=work)
            v *= beta2
            np.multiply(g, g, out=work)
            work *= 1 - beta2
            v += work

            np.sqrt(v, out=work)
            work /= math.sqrt(1 - beta2**t)
            work += eps
            np.divide(m, work, out=work)
            work *= lr / (1 - beta1**t)
            values -= work

    def _step_rows(self, p: Tensor, g: RowSparse, group: Group) -> None:
        lr, (beta1, beta2), eps, decay = group["lr"], group["betas"], group["eps"], group["weight_decay"]
        values = p.numpy(writable=True)
        m, v = self._arrays(p, "m", "v")
        t = self._steps[id(p)] = self._steps.get(id(p), 0) + 1
        if decay:
            values *= 1 - lr * decay
        first = m[g.rows] = beta1 * m[g.rows] + (1 - beta1) * g.values
        second = v[g.rows] = beta2 * v[g.rows] + (1 - beta2) * g.values**2
        rate = lr * math.sqrt(1 - beta2**t) / (1 - beta1**t)
        values[g.rows] -= rate * first / (np.sqrt(second) + eps)

    def _work(self, like: Array) -> Array:
        """Scratch memory of an array's shape, shared by all parameters of its dtype."""
        scratch = self._scratch.get(like.dtype)
        if scratch is None:
            sizes = [p.size for p in self.parameters() if p.dtype == like.dtype]
            scratch = self._scratch[like.dtype] = np.empty(max(sizes), like.dtype)
        return scratch[: like.size].reshape(like.shape)


class AdamW(Adam):
    r"""Adam with decoupled weight decay: :math:`p \leftarrow (1 - \eta \lambda) p` before each of Adam's steps.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        See `Optimizer`, and `decay_groups` for groups that leave out norms, biases and embeddings.
    lr, betas, eps
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

    decoupled = True

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)
