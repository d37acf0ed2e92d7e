"""How the checks differentiate with each library: an adapter of a few lines for each, behind one interface."""

from autograd.testing.libraries.base import Library, library_of

__all__ = ["Library", "library_of"]
