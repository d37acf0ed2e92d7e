"""What of the derivatives a run has exercised: rules by argument, keywords by branch, branches of the rules' code.

`universe.py` knows what there is, `record.py` notes what was run, `rulecode.py` where a rule's own code branches.
"""

from autograd.testing.branches.record import Gap, Seen, exercise, recording

__all__ = ["Gap", "Seen", "exercise", "recording"]
