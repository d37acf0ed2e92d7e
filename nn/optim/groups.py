"""Which parameters get which treatment."""

from __future__ import annotations

from collections.abc import Collection

from autograd import Tensor
from nn.layers import Embedding
from nn.module import Module
from nn.optim.optimizer import Group


def decay_groups(model: Module, weight_decay: float = 0.1) -> list[Group]:
    """Two groups: matrices with `weight_decay`; norms, biases and embeddings without.

    A matrix that is also an embedding's (a tied output layer) counts as an embedding.

    Examples
    --------
    >>> from nn.layers import Linear
    >>> [(len(g["params"]), g["weight_decay"]) for g in decay_groups(Linear(3, 2), 0.1)]
    [(1, 0.1), (1, 0.0)]
    """
    matrices, rest = _divide(model, ())
    groups: list[Group] = [
        {"params": [p for _, p in matrices], "weight_decay": weight_decay},
        {"params": rest, "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


def muon_groups(model: Module, heads: Collection[str] = ("lm_head",)) -> tuple[list[Group], list[Tensor]]:
    """The hidden matrices as groups for Muon, and all other parameters for AdamW.

    Query, key and value that share one weight (`c_attn`) are split in three. The output layers, named by `heads`, are
    not hidden: they go with the rest.

    Raises
    ------
    ValueError
        If the model has no hidden matrix.

    Examples
    --------
    >>> from nn.layers import Linear
    >>> groups, rest = muon_groups(Linear(3, 2))
    >>> [p.shape for p in groups[0]["params"]], [p.shape for p in rest]
    ([(2, 3)], [(2,)])
    """
    matrices, rest = _divide(model, heads)
    stacked = [p for name, p in matrices if name.endswith("c_attn.weight")]
    single = [p for name, p in matrices if not name.endswith("c_attn.weight")]
    if not matrices:
        raise ValueError(f"{type(model).__name__} has no hidden matrix for Muon; use AdamW for all of it")
    groups: list[Group] = [{"params": stacked, "split": 3}, {"params": single}]
    return [group for group in groups if group["params"]], rest


def _divide(model: Module, heads: Collection[str]) -> tuple[list[tuple[str, Tensor]], list[Tensor]]:
    """Matrices that multiply activations, with their names; and everything else."""
    embedded = {id(p) for m in model.modules() if isinstance(m, Embedding) for p in m.parameters()}
    matrices: list[tuple[str, Tensor]] = []
    rest: list[Tensor] = []
    for name, p in model.named_parameters():
        head = any(part in heads for part in name.split("."))
        if p.ndim == 2 and id(p) not in embedded and not head:
            matrices.append((name, p))
        else:
            rest.append(p)
    return matrices, rest
