"""SciPy's names, differentiable: `import autograd.scipy.special as special`."""

from autograd.scipy import linalg, signal, special

__all__ = ["linalg", "signal", "special"]
