"""SciPy's names, differentiable: `import autograd.scipy.linalg as linalg`.

What has no derivative here is SciPy's own, which is imported at its first use and refuses Tensors that ask for one.
"""

from __future__ import annotations

from typing import Any

from autograd.ops.linalg import det, inv
from autograd.ops.matrix_functions import block_diag, expm, solve_sylvester, solve_triangular, sqrtm

__all__ = ["block_diag", "det", "expm", "inv", "solve_sylvester", "solve_triangular", "sqrtm"]


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    try:
        from scipy import linalg as scipys
    except ImportError as error:
        raise ImportError(f"{name} needs SciPy: pip install scipy, or pip install 'glassgrad[scipy]'") from error
    return getattr(scipys, name)
