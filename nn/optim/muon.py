"""Muon: momentum whose matrices are made orthogonal before each step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import Tensor
from nn.optim.optimizer import Array, Group, Optimizer, Parameters, State, gradient

# The quintic that lifts small singular values fastest; it ends between about 0.7 and 1.2 rather than at 1.
COEFFICIENTS = (3.4445, -4.7750, 2.0315)

Member = tuple[Tensor, Group, State, Array, Array]  # the last two: the values to change, and where to


class Muon(Optimizer):
    r"""Momentum, orthogonalised by a Newton-Schulz iteration; for the hidden matrices of a network.

    .. math::
        m \leftarrow \mu m + (1 - \mu) g, \qquad
        p \leftarrow (1 - \eta \lambda) p - \eta \sqrt{\max(1, \text{rows} / \text{columns})} \;
        \operatorname{orth}((1 - \mu) g + \mu m)

    where orth replaces the singular values of a matrix by ones (see `orthogonalize`). Embeddings, the output layer,
    norms and biases belong to AdamW; `muon_groups` divides a model's parameters.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        Matrices. A group may say ``"split": n``: each of its matrices is n stacked ones (query, key and value in one
        weight, say), made orthogonal each for itself.
    lr : float
        :math:`\eta`.
    momentum : float
        :math:`\mu`.
    weight_decay : float
        :math:`\lambda`, decoupled.
    nesterov : bool
        Without it, orth is taken of m alone.
    steps : int
        Newton-Schulz iterations.
    split : int
        For groups that do not say.

    Raises
    ------
    ValueError
        If a parameter is not a matrix, or its rows cannot be split as asked.

    References
    ----------
    Jordan et al. (2024), "Muon: An optimizer for hidden layers in neural networks".

    Examples
    --------
    >>> from autograd import Tensor
    >>> p = Tensor([[1.0, 0.0], [0.0, 1.0]], requires_grad=True)
    >>> optimizer = Muon([p], lr=0.1)
    >>> (1000 * p).sum().backward()
    >>> optimizer.step()
    >>> bool(abs(p.data - 1).max() < 1.1)
    True
    """

    keeps = {"momentum_buffer": ""}
    decoupled = True

    def __init__(
        self,
        params: Parameters,
        lr: float = 0.02,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        nesterov: bool = True,
        steps: int = 5,
        split: int = 1,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            momentum=momentum,
            weight_decay=weight_decay,
            nesterov=nesterov,
            steps=steps,
            split=split,
        )

    def _check_group(self, group: Group) -> None:
        for p in group["params"]:
            if p.ndim != 2:
                raise ValueError(f"Muon moves matrices, not a tensor of shape {p.shape}; give that one to AdamW")
            if p.shape[0] % group["split"]:
                raise ValueError(f"Muon: the {p.shape[0]} rows of a matrix do not split into {group['split']}")

    def step(self) -> None:
        """Move every matrix that has a gradient; those of one shape go through the iteration together."""
        batches: dict[tuple[Any, ...], list[Member]] = {}
        for p, group in self._due():
            state, values = self._begin(p, group)
            direction = self._direction(gradient(p), values, state, group)
            rows, columns = p.shape[0] // group["split"], p.shape[1]
            shape = (min(rows, columns), max(rows, columns), values.dtype, group["steps"])
            batches.setdefault(shape, []).append((p, group, state, values, direction))
        for (*_, steps), members in batches.items():
            self._step_batch(members, steps)

    def _direction(self, g: Array, values: Array, state: State, group: Group) -> Array:
        """Momentum, looked ahead if asked: shape (split, rows / split, columns)."""
        momentum, m = group["momentum"], state["momentum_buffer"]
        m *= momentum
        m += np.multiply(g, 1 - momentum, out=self._work(values), dtype=values.dtype)
        direction = m
        if group["nesterov"]:
            direction = momentum * m
            direction += self._work(values)
        return direction.reshape(group["split"], -1, values.shape[1])

    def _step_batch(self, members: list[Member], steps: int) -> None:
        wide = [d if d.shape[1] <= d.shape[2] else d.swapaxes(1, 2) for *_, d in members]
        orthogonal = orthogonalize(np.concatenate(wide), steps)
        taken = 0
        for p, group, state, values, direction in members:
            parts, rows, columns = direction.shape
            update = orthogonal[taken : taken + parts]
            taken += parts
            if rows > columns:
                update = update.swapaxes(1, 2)
            self._decay(values, group)
            work = self._work(values)
            np.multiply(update, group["lr"] * math.sqrt(max(1.0, rows / columns)), out=work.reshape(update.shape))
            values -= work
            if "master" in state:
                self._finish(p, state)


def orthogonalize(matrices: Array, steps: int = 5) -> Array:
    r"""Replace the singular values of matrices by values near 1, without a singular value decomposition.

    .. math:: A = X X^T, \qquad X \leftarrow (a I + b A + c A^2) X

    repeated from :math:`X / |X|`, with the coefficients of Muon's quintic: singular values that are not tiny
    beside the norm end between about 0.7 and 1.2.

    Parameters
    ----------
    matrices : array of shape (..., rows, columns)
        Floating; best with rows <= columns.
    steps : int

    Returns
    -------
    array of the same shape and dtype

    References
    ----------
    Jordan et al. (2024), "Muon"; Bernstein and Newhouse (2024), "Old Optimizer, New Norm", appendix A.

    Examples
    --------
    >>> import numpy as np
    >>> x = orthogonalize(np.diag([3.0, 2.0, 1.0]))
    >>> bool((abs(np.diag(x) - 1) < 0.35).all())
    True
    """
    a, b, c = COEFFICIENTS
    norms = np.sqrt(np.einsum("...ij,...ij->...", matrices, matrices))[..., None, None]
    x: Array = matrices / (norms + 1e-7)
    diagonal = np.arange(matrices.shape[-2])
    for _ in range(steps):
        gram = x @ x.mT
        polynomial = gram @ gram
        polynomial *= c
        gram *= b
        polynomial += gram
        polynomial[..., diagonal, diagonal] += a
        x = polynomial @ x
    return x
