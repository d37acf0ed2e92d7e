"""Mutation testing of the engine's own rules: would a mistake in a rule be found?

`mutants` makes every small mistake in every rule of the table; `score` judges them with a check, ours or another's.
"""

from autograd.testing.mutation.mutants import Mutant, mutants
from autograd.testing.mutation.result import Outcome, Score, explanations
from autograd.testing.mutation.run import score

__all__ = ["Mutant", "Outcome", "Score", "explanations", "mutants", "score"]
