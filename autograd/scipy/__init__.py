"""SciPy's names, differentiable: `import autograd.scipy.special as special`."""

from autograd.scipy import special

__all__ = ["special"]
