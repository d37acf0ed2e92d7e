"""Generated inputs for checks: `fuzz_op` for the ops of the table, `fuzz_gradients` for functions of anybody.

`search.py` is a run, `inputs.py` draws arguments from annotations, `script.py` writes what was found as Python.
"""

from autograd.testing.fuzz.search import FAILS, Outcome, Search, fuzz_op

__all__ = ["FAILS", "Outcome", "Search", "fuzz_op"]
