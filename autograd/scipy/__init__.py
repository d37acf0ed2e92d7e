"""SciPy's names, differentiable: `import autograd.scipy.special as special`."""

from autograd.scipy import signal, special

__all__ = ["signal", "special"]
