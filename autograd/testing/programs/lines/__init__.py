"""The makers of lines: each draws one for the ops that it is registered under."""

from autograd.testing.programs.lines import arithmetic, arrays, manners, nested, templates, writes  # noqa: F401
