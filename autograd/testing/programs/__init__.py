"""Random programs over the whole table of ops, and what judges the engine by them.

>>> from autograd.testing.programs import build, check_program
>>> import numpy as np
>>> check_program(build([np.array([0.5, 2.0])], [("sin", ""), ("sum", "")])).verdict
'right'
"""

from autograd.testing.programs.build import build, makers
from autograd.testing.programs.check import Judgement, check_program
from autograd.testing.programs.program import Line, Program
from autograd.testing.programs.strategy import programs, recipe

__all__ = ["Judgement", "Line", "Program", "build", "check_program", "makers", "programs", "recipe"]
