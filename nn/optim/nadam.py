"""NAdam: Adam whose momentum looks ahead."""

from __future__ import annotations

import numpy as np

from nn.optim.optimizer import Array, Group, Optimizer, Parameters, State, pieces, toward, toward_square


class NAdam(Optimizer):
    r"""Adam with Nesterov's momentum.

    .. math::
        \mu_t = \beta_1 (1 - \tfrac12 \, 0.96^{t \psi}), \qquad
        p \leftarrow p - \eta \, \frac{\frac{\mu_{t+1}}{1 - \prod_{i \le t+1} \mu_i} m
        + \frac{1 - \mu_t}{1 - \prod_{i \le t} \mu_i} g}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}

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
    momentum_decay : float
        :math:`\psi`.
    decoupled_weight_decay : bool
        Shrink the parameter instead, as `AdamW` does.
    maximize : bool
        Climb instead: :math:`-g` in place of :math:`g`.

    References
    ----------
    Dozat (2016), "Incorporating Nesterov Momentum into Adam", algorithm 2.

    Examples
    --------
    >>> from autograd import Tensor
    >>> p = Tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = NAdam([p], lr=0.1)
    >>> (1000 * p).sum().backward()
    >>> optimizer.step()
    >>> (p.data < [1.0, -2.0]).tolist()
    [True, True]
    """

    keeps = {"step": "", "mu_product": "", "exp_avg": "", "exp_avg_sq": ""}

    def __init__(
        self,
        params: Parameters,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
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
            momentum_decay=momentum_decay,
            decoupled_weight_decay=decoupled_weight_decay,
            maximize=maximize,
        )

    def _initial(self, name: str, group: Group) -> float | None:
        return 1.0 if name == "mu_product" else 0.0

    def _move(self, values: Array, g: Array, state: State, group: Group) -> None:
        (beta1, beta2), t, lr = group["betas"], int(state["step"]), group["lr"]
        mu, ahead = (beta1 * (1 - 0.5 * 0.96 ** (i * group["momentum_decay"])) for i in (t, t + 1))
        state["mu_product"] *= mu
        product = float(state["mu_product"])
        for p, grad, m, v in pieces(values, g, state["exp_avg"], state["exp_avg_sq"]):
            work, root = self._work(p), self._work(p, "root")
            toward(m, 1 - beta1, grad, work)
            toward_square(v, 1 - beta2, grad, work)
            np.divide(v, 1 - beta2**t, out=root)
            np.sqrt(root, out=root)
            root += group["eps"]
            np.divide(grad, root, out=work)
            work *= lr * (1 - mu) / (1 - product)
            p -= work
            np.divide(m, root, out=work)
            work *= lr * ahead / (1 - product * ahead)
            p -= work
