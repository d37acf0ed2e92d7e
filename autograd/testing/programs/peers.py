"""The same program in PyTorch and JAX, where they are installed and have every function of its lines."""

from __future__ import annotations

import contextlib
import importlib.util
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.testing.programs.program import TRANSFORMS, Program

ALIKE = [
    "sin", "cos", "tan", "tanh", "sinh", "cosh", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt",
    "square", "abs", "absolute", "arctan", "arcsin", "arccos", "arcsinh", "arccosh", "arctanh", "reciprocal",
    "negative", "positive", "sigmoid", "erf", "erfc", "sinc", "i0", "logaddexp", "logaddexp2", "hypot", "maximum",
    "minimum", "fmax", "fmin", "heaviside", "copysign", "arctan2", "add", "subtract", "multiply", "divide", "matmul",
    "dot", "outer", "inner", "kron", "tril", "triu", "ravel", "flip", "fliplr", "flipud", "real", "imag", "conj",
    "vdot", "atleast_1d", "atleast_2d", "atleast_3d", "relu", "deg2rad", "rad2deg", "nan_to_num",
]  # fmt: skip
# JAX lets no gradient through the first; the order that partition leaves is its own
APART_IN_JAX = {"np.unique", "np.union1d(", "np.setxor1d(", "np.setdiff1d(", "np.trim_zeros(", "np.partition("}
AXIS = ["sum", "mean", "prod", "cumsum", "cumprod", "sort", "logsumexp", "softmax", "log_softmax"]


class Translation:
    """NumPy's names for the functions of PyTorch that have the same meaning."""

    def __init__(self) -> None:
        import torch  # type: ignore[import-not-found,unused-ignore]

        self.torch = torch

    def __getattr__(self, name: str) -> Any:
        torch = self.torch
        if name in ALIKE:
            function = getattr(torch, name, None) or getattr(torch.special, name)
            return lambda *args: function(*(self.lifted(a) for a in args))
        if name in AXIS:
            return lambda x, axis=None, keepdims=False: self.along(name, self.lifted(x), axis, keepdims)
        made = {
            "array": lambda x, dtype=float: torch.tensor(x, dtype=torch.bool if dtype is bool else torch.float64),
            "arange": lambda *a: torch.arange(*a, dtype=torch.float64),
            "copy": lambda x: x.clone(),
            "reshape": lambda x, shape: torch.reshape(x, shape if isinstance(shape, tuple) else (shape,)),
            "transpose": lambda x, axes=None: x.permute(axes or tuple(range(x.ndim))[::-1]),
            "swapaxes": lambda x, i, j: x.swapaxes(i, j),
            "moveaxis": lambda x, i, j: x.moveaxis(i, j),
            "expand_dims": lambda x, axis: x.unsqueeze(axis),
            "squeeze": lambda x: x.squeeze(),
            "broadcast_to": lambda x, shape: torch.broadcast_to(self.lifted(x), shape),
            "stack": lambda xs, axis=0: torch.stack(list(xs), axis),
            "concatenate": lambda xs, axis=0: torch.cat(list(xs), axis),
            "where": lambda c, x, y: torch.where(c, self.lifted(x), self.lifted(y)),
            "diagonal": lambda x, offset=0: torch.diagonal(x, offset),
            "einsum": torch.einsum,
            "power": lambda x, y: torch.pow(self.lifted(x), self.lifted(y)),
            "shape": lambda x: tuple(x.shape),
            "ndim": lambda x: x.ndim,
        }
        if name in made:
            return made[name]
        raise AttributeError(name)

    def lifted(self, x: Any) -> Any:
        """Python's numbers as tensors."""
        return x if isinstance(x, self.torch.Tensor) else self.torch.tensor(x, dtype=self.torch.float64)

    def along(self, name: str, x: Any, axis: Any, keepdims: bool) -> Any:
        torch = self.torch
        if name in ("cumsum", "cumprod"):
            return getattr(torch, name)(x.reshape(-1) if axis is None else x, 0 if axis is None else axis)
        if name in ("softmax", "log_softmax"):
            return getattr(torch, name)(x, axis)
        if name == "sort":
            return torch.sort(x.reshape(-1) if axis is None else x, -1 if axis is None else axis)[0]
        every = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        if name != "prod":
            return getattr(torch, name)(x, every, keepdim=keepdims) if x.ndim else x
        for i in sorted((i % x.ndim for i in every), reverse=True):
            x = torch.prod(x, i, keepdim=keepdims)
        return x


def in_torch(program: Program) -> list[Any] | None:
    """PyTorch's gradients, None where a line has no translation."""
    import torch

    given = [torch.tensor(x, requires_grad=True) for x in program.inputs]
    try:
        loss = program.run(Translation(), given)
        found = torch.autograd.grad(loss, given, allow_unused=True)
    except Exception:  # it has another idea of a function, an index or a write: no opinion
        return None
    return [np.zeros(x.shape) if g is None else g.numpy() for g, x in zip(found, program.inputs, strict=True)]


def in_jax(program: Program) -> list[Any] | None:
    """JAX's gradients, None where a line has no translation; it cannot write."""
    import jax  # type: ignore[import-not-found,unused-ignore]

    text = "\n".join(line.text for line in program.lines)
    if any(line.target or line.op == "fill" for line in program.lines) or any(c in text for c in APART_IN_JAX):
        return None
    try:
        with jax.enable_x64(True) if hasattr(jax, "enable_x64") else contextlib.nullcontext():
            every = tuple(range(len(program.inputs)))
            found = jax.grad(lambda *xs: program.run(jax.numpy, xs), every)(*program.inputs)
            made = [np.asarray(g) for g in found]
    except Exception:
        return None
    return made if all(g.dtype == float for g in made) else None


ENGINES = {"torch": in_torch, "jax": in_jax}


def opinions(program: Program) -> dict[str, list[Any]]:
    """The gradients of those engines that can run it and that are finite, by name."""
    program = program.live()
    text = "\n".join(line.text for line in program.lines)
    if re.search(rf"\b({'|'.join(TRANSFORMS)}|stop_gradient|numpy|linalg)\b", text):
        return {}
    found = {n: f(program) for n, f in ENGINES.items() if importlib.util.find_spec(n) is not None}
    return {n: g for n, g in found.items() if g is not None and all(np.isfinite(a).all() for a in g)}


def compare(program: Program, gradient: Sequence[Any]) -> str:
    """What disagrees with another engine, and by how much; empty where all agree or none has an opinion."""
    scale = 1 + max((float(np.max(np.abs(g), initial=0.0)) for g in gradient), default=0.0)
    for name, theirs in opinions(program).items():
        for i, (g, h) in enumerate(zip(gradient, theirs, strict=True)):
            off = float(np.max(np.abs(g - h), initial=0.0))
            if not off <= 1e-8 * scale:
                return f"the gradient of argument {i} is {off:.3g} from that of {name}: {g.tolist()}, not {h.tolist()}"
    return ""
